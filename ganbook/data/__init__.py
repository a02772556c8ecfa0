"""Data sets by name: images in, uint8 tensors out."""

from __future__ import annotations

from ganbook.data import toy
from ganbook.data.batch import Batch
from ganbook.data.catalogue import load, names, prepare_picture
from ganbook.data.errors import DataError
from ganbook.data.images import ImageSet, on_white, to_float, to_uint8
from ganbook.data.own import as_data, from_dataset

__all__ = [
    "Batch",
    "DataError",
    "ImageSet",
    "as_data",
    "from_dataset",
    "load",
    "names",
    "on_white",
    "prepare_picture",
    "to_float",
    "to_uint8",
    "toy",
]

"""Data sets by name: images in, uint8 tensors out."""

from __future__ import annotations

from ganbook.data import toy
from ganbook.data.batch import Batch
from ganbook.data.catalogue import load, names
from ganbook.data.errors import DataError
from ganbook.data.images import ImageSet

__all__ = ["Batch", "DataError", "ImageSet", "load", "names", "toy"]

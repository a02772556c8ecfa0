"""What a run learns from: batches without end, in an order that depends on the seed and the step only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from ganbook.data.batch import Batch, Order

__all__ = ["Data", "Samples"]


class Data:
    """What :func:`ganbook.training.fit` needs; a subclass says which batches an order means."""

    def batches(
        self, batch_size: int, *, seed: int = 0, start: int = 0, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Batches without end, shuffled anew each epoch; arguments as of :class:`ganbook.data.batch.Order`."""
        return self.follow(Order(batch_size, seed, start, rank, world))

    def follow(self, order: Order) -> Iterator[Batch]:
        """The batches of an order."""
        raise NotImplementedError

    def to(self, device: torch.device | str) -> Self:
        """Itself: what is drawn or decoded for a batch moves to the device with it."""
        return self


class Samples(Data):
    """A split of a data set: a number of samples in a fixed order.

    Attributes:
        name: what :func:`ganbook.data.load` knows it by.
        split: "train" or "test".
        licence: the licence of the data, with its attribution.
        classes: names of the labels, or ().
        images: uint8 (N, C, H, W).
    """

    name: str
    split: str
    licence: str
    classes: tuple[str, ...]

    if TYPE_CHECKING:  # a dataclass would take it for the default of its field

        @property
        def images(self) -> Tensor: ...

    @property
    def labels(self) -> Tensor | None:
        """(N,) int64, or None."""
        return None

    @property
    def sources(self) -> Tensor | None:
        """uint8 (N, C, H, W) images to translate from, or None."""
        return None

    @property
    def captions(self) -> tuple[str, ...] | None:
        """One text per sample, or None."""
        return None

    def __len__(self) -> int:
        raise NotImplementedError

    def batch(self, indices: Tensor) -> Batch:
        """The samples at ``indices`` (int64) as floats in [-1, 1]."""
        raise NotImplementedError

    def follow(self, order: Order) -> Iterator[Batch]:
        """The batches of an order."""
        return map(self.batch, order.indices(len(self)))

"""What a run learns from: batches without end, in an order that depends on the seed and the step only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

from ganbook.arguments import check_device, check_tensor, check_whole
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
        """Itself: what is drawn for a batch moves to the device with it."""
        return self


@dataclass(frozen=True)
class Samples(Data):
    """A split of a data set: a number of samples in a fixed order.

    Attributes:
        name: what :func:`ganbook.data.load` knows it by.
        split: "train" or "test".
        licence: the licence of the data, with its attribution.
        classes: names of the labels, or ().
        balanced: whether training draws every class equally often; else every sample.
        images: uint8 (N, C, H, W).
    """

    name: str
    split: str
    _: KW_ONLY
    licence: str = ""
    classes: tuple[str, ...] = ()
    balanced: bool = False

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
        """The samples at ``indices`` (n,), one or more whole numbers from 0 on, as floats in [-1, 1]."""
        check_tensor("indices", indices, "n", kind="whole")
        for edge in indices.aminmax():
            check_whole(0, len(self) - 1, **{"one of indices": edge.item()})
        return self.gathered(indices)

    def gathered(self, indices: Tensor) -> Batch:
        """What :meth:`batch` returns, for indices that are in order."""
        raise NotImplementedError(f"{type(self).__name__} has batches only, no batch of indices")

    def indices(self, order: Order) -> Iterator[Tensor]:
        """Which samples an order means, step by step; ValueError for a balanced set without labels."""
        if not self.balanced:
            return order.indices(len(self))
        if self.labels is None:
            raise ValueError(f"{self.name} has no labels: only a set with classes can be balanced")
        return order.balanced(self.labels.cpu())

    def follow(self, order: Order) -> Iterator[Batch]:
        return map(self.gathered, self.indices(order))

    def sound(self, skip: bool = False) -> Self:
        """Itself; files of one's own are decoded first, see :meth:`ganbook.data.encoded.ImageFiles.sound`."""
        return self

    def to(self, device: torch.device | str) -> Self:
        """The same set with its tensors on ``device``."""
        place = check_device(device)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: Any = {name: of.to(place) for name, of in values.items() if isinstance(of, Tensor | Samples)}
        return replace(self, **moved)

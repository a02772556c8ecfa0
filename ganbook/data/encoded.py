"""Image sets too large for the memory: kept encoded on the disk, decoded when a batch needs them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from ganbook.data.batch import Batch, Order, step_generator
from ganbook.data.errors import DataError, first_line
from ganbook.data.images import to_float
from ganbook.data.picture import eight_bits, open_picture, squared
from ganbook.data.samples import Samples

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["OWNERS", "ImageFiles"]

OWNERS = "as stated by the owner of the images"
"""Licence of images of the reader's own."""


@dataclass(frozen=True)
class ImageFiles(Samples, Dataset[tuple[Tensor, Any]]):
    """Read like an :class:`ganbook.data.ImageSet`; asking for ``images`` decodes every one of them, and keeps them.

    Attributes:
        size: side in pixels that each is decoded to.
        files: one per image; a subclass that reads something else says how one is opened and what an error calls it.
        numbers: the class of each image, in ``classes``, or ().
    """

    size: int
    files: Any  # anything with a length and items
    numbers: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.files)

    @property
    def labelled(self) -> bool:
        """Whether images have labels."""
        return bool(self.classes)

    def open(self, index: int) -> PIL.Image.Image:
        """The encoded image, opened; decoding may come later."""
        return open_picture(self.files[index])

    def label(self, index: int) -> int:
        """Its class, 0 where there are none."""
        return self.numbers[index] if self.numbers else 0

    def called(self, index: int) -> str:
        """What an error calls it."""
        return str(self.files[index])

    def decoded(self, index: int) -> PIL.Image.Image:
        """The image in 8 bits of grey or RGB, of the size it has on the disk; DataError names one that is broken."""
        try:
            with self.open(index) as image:
                return eight_bits(image)
        except Exception as error:  # a decoder raises whatever it stumbles over
            said = f"{self.called(index)} cannot be read as an image ({first_line(error)})"
            raise DataError(f"{said}: remove or replace it") from error

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        """uint8 (3, size, size), centre-cropped to a square, and the class (0 where there are none)."""
        return squared(self.decoded(index), self.size, "crop"), self.label(index)

    def as_batch(self, images: Tensor, second: Tensor) -> Batch:
        """A batch of what ``__getitem__`` returned."""
        return Batch(real=to_float(images), labels=second if self.labelled else None)

    def gathered(self, indices: Tensor) -> Batch:
        return self.as_batch(*default_collate([self[i] for i in indices.tolist()]))

    @cached_property
    def images(self) -> Tensor:
        """All images at once, uint8 (N, 3, size, size); decodes every one."""
        return torch.stack([self[i][0] for i in range(len(self))])

    @cached_property
    def labels(self) -> Tensor | None:
        """(N,) int64, or None."""
        return torch.tensor([self.label(i) for i in range(len(self))]) if self.labelled else None

    def follow(self, order: Order) -> Iterator[Batch]:
        """The batches of an order, decoded ahead by worker processes where there are cores to spare."""
        loader = DataLoader(
            self,
            batch_sampler=(indices.tolist() for indices in order.indices(len(self))),
            num_workers=_workers(),
            pin_memory=torch.cuda.is_available(),
            # Its own: else starting it would take a number from torch's, and a resumed run would be another.
            generator=step_generator(order.seed, order.start),
        )
        try:
            for images, second in loader:
                yield self.as_batch(images, second)
        except DataError as error:  # a worker's error comes with its traceback as text, the message last
            raise DataError(str(error).strip().rsplit("DataError: ", 1)[-1]) from None


def _workers() -> int:
    """Cores to spare; none where a process is not forked: a new interpreter would run a reader's script again."""
    started_by = multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]
    return max(0, min(8, (os.cpu_count() or 1) - 2)) if started_by == "fork" else 0

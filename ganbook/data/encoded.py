"""Image sets too large for the memory: kept encoded on the disk, decoded when a batch needs them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, default_collate

from ganbook.data.batch import MOVED, Batch, Order, step_generator
from ganbook.data.errors import DataError, EmptySplit, counted, first_line, say
from ganbook.data.images import to_float, windows
from ganbook.data.picture import Fit, eight_bits, open_picture, squared
from ganbook.data.samples import Samples
from ganbook.data.soundness import stamps, unreadable

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["JITTER", "OWNERS", "ImageFiles"]

OWNERS = "as stated by the owner of the images"
"""Licence of images of the reader's own."""

JITTER = 30 / 256
"""As pix2pix and CycleGAN are published: decoded at 286 pixels, shown through a window of 256."""


@dataclass(frozen=True)
class ImageFiles(Samples, Dataset[tuple[Tensor, Any]]):
    """Read like an :class:`ganbook.data.ImageSet`; asking for ``images`` decodes every one of them, and keeps them.

    Attributes:
        size: side in pixels that each is decoded to.
        files: one per image; a subclass that reads something else says how one is opened and what an error calls it.
        numbers: the class of each image, in ``classes``, or ().
        fit: how an image becomes a square.
        channels: 1 for grey, 3 for colour, 4 for colour and how opaque it is.
        jitter: training decodes images larger, by this share of the side, and shows each through a window of ``size``
            pixels at a place drawn anew; so are the places of its source.
        mirror: training shows every second image, drawn anew, in the mirror, and its source with it.
    """

    size: int
    files: Any  # anything with a length and items
    numbers: tuple[int, ...] = ()
    fit: Fit = field(default="crop", kw_only=True)
    channels: int = field(default=3, kw_only=True)
    jitter: float = field(default=0.0, kw_only=True)
    mirror: bool = field(default=False, kw_only=True)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def labelled(self) -> bool:
        """Whether images have labels."""
        return bool(self.classes)

    def open(self, index: int) -> PIL.Image.Image:
        """The encoded image, opened; decoding may come later."""
        return open_picture(self.files[index])

    def encoded(self, index: int) -> tuple[str, bytes]:
        """The ending of its file, and what the file holds."""
        return self.files[index].suffix, self.files[index].read_bytes()

    def label(self, index: int) -> int:
        """Its class, 0 where there are none."""
        return self.numbers[index] if self.numbers else 0

    def called(self, index: int) -> str:
        """What an error calls it."""
        return str(self.files[index])

    def decoded(self, index: int) -> PIL.Image.Image:
        """The image in 8 bits of the size it has on the disk; DataError names one that is broken."""
        try:
            with self.open(index) as image:
                return eight_bits(image, self.channels == 4)
        except DataError:
            raise  # it names its file already
        except Exception as error:  # a decoder raises whatever it stumbles over
            said = f"{self.called(index)} cannot be read as an image ({first_line(error)})"
            raise DataError(f"{said}: remove or replace it") from error

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        """uint8 (channels, size, size), and the class (0 where there are none)."""
        return squared(self.decoded(index), self.size, self.fit, self.channels), self.label(index)

    def as_batch(self, images: Tensor, second: Tensor) -> Batch:
        """A batch of what ``__getitem__`` returned."""
        return Batch(real=to_float(images), labels=second if self.labelled else None)

    def gathered(self, indices: Tensor) -> Batch:
        return self.as_batch(*default_collate([self[i] for i in indices.tolist()]))

    @cached_property
    def images(self) -> Tensor:
        """All images at once, uint8 (N, channels, size, size); decodes every one."""
        return torch.stack([self[i][0] for i in range(len(self))])

    @cached_property
    def labels(self) -> Tensor | None:
        """(N,) int64, or None."""
        return torch.tensor([self.label(i) for i in range(len(self))]) if self.labelled else None

    def follow(self, order: Order) -> Iterator[Batch]:
        """The batches of an order, decoded ahead by worker processes where there are cores to spare."""
        larger = replace(self, size=self.size + round(self.size * self.jitter), jitter=0.0) if self.jitter else self
        loader = DataLoader(
            larger,
            batch_sampler=(indices.tolist() for indices in self.indices(order)),
            num_workers=_workers(),
            pin_memory=torch.cuda.is_available(),
            # Its own: else starting it would take a number from torch's, and a resumed run would be another.
            generator=step_generator(order.seed, order.start),
        )
        try:
            for step, (images, second) in zip(count(order.start), loader, strict=False):
                yield self.as_batch(*self._moved(images, second, order, step))
        except DataError as error:  # a worker's error comes with its traceback as text, the message last
            raise DataError(str(error).strip().rsplit("DataError: ", 1)[-1]) from None

    def _moved(self, images: Tensor, second: Tensor, order: Order, step: int) -> tuple[Tensor, Tensor]:
        """A batch through its windows and mirrors, which depend on the order's seed and the step alone."""
        if not (self.jitter or self.mirror):
            return images, second
        chance = step_generator(order.seed, step, MOVED)
        room = images.shape[-1] - self.size
        places = torch.randint(room + 1, (order.batch_size, 2), generator=chance)
        turned = (torch.rand(order.batch_size, generator=chance) < 0.5) & self.mirror
        mine = slice(order.rank, None, order.world)
        moved = [windows(of, self.size, places[mine], turned[mine]) if of.ndim == 4 else of for of in (images, second)]
        return moved[0], moved[1]

    # Files of one's own, before they are learned from.

    def inspect(self, index: int) -> None:
        """Decode an image as cheaply as finds out whether it can be; raises whatever a decoder raises."""
        with self.open(index) as image:
            image.draft("RGB", (8, 8))  # a JPEG is still read to its end
            eight_bits(image)

    def parts(self, index: int) -> Sequence[Any]:
        """The files of an image."""
        return (self.files[index],)

    def state(self) -> Iterator[bytes]:
        """What changes when a file does."""
        return stamps(Path(file) for index in range(len(self)) for file in self.parts(index))

    def chosen(self, indices: Sequence[int]) -> Self:
        """The images at ``indices``, with what is known of them."""
        numbers = tuple(self.numbers[i] for i in indices) if self.numbers else ()
        return replace(self, files=tuple(self.files[i] for i in indices), numbers=numbers)

    def sound(self, skip: bool = False) -> Self:
        """Itself, once every file was decoded; what was found is remembered as long as the files stay as they are.

        Args:
            skip: leave broken files out, and say which on stderr; else they are an error.

        Raises:
            DataError: if a file cannot be read; it names the first and says how many there are.
        """
        broken = unreadable(self)
        if not broken:
            return self
        (first, said), more = next(iter(broken.items())), len(broken) - 1
        others = f", nor {counted(more, 'other')}" if more else ""
        if not skip:
            raise DataError(
                f"{self.called(first)} cannot be read as an image ({said}){others}: remove or replace "
                f"{'them' if more else 'it'}, or leave out what is broken with skip_broken (--skip-broken)"
            )
        left = [i for i in range(len(self)) if i not in broken]
        if not left:
            raise EmptySplit(f"{self.called(first)} cannot be read as an image ({said}){others}: no other is left")
        say(f"{len(broken)} broken left out: {shorten(', '.join(map(self.called, broken)), 300, placeholder=' ...')}")
        return self.chosen(left)


def _workers() -> int:
    """Cores to spare; none where a process is not forked: a new interpreter would run a reader's script again."""
    started_by = multiprocessing.get_start_method(allow_none=True) or multiprocessing.get_all_start_methods()[0]
    return max(0, min(8, (os.cpu_count() or 1) - 2)) if started_by == "fork" else 0

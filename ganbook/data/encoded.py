"""Image sets too large for the memory: kept encoded on the disk, decoded when a batch needs them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ganbook.data.batch import Batch, index_batches
from ganbook.data.errors import DataError, first_line
from ganbook.data.images import to_float

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["EncodedImages"]


class EncodedImages(Dataset[tuple[Tensor, Any]]):
    """Read like an :class:`ganbook.data.ImageSet`; asking for ``images`` decodes every one of them.

    A subclass says how many images there are, how one is opened and labelled, and what to call it in an error.
    """

    size: int
    classes: tuple[str, ...]

    def __len__(self) -> int:
        raise NotImplementedError

    def open(self, index: int) -> PIL.Image.Image:
        """The encoded image, opened; decoding may come later."""
        raise NotImplementedError

    def label(self, index: int) -> int:
        """Its class, 0 where there are none."""
        return 0

    def called(self, index: int) -> str:
        """Its name, with what a reader can do if it is broken left out."""
        raise NotImplementedError

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        """uint8 (3, size, size), centre-cropped to a square, and the class (0 where there are none)."""
        from PIL import Image, ImageOps
        from torchvision.transforms.v2.functional import pil_to_tensor

        with self.decoded(index) as image:
            square = ImageOps.fit(image, (self.size, self.size), Image.Resampling.LANCZOS)
        return pil_to_tensor(square), self.label(index)

    @contextmanager
    def decoded(self, index: int) -> Iterator[PIL.Image.Image]:
        """The image in RGB, of the size it has on the disk; DataError names a file that is broken."""
        try:
            with self.open(index) as image:
                found = _rgb(image)
        except Exception as error:  # a decoder raises whatever it stumbles over
            said = f"{self.called(index)} cannot be read as an image ({first_line(error)})"
            raise DataError(f"{said}: remove or replace it") from error
        yield found

    def as_batch(self, images: Tensor, second: Tensor) -> Batch:
        """A batch of what ``__getitem__`` returned."""
        return Batch(real=to_float(images), labels=second if self.classes else None)

    @cached_property
    def images(self) -> Tensor:
        """All images at once, uint8 (N, 3, size, size); decodes every one."""
        return torch.stack([self[i][0] for i in range(len(self))])

    @cached_property
    def labels(self) -> Tensor | None:
        """(N,) int64, or None without classes."""
        return torch.tensor([self.label(i) for i in range(len(self))]) if self.classes else None

    def to(self, device: torch.device | str) -> EncodedImages:
        """Itself: the images stay on the disk, and a batch moves to the device after decoding."""
        return self

    def batches(
        self, batch_size: int, *, seed: int = 0, start: int = 0, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Batches without end, decoded ahead by worker processes where there are cores to spare."""
        order = index_batches(len(self), batch_size, seed, start, rank, world)
        spare = max(0, min(8, (os.cpu_count() or 1) - 2))
        sampler = (indices.tolist() for indices in order)
        # Workers draw no random numbers, so their number changes no batch.
        loader = DataLoader(self, batch_sampler=sampler, num_workers=spare, pin_memory=torch.cuda.is_available())
        try:
            for images, second in loader:
                yield self.as_batch(images, second)
        except DataError as error:  # a worker's error comes with its traceback as text, the message last
            raise DataError(str(error).strip().rsplit("DataError: ", 1)[-1]) from None


def _rgb(image: PIL.Image.Image) -> PIL.Image.Image:
    """Upright, 8 bits a channel, on white where it is transparent."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip at 255 instead of scaling
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")

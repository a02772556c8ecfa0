"""Image sets that fit in memory: uint8, batched by index, so a batch costs no decoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ganbook.data.batch import Batch, index_batches

__all__ = ["ImageSet", "resize", "to_float", "to_uint8"]


def to_float(images: Tensor) -> Tensor:
    """uint8 images 0..255 to float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> Tensor:
    """Float images in [-1, 1] to uint8 0..255, rounded to the nearest."""
    return images.add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def resize(images: Tensor, size: int) -> Tensor:
    """uint8 images (N, C, H, W) to (N, C, size, size), antialiased, 1 000 at a time to bound the memory."""
    if images.shape[-2:] == (size, size):
        return images
    parts = (
        interpolate(part.float(), (size, size), mode="bilinear", antialias=True).round_().clamp_(0, 255)
        for part in torch.split(images, 1000)
    )
    return torch.cat([part.to(torch.uint8) for part in parts])


@dataclass(frozen=True)
class ImageSet:
    """A split of a data set, in memory.

    Attributes:
        name: what :func:`ganbook.data.load` knows it by.
        split: "train" or "test".
        images: uint8 (N, C, H, W).
        labels: (N,) int64, or None.
        sources: uint8 (N, C, H, W) images to translate from, or None.
        captions: one text a sample, or None.
        licence: the licence of the data, with its attribution.
        classes: names of the labels, or ().
    """

    name: str
    split: str
    images: Tensor
    labels: Tensor | None = None
    sources: Tensor | None = None
    captions: tuple[str, ...] | None = None
    licence: str = ""
    classes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device | str) -> ImageSet:
        """The same set with its tensors on ``device``."""
        moved = {
            name: tensor.to(device)
            for name in ("images", "labels", "sources")
            if (tensor := getattr(self, name)) is not None
        }
        return replace(self, **moved)

    def batch(self, indices: Tensor) -> Batch:
        """The samples at ``indices`` (int64) as floats in [-1, 1], on the device of the set."""
        here = indices.to(self.images.device)
        return Batch(
            real=to_float(self.images[here]),
            labels=None if self.labels is None else self.labels[here],
            sources=None if self.sources is None else to_float(self.sources[here]),
            captions=None if self.captions is None else tuple(self.captions[i] for i in indices.tolist()),
        )

    def batches(
        self, batch_size: int, *, seed: int = 0, start: int = 0, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Batches without end, shuffled anew each epoch; see :func:`ganbook.data.batch.index_batches`."""
        for indices in index_batches(len(self), batch_size, seed, start, rank, world):
            yield self.batch(indices)

"""Image sets that fit in memory: uint8, batched by index, so a batch costs no decoding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ganbook.arguments import check_tensor, check_whole, typed
from ganbook.data.batch import Batch
from ganbook.data.samples import Samples

__all__ = ["ImageSet", "on_white", "resize", "to_float", "to_uint8"]


def to_float(images: Tensor) -> Tensor:
    """uint8 images 0..255 to float32 in [-1, 1]."""
    _check_uint8("images", images)
    return images.float().div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> Tensor:
    """Float images in [-1, 1] to uint8 0..255, rounded to the nearest."""
    check_tensor("images", images)
    return images.add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def on_white(images: Tensor) -> Tensor:
    """Float images (N, C, H, W) in [-1, 1]; of four channels, the last of which says how opaque a pixel is, laid on
    white: (N, 3, H, W)."""
    check_tensor("images", images, "N", "C", "H", "W")
    if images.shape[1] != 4:
        return images
    opaque = images[:, 3:].add(1).div(2).clamp(0, 1)
    return opaque * images[:, :3] + (1 - opaque)


def resize(images: Tensor, size: int) -> Tensor:
    """uint8 images (N, C, H, W) to (N, C, size, size), antialiased, 1 000 at a time to bound the memory."""
    _check_uint8("images", images, "N", "C", "H", "W")
    check_whole(1, 1024, size=size)
    if images.shape[-2:] == (size, size):
        return images
    parts = (
        interpolate(part.float(), (size, size), mode="bilinear", antialias=True).round_().clamp_(0, 255)
        for part in torch.split(images, 1000)
    )
    return torch.cat([part.to(torch.uint8) for part in parts])


@typed
@dataclass(frozen=True)
class ImageSet(Samples):
    """A split of a data set, in memory.

    Attributes:
        name, split, licence, classes: as in :class:`ganbook.data.samples.Samples`; the last two are keywords.
        images: uint8 (N, C, H, W).
        labels: (N,) int64, numbers of ``classes`` where there are any, or None.
        sources: uint8 (N, C', H', W') images to translate from, or None.
        captions: one text per sample, or None.

    Raises:
        TypeError: if a tensor is of another type; for float images the sentence says how they become uint8.
        ValueError: if shapes, lengths or labels do not fit each other.
    """

    images: Tensor
    labels: Tensor | None = None
    sources: Tensor | None = None
    captions: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_uint8("images", self.images, "N", "C", "H", "W")
        n = len(self)
        if self.sources is not None:
            _check_uint8("sources", self.sources, n, "C", "H", "W")
        if self.labels is not None:
            check_tensor("labels", self.labels, n, kind="int64")
            if n and not self.labels.is_meta:
                low, high = self.labels.min().item(), self.labels.max().item()
                if low < 0 or (self.classes and high >= len(self.classes)):
                    allowed = f"0 to {len(self.classes) - 1}" if self.classes else "0 or more"
                    raise ValueError(f"labels go from {low} to {high}: allowed is {allowed}")
        if self.captions is not None and len(self.captions) != n:
            raise ValueError(f"captions has {len(self.captions)} texts: allowed is one for each of the {n} images")

    def __len__(self) -> int:
        return len(self.images)

    def gathered(self, indices: Tensor) -> Batch:
        here = indices.to(self.images.device, non_blocking=True)
        return Batch(
            real=to_float(self.images[here]),
            labels=None if self.labels is None else self.labels[here],
            sources=None if self.sources is None else to_float(self.sources[here]),
            captions=None if self.captions is None else tuple(self.captions[i] for i in indices.tolist()),
        )


def windows(images: Tensor, size: int, places: Tensor, turned: Tensor) -> Tensor:
    """Each image (N, C, H, W) through a window of its own: (N, C, size, size).

    Args:
        images: of any type.
        size: side in pixels, at most H and W.
        places: (N, 2) whole numbers, the first row and the first column that are seen.
        turned: (N,) whether it is seen in the mirror.
    """
    seen = [
        (window.flip(2) if mirrored else window)
        for image, (down, right), mirrored in zip(images, places.tolist(), turned.tolist(), strict=True)
        for window in (image[:, down : down + size, right : right + size],)
    ]
    return torch.stack(seen)


def mirrored(images: ImageSet) -> ImageSet:
    """The set followed by its mirror images, left and right exchanged in images and sources alike."""

    def both(kept: Tensor | None) -> Tensor | None:
        return None if kept is None else torch.cat((kept, kept.flip(3)))

    return replace(
        images,
        images=torch.cat((images.images, images.images.flip(3))),
        labels=None if images.labels is None else images.labels.repeat(2),
        sources=both(images.sources),
        captions=images.captions and images.captions * 2,
    )


def _check_uint8(name: str, images: Tensor, *shape: int | str) -> None:
    check_tensor(name, images, *shape, kind="any")
    if images.is_floating_point():
        raise TypeError(
            f"{name} is of {images.dtype}: allowed is uint8, 0..255; floats in [0, 1] become it with "
            f"(255 * {name}).round().byte(), floats in [-1, 1] with ganbook.data.to_uint8({name})"
        )
    if images.dtype != torch.uint8:
        raise TypeError(f"{name} is of {images.dtype}: allowed is uint8, 0..255")

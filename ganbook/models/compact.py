"""The small DCGAN of chapters 6 to 10 and of the zoo: players for few images and no GPU.

Against Radford et al. 2016: the generator enlarges before it convolves, and has one more convolution at the image's own
side; the discriminator has no BatchNorm and no penalty in its place, and a fully connected hidden layer; weights start
as PyTorch draws them. ``benchmarks/quick.py`` changes one of these at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from ganbook.arguments import check_tensor
from ganbook.models.layers import MinibatchStdDev
from ganbook.models.network import Count, network
from ganbook.models.upsample import ResizeConvolution

__all__ = [
    "HIDDEN", "SLOPE", "Augmentation", "CompactDiscriminator", "CompactGenerator", "Doublings", "compact_features",
    "halvings",
]  # fmt: skip

Augmentation = Callable[[], nn.Module]
"""Builds what every image that a discriminator sees passes through first, real and generated ones alike."""

HIDDEN = 128
"""Features of an image before the discriminator's last layer."""

SLOPE = 0.2
SMALLEST = 8
"""A map's side is halved until it is this small, or odd."""


def halvings(size: int) -> tuple[int, int]:
    """Side of the smallest map of images with side ``size``, a multiple of 4 from 8; and how often it was halved."""
    if size < 8 or size % 4:
        raise ValueError(f"size is {size}: allowed is a multiple of 4 from 8")
    side, times = size // 2, 1
    while side > SMALLEST and side % 2 == 0:
        side, times = side // 2, times + 1
    return side, times


class Norm(nn.BatchNorm2d):
    """BatchNorm that ignores the condition."""

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return super().forward(x)


class Doublings(nn.Module):
    """The generators' body, small map to large: numbers (N, inputs) to images (N, channels, size, size) in (-1, 1).

    Args:
        inputs: what the first map is made of: a latent, and what stands beside it.
        channels, size, width: as for :class:`CompactGenerator`.
        norm: builds what normalises a map of so many channels; called with the map and the condition.
        resize: as for :class:`CompactGenerator`.
    """

    def __init__(
        self,
        inputs: int,
        channels: int,
        size: int,
        width: int,
        norm: Callable[[int], nn.Module] = Norm,
        resize: bool = True,
    ) -> None:
        super().__init__()
        self.start, times = halvings(size)
        maps = [width * 2**i for i in range(times, -1, -1)]
        self.first = nn.Linear(inputs, maps[0] * self.start**2, bias=False)
        self.norms = nn.ModuleList(norm(maps_of) for maps_of in maps)
        self.convolutions = nn.ModuleList(
            ResizeConvolution(a, b, bias=False) if resize else nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False)
            for a, b in pairwise(maps)
        )
        self.convolutions.append(nn.Conv2d(width, channels, 3, 1, 1))

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        x = self.first(z).unflatten(1, (-1, self.start, self.start))
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            x = convolution(torch.relu(norm(x, condition)))
        return torch.tanh(x)


@network
class CompactGenerator(nn.Module):
    """G: latent z (N, latent_dim) to images (N, channels, size, size) in (-1, 1).

    Args:
        latent_dim: size of z.
        channels: 1 for grey, 3 for colour.
        size: side of the image in pixels, a multiple of 4; the first map's is halved from it until 8 or less, or odd.
        width: channels of the last map, which has the image's side; each smaller map has twice as many.
        resize: enlarge, then convolve (Odena et al. 2016); False: transposed convolutions.
    """

    def __init__(
        self, latent_dim: int = 64, channels: int = 1, size: int = 28, width: int = 16, resize: bool = True
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.body = Doublings(latent_dim, channels, size, width, resize=resize)

    def forward(self, z: Tensor) -> Tensor:
        check_tensor("z", z, "N", self.latent_dim)
        return cast(Tensor, self.body(z))


def compact_features(
    channels: int, size: int, width: int, augmentation: Augmentation | None = None, group: int = 0
) -> nn.Sequential:
    """Images to (N, HIDDEN): the discriminators' body; arguments as for :class:`CompactDiscriminator`."""
    end, times = halvings(size)
    maps = [channels, *(width * 2**i for i in range(times))]
    layers: list[nn.Module] = [] if augmentation is None else [augmentation()]
    for inputs, outputs in pairwise(maps):
        layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(SLOPE)]
    layers += [MinibatchStdDev(group)] if group else []
    features = (maps[-1] + (group > 0)) * end**2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, HIDDEN), nn.LeakyReLU(SLOPE))


@network
class CompactDiscriminator(nn.Module):
    """D: images (N, channels, size, size) to logits (N,).

    Args:
        channels, size: as for :class:`CompactGenerator`.
        width: channels after the first convolution, which halves the side; each next map has twice as many.
        augmentation: builds what images pass through first, such as :class:`ganbook.models.RandomShift`.
        group: images whose variety is measured together, at most; N must be a multiple of it, or smaller. 0: D judges
            each image by itself (Karras et al. 2018).
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,
        width: int = 32,
        augmentation: Augmentation | None = None,
        group: Count = 0,
    ) -> None:
        super().__init__()
        self.shape = (channels, size, size)
        features = compact_features(channels, size, width, augmentation, group)
        self.layers = nn.Sequential(*features, nn.Linear(HIDDEN, 1))

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x, "N", *self.shape)
        return cast(Tensor, self.layers(x)).flatten()

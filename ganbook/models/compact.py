"""A DCGAN for few images and no GPU: most channels where maps are small, and a discriminator that does not overfit.

Against Radford et al. 2016: channels grow fourfold where the side halves, so most weights sit where pixels are few; the
discriminator has one fully connected hidden layer, no BatchNorm (a gradient penalty takes its place), sees how varied
its batch is (Karras et al. 2018) and sees every image a little shifted (Zhao et al. 2020). Chapter 6 measures what
each of these brings.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TypeVar, cast

from torch import Tensor, nn

from ganbook.arguments import check_tensor
from ganbook.models.augment import RandomShift
from ganbook.models.layers import MinibatchStdDev
from ganbook.models.network import Count, network
from ganbook.models.upsample import ResizeConvolution

__all__ = ["CompactDiscriminator", "CompactGenerator", "check_size", "compact_features", "initialise"]

GROWTH = 4
HIDDEN = 128
SLOPE = 0.2

Network = TypeVar("Network", bound=nn.Module)


def initialise(network: Network) -> Network:
    """Weights that keep the signal's size (He et al. 2015), biases 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)
        elif isinstance(layer, nn.ConvTranspose2d):
            # A pixel of a 4-2-1 transposed convolution is a sum over 2 x 2 of the inputs' maps.
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2 / (4 * layer.in_channels)))
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return network


def check_size(size: int) -> int:
    """A quarter of ``size``, which must be a multiple of 4 from 8."""
    if size < 8 or size % 4:
        raise ValueError(f"size is {size}: allowed is a multiple of 4 from 8")
    return size // 4


@network
class CompactGenerator(nn.Module):
    """G: latent z (N, latent_dim) to images (N, channels, size, size) in (-1, 1).

    Args:
        latent_dim: size of z.
        channels: 1 for grey, 3 for colour.
        size: side of the image in pixels, a multiple of 4.
        width: channels at half the image's side; four times as many at a quarter of it.
        resize: enlarge, then convolve, instead of transposed convolutions (Odena et al. 2016).
    """

    def __init__(
        self, latent_dim: int = 64, channels: int = 1, size: int = 28, width: int = 16, resize: bool = False
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        start, wide = check_size(size), GROWTH * width
        doubling = ResizeConvolution if resize else partial(nn.ConvTranspose2d, kernel_size=4, stride=2, padding=1)
        self.layers = initialise(
            nn.Sequential(
                nn.Linear(latent_dim, wide * start**2, bias=False),
                nn.Unflatten(1, (wide, start, start)),
                nn.BatchNorm2d(wide),
                nn.ReLU(),
                doubling(wide, width, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                doubling(width, channels),
                nn.Tanh(),
            )
        )

    def forward(self, z: Tensor) -> Tensor:
        check_tensor("z", z, "N", self.latent_dim)
        return cast(Tensor, self.layers(z))


def compact_features(channels: int, size: int, width: int, shift: int, group: int, fill: float = -1.0) -> nn.Sequential:
    """Images to (N, HIDDEN): the compact discriminator up to its last layer; arguments as there.

    ``fill`` is what moves in at the border of a shifted image.
    """
    end, wide = check_size(size), GROWTH * width
    return nn.Sequential(
        RandomShift(shift, fill),
        nn.Conv2d(channels, width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, wide, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        MinibatchStdDev(group),
        nn.Flatten(),
        nn.Linear((wide + 1) * end**2, HIDDEN),
        nn.LeakyReLU(SLOPE),
    )


@network
class CompactDiscriminator(nn.Module):
    """D: images (N, channels, size, size) to logits (N,).

    Args:
        channels, size, width: as for :class:`CompactGenerator`.
        shift: largest shift of an image in training, in pixels; 0 for none.
        group: images whose variety is measured together, at most; N must be a multiple of it, or smaller.
    """

    def __init__(self, channels: int = 1, size: int = 28, width: int = 16, shift: Count = 2, group: int = 4) -> None:
        super().__init__()
        self.shape = (channels, size, size)
        features = compact_features(channels, size, width, shift, group)
        self.layers = initialise(nn.Sequential(*features, nn.Linear(HIDDEN, 1)))

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x, "N", *self.shape)
        return cast(Tensor, self.layers(x)).flatten()

"""DCGAN (Radford et al. 2016): strided convolutions, BatchNorm, ReLU in G, LeakyReLU in D.

Any square size 16, 32, 64, 128 (from 4 x 4) or 28 (from 7 x 7), any number of channels.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar, cast

from torch import Tensor, nn

from ganbook.arguments import check_choice, check_tensor
from ganbook.models.network import network

__all__ = ["SIZES", "DCGANDiscriminator", "DCGANGenerator", "initialise", "stages"]

SIZES = (16, 28, 32, 64, 128)

Network = TypeVar("Network", bound=nn.Module)


def stages(size: int) -> tuple[int, int]:
    """Side of the smallest feature map, and how often it is doubled to reach ``size``."""
    check_choice(SIZES, size=size)
    return (7, 2) if size == 28 else (4, size.bit_length() - 3)


def initialise(network: Network, norm_mean: float = 1.0) -> Network:
    """Weights from N(0, 0.02) as in the paper's section 4; BatchNorm's scale around ``norm_mean``, biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, norm_mean, 0.02)
            nn.init.zeros_(module.bias)
    return network


@network
class DCGANGenerator(nn.Module):
    """G: latent z (N, latent_dim) to images (N, channels, size, size) in (-1, 1).

    Args:
        latent_dim: size of z; the paper draws 100 uniform numbers.
        channels: 1 for grey, 3 for colour.
        size: side of the image in pixels: 16, 28, 32, 64 or 128.
        width: channels of the widest map next to the image; each earlier map has twice as many.
        norm_mean: mean of BatchNorm's scale at initialisation (1, or the 0 that some codes use).
    """

    def __init__(
        self,
        latent_dim: int = 100,
        channels: int = 1,
        size: int = 28,
        width: int = 64,
        norm_mean: float = 1.0,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        start, doublings = stages(size)
        maps = [width * 2**i for i in reversed(range(doublings))]
        first = nn.ConvTranspose2d(latent_dim, maps[0], start, 1, 0, bias=False)
        layers: list[nn.Module] = [first]
        for inputs, outputs in pairwise(maps):
            layers += [nn.BatchNorm2d(inputs), nn.ReLU(inplace=True)]
            layers += [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)]
        layers += [nn.BatchNorm2d(maps[-1]), nn.ReLU(inplace=True)]
        layers += [nn.ConvTranspose2d(maps[-1], channels, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        initialise(self, norm_mean)

    def forward(self, z: Tensor) -> Tensor:
        check_tensor("z", z, "N", self.latent_dim)
        return cast(Tensor, self.layers(z[:, :, None, None]))


@network
class DCGANDiscriminator(nn.Module):
    """D: images (N, channels, size, size) to logits (N,).

    Args:
        channels, size: as for :class:`DCGANGenerator`.
        width: channels after the first convolution; each later map has twice as many.
        norm: BatchNorm after every convolution but the first and the last (False with a gradient penalty, whose critic
            must judge each sample by itself).
        norm_mean: as for :class:`DCGANGenerator`.
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,
        width: int = 64,
        norm: bool = True,
        norm_mean: float = 1.0,
    ) -> None:
        super().__init__()
        self.shape = (channels, size, size)
        start, halvings = stages(size)
        layers: list[nn.Module] = [
            nn.Conv2d(channels, width, 4, 2, 1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        maps = [width * 2**i for i in range(halvings)]
        for inputs, outputs in pairwise(maps):
            layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=not norm))
            layers += [nn.BatchNorm2d(outputs)] if norm else []
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        self.layers = nn.Sequential(*layers, nn.Conv2d(maps[-1], 1, start, 1, 0))
        initialise(self, norm_mean)

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x, "N", *self.shape)
        return cast(Tensor, self.layers(x)).flatten()

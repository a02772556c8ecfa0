"""Residual networks: the block in its original and its pre-activated form, two players and a translator built from it.

Geometry as in DCGAN, so that the two can be compared: any square size 16, 32, 64, 128 (from 4 x 4) or 28 (from
7 x 7). The step between the image and half its size is one plain convolution; everything below is residual.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle

from ganbook.arguments import check_number, check_tensor
from ganbook.models.dcgan import stages
from ganbook.models.network import network

__all__ = ["ResNetDiscriminator", "ResNetGenerator", "ResNetTranslator", "ResidualBlock"]

Resample = Literal["none", "up", "down"]
SLOPE = 0.2
"""Of the leaky ReLU, as in DCGAN's discriminator."""


@network
class ResidualBlock(nn.Module):
    """shortcut(x) + branch(x), with two 3 x 3 convolutions in the branch (He et al. 2016a, 2016b).

    - pre-activated (2016b, figure 1b): the branch is norm, activation, convolution, twice; nothing touches the sum;
    - original (2016a): the branch is convolution, norm, activation, convolution, norm; the sum is activated.

    Maps (N, inputs, H, W) to (N, outputs, H', W'), where H' is H, 2 H ("up", nearest pixel, before the branch's first
    convolution) or H / 2 ("down", mean of 2 x 2, after its second). The shortcut is the identity where the shapes
    allow it; otherwise it resamples, and a 1 x 1 convolution adapts the number of channels.

    Args:
        inputs, outputs: channels.
        resample: "none", "up" or "down".
        norm: BatchNorm; False leaves it out.
        pre_activation: which of the two forms.
        residual: False leaves the shortcut out: the plain layers that a residual network is compared with.
        branch_scale: the branch's last convolution starts He-normal times this. With 1 every block without norm
            doubles the signal's second moment; with 1/sqrt(L), L blocks together raise it at most e-fold.
        slope: of the activation for negative numbers; 0 is ReLU.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        resample: Resample = "none",
        norm: bool = True,
        pre_activation: bool = True,
        residual: bool = True,
        branch_scale: float = 1.0,
        slope: float = SLOPE,
    ) -> None:
        super().__init__()
        self.pre_activation, self.residual = pre_activation, residual
        hidden = min(inputs, outputs)
        normed = (inputs, hidden) if pre_activation else (hidden, outputs)
        self.norm1, self.norm2 = (nn.BatchNorm2d(n) if norm else nn.Identity() for n in normed)
        self.conv1 = nn.Conv2d(inputs, hidden, 3, 1, 1, bias=not norm)
        self.conv2 = nn.Conv2d(hidden, outputs, 3, 1, 1, bias=not norm)
        adapts = residual and inputs != outputs
        self.adapt = nn.Conv2d(inputs, outputs, 1, bias=False) if adapts else nn.Identity()
        self.up = nn.Upsample(scale_factor=2) if resample == "up" else nn.Identity()
        self.down = nn.AvgPool2d(2) if resample == "down" else nn.Identity()
        self.activation = nn.LeakyReLU(slope)
        _he_normal(self.conv1, slope)
        _he_normal(self.conv2, slope, branch_scale)
        if isinstance(self.adapt, nn.Conv2d):
            _he_normal(self.adapt, slope=1.0)  # no activation on the shortcut: gain 1

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x, "N", self.conv1.in_channels, "H", "W")
        total = self.shortcut(x) + self.branch(x) if self.residual else self.branch(x)
        return total if self.pre_activation else cast(Tensor, self.activation(total))

    def shortcut(self, x: Tensor) -> Tensor:
        """x itself, unless the shape changes."""
        # A 1 x 1 convolution commutes with both ways of resampling: it is done on the
        # smaller map.
        return cast(Tensor, self.up(self.adapt(self.down(x))))

    def branch(self, x: Tensor) -> Tensor:
        """What the block adds to its shortcut."""
        act = self.activation
        if self.pre_activation:
            x = self.conv1(self.up(act(self.norm1(x))))
            x = self.conv2(act(self.norm2(x)))
        else:
            x = self.conv1(self.up(x))
            x = self.norm2(self.conv2(act(self.norm1(x))))
        return cast(Tensor, self.down(x))


@torch.no_grad()
def _he_normal(layer: nn.Conv2d | nn.Linear, slope: float, scale: float = 1.0) -> None:
    """Weights from N(0, 2 / ((1 + slope^2) fan_in)) times ``scale``, biases 0 (He et al. 2015)."""
    nn.init.kaiming_normal_(layer.weight, a=slope)
    layer.weight.mul_(scale)
    if layer.bias is not None:
        layer.bias.zero_()


def _finish(channels: int, norm: bool, pre_activation: bool) -> nn.Module:
    """What stands after the last block: the sum of a pre-activated block has not been normed and activated yet."""
    if not pre_activation:
        return nn.Identity()
    return nn.Sequential(nn.BatchNorm2d(channels) if norm else nn.Identity(), nn.LeakyReLU(SLOPE))


@network
class ResNetGenerator(nn.Module):
    """G: latent z (N, latent_dim) to images (N, channels, size, size) in (-1, 1).

    Args:
        latent_dim, channels, size: as for :class:`ganbook.models.DCGANGenerator`.
        width: channels of the map at half the image's size.
        depth: blocks at the smallest map, where a block costs least; one more block each time the map is doubled.
        growth: each earlier map has so many times the channels.
        norm: BatchNorm in the blocks.
        pre_activation, residual: the form of the blocks.
        brightness: mean value, in (-1, 1), of the images at the start. Data far from 0, such as digits on black, pull
            all pixels of a normless G to one side in its first rounds, and tanh may saturate there.
    """

    def __init__(
        self,
        latent_dim: int = 100,
        channels: int = 1,
        size: int = 28,
        width: int = 32,
        depth: int = 1,
        growth: int = 2,
        norm: bool = False,
        pre_activation: bool = True,
        residual: bool = True,
        brightness: float = 0.0,
    ) -> None:
        super().__init__()
        check_number(above=-1, below=1, brightness=brightness)
        self.latent_dim = latent_dim
        self.start, doublings = stages(size)
        maps = [width * growth**i for i in reversed(range(doublings))]
        scale = 1 / math.sqrt(depth + doublings - 1) if residual else 1.0
        block = partial(ResidualBlock, norm=norm, pre_activation=pre_activation, residual=residual, branch_scale=scale)
        blocks = [block(maps[0], maps[0]) for _ in range(depth)]
        blocks += [block(inputs, outputs, resample="up") for inputs, outputs in pairwise(maps)]
        self.first = nn.Linear(latent_dim, maps[0] * self.start**2)
        self.blocks = nn.Sequential(*blocks)
        self.finish = _finish(maps[-1], norm, pre_activation)
        # Four numbers per place, laid out as 2 x 2 pixels: three times as fast on a CPU as doubling the map first.
        self.last = nn.Conv2d(maps[-1], 4 * channels, 3, 1, 1)
        _he_normal(self.first, slope=1.0)
        _he_normal(self.last, SLOPE, scale=0.5)  # inside tanh's steep part at the start
        nn.init.constant_(cast(Tensor, self.last.bias), math.atanh(brightness))

    def forward(self, z: Tensor) -> Tensor:
        check_tensor("z", z, "N", self.latent_dim)
        x = self.first(z).unflatten(1, (-1, self.start, self.start))
        return torch.tanh(pixel_shuffle(self.last(self.finish(self.blocks(x))), 2))


@network
class ResNetDiscriminator(nn.Module):
    """D: images (N, channels, size, size) to logits (N,).

    Args:
        channels, size, width, pre_activation: as for :class:`ResNetGenerator`.
        depth: one block each time the map is halved, then this many at the smallest map.
        growth: each later map has so many times the channels.
        norm: BatchNorm in the blocks (False with a gradient penalty, whose critic must judge each sample by itself).
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,
        width: int = 32,
        depth: int = 1,
        growth: int = 2,
        norm: bool = False,
        pre_activation: bool = True,
    ) -> None:
        super().__init__()
        self.shape = (channels, size, size)
        start, halvings = stages(size)
        maps = [width * growth**i for i in range(halvings)]
        scale = 1 / math.sqrt(depth + halvings - 1)
        block = partial(ResidualBlock, norm=norm, pre_activation=pre_activation, branch_scale=scale)
        blocks = [block(inputs, outputs, resample="down") for inputs, outputs in pairwise(maps)]
        blocks += [block(maps[-1], maps[-1]) for _ in range(depth)]
        self.first = nn.Conv2d(channels, width, 4, 2, 1)
        self.blocks = nn.Sequential(*blocks)
        self.finish = _finish(maps[-1], norm, pre_activation)
        self.last = nn.Linear(maps[-1] * start**2, 1)
        _he_normal(self.first, slope=1.0)
        _he_normal(self.last, slope=1.0)

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x, "N", *self.shape)
        features = self.finish(self.blocks(self.first(x)))
        return cast(Tensor, self.last(features.flatten(1))).squeeze(1)


@network
class ResNetTranslator(nn.Module):
    """CycleGAN's generator: images (N, inputs, H, W) to images (N, outputs, H, W) in (-1, 1) (Zhu et al. 2017, 7.2).

    A 7 x 7 convolution, ``halvings`` convolutions of stride 2, residual blocks in the original form without an
    activation of the sum, as many steps up, a 7 x 7 convolution. Normalised over each image by itself (InstanceNorm).

    Args:
        inputs, outputs: channels.
        width: channels at full size; each halving doubles them.
        blocks: residual blocks at the smallest size.
        halvings: how often the side is halved; H and W must be multiples of ``2**halvings``.
    """

    def __init__(self, inputs: int = 3, outputs: int = 3, width: int = 64, blocks: int = 9, halvings: int = 2) -> None:
        super().__init__()
        self.inputs, self.multiple = inputs, 2**halvings
        maps = [width * 2**i for i in range(halvings + 1)]

        def finished(channels: int) -> list[nn.Module]:
            return [nn.InstanceNorm2d(channels), nn.ReLU()]

        layers: list[nn.Module] = [nn.Conv2d(inputs, width, 7, 1, 3, padding_mode="reflect"), *finished(width)]
        for narrow, wide in pairwise(maps):
            layers += [nn.Conv2d(narrow, wide, 3, 2, 1), *finished(wide)]
        layers += [_TranslatorBlock(maps[-1]) for _ in range(blocks)]
        for wide, narrow in pairwise(reversed(maps)):
            layers += [nn.ConvTranspose2d(wide, narrow, 4, 2, 1), *finished(narrow)]
        layers += [nn.Conv2d(width, outputs, 7, 1, 3, padding_mode="reflect"), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x, "N", self.inputs, "H", "W")
        least = max(4, 2 * self.multiple)
        if any(side % self.multiple or side < least for side in x.shape[2:]):
            allowed = f"(N, {self.inputs}, H, W) with H and W multiples of {self.multiple}, from {least}"
            raise ValueError(f"x has shape {tuple(x.shape)}: allowed is {allowed}")
        return cast(Tensor, self.layers(x))


class _TranslatorBlock(nn.Module):
    """x plus a branch of two 3 x 3 convolutions; nothing touches the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        convolution = partial(nn.Conv2d, channels, channels, 3, 1, 1, padding_mode="reflect")
        self.branch = nn.Sequential(
            convolution(), nn.InstanceNorm2d(channels), nn.ReLU(), convolution(), nn.InstanceNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + cast(Tensor, self.branch(x))

"""PatchGAN (Isola et al. 2017): a discriminator that judges every patch of an image by itself."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from ganbook.arguments import check_tensor, typed
from ganbook.models.network import Count, network

__all__ = ["PatchDiscriminator", "receptive_field"]

SLOPE = 0.2
WIDEST = 8


@network
class PatchDiscriminator(nn.Module):
    """D: images (N, channels, H, W), with their sources if it is shown them, to logits (N, h, w), one per patch.

    ``layers`` convolutions 4-2-1 that halve the side, then two of stride 1; with 0 layers, three convolutions 1 x 1
    that judge pixels. The receptive field, the side of a patch in pixels, is 1, 16, 34, 70, 142 for 0 to 4 layers.

    Args:
        channels: of the images to judge.
        sources: channels of the images they were made from; 0 for a discriminator that sees none.
        layers: number of halvings.
        width: channels after the first convolution; doubled by each next one, up to eight times.
        norm: InstanceNorm after every convolution but the first and the last.
    """

    def __init__(
        self, channels: int = 3, sources: int = 0, layers: Count = 3, width: int = 64, norm: bool = True
    ) -> None:
        super().__init__()
        self.channels, self.sources, self.least = channels, sources, 3 << layers if layers else 1
        maps = [width * min(2**i, WIDEST) for i in range(max(layers, 1) + 1)]
        kernels = [(4, 2, 1)] * layers + [(4, 1, 1)] * 2 if layers else [(1, 1, 0)] * 3
        stages: list[nn.Module] = []
        ends = pairwise([channels + sources, *maps, 1])
        for i, (kernel, (inputs, outputs)) in enumerate(zip(kernels, ends, strict=True)):
            stages.append(nn.Conv2d(inputs, outputs, *kernel))
            if i + 1 < len(kernels):
                stages += [nn.InstanceNorm2d(outputs)] if norm and i else []
                stages.append(nn.LeakyReLU(SLOPE))
        self.layers = nn.Sequential(*stages)

    def forward(self, images: Tensor, sources: Tensor | None = None) -> Tensor:
        check_tensor("images", images, "N", self.channels, "H", "W")
        if min(images.shape[2:]) < self.least:
            raise ValueError(f"images has shape {tuple(images.shape)}: allowed is a side of {self.least} or more")
        seen = images
        if self.sources:
            check_tensor("sources", sources, len(images), self.sources, *images.shape[2:])
            seen = torch.cat((cast(Tensor, sources), images), dim=1)
        elif sources is not None:
            raise ValueError("sources was given to a discriminator that was built to see none")
        return cast(Tensor, self.layers(seen)).squeeze(1)


@typed
def receptive_field(network: nn.Module) -> int:
    """Side in pixels of the patch that one output of a chain of convolutions sees.

    Backwards from one output: each layer widens a field of r places to ``(r - 1) stride + kernel``. Layers are taken in
    the order of ``network.modules()``, and all kernels are square.

    >>> receptive_field(PatchDiscriminator(layers=3, width=1))
    70
    """
    field = 1
    for layer in reversed([m for m in network.modules() if isinstance(m, nn.Conv2d)]):
        field = (field - 1) * layer.stride[0] + layer.kernel_size[0]
    return field

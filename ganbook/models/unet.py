"""The U-Net of pix2pix (Ronneberger et al. 2015; Isola et al. 2017): down to a few pixels and up, with short cuts."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from ganbook.arguments import check_number, check_tensor
from ganbook.models.network import network
from ganbook.models.upsample import ResizeConvolution

__all__ = ["UNet"]

WIDEST = 8
"""The deepest maps have at most so many times the channels of the first, as in the paper."""

SLOPE = 0.2

NORMS = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}


@network
class UNet(nn.Module):
    """G: sources (N, inputs, size, size) and noise z (N, latent_dim) to images (N, outputs, size, size) in (-1, 1).

    Every stage down halves the side with a 4-2-1 convolution, every stage up doubles it (:class:`ResizeConvolution`);
    with ``skips`` each stage up also sees what the stage down of its size saw.

    Args:
        latent_dim: size of z, which joins at the smallest map; 0 for a network that takes no noise.
        inputs, outputs: channels.
        size: side of the images, a power of two from 16.
        width: channels of the first map; each deeper map has twice as many, up to eight times.
        depth: number of stages; the smallest map has side ``size / 2**depth``, 2 or more.
        skips: False leaves the short cuts out: an encoder and a decoder.
        dropout: share of values dropped in the two deepest stages up, in training (the paper: 0.5, in use as well).
        norm: "batch", over all images of a batch; "instance", over each image by itself, which is what the paper's
            BatchNorm of one image per batch does, and takes away how strong a map is in this image.
        keep: so many times the source is added before tanh, so that a network that knows nothing yet repeats it; the
            source then has one channel, or as many as the image.
    """

    def __init__(
        self,
        latent_dim: int = 0,
        inputs: int = 1,
        outputs: int = 3,
        size: int = 64,
        width: int = 24,
        depth: int = 4,
        skips: bool = True,
        dropout: float = 0.0,
        norm: Literal["batch", "instance"] = "batch",
        keep: float = 0.0,
    ) -> None:
        super().__init__()
        if size < 16 or size & (size - 1) or size >> depth < 2:
            raise ValueError(
                f"size is {size} at depth {depth}: allowed is a power of two from 16, at least 2^(depth + 1)"
            )
        check_number(0, below=1, dropout=dropout)
        check_number(0, keep=keep)
        if keep and inputs not in (1, outputs):
            channels = "1 channel" if outputs == 1 else f"1 or {outputs} channels"
            raise ValueError(f"keep is {keep} with {inputs} inputs: a source of {channels} can be kept")
        self.latent_dim, self.shape, self.skips, self.keep = latent_dim, (inputs, size, size), skips, keep
        normalise = NORMS[norm]
        maps = [width * min(2**i, WIDEST) for i in range(depth)]
        self.down = nn.ModuleList([nn.Conv2d(inputs, maps[0], 4, 2, 1)])
        for narrow, wide in pairwise(maps):
            self.down.append(nn.Sequential(nn.LeakyReLU(SLOPE), nn.Conv2d(narrow, wide, 4, 2, 1), normalise(wide)))
        self.noise = nn.Linear(latent_dim, maps[-1]) if latent_dim else None
        self.up = nn.ModuleList()
        last = maps[-1]
        for i, narrow in enumerate(reversed(maps[:-1])):
            layers = nn.ReLU(), ResizeConvolution(last, narrow, bias=False), normalise(narrow)
            self.up.append(nn.Sequential(*layers, nn.Dropout(dropout if i < 2 else 0.0)))
            last = narrow * 2 if skips else narrow
        self.last = nn.Sequential(
            nn.ReLU(), ResizeConvolution(last, width, bias=False), normalise(width), nn.ReLU(),
            nn.Conv2d(width, outputs, 3, 1, 1),
        )  # fmt: skip

    def forward(self, sources: Tensor, z: Tensor | None = None) -> Tensor:
        check_tensor("sources", sources, "N", *self.shape)
        x, seen = sources, []
        for stage in self.down:
            x = stage(x)
            seen.append(x)
        if self.noise is not None:
            check_tensor("z", z, len(sources), self.latent_dim)
            x = x + self.noise(z)[:, :, None, None]
        for stage, twin in zip(self.up, reversed(seen[:-1]), strict=True):
            x = stage(x)
            if self.skips:
                x = torch.cat((x, twin), dim=1)
        x = self.last(x)
        return torch.tanh(x + self.keep * sources if self.keep else x)

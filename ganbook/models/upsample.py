"""Resize-convolution: upsampling that treats all of its output pixels alike (Odena et al. 2016)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganbook.arguments import check_tensor
from ganbook.models.network import network

__all__ = ["ResizeConvolution"]


@network
class ResizeConvolution(nn.Module):
    """Enlarge by interpolation, then convolve with stride 1: (N, inputs, H, W) to (N, outputs, factor H, factor W).

    A drop-in for ``nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)`` without its checkerboard: away from the edges every
    output pixel is the same function of its neighbourhood.

    Args:
        inputs, outputs: channels.
        kernel: side of the convolution's kernel, odd.
        factor: how much larger the output is.
        bias: whether the convolution has one; BatchNorm after it makes one useless.
        mode: "nearest" repeats pixels, "bilinear" blends them.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        factor: int = 2,
        bias: bool = True,
        mode: Literal["nearest", "bilinear"] = "nearest",
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"kernel is {kernel}: allowed is an odd number, which keeps the size")
        self.factor, self.mode = factor, mode
        self.convolution = nn.Conv2d(inputs, outputs, kernel, 1, kernel // 2, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x, "N", self.convolution.in_channels, "H", "W")
        larger: Tensor = self.convolution(interpolate(x, scale_factor=float(self.factor), mode=self.mode))
        return larger

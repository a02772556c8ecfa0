"""Augmentation inside the discriminator: real and generated images pass through it alike (Zhao et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from ganbook.arguments import check_tensor
from ganbook.models.network import Count, network

__all__ = ["RandomShift"]


@network
class RandomShift(nn.Module):
    """Shift each image by whole pixels, drawn anew for every image; the identity in evaluation mode.

    Put before a discriminator, it shows few images in many places, so they are harder to learn by heart. Gradients
    flow back through the shift, and a generator gains nothing by shifting its own images.

    Args:
        pixels: largest shift along each axis.
        fill: what moves in at the border; -1 is black.
    """

    def __init__(self, pixels: Count = 2, fill: float = -1.0) -> None:
        super().__init__()
        self.pixels, self.fill = pixels, fill

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W) to images of the same shape."""
        check_tensor("x", x, "N", "C", "H", "W")
        if not self.training or not self.pixels:
            return x
        n, _, height, width = x.shape
        padded = pad(x, (self.pixels,) * 4, value=self.fill)
        down, right = torch.randint(2 * self.pixels + 1, (2, n, 1, 1), device=x.device)
        rows = down + torch.arange(height, device=x.device)[:, None]
        columns = right + torch.arange(width, device=x.device)
        image = torch.arange(n, device=x.device)[:, None, None]
        return padded[image, :, rows, columns].permute(0, 3, 1, 2)

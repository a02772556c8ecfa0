"""Augmentation inside the discriminator: real and generated images pass through it alike (Zhao et al. 2020)."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample, pad

from ganbook.arguments import check_number, check_tensor
from ganbook.models.network import Count, network

__all__ = ["AdaptiveAugment", "DiffAugment", "RandomAffine", "RandomShift"]


@network
class RandomShift(nn.Module):
    """Shift each image by whole pixels, drawn anew for every image; the identity in evaluation mode.

    Put before a discriminator, it shows few images in many places, so they are harder to learn by heart. Gradients
    flow back through the shift, and a generator gains nothing by shifting its own images.

    Args:
        pixels: largest shift along each axis.
        fill: what moves in at the border; -1 is black. None: the border's own pixels, over and over.
    """

    def __init__(self, pixels: Count = 2, fill: float | None = -1.0) -> None:
        super().__init__()
        self.pixels, self.fill = pixels, fill

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W) to images of the same shape."""
        check_tensor("x", x, "N", "C", "H", "W")
        return _shifted(x, self.pixels, self.fill) if self.training else x


@network
class RandomAffine(nn.Module):
    """Shift, turn and zoom each image, by amounts drawn anew for every image; the identity in evaluation mode.

    As :class:`RandomShift`, for still fewer images: hand-drawn digits are as good a little larger, or leaning. Between
    pixels it interpolates linearly, and its gradient has a gradient, which penalties need.

    Args:
        pixels: largest shift along each axis.
        turn: largest angle, in radians.
        zoom: largest change of the logarithm of the size.
        fill: what moves in at the border; -1 is black.
    """

    def __init__(self, pixels: Count = 2, turn: float = 0.2, zoom: float = 0.12, fill: float = -1.0) -> None:
        super().__init__()
        check_number(0, turn=turn, zoom=zoom)
        self.pixels, self.turn, self.zoom, self.fill = pixels, turn, zoom, fill

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W) to images of the same shape."""
        check_tensor("x", x, "N", "C", "H", "W")
        if not self.training:
            return x
        n, _, height, width = x.shape
        angle, size, down, right = torch.rand(4, n, device=x.device) * 2 - 1
        angle, size = angle * self.turn, torch.exp(size * self.zoom)
        cosine, sine = angle.cos() * size, angle.sin() * size
        shifts = 2 * self.pixels * right / width, 2 * self.pixels * down / height
        rows = torch.stack((cosine, -sine, shifts[0], sine, cosine, shifts[1]), 1)
        grid = affine_grid(rows.view(n, 2, 3), [n, 1, height, width], align_corners=False)
        precise = torch.promote_types(x.dtype, grid.dtype)  # in bfloat16 a place is known to a pixel or two
        found = cast(Tensor, _Sampled.apply((x - self.fill).to(precise), grid.to(precise)))
        return (found + self.fill).to(x.dtype)


@network
class DiffAugment(nn.Module):
    """Colours, places and holes, drawn anew for every image, for very few images; the identity in evaluation mode.

    The policy "color, translation, cutout" of Zhao et al. 2020: brightness by up to a quarter of the range from black
    to white, saturation times 0 to 2, contrast times 0.5 to 1.5; a shift by up to an eighth of the side, and a square
    of half of it, both filled with grey. Colours may leave [-1, 1]; a fourth channel, how opaque a pixel is, has none.

    Args:
        colour: whether colours are changed.
        shift: largest shift along each axis, as a share of the side.
        hole: side of the square, as a share of the image's.
    """

    def __init__(self, colour: bool = True, shift: float = 0.125, hole: float = 0.5) -> None:
        super().__init__()
        check_number(0, 1, shift=shift, hole=hole)
        self.colour, self.shift, self.hole = colour, shift, hole

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W) to images of the same shape."""
        check_tensor("x", x, "N", "C", "H", "W")
        if not self.training:
            return x
        if self.colour:
            x = torch.cat((_recoloured(x[:, :3]), x[:, 3:]), 1)
        return self._with_hole(_shifted(x, round(self.shift * x.shape[2]), 0.0))

    def _with_hole(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        side = round(self.hole * height), round(self.hole * width)
        # Its centre lies anywhere in the image: some of it may fall outside.
        inside = [
            (torch.arange(length, device=x.device) - torch.randint(length, (n, 1), device=x.device) + of // 2)
            for length, of in zip((height, width), side, strict=True)
        ]
        rows, columns = ((place >= 0) & (place < of) for place, of in zip(inside, side, strict=True))
        return x * ~(rows[:, None, :, None] & columns[:, None, None, :])


@network
class AdaptiveAugment(nn.Module):
    """Augmentation that comes as often as it is needed (Karras et al. 2020); the identity in evaluation mode.

    Colours, places and holes, those of :class:`DiffAugment`, each for each image with the probability ``p``, a buffer
    that starts at 0 and is moved by :func:`ganbook.training.rounds.adaptive.adaptive_round`; ``signs`` is what it has
    heard since.
    """

    p: Tensor
    signs: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("p", torch.zeros(()))
        self.register_buffer("signs", torch.zeros(()))
        self.kinds = nn.ModuleList(
            (
                DiffAugment(shift=0.0, hole=0.0),
                DiffAugment(colour=False, hole=0.0),
                DiffAugment(colour=False, shift=0.0),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W) to images of the same shape."""
        check_tensor("x", x, "N", "C", "H", "W")
        if not self.training:
            return x
        for kind in self.kinds:
            chosen = torch.rand(len(x), 1, 1, 1, device=x.device) < self.p
            x = torch.where(chosen, kind(x), x)
        return x


def _recoloured(x: Tensor) -> Tensor:
    brightness, saturation, contrast = torch.rand(3, len(x), 1, 1, 1, device=x.device).to(x.dtype)
    x = x + brightness - 0.5
    grey = x.mean(1, keepdim=True)
    x = grey + 2 * saturation * (x - grey)
    middle = x.mean((1, 2, 3), keepdim=True)
    return cast(Tensor, middle + (0.5 + contrast) * (x - middle))


def _shifted(x: Tensor, pixels: int, fill: float | None) -> Tensor:
    """Each image moved by whole pixels along both axes, up to so many."""
    if not pixels:
        return x
    n, _, height, width = x.shape
    padded = pad(x, (pixels,) * 4, value=0.0 if fill is None else fill)
    down, right = torch.randint(2 * pixels + 1, (2, n, 1, 1), device=x.device)
    rows = down + torch.arange(height, device=x.device)[:, None]
    columns = right + torch.arange(width, device=x.device)
    if fill is None:
        rows, columns = rows.clamp(pixels, pixels + height - 1), columns.clamp(pixels, pixels + width - 1)
    image = torch.arange(n, device=x.device)[:, None, None]
    return padded[image, :, rows, columns].permute(0, 3, 1, 2)


class _Sampled(torch.autograd.Function):
    """`grid_sample` with a second derivative, which older versions of PyTorch lack: it is linear in x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = x.shape
        return grid_sample(x, grid, align_corners=False)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return _Spread.apply(gradients[0], *ctx.saved_tensors, ctx.shape), None


class _Spread(torch.autograd.Function):
    """The transpose of :class:`_Sampled`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        with torch.enable_grad():
            spread = x.new_zeros(shape).requires_grad_()
            return torch.autograd.grad(grid_sample(spread, grid, align_corners=False), spread, x)[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return _Sampled.apply(gradients[0], *ctx.saved_tensors), None, None

"""Convolutions by hand: one channel, every product visible.

The same operations as ``torch.nn.functional``'s, for one image (H, W) and one kernel (k, l), written so that they
can be read, drawn and compared. As in every deep-learning library, "convolution" means cross-correlation: the kernel
is not flipped.

Arguments that do not fit are refused by name: TypeError for the wrong kind, ValueError for the wrong value.

>>> x, kernel = torch.tensor([[2.0, 4.0], [0.0, 1.0]]), torch.tensor([[3.0, 1.0], [1.0, 5.0]])
>>> paint(x, kernel).tolist()
[[6.0, 14.0, 4.0], [2.0, 17.0, 21.0], [0.0, 1.0, 5.0]]
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ganbook.arguments import check_tensor, check_whole, typed

__all__ = [
    "checkerboard", "contributions", "convolution_matrix", "high_share", "insert_zeros", "output_size", "paint",
    "slide_over_zeros", "spectrum", "transposed_size",
]  # fmt: skip

SIDE = 4096
"""The longest side, kernel, stride or padding that is painted by hand: a picture to read, not a layer to run."""


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Side of a convolution's output, floor((size + 2 padding - kernel) / stride) + 1.

    Args:
        size: side of the input, in pixels.
        kernel, stride: 1 or more, the kernel no larger than the padded input.
        padding: zeros on each side, 0 or more.
    """
    check_whole(1, size=size, kernel=kernel, stride=stride)
    check_whole(0, padding=padding)
    if kernel > size + 2 * padding:
        raise ValueError(f"kernel is {kernel}: allowed is at most the padded input's side, {size + 2 * padding}")
    return (size + 2 * padding - kernel) // stride + 1


def transposed_size(size: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0) -> int:
    """Side of a transposed convolution's output, (size - 1) stride - 2 padding + kernel + output_padding.

    It is the input size from which a convolution with the same kernel, stride and padding gives ``size``. There are
    ``stride`` such sizes; ``output_padding``, less than the stride, chooses among them. A padding that leaves nothing
    of the output is refused.

    >>> [transposed_size(n, kernel=4, stride=2, padding=1) for n in (2, 4, 8)]
    [4, 8, 16]
    """
    check_whole(1, size=size, kernel=kernel, stride=stride)
    check_whole(0, padding=padding, output_padding=output_padding)
    if output_padding >= stride:
        raise ValueError(f"output_padding is {output_padding}: allowed is less than the stride, {stride}")
    out = (size - 1) * stride - 2 * padding + kernel + output_padding
    if out < 1:
        raise ValueError(f"padding is {padding}, which crops all of the output: its side would be {out}")
    return out


@typed
def convolution_matrix(kernel: Tensor, size: tuple[int, int], stride: int = 1, padding: int = 0) -> Tensor:
    """The matrix C with ``C @ x.flatten()`` = the convolution of x, flattened.

    ``C.T @ y.flatten()`` is the transposed convolution of y: that is where its name comes from.

    Args:
        kernel: (k, l).
        size: (H, W) of the image x.
        stride, padding: of the convolution.

    Returns:
        (H' W', H W): a row for each pixel of the output, a column for each pixel of the input.
    """
    check_tensor("kernel", kernel, "k", "l", kind="any")
    check_whole(1, SIDE, **{f"size[{axis}]": side for axis, side in enumerate(size)})
    height, width = size
    rows = output_size(height, kernel.shape[0], stride, padding)
    columns = output_size(width, kernel.shape[1], stride, padding)
    check_whole(0, SIDE, padding=padding)
    matrix = kernel.new_zeros(rows, columns, height, width)
    for i in range(rows):
        for j in range(columns):
            for u, v in _pixels(kernel):
                y, x = i * stride - padding + u, j * stride - padding + v
                if 0 <= y < height and 0 <= x < width:  # outside, the kernel meets a padded zero
                    matrix[i, j, y, x] = kernel[u, v]
    return matrix.reshape(rows * columns, height * width)


def paint(
    x: Tensor,
    kernel: Tensor,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
) -> Tensor:
    """Transposed convolution by hand: each pixel paints the kernel, times its value.

    Where paintings overlap they add up. ``padding`` crops as many pixels from each side
    of the result.

    Args:
        x: (H, W).
        kernel: (k, l).
        stride: by how many pixels neighbouring paintings are shifted.
        padding, output_padding: as :class:`torch.nn.ConvTranspose2d`.

    Returns:
        (H', W') with the sides of :func:`transposed_size`.
    """
    rows, columns = _transposed_sides(x, kernel, stride, padding, output_padding)
    sides, (k, w) = (rows + 2 * padding, columns + 2 * padding), kernel.shape
    kind = torch.result_type(x, kernel)
    canvas = torch.zeros(sides, dtype=kind, device=x.device)
    for i, j in _pixels(x):
        top, left = i * stride, j * stride
        canvas[top : top + k, left : left + w] += x[i, j] * kernel
    return canvas[padding : padding + rows, padding : padding + columns]


def insert_zeros(x: Tensor, stride: int) -> Tensor:
    """``stride - 1`` zeros between neighbouring pixels: (..., H, W) to (..., (H - 1) stride + 1, (W - 1) stride + 1).

    >>> insert_zeros(torch.tensor([[1, 2], [3, 4]]), 2).tolist()
    [[1, 0, 2], [0, 0, 0], [3, 0, 4]]
    """
    check_tensor("x", x, kind="any")
    check_whole(1, SIDE, stride=stride)
    if x.ndim < 2 or not x.numel():
        raise ValueError(f"x has shape {tuple(x.shape)}: allowed is (..., H, W) with none of them 0")
    height, width = x.shape[-2:]
    spread = x.new_zeros(*x.shape[:-2], (height - 1) * stride + 1, (width - 1) * stride + 1)
    spread[..., ::stride, ::stride] = x
    return spread


def slide_over_zeros(
    x: Tensor,
    kernel: Tensor,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
) -> Tensor:
    """Transposed convolution as an ordinary one, over zeros, its kernel turned by 180°.

    The zeros stand between the pixels and around them. The kernel then moves over ``x``
    by steps of one ``stride``-th of a pixel, hence "fractionally-strided". Arguments
    and result as for :func:`paint`.
    """
    _transposed_sides(x, kernel, stride, padding, output_padding)  # for its errors
    (k, w), more = kernel.shape, output_padding
    left, top = w - 1 - padding, k - 1 - padding
    around = (left, left + more, top, top + more)
    kind = torch.result_type(x, kernel)
    spread = F.pad(insert_zeros(x.to(kind), stride), around)  # a negative number crops
    return F.conv2d(spread[None, None], kernel.to(kind).flip(0, 1)[None, None])[0, 0]


def _transposed_sides(x: Tensor, kernel: Tensor, stride: int, padding: int, output_padding: int) -> list[int]:
    check_tensor("x", x, "H", "W", kind="any")
    check_tensor("kernel", kernel, "k", "l", kind="any")
    if kernel.device != x.device:
        raise ValueError(f"kernel is on {kernel.device}: allowed is {x.device}, as for x")
    sizes = zip(x.shape, kernel.shape, strict=True)
    sides = [transposed_size(n, k, stride, padding, output_padding) for n, k in sizes]
    check_whole(1, SIDE, stride=stride)
    check_whole(0, SIDE, padding=padding)
    return sides


def contributions(size: int, kernel: int, stride: int, padding: int = 0, output_padding: int = 0) -> Tensor:
    """How many pixels of a row of ``size`` pixels paint each pixel of the transposed convolution's output.

    In an image the counts of row and column multiply. Away from the edges they are all equal if and only if the
    stride divides the kernel (Odena et al. 2016).

    >>> contributions(4, kernel=3, stride=2).tolist()
    [1, 1, 2, 1, 2, 1, 2, 1, 1]
    """
    whole = transposed_size(size, kernel, stride, padding, output_padding)
    check_whole(1, SIDE, size=size, kernel=kernel, stride=stride)
    row, brush = torch.ones(1, size, dtype=torch.int64), torch.ones(1, kernel, dtype=torch.int64)
    painted = paint(row, brush, stride)[0]
    return F.pad(painted, (0, output_padding))[padding : padding + whole]


def spectrum(images: Tensor) -> Tensor:
    """Mean power at each frequency, (H, W), of images (N, C, H, W), each less its mean.

    Frequency 0 is at [0, 0]; [H / 2, 0] is the pattern that changes its sign from row to row.
    """
    check_tensor("images", images, "N", "C", "H", "W", finite=True)
    centred = images.detach().float()
    centred = centred - centred.mean((2, 3), keepdim=True)
    power: Tensor = torch.fft.fft2(centred).abs().square().mean((0, 1))
    return power


def high_share(images: Tensor) -> float:
    """Share of the power of images (N, C, H, W), not all constant, above ¼ cycle per pixel in either direction."""
    power = spectrum(images)
    _check_power(power)
    y, x = (torch.fft.fftfreq(n).abs() for n in power.shape)
    return (power[torch.maximum(y[:, None], x[None]) > 0.25].sum() / power.sum()).item()


def checkerboard(images: Tensor, period: int = 2, reach: int = 2) -> float:
    """How far the power of patterns that repeat every ``period`` pixels stands out of the spectrum around them.

    Upsampling by a stride s treats its s phases differently, which leaves a pattern of period s: energy at the
    frequencies (i H / s, j W / s). Each of these bins is compared with the bins around it.

    Args:
        images: (N, C, H, W), not all constant; H and W multiples of ``period`` and larger than ``2 * reach``.
        period: in pixels, 2 or more.
        reach: the neighbourhood of a bin is the square of the bins up to ``reach`` away.

    Returns:
        Geometric mean over the pattern's bins of power / mean power of the neighbours: 1 for white noise, between
        ½ and 2 for images without the pattern whose spectrum bends at these bins.
    """
    check_whole(2, period=period)
    check_whole(1, reach=reach)
    power = spectrum(images).cpu().double()
    height, width = power.shape
    if height % period or width % period or min(height, width) <= 2 * reach:
        raise ValueError(
            f"images has sides {height} and {width}: allowed are multiples of period = {period} above {2 * reach}"
        )
    _check_power(power)
    side = torch.arange(-reach, reach + 1)
    ratios = []
    for i in range(period):
        for j in range(period):
            if i or j:
                y, x = i * height // period, j * width // period
                around = power[(y + side)[:, None] % height, (x + side) % width]
                ratios.append(power[y, x] / ((around.sum() - power[y, x]) / (around.numel() - 1)))
    return float(torch.stack(ratios).log().mean().exp())


def _check_power(power: Tensor) -> None:
    if not power.any():
        raise ValueError("images are constant: there is no spectrum to look at")


def _pixels(x: Tensor) -> list[tuple[int, int]]:
    return [(i, j) for i in range(x.shape[0]) for j in range(x.shape[1])]

"""Explorer of chapter 5: which pixels meet which in a convolution and in a transposed convolution."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import torch
from ipywidgets import VBox
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.nn import functional as F

from ganbook import plots
from ganbook.arguments import check_whole, typed
from ganbook.convolutions import contributions, convolution_matrix, insert_zeros, output_size, transposed_size
from ganbook.widgets._base import choice, explorer, slider

__all__ = ["convolution_geometry", "draw_convolution_geometry"]

MOST = 64
"""Pixels of a side that are still told apart when each is drawn."""

Direction = Literal["transposed convolution", "convolution"]
_BLUE = plots.COLOURS[5]  # light enough for black figures on it
_KINDS = ListedColormap(["#f2f2f2", "#ffffff", _BLUE])
_COUNTS = LinearSegmentedColormap.from_list("counts", ["#ffffff", _BLUE])


@typed
def convolution_geometry(
    direction: Direction = "transposed convolution",
    size: int = 4,
    kernel: int = 4,
    stride: int = 2,
    padding: int = 1,
    output_padding: int = 0,
) -> VBox:
    """Explorer: kernel, stride and padding to the output's size, and to how evenly its pixels are painted.

    Args:
        direction: "transposed convolution" or "convolution".
        size: side of the input, 1 to 6 pixels; where it starts, as are the others.
        kernel: 1 to 6. stride: 1 to 3. padding: 0 to 3. output_padding: 0 to 2, of the transposed convolution only.
    """
    controls = {
        "direction": choice("layer", get_args(Direction), direction),
        "size": slider("input's side", size, 1, 6, 1),
        "kernel": slider("kernel", kernel, 1, 6, 1),
        "stride": slider("stride", stride, 1, 3, 1),
        "padding": slider("padding", padding, 0, 3, 1),
        "output_padding": slider("output padding", output_padding, 0, 2, 1),
        "position": slider("kernel's position", 0, 0, 100, 1),
    }
    return explorer(draw_convolution_geometry, controls)


@typed
def draw_convolution_geometry(
    direction: Direction, size: int, kernel: int, stride: int, padding: int, output_padding: int = 0, position: int = 0
) -> tuple[Figure, str]:
    """The explorer's picture and its alternative text; arguments as there.

    ``position`` numbers the output's pixels along the rows; beyond the last one it starts again.
    """
    check_whole(0, position=position)
    check_whole(most=MOST, size=size, kernel=kernel, stride=stride, padding=padding, output_padding=output_padding)
    transposed = direction == "transposed convolution"
    try:
        if transposed:
            geometry = _transposed(size, kernel, stride, padding, output_padding)
        else:
            geometry = _convolution(size, kernel, stride, padding)
    except ValueError as reason:
        return _impossible(str(reason))
    side, most = len(geometry.meets), max(1, int(geometry.meets.max()))
    row, column = divmod(position % side**2, side)
    step = 1 if transposed else stride

    fig, (left, right) = plots.figure(2, height=3.6)
    _cells(left, geometry.field, _KINDS, 2)
    _frame(left, row * step, column * step, kernel)
    left.set_title(geometry.field_title)

    _cells(right, geometry.meets, _COUNTS, most)
    for place, count in enumerate(geometry.meets.flatten().tolist()):
        y, x = divmod(place, side)
        right.text(x + 0.5, y + 0.5, count, ha="center", va="center", fontsize=8 if side < 12 else 6)
    _frame(right, row, column, 1)
    right.set_title(f"{geometry.formula}\nin the output: how many pixels meet here")
    alt = (
        f"{direction.capitalize()}, kernel {kernel}, stride {stride}, padding {padding}"
        + (f", output padding {output_padding}" if transposed else "")
        + f": {size} × {size} pixels become {side} × {side}. {_evenness(geometry, kernel, stride, transposed)}"
    )
    return fig, alt


class _Geometry(NamedTuple):
    field: Tensor  # what the kernel slides over: 0 padding, 1 inserted zero, 2 pixel of the input
    meets: Tensor  # (H', H') number of the input's pixels that reach each pixel of the output
    formula: str
    field_title: str


def _transposed(size: int, kernel: int, stride: int, padding: int, more: int) -> _Geometry:
    side = transposed_size(size, kernel, stride, padding, more)
    row = contributions(size, kernel, stride, padding, more)
    spread = 1 + insert_zeros(torch.ones(size, size, dtype=torch.int64), stride)
    border = kernel - 1 - padding  # a negative one crops
    field = F.pad(spread, (border, border + more) * 2)
    plus = f" + {more}" if more else ""
    formula = f"({size} − 1) · {stride} − 2 · {padding} + {kernel}{plus} = {side}"
    return _Geometry(field, row[:, None] * row, formula, "zeros between and around the pixels,\nkernel moves by 1")


def _convolution(size: int, kernel: int, stride: int, padding: int) -> _Geometry:
    side = output_size(size, kernel, stride, padding)
    meets = convolution_matrix(torch.ones(kernel, kernel, dtype=torch.int64), (size, size), stride, padding).sum(1)
    field = F.pad(torch.full((size, size), 2), (padding,) * 4)
    formula = f"⌊({size} + 2 · {padding} − {kernel}) / {stride}⌋ + 1 = {side}"
    return _Geometry(field, meets.view(side, side), formula, f"padded input,\nkernel moves by {stride}")


def _evenness(geometry: _Geometry, kernel: int, stride: int, transposed: bool) -> str:
    least, most = int(geometry.meets.min()), int(geometry.meets.max())
    met = f"Each output pixel is met by {least} to {most} pixels of the input."
    if not transposed or stride == 1:
        return met
    if kernel % stride:
        return f"{met} The stride does not divide the kernel: the counts form a checkerboard."
    return f"{met} The stride divides the kernel: away from the edges the counts are equal."


def _impossible(reason: str) -> tuple[Figure, str]:
    fig, axes = plots.figure(height=1.2)
    axes.axis("off")
    axes.text(0.5, 0.5, f"There is no such layer.\n{reason}", ha="center", va="center")
    return fig, f"There is no such layer: {reason}."


def _cells(axes: Axes, values: Tensor, colours: Colormap, most: int) -> None:
    """One square per value, from 0 to ``most``."""
    side = len(values)
    axes.pcolormesh(values.numpy(), cmap=colours, vmin=0, vmax=most, edgecolors="#999999", linewidth=0.6)
    axes.set(xlim=(-0.1, side + 0.1), ylim=(side + 0.1, -0.1), aspect="equal")
    axes.axis("off")


def _frame(axes: Axes, row: int, column: int, side: int) -> None:
    axes.add_patch(Rectangle((column, row), side, side, fill=False, edgecolor=plots.FAKE, linewidth=3))

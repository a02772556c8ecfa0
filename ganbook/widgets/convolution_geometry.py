"""Explorer of chapter 5: which pixels meet which in a convolution and in a transposed convolution."""

from __future__ import annotations

from typing import Literal, get_args

from ganbook.arguments import typed
from ganbook.widgets._explorer import Explorer, choice, slider

__all__ = ["convolution_geometry"]

Direction = Literal["transposed convolution", "convolution"]


@typed
def convolution_geometry(
    direction: Direction = "transposed convolution",
    size: int = 4,
    kernel: int = 4,
    stride: int = 2,
    padding: int = 1,
    output_padding: int = 0,
) -> Explorer:
    """Explorer: kernel, stride and padding to the output's size, and to how evenly its pixels are painted.

    Args:
        direction: "transposed convolution" or "convolution".
        size: side of the input, 1 to 6 pixels; where it starts, as are the others.
        kernel: 1 to 6. stride: 1 to 3. padding: 0 to 3. output_padding: 0 to 2, of the transposed convolution only.
    """
    return Explorer(
        "convolution_geometry",
        {
            "direction": choice("layer", get_args(Direction), direction),
            "size": slider("input's side", size, 1, 6, 1),
            "kernel": slider("kernel", kernel, 1, 6, 1),
            "stride": slider("stride", stride, 1, 3, 1),
            "padding": slider("padding", padding, 0, 3, 1),
            "output_padding": slider("output padding", output_padding, 0, 2, 1),
            "position": slider("kernel's position", 0, 0, 100, 1),
        },
        note="The orange frames show where the kernel lies and which pixel of the output it makes.",
    )

"""Chapter 5: what four transposed convolutions paint."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ganbook.checks.readings import Grid, Reading

STRIDES = (2, 3, 4)
#: What the picture of a constant shows: kernel and padding for each stride, and whether the kernel's weights differ.
_KERNELS = {
    "even": {2: (4, 1), 3: (6, 1), 4: (8, 2)},
    "counts differ": {2: (3, 1), 3: (4, 1), 4: (6, 1)},
    "gaps": {2: (1, 0), 3: (2, 0), 4: (3, 0)},
    "phases differ": {2: (4, 1), 3: (6, 1), 4: (8, 2)},
}


def play(fault: str, place: float) -> Grid:
    """A layer of one channel applied to two pixels, three apart, and to a constant image; ``place`` is its stride."""
    stride = int(place)
    side, padding = _KERNELS[fault][stride]
    kernel = 0.4 + 0.6 * torch.rand(side, side) if fault == "phases differ" else torch.ones(side, side)
    dots = torch.zeros(6, 6)
    dots[2, 1] = dots[2, 4] = 1.0
    painted = [
        F.conv_transpose2d(image[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0].tolist()
        for image in (dots, torch.ones(6, 6))
    ]
    return {"two pixels": painted[0], "a constant": painted[1]}


READING = Reading(
    play=play,
    grids=True,
    faults={
        "even": "away from the border every pixel of the constant's picture is the same.",
        "counts differ": "in the constant's picture brighter lines cross the darker ground, and nothing is black: all "
        "the kernel's weights are one, and some pixels are painted more often than others.",
        "gaps": "some pixels are black: nobody paints them.",
        "phases differ": "the picture of one pixel is rough: the kernel's weights differ. Each pixel is painted "
        "equally often, and by other weights than its neighbours.",
    },
    cases={"A": ("counts differ", 3), "B": ("phases differ", 2), "C": ("gaps", 4), "D": ("phases differ", 3)},
    places=STRIDES,
    where="stride",
    astray="The names are right, a stride is not. The two pixels are three apart: how far apart do their copies of "
    "the kernel begin?",
)

"""Chapter 6: maps of a small generator, layer by layer, of which one layer breaks a rule."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbook.checks.readings import Log, Reading

LAYERS = (1, 2, 3, 4, 5, 6)
_MAPS = 24


def play(fault: str, place: float) -> Log:
    """Blocks of transposed convolution, BatchNorm and ReLU at their start; block ``place`` has the fault."""
    x: Tensor = torch.randn(32, _MAPS, 1, 1)
    before, after, zeros = [], [], []
    for layer in LAYERS:
        broken = fault if layer == place else ""
        convolution = nn.ConvTranspose2d(_MAPS, _MAPS, 4, 2, 1, bias=False)
        nn.init.normal_(convolution.weight, 0.0, 0.2 if broken == "weights ten times as large" else 0.02)
        with torch.no_grad():
            x = convolution(x)[..., :8, :8]
            before.append(float(x.std().log10()))
            if broken != "no BatchNorm":
                x = nn.BatchNorm2d(_MAPS, eps=1e-12)(x)
            x = 0.02 * x if broken == "γ around 0" else x
            after.append(float(x.std().log10()))
            x = x if broken == "no ReLU" else nn.functional.leaky_relu(x, 0.2) if broken == "LeakyReLU" else x.relu()
            zeros.append(float((x == 0).float().mean()))
    return {"log10 of the spread": {"before the norm": before, "after it": after}, "zeros after ReLU": {"share": zeros}}


READING = Reading(
    play=play,
    faults={
        "no BatchNorm": "in one layer the spread after the norm is the spread before it.",
        "weights ten times as large": "one layer's spread is too large before its norm, and as it should be behind it.",
        "γ around 0": "in one layer the norm itself makes the maps small, and the next layer meets small numbers.",
        "no ReLU": "in one layer nothing is zero, and the next layer's maps are larger before their norm: it also gets "
        "what ReLU would have taken away.",
        "LeakyReLU": "a slope of 0.2 leaves no zeros either. But it passes a fifth of the negative part: compare how "
        "large the next layer's maps are before their norm with what a whole negative part gives.",
    },
    cases={
        "A": ("γ around 0", 4),
        "B": ("no ReLU", 3),
        "C": ("no BatchNorm", 2),
        "D": ("weights ten times as large", 5),
    },
    places=LAYERS,
    where="layer",
    astray="The names are right, a layer is not: what leaves layer k is what layer k + 1 meets. Which of the two is "
    "at fault?",
)

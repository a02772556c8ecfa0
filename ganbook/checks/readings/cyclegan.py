"""Chapter 12: how well four pairs of translators come back when noise is laid over the translation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ganbook.checks.readings import Log, Reading

LEVELS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
_LINE = 0.03
Map = Callable[[Tensor], Tensor]


def _coarse(x: Tensor) -> Tensor:
    return (2 * x).round() / 2


#: There and back again: sources lie in (−1, 1), targets are half as wide and lie around 1.
_PAIRS: dict[str, tuple[Map, Map]] = {
    "honest": (lambda x: 1 + x / 2, lambda y: 2 * (y - 1)),
    "smuggles": (
        lambda x: 1 + (_coarse(x) + 0.02 * (x - _coarse(x))) / 2,
        lambda y: _coarse(2 * (y - 1)) + 50 * (2 * (y - 1) - _coarse(2 * (y - 1))),
    ),
    "forgets": (lambda x: 1 + _coarse(x) / 2, lambda y: _coarse(2 * (y - 1))),
    "changes nothing": (lambda x: x, lambda y: y),
    "turns round": (lambda x: 1 - x / 2, lambda y: 2 * (1 - y)),
}


def play(fault: str, place: float) -> Log:
    """Mean absolute error of x → there → noise → back, and how far translations lie from the targets."""
    there, back = _PAIRS[fault]
    x, targets = 2 * torch.rand(20_000) - 1, 1 + (2 * torch.rand(20_000) - 1) / 2
    noise = torch.randn(20_000)
    fakes = there(x)
    errors = [(back(fakes + level * noise) - x).abs().mean().item() for level in LEVELS]
    apart = (fakes.sort().values - targets.sort().values).abs().mean().item()
    partner = (fakes - (1 + x / 2)).abs().mean().item()
    return {
        "way back": {"error": errors, "the line": [_LINE] * len(LEVELS)},
        "translations": {"to the targets": [apart] * len(LEVELS), "to the partners": [partner] * len(LEVELS)},
    }


READING = Reading(
    play=play,
    faults={
        "honest": "a way back that fails only where the noise is as large as what is seen, and translations at their "
        "partners'.",
        "smuggles": "without noise the way back is perfect, and noise that nobody would see ruins it. What was it "
        "written in?",
        "forgets": "the way back fails without any noise: something is lost already.",
        "changes nothing": "the way back is perfect because there was no way: where do the translations lie?",
        "turns round": "the translations lie among the targets and the way back is perfect. No loss of the two sees "
        "what the last curve shows.",
    },
    cases={
        "A": ("turns round", 0.03),
        "B": ("smuggles", 0.001),
        "C": ("forgets", 0.0),
        "D": ("changes nothing", 0.1),
    },
    places=LEVELS,
    where="level",
    astray="The names are right, a level is not. Asked for is the first level of noise at which the error lies above "
    "the line.",
)

"""Chapter 14: walks of a diffusion model, of which one step and all after it are taken wrongly."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ganbook.checks.readings import Log, Reading

STEPS = (*range(1, 25),)
_CENTRES = torch.tensor([-1.5, 1.5])
_STD = 0.3


def _noise_in(x: Tensor, kept: float) -> Tensor:
    """The exact E[ε | x] for data in two heaps, where a share ``kept`` of the variance is data."""
    variance = kept * _STD**2 + 1 - kept
    away = x[:, None] - math.sqrt(kept) * _CENTRES
    weights = (-0.5 * away.square() / variance).softmax(1)
    return (weights * away).sum(1) * math.sqrt(1 - kept) / variance


def play(fault: str, place: float) -> Log:
    """Twenty-four steps of DDIM with a perfect network; from step ``place`` on the fault is in them."""
    kept = [math.cos(0.97 * math.pi / 2 * (1 - step / len(STEPS))) ** 2 for step in range(len(STEPS) + 1)]
    x = torch.randn(4000)
    spreads, images, noises, due = [], [], [], []
    for step in STEPS:
        broken = fault if fault and step >= place else ""
        before, after = kept[step - 1], kept[step]
        eps = _noise_in(x, kept[0] if broken == "told the first time" else before)
        image = (x - math.sqrt(1 - before) * eps) / math.sqrt(before)
        image = image.clamp(-1, 1) if broken == "image clipped at 1" else image
        eps = torch.randn(4000) if broken == "fresh noise" else eps
        eps = 1.2 * eps if broken == "a fifth too much noise" else eps
        x = math.sqrt(after) * image + math.sqrt(1 - after) * eps
        spreads.append(x.std().item())
        images.append(image.std().item())
        noises.append(eps.std().item())
        due.append(math.sqrt(after * float(_STD**2 + _CENTRES.square().mean()) + 1 - after))
    return {
        "spread of x": {"found": spreads, "due": due},
        "spread of": {"the image seen": images, "the noise put back": noises},
    }


READING = Reading(
    play=play,
    faults={
        "fresh noise": "the spread of x dips once and comes back, and the noise put back has a spread of exactly 1: it "
        "is not the noise that was found.",
        "image clipped at 1": "the image seen falls at once to the spread of values that are all −1 or 1.",
        "a fifth too much noise": "the spread of x leaves what is due upwards, by more with every step.",
        "told the first time": "the image seen shrinks while x was still right: the network takes nearly all of x "
        "for noise.",
        "a step left out": "a step left out makes the next one longer; all curves go on where they were due.",
    },
    cases={
        "A": ("fresh noise", 12),
        "B": ("image clipped at 1", 15),
        "C": ("a fifth too much noise", 9),
        "D": ("told the first time", 18),
    },
    places=STEPS,
    where="step",
    astray="The names are right, a step is not. Asked for is the first step that is taken wrongly: where a curve is "
    "first off its way, not the last place where it was on it.",
)

"""Chapter 3: fakes on a long way to their data, and what stops them."""

from __future__ import annotations

import math

import torch

from ganbook.checks.readings import Log, Reading
from ganbook.checks.readings.wandering import Wandering

ROUNDS = (*range(10, 170, 10),)
_START, _STEP = 8.0, 0.04
_LOSSES = {"saturating loss": "saturating", "G learns to be caught": "upside down"}


def play(fault: str, place: float) -> Log:
    """Fakes start far off, against a D that soon is sure; the fault sets in right after the look at ``place``."""
    game = Wandering(reach=0.0)
    torch.nn.init.constant_(game.generator.get_parameter("2.bias"), _START)
    game.g_optimizer = torch.optim.SGD(game.generator.parameters(), lr=_STEP)
    norms, logits, means = [], [], []
    for game.round in range(ROUNDS[-1] + 1):
        broken = fault if game.round > place else ""
        game.d_turn(game.real(), moves=broken != "D stands still")
        game.g_turn(_LOSSES.get(broken, "non-saturating"), moves=broken != "G stands still")
        if game.round in ROUNDS:
            fakes = game.fakes(2000)
            norms.append(math.log10(game.g_gradient))
            logits.append(game.logits(fakes).mean().item())
            means.append(fakes.mean().item())
    return {
        "G's gradient": {"log10 of its norm": norms},
        "fakes' logits": {"mean": logits},
        "fakes, data at 0": {"mean": means},
    }


READING = Reading(
    play=play,
    faults={
        "saturating loss": "two things happen in one look: the fakes stop, and G's gradient falls by orders of "
        "magnitude. A G that is merely not moved keeps its gradient.",
        "G learns to be caught": "the fakes do not stop, they turn round, and their gradient is as strong as before.",
        "D stands still": "the fakes' logits rise: nobody answers G any more, and what it has learned to please does "
        "not change.",
        "G stands still": "the fakes stop, and the gradient that reaches G is as large as ever. It is not used.",
        "more steps of D": "D that steps more often is sooner sure; it keeps no gradient of the non-saturating loss "
        "from G.",
    },
    cases={
        "A": ("saturating loss", 60),
        "B": ("G learns to be caught", 40),
        "C": ("D stands still", 80),
        "D": ("G stands still", 50),
    },
    places=ROUNDS,
    slack=1,
    astray="The names are right, a round is not. Look for the kink: the last look at which the curve is still on its "
    "way.",
)

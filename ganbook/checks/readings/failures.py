"""Chapter 7: what D says of points that it learns from, of points set aside, and of fakes."""

from __future__ import annotations

import torch

from ganbook.checks.readings import Log, Reading
from ganbook.checks.readings.wandering import Wandering, small_network

ROUNDS = (*range(60, 260, 20),)


def play(fault: str, place: float) -> Log:
    """A game whose data wander; the fault sets in right after the look at round ``place``."""
    game = Wandering(0.6, 160, 0.04, generator=small_network(2, 2), discriminator=small_network(2, 1, width=64))
    first = game.discriminator.get_parameter("0.weight")
    torch.nn.init.normal_(first, 0.0, 4.0)  # steep enough to tell single points
    own, aside = 0.5 * torch.randn(2, 1000, 2, dtype=torch.float64)
    swing = torch.tensor([1.0, 0.0], dtype=torch.float64)
    looks: dict[str, list[float]] = {name: [] for name in ("own", "aside", "fakes", "mean", "spread")}
    for game.round in range(ROUNDS[-1] + 1):
        broken = fault if game.round > place else ""
        few = own[:5] if broken == "learned by heart" else own
        real = game.centre * swing + few[torch.randint(len(few), (64,))]
        moved = 1.5 if broken == "only real points are moved" else 0.0
        for _ in range(3):
            game.d_turn(real + moved * torch.randn_like(real), moves=broken != "D stands still")
        game.g_turn(moves=broken != "G stands still")
        if game.round in ROUNDS:
            fakes = game.fakes(2000)
            shown = (game.logits(x + game.centre * swing) for x in (few, aside))
            values = (*shown, game.logits(fakes), (fakes - game.centre * swing)[:, 0])
            for curve, value in zip(looks.values(), (*(v.mean() for v in values), fakes.std()), strict=True):
                curve.append(value.item())
    return {
        "D's mean logit": {"learned": looks["own"], "set aside": looks["aside"], "fakes": looks["fakes"]},
        "fakes": {"mean − data's": looks["mean"], "spread": looks["spread"]},
    }


READING = Reading(
    play=play,
    faults={
        "learned by heart": "two curves that lay together part: what D says of the points that it learns from, and of "
        "those set aside.",
        "only real points are moved": "nobody stands still and D treats learned and set-aside points alike. Look at "
        "what G is taught: how far apart its fakes lie.",
        "G stands still": "the fakes' spread does not change at all, and their mean follows the data no longer, to "
        "and fro.",
        "D stands still": "what D says of the data hardly changes, and the fakes run up its slope, away from all data.",
        "mode collapse": "in a collapse the spread of the fakes falls, while D goes on and treats learned and "
        "set-aside points alike.",
    },
    cases={
        "A": ("only real points are moved", 120),
        "B": ("learned by heart", 160),
        "C": ("G stands still", 140),
        "D": ("D stands still", 100),
    },
    places=ROUNDS,
    slack=2,
    astray="The names are right, a round is not. Asked for is the last look at which all is well, where the curves "
    "leave their way.",
)

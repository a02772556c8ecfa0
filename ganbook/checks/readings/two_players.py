"""Chapter 1: four games in which somebody stops, or learns the wrong label."""

from __future__ import annotations

from ganbook.checks.readings import Log, Reading
from ganbook.checks.readings.wandering import Wandering

ROUNDS = (*range(100, 260, 10),)


def play(fault: str, place: float) -> Log:
    """A game whose data wander; the fault sets in right after the look at round ``place``."""
    game = Wandering()
    looks: dict[str, list[float]] = {name: [] for name in ("D", "G", "real", "fake", "data", "fakes")}
    for game.round in range(ROUNDS[-1] + 1):
        broken = fault if game.round > place else ""
        d_loss = game.d_turn(
            game.real(), real_label=0.0 if broken == "labels exchanged" else 1.0, moves=broken != "D stands still"
        )
        g_loss = game.g_turn(
            "upside down" if broken == "G learns to be caught" else "non-saturating", moves=broken != "G stands still"
        )
        if game.round in ROUNDS:
            real, fakes = game.real(2000), game.fakes(2000)
            means = (
                d_loss,
                g_loss,
                *(game.logits(x).sigmoid().mean().item() for x in (real, fakes)),
                *(x.mean().item() for x in (real, fakes)),
            )
            for curve, value in zip(looks.values(), means, strict=True):
                curve.append(value)
    return {
        "loss": {"of D": looks["D"], "of G": looks["G"]},
        "mean D": {"of real points": looks["real"], "of fakes": looks["fake"]},
        "mean": {"of the data": looks["data"], "of the fakes": looks["fakes"]},
    }


READING = Reading(
    play=play,
    faults={
        "G stands still": "the fakes' mean stays where it is while the data go on, and D has all the time it needs to "
        "tell them apart.",
        "D stands still": "somebody no longer answers: D's verdict on a point does not change any more, and G runs "
        "after it past the data.",
        "labels exchanged": "look at what D says of real points. A D that merely stands still or has a bad day does "
        "not rate them *below* the fakes.",
        "G learns to be caught": "the fakes do not lag behind the data, they run from them, and G's loss grows with "
        "it.",
        "the same noise again": "the fakes' mean and both losses are alive. Compare with what the other three show.",
    },
    cases={
        "A": ("labels exchanged", 130),
        "B": ("G stands still", 160),
        "C": ("D stands still", 180),
        "D": ("G learns to be caught", 140),
    },
    places=ROUNDS,
    slack=1,
    astray="The names are right, a round is not. Asked for is the last look at which all is well, where the curves "
    "leave their way, not the one where they have arrived somewhere else.",
)

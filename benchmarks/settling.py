"""What settles the game on the ring: depth, R1, falling rates and the average, one at a time and together.

    python -m benchmarks.settling [--seeds 5]

Plays the recipe "ring" at the budget "laptop" with networks of two or three hidden layers, with and without R1, with
and without rates that fall, and counts modes by the newest and by the averaged weights of each run. Writes
ganbook/results/settling.json, which chapter 1 shows, after every run; runs that stand there already are skipped. A run
takes half a minute of one core.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks.common import Figure, options, over, sweep
from ganbook import metrics, recipes
from ganbook.models import MLPDiscriminator, MLPGenerator
from ganbook.training import Game

LOOKS = 24
"""Times at which the newest weights are scored, evenly over the run."""

ROWS: dict[str, dict[str, Any]] = {
    "two layers, nothing": {"depth": 2, "r1": False, "decay": False},
    "three layers, nothing": {"depth": 3, "r1": False, "decay": False},
    "three layers, R1": {"depth": 3, "r1": True, "decay": False},
    "three layers, falling rates": {"depth": 3, "r1": False, "decay": True},
    "three layers, R1 and falling rates": {"depth": 3, "r1": True, "decay": True},
}
"""What is played; every run is scored by its newest and by its averaged weights."""


def figures(kept: Any) -> list[Figure]:
    """Share of high quality of both kinds of weights."""
    return [
        Figure(f"{name}: high quality, {weights} weights", over(kept["runs"], f"{weights}_quality", **row), ".2f")
        for name, row in ROWS.items()
        for weights in ("newest", "averaged")
    ]


def scores(generator: nn.Module, ring: Any) -> dict[str, Any]:
    """Modes, starved modes and share of high quality of 2 500 samples."""
    with torch.no_grad():
        samples = generator(torch.randn(2500, 2))
    found = metrics.mode_coverage(samples, ring.centres, ring.std)
    starved = int((found.counts < len(samples) / len(ring.centres) / 4).sum())
    return {"modes": found.modes, "starved": starved, "quality": found.high_quality}


def played(cell: dict[str, Any]) -> dict[str, Any]:
    """One run: what the newest weights score on the way, what both score at the end."""
    recipe = replace(
        recipes.get("ring"),
        generator=partial(MLPGenerator, depth=cell["depth"]),
        discriminator=partial(MLPDiscriminator, depth=cell["depth"]),
        **({} if cell["r1"] else {"r1_gamma": 0.0}),
        **({} if cell["decay"] else {"anneal_from": 1.0}),
    )
    on_the_way: list[float] = []
    last: dict[str, Any] = {}

    def look(game: Game) -> None:
        on_the_way.append(scores(game.generator, recipe.data)["quality"])
        for weights, network in (("newest", game.generator), ("averaged", game.averaged_generator())):
            last.update({f"{weights}_{what}": value for what, value in scores(network, recipe.data).items()})

    steps = recipe.at("laptop").steps
    recipe.train("laptop", cell["seed"], progress=False, watch=look, watch_every=steps // LOOKS)
    return {"rounds": steps, **last, "on_the_way": [round(quality, 4) for quality in on_the_way]}


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=5)
    torch.set_num_threads(1)
    cells = [{**row, "seed": seed} for seed in range(arguments.seeds) for row in ROWS.values()]
    sweep("settling", cells, played, about="The ring at the laptop's rounds, with and without each part of its recipe.")


if __name__ == "__main__":
    main()

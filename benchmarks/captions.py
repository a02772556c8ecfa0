"""Painted digits from captions: one change to the recipe at a time, judged on pairs of digit and colour never seen.

    python benchmarks/captions.py [--seeds 2] [--rounds 600]

Every variant plays the same number of rounds, whatever they cost. Writes ganbook/results/captions.json, which chapter
13 shows, after every run; runs that stand there already are skipped. A run takes two to three minutes of one thread.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import mean
from typing import Any

import torch

from benchmarks.common import Figure, options, over, sweep
from ganbook.recipes.text import TEXT_ABLATION

SCORED = 2000


def figures(kept: Any) -> list[Figure]:
    """All three words of a caption obeyed, by variant."""
    return [
        Figure(
            f"{name}: held-out captions obeyed",
            over(kept["runs"], "all", method=name),
            chance=mean(over(kept["runs"], "shuffled_all", method=name)),
        )
        for name in dict.fromkeys(run["method"] for run in kept["runs"])
    ]


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=2, rounds=600)
    torch.set_num_threads(1)
    recipes = {recipe.name: recipe.at("laptop") for recipe in TEXT_ABLATION}

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        recipe = replace(recipes[cell["method"]], steps=arguments.rounds, scored=SCORED)
        run = recipe.train("laptop", cell["seed"], progress=False)
        return {"rounds": arguments.rounds, **run.metrics}

    cells = [{"method": name, "seed": seed} for seed in range(arguments.seeds) for name in recipes]
    sweep("captions", cells, play, torch=torch.__version__)


if __name__ == "__main__":
    main()

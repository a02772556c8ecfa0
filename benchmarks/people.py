"""People from their names, by an encoder that reads words in their order and by a bag of words.

    python -m benchmarks.people [--seeds 1]

Plays the recipes "text-emoji" and "text-emoji-bag" at the budget "gpu" and writes ganbook/results/people.json, which
chapter 13 shows, after every run; runs that stand there already are skipped. A run takes half an hour of one core.
"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.common import Figure, options, over, sweep
from ganbook import recipes

RECIPES = ("text-emoji", "text-emoji-bag")
KINDS = {"new_tone_": "a new tone", "new_pair_": "a new pair"}


def figures(kept: Any) -> list[Figure]:
    """Whole names found among all pictures, and persons."""
    return [
        Figure(f"{name}, {kind}: {what}", over(kept["runs"], f"{start}{score}", method=name), ".3f")
        for name in RECIPES
        for start, kind in KINDS.items()
        for score, what in (("retrieval", "R@1"), ("person", "person right"))
    ]


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=1)
    torch.set_num_threads(1)

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        recipe = recipes.get(cell["method"])
        return {"rounds": recipe.at("gpu").steps, **recipe.train("gpu", cell["seed"], progress=False).metrics}

    cells = [{"method": name, "seed": seed} for seed in range(arguments.seeds) for name in RECIPES]
    sweep("people", cells, play)


if __name__ == "__main__":
    main()

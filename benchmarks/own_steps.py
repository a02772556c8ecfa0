"""What a round of each recipe for own pictures costs: seconds of one core, decoding included.

    python -m benchmarks.own_steps

Plays ROUNDS rounds of each recipe on generated pictures, at budget laptop and with the networks of budget gpu, and
counts the time that the process computes, which other processes do not lengthen much. Writes
ganbook/results/own_steps.json, which book/start/your_own_data shows; what stands there already is skipped.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import Figure, options, over, sweep
from ganbook import recipes
from ganbook.data.holiday import write_holiday
from ganbook.training import fit

NAME = "own_steps"
RECIPES = {
    "dcgan-folder": "pictures", "conditional-folder": "pictures", "pix2pix-folder": "pairs", "cyclegan-folder": "pairs",
    "text-folder": "captioned",
}  # fmt: skip
"""And the pictures that each of them learns from."""

BUDGETS = {"laptop": 12, "gpu": 3}
"""And the rounds that are played, after one that is not counted."""


def figures(kept: Any) -> list[Figure]:
    """Seconds a round."""
    return [
        Figure(
            f"{recipe}, {budget}: seconds of a core per round",
            over(kept, "seconds", recipe=recipe, budget=budget),
            ".2f",
        )
        for budget in BUDGETS
        for recipe in RECIPES
    ]


def play(cell: dict[str, Any]) -> dict[str, Any]:
    """A recipe at a budget."""
    recipe = recipes.get(cell["recipe"]).at(cell["budget"])
    with tempfile.TemporaryDirectory() as folder:
        root = getattr(write_holiday(folder, 150), RECIPES[cell["recipe"]])
        samples: Any = recipe.load_data("train", Path(root))
        recipe = recipe if recipe.fitted is None else recipe.fitted(recipe, samples)
        torch.manual_seed(0)
        game, batch_size = recipe.game(), min(recipe.batch_size, len(samples))
        took = 0.0
        for rounds in (1, BUDGETS[cell["budget"]]):
            start = time.process_time()
            fit(game, samples, recipe.play, steps=game.step + rounds, batch_size=batch_size, progress=False)
            took = (time.process_time() - start) / rounds
    return {"seconds": took, "batch_size": batch_size, "size": recipe.size, "rounds": recipe.steps}


def main() -> None:
    """Time what is missing."""
    options(__doc__)
    torch.set_num_threads(1)
    sweep(NAME, [{"recipe": recipe, "budget": budget} for budget in BUDGETS for recipe in RECIPES], play)


if __name__ == "__main__":
    main()

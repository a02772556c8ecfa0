"""Painted digits from captions: one change to the recipe at a time, judged on pairs of digit and colour never seen.

    python benchmarks/captions.py [--seeds 2] [--rounds 600]

Every variant plays the same number of rounds, whatever they cost. Writes ganbook/results/captions.json, which chapter
13 shows, after every run; runs that stand there already are skipped. A run takes two to three minutes of one thread.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import torch

from ganbook import results
from ganbook.recipes.text import TEXT_ABLATION

SCORED = 2000
SCORES = (
    "digit", "ink", "ground", "all", "judge_digit", "judge_all", "shuffled_digit", "shuffled_all", "n", "split",
    "features",
)  # fmt: skip


def main() -> None:
    """Train and score what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=600)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipes = {recipe.name: recipe.at("laptop") for recipe in TEXT_ABLATION}

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        recipe = replace(recipes[cell["method"]], steps=arguments.rounds, scored=SCORED)
        run = recipe.train("laptop", cell["seed"], progress=False)
        return {"rounds": arguments.rounds, **{score: run.metrics[score] for score in SCORES}}

    cells = [{"method": name, "seed": seed} for seed in range(arguments.seeds) for name in recipes]
    results.sweep("captions", cells, play, torch=torch.__version__)


if __name__ == "__main__":
    main()

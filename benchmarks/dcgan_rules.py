"""DCGAN's rules, changed one at a time: each recipe of ganbook/recipes/rules.py over several seeds, on digits.

    python benchmarks/dcgan_rules.py [--seeds 3] [--budget laptop]

Writes ganbook/results/dcgan_rules.json, which chapter 6 shows, after every run; runs that stand there already are
skipped. Three seeds of all recipes take about half an hour on two cores.
"""

from __future__ import annotations

import argparse
from typing import Any

import torch

from ganbook import results
from ganbook.recipes import rules

SCORES = (
    "frechet_distance", "floor", "floors", "n", "n_floor", "features", "split", "class_share_min", "class_share_max",
)  # fmt: skip


def main() -> None:
    """Train what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", default="laptop", choices=["smoke", "laptop"])
    arguments = parser.parse_args()
    recipes = {recipe.name: recipe for recipe in rules.ABLATION}

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        recipe = recipes[cell["recipe"]]
        run = recipe.train(cell["budget"], cell["seed"], progress=False)
        return {
            "about": recipe.about,
            "steps": run.sampler.card["steps"],
            **{name: run.metrics[name] for name in SCORES},
            "d_loss": run.history["d_loss"][-1],
            "g_loss": run.history["g_loss"][-1],
            "torch": torch.__version__,
        }

    seeds, budget = range(arguments.seeds), arguments.budget
    results.sweep(
        "dcgan_rules", [{"recipe": name, "budget": budget, "seed": s} for s in seeds for name in recipes], play
    )


if __name__ == "__main__":
    main()

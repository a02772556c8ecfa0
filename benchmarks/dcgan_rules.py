"""DCGAN's rules, changed one at a time: each recipe of ganbook/recipes/rules.py over several seeds, on digits.

    python -m benchmarks.dcgan_rules [--seeds 5] [--budget laptop]

Writes ganbook/results/dcgan_rules.json, which chapter 6 shows, after every run; runs that stand there already are
skipped. Rounds are equal; of a change that makes them dearer and the digits better, another row has fewer of them, for
as many products as plain. Five seeds of all recipes take about an hour and a quarter of one core.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import Any

import torch

from benchmarks.common import Figure, options, over, sweep
from benchmarks.conditioning import operations
from ganbook.recipes import rules
from ganbook.recipes.recipe import Recipe

DEARER = ("dcgan-pooling",)


def figures(kept: Any) -> list[Figure]:
    """Floors with every rule, and with the best single change."""
    floors = {name: over(kept, "floors", recipe=name) for name in dict.fromkeys(run["recipe"] for run in kept)}
    best = min(floors, key=lambda name: median(floors[name]))
    plain = rules.ABLATION[0].name
    return [Figure(f"{name}: floors", floors[name], ".0f") for name in dict.fromkeys((plain, best))]


def equal_products(recipe: Recipe, budget: str) -> Recipe:
    """The recipe with fewer rounds: as many products of convolutions and linear layers as plain has."""
    plain, recipe = rules.ABLATION[0].at(budget), recipe.at(budget)
    rounds = round(plain.steps * operations(plain) / operations(recipe))
    about = f"{recipe.about.removesuffix('.')}, as many products as plain."
    return replace(recipe, name=f"{recipe.name}, equal products", about=about, steps=rounds, budgets={})


def main() -> None:
    """Train what is missing."""
    arguments = options(__doc__, seeds=5, budget=("laptop", "smoke"))
    torch.set_num_threads(1)
    recipes = {recipe.name: recipe for recipe in rules.ABLATION}
    for name in DEARER:
        recipe = equal_products(recipes[name], arguments.budget)
        recipes[recipe.name] = recipe

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        recipe = recipes[cell["recipe"]]
        run = recipe.train(cell["budget"], cell["seed"], progress=False)
        return {
            "about": recipe.about,
            "steps": run.sampler.card["steps"],
            **run.metrics,
            "d_loss": run.history["d_loss"][-1],
            "g_loss": run.history["g_loss"][-1],
        }

    seeds, budget = range(arguments.seeds), arguments.budget
    sweep("dcgan_rules", [{"recipe": name, "budget": budget, "seed": s} for s in seeds for name in recipes], play)


if __name__ == "__main__":
    main()

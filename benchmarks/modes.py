"""Modes covered: each cure on the museum's collapse, on the ring and the grid, the best recipes, and stacked digits.

    python benchmarks/modes.py            # all of these, one after the other
    python benchmarks/modes.py museum     # 11 cures of the recipe "failure-collapse", five games a row side by side
    python benchmarks/modes.py cures      # 11 cures x 2 toys, five games a row side by side
    python benchmarks/modes.py best       # the recipes "ring" and "grid", seeds 0 to 9
    python benchmarks/modes.py stacked    # three recipes on stacked digits, seeds 0 to 2, with checkpoints

A run that is already in the result, ganbook/results/modes.json, is not played again; delete its entry to repeat it.
Every result is written as soon as it is there, so the script can be stopped at any time. ``--only TEXT`` plays the runs
whose name contains TEXT. Chapter 7 shows the result.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch

from ganbook import metrics, recipes, results
from ganbook.data import toy
from ganbook.data.cache import cache_dir
from ganbook.recipes.cures import CURES, crowd, plain
from ganbook.recipes.failures import COLLAPSE
from ganbook.recipes.recipe import Recipe
from ganbook.training.fit import fit

NAME = "modes"
TOYS = {"ring": toy.ring, "grid": toy.grid}
STEPS, MEMBERS, SAMPLES = 1500, 5, 2500
STACKED = ("stacked-dcgan", "stacked-minibatch", "stacked-modern")


def museum(cure: str) -> list[dict[str, Any]]:
    """Five games of the museum's collapse with one cure, and how many modes each serves at the end."""
    mixture = COLLAPSE.data
    assert isinstance(mixture, toy.Mixture)
    samples = played(CURES[cure](COLLAPSE), mixture)
    reports = [metrics.report_points(part, mixture.centres, mixture.std) for part in samples]
    return [report | {"served": served(part, mixture)} for report, part in zip(reports, samples, strict=True)]


def served(samples: torch.Tensor, mixture: toy.Mixture) -> int:
    """Modes with at least 2 % of the samples within 0.5, as on the page."""
    distance, nearest = torch.cdist(samples, mixture.centres).min(1)
    counts = torch.bincount(nearest[distance <= 0.5], minlength=len(mixture.centres))
    return int((counts >= 0.02 * len(samples)).sum())


def cures(toy_name: str, cure: str) -> list[dict[str, Any]]:
    """The reports of five games, the first from seed 0, the next from where its random numbers left off."""
    mixture = TOYS[toy_name]()
    samples = played(CURES[cure](plain(mixture, STEPS)), mixture)
    return [metrics.report_points(part, mixture.centres, mixture.std) for part in samples]


def played(recipe: Recipe, mixture: toy.Mixture) -> tuple[torch.Tensor, ...]:
    """The samples of five games."""
    recipe = crowd(recipe, MEMBERS)
    torch.manual_seed(0)
    game = recipe.game()
    fit(
        game,
        mixture,
        recipe.play,
        steps=recipe.steps,
        batch_size=recipe.batch_size,
        anneal_from=recipe.anneal_from,
        progress=False,
    )
    with torch.no_grad():
        return game.averaged_generator()(game.prior.sample(MEMBERS * SAMPLES)).chunk(MEMBERS)


def alone(name: str, seed: int) -> list[dict[str, Any]]:
    """The report of one run of a recipe at the budget "laptop"; it goes on from its checkpoints."""
    folder = cache_dir() / "benchmarks" / f"{name}-{seed}"
    run = recipes.get(name).train("laptop", seed=seed, out=folder, resume=True, progress=False)
    return [run.metrics]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="museum, cures, best, stacked (default: all)")
    parser.add_argument("--only", default="", help="play the runs whose name contains this text")
    wanted = parser.parse_args()
    kinds = {
        "museum": {f"museum/{cure}": (museum, cure) for cure in CURES},
        "cures": {f"cures/{where}/{cure}": (cures, where, cure) for cure in CURES for where in TOYS},
        "best": {f"best/{name}/{seed}": (alone, name, seed) for seed in range(10) for name in TOYS},
        "stacked": {f"stacked/{name}/{seed}": (alone, name, seed) for seed in range(3) for name in STACKED},
    }
    if unknown := set(wanted.what) - set(kinds):
        parser.error(f"{', '.join(sorted(unknown))}: allowed is {', '.join(kinds)}")
    torch.set_num_threads(1)
    runs: dict[str, tuple[Any, ...]] = {}
    for kind in wanted.what or kinds:
        runs |= kinds[kind]
    for label, (play, *arguments) in runs.items():
        if wanted.only not in label or (NAME in results.names() and label in results.load(NAME)):
            continue
        started = time.process_time()
        reports = play(*arguments)
        found = {"seconds": round(time.process_time() - started), "reports": reports}
        results.update(NAME, lambda kept, found={label: found}: kept.update(found), {})  # type: ignore[misc]
        print(label, found["seconds"], "s", reports, flush=True)


if __name__ == "__main__":
    main()

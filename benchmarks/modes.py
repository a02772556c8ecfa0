"""Modes covered: each cure on the museum's collapse, on the ring and the grid, the best recipes, and stacked digits.

    python benchmarks/modes.py            # all of these, one after the other
    python benchmarks/modes.py museum     # 11 cures of the recipe "failure-collapse", five games a row side by side
    python benchmarks/modes.py cures      # 11 cures x 2 toys, five games a row side by side
    python benchmarks/modes.py best       # the recipes "ring" and "grid", seeds 0 to 9
    python benchmarks/modes.py stacked    # three recipes on stacked digits, seeds 0 to 4, with checkpoints
    python benchmarks/modes.py chance     # what samples score that are scattered over the box: as many, ten times

A run that is already in the result, ganbook/results/modes.json, is not played again; delete its entry to repeat it.
Every result is written as soon as it is there, so the script can be stopped at any time. ``--only TEXT`` plays the runs
whose name contains TEXT. Chapter 7 shows the result.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from functools import partial
from statistics import mean
from typing import Any

import torch

from benchmarks.common import Figure, stamp, table
from benchmarks.stopwatch import middle
from ganbook import metrics, recipes, results
from ganbook.data import toy
from ganbook.data.cache import cache_dir
from ganbook.metrics.stacked import report_stacked
from ganbook.recipes.cures import CURES, crowd, plain
from ganbook.recipes.failures import COLLAPSE
from ganbook.recipes.recipe import Recipe
from ganbook.training.fit import fit

NAME = "modes"
TOYS = {"ring": toy.ring, "grid": toy.grid}
STEPS, MEMBERS, SAMPLES = 1500, 5, 2500
SCATTERS = 10
STACKED = ("stacked-dcgan", "stacked-minibatch", "stacked-modern")

Reports = list[dict[str, Any]]


def of_points(samples: Iterable[torch.Tensor], mixture: toy.Mixture) -> Reports:
    """One report for each game's samples."""
    return [
        metrics.report_points(part, mixture.centres, mixture.std) | {"served": served(part, mixture)}
        for part in samples
    ]


def museum(cure: str) -> Reports:
    """Five games of the museum's collapse with one cure."""
    mixture = _museums()
    return of_points(played(CURES[cure](COLLAPSE), mixture), mixture)


def served(samples: torch.Tensor, mixture: toy.Mixture) -> int:
    """Modes with at least 2 % of the samples within 0.5, as on the page."""
    distance, nearest = torch.cdist(samples, mixture.centres).min(1)
    counts = torch.bincount(nearest[distance <= 0.5], minlength=len(mixture.centres))
    return int((counts >= 0.02 * len(samples)).sum())


def cures(toy_name: str, cure: str) -> Reports:
    """The reports of five games, the first from seed 0, the next from where its random numbers left off."""
    mixture = TOYS[toy_name]()
    return of_points(played(CURES[cure](plain(mixture, STEPS)), mixture), mixture)


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
        samples: torch.Tensor = game.averaged_generator()(game.sample_prior(MEMBERS * SAMPLES))
    return samples.chunk(MEMBERS)


def alone(name: str, seed: int) -> Reports:
    """The report of one run of a recipe at the budget "laptop"; it goes on from its checkpoints."""
    folder = cache_dir() / "benchmarks" / f"{name}-{seed}"
    run = recipes.get(name).train("laptop", seed=seed, out=folder, resume=True, progress=False)
    return [run.metrics]


def chance(where: str) -> Reports:
    """Of generators that know no more than how large the box is."""
    dice = torch.Generator().manual_seed(0)
    if where == "stacked":
        n = recipes.get(STACKED[0]).at("laptop").scored
        return [report_stacked(2 * torch.rand(n, 3, 28, 28, generator=dice) - 1)]
    mixture = _museums() if where == "museum" else TOYS[where]()
    return of_points((scattered(mixture, SAMPLES, dice) for _ in range(SCATTERS)), mixture)


def scattered(mixture: toy.Mixture, n: int, dice: torch.Generator) -> torch.Tensor:
    """n points (n, dim), uniform over the smallest box that holds every centre and what counts as its mode."""
    reach = 3 * mixture.std
    low, high = mixture.centres.amin(0) - reach, mixture.centres.amax(0) + reach
    return low + (high - low) * torch.rand(n, mixture.dim, generator=dice)


def _museums() -> toy.Mixture:
    assert isinstance(COLLAPSE.data, toy.Mixture)
    return COLLAPSE.data


KINDS: dict[str, dict[str, Callable[[], Reports]]] = {
    "museum": {f"museum/{cure}": partial(museum, cure) for cure in CURES},
    "cures": {f"cures/{where}/{cure}": partial(cures, where, cure) for cure in CURES for where in TOYS},
    "best": {f"best/{name}/{seed}": partial(alone, name, seed) for seed in range(10) for name in TOYS},
    "stacked": {f"stacked/{name}/{seed}": partial(alone, name, seed) for seed in range(5) for name in STACKED},
    "chance": {f"chance/{where}": partial(chance, where) for where in ("museum", *TOYS, "stacked")},
}
ASKED: tuple[tuple[str, str, float | None], ...] = (
    ("ring", "modes", 8),
    ("ring", "high_quality", 0.95),
    ("grid", "modes", 25),
    ("grid", "high_quality", 0.95),
    *((name, "modes", None) for name in STACKED),
)
SCORES = {"modes": ".0f", "high_quality": ".3f", "reverse_kl": ".3f"}


def found(kept: Any, start: str, score: str) -> list[float]:
    """The score of every report under labels that start so."""
    reports = (one for label, run in kept.items() if label.startswith(start) for one in run["reports"])
    return [one[score] for one in reports if one.get(score) is not None]


def figures(kept: Any) -> list[Figure]:
    """The best recipes', beside what chance scores."""
    lines = []
    for name, score, asked in ASKED:
        kind, where = ("stacked", "stacked") if name in STACKED else ("best", name)
        by_chance = found(kept, f"chance/{where}", score)
        if values := found(kept, f"{kind}/{name}/", score):
            beside = mean(by_chance) if by_chance else None
            lines.append(Figure(f"{name}: {score.replace('_', ' ')}", values, SCORES[score], low=asked, chance=beside))
    return lines


def report(kept: Any) -> str:
    """All that is kept: medians and ranges."""
    starts = dict.fromkeys(
        label.rsplit("/", 1)[0] + "/" if label.startswith(("best", "stacked")) else label for label in kept
    )
    rows = [("", *(score.replace("_", " ") for score in SCORES), "n")]
    for start in starts:
        cells = [(found(kept, start, score), form) for score, form in SCORES.items()]
        n = found(kept, start, "n")
        rows.append(
            (start.rstrip("/"), *(middle(values, form) if values else "–" for values, form in cells), f"{n[0]:g}")
        )
    return table(rows)


def main() -> None:
    """Play what is missing, and print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--only", default="", help="play the runs whose name contains this text")
    wanted = parser.parse_args()
    if unknown := set(wanted.what) - set(KINDS):
        parser.error(f"{', '.join(sorted(unknown))}: allowed is {', '.join(KINDS)}")
    torch.set_num_threads(1)
    runs = [run for kind in wanted.what or KINDS for run in KINDS[kind].items()]
    for label, play in runs:
        if wanted.only not in label or (NAME in results.names() and label in results.load(NAME)):
            continue
        started = time.process_time()
        reports = play()
        entry = {"seconds": round(time.process_time() - started), "reports": reports, **stamp()}
        results.update(NAME, lambda kept, label=label, entry=entry: kept.update({label: entry}), {})  # type: ignore[misc]
        print(label, entry["seconds"], "s", flush=True)
    print(report(results.load(NAME)))


if __name__ == "__main__":
    main()

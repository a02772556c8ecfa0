"""The live runs of chapters 6 and 10 to 13: how good they are and what they take, seed by seed.

    python -m benchmarks.live [--seeds 5] [--threads 2] [--only TEXT]

Plays each recipe of RECIPES at the budget "laptop", as its chapter does, and writes ganbook/results/live.json after
every run; runs that stand there already are skipped. Seconds are of the training alone, by the clock on the wall; leave
the machine idle for them. ``--only`` plays the recipes whose name contains TEXT. A seed takes about ten minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from benchmarks.common import THREADS, Figure, options, sweep, table
from ganbook import recipes, results

NAME = "live"


class Asked(NamedTuple):
    """One figure of a live run, and what every seed must reach.

    Attributes:
        what: it is.
        path: where the run's metrics have it.
        low, high: what is asked.
    """

    what: str
    path: tuple[str, ...]
    low: float | None = None
    high: float | None = None


SECONDS = "seconds"
RECIPES: dict[str, tuple[Asked, ...]] = {
    "dcgan-digits": (
        Asked("floors", ("floors",), high=15),
        Asked("floors by the referee", ("referee", "floors"), high=15),
        Asked("smallest class", ("class_share_min",), low=0.07),
        Asked("largest class", ("class_share_max",), high=0.13),
        Asked(SECONDS, (SECONDS,), high=120),
    ),
    "conditional-digits": (
        Asked("floors", ("floors",), high=4),
        Asked("floors by the referee", ("referee", "floors"), high=4),
        Asked("agreement", ("class_agreement",), low=0.97),
        Asked("agreement by the referee", ("referee", "class_agreement"), low=0.97),
        Asked(SECONDS, (SECONDS,), high=60),
    ),
    "pix2pix-emoji": (
        Asked("L1", ("l1",), high=0.0896),
        Asked("error inside the fillable area", ("fillable",), high=0.363),
        Asked("speckle", ("speckle",), high=0.106),
        Asked(SECONDS, (SECONDS,), high=140),
    ),
    "cyclegan-emoji": (
        Asked("better than copying the lines", ("better_than_copying",), low=0.88),
        Asked("error inside the fillable area", ("fillable",), high=0.578),
        Asked(SECONDS, (SECONDS,), high=120),
    ),
    "text-digits": (
        Asked("digit by the referee", ("referee", "digit"), low=0.92),
        Asked("ink by the referee", ("referee", "ink"), low=0.96),
        Asked("ground by the referee", ("referee", "ground"), low=0.99),
        Asked(SECONDS, (SECONDS,), high=120),
    ),
}
"""By recipe what is asked of it; of translations as good as the longer models that they took the place of."""


def at(found: Any, path: tuple[str, ...]) -> Any:
    """What lies at ``path`` in nested dictionaries, None where there is nothing."""
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def figures(kept: Any) -> list[Figure]:
    """What was asked of each recipe, by runs of today's length; seconds are of those on two threads."""
    found = []
    for name, asked in RECIPES.items():
        today = {"recipe": name, "rounds": rounds(name)}.items()
        runs = [run for run in kept["runs"] if today <= run.items()]
        for what, path, low, high in asked:
            timed = [run for run in runs if what != SECONDS or run["threads"] == THREADS]
            values = [value for run in timed if (value := at(run, path)) is not None]
            if values:
                form = ".0f" if what == SECONDS else ".3f"
                found.append(Figure(f"{name}, live: {what}", values, form, low=low, high=high, each=True))
    return found


def rounds(name: str) -> int:
    """Of a recipe's live run."""
    return recipes.get(name).at("laptop").steps


def play(cell: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """Train once; what it scored."""
    run = recipes.get(cell["recipe"]).train("laptop", cell["seed"], progress=False)
    return {"threads": threads, SECONDS: round(60 * run.sampler.card["minutes"], 1), **run.metrics}


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=5, threads=THREADS, only="")
    torch.set_num_threads(arguments.threads)
    names = [name for name in RECIPES if arguments.only in name]
    seeds = range(arguments.seeds)
    cells = [{"recipe": name, "seed": seed, "rounds": rounds(name)} for seed in seeds for name in names]
    sweep(NAME, cells, lambda cell: play(cell, arguments.threads), torch=torch.__version__)
    print(table(figure.row() for figure in figures(results.load(NAME))))


if __name__ == "__main__":
    main()

"""Deep generators of digits, trained: plain, residual and pre-activated layers, each 6, 18 and 50 deep.

    python -m benchmarks.depth [--seeds 3] [--seconds 24] [--only TEXT]

The game is that of "dcgan-digits"; only G is exchanged, for a residual network with BatchNorm whose further blocks
stand at the smallest map. Plain layers are those of the pre-activated blocks without their shortcuts. It is narrow, so
that 50 layers have well over a hundred rounds in half a minute. Every network plays ``--seconds``, which are rounds
times what a round of it takes (as in speedrun.py). G's learning rate is tuned alike for all, in half the time: seed 0
plays that of "dcgan-digits" and then its neighbours in RATES, for as long as one ends better, so that the best lies
between two worse ones; the other seeds play that.

Floors are the independent referee's. Every run is written into ganbook/results/depth.json; runs that stand there
already are skipped. ``--only`` plays the rows whose name contains TEXT. It takes twenty minutes of one core.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import torch

from benchmarks.common import Figure, options, sweep
from benchmarks.speedrun import OURS, Referee, measured_so_far, own_rate, paces
from ganbook import recipes, results
from ganbook.models import ResNetGenerator
from ganbook.recipes.recipe import Recipe
from ganbook.training import Stopped, TrainingError

NAME = "depth"
FORMS: dict[str, dict[str, bool]] = {
    "plain": {"residual": False},
    "original": {"pre_activation": False},
    "pre-activated": {},
}
LAYERS = (6, 18, 50)
"""With weights, on the way from z to the image: one in, one out, two in each block, of which one doubles the map."""
WIDTH = 8
RATES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4)
ROWS = tuple(product(FORMS, LAYERS))


def recipe_of(form: str, layers: int) -> Recipe:
    """The game of "dcgan-digits" with this G."""
    blocks = (layers - 2) // 2
    # Called by the recipe with the number of latents.
    deep = partial(ResNetGenerator, width=WIDTH, depth=blocks - 1, norm=True, brightness=-0.75, **FORMS[form])
    return replace(recipes.get("dcgan-digits").at("laptop"), generator=deep, score=lambda *_: {})


def label(form: str, layers: int) -> str:
    """Of a row."""
    return f"{form}, {layers} layers"


def tuning(runs: Sequence[Mapping[str, Any]], form: str, layers: int) -> list[Mapping[str, Any]]:
    """Seed 0's runs of a row, by which its rate is chosen."""
    return [run for run in runs if {"form": form, "layers": layers, "seed": 0}.items() <= run.items()]


def best_rate(runs: Sequence[Mapping[str, Any]], form: str, layers: int) -> float | None:
    """Of seed 0's runs the rate that ended nearest to the digits, None without runs; one that failed ended nowhere."""
    best = min(tuning(runs, form, layers), key=lambda run: run["floors"] or math.inf, default=None)
    return None if best is None else float(best["rate"])


def next_rate(runs: Sequence[Mapping[str, Any]], form: str, layers: int) -> float | None:
    """What seed 0 plays next: our recipe's rate, then an untried neighbour of the best; None where both ended worse."""
    best = best_rate(runs, form, layers)
    if best is None:
        return own_rate(OURS)
    tried = {run["rate"] for run in tuning(runs, form, layers)}
    at = RATES.index(best)
    return next((rate for rate in RATES[max(0, at - 1) : at + 2] if rate not in tried), None)


def figures(kept: Any) -> list[Figure]:
    """Floors at each row's best rate, by the seeds that did not choose it."""
    found = []
    for form, layers in ROWS:
        if (rate := best_rate(kept["runs"], form, layers)) is None:
            continue
        floors = [
            run["floors"] or math.inf
            for run in kept["runs"]
            if run["seed"] and {"form": form, "layers": layers, "rate": rate}.items() <= run.items()
        ]
        if floors:
            found.append(Figure(f"{label(form, layers)}, at {rate:g}: floors by the referee", floors, ".1f"))
    return found


def main() -> None:
    """Play what is missing."""
    arguments = options(__doc__, seeds=3, seconds=24.0, only="")
    torch.set_num_threads(1)
    referee = Referee()
    kept = measured_so_far(NAME, referee.protocol)
    pace = kept["paces"] if kept else paces({label(*row): recipe_of(*row) for row in ROWS})
    rows = [row for row in ROWS if arguments.only in label(*row)]

    def play(cell: Mapping[str, Any]) -> dict[str, Any]:
        rounds = math.ceil(cell["limit"] / pace[label(cell["form"], cell["layers"])])
        recipe = replace(recipe_of(cell["form"], cell["layers"]), g_lr=cell["rate"], steps=rounds)
        try:
            far = referee.distance(recipe.train("laptop", cell["seed"], progress=False).sampler)
        except Stopped:
            raise
        except TrainingError as error:
            return {"floors": None, "failed": str(error)}
        return {"rounds": rounds, "floors": round(far / referee.floor.mean, 2) if math.isfinite(far) else None}

    def go_on(cells: Sequence[tuple[str, int, float]], seeds: Sequence[int]) -> None:
        whole = [
            {"form": form, "layers": layers, "rate": rate, "seed": seed}
            | {"limit": arguments.seconds / (1 if seed else 2)}
            for seed in seeds
            for form, layers, rate in cells
        ]
        sweep(NAME, whole, play, **referee.protocol, paces=pace)

    def runs() -> list[Mapping[str, Any]]:
        return list(results.load(NAME)["runs"]) if NAME in results.names() else []

    for row in rows:
        while (rate := next_rate(runs(), *row)) is not None:
            go_on([(*row, rate)], [0])
    best = [(*row, found) for row in rows if (found := best_rate(runs(), *row)) is not None]
    go_on(best, range(1, arguments.seeds + 1))


if __name__ == "__main__":
    main()

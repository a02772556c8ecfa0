"""What the benchmarks share: options, the stamp on a result, runs that are kept, and the figures of `make bench`."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import torch

from benchmarks.stopwatch import middle
from ganbook import results
from ganbook.recipes.recipe import Recipe
from ganbook.training import Game, fit

THREADS = 2
"""Of every run that is timed by the wall: the two cores of the course's laptop."""


def options(doc: str | None, /, **defaults: Any) -> argparse.Namespace:
    """The command line's, as ``--name value``: of each default's type, or one of several where it is a tuple."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        if isinstance(default, tuple):
            parser.add_argument(f"--{name}", default=default[0], choices=default)
        else:
            parser.add_argument(f"--{name}", default=default, type=type(default), help=f"default: {default}")
    return parser.parse_args()


def player(recipe: Recipe) -> tuple[Game, Callable[[int], None]]:
    """The recipe's game at seed 0, unprepared, and what plays so many rounds more of it on its data."""
    torch.manual_seed(0)
    game, samples = replace(recipe, prepare=None).game(), recipe.load_data()

    def play(rounds: int) -> None:
        fit(game, samples, recipe.play, steps=game.step + rounds, batch_size=recipe.batch_size, progress=False)

    return game, play


def stamp() -> dict[str, Any]:
    """When and where a figure was measured."""
    capability = torch.backends.cpu.get_cpu_capability()
    hardware = f"CPU ({platform.machine()}, {capability}), {os.cpu_count()} cores, {torch.get_num_threads()} threads"
    return {"date": date.today().isoformat(), "torch": torch.__version__, "hardware": hardware}


def sweep(
    name: str, cells: Iterable[Mapping[str, Any]], play: Callable[[Any], Mapping[str, Any]], **beside: Any
) -> None:
    """:func:`ganbook.results.sweep`, every run with its :func:`stamp`."""
    results.sweep(name, cells, lambda cell: {**play(cell), **stamp()}, **beside)


def keep(name: str, found: dict[str, Any]) -> None:
    """Put ``found``, which was measured whole, in the place of the result, with its :func:`stamp`."""
    results.update(name, lambda kept: (kept.clear(), kept.update(found | stamp())), {})


def over(runs: Iterable[Mapping[str, Any]], score: str, **where: Any) -> list[float]:
    """The score of each of the runs that have it and are as ``where`` says."""
    return [run[score] for run in runs if run.get(score) is not None and where.items() <= run.items()]


@dataclass(frozen=True)
class Figure:
    """One line of the last table.

    Attributes:
        what: was measured.
        values: of all seeds, or of all turns.
        form: how a value is written.
        low, high: what is asked of the median.
        each: it is asked of every value instead.
        chance: what chance, or doing nothing, scores.
        bound: the median is a lower bound: a run was stopped.
    """

    what: str
    values: Sequence[float]
    form: str = ".2f"
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    bound: bool = False
    each: bool = False

    @property
    def met(self) -> bool:
        """Whether the median, or every value, is what was asked."""
        found = self.values if self.each else [statistics.median(self.values)]
        return (self.low is None or min(found) >= self.low) and (self.high is None or max(found) <= self.high)

    def row(self) -> tuple[str, str, str]:
        """What, the median with its range, and what to hold it against."""
        asked = [f"{sign} {edge:{self.form}}" for sign, edge in (("≥", self.low), ("≤", self.high)) if edge is not None]
        asked = [f"asked {' and '.join(asked)}{'' if self.met else ': not reached'}"] if asked else []
        asked += [] if self.chance is None else [f"chance {self.chance:{self.form}}"]
        return self.what, f"{'≥ ' if self.bound else ''}{middle(self.values, self.form)}", "; ".join(asked)


def table(rows: Iterable[Sequence[str]]) -> str:
    """The rows, their columns one under the other."""
    kept = list(rows)
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in kept)

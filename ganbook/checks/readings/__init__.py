"""Logs and grids that the learner reads: in each of them one thing goes wrong, at one place.

What is shown is computed when the notebook asks for it, with the fault put in at its place; so what is right is known
from how a case was made, and not read off it. An answer names, for each case, the fault *and* the place: a guess among
the names is no answer.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ganbook.checks.compare import Observation
from ganbook.checks.task import Mistake, Reject, Sheet, Task, Trial, own_random_numbers

#: What is shown of one case: panel -> curve -> its value at each place.
Log = dict[str, dict[str, list[float]]]
#: The same for pictures: panel -> rows of numbers.
Grid = dict[str, list[list[float]]]


@dataclass(frozen=True)
class Reading:
    """Cases to be told apart, as data.

    Attributes:
        play: computes what is shown of a case from its fault ("" for none) and its place.
        faults: each fault that an answer may name, and what tells it from the others: the hint where it was missed.
        cases: letter -> fault and place, as they are.
        places: all places that are shown, in order: rounds, layers, classes, …
        where: what a place is called.
        slack: how many places after the right one are as good, because a change shows at the next look only.
        astray: the hint where a place is wrong.
        grids: whether what is shown are grids of numbers, no curves.
    """

    play: Callable[[str, float], Any]
    faults: Mapping[str, str]
    cases: Mapping[str, tuple[str, float]]
    places: Sequence[float]
    astray: str
    where: str = "round"
    slack: int = 0
    grids: bool = False

    def logs(self) -> dict[str, Any]:
        """What is shown of each case, by its letter: the same numbers at every call."""
        return {letter: self.shown(*case, seed) for seed, (letter, case) in enumerate(self.cases.items())}

    def shown(self, fault: str, place: float, seed: int) -> Any:
        """One case, on random numbers of its own."""
        with own_random_numbers(seed):
            return self.play(fault, place)

    def draw(self, logs: Mapping[str, Any]) -> None:
        """Show what :meth:`logs` gave."""
        _draw_grids(logs) if self.grids else _draw(logs, self.places, self.where)

    def task(self, sheet: Sheet, title: str, lesson: str) -> Task:
        """The task: ``reading``, a dictionary from a case's letter to its fault and place."""
        return sheet.task(
            "reading",
            title,
            tried=f"your {len(self.cases)} readings, a name and a {self.where} each",
            takes="value",
            observe=self._observe,
            reference=lambda world: dict(self.cases),
            mistakes=(*map(self._missed, self.cases), Mistake("misplaced", self.astray, when=self._misplaced)),
            lesson=lesson,
        )

    def _observe(self, value: Any, world: object) -> Observation:
        form = f'a dictionary such as {{"A": ("{next(iter(self.faults))}", {self.places[0]:g}), …}}'
        if not isinstance(value, Mapping) or not all(letter in value for letter in self.cases):
            raise Reject("form", value, form, f"Name a fault and a {self.where} for each of {', '.join(self.cases)}.")
        seen: dict[str, Any] = {}
        for letter in self.cases:
            fault, place = self._pair(letter, value[letter])
            seen |= {_case(letter): fault, f"the {self.where} of {letter}": self._nearest(letter, fault, place)}
        return seen

    def _pair(self, letter: str, value: Any) -> tuple[str, float]:
        if not isinstance(value, tuple | list) or len(value) != 2 or not isinstance(value[0], str):
            raise Reject("form", value, f"a name and a {self.where}", f"{letter}: give two things, a name first.")
        fault, place = value
        if fault not in self.faults:
            raise Reject("unknown-name", fault, f"one of {', '.join(self.faults)}", "Use the names as they are given.")
        if not isinstance(place, numbers.Real) or float(place) not in self.places:
            raise Reject(
                "unknown-place",
                place,
                f"one of {', '.join(f'{place:g}' for place in self.places)}",
                f"{letter}: name a {self.where} that is shown.",
            )
        return fault, float(place)

    def _nearest(self, letter: str, fault: str, place: float) -> float:
        """The right place where the one named is as good."""
        right = self.cases[letter][1]
        later = self.places.index(place) - self.places.index(right)
        return right if fault == self.cases[letter][0] and 0 <= later <= self.slack else place

    def _missed(self, letter: str) -> Mistake:
        fault = self.cases[letter][0]
        return Mistake(
            f"{letter.lower()}-misread",
            f"{letter}: {self.faults[fault]}",
            when=lambda trial: trial.got[_case(letter)] != fault,
        )

    def _misplaced(self, trial: Trial) -> bool:
        names = all(trial.got[_case(letter)] == fault for letter, (fault, _) in self.cases.items())
        return names and any(trial.got[key] != trial.want[key] for key in trial.want)


def _case(letter: str) -> str:
    return f"what is wrong in {letter}"


def _draw(logs: Mapping[str, Log], places: Sequence[float], where: str) -> None:
    """Show logs side by side: a column a case, a row a panel, a mark at each place."""
    from ganbook import plots

    panels = [*next(iter(logs.values()))]
    size = {"width": 2.4 * len(logs), "height": 0.5 + 1.7 * len(panels)}
    fig, axes = plots.figure(len(logs), len(panels), **size, sharex=True, sharey="row", squeeze=False)
    even = len({round(b - a, 9) for a, b in pairwise(places)}) == 1
    for row, panel in enumerate(panels):
        axes[row, 0].set_ylabel(panel)
        axes[row, 0].set_ylim(_range([value for log in logs.values() for c in log[panel].values() for value in c]))
        for axis, log in zip(axes[row], logs.values(), strict=True):
            axis.grid(axis="x", alpha=0.3)
            for (name, curve), style in zip(log[panel].items(), ("o-", "s--", "^:"), strict=False):
                axis.plot(places if even else range(len(places)), curve, style, ms=2.5, lw=1, label=name)
        if len(next(iter(logs.values()))[panel]) > 1:
            axes[row, 0].legend(fontsize="small")
    for column, letter in enumerate(logs):
        axes[0, column].set_title(letter)
        axes[-1, column].set_xlabel(where)
        if not even:
            axes[-1, column].set_xticks(range(len(places)), [f"{place:g}" for place in places], rotation=60)
    plots.show(fig, alt=f"Logs {', '.join(logs)} over the {where}s. Their numbers: {_told(logs)}.")


def _draw_grids(grids: Mapping[str, Grid]) -> None:
    """Show grids of numbers side by side: a column a case, a row a panel."""
    from ganbook import plots

    panels = [*next(iter(grids.values()))]
    fig, axes = plots.figure(
        len(grids), len(panels), width=2.4 * len(grids), height=0.4 + 2.3 * len(panels), squeeze=False
    )
    for column, (letter, grid) in enumerate(grids.items()):
        for axis, panel in zip(axes[:, column], panels, strict=True):
            axis.imshow(grid[panel], cmap="gray", vmin=0)
            axis.set(
                xticks=range(0, len(grid[panel][0]), 2),
                yticks=range(0, len(grid[panel]), 2),
                title=f"{letter}, {panel}",
            )
    told = "; ".join(
        f"{letter}, {panel}: {' '.join(f'{value:.2g}' for value in rows[len(rows) // 2])}"
        for letter, grid in grids.items()
        for panel, rows in grid.items()
    )
    plots.show(fig, alt=f"Grids of cases {', '.join(grids)}. The middle row of each: {told}.")


def _range(values: list[float]) -> tuple[float, float]:
    """What a panel shows: one curve that leaves it does not make all others flat."""
    ordered = sorted(values)
    low, high = ordered[len(values) // 12], ordered[-1 - len(values) // 12]
    margin = 0.3 * (high - low) or 1.0
    return low - margin, high + margin


def _told(logs: Mapping[str, Log]) -> str:
    """The logs in words, for a reader who does not see them: each curve at four of its places."""
    return "; ".join(
        f"{letter}, {name}: " + ", ".join(f"{curve[at * (len(curve) - 1) // 3]:.2g}" for at in range(4))
        for letter, log in logs.items()
        for curves in log.values()
        for name, curve in curves.items()
    )

"""Digits speedrun: seconds of training to 20, 10 and 5 floors, our recipe against two published ones.

    python benchmarks/speedrun.py [--seeds 5] [--limit 600] [--sweep 90] [--only TEXT]

The contenders: ``dcgan-digits``; and the recipes of PyTorch's DCGAN tutorial and of D2L, each as published and at the
best rate of a sweep: ``--sweep`` seconds of every rate in RATES, one seed, judged by where they end. All play the
library's own loop, which alone is faster than the tutorial's (throughput.py), on two threads, one after the other: the
machine must be idle. Learning rates do not fall, since nobody knows beforehand when a race ends.

Distances are the independent referee's, in features that no recipe was tuned by. The clocks stand still meanwhile; a
look follows another by a twentieth of the time played. A run ends at the last goal, or after ``--limit`` seconds.

Every run is written into ganbook/results/speedrun.json when it is over. Those that stand there
already are skipped: delete an entry to repeat it, or the file if what it is measured by has changed. ``--only`` plays
the runs whose label contains TEXT, such as "sweep/" or "race/dcgan-d2l". All of it takes about four hours.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, product
from statistics import median
from typing import Any, NamedTuple

import torch

from benchmarks.common import THREADS, Figure, options, sweep, table
from benchmarks.stopwatch import middle
from ganbook import data, metrics, recipes, results
from ganbook.recipes.recipe import Recipe
from ganbook.training import Game, Sampler, TrainingError

NAME = "speedrun"
OURS = "dcgan-digits"
PUBLISHED = ("dcgan-tutorial", "dcgan-d2l")
RATES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3)
"""Of the sweep; both published rates are among them."""
GOALS = (20, 10, 5)
RESOLUTION, FIRST_LOOK = 0.05, 2.0
"""Share of the time played, and seconds, until the next look."""
N, SPLITS = 2500, 20
FEATURES = "digits-referee"

Cell = Mapping[str, Any]


class Referee:
    """Distance in floors of a game's samples, by a network that no recipe was tuned by."""

    def __init__(self) -> None:
        self.network = metrics.features(FEATURES)
        splits = [data.load("digits", split) for split in ("train", "test")]
        whole = [digits.batch(torch.arange(len(digits))) for digits in splits]
        with torch.no_grad():
            self.real = self.network(torch.cat([batch.real for batch in whole]))
        self.labels = torch.cat([batch.labelled() for batch in whole])
        self.floor = metrics.real_floor(self.real, N, SPLITS)
        self.protocol = {
            "goals": list(GOALS), "n": N, "splits": SPLITS, "floor": self.floor.mean, "floor_spread": self.floor.spread,
            "features": FEATURES, "split": "train and test", "threads": THREADS,
        }  # fmt: skip

    @torch.no_grad()
    def floors(self, game: Game) -> float:
        """Of the game's averaged generator; infinity where it draws what is no number."""
        found = self.network(Sampler(game.averaged_generator(), game.prior, {}).sample(N))
        if not found.isfinite().all():
            return float("inf")
        score = metrics.frechet_score(found, self.real, N, SPLITS, resamples=0, labels=self.labels)
        return score.distance / self.floor.mean


class Look(NamedTuple):
    """What a look at a game found; times are of training alone."""

    rounds: int
    seconds: float
    cpu_seconds: float
    floors: float


class Clock:
    """Watches a game: looks at it from time to time, and ends it at the goal or when time is up."""

    def __init__(self, referee: Referee, goal: float, limit: float, resolution: float = RESOLUTION) -> None:
        self.referee, self.goal, self.limit, self.resolution = referee, goal, limit, resolution
        self.curve: list[Look] = []
        self._next, self._seconds, self._cpu = min(FIRST_LOOK, limit), 0.0, 0.0
        self._since = time.perf_counter(), time.process_time()

    def __call__(self, game: Game) -> bool:
        since, cpu = self._since
        if game.step:
            self._seconds += time.perf_counter() - since
            self._cpu += time.process_time() - cpu
        ended = False
        if self._seconds >= self._next:
            floors = self.referee.floors(game)
            self.curve.append(Look(game.step, round(self._seconds, 2), round(self._cpu, 2), round(floors, 2)))
            self._next = min(self.limit, self._seconds + max(FIRST_LOOK, self._seconds * self.resolution))
            ended = floors <= self.goal or floors == float("inf") or self._seconds >= self.limit
        self._since = time.perf_counter(), time.process_time()
        return ended


def own_rate(name: str) -> float:
    """The recipe's, of its generator."""
    return recipes.get(name).at("laptop").g_lr


def contender(name: str, rate: float) -> Recipe:
    """The recipe without an end; at its own rate each player keeps its own."""
    recipe = recipes.get(name).at("laptop")
    rates: dict[str, Any] = {} if rate == recipe.g_lr else {"g_lr": rate, "d_lr": rate}
    return replace(recipe, steps=1_000_000, anneal_from=1.0, score=lambda *_: {}, **rates)


def play(cell: Cell, referee: Referee) -> dict[str, Any]:
    """One run: where it stood at each look, and when it first stood at each of the goals."""
    goal, resolution = (GOALS[-1], RESOLUTION) if cell["part"] == "race" else (0.0, 1.0)
    clock = Clock(referee, goal, cell["limit"], resolution)
    failed = {}
    try:
        contender(cell["recipe"], cell["rate"]).train(
            "laptop", cell["seed"], progress=False, watch=clock, watch_every=1
        )
    except TrainingError as error:
        failed = {"failed": str(error)}
    curve = [look for look in clock.curve if look.floors < float("inf")]
    last = curve[-1]._asdict() if curve else {"rounds": 0, "seconds": 0.0, "cpu_seconds": 0.0, "floors": None}
    return {**last, **failed, "arrivals": arrivals(curve), "curve": curve}


def arrivals(curve: list[Look]) -> dict[str, dict[str, float]]:
    """By goal the first look at or below it, and the seconds of the look before: it was not there yet."""
    found = {}
    for goal in GOALS:
        for before, look in pairwise([Look(0, 0.0, 0.0, float("inf")), *curve]):
            if look.floors <= goal:
                found[str(goal)] = {"after": before.seconds, **look._asdict()}
                break
    return found


class Arrival(NamedTuple):
    """At a goal, one entry a seed; a seed that did not arrive counts with the limit, less than the truth.

    Attributes:
        seconds: of the first look that found it there.
        after: of the look before: it was not there yet.
        arrived: how many seeds did.
    """

    seconds: list[float]
    after: list[float]
    arrived: int

    @property
    def bound(self) -> bool:
        """Whether the median is a lower bound."""
        return 2 * self.arrived <= len(self.seconds)

    def __str__(self) -> str:
        said = f"{'≥ ' if self.bound else ''}{middle(self.seconds, '.0f')} s"
        everyone = self.arrived == len(self.seconds)
        return said if everyone else f"{said}, {self.arrived} of {len(self.seconds)} arrived"


class Race:
    """What the kept runs say, without trials of a shorter limit.

    Attributes:
        limit, swept: seconds of a race, and of each rate of the sweep.
        lanes: (recipe, rate) to what it is: ours, then each published recipe, twice if its sweep found a better rate.
    """

    def __init__(self, runs: Sequence[Cell], limit: float = 0.0, swept: float = 0.0) -> None:
        runs = [run for run in runs if "part" in run]  # a result of before the sweep has none
        self.limit, self.swept = (
            max([least, *(run["limit"] for run in runs if run["part"] == part)])
            for part, least in (("race", limit), ("sweep", swept))
        )
        self.runs = [run for run in runs if run["limit"] == {"race": self.limit, "sweep": self.swept}[run["part"]]]
        self.lanes = {(OURS, own_rate(OURS)): "ours"}
        for name in PUBLISHED:
            own, best = own_rate(name), self.best_rate(name)
            self.lanes[name, own] = "as published" + ", its best rate" * (best == own)
            if best is not None:
                self.lanes.setdefault((name, best), "at its best rate")

    def of(self, part: str, name: str) -> list[Cell]:
        """The runs of a recipe."""
        return [run for run in self.runs if run["part"] == part and run["recipe"] == name]

    def best_rate(self, name: str) -> float | None:
        """Where the sweep ended lowest; None while it is not over."""
        ends = {run["rate"]: run["floors"] for run in self.of("sweep", name)}
        sound = [rate for rate, floors in ends.items() if floors is not None]
        return min(sound, key=ends.__getitem__, default=None) if ends.keys() >= set(RATES) else None

    def arrival(self, name: str, rate: float, goal: int) -> Arrival | None:
        """None before the first run with that rate is over."""
        found = [run["arrivals"].get(str(goal)) for run in self.of("race", name) if run["rate"] == rate]
        seconds, after = ([one[key] if one else self.limit for one in found] for key in ("seconds", "after"))
        return Arrival(seconds, after, sum(map(bool, found))) if found else None


def figures(kept: Any) -> list[Figure]:
    """Our seconds; the others' ÷ ours, counted to the look before they arrived; and who comes to the last goal."""
    race, found = Race(kept["runs"]), []
    for goal in GOALS:
        ours = race.arrival(OURS, own_rate(OURS), goal)
        for (name, rate), what in race.lanes.items():
            one = race.arrival(name, rate, goal)
            if one is not None and name == OURS:
                found.append(Figure(f"{name}: seconds to {goal} floors", one.seconds, ".0f", bound=one.bound))
            elif one is not None and ours is not None and not ours.bound:
                times, asked = [after / median(ours.seconds) for after in one.after], 8.0 if goal == GOALS[0] else None
                said = f"{name} at {rate:g} ({what}) ÷ ours, to {goal} floors"
                found.append(Figure(said, times, ".1f", low=asked, bound=one.bound))
    for (name, rate), what in race.lanes.items():
        if one := race.arrival(name, rate, GOALS[-1]):
            said = f"{name} at {rate:g} ({what}): seeds at {GOALS[-1]} floors in {race.limit:g} s"
            found.append(
                Figure(said, [one.arrived / len(one.seconds)], ".0%", *((1.0, None) if name == OURS else (None, 0.0)))
            )
    return found


def report(kept: Any) -> str:
    """The sweep, then the race."""
    race = Race(kept["runs"])
    swept = [("recipe", *(f"{rate:g}" for rate in RATES))]
    for name in PUBLISHED:
        ends = {run["rate"]: run["floors"] for run in race.of("sweep", name)}
        swept.append((name, *("–" if ends.get(rate) is None else f"{ends[rate]:.1f}" for rate in RATES)))
    raced = [("recipe", "rate", "", *(f"to {goal} floors" for goal in GOALS), "cores busy")]
    for (name, rate), what in race.lanes.items():
        if own := [run for run in race.of("race", name) if run["rate"] == rate and run["seconds"]]:
            busy = middle([run["cpu_seconds"] / run["seconds"] for run in own])
            raced.append((name, f"{rate:g}", what, *(str(race.arrival(name, rate, goal)) for goal in GOALS), busy))
    return f"Floors after {race.swept:g} s, by rate\n{table(swept)}\n\nThe race, median (range)\n{table(raced)}"


def check_protocol(kept: Any, protocol: Mapping[str, Any]) -> None:
    """Runs that were measured by something else are not mixed with new ones."""
    for name, now in protocol.items():
        was = kept.get(name)
        if was != now and not (isinstance(was, float) and abs(was - now) < 1e-3 * now):
            raise SystemExit(f"{results.path(NAME)} has {name} {was}, and it is {now} now: move the file away")


def main() -> None:
    """Play what is missing, and print all."""
    arguments = options(__doc__, seeds=5, limit=600.0, sweep=90.0, only="")
    torch.set_num_threads(THREADS)
    referee = Referee()

    def runs() -> list[Cell]:
        return list(results.load(NAME)["runs"]) if NAME in results.names() else []

    def go_on(part: str, lanes: Iterable[tuple[str, float]], seeds: int, limit: float) -> None:
        lanes = [lane for lane in lanes if arguments.only in f"{part}/{lane[0]}/{lane[1]:g}"]
        cells = [
            {"part": part, "recipe": name, "rate": rate, "seed": seed, "limit": limit}
            for seed in range(seeds)
            for name, rate in lanes
        ]
        sweep(NAME, cells, lambda cell: play(cell, referee), **referee.protocol)

    if NAME in results.names():
        check_protocol(results.load(NAME), referee.protocol)
    go_on("sweep", product(PUBLISHED, RATES), 1, arguments.sweep)
    go_on("race", Race(runs(), arguments.limit, arguments.sweep).lanes, arguments.seeds, arguments.limit)
    if runs():
        print(report(results.load(NAME)))


if __name__ == "__main__":
    main()

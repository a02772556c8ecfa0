"""Digits speedrun: seconds of training to 20, 10 and 5 floors, our recipe against two published ones.

    python benchmarks/speedrun.py [--seeds 5] [--limit 600] [--sweep 90] [--only TEXT]

The contenders: ``dcgan-digits``; and the recipes of PyTorch's DCGAN tutorial and of D2L, each as published and at the
best rate of a sweep: ``--sweep`` seconds of every rate in RATES, one seed, judged by where they end. All play the
library's own loop, which alone is faster than the tutorial's (throughput.py). Learning rates do not fall, since nobody
knows beforehand when a race ends.

A second is that of one thread, and comes from rounds: what a round of each recipe takes is measured first, in turn, and
kept. So a run says the same on a busy machine, and several can play side by side. Distances are the independent
referee's, in features that no recipe was tuned by; a look follows another by a tenth of the rounds played. A run ends
at the last goal, or after ``--limit`` seconds.

Every run is written into ganbook/results/speedrun.json when it is over. Those that stand there
already are skipped: delete an entry to repeat it, or the file if what it is measured by has changed. ``--only`` plays
the runs whose label contains TEXT, such as "sweep/" or "race/dcgan-d2l". All of it takes about four hours of one core.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise, product
from statistics import median
from time import process_time
from typing import Any, NamedTuple

import torch

from benchmarks.common import Figure, options, player, sweep, table
from benchmarks.stopwatch import in_turn, middle, timed
from ganbook import data, metrics, recipes, results
from ganbook.recipes.recipe import Recipe
from ganbook.training import Game, Sampler, Stopped, TrainingError

NAME = "speedrun"
OURS = "dcgan-digits"
PUBLISHED = ("dcgan-tutorial", "dcgan-d2l")
RATES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2)
"""Of the sweep; both published rates are among them."""
GOALS = (20, 10, 5)
RESOLUTION, FIRST_LOOK = 0.1, 2.0
"""Share of the time played, and seconds, until the next look."""
PACED = 20
"""Rounds by which a round is timed, in each of five turns."""
N, SPLITS = 2500, 20
FEATURES = "digits-referee"

Cell = Mapping[str, Any]


class Referee:
    """Distance in floors of a game's samples to all digits, by default in features that no recipe was tuned by."""

    def __init__(self, features: str = FEATURES) -> None:
        self.network = metrics.features(features)
        splits = [data.load("digits", split) for split in ("train", "test")]
        whole = [digits.batch(torch.arange(len(digits))) for digits in splits]
        with torch.no_grad():
            self.real = self.network(torch.cat([batch.real for batch in whole]))
        self.labels = torch.cat([batch.labelled() for batch in whole])
        self.floor = metrics.real_floor(self.real, N, SPLITS)
        self.protocol = {
            "goals": list(GOALS), "n": N, "splits": SPLITS, "floor": self.floor.mean, "floor_spread": self.floor.spread,
            "features": features, "split": "train and test", "threads": 1,
        }  # fmt: skip

    @torch.no_grad()
    def distance(self, sampler: Sampler) -> float:
        """Fréchet distance of its samples to all digits; infinity where it draws what is no number."""
        found = self.network(sampler.sample(N))
        if not found.isfinite().all():
            return float("inf")
        return metrics.frechet_score(found, self.real, N, SPLITS, resamples=0, labels=self.labels).distance

    def floors(self, game: Game) -> float:
        """Of the game's averaged generator."""
        return self.distance(Sampler(game.averaged_generator(), game.prior, {})) / self.floor.mean


@cache
def shared_referee(features: str = FEATURES) -> Referee:
    """The same for all runs: what it says of the real digits is computed once."""
    return Referee(features)


class Look(NamedTuple):
    """What a look at a game found."""

    rounds: int
    seconds: float
    floors: float


class Clock:
    """Watches a game whose rounds take ``pace`` seconds, and ends it at the goal or when time is up."""

    def __init__(
        self, referee: Referee, pace: float, goal: float, limit: float, resolution: float = RESOLUTION
    ) -> None:
        self.referee, self.pace, self.goal, self.limit, self.resolution = referee, pace, goal, limit, resolution
        self.curve: list[Look] = []
        self._next = min(FIRST_LOOK, limit)

    def __call__(self, game: Game) -> bool:
        seconds = game.step * self.pace
        if not game.step or seconds < self._next:
            return False
        floors = self.referee.floors(game)
        self.curve.append(Look(game.step, round(seconds, 2), round(floors, 2)))
        self._next = min(self.limit, seconds + max(FIRST_LOOK, seconds * self.resolution))
        return floors <= self.goal or floors == float("inf") or seconds >= self.limit


def paces(of: Mapping[str, Recipe]) -> dict[str, float]:
    """Seconds of one thread that a round of each recipe takes: the median of five turns."""
    rounds = {name: partial(player(recipe)[1], PACED) for name, recipe in of.items()}
    turns = in_turn({name: timed(play, process_time) for name, play in rounds.items()}, 5)
    return {name: round(median(taken) / PACED, 5) for name, taken in turns.items()}


def own_rate(name: str) -> float:
    """The recipe's, of its generator."""
    return recipes.get(name).at("laptop").g_lr


def contender(name: str, rate: float) -> Recipe:
    """The recipe without an end; at its own rate each player keeps its own."""
    recipe = recipes.get(name).at("laptop")
    rates: dict[str, Any] = {} if rate == recipe.g_lr else {"g_lr": rate, "d_lr": rate}
    return replace(recipe, steps=1_000_000, anneal_from=1.0, score=lambda *_: {}, **rates)


def play(cell: Cell, referee: Referee, pace: float) -> dict[str, Any]:
    """One run: where it stood at each look, and when it first stood at each of the goals."""
    goal, resolution = (GOALS[-1], RESOLUTION) if cell["part"] == "race" else (0.0, 1.0)
    clock = Clock(referee, pace, goal, cell["limit"], resolution)
    recipe = contender(cell["recipe"], cell["rate"])
    failed = {}
    try:
        recipe.train("laptop", cell["seed"], progress=False, watch=clock, watch_every=1)
    except Stopped:  # by whoever wants the machine: no end of a run
        raise
    except TrainingError as error:
        failed = {"failed": str(error)}
    curve = [look for look in clock.curve if look.floors < float("inf")]
    last = curve[-1]._asdict() if curve else {"rounds": 0, "seconds": 0.0, "floors": None}
    return {**last, **failed, "curve": curve, "arrivals": arrivals(curve)}


def arrivals(curve: list[Look]) -> dict[str, dict[str, float]]:
    """By goal the first look at or below it, and the seconds of the look before: it was not there yet."""
    found = {}
    for goal in GOALS:
        for before, look in pairwise([Look(0, 0.0, float("inf")), *curve]):
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
    raced = [("recipe", "rate", "", "ms a round", *(f"to {goal} floors" for goal in GOALS))]
    for (name, rate), what in race.lanes.items():
        if race.arrival(name, rate, GOALS[0]):
            pace = f"{1000 * kept['paces'][name]:.0f}"
            raced.append((name, f"{rate:g}", what, pace, *(str(race.arrival(name, rate, goal)) for goal in GOALS)))
    return f"Floors after {race.swept:g} s, by rate\n{table(swept)}\n\nThe race, median (range)\n{table(raced)}"


def measured_so_far(name: str, protocol: Mapping[str, Any]) -> dict[str, Any]:
    """The results of that name, or {}; runs that were measured by something else are not mixed with new ones."""
    kept: dict[str, Any] = results.load(name) if name in results.names() else {}
    for key, now in protocol.items() if kept else ():
        was = kept.get(key)
        if was != now and not (isinstance(was, float) and abs(was - now) < 1e-3 * now):
            raise SystemExit(f"{results.path(name)} has {key} {was}, and it is {now} now: move the file away")
    return kept


def main() -> None:
    """Play what is missing, and print all."""
    arguments = options(__doc__, seeds=5, limit=600.0, sweep=90.0, only="")
    torch.set_num_threads(1)
    referee = Referee()
    kept = measured_so_far(NAME, referee.protocol)
    contenders = {name: recipes.get(name).at("laptop") for name in (OURS, *PUBLISHED)}
    pace = kept["paces"] if kept else paces(contenders)

    def runs() -> list[Cell]:
        return list(results.load(NAME)["runs"]) if NAME in results.names() else []

    def go_on(part: str, lanes: Iterable[tuple[str, float]], seeds: int, limit: float) -> None:
        lanes = [lane for lane in lanes if arguments.only in f"{part}/{lane[0]}/{lane[1]:g}"]
        cells = [
            {"part": part, "recipe": name, "rate": rate, "seed": seed, "limit": limit}
            for seed in range(seeds)
            for name, rate in lanes
        ]
        sweep(NAME, cells, lambda cell: play(cell, referee, pace[cell["recipe"]]), **referee.protocol, paces=pace)

    go_on("sweep", product(PUBLISHED, RATES), 1, arguments.sweep)
    go_on("race", Race(runs(), arguments.limit, arguments.sweep).lanes, arguments.seeds, arguments.limit)
    if runs():
        print(report(results.load(NAME)))


if __name__ == "__main__":
    main()

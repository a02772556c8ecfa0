"""Digits speedrun: seconds and rounds to a fixed Fréchet distance, our recipes against two published ones.

    python benchmarks/speedrun.py [--floors 80] [--limit 500] [NAME ...]

Every contender plays the library's own loop (which alone is faster than the tutorial's, see throughput.py), on all of
the machine's cores, one after the other: leave it idle. The clock stands still while the distance is measured: 5 000
samples, digits features, against all 5 000 real digits, every 100 rounds (our fastest: every 25). Ours play on for a
minute after they have arrived; a contender that has not arrived after `limit` seconds is stopped. With NAMEs only these
run. Learning rates do not fall: nobody knows beforehand when the race ends. Writes ganbook/results/speedrun.json, which
chapter 6 shows, after every contender.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from ganbook import data, metrics, recipes, results
from ganbook.training import Game, Sampler

EVERY = {"dcgan-sprint": 25, "dcgan-digits": 100, "dcgan-tutorial": 100, "dcgan-d2l": 100}
"""Contender to rounds between two looks."""
PLAY_ON = {"dcgan-sprint": 60.0, "dcgan-digits": 60.0}
"""Contender to seconds after its arrival."""


class Clock:
    """Watches a game, measures its distance from time to time, and stops it when it has arrived or time is up."""

    def __init__(self, goal: float, limit: float, play_on: float) -> None:
        self.goal, self.limit, self.play_on = goal, limit, play_on
        self.arrival: tuple[int, float, float] | None = None
        self.seconds, self.curve = 0.0, list[tuple[int, float, float]]()
        self._since = time.perf_counter()

    def __call__(self, game: Game) -> bool:
        self.seconds += time.perf_counter() - self._since
        if game.step:
            samples = Sampler(game.averaged_generator(), game.prior, {}).sample(PROTOCOL["n"])
            floors = metrics.frechet_distance(FEATURES, metrics.features("digits")(samples)) / PROTOCOL["floor"]
            self.curve.append((game.step, round(self.seconds, 1), round(floors, 1)))
            print(f"  {game.step:6d} rounds {self.seconds:7.1f} s {floors:7.1f} floors", flush=True)
            if floors <= self.goal and self.arrival is None:
                self.arrival = self.curve[-1]
                self.limit = self.seconds + self.play_on
        self._since = time.perf_counter()
        return bool(self.curve) and self.seconds >= self.limit


def race(name: str, goal: float, limit: float) -> dict[str, Any]:
    """One contender's run: its curve, and seconds and rounds when it arrived, or when it was stopped."""
    recipe = recipes.get(name).at("laptop")
    clock = Clock(goal, limit, PLAY_ON.get(name, 0.0))
    print(name, flush=True)
    endless = replace(recipe, steps=1_000_000, anneal_from=1.0)
    endless.train("laptop", progress=False, watch=clock, watch_every=EVERY[name])
    rounds, seconds, floors = clock.arrival or clock.curve[-1]
    return {
        "recipe": name,
        "about": recipe.about,
        "arrived": clock.arrival is not None,
        "rounds": rounds,
        "seconds": seconds,
        "floors": floors,
        "curve": clock.curve,
    }


def main() -> None:
    """Race, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(EVERY)} (default: all)")
    parser.add_argument("--floors", type=float, default=80.0)
    parser.add_argument("--limit", type=float, default=500.0)
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(EVERY):
        parser.error(f"{', '.join(sorted(unknown))}: allowed is {', '.join(EVERY)}")
    setting = {"goal_floors": arguments.floors, "threads": torch.get_num_threads(), **PROTOCOL}

    def put(run: dict[str, Any], kept: dict[str, Any]) -> None:
        found = {one["recipe"]: one for one in kept["runs"]} | {run["recipe"]: run}
        kept.update(setting, runs=[found[known] for known in EVERY if known in found])

    for name in arguments.names or EVERY:
        results.update("speedrun", partial(put, race(name, arguments.floors, arguments.limit)), {"runs": []})
    for run in results.load("speedrun")["runs"]:
        how = "arrived after" if run["arrived"] else "not there after"
        print(f"{run['recipe']:<16} {how} {run['seconds']:6.1f} s, {run['rounds']} rounds, {run['floors']} floors")


REAL = torch.cat(
    [data.load("digits", split).batch(torch.arange(n)).real for split, n in (("train", 4000), ("test", 1000))]
)
with torch.no_grad():
    FEATURES = metrics.features("digits")(REAL)
_REPORT = metrics.report_features(FEATURES, FEATURES, "train and test", "digits")
PROTOCOL = {name: _REPORT[name] for name in ("n", "n_real", "n_floor", "floor", "features", "split")}

if __name__ == "__main__":
    main()

"""Digits speedrun: seconds and rounds to a fixed Fréchet distance, our recipe against two published ones.

    python benchmarks/speedrun.py [--floors 50] [--patience 8.5]

Every contender plays the library's own loop (which alone is faster than the tutorial's, see throughput.py), on the
machine's cores, one after the other. The clock stands still while the distance is measured: 5 000 samples, digits
features, against all 5 000 real digits. The others are stopped when they have taken `patience` times our seconds.
Writes book/images/speedrun.json, which chapter 6 shows.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ganbook import data, metrics, recipes
from ganbook.training import Game, Sampler

OUT = Path(__file__).resolve().parent.parent / "book" / "images" / "speedrun.json"
CONTENDERS = ("dcgan-digits", "dcgan-tutorial", "dcgan-d2l")


class Stopped(Exception):
    """Raised out of training when the contender has arrived, or has run out of time."""


class Clock:
    """Watches a game, measures its distance from time to time, and stops it."""

    def __init__(self, goal: float, limit: float) -> None:
        self.goal, self.limit = goal, limit
        self.seconds, self.curve = 0.0, list[tuple[int, float, float]]()
        self._since = time.perf_counter()

    def __call__(self, game: Game) -> None:
        self.seconds += time.perf_counter() - self._since
        if game.step:
            report = metrics.report_images(Sampler(game.averaged_generator(), game.prior, {}).sample(5000), REAL, "all")
            self.curve.append((game.step, round(self.seconds, 1), round(report["floors"], 1)))
            print(f"  {game.step:6d} rounds {self.seconds:7.1f} s {report['floors']:7.1f} floors", flush=True)
            if report["floors"] <= self.goal or self.seconds > self.limit:
                raise Stopped
        self._since = time.perf_counter()

    @property
    def arrived(self) -> bool:
        return bool(self.curve) and self.curve[-1][2] <= self.goal


def race(name: str, goal: float, limit: float, every: int) -> dict[str, Any]:
    """One contender's run: seconds and rounds when it arrived, or when it was stopped."""
    recipe = recipes.get(name).at("laptop")
    endless = replace(recipe, steps=1_000_000, anneal_from=1.0)
    clock = Clock(goal, limit)
    print(name, flush=True)
    with contextlib.suppress(Stopped):
        endless.train("laptop", progress=False, watch=clock, watch_every=every)
    rounds, seconds, floors = clock.curve[-1]
    return {
        "recipe": name,
        "about": recipe.about,
        "arrived": clock.arrived,
        "rounds": rounds,
        "seconds": seconds,
        "floors": floors,
        "curve": clock.curve,
    }


def main() -> None:
    """Race, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--floors", type=float, default=50.0)
    parser.add_argument("--patience", type=float, default=8.5)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    ours = race(CONTENDERS[0], arguments.floors, float("inf"), every=100)
    limit = arguments.patience * ours["seconds"]
    results = [ours, *(race(name, arguments.floors, limit, every=25) for name in CONTENDERS[1:])]
    content = {"goal_floors": arguments.floors, "threads": torch.get_num_threads(), "runs": results}
    arguments.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for one in results:
        how = "arrived after" if one["arrived"] else "not there after"
        ratio = one["seconds"] / ours["seconds"]
        print(f"{one['recipe']:<16} {how} {one['seconds']:6.1f} s, {one['rounds']} rounds   {ratio:.1f} x ours")


REAL = torch.cat(
    [data.load("digits", split).batch(torch.arange(n)).real for split, n in (("train", 4000), ("test", 1000))]
)

if __name__ == "__main__":
    main()

"""Images a second of our loop against the PyTorch DCGAN tutorial's way of training, and what a second process adds.

    python benchmarks/throughput.py [--repeats 5] [--rounds 0]

The networks are those of the recipes in NETWORKS; a turn is an epoch of the digits, or ``--rounds``; everything runs on
two threads in float32. Ways in turn, so that a drifting machine is fair to all; ratios are medians over the turns.

* ``ours``: ``gan_round`` fed by ``ImageSet.batches``, with log and progress as in training.
* ``tutorial``: the published procedure (see tutorial.py), its ``DataLoader`` with two workers.
* ``tutorial, channels last``: the same with its networks laid out as ours are.
* ``bare``: the forward and backward passes of Algorithm 1 alone, laid out as ours: no data, no optimiser, no log.

Then the recipe ``dcgan-digits`` in one process of one thread, and in two that share each batch; and the memory that
they hold. Writes ganbook/results/throughput.json. It takes about ten minutes of an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from benchmarks.common import THREADS, Figure, keep, player, table
from benchmarks.stopwatch import in_turn, middle, peak_memory, ratios
from benchmarks.tutorial import PilImages, tutorial_rounds
from ganbook import data, recipes
from ganbook.recipes.recipe import Recipe
from ganbook.training import Game, fit, frozen, gan_round

NAME = "throughput"
NETWORKS = ("dcgan-tutorial", "dcgan-digits")
SHARED = "dcgan-digits"
"""The recipe that two processes share."""
SHARED_ROUNDS = 40


def networks(recipe: Recipe) -> tuple[nn.Module, nn.Module]:
    """The same two networks for every way."""
    torch.manual_seed(0)
    game = recipe.game()
    return game.generator, game.discriminator


def ours(recipe: Recipe, rounds: int) -> Callable[[], None]:
    """Our loop, data included."""
    digits = recipe.load_data()
    generator, discriminator = networks(recipe)
    game = Game(generator, discriminator, prior=recipe.prior)

    def run() -> None:
        with redirect_stderr(StringIO()):  # its progress bar is drawn, and not shown
            fit(game, digits, gan_round, steps=game.step + rounds, batch_size=recipe.batch_size, progress=True)

    return run


def tutorial(recipe: Recipe, rounds: int, layout: torch.memory_format = torch.contiguous_format) -> Callable[[], None]:
    """The tutorial's loop, data included."""
    assert recipe.prior is not None
    digits = recipe.load_data()
    assert isinstance(digits, data.ImageSet)
    loader = DataLoader(PilImages(digits.images), recipe.batch_size, shuffle=True, num_workers=2, drop_last=True)
    players = [network.to(memory_format=layout) for network in networks(recipe)]
    play = tutorial_rounds(players[0], players[1], recipe.prior.dim, chain.from_iterable(repeat(loader)))
    return partial(play, rounds)


def bare(recipe: Recipe, rounds: int) -> Callable[[], None]:
    """Forward and backward passes only."""
    assert recipe.size is not None and recipe.prior is not None
    layout = torch.channels_last
    generator, discriminator = (network.to(memory_format=layout) for network in networks(recipe))
    real = torch.randn(recipe.batch_size, 1, recipe.size, recipe.size).clamp(-1, 1).to(memory_format=layout)
    z = recipe.prior.sample(recipe.batch_size)

    def run() -> None:
        for _ in range(rounds):
            for network in (generator, discriminator):
                network.zero_grad()
            with torch.no_grad():
                fake = generator(z)
            (discriminator(fake).mean() - discriminator(real).mean()).backward()
            with frozen(discriminator):
                discriminator(generator(z)).mean().backward()

    return run


WAYS: dict[str, Callable[[Recipe, int], Callable[[], None]]] = {
    "ours": ours,
    "tutorial": tutorial,
    "tutorial, channels last": partial(tutorial, layout=torch.channels_last),
    "bare": bare,
}


def speed(run: Callable[[], None], images: int) -> float:
    """Images a second of one turn."""
    started = time.perf_counter()
    run()
    return images / (time.perf_counter() - started)


def of_ways(recipe: Recipe, repeats: int, rounds: int) -> dict[str, list[float]]:
    """Images a second of every way, by turn; ``rounds`` of 0 are an epoch."""
    rounds = rounds or data_size(recipe) // recipe.batch_size
    ways = {name: partial(speed, way(recipe, rounds), rounds * recipe.batch_size) for name, way in WAYS.items()}
    return in_turn(ways, repeats)


def data_size(recipe: Recipe) -> int:
    """Images of an epoch."""
    samples = recipe.load_data()
    assert isinstance(samples, data.ImageSet)
    return len(samples)


def share(rounds: int) -> None:
    """What each process of :func:`processes` does: train, and let the first one say how fast, and how large it grew."""
    torch.set_num_threads(1)
    recipe = recipes.get(SHARED).at("laptop")
    game, play = player(recipe)
    play(rounds)  # warms up
    speeds = speed(partial(play, rounds), rounds * recipe.batch_size)
    found = {"images_per_s": speeds, "mib": peak_memory(), "processes": game.world}
    if game.rank == 0:
        print(json.dumps(found))


def processes(number: int, rounds: int) -> dict[str, Any]:
    """What ``number`` processes of one thread each reach together."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(number)] if number > 1 else []
    command = [sys.executable, *launch, "-m", "benchmarks.throughput", "--share", "--rounds", str(rounds)]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def of_processes(repeats: int, rounds: int) -> dict[str, Any]:
    """Images a second of one process and of two, by turn, and the MiB that the first one held at most."""
    held: dict[str, list[float]] = {"one": [], "two": []}

    def way(name: str, number: int) -> float:
        found = processes(number, rounds)
        held[name] += [] if found["mib"] is None else [found["mib"]]
        return float(found["images_per_s"])

    ways = {name: partial(way, name, number) for number, name in enumerate(held, 1)}
    return {"images_per_s": in_turn(ways, repeats), "mib": held}


def figures(kept: Any) -> list[Figure]:
    """Ratios, then memory."""
    asked = {"tutorial": 1.5, "bare": 0.95}
    lines = [
        Figure(f"images/s on the networks of {recipe}: ours ÷ {way}", ratios(ways["ours"], found), low=asked.get(way))
        for recipe, ways in kept["ways"].items()
        for way, found in ways.items()
        if way != "ours"
    ]
    shared = kept["processes"]
    ratio = ratios(*(shared["images_per_s"][name] for name in ("two", "one")))
    lines.append(Figure(f"images/s of {SHARED}: two processes of one thread ÷ one", ratio, low=1.6))
    return lines + [
        Figure(f"{SHARED}, training: MiB at most", found, ".0f") for found in [shared["mib"]["one"]] if found
    ]


def report(kept: Any) -> str:
    """Every way's images a second, and ours over it."""
    rows = [("networks", "way", "images/s", "ours ÷ it")]
    for recipe, ways in kept["ways"].items():
        rows += [
            (recipe, way, middle(found, ".0f"), middle(ratios(ways["ours"], found))) for way, found in ways.items()
        ]
    shared = [("processes of one thread", "images/s", "÷ one", "MiB at most")]
    speeds, held = kept["processes"]["images_per_s"], kept["processes"]["mib"]
    for name, found in speeds.items():
        shared.append(
            (name, middle(found, ".0f"), middle(ratios(found, speeds["one"])), middle(held[name] or [0], ".0f"))
        )
    return f"{table(rows)}\n\n{SHARED}\n{table(shared)}"


def main() -> None:
    """Measure, keep and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--share", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.share:
        return share(arguments.rounds)
    torch.set_num_threads(THREADS)
    ways = {name: of_ways(recipes.get(name).at("laptop"), arguments.repeats, arguments.rounds) for name in NETWORKS}
    kept = {"ways": ways, "processes": of_processes(arguments.repeats, arguments.rounds or SHARED_ROUNDS)}
    keep(NAME, kept)
    print(report(kept))


if __name__ == "__main__":
    main()

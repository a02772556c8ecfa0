"""What a round of each recipe costs here, what it sends, and whether the cost model knows how long two processes take.

    python -m benchmarks.communication [--repeats 3]

* ``recipes``: seconds of a round at the budget ``gpu``, the networks and batches of the papers, on this machine's two
  cores; parameters, updates, bytes of gradients. Photographs, which nobody downloads for this, are random pixels of
  their shape: a round takes as long on them.
* ``link``: seconds in which two processes on this machine average gradients of several sizes (gloo, the local network
  device).
* ``check``: seconds of a round alone on one thread, with half its batch, and shared by two processes of one thread, in
  turn; beside the model's prediction from the first two, the bytes and the link.

Of several turns the fastest counts: whatever else a machine does makes a round longer, never shorter. Where the system
lets it (as root), a turn runs ahead of everything else. ``load`` is what else waited. Writes
ganbook/results/communication.json. It takes about ten minutes of an idle machine.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.common import THREADS, Figure, keep, table
from benchmarks.scaling import BUCKET, Link, Work, line, shared
from benchmarks.stopwatch import ahead, middle
from ganbook import data, recipes
from ganbook.data.pairs import unpaired
from ganbook.recipes.recipe import Recipe
from ganbook.training import Game, fit

NAME = "communication"
RECIPES = (
    "ring", "dcgan-digits", "conditional-digits", "text-digits", "pix2pix-emoji", "cyclegan-emoji", "text-emoji",
    "dcgan-cifar10", "dcgan-lsun", "pix2pix-folder", "cyclegan-folder", "text-flowers",
)  # fmt: skip
SHARED_ROUNDS = {"ring": 50, "dcgan-digits": 10, "dcgan-cifar10": 5}
"""Recipes that two processes share, at the budget laptop, and how many rounds a turn has."""

SIZES = (1 << 12, 1 << 18, 1 << 20, 1 << 22, 1 << 24)
FEWEST_SECONDS = 1.5
DRAWN = 256
"""Random photographs, from which batches are drawn."""


def samples_of(recipe: Recipe) -> Any:
    """The recipe's data where a package brings them, else as many random ones of their shape."""
    if not isinstance(recipe.data, str):
        return recipe.load_data()
    try:
        return recipe.load_data()
    except (data.DataError, ValueError):
        size, chance = recipe.size or 256, torch.Generator().manual_seed(0)
        images, sources = torch.randint(0, 256, (2, DRAWN, 3, size, size), dtype=torch.uint8, generator=chance)
        captions = tuple(f"this flower has {i} petals that are long and of one colour" for i in range(DRAWN))
        kinds = {"sources": {"sources": sources}, "captions": {"captions": captions}}
        made = data.ImageSet("random", "train", images, **kinds.get(recipe.given, {}))
        return unpaired(made) if recipe.name.startswith("cyclegan") else made


def prepared(recipe: Recipe) -> tuple[Game, Callable[[int], float], dict[str, int]]:
    """The game, what plays so many rounds more and says how many seconds each took, and a count of its updates."""
    torch.manual_seed(0)
    game, samples = replace(recipe, prepare=None).game(), samples_of(recipe)
    updates = {"generator": 0, "discriminator": 0}

    def counting(player: str, update: Callable[[Any], None]) -> Callable[[Any], None]:
        def counted(loss: Any) -> None:
            updates[player] += 1
            update(loss)

        return counted

    for player in updates:
        setattr(game, f"update_{player}", counting(player, getattr(game, f"update_{player}")))

    def play(rounds: int) -> float:
        started = time.perf_counter()
        steps = game.step + rounds
        fit(game, samples, recipe.play, steps=steps, batch_size=recipe.batch_size, progress=False)
        return (time.perf_counter() - started) / rounds

    return game, play, updates


def round_of(name: str, budget: str, repeats: int) -> dict[str, Any]:
    """Seconds of a round, and what would be sent in it."""
    recipe = recipes.get(name).at(budget)
    game, play, updates = prepared(recipe)
    with ahead():
        play(1)  # warms up
        rounds = max(1, math.ceil(FEWEST_SECONDS / play(1)))
        seconds = [play(rounds) for _ in range(repeats)]
    played = game.step
    players = {"generator": game.generator, "discriminator": game.discriminator}
    parameters = {player: sum(p.numel() for p in of.parameters()) for player, of in players.items()}
    each = {player: updates[player] / played for player in players}
    return {
        "seconds": seconds,
        "batch_size": recipe.batch_size,
        "rounds": recipe.steps,
        "parameters": parameters,
        "updates": each,
        "sent": sum(4 * parameters[player] * each[player] for player in players),
        "calls": sum(math.ceil(4 * parameters[player] / BUCKET) * each[player] for player in players),
    }


def work(of: dict[str, Any], fixed: float = 0.0) -> Work:
    """What the model is told of a recipe."""
    return Work(min(of["seconds"]), of["sent"], round(of["calls"]), fixed)


# What each of several processes does. --------------------------------------------------------------------------------


def share(names: Sequence[str], repeats: int) -> None:
    """Play on one thread, alone with half a batch, too; the first process says how many seconds a round took."""
    torch.set_num_threads(1)
    alone, found = os.environ.get("WORLD_SIZE", "1") == "1", {}
    for name in names:
        whole = recipes.get(name).at("laptop")
        ways = {"alone" if alone else "two": prepared(whole)[1]}
        if alone:
            ways["half a batch"] = prepared(replace(whole, batch_size=whole.batch_size // 2))[1]
        with ahead():
            for play in ways.values():
                play(2)
            rounds = SHARED_ROUNDS[name]
            turns = [{way: play(rounds) for way, play in ways.items()} for _ in range(repeats)]
        found[name] = {way: [turn[way] for turn in turns] for way in ways}
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(found))


def average(repeats: int) -> None:
    """Let two processes average tensors of several sizes, and the first one say how long each took at best."""
    import torch.distributed as dist

    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    found = {}
    with ahead():
        for size in SIZES:
            tensor, took = torch.ones(size // 4), []
            for _ in range(repeats):
                dist.barrier()
                started = time.perf_counter()
                dist.all_reduce(tensor)
                took.append(time.perf_counter() - started)
            found[str(size)] = min(took[1:])
    if dist.get_rank() == 0:
        print(json.dumps(found))
    dist.destroy_process_group()


def launched(number: int, *arguments: str) -> dict[str, Any]:
    """What ``number`` processes of this script found, each on one thread."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(number)] if number > 1 else []
    command = [sys.executable, *launch, "-m", "benchmarks.communication", *arguments]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def check(repeats: int) -> dict[str, Any]:
    """Seconds of a round by recipe: alone, with half a batch, and of two processes; and what is sent."""
    one, two = (launched(n, "--share", "--repeats", str(repeats)) for n in (1, 2))
    about = {name: round_of(name, "laptop", 1) for name in SHARED_ROUNDS}
    kept = ("sent", "calls", "batch_size")
    return {name: one[name] | two[name] | {key: about[name][key] for key in kept} for name in SHARED_ROUNDS}


def predicted(found: dict[str, Any], link: Link) -> tuple[float, float]:
    """Seconds of a round of two processes by the model, and the share of it that is sending."""
    alone, half = (min(found[key]) for key in ("alone", "half a batch"))
    fixed = min(1.0, max(0.0, 2 * half / alone - 1))
    of = Work(alone, found["sent"], round(found["calls"]), fixed)
    seconds = shared(of, 2, link)
    return seconds, 1 - alone * (fixed + (1 - fixed) / 2) / seconds


def link_of(kept: Any) -> Link:
    """The measured one."""
    sizes = [float(size) for size in kept["link"]]
    return line(sizes, list(kept["link"].values()))


def figures(kept: Any) -> list[Figure]:
    """Measured over predicted, for every recipe that was checked."""
    link = link_of(kept)
    return [
        Figure(
            f"two processes of {name}: seconds of a round ÷ the model's",
            [min(found["two"]) / predicted(found, link)[0]],
        )
        for name, found in kept["check"].items()
    ]


def report(kept: Any) -> str:
    """Every recipe's round, then the check."""
    rows = [("recipe", "batch", "seconds a round", "MB sent")]
    for name, of in kept["recipes"].items():
        rows.append((name, str(of["batch_size"]), middle(of["seconds"], ".3g"), f"{of['sent'] / 1e6:.2f}"))
    link = link_of(kept)
    checked = [("two processes", "alone", "half a batch", "two", "model", "of it sending")]
    for name, found in kept["check"].items():
        seconds, part = predicted(found, link)
        cells = (middle(found[key], ".4f") for key in ("alone", "half a batch", "two"))
        checked.append((name, *cells, f"{seconds:.4f}", f"{part:.0%}"))
    about = f"link: {link.speed / 1e6:.0f} MB/s, {link.latency * 1e6:.0f} µs"
    return f"{table(rows)}\n\n{about}\n{table(checked)}"


def main() -> None:
    """Measure, keep and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--share", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--average", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.share:
        return share(tuple(SHARED_ROUNDS), arguments.repeats)
    if arguments.average:
        return average(20)
    torch.set_num_threads(THREADS)
    kept: dict[str, Any] = {"load": os.getloadavg()[0], "link": launched(2, "--average")}
    kept["check"] = check(arguments.repeats)
    kept["recipes"] = {}
    for name in RECIPES:
        kept["recipes"][name] = round_of(name, "gpu", arguments.repeats)
        keep(NAME, kept)  # the last ones take minutes
        print(f"{name}: {middle(kept['recipes'][name]['seconds'], '.3g')} s a round", flush=True)
    print(report(kept))


if __name__ == "__main__":
    main()

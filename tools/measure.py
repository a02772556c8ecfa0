"""Measure what the pages claim and what they take, for the reference pages and `ganbook.welcome`.

    python tools/measure.py [--budget smoke laptop] [--seeds 5] [--anew] [--timings] [PAGE ...]

Runs the notebooks of _toc.yml that make claims, one after the other, under the seeds that are missing, and adds each
run, when it ends, to book/reference/claims.json: page -> claim -> budget -> smallest and largest value and null over
the seeds, band, what it comes from if the page did not measure it, the seeds, their number, and of which cells. So it
may be stopped and started again, and two of them may run side by side, each with pages of its own.

A page whose code was changed (comments, layout and the setup cell apart) starts anew. A band that stands in a claim as
numbers, under a name that is no f-string, is read from the page and asks for no run. A change of the library is not
noticed: `--anew` runs again what is there.

With `--timings` every page runs under seed 0, and its seconds and the hardware go to ganbook/timings.json: leave the
machine idle. Without, nothing is timed.

A claim outside its band stops no run, and its range says so. Exits 1 if there is one, or if a page failed.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import math
import os
import platform
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, TypeGuard

from execute import execute
from pages import config, name, notebooks
from repository import ROOT

TIMINGS = ROOT / "ganbook" / "timings.json"
CLAIMS = ROOT / "book" / "reference" / "claims.json"

Bands = dict[str, tuple[float | None, float | None]]


def hardware() -> str:
    """What the pages ran on, in words."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} CPU cores ({platform.machine()})"


def code(path: Path) -> list[str]:
    """Source of a notebook's code cells but the setup cell, which is another for each version of the library."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    ours = [c for c in cells if c["cell_type"] == "code" and "setup" not in c["metadata"].get("tags", [])]
    return ["".join(cell["source"]) for cell in ours]


def version(cells: list[str]) -> tuple[str, Bands]:
    """Fingerprint of the code that can change a figure, and the bands that stand in it as numbers, which cannot."""
    trees = [_tree(cell) for cell in cells]
    made = [call for tree in trees for call in ast.walk(tree) if _is_claim(call)]
    named = Counter(ast.unparse(call.args[0]) for call in made)
    bands = Bands()
    for call in made:
        ends = dict(zip(("low", "high"), call.args[2:], strict=False))
        ends |= {key.arg: key.value for key in call.keywords if key.arg in ("low", "high")}
        try:
            claim = ast.literal_eval(call.args[0])
            band = {end: ast.literal_eval(value) for end, value in ends.items()}
        except ValueError:  # computed: another band is another version
            continue
        if band and named[repr(claim)] == 1 and all(key.arg for key in call.keywords):  # none by ** from elsewhere
            bands[claim] = (band.get("low"), band.get("high"))
            call.args, call.keywords = call.args[:2], [key for key in call.keywords if key.arg not in ends]
    code = "\n".join(map(ast.unparse, trees))
    return hashlib.sha256(code.encode()).hexdigest()[:12], bands


def _tree(cell: str) -> ast.AST:
    try:
        return ast.parse(cell)
    except SyntaxError:  # IPython's own
        return ast.Constant(cell)


def _is_claim(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("claim", "ganbook.claim")


def missing(known: dict[str, Any], budget: str, cells: str, seeds: int) -> list[int]:
    """The first seeds that a claim of the page lacks at this budget in the present version of its code."""
    made = [ranges[budget] for ranges in known.values() if budget in ranges]
    held = [set(range_["seeds"]) if range_.get("cells") == cells else set() for range_ in made]
    return sorted(set(range(seeds)) - set.intersection(*held or [set()]))


def measure(path: Path, budget: str, seed: int) -> tuple[float, list[dict[str, Any]], str | None]:
    """Run one notebook, past claims that do not hold; returns the wall seconds, its claims, and what broke it off."""
    first = f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nimport measure\nmeasure.go_on()"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "claims.jsonl")
        environment = {"GANBOOK_BUDGET": budget, "GANBOOK_SEED": str(seed), "GANBOOK_CLAIMS": str(log)}
        run = execute(path, config()["execute"]["timeout"], environment, first)
        lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    failure = run.failure and run.failure.strip().splitlines()[-1]
    return run.seconds, [json.loads(line) for line in lines], failure


def go_on() -> None:
    """In a kernel: a claim outside its band is logged and stops nothing, so that a run tells of all. NaN does."""
    from ganbook import claims

    keep = claims._keep

    def kept(made: claims.Claim) -> None:
        try:
            keep(made)
        except claims.ClaimError:
            if math.isnan(made.value):
                raise

    vars(claims)["_keep"] = kept


def outside(known: dict[str, Any], budget: str) -> list[str]:
    """In words, the claims whose range at this budget is not in its band."""
    from ganbook.claims import Claim

    said = []
    for claim, ranges in known.items():
        if budget in ranges:
            range_ = ranges[budget]
            least, most = (Claim(claim, range_[end], range_["low"], range_["high"]) for end in ("min", "max"))
            if not (least.holds and most.holds):
                said.append(f"{claim}: {least.value:.4g} to {most.value:.4g} (band: {least.band})")
    return said


def merge(
    known: dict[str, Any], claims: list[dict[str, Any]], budget: str, cells: str, seed: int, whole: bool = True
) -> None:
    """Widen a page's ranges (claim -> budget -> range) by the claims of one more run.

    A range of other cells starts anew. After a `whole` run, those that it did not make are gone. The claims of a run
    that broke off count, but its seed stays missing.
    """
    for claim in claims:
        value, null = claim["value"], claim["null"]
        ranges = known.setdefault(claim["name"], {})
        if ranges.get(budget, {}).get("cells") != cells:
            null_ = null if null is None else [null, null]
            ranges[budget] = {"min": value, "max": value, "null": null_, "runs": 0, "seeds": [], "cells": cells}
        range_ = ranges[budget]
        range_["min"], range_["max"] = min(range_["min"], value), max(range_["max"], value)
        if null is not None:
            range_["null"] = [min(range_["null"][0], null), max(range_["null"][1], null)]
        range_["seeds"] = sorted({*range_["seeds"], seed} if whole else range_["seeds"])
        range_.update(low=claim["low"], high=claim["high"], source=claim["source"], runs=len(range_["seeds"]))
    for title, ranges in list(known.items()):
        if whole and budget in ranges and ranges[budget].get("cells") != cells:
            del ranges[budget]
        if not ranges:
            del known[title]


def refresh(known: dict[str, Any], cells: str, bands: Bands) -> None:
    """Give the ranges of these cells the bands that stand there."""
    for claim, (low, high) in bands.items():
        for range_ in known.get(claim, {}).values():
            if range_.get("cells") == cells:
                range_.update(low=low, high=high)


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def save(path: Path, content: dict[str, Any]) -> None:
    """Write pages in reading order, all or nothing; those that are no longer in _toc.yml are dropped."""
    ordered = {page: content[page] for page in map(name, notebooks()) if content.get(page)}
    text = json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"
    text = re.sub(r"\[\n[^][{}\"]+\]", lambda numbers: json.dumps(json.loads(numbers[0])), text)  # on one line
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what the pages claim and what they take.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as game/minimax; default: all of _toc.yml")
    parser.add_argument("--budget", nargs="+", default=["smoke", "laptop"], choices=["smoke", "laptop", "gpu"])
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds the claims are measured under")
    parser.add_argument("--anew", action="store_true", help="also the seeds that were measured before")
    parser.add_argument("--timings", action="store_true", help="time each page; the machine must be idle")
    arguments = parser.parse_args()
    if unknown := set(arguments.pages) - set(map(name, notebooks())):
        parser.error(f"not in _toc.yml: {', '.join(sorted(unknown))}")

    failures = 0
    for path in notebooks():
        if not arguments.pages or name(path) in arguments.pages:
            for budget in arguments.budget:
                failures += of_page(path, budget, arguments.seeds, anew=arguments.anew, timed=arguments.timings)
    sys.exit(1 if failures else 0)


def of_page(path: Path, budget: str, seeds: int, anew: bool, timed: bool) -> int:
    """Measure one page at one budget; returns how many runs broke off and how many claims lie outside their bands."""
    page, source, failures = name(path), code(path), 0
    cells, bands = version(source)
    # What is kept is read again before it is written: others may have written since, of other pages.
    claims = load(CLAIMS)
    if anew:
        for ranges in claims.get(page, {}).values():
            ranges.get(budget, {}).pop("cells", None)
        save(CLAIMS, claims)
    elif page in claims:
        refresh(claims[page], cells, bands)
        save(CLAIMS, claims)
    claiming = re.search(r"\b(claim|replayed)\(", "\n".join(source))
    wanted = missing(claims.get(page, {}), budget, cells, seeds) if claiming else []
    for seed in sorted({0, *wanted} if timed else wanted):
        seconds, made, failure = measure(path, budget, seed)
        print(f"{page} {budget} seed {seed}: {seconds:.1f} s, {len(made)} claims {failure or ''}", flush=True)
        failures += failure is not None
        if version(code(path))[0] != cells:
            print(f"{page} was changed while it ran: not kept", flush=True)
            return failures + 1
        if timed and seed == 0 and failure is None:
            timings = load(TIMINGS)
            timings.setdefault(page, {})[budget] = {"seconds": round(seconds, 1), "hardware": hardware()}
            save(TIMINGS, timings)
        claims = load(CLAIMS)
        merge(claims.setdefault(page, {}), made, budget, cells, seed, whole=failure is None)
        save(CLAIMS, claims)
    left = outside(load(CLAIMS).get(page, {}), budget)
    for claim in left:
        print(f"{page} {budget}: {claim}", flush=True)
    return failures + len(left)


if __name__ == "__main__":
    main()

"""Measure what the pages take and what they claim, for the reference pages and `ganbook.welcome`.

    python tools/measure.py [--budget smoke laptop] [--seeds 5] [PAGE ...]

Runs the notebooks of _toc.yml one after the other (leave the machine idle) and updates, page by page,

- ganbook/timings.json: page -> budget -> seconds, hardware (seed 0);
- book/reference/claims.json: page -> claim -> budget -> smallest and largest value and null over the seeds, band, what
  it comes from if the page did not measure it, runs.

Only pages that make claims run again under further seeds. Exits 1 if a page failed or a claim left its band.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from execute import execute
from pages import ROOT, config, name, notebooks

TIMINGS = ROOT / "ganbook" / "timings.json"
CLAIMS = ROOT / "book" / "reference" / "claims.json"


def hardware() -> str:
    """What the pages ran on, in words."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} CPU cores ({platform.machine()})"


def measure(path: Path, budget: str, seed: int) -> tuple[float, list[dict[str, Any]], str | None]:
    """Run one notebook; returns the wall seconds, its claims in order, and what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "claims.jsonl")
        environment = {"GANBOOK_BUDGET": budget, "GANBOOK_SEED": str(seed), "GANBOOK_CLAIMS": str(log)}
        run = execute(path, config()["execute"]["timeout"], environment)
        lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    failure = run.failure and run.failure.strip().splitlines()[-1]
    return run.seconds, [json.loads(line) for line in lines], failure


def merge(known: dict[str, Any], claims: list[dict[str, Any]], budget: str, first: bool) -> None:
    """Widen a page's ranges (claim -> budget -> range) by the claims of one more run; `first` starts them anew."""
    if first:
        for ranges in known.values():
            ranges.pop(budget, None)
    for claim in claims:
        value, null = claim["value"], claim["null"]
        new = {"min": value, "max": value, "null": null if null is None else [null, null], "runs": 0}
        range_ = known.setdefault(claim["name"], {}).setdefault(budget, new)
        range_["min"], range_["max"] = min(range_["min"], value), max(range_["max"], value)
        if null is not None:
            range_["null"] = [min(range_["null"][0], null), max(range_["null"][1], null)]
        range_.update(low=claim["low"], high=claim["high"], source=claim["source"], runs=range_["runs"] + 1)
    for gone in [key for key, ranges in known.items() if not ranges]:
        del known[gone]


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def save(path: Path, content: dict[str, Any]) -> None:
    """Write pages in reading order; those that are no longer in _toc.yml are dropped."""
    ordered = {page: content[page] for page in map(name, notebooks()) if content.get(page)}
    path.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what the pages take and what they claim.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as game/minimax; default: all of _toc.yml")
    parser.add_argument("--budget", nargs="+", default=["smoke", "laptop"], choices=["smoke", "laptop", "gpu"])
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds the claims are measured under")
    arguments = parser.parse_args()
    if unknown := set(arguments.pages) - set(map(name, notebooks())):
        parser.error(f"not in _toc.yml: {', '.join(sorted(unknown))}")

    failures = 0
    for path in notebooks():
        page = name(path)
        if arguments.pages and page not in arguments.pages:
            continue
        for budget in arguments.budget:
            for seed in range(arguments.seeds):
                seconds, made, failure = measure(path, budget, seed)
                print(f"{page} {budget} seed {seed}: {seconds:.1f} s, {len(made)} claims {failure or ''}", flush=True)
                failures += failure is not None
                # Read again: two of these may run side by side, each with pages of its own.
                timings, claims = load(TIMINGS), load(CLAIMS)
                if seed == 0 and failure is None:
                    timings.setdefault(page, {})[budget] = {"seconds": round(seconds, 1), "hardware": hardware()}
                merge(claims.setdefault(page, {}), made, budget, first=seed == 0)
                save(TIMINGS, timings)
                save(CLAIMS, claims)
                if not made:
                    break  # nothing on the page depends on the seed that a further run would show
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

"""All that was measured, in one table.

    python -m benchmarks [--full]

The scripts in QUICK are run first, in a quarter of an hour on an idle machine. Of the others the kept result is read,
and the table says of which day it is; with ``--full`` they play what is missing in it, which takes hours.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from benchmarks.common import table
from ganbook import results

QUICK = ("import_time", "throughput")
LONG = (
    "speedrun",
    "live",
    "settling",
    "quick",
    "modes",
    "overfitting",
    "depth",
    "judges",
    "distilling",
    "dcgan_rules",
    "conditioning",
    "translation",
    "captions",
    "people",
    "few_pictures",
    "own_steps",
    "communication",
    "many_files",
    "challenges",
)


def lines(module: ModuleType) -> list[tuple[str, str, str, str, str]]:
    """The table's rows of one script."""
    name = module.__name__.removeprefix("benchmarks.")
    kept = module.figures(results.load(name)) if name in results.names() else []
    found = [figure for figure in kept if figure.values]  # what was not played yet has none
    return [(name, *figure.row(), results.when(name)) for figure in found] or [(name, "no result yet", "", "", "")]


def main() -> None:
    """Run, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="play what is missing in the long ones too")
    root = Path(__file__).parents[1]
    for name in (*QUICK, *LONG) if parser.parse_args().full else QUICK:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=root, check=True)
    rows = [("benchmark", "what", "median (range)", "asked, or by chance", "measured")]
    for name in (*QUICK, *LONG):
        rows += lines(importlib.import_module(f"benchmarks.{name}"))
    print(f"\n{table(rows)}")


if __name__ == "__main__":
    main()

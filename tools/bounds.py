"""Test the library with the lowest releases that pyproject.toml allows, and with the newest, on each Python.

    pip install uv
    python tools/bounds.py                                        # both ends on every Python, in a table
    python tools/bounds.py --python 3.13 --end lowest             # one environment
    python tools/bounds.py --python 3.12 -- tests/test_cli.py -x  # other arguments of pytest

uv finds or fetches the Pythons, makes the environments (3 to 6 GB each, most of it shared in its cache) and resolves
"lowest" as the first release of each range that has a wheel there: numpy 1.26 on Python 3.11, 2.1 on 3.13.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tomllib
from itertools import chain

from packaging.requirements import Requirement

from repository import ROOT
from run_tests import LIBRARY, ONE_THREAD, Part, pytest, run_all

ENDS = {"lowest": "lowest-direct", "newest": "highest"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [last for line in PROJECT["classifiers"] if (last := line.rpartition(" ")[2]).startswith("3.")]


def part(python: str, end: str, arguments: list[str]) -> Part:
    """Pytest in an environment of its own, in which every requirement of the project stands at one end of its range."""
    asked = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
    with_all = []
    for requirement in (Requirement(line) for line in asked):
        if requirement.name != PROJECT["name"]:
            # Wheels only: an old release would otherwise be compiled, or fail to be, on a new Python.
            with_all += ["--with", str(requirement), "--no-build-package", requirement.name]
    environment = ["--isolated", "--no-project", "--with-editable", ".", "--python", python, "--resolution", ENDS[end]]
    command = ["uv", "run", *environment, *with_all, *pytest(*arguments, python="python")]
    return Part(f"Python {python}, {end}", [command], ONE_THREAD)


def main() -> None:
    parser = argparse.ArgumentParser(description="Test the library at both ends of its ranges, on each Python.")
    parser.add_argument("--python", nargs="+", default=PYTHONS, help=f"default: {' '.join(PYTHONS)}")
    parser.add_argument("--end", nargs="+", choices=list(ENDS), default=list(ENDS), help="default: both")
    parser.add_argument("tests", nargs="*", default=LIBRARY, help="arguments of pytest, after --")
    chosen = parser.parse_args()
    if shutil.which("uv") is None:
        sys.exit("uv is not here: pip install uv")
    parts = [part(python, end, chosen.tests) for python in chosen.python for end in chosen.end]
    sys.exit(run_all(parts, title="environment"))


if __name__ == "__main__":
    main()

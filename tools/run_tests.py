"""Run every part of the tests, one after the other, and say in one table at the end what each gave.

    python tools/run_tests.py           # all parts
    python tools/run_tests.py library   # some of them: browser style types web library notebooks book

A part that fails does not keep the next ones from running; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from repository import ROOT

PYTHON = sys.executable
# For two workers. With more threads they wait for each other, and a small network took ten times as long.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
LIBRARY = ["-n", "2", "--dist", "loadfile", "ganbook", "tests", "--ignore=tests/notebooks", "--ignore=tests/book"]


@dataclass(frozen=True)
class Part:
    """Commands that are all run, whether or not one before them failed."""

    name: str
    commands: list[list[str]]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a part gave; tests are counted where pytest ran to its end."""

    name: str
    well: bool
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def pytest(*arguments: str, python: str = PYTHON) -> list[str]:
    return [python, "-m", "pytest", *arguments]


PARTS = [
    Part("browser", [[PYTHON, "tools/browser.py", "--get"]]),
    Part("style", [[PYTHON, "-m", "ruff", "check", "."], [PYTHON, "-m", "ruff", "format", "--check", "."]]),
    Part("types", [[PYTHON, "-m", "mypy"]]),
    Part("web", [[PYTHON, "tools/web.py", "--check"]]),
    Part("library", [pytest(*LIBRARY)], ONE_THREAD),
    Part("notebooks", [pytest("tests/notebooks")]),
    Part("book", [pytest("-n", "2", "--dist", "worksteal", "tests/book")], ONE_THREAD),
]


def run(part: Part, root: Path = ROOT) -> Outcome:
    """Run a part, its output where ours goes, and count the tests from the reports that pytest writes."""
    print(f"\n== {part.name}", flush=True)
    started, statuses, counts = time.monotonic(), [], {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as folder:
        for number, command in enumerate(part.commands):
            report = Path(folder, f"{number}.xml")
            written = [f"--junit-xml={report}"] if "pytest" in command else []
            environment = {**os.environ, **part.environment}
            statuses.append(subprocess.run([*command, *written], cwd=root, env=environment, check=False).returncode)
            for suite in ElementTree.parse(report).iter("testsuite") if report.is_file() else ():
                counts = {key: count + int(suite.get(key, 0)) for key, count in counts.items()}
    failed = counts["failures"] + counts["errors"]
    return Outcome(
        part.name,
        well=not any(statuses),
        seconds=time.monotonic() - started,
        passed=max(0, counts["tests"] - failed - counts["skipped"]),
        failed=failed,
        skipped=counts["skipped"],
    )


def table(outcomes: Iterable[Outcome], title: str = "part") -> str:
    """One line per part; the last one is the sum alone, where tests were counted."""
    outcomes = list(outcomes)
    wide = max(len(title), *(len(outcome.name) for outcome in outcomes))
    lines = [f"{title:<{wide}}  {'passed':>7}  {'failed':>7}  {'skipped':>7}  {'seconds':>7}  outcome"]
    for outcome in outcomes:
        counts = (outcome.passed, outcome.failed, outcome.skipped)
        figures = "  ".join(f"{count if any(counts) else '–':>7}" for count in counts)
        lines.append(
            f"{outcome.name:<{wide}}  {figures}  {outcome.seconds:>7.0f}  {'ok' if outcome.well else 'FAILED'}"
        )
    passed, failed = sum(outcome.passed for outcome in outcomes), sum(outcome.failed for outcome in outcomes)
    return "\n".join([*lines, *(["", f"{passed} passed, {failed} failed"] if passed + failed else [])])


def run_all(parts: Iterable[Part], root: Path = ROOT, title: str = "part") -> int:
    """Run all parts and print the table; returns the exit status, 1 where a part failed."""
    outcomes = [run(part, root) for part in parts]
    print(f"\n{table(outcomes, title)}")
    return 0 if all(outcome.well for outcome in outcomes) else 1


def main() -> None:
    parser = argparse.ArgumentParser(description="Run every part of the tests, and say in one table what each gave.")
    names = [part.name for part in PARTS]
    parser.add_argument("part", nargs="*", help=f"default: all of {', '.join(names)}")
    chosen = parser.parse_args().part
    if unknown := sorted({*chosen} - {*names}):
        parser.error(f"part is {unknown[0]!r}: allowed are {', '.join(names)}")
    sys.exit(run_all(part for part in PARTS if not chosen or part.name in chosen))


if __name__ == "__main__":
    main()

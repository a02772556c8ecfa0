"""Derive what the exercises need from their one source, the notebooks with solutions.

    python tools/exercises.py student [--check] [NAME …]   # exercises/solutions/NAME.ipynb -> exercises/NAME.ipynb
    python tools/exercises.py table [--check]              # the answers in tests/checks -> reference/checks.json

With --check nothing is written: the stale files are named and the exit status is 1.

In a source notebook, what stands between `### BEGIN SOLUTION` and `### END SOLUTION` becomes a stub that raises
NotImplementedError, or, where a line `### STUB` follows the solution, the commented lines after it, uncommented. Cells
tagged `solution` are dropped. All other cells are the same in both, ids included.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat

from ganbook.checks import STUB_MESSAGE
from notebooks import setup_source, text
from pages import ROOT

SOLUTIONS, STUDENT = ROOT / "book/exercises/solutions", ROOT / "book/exercises"
TABLE = ROOT / "book/reference/checks.json"
REGION = re.compile(
    r"^(?P<indent>[ ]*)### BEGIN SOLUTION\n(?P<solution>.*?)(?:^[ ]*### STUB\n(?P<stub>.*?))?^[ ]*### END SOLUTION",
    re.DOTALL | re.MULTILINE,
)
#: The last code cell of every source: it fails the notebook, and so the book and the tests, if a solution is wrong.
GUARD = "check.require_all_passed()"
HOW_TO = """\
**How this works.** Replace each `raise NotImplementedError("{stub}")` by your own lines, run the cell, then run the
check below it. A card tells you what was tried and what came and, if something differs, where to look. Check again, or
call `check.hint()`, for more: the mistake by its name, a case to run, the section to read, at last what was expected.
You may check as often as you like, and go on with the next task before the last one passes. ●○○ is a task of a few
lines, ●●● one to think about.
When you are done or stuck for good, compare with the [solutions](solutions/{name}.ipynb)."""


def stub(region: re.Match[str]) -> str:
    """What the learner finds in place of a solution."""
    if region["stub"] is None:
        return f'{region["indent"]}raise NotImplementedError("{STUB_MESSAGE}")'
    lines = [re.sub(r"^([ ]*)# ?", r"\1", line).rstrip() for line in region["stub"].splitlines()]
    return "\n".join(lines)


def student(source: Any, name: str) -> Any:
    """The student notebook of a source notebook (which is changed)."""
    code = [cell.source for cell in source.cells if cell.cell_type == "code"]
    if not code or GUARD not in code[-1]:
        raise ValueError(f"{name}: the last code cell must call {GUARD}")
    cells: list[Any] = []
    for cell in source.cells:
        tags = cell.metadata.get("tags", [])
        if "solution" in tags:
            continue
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../../", "](../").replace("# Solutions ", "# Exercises ", not cells)
        elif "setup" in tags:
            cell.source = setup_source(f"exercises/{name}")
        elif REGION.search(cell.source):
            if "hide-input" not in tags:
                raise ValueError(f"{name}: cell {cell.id} holds a solution: tag it hide-input")
            cell.source = REGION.sub(stub, cell.source)
            cell.metadata.tags = [tag for tag in tags if tag != "hide-input"]
        if re.search("### (BEGIN|END|STUB)", cell.source):
            raise ValueError(f"{name}: cell {cell.id} has a solution marker without its partner")
        cells.append(cell)
    how_to = nbformat.v4.new_markdown_cell(HOW_TO.format(name=name, stub=STUB_MESSAGE), id="how-this-works")
    source.cells = [cells[0], how_to, *cells[1:]]
    return source


def students(names: list[str]) -> dict[Path, str]:
    """Each student notebook (all, or those named) with the text it must have."""
    paths = [SOLUTIONS / f"{name}.ipynb" for name in names] or sorted(SOLUTIONS.glob("*.ipynb"))
    return {STUDENT / path.name: text(student(nbformat.read(path, as_version=4), path.stem)) for path in paths}


def table() -> dict[Path, str]:
    """The table of answers that the checks are tested with."""
    sys.path.insert(0, str(ROOT / "tests/checks"))
    harness = importlib.import_module("harness")
    return {TABLE: json.dumps(harness.summary(), indent=1, ensure_ascii=False) + "\n"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("student", "table"))
    parser.add_argument("names", nargs="*", help="exercise notebooks, e.g. two_players (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    arguments = parser.parse_intermixed_args()
    wanted = students(arguments.names) if arguments.what == "student" else table()
    stale = [path for path, new in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != new]
    for path in stale:
        if not arguments.check:
            path.write_text(wanted[path], encoding="utf-8")
        state = f"is stale: run python tools/exercises.py {arguments.what}" if arguments.check else "written"
        print(f"{path.relative_to(ROOT)} {state}")
    sys.exit(1 if stale and arguments.check else 0)


if __name__ == "__main__":
    main()

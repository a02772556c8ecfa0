"""Every notebook of the book, as it is committed and as it runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

import notebooks as tool
from pages import ROOT, name, notebooks, pages

LONGEST_CELL = 20  # lines; what is longer lives in ganbook/ (the setup cell, which a tool writes, included)
LONGEST_SOLUTION = 30  # such a cell holds the task, its markers and the solution
CELL_TIMEOUT = 150  # seconds at the budget `smoke`; the slowest cell takes a tenth of it on two idle cores
NOTEBOOKS = notebooks()


def of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_cells(path: Path) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


# How they run ---------------------------------------------------------------------------------------------------------


@dataclass
class Ran:
    """What nbval reports of one notebook."""

    passed: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)


def nbval(paths: list[Path], folder: Path, processes: int = 2) -> dict[str, Ran]:
    """Run notebooks under nbval at the smallest budget; returns notebook -> cells."""
    report = folder / "nbval.xml"
    command = [
        *(sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "-p", "no:cacheprovider"),
        *(f"--nbval-cell-timeout={CELL_TIMEOUT}", "--nbval-kernel-startup-timeout=120", f"--junitxml={report}"),
        *("-n", str(processes), "--dist", "loadfile", f"--rootdir={folder if folder in paths[0].parents else ROOT}"),
        *map(str, paths),
    ]
    threads = max(1, (os.cpu_count() or 1) // processes)
    environment = os.environ | {"GANBOOK_BUDGET": "smoke", "OMP_NUM_THREADS": str(threads)}
    # The outer run's own settings of workers must not reach the inner one.
    environment = {key: value for key, value in environment.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert report.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
    return read_report(report)


def read_report(report: Path) -> dict[str, Ran]:
    """pytest names a cell of book/game/x.ipynb `book.game.x.ipynb` / `Cell 3`."""
    ran: dict[str, Ran] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        notebook = ran.setdefault(case.get("classname", ""), Ran())
        cell = case.get("name", "").rpartition("::")[2]
        bad = [child for child in case if child.tag in ("failure", "error")]
        if bad:
            notebook.failed[cell] = "\n".join(child.text or child.get("message", "") for child in bad)[-4000:]
        elif any(child.tag == "skipped" for child in case):
            notebook.skipped.add(cell)
        else:
            notebook.passed.add(cell)
    return ran


@pytest.fixture(scope="session")
def ran(tmp_path_factory) -> dict[str, Ran]:
    """All notebooks of `_toc.yml`, run once."""
    return nbval(NOTEBOOKS, tmp_path_factory.mktemp("nbval"))


def test_the_notebooks_run_are_those_of_the_toc(ran):
    assert len(NOTEBOOKS) >= 13
    assert set(ran) == {of(path).replace("/", ".") for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_a_notebook_runs_from_its_first_cell_to_its_last(ran, path):
    result = ran.get(of(path).replace("/", "."), Ran())
    assert result.failed == {}
    assert result.skipped == set()
    assert result.passed == {f"Cell {number}" for number in range(len(code_cells(path)))}
    assert result.passed


def test_nbval_would_see_a_failing_and_a_skipped_cell(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in ("1 + 1", "1 / 0", "# NBVAL_SKIP\n1 + 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "sample.ipynb")
    (result,) = nbval([tmp_path / "sample.ipynb"], tmp_path, processes=1).values()
    assert result.passed == {"Cell 0"}
    assert list(result.failed) == ["Cell 1"]
    assert result.skipped == {"Cell 2"}


# How they are committed -----------------------------------------------------------------------------------------------


def test_no_notebook_lies_beside_the_toc():
    beside = {path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert sorted(map(of, beside)) == sorted(map(of, NOTEBOOKS))


def test_no_page_lies_beside_the_toc():
    beside = set((ROOT / "book").rglob("*.md")) - {path for path in pages() if path.suffix == ".md"}
    assert sorted(path.relative_to(ROOT).as_posix() for path in beside if "vendor" not in path.parts) == []


def test_notebooks_hold_no_outputs_and_no_editors_metadata():
    assert [of(path) for path in tool.rewrite("clean", check=True)] == []


def test_setup_cells_are_fresh():
    assert [of(path) for path in tool.rewrite("setup", check=True)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_the_first_code_cell_is_the_only_setup_cell(path):
    tagged = ["setup" in cell.metadata.get("tags", []) for cell in code_cells(path)]
    assert tagged[0]
    assert sum(tagged) == 1
    assert code_cells(path)[0].source.rstrip().endswith(f'ganbook.welcome("{name(path)}")')


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_code_cells_are_short(path):
    lines = {cell.id: len(cell.source.splitlines()) for cell in code_cells(path)}
    solved = {cell.id for cell in code_cells(path) if "### BEGIN SOLUTION" in cell.source}
    long = {id: n for id, n in lines.items() if n > (LONGEST_SOLUTION if id in solved else LONGEST_CELL)}
    assert long == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_figures_are_shown_with_their_text(path):
    for cell in code_cells(path):
        assert not re.search(r"\bplt\.show\(|\bdisplay\(\s*fig", cell.source), f"{cell.id}: use plots.show(fig, alt=…)"
        for call in re.finditer(r"\bplots\.(show|film)\(", cell.source):
            assert re.search(r"\balt\b", cell.source[call.start() :]), f"{cell.id}: plots.{call[1]}(…) without alt"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_no_cell_is_excused_from_running_or_from_failing(path):
    """`raises-exception` also passes when nothing raises; a skipped cell proves nothing."""
    for cell in code_cells(path):
        tags = {tag.lower() for tag in cell.metadata.get("tags", [])}
        assert not {tag for tag in tags if tag.startswith(("nbval", "raises", "skip-execution"))}, cell.id
        assert not re.search(r"NBVAL_|PYTEST_VALIDATE", cell.source), cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_no_cell_needs_a_file_beside_the_notebook(path):
    """On Colab there is none: what a page shows comes with the library."""
    for cell in code_cells(path)[1:]:
        assert not re.search(r"\bPath\(|(?<!\.)\bopen\(|\bread_(text|bytes)\(", cell.source), cell.id

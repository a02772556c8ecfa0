"""Every notebook of the book, as it is committed and as it runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

import ganbook
import notebooks as tool
from ganbook.checks.scores import FILE as SCORES
from ganbook.cli import chapters
from pages import ROOT, name, notebooks, pages

LONGEST_CELL = 20  # lines; what is longer lives in ganbook/ (the setup cell, which a tool writes, included)
WIDEST_LINE = 88  # columns, those of book/ruff.toml; ruff lets a line pass that ends in a long address or a `noqa`
ONE_TASK = "one function: the task, its solution and its stub, between markers that a tool reads in one cell"
ONE_ROUND = "one function: a whole round of both players, which is chapter 1's, line by line"
#: Cells that are longer because they cannot be two: page -> id of the cell -> why.
LONGER_CELLS = {
    "exercises/solutions/building_blocks": {"c200f294": ONE_TASK},
    "exercises/solutions/conditional": {"fbcfe72c": ONE_TASK, "37d11877": ONE_TASK},
    "exercises/solutions/convergence": {"9f8b8cfa": ONE_TASK},
    "exercises/solutions/cyclegan": {"3a3ef648": ONE_TASK, "f64cf094": ONE_TASK},
    "exercises/solutions/dcgan": {"b693eb71": ONE_TASK},
    "exercises/solutions/deeper": {"cadb5f5a": ONE_TASK},
    "exercises/solutions/failures": {"35f338a4": ONE_TASK},
    "exercises/solutions/measuring": {"023935f5": ONE_TASK, "df2e786d": ONE_TASK},
    "exercises/solutions/minimax": {"1743259a": ONE_TASK},
    "exercises/solutions/pix2pix": {"586c8033": ONE_TASK, "42786873": ONE_TASK},
    "exercises/solutions/saturation": {"10b57b92": ONE_TASK},
    "exercises/solutions/standing": {"f3e698c1": ONE_TASK},
    "exercises/solutions/text": {"742853fd": ONE_TASK, "5ed12a62": ONE_TASK},
    "exercises/solutions/two_players": {"c8cd599f": ONE_TASK},
    "game/convergence": {"33460fbe": ONE_ROUND},
}
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
    # The score of exercises is kept in the test's folder, and not beside the notebooks.
    own = {"GANBOOK_BUDGET": "smoke", "GANBOOK_PROGRESS": str(folder), "OMP_NUM_THREADS": str(threads)}
    environment = os.environ | own
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


def test_a_run_leaves_no_score_beside_the_exercises(tmp_path):
    checked = nbformat.v4.new_code_cell("from ganbook import checks\nchecks.saturation.ten_times(-2.303)")
    (beside := tmp_path / "exercises").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[checked]), beside / "sample.ipynb")
    (result,) = nbval([beside / "sample.ipynb"], tmp_path, processes=1).values()
    assert result.passed == {"Cell 0"} and list(tmp_path.rglob(SCORES)) == [tmp_path / SCORES]


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


def test_chapters_are_called_on_the_command_line_as_their_pages_are():
    of_chapters = [page for page in NOTEBOOKS if page.parent.name in ("game", "images", "control")]
    titles = [nbformat.read(page, 4).cells[0].source.splitlines()[0].removeprefix("# ") for page in of_chapters]
    known = {f"Chapter {number} · {title}" for number, title in enumerate(titles, start=1)}
    assert {heading for heading, _ in chapters.CHAPTERS} - known == {chapters.OWN}


def test_notebooks_hold_no_outputs_and_no_editors_metadata():
    assert [of(path) for path in tool.rewrite("clean", check=True)] == []


def test_setup_cells_are_fresh():
    assert [of(path) for path in tool.rewrite("setup", check=True)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_the_first_code_cell_is_the_only_setup_cell(path):
    tagged = ["setup" in cell.metadata.get("tags", []) for cell in code_cells(path)]
    assert tagged[0]
    assert sum(tagged) == 1
    assert f'    ganbook.welcome("{name(path)}", needs="{ganbook.__version__}")\n' in code_cells(path)[0].source


def shown_cells(path: Path) -> list:
    """The code cells that stay on the page."""
    return [cell for cell in code_cells(path) if "remove-cell" not in cell.metadata.get("tags", [])]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_code_cells_are_short(path):
    longer = {cell.id for cell in shown_cells(path) if len(cell.source.splitlines()) > LONGEST_CELL}
    assert longer == set(LONGER_CELLS.get(name(path), ())), "split what is new; drop an exemption no longer needed"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_lines_of_code_fit_beside_the_sidebars(path):
    lines = [line for cell in shown_cells(path) for line in cell.source.splitlines()]
    assert [line for line in lines if len(line) > WIDEST_LINE] == []


def test_longer_cells_are_those_of_pages_and_tasks():
    assert set(LONGER_CELLS) <= set(map(name, NOTEBOOKS))
    for path in NOTEBOOKS:
        sources = {cell.id: cell.source for cell in code_cells(path)}
        for id, reason in LONGER_CELLS.get(name(path), {}).items():
            assert ("### BEGIN SOLUTION" in sources[id]) == (reason == ONE_TASK), id


def test_ruff_measures_notebooks_by_the_same_width():
    settings = tomllib.loads((ROOT / "book/ruff.toml").read_text(encoding="utf-8"))
    ruled = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert settings["line-length"] == WIDEST_LINE
    assert "E501" not in {rule for rules in ruled["per-file-ignores"].values() for rule in rules}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_figures_are_shown_with_their_text(path):
    for cell in code_cells(path):
        assert not re.search(r"\bplt\.show\(|\bdisplay\(\s*fig", cell.source), f"{cell.id}: use plots.show(fig, alt=…)"
        for call in re.finditer(r"\bplots\.(show|film)\(", cell.source):
            assert re.search(r"\balt\b", cell.source[call.start() :]), f"{cell.id}: plots.{call[1]}(…) without alt"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_a_table_is_the_last_of_its_cell(path):
    """A notebook shows what a cell ends with; a table before that is made and lost."""
    for cell in code_cells(path)[1:]:
        for statement in ast.parse(re.sub(r"^\s*[%!]", "# ", cell.source, flags=re.MULTILINE)).body[:-1]:
            assert not ast.unparse(statement).startswith("plots.table("), cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=of)
def test_no_cell_ends_in_a_network(path):
    """Jupyter would show all of its layers; a semicolon after the call keeps them off the page."""
    returns_it = {"eval", "load_state_dict", "requires_grad_", "to", "train"}
    shown = []
    for cell in code_cells(path):
        if "setup" not in cell.metadata.get("tags", []) and not cell.source.rstrip().endswith(";"):
            match ast.parse(cell.source).body:
                case [*_, ast.Expr(ast.Call(ast.Attribute(attr=method)))] if method in returns_it:
                    shown.append(cell.id)
    assert shown == []


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

"""The exercise notebooks: derived, fresh, all right with solutions, all "not yet" without."""

import contextlib
import importlib
import io
import os
import re
import sys

import nbformat
import pytest
from harness import sheets

from exercises import GUARD, REGION, SOLUTIONS, STUDENT, stub, student, students
from ganbook import checks
from ganbook.checks.challenge import BOARDS

SHEETS = sheets()


def read(folder, name):
    return nbformat.read(folder / f"{name}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def run(notebook, sheet):
    """Run the code cells in this process, without the setup cell; returns the status of each task."""
    sheet.statuses.clear()
    play(notebook.cells, {"__name__": "__main__"})
    return sheet.results()


def play(cells, names):
    """Run code cells, without the setup cell, among these names."""
    for cell in cells:
        if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", []):
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile("import ganbook\n" + cell.source, cell.id, "exec"), names)


@pytest.fixture(autouse=True)
def smoke(monkeypatch):
    monkeypatch.setenv("GANBOOK_BUDGET", "smoke")
    monkeypatch.setenv("MPLBACKEND", "agg")


@pytest.mark.parametrize("name", checks.NOTEBOOKS)
def test_student_notebook_is_fresh(name):
    for path, text in students([name]).items():
        assert path.read_text(encoding="utf-8") == text, f"run python tools/exercises.py student {name}"


@pytest.mark.parametrize("name", SHEETS)
def test_with_solutions_every_check_passes(name):
    assert set(run(read(SOLUTIONS, name), SHEETS[name][0]).values()) == {"passed"}


@pytest.mark.parametrize("name", SHEETS)
def test_blank_every_check_says_not_yet_and_nothing_raises(name):
    assert set(run(read(STUDENT, name), SHEETS[name][0]).values()) == {"not yet"}


@pytest.mark.parametrize("name", SHEETS)
def test_every_task_is_asked_and_checked_in_order(name):
    tasks = SHEETS[name][0].tasks
    source = "\n".join(code_cells(read(STUDENT, name)))
    calls = re.findall(r"^check\.(\w+)\((\w+)\)$", source, re.MULTILINE)
    assert [call for call in calls if call[0] in tasks] == [(task, task) for task in tasks]


@pytest.mark.parametrize("name", SHEETS)
def test_no_line_of_a_solution_leaks(name):
    blank = "\n".join(code_cells(read(STUDENT, name)))
    given = {line.strip() for line in blank.splitlines()}
    for region in REGION.finditer("\n".join(code_cells(read(SOLUTIONS, name)))):
        allowed = {line.strip(" #") for line in (region["stub"] or "").splitlines()}
        lines = {line.strip() for line in region["solution"].splitlines() if len(line.strip()) > 25}
        assert lines & given <= allowed


@pytest.mark.parametrize("name", SHEETS)
def test_one_wrong_solution_fails_the_notebook(name):
    """All are right; then each in turn is taken back to what a learner is given, asked again, and mended."""
    sheet, source, names = SHEETS[name][0], read(SOLUTIONS, name), {"__name__": "__main__"}
    # what follows from the answers (films, the challenge) takes long and is not what is asked here
    cells = [cell for cell in source.cells if not re.search(r"check\.(done|challenge)\(", cell.source)]
    sheet.statuses.clear()
    play(cells, names)
    (guard,) = [cell for cell in cells if GUARD in cell.source]
    for task in sheet.tasks:
        answer = re.compile(rf"^(def {task}\(|{task} = )", re.MULTILINE)
        (cell,) = [cell for cell in cells if REGION.search(cell.source) and answer.search(cell.source)]
        (asked,) = [cell for cell in cells if re.search(rf"^check\.{task}\(", cell.source, re.MULTILINE)]
        right, cell.source = cell.source, REGION.sub(stub, cell.source)
        names.pop(task)
        with pytest.raises(AssertionError, match=rf"not passed: {task}$"):
            play([cell, asked, guard], names)
        cell.source = right
        play([cell, asked, guard], names)


def test_a_kernel_stops_at_a_wrong_solution():
    """As nbval and the book's build run it."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    source = read(SOLUTIONS, "two_players")
    (cell,) = [cell for cell in source.cells if "def generator_loss" in cell.source]
    cell.source = "def generator_loss(fake_logits):\n    return fake_logits.mean()"
    keep = ("import torch", "def sample_noise", "def generator_loss", "check.generator_loss", GUARD)
    source.cells = [c for c in source.cells if c.cell_type == "code" and any(part in c.source for part in keep)]
    client = NotebookClient(
        source, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(SOLUTIONS)}}
    )
    with pytest.raises(CellExecutionError, match=r"not passed: .*generator_loss"):
        client.execute(env={**os.environ, "OMP_NUM_THREADS": "1", "GANBOOK_PROGRESS": "off"})


# -- the builder on a small notebook -----------------------------------------------------------------


def small(*extra):
    new = nbformat.v4
    source = """def f(x):
    \"\"\"x: a number.\"\"\"
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION"""
    given = """value = 1
### BEGIN SOLUTION
value = 7
### STUB
# value = ...
#
# # think first
### END SOLUTION"""
    cells = [
        new.new_markdown_cell("# Solutions 9 · Small\n\n[chapter](../../game/small.ipynb)", id="title"),
        new.new_markdown_cell("answers", id="dropped", metadata={"tags": ["solution"]}),
        new.new_code_cell(source, id="function", metadata={"tags": ["hide-input"]}),
        new.new_code_cell(given, id="value", metadata={"tags": ["hide-input"]}),
        *extra,
        new.new_code_cell(GUARD, id="guard", metadata={"tags": ["solution"]}),
    ]
    return new.new_notebook(cells=cells)


@pytest.mark.parametrize("name", checks.NOTEBOOKS)
def test_the_statement_of_a_reading_names_every_fault(name):
    it = importlib.import_module(f"ganbook.checks.readings.{name}").READING
    cells = read(SOLUTIONS, name).cells
    (text,) = [cell.source for cell in cells if cell.cell_type == "markdown" and "· Read " in cell.source]
    assert [fault for fault in it.faults if f'`"{fault}"`' not in text] == []
    assert {fault for fault, _ in it.cases.values()} < set(it.faults), "a name that fits nothing: none is left over"


@pytest.mark.parametrize("name", BOARDS)
def test_the_page_tells_what_a_challenge_is_counted_in_and_its_time(name):
    [text] = [cell.source for cell in read(STUDENT, name).cells if cell.source.startswith("## Challenge")]
    board, told = BOARDS[name], " ".join(text.split("**On the board.**")[1].split())
    assert f"The reference: {board.floor}. A beginner's start: {board.start}." in told
    assert f"Time: {board.seconds} seconds of the processor, all seeds together." in told


def test_builder_keeps_ids_and_signature_and_drops_solutions():
    cells = student(small(), "small").cells
    assert [cell.id for cell in cells] == ["title", "how-this-works", "function", "value"]
    assert cells[0].source == "# Exercises 9 · Small\n\n[chapter](../game/small.ipynb)"
    assert "](solutions/small.ipynb)" in cells[1].source
    assert (
        cells[2].source == f'def f(x):\n    """x: a number."""\n    raise NotImplementedError("{checks.STUB_MESSAGE}")'
    )
    assert cells[3].source == "value = 1\nvalue = ...\n\n# think first"
    assert cells[2].metadata.tags == []


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("### BEGIN SOLUTION\nx = 1", "without its partner"),
        ("x = 1\n### END SOLUTION", "without its partner"),
        ("### STUB\n# x = ...", "without its partner"),
        ("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", "tag it hide-input"),
    ],
)
def test_builder_refuses_odd_markers(cell, message):
    with pytest.raises(ValueError, match=message):
        student(small(nbformat.v4.new_code_cell(cell)), "small")


def test_builder_refuses_a_source_without_guard():
    source = small()
    source.cells.pop()
    with pytest.raises(ValueError, match="last code cell"):
        student(source, "small")


def test_check_names_the_stale_file(tmp_path, monkeypatch, capsys):
    import exercises

    (tmp_path / "solutions").mkdir()
    nbformat.write(small(), tmp_path / "solutions/small.ipynb")
    for name, value in (("ROOT", tmp_path), ("SOLUTIONS", tmp_path / "solutions"), ("STUDENT", tmp_path)):
        monkeypatch.setattr(exercises, name, value)

    def status(*arguments):
        monkeypatch.setattr(sys, "argv", ["exercises.py", "student", *arguments])
        with pytest.raises(SystemExit) as stopped:
            exercises.main()
        return stopped.value.code

    assert status("--check") == 1
    assert "small.ipynb is stale" in capsys.readouterr().out
    assert not (tmp_path / "small.ipynb").exists()
    assert status() == 0
    assert status("--check") == 0
    (tmp_path / "small.ipynb").write_text((tmp_path / "small.ipynb").read_text().replace("think", "sleep"))
    assert status("--check") == 1


def test_table_of_answers_is_fresh():
    import exercises

    for path, text in exercises.table().items():
        assert path.read_text(encoding="utf-8") == text, "run python tools/exercises.py table"

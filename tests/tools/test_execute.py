"""A notebook runs in its own folder, and leaves nothing there."""

from __future__ import annotations

import nbformat

from execute import execute

CHECKED = """
from ganbook import checks
checks.saturation.ten_times(-2.303)
checks.progress().line
"""


def played(folder, source, environment=None):
    """What the only cell gives, run in `folder`."""
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), folder / "a.ipynb")
    done = execute(folder / "a.ipynb", 120, environment)
    assert done.failure is None, done.failure
    return done.notebook.cells[0].outputs[-1]["data"]["text/plain"]


def test_exercises_begin_without_the_score_that_lies_beside_them_and_leave_none(tmp_path):
    kept = tmp_path / ".ganbook-progress.json"
    kept.write_text('{"notebooks": {"minimax": {"tasks": {"value_from_logits": "passed"}}}}')
    before = kept.read_bytes()
    assert played(tmp_path, CHECKED).startswith("'1 of ")
    assert kept.read_bytes() == before
    kept.unlink()
    assert played(tmp_path, CHECKED).startswith("'1 of ")
    assert [path.name for path in tmp_path.iterdir()] == ["a.ipynb"]


def test_a_variable_that_is_given_comes_first(tmp_path):
    assert played(tmp_path, "import os; os.environ['GANBOOK_PROGRESS']", {"GANBOOK_PROGRESS": "off"}) == "'off'"

"""Students' notebooks are judged in processes of their own, on other seeds."""

import json
import re
import shutil

import pytest

from exercises import GUARD, REGION, SOLUTIONS, STUDENT
from ganbook.checks import grading, saturation


def with_cells(path, change, source=SOLUTIONS / "saturation.ipynb"):
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            text = "".join(cell["source"])
            cell["source"] = change(text)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Four notebooks: all right, blank, with three things wrong, and no notebook."""
    folder = tmp_path_factory.mktemp("class")

    def spoilt(text):
        text = text.replace("return -d, d - 1", "return d - 1, -d")
        text = text.replace("ten_times = -math.log(10)", "ten_times = 1 / 0")
        return text.replace("check.generator_losses(generator_losses)", "check.generator_losses(other)")

    paths = [
        with_cells(folder / "right.ipynb", lambda text: "" if GUARD in text else text),
        shutil.copy(STUDENT / "saturation.ipynb", folder / "blank.ipynb"),
        with_cells(folder / "spoilt.ipynb", spoilt),
        folder / "none.ipynb",
    ]
    (folder / "none.ipynb").write_text("{}")
    graded = grading.grade(paths, seconds=900)
    return {name: [row for row in graded if row["file"].endswith(f"{name}.ipynb")] for name in
            ("right", "blank", "spoilt", "none")}  # fmt: skip


def test_one_row_a_task(rows):
    for name in ("right", "blank", "spoilt"):
        assert [row["task"] for row in rows[name]] == [*saturation.sheet.tasks]
        assert {row["exercises"] for row in rows[name]} == {"saturation"}
    json.dumps(rows)


def test_solutions_pass_and_blanks_do_not(rows):
    assert {row["status"] for row in rows["right"]} == {"passed"}
    assert {row["status"] for row in rows["blank"]} == {"not yet"}


def test_what_is_wrong_is_told(rows):
    of = {row["task"]: row for row in rows["spoilt"]}
    assert (of["slopes"]["status"], of["slopes"]["hint"]) == ("failed", "swapped")
    assert (
        of["generator_losses"]["status"] == "refused"
        and "check's cell was changed" in of["generator_losses"]["sentence"]
    )
    assert of["ten_times"]["status"] == "not yet" and "ZeroDivisionError" in of["ten_times"]["sentence"]
    assert {of[task]["status"] for task in ("log_probabilities", "gradient_norm", "escape_round")} == {"passed"}


def test_what_is_no_notebook_is_refused(rows):
    (row,) = rows["none"]
    assert row["status"] == "refused" and "is no notebook" in row["sentence"]


def test_checks_that_are_changed_are_refused(tmp_path):
    def patched(text):
        return text.replace(
            "def slopes", "check.slopes.mistakes = ()\ntype(check.slopes)._judge = lambda *_: None\n\ndef slopes"
        )

    path = with_cells(
        tmp_path / "patched.ipynb", lambda text: patched(text).replace("check.slopes(slopes)", "check.slopes(slopes)")
    )
    code = grading.exercises_of(path)[1]
    assert any("_judge" in source and REGION.search(source) for source in code)
    (sentence,) = {row["sentence"] for row in grading.grade([path], seconds=900)}
    assert sentence == "the notebook changes the checks themselves"


def test_a_cell_that_never_ends_does_not_hold_the_others_up(monkeypatch):
    monkeypatch.setattr(grading, "_CELL_SECONDS", 0.2)
    names, stopped = grading._run(["while True:\n    pass\nf = 0", "def g(x):\n    return x", "raise SystemExit(1)"])
    assert names["g"](3) == 3 and "f" not in names and stopped == {"f": "its cell stops with TooLong"}


def test_a_notebook_that_never_ends_is_stopped(tmp_path):
    path = with_cells(
        tmp_path / "endless.ipynb",
        lambda text: re.sub(r"^import math$", "import time\ntime.sleep(60)", text, flags=re.M),
    )
    found = grading.grade([path], seconds=3)
    assert {row["status"] for row in found} == {"refused"} and "within 3 seconds" in found[0]["sentence"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"seconds": 0}, "seconds is 0: allowed is a finite number, above 0"),
        ({"memory": -1}, "memory is -1: allowed is a finite number, above 0"),
        ({"jobs": 0}, "jobs is 0: allowed is 1 or more"),
    ],
)
def test_limits_are_positive(bad, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
        grading.grade([], **bad)


@pytest.mark.parametrize("bad", [{"seconds": "60"}, {"memory": None}, {"jobs": 1.5}])
def test_limits_are_numbers(bad):
    with pytest.raises(TypeError, match=f"^{next(iter(bad))} is .*: allowed is a (whole )?number$"):
        grading.grade([], **bad)

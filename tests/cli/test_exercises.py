"""``ganbook grade`` and ``ganbook progress``: what they are asked for must be there, and each says what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import ganbook, one_sentence

pytestmark = pytest.mark.usefixtures("in_empty_folder")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "essay.txt", "nowhere.ipynb"], "ganbook: NOTEBOOK is nowhere.ipynb, and there is no such file"),
        (["progress", "nowhere"], "ganbook: FOLDER is nowhere, and there is no such folder"),
        (["progress", "essay.txt"], "ganbook: FOLDER is essay.txt, and there is no such folder"),
    ],
)
def test_what_is_not_there_is_a_wrong_argument(arguments: list[str], says: str):
    Path("essay.txt").write_text("D is a classifier.")
    done = ganbook(*arguments)
    assert (done.returncode, one_sentence(done), done.stdout) == (2, says, "")


@pytest.mark.parametrize("limit", ["--seconds", "--memory", "--jobs"])
def test_a_limit_below_what_can_be_done_is_refused_by_its_option(limit: str):
    Path("essay.txt").write_text("D is a classifier.")
    done = ganbook("grade", "essay.txt", limit, "0")
    assert done.returncode == 2 and limit in done.stderr and done.stdout == ""


def test_what_is_no_notebook_has_a_row_that_says_so():
    Path("essay.txt").write_text("D is a classifier.")
    done = ganbook("grade", "essay.txt", "--json")
    (row,) = json.loads(done.stdout)
    assert done.returncode == 0 and (row["file"], row["status"]) == ("essay.txt", "refused")
    assert ganbook("grade", "essay.txt").stdout.split() == [
        *("file", "task", "status", "hint"), *("essay.txt", "refused", "is", "no", "notebook")
    ]  # fmt: skip


def test_progress_of_nobody_is_told():
    done = ganbook("progress")
    assert done.returncode == 0 and done.stdout.strip()
    assert ganbook("progress", "--json").returncode == 0

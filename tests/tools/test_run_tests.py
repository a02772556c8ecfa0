"""Every part of the tests is run, whatever became of the one before it, and the table says so."""

from __future__ import annotations

import sys

import pytest

import bounds
import run_tests
from repository import ROOT
from run_tests import Outcome, Part

TESTS = """
import pytest

def test_that_passes(): pass
def test_that_fails(): assert False
@pytest.mark.skip
def test_that_is_skipped(): pass
@pytest.fixture
def broken(): raise RuntimeError
def test_whose_world_is_broken(broken): pass
"""


def says(word: str, status: int = 0) -> list[str]:
    return [sys.executable, "-c", f"import sys; print({word!r}); sys.exit({status})"]


def test_a_part_that_fails_keeps_no_other_from_running(tmp_path, capfd):
    (tmp_path / "test_sample.py").write_text(TESTS)
    parts = [
        Part("first", [says("one", status=1), says("two")]),
        Part("tests", [run_tests.pytest("-q", "-p", "no:cacheprovider", "test_sample.py")]),
        Part("last", [says("three")]),
    ]
    assert run_tests.run_all(parts, tmp_path) == 1
    output = capfd.readouterr().out
    assert all(f"\n{word}\n" in output for word in ("one", "two", "three"))
    assert "1 failed, 1 passed, 1 skipped, 1 error" in output  # pytest's own last line stays
    *_, heading, first, tests, last, empty, closing = output.splitlines()
    assert heading.split() == ["part", "passed", "failed", "skipped", "seconds", "outcome"]
    assert first.split()[:4] == ["first", "–", "–", "–"] and first.endswith("FAILED")
    assert tests.split()[:4] == ["tests", "1", "2", "1"] and tests.endswith("FAILED")
    assert last.endswith("ok")
    assert (empty, closing) == ("", "1 passed, 2 failed")


def test_parts_that_end_well_give_status_0(tmp_path, capfd):
    assert run_tests.run_all([Part("only", [says("one")])], tmp_path) == 0
    assert capfd.readouterr().out.splitlines()[-1].endswith("ok")


def test_a_run_of_pytest_that_finds_no_test_fails(tmp_path):
    outcome = run_tests.run(Part("empty", [run_tests.pytest("-q", str(tmp_path))]), tmp_path)
    assert (outcome.well, outcome.passed, outcome.failed) == (False, 0, 0)


def test_the_environment_of_a_part_reaches_its_commands(tmp_path, capfd):
    run_tests.run(Part("x", [[sys.executable, "-c", "import os; print(os.environ['WORD'])"]], {"WORD": "here"}))
    assert "\nhere\n" in capfd.readouterr().out


def test_columns_stand_under_one_another():
    lines = run_tests.table([Outcome("a", True, 1.0, 9), Outcome("long name", False, 1234.0, 12345, 6)]).splitlines()
    assert len({line.rindex(word) for line, word in zip(lines, ("outcome", "ok", "FAILED"), strict=False)}) == 1


def test_every_test_of_the_project_belongs_to_one_part():
    commands = [command for part in run_tests.PARTS for command in part.commands if "pytest" in command]
    folders = [word for command in commands for word in command if word.startswith(("tests", "ganbook"))]
    ignored = [word.partition("=")[2] for command in commands for word in command if word.startswith("--ignore=")]
    assert sorted(folders) == sorted(["ganbook", "tests", *ignored])


def test_workers_side_by_side_have_one_thread_each():
    with_workers = [part for part in run_tests.PARTS if any("-n" in command for command in part.commands)]
    assert {part.name for part in with_workers} == {"library", "book"}
    assert all(part.environment["OMP_NUM_THREADS"] == "1" for part in with_workers)


def test_a_part_that_is_not_there_is_named(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run_tests.py", "libary"])
    with pytest.raises(SystemExit) as left:
        run_tests.main()
    assert left.value.code == 2 and "part is 'libary': allowed are browser" in capsys.readouterr().err


def test_continuous_integration_runs_what_everybody_runs():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert script[-1] == "make test" and not any("apt-get" in line for line in script)


def test_each_end_of_the_ranges_is_resolved_from_what_the_project_asks_for():
    assert bounds.PYTHONS == ["3.11", "3.12", "3.13"]
    (command,) = bounds.part("3.12", "lowest", ["tests/test_cli.py"]).commands
    assert command[-4:] == ["python", "-m", "pytest", "tests/test_cli.py"]
    assert command[command.index("--resolution") + 1] == "lowest-direct"
    assert command[command.index("--python") + 1] == "3.12"
    asked = {command[i + 1] for i, word in enumerate(command) if word == "--with"}
    assert {*bounds.PROJECT["dependencies"], *bounds.PROJECT["optional-dependencies"]["inception"]} <= asked
    assert not any(line.startswith("ganbook") for line in asked)

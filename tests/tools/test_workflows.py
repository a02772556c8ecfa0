"""GitHub's workflows: they run what everybody runs, all of it, and their steps can be run here."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess

import pytest
import yaml

import bounds
import run_tests
import workflows
from repository import ROOT

STEPS = workflows.every_step()
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))


def test_every_step_is_a_target_of_the_makefile_and_can_be_run_here():
    assert len(STEPS) >= 10
    for step in STEPS:
        make, target = step.command.split()
        assert make == "make" and target in TARGETS, step
        assert step.unknown == (), step


def test_the_jobs_together_run_every_part_of_the_tests():
    parts = {part.name for part in run_tests.PARTS}
    of_pages = {word for step in STEPS for word in step.environment.get("PARTS", "").split()}
    of_lint = {"style", "types", "web"}
    assert of_pages | of_lint | {"library"} == parts  # the library's are those of `make bounds`
    assert "tools/run_tests.py style types web" in (ROOT / "Makefile").read_text(encoding="utf-8")
    ends = {(step.environment["PYTHONS"], step.environment["ENDS"]) for step in STEPS if step.command == "make bounds"}
    assert ends == {(python, end) for python in bounds.PYTHONS for end in bounds.ENDS}


def test_nothing_is_allowed_that_a_job_does_not_need():
    for path in sorted(workflows.FOLDER.glob("*.yml")):
        content = workflows.read(path)
        assert content["permissions"] == {"contents": "read"}, path.name
        jobs = content["jobs"]
        assert all("timeout-minutes" in job for job in jobs.values() if "uses" not in job)  # which cannot have one
        more = {name: set(job["permissions"]) for name, job in jobs.items() if "permissions" in job}
        assert more in ({}, {"deploy": {"pages", "id-token"}}, {"publish": {"id-token"}}), path.name


def test_nothing_is_published_before_every_test_passed():
    jobs = workflows.read(workflows.FOLDER / "release.yml")["jobs"]
    assert set(jobs["publish"]["needs"]) == jobs.keys() - {"publish"}
    assert jobs["tests"]["uses"] == "./.github/workflows/tests.yml"
    tests = workflows.read(workflows.FOLDER / "tests.yml")
    assert "workflow_call" in tests["on"]
    held_back = {name: job["if"] for name, job in tests["jobs"].items() if "if" in job}
    assert held_back == {"version": "github.event_name == 'pull_request'"}, "a tag would not be held to these"


def test_a_job_that_calls_another_workflow_has_no_steps_of_its_own():
    content = {"jobs": {"a": {"uses": "./b.yml"}, "c": {"steps": [{"run": "x"}]}}}
    assert [step.job for step in workflows.steps(content, "w", {})] == ["w/c"]


def test_a_matrix_and_what_is_known_fill_a_step():
    content = yaml.safe_load(
        """
        env: {A: "${{ matrix.x }}"}
        jobs:
          one:
            strategy: {matrix: {x: ["1", "2"], y: [a]}}
            steps:
              - uses: actions/checkout@v5
              - run: echo ${{ matrix.y }} ${{ github.sha }}
              - run: echo ${{ secrets.word }}
        """
    )
    first, second, *_ = found = list(workflows.steps(content, "w", {"github.sha": "abc"}))
    assert len(found) == 4
    assert (first.job, first.command, first.environment, first.unknown) == ("w/one 1 a", "echo a abc", {"A": "1"}, ())
    assert second.unknown == ("echo ${{ secrets.word }}",)


def test_steps_run_in_a_clean_clone_of_what_is_committed(tmp_path, capfd):
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=tmp_path, check=True)

    git("init", "--quiet")
    (tmp_path / "kept").touch()
    git("add", "kept")
    git("commit", "--quiet", "--message", "x")
    (tmp_path / "beside").touch()
    of = workflows.Step
    every = [
        of("w/a", "ls; echo $WORD; touch made", {"WORD": "here"}),
        of("w/a", "test -e made; false | true"),
        of("w/a", "echo never"),
        of("w/b", "test ! -e made"),
        of("w/b", "echo ${{ secrets.x }}", {}, ("secrets.x",)),
    ]
    told = []
    outcomes = workflows.run(every, tmp_path, ended=lambda step, outcome: told.append((step.command, outcome.well)))
    assert told == [(every[0].command, True), (every[1].command, False), (every[3].command, True)]
    assert [outcome.well for outcome in outcomes] == [True, False, False, True, True]
    output = capfd.readouterr().out
    assert "\nkept\nhere\n" in output and "never\n" not in output.replace("echo never", "")


def test_steps_are_chosen_by_words():
    assert {step.command for step in workflows.chosen(STEPS, ["dist", "lint"])} == {"make dist", "make lint"}
    assert workflows.chosen(STEPS, []) == STEPS


def test_a_setting_of_this_machine_takes_the_place_of_the_workflows_and_is_told():
    (step,) = workflows.altered(workflows.chosen(STEPS, ["tests/lint"]), ["TORCH=", "PYTHON=a=b"])
    assert step.environment == {"TORCH": "", "PYTHON": "a=b"} and step.job == "tests/lint with TORCH= PYTHON=a=b"
    assert workflows.altered(STEPS, []) == STEPS


def test_how_a_step_ended_is_kept_with_its_settings_and_a_step_without_a_run_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(workflows, "KEPT", tmp_path / "kept.json")
    plain = [
        workflows.Step("w/a 3.11", "make dist"),
        workflows.Step("w/a 3.11", "make x"),
        workflows.Step("w/a", "make x"),
    ]
    outcome = run_tests.Outcome("w/a 3.11: make dist", False, 12.3)
    workflows.keep(plain[0], outcome)
    workflows.keep(plain[0], dataclasses.replace(outcome, well=True, seconds=4.2))
    [short] = workflows.altered(plain[1:2], ["TESTS=b"])
    workflows.keep(short, outcome)
    content = json.loads(workflows.KEPT.read_text())
    assert set(content) == {"w/a 3.11: make dist", "w/a 3.11 with TESTS=b: make x"}
    lines = workflows.kept(plain, content)
    assert lines[0].startswith("w/a 3.11: make dist: well, 4 s, 20")
    assert lines[1].startswith("w/a 3.11 with TESTS=b: make x: failed, 12 s, 20")
    assert lines[2:] == ["w/a: make x: no run is kept"]


def test_what_is_kept_are_steps_of_the_workflows():
    content = json.loads(workflows.KEPT.read_text(encoding="utf-8"))
    lines = workflows.kept(STEPS, content)
    assert sum("no run is kept" not in line for line in lines) == len(content) > 0


@pytest.mark.parametrize("folder", ["workflows", "ISSUE_TEMPLATE"])
def test_what_github_reads_is_yaml(folder):
    files = sorted((ROOT / ".github" / folder).glob("*.yml"))
    assert len(files) >= 3 and all(yaml.safe_load(file.read_text(encoding="utf-8")) for file in files)


def test_actionlint_says_nothing():
    assert workflows.lint() == 0

"""The score over all exercises: kept in one small file, never in the way."""

import json

import pytest
import torch

from ganbook import checks
from ganbook.checks import scores
from ganbook.checks.challenge import floors, listed, scored, verdict


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_PROGRESS", str(tmp_path))
    return tmp_path


def right(task):
    return task.value_of(task.reference, 0) if task.takes == "value" else task.reference


def test_nothing_is_kept_outside_a_notebook(tmp_path, monkeypatch):
    monkeypatch.delenv("GANBOOK_PROGRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    checks.minimax.value_from_logits(torch.add)
    assert scores.folder() is None and not [*tmp_path.iterdir()]
    monkeypatch.setenv("GANBOOK_PROGRESS", "off")
    assert scores.folder() is None


def test_a_task_that_passed_once_stays_passed(folder):
    task = checks.saturation.ten_times
    task(1.0)
    assert scores.read(folder) == {"saturation": {"tasks": {"ten_times": "failed"}}}
    task(-2.303)
    task(1.0)
    task(None)
    assert scores.read(folder)["saturation"]["tasks"] == {"ten_times": "passed"}
    assert [path.name for path in folder.iterdir()] == [scores.FILE]


def test_a_task_that_is_answered_worse_later_is_a_cross_and_says_what_the_score_keeps(folder, monkeypatch):
    task, kept = checks.saturation.ten_times, "best so far   passed, and your score keeps that"
    assert "best so far" not in repr(task(1.0)) and "best so far" not in repr(task(-2.303))
    worse = task(1.0)
    assert worse.status == "failed" and repr(worse).startswith("✗") and kept in repr(worse)
    assert "your score keeps that" in worse._repr_html_()
    assert kept in repr(task(None))
    [row] = [line for line in repr(checks.saturation.progress()).splitlines() if task.title in line]
    assert row.endswith("(not yet; best so far: passed)") and row.strip().startswith("·")
    assert "(not yet; best so far: passed)</li>" in checks.saturation.progress()._repr_html_()
    assert not checks.saturation.done("ten_times")
    task(-2.303)
    assert repr(checks.saturation.progress()).count("best so far") == 1
    monkeypatch.setenv("GANBOOK_PROGRESS", "off")
    assert "best so far" not in repr(task(1.0)) + repr(checks.saturation.progress())


def test_progress_over_all_notebooks(folder):
    total = sum(len(getattr(checks, name).sheet.tasks) for name in checks.NOTEBOOKS)
    assert checks.progress().line == f"0 of {total} tasks, 0 of {len(checks.NOTEBOOKS)} challenges"
    checks.saturation.ten_times(-2.303)
    task = checks.minimax.value_from_logits
    task(right(task))
    score = checks.progress(folder)
    assert score.done == 2 and score.passed["minimax"] == ("value_from_logits",)
    assert f"2 of {total} tasks" in repr(score) and "saturation       1 of 8" in repr(score)
    assert f"all exercises, best so far: 2 of {total} tasks" in repr(checks.saturation.progress())
    assert "All exercises, best so far: 2 of" in checks.saturation.progress()._repr_html_()
    assert {row["notebook"] for row in score.rows()} == set(checks.NOTEBOOKS)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"notebooks": 3}', '{"notebooks": {"minimax": 3, "other": {}}}'])
def test_a_broken_file_is_an_empty_score(folder, text):
    (folder / scores.FILE).write_text(text)
    assert checks.progress().done == 0
    checks.saturation.ten_times(-2.303)
    assert checks.progress().done == 1


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ganbook.data.cache.write_atomically", full)
    assert checks.saturation.ten_times(-2.303).passed


def test_a_folder_that_is_none():
    with pytest.raises(ValueError, match=r"^where is 'nowhere': allowed is a folder that is there$"):
        checks.progress("nowhere")


def challenge(figure, bar=1.0):
    play = lambda seed: figure  # noqa: E731
    play.__module__ = "ganbook.checks.minimax"
    return scored(play, (0, 1), lambda figures, mean: f"challenge: {listed(figures)}; {verdict(bar, mean < bar)}")


def test_challenges_count(folder):
    assert challenge(3.0).beaten is False
    assert json.loads((folder / scores.FILE).read_text())["notebooks"]["minimax"]["challenge"] == {
        "mean": 3.0,
        "beaten": False,
        "floors": pytest.approx(floors("minimax", 3.0)),
    }
    assert challenge(0.5).beaten is True and challenge(2.0).beaten is False
    assert checks.progress().challenges["minimax"]["mean"] == 0.5 and checks.progress().challenges["minimax"]["beaten"]
    assert f"challenge 0.5, {floors('minimax', 0.5):.3g} floors, beaten" in repr(checks.progress())
    assert checks.progress().line.endswith(f"1 of {len(checks.NOTEBOOKS)} challenges")


def test_a_challenge_keeps_the_best_so_far_and_says_so_where_a_run_is_worse(folder, monkeypatch):
    def best():
        return checks.progress().challenges["minimax"]["mean"]

    assert "best so far" not in repr(challenge(3.0)) and best() == 3.0
    assert f"; best so far: {floors('minimax', 3.0):.3g}\n" in repr(challenge(4.0)) and best() == 3.0
    assert "best so far" not in repr(challenge(2.0)) and best() == 2.0
    assert "best so far" not in repr(challenge(0.5)) and best() == 0.5
    worse = challenge(0.75)
    assert worse.beaten and best() == 0.5 and f"; best so far: {floors('minimax', 0.5):.3g}\n" in repr(worse)
    challenge(float("nan"))
    assert best() == 0.5
    monkeypatch.setenv("GANBOOK_PROGRESS", "off")
    assert "best so far" not in repr(challenge(3.0))


def test_a_challenge_that_was_beaten_stays_so_whatever_a_later_run_counts(folder):
    challenge(3.0, bar=4.0)
    assert challenge(2.0).beaten is False
    assert checks.progress().challenges["minimax"] == {"mean": 3.0, "beaten": True, "floors": floors("minimax", 3.0)}


def test_a_figure_that_is_no_number_is_not_kept(folder):
    assert "best so far" not in repr(challenge(float("nan"))) and not checks.progress().challenges
    challenge(3.0)
    assert checks.progress().challenges["minimax"]["mean"] == 3.0


def test_a_challenge_that_was_stopped_or_is_too_short_does_not_count(folder):
    def stopped(seed):
        raise KeyboardInterrupt

    score = scored(stopped, (0,), lambda figures, mean: "beaten")
    assert score.beaten is None and "You stopped it." in repr(score)
    assert scored(lambda seed: 1.0, (0,), lambda figures, mean: "too few rounds (budget smoke)").beaten is None
    assert not [*folder.iterdir()]

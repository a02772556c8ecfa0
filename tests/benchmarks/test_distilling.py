"""Distilling: every student begins as the teacher, learns from the same walks, and is scored by both judges."""

from __future__ import annotations

import pytest
import torch

from benchmarks import distilling
from ganbook import zoo
from ganbook.models.walks import Walks
from ganbook.training import Sampler


@pytest.fixture
def short(monkeypatch):
    """Few walks of two evaluations, few rounds, few samples."""
    monkeypatch.setattr(distilling, "WALKS", 70)
    monkeypatch.setattr(distilling, "HELD_OUT", 20)
    monkeypatch.setattr(distilling, "ROUNDS", 2)
    monkeypatch.setattr(distilling, "N", 500)
    monkeypatch.setattr(distilling, "TIMED", 2)
    monkeypatch.setitem(distilling.AS_IT_IS, "teacher, its walk", 2)
    distilling.lessons.cache_clear()
    yield
    distilling.lessons.cache_clear()


def test_lessons_and_examination_are_walks_of_the_teacher_and_share_no_noise(short):
    learned, examined, seconds = distilling.lessons()
    assert len(learned.noises) == 70 and len(examined.noises) == 20 and seconds > 0
    with torch.no_grad():
        for walks in (learned, examined):
            assert torch.allclose(distilling.teacher(2)(walks.noises[:3]), walks.images[:3], atol=1e-5)
    assert torch.cdist(learned.noises, examined.noises).min() > 30


@pytest.mark.parametrize("row", distilling.ROWS)
def test_a_student_begins_as_the_teacher_in_one_evaluation(short, row):
    game = distilling.recipe(row).game()
    z = torch.randn(2, 784)
    with torch.no_grad():
        assert torch.equal(
            game.generator.eval()(z), zoo.load(distilling.TEACHER).generator.sample(z.view(2, 1, 28, 28), 1)
        )
    assert (game._discriminator is None) == (row == "regression")
    assert isinstance(game.memory["walks"], Walks) and len(game.memory["walks"].noises) == 70


def test_rows_differ_in_their_rounds_and_in_having_a_discriminator(short):
    one, other = (distilling.recipe(row) for row in ("regression", "regression and D"))
    for field in ("g_lr", "betas", "steps", "batch_size", "anneal_from", "ema_half_life", "data", "prior"):
        assert getattr(one, field) == getattr(other, field), field


def test_a_run_is_scored_by_both_judges_and_the_teacher_too(short):
    run = distilling.play({"row": "regression and D", "seed": 0})
    teacher = distilling.play({"row": "teacher, its walk", "seed": 0})
    mean = distilling.play({"row": "teacher, one evaluation", "seed": 0})
    assert run["rounds"] == 2 and run["seconds"] > 0 and "rounds" not in teacher
    for found in (run, teacher, mean):
        assert all(found[judge]["floors"] > 1 and found[judge]["n"] for judge in distilling.JUDGES)
    assert teacher["error"] < 1e-6 and teacher["high_share"] == pytest.approx(1, abs=1e-4)
    assert mean["error"] > 0.05 and mean["high_share"] < 0.5 and teacher["ms_a_sample"] > mean["ms_a_sample"]


def test_ends_that_are_right_have_no_error(short, monkeypatch):
    """Scores are of noise that was not learned."""
    _, examined, _ = distilling.lessons()

    class Knows(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, z):
            return examined.images if len(z) == len(examined.noises) else torch.zeros(len(z), 1, 28, 28)

    found = distilling.scores(Sampler(Knows(), zoo.load(distilling.TEACHER).prior, {}))
    assert found["error"] == 0

"""A challenge scores each seed by itself, and says what went wrong instead of raising."""

from __future__ import annotations

import math

import pytest
import torch

from ganbook.checks.challenge import NoScore, scored


def told(figures: tuple[float, ...], mean: float) -> str:
    return f"{len(figures)} figures, mean {mean:g}"


def test_one_figure_a_seed_and_their_mean():
    score = scored(lambda seed: seed + 1.0, (0, 1, 5), told)
    assert score.figures == (1.0, 2.0, 6.0)
    assert score.mean == 3.0
    assert repr(score) == "3 figures, mean 3"


def test_each_seed_has_random_numbers_of_its_own_and_torch_keeps_its_state():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    score = scored(lambda _: torch.rand(()).item(), (0, 1, 0), told)
    assert score.figures[0] == score.figures[2] != score.figures[1]
    assert torch.equal(torch.get_rng_state(), before)


def test_gradients_are_on_even_where_the_caller_turned_them_off():
    with torch.no_grad():
        assert scored(lambda _: float(torch.is_grad_enabled()), (0,), told).figures == (1.0,)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (NotImplementedError("your turn"), "Not begun yet."),
        (NoScore("Nothing came back."), "Nothing came back."),
        (ValueError("too many calls"), "ValueError: too many calls"),
    ],
)
def test_trouble_is_told_and_no_figure_is_kept(error: Exception, trouble: str):
    def play(seed: int) -> float:
        if seed == 1:
            raise error
        return 0.5

    score = scored(play, (0, 1), told)
    assert score.figures == ()
    assert math.isnan(score.mean)
    assert repr(score) == f"challenge: no score. {trouble}"

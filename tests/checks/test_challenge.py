"""A challenge scores each seed by itself, and says what went wrong instead of raising."""

from __future__ import annotations

import math
import threading
import time

import pytest
import torch

from ganbook import checks, results
from ganbook.checks import challenge
from ganbook.checks.challenge import BOARDS, Board, NoScore, floors, scored, verdict


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


# -- the board ---------------------------------------------------------------------------------------


def of_notebook(name: str, play, told=told):
    play.__module__ = f"ganbook.checks.{name}"
    return scored(play, (0,), told)


def test_every_challenge_has_a_floor_a_start_and_a_bar_between_them():
    assert tuple(BOARDS) == checks.NOTEBOOKS
    kept = {(run["challenge"], run["of"]): run for run in results.load("challenges")["runs"]}
    assert kept.keys() == {(name, of) for name in BOARDS for of in ("floor", "start")}
    for name in BOARDS:
        floor, start = (sum(kept[name, of]["figures"]) / len(kept[name, of]["figures"]) for of in ("floor", "start"))
        bar = floors(name, getattr(checks, name).BAR)
        assert floors(name, floor) == pytest.approx(1) and 1 < bar < floors(name, start), name
        assert floors(name, start) == pytest.approx(kept[name, "start"]["floors"], abs=0.01), name
        assert kept[name, "start"]["seconds"] < BOARDS[name].seconds / 3, name


@pytest.fixture
def halves(monkeypatch):
    """A notebook whose floor lacks 0.1 of a perfect 1, and a start at 0.5."""
    monkeypatch.setitem(BOARDS, "minimax", Board("the data", "the first idea", 60, challenge._missing))
    runs = [
        {"challenge": "minimax", "of": "floor", "figures": [0.85, 0.95]},
        {"challenge": "minimax", "of": "start", "figures": [0.5]},
    ]
    monkeypatch.setattr(results, "load", lambda name: {"runs": runs})
    monkeypatch.setattr(checks.minimax, "BAR", 0.7)


def test_a_score_is_counted_in_floors(halves):
    score = of_notebook("minimax", lambda seed: 0.8, lambda figures, mean: f"mean {mean}; {verdict(0.7, True)}")
    assert score.floors == pytest.approx(2)
    assert repr(score).splitlines()[1:] == [
        "on the board: 2 floors, in 0 of 60 processor seconds",
        "  the bar: 3; a start, the first idea: 5; one floor, the data",
    ]


def test_a_card_reads_what_was_measured_once(monkeypatch):
    read, load = [], results.load
    monkeypatch.setattr(results, "load", lambda name: read.append(name) or load(name))
    score = of_notebook("minimax", lambda seed: 0.2, lambda figures, mean: f"mean {mean}; {verdict(0.7, True)}")
    assert "on the board" in repr(score) and score.floors
    assert read == ["challenges"]


def test_a_run_that_is_too_short_has_no_place_on_the_board(halves):
    score = of_notebook("minimax", lambda seed: 0.8)
    assert score.floors is None and "board" not in repr(score)


def test_convergence_counts_the_distance_that_is_left():
    orders = challenge._measured("convergence")["floor"]
    assert floors("convergence", orders - 1) == pytest.approx(10)


def busy(_seed: int) -> float:
    while True:
        math.sqrt(2)


@pytest.mark.parametrize("main_thread", [True, False])
def test_a_challenge_has_a_time_of_the_processor(monkeypatch, main_thread):
    monkeypatch.setitem(BOARDS, "minimax", Board("", "", 0.2))
    found = []
    run = lambda: found.append(of_notebook("minimax", busy))  # noqa: E731
    if main_thread:
        run()
    else:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert "It took more than the 0.2 seconds of the processor's time" in repr(found[0])


def test_waiting_takes_no_time_of_the_processor(monkeypatch):
    monkeypatch.setitem(BOARDS, "minimax", Board("", "", 0.2))
    assert of_notebook("minimax", lambda seed: time.sleep(0.4) or 1.0).figures == (1.0,)

"""The race: seconds are rounds by their pace, arrivals are what the curve says, a stopped one goes on."""

import dataclasses
import sys
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from benchmarks import speedrun
from benchmarks.speedrun import Look, Race
from ganbook import data, recipes, results
from ganbook.training import Game, Prior, Stopped, TrainingError


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "path", lambda name: tmp_path / f"{name}.json")
    return tmp_path


def watched(floors, limit, goal=5.0, pace=0.5):
    """The clock after a game whose rounds take so long, and whose distance is a function of the round."""
    clock = speedrun.Clock(SimpleNamespace(floors=lambda game: floors(game.step)), pace, goal, limit)
    step = 0
    while not clock(SimpleNamespace(step=step)) and step < 10_000:
        step += 1
    return clock


def test_seconds_are_rounds_by_their_pace_and_looks_are_a_tenth_apart():
    clock = watched(lambda step: 30.0, limit=100.0)
    assert all(look.seconds == 0.5 * look.rounds for look in clock.curve)
    times = [look.seconds for look in clock.curve]
    assert times[0] == 2.0 and times[-1] == 100.0
    steps = [(b - a, max(2.0, 0.1 * a)) for a, b in pairwise(times)]
    assert all(asked <= step < asked + 0.5 for step, asked in steps[:-1])


def test_a_run_ends_at_the_goal_or_where_nothing_is_a_number():
    clock = watched(lambda step: 400 / step, limit=100.0)
    assert 80 <= clock.curve[-1].rounds < 90 and clock.curve[-2].floors > 5 >= clock.curve[-1].floors
    clock = watched(lambda step: float("inf") if step > 20 else 9.0, limit=100.0)
    assert 20 < clock.curve[-1].rounds <= 24


def test_arrival_is_the_first_look_at_the_goal():
    curve = [Look(4, 2.0, 50.0), Look(8, 4.0, 20.0), Look(12, 6.0, 25.0), Look(16, 8.0, 9.0)]
    assert speedrun.arrivals(curve) == {
        "20": {"after": 2.0, "rounds": 8, "seconds": 4.0, "floors": 20.0},
        "10": {"after": 6.0, "rounds": 16, "seconds": 8.0, "floors": 9.0},
    }


def test_a_contender_is_its_recipe_without_an_end(monkeypatch):
    laptop = recipes.get("dcgan-tutorial").at("laptop")
    same = speedrun.contender("dcgan-tutorial", laptop.g_lr)
    assert (same.g_lr, same.d_lr, same.generator, same.batch_size) == (
        laptop.g_lr, laptop.d_lr, laptop.generator, laptop.batch_size
    )  # fmt: skip
    assert same.steps >= 100_000 and same.anneal_from == 1.0 and same.score(None, None, 1) == {}
    other = speedrun.contender("dcgan-tutorial", 1e-3)
    assert (other.g_lr, other.d_lr) == (1e-3, 1e-3)
    monkeypatch.setattr(speedrun.recipes, "get", lambda _: dataclasses.replace(laptop, d_lr=7e-4))
    assert speedrun.contender("uneven", laptop.g_lr).d_lr == 7e-4


def test_every_published_rate_is_in_the_sweep():
    assert {speedrun.own_rate(name) for name in speedrun.PUBLISHED} <= set(speedrun.RATES)


# -- what the runs say --------------------------------------------------------------------------------------------


def swept(name, floors, limit=90.0):
    return [
        {"part": "sweep", "recipe": name, "rate": rate, "seed": 0, "limit": limit, "floors": end}
        for rate, end in zip(speedrun.RATES, floors, strict=False)
    ]


def raced(name, rate, arrivals, limit=600.0):
    """One run a seed; ``arrivals``: seconds to 20 floors and of the look before, or None."""
    return [
        {
            "part": "race", "recipe": name, "rate": rate, "seed": seed, "limit": limit, "seconds": 600.0,
            "arrivals": {} if one is None else {"20": {"after": one[0], "seconds": one[1]}},
        }
        for seed, one in enumerate(arrivals)
    ]  # fmt: skip


PACES = {"dcgan-digits": 0.05, "dcgan-tutorial": 0.183, "dcgan-d2l": 0.25}
ENDS = [90.0, 80.0, None, 40.0, 60.0, 70.0, 80.0, 90.0, None]


def test_the_best_rate_is_that_of_a_whole_sweep():
    runs = swept("dcgan-tutorial", ENDS)
    assert Race(runs).best_rate("dcgan-tutorial") == 1e-3 and Race(runs).best_rate("dcgan-d2l") is None
    assert Race(runs[:-1]).best_rate("dcgan-tutorial") is None, "the sweep is not over"
    assert Race(swept("dcgan-tutorial", [None] * len(ENDS))).best_rate("dcgan-tutorial") is None
    trial = swept("dcgan-tutorial", range(1, 10), limit=5.0)
    assert Race(runs + trial).best_rate("dcgan-tutorial") == 1e-3, "a shorter sweep is a trial"


def test_a_published_recipe_races_twice_where_another_rate_is_better():
    own = {name: speedrun.own_rate(name) for name in (speedrun.OURS, *speedrun.PUBLISHED)}
    runs = swept("dcgan-tutorial", ENDS) + swept("dcgan-d2l", [9.0, 9.0, 9.0, 9.0, 9.0, 1.0, 9.0, 9.0, 9.0])
    assert Race(runs).lanes == {
        ("dcgan-digits", own["dcgan-digits"]): "ours",
        ("dcgan-tutorial", own["dcgan-tutorial"]): "as published",
        ("dcgan-tutorial", 1e-3): "at its best rate",
        ("dcgan-d2l", own["dcgan-d2l"]): "as published, its best rate",
    }


def test_who_does_not_arrive_counts_with_the_limit_as_a_bound():
    rate = speedrun.own_rate("dcgan-d2l")
    some = Race(raced("dcgan-d2l", rate, [(280.0, 300.0), None, None])).arrival("dcgan-d2l", rate, 20)
    assert some.seconds == [300.0, 600.0, 600.0] and some.after == [280.0, 600.0, 600.0] and some.bound
    assert str(some) == "≥ 600 (300 to 600) s, 1 of 3 arrived"
    most = Race(raced("dcgan-d2l", rate, [(280.0, 300.0), (290.0, 310.0), None])).arrival("dcgan-d2l", rate, 20)
    assert not most.bound and str(most) == "310 (300 to 600) s, 2 of 3 arrived"
    assert Race([]).arrival("dcgan-d2l", rate, 20) is None


def test_the_others_are_counted_to_the_look_before_they_arrived():
    own = {name: speedrun.own_rate(name) for name in (speedrun.OURS, *speedrun.PUBLISHED)}
    runs = raced("dcgan-digits", own["dcgan-digits"], [(38.0, 40.0)] * 3)
    runs += raced("dcgan-tutorial", own["dcgan-tutorial"], [(400.0, 420.0)] * 3)
    runs += raced("dcgan-d2l", own["dcgan-d2l"], [None] * 3)
    rows = [figure.row() for figure in speedrun.figures({"runs": runs})]
    to_20 = {row[0]: row[1:] for row in rows if "20 floors" in row[0]}
    assert to_20 == {
        "dcgan-digits: seconds to 20 floors": ("40", ""),
        "dcgan-tutorial at 0.0002 (as published) ÷ ours, to 20 floors": ("10.0", "asked ≥ 8.0"),
        "dcgan-d2l at 0.005 (as published) ÷ ours, to 20 floors": ("≥ 15.0", "asked ≥ 8.0"),
    }
    who = f"dcgan-digits at {own['dcgan-digits']:g} (ours): seeds at 5 floors in 600 s"
    assert rows[-3] == (who, "0%", "asked ≥ 100%: not reached") and rows[-1][1:] == ("0%", "asked ≤ 0%")
    assert not any("÷ ours, to 10" in row[0] for row in rows), "ours is not there: nothing to divide by"
    said = speedrun.report({"runs": runs, "paces": PACES})
    assert "  183  " in said and "≥ 600 s, 0 of 3 arrived" in said


def test_a_result_of_before_the_sweep_says_nothing():
    assert speedrun.figures({"runs": [{"recipe": "dcgan-sprint", "seconds": 13.0}]}) == []


# -- the script ---------------------------------------------------------------------------------------------------

PROTOCOL = {"goals": [20, 10, 5], "floor": 1.5, "n": 2500}


def script(monkeypatch, *arguments, protocol=PROTOCOL):
    """The labels of the runs that it plays, at most eleven; rates end the better the nearer they are to 5e-3."""
    played = []

    def play(cell, referee, pace):
        assert pace == PACES[cell["recipe"]]
        played.append(f"{cell['part']}/{cell['recipe']}/{cell['rate']:g}/{cell['seed']}")
        if len(played) == 12:
            raise KeyboardInterrupt
        return {"floors": 1 + abs(cell["rate"] - 5e-3), "seconds": 1.0, "arrivals": {}, "curve": []}

    monkeypatch.setattr(speedrun, "Referee", lambda: SimpleNamespace(protocol=protocol))
    monkeypatch.setattr(speedrun, "paces", lambda contenders: PACES)
    monkeypatch.setattr(speedrun, "play", play)
    monkeypatch.setattr(sys, "argv", ["speedrun", *arguments])
    threads = torch.get_num_threads()
    try:
        speedrun.main()
    finally:
        torch.set_num_threads(threads)
    return played


def test_a_stopped_script_goes_on_and_measures_by_one_measure(shelf, monkeypatch, capsys):
    with pytest.raises(KeyboardInterrupt):
        script(monkeypatch, "--seeds", "2")
    assert len(results.load("speedrun")["runs"]) == 11 and results.load("speedrun")["floor"] == 1.5
    assert script(monkeypatch, "--seeds", "2", "--only", "sweep/") == [
        f"sweep/dcgan-d2l/{rate:g}/0" for rate in speedrun.RATES[2:]
    ]
    race = script(monkeypatch, "--seeds", "2", "--only", "race/")
    assert race == [
        f"race/{name}/{rate:g}/{seed}"
        for seed in range(2)
        for name, rate in (
            ("dcgan-digits", speedrun.own_rate("dcgan-digits")), ("dcgan-tutorial", 2e-4), ("dcgan-tutorial", 5e-3),
            ("dcgan-d2l", 5e-3),
        )
    ]  # fmt: skip
    assert script(monkeypatch, "--seeds", "2") == [] and "as published, its best rate" in capsys.readouterr().out
    assert script(monkeypatch, "--seeds", "2", protocol=PROTOCOL | {"floor": 1.5 + 1e-6}) == [], "rounding"
    for other in ({"floor": 1.6}, {"n": 5000}, {"threads": 1}):
        with pytest.raises(SystemExit, match="move the file away"):
            script(monkeypatch, protocol=PROTOCOL | other)


def test_a_run_that_fails_is_kept_as_failed(monkeypatch):
    def train(self, budget, seed, *, watch, **_):
        watch(SimpleNamespace(step=0))
        watch(SimpleNamespace(step=1))
        raise TrainingError("d_loss became nan")

    monkeypatch.setattr(recipes.Recipe, "train", train)
    cell = {"part": "race", "recipe": "dcgan-d2l", "rate": 5e-3, "seed": 0, "limit": 0.0}
    found = speedrun.play(cell, SimpleNamespace(floors=lambda game: float("inf")), 0.5)
    assert found["failed"] == "d_loss became nan" and found["floors"] is None and found["arrivals"] == {}


def test_a_run_that_somebody_stopped_is_not_kept(monkeypatch):
    def train(self, *_, **__):
        raise Stopped("stopped by SIGTERM after round 99")

    monkeypatch.setattr(recipes.Recipe, "train", train)
    cell = {"part": "race", "recipe": "dcgan-d2l", "rate": 5e-3, "seed": 0, "limit": 0.0}
    with pytest.raises(Stopped):
        speedrun.play(cell, SimpleNamespace(), 0.5)


class Deals(nn.Module):
    """A generator of real digits, or of noise."""

    def __init__(self, real):
        super().__init__()
        self.real, self.weight = real, nn.Parameter(torch.zeros(1))

    def forward(self, z):
        if not self.real:
            return torch.rand(len(z), 1, 28, 28, generator=torch.Generator().manual_seed(1)) * 2 - 1
        digits = data.load("digits")
        return digits.batch(torch.randint(len(digits), (len(z),), generator=torch.Generator().manual_seed(len(z)))).real


def test_the_referee_tells_real_digits_from_noise_and_a_short_run_ends(monkeypatch):
    monkeypatch.setattr(speedrun, "N", 500)
    monkeypatch.setattr(speedrun, "SPLITS", 4)
    referee = speedrun.Referee()
    assert referee.protocol["n"] == 500 and referee.protocol["floor"] > 0 and referee.protocol["floor_spread"] > 0
    real, noise = (referee.floors(Game(Deals(real), None, prior=Prior(2))) for real in (True, False))
    assert 0.5 < real < 2 and noise > 10
    cell = {
        "part": "race",
        "recipe": "dcgan-digits",
        "rate": speedrun.own_rate("dcgan-digits"),
        "seed": 0,
        "limit": 0.01,
    }
    found = speedrun.play(cell, referee, 0.02)
    assert found["rounds"] == 1 and len(found["curve"]) == 1 and found["floors"] > 5 and found["seconds"] == 0.02


def test_a_round_of_every_recipe_is_timed_in_turn(monkeypatch):
    asked = {name: recipes.get(name) for name in (speedrun.OURS, *speedrun.PUBLISHED)}
    played = []
    monkeypatch.setattr(speedrun, "player", lambda recipe: (None, lambda rounds: played.append((recipe.name, rounds))))
    paces = speedrun.paces(asked)
    assert paces.keys() == asked.keys() and max(paces.values()) < 0.01
    assert played[:3] == [(name, speedrun.PACED) for name in paces] and len(played) == 18

"""What is to be read is really there: each fault shows from its place on, and not before."""

import importlib

import pytest

from ganbook import checks

#: Notebooks whose cases have no course: each is one picture, or one measurement.
STILL = ("building_blocks", "conditional", "cyclegan")


def reading(name):
    return importlib.import_module(f"ganbook.checks.readings.{name}").READING


def numbers(log):
    return [curve for panel in log.values() for curve in (panel.values() if isinstance(panel, dict) else panel)]


@pytest.mark.parametrize("name", [name for name in checks.NOTEBOOKS if name not in STILL])
def test_a_fault_shows_from_its_place_on(name):
    it = reading(name)
    seed = checks.NOTEBOOKS.index(name) % len(it.cases)  # one case of each notebook, not everywhere the same
    fault, place = [*it.cases.values()][seed]
    sound, broken = (numbers(it.shown(what, place, seed)) for what in ("", fault))
    begins = it.places.index(place) + (it.slack > 0)  # with slack, the place is the last look that is sound
    assert {len(curve) for curve in sound + broken} == {len(it.places)}
    assert [curve[:begins] for curve in broken] == [curve[:begins] for curve in sound]
    assert any(a[begins] != b[begins] for a, b in zip(sound, broken, strict=True))


@pytest.mark.parametrize("name", STILL)
def test_each_fault_is_another_picture(name):
    it = reading(name)
    shown = [it.shown(fault, next(iter(it.cases.values()))[1], 0) for fault in it.faults]
    assert all(one != other for i, one in enumerate(shown) for other in shown[:i])


def test_logs_are_the_same_at_every_call_and_leave_the_learner_s_numbers_alone():
    import torch

    torch.manual_seed(3)
    kept = torch.get_rng_state()
    it = reading("dcgan")
    assert it.logs() == it.logs()
    assert torch.equal(torch.get_rng_state(), kept)


def test_a_place_a_look_later_is_as_good_and_two_are_not():
    task, it = checks.convergence.reading, reading("convergence")
    for later, status in ((0, "passed"), (1, "passed"), (2, "failed")):
        moved = {k: (fault, it.places[it.places.index(place) + later]) for k, (fault, place) in it.cases.items()}
        assert task(moved).status == status

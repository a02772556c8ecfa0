"""The honest unit: a perfect generator scores one floor, at whatever n, and an interval holds what it promises."""

from __future__ import annotations

import statistics

import pytest
import torch

from ganbook import data, metrics
from ganbook.data.images import to_float
from ganbook.metrics.floors import _of_random_classes


def drawn(n: int, seed: int, dim: int = 6, shift: float = 0.0) -> torch.Tensor:
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(n, dim, generator=chance, dtype=torch.float64) + shift


def in_floors(samples: torch.Tensor, real: torch.Tensor, **how) -> tuple[float, float]:
    """The score and its spread, both in floors."""
    found = metrics.frechet_score(samples, real, resamples=0, **how)
    floor = metrics.real_floor(real, found.n)
    assert (floor.n, floor.splits) == (found.n, found.splits) == (found.n, 20)
    return found.distance / floor.mean, floor.spread / floor.mean


def test_a_single_split_is_the_distance_of_two_parts():
    real = drawn(40, 0)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    for n, size in ((None, 20), (7, 7)):
        floor = metrics.real_floor(real, n, splits=1)
        expected = metrics.frechet_distance(real[order[:size]], real[order[size : 2 * size]])
        assert floor == (pytest.approx(expected), 0, size, 1)


def test_mean_and_spread_are_those_of_real_sets_against_others():
    floors = [metrics.real_floor(drawn(400, seed)) for seed in range(12)]
    fresh = [metrics.frechet_distance(drawn(200, 100 + seed), drawn(200, 500 + seed)) for seed in range(200)]
    assert statistics.mean(f.mean for f in floors) == pytest.approx(statistics.mean(fresh), rel=0.1)
    assert statistics.mean(f.spread for f in floors) == pytest.approx(statistics.stdev(fresh), rel=0.25)


@pytest.mark.parametrize(("samples", "real", "n"), [(400, 400, 200), (150, 400, 150), (1000, 401, 200)])
def test_a_perfect_generator_scores_one_floor(samples: int, real: int, n: int):
    found = [in_floors(drawn(samples, seed), drawn(real, 1000 + seed)) for seed in range(30)]
    assert metrics.frechet_score(drawn(samples, 0), drawn(real, 1), resamples=0).n == n
    scores, spreads = zip(*found, strict=True)
    assert statistics.mean(scores) == pytest.approx(1, abs=0.1)
    assert statistics.mean(abs(s - 1) <= 2 * spread for s, spread in found) >= 0.8
    assert 0.1 < statistics.mean(spreads) < 0.5


def test_a_flaw_is_not_one_floor():
    for flawed in (drawn(400, 0, shift=0.3), 1.3 * drawn(400, 0), drawn(400, 0)[:10].repeat(40, 1)):
        score, spread = in_floors(flawed, drawn(400, 1))
        assert score > 1 + 5 * spread


@pytest.fixture(scope="module")
def digits() -> torch.Tensor:
    """Features of all real digits, in an order of chance."""
    images = torch.cat([to_float(data.load("digits", split).images) for split in ("train", "test")])
    with torch.no_grad():
        seen = metrics.features("digits")(images)
    return seen[torch.randperm(len(seen), generator=torch.Generator().manual_seed(2))]


def test_real_digits_as_samples_score_one_floor(digits: torch.Tensor):
    """A third of the real digits as samples, the other two as the real set: no image stands on both sides."""
    scores = []
    for third in range(3):
        mine = torch.arange(len(digits)) % 3 == third
        score, spread = in_floors(digits[mine], digits[~mine])
        assert abs(score - 1) <= 2 * spread
        scores.append(score)
    assert statistics.mean(scores) == pytest.approx(1, abs=0.25)


def blobs(labels: torch.Tensor, seed: int) -> torch.Tensor:
    """Ten classes far apart, as in a classifier's features."""
    centres = 4 * torch.randn(10, 6, generator=torch.Generator().manual_seed(99), dtype=torch.float64)
    return centres[labels] + drawn(len(labels), seed)


def test_a_real_set_of_a_fixed_number_a_class_is_no_trap():
    """Such a set has no luck with its classes. A random generator then scores one floor only if they are named."""
    alike = torch.arange(500) % 10
    scores: dict[str, list[float]] = {"named": [], "not named": [], "as many of each": []}
    spreads = []
    for seed in range(30):
        real = blobs(alike, seed)
        chance = torch.Generator().manual_seed(seed)
        samples = blobs(torch.randint(10, (500,), generator=chance), 100 + seed)
        equal = blobs(alike[:250], 100 + seed)
        named, spread = in_floors(samples, real, labels=alike)
        spreads.append(spread)
        scores["named"].append(named)
        scores["not named"].append(in_floors(samples, real)[0])
        scores["as many of each"].append(in_floors(equal, real, labels=alike)[0])
    mean = {name: statistics.mean(found) for name, found in scores.items()}
    assert mean["named"] == pytest.approx(1, abs=0.12)
    assert mean["not named"] < 0.9 < mean["named"]
    # Why reports ask for random classes: with as many samples of each, a generator undercuts its floor.
    assert mean["as many of each"] < 1 - statistics.mean(spreads)


def test_random_classes_are_those_of_draws_from_all_images():
    labels = torch.arange(400) % 4
    chance = torch.Generator().manual_seed(0)
    counts = []
    for _ in range(400):
        chosen = _of_random_classes(labels, 100, chance)
        assert len(chosen) == len(chosen.unique()) == 100
        counts.append(int((labels[chosen] == 1).sum()))
    assert statistics.mean(counts) == pytest.approx(25, abs=1)
    assert statistics.variance(counts) == pytest.approx(100 * 0.25 * 0.75, rel=0.3), "of one half of a set it is half"
    few = torch.arange(20) % 10
    for _ in range(20):
        assert len(_of_random_classes(few, 10, chance).unique()) == 10, "also where a class is used up"


def test_a_perfect_translator_scores_one_floor_and_a_poor_one_more():
    real = drawn(101, 0)
    floor = metrics.real_floor(real)
    perfect = metrics.frechet_score(real, real, paired=True)
    assert (perfect.n, floor.n) == (50, 50) and perfect.distance == pytest.approx(floor.mean, rel=1e-12)
    poor = metrics.frechet_score(0.5 * real, real, paired=True)
    assert poor.distance > 1.5 * floor.mean
    # Without the word "paired" the same images would stand on both sides, by chance, and undercut the floor.
    assert metrics.frechet_score(real, real).distance < 0.8 * floor.mean


@pytest.mark.parametrize("shift", [0.0, 0.15, 0.5])
def test_the_interval_holds_the_distance_at_that_n(shift: float):
    fresh = [metrics.frechet_distance(drawn(150, 5000 + s, 8, shift), drawn(150, 9000 + s, 8)) for s in range(300)]
    truth = statistics.mean(fresh)
    found = [
        metrics.frechet_score(drawn(300, s, 8, shift), drawn(300, 2000 + s, 8), splits=6, resamples=60)
        for s in range(40)
    ]
    held = [score.low <= truth <= score.high for score in found]
    assert statistics.mean(held) >= 0.8
    assert all(score.low < score.distance < score.high for score in found)
    if shift == 0.5:  # far from the floor, where 0 cuts nothing off
        reach = statistics.mean((s.high - s.low) / 2 for s in found) / 1.96
        assert reach == pytest.approx(statistics.stdev(s.distance for s in found), rel=0.4), "as wide as is needed"


def test_an_interval_lies_around_its_score_and_shrinks_with_n():
    far = metrics.frechet_score(drawn(400, 0, shift=1.0), drawn(400, 1))
    assert (far.low + far.high) / 2 == pytest.approx(far.distance)
    more = metrics.frechet_score(drawn(3600, 0, shift=1.0), drawn(3600, 1))
    assert more.high - more.low == pytest.approx((far.high - far.low) / 3, rel=0.35)
    near = metrics.frechet_score(drawn(30, 0), drawn(30, 1))
    assert near.low >= 0
    assert metrics.frechet_score(drawn(30, 0), drawn(30, 1), resamples=0)[1:3] == (None, None)
    once = metrics.frechet_score(drawn(30, 0), drawn(30, 1), resamples=1)
    assert once.low == once.high == once.distance


def test_the_same_sets_give_the_same_score_and_no_random_number_is_drawn():
    before = torch.get_rng_state()
    first, again = (metrics.frechet_score(drawn(60, 0), drawn(60, 1)) for _ in range(2))
    assert first == again and metrics.real_floor(drawn(60, 1)) == metrics.real_floor(drawn(60, 1))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: metrics.real_floor(drawn(10, 0), 6), r"^n is 6: allowed is 2 to 5$"),
        (lambda: metrics.real_floor(drawn(10, 0), splits=0), r"^splits is 0: allowed is 1 to 10000$"),
        (lambda: metrics.real_floor(drawn(3, 0)), r"^real has shape \(3, 6\): allowed is \(N, dim\) with N of 4"),
        (lambda: metrics.frechet_score(drawn(9, 0), drawn(3, 0)), r"^real has shape \(3, 6\): .* N of 4 or more$"),
        (lambda: metrics.frechet_score(drawn(4, 0), drawn(10, 0), 5), r"^n is 5: allowed is 2 to 4$"),
        (
            lambda: metrics.frechet_score(drawn(9, 0), drawn(10, 0), paired=True),
            r"^samples has 9 rows: allowed is 10, one for each of the real images$",
        ),
        (
            lambda: metrics.frechet_score(drawn(9, 0), drawn(10, 0), labels=torch.zeros(9).long()),
            r"^labels has shape \(9,\): allowed is \(10,\)$",
        ),
        (lambda: metrics.frechet_score(drawn(9, 0), drawn(10, 0), resamples=-1), r"^resamples is -1: allowed is 0"),
    ],
)
def test_what_does_not_fit_is_named(call, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        call()

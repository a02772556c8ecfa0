"""The birthday test, against a count by hand and generators of known support."""

from __future__ import annotations

import math
import statistics

import pytest
import torch

from ganbook import metrics


def drawn(support: int, n: int, seed: int, jitter: float = 0.0) -> torch.Tensor:
    """n draws from so many points far apart, each a little off."""
    chance = torch.Generator().manual_seed(seed)
    points = 10 * torch.randn(support, 5, generator=chance)
    return points[torch.randint(support, (n,), generator=chance)] + jitter * torch.randn(n, 5, generator=chance)


def test_counts_as_by_hand():
    samples = drawn(20, 40, 0, jitter=0.1)
    distances = [(math.dist(a, b), i, j) for i, a in enumerate(samples) for j, b in enumerate(samples) if i < j]
    found = metrics.birthday(samples, 0.5)
    assert found.twins == sum(d <= 0.5 for d, _, _ in distances) > 0
    assert (found.distance, *found.pair) == (pytest.approx(min(distances)[0], abs=1e-5), *min(distances)[1:])
    assert found.support == pytest.approx(40 * 39 / 2 / found.twins)


@pytest.mark.parametrize("support", [10, 300])
def test_finds_the_support_of_equally_likely_images(support: int):
    found = [metrics.birthday(drawn(support, 600, seed, jitter=0.01), 0.2).support for seed in range(10)]
    assert statistics.mean(found) == pytest.approx(support, rel=0.1)


def test_half_of_such_batches_hold_twins():
    size = round(metrics.birthday(drawn(300, 1500, 0), 0).batch)
    hit = [metrics.birthday(drawn(300, size, seed), 0).twins > 0 for seed in range(300)]
    assert statistics.mean(hit) == pytest.approx(0.5, abs=0.1)


def test_what_is_drawn_often_weighs_more():
    even, uneven = torch.ones(100), torch.ones(100)
    uneven[0] = 50
    chance = torch.Generator().manual_seed(0)
    supports = []
    for weight in (even, uneven):
        days = torch.multinomial(weight, 3000, replacement=True, generator=chance)[:, None].double()
        supports.append(metrics.birthday(days, 0).support)
    assert supports[0] == pytest.approx(100, rel=0.1)
    assert supports[1] == pytest.approx(float(uneven.sum() ** 2 / uneven.square().sum()), rel=0.1)


def test_without_twins_there_is_no_estimate_and_images_are_points():
    images = torch.arange(12.0).reshape(6, 1, 1, 2)
    found = metrics.birthday(images, 0.1)
    assert (found.twins, found.support, found.batch) == (0, math.inf, math.inf)
    assert found.distance == pytest.approx(math.sqrt(8))


@pytest.mark.parametrize("within", [-1.0, math.nan])
def test_a_distance_that_is_none_is_refused(within: float):
    with pytest.raises(ValueError, match=r"^within is "):
        metrics.birthday(torch.zeros(4, 2), within)

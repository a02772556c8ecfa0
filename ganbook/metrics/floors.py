"""One honest unit: the Fréchet distance of samples at the n at which real images were measured against each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ganbook.arguments import check_tensor, check_whole, typed
from ganbook.metrics._shapes import check_features
from ganbook.metrics.frechet import distance_of_moments

__all__ = ["Floor", "FrechetScore", "frechet_score", "real_floor"]

SPLITS = 20
"""Random splits of a score. They come from one set, so more of them hardly tell more."""

RESAMPLES = 100
"""Resamplings of an interval, whose spread they give to about a fourteenth."""

MOST = 10_000
"""Splits or resamples, at most: a hundredth more of the spread is not worth waiting for."""

WIDTH = 1.96
"""Standard deviations on each side, 95 % of a Gaussian."""


class Floor(NamedTuple):
    """What :func:`real_floor` found.

    Attributes:
        mean: of the distances of one random part of the real set to another.
        spread: their standard deviation, that of a single such distance; 0 for a single split.
        n: features on each side.
        splits: number of random splits.
    """

    mean: float
    spread: float
    n: int
    splits: int


class FrechetScore(NamedTuple):
    """What :func:`frechet_score` found.

    Attributes:
        distance: the mean over the splits.
        low, high: 95 % interval for it, by the bootstrap; both None where nothing was resampled.
        n: features on each side.
        splits: number of random splits.
    """

    distance: float
    low: float | None
    high: float | None
    n: int
    splits: int


@typed
def real_floor(real: Tensor, n: int | None = None, splits: int = SPLITS) -> Floor:
    """Fréchet distances of real features to others of them: what a perfect generator scores, on average, and its luck.

    Args:
        real: (M, dim), M of 4 or more.
        n: features on each side, 2 to M // 2 (default: M // 2, halves).
        splits: random splits into two parts without a common member, 10 000 at most.

    >>> real_floor(torch.arange(9.0)[:, None]).n
    4
    """
    (real,) = check_features(at_least=4, real=real)
    n = _size(n, len(real) // 2)
    check_whole(1, MOST, splits=splits)
    found = torch.tensor(
        [_distance(real[one], real[two]) for one, two in _halves(len(real), n, splits)], dtype=torch.float64
    )
    return Floor(float(found.mean()), float(found.std()) if splits > 1 else 0.0, n, splits)


@typed
def frechet_score(
    samples: Tensor,
    real: Tensor,
    n: int | None = None,
    splits: int = SPLITS,
    resamples: int = RESAMPLES,
    *,
    paired: bool = False,
    labels: Tensor | None = None,
) -> FrechetScore:
    """Fréchet distance of ``n`` generated features to ``n`` real ones, the mean over the splits of :func:`real_floor`.

    Divided by the floor at the same n it is 1 for a perfect generator, give or take the spread of the floor.

    The interval says how far other samples and other real images of the same number would have moved the distance:
    both sets are drawn again with replacement (Efron 1979), and the spread of their distances is laid around the
    score. The resampled distances themselves lie too high, since a set that holds some members twice and others not at
    all is farther from another one; their mean is therefore not used.

    Args:
        samples: (N, dim) features of generated images, N of 2 or more.
        real: (M, dim) features of real images, M of 4 or more.
        n: features on each side (default: N or M // 2, whichever is less).
        splits: random draws of n samples, and of the n real images that stand against them, 10 000 at most.
        resamples: of the interval, 10 000 at most; 0: none.
        paired: sample i belongs to real image i, as a translation to the truth of its source, or has its class. Then
            the samples of one half stand against the real images of the other half: a perfect translator gives back
            the real images, and scores what they score against each other, not 0.
        labels: (M,) classes of the real images, where the set was composed with a fixed number of each. Such a set
            has less luck with its classes than a random one, so that a generator would score below 1 by the
            difference; with labels given, each draw from it has random numbers of each class. Pairs need no labels.
    """
    samples, real = check_features(samples=samples, real=real)
    if len(real) < 4:
        raise ValueError(f"real has shape {tuple(real.shape)}: allowed is (N, dim) with N of 4 or more")
    if paired and len(samples) != len(real):
        raise ValueError(f"samples has {len(samples)} rows: allowed is {len(real)}, one for each of the real images")
    n = _size(n, min(len(samples), len(real) // 2))
    check_whole(1, MOST, splits=splits)
    check_whole(0, MOST, resamples=resamples)
    if labels is not None:
        check_tensor("labels", labels, len(real), kind="whole", finite=True)
        labels = labels.cpu()
    chance = torch.Generator().manual_seed(1)
    total = 0.0
    for one, two in _halves(len(real), n, splits):
        fake = two if paired else torch.randperm(len(samples), generator=chance)[:n]
        chosen = one if paired or labels is None else _of_random_classes(labels, n, chance)
        total += _distance(samples[fake], real[chosen])
    distance = total / splits
    if not resamples:
        return FrechetScore(distance, None, None, n, splits)
    again = [_distance(_drawn_again(samples, chance), _drawn_again(real, chance)) for _ in range(resamples)]
    reach = WIDTH * float(torch.tensor(again, dtype=torch.float64).std(correction=min(1, resamples - 1)))
    return FrechetScore(distance, max(0.0, distance - reach), distance + reach, n, splits)


def _size(n: int | None, most: int) -> int:
    if n is None:
        return most
    check_whole(2, most, n=n)
    return n


def _halves(total: int, n: int, splits: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Indices of n, and of n others; always the same splits, so that score and floor look at the same ones."""
    chance = torch.Generator().manual_seed(0)
    for _ in range(splits):
        order = torch.randperm(total, generator=chance)
        yield order[:n], order[n : 2 * n]


def _of_random_classes(labels: Tensor, n: int, chance: torch.Generator) -> Tensor:
    """n different indices, of classes that are drawn as if there were no end of each."""
    order = torch.randperm(len(labels), generator=chance)
    wanted = labels[torch.randint(len(labels), (n,), generator=chance)]
    first, later = [], []
    for label in sorted(set(labels.tolist())):
        of_class = order[labels[order] == label]
        count = int((wanted == label).sum())
        first.append(of_class[:count])
        later.append(of_class[count:])
    return torch.cat(first + later)[:n]  # in a small set a class may be used up, and others fill the places


def _drawn_again(rows: Tensor, chance: torch.Generator) -> Tensor:
    return rows[torch.randint(len(rows), (len(rows),), generator=chance)]


def _distance(a: Tensor, b: Tensor) -> float:
    return distance_of_moments(*_moments(a), *_moments(b))


def _moments(rows: Tensor) -> tuple[Tensor, Tensor]:
    return rows.mean(0), torch.cov(rows.T).reshape(rows.shape[1], rows.shape[1])

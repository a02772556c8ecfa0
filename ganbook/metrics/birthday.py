"""How many different images does a generator draw? Among enough samples, two share a birthday."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ganbook.arguments import check_number, typed
from ganbook.metrics._shapes import check_features, distance_rows

__all__ = ["Birthday", "birthday"]


class Birthday(NamedTuple):
    """What :func:`birthday` found.

    Attributes:
        twins: pairs of samples that are no farther apart than was asked.
        support: how many equally likely images would give as many, pairs / twins; infinite without twins.
        batch: so many samples hold twins in half of the cases; infinite without twins.
        distance: between the two nearest samples.
        pair: which two these are.
    """

    twins: int
    support: float
    batch: float
    distance: float
    pair: tuple[int, int]


@typed
def birthday(samples: Tensor, within: float) -> Birthday:
    """Count twins among the samples, and say how many different images they suggest (Arora et al. 2018).

    Two of s draws from N equally likely images are the same with probability 1 - exp(-s (s - 1) / 2N). The paper asks
    for the s at which that is one half; counting the twins among all pairs uses the samples better. Where images are
    not equally likely, ``support`` is less than their number: what is drawn often weighs more.

    Args:
        samples: generated, (N, dim) features or (N, C, H, W) images.
        within: the largest distance of twins. Real images have some as near by chance, so take the distance from
            them, and compare with their figure; and look at the nearest pair.

    >>> days = torch.randint(365, (4000, 1), generator=torch.Generator().manual_seed(0)).float()
    >>> found = birthday(days, within=0)
    >>> round(found.batch)
    23
    """
    (samples,) = check_features(flat=True, samples=samples)
    check_number(0, within=within)
    twins, distance, pair, start = 0, math.inf, (0, 0), 0
    for rows in distance_rows(samples, samples):
        here = torch.arange(len(rows))
        rows[here, start + here] = math.inf
        twins += int((rows <= within).sum())
        least = int(rows.argmin())
        if rows.view(-1)[least] < distance:
            distance, pair = float(rows.view(-1)[least]), (start + least // len(samples), least % len(samples))
        start += len(rows)
    n = len(samples)
    support = n * (n - 1) / twins if twins else math.inf  # each pair was seen from both sides
    batch = (1 + math.sqrt(1 + 8 * math.log(2) * support)) / 2
    return Birthday(twins // 2, support, batch, distance, (min(pair), max(pair)))

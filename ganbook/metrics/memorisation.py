"""Does a generator repeat its training images? Its distance to them, against that of real images it never saw."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ganbook.metrics._shapes import check_features, distance_rows, share

__all__ = ["Memorisation", "memorisation", "nearest"]


class Memorisation(NamedTuple):
    """What :func:`memorisation` found.

    Attributes:
        nearer: share of the pairs (sample, held-out image) in which the sample is nearer to the training set, ties
            counted half. ½ for fresh data, 1 for copies, 0 for samples far from all data.
        z: ``nearer - ½`` in standard deviations under the hypothesis that samples are as far from the training set as
            held-out images are (Mann and Whitney 1947). Above 3: suspect.
        copies: share of the samples nearer to the training set than 99 % of the held-out images; 0.01 for fresh data.
        distances: (N,) of each sample to its nearest training image.
        indices: (N,) which training image that is.
        reference: (M,) the held-out images' distances to their nearest training image, ascending.
    """

    nearer: float
    z: float
    copies: float
    distances: Tensor
    indices: Tensor
    reference: Tensor


def nearest(queries: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Distance to, and index of, the nearest of ``points`` (M, dim) for each of ``queries`` (N, dim).

    Images count as points: everything after the first dimension is flattened.
    """
    return _nearest(*check_features(at_least=1, flat=True, queries=queries, points=points))


def _nearest(queries: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    found = [rows.min(dim=1) for rows in distance_rows(queries, points)]
    return torch.cat([f.values for f in found]), torch.cat([f.indices for f in found])


def _nearest_others(points: Tensor) -> Tensor:
    """(N,) distance of each point to the nearest other one."""
    start, found = 0, []
    for rows in distance_rows(points, points):
        rows[torch.arange(len(rows)), torch.arange(start, start + len(rows))] = torch.inf
        found.append(rows.min(dim=1).values)
        start += len(rows)
    return torch.cat(found)


def memorisation(samples: Tensor, train: Tensor, held_out: Tensor | None = None) -> Memorisation:
    """Compare the samples' distances to the training set with those of held-out real images (Meehan et al. 2020).

    The test asks whether samples are *nearer* to the training set than new real data are. Memorised images are; so
    are prototypes and blurred means, whose distances have another shape: look at the pairs before you accuse.

    Args:
        samples: generated, (N, dim) features or (N, C, H, W) images.
        train: what the generator was trained on, in the same form.
        held_out: real, unseen by the generator, in the same form. If these are features, the feature network must
            not know ``train`` better than ``held_out`` either, or it places the held-out images further away. None,
            where all real images were trained on: each of ``train`` takes its turn, and is compared with the others.

    >>> train, held_out = torch.zeros(1, 1), torch.tensor([[1.0], [2.0]])
    >>> memorisation(torch.tensor([[0.5], [1.0]]), train, held_out).nearer  # nearer in 3 pairs of 4, a tie in one
    0.875
    """
    if held_out is None:
        samples, train = check_features(at_least=1, flat=True, samples=samples, train=train)
        if len(train) < 2:
            raise ValueError("train has one row: without held_out allowed are two or more")
        reference = _nearest_others(train)
    else:
        samples, train, held_out = check_features(
            at_least=1, flat=True, samples=samples, train=train, held_out=held_out
        )
        reference = _nearest(held_out, train)[0]
    reference = reference.sort().values
    distances, indices = _nearest(samples, train)
    n, m = len(distances), len(reference)
    not_nearer = torch.searchsorted(reference, distances, right=False)  # held-out images strictly nearer
    tied = torch.searchsorted(reference, distances, right=True) - not_nearer
    nearer = 1 - float((not_nearer + tied / 2).sum()) / (n * m)
    # Variance of the Mann-Whitney statistic, with its correction for ties.
    ties = torch.unique(torch.cat((distances, reference)), return_counts=True)[1].double()
    total = n + m
    variance = (total + 1 - float((ties**3 - ties).sum()) / (total * (total - 1))) / (12 * n * m)
    z = (nearer - 0.5) / math.sqrt(variance) if variance > 0 else 0.0
    limit = reference.quantile(0.01)
    return Memorisation(nearer, z, share(distances < limit), distances, indices, reference)

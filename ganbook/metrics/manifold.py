"""Precision, recall, density and coverage: is a sample where data are, and are there samples where data are?"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ganbook.arguments import check_whole
from ganbook.metrics._shapes import check_features, distance_rows, share

__all__ = ["DensityCoverage", "PrecisionRecall", "density_coverage", "precision_recall"]


class PrecisionRecall(NamedTuple):
    """What :func:`precision_recall` found.

    Attributes:
        precision: share of the fake samples inside the estimated manifold of the real ones.
        recall: share of the real samples inside the estimated manifold of the fake ones.
    """

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """What :func:`density_coverage` found.

    Attributes:
        density: how many balls of real samples hold a fake one, on average, divided by k; may exceed 1.
        coverage: share of the real samples whose ball holds a fake one.
    """

    density: float
    coverage: float


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> PrecisionRecall:
    """Improved precision and recall (Kynkäänniemi et al. 2019).

    The manifold of a set is estimated as the union of balls around its points, each reaching to the k-th nearest
    neighbour within the set. Both depend on n and k; one outlier has a ball that may hold everything.

    Args:
        real: (N, dim) features of real samples, N above k.
        fake: (M, dim) features of generated samples, M above k.
        k: which neighbour sets a ball's radius; the point itself does not count.
    """
    check_whole(1, k=k)
    real, fake = check_features(at_least=k + 1, real=real, fake=fake)
    return PrecisionRecall(share(_inside(fake, real, k) > 0), share(_inside(real, fake, k) > 0))


def density_coverage(real: Tensor, fake: Tensor, k: int = 5) -> DensityCoverage:
    """Density and coverage (Naeem et al. 2020): as :func:`precision_recall`, with the balls of real samples only.

    Density counts the balls around a fake sample, so a real outlier's ball adds one vote, not the whole verdict.
    For two sets from one distribution both are near 1: E[density] = 1, E[coverage] = 1 - 2^-k for large N = M.
    """
    check_whole(1, k=k)
    real, fake = check_features(at_least=k + 1, real=real, fake=fake)
    radii = _radii(real, k)
    nearest = torch.full((len(real),), torch.inf, dtype=torch.float64)
    held = 0
    for rows in distance_rows(fake, real):
        held += int((rows <= radii).sum())
        nearest = torch.minimum(nearest, rows.min(dim=0).values)
    return DensityCoverage(held / (k * len(fake)), share(nearest <= radii))


def _radii(points: Tensor, k: int) -> Tensor:
    """(N,) distance of each point to its k-th nearest other one; the point itself is the 1st of k + 1."""
    return torch.cat([rows.kthvalue(k + 1, dim=1).values for rows in distance_rows(points, points)])


def _inside(queries: Tensor, points: Tensor, k: int) -> Tensor:
    """(queries,) how many balls of ``points`` hold each query."""
    radii = _radii(points, k)
    return torch.cat([(rows <= radii).sum(dim=1) for rows in distance_rows(queries, points)])

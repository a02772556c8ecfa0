"""The kernel distance between two sets of features."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbook.metrics._shapes import check_features

__all__ = ["kernel_distance"]

_ROWS = 1000


def kernel_distance(features_a: Tensor, features_b: Tensor) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy under ``k(x, y) = (x . y / dim + 1)^3``.

    Means of the kernel over all pairs of *different* samples within a set, less twice its mean over all pairs across
    (Gretton et al. 2012, eq. 3; on network features Bińkowski et al. 2018, who average it over small subsets to
    save memory: here all pairs are used). Its expectation does not depend on n, so near 0 it is negative about as
    often as positive.

    Args:
        features_a, features_b: (N, dim) and (M, dim), N and M of 2 or more.

    Returns:
        The estimate, computed in float64; it may be negative.
    """
    a, b = check_features(features_a=features_a, features_b=features_b)
    within = sum(
        (_kernel_sum(x, x) - float(_kernel(x.square().sum(1), x).sum())) / (len(x) * (len(x) - 1)) for x in (a, b)
    )
    return within - 2 * _kernel_sum(a, b) / (len(a) * len(b))


def _kernel(products: Tensor, x: Tensor) -> Tensor:
    return (products / x.shape[1] + 1) ** 3


def _kernel_sum(x: Tensor, y: Tensor) -> float:
    """The kernel summed over all pairs, a thousand rows at a time."""
    return sum(float(_kernel(part @ y.T, x).sum()) for part in torch.split(x, _ROWS))

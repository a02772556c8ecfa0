"""The Fréchet distance between two sets of features, and between two Gaussians."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbook.arguments import check_tensor
from ganbook.metrics._shapes import check_features

__all__ = ["frechet_distance", "frechet_of_gaussians"]

ROUNDING = 1e-3
"""What a covariance computed in float32, of a few thousand dimensions, may be off, as a share of its largest number."""


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    """``||m_a - m_b||^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2))``: squared Fréchet distance of two fitted Gaussians.

    The squared 2-Wasserstein distance between Gaussians (Dowson and Landau 1982), on network features as in
    Heusel et al. 2017. Biased upwards for few samples: compare only scores of the same n and features.

    Args:
        features_a, features_b: (N, dim) and (M, dim), N and M of 2 or more.

    Returns:
        The distance, 0 or more, computed in float64.
    """
    a, b = check_features(features_a=features_a, features_b=features_b)
    cov_a, cov_b = (torch.cov(f.T).reshape(f.shape[1], f.shape[1]) for f in (a, b))
    return distance_of_moments(a.mean(0), cov_a, b.mean(0), cov_b)


def frechet_of_gaussians(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> float:
    """The same distance from means (dim,) and covariances (dim, dim): symmetric, no eigenvalue below 0.

    For many comparisons with one real set: its mean and covariance are then computed once.

    >>> eye = torch.eye(2)
    >>> frechet_of_gaussians(torch.zeros(2), eye, torch.tensor([3.0, 0.0]), 4 * eye)  # 3^2 + 2 (2 - 1)^2
    11.0
    """
    parts = {"mean_a": mean_a, "cov_a": cov_a, "mean_b": mean_b, "cov_b": cov_b}
    check_tensor("mean_a", mean_a, "dim")
    for name, value in parts.items():
        check_tensor(name, value, *[len(mean_a)] * (1 if name.startswith("mean") else 2), finite=True)
    mean_a, cov_a, mean_b, cov_b = (value.detach().cpu().double() for value in parts.values())
    for name, cov in (("cov_a", cov_a), ("cov_b", cov_b)):
        if (cov - cov.T).abs().max() > ROUNDING * cov.abs().max():
            raise ValueError(f"{name} is not symmetric, as a covariance is")
        if torch.linalg.cholesky_ex(cov).info and (values := torch.linalg.eigvalsh(cov))[0] < -ROUNDING * values[-1]:
            raise ValueError(f"{name} has the eigenvalue {float(values[0]):g}: a covariance has none below 0")
    return distance_of_moments(mean_a, cov_a, mean_b, cov_b)


def distance_of_moments(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> float:
    """The distance of :func:`frechet_of_gaussians` from arguments that are known to be right, in float64."""
    # tr((C_a C_b)^(1/2)) by way of the symmetric R' C_b R with R R' = C_a, whose eigenvalues are the same. A Cholesky
    # factor will do for R and costs a tenth of a matrix root; only a singular C_a needs its eigenvectors.
    root, failed = torch.linalg.cholesky_ex(cov_a)
    if failed:
        values, vectors = torch.linalg.eigh(cov_a)
        root = vectors * values.clamp(min=0).sqrt()
    trace = torch.linalg.eigvalsh(root.T @ cov_b @ root).clamp(min=0).sqrt().sum()
    distance = (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * trace
    return max(0.0, float(distance))

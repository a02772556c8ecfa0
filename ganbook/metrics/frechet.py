"""The Fréchet distance between two sets of features."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["frechet_distance"]


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    """``||m_a - m_b||^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2))``: squared Fréchet distance of two fitted Gaussians.

    The squared 2-Wasserstein distance between Gaussians (Dowson and Landau 1982), on network features as in
    Heusel et al. 2017. Biased upwards for few samples: compare only scores of the same n and features.

    Args:
        features_a: (N, dim), N of 2 or more, finite.
        features_b: (M, dim).

    Returns:
        The distance, 0 or more, computed in float64.

    Raises:
        ValueError: if the shapes do not fit or a feature is not finite.
    """
    for name, value in (("features_a", features_a), ("features_b", features_b)):
        if value.ndim != 2 or len(value) < 2:
            raise ValueError(f"{name} has shape {tuple(value.shape)}: allowed is (N, dim) with N of 2 or more")
        if not value.isfinite().all():
            raise ValueError(f"{name} holds NaN or infinity: allowed are finite features")
    if features_a.shape[1] != features_b.shape[1]:
        raise ValueError(
            f"features_b has dimension {features_b.shape[1]}: allowed is that of features_a, {features_a.shape[1]}"
        )
    a, b = features_a.detach().double().cpu(), features_b.detach().double().cpu()
    cov_a, cov_b = (torch.cov(f.T).reshape(f.shape[1], f.shape[1]) for f in (a, b))
    # tr((C_a C_b)^(1/2)) by way of the symmetric C_a^(1/2) C_b C_a^(1/2), whose eigenvalues are the same.
    values, vectors = torch.linalg.eigh(cov_a)
    root_a = vectors * values.clamp(min=0).sqrt() @ vectors.T
    trace = torch.linalg.eigvalsh(root_a @ cov_b @ root_a).clamp(min=0).sqrt().sum()
    distance = (a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * trace
    return max(0.0, float(distance))

"""Which modes of a known mixture a generator reaches."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ganbook.arguments import check_number
from ganbook.metrics._shapes import check_features

__all__ = ["ModeCoverage", "mode_coverage"]


class ModeCoverage(NamedTuple):
    """What :func:`mode_coverage` found.

    Attributes:
        modes: modes with at least one high-quality sample.
        high_quality: share of the samples within three standard deviations of a centre.
        reverse_kl: KL(share of samples per mode, high quality only || uniform), in nats; NaN without any.
        counts: (K,) high-quality samples of each mode.
    """

    modes: int
    high_quality: float
    reverse_kl: float
    counts: Tensor


def mode_coverage(samples: Tensor, centres: Tensor, std: float) -> ModeCoverage:
    """Assign every sample to its nearest centre and count those within ``3 * std`` of it.

    The protocol of VEEGAN (Srivastava et al. 2017) and PacGAN (Lin et al. 2018), who draw 2 500 samples.

    Args:
        samples: (N, dim) generated points.
        centres: (K, dim) of the mixture's components.
        std: standard deviation of a component, above 0.
    """
    check_number(above=0, std=std)
    samples, centres = check_features(at_least=1, samples=samples, centres=centres)
    distance, nearest = torch.cdist(samples, centres).min(dim=1)
    good = nearest[distance <= 3 * std]
    counts = torch.bincount(good, minlength=len(centres))
    shares = counts / counts.sum()
    reverse_kl = torch.special.xlogy(shares, shares * len(centres)).sum().item()
    return ModeCoverage(int((counts > 0).sum()), len(good) / len(samples), reverse_kl, counts)

"""Reports: a score together with all that it takes to read it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from ganbook.metrics.features import DigitsNet, features
from ganbook.metrics.frechet import frechet_distance
from ganbook.metrics.modes import mode_coverage

__all__ = ["report_images", "report_points"]


def report_points(samples: Tensor, centres: Tensor, std: float) -> dict[str, Any]:
    """Mode coverage of points, with n; "reverse_kl" is None where no sample is of high quality."""
    found = mode_coverage(samples, centres, std)
    return {
        "modes": found.modes,
        "modes_total": len(centres),
        "high_quality": found.high_quality,
        "reverse_kl": None if math.isnan(found.reverse_kl) else found.reverse_kl,
        "n": len(samples),
        "split": "fresh samples of the mixture's centres",
        "features": "coordinates",
    }


@torch.no_grad()
def report_images(samples: Tensor, real: Tensor, split: str, name: str = "digits") -> dict[str, Any]:
    """Fréchet distance with features, n, split and floor, and how the classes share the samples.

    The floor is the distance between two random halves of the real images. Halves are smaller than the sets
    compared, and the distance grows as n falls, so the floor errs on the high side; its n is given too.

    Args:
        samples: float (N, C, H, W) generated images in [-1, 1].
        real: float (M, C, H, W) real images in [-1, 1].
        split: which real images these are, in words.
        name: feature network.
    """
    network = features(name)
    assert isinstance(network, DigitsNet)
    real_features, fake_features = network(real), network(samples)
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(0))
    half = len(real) // 2
    floor = frechet_distance(real_features[order[:half]], real_features[order[half : 2 * half]])
    distance = frechet_distance(real_features, fake_features)
    classes = network.head(fake_features).argmax(dim=1)
    share = torch.bincount(classes, minlength=10) / len(samples)
    return {
        "frechet_distance": distance,
        "floor": floor,
        "floors": distance / floor,
        "n": len(samples),
        "n_real": len(real),
        "n_floor": half,
        "split": split,
        "features": name,
        "class_share": share.tolist(),
        "class_share_min": share.min().item(),
        "class_share_max": share.max().item(),
    }

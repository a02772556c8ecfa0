"""Reports: a score together with all that it takes to read it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.arguments import check_tensor, typed
from ganbook.metrics._shapes import check_features
from ganbook.metrics.classes import class_agreement, class_diversity
from ganbook.metrics.features import DigitsNet, features
from ganbook.metrics.frechet import frechet_distance
from ganbook.metrics.kernel import kernel_distance
from ganbook.metrics.manifold import density_coverage, precision_recall
from ganbook.metrics.modes import mode_coverage

__all__ = ["report_features", "report_images", "report_labels", "report_points"]

PAIRS = 1000
"""Samples per side of the scores that look at all pairs, whose cost grows with the square."""


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


@typed
def report_features(samples: Tensor, real: Tensor, split: str, name: str) -> dict[str, Any]:
    """Every score that needs nothing but features, each with its n and with what real images score against real ones.

    The floor of the Fréchet distance is that between two random halves of the real images. Halves are smaller than
    the sets compared, and the distance grows as n falls, so the floor errs on the high side; its n is given too. The
    other scores compare equal numbers, at most 1 000 per side: "precision" that of samples, "precision_real" that of
    one part of the real images against another, and so on. With fewer than 12 images per side they are left out.

    Args:
        samples: (N, dim) features of generated images.
        real: (M, dim) features of real images.
        split: which real images these are, in words.
        name: what computed the features, in words.
    """
    samples, real = check_features(samples=samples, real=real)
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(real), generator=generator)
    half = len(real) // 2
    first, second = real[order[:half]], real[order[half : 2 * half]]
    distance, floor = frechet_distance(real, samples), frechet_distance(first, second)
    report: dict[str, Any] = {
        "frechet_distance": distance,
        "floor": floor,
        "floors": distance / floor if floor > 0 else None,
    }
    pairs = min(PAIRS, len(samples), half)
    if pairs >= 12:
        fake = samples[torch.randperm(len(samples), generator=generator)[:pairs]]
        report |= _of_pairs(first[:pairs], fake, "")
        report |= _of_pairs(first[:pairs], second[:pairs], "_real")
    return report | {
        "n": len(samples),
        "n_real": len(real),
        "n_floor": half,
        "n_pairs": pairs,
        "split": split,
        "features": name,
    }


def _of_pairs(real: Tensor, fake: Tensor, ending: str) -> dict[str, float]:
    scores = {"kernel_distance": kernel_distance(real, fake)}
    scores |= precision_recall(real, fake)._asdict() | density_coverage(real, fake)._asdict()
    return {name + ending: value for name, value in scores.items()}


def _check_images(**images: Tensor) -> None:
    for name, value in images.items():
        check_tensor(name, value, "N", "C", "H", "W", finite=True)


@typed
@torch.no_grad()
def report_images(samples: Tensor, real: Tensor, split: str, name: str | nn.Module = "digits") -> dict[str, Any]:
    """As :func:`report_features`, on any feature network; of the digits network also how the classes share the samples.

    Args:
        samples: float (N, C, H, W) generated images in [-1, 1].
        real: float (M, C, H, W) real images in [-1, 1].
        split: which real images these are, in words.
        name: feature network: a name that :func:`features` knows, or any module from such images to (N, dim),
            which is used in evaluation mode.
    """
    _check_images(samples=samples, real=real)
    network, called = (features(name), name) if isinstance(name, str) else (name.eval(), type(name).__name__)
    fake_features = network(samples)
    report = report_features(fake_features, network(real), split, called)
    if isinstance(network, DigitsNet):
        share = torch.bincount(network.head(fake_features).argmax(dim=1), minlength=10) / len(samples)
        report |= {
            "class_share": share.tolist(),
            "class_share_min": share.min().item(),
            "class_share_max": share.max().item(),
        }
    return report


@torch.no_grad()
def report_labels(samples: Tensor, labels: Tensor, real: Tensor, real_labels: Tensor) -> dict[str, Any]:
    """Are labels obeyed, and how much do samples of one label vary?

    "class_agreement" with the labels asked for, with "judge_accuracy", the same classifier's on real images, and
    "shuffled_agreement", with the same labels in another order, which is chance for classes of equal number.
    "diversity" is the mean distance of two samples of one class, "diversity_real" of two real images of one class.

    Args:
        samples: float digits (N, 1, 28, 28) in [-1, 1], generated for
        labels: (N,) int64.
        real, real_labels: real digits and their classes.
    """
    _check_images(samples=samples, real=real)
    check_tensor("labels", labels, len(samples), kind="whole", finite=True)
    check_tensor("real_labels", real_labels, len(real), kind="whole", finite=True)
    network = features("digits")
    shuffled = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]
    return {
        "class_agreement": class_agreement(samples, labels, network),
        "judge_accuracy": class_agreement(real, real_labels, network),
        "shuffled_agreement": class_agreement(samples, shuffled, network),
        "diversity": class_diversity(network(samples), labels),
        "diversity_real": class_diversity(network(real), real_labels),
        "n_judge": len(real),
    }

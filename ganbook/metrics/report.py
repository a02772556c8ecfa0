"""Reports: a score together with all that it takes to read it."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, cast

import torch
from torch import Tensor, nn

from ganbook.arguments import check_tensor, typed
from ganbook.metrics._shapes import check_features, distance_rows, share
from ganbook.metrics.classes import class_diversity
from ganbook.metrics.features import REFEREES, DigitsNet, features, referee_of
from ganbook.metrics.floors import RESAMPLES, SPLITS, WIDTH, frechet_score, real_floor
from ganbook.metrics.kernel import kernel_distance
from ganbook.metrics.manifold import density_coverage, precision_recall
from ganbook.metrics.modes import mode_coverage

__all__ = ["report_features", "report_images", "report_labels", "report_neighbours", "report_points", "wilson"]

PAIRS = 1000
"""Samples per side of the scores that look at all pairs, whose cost grows with the square."""

KERNEL_PARTS = 10
"""Parts whose spread gives the kernel distance its interval."""

NEIGHBOURS = 5
"""Nearest real images that vote on a class: several, as a label may be wrong, and few, as a class may be small."""

WIDE, SPLITS_OF_WIDE = 512, 5
"""Beyond so many features a distance takes seconds; so many splits are made, and their distances differ little."""


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
def report_features(
    samples: Tensor,
    real: Tensor,
    split: str,
    name: str,
    *,
    paired: bool = False,
    labels: Tensor | None = None,
    intervals: bool = False,
) -> dict[str, Any]:
    """Every score that needs nothing but features, each with its n and with what real images score against real ones.

    The Fréchet distance is that of n samples to n real images, "floor" that of n real images to n others, each the mean
    over the same random splits: see :func:`frechet_score` and :func:`real_floor`. "floors" is the one divided by the
    other, 1 for a perfect generator, give or take "floor_spread" / "floor"; None where all real images are alike.
    "frechet_interval" is a 95 % interval for the distance, "floors_interval" the same in floors; both are None beyond
    512 features, where also fewer splits are made, since a distance then takes seconds.

    The other scores also compare equal numbers, at most 1 000 per side: "precision" that of samples, "precision_real"
    that of one part of the real images against another, and so on. With fewer than 12 a side they are left out.

    Args:
        samples: (N, dim) features of generated images, N of 2 or more.
        real: (M, dim) features of real images, M of 4 or more.
        split: which real images these are, in words.
        name: what computed the features, in words.
        paired, labels: as for :func:`frechet_score`.
        intervals: whether the other scores get 95 % intervals too, "precision_interval" and so on: of shares by
            Wilson's formula, of the kernel distance from its spread over ten parts (None with fewer than 100 a side).
    """
    samples, real = check_features(samples=samples, real=real)
    report = _distances(samples, real, paired, labels)
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(real), generator=generator)
    half = len(real) // 2
    first, second = order[:half], order[half : 2 * half]
    pairs = min(PAIRS, len(samples), half)
    if pairs >= 12:
        fake = second if paired else torch.randperm(len(samples), generator=generator)
        one, other = real[first[:pairs]], samples[fake[:pairs]]
        report |= _of_pairs(one, other, "")
        if intervals:
            report |= {"kernel_distance_interval": _kernel_interval(one, other, report["kernel_distance"])}
            report |= {f"{of}_interval": wilson(report[of], pairs) for of in ("precision", "recall", "coverage")}
        report |= _of_pairs(real[first[:pairs]], real[second[:pairs]], "_real")
    return report | {"n_samples": len(samples), "n_pairs": pairs, "split": split, "features": name}


def _distances(samples: Tensor, real: Tensor, paired: bool, labels: Tensor | None) -> dict[str, Any]:
    """The Fréchet distance, its floor at the same n, and the one in terms of the other."""
    wide = real.shape[1] > WIDE
    splits, resamples = (SPLITS_OF_WIDE, 0) if wide else (SPLITS, RESAMPLES)
    found = frechet_score(samples, real, None, splits, resamples, paired=paired, labels=labels)
    floor = real_floor(real, found.n, splits)
    interval = None if found.low is None or found.high is None else [found.low, found.high]
    return {
        "frechet_distance": found.distance,
        "frechet_interval": interval,
        "floor": floor.mean,
        "floor_spread": floor.spread,
        "floors": found.distance / floor.mean if floor.mean > 0 else None,
        "floors_interval": [end / floor.mean for end in interval] if interval and floor.mean > 0 else None,
        "n": found.n,
        "splits": splits,
    }


def _of_pairs(real: Tensor, fake: Tensor, ending: str) -> dict[str, float]:
    scores = {"kernel_distance": kernel_distance(real, fake)}
    scores |= precision_recall(real, fake)._asdict() | density_coverage(real, fake)._asdict()
    return {name + ending: value for name, value in scores.items()}


def wilson(share: float, n: int) -> list[float]:
    """95 % interval of a share of n independent trials (Wilson 1927); it stays within 0 and 1.

    >>> [round(end, 3) for end in wilson(1.0, 10)]
    [0.722, 1.0]
    """
    z = WIDTH
    middle, reach = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return [max(0.0, (middle - reach) / (1 + z * z / n)), min(1.0, (middle + reach) / (1 + z * z / n))]


def _kernel_interval(real: Tensor, fake: Tensor, distance: float) -> list[float] | None:
    """From the spread of the estimates on disjoint parts, whose mean is no surer than the one from all pairs."""
    if len(real) < KERNEL_PARTS * 10:
        return None
    parts = [kernel_distance(*two) for two in zip(*(torch.chunk(of, KERNEL_PARTS) for of in (real, fake)), strict=True)]
    reach = WIDTH * float(torch.tensor(parts, dtype=torch.float64).std()) / math.sqrt(KERNEL_PARTS)
    return [distance - reach, distance + reach]


def _check_images(**images: Tensor) -> None:
    for name, value in images.items():
        check_tensor(name, value, "N", "C", "H", "W", finite=True)


@typed
@torch.no_grad()
def report_images(
    samples: Tensor,
    real: Tensor,
    split: str,
    name: str | nn.Module = "digits",
    *,
    paired: bool = False,
    labels: Tensor | None = None,
    intervals: bool = False,
) -> dict[str, Any]:
    """As :func:`report_features`, on any feature network; of the digits network also how the classes share the samples.

    Where the network has a referee (see :func:`referee_of`), "referee" holds the distance, floors and classes as that
    one sees them: a recipe was perhaps tuned by the first network, and by the second it was not.

    Args:
        samples: float (N, C, H, W) generated images in [-1, 1].
        real: float (M, C, H, W) real images in [-1, 1].
        split: which real images these are, in words.
        name: feature network: a name that :func:`features` knows, or any module from such images to (N, dim),
            which is used in evaluation mode.
        paired, labels, intervals: as for :func:`report_features`.
    """
    _check_images(samples=samples, real=real)
    network, called = (features(name), name) if isinstance(name, str) else (name.eval(), type(name).__name__)
    of_samples = network(samples)
    how: dict[str, Any] = {"paired": paired, "labels": labels, "intervals": intervals}
    report = report_features(of_samples, network(real), split, called, **how)
    report |= _classes(network, of_samples)
    if second := referee_of(called):
        referee = features(second)
        of_samples = referee(samples)
        distances = _distances(of_samples, referee(real), paired, labels)
        report["referee"] = {"features": second, **distances, **_classes(referee, of_samples)}
    return report


def _classes(network: nn.Module, of_samples: Tensor) -> dict[str, Any]:
    """How the classes share the samples, given their features, if the network names classes."""
    if not isinstance(network, DigitsNet):
        return {}
    shares = torch.bincount(network.head(of_samples).argmax(dim=1), minlength=10) / len(of_samples)
    return {
        "class_share": shares.tolist(),
        "class_share_min": shares.min().item(),
        "class_share_max": shares.max().item(),
    }


@torch.no_grad()
def report_labels(samples: Tensor, labels: Tensor, real: Tensor, real_labels: Tensor) -> dict[str, Any]:
    """Are labels obeyed, and how much do samples of one label vary?

    "class_agreement" with the labels asked for, with "judge_accuracy", the same classifier's on real images, and
    "shuffled_agreement", with the same labels in another order, which is chance for classes of equal number; under
    "referee" the same by a second network. "diversity" is the mean distance of two samples of one class,
    "diversity_real" of two real images of one class; a class that occurs once counts for neither.

    Args:
        samples: float digits (N, 1, 28, 28) in [-1, 1], generated for
        labels: (N,) int64.
        real, real_labels: real digits and their classes.
    """
    _check_images(samples=samples, real=real)
    check_tensor("labels", labels, len(samples), kind="whole", finite=True)
    check_tensor("real_labels", real_labels, len(real), kind="whole", finite=True)
    labels, real_labels = labels.cpu(), real_labels.cpu()
    shuffled = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]

    def judged(network: DigitsNet, of_samples: Tensor, of_real: Tensor) -> dict[str, Any]:
        said, said_of_real = (network.head(seen).argmax(dim=1).cpu() for seen in (of_samples, of_real))
        return {
            "class_agreement": share(said == labels),
            "judge_accuracy": share(said_of_real == real_labels),
            "shuffled_agreement": share(said == shuffled),
        }

    network, second = (cast(DigitsNet, features(name)) for name in ("digits", REFEREES["digits"]))
    of_samples, of_real = network(samples), network(real)
    return judged(network, of_samples, of_real) | {
        "diversity": class_diversity(*_twice_or_more(of_samples, labels)),
        "diversity_real": class_diversity(*_twice_or_more(of_real, real_labels)),
        "n_judge": len(real),
        "referee": {"features": REFEREES["digits"], **judged(second, second(samples), second(real))},
    }


def report_neighbours(samples: Tensor, labels: Tensor, real: Tensor, real_labels: Tensor) -> dict[str, Any]:
    """Are labels obeyed, as far as features tell? The five nearest real images vote on the class of a sample.

    "class_agreement" with the labels asked for, with its 95 % interval, "judge_accuracy", how often the same vote is
    right about a real image, which has none itself then, and "shuffled_agreement", with the same labels in another
    order: chance. An agreement can be read where the judge is much better than chance.

    Args:
        samples: (N, dim) features of images generated for
        labels: (N,) int64.
        real, real_labels: (M, dim) features of real images, M of 2 or more, and (M,) their classes.
    """
    samples, real = check_features(samples=samples, real=real)
    check_tensor("labels", labels, len(samples), kind="whole", finite=True)
    check_tensor("real_labels", real_labels, len(real), kind="whole", finite=True)
    labels, real_labels = labels.cpu().long(), real_labels.cpu().long()
    values = sorted({*labels.tolist(), *real_labels.tolist()})
    labels, real_labels = (torch.searchsorted(torch.tensor(values), of) for of in (labels, real_labels))
    known = len(values)
    said = _voted(samples, real, real_labels, known)
    shuffled = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]
    agreement = share(said == labels)
    return {
        "class_agreement": agreement,
        "class_agreement_interval": wilson(agreement, len(labels)),
        "judge_accuracy": share(_voted(real, real, real_labels, known, themselves=True) == real_labels),
        "shuffled_agreement": share(said == shuffled),
        "judge": f"{min(NEIGHBOURS, len(real) - 1)} nearest real images",
        "n_judge": len(real),
    }


def _voted(queries: Tensor, points: Tensor, classes: Tensor, known: int, themselves: bool = False) -> Tensor:
    """(queries,) the class that most of the nearest points have; of equal votes, that of the nearer ones."""
    k = min(NEIGHBOURS, len(points) - 1)
    start, found = 0, []
    for rows in distance_rows(queries, points):
        if themselves:  # a point has no vote about itself
            rows[torch.arange(len(rows)), torch.arange(start, start + len(rows))] = torch.inf
        start += len(rows)
        of_nearest = classes[rows.topk(k, dim=1, largest=False).indices]
        weights = 1 + 1e-3 * torch.arange(k, 0, -1, dtype=torch.float64)
        votes = torch.zeros(len(rows), known, dtype=torch.float64)
        found.append(votes.scatter_add_(1, of_nearest, weights.expand_as(of_nearest).contiguous()).argmax(dim=1))
    return torch.cat(found)


def _twice_or_more(points: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Without the classes that occur once, unless all do."""
    often = [label for label, count in Counter(labels.tolist()).items() if count > 1]
    kept = torch.isin(labels, torch.tensor(often, dtype=labels.dtype))
    return (points[kept.to(points.device)], labels[kept]) if kept.any() else (points, labels)

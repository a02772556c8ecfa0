"""What a classifier says of generated images: the Inception score, and agreement with the labels asked for."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from ganbook.arguments import check_tensor, check_whole
from ganbook.metrics._shapes import check_features, distance_rows, share
from ganbook.metrics.features import Classifier, classifier

__all__ = ["class_agreement", "class_diversity", "inception_score"]


def inception_score(logits: Tensor, splits: int = 1) -> float:
    """``exp(E_x KL(p(y|x) || p(y)))`` of a classifier's logits (Salimans et al. 2016), from 1 to the number of classes.

    Large if the classifier is sure of each image and all classes occur equally often. Real images enter nowhere.

    Args:
        logits: (N, classes) raw class scores of generated images.
        splits: number of consecutive parts whose scores are averaged; p(y) is each part's own. The paper uses 10
            of 5 000 images each; small parts score lower.
    """
    check_tensor("logits", logits, finite=True)
    if logits.ndim != 2 or not len(logits) or logits.shape[1] < 2:
        raise ValueError(f"logits has shape {tuple(logits.shape)}: allowed is (N, classes) with 2 classes or more")
    check_whole(1, len(logits), splits=splits)
    # A class of probability 0 adds nothing, and a finite logarithm of it keeps 0 * log 0 from being NaN.
    log_p = log_softmax(logits.detach().cpu().double(), dim=1).clamp_min(-1e4)
    scores = []
    for i in range(splits):
        part = log_p[i * len(log_p) // splits : (i + 1) * len(log_p) // splits]
        marginal = part.logsumexp(dim=0) - math.log(len(part))
        scores.append((part.exp() * (part - marginal)).sum(dim=1).mean().exp())
    return torch.stack(scores).mean().item()


@torch.no_grad()
def class_agreement(images: Tensor, labels: Tensor, judge: Classifier | None = None) -> float:
    """Share of the images that a classifier gives the label they were generated for.

    Print the judge's own accuracy on real images beside it: on the test split of "digits", 0.98 or more.

    Args:
        images: float (N, 1, 28, 28) in [-1, 1].
        labels: (N,) int64, what each image was meant to be.
        judge: a classifier with a method ``logits`` from images to (N, classes) (default: the digits network).
    """
    check_tensor("images", images, "N", "C", "H", "W", finite=True)
    check_tensor("labels", labels, max(1, len(images)), kind="whole", finite=True)
    said = classifier(judge).logits(images).argmax(dim=1)
    return share(said == labels.to(said.device))


def class_diversity(features: Tensor, labels: Tensor) -> float:
    """Mean Euclidean distance of two different samples of one class, averaged over the classes.

    A generator that draws one picture per class scores 0; compare with the same figure of real images.

    Args:
        features: (N, dim) features, or pixels in rows.
        labels: (N,) int64, two samples or more of each class that occurs.
    """
    (points,) = check_features(features=features)
    check_tensor("labels", labels, len(points), kind="whole", finite=True)
    labels, means = labels.cpu(), []
    for label in sorted(set(labels.tolist())):
        of_class = points[labels == label]
        if len(of_class) < 2:
            raise ValueError(f"labels holds {label} once: allowed are two samples or more of each class")
        total = sum(float(rows.sum()) for rows in distance_rows(of_class, of_class))
        means.append(total / (len(of_class) * (len(of_class) - 1)))
    return sum(means) / len(means)

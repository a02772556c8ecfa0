"""The Inception score in closed form and against two libraries; agreement with labels."""

from __future__ import annotations

import math

import pytest
import torch

from ganbook import data
from ganbook.data.images import to_float
from ganbook.metrics import class_agreement, inception_score

SURE = 60.0


def test_sure_and_even_scores_the_number_of_classes():
    assert inception_score(SURE * torch.eye(10).repeat(3, 1)) == pytest.approx(10)
    assert inception_score(SURE * torch.eye(10)[:4].repeat(3, 1)) == pytest.approx(4)


def test_undecided_or_one_class_scores_1():
    assert inception_score(torch.zeros(7, 10)) == pytest.approx(1)
    assert inception_score(SURE * torch.eye(10)[:1].repeat(5, 1)) == pytest.approx(1)


def test_two_images_by_hand():
    p = torch.tensor([[0.9, 0.1], [0.5, 0.5]], dtype=torch.float64)
    marginal = [0.7, 0.3]
    kl = [sum(x * math.log(x / q) for x, q in zip(row, marginal, strict=True)) for row in p.tolist()]
    assert inception_score(p.log()) == pytest.approx(math.exp(sum(kl) / 2))


@pytest.mark.parametrize("splits", [1, 3])
def test_equals_torch_fidelity_and_torchmetrics(splits):
    logits = torch.randn(91, 10, generator=torch.Generator().manual_seed(0)) * 3
    fidelity = pytest.importorskip("torch_fidelity.metric_isc")
    expected = fidelity.isc_features_to_metric(logits, splits=splits, shuffle=False)["inception_score_mean"]
    assert inception_score(logits, splits) == pytest.approx(expected, rel=1e-10)
    image = pytest.importorskip("torchmetrics.image.inception")
    score = image.InceptionScore(feature=torch.nn.Identity(), splits=1)  # it shuffles, so parts differ
    score.update(logits)
    assert inception_score(logits) == pytest.approx(score.compute()[0].item(), rel=1e-4)


@pytest.mark.parametrize(
    ("logits", "splits", "sentence"),
    [
        (torch.zeros(10), 1, "logits has shape"),
        (torch.zeros(10, 1), 1, "with 2 classes or more"),
        (torch.zeros(3, 5), 4, "splits is 4: allowed is 1 to the number of images, 3"),
        (torch.full((3, 5), float("nan")), 1, "logits holds NaN"),
    ],
)
def test_bad_input_is_named(logits, splits, sentence):
    with pytest.raises(ValueError, match=sentence):
        inception_score(logits, splits)


def test_real_digits_agree_with_their_labels_and_shuffled_ones_at_chance():
    test = data.load("digits", "test")
    some = torch.arange(0, 1000, 4)
    images, labels = to_float(test.images[some]), test.labels[some]
    assert class_agreement(images, labels) >= 0.96
    assert class_agreement(images, (labels + 1) % 10) <= 0.04
    assert class_agreement(images[:1], labels[:1]) in (0.0, 1.0)


def test_one_label_an_image_is_asked_for():
    with pytest.raises(ValueError, match="one label an image"):
        class_agreement(torch.zeros(3, 1, 28, 28), torch.zeros(2, dtype=torch.int64))

"""The Inception score in closed form and against two libraries; agreement with labels."""

from __future__ import annotations

import math

import pytest
import torch

from ganbook import data
from ganbook.data.images import to_float
from ganbook.metrics import class_agreement, class_diversity, inception_score

SURE = 60.0


def test_sure_and_even_scores_the_number_of_classes():
    assert inception_score(SURE * torch.eye(10).repeat(3, 1)) == pytest.approx(10)
    assert inception_score(SURE * torch.eye(10)[:4].repeat(3, 1)) == pytest.approx(4)


def test_undecided_or_one_class_scores_1():
    assert inception_score(torch.zeros(7, 10)) == pytest.approx(1)
    assert inception_score(SURE * torch.eye(10)[:1].repeat(5, 1)) == pytest.approx(1)


@pytest.mark.parametrize("sure", [1e3, 1e30, 1e300])
def test_logits_however_far_apart_have_a_score(sure):
    one = torch.tensor([[sure, 0.0], [sure, 0.0]], dtype=torch.float64)
    assert inception_score(one) == pytest.approx(1)
    assert inception_score(torch.cat((one, -one))) == pytest.approx(2)


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
        (torch.zeros(3, 5), 4, "splits is 4: allowed is 1 to 3"),
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


def test_one_label_per_image_is_asked_for():
    with pytest.raises(ValueError, match=r"^labels has shape \(2,\): allowed is \(3,\)$"):
        class_agreement(torch.zeros(3, 1, 28, 28), torch.zeros(2, dtype=torch.int64))


# -- how much samples of one class vary ---------------------------------------------------------------------------


def test_diversity_by_hand():
    points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [10.0, 0.0], [10.0, 2.0]])
    labels = torch.tensor([5, 5, 5, 2, 2])
    # Class 5: distances 5, 1 and sqrt(18); class 2: 2. Each class counts once, whatever its number.
    of_five = (5 + 1 + math.sqrt(18)) / 3
    assert class_diversity(points, labels) == pytest.approx((of_five + 2) / 2, rel=1e-6)
    order = torch.tensor([3, 0, 4, 2, 1])
    assert class_diversity(points[order], labels[order]) == pytest.approx((of_five + 2) / 2, rel=1e-6)


def test_one_picture_a_class_scores_0_however_far_the_classes_lie_apart():
    labels = torch.arange(12) % 3
    assert class_diversity(100 * torch.eye(3)[labels], labels) == pytest.approx(0, abs=1e-4)
    assert class_diversity(torch.eye(12), labels) == pytest.approx(math.sqrt(2))


def test_diversity_of_normal_noise_is_its_closed_form():
    points = torch.randn(3000, 8, generator=torch.Generator().manual_seed(0))
    # The difference of two is N(0, 2 I), whose length is sqrt(2) times that of chi with 8 degrees of freedom.
    expected = 2 * math.gamma(4.5) / math.gamma(4)
    assert class_diversity(points, torch.arange(3000) % 3) == pytest.approx(expected, rel=0.01)


def test_real_digits_of_one_class_vary_less_than_digits_of_all():
    test = data.load("digits", "test")
    pixels, labels = to_float(test.images).flatten(1), test.labels
    assert class_diversity(pixels, labels) < 0.97 * class_diversity(pixels, torch.zeros_like(labels))


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (torch.zeros(3).long(), r"^labels has shape \(3,\): allowed is \(4,\)$"),
        (torch.zeros(4, 1).long(), r"^labels has shape \(4, 1\)"),
        (torch.tensor([0, 0, 1, 0]), r"^labels holds 1 once: allowed are two samples or more of each class"),
    ],
)
def test_labels_that_do_not_fit_are_named(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        class_diversity(torch.randn(4, 2), labels)


def test_features_that_are_not_finite_are_named():
    with pytest.raises(ValueError, match="features"):
        class_diversity(torch.full((4, 2), float("inf")), torch.zeros(4).long())


class Brightest:
    """A judge of one's own: no network, only the method that is asked for."""

    def logits(self, images):
        return images.flatten(1)


def test_a_judge_of_ones_own_needs_a_method_and_nothing_else():
    images = torch.eye(4).view(4, 1, 2, 2)
    assert class_agreement(images, torch.tensor([0, 1, 2, 0]), Brightest()) == 0.75
    with pytest.raises(TypeError, match=r"^judge is a Linear: allowed is a classifier with a method logits\(images\)$"):
        class_agreement(images, torch.arange(4), torch.nn.Linear(1, 1))


@pytest.mark.parametrize("judge", [None, Brightest()])
def test_images_that_hold_nan_agree_with_nothing(judge):
    with pytest.raises(ValueError, match=r"^images holds NaN or infinity"):
        class_agreement(torch.full((2, 1, 28, 28), float("nan")), torch.zeros(2).long(), judge)

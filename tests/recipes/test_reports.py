"""How finished runs are scored: what is asked of a sampler, and that a perfect one is found to be perfect."""

from __future__ import annotations

import pytest
import torch

from ganbook import data, metrics
from ganbook.data.images import ImageSet, to_float
from ganbook.recipes import reports


class Copies:
    """Draws digits of the class that is asked for, out of a set."""

    classes, given = 10, "labels"

    def __init__(self, digits: ImageSet) -> None:
        self.images, self.labels = to_float(digits.images), digits.labels
        self.asked: list[torch.Tensor] = []

    def sample(self, n=None, labels=None):
        self.asked.append(labels)
        chance = torch.Generator().manual_seed(7)
        places = [torch.nonzero(self.labels == k)[:, 0] for k in range(10)]
        chosen = [places[k][torch.randint(len(places[k]), (1,), generator=chance)] for k in labels.tolist()]
        return self.images[torch.cat(chosen)]


def test_a_conditional_generator_is_asked_for_random_classes():
    sampler = Copies(data.load("digits", "train"))
    found = reports.of_digits(sampler, lambda split: data.load("digits", split), 600)
    (asked,) = sampler.asked
    counts = torch.bincount(asked, minlength=10)
    assert len(asked) == 600 and len(set(counts.tolist())) > 3, "not as many of each"
    assert 25 < counts.min() <= counts.max() < 100
    assert (found["n"], found["n_samples"]) == (600, 600)
    # Real digits that also lie in the real set, but that is all that is wrong with them.
    for seen in (found, found["referee"]):
        assert 0.4 < seen["floors"] < 1.8 and seen["class_agreement"] > 0.98
    assert set(found["referee"]) >= {"floors", "class_share", "judge_accuracy", "features"}


def test_classes_of_the_real_set_are_named(monkeypatch: pytest.MonkeyPatch):
    told = {}

    def report_images(samples, real, split, labels):
        told["labels"] = labels
        return {"referee": {}}

    monkeypatch.setattr(metrics, "report_images", report_images)
    reports.of_digits(Copies(data.load("digits", "train")), lambda split: data.load("digits", split), 40)
    assert torch.bincount(told["labels"]).tolist() == [500] * 10

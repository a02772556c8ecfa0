"""Stacked digits: by index, the same everywhere, no digit of one split in the other."""

from __future__ import annotations

import pytest
import torch

from ganbook import data
from ganbook.data.digits import STACKED, StackedDigits
from ganbook.data.images import to_float


@pytest.fixture(scope="module")
def test_split() -> StackedDigits:
    loaded = data.load("stacked-digits", "test")
    assert isinstance(loaded, StackedDigits)
    return loaded


def test_channels_are_digits_of_the_split_and_the_label_spells_them(test_split: StackedDigits):
    digits = data.load("digits", "test")
    assert len(test_split) == STACKED["test"]
    batch = test_split.batch(torch.tensor([0, 7, 25_599]))
    assert batch.real.shape == (3, 3, 28, 28)
    for image, label, parts in zip(batch.real, batch.labels, test_split.parts[[0, 7, 25_599]], strict=True):
        assert torch.equal(image, to_float(digits.images[parts])[:, 0])
        assert f"{label:03d}" == "".join(str(int(digits.labels[i])) for i in parts)
    assert test_split.classes[int(batch.labels[0])] == f"{int(batch.labels[0]):03d}"


def test_every_mode_occurs_about_equally_often(test_split: StackedDigits):
    counts = torch.bincount(test_split.labels, minlength=1000)
    assert counts.min() >= 8 and counts.max() <= 50  # a Poisson of mean 25.6
    assert counts.float().std().item() == pytest.approx(25.6**0.5, rel=0.1)


def test_the_same_on_every_machine_and_in_every_batch_order(test_split: StackedDigits):
    assert test_split.parts[0].tolist() == [687, 258, 577]
    train = data.load("stacked-digits", "train")
    assert len(train) == STACKED["train"] and not torch.equal(train.parts[:100], test_split.parts[:100])
    assert torch.equal(train.parts, data.load("stacked-digits", "train").parts)
    first, again = (next(train.batches(8, seed=3, start=5)) for _ in range(2))
    assert torch.equal(first.real, again.real) and torch.equal(first.labels, again.labels)


def test_no_digit_is_in_both_splits(test_split: StackedDigits):
    train = data.load("stacked-digits", "train")
    seen = {image.numpy().tobytes() for image in train.digits}
    assert not seen & {image.numpy().tobytes() for image in test_split.digits}


def test_size_and_images_on_demand(test_split: StackedDigits):
    small = data.load("stacked-digits", "test", size=16)
    assert small.batch(torch.tensor([1])).real.shape == (1, 3, 16, 16)
    assert test_split.images.shape == (25_600, 3, 28, 28) and test_split.images.dtype == torch.uint8
    assert torch.equal(to_float(test_split.images[:4]), test_split.batch(torch.arange(4)).real)
    assert test_split.to("cpu").parts.equal(test_split.parts)

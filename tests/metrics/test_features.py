"""The digits network judges digits it has never seen, and travels in half precision."""

from __future__ import annotations

from importlib import resources

import pytest
import torch

from ganbook import data, metrics
from ganbook.data.images import to_float
from ganbook.metrics.features import DigitsNet


def test_accuracy_on_the_test_split_is_98_percent_or_more():
    test = data.load("digits", "test")
    network = metrics.features("digits")
    with torch.no_grad():
        right = (network.logits(to_float(test.images)).argmax(1) == test.labels).float().mean().item()
    assert right >= 0.98


def test_features_have_the_promised_shape_and_no_gradient():
    network = metrics.features("digits")
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert network(torch.zeros(1, 1, 28, 28)).shape == (1, DigitsNet.dim)


def test_the_weights_are_small():
    assert len(resources.files("ganbook.metrics").joinpath("digits.safetensors").read_bytes()) < 200_000


@pytest.mark.parametrize(
    "images", [torch.zeros(2, 3, 28, 28), torch.zeros(2, 1, 32, 32), torch.zeros(2, 1, 28, 28).byte()]
)
def test_other_images_are_refused(images):
    with pytest.raises(ValueError, match="allowed is float"):
        metrics.features("digits")(images)


def test_unknown_name():
    with pytest.raises(ValueError, match="name is 'faces': allowed is 'digits'"):
        metrics.features("faces")

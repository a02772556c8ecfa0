"""The kernel distance against loops, torch-fidelity and torchmetrics, and its lack of bias."""

from __future__ import annotations

import pytest
import torch

from ganbook.metrics import kernel, kernel_distance


def pair(n=40, m=40, dim=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, dim, generator=generator), torch.randn(m, dim, generator=generator) * 1.3 + 0.2


def by_loops(a, b):
    def k(x, y):
        return (float(x.double() @ y.double()) / len(x) + 1) ** 3

    def within(s):
        return sum(k(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j) / (len(s) * (len(s) - 1))

    return within(a) + within(b) - 2 * sum(k(x, y) for x in a for y in b) / (len(a) * len(b))


def test_equals_the_definition_for_different_sizes():
    a, b = pair(9, 14)
    assert kernel_distance(a, b) == pytest.approx(by_loops(a, b), rel=1e-10)


def test_the_parts_add_up_to_the_whole(monkeypatch):
    a, b = pair(23, 17)
    whole = kernel_distance(a, b)
    monkeypatch.setattr(kernel, "_ROWS", 5)
    assert kernel_distance(a, b) == pytest.approx(whole, rel=1e-12)


def test_equals_torch_fidelity():
    fidelity = pytest.importorskip("torch_fidelity.metric_kid")
    a, b = pair()
    settings = {"kid_subsets": 1, "kid_subset_size": 40, "verbose": False}
    expected = fidelity.kid_features_to_metric(a.double(), b.double(), **settings)["kernel_inception_distance_mean"]
    assert kernel_distance(a, b) == pytest.approx(expected, rel=1e-8)


def test_equals_torchmetrics():
    image = pytest.importorskip("torchmetrics.image.kid")
    a, b = pair(dim=12)
    score = image.KernelInceptionDistance(feature=FakeFeatures(12), subsets=1, subset_size=40)
    score.update(a, real=True)
    score.update(b, real=False)
    assert kernel_distance(a, b) == pytest.approx(score.compute()[0].item(), rel=1e-4)


class FakeFeatures(torch.nn.Module):
    """Features that are given as images."""

    def __init__(self, dim):
        super().__init__()
        self.num_features = dim

    def forward(self, features):
        return features


def test_it_is_unbiased():
    generator = torch.Generator().manual_seed(3)
    found = torch.tensor([kernel_distance(*torch.randn(2, 12, 4, generator=generator)) for _ in range(400)])
    error = found.std() / len(found) ** 0.5
    assert abs(found.mean()) < 4 * error
    assert 0.3 < (found < 0).float().mean() < 0.8


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (torch.zeros(1, 3), torch.zeros(5, 3), "features_a has shape"),
        (torch.zeros(5, 3), torch.zeros(5, 4), "features_b has dimension 4: allowed is that of features_a, 3"),
        (torch.full((5, 3), float("inf")), torch.zeros(5, 3), "features_a holds NaN or infinity"),
    ],
)
def test_bad_input_is_named(a, b, sentence):
    with pytest.raises(ValueError, match=sentence):
        kernel_distance(a, b)

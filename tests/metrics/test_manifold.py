"""Precision, recall, density and coverage against cases done by hand, loops and torch-fidelity."""

from __future__ import annotations

import pytest
import torch

from ganbook.metrics import _shapes, density_coverage, precision_recall

LINE = torch.tensor([[0.0], [1.0], [2.0], [10.0]])  # radii for k = 1: 1, 1, 1, 8


def clouds(n=200, m=200, dim=5, shift=0.7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, dim, generator=generator), torch.randn(m, dim, generator=generator) * 0.8 + shift


def by_loops(real, fake, k):
    def radii(points):
        return [sorted((p - q).norm().item() for q in points)[k] for p in points]

    r, f = radii(real.double()), radii(fake.double())
    d = [[(x - y).norm().item() for y in fake.double()] for x in real.double()]
    n, m = len(real), len(fake)
    return {
        "precision": sum(any(d[i][j] <= r[i] for i in range(n)) for j in range(m)) / m,
        "recall": sum(any(d[i][j] <= f[j] for j in range(m)) for i in range(n)) / n,
        "density": sum(d[i][j] <= r[i] for i in range(n) for j in range(m)) / (k * m),
        "coverage": sum(min(d[i]) <= r[i] for i in range(n)) / n,
    }


def test_by_hand():
    fake = torch.tensor([[0.5], [3.5], [30.0]])  # radii for k = 1: 3, 3, 26.5
    assert precision_recall(LINE, fake, k=1) == (2 / 3, 1.0)  # 3.5 lies in the outlier's ball [2, 18]
    density, coverage = density_coverage(LINE, fake, k=1)
    assert density == pytest.approx((2 + 1 + 0) / 3)
    assert coverage == 3 / 4  # the ball around 2 reaches from 1 to 3: no fake in it


@pytest.mark.parametrize("k", [1, 3])
def test_equals_the_definitions(k):
    real, fake = clouds(30, 21)
    expected = by_loops(real, fake, k)
    found = precision_recall(real, fake, k)._asdict() | density_coverage(real, fake, k)._asdict()
    assert found == pytest.approx(expected)
    assert 0.1 < found["recall"] < found["precision"] < 1  # neither end, nor exchangeable


def test_equals_torch_fidelity():
    fidelity = pytest.importorskip("torch_fidelity.metric_prc")
    real, fake = clouds()
    settings = {"prc_neighborhood": 3, "prc_batch_size": 64, "save_cpu_ram": False, "verbose": False}
    expected = fidelity.prc_features_to_metric(fake.double(), real.double(), **settings)  # it takes the fakes first
    assert precision_recall(real, fake) == pytest.approx((expected["precision"], expected["recall"]))


def test_the_parts_add_up_to_the_whole(monkeypatch):
    real, fake = clouds(50, 40)
    whole = precision_recall(real, fake), density_coverage(real, fake)
    monkeypatch.setattr(_shapes, "_ENTRIES", 120)
    assert (precision_recall(real, fake), density_coverage(real, fake)) == whole


def test_same_distribution_has_density_1_and_the_coverage_of_theory():
    generator = torch.Generator().manual_seed(0)
    found = [density_coverage(*torch.randn(2, 400, 2, generator=generator), k=3) for _ in range(10)]
    density, coverage = torch.tensor(found).mean(0).tolist()
    assert density == pytest.approx(1, abs=0.05)
    assert coverage == pytest.approx(1 - 2**-3, abs=0.02)


def test_a_set_against_itself_is_perfect_however_far_from_zero():
    points = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) * 1e-3 + 1000
    assert precision_recall(points, points) == (1, 1)
    assert density_coverage(points, points).coverage == 1


@pytest.mark.parametrize("score", [precision_recall, density_coverage])
def test_bad_input_is_named(score):
    with pytest.raises(ValueError, match="k is 0: allowed is 1 or more"):
        score(LINE, LINE, k=0)
    with pytest.raises(ValueError, match=r"fake has shape \(3, 1\): allowed is \(N, dim\) with N of 4 or more"):
        score(LINE, LINE[:3], k=3)
    with pytest.raises(ValueError, match="fake has dimension 2"):
        score(LINE, torch.zeros(4, 2), k=1)

"""The Fréchet distance against closed forms, scipy and torch-fidelity."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch

from ganbook.metrics import frechet_distance, frechet_of_gaussians


def test_two_known_gaussians_in_closed_form():
    generator = torch.Generator().manual_seed(0)
    base = torch.randn(4000, 3, generator=generator, dtype=torch.float64)
    white = base - base.mean(0)
    white = white @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(white.T))).T  # covariance exactly 1
    a, b = white * torch.tensor([1.0, 2.0, 3.0]), white * 2 + 1
    # Diagonal covariances: sum of (mean difference)^2 + (sigma difference)^2.
    assert frechet_distance(a, b) == pytest.approx(3 + 1 + 0 + 1, abs=1e-9)


def test_equals_scipys_matrix_root_on_correlated_features():
    generator = np.random.default_rng(0)
    a = generator.normal(size=(200, 6)) @ generator.normal(size=(6, 6))
    b = generator.normal(size=(150, 6)) @ generator.normal(size=(6, 6)) + 1
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * scipy.linalg.sqrtm(ca @ cb).real)
    assert frechet_distance(torch.tensor(a), torch.tensor(b)) == pytest.approx(expected, rel=1e-9)


def test_equals_torch_fidelity():
    fidelity = pytest.importorskip("torch_fidelity.metric_fid")
    generator = torch.Generator().manual_seed(1)
    a, b = torch.randn(300, 16, generator=generator), torch.randn(250, 16, generator=generator) * 1.5 + 0.2
    first, second = fidelity.fid_features_to_statistics(a), fidelity.fid_features_to_statistics(b)
    expected = fidelity.fid_statistics_to_metric(first, second, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-5)


def test_same_features_and_rank_deficient_ones():
    a = torch.randn(5, 20, generator=torch.Generator().manual_seed(2))  # fewer samples than dimensions
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(torch.zeros(4, 1), torch.ones(3, 1)) == pytest.approx(1)


def test_equals_torchmetrics():
    image = pytest.importorskip("torchmetrics.image.fid")

    class Given(torch.nn.Module):
        num_features = 16

        def forward(self, features):
            return features

    generator = torch.Generator().manual_seed(1)
    a, b = torch.randn(300, 16, generator=generator), torch.randn(250, 16, generator=generator) * 1.5 + 0.2
    score = image.FrechetInceptionDistance(feature=Given())
    score.update(a, real=True)
    score.update(b, real=False)
    assert frechet_distance(a, b) == pytest.approx(score.compute().item(), rel=1e-4)


@pytest.mark.parametrize(("rank_a", "rank_b"), [(6, 6), (3, 6), (6, 2), (3, 2), (0, 4)])
def test_covariances_of_any_rank_in_either_order(rank_a, rank_b):
    root_a = torch.randn(6, rank_a, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    root_b = torch.randn(6, rank_b, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    zero, a, b = torch.zeros(6), root_a @ root_a.T, root_b @ root_b.T
    # The trace of the root of a product of covariances is the sum of the singular values of their factors' product.
    expected = float(a.trace() + b.trace() - 2 * torch.linalg.svdvals(root_a.T @ root_b).sum())
    assert frechet_of_gaussians(zero, a, zero, b) == pytest.approx(expected, abs=1e-5)
    assert frechet_of_gaussians(zero, b, zero, a) == pytest.approx(expected, abs=1e-5)


def test_fewer_samples_than_dimensions():
    generator = torch.Generator().manual_seed(4)
    a, b = torch.randn(9, 30, generator=generator).double(), torch.randn(12, 30, generator=generator).double() * 2
    centred = (a - a.mean(0)) / 8**0.5, (b - b.mean(0)) / 11**0.5
    expected = (a.mean(0) - b.mean(0)).square().sum() + sum(c.square().sum() for c in centred)
    expected -= 2 * torch.linalg.svdvals(centred[0] @ centred[1].T).sum()
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            (torch.zeros(2), torch.eye(3), torch.zeros(2), torch.eye(2)),
            r"cov_a has shape \(3, 3\): allowed",
        ),
        ((torch.zeros(2), torch.eye(2), torch.zeros(1), torch.eye(2)), "mean_b has shape"),
        ((torch.zeros(1), torch.eye(1), torch.zeros(1), torch.eye(1) / 0), "cov_b holds NaN or infinity"),
        ((torch.zeros(2), -torch.eye(2), torch.zeros(2), torch.eye(2)), "^cov_a has the eigenvalue -1: a covariance"),
        (
            (torch.zeros(2), torch.eye(2), torch.zeros(2), torch.tensor([[1.0, 5.0], [5.0, 1.0]])),
            "^cov_b has the eigenvalue -4: a covariance has none below 0$",
        ),
        (
            (torch.zeros(2), torch.tensor([[1.0, 5.0], [0.0, 1.0]]), torch.zeros(2), torch.eye(2)),
            "^cov_a is not symmetric, as a covariance is$",
        ),
    ],
)
def test_bad_gaussians_are_named(parts, sentence):
    with pytest.raises(ValueError, match=sentence):
        frechet_of_gaussians(*parts)


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (torch.zeros(1, 3), torch.zeros(5, 3), "features_a has shape"),
        (torch.zeros(5, 3), torch.zeros(5, 4), "features_b has dimension 4: allowed is that of features_a, 3"),
        (torch.zeros(5, 3), torch.full((5, 3), float("nan")), "features_b holds NaN"),
    ],
)
def test_bad_input_is_named(a, b, sentence):
    with pytest.raises(ValueError, match=sentence):
        frechet_distance(a, b)


def test_a_covariance_that_float32_computed_of_too_few_samples_is_one():
    x = torch.randn(20, 300, generator=torch.Generator().manual_seed(0)) * torch.logspace(0, -3, 300)
    cov = torch.cov(x.T)
    assert torch.linalg.eigvalsh(cov)[0] < 0, "rounding makes it indefinite"
    assert frechet_of_gaussians(x.mean(0), cov, x.mean(0), cov) == pytest.approx(0, abs=1e-4 * float(cov.trace()))

"""The VAE's parts, against torch.distributions, autograd and sampling."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from ganbook.models import Encoder, kl_to_standard_normal, reparameterise
from ganbook.models.shapes import SIZES


@pytest.mark.parametrize("dim", [1, 5])
def test_kl_against_torch_distributions(dim):
    mean, log_variance = torch.randn(7, dim), torch.randn(7, dim) * 2
    q = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    p = Independent(Normal(torch.zeros(7, dim), torch.ones(7, dim)), 1)
    assert torch.allclose(kl_to_standard_normal(mean, log_variance), kl_divergence(q, p), atol=1e-4)


def test_kl_is_zero_at_the_prior_only():
    zeros = torch.zeros(3, 4)
    assert torch.equal(kl_to_standard_normal(zeros, zeros), torch.zeros(3))
    for mean, log_variance in ((zeros + 0.1, zeros), (zeros, zeros + 0.1), (zeros, zeros - 0.1)):
        assert (kl_to_standard_normal(mean, log_variance) > 1e-3).all()


def test_reparameterised_samples_have_the_stated_moments():
    torch.manual_seed(0)
    n = 40_000
    mean, log_variance = torch.tensor([1.5, -2.0]).expand(n, 2), torch.tensor([-1.0, 1.0]).expand(n, 2)
    z = reparameterise(mean, log_variance)
    std = torch.exp(torch.tensor([-0.5, 0.5]))
    assert ((z.mean(0) - mean[0]).abs() < 5 * std / n**0.5).all()
    assert ((z.std(0) / std - 1).abs() < 5 / (2 * n) ** 0.5).all()


def test_gradients_reach_mean_and_log_variance_by_the_formula():
    mean, log_variance = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    z = reparameterise(mean, log_variance)
    weight = torch.randn(4, 3, dtype=torch.float64)
    by_mean, by_log_variance = torch.autograd.grad((weight * z).sum(), (mean, log_variance))
    assert torch.allclose(by_mean, weight)
    assert torch.allclose(by_log_variance, weight * (z - mean).detach() / 2)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_encoder_shapes(size, channels):
    encoder = Encoder(6, channels, size, 4)
    mean, log_variance = encoder(torch.randn(3, channels, size, size))
    assert mean.shape == log_variance.shape == (3, 6)
    assert not torch.equal(mean, log_variance)
    (mean.sum() + log_variance.sum()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())


def test_a_batch_of_one_in_evaluation_mode():
    encoder = Encoder(6, width=4).eval()
    x = torch.randn(4, 1, 28, 28)
    assert all(torch.allclose(a[:1], b, atol=1e-6) for a, b in zip(encoder(x), encoder(x[:1]), strict=True))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Encoder(0), r"^latent_dim is 0"),
        (lambda: Encoder(size=27), r"^size is 27"),
        (lambda: Encoder(4, width=4)(torch.zeros(2, 1, 32, 32)), r"^x has shape \(2, 1, 32, 32\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()

"""The VAE's parts, against torch.distributions, autograd and sampling."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from ganbook import models
from ganbook.models import Encoder, kl_to_standard_normal, reparameterise
from ganbook.models.dcgan import SIZES


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


# -- both networks as one player --------------------------------------------------------------------------------------


def one_player(dim=3):
    torch.manual_seed(0)
    return models.VAE(dim, lambda d: models.Encoder(d, 1, 16, 4), lambda d: models.CompactGenerator(d, 1, 16, 4))


def test_given_a_latent_alone_it_is_the_decoder():
    vae, z = one_player().eval(), torch.randn(4, 3)
    assert torch.equal(vae(z), vae.decoder(z)) and vae(z).shape == (4, 1, 16, 16)


def test_given_images_it_encodes_moves_the_noise_and_decodes():
    vae, images, noise = one_player().eval(), torch.rand(4, 1, 16, 16) * 2 - 1, torch.randn(4, 3)
    decoded, mean, log_variance = vae(noise, images)
    expected = vae.encoder(images)
    assert torch.equal(mean, expected[0]) and torch.equal(log_variance, expected[1])
    assert torch.allclose(decoded, vae.decoder(mean + log_variance.exp().sqrt() * noise), atol=1e-6)


def test_a_gradient_reaches_both_networks():
    vae = one_player()
    decoded, mean, log_variance = vae(torch.randn(6, 3), torch.rand(6, 1, 16, 16) * 2 - 1)
    (decoded.square().mean() + models.kl_to_standard_normal(mean, log_variance).mean()).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in vae.parameters() if p.requires_grad)


def test_the_gaussian_likelihood_against_torch_distributions():
    torch.manual_seed(0)
    x, mean = torch.randn(5, 1, 4, 4), torch.randn(5, 1, 4, 4)
    expected = torch.distributions.Normal(mean, 0.3).log_prob(x).sum((1, 2, 3))
    assert torch.allclose(models.gaussian_log_likelihood(x, mean, 0.3), expected, rtol=1e-5)

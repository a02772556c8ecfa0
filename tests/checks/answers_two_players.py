"""Wrong and right answers to the exercises of chapter 1."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers
from torch import nn

answers = Answers("two_players")

# -- sample_noise ------------------------------------------------------------------------------------


@answers.wrong("sample_noise", hint="uniform-01")
def uniform_on_0_1(n, latent_dim, prior):
    return torch.randn(n, latent_dim) if prior == "gaussian" else torch.rand(n, latent_dim)


@answers.wrong("sample_noise", hint="always-gaussian")
def prior_ignored(n, latent_dim, prior):
    return torch.randn(n, latent_dim)


@answers.wrong("sample_noise", hint="always-uniform")
def prior_misspelt(n, latent_dim, prior):
    return torch.randn(n, latent_dim) if prior == "normal" else 2 * torch.rand(n, latent_dim) - 1


@answers.wrong("sample_noise", hint="priors-swapped")
def condition_upside_down(n, latent_dim, prior):
    return torch.randn(n, latent_dim) if prior == "uniform" else 2 * torch.rand(n, latent_dim) - 1


@answers.wrong("sample_noise", hint="same-z-for-all-rows")
def one_latent_expanded(n, latent_dim, prior):
    z = torch.randn(1, latent_dim) if prior == "gaussian" else 2 * torch.rand(1, latent_dim) - 1
    return z.expand(n, latent_dim)


@answers.wrong("sample_noise", hint="one-number-per-row")
def one_number_repeated(n, latent_dim, prior):
    z = torch.randn(n, 1) if prior == "gaussian" else 2 * torch.rand(n, 1) - 1
    return z.repeat(1, latent_dim)


@answers.wrong("sample_noise", hint="seed-fixed-inside")
def reproducible_by_accident(n, latent_dim, prior):
    torch.manual_seed(0)
    return torch.randn(n, latent_dim) if prior == "gaussian" else 2 * torch.rand(n, latent_dim) - 1


@answers.wrong("sample_noise", hint="axes-swapped")
def latents_in_columns(n, latent_dim, prior):
    return torch.randn(latent_dim, n) if prior == "gaussian" else 2 * torch.rand(latent_dim, n) - 1


@answers.wrong("sample_noise", hint="uniform-unit-variance")
def uniform_standardised(n, latent_dim, prior):
    if prior == "gaussian":
        return torch.randn(n, latent_dim)
    return torch.empty(n, latent_dim).uniform_(-math.sqrt(3), math.sqrt(3))


@answers.wrong("sample_noise", hint="type")
def numpy_noise(n, latent_dim, prior):
    return np.random.randn(n, latent_dim) if prior == "gaussian" else np.random.uniform(-1, 1, (n, latent_dim))


@answers.right("sample_noise")
def noise_rand_randn(n, latent_dim, prior):
    return torch.randn(n, latent_dim) if prior == "gaussian" else 2 * torch.rand(n, latent_dim) - 1


@answers.right("sample_noise")
def noise_in_place(n, latent_dim, prior):
    z = torch.empty(n, latent_dim)
    return z.normal_() if prior == "gaussian" else z.uniform_(-1, 1)


@answers.right("sample_noise")
def noise_distributions_float64(n, latent_dim, prior):
    one, zero = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    normal, uniform = torch.distributions.Normal(zero, one), torch.distributions.Uniform(-one, one)
    return (normal if prior == "gaussian" else uniform).sample((n, latent_dim))


@answers.right("sample_noise")
def noise_from_numpy(n, latent_dim, prior):
    rng = np.random.default_rng()
    z = rng.standard_normal((n, latent_dim)) if prior == "gaussian" else rng.uniform(-1, 1, (n, latent_dim))
    return torch.from_numpy(z).float()


# -- discriminator_loss ------------------------------------------------------------------------------


def bce(logits, label, reduction="mean"):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


@answers.wrong("discriminator_loss", hint="swapped-labels")
def real_is_0(real_logits, fake_logits):
    return bce(real_logits, 0.0) + bce(fake_logits, 1.0)


@answers.wrong("discriminator_loss", hint="both-real")
def ones_for_all(real_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(fake_logits, 1.0)


@answers.wrong("discriminator_loss", hint="sigmoid-twice")
def probabilities_as_logits(real_logits, fake_logits):
    return bce(torch.sigmoid(real_logits), 1.0) + bce(torch.sigmoid(fake_logits), 0.0)


@answers.wrong("discriminator_loss", hint="logits-as-probabilities")
def logits_as_probabilities(real_logits, fake_logits):
    loss = nn.BCELoss()
    return loss(real_logits, torch.ones_like(real_logits)) + loss(fake_logits, torch.zeros_like(fake_logits))


@answers.wrong("discriminator_loss", hint="sum-not-mean")
def summed(real_logits, fake_logits):
    return bce(real_logits, 1.0, "sum") + bce(fake_logits, 0.0, "sum")


@answers.wrong("discriminator_loss", hint="pooled-mean")
def one_mean_over_both(real_logits, fake_logits):
    losses = [bce(real_logits, 1.0, "none"), bce(fake_logits, 0.0, "none")]
    return torch.cat(losses).mean()


@answers.wrong("discriminator_loss", hint="halved")
def average_of_the_two(real_logits, fake_logits):
    return 0.5 * (bce(real_logits, 1.0) + bce(fake_logits, 0.0))


@answers.wrong("discriminator_loss", hint="value-not-loss")
def the_value_itself(real_logits, fake_logits):
    return torch.log(real_logits.sigmoid()).mean() + torch.log(1 - fake_logits.sigmoid()).mean()


@answers.wrong("discriminator_loss", hint="one-term")
def fakes_forgotten(real_logits, fake_logits):
    return bce(real_logits, 1.0)


@answers.wrong("discriminator_loss", hint="no-log")
def means_of_probabilities(real_logits, fake_logits):
    return -(real_logits.sigmoid().mean() + (1 - fake_logits.sigmoid()).mean())


@answers.wrong("discriminator_loss", hint="log-of-mean")
def log_after_mean(real_logits, fake_logits):
    return -torch.log(real_logits.sigmoid().mean()) - torch.log(1 - fake_logits.sigmoid().mean())


@answers.wrong("discriminator_loss", hint="no-gradient")
def as_a_python_number(real_logits, fake_logits):
    return (bce(real_logits, 1.0) + bce(fake_logits, 0.0)).item()


@answers.wrong("discriminator_loss", hint="no-gradient")
def fakes_detached_here(real_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(fake_logits.detach(), 0.0)


@answers.wrong("discriminator_loss", hint="shape")
def not_reduced(real_logits, fake_logits):
    return bce(real_logits, 1.0, "none")[:4] + bce(fake_logits, 0.0, "none")


@answers.right("discriminator_loss")
def two_cross_entropies(real_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(fake_logits, 0.0)


@answers.right("discriminator_loss")
def softplus(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@answers.right("discriminator_loss")
def logsigmoid_float64_keepdim(real_logits, fake_logits):
    terms = F.logsigmoid(real_logits.double()).mean(0, keepdim=True) + F.logsigmoid(-fake_logits.double()).mean(0)
    return -terms


@answers.right("discriminator_loss")
def definition_with_probabilities(real_logits, fake_logits):
    d_real, d_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -torch.log(d_real).mean() - torch.log(1 - d_fake).mean()

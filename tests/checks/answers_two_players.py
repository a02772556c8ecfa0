"""Wrong and right answers to the exercises of chapter 1."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

from ganbook import losses

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


@answers.wrong("sample_noise", hint="uniform-other-range")
def uniform_on_0_2(n, latent_dim, prior):
    return torch.randn(n, latent_dim) if prior == "gaussian" else 2 * torch.rand(n, latent_dim)


@answers.wrong("sample_noise", hint="uniform-other-range")
def uniform_on_half(n, latent_dim, prior):
    return torch.randn(n, latent_dim) if prior == "gaussian" else torch.rand(n, latent_dim) - 0.5


@answers.wrong("sample_noise", hint="uniform-other-range")
def gaussian_clamped(n, latent_dim, prior):
    z = torch.randn(n, latent_dim)
    return z if prior == "gaussian" else z.clamp(-1, 1)


@answers.wrong("sample_noise", hint="shape")
def image_shaped(n, latent_dim, prior):
    return torch.randn(n, latent_dim, 1, 1) if prior == "gaussian" else 2 * torch.rand(n, latent_dim, 1, 1) - 1


@answers.wrong("sample_noise", hint="type")
def numpy_noise(n, latent_dim, prior):
    rng = np.random.default_rng()
    return rng.standard_normal((n, latent_dim)) if prior == "gaussian" else rng.uniform(-1, 1, (n, latent_dim))


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


@answers.wrong("discriminator_loss", hint="log-of-logits")
def sigma_forgotten(real_logits, fake_logits):
    return -(torch.log(real_logits).mean() + torch.log(1 - fake_logits).mean())


@answers.wrong("discriminator_loss", hint="softmax-over-batch")
def softmax_for_sigmoid(real_logits, fake_logits):
    d_real, d_fake = F.softmax(real_logits, dim=0), F.softmax(fake_logits, dim=0)
    return -torch.log(d_real).mean() - torch.log(1 - d_fake).mean()


@answers.wrong("discriminator_loss", hint="fake-term-sign")
def difference_of_terms(real_logits, fake_logits):
    return bce(real_logits, 1.0) - bce(fake_logits, 0.0)


@answers.wrong("discriminator_loss", hint="arguments-swapped")
def labels_first(real_logits, fake_logits):
    loss = nn.BCEWithLogitsLoss()
    return loss(torch.ones(len(real_logits)), real_logits) + loss(torch.zeros(len(fake_logits)), fake_logits)


@answers.wrong("discriminator_loss", hint="another-game")
def least_squares(real_logits, fake_logits):
    return losses.get("least_squares").discriminator(real_logits, fake_logits)


@answers.wrong("discriminator_loss", hint="another-game")
def hinge(real_logits, fake_logits):
    return losses.get("hinge").discriminator(real_logits, fake_logits)


@answers.wrong("discriminator_loss", hint="another-game")
def wasserstein(real_logits, fake_logits):
    return losses.get("wasserstein").discriminator(real_logits, fake_logits)


@answers.wrong("discriminator_loss", hint="scale")
def counted_three_times(real_logits, fake_logits):
    return 3 * (bce(real_logits, 1.0) + bce(fake_logits, 0.0))


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
def from_the_library(real_logits, fake_logits):
    return losses.get("non_saturating").discriminator(real_logits, fake_logits)


@answers.right("discriminator_loss")
def softplus(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()


@answers.right("discriminator_loss")
def logsigmoid_float64_keepdim(real_logits, fake_logits):
    terms = F.logsigmoid(real_logits.double()).mean(0, keepdim=True) + F.logsigmoid(-fake_logits.double()).mean(0)
    return -terms


@answers.wrong("discriminator_loss", hint="through-probabilities")
def definition_with_probabilities(real_logits, fake_logits):
    d_real, d_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -torch.log(d_real).mean() - torch.log(1 - d_fake).mean()


# -- generator_loss ----------------------------------------------------------------------------------


@answers.wrong("generator_loss", hint="labels-of-d")
def fakes_are_0(fake_logits):
    return bce(fake_logits, 0.0)


@answers.wrong("generator_loss", hint="saturating")
def minimax_form(fake_logits):
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


@answers.wrong("generator_loss", hint="wrong-sign")
def log_d_unnegated(fake_logits):
    return F.logsigmoid(fake_logits).mean()


@answers.wrong("generator_loss", hint="sigmoid-twice")
def sigmoid_then_with_logits(fake_logits):
    return nn.BCEWithLogitsLoss()(torch.sigmoid(fake_logits), torch.ones_like(fake_logits))


@answers.wrong("generator_loss", hint="sum-not-mean")
def g_summed(fake_logits):
    return F.softplus(-fake_logits).sum()


@answers.wrong("generator_loss", hint="no-log")
def one_minus_probability(fake_logits):
    return torch.mean(1 - torch.sigmoid(fake_logits))


@answers.wrong("generator_loss", hint="no-log")
def minus_probability(fake_logits):
    return -fake_logits.sigmoid().mean()


@answers.wrong("generator_loss", hint="log-of-mean")
def g_log_after_mean(fake_logits):
    return -torch.log(torch.sigmoid(fake_logits).mean())


@answers.wrong("generator_loss", hint="logits-averaged")
def critic_score(fake_logits):
    return -fake_logits.mean()


@answers.wrong("generator_loss", hint="another-game")
def g_least_squares(fake_logits):
    return losses.get("least_squares").generator(fake_logits)


@answers.wrong("generator_loss", hint="no-gradient")
def detached_logits(fake_logits):
    return bce(fake_logits.detach(), 1.0)


@answers.wrong("generator_loss", hint="logits-as-probabilities")
def bce_on_logits(fake_logits):
    return F.binary_cross_entropy(fake_logits, torch.ones_like(fake_logits))


@answers.wrong("generator_loss", hint="shape")
def g_not_reduced(fake_logits):
    return F.softplus(-fake_logits)


@answers.wrong("generator_loss", hint="changed-input")
def sigmoid_in_place(fake_logits):
    with torch.no_grad():
        fake_logits.sigmoid_()
    return -torch.log(fake_logits).mean()


@answers.right("generator_loss")
def g_cross_entropy(fake_logits):
    return bce(fake_logits, 1.0)


@answers.right("generator_loss")
def g_softplus(fake_logits):
    return F.softplus(-fake_logits).mean()


@answers.right("generator_loss")
def g_definition_float64(fake_logits):
    return -(torch.sigmoid(fake_logits.double()).log().sum() / fake_logits.numel()).reshape(1)


@answers.wrong("generator_loss", hint="through-probabilities")
def g_bce_of_probabilities(fake_logits):
    d_fake = torch.sigmoid(fake_logits)
    return nn.BCELoss()(d_fake, torch.ones(len(fake_logits)))


# -- discriminator_step ------------------------------------------------------------------------------


def d_loss_of(real_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(fake_logits, 0.0)


@answers.wrong("discriminator_step", hint="missing-detach")
def step_without_detach(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = d_loss_of(discriminator(real), discriminator(generator(z)))
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="missing-zero-grad")
def step_without_zero_grad(discriminator, generator, d_optimizer, real, z):
    loss = d_loss_of(discriminator(real), discriminator(generator(z).detach()))
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="missing-zero-grad")
def step_clears_the_wrong_player(discriminator, generator, d_optimizer, real, z):
    generator.zero_grad()
    loss = d_loss_of(discriminator(real), discriminator(generator(z).detach()))
    loss.backward()
    d_optimizer.step()
    return loss.item()


@answers.wrong("discriminator_step", hint="d-did-not-move")
def step_forgotten(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = d_loss_of(discriminator(real), discriminator(generator(z).detach()))
    loss.backward()
    return loss


@answers.wrong("discriminator_step", hint="d-did-not-move")
def step_cleared_after_backward(discriminator, generator, d_optimizer, real, z):
    loss = d_loss_of(discriminator(real), discriminator(generator(z).detach()))
    loss.backward()
    d_optimizer.zero_grad()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="d-did-not-move")
def step_without_backward(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = d_loss_of(discriminator(real), discriminator(generator(z).detach()))
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="swapped-labels")
def step_with_swapped_labels(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = d_loss_of(discriminator(generator(z).detach()), discriminator(real))
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="logits-detached")
def step_cut_after_d(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = d_loss_of(discriminator(real), discriminator(generator(z)).detach())
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="one-batch")
def step_without_real(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = bce(discriminator(generator(z).detach()), 0.0)
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="one-batch")
def step_without_fakes(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = bce(discriminator(real), 1.0)
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="own-noise")
def step_with_noise_of_its_own(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    fake = generator(torch.randn(len(real), 3)).detach()
    loss = d_loss_of(discriminator(real), discriminator(fake))
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="halved")
def step_on_the_average(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = 0.5 * d_loss_of(discriminator(real), discriminator(generator(z).detach()))
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="sum-not-mean")
def step_on_the_sum(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = F.softplus(-discriminator(real)).sum() + F.softplus(discriminator(generator(z).detach())).sum()
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="value")
def step_taken_twice(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = d_loss_of(discriminator(real), discriminator(generator(z).detach()))
    loss.backward()
    d_optimizer.step()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="shape")
def step_on_z_itself(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = d_loss_of(discriminator(real), discriminator(z))
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="uphill")
def step_on_the_value(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    with torch.no_grad():
        fake = generator(z)
    value = torch.log(discriminator(real).sigmoid()).mean() + torch.log(1 - discriminator(fake).sigmoid()).mean()
    value.backward()
    d_optimizer.step()
    return value


@answers.wrong("discriminator_step", hint="generators-loss")
def step_on_gs_loss(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    loss = bce(discriminator(real), 1.0) + bce(discriminator(generator(z).detach()), 1.0)
    loss.backward()
    d_optimizer.step()
    return loss


@answers.wrong("discriminator_step", hint="no-gradient")
def step_all_without_grad(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad()
    with torch.no_grad():
        loss = d_loss_of(discriminator(real), discriminator(generator(z)))
    loss.backward()
    d_optimizer.step()
    return loss


@answers.right("discriminator_step")
def step_with_detach(discriminator, generator, d_optimizer, real, z):
    fake = generator(z).detach()
    loss = d_loss_of(discriminator(real), discriminator(fake))
    d_optimizer.zero_grad()
    loss.backward()
    d_optimizer.step()
    return loss


@answers.right("discriminator_step")
def step_with_two_backwards(discriminator, generator, d_optimizer, real, z):
    d_optimizer.zero_grad(set_to_none=False)
    real_loss = bce(discriminator(real), 1.0)
    real_loss.backward()
    with torch.no_grad():
        fake = generator(z)
    fake_loss = bce(discriminator(fake), 0.0)
    fake_loss.backward()
    d_optimizer.step()
    return real_loss.item() + fake_loss.item()


@answers.right("discriminator_step")
def step_cleared_at_the_end(discriminator, generator, d_optimizer, real, z):
    fake = generator(z).data
    real_logits, fake_logits = discriminator(torch.cat([real, fake])).split([len(real), len(fake)])
    loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    loss.backward()
    d_optimizer.step()
    discriminator.zero_grad()
    return loss


@answers.right("discriminator_step")
def step_with_autograd_grad(discriminator, generator, d_optimizer, real, z):
    loss = d_loss_of(discriminator(real), discriminator(generator(z)))
    weights = list(discriminator.parameters())
    for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = gradient
    d_optimizer.step()
    return loss.detach().numpy()


# -- training_round ----------------------------------------------------------------------------------


def d_turn(generator, discriminator, d_optimizer, real, z, cut=True):
    d_optimizer.zero_grad()
    fake = generator(z)
    d_loss = d_loss_of(discriminator(real), discriminator(fake.detach() if cut else fake))
    d_loss.backward()
    d_optimizer.step()
    return d_loss


def g_turn(generator, discriminator, g_optimizer, z, label=1.0):
    g_optimizer.zero_grad()
    g_loss = bce(discriminator(generator(z)), label)
    g_loss.backward()
    g_optimizer.step()
    return g_loss


@answers.wrong("training_round", hint="own-noise")
def round_with_noise_of_its_own(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, torch.randn(len(real), 3))
    return d_loss, g_turn(generator, discriminator, g_optimizer, torch.randn(len(real), 3))


@answers.wrong("training_round", hint="one-latent")
def round_on_one_fake(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(1))
    return d_loss, g_turn(generator, discriminator, g_optimizer, sample_z(1))


@answers.wrong("training_round", hint="type")
def round_with_one_number(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    return sum(round_two_turns(generator, discriminator, g_optimizer, d_optimizer, real, sample_z))


@answers.wrong("training_round", hint="noise-reused")
def round_with_one_z(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    z = sample_z(len(real))
    return d_turn(generator, discriminator, d_optimizer, real, z), g_turn(generator, discriminator, g_optimizer, z)


@answers.wrong("training_round", hint="noise-reused")
def round_with_one_fake(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real)))
    d_optimizer.zero_grad()
    d_loss = d_loss_of(discriminator(real), discriminator(fake.detach()))
    d_loss.backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_loss = bce(discriminator(fake), 1.0)
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="order-swapped")
def round_g_first(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    g_loss = g_turn(generator, discriminator, g_optimizer, sample_z(len(real)))
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    return d_loss, g_loss


@answers.wrong("training_round", hint="missing-detach")
def round_without_detach(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)), cut=False)
    return d_loss, g_turn(generator, discriminator, g_optimizer, sample_z(len(real)))


@answers.wrong("training_round", hint="d-gradient-left-on-g")
def round_all_cleared_at_the_top(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    g_optimizer.zero_grad()
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)), cut=False)
    g_loss = bce(discriminator(generator(sample_z(len(real)))), 1.0)
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="missing-zero-grad")
def round_d_never_cleared(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_loss_of(discriminator(real), discriminator(generator(sample_z(len(real))).detach()))
    d_loss.backward()
    d_optimizer.step()
    return d_loss, g_turn(generator, discriminator, g_optimizer, sample_z(len(real)))


@answers.wrong("training_round", hint="missing-zero-grad")
def round_d_cleared_before_gs_turn_only(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_loss_of(discriminator(real), discriminator(generator(sample_z(len(real))).detach()))
    d_loss.backward()
    d_optimizer.step()
    d_optimizer.zero_grad()
    return d_loss, g_turn(generator, discriminator, g_optimizer, sample_z(len(real)))


@answers.wrong("training_round", hint="missing-zero-grad")
def round_g_never_cleared(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    g_loss = bce(discriminator(generator(sample_z(len(real)))), 1.0)
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="g-did-not-move")
def round_detached_everywhere(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    g_optimizer.zero_grad()
    g_loss = bce(discriminator(generator(sample_z(len(real))).detach()), 1.0)
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="d-moved-in-gs-turn")
def round_steps_the_wrong_optimizer(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    d_optimizer.zero_grad()
    g_optimizer.zero_grad()
    g_loss = bce(discriminator(generator(sample_z(len(real)))), 1.0)
    g_loss.backward()
    d_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="d-moved-in-gs-turn")
def round_steps_both_in_gs_turn(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    d_optimizer.zero_grad()
    g_loss = g_turn(generator, discriminator, g_optimizer, sample_z(len(real)))
    d_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="labels-of-d")
def round_with_ds_labels(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    return d_loss, g_turn(generator, discriminator, g_optimizer, sample_z(len(real)), label=0.0)


@answers.wrong("training_round", hint="saturating")
def round_saturating(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    g_optimizer.zero_grad()
    g_loss = torch.log(1 - discriminator(generator(sample_z(len(real)))).sigmoid()).mean()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="simultaneous")
def round_both_at_once(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_loss_of(discriminator(real), discriminator(generator(sample_z(len(real))).detach()))
    g_loss = bce(discriminator(generator(sample_z(len(real)))), 1.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    g_optimizer.zero_grad()
    g_loss.backward(inputs=list(generator.parameters()))
    d_optimizer.step()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="g-did-not-move")
def round_d_only(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    g_loss = bce(discriminator(generator(sample_z(len(real)))), 1.0)
    return d_loss, g_loss


@answers.wrong("training_round", hint="d-did-not-move")
def round_d_clears_what_it_computed(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_loss_of(discriminator(real), discriminator(generator(sample_z(len(real))).detach()))
    d_loss.backward()
    d_optimizer.zero_grad()
    d_optimizer.step()
    return d_loss, g_turn(generator, discriminator, g_optimizer, sample_z(len(real)))


@answers.wrong("training_round", hint="returned-swapped")
def round_g_loss_first(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    return g_turn(generator, discriminator, g_optimizer, sample_z(len(real))), d_loss


@answers.wrong("training_round", hint="graph-out-of-date")
def round_logits_kept_over_ds_step(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real)))
    fake_logits = discriminator(fake)
    d_loss = d_loss_of(discriminator(real), fake_logits)
    d_optimizer.zero_grad()
    d_loss.backward(retain_graph=True)
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_loss = bce(fake_logits, 1.0)
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("training_round", hint="graph-used-twice")
def round_fake_kept_undetached(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real)))
    d_loss = d_loss_of(discriminator(real), discriminator(fake))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_loss = bce(discriminator(fake), 1.0)
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("training_round")
def round_two_turns(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(generator, discriminator, d_optimizer, real, sample_z(len(real)))
    return d_loss, g_turn(generator, discriminator, g_optimizer, sample_z(len(real)))


@answers.right("training_round")
def round_noise_first_d_frozen(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    z_d, z_g = sample_z(real.shape[0]), sample_z(real.shape[0])
    with torch.no_grad():
        fake = generator(z_d)
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    discriminator.requires_grad_(False)
    g_loss = F.softplus(-discriminator(generator(z_g))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)
    return [d_loss.item(), g_loss.item()]


@answers.right("training_round")
def round_cleared_after_each_step(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    bce_loss = nn.BCELoss()
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
    fake = generator(sample_z(len(real)))
    d_loss = bce_loss(discriminator(real).sigmoid(), ones) + bce_loss(discriminator(fake.detach()).sigmoid(), zeros)
    d_loss.backward()
    d_optimizer.step()
    d_optimizer.zero_grad()
    g_loss = bce_loss(discriminator(generator(sample_z(len(real)))).sigmoid(), ones)
    g_loss.backward()
    g_optimizer.step()
    g_optimizer.zero_grad()
    d_optimizer.zero_grad()
    return d_loss, g_loss


# -- repaired_round ----------------------------------------------------------------------------------


def given_round(cut=False, clear_d=False, label=0.0, clear_g_late=False, cut_g=False, sign=1.0):
    """The round that the notebook gives, with some of its bugs repaired (or new ones made)."""

    def play(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
        g_optimizer.zero_grad()
        fake = generator(sample_z(len(real)))
        d_loss = d_loss_of(discriminator(real), discriminator(fake.detach() if cut else fake))
        if clear_d:
            d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        fake = generator(sample_z(len(real)))
        g_loss = sign * bce(discriminator(fake.detach() if cut_g else fake), label)
        if clear_g_late:
            g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        return d_loss, g_loss

    return play


def keep(kind, name, hint=None, **repairs):
    play = given_round(**repairs)
    play.__name__ = name
    (answers.wrong("repaired_round", hint=hint) if kind == "wrong" else answers.right("repaired_round"))(play)


keep("wrong", "only_label_repaired", "two-left-gradients", label=1.0)
keep("wrong", "only_detach_added", "two-left-label-and-d", cut=True)
keep("wrong", "only_g_cleared_late", "two-left-label-and-d", clear_g_late=True)
keep("wrong", "only_d_cleared", "two-left-label-and-g", clear_d=True)
keep("wrong", "detach_still_missing", "g-polluted", clear_d=True, label=1.0)
keep("wrong", "d_still_never_cleared", "d-accumulates", cut=True, label=1.0)
keep("wrong", "label_still_0", "wrong-label", cut=True, clear_d=True)
keep("wrong", "minus_in_front_of_the_loss", "saturating", cut=True, clear_d=True, sign=-1.0)
keep("wrong", "detached_in_both_turns", "g-cut-off", cut=True, clear_d=True, label=1.0, cut_g=True)
keep("wrong", "detached_in_gs_turn_only", "g-cut-off", clear_g_late=True, clear_d=True, label=1.0, cut_g=True)
keep("wrong", "detached_in_gs_turn_instead", "g-cut-off", clear_d=True, label=1.0, cut_g=True)
keep("right", "three_repairs", cut=True, clear_d=True, label=1.0)
keep("right", "g_cleared_late_instead_of_detach", clear_g_late=True, clear_d=True, label=1.0)
keep("right", "belt_and_braces", cut=True, clear_g_late=True, clear_d=True, label=1.0)


@answers.right("repaired_round")
def repaired_by_rewriting(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    return round_noise_first_d_frozen(generator, discriminator, g_optimizer, d_optimizer, real, sample_z)


# -- covered_modes -----------------------------------------------------------------------------------


def pairwise(samples, centres):
    return (samples[:, None, :] - centres[None, :, :]).norm(dim=-1)


@answers.wrong("covered_modes", hint="nearest-only")
def nearest_centre(samples, centres, std):
    return len(torch.unique(pairwise(samples, centres).argmin(dim=1)))


@answers.wrong("covered_modes", hint="squared-distance")
def root_forgotten(samples, centres, std):
    squared = ((samples[:, None] - centres) ** 2).sum(-1)
    return (squared <= 3 * std).any(dim=0).sum()


@answers.wrong("covered_modes", hint="radius-too-small")
def one_standard_deviation(samples, centres, std):
    return int((pairwise(samples, centres) < std).any(dim=0).sum())


@answers.wrong("covered_modes", hint="radius-too-small")
def three_variances(samples, centres, std):
    return int((pairwise(samples, centres) ** 2 < 3 * std**2).any(dim=0).sum())


@answers.wrong("covered_modes", hint="radius-too-small")
def two_standard_deviations(samples, centres, std):
    return int((pairwise(samples, centres) < 2 * std).any(dim=0).sum())


@answers.wrong("covered_modes", hint="radius-too-small")
def distance_against_variance(samples, centres, std):
    return int((pairwise(samples, centres) < 3 * std**2).any(dim=0).sum())


@answers.wrong("covered_modes", hint="sum-of-coordinates")
def city_block(samples, centres, std):
    return (torch.cdist(samples, centres, p=1) < 3 * std).any(dim=0).sum()


@answers.wrong("covered_modes", hint="missed-modes")
def modes_dropped(samples, centres, std):
    return len(centres) - (pairwise(samples, centres) < 3 * std).any(dim=0).sum()


@answers.wrong("covered_modes", hint="box-not-circle")
def each_coordinate(samples, centres, std):
    inside = (samples[:, None] - centres).abs() <= 3 * std
    return inside.all(dim=2).any(dim=0).sum()


@answers.wrong("covered_modes", hint="samples-not-modes")
def any_over_the_wrong_axis(samples, centres, std):
    return (pairwise(samples, centres) < 3 * std).any(dim=1).sum()


@answers.wrong("covered_modes", hint="samples-not-modes")
def all_hits(samples, centres, std):
    return (pairwise(samples, centres) < 3 * std).sum().item()


@answers.wrong("covered_modes", hint="share-not-count")
def share_of_modes(samples, centres, std):
    return (pairwise(samples, centres) < 3 * std).any(dim=0).float().mean()


@answers.wrong("covered_modes", hint="share-not-count")
def share_of_good_samples(samples, centres, std):
    return (pairwise(samples, centres).min(dim=1).values < 3 * std).float().mean()


@answers.wrong("covered_modes", hint="all-samples")
def every_sample_near(samples, centres, std):
    return (pairwise(samples, centres) < 3 * std).all(dim=0).sum()


@answers.wrong("covered_modes", hint="mask-not-count")
def one_entry_a_mode(samples, centres, std):
    return (pairwise(samples, centres) < 3 * std).any(dim=0)


@answers.right("covered_modes")
def smallest_distance_a_mode(samples, centres, std):
    return (pairwise(samples, centres).min(dim=0).values < 3 * std).sum()


@answers.right("covered_modes")
def with_numpy(samples, centres, std):
    gaps = samples.numpy()[:, None] - centres.numpy()[None]
    return np.count_nonzero((np.hypot(gaps[..., 0], gaps[..., 1]) <= 3 * std).any(axis=0))


@answers.right("covered_modes")
def with_loops(samples, centres, std):
    covered = 0
    for a, b in centres.tolist():
        covered += any(math.dist((x, y), (a, b)) < 3 * std for x, y in samples.tolist())
    return covered


@answers.right("covered_modes")
def nearest_and_close(samples, centres, std):
    distance, nearest = torch.cdist(samples, centres).min(dim=1)
    return float(len(set(nearest[distance < 3 * std].tolist())))


# -- round_by_hand -----------------------------------------------------------------------------------


def d_slopes(w, b, real, fake):
    on_real, on_fake = torch.sigmoid(w * real + b) - 1, torch.sigmoid(w * fake + b)
    return (on_real * real).mean() + (on_fake * fake).mean(), on_real.mean() + on_fake.mean()


def g_slopes(s, t, w, b, z, slope=lambda a: torch.sigmoid(a) - 1, factor=True):
    pull = slope(w * (s * z + t) + b) * (w if factor else 1)
    return (pull * z).mean(), pull.mean()


def round_with(d_sign=-1, d_scale=1, g=g_slopes, meets_new=True, uses_fresh=True):
    def play(s, t, w, b, real, z, fresh, eta):
        by_w, by_b = d_slopes(w, b, real, s * z + t)
        new_w, new_b = w + d_sign * d_scale * eta * by_w, b + d_sign * d_scale * eta * by_b
        by_s, by_t = g(s, t, *((new_w, new_b) if meets_new else (w, b)), fresh if uses_fresh else z)
        return s - eta * by_s, t - eta * by_t, new_w, new_b

    return play


for hint, function in {
    "old-d": round_with(meets_new=False),
    "old-noise": round_with(uses_fresh=False),
    "d-climbs": round_with(d_sign=1),
    "g-upside-down": round_with(g=lambda *a: g_slopes(*a, slope=lambda a: torch.sigmoid(-a))),
    "saturating": round_with(g=lambda *a: g_slopes(*a, slope=lambda a: -torch.sigmoid(a))),
    "not-through-d": round_with(g=lambda *a: g_slopes(*a, factor=False)),
    "halved": round_with(d_scale=0.5),
}.items():
    function.__name__ = hint.replace("-", "_")
    answers.wrong("round_by_hand", hint=hint)(function)


@answers.wrong("round_by_hand", hint="summed")
def sums_in_d(s, t, w, b, real, z, fresh, eta):
    return round_with(d_scale=len(real))(s, t, w, b, real, z, fresh, eta)


@answers.wrong("round_by_hand", hint="used-autograd")
def with_backward(s, t, w, b, real, z, fresh, eta):
    w.requires_grad_(), b.requires_grad_()
    (F.softplus(-(w * real + b)).mean() + F.softplus(w * (s * z + t) + b).mean()).backward()
    return s, t, w - eta * w.grad, b - eta * b.grad


@answers.wrong("round_by_hand", hint="value")
def d_first(s, t, w, b, real, z, fresh, eta):
    s, t, w, b = round_with()(s, t, w, b, real, z, fresh, eta)
    return w, b, s, t


@answers.right("round_by_hand")
def by_the_formulas(*game):
    return round_with()(*game)


@answers.right("round_by_hand")
def with_labels(s, t, w, b, real, z, fresh, eta):
    x, label = torch.cat((real, s * z + t)), torch.cat((torch.ones_like(real), torch.zeros_like(z)))
    error = 2 * (torch.sigmoid(w * x + b) - label)  # two means of equal size are twice the one over all
    w, b = w - eta * (error * x).mean(), b - eta * error.mean()
    x = s * fresh + t
    error = (torch.sigmoid(w * x + b) - 1) * w
    return s - eta * (error * fresh).mean(), t - eta * error.mean(), w, b


@answers.right("round_by_hand")
def with_numbers(s, t, w, b, real, z, fresh, eta):
    import numpy as np

    s, t, w, b, real, z, fresh = (value.numpy() for value in (s, t, w, b, real, z, fresh))
    sigma = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    fake = s * z + t
    r, f = sigma(w * real + b) - 1, sigma(w * fake + b)
    w, b = w - eta * (np.mean(r * real) + np.mean(f * fake)), b - eta * (r.mean() + f.mean())
    pull = -w * sigma(-(w * (s * fresh + t) + b))
    return s - eta * np.mean(pull * fresh), t - eta * pull.mean(), w, b


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {
        "A": ("labels exchanged", 130),
        "B": ("G stands still", 160),
        "C": ("D stands still", 180),
        "D": ("G learns to be caught", 140),
    },
    {
        "a-misread": {"A": ("D stands still", 130)},
        "b-misread": {"B": ("the same noise again", 160)},
        "c-misread": {"C": ("G stands still", 180)},
        "d-misread": {"D": ("G stands still", 140)},
        "misplaced": {"B": ("G stands still", 180), "C": ("D stands still", 170)},
        "unknown-name": {"A": ("mode collapse", 130)},
        "unknown-place": {"A": ("labels exchanged", 131)},
        "form": {"A": "labels exchanged"},
    },
)

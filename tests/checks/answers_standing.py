"""Wrong and right answers to the exercises of chapter 14."""

import math
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

answers = Answers("standing")


# -- bits_per_dim ------------------------------------------------------------------------------------


@answers.wrong("bits_per_dim", hint="nats")
def nats_per_dim(log_likelihood, shape):
    return -log_likelihood / math.prod(shape) + math.log(127.5)


@answers.wrong("bits_per_dim", hint="nats")
def loss_per_dim(log_likelihood, shape):
    return -log_likelihood / np.prod(shape)


@answers.wrong("bits_per_dim", hint="not-divided")
def bits_an_image(log_likelihood, shape):
    return -(log_likelihood - math.prod(shape) * math.log(127.5)) / math.log(2)


@answers.wrong("bits_per_dim", hint="not-divided")
def only_the_unit(log_likelihood, shape):
    return -log_likelihood * math.log2(math.e)


@answers.wrong("bits_per_dim", hint="scaling-forgotten")
def scaled_pixels(log_likelihood, shape):
    c, h, w = shape
    return -log_likelihood / (c * h * w * math.log(2))


@answers.wrong("bits_per_dim", hint="scaling-the-wrong-way")
def jacobian_upside_down(log_likelihood, shape):
    d = math.prod(shape)
    return -(log_likelihood + d * math.log(127.5)) / (d * math.log(2))


@answers.wrong("bits_per_dim", hint="scaling-the-wrong-way")
def minus_seven_bits(log_likelihood, shape):
    return -log_likelihood / math.prod(shape) / math.log(2) - math.log2(127.5)


@answers.wrong("bits_per_dim", hint="sign")
def likelier_is_longer(log_likelihood, shape):
    return log_likelihood / math.prod(shape) / math.log(2) + math.log2(127.5)


@answers.wrong("bits_per_dim", hint="sign")
def negative_bits(log_likelihood, shape):
    d = math.prod(shape)
    return (log_likelihood - d * math.log(127.5)) / math.log(2) / d


@answers.wrong("bits_per_dim", hint="scaling-once")
def scaled_once(log_likelihood, shape):
    return -(log_likelihood - math.log(127.5)) / math.log(2) / math.prod(shape)


@answers.wrong("bits_per_dim", hint="other-range")
def from_zero_to_one(log_likelihood, shape):
    return -log_likelihood / math.prod(shape) / math.log(2) + math.log2(255)


@answers.wrong("bits_per_dim", hint="other-range")
def eight_bits(log_likelihood, shape):
    return 8 - log_likelihood / math.prod(shape) / math.log(2)


@answers.wrong("bits_per_dim", hint="other-range")
def seven_bits(log_likelihood, shape):
    return 7 - log_likelihood / math.prod(shape) / math.log(2)


@answers.wrong("bits_per_dim", hint="channels-forgotten")
def bits_a_pixel(log_likelihood, shape):
    _, h, w = shape
    return -log_likelihood / (h * w) / math.log(2) + math.log2(127.5)


@answers.wrong("bits_per_dim", hint="channels-forgotten")
def all_bits_a_pixel(log_likelihood, shape):
    d = math.prod(shape)
    bits = -(log_likelihood - d * math.log(127.5)) / math.log(2)
    return bits / (shape[1] * shape[2])


@answers.wrong("bits_per_dim", hint="half-in-nats")
def converted_before_the_scaling(log_likelihood, shape):
    bits = -log_likelihood / math.log(2)
    return (bits + math.prod(shape) * math.log(127.5)) / math.prod(shape)


@answers.wrong("bits_per_dim", hint="times-log-two")
def multiplied(log_likelihood, shape):
    d = math.prod(shape)
    return -(log_likelihood - d * math.log(127.5)) / d * math.log(2)


@answers.right("bits_per_dim")
def per_dimension_first(log_likelihood, shape):
    return math.log2(127.5) - log_likelihood / math.prod(shape) * math.log2(math.e)


@answers.right("bits_per_dim")
def width_of_a_level(log_likelihood, shape):
    c, h, w = shape
    probability = log_likelihood.double() / (c * h * w) - math.log(255 / 2)
    return -probability / math.log(2)


@answers.right("bits_per_dim")
def with_numpy(log_likelihood, shape):
    d = np.prod(shape)
    return -(log_likelihood.numpy() + d * np.log(1 / 127.5)) / (d * np.log(2))


@answers.right("bits_per_dim")
def by_exp_and_log2(log_likelihood, shape):
    return -torch.log2(torch.exp(log_likelihood / math.prod(shape)) / 127.5)


# -- coupling_log_density ----------------------------------------------------------------------------

LOG_2PI = math.log(2 * math.pi)


def log_normal(z):
    return (-0.5 * z**2 - 0.5 * LOG_2PI).sum(dim=1)


def undone(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s = scale(x1)
    return torch.cat((x1, (x2 - shift(x1)) * torch.exp(-s)), dim=1), s


@answers.wrong("coupling_log_density", hint="log-det-sign")
def stretched_is_denser(x, scale, shift):
    z, s = undone(x, scale, shift)
    return log_normal(z) + s.sum(dim=1)


@answers.wrong("coupling_log_density", hint="log-det-missing")
def density_of_z(x, scale, shift):
    z, _ = undone(x, scale, shift)
    return log_normal(z)


@answers.wrong("coupling_log_density", hint="wrong-axis")
def over_the_batch(x, scale, shift):
    z, s = undone(x, scale, shift)
    return log_normal(z) - s.sum(dim=0)


@answers.wrong("coupling_log_density", hint="wrong-axis")
def over_everything(x, scale, shift):
    z, s = undone(x, scale, shift)
    return log_normal(z) - s.sum()


@answers.wrong("coupling_log_density", hint="wrong-axis")
def mean_over_entries(x, scale, shift):
    z, s = undone(x, scale, shift)
    return log_normal(z) - s.mean(dim=-1)


@answers.wrong("coupling_log_density", hint="two-pi")
def only_the_square(x, scale, shift):
    z, s = undone(x, scale, shift)
    return -(z**2).sum(1) / 2 - s.sum(1)


@answers.wrong("coupling_log_density", hint="two-pi")
def constant_once(x, scale, shift):
    z, s = undone(x, scale, shift)
    return -(z**2).sum(1) / 2 - math.log(math.sqrt(2 * math.pi)) - s.sum(1)


@answers.wrong("coupling_log_density", hint="two-pi")
def constant_without_its_half(x, scale, shift):
    z, s = undone(x, scale, shift)
    return -(z**2).sum(1) / 2 - z.shape[1] * LOG_2PI - s.sum(1)


@answers.wrong("coupling_log_density", hint="half-left-out")
def density_of_z2(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s = scale(x1)
    z2 = (x2 - shift(x1)) / s.exp()
    return log_normal(z2) - s.sum(1)


@answers.wrong("coupling_log_density", hint="both-halves")
def first_half_too(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s, t = scale(x1), shift(x1)
    z = torch.cat(((x1 - t) / s.exp(), (x2 - t) / s.exp()), dim=1)
    return log_normal(z) - 2 * s.sum(1)


@answers.wrong("coupling_log_density", hint="both-halves")
def first_half_too_counted_once(x, scale, shift):
    x1 = x[:, : x.shape[1] // 2]
    s, t = scale(x1), shift(x1)
    z = (x - torch.cat((t, t), 1)) * torch.cat((-s, -s), 1).exp()
    return log_normal(z) - s.sum(1)


@answers.wrong("coupling_log_density", hint="halves-swapped")
def second_half_stays(x, scale, shift):
    x2, x1 = x.chunk(2, dim=1)
    s = scale(x1)
    z = torch.cat(((x2 - shift(x1)) / s.exp(), x1), dim=1)
    return log_normal(z) - s.sum(1)


@answers.wrong("coupling_log_density", hint="wrong-direction")
def through_the_layer_again(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s = scale(x1)
    z = torch.cat((x1, x2 * s.exp() + shift(x1)), dim=1)
    return log_normal(z) + s.sum(1)


@answers.wrong("coupling_log_density", hint="wrong-direction")
def through_the_layer_again_other_sign(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s = scale(x1)
    return log_normal(x1) + log_normal(x2 * s.exp() + shift(x1)) - s.sum(1)


@answers.wrong("coupling_log_density", hint="shift-after")
def scaled_back_first(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s = scale(x1)
    z = torch.cat((x1, x2 / s.exp() - shift(x1)), dim=1)
    return log_normal(z) - s.sum(1)


@answers.wrong("coupling_log_density", hint="without-exp")
def divided_by_s(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s = scale(x1)
    z = torch.cat((x1, (x2 - shift(x1)) / s), dim=1)
    return log_normal(z) - s.abs().log().sum(1)


@answers.wrong("coupling_log_density", hint="without-exp")
def divided_by_s_and_summed(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s = scale(x1)
    return log_normal(x1) + log_normal((x2 - shift(x1)) / s) - s.sum(1)


@answers.wrong("coupling_log_density", hint="x-in-the-normal")
def normal_in_x(x, scale, shift):
    s = scale(x[:, : x.shape[1] // 2])
    return log_normal(x) - s.sum(1)


@answers.wrong("coupling_log_density", hint="shape")
def one_number_each_entry(x, scale, shift):
    z, s = undone(x, scale, shift)
    return -0.5 * z**2 - 0.5 * LOG_2PI - torch.cat((torch.zeros_like(s), s), dim=1)


@answers.right("coupling_log_density")
def by_distribution(x, scale, shift):
    z, s = undone(x, scale, shift)
    normal = torch.distributions.Normal(0.0, 1.0)
    return normal.log_prob(z).sum(dim=1) - s.sum(dim=1)


@answers.right("coupling_log_density")
def two_conditional_normals(x, scale, shift):
    x1, x2 = x.split(x.shape[1] // 2, dim=1)
    given = torch.distributions.Normal(shift(x1), scale(x1).exp())
    return log_normal(x1) + given.log_prob(x2).sum(-1)


@answers.right("coupling_log_density")
def by_jacobian(x, scale, shift):
    def back(point):
        z, _ = undone(point[None], scale, shift)
        return z[0]

    jacobians = torch.stack([torch.autograd.functional.jacobian(back, point) for point in x])
    z, _ = undone(x, scale, shift)
    return log_normal(z) + torch.linalg.slogdet(jacobians).logabsdet


@answers.right("coupling_log_density")
def numpy_float64(x, scale, shift):
    x1, x2 = np.split(x.numpy().astype(float), 2, axis=1)
    s, t = (f(torch.from_numpy(x1).float()).numpy() for f in (scale, shift))
    z = np.concatenate((x1, (x2 - t) / np.exp(s)), axis=1)
    return -0.5 * (z**2).sum(1) - z.shape[1] / 2 * np.log(2 * np.pi) - s.sum(1)


# -- add_noise ---------------------------------------------------------------------------------------


@answers.wrong("add_noise", hint="no-roots")
def weights_that_sum_to_one(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    return a * x0 + (1 - a) * eps


@answers.wrong("add_noise", hint="no-roots")
def lerp(x0, alpha_bar, eps):
    return torch.lerp(eps, x0, alpha_bar[:, None, None, None])


@answers.wrong("add_noise", hint="one-root")
def root_of_the_signal_only(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    return a.sqrt() * x0 + (1 - a) * eps


@answers.wrong("add_noise", hint="one-root")
def root_of_the_noise_only(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    return a * x0 + (1 - a).sqrt() * eps


@answers.wrong("add_noise", hint="one-minus-root")
def one_minus_the_root(x0, alpha_bar, eps):
    root = alpha_bar[:, None, None, None] ** 0.5
    return root * x0 + (1 - root) * eps


@answers.wrong("add_noise", hint="swapped")
def noise_first(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    return (1 - a).sqrt() * x0 + a.sqrt() * eps


@answers.wrong("add_noise", hint="swapped")
def alpha_for_beta(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    return (1 - a) * x0 + a * eps


@answers.wrong("add_noise", hint="wrong-axis")
def not_reshaped(x0, alpha_bar, eps):
    return alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps


@answers.wrong("add_noise", hint="wrong-axis")
def a_level_a_row(x0, alpha_bar, eps):
    a = alpha_bar[:, None]
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


@answers.wrong("add_noise", hint="wrong-axis")
def a_level_a_channel(x0, alpha_bar, eps):
    a = alpha_bar.view(1, -1, 1, 1)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


@answers.wrong("add_noise", hint="one-level")
def first_level_for_all(x0, alpha_bar, eps):
    a = alpha_bar[0]
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


@answers.wrong("add_noise", hint="one-level")
def mean_level(x0, alpha_bar, eps):
    a = alpha_bar.mean()
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


@answers.wrong("add_noise", hint="not-shrunk")
def only_added(x0, alpha_bar, eps):
    return x0 + (1 - alpha_bar).sqrt().view(-1, 1, 1, 1) * eps


@answers.wrong("add_noise", hint="own-noise")
def fresh(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    return a.sqrt() * x0 + (1 - a).sqrt() * torch.randn_like(x0)


@answers.wrong("add_noise", hint="own-noise")
def fresh_by_shape(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    return a.sqrt() * x0 + (1 - a).sqrt() * torch.randn(x0.shape)


@answers.wrong("add_noise", hint="changed-input")
def in_place(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    x0 *= a.sqrt()
    x0 += (1 - a).sqrt() * eps
    return x0


@answers.right("add_noise")
def image_by_image(x0, alpha_bar, eps):
    return torch.stack([a**0.5 * x + (1 - a) ** 0.5 * e for x, a, e in zip(x0, alpha_bar, eps, strict=True)])


@answers.right("add_noise")
def by_einsum(x0, alpha_bar, eps):
    return torch.einsum("n,nchw->nchw", alpha_bar.sqrt(), x0) + torch.einsum(
        "n,nchw->nchw", (1 - alpha_bar).sqrt(), eps
    )


@answers.right("add_noise")
def as_an_angle(x0, alpha_bar, eps):
    angle = torch.arccos(alpha_bar.sqrt()).reshape(-1, 1, 1, 1)
    return angle.cos() * x0 + angle.sin() * eps


@answers.right("add_noise")
def numpy_transposed(x0, alpha_bar, eps):
    x0, a, eps = (part.numpy().astype(float) for part in (x0, alpha_bar, eps))
    return (np.sqrt(a) * x0.T + np.sqrt(1 - a) * eps.T).T


# -- noise_prediction_loss ---------------------------------------------------------------------------


def levels(alpha_bar, t):
    return alpha_bar[t].view(-1, 1, 1, 1)


def noised(x0, a, eps):
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


@answers.wrong("noise_prediction_loss", hint="clean-image-shown")
def shows_x0(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(x0, t), eps)


@answers.wrong("noise_prediction_loss", hint="clean-image-shown")
def shows_the_noise(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(eps, t), eps)


@answers.wrong("noise_prediction_loss", hint="predicts-the-image")
def denoises(network, x0, alpha_bar, t, eps):
    x_t = noised(x0, levels(alpha_bar, t), eps)
    return F.mse_loss(network(x_t, t), x0)


@answers.wrong("noise_prediction_loss", hint="predicts-its-input")
def reconstructs(network, x0, alpha_bar, t, eps):
    x_t = noised(x0, levels(alpha_bar, t), eps)
    return ((network(x_t, t) - x_t) ** 2).mean()


@answers.wrong("noise_prediction_loss", hint="predicts-the-difference")
def what_was_added(network, x0, alpha_bar, t, eps):
    x_t = noised(x0, levels(alpha_bar, t), eps)
    return F.mse_loss(network(x_t, t), x_t - x0)


@answers.wrong("noise_prediction_loss", hint="predicts-the-difference")
def scaled_noise(network, x0, alpha_bar, t, eps):
    a = levels(alpha_bar, t)
    return F.mse_loss(network(noised(x0, a, eps), t), (1 - a).sqrt() * eps)


@answers.wrong("noise_prediction_loss", hint="summed")
def summed(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(noised(x0, levels(alpha_bar, t), eps), t), eps, reduction="sum")


@answers.wrong("noise_prediction_loss", hint="summed")
def summed_over_an_image(network, x0, alpha_bar, t, eps):
    error = network(noised(x0, levels(alpha_bar, t), eps), t) - eps
    return error.square().sum(dim=(1, 2, 3)).mean()


@answers.wrong("noise_prediction_loss", hint="not-squared")
def absolute(network, x0, alpha_bar, t, eps):
    return F.l1_loss(network(noised(x0, levels(alpha_bar, t), eps), t), eps)


@answers.wrong("noise_prediction_loss", hint="not-squared")
def rooted(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(noised(x0, levels(alpha_bar, t), eps), t), eps).sqrt()


@answers.wrong("noise_prediction_loss", hint="level-told")
def tells_the_level(network, x0, alpha_bar, t, eps):
    a = alpha_bar[t]
    return F.mse_loss(network(noised(x0, a.view(-1, 1, 1, 1), eps), a), eps)


@answers.wrong("noise_prediction_loss", hint="schedule-by-position")
def first_levels(network, x0, alpha_bar, t, eps):
    a = alpha_bar[: len(x0)].view(-1, 1, 1, 1)
    return F.mse_loss(network(noised(x0, a, eps), t), eps)


@answers.wrong("noise_prediction_loss", hint="one-level")
def level_of_the_first(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(noised(x0, alpha_bar[t[0]], eps), t), eps)


@answers.wrong("noise_prediction_loss", hint="wrong-axis")
def level_a_column(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(noised(x0, alpha_bar[t], eps), t), eps)


@answers.wrong("noise_prediction_loss", hint="weights-of-the-noise")
def rootless(network, x0, alpha_bar, t, eps):
    a = levels(alpha_bar, t)
    return F.mse_loss(network(a * x0 + (1 - a) * eps, t), eps)


@answers.wrong("noise_prediction_loss", hint="weights-of-the-noise")
def exchanged(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(noised(eps, levels(alpha_bar, t), x0), t), eps)


@answers.wrong("noise_prediction_loss", hint="no-gradient")
def without_gradient(network, x0, alpha_bar, t, eps):
    with torch.no_grad():
        guess = network(noised(x0, levels(alpha_bar, t), eps), t)
    return F.mse_loss(guess, eps)


@answers.wrong("noise_prediction_loss", hint="no-gradient")
def as_a_number(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(noised(x0, levels(alpha_bar, t), eps), t), eps).item()


@answers.right("noise_prediction_loss")
def by_mse(network, x0, alpha_bar, t, eps):
    return F.mse_loss(network(noised(x0, levels(alpha_bar, t), eps), t), eps)


@answers.right("noise_prediction_loss")
def image_after_image(network, x0, alpha_bar, t, eps):
    total = 0
    for i in range(len(x0)):
        x_t = noised(x0[i], alpha_bar[t[i]], eps[i])
        total = total + (eps[i] - network(x_t[None], t[i : i + 1])[0]).square().mean()
    return total / len(x0)


@answers.right("noise_prediction_loss")
def by_moments(network, x0, alpha_bar, t, eps):
    guess = network(noised(x0, levels(alpha_bar, t), eps), t)
    return guess.square().mean() - 2 * (guess * eps).mean() + eps.square().mean()


@answers.right("noise_prediction_loss")
def by_the_image(network, x0, alpha_bar, t, eps):
    a = levels(alpha_bar, t)
    x_t = noised(x0, a, eps)
    x0_hat = (x_t - (1 - a).sqrt() * network(x_t, t)) / a.sqrt()
    return ((x0_hat - x0).square() * a / (1 - a)).mean()


# -- ddim_step ---------------------------------------------------------------------------------------


def clean(x_t, eps, a):
    return (x_t - (1 - a).sqrt() * eps) / a.sqrt()


@answers.wrong("ddim_step", hint="stops-at-the-image")
def predicted_image(x_t, eps, alpha_bar_t, alpha_bar_s):
    return clean(x_t, eps, alpha_bar_t)


@answers.wrong("ddim_step", hint="x_t-for-the-image")
def noised_again(x_t, eps, alpha_bar_t, alpha_bar_s):
    return alpha_bar_s.sqrt() * x_t + (1 - alpha_bar_s).sqrt() * eps


@answers.wrong("ddim_step", hint="levels-swapped")
def exchanged_levels(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = (x_t - (1 - alpha_bar_s) ** 0.5 * eps) / alpha_bar_s**0.5
    return alpha_bar_t**0.5 * x0 + (1 - alpha_bar_t) ** 0.5 * eps


@answers.wrong("ddim_step", hint="fresh-noise")
def noised_afresh(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = clean(x_t, eps, alpha_bar_t)
    return noised(x0, alpha_bar_s, torch.randn_like(x0))


@answers.wrong("ddim_step", hint="no-noise-back")
def shrunk(x_t, eps, alpha_bar_t, alpha_bar_s):
    return alpha_bar_s.sqrt() * clean(x_t, eps, alpha_bar_t)


@answers.wrong("ddim_step", hint="noise-of-the-old-level")
def as_much_noise_as_before(x_t, eps, alpha_bar_t, alpha_bar_s):
    return alpha_bar_s.sqrt() * clean(x_t, eps, alpha_bar_t) + (1 - alpha_bar_t).sqrt() * eps


@answers.wrong("ddim_step", hint="not-divided")
def noise_taken_away(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = x_t - (1 - alpha_bar_t).sqrt() * eps
    return noised(x0, alpha_bar_s, eps)


@answers.wrong("ddim_step", hint="not-divided")
def divided_by_the_other(x_t, eps, alpha_bar_t, alpha_bar_s):
    root = (1 - alpha_bar_t).sqrt()
    return noised((x_t - root * eps) / root, alpha_bar_s, eps)


@answers.wrong("ddim_step", hint="no-roots")
def without_roots(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = (x_t - (1 - alpha_bar_t) * eps) / alpha_bar_t
    return alpha_bar_s * x0 + (1 - alpha_bar_s) * eps


@answers.wrong("ddim_step", hint="no-roots")
def divided_without_root(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = (x_t - (1 - alpha_bar_t).sqrt() * eps) / alpha_bar_t
    return noised(x0, alpha_bar_s, eps)


@answers.wrong("ddim_step", hint="no-roots")
def back_without_root(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = clean(x_t, eps, alpha_bar_t)
    return alpha_bar_s.sqrt() * x0 + (1 - alpha_bar_s) * eps


@answers.wrong("ddim_step", hint="noise-added-twice")
def plus(x_t, eps, alpha_bar_t, alpha_bar_s):
    return noised(clean(x_t, -eps, alpha_bar_t), alpha_bar_s, eps)


def posterior(x_t, x0, a_t, a_s):
    """Mean of DDPM's step, as a mixture of the image and x_t."""
    alpha = a_t / a_s
    return (a_s.sqrt() * (1 - alpha) * x0 + alpha.sqrt() * (1 - a_s) * x_t) / (1 - a_t)


@answers.wrong("ddim_step", hint="random-step")
def ddpm_mean(x_t, eps, alpha_bar_t, alpha_bar_s):
    return posterior(x_t, clean(x_t, eps, alpha_bar_t), alpha_bar_t, alpha_bar_s)


@answers.wrong("ddim_step", hint="random-step")
def ddpm_step(x_t, eps, alpha_bar_t, alpha_bar_s):
    mean = posterior(x_t, clean(x_t, eps, alpha_bar_t), alpha_bar_t, alpha_bar_s)
    std = ((1 - alpha_bar_s) / (1 - alpha_bar_t) * (1 - alpha_bar_t / alpha_bar_s)).sqrt()
    return mean + std * torch.randn_like(x_t)


@answers.wrong("ddim_step", hint="clamped")
def clipped(x_t, eps, alpha_bar_t, alpha_bar_s):
    return noised(clean(x_t, eps, alpha_bar_t).clip(-1, 1), alpha_bar_s, eps)


@answers.wrong("ddim_step", hint="clamped")
def clipped_with_the_rest_as_noise(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = clean(x_t, eps, alpha_bar_t).clamp(-1, 1)
    rest = (x_t - alpha_bar_t.sqrt() * x0) / (1 - alpha_bar_t).sqrt()
    return noised(x0, alpha_bar_s, rest)


@answers.right("ddim_step")
def in_two_lines(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = (x_t - torch.sqrt(1 - alpha_bar_t) * eps) / torch.sqrt(alpha_bar_t)
    return torch.sqrt(alpha_bar_s) * x0 + torch.sqrt(1 - alpha_bar_s) * eps


@answers.right("ddim_step")
def two_weights(x_t, eps, alpha_bar_t, alpha_bar_s):
    ratio = (alpha_bar_s / alpha_bar_t).sqrt()
    return ratio * x_t + ((1 - alpha_bar_s).sqrt() - ratio * (1 - alpha_bar_t).sqrt()) * eps


@answers.right("ddim_step")
def with_math(x_t, eps, alpha_bar_t, alpha_bar_s):
    a_t, a_s = float(alpha_bar_t), float(alpha_bar_s)
    x0 = (x_t - math.sqrt(1 - a_t) * eps) / math.sqrt(a_t)
    return math.sqrt(a_s) * x0 + math.sqrt(max(0.0, 1 - a_s)) * eps


@answers.right("ddim_step")
def as_a_slope(x_t, eps, alpha_bar_t, alpha_bar_s):
    sigma_t, sigma_s = (((1 - a) / a).double().sqrt() for a in (alpha_bar_t, alpha_bar_s))
    return alpha_bar_s.double().sqrt() * (x_t / alpha_bar_t.double().sqrt() + (sigma_s - sigma_t) * eps)


# -- speed_ratio -------------------------------------------------------------------------------------

KEYS = ("features", "split", "n", "device")


def seconds(row):
    return row["evaluations"] * row["seconds"] / row["batch"]


def comparison(
    keys=KEYS,
    enough=lambda row, ours: row["distance"] <= ours["distance"],
    rank=seconds,
    ratio=lambda row, ours: seconds(row) / seconds(ours),
):
    def speed_ratio(rows, ours):
        rows = [row for row in rows if all(row[key] == ours[key] for key in keys) and enough(row, ours)]
        best = sorted(rows, key=rank)[0]
        return best["model"], ratio(best, ours)

    return speed_ratio


for ignored in KEYS:
    mixed = comparison([key for key in KEYS if key != ignored])
    mixed.__name__ = f"any_{ignored}"
    answers.wrong("speed_ratio", hint=f"{ignored}-ignored")(mixed)


@answers.wrong("speed_ratio", hint="several-ignored")
def all_rows(rows, ours):
    return comparison([])(rows, ours)


@answers.wrong("speed_ratio", hint="several-ignored")
def same_features_and_n(rows, ours):
    return comparison(["features", "n"])(rows, ours)


@answers.wrong("speed_ratio", hint="quality-ignored")
def fastest(rows, ours):
    fair = [row for row in rows if all(row[key] == ours[key] for key in KEYS)]
    best = min(fair, key=seconds)
    return best["model"], seconds(best) / seconds(ours)


@answers.wrong("speed_ratio", hint="higher-is-better")
def at_least_our_distance(rows, ours):
    return comparison(enough=lambda row, ours: row["distance"] >= ours["distance"])(rows, ours)


@answers.wrong("speed_ratio", hint="best-distance")
def best_of_the_fair(rows, ours):
    return comparison(rank=lambda row: row["distance"])(rows, ours)


@answers.wrong("speed_ratio", hint="best-distance")
def best_of_all(rows, ours):
    return comparison([], rank=lambda row: row["distance"])(rows, ours)


@answers.wrong("speed_ratio", hint="evaluations-alone")
def fewest_evaluations(rows, ours):
    return comparison(rank=lambda row: row["evaluations"])(rows, ours)


@answers.wrong("speed_ratio", hint="evaluations-alone")
def evaluations_only(rows, ours):
    return comparison(
        rank=lambda row: row["evaluations"], ratio=lambda row, ours: row["evaluations"] / ours["evaluations"]
    )(rows, ours)


@answers.wrong("speed_ratio", hint="evaluations-alone")
def ratio_of_evaluations(rows, ours):
    return comparison(ratio=lambda row, ours: row["evaluations"] / ours["evaluations"])(rows, ours)


@answers.wrong("speed_ratio", hint="evaluations-forgotten")
def one_evaluation(rows, ours):
    def cost(row):
        return row["seconds"] / row["batch"]

    return comparison(rank=cost, ratio=lambda row, ours: cost(row) / cost(ours))(rows, ours)


@answers.wrong("speed_ratio", hint="evaluations-forgotten")
def ratio_of_the_column(rows, ours):
    return comparison(ratio=lambda row, ours: row["seconds"] / ours["seconds"])(rows, ours)


@answers.wrong("speed_ratio", hint="batch-forgotten")
def whole_batches(rows, ours):
    def cost(row):
        return row["evaluations"] * row["seconds"]

    return comparison(rank=cost, ratio=lambda row, ours: cost(row) / cost(ours))(rows, ours)


@answers.wrong("speed_ratio", hint="batch-forgotten")
def times_the_batch(rows, ours):
    def cost(row):
        return row["evaluations"] * row["seconds"] * row["batch"]

    return comparison(rank=cost, ratio=lambda row, ours: cost(row) / cost(ours))(rows, ours)


@answers.wrong("speed_ratio", hint="inverted")
def ours_over_theirs(rows, ours):
    return comparison(ratio=lambda row, ours: seconds(ours) / seconds(row))(rows, ours)


@answers.wrong("speed_ratio", hint="not-a-pair")
def ratio_alone(rows, ours):
    return comparison()(rows, ours)[1]


@answers.right("speed_ratio")
def in_a_loop(rows, ours):
    best = None
    for row in rows:
        if (row["features"], row["split"], row["n"]) != (ours["features"], ours["split"], ours["n"]):
            continue
        if row["device"] != ours["device"] or row["distance"] > ours["distance"]:
            continue
        if best is None or seconds(row) < seconds(best):
            best = row
    return [best["model"], seconds(best) / seconds(ours)]


@answers.right("speed_ratio")
def by_comprehension(rows, ours):
    return comparison()(rows, ours)


@answers.right("speed_ratio")
def by_numpy(rows, ours):
    cost = np.array([seconds(row) for row in rows])
    fair = np.array([all(row[key] == ours[key] for key in KEYS) for row in rows])
    good = np.array([row["distance"] for row in rows]) <= ours["distance"]
    place = np.where(fair & good, cost, np.inf).argmin()
    return rows[place]["model"], cost[place] / seconds(ours)


@answers.right("speed_ratio")
def images_a_second(rows, ours):
    def speed(row):
        return row["batch"] / (row["seconds"] * row["evaluations"])

    fair = (row for row in rows if not any(row[key] != ours[key] for key in KEYS))
    best = max((row for row in fair if row["distance"] <= ours["distance"]), key=speed)
    return best["model"], torch.tensor(speed(ours) / speed(best), dtype=torch.float64)


# -- ddim_sample -------------------------------------------------------------------------------------


def make(upwards=False, late=False, training=False, renamed=False, flipped=False, fresh=False):
    """The loop in which any of the bugs is left; the others are repaired."""

    def ddim_sample(network, alpha_bar, z, steps):
        if not training:
            network.eval()
        if flipped:
            alpha_bar = alpha_bar.flip(0)
        times = torch.linspace(0, len(alpha_bar) - 1, steps + 1).round().long()
        if not (upwards or renamed or flipped):
            times = times.flip(0)
        x = z
        for first, second in pairwise(times):
            t, s = (second, first) if renamed else (first, second)
            told = s if late else t
            eps = network(x, told.expand(len(x)))
            x0 = clean(x, eps, alpha_bar[t])
            x = noised(x0, alpha_bar[s], torch.randn_like(x) if fresh else eps)
        return x

    return ddim_sample


BUGS = {
    "direction": {"upwards": True},
    "told-the-wrong-step": {"late": True},
    "training-mode": {"training": True},
    "direction-and-step": {"upwards": True, "late": True},
    "direction-and-mode": {"upwards": True, "training": True},
    "step-and-mode": {"late": True, "training": True},
    "renamed": {"renamed": True},
    "schedule-flipped": {"flipped": True},
    "fresh-noise": {"fresh": True},
}
for hint, bugs in BUGS.items():
    left = make(**bugs)
    left.__name__ = hint.replace("-", "_") + "_left"
    answers.wrong("ddim_sample", hint=hint)(left)


@answers.wrong("ddim_sample", hint="renamed")
def renamed_and_nothing_else(network, alpha_bar, z, steps):
    return make(renamed=True, late=True, training=True)(network, alpha_bar, z, steps)


@answers.wrong("ddim_sample", hint="schedule-flipped")
def flipped_in_training_mode(network, alpha_bar, z, steps):
    return make(flipped=True, training=True)(network, alpha_bar, z, steps)


@answers.right("ddim_sample")
def repaired_in_place(network, alpha_bar, z, steps):
    network.eval()
    times = torch.linspace(len(alpha_bar) - 1, 0, steps + 1).round().long()
    x = z
    for t, s in pairwise(times):
        eps = network(x, t.expand(len(x)))
        x0 = (x - (1 - alpha_bar[t]).sqrt() * eps) / alpha_bar[t].sqrt()
        x = alpha_bar[s].sqrt() * x0 + (1 - alpha_bar[s]).sqrt() * eps
    return x


@answers.right("ddim_sample")
def backwards_and_mode_restored(network, alpha_bar, z, steps):
    mode = network.training
    network.train(False)
    times = torch.linspace(0, len(alpha_bar) - 1, steps + 1).round().long().tolist()
    x = z
    with torch.no_grad():
        for s, t in reversed([*pairwise(times)]):
            eps = network(x, torch.full((len(x),), t))
            x = in_two_lines(x, eps, alpha_bar[t], alpha_bar[s])
    network.train(mode)
    return x


@answers.right("ddim_sample")
def only_the_norm_in_evaluation_mode(network, alpha_bar, z, steps):
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    last = len(alpha_bar) - 1
    times = [round(last * (1 - k / steps)) for k in range(steps + 1)]
    x = z.clone()
    for k in range(steps):
        eps = network(x, torch.tensor([times[k]] * len(x)))
        x = two_weights(x, eps, alpha_bar[times[k]], alpha_bar[times[k + 1]])
    return x.detach().numpy()


@answers.right("ddim_sample")
def recursive(network, alpha_bar, z, steps):
    network.eval()
    times = np.linspace(len(alpha_bar) - 1, 0, steps + 1).round().astype(int)

    def after(x, k):
        if k == steps:
            return x
        eps = network(x, torch.full((len(x),), int(times[k])))
        return after(as_a_slope(x, eps, alpha_bar[times[k]], alpha_bar[times[k + 1]]), k + 1)

    return after(z, 0)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {
        "A": ("fresh noise", 12),
        "B": ("image clipped at 1", 15),
        "C": ("a fifth too much noise", 9),
        "D": ("told the first time", 18),
    },
    {
        "a-misread": {"A": ("a step left out", 12)},
        "b-misread": {"B": ("told the first time", 15)},
        "c-misread": {"C": ("fresh noise", 9)},
        "d-misread": {"D": ("image clipped at 1", 18)},
        "misplaced": {"A": ("fresh noise", 11)},
        "unknown-name": {"A": ("noise", 12)},
    },
)

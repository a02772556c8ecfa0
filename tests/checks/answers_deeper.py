"""Wrong and right answers to the exercises of chapter 9."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch.distributions import Independent, Normal, kl_divergence

answers = Answers("deeper")


# -- pre_activation_block ----------------------------------------------------------------------------


@answers.wrong("pre_activation_block", hint="original-order")
def as_in_2015(x, norm1, conv1, norm2, conv2):
    h = torch.relu(norm1(conv1(x)))
    return torch.relu(norm2(conv2(h)) + x)


@answers.wrong("pre_activation_block", hint="activation-after-the-sum")
def relu_at_the_end(x, norm1, conv1, norm2, conv2):
    h = conv1(torch.relu(norm1(x)))
    h = conv2(torch.relu(norm2(h)))
    return torch.relu(x + h)


@answers.wrong("pre_activation_block", hint="activated-shortcut")
def overwritten_input(x, norm1, conv1, norm2, conv2):
    x = torch.relu(norm1(x))
    return x + conv2(torch.relu(norm2(conv1(x))))


@answers.wrong("pre_activation_block", hint="activated-shortcut")
def relu_on_the_shortcut(x, norm1, conv1, norm2, conv2):
    return torch.relu(x) + conv2(torch.relu(norm2(conv1(torch.relu(norm1(x))))))


@answers.wrong("pre_activation_block", hint="no-shortcut")
def branch_alone(x, norm1, conv1, norm2, conv2):
    return conv2(torch.relu(norm2(conv1(torch.relu(norm1(x))))))


@answers.wrong("pre_activation_block", hint="activation-before-norm")
def relu_then_norm(x, norm1, conv1, norm2, conv2):
    h = conv1(norm1(torch.relu(x)))
    return x + conv2(norm2(torch.relu(h)))


@answers.wrong("pre_activation_block", hint="convolution-first")
def no_last_relu(x, norm1, conv1, norm2, conv2):
    return x + norm2(conv2(torch.relu(norm1(conv1(x)))))


@answers.wrong("pre_activation_block", hint="convolution-first")
def post_activated_branch(x, norm1, conv1, norm2, conv2):
    h = torch.relu(norm1(conv1(x)))
    return x + torch.relu(norm2(conv2(h)))


@answers.wrong("pre_activation_block", hint="first-activation-missing")
def one_relu_in_the_middle(x, norm1, conv1, norm2, conv2):
    return x + conv2(torch.relu(norm2(conv1(norm1(x)))))


@answers.wrong("pre_activation_block", hint="second-activation-missing")
def one_relu_at_the_front(x, norm1, conv1, norm2, conv2):
    return x + conv2(norm2(conv1(torch.relu(norm1(x)))))


@answers.right("pre_activation_block")
def line_by_line(x, norm1, conv1, norm2, conv2):
    h = x
    for norm, conv in ((norm1, conv1), (norm2, conv2)):
        h = conv(torch.relu(norm(h)))
    return h + x


@answers.right("pre_activation_block")
def with_clamp(x, norm1, conv1, norm2, conv2):
    return conv2(norm2(conv1(norm1(x).clamp(min=0))).clamp(min=0)).add(x)


@answers.right("pre_activation_block")
def with_where(x, norm1, conv1, norm2, conv2):
    def positive(t):
        return torch.where(t > 0, t, torch.zeros_like(t))

    return torch.add(x, conv2(positive(norm2(conv1(positive(norm1(x)))))))


# -- downsampling_block ------------------------------------------------------------------------------


@answers.wrong("downsampling_block", hint="activated-shortcut")
def relu_after_adapt(x, branch, adapt):
    return F.avg_pool2d(branch(x), 2) + torch.relu(adapt(F.avg_pool2d(x, 2)))


@answers.wrong("downsampling_block", hint="activated-shortcut")
def relu_before_all(x, branch, adapt):
    return F.avg_pool2d(branch(x), 2) + adapt(F.avg_pool2d(torch.relu(x), 2))


@answers.wrong("downsampling_block", hint="every-second-pixel")
def strided_shortcut(x, branch, adapt):
    return F.avg_pool2d(branch(x), 2) + adapt(x)[:, :, ::2, ::2]


@answers.wrong("downsampling_block", hint="both-every-second-pixel")
def strided_both(x, branch, adapt):
    return (branch(x) + adapt(x))[:, :, ::2, ::2]


@answers.wrong("downsampling_block", hint="max-pool")
def largest(x, branch, adapt):
    return F.max_pool2d(branch(x), 2) + adapt(F.max_pool2d(x, 2))


@answers.wrong("downsampling_block", hint="max-pool")
def largest_of_the_sum(x, branch, adapt):
    return F.max_pool2d(branch(x) + adapt(x), 2)


@answers.wrong("downsampling_block", hint="branch-on-the-small-map")
def pool_first(x, branch, adapt):
    x = F.avg_pool2d(x, 2)
    return branch(x) + adapt(x)


@answers.wrong("downsampling_block", hint="sum-not-mean")
def added_up(x, branch, adapt):
    total = branch(x) + adapt(x)
    return total.unflatten(2, (-1, 2)).unflatten(4, (-1, 2)).sum((3, 5))


@answers.wrong("downsampling_block", hint="channels-filled-with-zeros")
def option_a(x, branch, adapt):
    out = F.avg_pool2d(branch(x), 2)
    small = F.avg_pool2d(x, 2)
    return out + torch.cat([small, torch.zeros_like(out[:, small.shape[1] :])], dim=1)


@answers.wrong("downsampling_block", hint="no-shortcut")
def pooled_branch(x, branch, adapt):
    return F.avg_pool2d(branch(x), 2)


@answers.wrong("downsampling_block", hint="shape")
def not_halved(x, branch, adapt):
    return branch(x) + adapt(x)


@answers.right("downsampling_block")
def pooled_sum(x, branch, adapt):
    return F.avg_pool2d(branch(x) + adapt(x), 2)


@answers.right("downsampling_block")
def by_interpolation(x, branch, adapt):
    def half(t):
        return F.interpolate(t, scale_factor=0.5, mode="area")

    return half(branch(x)) + adapt(half(x))


@answers.right("downsampling_block")
def four_slices(x, branch, adapt):
    total = branch(x) + adapt(x)
    return sum(total[..., i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4


# -- reparameterise ----------------------------------------------------------------------------------


@answers.wrong("reparameterise", hint="log-variance-as-std")
def log_variance_times_noise(mean, log_variance, noise):
    return mean + log_variance * noise


@answers.wrong("reparameterise", hint="half-log-variance-as-std")
def half_without_exp(mean, log_variance, noise):
    return mean + noise * log_variance / 2


@answers.wrong("reparameterise", hint="variance-as-std")
def exp_only(mean, log_variance, noise):
    return mean + torch.exp(log_variance) * noise


@answers.wrong("reparameterise", hint="root-of-log")
def sqrt_only(mean, log_variance, noise):
    return mean + torch.sqrt(log_variance) * noise


@answers.wrong("reparameterise", hint="precision")
def minus_half(mean, log_variance, noise):
    return mean + torch.exp(-log_variance / 2) * noise


@answers.wrong("reparameterise", hint="no-noise")
def mean_only(mean, log_variance, noise):
    return mean + torch.zeros_like(noise) * log_variance


@answers.wrong("reparameterise", hint="mean-scaled")
def shifted_then_scaled(mean, log_variance, noise):
    return torch.exp(log_variance / 2) * (noise + mean)


@answers.wrong("reparameterise", hint="cut-off")
def sampled_without_gradient(mean, log_variance, noise):
    with torch.no_grad():
        return mean + torch.exp(log_variance / 2) * noise


@answers.wrong("reparameterise", hint="cut-off")
def noise_part_detached(mean, log_variance, noise):
    return mean + torch.exp(log_variance.detach() / 2) * noise


@answers.right("reparameterise")
def root_of_variance(mean, log_variance, noise):
    return noise * torch.exp(log_variance).sqrt() + mean


@answers.right("reparameterise")
def in_float64(mean, log_variance, noise):
    return torch.addcmul(mean.double(), torch.exp(0.5 * log_variance.double()), noise.double())


@answers.right("reparameterise")
def power(mean, log_variance, noise):
    return mean + math.e ** (log_variance / 2) * noise


# -- kl ----------------------------------------------------------------------------------------------


def kl_terms(mean, log_variance):
    return (mean**2 + torch.exp(log_variance) - log_variance - 1) / 2


@answers.wrong("kl", hint="mean-over-dimensions")
def mean_over_last(mean, log_variance):
    return kl_terms(mean, log_variance).mean(dim=-1)


@answers.wrong("kl", hint="one-number-for-the-batch")
def batch_mean(mean, log_variance):
    return kl_terms(mean, log_variance).sum(1).mean()


@answers.wrong("kl", hint="one-number-for-the-batch")
def famous_one_liner(mean, log_variance):
    return -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())


@answers.wrong("kl", hint="summed-over-the-batch")
def wrong_axis(mean, log_variance):
    return kl_terms(mean, log_variance).sum(dim=0)


@answers.wrong("kl", hint="upside-down")
def sign_lost(mean, log_variance):
    return 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1)


@answers.wrong("kl", hint="half-missing")
def no_half(mean, log_variance):
    return (mean**2 + log_variance.exp() - log_variance - 1).sum(1)


@answers.wrong("kl", hint="one-missing")
def no_one(mean, log_variance):
    return 0.5 * (mean**2 + log_variance.exp() - log_variance).sum(1)


@answers.wrong("kl", hint="log-std")
def sigma_is_exp(mean, log_variance):
    std = log_variance.exp()
    return (0.5 * (mean**2 + std**2 - 1) - std.log()).sum(1)


@answers.wrong("kl", hint="variance-not-exponentiated")
def variance_without_exp(mean, log_variance):
    return 0.5 * (mean**2 + log_variance - torch.log(log_variance) - 1).sum(1)


@answers.wrong("kl", hint="variance-not-exponentiated")
def log_variance_squared(mean, log_variance):
    return 0.5 * (mean**2 + log_variance**2 - log_variance - 1).sum(1)


@answers.wrong("kl", hint="other-direction")
def prior_first(mean, log_variance):
    q = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    p = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    return kl_divergence(p, q)


@answers.right("kl")
def by_distributions(mean, log_variance):
    q = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    p = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    return kl_divergence(q, p)


@answers.right("kl")
def with_std(mean, log_variance):
    std = (0.5 * log_variance).exp()
    return (0.5 * (mean**2 + std**2 - 1) - std.log()).sum(dim=-1)


@answers.right("kl")
def numpy_float64(mean, log_variance):
    m, s = mean.numpy().astype(np.float64), log_variance.numpy().astype(np.float64)
    return 0.5 * np.sum(m**2 + np.exp(s) - s - 1, axis=1)


# -- negative_elbo -----------------------------------------------------------------------------------


def distortion_of(x, reconstruction, std):
    return ((x - reconstruction) ** 2).flatten(1).sum(1) / (2 * std**2)


def rate_of(mean, log_variance):
    return kl_terms(mean, log_variance).sum(1)


@answers.wrong("negative_elbo", hint="pixels-averaged")
def mse_plus_kl(x, reconstruction, mean, log_variance, std):
    return F.mse_loss(reconstruction, x) / (2 * std**2) + rate_of(mean, log_variance).mean()


@answers.wrong("negative_elbo", hint="kl-averaged")
def kl_mean(x, reconstruction, mean, log_variance, std):
    return distortion_of(x, reconstruction, std).mean() + kl_terms(mean, log_variance).mean()


@answers.wrong("negative_elbo", hint="both-averaged")
def everything_mean(x, reconstruction, mean, log_variance, std):
    return F.mse_loss(reconstruction, x) / (2 * std**2) + kl_terms(mean, log_variance).mean()


@answers.wrong("negative_elbo", hint="std-left-out")
def bare_squares(x, reconstruction, mean, log_variance, std):
    return ((x - reconstruction) ** 2).flatten(1).sum(1).mean() + rate_of(mean, log_variance).mean()


@answers.wrong("negative_elbo", hint="std-not-squared")
def divided_by_std(x, reconstruction, mean, log_variance, std):
    return (distortion_of(x, reconstruction, std) * std + rate_of(mean, log_variance)).mean()


@answers.wrong("negative_elbo", hint="two-left-out")
def without_the_two(x, reconstruction, mean, log_variance, std):
    return (2 * distortion_of(x, reconstruction, std) + rate_of(mean, log_variance)).mean()


@answers.wrong("negative_elbo", hint="kl-rewarded")
def minus_kl(x, reconstruction, mean, log_variance, std):
    return (distortion_of(x, reconstruction, std) - rate_of(mean, log_variance)).mean()


@answers.wrong("negative_elbo", hint="bound-itself")
def the_bound(x, reconstruction, mean, log_variance, std):
    return (-distortion_of(x, reconstruction, std) - rate_of(mean, log_variance)).mean()


@answers.wrong("negative_elbo", hint="summed-over-the-batch")
def batch_sum(x, reconstruction, mean, log_variance, std):
    return (distortion_of(x, reconstruction, std) + rate_of(mean, log_variance)).sum()


@answers.wrong("negative_elbo", hint="no-kl")
def autoencoder(x, reconstruction, mean, log_variance, std):
    return distortion_of(x, reconstruction, std).mean()


@answers.right("negative_elbo")
def by_log_prob(x, reconstruction, mean, log_variance, std):
    log_likelihood = Normal(reconstruction, std).log_prob(x).flatten(1).sum(1)
    return (rate_of(mean, log_variance) - log_likelihood).mean()


@answers.right("negative_elbo")
def sums_over_n(x, reconstruction, mean, log_variance, std):
    n = len(x)
    squares = F.mse_loss(reconstruction, x, reduction="sum") / (2 * std * std)
    return (squares + kl_terms(mean, log_variance).sum()) / n


@answers.right("negative_elbo")
def two_means(x, reconstruction, mean, log_variance, std):
    off = ((x - reconstruction) / std).flatten(1)
    return 0.5 * off.square().sum(1).mean() + rate_of(mean, log_variance).mean()


# -- paired_losses -----------------------------------------------------------------------------------


@answers.wrong("paired_losses", hint="players-swapped")
def exchanged(real_logits, fake_logits):
    return F.softplus(real_logits - fake_logits).mean(), F.softplus(fake_logits - real_logits).mean()


@answers.wrong("paired_losses", hint="not-relative")
def standard_game(real_logits, fake_logits):
    d_loss = -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()
    return d_loss, -F.logsigmoid(fake_logits).mean()


@answers.wrong("paired_losses", hint="averages-compared")
def relativistic_average(real_logits, fake_logits):
    real, fake = real_logits - fake_logits.mean(), fake_logits - real_logits.mean()
    return (
        F.softplus(-real).mean() + F.softplus(fake).mean(),
        F.softplus(real).mean() + F.softplus(-fake).mean(),
    )


@answers.wrong("paired_losses", hint="averages-compared")
def difference_of_means(real_logits, fake_logits):
    lead = real_logits.mean() - fake_logits.mean()
    return F.softplus(-lead), F.softplus(lead)


@answers.wrong("paired_losses", hint="all-pairs")
def broadcast(real_logits, fake_logits):
    lead = real_logits.unsqueeze(1) - fake_logits.unsqueeze(0)
    return F.softplus(-lead).mean(), F.softplus(lead).mean()


@answers.wrong("paired_losses", hint="zero-sum")
def minus_d(real_logits, fake_logits):
    d_loss = F.softplus(fake_logits - real_logits).mean()
    return d_loss, -d_loss


@answers.wrong("paired_losses", hint="one-loss-for-both")
def same_loss(real_logits, fake_logits):
    d_loss = F.softplus(fake_logits - real_logits).mean()
    return d_loss, d_loss


@answers.wrong("paired_losses", hint="no-logarithm")
def wasserstein(real_logits, fake_logits):
    lead = (real_logits - fake_logits).mean()
    return -lead, lead


@answers.wrong("paired_losses", hint="probabilities-compared")
def difference_of_probabilities(real_logits, fake_logits):
    lead = torch.sigmoid(real_logits) - torch.sigmoid(fake_logits)
    return -F.logsigmoid(lead).mean(), -F.logsigmoid(-lead).mean()


@answers.wrong("paired_losses", hint="not-a-pair")
def d_only(real_logits, fake_logits):
    return F.softplus(fake_logits - real_logits).mean()


@answers.right("paired_losses")
def by_logsigmoid(real_logits, fake_logits):
    lead = real_logits - fake_logits
    return -F.logsigmoid(lead).mean(), -F.logsigmoid(-lead).mean()


@answers.right("paired_losses")
def by_cross_entropy(real_logits, fake_logits):
    lead, ones = real_logits - fake_logits, torch.ones_like(real_logits)
    bce = F.binary_cross_entropy_with_logits
    return [bce(lead, ones), bce(lead, 0 * ones)]


@answers.right("paired_losses")
def library(real_logits, fake_logits):
    from ganbook import losses

    loss = losses.get("relativistic")
    return loss.discriminator(real_logits, fake_logits), loss.generator(fake_logits, real_logits)


@answers.right("paired_losses")
def two_way_softmax(real_logits, fake_logits):
    both = torch.stack([real_logits, fake_logits], dim=1).log_softmax(dim=1)
    return -both[:, 0].mean(), -both[:, 1].mean()


# -- vae_step ----------------------------------------------------------------------------------------


def make(scale=lambda s: torch.exp(s / 2), reduce=lambda t: t.sum(1), sign=1.0, turn=1.0):
    def step(encoder, decoder, optimizer, x, noise, std):
        mean, log_variance = encoder(x).chunk(2, dim=1)
        z = mean + scale(log_variance) * noise
        loss = distortion_of(x, decoder(z), std) + sign * reduce(kl_terms(mean, log_variance))
        optimizer.zero_grad()
        (turn * loss.mean()).backward()
        optimizer.step()
        return loss.mean()

    return step


def averaged(terms):
    return terms.mean(1)


BUGS = {
    "variance": {"scale": torch.exp},
    "averaged": {"reduce": averaged},
    "rewarded": {"sign": -1.0},
    "variance-and-averaged": {"scale": torch.exp, "reduce": averaged},
    "variance-and-rewarded": {"scale": torch.exp, "sign": -1.0},
    "averaged-and-rewarded": {"reduce": averaged, "sign": -1.0},
    "log-variance-as-std": {"scale": lambda s: s},
    "upside-down": {"turn": -1.0},
}
for hint, bugs in BUGS.items():
    left = make(**bugs)
    left.__name__ = hint.replace("-", "_") + "_left"
    answers.wrong("vae_step", hint=hint)(left)


@answers.right("vae_step")
def repaired_in_place(encoder, decoder, optimizer, x, noise, std):
    mean, log_variance = encoder(x).chunk(2, dim=1)
    z = mean + torch.exp(0.5 * log_variance) * noise
    distortion = (x - decoder(z)).square().sum(1) / (2 * std**2)
    kl = 0.5 * (mean**2 + torch.exp(log_variance) - log_variance - 1).sum(1)
    loss = (distortion + kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@answers.right("vae_step")
def maximised_bound(encoder, decoder, optimizer, x, noise, std):
    mean, log_variance = encoder(x).chunk(2, dim=1)
    q = Independent(Normal(mean, log_variance.exp().sqrt()), 1)
    p = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    log_likelihood = Normal(decoder(q.mean + q.stddev * noise), std).log_prob(x).sum(1)
    elbo = (log_likelihood - kl_divergence(q, p)).mean()
    optimizer.zero_grad()
    (-elbo).backward()
    optimizer.step()
    return -elbo


@answers.right("vae_step")
def two_backward_passes(encoder, decoder, optimizer, x, noise, std):
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
    mean, log_variance = encoder(x).chunk(2, dim=1)
    reconstruction = decoder(mean + (log_variance / 2).exp() * noise)
    distortion_of(x, reconstruction, std).mean().backward(retain_graph=True)
    rate_of(mean, log_variance).mean().backward()
    optimizer.step()
    return distortion_of(x, reconstruction, std).mean() + rate_of(mean, log_variance).mean()


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {
        "A": ("σ doubled", 240),
        "B": ("KL left out", 200),
        "C": ("KL counted ten times", 280),
        "D": ("noise left out", 260),
    },
    {
        "a-misread": {"A": ("KL counted ten times", 240)},
        "b-misread": {"B": ("noise left out", 200)},
        "c-misread": {"C": ("σ doubled", 280)},
        "d-misread": {"D": ("KL left out", 260)},
        "misplaced": {"B": ("KL left out", 260)},
        "unknown-place": {"B": ("KL left out", 210)},
    },
)

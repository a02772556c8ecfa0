"""Wrong and right answers to the exercises of chapter 9."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch.distributions import Independent, Normal, kl_divergence

from ganbook import losses

answers = Answers("deeper")
RELATIVISTIC = losses.get("relativistic")


# -- pre_activation_block ----------------------------------------------------------------------------


@answers.right("pre_activation_block")
def line_by_line(x, norm1, conv1, norm2, conv2):
    h = conv1(torch.relu(norm1(x)))
    h = conv2(torch.relu(norm2(h)))
    return x + h


answers.also(
    "pre_activation_block",
    line_by_line,
    ("torch.relu(norm1(x))", "norm1(x).clamp(min=0)"),
    ("return x + h", "return torch.add(h, x)"),
)
answers.slips(
    "pre_activation_block",
    line_by_line,
    {
        "original-order": ["torch.relu(norm2(conv2(torch.relu(norm1(conv1(x))))) + x)"],
        "activation-after-the-sum": [("x + h", "torch.relu(x + h)")],
        "activated-shortcut": [
            ("h = conv1(torch.relu(norm1(x)))", "h = conv1(x := torch.relu(norm1(x)))"),
            ("x +", "torch.relu(x) +"),
        ],
        "changed-input": [("torch.relu(", "torch.relu_(")],
        "no-shortcut": [("x + h", "h")],
        "activation-before-norm": [
            (("torch.relu(norm1(x))", "norm1(torch.relu(x))"), ("torch.relu(norm2(h))", "norm2(torch.relu(h))"))
        ],
        "convolution-first": [
            "x + norm2(conv2(torch.relu(norm1(conv1(x)))))",
            "x + torch.relu(norm2(conv2(torch.relu(norm1(conv1(x))))))",
        ],
        "first-activation-missing": [("torch.relu(norm1(x))", "norm1(x)")],
        "second-activation-missing": [("torch.relu(norm2(h))", "norm2(h)")],
    },
)


# -- downsampling_block ------------------------------------------------------------------------------


@answers.right("downsampling_block")
def mean_of_both(x, branch, adapt):
    return F.avg_pool2d(branch(x), 2) + adapt(F.avg_pool2d(x, 2))


answers.also(
    "downsampling_block",
    mean_of_both,
    "F.avg_pool2d(branch(x) + adapt(x), 2)",
    'F.interpolate(branch(x) + adapt(x), scale_factor=0.5, mode="area")',
    "sum((branch(x) + adapt(x))[..., i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4",
)
answers.slips(
    "downsampling_block",
    mean_of_both,
    {
        "activated-shortcut": [
            ("adapt(F.avg_pool2d(x, 2))", "torch.relu(adapt(F.avg_pool2d(x, 2)))"),
            ("d(x, 2)", "d(torch.relu(x), 2)"),
        ],
        "every-second-pixel": [("adapt(F.avg_pool2d(x, 2))", "adapt(x)[:, :, ::2, ::2]")],
        "both-every-second-pixel": ["(branch(x) + adapt(x))[:, :, ::2, ::2]"],
        "max-pool": [("avg_pool2d", "max_pool2d"), "F.max_pool2d(branch(x) + adapt(x), 2)"],
        "branch-on-the-small-map": [("F.avg_pool2d(branch(x), 2)", "branch(F.avg_pool2d(x, 2))")],
        "sum-not-mean": [("2)", "2, divisor_override=1)")],
        "channels-filled-with-zeros": [("adapt(F.avg_pool2d(x, 2))", "F.pad(F.avg_pool2d(x, 2), (0, 0, 0, 0, 0, 3))")],
        "no-shortcut": [(" + adapt(F.avg_pool2d(x, 2))", "")],
        "shape": ["branch(x) + adapt(x)"],
    },
)


# -- reparameterise ----------------------------------------------------------------------------------


@answers.right("reparameterise")
def half_in_the_exponent(mean, log_variance, noise):
    return mean + torch.exp(0.5 * log_variance) * noise


answers.also(
    "reparameterise",
    half_in_the_exponent,
    "noise * torch.exp(log_variance).sqrt() + mean",
    "torch.addcmul(mean.double(), (log_variance.double() / 2).exp(), noise.double())",
    "mean + 2.718281828 ** (log_variance / 2) * noise",
)
answers.slips(
    "reparameterise",
    half_in_the_exponent,
    {
        "log-variance-as-std": [("torch.exp(0.5 * log_variance)", "log_variance")],
        "half-log-variance-as-std": [("torch.exp(0.5 * log_variance)", "0.5 * log_variance")],
        "variance-as-std": [("0.5 * ", "")],
        "root-of-log": [("exp(0.5 * log_variance)", "sqrt(log_variance)")],
        "precision": [("0.5", "-0.5")],
        "clamped": [("log_variance)", "log_variance.clamp(-4, 4))"), ("log_variance)", "log_variance.clamp(-10, 10))")],
        "own-noise": [("* noise", "* torch.randn_like(noise)")],
        "no-noise": [("* noise", "* 0 * noise")],
        "mean-scaled": [
            ("mean + torch.exp(0.5 * log_variance) * noise", "torch.exp(0.5 * log_variance) * (noise + mean)")
        ],
        "cut-off": [("return ", "with torch.no_grad():\n        return "), ("log_variance)", "log_variance.detach())")],
    },
)


# -- kl ----------------------------------------------------------------------------------------------


@answers.right("kl")
def by_terms(mean, log_variance):
    return (0.5 * (mean**2 + log_variance.exp() - log_variance - 1)).sum(1)


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


answers.slips(
    "kl",
    by_terms,
    {
        "mean-over-dimensions": [("sum(1)", "mean(1)")],
        "one-number-for-the-batch": [("sum(1)", "sum(1).mean()"), ("sum(1)", "sum()")],
        "summed-over-the-batch": [("sum(1)", "sum(0)")],
        "upside-down": [("0.5", "-0.5")],
        "half-missing": [("0.5 * ", "")],
        "no-gradient": [("sum(1)", "sum(1).detach()")],
        "one-missing": [(" - 1", "")],
        "variance-not-exponentiated": [
            ("log_variance.exp() - log_variance", "log_variance - log_variance.log()"),
            ("log_variance.exp()", "log_variance**2"),
        ],
    },
)
answers.slips("kl", with_std, {"log-std": [("0.5 * log_variance", "log_variance")]})
answers.slips("kl", by_distributions, {"other-direction": [("q, p", "p, q")]})


# -- negative_elbo -----------------------------------------------------------------------------------


@answers.right("negative_elbo")
def two_terms(x, reconstruction, mean, log_variance, std):
    distortion = ((x - reconstruction) ** 2).flatten(1).sum(1) / (2 * std**2)
    rate = by_terms(mean, log_variance)
    return (distortion + rate).mean()


@answers.right("negative_elbo")
def by_log_prob(x, reconstruction, mean, log_variance, std):
    log_likelihood = Normal(reconstruction, std).log_prob(x).flatten(1).sum(1)
    return (by_distributions(mean, log_variance) - log_likelihood).mean()


@answers.right("negative_elbo")
def sums_over_n(x, reconstruction, mean, log_variance, std):
    squares = F.mse_loss(reconstruction, x, reduction="sum") / (2 * std * std)
    return (squares + by_terms(mean, log_variance).sum()) / len(x)


answers.slips(
    "negative_elbo",
    two_terms,
    {
        "pixels-averaged": [("flatten(1).sum", "flatten(1).mean")],
        "kl-averaged": [("by_terms(mean, log_variance)", "by_terms(mean, log_variance) / mean.shape[1]")],
        "both-averaged": [(("flatten(1).sum", "flatten(1).mean"), ("+ rate", "+ rate / mean.shape[1]"))],
        "std-left-out": [(" / (2 * std**2)", "")],
        "std-not-squared": [("std**2", "std")],
        "two-left-out": [("2 * std", "std")],
        "kl-rewarded": [("+ rate", "- rate")],
        "bound-itself": [("(distortion", "-(distortion")],
        "summed-over-the-batch": [("rate).mean()", "rate).sum()")],
        "no-kl": [(" + rate", "")],
    },
)


# -- paired_losses -----------------------------------------------------------------------------------


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
def two_way_softmax(real_logits, fake_logits):
    both = torch.stack([real_logits, fake_logits], dim=1).log_softmax(dim=1)
    return -both[:, 0].mean(), -both[:, 1].mean()


answers.right("paired_losses", lambda r, f: (RELATIVISTIC.discriminator(r, f), RELATIVISTIC.generator(f, r)))
answers.slips(
    "paired_losses",
    by_logsigmoid,
    {
        "players-swapped": [("real_logits - fake_logits", "fake_logits - real_logits")],
        "not-relative": [
            "F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean(), F.softplus(-fake_logits).mean()"
        ],
        "averages-compared": [
            """
            real, fake = real_logits - fake_logits.mean(), fake_logits - real_logits.mean()
            d_loss = F.softplus(-real).mean() + F.softplus(fake).mean()
            return d_loss, F.softplus(real).mean() + F.softplus(-fake).mean()
            """,
            ("real_logits - fake_logits", "real_logits.mean() - fake_logits.mean()"),
        ],
        "all-pairs": [("real_logits -", "real_logits.unsqueeze(1) -")],
        "zero-sum": [("-F.logsigmoid(-lead)", "F.logsigmoid(lead)")],
        "one-loss-for-both": [("-lead", "lead")],
        "no-logarithm": [("F.logsigmoid", "")],
        "probabilities-compared": [("real_logits - fake_logits", "real_logits.sigmoid() - fake_logits.sigmoid()")],
        "small-number-added": [
            (
                ("-F.logsigmoid(lead).mean()", "-(lead.sigmoid() + 1e-8).log().mean()"),
                ("-F.logsigmoid(-lead).mean()", "-(1 - lead.sigmoid() + 1e-8).log().mean()"),
            )
        ],
        "not-a-pair": [(", -F.logsigmoid(-lead).mean()", "")],
    },
)


# -- vae_step ----------------------------------------------------------------------------------------


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
    log_likelihood = Normal(decoder(mean + log_variance.exp().sqrt() * noise), std).log_prob(x).sum(1)
    elbo = (log_likelihood - by_distributions(mean, log_variance)).mean()
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
    off = x - decoder(mean + (log_variance / 2).exp() * noise)
    distortion, rate = (off**2).sum(1).mean() / (2 * std**2), by_terms(mean, log_variance).mean()
    distortion.backward(retain_graph=True)
    rate.backward()
    optimizer.step()
    return distortion + rate


VARIANCE, AVERAGED, REWARDED = ("exp(0.5 * ", "exp("), ("1).sum(1)", "1).mean(1)"), ("+ kl", "- kl")
answers.slips(
    "vae_step",
    repaired_in_place,
    {
        "variance": [VARIANCE],
        "averaged": [AVERAGED],
        "rewarded": [REWARDED],
        "variance-and-averaged": [(VARIANCE, AVERAGED)],
        "variance-and-rewarded": [(VARIANCE, REWARDED)],
        "averaged-and-rewarded": [(AVERAGED, REWARDED)],
        "kl-halved": [("kl = 0.5", "kl = 0.25")],
        "log-variance-as-std": [("torch.exp(0.5 * log_variance)", "log_variance")],
        "upside-down": [("loss.backward()", "(-loss).backward()")],
    },
)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

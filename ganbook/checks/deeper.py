"""Checks for the exercises of chapter 9, Deeper generators."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook.checks.challenge import NoScore, Score, listed, scored, verdict
from ganbook.checks.compare import Observation, describe
from ganbook.checks.readings.deeper import READING
from ganbook.checks.task import Answer, Sheet, loss_with_gradients, pair
from ganbook.checks.worlds import changes, gradient, in_numpy, leave_gradients, value_with_gradients

sheet = Sheet("deeper", "Exercises 9: Deeper generators")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed

Layer = Callable[[Tensor], Tensor]


def _affine(channels: int) -> Layer:
    """A norm with statistics of its own, so that its place among the layers shows."""
    scale, shift = torch.rand(channels, 1, 1) + 0.5, torch.randn(channels, 1, 1)
    return lambda x: (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), keepdim=True) * scale + shift


def _convolution(inputs: int, outputs: int, size: int) -> Layer:
    weight = torch.randn(outputs, inputs, size, size) / (size * inputs**0.5)
    return lambda x: F.conv2d(x, weight, padding=size // 2)


# -- 1 the block -------------------------------------------------------------------------------------


def _block_world() -> tuple[Any, ...]:
    return torch.randn(3, 4, 5, 5), _affine(4), _convolution(4, 4, 3), _affine(4), _convolution(4, 4, 3)


def _same(x: Tensor) -> Tensor:
    return x


def _branch(x: Tensor, norm1: Layer, conv1: Layer, norm2: Layer, conv2: Layer) -> Tensor:
    return conv2(F.relu(norm2(conv1(F.relu(norm1(x))))))


def _original_branch(x: Tensor, norm1: Layer, conv1: Layer, norm2: Layer, conv2: Layer) -> Tensor:
    return norm2(conv2(F.relu(norm1(conv1(x)))))


pre_activation_block = sheet.task(
    "pre_activation_block",
    "The pre-activated block",
    tried="pre_activation_block(x, norm1, conv1, norm2, conv2) on maps (3, 4, 5, 5)",
    setup=_block_world,
    worlds={
        "wide maps": lambda: (torch.randn(2, 4, 3, 6), *_block_world()[1:]),
        "norms that change nothing": lambda: (*_block_world()[:1], *(_same, _convolution(4, 4, 3)) * 2),
    },
    reference=lambda x, *layers: x + _branch(x, *layers),
    hints="""
        original-order: This is the original block: convolution first, and an activation after the sum. Pre-activated
          means that norm and activation stand before each convolution.
        activation-after-the-sum: The branch is right, but the sum is activated. That cuts the negative half off what
          the next block receives, and the path through the shortcuts is no identity any more.
        activated-shortcut: The shortcut starts behind the first norm and activation, so it no longer carries x itself.
          Keep a name for the untouched input.
        no-shortcut: This is the branch alone. A residual block adds it to its input.
        activation-before-norm: Norm and activation have changed places: the norm comes first, the activation second,
          the convolution third, twice.
        convolution-first: In your branch the convolution comes before norm and activation, as in the original block
          without its last activation. Here each convolution comes last.
        first-activation-missing: The first activation is missing: the first convolution receives the normed signal.
        second-activation-missing: The second activation is missing: without it the two convolutions are one linear map.
    """,
    like={
        "original-order": lambda x, *layers: F.relu(x + _original_branch(x, *layers)),
        "activation-after-the-sum": lambda x, *layers: F.relu(x + _branch(x, *layers)),
        "activated-shortcut": (
            lambda x, n1, c1, n2, c2: F.relu(n1(x)) + _branch(x, n1, c1, n2, c2),
            lambda x, *layers: F.relu(x) + _branch(x, *layers),
        ),
        "no-shortcut": lambda x, *layers: _branch(x, *layers),
        "activation-before-norm": lambda x, n1, c1, n2, c2: x + c2(n2(F.relu(c1(n1(F.relu(x)))))),
        "convolution-first": (
            lambda x, *layers: x + _original_branch(x, *layers),
            lambda x, n1, c1, n2, c2: x + F.relu(n2(c2(F.relu(n1(c1(x)))))),
        ),
        "first-activation-missing": lambda x, n1, c1, n2, c2: x + c2(F.relu(n2(c1(n1(x))))),
        "second-activation-missing": lambda x, n1, c1, n2, c2: x + c2(n2(c1(F.relu(n1(x))))),
    },
    lesson="Norm, activation, convolution, twice, and nothing on the way from block to block but additions.",
)

# -- 2 the shortcut when the shape changes -----------------------------------------------------------


def _down_world() -> tuple[Any, ...]:
    return torch.randn(3, 4, 6, 6), _convolution(4, 7, 3), _convolution(4, 7, 1)


def _pooled(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2)


def _padded(x: Tensor) -> Tensor:
    return F.pad(_pooled(x), (0, 0, 0, 0, 0, 3))


downsampling_block = sheet.task(
    "downsampling_block",
    "A shortcut that changes shape",
    tried="downsampling_block(x, branch, adapt) on maps (3, 4, 6, 6), to (3, 7, 3, 3)",
    setup=_down_world,
    worlds={"wide maps": lambda: (torch.randn(1, 4, 2, 8), *_down_world()[1:])},
    reference=lambda x, branch, adapt: _pooled(branch(x)) + adapt(_pooled(x)),
    hints="""
        activated-shortcut: There is an activation on the shortcut. It throws the negative half of the signal away for
          all blocks that follow: the shortcut adapts and resamples, nothing else.
        every-second-pixel: The shortcut keeps one pixel of four, as a strided 1 × 1 convolution does, and drops the
          others. Take the mean of each 2 × 2.
        both-every-second-pixel: Both paths keep one pixel of four and drop the others. Take the mean of each 2 × 2.
        max-pool: You took the largest of each 2 × 2. That is no linear map, so the shortcut is no shortcut for the
          gradient of the other three; take the mean.
        branch-on-the-small-map: The branch works on the map that was already halved, so it never sees the detail it is
          to summarise. Halve after the branch.
        sum-not-mean: Each 2 × 2 was added up instead of averaged: the signal grows fourfold here.
        channels-filled-with-zeros: You filled the missing channels with zeros (He et al.'s option A). Here `adapt`
          makes them.
        no-shortcut: The shortcut is missing: only the branch arrives.
    """,
    like={
        "activated-shortcut": (
            lambda x, branch, adapt: _pooled(branch(x)) + F.relu(adapt(_pooled(x))),
            lambda x, branch, adapt: _pooled(branch(x)) + adapt(_pooled(F.relu(x))),
            lambda x, branch, adapt: _pooled(branch(x)) + _pooled(F.relu(adapt(x))),
        ),
        "every-second-pixel": (
            lambda x, branch, adapt: _pooled(branch(x)) + adapt(x[..., ::2, ::2]),
            lambda x, branch, adapt: _pooled(branch(x)) + adapt(x)[..., 1::2, 1::2],
        ),
        "both-every-second-pixel": lambda x, branch, adapt: branch(x)[..., ::2, ::2] + adapt(x)[..., ::2, ::2],
        "max-pool": (
            lambda x, branch, adapt: F.max_pool2d(branch(x), 2) + adapt(F.max_pool2d(x, 2)),
            lambda x, branch, adapt: _pooled(branch(x)) + adapt(F.max_pool2d(x, 2)),
            lambda x, branch, adapt: F.max_pool2d(branch(x) + adapt(x), 2),
        ),
        "branch-on-the-small-map": lambda x, branch, adapt: branch(_pooled(x)) + adapt(_pooled(x)),
        "sum-not-mean": lambda x, branch, adapt: 4 * (_pooled(branch(x)) + adapt(_pooled(x))),
        "channels-filled-with-zeros": lambda x, branch, adapt: _pooled(branch(x)) + _padded(x),
        "no-shortcut": lambda x, branch, adapt: _pooled(branch(x)),
    },
    lesson="The shortcut stays linear: adapting channels by 1 × 1 and averaging 2 × 2 may even change places.",
)

# -- 3 reparameterisation ----------------------------------------------------------------------------


def _latent_world() -> tuple[Tensor, ...]:
    return torch.randn(5, 3), torch.randn(5, 3), torch.randn(5, 3)


def _observe_sample(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    mean, log_variance, noise = world
    leaves = mean.clone().requires_grad_(), log_variance.clone().requires_grad_()
    z = answer(*leaves, noise.clone())
    return {
        "z": z,
        "the gradient by mean": gradient(z, leaves[:1]),
        "the gradient by log_variance": gradient(z, leaves[1:]),
    }


def _spread(std: Callable[[Tensor], Tensor]) -> Answer:
    return lambda mean, log_variance, noise: mean + std(log_variance) * noise


def _clamped(limit: float) -> Answer:
    return _spread(lambda s: (0.5 * s.clamp(-limit, limit)).exp())


reparameterise = sheet.task(
    "reparameterise",
    "Reparameterisation",
    tried="reparameterise(mean, log_variance, noise) on 5 samples of 3 numbers: z, and its gradients",
    setup=_latent_world,
    worlds={
        "one sample of one number": lambda: (torch.randn(1, 1), torch.randn(1, 1), torch.randn(1, 1)),
        "log-variances of −12, 0 and 12": lambda: (
            torch.randn(2, 3),
            12.0 * torch.tensor([[-1, 0, 1]] * 2),
            torch.randn(2, 3),
        ),
    },
    observe=_observe_sample,
    reference=_spread(lambda s: (0.5 * s).exp()),
    hints="""
        log-variance-as-std: The log-variance itself was used as the standard deviation. It is the logarithm of σ², so
          it may be negative; a standard deviation may not.
        half-log-variance-as-std: ½ log σ² is log σ: the exponential is missing.
        variance-as-std: You multiplied by σ² instead of σ: exp(log_variance) is the variance, and noise is scaled by
          its root.
        root-of-log: You took the root of a logarithm. Exponentiate first.
        precision: The sign in the exponent is turned round: small variances became large ones.
        no-noise: There is no noise in z: this is an auto-encoder without the variational part, and the space between
          the codes is never decoded.
        clamped: The log-variance is clamped: beyond its limits σ stands still and nothing of the encoder is heard. A
          habit of some code; the definition takes log σ² as it is.
        own-noise: You drew noise of your own. `noise` is given, so that z is a function of what the encoder says.
        mean-scaled: The mean was multiplied by σ as well. Scale the noise first, then shift it.
        cut-off: The value is right and the gradient is lost: a sample without a path to mean and log-variance teaches
          the encoder nothing. That path is what this trick is for.
    """,
    like={
        "log-variance-as-std": _spread(lambda s: s),
        "half-log-variance-as-std": _spread(lambda s: 0.5 * s),
        "variance-as-std": _spread(torch.exp),
        "root-of-log": _spread(torch.sqrt),
        "precision": _spread(lambda s: (-0.5 * s).exp()),
        "no-noise": lambda mean, log_variance, noise: mean + 0 * log_variance,
        "clamped": tuple(_clamped(limit) for limit in (1.0, 2.0, 3.0, 4.0, 5.0, 10.0)),
        "own-noise": lambda mean, log_variance, noise: mean + (0.5 * log_variance).exp() * torch.randn_like(noise),
        "mean-scaled": lambda mean, log_variance, noise: (mean + noise) * (0.5 * log_variance).exp(),
        "cut-off": (
            lambda mean, log_variance, noise: (mean + (0.5 * log_variance).exp() * noise).detach(),
            lambda mean, log_variance, noise: mean + ((0.5 * log_variance).exp() * noise).detach(),
        ),
    },
    lesson="The randomness comes from outside, so z is a smooth function of what the encoder says.",
)

# -- 4 the KL term -----------------------------------------------------------------------------------


def _kl_terms(mean: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)


def _kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    return _kl_terms(mean, log_variance).sum(1)


kl = sheet.task(
    "kl",
    "How far q lies from the prior",
    tried="kl(mean, log_variance) on 5 samples of 3 numbers",
    setup=lambda: _latent_world()[:2],
    worlds={
        "one sample of one number": lambda: (torch.randn(1, 1), torch.randn(1, 1)),
        "the prior itself": lambda: (torch.zeros(2, 3), torch.zeros(2, 3)),
    },
    observe=lambda answer, world: value_with_gradients(
        answer, dict(zip(("mean", "log_variance"), world, strict=True)), "KL of each sample"
    ),
    reference=_kl,
    also=(in_numpy(_kl),),
    hints="""
        mean-over-dimensions: You averaged over the dimensions. Independent dimensions add up; the mean makes the term
          weaker by their number, and the encoder ignores the prior.
        one-number-for-the-batch: Asked for is one number per sample; you went on and took the mean or sum over the
          batch.
        summed-over-the-batch: You summed over the samples and kept the dimensions: dim 0 is the batch.
        upside-down: The sign is turned round: a KL divergence is never negative, and this is never positive.
        half-missing: The factor ½ is missing.
        one-missing: At mean 0 and variance 1 the result must be 0; yours is ½ a dimension. A constant is missing.
        log-std: You read log_variance as log σ. The variance is exp(log_variance), not its square.
        variance-not-exponentiated: You read log_variance as the variance itself: its exponential, or your logarithm of
          it, is out of place.
        other-direction: This is KL(prior || q). The bound has KL(q || prior): the expectation runs over what the
          encoder proposes.
    """,
    like={
        "mean-over-dimensions": lambda m, s: _kl_terms(m, s).mean(1),
        "one-number-for-the-batch": (
            lambda m, s: _kl_terms(m, s).sum(1).mean(),
            lambda m, s: _kl_terms(m, s).sum(),
            lambda m, s: _kl_terms(m, s).mean(),
        ),
        "summed-over-the-batch": lambda m, s: _kl_terms(m, s).sum(0),
        "upside-down": lambda m, s: -_kl_terms(m, s).sum(1),
        "half-missing": lambda m, s: 2 * _kl_terms(m, s).sum(1),
        "one-missing": lambda m, s: (_kl_terms(m, s) + 0.5).sum(1),
        "log-std": lambda m, s: _kl_terms(m, 2 * s).sum(1),
        "variance-not-exponentiated": (
            lambda m, s: 0.5 * (m.square() + s - s.log() - 1).sum(1),
            lambda m, s: 0.5 * (m.square() + s - s - 1).sum(1),
            lambda m, s: 0.5 * (m.square() + s.square() - s - 1).sum(1),
        ),
        "other-direction": lambda m, s: 0.5 * ((1 + m.square()) * (-s).exp() + s - 1).sum(1),
    },
    lesson="Zero exactly where q is the prior. It is the price, in nats, of telling the decoder which z.",
)

# -- 5 the bound -------------------------------------------------------------------------------------


def _elbo_world(shape: tuple[int, ...] = (5, 1, 4, 4), latent: int = 3, std: float = 0.4) -> dict[str, Any]:
    return {
        "x": torch.rand(shape) * 2 - 1,
        "leaves": {
            "reconstruction": torch.rand(shape) * 2 - 1,
            "mean": torch.randn(shape[0], latent),
            "log_variance": torch.randn(shape[0], latent),
        },
        "std": std,
    }


def _observe_bound(answer: Answer, world: Mapping[str, Any]) -> Observation:
    return loss_with_gradients(lambda r, m, s: answer(world["x"].clone(), r, m, s, world["std"]), world["leaves"])


def _constant(of: str, std: float) -> float:
    """What a Gaussian's log density may hold besides the distortion: all of it, log σ alone, or nothing."""
    return {"": 0.0, "deviation": math.log(std), "height": math.log(std * math.sqrt(2 * math.pi))}[of]


def _bound(
    squares: Callable[[Tensor, float], Tensor] = lambda e, std: e.flatten(1).sum(1) / (2 * std**2),
    kl: Callable[[Tensor], Tensor] = lambda terms: terms.sum(1),
    join: Callable[[Tensor, Tensor], Tensor] = lambda distortion, rate: (distortion + rate).mean(),
    constant: str = "",
) -> Answer:
    """The negative bound; ``constant``: with the logarithm of the Gaussian's height, or of its deviation alone."""

    def loss(x: Tensor, reconstruction: Tensor, mean: Tensor, log_variance: Tensor, std: float) -> Tensor:
        total = join(squares((x - reconstruction).square(), std), kl(_kl_terms(mean, log_variance)))
        return total + x[0].numel() * _constant(constant, std)

    return loss


def _with_and_without(**parts: Any) -> tuple[Answer, ...]:
    return tuple(_bound(**parts, constant=constant) for constant in ("", "height", "deviation"))


negative_elbo = sheet.task(
    "negative_elbo",
    "The bound, with the right reductions",
    tried="negative_elbo(x, reconstruction, mean, log_variance, 0.4) on 5 images of 4 × 4 pixels, and its gradients",
    setup=_elbo_world,
    worlds={
        "one image of three channels": lambda: _elbo_world((1, 3, 2, 5), 2, 1.0),
        "another standard deviation": lambda: _elbo_world((2, 2, 3, 3), 1, 0.15),
    },
    observe=_observe_bound,
    reference=_bound(),
    also=(_bound(constant="height"), _bound(constant="deviation")),
    hints="""
        pixels-averaged: The squared error is averaged over the pixels and the KL is a sum. A log-likelihood of
          independent pixels is a sum too: with the mean, the KL outweighs the picture and the decoder draws one grey
          average.
        kl-averaged: The KL is averaged over the latent's dimensions. They are independent, so their terms add up.
        both-averaged: Both terms are averaged, each over its own number of entries, so their ratio is wrong. Sum over
          pixels, sum over dimensions, then take the mean over the batch.
        std-left-out: The decoder's σ is left out. Dividing by 2σ² turns squared pixels into nats; without it the bound
          is that of another model.
        std-not-squared: The Gaussian's exponent has σ², and you divided by σ.
        two-left-out: The Gaussian's exponent is −(x − μ)² / (2σ²), and the 2 is missing.
        kl-rewarded: The KL has the wrong sign: your loss falls when q runs away from the prior.
        bound-itself: This is the bound, which is to be large. An optimiser makes its loss small: return the opposite.
        summed-over-the-batch: You summed over the batch as well. Then the step grows with the batch; take the mean over
          samples.
        no-kl: The KL is missing: without it q may shrink to a point, and latents drawn from the prior mean nothing to
          the decoder.
    """,
    like={
        "pixels-averaged": _with_and_without(squares=lambda e, std: e.flatten(1).mean(1) / (2 * std**2)),
        "kl-averaged": _with_and_without(kl=lambda terms: terms.mean(1)),
        "both-averaged": _with_and_without(
            squares=lambda e, std: e.flatten(1).mean(1) / (2 * std**2), kl=lambda terms: terms.mean(1)
        ),
        "std-left-out": (
            *_with_and_without(squares=lambda e, _: e.flatten(1).sum(1)),
            *_with_and_without(squares=lambda e, _: e.flatten(1).sum(1) / 2),
        ),
        "std-not-squared": _with_and_without(squares=lambda e, std: e.flatten(1).sum(1) / (2 * std)),
        "two-left-out": _with_and_without(squares=lambda e, std: e.flatten(1).sum(1) / std**2),
        "kl-rewarded": _with_and_without(join=lambda distortion, rate: (distortion - rate).mean()),
        "bound-itself": lambda *inputs: -_bound()(*inputs),
        "summed-over-the-batch": _bound(join=lambda distortion, rate: (distortion + rate).sum()),
        "no-kl": _with_and_without(join=lambda distortion, rate: distortion.mean()),
    },
    lesson="Nats a sample: sums inside, one mean outside. The ratio of the two terms is set by σ alone.",
)

# -- 6 relativistic pairs ----------------------------------------------------------------------------


def _observe_pair(answer: Answer, world: tuple[Tensor, Tensor]) -> Observation:
    real, fake = (part.clone().requires_grad_() for part in world)
    came = pair(answer(real, fake), "d_loss", "g_loss")
    seen: dict[str, Any] = {}
    for name, loss in zip(("D's loss", "G's loss"), came, strict=True):
        seen[name] = loss
        seen[f"the gradient of {name} by fake_logits"] = gradient(loss, [fake])
        seen[f"the gradient of {name} by real_logits"] = gradient(loss, [real])
    return seen


def _lead(real: Tensor, fake: Tensor) -> Tensor:
    """By how much each real logit leads the fake one beside it."""
    return real - fake


def _stopped(small: float) -> Answer:
    def log(lead: Tensor) -> Tensor:
        return (lead.sigmoid() + small).log().mean()

    return lambda r, f: (-log(_lead(r, f)), -(1 - _lead(r, f).sigmoid() + small).log().mean())


paired_losses = sheet.task(
    "paired_losses",
    "Relativistic pairs",
    tried="paired_losses(real_logits, fake_logits) on 6 pairs: both losses, and their gradients",
    setup=lambda: (torch.randn(6) + 0.5, torch.randn(6) * 2 - 0.5),
    worlds={
        "one pair": lambda: (torch.randn(1), torch.randn(1)),
        "sure logits": lambda: (torch.tensor([20.0, -20.0]), torch.tensor([-20.0, 20.0])),
    },
    observe=_observe_pair,
    reference=lambda r, f: (F.softplus(-_lead(r, f)).mean(), F.softplus(_lead(r, f)).mean()),
    hints="""
        players-swapped: The two losses have changed places: yours makes D raise the fake above the real logit.
        not-relative: Each logit is judged by itself, as in the standard game. Here only the difference within a pair
          counts.
        averages-compared: Each logit is compared with the mean of the other side (the relativistic average game). Asked
          for are pairs: the i-th fake with the i-th real one.
        all-pairs: You compared every real with every fake logit: a table instead of pairs. Compare those at the same
          place.
        zero-sum: G minimises the opposite of D's loss: that saturates where D is ahead. G's loss is D's with the
          players exchanged.
        one-loss-for-both: Both players minimise the same loss, so both raise the real logits above the fakes.
        no-logarithm: The bare difference is the Wasserstein critic's loss, which never has enough. Pass it through −log
          σ.
        small-number-added: A small number inside the logarithm stops the loss where D is sure: there it has no slope
          any more. `softplus` needs none.
        probabilities-compared: You subtracted probabilities. The difference is taken of the raw logits, the sigmoid
          comes after it.
    """,
    like={
        "players-swapped": lambda r, f: (F.softplus(_lead(r, f)).mean(), F.softplus(-_lead(r, f)).mean()),
        "not-relative": lambda r, f: (F.softplus(-r).mean() + F.softplus(f).mean(), F.softplus(-f).mean()),
        "averages-compared": (
            lambda r, f: (
                F.softplus(-(r - f.mean())).mean() + F.softplus(f - r.mean()).mean(),
                F.softplus(r - f.mean()).mean() + F.softplus(-(f - r.mean())).mean(),
            ),
            lambda r, f: (F.softplus(f.mean() - r.mean()), F.softplus(r.mean() - f.mean())),
            lambda r, f: (F.softplus(f.mean() - r).mean(), F.softplus(r.mean() - f).mean()),
            lambda r, f: (
                (F.softplus(f.mean() - r).mean() + F.softplus(f - r.mean()).mean()) / 2,
                (F.softplus(r.mean() - f).mean() + F.softplus(r - f.mean()).mean()) / 2,
            ),
        ),
        "all-pairs": lambda r, f: (
            F.softplus(f[None] - r[:, None]).mean(),
            F.softplus(r[:, None] - f[None]).mean(),
        ),
        "zero-sum": lambda r, f: (F.softplus(-_lead(r, f)).mean(), -F.softplus(-_lead(r, f)).mean()),
        "one-loss-for-both": lambda r, f: (F.softplus(-_lead(r, f)).mean(), F.softplus(-_lead(r, f)).mean()),
        "no-logarithm": lambda r, f: (-_lead(r, f).mean(), _lead(r, f).mean()),
        "small-number-added": tuple(_stopped(small) for small in (1e-6, 1e-7, 1e-8)),
        "probabilities-compared": lambda r, f: (
            F.softplus(f.sigmoid() - r.sigmoid()).mean(),
            F.softplus(r.sigmoid() - f.sigmoid()).mean(),
        ),
    },
    lesson="Add any number to all logits and nothing changes: D has no absolute zero, only differences within pairs.",
)

# -- 7 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read the bound",
    lesson="The two terms are one bargain: what is saved in one is paid in the other.",
)
logs, draw = READING.logs, READING.draw

# -- 8 find the bug ----------------------------------------------------------------------------------


def _vae_world(n: int = 8) -> dict[str, Any]:
    encoder = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 6)).double()
    decoder = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 6)).double()
    with torch.no_grad():
        encoder.get_parameter("2.bias").copy_(torch.tensor([0.5, -0.5, 0.2, 1.0, -1.0, 0.6]) + 0.1 * torch.randn(6))
    leave_gradients(encoder, decoder)
    return {
        "networks": (encoder, decoder),
        "x": torch.randn(n, 6, dtype=torch.float64),
        "noise": torch.randn(n, 3, dtype=torch.float64),
    }


def _observe_step(answer: Answer, world: Mapping[str, Any]) -> Observation:
    encoder, decoder = world["networks"]
    optimizer = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.01)
    data = world["x"].clone(), world["noise"].clone()
    networks = {"the decoder": decoder, "the encoder": encoder}
    return changes(networks, lambda: answer(encoder, decoder, optimizer, *data, 0.5))


def _step(
    variance: bool = False,
    averaged: bool = False,
    rewarded: bool = False,
    log_std: bool = False,
    upside: bool = False,
    halved: bool = False,
    constant: str = "",
) -> Answer:
    """One step with any of the bugs in it."""

    def play(
        encoder: nn.Module, decoder: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, noise: Tensor, std: float
    ) -> Tensor:
        mean, log_variance = encoder(x).chunk(2, dim=1)
        spread = log_variance if log_std else (log_variance if variance else 0.5 * log_variance).exp()
        distortion = (x - decoder(mean + spread * noise)).square().sum(1) / (2 * std**2)
        terms = _kl_terms(mean, log_variance)
        rate = terms.mean(1) if averaged else terms.sum(1) * (0.5 if halved else 1)
        loss: Tensor = (distortion - rate if rewarded else distortion + rate).mean()
        if upside:
            loss = -loss
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss + x.shape[1] * _constant(constant, std)

    return play


_VARIANCE = (
    "The noise is scaled by the variance, not by its root: z is not a sample of the q that the KL term speaks of."
)
_AVERAGED = "The KL is averaged over the latent's dimensions instead of summed: q is held to the prior too weakly."
_REWARDED = "The KL is subtracted in a loss that is minimised: q is paid for running away from the prior."

vae_step = sheet.task(
    "vae_step",
    "Find the bugs: a decoder that knows nothing of the prior",
    tried="vae_step(…) on small networks: one step, from weights with leftover gradients",
    setup=_vae_world,
    worlds={"a batch of one": lambda: _vae_world(1)},
    returns=("loss",),
    observe=_observe_step,
    reference=_step(),
    also=(_step(constant="height"), _step(constant="deviation")),
    blank=_step(variance=True, averaged=True, rewarded=True),
    hints=f"""
        variance: One bug is left. {_VARIANCE}
        averaged: One bug is left. {_AVERAGED}
        rewarded: One bug is left. {_REWARDED}
        variance-and-averaged: Two bugs are left: how the noise is scaled, and how the KL is reduced over the
          dimensions.
        variance-and-rewarded: Two bugs are left: how the noise is scaled, and the sign of the KL.
        averaged-and-rewarded: Two bugs are left, both in the KL: its reduction over the dimensions, and its sign.
        kl-halved: The KL counts half now. The bound has its two terms in nats, and neither has a weight.
        log-variance-as-std: Now the log-variance itself scales the noise. It is the logarithm of σ²: halve it, then
          exponentiate.
        upside-down: The whole loss is turned round: this step makes the bound small.
    """,
    like={
        "variance": _step(variance=True),
        "averaged": _step(averaged=True),
        "rewarded": _step(rewarded=True),
        "variance-and-averaged": _step(variance=True, averaged=True),
        "variance-and-rewarded": _step(variance=True, rewarded=True),
        "averaged-and-rewarded": _step(averaged=True, rewarded=True),
        "kl-halved": _step(halved=True),
        "log-variance-as-std": (
            _step(log_std=True),
            _step(log_std=True, averaged=True, rewarded=True),
            _step(log_std=True, averaged=True),
        ),
        "upside-down": (_step(upside=True), _step(upside=True, rewarded=True)),
    },
    lesson="The bound has one noise, two sums and one sign; each of the three bugs leaves a loss that falls nicely.",
)

# -- the challenge -----------------------------------------------------------------------------------

#: A little below what the score-function estimator reaches with the mean of its 16 values subtracted from each: 0.67 on
#: the challenge's three seeds, 0.69 on eight others (11.4 without).
BAR = 0.65
CALLS = 16
_DIM, _TRIALS = 4, 400


class _BlackBox:
    """10 + the number of coordinates above their thresholds: a step function, with no gradient anywhere."""

    def __init__(self) -> None:
        self.thresholds = torch.randn(_DIM)
        self.calls = 0

    def __call__(self, points: Tensor) -> Tensor:
        if points.ndim != 2 or points.shape[1] != _DIM:
            raise ValueError(f"black_box takes points (K, {_DIM}); {describe(points)} came")
        self.calls += len(points)
        if self.calls > CALLS:
            raise NoScore(f"The black box was asked {self.calls} times; allowed are {CALLS} points an estimate.")
        return 10 + (points.detach() > self.thresholds).float().sum(1)

    def gradient(self, mean: Tensor) -> Tensor:
        """d/d mean of E f(z), z ~ N(mean, I): the normal density at each threshold."""
        return torch.exp(-(self.thresholds - mean).square() / 2) / math.sqrt(2 * math.pi)


def challenge(estimate: Any, seeds: tuple[int, ...] = (0, 1, 2)) -> Score:
    """How well ``estimate(mean, black_box)`` guesses d/d mean of E f(z), z ~ N(mean, I), from 16 values of f.

    The score is the error's root mean square over 400 estimates, divided by the size of the true gradient: 0 is
    perfect, and an estimator that always answers 0 scores 1.
    """

    def told(errors: tuple[float, ...], mean: float) -> str:
        return f"challenge: relative error {mean:.2f} ({listed(errors)} for each seed); {verdict(BAR, mean < BAR)}"

    return scored(lambda _seed: _relative_error(estimate), seeds, told)


def _relative_error(estimate: Callable[[Tensor, Callable[[Tensor], Tensor]], Any]) -> float:
    wrong, size = 0.0, 0.0
    for _ in range(_TRIALS):
        box, mean = _BlackBox(), torch.randn(_DIM)
        guess = estimate(mean.clone(), box)
        if not isinstance(guess, Tensor) or guess.shape != (_DIM,):
            raise ValueError(f"the estimate must have the shape of mean, ({_DIM},); {describe(guess)} came")
        true = box.gradient(mean)
        wrong += float((guess.detach() - true).square().sum())
        size += float(true.square().sum())
    return math.sqrt(wrong / size)

"""Checks for the exercises of chapter 1, Two players."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ganbook.checks.compare import Observation
from ganbook.checks.task import Answer, Mistake, Reject, Sheet, loss_with_gradients

sheet = Sheet("two_players", "Exercises 1: Two players")
progress, done = sheet.progress, sheet.done
results, require_all_passed = sheet.results, sheet.require_all_passed

# -- 1 sampling z ------------------------------------------------------------------------------------

_N, _LATENT = 4096, 4


def _noise_facts(name: str, z: object, again: object) -> dict[str, Any]:
    for tensor in (z, again):
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            raise Reject(
                "type", z, "a floating-point torch tensor", "`G` is a PyTorch network: its input must be a float tensor."
            )
    assert isinstance(z, Tensor) and isinstance(again, Tensor)
    facts: dict[str, Any] = {f"shape of {name} z": tuple(z.shape)}
    if z.dim() != 2:
        return facts
    z64 = z.detach().double()
    return facts | {
        f"mean of {name} z": z64.mean(),
        f"standard deviation of {name} z": z64.std(),
        f"share of {name} z in [-1, 1]": (z64.abs() <= 1).double().mean(),
        f"{name} rows all alike": bool((z64 == z64[0]).all()),
        f"{name} entries of a row all alike": bool((z64 == z64[:, :1]).all()),
        f"two {name} calls alike": z.shape == again.shape and torch.equal(z, again),
    }


def _observe_noise(answer: Answer, world: Any) -> Observation:
    facts: dict[str, Any] = {}
    for prior in ("uniform", "gaussian"):
        facts |= _noise_facts(prior, answer(_N, _LATENT, prior), answer(_N, _LATENT, prior))
    return facts


def _noise(gaussian: Callable[[int, int], Tensor], uniform: Callable[[int, int], Tensor]) -> Answer:
    return lambda n, latent_dim, prior: (gaussian if prior == "gaussian" else uniform)(n, latent_dim)


def _seeded(n: int, latent_dim: int, prior: str) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    if prior == "gaussian":
        return torch.randn(n, latent_dim, generator=generator)
    return torch.rand(n, latent_dim, generator=generator) * 2 - 1


def _uniform(n: int, latent_dim: int) -> Tensor:
    return torch.rand(n, latent_dim) * 2 - 1


sample_noise = sheet.task(
    "sample_noise",
    "The noise that G starts from",
    tried=f"sample_noise({_N}, {_LATENT}, prior), twice for each of the two priors",
    observe=_observe_noise,
    reference=_noise(torch.randn, _uniform),
    tolerance={
        f"{fact}": 0.04  # more than 6 standard errors of a mean over 16 384 entries
        for prior in ("uniform", "gaussian")
        for fact in (f"mean of {prior} z", f"standard deviation of {prior} z", f"share of {prior} z in [-1, 1]")
    },
    mistakes=(
        Mistake(
            "uniform-01",
            "Your uniform noise fills only [0, 1], the range of `torch.rand`. Its mean is then ½, not 0: every latent "
            "points into the same corner. Stretch and shift it.",
            like=_noise(torch.randn, torch.rand),
        ),
        Mistake(
            "always-gaussian",
            "Both priors come out Gaussian: the argument `prior` has no effect.",
            like=_noise(torch.randn, torch.randn),
        ),
        Mistake(
            "always-uniform",
            "Both priors come out uniform: the argument `prior` has no effect.",
            like=_noise(_uniform, _uniform),
        ),
        Mistake(
            "priors-swapped",
            "The two priors have changed places: look at the condition on `prior`.",
            like=_noise(_uniform, torch.randn),
        ),
        Mistake(
            "same-z-for-all-rows",
            "Every row is the same latent, so G would make n copies of one sample. Draw each row separately.",
            when=lambda t: bool(t.got["uniform rows all alike"] or t.got["gaussian rows all alike"]),
        ),
        Mistake(
            "one-number-per-row",
            "All entries of a row are equal: G gets one random number per sample, repeated, so its samples lie on a "
            "curve. Draw every entry separately.",
            when=lambda t: bool(
                t.got["uniform entries of a row all alike"] or t.got["gaussian entries of a row all alike"]
            ),
        ),
        Mistake(
            "seed-fixed-inside",
            "Two calls gave the same numbers: a seed is set inside the function. Each round needs fresh noise; set a "
            "seed once, at the start of the run.",
            when=lambda t: bool(t.got["two uniform calls alike"] or t.got["two gaussian calls alike"]),
        ),
        Mistake(
            "axes-swapped",
            "Rows and columns are swapped: one latent is one row, as in every batch, so the shape is (n, latent_dim).",
            like=_noise(lambda n, k: torch.randn(k, n), lambda n, k: torch.rand(k, n) * 2 - 1),
        ),
        Mistake(
            "uniform-unit-variance",
            "Your uniform noise is stretched to variance 1. That is a sound choice, but the course's uniform prior, like "
            "the original DCGAN's, is U(-1, 1).",
            like=_noise(torch.randn, lambda n, k: (torch.rand(n, k) * 2 - 1) * 3**0.5),
        ),
    ),
    lesson="Rows are independent draws from the prior you asked for; a new call gives new noise.",
)

# -- 2 and 3 the losses ------------------------------------------------------------------------------


def _real_and_fake_logits() -> dict[str, Tensor]:
    # different sizes and means, so that no mix-up of the two batches goes unseen
    return {"real_logits": torch.randn(6) * 2 + 1, "fake_logits": torch.randn(4) * 2 - 0.5}


def bce(logits: Tensor, label: float, reduction: str = "mean") -> Tensor:
    """Cross-entropy of logits with one label for all."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


discriminator_loss = sheet.task(
    "discriminator_loss",
    "The discriminator's loss",
    tried="discriminator_loss(real_logits, fake_logits) on 6 real and 4 fake logits, and its gradients",
    setup=_real_and_fake_logits,
    observe=loss_with_gradients,
    reference=lambda real, fake: bce(real, 1) + bce(fake, 0),
    mistakes=(
        Mistake(
            "swapped-labels",
            "The labels are swapped: D is rewarded for calling data fake. Real samples carry label 1, fakes label 0.",
            like=lambda real, fake: bce(real, 0) + bce(fake, 1),
        ),
        Mistake(
            "both-real",
            "Both batches carry label 1, so D learns to answer 'real' to everything.",
            like=lambda real, fake: bce(real, 1) + bce(fake, 1),
        ),
        Mistake(
            "sigmoid-twice",
            "The sigmoid is applied twice: `binary_cross_entropy_with_logits` has its own inside, and you gave it "
            "probabilities where it wants logits.",
            like=lambda real, fake: bce(real.sigmoid(), 1) + bce(fake.sigmoid(), 0),
        ),
        Mistake(
            "sum-not-mean",
            "You summed over the batch. V(D, G) is made of expectations: take means, or the step grows with the batch.",
            like=lambda real, fake: bce(real, 1, "sum") + bce(fake, 0, "sum"),
        ),
        Mistake(
            "pooled-mean",
            "You took one mean over real and fake together. The definition has two means, one a batch: pooled, the "
            "larger batch weighs more, and the whole is smaller.",
            like=lambda real, fake: F.binary_cross_entropy_with_logits(
                torch.cat([real, fake]), torch.cat([torch.ones_like(real), torch.zeros_like(fake)])
            ),
        ),
        Mistake(
            "halved",
            "This is half of it: the average of the two terms. Some texts define it so (chapter 2 puts the conventions "
            "side by side); here D's loss is the sum of the two means.",
            like=lambda real, fake: (bce(real, 1) + bce(fake, 0)) / 2,
        ),
        Mistake(
            "value-not-loss",
            "This is V(D, G), which D wants to make large. An optimiser makes things small: give it the negative.",
            like=lambda real, fake: -bce(real, 1) - bce(fake, 0),
        ),
        Mistake(
            "one-term",
            "One of the two terms is missing: D must see what is real and what is fake.",
            like=(lambda real, fake: bce(real, 1), lambda real, fake: bce(fake, 0)),
        ),
        Mistake(
            "no-log",
            "Here probabilities are averaged without their logarithm. The loss is a cross-entropy: a log, then a mean.",
            like=(
                lambda real, fake: -real.sigmoid().mean() - (1 - fake.sigmoid()).mean(),
                lambda real, fake: fake.sigmoid().mean() - real.sigmoid().mean(),
                lambda real, fake: (1 - real.sigmoid()).mean() + fake.sigmoid().mean(),
            ),
        ),
        Mistake(
            "log-of-mean",
            "You took the logarithm of a mean. The definition has the mean of logarithms; the two differ (Jensen).",
            like=lambda real, fake: -real.sigmoid().mean().log() - (1 - fake.sigmoid()).mean().log(),
        ),
    ),
    lesson="Two cross-entropies, one a batch, straight from the logits; gradients reach both.",
)

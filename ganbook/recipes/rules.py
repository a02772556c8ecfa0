"""DCGAN as its paper states it, on digits, and the same with one rule changed at a time (chapter 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ganbook.models import DCGANDiscriminator, DCGANGenerator, RandomShift
from ganbook.models.variants import Change, augmented, dcgan_discriminator, dcgan_generator
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_digits
from ganbook.training.prior import Prior

__all__ = ["ABLATION", "PUBLISHED", "RECIPES"]

PLAIN = Recipe(
    name="dcgan-plain",
    about="All rules of the paper, small enough for an ablation; only Adam's rate is larger, five times.",
    data="digits",
    size=28,
    generator=dcgan_generator,
    discriminator=dcgan_discriminator,
    prior=Prior(100, "uniform"),
    g_lr=1e-3,
    d_lr=1e-3,
    steps=500,
    score=of_digits,
    budgets={"smoke": {"steps": 60, "scored": 1000}},
)


def _changed(name: str, about: str, change: Change, of: Sequence[str] = ("generator", "discriminator")) -> Recipe:
    """``dcgan-plain`` with a change made to both networks, or to one of them."""
    players: dict[str, Any] = {player: partial(getattr(PLAIN, player), changes=(change,)) for player in of}
    return replace(PLAIN, name=f"dcgan-{name}", about=about, **players)


ABLATION = (
    PLAIN,
    _changed("pooling", "Pooling in D and nearest-neighbour enlarging in G.", "resampling"),
    _changed("no-norm", "No BatchNorm in either network.", "no-norm"),
    _changed("no-norm-g", "No BatchNorm in G.", "no-norm", of=["generator"]),
    _changed("no-norm-d", "No BatchNorm in D.", "no-norm", of=["discriminator"]),
    _changed("hidden", "A fully connected hidden layer in each network.", "hidden"),
    _changed("leaky-g", "LeakyReLU in G.", "activation", of=["generator"]),
    _changed("relu-d", "ReLU in D.", "activation", of=["discriminator"]),
    _changed("linear-output", "No tanh at the output of G.", "linear-output", of=["generator"]),
    _changed("torch-init", "PyTorch's own initialisation.", "torch-defaults"),
    _changed("scale-0", "BatchNorm's scale drawn from N(0, 0.02).", "scale-0"),
    replace(PLAIN, name="dcgan-momentum", about="Adam's default momentum, 0.9.", betas=(0.9, 0.999)),
    replace(PLAIN, name="dcgan-slow", about="The paper's learning rate, 2e-4.", g_lr=2e-4, d_lr=2e-4),
    replace(PLAIN, name="dcgan-gaussian", about="A Gaussian prior.", prior=Prior(100)),
)

_QUICK: tuple[Change, ...] = ("resampling", "torch-defaults")

SPRINT = replace(
    PLAIN,
    name="dcgan-sprint",
    about="What the ablation recommends, twice the step, shifted images in D, an average: fast, until it stalls.",
    generator=partial(dcgan_generator, changes=_QUICK),
    discriminator=partial(augmented, partial(dcgan_discriminator, changes=_QUICK), RandomShift),
    g_lr=2e-3,
    d_lr=2e-3,
    ema_half_life=10_000,
)

TUTORIAL = replace(
    PLAIN,
    name="dcgan-tutorial",
    about="The settings of PyTorch's DCGAN tutorial, its networks at 28 instead of 64 pixels.",
    generator=partial(DCGANGenerator, channels=1, size=28, width=64),
    discriminator=partial(DCGANDiscriminator, channels=1, size=28, width=64),
    prior=Prior(100),
    g_lr=2e-4,
    d_lr=2e-4,
    batch_size=128,
    steps=5 * 31,
    budgets={"smoke": {"steps": 2, "scored": 1000}},
)

PUBLISHED = (
    TUTORIAL,
    replace(
        TUTORIAL,
        name="dcgan-d2l",
        about="The settings of D2L's DCGAN section, its networks at 28 instead of 64 pixels.",
        generator=partial(DCGANGenerator, channels=1, size=28, width=64, norm_mean=0.0),
        discriminator=partial(DCGANDiscriminator, channels=1, size=28, width=64, norm_mean=0.0),
        g_lr=5e-3,
        d_lr=5e-3,
        batch_size=256,
        steps=20 * 15,
    ),
)

RECIPES = (*ABLATION, SPRINT, *PUBLISHED)

"""Recipes on digits."""

from __future__ import annotations

from functools import partial

from ganbook.models import DCGANDiscriminator, DCGANGenerator
from ganbook.recipes.recipe import Recipe
from ganbook.training.prior import Prior

__all__ = ["RECIPES"]

DCGAN_DIGITS = Recipe(
    name="dcgan-digits",
    about="DCGAN on five thousand real digits in minutes on a laptop; a penalty (R1) stands in for D's BatchNorm.",
    data="digits",
    size=28,
    generator=partial(DCGANGenerator, channels=1, size=28, width=16),
    discriminator=partial(DCGANDiscriminator, channels=1, size=28, width=16, norm=False),
    prior=Prior(64),
    r1_gamma=2.0,
    g_lr=1e-3,
    d_lr=1e-3,
    betas=(0.0, 0.99),
    ema_half_life=2000,
    batch_size=64,
    steps=3500,
    budgets={"smoke": {"steps": 60, "scored": 1000}, "gpu": {"steps": 30_000, "ema_half_life": 10_000}},
)

RECIPES = (DCGAN_DIGITS,)

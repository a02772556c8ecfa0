"""Recipes on stacked digits, whose thousand modes a generator can miss (chapter 7)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ganbook.models import DCGANDiscriminator, DCGANGenerator
from ganbook.models.variants import stacked_critic
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_stacked
from ganbook.training.prior import Prior

__all__ = ["RECIPES"]

STACKED = Recipe(
    name="stacked-dcgan",
    about="DCGAN on stacked digits, a thousand modes, as the paper trains it but for a larger step.",
    data="stacked-digits",
    size=28,
    generator=partial(DCGANGenerator, channels=3, size=28, width=16),
    discriminator=partial(DCGANDiscriminator, channels=3, size=28, width=16),
    prior=Prior(64),
    g_lr=1e-3,
    d_lr=1e-3,
    batch_size=64,
    steps=1000,
    score=of_stacked,
    scored=10_000,
    budgets={"smoke": {"steps": 20, "scored": 100}, "gpu": {"steps": 30_000, "scored": 25_600}},
)

RECIPES = (
    STACKED,
    replace(
        STACKED,
        name="stacked-minibatch",
        about="The same with minibatch discrimination in D.",
        discriminator=stacked_critic,
    ),
    replace(
        STACKED,
        name="stacked-modern",
        about="The same with relativistic pairing, R1 and R2, and no BatchNorm in D.",
        discriminator=partial(DCGANDiscriminator, channels=3, size=28, width=16, norm=False),
        loss="relativistic",
        r1_gamma=2.0,
        r2_gamma=2.0,
        betas=(0.0, 0.99),
        ema_half_life=2000,
    ),
)

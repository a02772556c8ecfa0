"""Recipes on digits."""

from __future__ import annotations

from functools import partial

from ganbook.models import CompactDiscriminator, CompactGenerator
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_digits
from ganbook.training.prior import Prior

__all__ = ["DCGAN_DIGITS", "RECIPES"]

DCGAN_DIGITS = Recipe(
    name="dcgan-digits",
    about="A compact DCGAN on four thousand real digits, in minutes on a laptop.",
    data="digits",
    size=28,
    generator=partial(CompactGenerator, channels=1, size=28, width=16, resize=True),
    discriminator=partial(CompactDiscriminator, channels=1, size=28, width=16),
    prior=Prior(64),
    r1_gamma=1.0,
    g_lr=2e-3,
    d_lr=2e-3,
    betas=(0.0, 0.99),
    anneal_from=0.5,
    ema_half_life=10_000,
    batch_size=64,
    steps=2000,
    score=of_digits,
    budgets={
        "smoke": {"steps": 60, "scored": 1000},
        # What is fastest in the first minutes was not tried for half an hour; this was.
        "gpu": {
            "generator": partial(CompactGenerator, channels=1, size=28, width=16),
            "g_lr": 1e-3,
            "d_lr": 1e-3,
            "steps": 12_000,
        },
    },
)

RECIPES = (DCGAN_DIGITS,)

"""Recipes on photographs and other colour images."""

from __future__ import annotations

from functools import partial

from ganbook.models import DCGANDiscriminator, DCGANGenerator
from ganbook.recipes.recipe import Recipe
from ganbook.training.prior import Prior

__all__ = ["RECIPES"]

DCGAN_CIFAR10 = Recipe(
    name="dcgan-cifar10",
    about="The headline run of DCGAN courses: CIFAR-10 at 3 x 64 x 64, 25 epochs, Adam 2e-4/0.5, weights N(0, 0.02).",
    data="cifar10",
    size=64,
    generator=partial(DCGANGenerator, channels=3, size=64, width=64),
    discriminator=partial(DCGANDiscriminator, channels=3, size=64, width=64),
    prior=Prior(100),
    batch_size=128,
    steps=25 * (50_000 // 128),
    budgets={
        "smoke": {
            "steps": 2,
            "batch_size": 8,
            "generator": partial(DCGANGenerator, channels=3, size=64, width=4),
            "discriminator": partial(DCGANDiscriminator, channels=3, size=64, width=4),
        },
        "laptop": {"steps": 1000},
    },
)

RECIPES = (DCGAN_CIFAR10,)

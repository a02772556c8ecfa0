"""All recipes: the one home of every hyper-parameter."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ganbook.data import toy
from ganbook.models import DCGANDiscriminator, DCGANGenerator, MLPDiscriminator, MLPGenerator
from ganbook.recipes.recipe import Recipe
from ganbook.training.prior import Prior

__all__ = ["get", "names"]

RING = Recipe(
    name="ring",
    about="Eight Gaussians on a circle, with a small penalty (R1) and an average of the generator's weights.",
    data=toy.ring(),
    generator=MLPGenerator,
    discriminator=MLPDiscriminator,
    prior=Prior(2),
    r1_gamma=0.1,
    g_lr=1e-3,
    d_lr=1e-3,
    betas=(0.0, 0.9),
    anneal_from=0.5,
    ema_half_life=20_000,
    batch_size=256,
    steps=3000,
    budgets={"smoke": {"steps": 1000}},
)

GRID = replace(
    RING,
    name="grid",
    about="Twenty-five Gaussians on a lattice: the ring's recipe, with more to cover.",
    data=toy.grid(),
    steps=5000,
)

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

_RECIPES = {recipe.name: recipe for recipe in (RING, GRID, DCGAN_DIGITS, DCGAN_CIFAR10)}


def names() -> list[str]:
    """Names that :func:`get` knows."""
    return list(_RECIPES)


def get(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        ValueError: if no recipe has that name.
    """
    if name not in _RECIPES:
        raise ValueError(f"name is {name!r}: allowed is one of {', '.join(_RECIPES)}")
    return _RECIPES[name]

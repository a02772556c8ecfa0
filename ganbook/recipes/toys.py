"""Recipes on points in the plane."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ganbook.data import toy
from ganbook.models import MLPDiscriminator, MLPGenerator
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_points
from ganbook.training.prior import Prior
from ganbook.training.rounds.wgan import wgan_round

__all__ = ["RECIPES"]

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
    score=of_points,
    budgets={"smoke": {"steps": 1000}},
)

GRID = replace(
    RING,
    name="grid",
    about="Twenty-five Gaussians on a lattice: deeper networks, relativistic pairs, R1 and R2, larger steps.",
    data=toy.grid(),
    generator=partial(MLPGenerator, depth=4),  # between two modes the map from z must turn sharply, 24 times
    discriminator=partial(MLPDiscriminator, depth=4),
    loss="relativistic",
    r1_gamma=0.05,
    r2_gamma=0.05,
    g_lr=2e-3,
    d_lr=2e-3,
    steps=5000,
)

WGAN_RING = replace(
    RING,
    name="wgan-ring",
    about="Wasserstein GAN with a gradient penalty: five steps of the critic, on fresh samples, for one of G.",
    loss="wasserstein",
    play=partial(wgan_round, clip=None),
    r1_gamma=0.0,
    gp_weight=1.0,
    batch_size=5 * 128,
    steps=1500,
    budgets={"smoke": {"steps": 300}},
)

RECIPES = (RING, GRID, WGAN_RING)

"""Recipes of chapter 14: the GAN's neighbours on the same digits. Games of one player."""

from __future__ import annotations

from functools import partial

from ganbook.models import VAE, CompactGenerator, DiffusionModel
from ganbook.recipes.deeper import ENCODER
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_digits
from ganbook.training.prior import Prior
from ganbook.training.rounds.diffusion import diffusion_round
from ganbook.training.rounds.vae import vae_round

__all__ = ["RECIPES"]


VAE_DIGITS = Recipe(
    name="vae-digits",
    about="A variational auto-encoder: a bound on the likelihood, samples in one pass, soft edges.",
    data="digits",
    size=28,
    # The networks with which vae-gan-digits begins, as one.
    generator=partial(VAE, encoder=ENCODER, decoder=partial(CompactGenerator, channels=1, size=28, width=16)),
    discriminator=None,
    prior=Prior(16),
    g_lr=2e-3,
    betas=(0.9, 0.999),
    anneal_from=0.5,
    batch_size=64,
    steps=1500,
    play=partial(vae_round, std=0.7),
    score=of_digits,
    budgets={"smoke": {"steps": 60, "scored": 1000}, "gpu": {"steps": 3000}},
)

DIFFUSION_DIGITS = Recipe(
    name="diffusion-digits",
    about="A small diffusion model: a U-Net that predicts noise, sampled by DDIM in 20 evaluations.",
    data="digits",
    size=28,
    generator=partial(DiffusionModel, channels=1, size=28, width=32, evaluations=20),
    discriminator=None,
    prior=Prior(28 * 28),
    g_lr=2e-3,
    betas=(0.9, 0.999),
    anneal_from=0.5,
    ema_half_life=20_000,
    batch_size=32,
    steps=1200,
    play=diffusion_round,
    score=of_digits,
    budgets={"smoke": {"steps": 60, "scored": 500}, "gpu": {"steps": 7000}},
)

RECIPES = (VAE_DIGITS, DIFFUSION_DIGITS)

"""Recipes of chapter 9: a residual network with a modern loss, and a generator that starts as a VAE's decoder."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ganbook.models import Encoder, ResNetDiscriminator, ResNetGenerator
from ganbook.models.variants import shifted
from ganbook.recipes.digits import DCGAN_DIGITS
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_digits
from ganbook.training.prior import Prior
from ganbook.training.rounds.vae import DecoderStart

__all__ = ["RECIPES"]

ENCODER = partial(Encoder, channels=1, size=28, width=16)


RESNET_DIGITS = Recipe(
    name="resnet-digits",
    about="Residual networks without norm, relativistic pairs, R1 and R2, after R3GAN.",
    data="digits",
    size=28,
    generator=partial(ResNetGenerator, channels=1, size=28, width=8, growth=4, brightness=-0.75),
    # It sees images a little shifted, as the compact one does.
    discriminator=partial(shifted, partial(ResNetDiscriminator, channels=1, size=28, width=8, growth=4)),
    prior=Prior(64),
    loss="relativistic",
    r1_gamma=1.0,
    r2_gamma=1.0,
    g_lr=1e-3,
    d_lr=1e-3,
    betas=(0.0, 0.99),
    anneal_from=0.5,
    ema_half_life=10_000,
    batch_size=64,
    steps=900,
    score=of_digits,
    budgets={"smoke": {"steps": 30, "scored": 1000}, "gpu": {"steps": 8000}},
)

VAE_GAN_DIGITS = replace(
    DCGAN_DIGITS.at("gpu"),
    name="vae-gan-digits",
    about="Unbalanced GAN: the generator of dcgan-digits starts as the decoder of a VAE.",
    prior=Prior(16),
    prepare=DecoderStart(ENCODER, steps=600, std=0.7, lr=2e-3),
    steps=1500,
    budgets={
        "smoke": {"steps": 30, "scored": 1000, "prepare": DecoderStart(ENCODER, steps=30, std=0.7, lr=2e-3)},
        "gpu": {"steps": 8000, "prepare": DecoderStart(ENCODER, steps=3000, std=0.7, lr=2e-3)},
    },
)

RECIPES = (RESNET_DIGITS, VAE_GAN_DIGITS)

"""Recipes of chapter 9: a residual network with a modern loss, and a generator that starts as a VAE's decoder."""

from __future__ import annotations

from functools import partial

from ganbook.models import DCGANDiscriminator, DCGANGenerator, Encoder, ResNetDiscriminator, ResNetGenerator
from ganbook.recipes.recipe import Recipe
from ganbook.training.prior import Prior
from ganbook.training.rounds.vae import DecoderStart

__all__ = ["RECIPES"]

RESNET_DIGITS = Recipe(
    name="resnet-digits",
    about="Residual networks without norm, relativistic pairs, R1 and R2, and nothing else: the baseline of R3GAN.",
    data="digits",
    size=28,
    generator=partial(ResNetGenerator, channels=1, size=28, width=16),
    discriminator=partial(ResNetDiscriminator, channels=1, size=28, width=16),
    prior=Prior(64),
    loss="relativistic",
    r1_gamma=1.0,
    r2_gamma=1.0,
    g_lr=1e-3,
    d_lr=1e-3,
    betas=(0.0, 0.99),
    anneal_from=0.5,
    ema_half_life=2000,
    batch_size=64,
    steps=1500,
    budgets={"smoke": {"steps": 30, "scored": 1000}, "gpu": {"steps": 20_000, "ema_half_life": 10_000}},
)

VAE_GAN_DIGITS = Recipe(
    name="vae-gan-digits",
    about="Unbalanced GAN: DCGAN's generator learns as the decoder of a VAE first, then plays on.",
    data="digits",
    size=28,
    generator=partial(DCGANGenerator, channels=1, size=28, width=16),
    discriminator=partial(DCGANDiscriminator, channels=1, size=28, width=16, norm=False),
    prior=Prior(16),
    prepare=DecoderStart(partial(Encoder, channels=1, size=28, width=16)),
    r1_gamma=2.0,
    g_lr=1e-3,
    d_lr=1e-3,
    betas=(0.0, 0.99),
    ema_half_life=2000,
    batch_size=64,
    steps=3000,
    budgets={
        "smoke": {
            "steps": 30,
            "scored": 1000,
            "prepare": DecoderStart(partial(Encoder, channels=1, size=28, width=16), steps=30),
        },
        "gpu": {"steps": 20_000, "ema_half_life": 10_000},
    },
)

RECIPES = (RESNET_DIGITS, VAE_GAN_DIGITS)

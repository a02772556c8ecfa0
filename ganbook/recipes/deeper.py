"""Recipes of chapter 9: a residual network with a modern loss, and a generator that starts as a VAE's decoder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ganbook.models import DCGANDiscriminator, DCGANGenerator, Encoder, ResNetDiscriminator, ResNetGenerator
from ganbook.recipes.recipe import Recipe
from ganbook.training.prior import Prior
from ganbook.training.rounds.vae import DecoderStart

__all__ = ["EQUAL_COMPUTE", "RECIPES"]

EQUAL_COMPUTE = Path(__file__).with_name("equal_compute.json")
"""What benchmarks/deeper.py measured, for chapter 9."""

ENCODER = partial(Encoder, channels=1, size=28, width=16)

RESNET_DIGITS = Recipe(
    name="resnet-digits",
    about="On trial, not measured yet: residual networks without norm, relativistic pairs, R1 and R2, after R3GAN.",
    data="digits",
    size=28,
    generator=partial(ResNetGenerator, channels=1, size=28, width=8, depth=2),
    discriminator=partial(ResNetDiscriminator, channels=1, size=28, width=8, depth=2),
    prior=Prior(64),
    loss="relativistic",
    r1_gamma=0.5,
    r2_gamma=0.5,
    g_lr=2e-4,  # without norm, 1e-3 drives G's tanh into black within ten rounds
    d_lr=2e-4,
    betas=(0.0, 0.99),
    anneal_from=0.5,
    ema_half_life=2000,
    batch_size=64,
    steps=1500,
    budgets={"smoke": {"steps": 30, "scored": 1000}, "gpu": {"steps": 12_000, "ema_half_life": 10_000}},
)

VAE_GAN_DIGITS = Recipe(
    name="vae-gan-digits",
    about="On trial, not measured yet: Unbalanced GAN, a generator that starts as the decoder of a VAE.",
    data="digits",
    size=28,
    generator=partial(DCGANGenerator, channels=1, size=28, width=16),
    discriminator=partial(DCGANDiscriminator, channels=1, size=28, width=16, norm=False),
    prior=Prior(16),
    prepare=DecoderStart(ENCODER, steps=500, std=0.4, lr=2e-3),
    r1_gamma=2.0,
    g_lr=2e-4,  # a fresh D knows nothing: larger steps undo the decoder
    d_lr=1e-3,
    betas=(0.0, 0.99),
    ema_half_life=2000,
    batch_size=64,
    steps=2500,
    budgets={
        "smoke": {"steps": 30, "scored": 1000, "prepare": DecoderStart(ENCODER, steps=30, std=0.4, lr=2e-3)},
        "gpu": {
            "steps": 10_000,
            "ema_half_life": 10_000,
            "prepare": DecoderStart(ENCODER, steps=3000, std=0.4, lr=2e-3),
        },
    },
)

RECIPES = (RESNET_DIGITS, VAE_GAN_DIGITS)

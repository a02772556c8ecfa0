"""Recipes on digits: GANs, a VAE's decoder that plays on, the GAN's neighbours of chapter 14, and stacks of digits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ganbook.models import (
    VAE,
    CompactDiscriminator,
    CompactGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
    DiffusionModel,
    Encoder,
    RandomAffine,
    RandomShift,
    ResNetDiscriminator,
    ResNetGenerator,
)
from ganbook.models.variants import augmented, stacked_critic
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_digits, of_stacked
from ganbook.training.prior import Prior
from ganbook.training.rounds.diffusion import diffusion_round
from ganbook.training.rounds.vae import DecoderStart, vae_round

__all__ = ["DCGAN_DIGITS", "RECIPES"]

DCGAN_DIGITS = Recipe(
    name="dcgan-digits",
    about="A compact DCGAN on four thousand real digits, in two minutes on a laptop.",
    data="digits",
    size=28,
    generator=CompactGenerator,
    discriminator=partial(CompactDiscriminator, augmentation=RandomAffine),
    prior=Prior(64),
    g_lr=3e-3,
    d_lr=3e-3,
    betas=(0.0, 0.99),
    anneal_from=0.5,
    ema_half_life=10_000,
    batch_size=64,
    steps=2400,
    score=of_digits,
    budgets={"smoke": {"steps": 60, "scored": 1000}, "gpu": {"steps": 10_000}},
)

RESNET_DIGITS = replace(
    DCGAN_DIGITS,
    name="resnet-digits",
    about="Residual networks without norm, relativistic pairs, R1 and R2, after R3GAN.",
    generator=partial(ResNetGenerator, channels=1, size=28, width=8, growth=4, brightness=-0.75),
    # It sees images a little shifted, as the compact one does.
    discriminator=partial(augmented, partial(ResNetDiscriminator, channels=1, size=28, width=8, growth=4), RandomShift),
    loss="relativistic",
    r1_gamma=1.0,
    r2_gamma=1.0,
    g_lr=1e-3,
    d_lr=1e-3,
    steps=900,
    budgets={"smoke": {"steps": 30, "scored": 1000}, "gpu": {"steps": 8000}},
)

# Decoders and diffusion. ---------------------------------------------------------------------------------------------

_ENCODER = partial(Encoder, channels=1, size=28, width=16)
_START = partial(DecoderStart, _ENCODER, std=0.7, lr=2e-3)

VAE_GAN_DIGITS = replace(
    DCGAN_DIGITS,
    name="vae-gan-digits",
    about="Unbalanced GAN: the generator of dcgan-digits starts as the decoder of a VAE.",
    prior=Prior(16),
    prepare=_START(steps=600),
    steps=1000,
    budgets={
        "smoke": {"steps": 30, "scored": 1000, "prepare": _START(steps=30)},
        "gpu": {"steps": 1500, "prepare": _START(steps=1000)},
    },
)

VAE_DIGITS = Recipe(
    name="vae-digits",
    about="A variational auto-encoder: a bound on the likelihood, samples in one pass, soft edges.",
    data="digits",
    size=28,
    # The networks with which vae-gan-digits begins, as one.
    generator=partial(VAE, encoder=_ENCODER, decoder=CompactGenerator),
    discriminator=None,
    prior=Prior(16),
    g_lr=2e-3,
    betas=(0.9, 0.999),
    anneal_from=0.5,
    batch_size=64,
    steps=1500,
    play=partial(vae_round, std=0.7),
    score=of_digits,
    budgets={"smoke": {"steps": 60, "scored": 1000}},
)

DIFFUSION_DIGITS = replace(
    VAE_DIGITS,
    name="diffusion-digits",
    about="A small diffusion model: a U-Net that predicts noise, sampled by DDIM in 20 evaluations.",
    generator=partial(DiffusionModel, channels=1, size=28, width=32, evaluations=20),
    prior=Prior(28 * 28),
    ema_half_life=20_000,
    batch_size=32,
    steps=1200,
    play=diffusion_round,
    budgets={"smoke": {"steps": 60, "scored": 500}, "gpu": {"steps": 7000}},
)

# A thousand modes, which a generator can miss (chapter 7). -----------------------------------------------------------

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
    DCGAN_DIGITS,
    RESNET_DIGITS,
    VAE_GAN_DIGITS,
    VAE_DIGITS,
    DIFFUSION_DIGITS,
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

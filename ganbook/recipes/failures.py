"""The failure museum of chapter 7: small runs that fail in a known way, and the same runs with a cure.

An exhibit ``failure-X`` and its cure ``cured-X`` differ in what the cure changes and in nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch

from ganbook.data import toy
from ganbook.models import BlindCritic, DCGANDiscriminator, LabelledGenerator, MLPGenerator
from ganbook.models.variants import critic, upsampling_generator
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_digits, of_points
from ganbook.training.prior import Prior

__all__ = ["COLLAPSE", "RECIPES"]

COLLAPSE = Recipe(
    name="failure-collapse",
    about="Mode collapse: G learns five times as fast as D and chases it with one small heap of samples.",
    data=toy.ring(std=0.1),
    generator=partial(MLPGenerator, width=32, depth=2),
    discriminator=critic,
    prior=Prior(2),
    g_lr=5e-3,
    d_lr=1e-3,
    batch_size=64,
    steps=320,
    score=of_points,
)

OSCILLATION = Recipe(
    name="failure-oscillation",
    about="Non-convergence: one Gaussian, two players with momentum, and a game that turns around the answer.",
    data=toy.ring(modes=1, std=0.1),
    generator=partial(MLPGenerator, width=16, depth=1),
    discriminator=partial(critic, width=16, depth=1),
    prior=Prior(2),
    g_lr=5e-3,
    d_lr=5e-3,
    betas=(0.9, 0.999),
    batch_size=32,
    steps=300,
    score=of_points,
)

DISTANT = toy.Mixture(
    torch.randn(8, 64, generator=torch.Generator().manual_seed(5)), torch.full((8,), 0.1), torch.full((8,), 1 / 8)
)
"""Eight Gaussians in 64 dimensions, 8 away from the origin on average: as in images, nothing overlaps at first."""

VANISHING = Recipe(
    name="failure-vanishing",
    about="Vanishing gradients: the saturating loss against a D that learns ten times as fast, in 64 dimensions.",
    data=DISTANT,
    generator=partial(MLPGenerator, out_dim=64, width=32, depth=1),
    discriminator=partial(critic, inputs=64, depth=1),
    prior=Prior(8),
    loss="saturating",
    g_lr=1e-3,
    d_lr=1e-2,
    batch_size=32,
    steps=480,
    score=of_points,
)

EXPLOSION = Recipe(
    name="failure-explosion",
    about="An exploding critic: the Wasserstein loss with nothing that bounds the critic's slope.",
    data=toy.ring(),
    generator=partial(MLPGenerator, width=32, depth=1),
    discriminator=partial(critic, depth=1),
    prior=Prior(2),
    loss="wasserstein",
    g_lr=1e-3,
    d_lr=1e-2,
    batch_size=32,
    steps=300,
    score=of_points,
)

CLASSES = 4

IGNORED = Recipe(
    name="failure-ignored",
    about="An ignored condition: G is given a label that D never compares with the sample.",
    data=toy.Labelled(toy.ring(modes=CLASSES, std=0.1)),
    generator=LabelledGenerator,
    discriminator=BlindCritic,
    prior=Prior(CLASSES + 2),
    r1_gamma=0.5,  # so that the samples are good, and the label is all that is wrong
    g_lr=2e-3,
    d_lr=2e-3,
    batch_size=64,
    steps=500,
)

CHECKERBOARD = Recipe(
    name="failure-checkerboard",
    about="A checkerboard: transposed convolutions whose stride, 2, does not divide their kernel, 3.",
    data="digits",
    size=28,
    generator=upsampling_generator,
    discriminator=partial(DCGANDiscriminator, size=28, width=8, norm=False),
    prior=Prior(16),
    r1_gamma=1.0,
    g_lr=2e-3,
    d_lr=2e-3,
    batch_size=32,
    steps=20,
    score=of_digits,
    scored=500,
)


def _cured(failure: Recipe, about: str, **cure: Any) -> Recipe:
    return replace(failure, name=failure.name.replace("failure", "cured"), about=about, **cure)


RECIPES = (
    COLLAPSE,
    _cured(
        COLLAPSE,
        "The same game with minibatch discrimination: D sees that the samples of a batch are all alike.",
        discriminator=partial(critic, view="discrimination"),
    ),
    OSCILLATION,
    _cured(OSCILLATION, "The same game with R1, which takes the slope of D away as the fakes arrive.", r1_gamma=4.0),
    VANISHING,
    _cured(
        VANISHING,
        "The same game with the non-saturating loss, which pulls hardest where D is sure.",
        loss="non_saturating",
    ),
    EXPLOSION,
    _cured(EXPLOSION, "The same game with a gradient penalty, which asks for a slope of one.", gp_weight=1.0),
    IGNORED,
    _cured(
        IGNORED,
        "The same game with a D that sees the label beside the sample.",
        discriminator=partial(critic, inputs=2 + CLASSES),
    ),
    CHECKERBOARD,
    _cured(
        CHECKERBOARD,
        "The same networks, enlarging by interpolation before an ordinary convolution.",
        generator=partial(upsampling_generator, resize=True),
    ),
)

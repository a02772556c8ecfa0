"""Recipes on photographs and other colour images: one DCGAN at 3 x 64 x 64, five data sets; and folders of classes.

Adam at 2e-4 with beta1 0.5, weights from N(0, 0.02), batches of 128 (Radford et al. 2016, section 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from ganbook.data.errors import DataError
from ganbook.data.samples import Data
from ganbook.models import (
    ConditionalDiscriminator,
    ConditionalGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
    RandomShift,
)
from ganbook.models.variants import augmented
from ganbook.recipes.changes import respecified
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_emoji
from ganbook.training.prior import Prior
from ganbook.training.rounds.conditional import conditional_round

__all__ = ["RECIPES"]

SIZE = 64


Players = Callable[[int], dict[str, Any]]


def _widths(players: Players) -> dict[str, Any]:
    """The fields of a recipe that plays with networks of width 64, and with narrower ones where that takes too long."""
    return {
        **players(64),
        "budgets": {
            "smoke": {"steps": 2, "scored": 0, "batch_size": 8, **players(4)},
            "laptop": {"steps": 600, "scored": 500, **players(16)},
        },
    }


def _players(width: int) -> dict[str, Any]:
    """The fields of a recipe that build both networks; the widest map has eight times ``width`` channels."""
    return {
        "generator": partial(DCGANGenerator, channels=3, size=SIZE, width=width),
        "discriminator": partial(DCGANDiscriminator, channels=3, size=SIZE, width=width),
    }


DCGAN_CIFAR10 = Recipe(
    name="dcgan-cifar10",
    about="The headline run of DCGAN courses: CIFAR-10 at 3 x 64 x 64, 25 epochs, Adam 2e-4/0.5, weights N(0, 0.02).",
    data="cifar10",
    size=SIZE,
    **_widths(_players),
    prior=Prior(100),
    batch_size=128,
    steps=25 * (50_000 // 128),
)

DCGAN_LSUN = replace(
    DCGAN_CIFAR10,
    name="dcgan-lsun",
    about="The paper's own run: LSUN bedrooms, 100 uniform latents, maps of 1 024 to 128 channels, one epoch.",
    data="lsun-bedroom",
    **_players(128),
    prior=Prior(100, "uniform"),
    steps=3_033_042 // 128,
)

DCGAN_FACES = replace(
    DCGAN_CIFAR10,
    name="dcgan-faces",
    about="DCGAN on CelebA's faces, five epochs.",
    data="celeba",
    steps=5 * (162_770 // 128),
)


_SHIFT = partial(RandomShift, 4, fill=None)


def _shifted_players(width: int) -> dict[str, Any]:
    players = _players(width)
    critic = partial(augmented, players["discriminator"], _SHIFT)
    return players | {"discriminator": critic}


DCGAN_FOLDER = replace(
    DCGAN_CIFAR10,
    name="dcgan-folder",
    about="DCGAN on a folder of images of your own, or on ImageNet's training folder, shifted in D: --data FOLDER.",
    data="folder",
    **_widths(_shifted_players),
    steps=20_000,
)


def _by_class(recipe: Recipe, samples: Data) -> Recipe:
    """The recipe for as many classes as its data have."""
    classes = len(getattr(samples, "classes", ()))
    if classes < 2:
        found = "pictures of one class" if classes else "pictures that do not all lie in sub-folders"
        raise DataError(
            f"{recipe.name} needs two classes or more, sub-folders of root (--data) in which all pictures lie, and it "
            f"holds {found}: dcgan-folder needs no classes"
        )
    players: dict[str, Any] = {
        name: respecified(getattr(recipe, name), classes=classes) for name in ("generator", "discriminator")
    }
    return replace(recipe, classes=classes, **players)


def _class_players(width: int) -> dict[str, Any]:
    critic = partial(ConditionalDiscriminator, how="projection", augmentation=_SHIFT)
    return {
        "generator": partial(ConditionalGenerator, channels=3, size=SIZE, width=width),
        "discriminator": partial(critic, channels=3, size=SIZE, width=width),
    }


CONDITIONAL_FOLDER = Recipe(
    name="conditional-folder",
    about="Images of your own by class, 64 x 64, as conditional-digits plays: --data FOLDER, a sub-folder a class.",
    data="folder",
    size=SIZE,
    **_widths(_class_players),
    prior=Prior(64),
    given="labels",
    classes=10,  # of the networks before they are fitted to the data
    fitted=_by_class,
    balanced=True,
    g_lr=5e-4,
    d_lr=5e-4,
    betas=(0.0, 0.99),
    ema_half_life=5_000,
    batch_size=64,
    steps=20_000,
    play=conditional_round,
)

_TWO_ROUNDS = {"steps": 2, "scored": 40, "batch_size": 8}

DCGAN_EMOJI_PUBLISHED = replace(
    DCGAN_CIFAR10,
    name="dcgan-emoji-25-epochs",
    about="The headline run's rules and its 25 epochs on what every machine has: 1 092 emoji of people.",
    data="emoji-people",
    **_players(16),
    steps=round(25 * 1092 / 128),
    score=of_emoji,
    scored=2500,
    budgets={"smoke": _TWO_ROUNDS},
)

DCGAN_EMOJI = replace(
    DCGAN_EMOJI_PUBLISHED,
    name="dcgan-emoji",
    about="The same networks for longer, with larger steps, shifted images in D and an average of G.",
    mirrored=True,
    discriminator=partial(augmented, _players(16)["discriminator"], partial(RandomShift, fill=1.0)),
    g_lr=1e-3,
    d_lr=1e-3,
    anneal_from=0.5,
    ema_half_life=5_000,
    batch_size=64,
    budgets={"smoke": _TWO_ROUNDS, "gpu": {"steps": 5000}},
)

RECIPES = (DCGAN_CIFAR10, DCGAN_LSUN, DCGAN_FACES, DCGAN_FOLDER, CONDITIONAL_FOLDER, DCGAN_EMOJI_PUBLISHED, DCGAN_EMOJI)

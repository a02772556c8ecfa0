"""Cures of chapter 7, for any recipe on points whose D is ``ganbook.models.variants.critic``, and crowds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from ganbook import losses
from ganbook.data import toy
from ganbook.models import MLPGenerator
from ganbook.models.variants import critic, side_by_side
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_points
from ganbook.training.prior import Prior
from ganbook.training.rounds.supervised import supervised_round

__all__ = ["CURES", "crowd", "plain"]


def crowd(recipe: Recipe, members: int) -> Recipe:
    """The recipe played by ``members`` pairs side by side, as one program: each pair has its own batch.

    Their samples come in equal parts, one after the other. For points; images would not gain.
    """
    return replace(
        recipe,
        generator=partial(side_by_side, of=recipe.generator, members=members),
        discriminator=partial(side_by_side, of=_discriminator(recipe), members=members),
        budgets={budget: {**changes, **_times(members, changes)} for budget, changes in recipe.budgets.items()},
        **_times(members, vars(recipe)),
    )


def _times(members: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that count images, for ``members`` pairs."""
    return {key: members * settings[key] for key in ("batch_size", "ema_half_life") if key in settings}


def plain(mixture: toy.Mixture, steps: int) -> Recipe:
    """A GAN without any cure, on points; every row of the table changes one thing about it."""
    return Recipe(
        name="plain",
        about="No cure.",
        data=mixture,
        generator=partial(MLPGenerator, width=64, depth=2),
        discriminator=partial(critic, width=64),
        prior=Prior(2),
        g_lr=1e-3,
        d_lr=1e-3,
        batch_size=128,
        steps=steps,
        score=of_points,
    )


def _discriminator(recipe: Recipe) -> Callable[..., nn.Module]:
    if recipe.discriminator is None:
        raise ValueError(f"{recipe.name} is a game of one player: a crowd or a cure needs a discriminator")
    return recipe.discriminator


def _with_critic(**changes: Any) -> Callable[[Recipe], Recipe]:
    """The recipe with these arguments of its critic changed."""
    return lambda recipe: replace(recipe, discriminator=partial(_discriminator(recipe), **changes))


def _supervised(recipe: Recipe) -> Recipe:
    if not isinstance(recipe.data, toy.Mixture):
        raise TypeError(f"{recipe.name} has no mixture as its data, whose components would be the classes")
    return replace(_with_critic(outputs=len(recipe.data.centres))(recipe), play=supervised_round)


CURES: dict[str, Callable[[Recipe], Recipe]] = {
    "none": lambda recipe: recipe,
    "minibatch discrimination": _with_critic(view="discrimination"),
    "minibatch standard deviation": _with_critic(view="deviation"),
    "label supervision": _supervised,
    "one-sided label smoothing": lambda recipe: replace(recipe, loss=losses.smoothed(0.9)),
    "instance noise": lambda recipe: _with_critic(noise=0.3, noise_passes=3 * recipe.steps)(recipe),
    "two time scales": lambda recipe: replace(recipe, d_lr=4 * recipe.g_lr),
    "moving average (EMA)": lambda recipe: replace(recipe, ema_half_life=100 * recipe.batch_size),
    "spectral norm": _with_critic(spectral=True),
    "R1": lambda recipe: replace(recipe, r1_gamma=0.1),
    "relativistic + R1 + R2 + EMA + annealing": lambda recipe: replace(
        recipe,
        loss="relativistic",
        r1_gamma=0.1,
        r2_gamma=0.1,
        betas=(0.0, 0.9),
        ema_half_life=100 * recipe.batch_size,
        anneal_from=0.5,
    ),
}

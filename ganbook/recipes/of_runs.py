"""From a run back to its recipe: what a sampler's card says of the data, the settings and the pictures of its run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from torch import Tensor

from ganbook import data
from ganbook.arguments import check_choice
from ganbook.recipes.catalogue import get, names
from ganbook.recipes.recipe import Recipe
from ganbook.training.sampler import Sampler

__all__ = ["prepared", "recipe_of"]


def recipe_of(sampler: Sampler) -> Recipe:
    """The recipe that a sampler's generator was trained by, with its budget, its changes and the folder of its data.

    Raises:
        ValueError: if its card names no recipe of the library's.
    """
    card = sampler.card
    name = card.get("recipe")
    if name not in names():
        raise ValueError(f"the recipe {name!r} is not one of the library's: use its run in Python, where the recipe is")
    recipe = get(name).changed(**card.get("changes", {})).at(card.get("budget"))
    return dataclasses.replace(recipe, root=card.get("root", recipe.root))


def prepared(sampler: Sampler, picture: bytes | str | Path) -> Tensor:
    """A picture of one's own as a sampler's generator was shown those that it learned from, float (C, H, W) in [-1, 1].

    Args:
        sampler: of a translator.
        picture: a file's path, or what it holds.

    Raises:
        ValueError: if the sampler translates nothing, or the picture cannot be read; see also :func:`recipe_of`.
        OSError: if the file cannot be read.
    """
    check_choice(("sources",), **{"what sampler is given": sampler.given})
    recipe = recipe_of(sampler)
    channels = next(p for p in sampler.generator.parameters() if p.ndim == 4).shape[1]
    size = sampler.shape[-1] if sampler.shape else recipe.size or 0
    return data.prepare_picture(str(recipe.data), picture, size, channels, recipe.fit)

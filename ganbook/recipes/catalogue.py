"""All recipes by name; each family's file is the one home of its hyper-parameters."""

from __future__ import annotations

from ganbook.recipes import control, deeper, digits, failures, others, photographs, rules, stacked, text, toys
from ganbook.recipes.recipe import Recipe

__all__ = ["get", "names"]

_ALL: tuple[Recipe, ...] = (
    *toys.RECIPES,
    *digits.RECIPES,
    *rules.RECIPES,
    *failures.RECIPES,
    *stacked.RECIPES,
    *deeper.RECIPES,
    *photographs.RECIPES,
    *control.RECIPES,
    *text.RECIPES,
    *others.RECIPES,
)
_RECIPES = {recipe.name: recipe for recipe in _ALL}


def names() -> list[str]:
    """Names that :func:`get` knows."""
    return list(_RECIPES)


def get(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        ValueError: if no recipe has that name.
    """
    if name not in _RECIPES:
        raise ValueError(f"name is {name!r}: allowed is one of {', '.join(_RECIPES)}")
    return _RECIPES[name]

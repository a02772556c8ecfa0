"""All recipes by name; each family's file is the one home of its hyper-parameters."""

from __future__ import annotations

from ganbook.arguments import check_choice
from ganbook.recipes import control, digits, failures, photographs, rules, text, toys
from ganbook.recipes.recipe import Recipe

__all__ = ["get", "names"]

_FAMILIES = (toys, digits, rules, failures, photographs, control, text)
_RECIPES: dict[str, Recipe] = {recipe.name: recipe for family in _FAMILIES for recipe in family.RECIPES}


def names() -> list[str]:
    """Names that :func:`get` knows."""
    return list(_RECIPES)


def get(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        ValueError: if no recipe has that name.
    """
    check_choice(_RECIPES, name=name)
    return _RECIPES[name]

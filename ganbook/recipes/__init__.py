"""Named, reproducible runs. A chapter, the command line and the benchmarks run the same recipe."""

from __future__ import annotations

from ganbook.recipes.catalogue import get, names
from ganbook.recipes.of_runs import prepared, recipe_of
from ganbook.recipes.recipe import Recipe, Run, load_run, settings_of

__all__ = ["Recipe", "Run", "get", "load_run", "names", "prepared", "recipe_of", "settings_of"]

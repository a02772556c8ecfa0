"""What recipes, data sets and models there are, for commands that are done before PyTorch would be imported.

``index.json`` is derived: ``python tools/index.py`` writes it, and a test holds that it says what the library says.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["cards", "made", "read", "write"]

INDEX = Path(__file__).with_name("index.json")
SHELF = Path(__file__).parent.parent / "zoo"


@cache
def read() -> dict[str, Any]:
    """{"data": {name: {"needs", "place"}}, "recipes": {name: {"about", "data", "needs", "parent"}}}."""
    found: dict[str, Any] = json.loads(INDEX.read_text("utf-8"))
    return found


def cards() -> dict[str, dict[str, Any]]:
    """The cards of the zoo by name."""
    return {path.parent.name: json.loads(path.read_text("utf-8")) for path in sorted(SHELF.glob("*/card.json"))}


def made() -> dict[str, Any]:
    """What ``index.json`` should say."""
    from ganbook import recipes
    from ganbook.data.catalogue import NEEDS

    index: dict[str, Any] = {"data": {name: {"needs": of.text, "place": of.place} for name, of in NEEDS.items()}}
    index["recipes"] = {}
    for name in recipes.names():
        recipe = recipes.get(name)
        source = recipe.data if isinstance(recipe.data, str) else ""
        needs = NEEDS[source].text if source and NEEDS[source].place != "package" else ""
        said = {"about": recipe.about, "data": source, "needs": needs, "parent": parent_of(recipe)}
        index["recipes"][name] = said
    return index


def parent_of(recipe: Any) -> str:
    """The name of the recipe of the library's that this one is a variant of, or ""."""
    from ganbook import recipes

    known = set(recipes.names())
    return next((name for name in reversed(recipe.lineage[:-1]) if name in known), "")


def write() -> None:
    """Write ``index.json`` anew."""
    from ganbook.data.cache import write_atomically

    text = json.dumps(made(), indent=1, ensure_ascii=False) + "\n"
    write_atomically(INDEX, lambda part: part.write_text(text, encoding="utf-8"))

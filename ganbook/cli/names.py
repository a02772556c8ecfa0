"""Names that are typed: completed by the shell, corrected where they are slips."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ganbook.cli import index
from ganbook.cli.guard import Wrong

if TYPE_CHECKING:
    from ganbook.recipes import Recipe
    from ganbook.training import Sampler

__all__ = ["complete_models", "complete_recipes", "meant", "model", "recipe"]

CARD = "card.json"


def meant(name: str, known: Iterable[str]) -> str:
    """A question that ends a sentence, where something known is spelt like ``name``, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.75)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def recipe(name: str, argument: str = "RECIPE") -> Recipe:
    """The recipe called so."""
    from ganbook import recipes

    if name not in recipes.names():
        raise Wrong(f"{argument} is {name!r}: ganbook list shows what there is{meant(name, recipes.names())}")
    return recipes.get(name)


def model(name: str) -> Sampler:
    """The sampler of the zoo, or of a run's folder; in the library's words where its files are damaged."""
    from ganbook import recipes, zoo

    if name in zoo.names():  # a folder of that name is reached as ./NAME
        return zoo.load(name)
    if not Path(name).is_dir():
        raise Wrong(_no_model(name, zoo.names()))
    return recipes.load_run(name)


def _no_model(name: str, known: list[str]) -> str:
    said = (
        f"NAME_OR_DIR is {name!r}: allowed is a model of the zoo ({', '.join(known) or 'none yet'}) or the folder of a"
    )
    run = Path("runs") / name
    hint = f"; did you mean {run}?" if run.is_dir() else meant(name, known)
    return f"{said} finished run (ganbook train RECIPE --out DIR){hint}"


def complete_recipes(incomplete: str) -> list[tuple[str, str]]:
    """Recipes that begin so, with what they show."""
    return [(name, of["about"]) for name, of in index.read()["recipes"].items() if name.startswith(incomplete)]


def complete_models(incomplete: str) -> list[tuple[str, str]]:
    """Models of the zoo and finished runs below here that begin so."""
    zoo = [(name, card["about"]) for name, card in index.cards().items()]
    runs = [(str(path.parent), "a run") for depth in ("*", "*/*") for path in sorted(Path().glob(f"{depth}/{CARD}"))]
    return [(name, about) for name, about in [*zoo, *runs] if name.startswith(incomplete)]

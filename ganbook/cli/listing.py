"""``ganbook list`` and ``ganbook show``: what there is, and what a recipe does."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganbook.cli import index
from ganbook.cli.app import app
from ganbook.cli.chapters import grouped, heading_of
from ganbook.cli.guard import Wrong, guarded, in_options
from ganbook.cli.names import complete_recipes, meant, recipe
from ganbook.cli.options import Json
from ganbook.cli.tables import heading, print_table

if TYPE_CHECKING:
    from ganbook.recipes import Recipe

__all__ = ["list_everything", "show"]

UNSAID = {"name", "about", "budgets", "lineage", "changes", "root", "test_data"}
"""Fields of a recipe that are no setting, or said apart."""

Rows = list[dict[str, Any]]


@app.command("list")
@guarded()
def list_everything(
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD]...", help="Only what says all of these.")] = None,
    as_json: Json = False,
) -> None:
    """Show recipes by chapter, the zoo and data sets: what runs here, what needs a download."""
    known = index.read()
    recipes: Rows = [{"name": name, "chapter": heading_of(name), **of} for name, of in known["recipes"].items()]
    zoo: Rows = [
        {"name": name} | {key: card[key] for key in ("about", "parameters", "steps", "minutes", "recipe")}
        for name, card in index.cards().items()
    ]
    data: Rows = [{"name": name, **of} for name, of in known["data"].items()]
    found = {
        kind: [row for row in rows if _says(kind, row, words or [])]
        for kind, rows in (("recipes", recipes), ("zoo", zoo), ("data", data))
    }
    if not any(found.values()):
        names = [row["name"] for rows in (recipes, zoo, data) for row in rows]
        raise Wrong(f"nothing here says {' '.join(words or [])!r}{meant(' '.join(words or []), names)}")
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    by_name = {row["name"]: row for row in found["recipes"]}
    for chapter, names in grouped({row["name"]: row["parent"] for row in recipes}, by_name).items():
        heading(f"recipes: {chapter}")
        print_table(("  " * depth + name, _about(by_name[name])) for name, depth in names)
    if found["zoo"]:
        heading("zoo: trained models, for ganbook sample and ganbook evaluate")
        print_table(
            (row["name"], f"{row['parameters']} parameters, {row['steps']} rounds in {row['minutes']:.0f} minutes")
            for row in found["zoo"]
        )
    if found["data"]:
        heading("data sets")
        print_table((row["name"], f"needs {in_options(row['needs'])}") for row in found["data"])


def _says(kind: str, row: dict[str, Any], words: list[str]) -> bool:
    """Whether all words are said of it; what it is a variant of is not."""
    text = " ".join([kind, *(str(value) for key, value in row.items() if key != "parent")])
    return all(word.lower() in text.lower() for word in words)


def _about(row: dict[str, Any]) -> str:
    about, needs = str(row["about"]), row["needs"]
    return f"{about} Needs {in_options(needs)}." if needs and "--data" not in about else about


@app.command()
@guarded()
def show(
    name: Annotated[str, typer.Argument(metavar="RECIPE", autocompletion=complete_recipes, help="A recipe's name.")],
    budget: Annotated[str | None, typer.Option(help="smoke, laptop or gpu (default: by the device).")] = None,
    as_json: Json = False,
) -> None:
    """Print every setting of a recipe, and what it changes of the recipe that it is a variant of."""
    from ganbook import recipes
    from ganbook.training.budget import BUDGETS, resolve

    chosen = recipe(name)
    budget = resolve(budget)
    parent = index.parent_of(chosen)
    settings = settings_of(chosen.at(budget))
    before = settings_of(recipes.get(parent).at(budget)) if parent else {}
    changed = {key: before[key] for key in settings if key in before and before[key] != settings[key]}
    budgets = {other: _changes(settings, settings_of(chosen.at(other))) for other in BUDGETS if other != budget}
    if as_json:
        said: dict[str, Any] = {
            "name": name,
            "about": chosen.about,
            "chapter": heading_of(name),
            "budget": budget,
            "parent": parent,
        }
        said |= {"settings": settings, "parent_has": changed, "budgets": budgets}
        print(json.dumps(said, indent=2, ensure_ascii=False))
        return
    heading(f"{name}: {chosen.about}")
    if parent:
        print(f"  A variant of {parent}, of which it changes {', '.join(changed) or 'nothing but the name'}.")
    columns = ("setting", f"at budget {budget}", *([f"{parent} has"] if changed else []))
    rows = [(key, value, *([changed.get(key, "")] if changed else [])) for key, value in settings.items()]
    print_table(rows, columns)
    for other, changes in budgets.items():
        heading(f"at budget {other}")
        print_table(changes.items() or [("the same",)])


def settings_of(chosen: Recipe) -> dict[str, str]:
    """Every setting in words."""
    from ganbook.recipes.identity import in_words

    fields = [field.name for field in dataclasses.fields(chosen) if field.name not in UNSAID]
    values = {name: getattr(chosen, name) for name in fields}
    return {
        name: value if isinstance(value, str) else type(value).__name__ if name == "data" else in_words(value)
        for name, value in values.items()
    }


def _changes(here: dict[str, str], there: dict[str, str]) -> dict[str, str]:
    return {name: there[name] for name in here if here[name] != there[name]}

"""What lies on the zoo's shelf, how it is taken down, and how it gets there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import torch

from ganbook import recipes
from ganbook.data.cache import write_atomically
from ganbook.training.budget import Budget
from ganbook.training.checkpoint import CheckpointError
from ganbook.training.sampler import CARD, Sampler, read

__all__ = ["FIELDS", "Card", "card", "load", "names", "pack", "score", "train"]

SHELF = Path(__file__).parent
BUDGET: Budget = "gpu"
MOST_BYTES, MOST_BYTES_TOGETHER = 2_000_000, 12_000_000

Card = dict[str, Any]
Found = TypeVar("Found")

FIELDS = (
    "name", "about", "recipe", "budget", "seed", "steps", "batch_size", "hardware", "minutes", "parameters", "metrics",
    "scored", "half_precision_change", "licence", "ganbook", "torch", "bytes", "sha256",
)  # fmt: skip
"""What a card says: ``metrics`` are of the weights as they are kept, ``scored`` is when, and with which versions, they
were made; ``half_precision_change`` is the largest change of a sample's value by keeping the weights in half precision;
``licence`` is that of the data; that of the weights stands on the book's page on licences."""


def names() -> list[str]:
    """Names that :func:`load` knows."""
    return sorted(path.parent.name for path in SHELF.glob(f"*/{CARD}"))


def card(name: str) -> Card:
    """What is known of a model: see FIELDS.

    Raises:
        ValueError: if the zoo has no model of that name.
        CheckpointError: if its card is damaged.
    """
    return _taken(name, _card)


def load(name: str, device: torch.device | str | None = None) -> Sampler:
    """A trained generator, its weights in float32, in evaluation mode; ``card`` says all that is known of it.

    Args:
        name: one of :func:`names`.
        device: where it draws its samples (default: the CPU).

    Raises:
        ValueError: if the zoo has no model of that name.
        CheckpointError: if its files are damaged; nothing in them can run code.
    """
    card(name)
    return _taken(name, Sampler.load).to(device or "cpu")


def train(name: str, seed: int = 0, out: str | Path | None = None, resume: bool = False, progress: bool = True) -> Card:
    """Train what the zoo keeps under ``name``: the recipe of that name at the ``gpu`` budget.

    Args:
        name: a recipe's name.
        seed: of the run; a model's card names its own.
        out: folder of the run (default: runs/zoo/NAME); weights and card for the zoo come to lie in ``out/zoo``.
        resume, progress: as for :meth:`ganbook.recipes.Recipe.train`.

    Returns:
        The new card.

    Raises:
        ValueError, FileExistsError, TrainingError, CheckpointError, DataError: as ``Recipe.train`` does.
    """
    folder = Path("runs") / "zoo" / name if out is None else Path(out)
    recipes.get(name).train(BUDGET, seed, folder, resume, progress)
    return pack(folder, folder / "zoo")


def pack(run: Path, folder: Path) -> Card:
    """Write the finished run in ``run`` into ``folder``, its weights in half precision.

    Raises:
        CheckpointError: if ``run`` holds no finished run of the zoo's budget, or its weights do not fit into half
            precision or into two megabytes.
    """
    sampler = recipes.load_run(run)
    of_run = sampler.card
    if of_run["budget"] != BUDGET:
        raise CheckpointError(f"{run} was trained at budget {of_run['budget']}: the zoo keeps {BUDGET}")
    recipe = recipes.get(of_run["recipe"]).at(BUDGET)
    before = recipe.draw(sampler, 64)
    sampler.generator.half().float()
    if not all(w.isfinite().all() for w in sampler.generator.state_dict().values()):
        raise CheckpointError(f"weights of {run} are too large for half precision")
    size = len(sampler.packed(torch.float16))
    if size > MOST_BYTES:
        raise CheckpointError(f"weights of {run} take {size} bytes, and the zoo keeps at most {MOST_BYTES}")
    known = of_run | {
        "name": recipe.name,
        "about": recipe.about,
        "parameters": sum(p.numel() for p in sampler.generator.parameters()),
        "metrics": recipe.evaluate(sampler),
        "scored": _now(),
        "half_precision_change": (recipe.draw(sampler, 64) - before).abs().max().item(),
        "ganbook": version("ganbook"),
        "torch": version("torch"),
    }
    sampler.card = {field: known[field] for field in FIELDS}
    sampler.save(folder, torch.float16)
    return _card(folder)


def score(name: str) -> Card:
    """Score a model anew and write the scores, and when they were made, into its card; its weights stay as they are.

    Returns:
        The new card.

    Raises:
        ValueError: if the zoo has no model of that name.
        CheckpointError: if its files are damaged.
    """
    sampler = load(name)
    of_model = recipes.get(sampler.card["recipe"]).at(BUDGET)
    scored = sampler.card | {"metrics": of_model.evaluate(sampler), "scored": _now()}
    card = {field: scored[field] for field in FIELDS}
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    write_atomically(SHELF / name / CARD, lambda part: part.write_text(text, encoding="utf-8"))
    return _card(SHELF / name)


def _now() -> str:
    return f"{date.today().isoformat()}, ganbook {version('ganbook')}, torch {version('torch')}"


def _taken(name: str, read: Callable[[Path], Found]) -> Found:
    """What ``read`` finds in a model's folder; a model that is not whole came so with the package."""
    if name not in names():
        known = ", ".join(names()) or "nothing yet: train a recipe, and load its folder"
        raise ValueError(f"name is {name!r}: the zoo holds {known}")
    try:
        return read(SHELF / name)
    except CheckpointError as error:
        raise CheckpointError(f"{name} of the zoo cannot be read: install ganbook again ({error})") from error


def _card(folder: Path) -> Card:
    found: Card = read(folder / CARD, json.loads)
    if missing := [field for field in FIELDS if field not in found and field != "scored"]:
        raise CheckpointError(f"{CARD} does not say its {missing[0]}")
    return found

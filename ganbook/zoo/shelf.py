"""What lies on the zoo's shelf, how it is taken down, and how it gets there."""

from __future__ import annotations

import hashlib
import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ganbook import recipes
from ganbook.data.cache import write_atomically
from ganbook.training.budget import Budget
from ganbook.training.checkpoint import CheckpointError
from ganbook.training.game import Game
from ganbook.training.sampler import CARD, Sampler

__all__ = ["FIELDS", "Card", "card", "load", "names", "pack", "train"]

SHELF = Path(__file__).parent
WEIGHTS, CLOCK = "weights.safetensors", "minutes.json"
BUDGET: Budget = "gpu"
MOST_BYTES, MOST_BYTES_TOGETHER = 2_000_000, 12_000_000

Card = dict[str, Any]

FIELDS = (
    "name",
    "about",
    "recipe",
    "budget",
    "seed",
    "steps",
    "batch_size",
    "hardware",
    "minutes",
    "parameters",
    "metrics",
    "half_precision_change",
    "licence",
    "ganbook",
    "torch",
    "bytes",
    "sha256",
)
"""What a card says: ``metrics`` are of the weights as they are kept; ``half_precision_change`` is the largest change
of a sample's value by keeping them in half precision; ``licence`` is that of the data."""


def names() -> list[str]:
    """Names that :func:`load` knows."""
    return sorted(path.parent.name for path in SHELF.glob(f"*/{CARD}"))


def card(name: str) -> Card:
    """What is known of a model: see FIELDS.

    Raises:
        ValueError: if the zoo has no model of that name.
        CheckpointError: if its card is damaged.
    """
    return _read_card(_place(name))


def load(name: str, device: torch.device | str | None = None) -> Sampler:
    """A trained generator, its weights in float32, in evaluation mode; ``card`` says all that is known of it.

    Args:
        name: one of :func:`names`.
        device: where it draws its samples (default: the CPU).

    Raises:
        ValueError: if the zoo has no model of that name.
        CheckpointError: if its files are damaged; nothing in them can run code.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as parse

    folder = _place(name)
    found = _read_card(folder)
    try:
        content = (folder / WEIGHTS).read_bytes()
        if hashlib.sha256(content).hexdigest() != found["sha256"]:
            raise ValueError("its checksum is wrong")
        sampler = recipes.revived(found, parse(content))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(_damaged(folder, WEIGHTS)) from error
    sampler.generator.to(device or "cpu")
    return sampler


def train(name: str, seed: int = 0, out: str | Path | None = None, resume: bool = False, progress: bool = True) -> Card:
    """Train what the zoo keeps under ``name``: the recipe of that name at the ``gpu`` budget.

    Args:
        name: a recipe's name.
        seed: of the run; a model's card names its own.
        out: folder of the run (default: runs/zoo/NAME); weights and card for the zoo come to lie in ``out/zoo``.
        resume, progress: as for :meth:`ganbook.recipes.Recipe.train`.

    Returns:
        The new card. Minutes are added up over interruptions.

    Raises:
        ValueError, FileExistsError, TrainingError, CheckpointError, DataError: as ``Recipe.train`` does.
    """
    recipe = recipes.get(name)
    folder = Path("runs") / "zoo" / name if out is None else Path(out)
    clock = _Clock(folder / CLOCK, resume)
    steps = recipe.at(BUDGET).steps
    recipe.train(BUDGET, seed, folder, resume, progress, watch=clock, watch_every=max(1, steps // 100))
    return pack(folder, folder / "zoo")


class _Clock:
    """Adds up the minutes of a run over its interruptions: called from time to time, it notes how many there were."""

    def __init__(self, path: Path, resume: bool) -> None:
        self.path = path
        self.before = float(json.loads(path.read_text("utf-8"))) if resume and path.is_file() else 0.0
        self.started = time.monotonic()

    def __call__(self, _game: Game) -> None:
        minutes = self.before + (time.monotonic() - self.started) / 60
        write_atomically(self.path, lambda part: part.write_text(f"{minutes:.3f}", encoding="utf-8"))


def pack(run: Path, folder: Path) -> Card:
    """Write weights in half precision, and the card, of the finished run in ``run`` into ``folder``.

    Raises:
        CheckpointError: if ``run`` holds no finished run of the zoo's budget, or its weights do not fit into half
            precision or into two megabytes.
    """
    from safetensors.torch import save

    sampler = recipes.load_run(run)
    of_run = sampler.card
    if of_run["budget"] != BUDGET:
        raise CheckpointError(f"{run} was trained at budget {of_run['budget']}: the zoo keeps {BUDGET}")
    state = sampler.generator.state_dict()
    halved = {name: w.half().contiguous() if w.is_floating_point() else w for name, w in state.items()}
    if not all(w.isfinite().all() for w in halved.values()):
        raise CheckpointError(f"weights of {run} are too large for half precision")
    content = save(halved)
    if len(content) > MOST_BYTES:
        raise CheckpointError(f"weights of {run} take {len(content)} bytes: allowed are {MOST_BYTES}")
    recipe = recipes.get(of_run["recipe"])
    before = recipe.at(BUDGET).draw(sampler, 64)
    sampler.generator.load_state_dict(halved)
    clock = run / CLOCK
    made: Card = {
        "name": recipe.name,
        "about": recipe.about,
        **{field: of_run[field] for field in ("recipe", "budget", "seed", "steps", "batch_size", "hardware")},
        "minutes": float(clock.read_text("utf-8")) if clock.is_file() else of_run["minutes"],
        "parameters": sum(p.numel() for p in sampler.generator.parameters()),
        "metrics": recipe.at(BUDGET).evaluate(sampler),
        "half_precision_change": (recipe.at(BUDGET).draw(sampler, 64) - before).abs().max().item(),
        "licence": of_run["licence"],
        "ganbook": version("ganbook"),
        "torch": version("torch"),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    write_atomically(folder / WEIGHTS, lambda part: part.write_bytes(content))
    text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / CARD, lambda part: part.write_text(text, encoding="utf-8"))
    return made


def _place(name: str) -> Path:
    if name not in names():
        known = ", ".join(names()) or "nothing yet: train a recipe, and load its folder"
        raise ValueError(f"name is {name!r}: the zoo holds {known}")
    return SHELF / name


def _read_card(folder: Path) -> Card:
    try:
        found: Card = json.loads((folder / CARD).read_text("utf-8"))
        if missing := [field for field in FIELDS if field not in found]:
            raise ValueError(f"{missing} missing")
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(_damaged(folder, CARD)) from error
    return found


def _damaged(folder: Path, file: str) -> str:
    return f"{folder.name} of the zoo cannot be read ({file} is missing or damaged): install ganbook again"

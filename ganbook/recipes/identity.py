"""What makes a run what it is: kept in its checkpoints, so that nothing else is taken for a continuation of it."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Mapping, Sequence, Sized
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.losses import AdversarialLoss
from ganbook.models.network import described
from ganbook.training.game import Game

__all__ = ["identity", "in_words"]

LOOKED_AT = 64
"""So many samples of a data set are looked at, spread evenly over it."""

SHAPELESS = {
    "name", "about", "budgets", "data", "test_data", "score", "scored", "generator", "discriminator", "lineage",
    "steps", "root", "changes", "fitted", "skip_broken",
}  # fmt: skip
"""Fields of a recipe that do not shape the run, and those that are described as what they have become."""


def identity(recipe: Any, game: Game, samples: object) -> dict[str, str]:
    """Every field of a recipe that shapes the run, its networks, its data and this library's version, as texts.

    Args:
        recipe: a :class:`ganbook.recipes.Recipe`, resolved to a budget.
        game: its untrained players.
        samples: its training data.
    """
    names = [field.name for field in dataclasses.fields(recipe) if field.name not in SHAPELESS]
    length = f" of {len(samples)}" if isinstance(samples, Sized) else ""
    return {
        "ganbook": version("ganbook"),
        **{name: in_words(getattr(recipe, name)) for name in names},
        "generator": _player(game.generator),
        "discriminator": "none" if recipe.discriminator is None else _player(game.discriminator),
        "data": f"{getattr(samples, 'name', type(samples).__name__)}{length}, checksum {_sum(samples):08x}",
    }


def in_words(value: Any) -> str:
    """A value in words that do not depend on where it lies in the memory."""
    if isinstance(value, AdversarialLoss):
        return value.name
    if isinstance(value, partial):
        named = (f"{k}={in_words(v)}" for k, v in sorted(value.keywords.items()))
        return f"{in_words(value.func)}({', '.join([*map(in_words, value.args), *named])})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (f"{field.name}={in_words(getattr(value, field.name))}" for field in dataclasses.fields(value))
        return f"{type(value).__name__}({', '.join(fields)})"
    return str(getattr(value, "__qualname__", type(value).__qualname__)) if callable(value) else repr(value)


def _player(network: nn.Module) -> str:
    """How it was made; of a network of one's own, what it holds."""
    shapes = [(name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()]
    return str(described(network) or f"{type(network).__name__} {zlib.crc32(repr(shapes).encode()):08x}")


def _sum(value: object) -> int:
    """A checksum of data that costs little: of tensors some samples, of files some names."""
    if isinstance(value, Tensor):
        rows = value[:: max(1, len(value) // LOOKED_AT)] if value.ndim else value
        if rows.is_floating_point():  # whose last digits may differ between machines
            rows = (rows.double() * 1000).round().to(torch.int64)
        return zlib.crc32(rows.cpu().numpy().tobytes())
    parts: object = type(value).__name__
    if isinstance(value, str | int | float | Mapping | None):
        parts = value
    elif isinstance(value, Path):
        parts = value.name
    elif isinstance(value, Sequence):
        parts = [_sum(one) for one in value[:: max(1, len(value) // LOOKED_AT)]]
    elif dataclasses.is_dataclass(value):
        parts = [_sum(getattr(value, field.name)) for field in dataclasses.fields(value)]
    return zlib.crc32(repr(parts).encode())

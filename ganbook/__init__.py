"""ganbook: the library behind the open course on generative adversarial networks.

The sub-packages load on first use, so ``import ganbook`` costs next to nothing
and ``ganbook.losses`` costs an ``import torch``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.7.1"

__all__ = [
    "ClaimError", "__version__", "budget", "checks", "claim", "convolutions", "data", "dynamics", "losses", "measured",
    "metrics", "models", "penalties", "plots", "recipes", "replayed", "results", "seed", "show_source", "training",
    "welcome", "widgets", "zoo",
]  # fmt: skip

_HOMES = {
    "ClaimError": "ganbook.claims",
    "claim": "ganbook.claims",
    "measured": "ganbook.claims",
    "replayed": "ganbook.claims",
    "budget": "ganbook.training.budget",
    "seed": "ganbook.session",
    "show_source": "ganbook.session",
    "welcome": "ganbook.session",
}

if TYPE_CHECKING:  # for type checkers and editors, which must see what __getattr__ finds
    from ganbook import (
        checks,
        convolutions,
        data,
        dynamics,
        losses,
        metrics,
        models,
        penalties,
        plots,
        recipes,
        results,
        training,
        widgets,
        zoo,
    )
    from ganbook.claims import ClaimError, claim, measured, replayed
    from ganbook.session import seed, show_source, welcome
    from ganbook.training.budget import budget


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
        return value
    if name in __all__:
        return importlib.import_module(f"ganbook.{name}")
    raise AttributeError(f"module 'ganbook' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

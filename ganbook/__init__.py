"""ganbook: the library behind the open course on generative adversarial networks.

The sub-packages load on first use, so ``import ganbook`` costs next to nothing
and ``ganbook.losses`` costs an ``import torch``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
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
    from ganbook.claims import ClaimError, claim, measured
    from ganbook.session import seed, welcome
    from ganbook.training.budget import budget

_SUBMODULES = frozenset(
    [
        "checks",
        "convolutions",
        "data",
        "dynamics",
        "losses",
        "metrics",
        "models",
        "penalties",
        "plots",
        "recipes",
        "results",
        "training",
        "widgets",
        "zoo",
    ]
)
_HOMES = {
    "ClaimError": "ganbook.claims",
    "claim": "ganbook.claims",
    "measured": "ganbook.claims",
    "budget": "ganbook.training.budget",
    "seed": "ganbook.session",
    "welcome": "ganbook.session",
}

__all__ = [
    "ClaimError",
    "__version__",
    "budget",
    "checks",
    "claim",
    "convolutions",
    "data",
    "dynamics",
    "losses",
    "measured",
    "metrics",
    "models",
    "penalties",
    "plots",
    "recipes",
    "results",
    "seed",
    "training",
    "welcome",
    "widgets",
    "zoo",
]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"ganbook.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'ganbook' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

"""ganbook: the library behind the open course on generative adversarial networks.

The sub-packages load on first use, so ``import ganbook`` costs next to nothing
and ``ganbook.losses`` costs an ``import torch``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:  # for type checkers and editors, which must see what __getattr__ finds
    from ganbook import checks as checks
    from ganbook import convolutions as convolutions
    from ganbook import data as data
    from ganbook import dynamics as dynamics
    from ganbook import losses as losses
    from ganbook import metrics as metrics
    from ganbook import models as models
    from ganbook import penalties as penalties
    from ganbook import plots as plots
    from ganbook import recipes as recipes
    from ganbook import results as results
    from ganbook import training as training
    from ganbook import widgets as widgets
    from ganbook import zoo as zoo
    from ganbook.claims import ClaimError as ClaimError
    from ganbook.claims import claim as claim
    from ganbook.claims import measured as measured
    from ganbook.session import seed as seed
    from ganbook.session import welcome as welcome
    from ganbook.training.budget import budget as budget

_HOMES = {
    "ClaimError": "ganbook.claims",
    "claim": "ganbook.claims",
    "measured": "ganbook.claims",
    "budget": "ganbook.training.budget",
    "seed": "ganbook.session",
    "welcome": "ganbook.session",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
        return value
    if name in __dir__():
        return importlib.import_module(f"ganbook.{name}")
    raise AttributeError(f"module 'ganbook' has no attribute {name!r}")


def __dir__() -> list[str]:
    import pkgutil

    rooms = [room.name for room in pkgutil.iter_modules(__path__) if not room.name.startswith("_")]
    return sorted(["__version__", *_HOMES, *rooms])

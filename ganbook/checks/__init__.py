"""Feedback for the exercises: one module per exercise notebook.

>>> from ganbook.checks import two_players as check
>>> check.discriminator_loss(None).status
'not yet'

A check is called with the learner's own function and returns a
:class:`~ganbook.checks.feedback.Result`, drawn as a card in a notebook. It says what was
tried, what came, what was expected, and names the mistake where it knows it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

#: The exercise notebooks, in the order of the chapters.
NOTEBOOKS = (
    "two_players",
    "minimax",
    "saturation",
    "convergence",
    "building_blocks",
    "dcgan",
    "failures",
    "measuring",
    "deeper",
    "conditional",
    "pix2pix",
    "cyclegan",
    "text",
    "standing",
)

#: What the student notebooks raise where the learner's code goes (tools/exercises.py writes it).
STUB_MESSAGE = "your code here"

__all__ = ["NOTEBOOKS", "STUB_MESSAGE", "progress"]

if TYPE_CHECKING:
    from ganbook.checks.scores import progress


def __getattr__(name: str) -> Any:
    if name in NOTEBOOKS:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "progress":
        return importlib.import_module(f"{__name__}.scores").progress
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""How much work a page or a recipe may do."""

from __future__ import annotations

import os
from typing import Literal, cast

from ganbook.arguments import check_choice

__all__ = ["BUDGETS", "Budget", "budget"]

Budget = Literal["smoke", "laptop", "gpu"]
BUDGETS: tuple[Budget, ...] = ("smoke", "laptop", "gpu")


def budget() -> Budget:
    """The budget in force: environment variable ``GANBOOK_BUDGET``, else "gpu" with CUDA, "laptop" without.

    ValueError if the variable holds anything else.
    """
    if chosen := os.environ.get("GANBOOK_BUDGET"):
        return resolve(chosen, "GANBOOK_BUDGET")
    import torch

    return "gpu" if torch.cuda.is_available() else "laptop"


def resolve(chosen: str | None, argument: str = "budget") -> Budget:
    """``chosen`` itself, and for None the budget in force; ValueError for what is not one."""
    if chosen is None:
        return budget()
    check_choice(BUDGETS, **{argument: chosen})
    return cast(Budget, chosen)

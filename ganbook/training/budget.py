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

    Raises:
        ValueError: if the variable holds anything else.
    """
    chosen = os.environ.get("GANBOOK_BUDGET")
    if not chosen:
        import torch

        return "gpu" if torch.cuda.is_available() else "laptop"
    return check_budget(chosen, "GANBOOK_BUDGET")


def resolve(chosen: str | None) -> Budget:
    """``chosen`` itself, if it is a budget; for None the budget in force."""
    return budget() if chosen is None else check_budget(chosen)


def check_budget(chosen: str, argument: str = "budget") -> Budget:
    """``chosen`` itself, if it is a budget.

    Raises:
        ValueError: if it is not.
    """
    check_choice(BUDGETS, **{argument: chosen})
    return cast(Budget, chosen)

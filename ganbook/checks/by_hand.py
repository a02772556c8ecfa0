"""Gradients by hand: the learner's formulas, with autograd off, against autograd's own answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ganbook.checks.compare import Observation
from ganbook.checks.task import Answer, Mistake, Reject

#: A loss is differentiated in an answer all the same, and the error says so.
USED_AUTOGRAD = Mistake(
    "used-autograd",
    "Your function asks autograd for a gradient, and it is off in this check: by hand means by the formula. Derive it "
    "on paper first; autograd is what it will be compared with.",
    when=lambda trial: "does not require grad" in str(trial.error),
)


def by_hand(*names: str) -> Callable[[Answer, Any], Observation]:
    """An ``observe``: what an answer returns, by the names of its parts, with autograd off."""

    def observe(answer: Answer, world: Any) -> Observation:
        with torch.no_grad():
            came = answer(*(value.clone() if isinstance(value, Tensor) else value for value in world))
        parts = came if isinstance(came, tuple | list) else (came,)
        if len(parts) != len(names):
            raise Reject(
                "returned",
                came,
                f"{len(names)} results: {', '.join(names)}",
                f"Return {', '.join(names)}, in this order.",
            )
        return dict(zip(names, parts, strict=True))

    return observe


def by_autograd(loss: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, ...]]:
    """The function that gives autograd's gradients of a loss by all of its arguments."""

    def gradients(*values: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            leaves = [value.detach().clone().requires_grad_() for value in values]
            return torch.autograd.grad(loss(*leaves), leaves)

    return gradients

"""The state of torch's global random numbers, on every kind of device that draws some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

__all__ = ["kept_random_state", "random_state", "set_random_state"]


def random_state() -> dict[str, Tensor]:
    """The state by kind of device: "cpu", and "cuda" (of the current GPU) or "mps" where there is one."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def set_random_state(state: dict[str, Tensor]) -> None:
    """Put back what :func:`random_state` returned, on the kinds of device that this machine has."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])


@contextmanager
def kept_random_state() -> Iterator[None]:
    """Whatever is drawn inside, the random numbers afterwards are those that would have come without it."""
    before = random_state()
    try:
        yield
    finally:
        set_random_state(before)

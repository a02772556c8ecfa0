"""What a network says about a number or a tensor that does not fit it."""

from __future__ import annotations

from torch import Tensor

__all__ = ["check_at_least", "check_shape"]


def check_at_least(least: int, **sizes: int) -> None:
    """Raise ValueError naming the first size below ``least``."""
    for name, size in sizes.items():
        if size < least:
            raise ValueError(f"{name} is {size}: allowed is {least} or more")


def check_shape(name: str, tensor: Tensor, *shape: int) -> None:
    """Raise ValueError unless ``tensor`` is a batch (N, *shape): torch itself would let some others through."""
    if tensor.ndim != len(shape) + 1 or tensor.shape[1:] != shape:
        allowed = ", ".join(map(str, shape))
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}: allowed is (N, {allowed})")

"""What a network says about a number or a tensor that does not fit it."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["SIZES", "check_at_least", "check_labels", "check_shape", "stages"]

SIZES = (16, 28, 32, 64, 128)


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


def check_labels(labels: Tensor, n: int) -> None:
    """Raise ValueError unless ``labels`` holds ``n`` whole numbers; an embedding says which are too large."""
    if labels.shape != (n,) or labels.dtype != torch.int64:
        raise ValueError(f"labels is {labels.dtype} {tuple(labels.shape)}: allowed is int64 ({n},), one class a sample")


def stages(size: int) -> tuple[int, int]:
    """Side of the smallest feature map, and how often it is doubled to reach ``size``."""
    if not isinstance(size, int) or size not in SIZES:
        raise ValueError(f"size is {size}: allowed is one of {', '.join(map(str, SIZES))}")
    return (7, 2) if size == 28 else (4, size.bit_length() - 3)

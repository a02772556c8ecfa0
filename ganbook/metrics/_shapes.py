"""Checks at the door of the metrics, and the one way they measure distances."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganbook.arguments import check_tensor

__all__ = ["check_features", "distance_rows", "share"]

_ENTRIES = 4_000_000
"""Distances held at a time: 32 MB in float64."""


def check_features(at_least: int = 2, *, flat: bool = False, **features: Tensor) -> tuple[Tensor, ...]:
    """The named features, each (N, dim) of one dim with N of ``at_least`` or more, in float64 on the CPU.

    Where ``flat``, images count as features: everything after the first dimension is flattened.
    """
    first, dim, found = "", 0, []
    for name, value in features.items():
        check_tensor(name, value, finite=True)
        rows = value.flatten(1) if flat and value.ndim > 2 else value
        if rows.ndim != 2 or len(rows) < at_least or not rows.shape[1]:
            raise ValueError(f"{name} has shape {tuple(value.shape)}: allowed is (N, dim) with N of {at_least} or more")
        first, dim = first or name, dim or rows.shape[1]
        if rows.shape[1] != dim:
            raise ValueError(f"{name} has dimension {rows.shape[1]}: allowed is that of {first}, {dim}")
        found.append(rows.detach().cpu().double())  # in this order: not every device knows float64
    return tuple(found)


def share(hits: Tensor) -> float:
    """The share of True in a table of bool."""
    return int(hits.sum()) / hits.numel()


def distance_rows(a: Tensor, b: Tensor) -> Iterator[Tensor]:
    """Euclidean distances (rows, M) of the points a (N, dim) to b (M, dim), a few million at a time, in order.

    In float64 and around b's mean, so that two copies of one point come out about 1e-8 of its length apart; float32
    would lose three digits of them. The mean is rounded to few binary places, so that points of a lattice keep
    their exact distances, and ties stay ties.
    """
    centre = (b.mean(0) * 1024).round() / 1024
    for part in torch.split(a - centre, max(1, _ENTRIES // len(b))):
        yield torch.cdist(part, b - centre)

"""Where the generator's latents come from, and the ways between two of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ganbook.arguments import check_device, check_place, check_tensor, check_whole, typed

__all__ = ["Prior", "spherical", "straight"]


MOST = 10_000_000
"""Latents that are drawn at a time, or numbers in one: more is a slip, and fills the memory."""


@typed
@dataclass(frozen=True)
class Prior:
    """p_z: independent numbers, standard normal or uniform on [-1, 1].

    Attributes:
        dim: size of a latent.
        kind: "gaussian" or "uniform".
    """

    dim: int
    kind: Literal["gaussian", "uniform"] = "gaussian"

    def __post_init__(self) -> None:
        check_whole(1, MOST, dim=self.dim)

    def sample(self, n: int, device: torch.device | str = "cpu", generator: torch.Generator | None = None) -> Tensor:
        """(n, dim) latents on ``device``, drawn from torch's global random numbers or from ``generator``."""
        check_whole(1, MOST, n=n)
        drawn = torch.randn if self.kind == "gaussian" else torch.rand
        z = drawn(n, self.dim, device=check_device(device), generator=generator)
        return z if self.kind == "gaussian" else z.mul_(2).sub_(1)

    def way(self, start: Tensor, end: Tensor, t: Tensor) -> Tensor:
        """Latents (T, dim) at the shares ``t`` (T,) of the way between two: along the arc of a Gaussian prior, straight
        through the cube of a uniform one."""
        return (spherical if self.kind == "gaussian" else straight)(start, end, t)


def straight(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points (T, dim) at the shares ``t`` (T,) of the straight line between two latents (dim,)."""
    _check_way(start, end, t)
    return torch.lerp(start, end, t[:, None])


def spherical(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points (T, dim) at the shares ``t`` (T,) of the arc between two latents (dim,).

    Direction and length turn evenly, so a point on the way is as long as its neighbours, as Gaussian latents in many
    dimensions are (White 2016, equation 1). Latents of one direction, or of none, are joined by a
    straight line.
    """
    _check_way(start, end, t)
    angle = torch.arccos(torch.clamp(torch.cosine_similarity(start, end, dim=0), -1, 1))
    shortest = min(float(start.norm()), float(end.norm()))
    if math.isclose(float(angle.sin()), 0, abs_tol=1e-6) or shortest < 1e-6:
        return straight(start, end, t)
    lengths = torch.lerp(start.norm(), end.norm(), t)[:, None]
    from_start, from_end = torch.sin((1 - t) * angle)[:, None], torch.sin(t * angle)[:, None]
    directions: Tensor = (from_start * start / start.norm() + from_end * end / end.norm()) / angle.sin()
    return lengths * directions


def _check_way(start: Tensor, end: Tensor, t: Tensor) -> None:
    check_tensor("start", start, "dim", finite=True)
    check_tensor("end", end, len(start), finite=True)
    check_tensor("t", t, "T", finite=True)
    check_place("end", end, start, "start")
    check_place("t", t, start, "start")

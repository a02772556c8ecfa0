"""Where the generator's latents come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ganbook.arguments import check_device, check_whole, typed

__all__ = ["Prior"]


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

"""The walks of a diffusion model: where each noise begins and ends, for a student that makes them in one evaluation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbook.arguments import check_tensor, check_whole
from ganbook.models.diffusion import DiffusionModel

__all__ = ["Walks"]

SOME = 250
"""Walks that are made at a time."""


class Walks(nn.Module):
    """Noises and the images to which a diffusion model leads them, a game's memory for a student to learn from.

    Args:
        noises: float (N, dim), standard normal, as a diffusion model takes them.
        images: float (N, C, H, W) in [-1, 1], image by image their ends.
    """

    noises: Tensor
    images: Tensor

    def __init__(self, noises: Tensor, images: Tensor) -> None:
        super().__init__()
        check_tensor("noises", noises, "N", "dim")
        check_tensor("images", images, len(noises), "C", "H", "W")
        self.register_buffer("noises", noises)
        self.register_buffer("images", images)

    @classmethod
    @torch.no_grad()
    def of(cls, teacher: DiffusionModel, n: int, generator: torch.Generator | None = None) -> Walks:
        """``n`` walks of as many evaluations as the teacher makes in one sampling, from noise of ``generator``."""
        check_whole(1, n=n)
        channels, size, _ = teacher.network.shape
        noises = torch.randn(n, channels * size**2, generator=generator)
        return cls(noises, torch.cat([teacher(noises[i : i + SOME]) for i in range(0, n, SOME)]))

    def draw(self, n: int) -> tuple[Tensor, Tensor]:
        """``n`` noises and their images, any of them, each as often as chance has it: torch's global numbers."""
        check_whole(1, n=n)
        chosen = torch.randint(len(self.noises), (n,), device=self.noises.device)
        return self.noises[chosen], self.images[chosen]

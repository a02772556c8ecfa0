"""A small game on the line whose data wander to and fro, so that who stands still falls behind."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BATCH = 128


def small_network(inputs: int, outputs: int, width: int = 16) -> nn.Sequential:
    """Two layers of double precision, of which two machines make the same run."""
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, outputs)).double()


@dataclass
class Wandering:
    """Points of N(centre, 0.5²) whose centre swings; a generator that follows, and a discriminator.

    Attributes:
        reach: how far the centre swings from 0 to either side.
        period: rounds of a swing.
    """

    reach: float = 1.5
    period: int = 80
    d_rate: float = 0.02
    round: int = 0
    generator: nn.Module = field(default_factory=lambda: small_network(2, 1))
    discriminator: nn.Module = field(default_factory=lambda: small_network(1, 1))  #: its inputs are the points' numbers
    g_gradient: float = 0.0  #: the norm of the last gradient that reached G

    def __post_init__(self) -> None:
        self.d_optimizer: torch.optim.Optimizer
        self.g_optimizer: torch.optim.Optimizer
        self.d_optimizer, self.g_optimizer = (
            torch.optim.Adam(network.parameters(), lr=rate, betas=(0.0, 0.9))
            for network, rate in ((self.discriminator, self.d_rate), (self.generator, 0.02))
        )

    @property
    def centre(self) -> float:
        return self.reach * math.sin(2 * math.pi * self.round / self.period)

    def real(self, n: int = BATCH) -> Tensor:
        return self.centre + 0.5 * torch.randn(n, 1, dtype=torch.float64)

    def fakes(self, n: int = BATCH) -> Tensor:
        points: Tensor = self.generator(torch.randn(n, 2, dtype=torch.float64))
        return points

    def logits(self, points: Tensor) -> Tensor:
        found: Tensor = self.discriminator(points)
        return found

    def d_turn(self, real: Tensor, real_label: float = 1.0, moves: bool = True) -> float:
        """D's step; its loss."""
        real_logits, fake_logits = self.logits(real), self.logits(self.fakes(len(real)).detach())
        loss = _bce(real_logits, real_label) + _bce(fake_logits, 1 - real_label)
        self.d_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if moves:
            self.d_optimizer.step()
        return loss.item()

    def g_turn(self, loss: str = "non-saturating", moves: bool = True) -> float:
        """G's step; its non-saturating loss."""
        logits = self.logits(self.fakes())
        honest = _bce(logits, 1.0)
        played = {"non-saturating": honest, "saturating": -_bce(logits, 0.0), "upside down": -honest}[loss]
        self.g_optimizer.zero_grad()
        played.backward()  # type: ignore[no-untyped-call]
        self.g_gradient = float(
            torch.cat([p.grad.flatten() for p in self.generator.parameters() if p.grad is not None]).norm()
        )
        if moves:
            self.g_optimizer.step()
        return honest.item()


def _bce(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

"""Toy distributions whose truth is known: modes, density, fresh samples without end.

>>> eight = ring()
>>> eight.sample(512).shape, len(eight.centres)
(torch.Size([512, 2]), 8)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ganbook.arguments import check_number, check_tensor, check_whole, typed
from ganbook.data.batch import Batch, Order, step_generator
from ganbook.data.samples import Data

__all__ = ["Distribution", "Labelled", "Mixture", "SwissRoll", "grid", "mixture_1d", "ring", "swiss_roll"]

MOST = 10_000_000
"""Modes, or samples drawn at a time: more is a slip, and fills the memory."""


class Distribution(Data):
    """Points without end; a subclass says how to draw them."""

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """(n, dim) fresh samples; ``generator`` (CPU) makes them repeatable."""
        raise NotImplementedError

    def fresh(self, n: int, generator: torch.Generator | None = None) -> Batch:
        """A batch of ``n`` fresh samples, with what is known of them."""
        return Batch(self.sample(n, generator))

    def follow(self, order: Order) -> Iterator[Batch]:
        for step in count(order.start):
            batch = self.fresh(order.batch_size, step_generator(order.seed, step))
            yield batch.at(slice(order.rank, None, order.world))


@dataclass(frozen=True)
class Mixture(Distribution):
    """A mixture of Gaussians with one standard deviation per component, the same in all directions.

    Attributes:
        centres: (K, dim) means.
        stds: (K,) standard deviations.
        weights: (K,) probabilities, which sum to 1.
    """

    centres: Tensor
    stds: Tensor
    weights: Tensor

    @property
    def dim(self) -> int:
        """Dimension of a sample."""
        return self.centres.shape[1]

    @property
    def std(self) -> float:
        """The largest standard deviation: the yardstick of ``metrics.mode_coverage``."""
        return float(self.stds.max())

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        return self.labelled(n, generator)[0]

    def labelled(self, n: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """(n, dim) fresh samples, and (n,) the component that each was drawn from."""
        check_whole(1, MOST, n=n)
        which = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.dim, generator=generator)
        return self.centres[which] + self.stds[which, None] * noise, which

    def fresh(self, n: int, generator: torch.Generator | None = None) -> Batch:
        return Batch(*self.labelled(n, generator))

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) of points (N, dim) or, for dim 1, of any shape (...); one value per point."""
        check_tensor("x", x, *(("N", self.dim) if self.dim > 1 else ()), kind="any")
        x = x if x.is_floating_point() else x.float()
        points = x if self.dim > 1 or (x.ndim == 2 and x.shape[1] == 1) else x.reshape(-1, 1)
        centres, stds = self.centres.to(points), self.stds.to(points)
        squared = (points[:, None] - centres).square().sum(-1)
        log_normal = -0.5 * squared / stds**2 - self.dim * (stds.log() + 0.5 * math.log(2 * math.pi))
        log_p = torch.logsumexp(self.weights.to(points).log() + log_normal, dim=1)
        return log_p if points is x else log_p.reshape(x.shape)

    def density(self, x: Tensor) -> Tensor:
        """p(x), shaped as in :meth:`log_density`."""
        return self.log_density(x).exp()


@dataclass(frozen=True)
class Labelled(Distribution):
    """A mixture's points with their component beside them, one-hot: samples of (x, y) for a conditional game."""

    mixture: Mixture

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """(n, dim + K) fresh pairs."""
        points, labels = self.mixture.labelled(n, generator)
        return torch.cat((points, one_hot(labels, len(self.mixture.centres)).to(points)), dim=1)


@dataclass(frozen=True)
class SwissRoll(Distribution):
    """A spiral in the plane with Gaussian noise around it; it has no modes and no density in closed form."""

    radius: float
    noise: float
    turns: float
    dim: int = 2

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        check_whole(1, MOST, n=n)
        # sqrt makes the points about equally dense along the spiral, whose length grows as the angle squared.
        share = (0.05 + 0.95 * torch.rand(n, generator=generator)).sqrt()
        angle = 2 * math.pi * self.turns * share
        spiral = self.radius * share[:, None] * torch.stack((angle.cos(), angle.sin()), dim=1)
        return spiral + self.noise * torch.randn(n, 2, generator=generator)


def ring(modes: int = 8, radius: float = 2.0, std: float = 0.02) -> Mixture:
    """``modes`` equal Gaussians on a circle in the plane (the ring of Metz et al. 2016)."""
    check_whole(1, MOST, modes=modes)
    check_number(radius=radius)
    angles = 2 * math.pi * torch.arange(modes) / modes
    return _equal(radius * torch.stack((angles.cos(), angles.sin()), dim=1), std)


def grid(side: int = 5, spacing: float = 1.0, std: float = 0.025) -> Mixture:
    """``side * side`` equal Gaussians on a square lattice around the origin.

    PacGAN's 25-grid has spacing 2 and standard deviation 0.05: the same picture at twice the scale.
    """
    check_whole(1, 1000, side=side)
    check_number(spacing=spacing)
    ticks = spacing * (torch.arange(side) - (side - 1) / 2)
    return _equal(torch.cartesian_prod(ticks, ticks), std)


@typed
def mixture_1d(
    centres: Sequence[float] = (-1.5, 1.0),
    stds: Sequence[float] | float = (0.35, 0.5),
    weights: Sequence[float] | None = None,
) -> Mixture:
    """A mixture of Gaussians on the line: samples (n, 1).

    Args:
        centres: one mean per component.
        stds: one standard deviation per component, or one for all; above 0.
        weights: relative weights, above 0 (default: equal).
    """
    k = len(centres)
    spread = [float(stds)] * k if isinstance(stds, int | float) else list(stds)
    shares = [1.0] * k if weights is None else list(weights)
    for name, values in (("stds", spread), ("weights", shares)):
        if len(values) != k or k == 0:
            raise ValueError(f"{name} has {len(values)} values: allowed is one for each of the {k} centres")
        for value in values:
            check_number(above=0, **{f"one of {name}": value})
    probabilities = torch.tensor(shares) / sum(shares)
    return Mixture(torch.tensor(centres, dtype=torch.float32)[:, None], torch.tensor(spread), probabilities)


def swiss_roll(radius: float = 2.0, noise: float = 0.05, turns: float = 1.5) -> SwissRoll:
    """A spiral of ``turns`` turns out to ``radius``, blurred by Gaussian ``noise``."""
    check_number(above=0, radius=radius, turns=turns)
    check_number(0, noise=noise)
    return SwissRoll(radius, noise, turns)


def _equal(centres: Tensor, std: float) -> Mixture:
    check_number(above=0, std=std)
    k = len(centres)
    return Mixture(centres.float(), torch.full((k,), std), torch.full((k,), 1 / k))

"""Multi-layer perceptrons, for points on a line or in the plane."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from torch import Tensor, nn

from ganbook.arguments import check_tensor
from ganbook.models.network import Count, network

__all__ = ["MLPDiscriminator", "MLPGenerator"]


def _mlp(sizes: list[int], activation: type[nn.Module]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])  # no activation after the last layer


@network
class MLPGenerator(nn.Module):
    """G: latent z (N, latent_dim) to a point (N, out_dim), unbounded.

    Args:
        latent_dim: size of z.
        out_dim: dimension of the data.
        width: units of a hidden layer.
        depth: number of hidden layers.
    """

    def __init__(self, latent_dim: int = 2, out_dim: int = 2, width: int = 128, depth: Count = 3) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.layers = _mlp([latent_dim, *[width] * depth, out_dim], nn.ReLU)

    def forward(self, z: Tensor) -> Tensor:
        check_tensor("z", z, "N", self.latent_dim)
        return cast(Tensor, self.layers(z))


@network
class MLPDiscriminator(nn.Module):
    """D: a point (N, in_dim) to a logit (N,).

    Args:
        in_dim: dimension of the data.
        width, depth: as for :class:`MLPGenerator`.
    """

    def __init__(self, in_dim: int = 2, width: int = 128, depth: Count = 3) -> None:
        super().__init__()
        self.in_dim = in_dim
        self.layers = _mlp([in_dim, *[width] * depth, 1], nn.ReLU)

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x, "N", self.in_dim)
        return cast(Tensor, self.layers(x)).squeeze(1)

"""Layers that make a discriminator harder to cheat: views of the whole batch, bounded slopes, blurred inputs.

>>> same = torch.ones(4, 3)
>>> MinibatchStdDev()(same)[:, 3].max().item() < 1e-3  # no variety in this batch
True
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrize import register_parametrization

from ganbook.arguments import check_number, check_tensor
from ganbook.models.network import network

__all__ = ["InstanceNoise", "MinibatchDiscrimination", "MinibatchStdDev", "SpectralNorm", "spectral_norm"]


@network
class MinibatchDiscrimination(nn.Module):
    """Append to each sample's features how close it lies to the others of its batch (Salimans et al. 2016, 3.2).

    Features f_i (N, features) become matrices M_i = f_i T of ``kernels`` rows with ``dim`` numbers each. Row b of two
    samples is compared by ``exp(-||M_ib - M_jb||_1)``, and summed over all *other* samples j of the batch: the paper
    sums over all, which adds the constant 1.

    A forward pass must see real or fake samples only: mixed, the layer would compare one kind with the other.

    Args:
        features: size of a sample's feature vector.
        kernels: numbers appended to it.
        dim: size of the space in which each kernel compares.
    """

    def __init__(self, features: int, kernels: int = 16, dim: int = 8) -> None:
        super().__init__()
        self.features, self.kernels = features, kernels
        # Differences of two rows are of order one for features of order one.
        self.tensor = nn.Parameter(torch.randn(features, kernels, dim) / (features**0.5 * dim))

    def forward(self, x: Tensor) -> Tensor:
        """(N, features) to (N, features + kernels)."""
        check_tensor("x", x, "N", self.features)
        rows = torch.einsum("nf,fbc->nbc", x, self.tensor)
        closeness = (-(rows[:, None] - rows[None]).abs().sum(3)).exp()  # (N, N, kernels)
        others = closeness.sum(1) - 1  # each sample is at distance 0 from itself
        return torch.cat((x, others), dim=1)


@network
class MinibatchStdDev(nn.Module):
    """Append one number that says how varied the batch is (Karras et al. 2018, section 3).

    The standard deviation of every feature at every place over the batch, averaged over features and places. It is
    appended as one constant feature, (N, features) to (N, features + 1), or as one constant map,
    (N, C, H, W) to (N, C + 1, H, W).

    Args:
        group: samples that are compared with each other, at most; the batch is cut into groups of neighbours, each
            with a number of its own. None: the whole batch.
        eps: added to the variance, which keeps the gradient finite where a batch has no variety.
    """

    def __init__(self, group: int | None = None, eps: float = 1e-8) -> None:
        super().__init__()
        check_number(0, eps=eps)
        self.group, self.eps = group, eps

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x)
        n, *shape = x.shape or (0,)
        size = n if self.group is None else min(self.group, n)
        if x.ndim < 2 or not n or n % size:
            more = f" and a multiple of {size}" if n and n % size else ""
            raise ValueError(f"x has shape {tuple(x.shape)}: allowed is (N, features, ...) with N of 1 or more{more}")
        groups = x.reshape(n // size, size, *shape)
        # Not Tensor.var, which is ten times slower on a CPU along an axis of a few numbers.
        variance = (groups - groups.mean(1, keepdim=True)).square().mean(1)
        std = (variance + self.eps).sqrt().flatten(1).mean(1)  # one number per group
        places = [1] * (len(shape) - 1)
        constant = std.repeat_interleave(size).reshape(n, 1, *places).expand(n, 1, *shape[1:])
        return torch.cat((x, constant), dim=1)


@network
class SpectralNorm(nn.Module):
    """A weight divided by an estimate of its largest singular value (Miyato et al. 2018, algorithm 1).

    A parametrisation: :func:`spectral_norm` puts it in front of a layer's weight. Every pass in training mode makes
    one step of power iteration, which costs two products of a matrix with a vector. The weight is read as the
    matrix (outputs, everything else), as the paper and PyTorch do for a convolution too.

    Args:
        weight: the weight to begin with, (outputs, ...).
        start: steps of power iteration before the first pass.
    """

    def __init__(self, weight: Tensor, start: int = 15, eps: float = 1e-12) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        self.eps = eps
        self.register_buffer("u", normalize(torch.randn(matrix.shape[0]), dim=0, eps=eps))
        self.register_buffer("v", normalize(torch.randn(matrix.shape[1]), dim=0, eps=eps))
        for _ in range(start):
            self._iterate(matrix)

    def forward(self, weight: Tensor) -> Tensor:
        matrix = weight.flatten(1)
        if self.training:
            self._iterate(matrix.detach())
        # u and v are held fixed: the gradient passes through sigma = u'Wv as if they did
        # not depend on W. Clones, because a later pass overwrites them before backward.
        u, v = self.get_buffer("u").clone(), self.get_buffer("v").clone()
        sigma = u @ (matrix @ v)
        return weight / sigma

    @torch.no_grad()
    def _iterate(self, matrix: Tensor) -> None:
        u, v = self.get_buffer("u"), self.get_buffer("v")
        u.copy_(normalize(matrix @ v, dim=0, eps=self.eps))
        v.copy_(normalize(matrix.T @ u, dim=0, eps=self.eps))


def spectral_norm(layer: nn.Module) -> nn.Module:
    """Give a linear or convolutional layer spectral norm 1, in place; returns the layer.

    Written out once to be read; ``torch.nn.utils.parametrizations.spectral_norm`` computes the same.

    Raises:
        ValueError: if the layer has no weight of two or more dimensions.
    """
    weight = getattr(layer, "weight", None)
    if not isinstance(weight, Tensor) or weight.ndim < 2 or isinstance(layer, nn.modules.conv._ConvTransposeNd):
        allowed = "a linear or convolutional (not transposed) layer"
        raise ValueError(f"layer is {type(layer).__name__}: allowed is {allowed}")
    return register_parametrization(layer, "weight", SpectralNorm(weight))


@network
class InstanceNoise(nn.Module):
    """Add Gaussian noise to a discriminator's input in training mode (Sønderby et al. 2017; Arjovsky and Bottou 2017).

    Two distributions that do not overlap do so once both are blurred, so the discriminator cannot become certain.

    Args:
        std: standard deviation of the noise at the start, 0 or more.
        passes: passes in training mode over which it falls linearly to zero; 0 keeps it constant. A round has three
            (real, fake, and fake once more for G), and one more for each penalty and paired loss.
    """

    def __init__(self, std: float, passes: int = 0) -> None:
        super().__init__()
        check_number(0, std=std)
        self.std, self.passes = std, passes
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        check_tensor("x", x)
        if not self.training or not self.std:
            return x
        seen = self.get_buffer("seen")
        left = (1 - seen / self.passes).clamp_min(0) if self.passes else torch.ones_like(seen)
        with torch.no_grad():
            seen.add_(1)
        return x + self.std * left * torch.randn_like(x)

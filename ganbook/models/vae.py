"""The variational auto-encoder (Kingma and Welling 2014): its encoder and its two formulas.

The decoder is any generator: what maps a latent to an image here is what the two-player game calls G.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from ganbook.arguments import check_number, check_place, check_tensor, shown, typed
from ganbook.models.dcgan import stages
from ganbook.models.network import network

__all__ = ["VAE", "Encoder", "gaussian_log_likelihood", "kl_to_standard_normal", "reparameterise"]


@network
class Encoder(nn.Module):
    """q(z | x): images (N, channels, size, size) to the mean and the log-variance of a diagonal Gaussian.

    DCGAN's discriminator up to its last layer, which gives 2 * latent_dim numbers instead of one logit.

    Args:
        latent_dim: size of z.
        channels, size, width: as for :class:`ganbook.models.DCGANDiscriminator`.
    """

    def __init__(self, latent_dim: int = 64, channels: int = 1, size: int = 28, width: int = 32) -> None:
        super().__init__()
        self.shape = (channels, size, size)
        start, halvings = stages(size)
        maps = [channels, *(width * 2**i for i in range(halvings))]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(maps):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(maps[-1] * start**2, 2 * latent_dim))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(mean, log_variance), each (N, latent_dim)."""
        check_tensor("x", x, "N", *self.shape)
        mean, log_variance = cast(Tensor, self.layers(x)).chunk(2, dim=1)
        return mean, log_variance


@network
class VAE(nn.Module):
    """Encoder and decoder as one player, whose ``forward(z)`` is the decoder: G of a game without an opponent.

    Args:
        latent_dim: size of z.
        encoder, decoder: build the two networks from the latent's size.
    """

    def __init__(
        self, latent_dim: int, encoder: Callable[[int], nn.Module], decoder: Callable[[int], nn.Module]
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder(latent_dim), decoder(latent_dim)
        for name, made in (("encoder", self.encoder), ("decoder", self.decoder)):
            if not isinstance(made, nn.Module):
                raise TypeError(f"{name} made {shown(made)}: allowed is a network")

    def forward(self, z: Tensor, images: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """Mean images of p(x | z) for latents z (N, latent_dim); or, given images, what the bound is made of.

        Returns:
            The mean images. Given images: (decoded, mean, log_variance), where the noise z was turned into a sample of
            q(z | images) and decoded.
        """
        if images is None:
            return cast(Tensor, self.decoder(z))
        mean, log_variance = self.encoder(images)
        return self.decoder(reparameterise(mean, log_variance, z)), mean, log_variance


def _check_alike(first: Tensor, **others: Tensor) -> None:
    for name, value in others.items():
        check_tensor(name, value, *first.shape)
        check_place(name, value, first, "the others")


@typed
def reparameterise(mean: Tensor, log_variance: Tensor, noise: Tensor | None = None) -> Tensor:
    """A sample of N(mean, exp(log_variance)) through which gradients reach both (Kingma and Welling, section 2.4).

    Args:
        mean, log_variance: (N, dim).
        noise: (N, dim) standard normal numbers; None for fresh ones from torch's global random numbers.
    """
    _check_alike(mean, log_variance=log_variance, noise=mean if noise is None else noise)
    return mean + (0.5 * log_variance).exp() * (torch.randn_like(mean) if noise is None else noise)


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, I)) in nats, one number per sample, (N,) (the same, appendix B)."""
    check_tensor("mean", mean, "N", "dim")
    _check_alike(mean, log_variance=log_variance)
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)


def gaussian_log_likelihood(x: Tensor, mean: Tensor, std: float) -> Tensor:
    """log N(x; mean, std^2) in nats, one number per sample, (N,), summed over all of a sample's numbers."""
    check_number(above=0, std=std)
    check_tensor("x", x)
    _check_alike(x, mean=mean)
    off = ((x - mean) / std).flatten(1)
    return -0.5 * off.square().sum(1) - off.shape[1] * math.log(std * math.sqrt(2 * math.pi))

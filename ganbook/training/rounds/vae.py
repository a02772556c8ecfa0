"""The variational auto-encoder of Kingma and Welling 2014, and a generator that starts as its decoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ganbook.data.batch import Batch
from ganbook.models.vae import gaussian_log_likelihood, kl_to_standard_normal, reparameterise
from ganbook.training.fit import Data, History
from ganbook.training.game import Game, adam

__all__ = ["DecoderStart", "vae_round", "vae_step"]


def vae_step(
    encoder: nn.Module, decoder: nn.Module, optimizer: Optimizer, batch: Batch, std: float
) -> dict[str, Tensor]:
    """One step of Algorithm 1 (AEVB, one latent a sample): up the evidence lower bound, for both networks at once.

    Args:
        encoder: maps real samples to the mean and the log-variance of q(z | x).
        decoder: maps latents to the mean of p(x | z), a Gaussian with standard deviation ``std`` in every pixel.
        optimizer: of both networks' parameters.
        batch: real samples.
        std: in the units of the samples; what the model calls noise.

    Returns:
        Scalars, in nats a sample: "elbo", and its two parts "log_likelihood" and "kl".
    """
    real = batch.real

    mean, log_variance = encoder(real)
    z = reparameterise(mean, log_variance)
    log_likelihood = gaussian_log_likelihood(real, decoder(z), std)
    kl = kl_to_standard_normal(mean, log_variance)
    elbo = (log_likelihood - kl).mean()

    optimizer.zero_grad()
    (-elbo).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return {"elbo": elbo.detach(), "log_likelihood": log_likelihood.detach().mean(), "kl": kl.detach().mean()}


def vae_round(game: Game, batch: Batch, std: float = 0.3) -> dict[str, Tensor]:
    """The same step as a round of a game of one player.

    Args:
        game: its generator is a :class:`ganbook.models.VAE`; its prior is Gaussian, as the bound's.
        batch: real samples.
        std: as for :func:`vae_step`.

    Returns:
        Scalars, as :func:`vae_step` does.
    """
    real = batch.real

    decoded, mean, log_variance = game.generator(game.sample_prior(len(real)), real)
    log_likelihood = gaussian_log_likelihood(real, decoded, std).mean()
    kl = kl_to_standard_normal(mean, log_variance).mean()
    elbo = log_likelihood - kl
    game.update_generator(-elbo)

    return {"elbo": elbo.detach(), "log_likelihood": log_likelihood.detach(), "kl": kl.detach()}


@dataclass(frozen=True)
class DecoderStart:
    """Unbalanced GAN (Ham et al. 2020): before the first round, the generator learns as a VAE's decoder.

    The game then begins with a generator that draws blurred samples of the data, and a discriminator that has seen
    nothing. The encoder is thrown away.

    Attributes:
        encoder: builds the encoder from the latent's size.
        steps: of :func:`vae_step`.
        std: of p(x | z), in the units of the samples.
        lr: of Adam, for both networks.
    """

    encoder: Callable[[int], nn.Module]
    steps: int = 1000
    std: float = 0.3
    lr: float = 1e-3

    def __call__(self, game: Game, data: Data, batch_size: int, seed: int) -> History:
        """Train ``game.generator`` in place; returns "step" and the scalars of every step.

        Every process of a distributed run makes the same steps on the same whole batches.

        Raises:
            ValueError: if the game's prior is not the Gaussian of the bound.
        """
        if game.prior is None or game.prior.kind != "gaussian":
            raise ValueError(
                f"the prior is {game.prior and game.prior.kind}: allowed is gaussian, the prior of the bound's KL term"
            )
        device = next(game.generator.parameters()).device
        encoder = self.encoder(game.prior.dim).to(device)
        optimizer = adam(nn.ModuleList([encoder, game.generator]), self.lr, (0.9, 0.999))
        curves: list[dict[str, Tensor]] = []
        for batch in islice(data.batches(batch_size, seed=seed), self.steps):
            curves.append(vae_step(encoder, game.generator, optimizer, batch, self.std))
        history: History = {"step": [float(step) for step in range(1, self.steps + 1)]}
        for name in curves[0]:
            history[name] = torch.stack([scores[name] for scores in curves]).tolist()
        return history

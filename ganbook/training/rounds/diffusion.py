"""The round of denoising diffusion (Ho et al. 2020): one player, who finds noise."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbook.data.batch import Batch
from ganbook.models.diffusion import cosine_schedule
from ganbook.training.game import Game

__all__ = ["diffusion_round"]


def diffusion_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One round of Algorithm 1, with times in [0, 1] and an error weighted by time.

    Args:
        game: one player, a :class:`ganbook.models.DiffusionModel`; its prior is
            Gaussian, one number per pixel.
        batch: real samples.

    Returns:
        The loss, a scalar: mean squared error of the predicted noise, in units of the
        signal that is left.
    """
    real = batch.real

    # Times spread evenly over the batch from a random start: each is uniform, the loss
    # varies less (Kingma et al. 2021, appendix I.1).
    spread = torch.arange(len(real), device=real.device) / len(real)
    t = (torch.rand((), device=real.device) + spread) % 1
    noise = game.sample_prior(len(real)).view_as(real)

    signal, scale = (part[:, None, None, None] for part in cosine_schedule(t))
    predicted = game.generator(signal * real + scale * noise, t)
    # Over the signal: where hardly any is left, an error of the noise is a large error
    # of the image (Salimans and Ho 2022, "SNR + 1").
    loss = ((noise - predicted) / signal).square().mean()
    game.update_generator(loss)

    return {"loss": loss.detach()}

"""The round of Wasserstein GAN (Arjovsky et al. 2017): a well-trained critic."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbook.data.batch import Batch
from ganbook.training.game import Game, frozen

__all__ = ["wgan_round"]


def wgan_round(
    game: Game, batch: Batch, n_critic: int = 5, clip: float | None = 0.01
) -> dict[str, Tensor]:
    """One round of Algorithm 1: ``n_critic`` steps of the critic, one of G.

    Args:
        game: the two players; its loss is "wasserstein".
        batch: real samples, ``n_critic`` times the paper's m.
        n_critic: steps of the critic.
        clip: the paper's c: after each of its steps the critic's weights are clipped to
            [-c, c]. None: they are not, and the game's penalty holds its slope
            (Gulrajani et al. 2017).

    Returns:
        Scalars: both losses, the critic's averaged over its steps; without a penalty
        its negative estimates the Wasserstein distance, times the critic's slope.
    """
    d_losses = []
    for real in (part.real for part in batch.split(n_critic)):
        with torch.no_grad():
            fake = game.generator(game.sample_prior(len(real)))
        d_loss = game.loss.discriminator(
            game.discriminator(real), game.discriminator(fake)
        ) + game.penalty(real, fake)
        game.update_discriminator(d_loss)
        if clip is not None:
            with torch.no_grad():
                for weight in game.discriminator.parameters():
                    weight.clamp_(-clip, clip)
        d_losses.append(d_loss.detach())

    with frozen(game.discriminator):
        fake = game.generator(game.sample_prior(len(real)))
        g_loss = game.loss.generator(game.discriminator(fake), None)
    game.update_generator(g_loss)

    return {"d_loss": torch.stack(d_losses).mean(), "g_loss": g_loss.detach()}

"""The two-player round of Goodfellow et al. 2014."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbook.data.batch import Batch
from ganbook.training.game import Game, detached, frozen, mean_outputs

__all__ = ["gan_round"]


def gan_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One round of Algorithm 1 (k = 1), for any pair of losses and any penalty.

    Args:
        game: the two players; both are updated once.
        batch: real samples.

    Returns:
        Scalars: both losses, and the mean of D(x) over the real and over the fake
        samples.
    """
    real = batch.real

    # The discriminator's turn, on m real and m fake samples; the generator is fixed.
    with torch.no_grad():
        fake = game.generator(game.sample_prior(len(real)))
    real_logits = game.discriminator(real)
    fake_logits = game.discriminator(fake)
    d_loss = game.loss.discriminator(real_logits, fake_logits) + game.penalty(
        real, fake
    )
    game.update_discriminator(d_loss)

    # The generator's turn, on fresh noise; the discriminator is fixed.
    with frozen(game.discriminator):
        fake = game.generator(game.sample_prior(len(real)))
        judged_real = game.discriminator(real) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(fake), judged_real)
    game.update_generator(g_loss)

    losses = detached(d_loss=d_loss, g_loss=g_loss)
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)

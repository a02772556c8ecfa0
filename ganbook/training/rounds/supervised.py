"""The game with class labels on the real data (Salimans et al. 2016, section 5)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ganbook.data.batch import Batch
from ganbook.training.game import Game, detached, frozen, mean_outputs

__all__ = ["supervised_round"]


def supervised_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One round in which D also learns to name real samples' classes; G sees no label.

    D returns a score per class, (N, K); with a fake class whose score is fixed at 0 the
    logit of *real* is their logsumexp (the paper's section 5).

    Args:
        game: the two players; both are updated once.
        batch: real samples with labels.

    Returns:
        Scalars: both losses, the classification loss, mean D(x) of real and of fake.
    """
    real, labels = batch.real, batch.labelled()

    # The discriminator's turn: real or fake, and for real samples the class.
    with torch.no_grad():
        fake = game.generator(game.sample_prior(len(real)))
    scores = game.discriminator(real)
    real_logits = scores.logsumexp(1)
    fake_logits = game.discriminator(fake).logsumexp(1)
    class_loss = cross_entropy(scores, labels)
    d_loss = game.loss.discriminator(real_logits, fake_logits) + class_loss
    d_loss = d_loss + game.penalty(real, fake)
    game.update_discriminator(d_loss)

    # The generator's turn: to look real, of whatever class.
    with frozen(game.discriminator):
        fake = game.generator(game.sample_prior(len(real)))
        paired = game.loss.paired
        judged_real = game.discriminator(real).logsumexp(1) if paired else None
        g_loss = game.loss.generator(game.discriminator(fake).logsumexp(1), judged_real)
    game.update_generator(g_loss)

    losses = detached(d_loss=d_loss, g_loss=g_loss, class_loss=class_loss)
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)

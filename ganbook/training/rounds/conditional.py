"""Rounds with a class: the conditional game (Mirza and Osindero 2014), the auxiliary classifier (Odena et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ganbook.data.batch import Batch
from ganbook.training.game import Game, frozen, mean_outputs

__all__ = ["auxiliary_round", "conditional_round"]


def conditional_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One round of equation 2: Algorithm 1 with both players conditioned on the class y.

    Args:
        game: G takes (z, labels), D takes (images, labels); both are updated once.
        batch: real samples with labels.

    Returns:
        Scalars: both losses, and the mean of D(x, y) over the real and over the fake samples.
    """
    real, labels = batch.real, batch.labelled()

    # The discriminator's turn: is this a real image of this class?
    with torch.no_grad():
        fake = game.generator(game.sample_prior(len(real)), labels)
    real_logits = game.discriminator(real, labels)
    fake_logits = game.discriminator(fake, labels)
    penalty = game.penalty(real, fake, lambda critic, images: critic(images, labels))
    d_loss = game.loss.discriminator(real_logits, fake_logits) + penalty
    game.update_discriminator(d_loss)

    # The generator's turn, on fresh noise and the same classes.
    with frozen(game.discriminator):
        fake = game.generator(game.sample_prior(len(real)), labels)
        judged_real = game.discriminator(real, labels) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(fake, labels), judged_real)
    game.update_generator(g_loss)

    losses = {"d_loss": d_loss.detach(), "g_loss": g_loss.detach()}
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)


def auxiliary_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One round of AC-GAN: D is not given the class but names it, and both players want it named rightly.

    Args:
        game: G takes (z, labels), D takes images and returns (logits, class scores); both are updated once.
        batch: real samples with labels.

    Returns:
        Scalars: both losses, the classification loss on real samples, and D's means as in :func:`conditional_round`.
    """
    real, labels = batch.real, batch.labelled()

    # The discriminator's turn: real or fake, and which class (L_S and L_C of the paper's equations 2 and 3).
    with torch.no_grad():
        fake = game.generator(game.sample_prior(len(real)), labels)
    (real_logits, real_classes), (fake_logits, fake_classes) = game.discriminator(real), game.discriminator(fake)
    class_loss = cross_entropy(real_classes, labels)
    d_loss = game.loss.discriminator(real_logits, fake_logits) + class_loss + cross_entropy(fake_classes, labels)
    d_loss = d_loss + game.penalty(real, fake, lambda critic, images: critic(images)[0])
    game.update_discriminator(d_loss)

    # The generator's turn: look real, and be recognised.
    with frozen(game.discriminator):
        fake = game.generator(game.sample_prior(len(real)), labels)
        judged_real = game.discriminator(real)[0] if game.loss.paired else None
        logits, classes = game.discriminator(fake)
        g_loss = game.loss.generator(logits, judged_real) + cross_entropy(classes, labels)
    game.update_generator(g_loss)

    losses = {"d_loss": d_loss.detach(), "g_loss": g_loss.detach(), "class_loss": class_loss.detach()}
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)

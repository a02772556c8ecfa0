"""Rounds with a class (Mirza and Osindero 2014; AC-GAN, Odena et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ganbook.data.batch import Batch
from ganbook.training.game import Game, detached, frozen, mean_outputs

__all__ = ["auxiliary_round", "conditional_round"]


def conditional_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One round of equation 2: Algorithm 1, both players conditioned on the class y.

    Args:
        game: G takes (z, labels), D takes (images, labels); both are updated once.
        batch: real samples with labels.

    Returns:
        Scalars: both losses, and the mean of D(x, y) over the real and over the fake
        samples.
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

    losses = detached(d_loss=d_loss, g_loss=g_loss)
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)


def auxiliary_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One round of AC-GAN: D names the class, and both players want it named rightly.

    Args:
        game: G takes (z, labels), D maps images to (logits, class scores).
        batch: real samples with labels.

    Returns:
        Scalars of :func:`conditional_round`, and the real samples' classification loss.
    """
    real, labels = batch.real, batch.labelled()

    # The discriminator's turn: real or fake, and which class (equations 2 and 3).
    with torch.no_grad():
        fake = game.generator(game.sample_prior(len(real)), labels)
    real_logits, real_classes = game.discriminator(real)
    fake_logits, fake_classes = game.discriminator(fake)
    class_loss = cross_entropy(real_classes, labels)
    d_loss = class_loss + cross_entropy(fake_classes, labels)
    d_loss = d_loss + game.loss.discriminator(real_logits, fake_logits)
    d_loss = d_loss + game.penalty(real, fake, lambda critic, images: critic(images)[0])
    game.update_discriminator(d_loss)

    # The generator's turn: look real, and be recognised.
    with frozen(game.discriminator):
        fake = game.generator(game.sample_prior(len(real)), labels)
        judged_real = game.discriminator(real)[0] if game.loss.paired else None
        logits, classes = game.discriminator(fake)
        g_loss = game.loss.generator(logits, judged_real)
        g_loss = g_loss + cross_entropy(classes, labels)
    game.update_generator(g_loss)

    losses = detached(d_loss=d_loss, g_loss=g_loss, class_loss=class_loss)
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)

"""The round with captions: a matching-aware discriminator (Reed et al. 2016, GAN-CLS)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from ganbook.data.batch import Batch
from ganbook.penalties import matching_aware
from ganbook.training.game import Game, frozen, mean_outputs

__all__ = ["text_round"]


def text_round(
    game: Game, batch: Batch, *, wrong: int = 1, kl_weight: float = 0, l1_weight: float = 0, matching_weight: float = 0
) -> dict[str, Tensor]:
    """One round of Algorithm 1 of the paper: what is fake, and what is real but described wrongly, are both rejected.

    Args:
        game: G takes (z, captions), D takes (images, captions); both are updated once.
        batch: real samples with captions.
        wrong: wrong captions for each real image, those of the next images of the batch; 1 in the paper, 0: none.
        kl_weight: of the conditioning augmentation's KL, in G's loss.
        l1_weight: of the distance to the caption's picture, in G's loss; for data where a caption means one picture.
        matching_weight: of :func:`ganbook.penalties.matching_aware`, in D's loss.

    Returns:
        Scalars: both losses, the mean of D over real, fake and wrongly described samples.
    """
    real, right = batch.real, batch.described()
    others = _others(right, wrong)

    # The discriminator's turn: is this a real image, and the one that the caption describes?
    with torch.no_grad():
        fake = game.generator(game.sample_prior(len(real)), right)
    real_logits, wrong_logits = game.discriminator(real, right + others).split([len(real), len(others)])
    fake_logits = game.discriminator(fake, right)
    d_loss = game.loss.discriminator(real_logits, fake_logits)
    if wrong:
        d_loss = 0.5 * d_loss + 0.5 * game.loss.discriminator(real_logits.repeat(wrong), wrong_logits)
    penalty = game.penalty(real, fake, lambda critic, images: critic(images, right))
    if matching_weight:
        penalty = penalty + matching_aware(game.critic, real, _read(game.critic, right), matching_weight)
    game.update_discriminator(d_loss + penalty)

    # The generator's turn, on fresh noise and the same captions.
    with frozen(game.discriminator):
        fake, kl = game.generator(game.sample_prior(len(real)), right, with_kl=True)
        judged_real = game.discriminator(real, right) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(fake, right), judged_real)
    game.update_generator(g_loss + kl_weight * kl.mean() + l1_weight * l1_loss(fake, real))
    losses = {"d_loss": d_loss.detach(), "g_loss": g_loss.detach()}
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits, d_wrong=wrong_logits)


def _others(captions: tuple[str, ...], wrong: int) -> tuple[str, ...]:
    """``wrong`` times as many captions: those of the next image, of the one after it, ..."""
    if not 0 <= wrong < len(captions):
        # Once around, an image would be called wrongly described by its own caption.
        raise ValueError(f"wrong is {wrong}: allowed is 0 to {len(captions) - 1}, fewer than the images of a batch")
    return sum((captions[k:] + captions[:k] for k in range(1, wrong + 1)), ())


def _read(critic: nn.Module, captions: tuple[str, ...]) -> Tensor:
    """The captions as the critic sees them beside an image."""
    embed: Any = getattr(critic, "embed", None)
    if embed is None:
        raise TypeError(f"discriminator is a {type(critic).__name__}: matching_weight needs one with embed(captions)")
    return embed(captions)  # type: ignore[no-any-return]

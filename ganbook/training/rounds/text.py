"""The round with captions: a matching-aware D (Reed et al. 2016, GAN-CLS)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from ganbook.data.batch import Batch
from ganbook.penalties import matching_aware
from ganbook.training.game import Game, detached, frozen, mean_outputs

__all__ = ["text_round"]


def text_round(
    game: Game, batch: Batch, *, wrong: int = 1, kl_weight: float = 0,
    l1_weight: float = 0, matching_weight: float = 0,
) -> dict[str, Tensor]:  # fmt: skip
    """One round of Algorithm 1: fakes and wrongly described real images are rejected.

    Args:
        game: G takes (z, captions), D takes (images, captions).
        batch: real samples with captions.
        wrong: captions of other images for each real one; 1 in the paper, 0: none.
        kl_weight: of the conditioning augmentation's KL, in G's loss.
        l1_weight: of the distance to a caption's only picture, in G's loss.
        matching_weight: of :func:`ganbook.penalties.matching_aware`, in D's loss.

    Returns:
        Scalars: both losses, mean D of real, fake and wrongly described samples.
    """
    real, right = batch.real, batch.described()

    # The discriminator's turn: is this a real image, and the one that is described?
    with torch.no_grad():
        fake = game.generator(game.sample_prior(len(real)), right)
    judged = game.discriminator(real, right + _others(right, wrong))
    on_real, on_wrong = judged.split([len(real), wrong * len(real)])
    on_fake = game.discriminator(fake, right)
    d_loss = game.loss.discriminator(on_real, on_fake)
    if wrong:
        d_loss = (d_loss + game.loss.discriminator(on_real.repeat(wrong), on_wrong)) / 2
    penalty = _penalty(game, real, fake, right, matching_weight)
    game.update_discriminator(d_loss + penalty)

    # The generator's turn, on fresh noise and the same captions.
    with frozen(game.discriminator):
        fake, kl = game.generator(game.sample_prior(len(real)), right, with_kl=True)
        judged_real = game.discriminator(real, right) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(fake, right), judged_real)
    extras = kl_weight * kl.mean() + l1_weight * l1_loss(fake, real)
    game.update_generator(g_loss + extras)
    losses = detached(d_loss=d_loss, g_loss=g_loss)
    return losses | mean_outputs(d_real=on_real, d_fake=on_fake, d_wrong=on_wrong)


def _penalty(
    game: Game, real: Tensor, fake: Tensor, right: tuple[str, ...], weight: float
) -> Tensor:
    """The game's own penalty, and the matching-aware one of this weight."""
    own = game.penalty(real, fake, lambda critic, images: critic(images, right))
    if not weight:
        return own
    return own + matching_aware(game.critic, real, _read(game.critic, right), weight)


def _others(captions: tuple[str, ...], wrong: int) -> tuple[str, ...]:
    """``wrong`` times as many captions: those of the next image, the one after, ..."""
    if not 0 <= wrong < len(captions):
        # Once around, an image would be called wrongly described by its own caption.
        raise ValueError(
            f"wrong is {wrong}: allowed is 0 to {len(captions) - 1}, "
            "fewer than the images of a batch"
        )
    return sum((captions[k:] + captions[:k] for k in range(1, wrong + 1)), ())


def _read(critic: nn.Module, captions: tuple[str, ...]) -> Tensor:
    """The captions as the critic sees them beside an image."""
    embed: Any = getattr(critic, "embed", None)
    if embed is None:
        raise TypeError(
            f"discriminator is a {type(critic).__name__}: "
            "matching_weight needs one with embed(captions)"
        )
    return embed(captions)  # type: ignore[no-any-return]

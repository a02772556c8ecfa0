"""Rounds on pairs: pix2pix (Isola et al. 2017), mode seeking, and plain regression."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import l1_loss

from ganbook.data.batch import Batch
from ganbook.training.game import Game, detached, frozen, mean_outputs

__all__ = ["mode_seeking_round", "pix2pix_round", "regression_round"]

EPS = 1e-5
"""Keeps the mode-seeking term finite where both pictures are the same."""


def pix2pix_round(
    game: Game, batch: Batch, l1_weight: float = 100.0
) -> dict[str, Tensor]:
    """One round of equation 4: the conditional game, and an L1 distance to the truth.

    Args:
        game: G takes (sources, z), D takes (images, sources) and returns one logit per
            patch; both are updated once.
        batch: pairs of real images and their sources.
        l1_weight: the paper's lambda; 0 leaves the distance out.

    Returns:
        Scalars: both adversarial losses, the L1 distance, and the mean of D over the
        real and over the fake pairs.
    """
    real, sources = batch.real, batch.paired()
    fake = game.generator(sources, game.sample_prior(len(real)))

    # The discriminator's turn; its loss is halved, which slows it down (section 3.3).
    real_logits = game.discriminator(real, sources)
    fake_logits = game.discriminator(fake.detach(), sources)
    penalty = game.penalty(real, fake, lambda critic, images: critic(images, sources))
    d_loss = 0.5 * game.loss.discriminator(real_logits, fake_logits) + penalty
    game.update_discriminator(d_loss)

    # The generator's turn: look real beside this source, and stay near the truth.
    with frozen(game.discriminator):
        judged_real = game.discriminator(real, sources) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(fake, sources), judged_real)
    l1 = l1_loss(fake, real)
    game.update_generator(g_loss + l1_weight * l1)

    losses = detached(d_loss=d_loss, g_loss=g_loss, l1=l1)
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)


def mode_seeking_round(
    game: Game, batch: Batch, l1_weight: float = 100.0, mode_seeking_weight: float = 1.0
) -> dict[str, Tensor]:
    """A round of pix2pix that tells two latents apart (Mao et al. 2019, section 3.2).

    Args:
        game: as in :func:`pix2pix_round`; its G takes noise.
        batch: pairs of real images and their sources.
        l1_weight: of the L1 distance to the truth; 0 leaves it out.
        mode_seeking_weight: of the term that falls as the two come apart.

    Returns:
        Scalars of :func:`pix2pix_round`, and L1 of the pictures over the latents'.
    """
    real, sources = batch.real, batch.paired()
    z, other_z = _latents(game, len(real)), _latents(game, len(real))
    fake, other = game.generator(sources, z), game.generator(sources, other_z)

    # The discriminator's turn.
    real_logits = game.discriminator(real, sources)
    fake_logits = game.discriminator(fake.detach(), sources)
    penalty = game.penalty(real, fake, lambda critic, images: critic(images, sources))
    d_loss = 0.5 * game.loss.discriminator(real_logits, fake_logits) + penalty
    game.update_discriminator(d_loss)

    # The generator's turn: as in pix2pix, and another latent draws another picture.
    with frozen(game.discriminator):
        judged_real = game.discriminator(real, sources) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(fake, sources), judged_real)
    l1, ratio = l1_loss(fake, real), l1_loss(fake, other) / l1_loss(z, other_z)
    game.update_generator(g_loss + l1_weight * l1 + mode_seeking_weight / (ratio + EPS))

    losses = detached(d_loss=d_loss, g_loss=g_loss, l1=l1, ratio=ratio)
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)


def _latents(game: Game, n: int) -> Tensor:
    if game.prior is None:
        said = (
            "game has no prior: two pictures of one source need noise, as of Prior(8)"
        )
        raise ValueError(said)
    return game.sample_prior(n)


def regression_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One step of G alone, down the L1 distance to the truth, without a game.

    Args:
        game: its G takes (sources, z) and is updated once; its D rests.
        batch: pairs of real images and their sources.

    Returns:
        The L1 distance, a scalar.
    """
    real, sources = batch.real, batch.paired()

    fake = game.generator(sources, game.sample_prior(len(real)))
    l1 = l1_loss(fake, real)
    game.update_generator(l1)
    return {"l1": l1.detach()}

"""Rounds on pairs: Isola et al. 2017, with a term that keeps the noise in use, and the regression without a game."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import l1_loss

from ganbook.data.batch import Batch
from ganbook.training.game import Game, frozen, mean_outputs

__all__ = ["mode_seeking_round", "pix2pix_round", "regression_round"]

EPS = 1e-5
"""Keeps the mode-seeking term finite where both pictures are the same."""


def pix2pix_round(game: Game, batch: Batch, l1_weight: float = 100.0) -> dict[str, Tensor]:
    """One round of equation 4: the conditional game, and an L1 distance to the truth.

    Args:
        game: G takes (sources, z), D takes (images, sources) and returns one logit per patch; both are updated once.
        batch: pairs of real images and their sources.
        l1_weight: the paper's lambda; 0 leaves the distance out.

    Returns:
        Scalars: both adversarial losses, the L1 distance, and the mean of D over the real and over the fake pairs.
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

    losses = {"d_loss": d_loss.detach(), "g_loss": g_loss.detach(), "l1": l1.detach()}
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)


def mode_seeking_round(
    game: Game, batch: Batch, l1_weight: float = 100.0, mode_seeking_weight: float = 1.0
) -> dict[str, Tensor]:
    """A round of pix2pix whose G is told to draw two latents differently (Mao et al. 2019, section 3.2).

    Args:
        game: as in :func:`pix2pix_round`; its G takes noise.
        batch: pairs of real images and their sources.
        l1_weight: of the L1 distance to the truth; 0 leaves it out.
        mode_seeking_weight: of the term that falls as the two pictures of a source come apart.

    Returns:
        Scalars, as :func:`pix2pix_round`, and the ratio of the two pictures' L1 distance to the latents'.

    Raises:
        ValueError: if the game has no prior.
    """
    if game.prior is None:
        raise ValueError("game has no prior: two pictures of one source need noise, such as prior=Prior(8)")
    real, sources = batch.real, batch.paired()
    z, other_z = game.sample_prior(len(real)), game.sample_prior(len(real))
    fake, other = game.generator(sources, z), game.generator(sources, other_z)

    # The discriminator's turn.
    real_logits = game.discriminator(real, sources)
    fake_logits = game.discriminator(fake.detach(), sources)
    penalty = game.penalty(real, fake, lambda critic, images: critic(images, sources))
    d_loss = 0.5 * game.loss.discriminator(real_logits, fake_logits) + penalty
    game.update_discriminator(d_loss)

    # The generator's turn: as in pix2pix, but what another latent draws has to look different.
    with frozen(game.discriminator):
        judged_real = game.discriminator(real, sources) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(fake, sources), judged_real)
    l1, ratio = l1_loss(fake, real), l1_loss(fake, other) / l1_loss(z, other_z)
    game.update_generator(g_loss + l1_weight * l1 + mode_seeking_weight / (ratio + EPS))

    losses = {"d_loss": d_loss.detach(), "g_loss": g_loss.detach(), "l1": l1.detach(), "ratio": ratio.detach()}
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)


def regression_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One step of G alone, down the L1 distance to the truth: the ablation without a game.

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

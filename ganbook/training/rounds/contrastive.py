"""The round of CUT (Park et al. 2020): no pairs, and no way back either."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbook.data.batch import Batch
from ganbook.losses import patch_nce
from ganbook.models.contrast import Places
from ganbook.training.game import Game, detached, frozen, mean_outputs

__all__ = ["contrastive_round"]


def contrastive_round(
    game: Game, batch: Batch, nce_weight: float = 1.0, identity_weight: float = 1.0
) -> dict[str, Tensor]:
    """One round of equation 5: look real, and keep at each place what was there.

    Args:
        game: G is a :class:`ganbook.models.contrast.ContrastiveTranslator`; D judges
            targets alone. Both are updated once.
        batch: ``real`` are targets y, ``sources`` are sources x, of no common origin.
        nce_weight: of the contrast between x and G(x), the paper's lambda_X.
        identity_weight: of that between y and G(y), which keeps a target as it is.

    Returns:
        Scalars: both losses, both contrasts, and the mean of D over real and fake.
    """
    x, y = batch.paired(), batch.real
    made = game.generator(x, y)

    # The discriminator's turn, halved as pix2pix's.
    real_logits = game.discriminator(y)
    fake_logits = game.discriminator(made.fake_target.detach())
    d_loss = 0.5 * game.loss.discriminator(real_logits, fake_logits)
    game.update_discriminator(d_loss + game.penalty(y, made.fake_target))

    # The translator's turn.
    with frozen(game.discriminator):
        judged_real = game.discriminator(y) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(made.fake_target), judged_real)
    nce, identity = _contrast(made.of_sources), _contrast(made.of_targets)
    game.update_generator(g_loss + nce_weight * nce + identity_weight * identity)

    losses = detached(d_loss=d_loss, g_loss=g_loss, nce=nce, identity=identity)
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)


def _contrast(places: Places) -> Tensor:
    """The mean over the maps."""
    pairs = zip(places.after, places.before, strict=True)
    return torch.stack([patch_nce(after, before) for after, before in pairs]).mean()

"""The round of CycleGAN (Zhu et al. 2017): translation learned without one pair."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import l1_loss

from ganbook.data.batch import Batch
from ganbook.training.game import Game, detached, frozen

__all__ = ["cyclegan_round"]


def cyclegan_round(
    game: Game, batch: Batch, cycle_weight: float = 10.0, identity_weight: float = 5.0
) -> dict[str, Tensor]:
    """One round of equation 3 and section 5.2's identity loss; each player moves once.

    Args:
        game: of :class:`ganbook.models.TwoTranslators` and
            :class:`ganbook.models.TwoCritics`, with pools of "sources" and "targets".
        batch: ``real`` are targets y, ``sources`` are sources x, of no common origin.
        cycle_weight: the paper's lambda; 0 leaves the cycle out.
        identity_weight: of the identity loss; the paper's, for paintings: lambda / 2.

    Returns:
        Scalars: the adversarial losses, the cycle loss, the identity loss.
    """
    x, y = batch.paired(), batch.real

    # The translators' turn; first, as in the authors' code.
    made = game.generator(x, y)
    with frozen(game.discriminator):
        as_x, as_y = game.discriminator(made.fake_source, made.fake_target)
        real_x, real_y = game.discriminator(x, y) if game.loss.paired else (None, None)
        g_loss = game.loss.generator(as_x, real_x) + game.loss.generator(as_y, real_y)
    cycle = l1_loss(made.source_again, x) + l1_loss(made.target_again, y)
    identity = l1_loss(made.source_kept, x) + l1_loss(made.target_kept, y)
    game.update_generator(g_loss + cycle_weight * cycle + identity_weight * identity)

    # The critics' turn, on a history of fakes.
    fake_x = game.memory["sources"].query(made.fake_source)
    fake_y = game.memory["targets"].query(made.fake_target)
    real_x, real_y = game.discriminator(x, y)
    as_x, as_y = game.discriminator(fake_x, fake_y)
    loss = game.loss.discriminator
    d_loss = 0.5 * (loss(real_x, as_x) + loss(real_y, as_y))
    game.update_discriminator(d_loss)

    return detached(d_loss=d_loss, g_loss=g_loss, cycle=cycle, identity=identity)

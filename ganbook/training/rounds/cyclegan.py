"""The round of CycleGAN (Zhu et al. 2017): translation learned without a single pair."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import l1_loss

from ganbook.data.batch import Batch
from ganbook.training.game import Game, frozen

__all__ = ["cyclegan_round"]


def cyclegan_round(
    game: Game, batch: Batch, cycle_weight: float = 10.0, identity_weight: float = 5.0
) -> dict[str, Tensor]:
    """One round of equation 3, with the identity loss of section 5.2. Both critics and both translators move once.

    Args:
        game: its generator is a :class:`ganbook.models.TwoTranslators`, its discriminator a
            :class:`ganbook.models.TwoCritics`; its memory holds an image pool for "sources" and one for "targets".
        batch: ``real`` are targets y, ``sources`` are sources x, of no common origin.
        cycle_weight: the paper's lambda; 0 leaves the cycle out.
        identity_weight: of the identity loss (the paper, for paintings: half of lambda).

    Returns:
        Scalars: the adversarial losses, the cycle loss, the identity loss.
    """
    x, y = batch.paired(), batch.real

    # The translators' turn (first, as in the authors' code: the critics then judge what was just made).
    made = game.generator(x, y)
    with frozen(game.discriminator):
        fake_x_logits, fake_y_logits = game.discriminator(made.fake_source, made.fake_target)
        judged_x, judged_y = game.discriminator(x, y) if game.loss.paired else (None, None)
        g_loss = game.loss.generator(fake_x_logits, judged_x) + game.loss.generator(fake_y_logits, judged_y)
    cycle = l1_loss(made.source_again, x) + l1_loss(made.target_again, y)
    identity = l1_loss(made.source_kept, x) + l1_loss(made.target_kept, y)
    game.update_generator(g_loss + cycle_weight * cycle + identity_weight * identity)

    # The critics' turn, on a history of fakes.
    fake_x = game.memory["sources"].query(made.fake_source)
    fake_y = game.memory["targets"].query(made.fake_target)
    real_x_logits, real_y_logits = game.discriminator(x, y)
    fake_x_logits, fake_y_logits = game.discriminator(fake_x, fake_y)
    loss = game.loss.discriminator
    d_loss = 0.5 * (loss(real_x_logits, fake_x_logits) + loss(real_y_logits, fake_y_logits))
    game.update_discriminator(d_loss)

    losses = {"d_loss": d_loss.detach(), "g_loss": g_loss.detach()}
    return losses | {"cycle": cycle.detach(), "identity": identity.detach()}

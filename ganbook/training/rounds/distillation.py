"""Rounds of a student that learns a diffusion model's walk in one evaluation."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import mse_loss

from ganbook.data.batch import Batch
from ganbook.training.game import Game, detached, frozen, mean_outputs

__all__ = ["adversarial_distillation_round", "distillation_round"]


def distillation_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """One step of regression on walks (Luhman and Luhman 2021, equation 7).

    Args:
        game: its G is the student, noise (N, dim) to images; "walks" in its memory
            are a :class:`ganbook.models.walks.Walks` of the teacher.
        batch: says how many walks are drawn, and nothing else.

    Returns:
        The mean squared error to the ends of the walks, a scalar.
    """
    noise, end = game.memory["walks"].draw(len(batch))

    error = mse_loss(game.generator(noise), end)
    game.update_generator(error)
    return {"error": error.detach()}


def adversarial_distillation_round(
    game: Game, batch: Batch, regression_weight: float = 1.0
) -> dict[str, Tensor]:
    """The same beside a game: D tells the student's images from real ones.

    As pix2pix has it, with noise for a source; of the methods for large models Yin et
    al. 2024 show D real images, too.

    Args:
        game: as in :func:`distillation_round`, and D; both are updated once.
        batch: real samples, on which the teacher was trained.
        regression_weight: of the error to the walks; 0 leaves the teacher out.

    Returns:
        Scalars: both adversarial losses, the error, the mean of D over real and fake.
    """
    real = batch.real
    noise, end = game.memory["walks"].draw(len(real))
    fake = game.generator(noise)

    # The discriminator's turn.
    real_logits = game.discriminator(real)
    fake_logits = game.discriminator(fake.detach())
    d_loss = game.loss.discriminator(real_logits, fake_logits)
    game.update_discriminator(d_loss + game.penalty(real, fake))

    # The student's turn: look real, and end where this walk ends.
    with frozen(game.discriminator):
        judged_real = game.discriminator(real) if game.loss.paired else None
        g_loss = game.loss.generator(game.discriminator(fake), judged_real)
    error = mse_loss(fake, end)
    game.update_generator(g_loss + regression_weight * error)

    losses = detached(d_loss=d_loss, g_loss=g_loss, error=error)
    return losses | mean_outputs(d_real=real_logits, d_fake=fake_logits)

"""Augmentation by need (Karras et al. 2020, ADA): any round, and how D judges it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.data.batch import Batch
from ganbook.models.augment import AdaptiveAugment
from ganbook.training.game import Game, Round
from ganbook.training.rounds.gan import gan_round

__all__ = ["adaptive_round"]

EVERY = 4
"""Rounds from one change of p to the next (section 3.1)."""


def adaptive_round(
    game: Game,
    batch: Batch,
    of: Round = gan_round,
    target: float = 0.6,
    images: int = 500_000,
) -> dict[str, Tensor]:
    """A round, then section 3.1: augment more while D is too sure of real images.

    Args:
        game: its D holds an :class:`ganbook.models.AdaptiveAugment`.
        batch: as ``of`` takes it.
        of: the round that is played; it shows D the batch's real images as a whole.
        target: of r_t, the mean sign of D on real images: 0 where it is in doubt, 1
            where it knows them all by heart.
        images: seen while p goes from 0 to 1.

    Returns:
        Scalars of ``of``, r_t and the probability p.
    """
    augment = _augmentation(game)
    with _heard(game.discriminator, batch.real) as real_logits:
        scores = of(game, batch)
    if not real_logits:
        raise ValueError("of is a round that never shows D its real images as a whole")
    r_t = game.mean(torch.cat(real_logits).sign().mean())

    augment.signs += r_t
    if (game.step + 1) % EVERY == 0:
        direction = torch.sign(augment.signs / EVERY - target)
        augment.p += direction * EVERY * len(batch) * game.world / images
        augment.p.clamp_(0, 1)
        augment.signs.zero_()
    return scores | {"r_t": r_t, "p": augment.p.clone()}


def _augmentation(game: Game) -> AdaptiveAugment:
    parts = game.discriminator.modules()
    for part in parts:
        if isinstance(part, AdaptiveAugment):
            return part
    raise ValueError("discriminator holds no AdaptiveAugment, whose p is to be moved")


@contextmanager
def _heard(discriminator: nn.Module, real: Tensor) -> Iterator[list[Tensor]]:
    """What D says of ``real`` in the meantime, without gradients. What it says of more
    than ``real`` in the same call, such as of wrong captions, is left out."""
    found: list[Tensor] = []

    def hear(_: nn.Module, given: tuple[Any, ...], said: Any) -> None:
        if given[0] is real:
            logits = said[0] if isinstance(said, tuple) else said
            found.append(logits[: len(real)].detach().float())

    hook = discriminator.register_forward_hook(hear)
    try:
        yield found
    finally:
        hook.remove()

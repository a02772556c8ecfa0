"""A right round of the game, and the bugs that rounds have: what the find-the-bug tasks are made of."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer


def bce(logits: Tensor, label: float, reduction: str = "mean") -> Tensor:
    """Cross-entropy of logits with one label for all."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


def a_round(
    generator: nn.Module,
    discriminator: nn.Module,
    g_optimizer: Optimizer,
    d_optimizer: Optimizer,
    real: Tensor,
    sample_z: Callable[[int], Tensor],
) -> tuple[Tensor, Tensor]:
    """One round: D's turn, then G's on fresh noise, with the non-saturating loss. Returns both losses."""
    fake = generator(sample_z(len(real)))
    d_loss = bce(discriminator(real), 1) + bce(discriminator(fake.detach()), 0)
    d_optimizer.zero_grad()
    d_loss.backward()  # type: ignore[no-untyped-call]
    d_optimizer.step()
    fake = generator(sample_z(len(real)))
    g_loss = bce(discriminator(fake), 1)
    g_optimizer.zero_grad()
    g_loss.backward()  # type: ignore[no-untyped-call]
    g_optimizer.step()
    return d_loss.detach(), g_loss.detach()


#: Bugs, as edits of :func:`a_round`. UNCUT comes before G_CUT_OFF, whose cut it would take out again.
UNCUT = (("(fake.detach())", "(fake)"),)
D_NEVER_CLEARED = (("d_optimizer.zero_grad()", ""),)
D_CLEARED_AFTER = (("d_optimizer.step()", "d_optimizer.step(); d_optimizer.zero_grad()"),)
G_NEVER_CLEARED = (("g_optimizer.zero_grad()", ""),)
G_CLEARED_FIRST = (*G_NEVER_CLEARED, ("d_loss = ", "g_optimizer.zero_grad(); d_loss = "))
G_CUT_OFF = (("(fake), 1", "(fake.detach()), 1"),)
G_CAUGHT = (("(fake), 1", "(fake), 0"),)
G_SATURATING = (("bce(discriminator(fake), 1)", "-bce(discriminator(fake), 0)"),)
G_UPSIDE_DOWN = (("g_loss = ", "g_loss = -"),)
FAKES_REAL = (("(fake.detach()), 0", "(fake.detach()), 1"),)
LABELS_SWAPPED = (*FAKES_REAL, ("(real), 1", "(real), 0"))

"""Explorer of chapter 4: the smallest GAN, step by step, with and without what damps it."""

from __future__ import annotations

from ganbook.arguments import typed
from ganbook.widgets._explorer import Explorer, choice, slider

__all__ = ["dirac"]

LOSSES = ("non_saturating", "saturating", "hinge", "wasserstein")
UPDATES = ("simultaneous", "alternating")


@typed
def dirac(
    loss: str = "non_saturating",
    updates: str = "alternating",
    lr: float = 0.3,
    gamma: float = 0.0,
    momentum: float = 0.0,
) -> Explorer:
    """Explorer: the path of a Dirac-GAN from (1, 0) in the plane of both players, and its distance from equilibrium.

    Args:
        loss: "non_saturating", "saturating", "hinge" or "wasserstein"; where it starts, as all here.
        updates: "simultaneous" or "alternating".
        lr: step size of both players, 0.05 to 1.
        gamma: weight of the R1 penalty, 0 to 2.
        momentum: share of its last step that each player adds to the new one, −0.9 to 0.9 (heavy ball).
    """
    return Explorer(
        "dirac",
        {
            "loss": choice("loss", LOSSES, loss),
            "updates": choice("updates", UPDATES, updates),
            "lr": slider("step size η", lr, 0.05, 1.0, 0.05),
            "gamma": slider("weight γ of R1", gamma, 0.0, 2.0, 0.1),
            "momentum": slider("momentum β", momentum, -0.9, 0.9, 0.1),
            "rounds": slider("rounds", 100, 1, 400, 1),
        },
    )

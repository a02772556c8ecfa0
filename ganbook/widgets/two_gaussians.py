"""Explorer of chapter 2: two Gaussians on the line, the best response to them, and what it is worth."""

from __future__ import annotations

from ganbook.arguments import typed
from ganbook.widgets._explorer import Explorer, slider

__all__ = ["two_gaussians"]


@typed
def two_gaussians(mean: float = 1.5, std: float = 1.0, confidence: float = 1.0) -> Explorer:
    """Explorer: move p_gen away from p_data = N(0, 1) and see D*, V and JS follow.

    Args:
        mean, std: where p_gen = N(mean, std²) starts; mean within −4 to 4, std within 0.3 to 3.
        confidence: D starts with the logit ``confidence`` · a*(x), where a* = log p_data − log p_gen: 1 is D*.
    """
    return Explorer(
        "two_gaussians",
        {
            "mean": slider("mean of p_gen", mean, -4.0, 4.0, 0.1),
            "std": slider("std of p_gen", std, 0.3, 3.0, 0.1),
            "confidence": slider("confidence c of D", confidence, 0.0, 2.5, 0.05),
        },
    )

"""Explorer of chapter 3: how sure D is about the fakes, and how large each generator loss's slope then is."""

from __future__ import annotations

from ganbook.arguments import typed
from ganbook.widgets._explorer import Explorer, slider

__all__ = ["saturation"]


@typed
def saturation(logit: float = -8.0, spread: float = 1.0) -> Explorer:
    """Explorer: how sure D is about the fakes, and how large the slope of each generator loss then is.

    Args:
        logit: where the mean logit of the fakes starts, within -20 to 10.
        spread: where the standard deviation of their logits starts, within 0 to 4.
    """
    return Explorer(
        "saturation",
        {
            "logit": slider("mean logit of the fakes", logit, -20.0, 10.0, 0.5),
            "spread": slider("spread of their logits", spread, 0.0, 4.0, 0.25),
        },
    )

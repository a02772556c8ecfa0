"""Explorer of chapter 3: how sure D is about the fakes, and how large each generator loss's slope then is."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from ipywidgets import VBox
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import softplus

from ganbook import plots
from ganbook.arguments import check_number, typed
from ganbook.widgets._base import explorer, slider

__all__ = ["draw_saturation", "saturation"]

SATURATING, NON_SATURATING = plots.COLOURS[2], plots.COLOURS[3]
_LOGITS = torch.linspace(-20, 10, 601, dtype=torch.float64)


@typed
def saturation(logit: float = -8.0, spread: float = 1.0) -> VBox:
    """Explorer: how sure D is about the fakes, and how large the slope of each generator loss then is.

    Args:
        logit: where the mean logit of the fakes starts, within -20 to 10.
        spread: where the standard deviation of their logits starts, within 0 to 4.
    """
    controls = {
        "logit": slider("mean logit of the fakes", logit, -20.0, 10.0, 0.5),
        "spread": slider("spread of their logits", spread, 0.0, 4.0, 0.25),
    }
    return explorer(draw_saturation, controls)


@typed
def draw_saturation(logit: float, spread: float) -> tuple[Figure, str]:
    """The explorer's picture for fake logits N(logit, spread²), and its alternative text; arguments as there."""
    check_number(logit=logit)
    check_number(0, spread=spread)
    weights = _mean_weights(logit, spread)
    at = torch.tensor(logit, dtype=torch.float64)
    fig, (left, right) = plots.figure(2, height=3.4)
    left.plot(_LOGITS, -softplus(_LOGITS), color=SATURATING, label="saturating: log(1 − σ(a))")
    left.plot(_LOGITS, softplus(-_LOGITS), "--", color=NON_SATURATING, label="non-saturating: −log σ(a)")
    _tangent(left, logit, float(-softplus(at)), -float(at.sigmoid()), SATURATING)
    _tangent(left, logit, float(softplus(-at)), -float((-at).sigmoid()), NON_SATURATING)
    left.set(title="generator's loss, and its slope", ylim=(-11, 22))
    left.legend(loc="upper right", fontsize="small")

    right.semilogy(_LOGITS, _LOGITS.sigmoid(), color=SATURATING, label="saturating: σ(a)")
    right.semilogy(_LOGITS, (-_LOGITS).sigmoid(), "--", color=NON_SATURATING, label="non-saturating: 1 − σ(a)")
    right.plot(logit, weights.saturating, "o", color=SATURATING)
    right.plot(logit, weights.non_saturating, "o", color=NON_SATURATING)
    right.set(ylim=(1e-9, 5))
    means = f"{_short(weights.saturating)} and {_short(weights.non_saturating)}"
    right.set_title(f"size of the slope\nmean over the fakes: {means}")
    right.legend(loc="lower center", fontsize="small")
    for axes in (left, right):
        half = max(1.96 * spread, 0.05)  # the middle 95 % of a Gaussian; a hair's breadth where there is no spread
        axes.axvspan(logit - half, logit + half, color=plots.FAKE, alpha=0.15, linewidth=0)
        axes.set(xlim=(float(_LOGITS[0]), float(_LOGITS[-1])), xlabel="logit a of a fake (shaded: 95 % of them)")
    alt = (
        f"The fakes' logits have mean {logit:g} and standard deviation {spread:g}. Mean size of the loss's slope "
        f"against the logit: {_short(weights.saturating)} for the saturating loss, the mean of D(G(z)), and "
        f"{_short(weights.non_saturating)} for the non-saturating loss."
    )
    return fig, alt


class _Weights(NamedTuple):
    saturating: float  # mean of sigmoid(a), which is also the mean of D(G(z))
    non_saturating: float  # mean of 1 - sigmoid(a)


def _mean_weights(logit: float, spread: float) -> _Weights:
    """Means over a ~ N(logit, spread²), by the trapezoid rule, whose error is far below what is shown."""
    e = torch.linspace(-10, 10, 4001, dtype=torch.float64)
    density = (-0.5 * e.square()).exp() / math.sqrt(2 * math.pi)
    logits = logit + spread * e

    def average(weights: Tensor) -> float:
        return float(torch.trapezoid(density * weights, e))

    return _Weights(average(logits.sigmoid()), average((-logits).sigmoid()))


def _tangent(axes: Axes, at: float, value: float, slope: float, colour: str) -> None:
    axes.plot(at, value, "o", color=colour)
    axes.plot([at - 3, at + 3], [value - 3 * slope, value + 3 * slope], color=colour, linewidth=5, alpha=0.35)


def _short(value: float) -> str:
    return f"{value:.2f}" if value >= 0.01 else f"{value:.0e}"

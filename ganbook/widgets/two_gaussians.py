"""Explorer of chapter 2: two Gaussians on the line, the best response to them, and what it is worth."""

from __future__ import annotations

import math

import torch
from ipywidgets import VBox
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn.functional import softplus

from ganbook import plots
from ganbook.arguments import check_number, typed
from ganbook.data.toy import Mixture, mixture_1d
from ganbook.widgets._base import explorer, slider

__all__ = ["draw_two_gaussians", "two_gaussians"]

# p_data = N(0, 1) loses no generality: D*, V and JS do not change when the line is shifted or stretched.
_DATA = mixture_1d([0.0], 1.0)
_LIMIT = 6.0
LIMIT = 100.0
"""Means, spreads and confidences beyond it lie far off the picture."""
_CONFIDENCES = torch.linspace(0, 2.5, 101, dtype=torch.float64)


@typed
def two_gaussians(mean: float = 1.5, std: float = 1.0, confidence: float = 1.0) -> VBox:
    """Explorer: move p_gen away from p_data = N(0, 1) and see D*, V and JS follow.

    Args:
        mean, std: where p_gen = N(mean, std²) starts; mean within −4 to 4, std within 0.3 to 3.
        confidence: D starts with the logit ``confidence`` · a*(x), where a* = log p_data − log p_gen: 1 is D*.
    """
    controls = {
        "mean": slider("mean of p_gen", mean, -4.0, 4.0, 0.1),
        "std": slider("std of p_gen", std, 0.3, 3.0, 0.1),
        "confidence": slider("confidence c of D", confidence, 0.0, 2.5, 0.05),
    }
    return explorer(draw_two_gaussians, controls)


@typed
def draw_two_gaussians(mean: float, std: float, confidence: float = 1.0) -> tuple[Figure, str]:
    """The explorer's picture for p_gen = N(mean, std²), and its alternative text; arguments as there."""
    check_number(-LIMIT, LIMIT, mean=mean, confidence=confidence)
    check_number(above=0, most=LIMIT, std=std)
    gen = mixture_1d([mean], std)
    x = torch.linspace(-_LIMIT, _LIMIT, 401, dtype=torch.float64)
    logit = _DATA.log_density(x) - gen.log_density(x)
    values = _values(gen, _CONFIDENCES)
    value, best = _values(gen, torch.tensor([confidence, 1.0], dtype=torch.float64)).tolist()
    js = max(0.0, 0.5 * (best + math.log(4)))  # rounding would show equal distributions as -0.000

    fig, (left, right) = plots.figure(2, height=3.1)
    left.fill_between(x, _DATA.density(x), color=plots.REAL, alpha=0.35, label="p_data", linewidth=0)
    left.fill_between(x, gen.density(x), color=plots.FAKE, alpha=0.35, label="p_gen", linewidth=0)
    left.plot(x, logit.sigmoid(), "--", color=plots.COLOURS[2], label="D*", linewidth=2)
    left.plot(x, (confidence * logit).sigmoid(), color="black", label="D", linewidth=1)
    left.set(xlabel="x", ylim=(0, max(1.02, 1.02 * float(gen.density(x).max()))))
    left.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, columnspacing=1, handlelength=1.5)

    right.axhspan(-math.log(4), 0, color="#eeeeee", zorder=0)
    right.axhline(best, color=plots.COLOURS[2], linestyle="--", linewidth=1)
    right.plot(_CONFIDENCES, values, color="black", linewidth=1)
    right.plot(confidence, value, "o", color="black")
    right.text(2.5, best + 0.03, f"best: V(D*, G) = {best:.3f}".replace("-", "−"), ha="right", va="bottom")
    right.text(2.5, -2.5, f"JS = {js:.3f} nats, at most log 2 = {math.log(2):.3f}", ha="right", va="bottom")
    right.set(xlabel="confidence c in D = σ(c · a*)", ylim=(-2.6, 0.3), yticks=(-2, -math.log(4), -1, 0))
    right.set_yticklabels(("−2", "−log 4", "−1", "0"))
    right.set_title(f"V(D, G) = {value:.3f}".replace("-", "−"))
    alt = (
        f"p_data is N(0, 1) and p_gen N({mean:g}, {std:g}²). The best discriminator's value is {best:.3f}, so the "
        f"Jensen-Shannon divergence is {js:.3f} nats. D with confidence {confidence:g} reaches {value:.3f}: "
        + ("it is the best one." if math.isclose(value, best, abs_tol=5e-4) else f"{best - value:.3f} less.")
    )
    return fig, alt


def _values(gen: Mixture, confidences: Tensor) -> Tensor:
    """V(D, G) of D = sigmoid(c · a*) for each c, by the trapezoid rule, whose error is far below what is shown."""
    reach = 10 * max(1.0, gen.std) + float(gen.centres.abs().max())
    x = torch.linspace(-reach, reach, 4001, dtype=torch.float64)
    log_data, log_gen = _DATA.log_density(x), gen.log_density(x)
    logits = confidences[:, None] * (log_data - log_gen)
    # log sigmoid(a) = -softplus(-a), log(1 - sigmoid(a)) = -softplus(a)
    integrand = -log_data.exp() * softplus(-logits) - log_gen.exp() * softplus(logits)
    return torch.trapezoid(integrand, x, dim=1)

"""The explorer's weights against closed forms, autograd and scipy's quadrature."""

import math
import re

import matplotlib.pyplot as plt
import pytest
import torch
from scipy import integrate, special, stats

import ganbook
from ganbook import losses
from ganbook.widgets.saturation import _mean_weights, draw_saturation


def by_scipy(logit, spread):
    def integrand(a):
        return special.expit(a) * stats.norm.pdf(a, logit, spread)

    return integrate.quad(integrand, logit - 12 * spread, logit + 12 * spread, limit=400, epsabs=1e-14)[0]


@pytest.mark.parametrize(("logit", "spread"), [(-8, 1), (-20, 4), (0, 2), (9.5, 0.25)])
def test_mean_weights_against_quadrature(logit, spread):
    weights = _mean_weights(logit, spread)
    assert weights.saturating == pytest.approx(by_scipy(logit, spread), rel=1e-6)
    assert weights.non_saturating == pytest.approx(by_scipy(-logit, spread), rel=1e-6)


@pytest.mark.parametrize("logit", [-20.0, -1.0, 0.0, 10.0])
@pytest.mark.parametrize("name", ["saturating", "non_saturating"])
def test_without_spread_the_weight_is_the_slope_of_the_loss(logit, name):
    a = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(losses.get(name).generator(a), a)
    assert getattr(_mean_weights(logit, 0.0), name) == pytest.approx(-slope.item(), rel=1e-9)


def test_weights_of_one_fake_sum_to_one():
    for logit, spread in ((-18, 4), (3, 1)):
        assert sum(_mean_weights(logit, spread)) == pytest.approx(1, abs=1e-9)


def test_picture_states_what_it_shows():
    fig, alt = draw_saturation(-8.0, 0.0)
    assert f"{1 / (1 + math.exp(8)):.0e} for the saturating loss" in alt and "1.00 for the non-saturating" in alt
    assert "3e-04 and 1.00" in fig.axes[1].get_title()
    dots = [line for line in fig.axes[1].lines if line.get_marker() == "o"]
    assert [float(dot.get_ydata()[0]) for dot in dots] == pytest.approx([special.expit(-8), special.expit(8)])
    plt.close("all")


def test_explorer_moves():
    box = ganbook.widgets.saturation(logit=0.0, spread=0.0)
    logit, spread = box.children[0].children
    picture = box.children[1]
    assert logit.description == "mean logit of the fakes" and "0.50 for the saturating loss" in picture.value
    logit.value = -12.0
    assert "6e-06 for the saturating loss" in picture.value
    spread.value = 4.0
    shown = float(re.search(r"logit: ([\de.-]+) for the saturating", picture.value)[1])
    assert shown == pytest.approx(by_scipy(-12, 4), rel=0.1)

"""The explorer's figures against closed forms and scipy's quadrature."""

import math
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from scipy import integrate, stats

import ganbook
from ganbook.data.toy import mixture_1d
from ganbook.widgets.two_gaussians import _CONFIDENCES, _values, draw_two_gaussians


def value(mean, std, confidence):
    return float(_values(mixture_1d([mean], std), torch.tensor([confidence], dtype=torch.float64)))


def js_by_scipy(mean, std):
    p, q = stats.norm(0, 1), stats.norm(mean, std)

    def integrand(x):
        a, b = p.logpdf(x), q.logpdf(x)
        middle = np.logaddexp(a, b) - math.log(2)
        return 0.5 * (math.exp(a) * (a - middle) + math.exp(b) * (b - middle))

    reach = 12 * max(1, std) + abs(mean)
    return integrate.quad(integrand, -reach, reach, points=[0, mean], limit=400, epsabs=1e-12)[0]


@pytest.mark.parametrize(("mean", "std"), [(0, 1), (1.5, 1), (-4, 0.3), (4, 3), (0, 0.3), (2, 2)])
def test_best_value_is_twice_js_minus_log_4(mean, std):
    assert value(mean, std, 1.0) == pytest.approx(2 * js_by_scipy(mean, std) - math.log(4), abs=1e-6)


def test_guessing_is_worth_minus_log_4_whatever_g_does():
    for mean, std in ((0, 1), (3, 0.5)):
        assert value(mean, std, 0.0) == pytest.approx(-math.log(4), abs=1e-9)


@pytest.mark.parametrize(("mean", "std"), [(1.5, 1), (-2, 0.5), (0, 2)])
def test_no_confidence_beats_one(mean, std):
    values = _values(mixture_1d([mean], std), _CONFIDENCES)
    assert float(_CONFIDENCES[values.argmax()]) == pytest.approx(1.0)
    assert values.diff().diff().max() < 0, "V is strictly concave in the confidence"


def test_picture_states_what_it_shows():
    fig, alt = draw_two_gaussians(1.5, 1.0)
    js = js_by_scipy(1.5, 1)
    assert f"{js:.3f} nats" in alt and alt.endswith("it is the best one.")
    assert any(f"JS = {js:.3f}" in text.get_text() for text in fig.axes[1].texts)
    _, alt = draw_two_gaussians(1.5, 1.0, 0.0)
    assert f"reaches {-math.log(4):.3f}" in alt and alt.endswith(f"{2 * js:.3f} less.")
    plt.close("all")


def test_explorer_moves():
    box = ganbook.widgets.two_gaussians(mean=0.0)
    picture = box.children[1]
    assert "Jensen-Shannon divergence is 0.000" in picture.value
    mean = box.children[0].children[0]
    assert mean.description == "mean of p_gen"
    mean.value = 4.0
    shown = float(re.search(r"divergence is ([\d.]+)", picture.value)[1])
    assert shown == pytest.approx(js_by_scipy(4, 1), abs=5e-4)

"""The explorer's weights against autograd and scipy's quadrature."""

import pytest
import torch
from scipy import integrate, special, stats

from ganbook import losses
from ganbook.widgets import saturation


def by_scipy(logit, spread):
    def integrand(a):
        return special.expit(a) * stats.norm.pdf(a, logit, spread)

    return integrate.quad(integrand, logit - 12 * spread, logit + 12 * spread, limit=400, epsabs=1e-14)[0]


def test_mean_weights_against_quadrature(drawn):
    asked = [{"logit": a, "spread": s} for a, s in ((-8.0, 1.0), (-20.0, 4.0), (0.0, 2.0), (9.5, 0.25))]
    for values, found in zip(asked, drawn(saturation(), *asked), strict=True):
        logit, spread = values.values()
        assert found["figures"] == {
            "saturating": pytest.approx(by_scipy(logit, spread), rel=1e-5),
            "non_saturating": pytest.approx(by_scipy(-logit, spread), rel=1e-5),
        }


def test_without_spread_the_weight_is_the_slope_of_the_loss(drawn):
    asked = [{"logit": a, "spread": 0.0} for a in (-20.0, -1.0, 0.0, 10.0)]
    for values, found in zip(asked, drawn(saturation(), *asked), strict=True):
        for name, weight in found["figures"].items():
            a = torch.tensor([values["logit"]], dtype=torch.float64, requires_grad=True)
            (slope,) = torch.autograd.grad(losses.get(name).generator(a), a)
            assert weight == pytest.approx(-slope.item(), rel=1e-9)


def test_text_states_what_is_shown(drawn):
    found = drawn(saturation(), logit=-8.0, spread=0.0)
    assert "3e−4 for the saturating loss" in found["alt"] and "1.00 for the non-saturating" in found["alt"]
    assert "3e−4 and 1.00" in found["svg"]

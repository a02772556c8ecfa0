"""The explorer's figures against scipy's quadrature."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from ganbook.widgets import two_gaussians

PLACES = [(0.0, 1.0), (1.5, 1.0), (-4.0, 0.3), (4.0, 3.0), (0.0, 0.3), (2.0, 2.0)]


def by_scipy(mean, std, integrand):
    p, q = stats.norm(0, 1), stats.norm(mean, std)
    reach = 12 * max(1, std) + abs(mean)
    return integrate.quad(
        lambda x: integrand(p.logpdf(x), q.logpdf(x)), -reach, reach, points=[0, mean], limit=400, epsabs=1e-12
    )[0]


def js(a, b):
    middle = np.logaddexp(a, b) - math.log(2)
    return 0.5 * (math.exp(a) * (a - middle) + math.exp(b) * (b - middle))


def value(confidence):
    def integrand(a, b):
        logit = confidence * (a - b)
        return -math.exp(a) * np.logaddexp(0, -logit) - math.exp(b) * np.logaddexp(0, logit)

    return integrand


def test_figures(drawn):
    asked = [{"mean": m, "std": s, "confidence": c} for m, s in PLACES for c in (0.0, 1.0, 2.5)]
    for values, found in zip(asked, drawn(two_gaussians(), *asked), strict=True):
        mean, std, confidence = values.values()
        assert found["figures"] == {
            "value": pytest.approx(by_scipy(mean, std, value(confidence)), abs=1e-4),
            "best": pytest.approx(2 * by_scipy(mean, std, js) - math.log(4), abs=1e-5),
            "js": pytest.approx(by_scipy(mean, std, js), abs=1e-5),
        }


def test_text_states_what_is_shown(drawn):
    found = drawn(two_gaussians(), mean=1.5, std=1.0, confidence=0.0)
    divergence = by_scipy(1.5, 1, js)
    assert f"{divergence:.3f} nats" in found["alt"] and found["alt"].endswith(f"{2 * divergence:.3f} less.")
    assert f"JS = {divergence:.3f} nats" in found["svg"] and "V(D, G) = −1.386" in found["svg"]
    assert drawn(two_gaussians(), confidence=1.0)["alt"].endswith("it is the best one.")


def test_where_it_starts():
    assert two_gaussians(mean=2.0).values == {"mean": 2.0, "std": 1.0, "confidence": 1.0}
    with pytest.raises(ValueError, match=r"value of 'mean of p_gen' is 4.5: allowed is -4.0 to 4.0"):
        two_gaussians(mean=4.5)

"""The explorer's path against the round of ganbook.dynamics, which differentiates the losses themselves."""

from functools import partial
from itertools import product

import pytest
import torch

from ganbook import losses, penalties
from ganbook.dynamics import dirac_round, orbit
from ganbook.widgets import dirac
from ganbook.widgets.dirac import LOSSES, UPDATES


def test_the_path_is_that_of_the_round(drawn):
    asked = [
        {"loss": loss, "updates": updates, "lr": 0.2, "gamma": gamma, "rounds": 40}
        for loss, updates, gamma in product(LOSSES, UPDATES, (0.0, 0.5))
    ]
    for values, found in zip(asked, drawn(dirac(), *asked), strict=True):
        weight = values["gamma"]
        play = partial(
            dirac_round,
            loss=losses.get(values["loss"]),
            lr=values["lr"],
            alternating=values["updates"] == "alternating",
            penalty=(lambda a, real, fake, weight=weight: penalties.r1(a, real, weight)) if weight else None,
        )
        theta, psi = orbit(play, torch.tensor([[1.0, 0.0]], dtype=torch.float64), 40)[-1, 0].tolist()
        assert found["figures"] == {
            "theta": pytest.approx(theta, abs=1e-6),
            "psi": pytest.approx(psi, abs=1e-6),
            "distance": pytest.approx((theta**2 + psi**2) ** 0.5, abs=1e-6),
        }, values


def test_the_text_says_what_was_set_and_found(drawn):
    found = drawn(dirac(), loss="wasserstein", updates="simultaneous", gamma=0.5, rounds=400)
    assert found["alt"].startswith("Dirac-GAN with the wasserstein loss, simultaneous updates, step size 0.3 and R1")
    assert found["figures"]["distance"] < 1e-3 and "are 0.000 away" in found["alt"]


def test_who_runs_away_is_told(drawn):
    found = drawn(dirac(), loss="wasserstein", updates="simultaneous", lr=1.0, rounds=400)
    assert found["alt"].endswith("They left the picture.") and "after 20 rounds" in found["alt"]

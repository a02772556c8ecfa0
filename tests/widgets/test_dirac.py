"""The explorer's path against the round of ganbook.dynamics, which differentiates the losses themselves."""

from functools import partial
from itertools import product

import pytest
import torch

from ganbook import losses, penalties
from ganbook.dynamics import dirac_round, orbit
from ganbook.widgets import dirac
from ganbook.widgets.dirac import LOSSES, UPDATES


def last_state(values):
    """Where the players are after the rounds that were asked for, by the round that differentiates."""
    weight, turns = values["gamma"], values["updates"] == "alternating"
    play = partial(
        dirac_round,
        loss=losses.get(values["loss"]),
        lr=values["lr"],
        penalty=(lambda a, real, fake: penalties.r1(a, real, weight)) if weight else None,
    )
    if not values["momentum"]:
        play, start = partial(play, alternating=turns), torch.tensor([[1.0, 0.0]], dtype=torch.float64)
        return orbit(play, start, values["rounds"])[-1, 0].tolist()
    now = before = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    for _ in range(values["rounds"]):
        pushed = values["momentum"] * (now - before)
        psi = (play(now) + pushed)[:, 1]
        met = torch.stack((now[:, 0], psi), dim=1) if turns else now
        theta = (play(met) + pushed)[:, 0]
        now, before = torch.stack((theta, psi), dim=1), now
    return now[0].tolist()


def test_the_path_is_that_of_the_round(drawn):
    asked = [
        {"loss": loss, "updates": updates, "lr": 0.2, "gamma": gamma, "momentum": momentum, "rounds": 40}
        for loss, updates, gamma, momentum in product(LOSSES, UPDATES, (0.0, 0.5), (0.0, -0.5, 0.3))
    ]
    for values, found in zip(asked, drawn(dirac(), *asked), strict=True):
        theta, psi = last_state(values)
        assert found["figures"] == {
            "theta": pytest.approx(theta, abs=1e-6),
            "psi": pytest.approx(psi, abs=1e-6),
            "distance": pytest.approx((theta**2 + psi**2) ** 0.5, abs=1e-6),
        }, values


def test_the_text_says_what_was_set_and_found(drawn):
    found = drawn(dirac(), loss="wasserstein", updates="simultaneous", gamma=0.5, rounds=400)
    assert found["alt"].startswith(
        "Dirac-GAN with the wasserstein loss, simultaneous updates, step size 0.3, no momentum"
    )
    assert found["figures"]["distance"] < 1e-3 and "are 0.000 away" in found["alt"]


def test_who_runs_away_is_told(drawn):
    found = drawn(dirac(), loss="wasserstein", updates="simultaneous", lr=1.0, rounds=400)
    assert found["alt"].endswith("They left the picture.") and "after 20 rounds" in found["alt"]


def test_momentum_drives_out_and_its_negative_brings_home(drawn):
    first, second, third = (
        drawn(dirac(), updates="alternating", momentum=momentum, rounds=400) for momentum in (-0.5, 0.0, 0.5)
    )
    distances = [found["figures"]["distance"] for found in (first, second, third)]
    assert distances[0] < 0.18 < 0.2 < distances[1] < 0.5 < 1.5 < distances[2]
    assert "momentum -0.5" in first["alt"]

"""Chapter 2: three estimates of one value, while something changes under them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook.checks.readings import Log, Reading
from ganbook.checks.readings.wandering import small_network

STEPS = (*range(100, 420, 20),)


def _value(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    value: Tensor = F.logsigmoid(discriminator(real)).mean() + F.logsigmoid(-discriminator(fake)).mean()
    return value


def _best(real: Tensor, fake: Tensor, shift: float) -> float:
    """V(D*, G) for two normal densities of width 1 around −shift and shift: the best logit is a line."""
    return float(F.logsigmoid(-2 * shift * real).mean() + F.logsigmoid(2 * shift * fake).mean())


def play(fault: str, place: float) -> Log:
    """D learns on fresh batches of two fixed densities; the fault sets in right after the look at step ``place``."""
    discriminator = small_network(1, 1)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.01, betas=(0.5, 0.9))
    kept = torch.randn(2, 12, 1, dtype=torch.float64)
    own, fresh, best = [], [], []
    for step in range(STEPS[-1] + 1):
        broken = fault if step > place else ""
        shift = 0.35 if broken == "G moved" else 0.8
        noise = (
            kept if broken == "same points" else torch.randn(2, 12 if broken == "small batches" else 500, 1).double()
        )
        real, fake = noise[0] - shift, noise[1] + shift
        value = _value(discriminator, real, fake)
        if broken != "D stopped":
            optimizer.zero_grad()
            (value if broken == "sign turned" else -value).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        if step in STEPS:
            many = torch.randn(2, 4000, 1, dtype=torch.float64)
            own.append(value.item())
            fresh.append(_value(discriminator, many[0] - shift, many[1] + shift).item())
            best.append(_best(many[0] - shift, many[1] + shift, shift))
    return {"V": {"on D's own batch": own, "on 8 000 fresh points": fresh, "of the best D": best}}


READING = Reading(
    play=play,
    faults={
        "same points": "V on D's own batch climbs above what the best D reaches, which no D can do on all points.",
        "small batches": "V on D's own batch jumps to both sides of the best D's value, and does not climb away from "
        "it.",
        "G moved": "the best D's value falls, too. That curve knows neither this D nor its batches.",
        "sign turned": "V falls on all points, D's own and fresh ones alike, while the best D's value stays.",
        "D stopped": "a D that was near its best and stops stays there: no curve would leave its way.",
    },
    cases={"A": ("small batches", 200), "B": ("G moved", 260), "C": ("same points", 160), "D": ("sign turned", 300)},
    places=STEPS,
    where="step",
    slack=1,
    astray="The names are right, a step is not. Asked for is the last look at which all is well.",
)

"""Chapter 11: a translation with three right answers for each source, while one part of its objective changes."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from ganbook.checks.readings import Log, Reading
from ganbook.checks.readings.wandering import small_network

ROUNDS = (*range(180, 400, 20),)
_N, _L1, _PERIOD = 64, 0.3, 160


def play(fault: str, place: float) -> Log:
    """A source is a number, its target thrice that number plus an offset that swings, and 1 more in one of three
    channels: no source says in which.

    The fault sets in right after the look at round ``place``.
    """
    generator, discriminator = small_network(3, 3, 32), small_network(4, 1, 32)
    d_optimizer, g_optimizer = (
        torch.optim.Adam(network.parameters(), lr=0.01, betas=(0.0, 0.9)) for network in (discriminator, generator)
    )
    looks: dict[str, list[float]] = {name: [] for name in ("l1", "sharp", "right", "swapped", "fake", "spread")}
    for number in range(ROUNDS[-1] + 1):
        broken = fault if number > place else ""
        source = 2 * torch.rand(_N, 1, dtype=torch.float64) - 1
        plain = 3 * source + 2.5 * math.sin(2 * math.pi * number / _PERIOD)
        real = plain + F.one_hot(torch.randint(3, (_N,)), 3)
        told = source.roll(1, 0) if broken == "source hidden from G" else source
        z = torch.randn(2, _N, 2, dtype=torch.float64) * (broken != "noise withheld")
        fake, again = (generator(torch.cat((told, noise), 1)) for noise in z)

        def judged(pictures: torch.Tensor, sources: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = discriminator(torch.cat((pictures, sources), 1))
            return logits

        d_loss = F.softplus(-judged(real, source)).mean() + F.softplus(judged(fake.detach(), source)).mean()
        d_optimizer.zero_grad()
        d_loss.backward()  # type: ignore[no-untyped-call]
        if broken != "D stands still":
            d_optimizer.step()
        l1 = F.l1_loss(fake, real)
        game = F.softplus(-judged(fake, source)).mean()
        g_optimizer.zero_grad()
        (_L1 * l1 if broken == "no game" else game + _L1 * l1).backward()  # type: ignore[no-untyped-call]
        g_optimizer.step()
        if number in ROUNDS:
            verdicts = judged(real, source), judged(real, source.roll(1, 0)), judged(fake.detach(), source)
            sharp = (fake - plain).square().sum(1).sqrt().mean()
            for curve, value in zip(
                looks.values(), (l1, sharp, *(v.mean() for v in verdicts), (fake - again).abs().mean()), strict=True
            ):
                curve.append(value.item())
    return {
        "L1": {"to the truth": looks["l1"]},
        "colour": {"length": looks["sharp"], "change with z": looks["spread"]},
        "D's mean logit": {"right pair": looks["right"], "other source": looks["swapped"], "fake": looks["fake"]},
    }


READING = Reading(
    play=play,
    faults={
        "D stands still": "the logits swing with the data, as nobody adapts them, and what G paints for D leads it "
        "away from the truth.",
        "no game": "the L1 falls, and with it the colour: what remains is what L1 asks for when three answers are "
        "right.",
        "source hidden from G": "the L1 jumps at once to what a picture for any other source would give.",
        "noise withheld": "only one curve goes to 0 at once, while the pictures keep their colour.",
        "no L1": "a G without L1 keeps its colours and loses the source slowly; nothing would jump.",
    },
    cases={
        "A": ("D stands still", 220),
        "B": ("no game", 260),
        "C": ("source hidden from G", 280),
        "D": ("noise withheld", 240),
    },
    places=ROUNDS,
    slack=1,
    astray="The names are right, a round is not. Asked for is the last look at which all is well.",
)

"""Chapter 13: what D says of right, wrong and generated pairs of picture and caption, while one of them changes."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from ganbook.checks.readings import Log, Reading
from ganbook.checks.readings.wandering import small_network

ROUNDS = (*range(200, 460, 20),)
_N, _CAPTIONS, _PERIOD = 128, 4, 300


def play(fault: str, place: float) -> Log:
    """Four captions, each with its place on a circle that turns slowly; the matching-aware game of the chapter.

    The fault sets in right after the look at round ``place``.
    """
    generator, discriminator = small_network(2 + _CAPTIONS, 2, 32), small_network(2 + _CAPTIONS, 1, 48)
    d_optimizer, g_optimizer = (
        torch.optim.Adam(network.parameters(), lr=0.02, betas=(0.0, 0.9)) for network in (discriminator, generator)
    )
    looks: dict[str, list[float]] = {name: [] for name in ("right", "wrong", "fake", "obeyed")}
    for number in range(ROUNDS[-1] + 1):
        broken = fault if number > place else ""
        turned = 2 * math.pi * (torch.arange(_CAPTIONS) / _CAPTIONS + number / _PERIOD)
        centres = torch.stack((turned.cos(), turned.sin()), 1).double()
        captions = torch.randint(_CAPTIONS, (_N,))
        code, other = F.one_hot(captions, _CAPTIONS), F.one_hot((captions + 1) % _CAPTIONS, _CAPTIONS)
        real = centres[captions] + 0.15 * torch.randn(_N, 2, dtype=torch.float64)
        fake = generator(torch.cat((torch.randn(_N, 2, dtype=torch.float64), code), 1))
        of_fake = code.roll(1, 0) if broken == "captions of fakes shuffled" else code

        def judged(pictures: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = discriminator(torch.cat((pictures, code), 1))
            return logits

        wrong = judged(real, other)
        against = F.softplus(-wrong if broken == "wrong pairs called right" else wrong).mean()
        against = 0 * against if broken == "no wrong pairs" else against
        d_loss = F.softplus(-judged(real, code)).mean() + F.softplus(judged(fake.detach(), of_fake)).mean() + against
        d_optimizer.zero_grad()
        d_loss.backward()  # type: ignore[no-untyped-call]
        d_optimizer.step()
        g_loss = F.softplus(-judged(fake, of_fake)).mean()
        g_optimizer.zero_grad()
        g_loss.backward()  # type: ignore[no-untyped-call]
        if broken != "G stands still":
            g_optimizer.step()
        if number in ROUNDS:
            verdicts = (judged(x, c).mean().item() for x, c in ((real, code), (real, other), (fake.detach(), code)))
            nearest = torch.cdist(fake.detach(), centres).argmin(1)
            values = (*verdicts, (nearest == captions).double().mean().item())
            for curve, value in zip(looks.values(), values, strict=True):
                curve.append(value)
    return {
        "D's mean logit": {"right pair": looks["right"], "wrong pair": looks["wrong"], "fake": looks["fake"]},
        "obeyed": {"share of captions": looks["obeyed"]},
    }


READING = Reading(
    play=play,
    faults={
        "captions of fakes shuffled": "fakes are no longer obeyed at once, while they are as real as before; and D "
        "rates what G draws below the wrong pairs.",
        "no wrong pairs": "the pictures obey as before, and one of D's curves slowly comes to the other two.",
        "wrong pairs called right": "three curves become one within a look: D is told that every caption fits.",
        "G stands still": "all is well for a while; then every caption is disobeyed, because the places have moved on "
        "and the fakes have not.",
        "D stands still": "a D that stands still gives old verdicts: its logits of real pairs would fall as the "
        "places move on.",
    },
    cases={
        "A": ("captions of fakes shuffled", 260),
        "B": ("no wrong pairs", 320),
        "C": ("wrong pairs called right", 280),
        "D": ("G stands still", 300),
    },
    places=ROUNDS,
    slack=1,
    astray="The names are right, a round is not. Look at all curves: which of them leaves its way first?",
)

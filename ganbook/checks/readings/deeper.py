"""Chapter 9: the two terms of a small VAE's bound, and what its decoder draws, while something changes."""

from __future__ import annotations

import torch
from torch import nn

from ganbook.checks.readings import Log, Reading

STEPS = (*range(160, 420, 20),)
_STD, _DIM = 0.3, 2


def play(fault: str, place: float) -> Log:
    """A linear VAE of points of four numbers; the fault sets in right after the look at step ``place``."""
    mixing = torch.tensor([[1.0, 0.5, -0.5, 0.2], [0.3, -1.0, 0.4, 0.8]], dtype=torch.float64)
    encoder, decoder = nn.Linear(4, 2 * _DIM).double(), nn.Linear(_DIM, 4).double()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.05)
    distortions, rates, spreads, needed = [], [], [], []
    for step in range(STEPS[-1] + 1):
        broken = fault if step > place else ""
        x = torch.randn(256, 2, dtype=torch.float64) @ mixing + _STD * torch.randn(256, 4, dtype=torch.float64)
        std = 2 * _STD if broken == "σ doubled" else _STD
        weight = {"KL left out": 0.0, "KL counted ten times": 10.0}.get(broken, 1.0)
        mean, log_variance = encoder(x).chunk(2, dim=1)
        noise = torch.randn_like(mean) * (0.0 if broken == "noise left out" else 1.0)
        distortion = ((x - decoder(mean + torch.exp(log_variance / 2) * noise)) ** 2).sum(1).mean() / (2 * std**2)
        rate = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1).mean()
        optimizer.zero_grad()
        (distortion + weight * rate).backward()
        optimizer.step()
        if step in STEPS:
            distortions.append(distortion.item())
            rates.append(rate.item())
            drawn = decoder(torch.randn(2000, _DIM, dtype=torch.float64))
            spreads.append(drawn.std().item())
            needed.append(log_variance.exp().sqrt().mean().item())
    return {
        "nats": {"distortion": distortions, "rate (KL)": rates},
        "spread": {"of q": needed, "of draws from the prior": spreads},
    }


READING = Reading(
    play=play,
    faults={
        "σ doubled": "the distortion falls at once to a part of what it was, without any learning: nats are counted "
        "in another unit.",
        "KL left out": "the rate climbs and climbs, q gets narrow, and what is drawn from the prior loses its spread.",
        "KL counted ten times": "the rate falls to what can be had for next to nothing, and the distortion pays for "
        "it.",
        "noise left out": "the distortion falls, and q gets wider and wider: its width costs nothing any more.",
        "decoder stands still": "a decoder that stands still makes no curve jump; the encoder goes on as before.",
    },
    cases={
        "A": ("σ doubled", 240),
        "B": ("KL left out", 200),
        "C": ("KL counted ten times", 280),
        "D": ("noise left out", 260),
    },
    places=STEPS,
    where="step",
    slack=1,
    astray="The names are right, a step is not. Asked for is the last look at which all is well.",
)

"""Chapter 8: five scores at each look of a training, one of which something has gone wrong."""

from __future__ import annotations

import torch
from torch import Tensor

from ganbook import metrics
from ganbook.checks.readings import Log, Reading

LOOKS = (*range(1, 13),)
_N, _FEW = 300, 40


def _nearer(samples: Tensor, train: Tensor, held_out: Tensor) -> float:
    """The share of pairs in which the sample is nearer to its nearest training point than the held-out point to its."""
    ours, theirs = (torch.cdist(x, train).min(1).values for x in (samples, held_out))
    return float((ours[:, None] < theirs).double().mean())


def _heap(n: int) -> Tensor:
    """Features of n real images: four heaps in twelve dimensions."""
    centres = 1.5 * torch.eye(4, 12)
    return centres[torch.randint(4, (n,))] + 0.3 * torch.randn(n, 12)


def play(fault: str, place: float) -> Log:
    """A generator as good as the data, looked at twelve times; from look ``place`` on something is wrong."""
    train, test = _heap(_N), _heap(_N)
    looks: dict[str, list[float]] = {name: [] for name in ("fréchet", "kernel", "precision", "recall", "nearer")}
    for look in LOOKS:
        broken = fault if fault and look >= place else ""
        fakes = _heap(_FEW if broken == "fewer samples" else _N)
        if broken == "modes dropped":
            fakes = fakes[fakes[:, 0] < 0.75]
        elif broken == "blurred":
            fakes = fakes + 0.3 * torch.randn_like(fakes)
        elif broken == "copies":
            fakes = train[torch.randint(_N, (_N,))] + 0.001 * torch.randn(_N, 12)
        precision, recall = metrics.precision_recall(test, fakes)[:2]
        for curve, value in zip(
            looks.values(),
            (
                metrics.frechet_distance(test, fakes),
                metrics.kernel_distance(test, fakes),
                precision,
                recall,
                _nearer(fakes, train, test),
            ),
            strict=True,
        ):
            curve.append(float(value))
    return {
        "Fréchet": {"distance": looks["fréchet"]},
        "kernel": {"distance": looks["kernel"]},
        "share": {"precision": looks["precision"], "recall": looks["recall"], "nearer to training": looks["nearer"]},
    }


READING = Reading(
    play=play,
    faults={
        "modes dropped": "what is drawn lies where the data lie, and not everywhere where they lie: which of the "
        "shares says that?",
        "blurred": "fakes lie beside the data, and every real image has one near it: which of the two shares falls, "
        "which rises?",
        "copies": "both distances and the precision look better than ever. One share compares with images that G "
        "learned from.",
        "fewer samples": "one distance rises and the other stays around the same value, only less surely. What do they "
        "do when n falls?",
        "test split exchanged": "a score against the training split would flatter all samples a little and leave the "
        "two shares of the heaps as they are.",
    },
    cases={"A": ("fewer samples", 6), "B": ("copies", 8), "C": ("blurred", 4), "D": ("modes dropped", 7)},
    places=LOOKS,
    where="look",
    astray="The names are right, a look is not. Asked for is the first look at which a score is another than before.",
)

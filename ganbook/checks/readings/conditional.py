"""Chapter 10: which class was asked for, and which one a judge sees."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ganbook.checks.readings import Grid, Reading

CLASSES = 8
_N = 60


def _picture(labels: Tensor) -> Tensor:
    """Features of a picture of each class: heaps around a circle."""
    angle = 2 * math.pi * labels / CLASSES
    return torch.stack((angle.cos(), angle.sin()), 1) + 0.13 * torch.randn(len(labels), 2)


def _table(asked: Tensor, pictures: Tensor, blind: float | None = None) -> list[list[float]]:
    """Counts: a row for each class asked for, a column for each class that the judge sees."""
    angle = 2 * math.pi * torch.arange(CLASSES) / CLASSES
    seen = torch.cdist(pictures, torch.stack((angle.cos(), angle.sin()), 1)).argmin(1)
    if blind is not None:
        seen = torch.where((seen == blind) & (torch.rand(len(seen)) < 0.8), (seen + 1) % CLASSES, seen)
    return torch.bincount(asked * CLASSES + seen, minlength=CLASSES**2).view(CLASSES, CLASSES).double().tolist()


def play(fault: str, place: float) -> Grid:
    """Two tables of counts, of real pictures and of generated ones, whose generator or judge has the fault."""
    asked = torch.arange(CLASSES).repeat_interleave(_N)
    drawn = asked.clone()
    here, chance = asked == place, torch.rand(len(asked)) < 0.7
    if fault == "ignored":
        drawn[here] = torch.randint(CLASSES, (_N,))
    elif fault == "exchanged with the next":
        drawn[here], drawn[asked == (place + 1) % CLASSES] = int(place + 1) % CLASSES, int(place)
    elif fault == "drawn for every other":
        drawn[chance] = int(place)
    elif fault == "never drawn":
        drawn[here] = (drawn[here] + 1 + torch.randint(CLASSES - 1, (_N,))) % CLASSES
    blind = place if fault == "unknown to the judge" else None
    return {"real": _table(asked, _picture(asked), blind), "fakes": _table(asked, _picture(drawn), blind)}


READING = Reading(
    play=play,
    grids=True,
    faults={
        "ignored": "one row is spread over all columns, its own among them, and no column is fuller than it should be.",
        "exchanged with the next": "two rows lie beside the diagonal, one on either side, and both are as clean as "
        "the others.",
        "drawn for every other": "one column is bright in all rows: whatever is asked for, this class comes.",
        "never drawn": "one entry of the diagonal is empty, while the row is spread over all the other columns.",
        "unknown to the judge": "the table of real pictures has the same flaw. A generator has no part in that table.",
    },
    cases={
        "A": ("unknown to the judge", 2),
        "B": ("drawn for every other", 5),
        "C": ("exchanged with the next", 3),
        "D": ("ignored", 6),
    },
    places=tuple(range(CLASSES)),
    where="class",
    astray="The names are right, a class is not. A row is the class that was asked for, a column the one that was "
    "seen; of two classes that are exchanged, name the smaller.",
)

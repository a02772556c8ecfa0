"""A judge inside the discriminator: what a score is worth once the player has seen with the judge's eyes.

    python -m benchmarks.judges [--seeds 5]

Plays the recipe "dcgan-digits" for ROUNDS. In two of three rows D reads, beside the pixels, the features of a frozen
network: that of "digits" in one, of "digits-referee" in the other. Both networks then score the samples of all three
against all digits. Writes ganbook/results/judges.json, which chapter 8 shows, after every run; runs that stand there
already are skipped. Five seeds take a quarter of an hour of one core.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.common import Figure, options, over, sweep
from benchmarks.speedrun import shared_referee
from ganbook import metrics, recipes
from ganbook.metrics.features import DigitsNet
from ganbook.models import CompactDiscriminator, RandomAffine

NAME = "judges"
ROUNDS, HIDDEN = 400, 128
JUDGES = ("digits", "digits-referee")
ROWS = ("none", *JUDGES)
"""Whose features D reads beside the pixels."""


class SeeingDiscriminator(nn.Module):
    """D: images (N, 1, 28, 28) to logits (N,): the compact D's, and what a small network reads off features, added.

    Args:
        judge: name of the feature network. It is no part of D: it is not trained and stays in evaluation mode.
    """

    def __init__(self, judge: str) -> None:
        super().__init__()
        self.compact = CompactDiscriminator(augmentation=RandomAffine)
        self.eyes = (metrics.features(judge),)
        self.read = nn.Sequential(nn.Linear(DigitsNet.dim, HIDDEN), nn.LeakyReLU(0.2), nn.Linear(HIDDEN, 1))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.compact(x) + self.read(self.eyes[0](x)).squeeze(1)
        return found


def figures(kept: Any) -> list[Figure]:
    """Floors by each judge, by what D sees."""
    return [
        Figure(f"D sees with {row}: floors by {judge}", over(kept, judge, seen=row), ".1f")
        for row, judge in product(ROWS, JUDGES)
    ]


def play(cell: dict[str, Any]) -> dict[str, Any]:
    """One game, scored by both."""
    recipe = replace(recipes.get("dcgan-digits").at("laptop"), steps=ROUNDS, score=lambda *_: {})
    if cell["seen"] in JUDGES:
        recipe = replace(recipe, discriminator=partial(SeeingDiscriminator, cell["seen"]))
    sampler = recipe.train("laptop", cell["seed"], progress=False).sampler
    judges = {name: shared_referee(name) for name in JUDGES}
    said = {key: judges[JUDGES[0]].protocol[key] for key in ("n", "splits", "split")}
    return {"rounds": ROUNDS, **said, **{name: one.distance(sampler) / one.floor.mean for name, one in judges.items()}}


def main() -> None:
    """Play and score what is missing."""
    arguments = options(__doc__, seeds=5)
    torch.set_num_threads(1)
    sweep(NAME, [{"seen": row, "seed": seed} for seed in range(arguments.seeds) for row in ROWS], play)


if __name__ == "__main__":
    main()

"""A discriminator that knows its data by heart: few digits against many, with and without augmentation.

    python -m benchmarks.overfitting [--seeds 5]

Plays the recipe "dcgan-digits" for ROUNDS on so many digits of the training split, with augmentation in D or without.
At every look D judges a hundred digits that it learns from, as many that it has never seen, and new samples of G;
samples are scored by the independent referee against all digits. Writes ganbook/results/overfitting.json, which chapter
7 shows, after every run; runs that stand there already are skipped. Five seeds take twenty minutes of one core.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import Figure, options, over, sweep
from benchmarks.speedrun import shared_referee
from ganbook import data, recipes
from ganbook.data.images import to_float
from ganbook.models import CompactDiscriminator, RandomAffine
from ganbook.training import Game, Sampler

NAME = "overfitting"
ROUNDS, LOOKS, PER_LOOK = 400, 10, 100
KEPT = (100, 500, 4000)
"""Digits to learn from; the last is all there are."""
AUGMENTATIONS: dict[str, Any] = {"none": None, "shift, turn, zoom": RandomAffine}


def figures(kept: Any) -> list[Figure]:
    """Floors, and how surely D tells the digits it learns from from others."""
    found = []
    for images, how in product(KEPT, AUGMENTATIONS):
        what, runs = f"{images} digits, {how}", {"images": images, "augmentation": how}
        floors, told = (over(kept, score, **runs) for score in ("floors", "told_apart"))
        found.append(Figure(f"{what}: floors by the referee", floors, ".1f"))
        found.append(Figure(f"{what}: D rates a digit it learns from above a new one", told, ".2f", chance=0.5))
    return found


def told_apart(first: Tensor, second: Tensor) -> float:
    """Share of pairs in which a value (N,) of the first is larger than one (M,) of the second; ties count half."""
    above, equal = (first[:, None] > second).double(), (first[:, None] == second).double()
    return (above + equal / 2).mean().item()


class Witness:
    """What D says of digits that it learns from, of new ones and of fakes, at each look of a game."""

    def __init__(self, learned: Tensor, unseen: Tensor) -> None:
        self.images = {"learned": learned, "unseen": unseen}
        self.curve: list[dict[str, float]] = []
        self.told_apart = 0.5

    @torch.no_grad()
    def __call__(self, game: Game) -> None:
        critic = game.discriminator
        assert critic is not None
        critic.eval()  # without augmentation
        said = {name: critic(images) for name, images in self.images.items()}
        said["fake"] = critic(game.generator(game.sample_prior(1000)))
        critic.train()
        means = {name: round(logits.mean().item(), 3) for name, logits in said.items()}
        self.curve.append({"round": game.step, **means})
        self.told_apart = told_apart(said["learned"], said["unseen"])


def play(cell: dict[str, Any]) -> dict[str, Any]:
    """One game."""
    digits, test = (data.load("digits", split) for split in ("train", "test"))
    few = data.ImageSet("digits", "train", digits.images[:: len(digits) // cell["images"]])  # they lie by class
    recipe = replace(
        recipes.get("dcgan-digits").at("laptop"),
        data=few,
        discriminator=partial(CompactDiscriminator, augmentation=AUGMENTATIONS[cell["augmentation"]]),
        steps=ROUNDS,
        score=lambda *_: {},
    )
    witness = Witness(to_float(few.images[:: len(few) // PER_LOOK]), to_float(test.images[:: len(test) // PER_LOOK]))
    run = recipe.train("laptop", cell["seed"], progress=False, watch=witness, watch_every=ROUNDS // LOOKS)
    return {"rounds": ROUNDS, "told_apart": witness.told_apart, "curve": witness.curve, **scores(run.sampler)}


def scores(sampler: Sampler) -> dict[str, Any]:
    """By the referee, against all digits."""
    judge = shared_referee()
    distance, floor = judge.distance(sampler), judge.floor.mean
    said = {name: judge.protocol[name] for name in ("n", "splits", "features", "split")}
    return {"frechet_distance": distance, "floors": distance / floor, "floor": floor, **said}


def main() -> None:
    """Play and score what is missing."""
    arguments = options(__doc__, seeds=5)
    torch.set_num_threads(1)
    rows = [{"images": images, "augmentation": how} for images, how in product(KEPT, AUGMENTATIONS)]
    sweep(NAME, [{**row, "seed": seed} for seed in range(arguments.seeds) for row in rows], play)


if __name__ == "__main__":
    main()

"""Digits by class at equal compute: five ways of telling the players a class, no class, and classes that lie.

    python benchmarks/conditioning.py [--seeds 3] [--seconds 40]

Compute is processor time of one thread, as in equal_compute.py. Writes ganbook/results/conditioning.json, which chapter
10 shows, after every run; runs that stand there already are skipped. Three seeds take a quarter of an hour.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from equal_compute import price

from ganbook import recipes, results
from ganbook.data.batch import Batch
from ganbook.recipes.control import CONDITIONINGS
from ganbook.recipes.recipe import Recipe
from ganbook.training.fit import Round
from ganbook.training.game import Game

NAME = "conditioning"
SCORED = 2500
SCORES = (
    "frechet_distance", "floor", "floors", "precision", "recall", "class_agreement", "judge_accuracy",
    "shuffled_agreement", "diversity", "diversity_real", "n", "n_real", "n_floor", "n_pairs", "n_judge", "features",
    "split",
)  # fmt: skip


@dataclass(frozen=True)
class Lying:
    """A round that is told the classes of other samples of its batch."""

    play: Round

    def __call__(self, game: Game, batch: Batch) -> dict[str, torch.Tensor]:
        labels = batch.labelled()
        return self.play(game, replace(batch, labels=labels[torch.randperm(len(labels))]))


def methods() -> dict[str, Recipe]:
    """By name, with the settings that all share."""
    told = {recipe.name: recipe.at("laptop") for recipe in CONDITIONINGS}
    last = recipes.get("conditional-digits").at("laptop")
    plain = recipes.get("dcgan-digits").at("laptop")
    return {"no labels": plain, **told, "shuffled labels": replace(last, play=Lying(last.play))}


def prices() -> dict[str, float]:
    """Processor seconds of a round of each method."""
    calls: dict[str, Callable[[], object]] = {}
    for name, recipe in methods().items():
        batch, game = next(recipe.load_data().batches(recipe.batch_size)), recipe.game()
        for network in (game.generator, game.discriminator):
            network.to(memory_format=torch.channels_last)
        calls[name] = lambda play=recipe.play, game=game, batch=batch: play(game, batch)  # type: ignore[misc]
    return price(calls)


def main() -> None:
    """Train and score what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=40.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept: dict[str, Any] = {"torch": torch.__version__, "price": {}, "runs": []}
    if NAME in results.names():
        kept = results.load(NAME)
    kept["price"] = kept["price"] or prices()
    done = {(run["method"], run["seed"]) for run in kept["runs"]}
    for seed in range(arguments.seeds):
        for name, recipe in methods().items():
            if (name, seed) in done:
                continue
            rounds = round(arguments.seconds / kept["price"][name])
            run = replace(recipe, steps=rounds, scored=SCORED).train("laptop", seed, progress=False)
            found = {score: run.metrics[score] for score in SCORES if score in run.metrics}
            kept["runs"].append({"method": name, "seed": seed, "seconds": arguments.seconds, "rounds": rounds, **found})
            results.save(NAME, kept)
            print(f"{name} seed {seed}: {rounds} rounds, {found['floors']:.1f} floors, {found.get('class_agreement')}")


if __name__ == "__main__":
    main()

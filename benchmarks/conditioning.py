"""Digits by class at equal compute: five ways of telling the players a class, no class, and classes that lie.

    python benchmarks/conditioning.py [--seeds 3] [--rounds 300]

Compute is counted in floating-point operations of a round, forward and backward, so the comparison does not depend on
what else the machine does: every method gets those that ``--rounds`` of the projection take. Writes
ganbook/results/conditioning.json, which chapter 10 shows, after every run; runs that stand there already are skipped.
Three seeds take about twenty minutes on an idle core.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from statistics import mean
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import Figure, options, over, sweep
from ganbook import recipes
from ganbook.data.batch import Batch
from ganbook.models import CompactDiscriminator, RandomShift
from ganbook.recipes.control import CONDITIONINGS
from ganbook.recipes.recipe import Recipe
from ganbook.training.fit import Round
from ganbook.training.game import Game

SCORED = 2500


def figures(kept: Any) -> list[Figure]:
    """Classes obeyed, by method."""
    return [
        Figure(f"{name}: class agreement", found, chance=mean(over(kept["runs"], "shuffled_agreement", method=name)))
        for name in dict.fromkeys(run["method"] for run in kept["runs"])
        if (found := over(kept["runs"], "class_agreement", method=name))
    ]


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
    last = told["conditional-digits-projection"]
    plain = recipes.get("dcgan-digits").at("laptop")
    # Its average and its D are for longer runs: here all see the same.
    critic = partial(CompactDiscriminator, augmentation=RandomShift)
    plain = replace(plain, discriminator=critic, ema_half_life=last.ema_half_life)
    return {"no labels": plain, **told, "shuffled labels": replace(last, play=Lying(last.play))}


def operations(recipe: Recipe) -> int:
    """Floating-point operations of one round, without the penalty: the counter does not see its inner gradient."""
    recipe = replace(recipe, r1_gamma=0.0)
    batch, game = next(recipe.load_data().batches(recipe.batch_size)), recipe.game()
    with FlopCounterMode(display=False) as counter:
        recipe.play(game, batch)
    return int(counter.get_total_flops())


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=3, rounds=300)
    torch.set_num_threads(1)
    cost = {name: operations(recipe) for name, recipe in methods().items()}
    together = arguments.rounds * cost["conditional-digits-projection"]
    players = methods()

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        rounds = round(together / cost[cell["method"]])
        recipe = replace(players[cell["method"]], steps=rounds, scored=SCORED)
        run = recipe.train("laptop", cell["seed"], progress=False)
        return {"rounds": rounds, "operations": together, **run.metrics}

    cells = [{"method": name, "seed": seed} for seed in range(arguments.seeds) for name in players]
    sweep("conditioning", cells, play, torch=torch.__version__, operations_a_round=cost)


if __name__ == "__main__":
    main()

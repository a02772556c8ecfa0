"""Digits by class at equal compute: a grid of ways to tell either player the class, no class, and classes that lie.

    python -m benchmarks.conditioning [--seeds 5]

Compute is counted in floating-point operations of a round, forward and backward, so the comparison does not depend on
what else the machine does: every method gets those that so many rounds of the projection take. Writes
ganbook/results/conditioning.json, which chapter 10 shows, after every run; runs that stand there already are skipped.
A seed takes about twelve minutes of an idle core.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from statistics import mean
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import Figure, options, over, sweep
from ganbook import recipes
from ganbook.data.batch import Batch
from ganbook.models import CompactDiscriminator, ConditionalGenerator, RandomShift
from ganbook.models.conditional import ConditionalBatchNorm2d
from ganbook.recipes.control import CONDITIONINGS
from ganbook.recipes.recipe import Recipe
from ganbook.training.fit import Round
from ganbook.training.game import Game

SCORED = 2500
SCATTER = 0.5
"""Standard deviation of the tables that do not begin alike."""
GRID = {
    f"{g}, {d}": (g, d) for g in ("concatenation", "batchnorm") for d in ("concatenation", "auxiliary", "projection")
}
"""By name, how G and how D are told the class."""
BUDGETS = (300, 100)
"""In rounds of the projection; at the second the grid alone is played."""


def figures(kept: Any) -> list[Figure]:
    """Classes obeyed, by method and budget."""
    made = []
    for method, budget in dict.fromkeys((run["method"], run["budget"]) for run in kept["runs"]):
        found, by_chance = (
            over(kept["runs"], score, method=method, budget=budget)
            for score in ("class_agreement", "shuffled_agreement")
        )
        if found:
            made.append(Figure(f"{method}, {budget} rounds: class agreement", found, chance=mean(by_chance)))
    return made


@dataclass(frozen=True)
class Lying:
    """A round that is told the classes of other samples of its batch."""

    play: Round

    def __call__(self, game: Game, batch: Batch) -> dict[str, torch.Tensor]:
        labels = batch.labelled()
        return self.play(game, replace(batch, labels=labels[torch.randperm(len(labels))]))


def scattered(latent_dim: int) -> ConditionalGenerator:
    """G told by BatchNorm whose tables do not begin the same for all classes."""
    generator = ConditionalGenerator(latent_dim, how="batchnorm")
    for layer in generator.modules():
        if isinstance(layer, ConditionalBatchNorm2d):
            nn.init.normal_(layer.scale.weight, 1, SCATTER)
            nn.init.normal_(layer.shift.weight, 0, SCATTER)
    return generator


def methods() -> dict[str, Recipe]:
    """By name, with the settings that all share."""
    told = {recipe.name.removeprefix("conditional-digits-"): recipe.at("laptop") for recipe in CONDITIONINGS}
    by = {"concatenation": told["projection"].generator, "batchnorm": told["batchnorm"].generator}
    grid = {name: replace(told[d], generator=by[g]) for name, (g, d) in GRID.items()}
    last = told["projection"]
    plain = recipes.get("dcgan-digits").at("laptop")
    # Its average and its D are for longer runs: here all see the same.
    critic = partial(CompactDiscriminator, augmentation=RandomShift)
    plain = replace(plain, discriminator=critic, ema_half_life=last.ema_half_life)
    lied_to = replace(last, play=Lying(last.play))
    return {
        "no labels": plain,
        **grid,
        "embedding, embedding": told["embedding"],
        "shuffled labels": lied_to,
        "scattered batchnorm, projection": replace(last, generator=scattered),
    }


def operations(recipe: Recipe) -> int:
    """Floating-point operations of one round, without the penalty: the counter does not see its inner gradient."""
    recipe = replace(recipe, r1_gamma=0.0)
    batch, game = next(recipe.load_data().batches(recipe.batch_size)), recipe.game()
    with FlopCounterMode(display=False) as counter:
        recipe.play(game, batch)
    return int(counter.get_total_flops())


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=5)
    torch.set_num_threads(1)
    players = methods()
    cost = {name: operations(recipe) for name, recipe in players.items()}

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        together = cell["budget"] * cost["concatenation, projection"]
        rounds = round(together / cost[cell["method"]])
        recipe = replace(players[cell["method"]], steps=rounds, scored=SCORED)
        run = recipe.train("laptop", cell["seed"], progress=False)
        return {"rounds": rounds, "operations": together, **run.metrics}

    cells = [
        {"method": name, "budget": budget, "seed": seed}
        for budget in BUDGETS
        for seed in range(arguments.seeds)
        for name in (players if budget == BUDGETS[0] else GRID)
    ]
    sweep("conditioning", cells, play, torch=torch.__version__, operations_a_round=cost)


if __name__ == "__main__":
    main()

"""Digits at equal compute: two DCGANs, a residual network with a modern loss, a VAE, and a VAE that plays on.

    python benchmarks/equal_compute.py [--seeds 3] [--seconds 60]

Compute is processor time of one thread, ``--seconds`` of training for each run. The price of a round is measured first,
as the least of several rounds of each method in turn, so that all are timed under the same load.
Writes ganbook/results/equal_compute.json after every run; runs that stand there already are
skipped. Three seeds take about twenty minutes on an idle core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from benchmarks.common import Figure, options, over, sweep
from benchmarks.stopwatch import in_turn, timed
from ganbook import data, recipes, results
from ganbook.convolutions import high_share
from ganbook.data.batch import Batch
from ganbook.data.images import to_float
from ganbook.models import VAE
from ganbook.recipes.recipe import Recipe
from ganbook.training import DecoderStart, Game, Sampler, fit, vae_round

METHODS = ("dcgan-plain", "dcgan-digits", "resnet-digits", "vae", "vae-gan-digits")
SCORED = 2500
NAME = "equal_compute"


def figures(kept: Any) -> list[Figure]:
    """Floors, by method."""
    return [Figure(f"{name}: floors", over(kept["runs"], "floors", method=name), ".1f") for name in METHODS]


def recipe_of(method: str) -> Recipe:
    """The recipe whose players a method has, with the settings of its long run."""
    return recipes.get("vae-gan-digits" if method == "vae" else method).at("gpu")


def prices(batch: Batch) -> dict[str, float]:
    """Processor seconds of a round of each game, and of a step of the VAE: the least of several."""
    calls: dict[str, Callable[[], object]] = {}
    for method in METHODS:
        if method == "vae":
            continue
        recipe = recipe_of(method)
        game = recipe.game()
        for network in (game.generator, game.discriminator):
            network.to(memory_format=torch.channels_last)
        calls[method] = partial(recipe.play, game, batch)
    recipe = recipe_of("vae")
    start = recipe.prepare
    assert isinstance(start, DecoderStart) and recipe.prior is not None
    alone = Game(VAE(recipe.prior.dim, start.encoder, recipe.generator), None, prior=recipe.prior)
    calls["vae"] = lambda: vae_round(alone, batch, start.std)
    ways = {name: timed(call, time.process_time) for name, call in calls.items()}
    return {name: min(found) for name, found in in_turn(ways, repeats=12).items()}


def trained(
    method: str, seed: int, seconds: float, cost: dict[str, float]
) -> tuple[Sampler, dict[str, Any], dict[str, int]]:
    """A sampler that took ``seconds`` at the given prices, its report, and the steps and rounds that this bought."""
    recipe = replace(recipe_of(method), scored=SCORED)
    start = recipe.prepare
    if not isinstance(start, DecoderStart):
        bought = {"rounds": round(seconds / cost[method])}
        run = replace(recipe, steps=bought["rounds"]).train("laptop", seed, progress=False)
        return run.sampler, run.metrics, bought
    if method == "vae":
        start = replace(start, steps=round(seconds / cost["vae"]))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            game = recipe.game()
            settings: dict[str, Any] = {"batch_size": recipe.batch_size, "seed": seed, "progress": False}
            start(game, partial(fit, data=recipe.load_data(), **settings))
        sampler = Sampler(game.averaged_generator(), recipe.prior, {})
        return sampler, recipe.evaluate(sampler), {"vae_steps": start.steps}
    start = replace(start, steps=round(seconds / 2 / cost["vae"]))
    bought = {"vae_steps": start.steps, "rounds": round(seconds / 2 / cost[method])}
    run = replace(recipe, steps=bought["rounds"], prepare=start).train("laptop", seed, progress=False)
    return run.sampler, run.metrics, bought


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=3, seconds=60.0)
    torch.set_num_threads(1)
    if NAME not in results.names():
        samples, test = (data.load("digits", split) for split in ("train", "test"))
        real = to_float(torch.cat([samples.images, test.images]))
        new = {
            "real_high_share": high_share(real),
            "torch": torch.__version__,
            "price": prices(next(samples.batches(64))),
        }
        results.update(NAME, lambda content: None, new | {"runs": []})
    cost = results.load(NAME)["price"]

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        sampler, report, bought = trained(cell["method"], cell["seed"], arguments.seconds, cost)
        return {"seconds": arguments.seconds, **bought, "high_share": high_share(sampler.sample(SCORED)), **report}

    sweep(NAME, [{"method": name, "seed": seed} for seed in range(arguments.seeds) for name in METHODS], play)


if __name__ == "__main__":
    main()

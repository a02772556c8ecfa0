"""Lines to colours: pix2pix and its parts left out one by one, and CycleGAN with and without the cycle.

    python benchmarks/translation.py [--seeds 3] [--only WORD]

All runs of a group have the same number of rounds. Scores are of held-out emoji. Writes
ganbook/results/translation.json, which chapters 11 and 12 show, after every run; runs that stand there already are
skipped. Three seeds take about forty minutes on an idle core.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ganbook import data, recipes, results
from ganbook.convolutions import high_share
from ganbook.data.images import to_float
from ganbook.models import PatchDiscriminator
from ganbook.recipes.control import PIX2PIX_ABLATION
from ganbook.recipes.recipe import Recipe

ROUNDS = {"parts at 64 pixels": 500, "shape at 32 pixels": 300, "cycle": 200}
SCORES = (
    "l1", "frechet_distance", "floor", "floors", "kernel_distance", "kernel_distance_real", "precision", "recall", "n",
    "n_real", "n_floor", "n_pairs", "features", "split", "size",
)  # fmt: skip


def groups() -> dict[str, dict[str, Recipe]]:
    """The recipes that are compared with each other, by group and name."""
    small = recipes.get("pix2pix-emoji").at("laptop")
    no_skips = recipes.get("pix2pix-emoji-no-skips").at("laptop")

    def patches(layers: int) -> Recipe:
        return replace(small, discriminator=partial(PatchDiscriminator, sources=1, layers=layers, width=24))

    # The large size with the small budget's number of rounds: half an hour a run would not be a comparison for a page.
    large = {recipe.name: replace(recipe, budgets={}) for recipe in PIX2PIX_ABLATION}
    shapes = {
        "no skips": no_skips,
        "1 x 1": patches(0),
        "16 x 16": patches(1),
        "34 x 34": patches(2),
        "70 x 70": patches(3),
    }
    cycles = {name: recipes.get(name).at("laptop") for name in ("cyclegan-emoji", "cyclegan-emoji-no-cycle")}
    return dict(zip(ROUNDS, (large, shapes, cycles), strict=True))


def saturation(images: Tensor) -> float:
    """Mean distance between a pixel's largest and smallest channel, 0 for grey: what an average of colours lacks."""
    return (images.amax(1) - images.amin(1)).mean().item()


def looks(images: Tensor) -> dict[str, float]:
    """Scores of images by themselves."""
    return {"high_share": high_share(images), "saturation": saturation(images)}


def main() -> None:
    """Train and score what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="the groups whose name holds this word")
    arguments = parser.parse_args()
    played = groups()

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        started = time.process_time()
        recipe, rounds = played[cell["group"]][cell["name"]], ROUNDS[cell["group"]]
        run = replace(recipe, steps=rounds).train("laptop", cell["seed"], progress=False)
        found = {score: run.metrics[score] for score in SCORES}
        test = data.load("emoji-lines", "test", recipe.size)
        found |= looks(recipe.draw(run.sampler, len(test)))
        found |= {f"{k}_real": v for k, v in looks(to_float(test.images)).items()}
        return {"rounds": rounds, "seconds": round(time.process_time() - started, 1), **found}

    cells = [
        {"group": group, "name": name, "seed": seed}
        for seed in range(arguments.seeds)
        for group in played
        for name in played[group]
        if arguments.only in group
    ]
    results.sweep("translation", cells, play, torch=torch.__version__)


if __name__ == "__main__":
    main()

"""Lines to colours: pix2pix and its parts left out one by one, and CycleGAN with and without the cycle.

    python benchmarks/translation.py [--seeds 3] [--only WORD]

All runs of a group have the same number of rounds; only groups whose name holds WORD are played. Scores are of held-out
emoji. Writes ganbook/results/translation.json, which chapters 11 and 12 show, after every run; runs that stand there
already are skipped. Three seeds take about forty minutes on an idle core.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import Figure, options, over, sweep
from ganbook import data, recipes
from ganbook.convolutions import high_share
from ganbook.data.images import to_float
from ganbook.models import PatchDiscriminator
from ganbook.recipes.control import PIX2PIX_ABLATION
from ganbook.recipes.recipe import Recipe

ROUNDS = {"parts at 64 pixels": 500, "shape at 32 pixels": 300, "cycle": 200}


def figures(kept: Any) -> list[Figure]:
    """Distance from the truth of the two ways, with pairs and without."""
    return [
        Figure(f"{name}: L1 of held-out emoji", over(kept["runs"], "l1", group=group, name=name), ".3f")
        for group, name in (("parts at 64 pixels", "pix2pix-emoji"), ("cycle", "cyclegan-emoji"))
    ]


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
    arguments = options(__doc__, seeds=3, only="")
    played = groups()

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        started = time.process_time()
        recipe, rounds = played[cell["group"]][cell["name"]], ROUNDS[cell["group"]]
        run = replace(recipe, steps=rounds).train("laptop", cell["seed"], progress=False)
        test = data.load("emoji-lines", "test", recipe.size)
        found = run.metrics | looks(recipe.draw(run.sampler, len(test)))
        found |= {f"{k}_real": v for k, v in looks(to_float(test.images)).items()}
        return {"rounds": rounds, "seconds": round(time.process_time() - started, 1), **found}

    cells = [
        {"group": group, "name": name, "seed": seed}
        for seed in range(arguments.seeds)
        for group in played
        for name in played[group]
        if arguments.only in group
    ]
    sweep("translation", cells, play, torch=torch.__version__)


if __name__ == "__main__":
    main()

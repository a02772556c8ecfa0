"""What 200 pictures can and cannot give: a folder's DCGAN on few emoji of people and on all, seen by D in four ways.

    python -m benchmarks.few_pictures [--seeds 2]

Plays "dcgan-folder" as `ganbook train dcgan-folder --size 32 --batch-size 32 --lr 0.001 --augment ...` does, for some
ROUNDS on so many pictures of the training split. Samples are scored by the independent referee against all
pictures of people, and held against those that were learned from: are they nearer to them than unseen ones? Writes
ganbook/results/few_pictures.json, which book/start/your_own_data shows, after every run; runs that stand there already
are skipped. A seed takes about an hour and a half of one core.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import Figure, options, over, sweep
from benchmarks.overfitting import Witness
from ganbook import data, metrics, recipes
from ganbook.data.images import to_float
from ganbook.recipes.changes import AUGMENTS

NAME = "few_pictures"
SIZE, SAMPLES = 32, 1000
ROUNDS = (800, 1500)
KEPT = (200, 1092)
"""Pictures to learn from; the last is all there are."""
FEATURES = "emoji-referee"


def figures(kept: Any) -> list[Figure]:
    """Floors, copies, and how surely D tells the pictures it learns from from others."""
    found = []
    for pictures, augment, rounds in product(KEPT, AUGMENTS, ROUNDS):
        what = f"{pictures} pictures, {augment}, {rounds} rounds"
        runs = {"pictures": pictures, "augment": augment, "rounds": rounds}
        floors, copies, told = (over(kept, score, **runs) for score in ("floors", "copies", "told_apart"))
        found.append(Figure(f"{what}: floors by the referee", floors, ".1f"))
        found.append(Figure(f"{what}: samples nearer to a picture learned from than 99 in 100 new ones", copies, ".2f"))
        found.append(Figure(f"{what}: D rates a picture it learns from above a new one", told, ".2f", chance=0.5))
    return found


def play(cell: dict[str, Any]) -> dict[str, Any]:
    """One game."""
    train, test = (to_float(data.load("emoji-people", split, SIZE).images) for split in ("train", "test"))
    learned = train[:: len(train) // cell["pictures"]][: cell["pictures"]]
    few = data.ImageSet("people", "train", data.to_uint8(learned))
    changed = recipes.get("dcgan-folder").changed(
        size=SIZE, batch_size=32, lr=1e-3, steps=cell["rounds"], augment=cell["augment"]
    )
    recipe = replace(changed.at("laptop"), data=few, score=lambda *_: {})
    witness = Witness(learned[: len(test)], test)
    run = recipe.train("laptop", cell["seed"], progress=False, watch=witness, watch_every=cell["rounds"])
    samples = run.sampler.sample(SAMPLES)
    known = {"minutes": run.sampler.card["minutes"], "told_apart": witness.told_apart}
    return known | scores(samples, learned, test, torch.cat([train, test]))


@torch.no_grad()
def scores(samples: Tensor, learned: Tensor, unseen: Tensor, every: Tensor) -> dict[str, Any]:
    """By the referee against all pictures; and by pixels, how near samples are to what was learned from."""
    network = metrics.features(FEATURES)
    real, n, splits = network(every), len(every) // 2, 20
    floor = metrics.real_floor(real, n, splits)
    score = metrics.frechet_score(network(samples), real, n, splits, resamples=0)
    found = metrics.memorisation(samples, learned, unseen)
    return {
        "frechet_distance": score.distance, "floors": score.distance / floor.mean, "floor": floor.mean, "n": n,
        "splits": splits, "features": FEATURES, "copies": found.copies, "nearer": found.nearer,
        "memorisation_z": found.z, "different": len(set(found.indices.tolist())), "n_samples": len(samples),
    }  # fmt: skip


def main() -> None:
    """Play and score what is missing."""
    arguments = options(__doc__, seeds=2)
    torch.set_num_threads(1)
    kinds = product(ROUNDS, KEPT, AUGMENTS)
    rows = [{"pictures": pictures, "augment": augment, "rounds": rounds} for rounds, pictures, augment in kinds]
    sweep(NAME, [{**row, "seed": seed} for seed in range(arguments.seeds) for row in rows], play)


if __name__ == "__main__":
    main()

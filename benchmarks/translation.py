"""Lines to colours: pix2pix, CycleGAN, both with one part left out or exchanged at a time, and CUT.

    python -m benchmarks.translation [--seeds 3] [--only TEXT]

Every row but CUT differs from its recipe in one thing; all rows of a group play ROUNDS, fewer than the recipe's own;
scores are of held-out emoji. Writes ganbook/results/translation.json, which chapters 11 and 12 show, after every run;
runs that stand there already are skipped. ``--only`` plays the groups whose name contains TEXT. Three seeds take about
an hour and a quarter of one core.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import Figure, options, over, sweep
from ganbook import data, metrics, recipes
from ganbook.convolutions import high_share
from ganbook.data.batch import Batch
from ganbook.data.encoded import JITTER
from ganbook.data.images import ImageSet, to_float, windows
from ganbook.data.pairs import families
from ganbook.models import PatchDiscriminator, UNet
from ganbook.models.cycle import TwoTranslators
from ganbook.recipes.control import CUT_EMOJI, CYCLEGAN_ABLATION, L1_WEIGHT, PIX2PIX_ABLATION
from ganbook.recipes.recipe import Recipe
from ganbook.training import Sampler
from ganbook.training.rounds.pix2pix import mode_seeking_round, pix2pix_round

TONES, LATENTS, SIZE = 6, 16, 64
SCORES = {"l1": "L1", "fillable": "error inside the fillable area", "better_than_copying": "better than copying"}


@dataclass(frozen=True)
class Jittered(ImageSet):
    """Pairs that are drawn larger; each is seen through a window at a random place, the same for source and target."""

    @classmethod
    def of(cls, name: str) -> Jittered:
        """Larger by the share of the paper, which takes 256 pixels of 286."""
        larger = data.load(name, "train", SIZE + round(SIZE * JITTER))
        assert isinstance(larger, ImageSet)
        return cls(**{field.name: getattr(larger, field.name) for field in fields(larger)})

    def gathered(self, indices: Tensor) -> Batch:
        """The samples with these indices, windows drawn from torch's global random numbers."""
        whole, still = super().gathered(indices), torch.zeros(len(indices), dtype=torch.bool)
        places = torch.randint(whole.real.shape[-1] - SIZE + 1, (len(indices), 2))
        real, sources = (windows(of, SIZE, places, still) for of in (whole.real, whole.paired()))
        return replace(whole, real=real, sources=sources)


def with_pairs() -> Iterator[tuple[str, Recipe]]:
    """pix2pix without its parts, then with critics that see patches of another size."""
    yield from zip(("L1 alone", "the game alone", "both"), PIX2PIX_ABLATION, strict=True)
    yield "no short cuts", recipes.get("pix2pix-emoji-no-skips")
    whole = PIX2PIX_ABLATION[-1]
    yield "dropout", replace(whole, generator=_changed(whole.generator, UNet, dropout=0.5))
    yield "jitter", replace(whole, data=Jittered.of("emoji-lines"), test_data=data.load("emoji-lines", "test", SIZE))
    yield "the paper's λ", replace(whole, play=pix2pix_round)
    yield "G at D's rate", replace(whole, g_lr=whole.d_lr)
    yield "mode seeking", replace(whole, play=partial(mode_seeking_round, l1_weight=L1_WEIGHT))
    yield "mode seeking, a tenth", recipes.get("pix2pix-emoji-diverse")
    for side, layers in ((1, 0), (34, 2), (70, 3)):
        critic = _changed(whole.discriminator, PatchDiscriminator, layers=layers)
        yield f"patches of {side}", replace(whole, discriminator=critic)


def without_pairs() -> Iterator[tuple[str, Recipe]]:
    """CycleGAN with each of its two losses or neither, and without its pools; and one translator with a contrast."""
    names = ("cycle and identity", "cycle alone", "identity alone", "neither", "no pools")
    yield from zip(names, CYCLEGAN_ABLATION, strict=True)
    yield "contrast", CUT_EMOJI


def _changed(built: Any, what: type, **changes: Any) -> partial[Any]:
    """The recipe's own network with these arguments changed."""
    assert isinstance(built, partial) and built.func is what
    return partial(built, **changes)


GROUPS = {"with pairs": with_pairs, "without pairs": without_pairs}
ROUNDS = {"with pairs": 570, "without pairs": 160}


def figures(kept: Any) -> list[Figure]:
    """How near each row comes to the truth."""
    rows = dict.fromkeys((run["group"], run["name"]) for run in kept["runs"])
    return [
        Figure(f"{name}: {said}", over(kept["runs"], score, group=group, name=name), ".3f")
        for group, name in rows
        for score, said in SCORES.items()
    ]


def looks(images: Tensor) -> dict[str, float]:
    """Scores of images by themselves."""
    return {"high_share": high_share(images), "saturation": metrics.colourfulness(images).mean().item()}


def modes(sampler: Sampler, test: ImageSet) -> dict[str, float]:
    """Of the drawings that exist in six skin tones: how many of the six are reached by LATENTS draws."""
    people = families(test, TONES)
    sources = to_float(test.sources[people[:, 0]])
    draws = torch.stack([sampler.sample(sources=sources, seed=seed) for seed in range(LATENTS)], 1)
    found = metrics.modes_reached(draws, of_families(test.images, people))
    return {"modes": found.modes, "modes_distance": found.distance, "modes_truths": found.truths}


@torch.no_grad()
def messages(translators: TwoTranslators, test: ImageSet) -> dict[str, float]:
    """Of how many of F's drawings the skin tone is found: by G, which colours them, and with no network at all."""
    tones = of_families(test.images, families(test, TONES))
    drawn = translators.back(tones.flatten(0, 1))
    again = translators.there(drawn)
    told = {"by_g": again, "by_eye": drawn}
    found = {f"tone_{who}": metrics.told_apart(of.unflatten(0, (-1, TONES)), tones) for who, of in told.items()}
    colours = (metrics.colourfulness(of).mean().item() for of in (drawn, tones.flatten(0, 1)))
    return found | dict(zip(("drawn_colourfulness", "tones_colourfulness"), colours, strict=True))


def of_families(images: Tensor, people: Tensor) -> Tensor:
    """(F, TONES, 3, H, W) in [-1, 1]: all images of each family."""
    return to_float(images[people.flatten()]).unflatten(0, people.shape)


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=3, only="")
    torch.set_num_threads(1)
    played = {
        (group, name): replace(recipe.at("laptop"), steps=ROUNDS[group])
        for group, rows in GROUPS.items()
        if arguments.only in group
        for name, recipe in rows()
    }

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        started = time.process_time()
        recipe = played[cell["group"], cell["name"]]
        run = recipe.train("laptop", cell["seed"], progress=False)
        test = data.load("emoji-lines", "test", recipe.size)
        found = run.metrics | looks(recipe.draw(run.sampler, len(test)))
        found |= {f"{k}_real": v for k, v in looks(to_float(test.images)).items()}
        if cell["group"] == "with pairs":
            found |= modes(run.sampler, test)
        if isinstance(run.sampler.generator, TwoTranslators):
            found |= messages(run.sampler.generator, test)
        return {"rounds": recipe.steps, "seconds": round(time.process_time() - started, 1), **found}

    cells = [{"group": group, "name": name, "seed": seed} for seed in range(arguments.seeds) for group, name in played]
    sweep("translation", cells, play, torch=torch.__version__)


if __name__ == "__main__":
    main()

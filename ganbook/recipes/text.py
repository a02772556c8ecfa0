"""Recipes of chapter 13: digits, people and flowers from captions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from ganbook.data.captions import DIGIT_CAPTION_WORDS, PEOPLE_WORDS
from ganbook.data.errors import DataError, say
from ganbook.data.samples import Data
from ganbook.models import (
    AttentiveGRUEncoder,
    BagOfWords,
    CharCNNRNN,
    GRUEncoder,
    RandomShift,
    TextDiscriminator,
    TextGenerator,
)
from ganbook.models.text import words_in
from ganbook.recipes.changes import respecified
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_captioned_digits, of_images, of_people
from ganbook.training.prior import Prior
from ganbook.training.rounds.text import text_round

__all__ = ["RECIPES", "TEXT_ABLATION"]

# Digits from captions. -----------------------------------------------------------------------------------------------

_READS = partial(AttentiveGRUEncoder, DIGIT_CAPTION_WORDS)
_G = partial(TextGenerator, encoder=_READS, size=28, width=16)
_D = partial(TextDiscriminator, encoder=_READS, size=28, width=32)

TEXT_DIGITS = Recipe(
    name="text-digits",
    about="Painted digits from captions: fusion in G, projection and wrong captions in D; some pairs never seen.",
    data="captioned-digits",
    size=28,
    generator=_G,
    discriminator=_D,
    prior=Prior(32),
    given="captions",
    g_lr=2e-3,
    d_lr=2e-3,
    betas=(0.0, 0.99),
    anneal_from=0.5,
    ema_half_life=2_000,
    batch_size=64,
    steps=1650,
    play=partial(text_round, wrong=4),
    score=of_captioned_digits,
    scored=4000,
    budgets={"smoke": {"steps": 16, "scored": 500}, "laptop": {"scored": 1000}, "gpu": {"steps": 4000}},
)


def _other(name: str, how: str, **changes: Any) -> Recipe:
    """``text-digits`` with one thing changed."""
    return replace(TEXT_DIGITS, name=f"text-digits-{name}", about=f"The same {how}", **changes)


def _read_by(encoder: Callable[[], nn.Module]) -> dict[str, Any]:
    return {"generator": partial(_G, encoder=encoder), "discriminator": partial(_D, encoder=encoder)}


TEXT_ABLATION = (
    TEXT_DIGITS,
    _other(
        "concatenation",
        "with the caption beside D's features instead of multiplied with them.",
        discriminator=partial(_D, how="concatenation"),
    ),
    _other(
        "none-wrong",
        "without wrong captions: D sees real images with their own only.",
        play=partial(text_round, wrong=0),
    ),
    _other(
        "bag",
        "with a bag of words, which cannot tell red on green from green on red.",
        **_read_by(partial(BagOfWords, DIGIT_CAPTION_WORDS)),
    ),
    _other(
        "beside",
        "with the caption beside G's maps instead of scaling and shifting them.",
        generator=partial(_G, how="concatenation"),
    ),
    _other("one-wrong", "with one wrong caption for each real image, as published, instead of four.", play=text_round),
    _other(
        "augmented",
        "with conditioning augmentation.",
        generator=partial(_G, augment=True),
        play=partial(text_round, wrong=4, kl_weight=0.01),
    ),
    _other("characters", "with an encoder that reads characters (char-CNN-RNN).", **_read_by(CharCNNRNN)),
)
"""One change at a time; the first is the recipe itself."""

# People from their names. --------------------------------------------------------------------------------------------


def _painters(encoder: Callable[..., nn.Module]) -> dict[str, Any]:
    """The fields of a recipe that draw people from names, read so."""
    reads, moves = partial(encoder, PEOPLE_WORDS), partial(RandomShift, fill=1.0)
    return {
        "generator": partial(TextGenerator, encoder=reads, size=64, width=16),
        "discriminator": partial(TextDiscriminator, encoder=reads, size=64, width=16, augmentation=moves),
    }


TEXT_EMOJI = replace(
    TEXT_DIGITS,
    name="text-emoji",
    about="Emoji of people from their names; some combinations of person, role and skin tone never seen.",
    data="emoji-people",
    size=64,
    **_painters(GRUEncoder),
    prior=Prior(8),
    g_lr=1e-3,
    d_lr=1e-3,
    batch_size=32,
    steps=400,
    play=partial(text_round, wrong=4, l1_weight=50.0),
    score=of_people,
    budgets={"smoke": {"steps": 8}, "gpu": {"steps": 2500}},
)

TEXT_EMOJI_BAG = replace(
    TEXT_EMOJI,
    name="text-emoji-bag",
    about="The same with a bag of words, which keeps person, role and tone apart.",
    **_painters(BagOfWords),
)

# Flowers and birds. --------------------------------------------------------------------------------------------------

_READS_CHARACTERS = partial(CharCNNRNN, dim=128, width=128, length=200)
_TINY = {
    "generator": partial(TextGenerator, encoder=CharCNNRNN, size=64, width=8),
    "discriminator": partial(TextDiscriminator, encoder=CharCNNRNN, size=64, width=8),
    "batch_size": 8,
}

TEXT_FLOWERS = replace(
    TEXT_DIGITS,
    name="text-flowers",
    about="Oxford's flowers from captions, 64 x 64, an encoder of characters as in the first paper: --data FOLDER.",
    data="flowers",
    size=64,
    generator=partial(TextGenerator, encoder=_READS_CHARACTERS, augment=True, size=64, width=64),
    discriminator=partial(
        TextDiscriminator, encoder=_READS_CHARACTERS, size=64, width=64, augmentation=partial(RandomShift, 4)
    ),
    prior=Prior(100),
    g_lr=2e-4,
    d_lr=2e-4,
    ema_half_life=10_000,
    play=partial(text_round, wrong=1, kl_weight=0.01),
    steps=100_000,
    score=of_images,
    budgets={"smoke": {**_TINY, "steps": 2, "scored": 0}, "laptop": {**_TINY, "steps": 500, "scored": 500}},
)

# One's own. -----------------------------------------------------------------------------------------------------------


def _by_words(recipe: Recipe, samples: Data) -> Recipe:
    """The recipe with encoders that know every word of the captions to train on."""
    texts = getattr(samples, "texts", None) or [(text,) for text in getattr(samples, "captions", None) or ()]
    words = tuple(sorted({word for of_image in texts for text in of_image for word in words_in(text)}))
    if not words:
        raise DataError(f"{recipe.name} needs captions with words in the letters a to z, and found none")
    say(f"{len(texts)} captioned images, {len(words)} different words")
    players: dict[str, Any] = {
        name: respecified(getattr(recipe, name), words=words) for name in ("generator", "discriminator")
    }
    return replace(recipe, **players)


def _own_players(width: int) -> dict[str, Any]:
    reads = partial(AttentiveGRUEncoder, ())  # before it is fitted to the data: it knows no word
    return {
        "generator": partial(TextGenerator, encoder=reads, size=64, width=width),
        "discriminator": partial(
            TextDiscriminator, encoder=reads, size=64, width=width, augmentation=partial(RandomShift, 4, fill=None)
        ),
    }


TEXT_FOLDER = replace(
    TEXT_FLOWERS,
    name="text-folder",
    about="Images of your own from captions, 64 x 64: --data FOLDER with NAME.txt beside images, or captions.csv.",
    data="captions-folder",
    **_own_players(64),
    fitted=_by_words,
    g_lr=5e-4,
    d_lr=5e-4,
    ema_half_life=5_000,
    play=partial(text_round, wrong=1),
    steps=20_000,
    budgets={
        "smoke": {"steps": 2, "scored": 0, "batch_size": 8, **_own_players(4)},
        "laptop": {"steps": 600, "scored": 500, "batch_size": 32, **_own_players(16)},
    },
)

RECIPES = (
    *TEXT_ABLATION,
    TEXT_FOLDER,
    TEXT_EMOJI,
    TEXT_EMOJI_BAG,
    TEXT_FLOWERS,
    replace(
        TEXT_FLOWERS,
        name="text-birds",
        about="Caltech's and UCSD's birds from captions, by the recipe of the flowers: --data FOLDER.",
        data="birds",
    ),
)

"""Recipes of Part III: digits by class, and emoji translated with pairs and without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from ganbook.models import (
    AuxiliaryDiscriminator,
    ConditionalDiscriminator,
    ConditionalGenerator,
    PatchDiscriminator,
    RandomShift,
    ResNetTranslator,
    UNet,
)
from ganbook.models.contrast import contrastive_translator
from ganbook.models.cycle import ImagePool
from ganbook.models.variants import two_critics, two_translators
from ganbook.recipes.digits import DCGAN_DIGITS
from ganbook.recipes.recipe import Recipe
from ganbook.recipes.reports import of_images, of_styles, of_translations
from ganbook.training.budget import Budget
from ganbook.training.prior import Prior
from ganbook.training.rounds.conditional import auxiliary_round, conditional_round
from ganbook.training.rounds.contrastive import contrastive_round
from ganbook.training.rounds.cyclegan import cyclegan_round
from ganbook.training.rounds.pix2pix import mode_seeking_round, pix2pix_round, regression_round

__all__ = ["CONDITIONINGS", "CUT_EMOJI", "CYCLEGAN_ABLATION", "PIX2PIX_ABLATION", "RECIPES"]

# Digits by class. ----------------------------------------------------------------------------------------------------

_BUDGETS: dict[Budget, dict[str, Any]] = {"smoke": {"steps": 24, "scored": 1000}, "gpu": {"steps": 3000}}

CONDITIONAL_DIGITS = replace(
    DCGAN_DIGITS,
    name="conditional-digits",
    about="Digits by class: a one-hot code beside z in G, projection in D.",
    generator=partial(ConditionalGenerator, how="concatenation"),
    discriminator=partial(ConditionalDiscriminator, how="projection", augmentation=RandomShift),
    given="labels",
    classes=10,
    ema_half_life=2_000,  # of a shorter run
    steps=1000,
    play=conditional_round,
    budgets=_BUDGETS,
)


def _way(name: str, how: str, g: Any = "concatenation", d: Any = "projection", **changes: Any) -> Recipe:
    """Another way for the class to come in, at the settings of the first; the same players at every budget."""
    players: dict[str, Any] = {
        "generator": partial(ConditionalGenerator, how=g),
        "discriminator": partial(ConditionalDiscriminator, how=d, augmentation=RandomShift),
    }
    about = f"Digits by class: {how}"
    return replace(CONDITIONAL_DIGITS, name=f"conditional-digits-{name}", about=about, **(players | changes))


_BESIDE = "a one-hot code beside z"

CONDITIONINGS = (
    _way("concatenation", f"{_BESIDE}, maps beside the image (the first conditional GAN).", d="concatenation"),
    _way("embedding", "learned numbers beside z, one learned map beside the image.", g="embedding", d="embedding"),
    _way(
        "auxiliary",
        f"{_BESIDE}, a D that names the class (AC-GAN).",
        discriminator=partial(AuxiliaryDiscriminator, augmentation=RandomShift),
        play=auxiliary_round,
    ),
    _way("projection", f"{_BESIDE}, projection in D."),
    _way("batchnorm", "conditional BatchNorm in G, projection in D.", g="batchnorm"),
)
"""Five ways; "projection" is that of conditional-digits."""

# Lines to colours, with pairs. ---------------------------------------------------------------------------------------


def _by_a_unet(**more: Any) -> dict[str, Any]:
    """The fields of a recipe that paint 64 x 64 images by a U-Net with these arguments; to try it out, 32 x 32."""
    large, small = (
        {"size": size, "generator": partial(UNet, size=size, width=18, depth=depth, keep=2.0, **more)}
        for size, depth in ((64, 5), (32, 4))
    )
    return {**large, "budgets": {"smoke": {**small, "steps": 20}, "gpu": {"steps": 4000}}}


L1_WEIGHT = 30.0
"""The paper's 100 gives a little less L1 under each of three seeds, and by Fréchet distance a larger one under most
(benchmarks/translation.py)."""

PIX2PIX_EMOJI = Recipe(
    name="pix2pix-emoji",
    about="Line drawings of emoji to colours: U-Net, PatchGAN, L1 (pix2pix).",
    data="emoji-lines",
    **_by_a_unet(),
    mirrored=True,
    discriminator=partial(PatchDiscriminator, sources=1, layers=1, width=16, norm=False),
    prior=Prior(8),
    given="sources",
    g_lr=2e-3,
    d_lr=1e-3,
    betas=(0.5, 0.99),
    anneal_from=0.5,
    ema_half_life=1_000,
    batch_size=16,
    steps=1000,
    play=partial(pix2pix_round, l1_weight=L1_WEIGHT),
    score=of_translations,
)

PIX2PIX_EMOJI_NO_SKIPS = replace(
    PIX2PIX_EMOJI,
    name="pix2pix-emoji-no-skips",
    about="The same with an encoder and a decoder that no short cuts join.",
    **_by_a_unet(skips=False),
)

PIX2PIX_EMOJI_DIVERSE = replace(
    PIX2PIX_EMOJI,
    name="pix2pix-emoji-diverse",
    about="The same, and G is paid for drawing two latents differently (mode seeking).",
    play=partial(mode_seeking_round, l1_weight=L1_WEIGHT, mode_seeking_weight=0.1),
)
"""A tenth of the paper's weight: at the full one colours differ more than the truths do."""

PIX2PIX_ABLATION = (
    replace(PIX2PIX_EMOJI, name="pix2pix-emoji-l1", about="The same with L1 alone: no game.", play=regression_round),
    replace(
        PIX2PIX_EMOJI,
        name="pix2pix-emoji-cgan",
        about="The same with the conditional game alone: no L1.",
        play=partial(pix2pix_round, l1_weight=0.0),
    ),
    PIX2PIX_EMOJI,
)

_AS_PUBLISHED: dict[str, Any] = {
    "size": 256, "mirrored": True, "jitter": True, "g_lr": 2e-4, "d_lr": 2e-4, "betas": (0.5, 0.999),
    "ema_half_life": 0, "batch_size": 1,
}  # fmt: skip
"""In both papers."""

_TINY_PAIRS = {
    "size": 64,
    "generator": partial(UNet, inputs=3, size=64, width=8, depth=5, norm="instance"),
    "discriminator": partial(PatchDiscriminator, sources=3, layers=2, width=8),
}

PIX2PIX_FOLDER = replace(
    PIX2PIX_EMOJI,
    name="pix2pix-folder",
    about="pix2pix as published, 256 x 256, on pairs side by side or in two folders: --data FOLDER.",
    data="pairs-folder",
    **_AS_PUBLISHED,
    generator=partial(UNet, inputs=3, size=256, width=64, depth=7, dropout=0.5, norm="instance"),
    discriminator=partial(PatchDiscriminator, sources=3, layers=3, width=64),
    prior=None,
    play=pix2pix_round,
    steps=200 * 400,
    score=of_images,
    budgets={"smoke": {**_TINY_PAIRS, "steps": 2, "scored": 0}, "laptop": {**_TINY_PAIRS, "steps": 500, "scored": 500}},
)

# Lines to colours, without pairs. ------------------------------------------------------------------------------------


def _pools(size: int, kept: int = 50, channels: int = 3) -> Mapping[str, nn.Module]:
    return {name: ImagePool((channels, size, size), kept) for name in ("sources", "targets")}


_TRANSLATOR = partial(UNet, inputs=3, size=32, width=24, depth=3, keep=2.0)
_CRITIC = partial(PatchDiscriminator, layers=2, width=24, norm=False)

CYCLEGAN_EMOJI = replace(
    PIX2PIX_EMOJI,
    name="cyclegan-emoji",
    about="Line drawings of emoji to colours and back, from sets without pairs (CycleGAN).",
    size=32,
    generator=partial(two_translators, of=_TRANSLATOR),
    discriminator=partial(two_critics, of=_CRITIC),
    prior=None,
    pairs_hidden=True,
    memory=partial(_pools, 32),
    g_lr=1e-3,
    batch_size=32,
    steps=300,
    play=partial(cyclegan_round, identity_weight=2.0),
    budgets={"smoke": {"steps": 8, "batch_size": 4}, "gpu": {"steps": 640}},
)


def _without(name: str, what: str, **changes: Any) -> Recipe:
    return replace(CYCLEGAN_EMOJI, name=f"cyclegan-emoji-{name}", about=f"The same without {what}.", **changes)


CYCLEGAN_ABLATION = (
    CYCLEGAN_EMOJI,
    _without("cycle-alone", "the identity loss", play=partial(cyclegan_round, identity_weight=0.0)),
    _without("identity-alone", "the cycle loss", play=partial(cyclegan_round, cycle_weight=0.0, identity_weight=2.0)),
    _without(
        "neither",
        "either: two games that share nothing",
        play=partial(cyclegan_round, cycle_weight=0.0, identity_weight=0.0),
    ),
    _without("no-pool", "pools: the critics see the newest fakes alone", memory=partial(_pools, 32, 0)),
)
"""Each of the two losses by itself, neither, and no pools."""

CUT_EMOJI = replace(
    CYCLEGAN_EMOJI,
    name="cut-emoji",
    about="The same with one translator, one critic, no pool, and a contrast of places in the cycle's stead (CUT).",
    generator=partial(contrastive_translator, of=_TRANSLATOR),
    discriminator=_CRITIC,
    memory=None,
    play=contrastive_round,
)

CYCLEGAN_EMOJI_STYLES = replace(
    CYCLEGAN_EMOJI,
    name="cyclegan-emoji-styles",
    about="Emoji in the look of OpenMoji to that of Fluent Emoji and back, from sets without pairs (CycleGAN).",
    data="emoji-styles",
    size=64,
    generator=partial(two_translators, of=partial(UNet, inputs=3, size=64, width=16, depth=4, keep=2.0)),
    pairs_hidden=False,  # they are of different emoji
    memory=partial(_pools, 64),
    ema_half_life=500,
    batch_size=8,
    play=partial(cyclegan_round, cycle_weight=5.0, identity_weight=1.0),
    score=of_styles,
    budgets={"smoke": {"steps": 8, "batch_size": 4}, "gpu": {"steps": 300}},
)

_TINY_SETS = {
    "size": 64,
    "generator": partial(two_translators, of=partial(ResNetTranslator, width=8, blocks=2)),
    "discriminator": partial(two_critics, of=partial(PatchDiscriminator, layers=2, width=8)),
    "memory": partial(_pools, 64),
}

CYCLEGAN_FOLDER = replace(
    CYCLEGAN_EMOJI,
    name="cyclegan-folder",
    about="CycleGAN as published, 256 x 256, on sets without pairs: --data FOLDER with trainA and trainB, or A and B.",
    data="unpaired-folder",
    **_AS_PUBLISHED,
    generator=partial(two_translators, of=ResNetTranslator),
    discriminator=partial(two_critics, of=PatchDiscriminator),
    loss="least_squares",
    play=cyclegan_round,
    pairs_hidden=False,
    memory=partial(_pools, 256),
    steps=200 * 1000,
    score=of_images,
    budgets={"smoke": {**_TINY_SETS, "steps": 2, "scored": 0}, "laptop": {**_TINY_SETS, "steps": 500, "scored": 500}},
)

RECIPES = (
    CONDITIONAL_DIGITS,
    *CONDITIONINGS,
    *PIX2PIX_ABLATION,
    PIX2PIX_EMOJI_NO_SKIPS,
    PIX2PIX_EMOJI_DIVERSE,
    PIX2PIX_FOLDER,
    replace(
        PIX2PIX_FOLDER,
        name="pix2pix-folder-reversed",
        about="The same from the right half of each file to the left one, as for facades, or from B to A.",
        data="pairs-folder-reversed",
    ),
    CYCLEGAN_EMOJI,
    *CYCLEGAN_ABLATION[1:],
    CUT_EMOJI,
    CYCLEGAN_EMOJI_STYLES,
    CYCLEGAN_FOLDER,
    replace(
        CYCLEGAN_FOLDER,
        name="cyclegan-horse2zebra",
        about="The same: photographs of horses to zebras and back.",
        data="horse2zebra",
    ),
    replace(
        CYCLEGAN_FOLDER,
        name="cyclegan-monet2photo",
        about="The same: Monet's paintings to photographs and back.",
        data="monet2photo",
    ),
)

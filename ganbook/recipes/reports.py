"""What is reported on a finished run, by what its data can be judged with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ganbook import data, metrics
from ganbook.data.captions import PALETTE, CaptionedDigits, person_of
from ganbook.data.images import ImageSet, to_float
from ganbook.data.toy import Mixture
from ganbook.metrics.stacked import report_stacked
from ganbook.training.sampler import Sampler

if TYPE_CHECKING:
    from ganbook.recipes.recipe import Recipe

__all__ = ["people_right", "report"]

POINTS_SCORED = 2500
"""Samples of a mode-coverage report, as in PacGAN."""

EMOJI = ("emoji-lines",)


def report(recipe: Recipe, sampler: Sampler, root: str | Path | None = None) -> dict[str, Any]:
    """Scores of a sampler's samples, each with its features, n, split and floor.

    - points: mode coverage; stacked digits: modes and reverse KL;
    - digits: Fréchet distance and its company, distance to the training images; with labels, whether they are obeyed;
    - translations of emoji: Fréchet and L1 distance on the held-out emoji;
    - captions: whether they are obeyed, those of the test split and, of emoji, those of the training split too.

    Empty for data without a feature network that can judge it. Distances of emoji at different sizes are not to be
    compared: the same emoji at 32 and at 64 pixels lie as far apart as two kindred emoji.
    """
    if isinstance(recipe.data, Mixture):
        return metrics.report_points(sampler.sample(POINTS_SCORED), recipe.data.centres, recipe.data.std)
    if recipe.data == "digits" and recipe.size in (None, 28):
        return _of_digits(recipe, sampler)
    if recipe.data == "stacked-digits" and recipe.size in (None, 28):
        return report_stacked(sampler.sample(recipe.scored))
    if recipe.data in EMOJI:
        return _of_translations(recipe, sampler)
    if recipe.data == "captioned-digits" and recipe.size in (None, 28):
        return _of_captioned_digits(recipe, sampler)
    if recipe.data == "emoji-people":
        return _of_people(recipe, sampler)
    return {}


def _of_digits(recipe: Recipe, sampler: Sampler) -> dict[str, Any]:
    train, test = (data.load("digits", split) for split in ("train", "test"))
    seen, unseen = to_float(train.images), to_float(test.images)
    samples = sampler.sample(recipe.scored)
    scores = metrics.report_images(samples, torch.cat([seen, unseen]), split="train and test")
    scores |= _memorisation(samples, seen, unseen)
    if recipe.given == "labels":
        asked = torch.arange(len(samples)) % recipe.classes  # what a sampler draws when it is not told
        assert train.labels is not None and test.labels is not None
        scores |= metrics.report_labels(samples, asked, unseen, test.labels)
    return scores


def _memorisation(samples: Tensor, train: Tensor, test: Tensor) -> dict[str, float]:
    """Are samples nearer to training images than test images are? In pixels; distances are Euclidean, in [-1, 1]."""
    found = metrics.memorisation(samples, train, test)
    return {
        "memorisation_z": found.z,
        "memorisation_copies": found.copies,
        "nearest_of_samples": found.distances.min().item(),
        "nearest_of_test": found.reference.min().item(),
    }


def _of_translations(recipe: Recipe, sampler: Sampler) -> dict[str, Any]:
    """Held-out sources, translated, against the held-out images that belong to them."""
    test = data.load(str(recipe.data), "test", recipe.size)
    real, made = to_float(test.images), sampler.sample(sources=recipe.held_out_sources(len(test)))
    scores = metrics.report_images(made, real, split="test", name="emoji")
    # As it comes: from -1 to 1; a difference of 1 is half the way from black to white.
    return scores | {"l1": (made - real).abs().mean().item(), "size": real.shape[-1]}


def _of_captioned_digits(recipe: Recipe, sampler: Sampler) -> dict[str, Any]:
    """Held-out pairs of digit and colour; beside them what the judge makes of real pictures, and of other captions."""
    test = data.load("captioned-digits", "test")
    assert isinstance(test, CaptionedDigits)
    chance = torch.Generator().manual_seed(0)
    chosen = torch.randperm(len(test), generator=chance)[: recipe.scored]
    batch, palette = test.batch(chosen), tuple(PALETTE.values())
    made = sampler.sample(captions=batch.described())
    scores: dict[str, Any] = {"n": len(chosen), "split": "test, pairs held out", "features": "digits"}
    asked = [values[chosen] for values in (test.labels, test.inks, test.grounds)]
    other = torch.randperm(len(chosen), generator=chance)
    for prefix, images, wanted in (
        ("", made, asked),
        ("judge_", batch.real, asked),
        ("shuffled_", made, [values[other] for values in asked]),
    ):
        found = metrics.caption_agreement(images, wanted[0], wanted[1], wanted[2], palette)
        scores |= {f"{prefix}{name}": value for name, value in found.items()}
    return scores


def _of_people(recipe: Recipe, sampler: Sampler) -> dict[str, Any]:
    """Retrieval by pixels among all real people, for captions of held-out combinations, of training, and shuffled."""
    train, test = (data.load("emoji-people", split, recipe.size) for split in ("train", "test"))
    assert isinstance(train, ImageSet) and isinstance(test, ImageSet)
    assert train.captions is not None and test.captions is not None
    gallery, names = torch.cat((train.images, test.images)), train.captions + test.captions
    spread = train.captions[:: max(1, len(train) // len(test))][: len(test)]
    other = torch.randperm(len(test), generator=torch.Generator().manual_seed(0)).tolist()
    made = sampler.sample(captions=test.captions)
    scores: dict[str, Any] = {}
    for prefix, images, asked in (
        ("", made, test.captions),
        ("train_", sampler.sample(captions=spread), spread),
        ("shuffled_", made, tuple(test.captions[i] for i in other)),
    ):
        found = people_right(images, asked, to_float(gallery), names)
        scores |= {f"{prefix}{name}": value for name, value in found.items()}
    l1 = (made - to_float(test.images)).abs().mean().item()
    about = {"l1": l1, "n": len(test), "n_gallery": len(names), "split": "test, combinations held out"}
    return scores | about | {"features": "pixels", "size": gallery.shape[-1]}


def people_right(images: Tensor, captions: Sequence[str], gallery: Tensor, names: Sequence[str]) -> dict[str, float]:
    """Shares of pictures of people whose nearest real picture is right.

    "retrieval" by the whole name, "tone" and "person" by that part of it; "role" among real pictures of the same tone.

    Args:
        images: float (N, 3, size, size) in [-1, 1], drawn for
        captions: N names.
        gallery: real pictures, float (M, 3, size, size).
        names: their M names.
    """
    asked, known = ([person_of(text) for text in texts] for texts in (captions, names))

    def same(part: str) -> Tensor:
        return torch.tensor([[getattr(a, part) == getattr(k, part) for k in known] for a in asked])

    person, role, tone = same("person"), same("role"), same("tone")
    rows = (images.flatten(1), gallery.flatten(1))
    return {
        "retrieval": metrics.retrieval(*rows, person & role & tone),
        "tone": metrics.retrieval(*rows, tone),
        "person": metrics.retrieval(*rows, person),
        "role": metrics.retrieval(*rows, role, among=tone),
    }

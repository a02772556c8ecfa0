"""What is reported on a finished run, by what its data can be judged with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ganbook import data, metrics
from ganbook.data.images import to_float
from ganbook.data.toy import Mixture
from ganbook.metrics.stacked import report_stacked
from ganbook.training.sampler import Sampler

if TYPE_CHECKING:
    from ganbook.recipes.recipe import Recipe

__all__ = ["report"]

POINTS_SCORED = 2500
"""Samples of a mode-coverage report, as in PacGAN."""

EMOJI = ("emoji-lines",)


def report(recipe: Recipe, sampler: Sampler, root: str | Path | None = None) -> dict[str, Any]:
    """Scores of a sampler's samples, each with its features, n, split and floor.

    - points: mode coverage; stacked digits: modes and reverse KL;
    - digits: Fréchet distance and its company, distance to the training images; with labels, whether they are obeyed;
    - translations of emoji: Fréchet and L1 distance on the held-out emoji.

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

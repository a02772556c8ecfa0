"""How a finished run is scored: a recipe has one of these functions, or one of your own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ganbook import metrics
from ganbook.arguments import check_choice
from ganbook.data.batch import Batch
from ganbook.data.captions import PALETTE, person_of
from ganbook.data.errors import DataError
from ganbook.data.folder import load_whole
from ganbook.data.images import on_white, to_float
from ganbook.data.pairs import Unpaired
from ganbook.data.samples import Samples
from ganbook.metrics.features import NAMES, REFEREES, Classifier, FeaturesUnavailable
from ganbook.metrics.stacked import report_stacked
from ganbook.training.conditions import CONDITIONS
from ganbook.training.sampler import Sampler

__all__ = [
    "Load", "Score", "of_captioned_digits", "of_digits", "of_emoji", "of_folders", "of_images", "of_people",
    "of_points", "of_samples", "of_stacked", "of_styles", "of_translations", "people_right",
]  # fmt: skip

Load = Callable[[str], Any]
"""A split's name to the recipe's data of that split."""

Score = Callable[[Sampler, Load, int], dict[str, Any]]
"""(sampler, load, n): scores of ``n`` samples, each with its features, n, split and floor."""

POINTS_SCORED = 2500
"""Samples of a mode-coverage report, as in PacGAN."""

FEWEST = 4
"""Real images that can be halved for a floor."""

SMALL = 500
"""Test images with fewer of which a distance says little."""

LARGEST = 299
"""Side in pixels of the largest images that are compared: Inception sees none larger."""

SOME = 250
"""Images that are read at a time."""

_PIXELS = partial(torch.flatten, start_dim=1)

JUDGE_FITS = 0.9
"""The digits judge says nothing of images of which it recognises a smaller share."""


LOOKED_THROUGH = 5000
"""Real images among which a sample's nearest is sought."""

THUMBNAIL = 32
"""Side in pixels at which it is sought."""


def of_images(sampler: Sampler, load: Load, n: int, features: str | None = None) -> dict[str, Any]:
    """Any images: every score by features with its n, what real images get, and an interval.

    Features are those of the network named (None: Inception's; where they cannot be had, pixels, and "note" says what
    to install). "frechet_all" is the distance of all samples to all real images, as FID programs print it. Labels are
    judged by the digits network, if these are digits, else by nearest real images. Samples that were made from no
    source are sought among the training images, at 32 x 32 pixels: "memorisation_z" and so on. Of pairs, "l1" is the
    mean absolute difference to the truth. Real images are those of the test split, or of the training split where there
    is no other; a few test images are joined by images of the training split where there is no source or text. Where
    there are too few to score by, "unscored" says so.
    """
    split, samples = _real(load)
    if not n:
        return {"unscored": "a budget of so few rounds is not scored"}
    most = min(n, len(samples)) if isinstance(samples, Sized) else n
    batch: Batch | None = next(samples.batches(most)) if most else None
    held_out = batch.real if batch and split == "test" else None
    if batch and held_out is not None and most < min(n, SMALL) and not CONDITIONS[sampler.given].needs_data:
        split, batch = "train and test", _joined_by(batch, load("train"), n - most)
    if batch is None or len(batch) < FEWEST:
        return {"unscored": f"real images of the {split} split: {most}, and a score takes {FEWEST} or more"}
    n = len(batch)
    asked = CONDITIONS[sampler.given].of(batch, n)
    made = sampler.sample(**asked)
    if made.ndim != 4:
        return {"unscored": "points have a score of their own, or none"}
    scores: dict[str, Any] = {}
    if sampler.classes == 10 and made.shape[1:] == (1, 28, 28):
        judged = metrics.report_labels(made, batch.labelled(), batch.real, batch.labelled())
        scores |= judged if judged["judge_accuracy"] >= JUDGE_FITS else {}
    # What was asked for goes with the real images, one by one: a perfect generator would give them back.
    paired = "n" not in asked and len(made) == len(batch.real)
    labels = None if scores else asked.get("labels")
    scores = _compared(made, batch.real, split, features, paired, labels, batch.labels) | scores
    if sampler.given != "sources":
        seen, unseen = _thumbnails(load("train")), None if held_out is None else _small(held_out)
        scores |= _memorisation(_small(made), seen, unseen, "train")
    elif not isinstance(samples, Unpaired):
        scores["l1"] = (made - batch.real).abs().mean().item()
    return scores


def _joined_by(batch: Batch, train: Any, more: int) -> Batch:
    """A batch and so many training images, or as many as there are, as they lie on the disk."""
    if not isinstance(train, Samples) or not more:
        return batch
    n = min(more, len(train))
    other = train.batch(torch.arange(n) * len(train) // n)
    labels = None if batch.labels is None or other.labels is None else torch.cat((batch.labels, other.labels))
    return Batch(torch.cat((batch.real, other.real)), labels)


def of_folders(
    made: str | Path, real: str | Path, n: int = 5000, size: int | None = None, features: str | None = None
) -> dict[str, Any]:
    """All pictures below one folder against all below another; see :func:`of_samples`.

    Args:
        made, real: folders of pictures; where both hold sub-folders of the same names, these are classes.
        n: pictures of ``made``, at most, drawn at random; of ``real`` twice as many.
        size: side in pixels that all are brought to, their middle cut out (default: the shorter side of the first of
            ``made``, at most 299).
        features: as for :func:`of_images`.

    Raises:
        DataError: for a folder without pictures, or with fewer than 4.
        FeaturesUnavailable: if features that were asked for by name cannot be had.
    """
    found = load_whole(Path(made), size)
    if size is None:
        found = replace(found, size=min(LARGEST, *found.decoded(0).size))
    _check_many(made, found)
    batch = next(found.batches(min(n, len(found))))
    return of_samples(batch.real, real, features, labels=batch.labels, classes=found.classes)


def of_samples(
    made: Tensor,
    real: str | Path,
    features: str | None = None,
    *,
    labels: Tensor | None = None,
    classes: Sequence[str] = (),
) -> dict[str, Any]:
    """Generated images against the pictures below a folder, as :func:`of_images` scores them.

    Copies are sought among all real pictures, each of which is compared with the others for the reference.

    Args:
        made: float (N, C, size, size) in [-1, 1].
        real: a folder of pictures; of N generated ones up to 2 N are read, drawn at random.
        features: as for :func:`of_images`.
        labels, classes: classes of the generated images, (N,) int64, and their names; they are judged where the
            sub-folders of ``real`` have the same names.

    Raises:
        DataError: for a folder without pictures, or with fewer than 4.
        FeaturesUnavailable: if features that were asked for by name cannot be had.
    """
    found = replace(load_whole(Path(real), made.shape[-1]), channels=made.shape[1])
    _check_many(real, found)
    batch = next(found.batches(min(2 * len(made), len(found))))
    alike = labels is not None and tuple(classes) == found.classes
    split = f"all pictures of {real}"
    scores = _compared(made, batch.real, split, features, False, labels if alike else None, batch.labels)
    return scores | _memorisation(_small(made), _thumbnails(found), None, str(real)) | {"size": found.size}


def _check_many(folder: object, found: Sized) -> None:
    if len(found) < FEWEST:
        raise DataError(f"{folder} holds {len(found)} images, and a score takes {FEWEST} or more")


@torch.no_grad()
def _compared(
    made: Tensor,
    real: Tensor,
    split: str,
    name: str | None,
    paired: bool,
    labels: Tensor | None,
    classes: Tensor | None,
) -> dict[str, Any]:
    """Scores by features, and of labels, where there are any for both."""
    if name is not None:
        check_choice(NAMES, features=name)
    note = {}
    try:
        see = metrics.features(name or "inception")
    except FeaturesUnavailable as error:
        if name is not None:
            raise
        see, name = metrics.features("pixels"), "pixels"
        note = {"note": f"seen as 8 x 8 pixels only: {error}"}
    name = name or "inception"
    made, real = on_white(made), on_white(real)
    of_made, of_real = see(made), see(real)
    scores = metrics.report_features(of_made, of_real, split, name, paired=paired, intervals=True)
    # What other programs print: all samples against all real images, however many of each.
    scores |= {"frechet_all": metrics.frechet_distance(of_made, of_real), "n_real": len(real)}
    if name in REFEREES:
        scores = metrics.report_images(made, real, split, name, paired=paired) | scores
    if labels is not None and classes is not None:
        scores |= metrics.report_neighbours(of_made, labels, of_real, classes)
    return scores | note


def _memorisation(made: Tensor, seen: Tensor, unseen: Tensor | None, where: str) -> dict[str, Any]:
    """Whether samples are nearer to images that were seen than images are that were not; nothing for too few."""
    if len(seen) < FEWEST:
        return {}
    found = metrics.memorisation(made, seen, unseen)
    return {
        "memorisation_z": found.z,
        "memorisation_copies": found.copies,
        "nearest_of_samples": found.distances.min().item(),
        "nearest_of_real": found.reference.min().item(),
        "n_memorisation": len(seen),
        "memorisation_by": f"pixels, against {where} (real: {'one another' if unseen is None else 'test'})",
    }


def _small(images: Tensor) -> Tensor:
    """Images of at most 32 x 32 pixels, on white where they are transparent."""
    images = on_white(images)
    return adaptive_avg_pool2d(images, THUMBNAIL) if max(images.shape[-2:]) > THUMBNAIL else images


def _thumbnails(samples: Any) -> Tensor:
    """The first of a set's images, small; a few at a time, as a set of files may be large."""

    def parts() -> Iterator[Tensor]:
        n = min(LOOKED_THROUGH, len(samples)) if isinstance(samples, Sized) else LOOKED_THROUGH
        if isinstance(samples, Samples):
            chosen = torch.arange(n) * len(samples) // n
            yield from (_small(samples.batch(some).real) for some in torch.split(chosen, SOME))
        else:
            batches = samples.batches(min(SOME, n))
            yield from (_small(next(batches).real) for _ in range(n // min(SOME, n)))

    return torch.cat(list(parts()))


def _real(load: Load) -> tuple[str, Any]:
    """The test split and its name; the training split where there is no other."""
    try:
        return "test", load("test")
    except (ValueError, DataError):
        return "train", load("train")


def of_points(sampler: Sampler, load: Load, _n: int) -> dict[str, Any]:
    """Mode coverage of a mixture."""
    mixture = load("train")
    return metrics.report_points(sampler.sample(POINTS_SCORED), mixture.centres, mixture.std)


def of_stacked(sampler: Sampler, _load: Load, n: int) -> dict[str, Any]:
    """Modes and reverse KL of stacked digits."""
    return report_stacked(sampler.sample(n))


def of_digits(sampler: Sampler, load: Load, n: int) -> dict[str, Any]:
    """All scores of features; whether samples are nearer to training images than test images are; with labels, whether
    they are obeyed. Of other sizes, or without a test split, what is said of any images.

    Labels are drawn at random: with exactly as many samples of each class, a generator would have less luck with its
    classes than the real images that the floor is made of, and undercut it.
    """
    split, test = _real(load)
    asked: dict[str, Any] = {"n": n}
    if sampler.classes:
        asked = {"labels": torch.randint(sampler.classes, (n,), generator=torch.Generator().manual_seed(0))}
    if split != "test" or (samples := sampler.sample(**asked)).shape[1:] != (1, 28, 28):
        return of_images(sampler, load, n)
    train = load("train")
    seen, unseen = to_float(train.images), to_float(test.images)
    classes = None if train.labels is None or test.labels is None else torch.cat([train.labels, test.labels])
    scores = metrics.report_images(samples, torch.cat([seen, unseen]), split="train and test", labels=classes)
    found = metrics.memorisation(samples, seen, unseen)  # in pixels; distances are Euclidean, in [-1, 1]
    scores |= {
        "memorisation_z": found.z,
        "memorisation_copies": found.copies,
        "nearest_of_samples": found.distances.min().item(),
        "nearest_of_test": found.reference.min().item(),
    }
    if sampler.classes:
        scores = _joined(scores, metrics.report_labels(samples, asked["labels"], unseen, test.labels))
    return scores


def of_emoji(sampler: Sampler, load: Load, n: int) -> dict[str, Any]:
    """All scores of the emoji's features, against both splits: there are few."""
    real = torch.cat([to_float(load(split).images) for split in ("train", "test")])
    return metrics.report_images(sampler.sample(n), real, "train and test", "emoji") | {"size": real.shape[-1]}


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two reports as one, and what their referees say as one."""
    return first | second | {"referee": first["referee"] | second["referee"]}


def of_translations(sampler: Sampler, load: Load, _n: int) -> dict[str, Any]:
    """Emoji: held-out lines, translated, against the held-out images that belong to them, by features and by pixels.

    For the features, translations of one half stand against the truths of the other half. Distances at different
    sizes are not to be compared: the same emoji at 32 and at 64 pixels lie as far apart as two kindred emoji.
    """
    test = load("test")
    real, lines = to_float(test.images), to_float(test.sources)
    made = sampler.sample(sources=lines)
    scores = metrics.report_images(made, real, split="test", name="emoji", paired=True)
    return scores | metrics.report_translations(made, real, lines) | {"size": real.shape[-1]}


def of_styles(sampler: Sampler, load: Load, _n: int) -> dict[str, Any]:
    """Emoji in another look: held-out ones, translated, against that look's own drawings of them, and against copying.

    Features and halves are those of :func:`of_translations`; under "copied" are the same scores of the sources, left
    as they are. "l1" is the mean absolute difference to the hidden pair, "better_than_copying" the share of the emoji
    on which the translation has a smaller one than the source.
    """
    test = load("test")
    real, sources = to_float(test.images), to_float(test.sources)
    made = sampler.sample(sources=sources)
    errors = {name: (of - real).abs().flatten(1).mean(1) for name, of in (("made", made), ("copied", sources))}

    def compared(images: Tensor, name: str) -> dict[str, Any]:
        scores = metrics.report_images(images, real, split="test", name="emoji", paired=True)
        return scores | {"l1": errors[name].mean().item()}

    better = (errors["made"] < errors["copied"]).double().mean().item()
    copied = {"copied": compared(sources, "copied")}
    return compared(made, "made") | {"better_than_copying": better, "size": real.shape[-1]} | copied


def of_captioned_digits(sampler: Sampler, load: Load, n: int) -> dict[str, Any]:
    """Held-out pairs of digit and colour; beside them what the judge makes of real pictures, and of other captions.

    Under "referee" the same shares by a second network's reading of the digits.
    """
    test = load("test")
    chance = torch.Generator().manual_seed(0)
    chosen = torch.randperm(len(test), generator=chance)[:n]
    batch = test.batch(chosen)
    made = sampler.sample(captions=batch.described())
    asked = [values[chosen] for values in (test.labels, test.inks, test.grounds)]
    shuffled = torch.randperm(len(chosen), generator=chance)
    other = [values[shuffled] for values in asked]

    def judged(name: str) -> dict[str, Any]:
        judge = metrics.features(name)
        assert isinstance(judge, Classifier)
        agree = partial(metrics.caption_agreement, palette=tuple(PALETTE.values()), judge=judge)
        of_real, of_other = _prefixed("judge_", agree(batch.real, *asked)), _prefixed("shuffled_", agree(made, *other))
        return {"features": name} | agree(made, *asked) | of_real | of_other

    return (
        {"n": len(chosen), "split": "test, pairs held out"} | judged("digits") | {"referee": judged(REFEREES["digits"])}
    )


def of_people(sampler: Sampler, load: Load, _n: int) -> dict[str, Any]:
    """Retrieval by pixels among all real people, for captions of held-out combinations, of training, and shuffled.

    Names that begin with ``new_pair_`` are shares of those held-out captions whose person and role no training caption
    has together, in any tone; with ``new_tone_``, of the others, whose drawing was trained on in other tones.
    Under "referee" retrieval by the features of a network that no recipe was tuned on, for held-out combinations.
    """
    train, test = load("train"), load("test")
    gallery, names = torch.cat((train.images, test.images)), train.captions + test.captions
    spread = train.captions[:: max(1, len(train) // len(test))][: len(test)]
    other = torch.randperm(len(test), generator=torch.Generator().manual_seed(0)).tolist()
    made = sampler.sample(captions=test.captions)
    right = partial(people_right, gallery=to_float(gallery), names=names)
    of_train = _prefixed("train_", right(sampler.sample(captions=spread), spread))
    of_other = _prefixed("shuffled_", right(made, [test.captions[i] for i in other]))
    seen = {_pair(text) for text in train.captions}
    known = [_pair(text) in seen for text in test.captions]
    parts: dict[str, Any] = {}
    for kind, is_known in (("new_tone_", True), ("new_pair_", False)):
        which = [i for i, so in enumerate(known) if so is is_known]
        parts[f"{kind}n"] = len(which)
        if which:
            parts |= _prefixed(kind, right(made[which], [test.captions[i] for i in which]))
    l1 = (made - to_float(test.images)).abs().mean().item()
    about = {"l1": l1, "n": len(test), "n_gallery": len(names), "split": "test, combinations held out"}
    about |= {"features": "pixels", "size": gallery.shape[-1]}
    name = REFEREES["emoji"]
    referee = {"features": name} | right(made, test.captions, see=metrics.features(name))
    return right(made, test.captions) | parts | of_train | of_other | about | {"referee": referee}


def _pair(caption: str) -> tuple[str, str] | None:
    """Person and role of a name, whatever the tone."""
    parts = person_of(caption)
    return parts and parts[:2]


def _prefixed(prefix: str, scores: dict[str, float]) -> dict[str, Any]:
    return {f"{prefix}{name}": score for name, score in scores.items()}


@torch.no_grad()
def people_right(
    images: Tensor,
    captions: Sequence[str],
    gallery: Tensor,
    names: Sequence[str],
    see: Callable[[Tensor], Tensor] = _PIXELS,
) -> dict[str, float]:
    """Shares of pictures of people whose nearest real picture is right.

    "retrieval" by the whole name, "tone" and "person" by that part of it; "role" among real pictures of the same tone.

    Args:
        images, captions: float (N, 3, size, size) in [-1, 1], one drawn for each of N names.
        gallery, names: real pictures, float (M, 3, size, size), and their M names.
        see: from pictures to what is compared, (N, dim): pixels, or a feature network's features.
    """
    asked, known = ([person_of(text) for text in texts] for texts in (captions, names))

    def same(part: str) -> Tensor:
        return torch.tensor([[getattr(a, part) == getattr(k, part) for k in known] for a in asked])

    person, role, tone = same("person"), same("role"), same("tone")
    rows = (see(images), see(gallery))
    return {
        "retrieval": metrics.retrieval(*rows, person & role & tone),
        "tone": metrics.retrieval(*rows, tone),
        "person": metrics.retrieval(*rows, person),
        "role": metrics.retrieval(*rows, role, among=tone),
    }

"""Pairs of images and sets without pairs: pix2pix's side-by-side files, CycleGAN's folders A and B.

Two functions and one idea: what is a pair here is two sets there, whose order has nothing in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from ganbook.data.batch import Batch, Order
from ganbook.data.download import fetch_folder, or_else, published
from ganbook.data.encoded import ImageFiles
from ganbook.data.errors import DataError
from ganbook.data.folder import find_images
from ganbook.data.images import ImageSet, to_float
from ganbook.data.picture import squared
from ganbook.data.samples import Samples

__all__ = ["REMOTES", "PairFiles", "Unpaired", "load_pairs_folder", "load_unpaired", "unpaired"]

SIZE = 256
"""Side in pixels of the papers' images."""

# Sizes and checksums as in TensorFlow Datasets.
REMOTES = published(
    (
        "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/",
        "https://people.eecs.berkeley.edu/~taesung_park/CycleGAN/datasets/",
    ),
    {
        "horse2zebra.zip": (116_867_962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"),
        "monet2photo.zip": (305_231_073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04"),
    },
)
_AUTHORS = "as published by the authors of pix2pix and CycleGAN; the images remain their owners'"


@dataclass(frozen=True)
class PairFiles(ImageFiles):
    """Files that hold two images of one height beside each other: one to translate from, one to translate to.

    Attributes:
        files: one per pair.
        size: side in pixels that both halves are resized to, without keeping their proportions, as the authors do.
        reverse: whether the source is the right half; else it is the left one.
    """

    reverse: bool = False

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Target and source, uint8 (3, size, size) each."""
        image = self.decoded(index)
        width, height = image.size
        if width % 2 or width < 2:
            raise DataError(f"{self.called(index)} is {width} pixels wide: two images side by side need an even width")
        boxes = ((0, 0, width // 2, height), (width // 2, 0, width, height))
        # The crop first: resampling the file as a whole would blend the two images at their border.
        left, right = (squared(image.crop(box), self.size, "squeeze") for box in boxes)
        return (left, right) if self.reverse else (right, left)

    def as_batch(self, images: Tensor, second: Tensor) -> Batch:
        """Targets as real images, and their sources."""
        return Batch(real=to_float(images), sources=to_float(second))

    @cached_property
    def sources(self) -> Tensor:
        """All sources at once, uint8 (N, 3, size, size); decodes every file."""
        return torch.stack([self[i][1] for i in range(len(self))])


@dataclass(frozen=True)
class Unpaired(Samples):
    """Two sets of images, drawn from independently: no batch ever knows which belong together.

    Attributes:
        source_set, target_set: the two sets.
    """

    source_set: Samples
    target_set: Samples

    def __len__(self) -> int:
        return min(len(self.source_set), len(self.target_set))

    @property
    def images(self) -> Tensor:
        """The targets, uint8 (N, C, H, W)."""
        return self.target_set.images

    @property
    def sources(self) -> Tensor:
        """The sources, uint8 (M, C, H, W), in an order of their own."""
        return self.source_set.images

    def follow(self, order: Order) -> Iterator[Batch]:
        """The batches of an order, ``real`` from one set and ``sources`` from the other, each shuffled by itself."""
        # Equal seeds would put equally long sets into the same order, and every pair back together.
        of_sources, of_targets = (
            of.follow(replace(order, seed=2 * order.seed + i))
            for i, of in enumerate((self.source_set, self.target_set))
        )
        for sources, targets in zip(of_sources, of_targets, strict=True):
            yield Batch(real=targets.real, sources=sources.real)


def unpaired(pairs: ImageSet) -> Unpaired:
    """The set with its pairs hidden; sources get as many channels as images have. ValueError if it has no sources."""
    if pairs.sources is None:
        raise ValueError(
            f"pairs is {pairs.name!r}, which has no sources: allowed is a set of pairs, such as 'emoji-lines'"
        )
    alone = replace(pairs, labels=None, sources=None, captions=None)
    grey = pairs.sources.expand(-1, pairs.images.shape[1], -1, -1)
    return Unpaired(pairs.name, pairs.split, replace(alone, images=grey), alone, licence=pairs.licence)


def load_pairs_folder(split: str, size: int | None, base: Path, reverse: bool = False) -> PairFiles:
    """Files below ``base/train`` and ``base/test`` (or ``base/val``), two images side by side in each.

    The format of the pix2pix authors (facades, maps, edges2shoes, ...). Their archives come without a checksum, so
    none is downloaded here: get one from https://efrosgans.eecs.berkeley.edu/pix2pix/datasets/ and unpack it.

    Args:
        reverse: translate from the right half to the left one, as for facades (photograph left, labels right).
    """
    places = ("train",) if split == "train" else ("test", "val")
    folder = next((base / place for place in places if (base / place).is_dir()), None)
    if folder is None:
        raise _missing(base, " or ".join(places), "train and test (or val), with two images side by side in each file")
    return PairFiles("pairs-folder", split, size or SIZE, find_images(folder), licence=_AUTHORS, reverse=reverse)


def load_unpaired(name: str, split: str, size: int | None, base: Path) -> Unpaired:
    """``base/trainA`` and ``base/testA`` hold the sources, ``base/trainB`` and ``base/testB`` the targets.

    The format of the CycleGAN authors, whose own sets (horse2zebra, monet2photo) are downloaded, by ``name``, unless
    they lie in ``base``.
    """
    inside = "trainA, trainB, testA and testB"
    if (archive := REMOTES.get(f"{name}.zip")) and not (base / "trainA").is_dir():
        advice = f'put the folders {inside} there, or use data.load("emoji-lines"), which works offline'
        with or_else(advice, name, base):
            base = fetch_folder(archive, base / name)
    sides = []
    for folder in (base / f"{split}{side}" for side in "AB"):
        if not folder.is_dir():
            raise _missing(base, folder.name, f"{inside}, images to translate from in A and to in B")
        sides.append(ImageFiles(name, split, size or SIZE, find_images(folder), licence=_AUTHORS))
    return Unpaired(name, split, *sides, licence=_AUTHORS)


def _missing(base: Path, folder: str, inside: str) -> DataError:
    return DataError(f"{base} has no folder {folder}: root (--data) names the folder that holds {inside}")

"""Pairs of images and sets without pairs: pix2pix's side-by-side files, CycleGAN's folders A and B.

Two functions and one idea: what is a pair here is two sets there, whose order has nothing in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ganbook.data.batch import Batch
from ganbook.data.cache import cache_dir
from ganbook.data.download import Remote, fetch_folder
from ganbook.data.encoded import EncodedImages
from ganbook.data.errors import DataError
from ganbook.data.folder import SUFFIXES, ImageFolder
from ganbook.data.images import ImageSet, to_float

if TYPE_CHECKING:
    import PIL.Image

__all__ = [
    "REMOTES",
    "SideBySide",
    "Unpaired",
    "load_pairs_folder",
    "load_unpaired",
    "load_unpaired_folder",
    "unpaired",
]

SIZE = 256
"""Side in pixels of the papers' images."""

_AUTHORS = "as published by the authors of pix2pix and CycleGAN; the images remain their owners'"


@dataclass(frozen=True)
class SideBySide(EncodedImages):
    """Files that hold two images of one height beside each other: one to translate from, one to translate to.

    Attributes:
        files: one a pair.
        reverse: whether the source is the right half; else it is the left one.
        size: side in pixels that both halves are resized to, without keeping their proportions, as the authors do.
    """

    root: Path
    split: str
    files: tuple[Path, ...]
    size: int
    reverse: bool = False
    classes: tuple[str, ...] = ()
    name: str = "pairs-folder"
    licence: str = _AUTHORS

    def __len__(self) -> int:
        return len(self.files)

    def open(self, index: int) -> PIL.Image.Image:
        """The file, opened by Pillow."""
        from PIL import Image

        return Image.open(self.files[index])

    def called(self, index: int) -> str:
        """The file's path."""
        return str(self.files[index])

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Target and source, uint8 (3, size, size) each."""
        from PIL import Image
        from torchvision.transforms.v2.functional import pil_to_tensor

        with self.decoded(index) as image:
            width, height = image.size
            if width % 2 or width < 2:
                raise DataError(f"{self.called(index)} is {width} pixels wide: allowed is an even width, two images")
            boxes = ((0, 0, width // 2, height), (width // 2, 0, width, height))
            # The crop first: resampling the file as a whole would blend the two images at their border.
            left, right = (
                pil_to_tensor(image.crop(box).resize((self.size, self.size), Image.Resampling.LANCZOS)) for box in boxes
            )
        return (left, right) if self.reverse else (right, left)

    def as_batch(self, images: Tensor, second: Tensor) -> Batch:
        """Targets as real images, and their sources."""
        return Batch(real=to_float(images), sources=to_float(second))

    @cached_property
    def sources(self) -> Tensor:
        """All sources at once, uint8 (N, 3, size, size); decodes every file."""
        return torch.stack([self[i][1] for i in range(len(self))])


@dataclass(frozen=True)
class Unpaired:
    """Two sets of images, drawn from independently: no batch ever knows which belong together.

    Attributes:
        source_set, target_set: the two sets.
        name, split, licence: as in :class:`ganbook.data.ImageSet`.
    """

    source_set: ImageSet | EncodedImages
    target_set: ImageSet | EncodedImages
    name: str
    split: str
    licence: str

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

    @property
    def labels(self) -> None:
        """There are none."""
        return None

    def to(self, device: torch.device | str) -> Unpaired:
        """The same sets on ``device``."""
        return replace(self, source_set=self.source_set.to(device), target_set=self.target_set.to(device))

    def batches(
        self, batch_size: int, *, seed: int = 0, start: int = 0, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Batches without end, ``real`` from one set and ``sources`` from the other, each shuffled for itself."""
        # Equal seeds would put equally long sets into the same order, and every pair back together.
        of_sources, of_targets = (
            of.batches(batch_size, seed=2 * seed + i, start=start, rank=rank, world=world)
            for i, of in enumerate((self.source_set, self.target_set))
        )
        for sources, targets in zip(of_sources, of_targets, strict=True):
            yield Batch(real=targets.real, sources=sources.real)


def unpaired(pairs: ImageSet) -> Unpaired:
    """The set with its pairs hidden; sources get as many channels as images have.

    Raises:
        ValueError: if it has no sources.
    """
    if pairs.sources is None:
        raise ValueError(
            f"pairs is {pairs.name!r}, which has no sources: allowed is a set of pairs, such as 'emoji-lines'"
        )
    alone = replace(pairs, labels=None, sources=None, captions=None)
    grey = pairs.sources.expand(-1, pairs.images.shape[1], -1, -1)
    return Unpaired(replace(alone, images=grey), alone, pairs.name, pairs.split, pairs.licence)


def load_pairs_folder(split: str, size: int | None, root: str | Path | None, reverse: bool = False) -> SideBySide:
    """Files below ``root/train`` and ``root/test`` (or ``root/val``), two images side by side in each.

    The format of the pix2pix authors (facades, maps, edges2shoes, ...). Their archives come without a checksum, so
    none is downloaded here: get one from https://efrosgans.eecs.berkeley.edu/pix2pix/datasets/ and unpack it.

    Args:
        reverse: translate from the right half to the left one, as for facades (photograph left, labels right).

    Raises:
        ValueError: without ``root``.
        DataError: if the folder is not there or holds no images of this split.
    """
    base = _root(root, "pairs-folder", "train and test (or val)")
    places = ("train",) if split == "train" else ("test", "val")
    folder = next((base / place for place in places if (base / place).is_dir()), None)
    if folder is None:
        raise DataError(f"{base} has no folder {' or '.join(places)}: root names the folder that holds train and test")
    return SideBySide(base, split, _files(folder), size or SIZE, reverse)


def load_unpaired_folder(split: str, size: int | None, root: str | Path | None) -> Unpaired:
    """``root/trainA`` and ``root/testA`` hold the sources, ``root/trainB`` and ``root/testB`` the targets.

    The format of the CycleGAN authors (horse2zebra, monet2photo, ...).

    Raises:
        ValueError: without ``root``.
        DataError: if a folder is not there or holds no images.
    """
    return _two_folders("unpaired-folder", split, size, _root(root, "unpaired-folder", "trainA and trainB"))


def load_unpaired(name: str, split: str, size: int | None, root: str | Path | None) -> Unpaired:
    """One of the CycleGAN authors' sets, by the name of its archive; downloaded unless it lies in ``root``.

    Raises:
        DataError: if it is not there and cannot be downloaded.
    """
    base = Path(root) if root is not None else cache_dir() / name
    try:
        if not (base / "trainA").is_dir():
            base = fetch_folder(REMOTES[name], base / name)
    except (DataError, OSError) as error:
        raise DataError(
            f"{name} is not in {base} and could not be downloaded ({error}): put the folders trainA, trainB, testA and "
            f'testB there, or use data.load("emoji-lines"), which works offline'
        ) from error
    return _two_folders(name, split, size, base)


def _remote(name: str, size: int, sha256: str) -> Remote:
    mirrors = (
        "efrosgans.eecs.berkeley.edu/cyclegan/datasets",
        "people.eecs.berkeley.edu/~taesung_park/CycleGAN/datasets",
    )
    return Remote(f"{name}.zip", size, sha256, tuple(f"https://{mirror}/{name}.zip" for mirror in mirrors))


# Sizes and checksums as in TensorFlow Datasets.
REMOTES = {
    "horse2zebra": _remote(
        "horse2zebra", 116_867_962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"
    ),
    "monet2photo": _remote(
        "monet2photo", 305_231_073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04"
    ),
}


def _two_folders(name: str, split: str, size: int | None, base: Path) -> Unpaired:
    sides = []
    for side in "AB":
        folder = base / f"{split}{side}"
        if not folder.is_dir():
            raise DataError(f"{base} has no folder {folder.name}: root names the folder that holds trainA and trainB")
        sides.append(ImageFolder(folder, split, _files(folder), (), size or SIZE, name, _AUTHORS))
    return Unpaired(sides[0], sides[1], name, split, _AUTHORS)


def _root(root: str | Path | None, name: str, inside: str) -> Path:
    if root is None:
        raise ValueError(f'root is None: data.load("{name}") needs the folder that holds {inside}')
    base = Path(root)
    if not base.is_dir():
        raise DataError(f"{base} is not a folder: root names the folder that holds {inside}")
    return base


def _files(folder: Path) -> tuple[Path, ...]:
    found = (p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    files = tuple(sorted(path for path in found if path.is_file()))
    if not files:
        raise DataError(f"{folder} holds no images: supported are {', '.join(sorted(SUFFIXES))}")
    return files

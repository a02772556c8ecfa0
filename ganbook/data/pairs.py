"""Pairs of images and sets without pairs: pix2pix's side-by-side files, two folders, CycleGAN's folders A and B.

Two kinds of data and one idea: what is a pair here is two sets there, whose order has nothing in common.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

from ganbook.arguments import check_whole
from ganbook.data.batch import Batch, Order
from ganbook.data.download import fetch_folder, or_else, published
from ganbook.data.encoded import ImageFiles
from ganbook.data.errors import DataError, first_line, say
from ganbook.data.folder import TESTS, find_images, of_split, subfolders
from ganbook.data.images import ImageSet, to_float
from ganbook.data.picture import squared
from ganbook.data.samples import Samples

if TYPE_CHECKING:
    import PIL.Image

__all__ = [
    "REMOTES",
    "PairFiles",
    "Unpaired",
    "families",
    "load_pairs_folder",
    "load_unpaired",
    "two_sides",
    "unpaired",
]

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
    """Two images each: one to translate from, one to translate to.

    Attributes:
        files: one per pair, which holds two images of one height beside each other; or two, of a left and a right one.
        reverse: whether the source is the right one; else it is the left one.
    """

    reverse: bool = False

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Target and source, uint8 (channels, size, size) each."""
        left, right = (squared(image, self.size, self.fit, self.channels) for image in self.halves(index))
        return (left, right) if self.reverse else (right, left)

    def halves(self, index: int) -> tuple[PIL.Image.Image, PIL.Image.Image]:
        """The left and the right image, of the size that they have on the disk."""
        if len(files := self.parts(index)) == 2:
            left, right = (_alone(self, file).decoded(0) for file in files)
            return left, right
        image = self.decoded(index)
        width, height = image.size
        if fault := _of_width(width):
            raise DataError(f"{self.called(index)} is {fault}")
        # The crop first: resampling the file as a whole would blend the two images at their border.
        return image.crop((0, 0, width // 2, height)), image.crop((width // 2, 0, width, height))

    def parts(self, index: int) -> Sequence[Path]:
        return found if isinstance(found := self.files[index], tuple) else (found,)

    def inspect(self, index: int) -> None:
        if len(files := self.parts(index)) == 2:
            for file in files:
                try:
                    _alone(self, file).inspect(0)
                except Exception as error:  # a decoder raises whatever it stumbles over
                    raise DataError(f"{file.parent.name}/{file.name}: {first_line(error)}") from error
            return
        with self.open(index) as image:
            if fault := _of_width(image.width):
                raise ValueError(f"it is {fault}")
        super().inspect(index)

    def called(self, index: int) -> str:
        return " and ".join(map(str, self.parts(index)))

    def as_batch(self, images: Tensor, second: Tensor) -> Batch:
        """Targets as real images, and their sources."""
        return Batch(real=to_float(images), sources=to_float(second))

    @cached_property
    def sources(self) -> Tensor:
        """All sources at once, uint8 (N, channels, size, size); decodes every file."""
        return torch.stack([self[i][1] for i in range(len(self))])


def _of_width(width: int) -> str:
    """What is wrong with the width of a file that holds two images, or nothing."""
    odd = width % 2 or width < 2
    return f"{width} pixels wide: two images side by side need an even width" if odd else ""


def _alone(of: ImageFiles, file: Path) -> ImageFiles:
    """One file of a set by itself."""
    return ImageFiles(of.name, of.split, of.size, (file,), channels=of.channels)


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

    def sound(self, skip: bool = False) -> Self:
        """Itself, its files decoded, see :meth:`ganbook.data.encoded.ImageFiles.sound`."""
        return replace(self, source_set=self.source_set.sound(skip), target_set=self.target_set.sound(skip))

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
    """Two images side by side in each file below ``base/train``, or two folders with files of equal names.

    The first is the format of the pix2pix authors (facades, maps, edges2shoes, ...), with ``base/test`` (or
    ``base/val``) to test with. Their archives come without a checksum, so none is downloaded here: get one from
    https://efrosgans.eecs.berkeley.edu/pix2pix/datasets/ and unpack it. The second is any layout of :func:`two_sides`.
    Where there is nothing to test with, about one pair in ten is held out (``ganbook.data.folder.held_out``).

    Args:
        reverse: translate from the right half to the left one, as for facades (photograph left, labels right), or from
            the second folder to the first one.
    """
    kept: Any = {"size": size or SIZE, "licence": _AUTHORS, "reverse": reverse}
    sides = two_sides(base)
    if sides is not None:
        train, test = sides
        where = train if split == "train" or test is None else test
        if reverse is False and where[0].name.lower() not in _NAMES_OF_SIDES:
            say(f"{base}: from {where[0].name} to {where[1].name}; pix2pix-folder-reversed goes the other way")
        partners = _partners(*where)
        if test is None:
            left = of_split([pair[0] for pair in partners], where[0], split)
            partners = tuple(pair for pair in partners if pair[0] in set(left))
        return PairFiles("pairs-folder", split, files=partners, **kept)
    below, _ = subfolders(base)
    train_folder, test_folder = below.get("train"), next((below[name] for name in TESTS if name in below), None)
    if train_folder is None:
        raise DataError(f"{base} has no folder train: root (--data) names {_PAIRS_INSIDE}")
    if split == "train" or test_folder is None:
        files = find_images(train_folder)
        files = files if test_folder else of_split(files, train_folder, split)
    else:
        files = find_images(test_folder)
    return PairFiles("pairs-folder", split, files=files, **kept)


def load_unpaired(name: str, split: str, size: int | None, base: Path) -> Unpaired:
    """Sources in one folder, targets in another: any layout of :func:`two_sides`, as ``trainA``, ``trainB``, ``testA``
    and ``testB`` below ``base``.

    The format of the CycleGAN authors, whose own sets (horse2zebra, monet2photo) are downloaded, by ``name``, unless
    they lie in ``base``. Where there is nothing to test with, about one image in ten of either side is held out.
    """
    inside = "trainA, trainB, testA and testB"
    if (archive := REMOTES.get(f"{name}.zip")) and not (base / "trainA").is_dir():
        advice = f'put the folders {inside} there, or use data.load("emoji-lines"), which works offline'
        with or_else(advice, name, base):
            base = fetch_folder(archive, base / name)
    sides = two_sides(base)
    if sides is None:
        missing = next((side for side in ("trainA", "trainB") if not (base / side).is_dir()), "trainA")
        holds = f"{inside} (or A and B), images to translate from in A and to in B"
        raise DataError(f"{base} has no folder {missing}: root (--data) names the folder that holds {holds}")
    train, test = sides
    found = []
    for side, folder in enumerate(train if split == "train" or test is None else test):
        files = find_images(folder)
        files = files if test is not None else of_split(files, train[side], split)
        found.append(ImageFiles(name, split, size or SIZE, files, licence=_AUTHORS))
    return Unpaired(name, split, *found, licence=_AUTHORS)


Sides = tuple[Path, Path]
"""Folders of what to translate from, and to."""

_PAIRS_INSIDE = (
    "a folder that holds train (and test or val) with two images side by side in each file, or A and B (or train/A and "
    "train/B) with images of equal names"
)
_NAMES_OF_SIDES = ("a", "traina", "testa", *(f"{name}a" for name in TESTS))


def two_sides(base: Path) -> tuple[Sides, Sides | None] | None:
    """The two folders to train on, and the two to test with, if any; None if ``base`` holds no two sides.

    They are ``trainA`` and ``trainB`` (with ``testA`` or ``valA``, ...), or ``A`` and ``B`` in ``train`` (with
    ``test/A``, ...), or ``A`` and ``B``, whatever the case of their letters; or the only two folders, in the order of
    their names, of a folder that holds no picture itself.
    """
    below, loose = subfolders(base)

    def pair(of: Mapping[str, Path], *names: str) -> Sides | None:
        left, right = (of.get(name) for name in names)
        return None if left is None or right is None else (left, right)

    def within(name: str) -> Sides | None:
        flat = pair(below, f"{name}a", f"{name}b")
        return flat or (pair(subfolders(below[name])[0], "a", "b") if name in below else None)

    if (train := within("train")) is not None:
        return train, next((found for name in TESTS if (found := within(name)) is not None), None)
    if (both := pair(below, "a", "b")) is not None:
        return both, None
    if len(below) == 2 and not loose and not {"train", *TESTS} & {name.rstrip("ab") for name in below}:
        left, right = (below[name] for name in sorted(below))
        return (left, right), None
    return None


def _partners(left: Path, right: Path) -> tuple[Sides, ...]:
    """The files of two folders that have the same names but for their endings."""
    named = [_by_name(folder) for folder in (left, right)]
    alone = [files[name] for files in named for name in sorted(named[0].keys() ^ named[1].keys()) if name in files]
    if alone:
        more = f" (and {len(alone) - 1} more)" if len(alone) > 1 else ""
        raise DataError(
            f"{alone[0]}{more} has no partner: pairs in {left.name} and {right.name} have the same names, whatever "
            f"their endings; for images that are no pairs there is cyclegan-folder"
        )
    return tuple((named[0][name], named[1][name]) for name in sorted(named[0]))


def _by_name(folder: Path) -> dict[str, Path]:
    """Files by their names without endings; DataError for two of one name, of which a partner could mean either."""
    found: dict[str, Path] = {}
    for path in find_images(folder):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in found:
            raise DataError(f"{found[name]} and {path.name} have one name but for their endings: rename or remove one")
        found[name] = path
    return found


def families(pairs: ImageSet, size: int) -> Tensor:
    """(F, size): indices of the samples whose source is that of ``size`` samples, a row for each such source.

    The emoji of a person in six skin tones, say, share one drawing, to the pixel.

    Args:
        pairs: with sources.
        size: how many samples make a family, 1 or more.

    Raises:
        DataError: if no source has so many samples.
    """
    check_whole(1, size=size)
    if pairs.sources is None:
        raise DataError(f"{pairs.name} has no sources: allowed is a set of pairs")
    samples = defaultdict(list)
    for index, source in enumerate(pairs.sources):
        samples[source.numpy().tobytes()].append(index)
    found = [members for members in samples.values() if len(members) == size]
    if not found:
        raise DataError(f"no source of {pairs.name} has {size} samples: allowed is a size that occurs")
    return torch.tensor(found)

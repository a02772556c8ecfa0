"""Folders of image files: the reader's own, ImageNet's, CelebA's."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganbook.data.download import DRIVE, Remote, fetch, fetch_folder, or_else
from ganbook.data.encoded import OWNERS, ImageFiles
from ganbook.data.errors import DataError, EmptySplit, counted, say
from ganbook.data.picture import endings

__all__ = [
    "TESTS", "files_below", "find_images", "held_out", "left_to", "load_celeba", "load_folder", "load_whole",
    "numbers_of", "of_split", "splits", "subfolders",
]  # fmt: skip

TESTS = ("test", "val", "valid", "validation")
"""What a folder is called that is not trained on; the first that is there is the test split."""


OF_A_RUN = {"run.json", "checkpoints"}
"""What lies in the folder of a run: its samples, and whatever else was put there, are nobody's data."""


def find_images(folder: Path, beside: Sequence[str] = ()) -> tuple[Path, ...]:
    """Image files below ``folder`` at any depth, sorted; a line on stderr says how many, and what was passed over.

    Files with the endings ``beside`` belong to them and are not counted. Hidden files are thumbnails and macOS's "._"
    companions, not images of the owner's, and count for nothing; nor does what a run left
    there. Linked folders are followed, but not back into one that they are in.
    """
    images: list[Path] = []
    others: list[Path] = []
    for path in files_below(folder):
        if path.suffix.lower() not in beside:
            (images if path.suffix.lower() in endings() else others).append(path)
    said = f"{folder}: {counted(len(images), 'image')}"
    if others:
        kinds = sorted({path.suffix.lower() or "none" for path in others})
        listed = f"endings {', '.join(kinds[:9])}{', ...' * (len(kinds) > 9)}"
        said += f", {counted(len(others), 'other file')} passed over ({listed})"
    if not images:
        raise DataError(f"{said}: an image is a file that ends in {', '.join(sorted(endings()))}")
    say(said)
    return tuple(images)


def files_below(folder: Path) -> Iterator[Path]:
    """The files that :func:`find_images` looks at."""
    return _files(folder, frozenset({os.path.realpath(folder)}))


def _files(folder: str | Path, above: frozenset[str]) -> Iterator[Path]:
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    if {entry.name for entry in entries} >= OF_A_RUN:
        return
    for entry in entries:
        if entry.is_file():
            yield Path(entry.path)
        elif entry.is_dir() and (real := os.path.realpath(entry.path)) not in above:
            yield from _files(entry.path, above | {real})


def splits(base: Path) -> tuple[Path, Path | None]:
    """The folders to train on and to test with; the second is None where pictures are held out of the first.

    ``base/train`` beside ``base/test`` or ``base/val``, whatever the case of their letters, is never mixed with them;
    it also counts where ``base`` holds nothing else. In all other folders it is a name like others.
    """
    below, loose = subfolders(base)
    test = next((below[name] for name in TESTS if name in below), None)
    if "train" in below and (test is not None or (len(below) == 1 and not loose)):
        return below["train"], test
    return base, None


def subfolders(base: Path) -> tuple[dict[str, Path], bool]:
    """The visible sub-folders of ``base`` by their names in small letters, and whether pictures lie beside them."""
    entries = [path for path in sorted(base.iterdir()) if not path.name.startswith(".")]
    loose = any(path.suffix.lower() in endings() for path in entries if path.is_file())
    return {path.name.lower(): path for path in entries if path.is_dir()}, loose


def numbers_of(names: Iterable[str]) -> NDArray[np.int64]:
    """(N,) what of each name decides on which side of :func:`held_out` its file is."""
    return np.array([zlib.crc32(name.encode(errors="surrogateescape")) for name in names], np.int64)


def held_out(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) which files are the test split where no folder is: about one in ten, chosen by its name.

    Of two files and more at least one. A file that is added moves no other, but for the first few.
    """
    out: NDArray[np.bool_] = numbers % 10 == 0
    if len(out) > 1 and not out.any():
        out[numbers.argmin()] = True
    return out


def left_to(split: str, numbers: NDArray[np.int64], classes: NDArray[Any] | None, base: Path) -> NDArray[np.bool_]:
    """(N,) which of the files below ``base`` a split has, where some are held out; of no class all are.

    Args:
        numbers: (N,) of their names, see :func:`numbers_of`.
        classes: (N,) the class of each, or None.

    Raises:
        EmptySplit: if there are none.
    """
    out = held_out(numbers)
    if classes is not None:  # or one would be drawn that was never learned
        out &= np.isin(classes, classes[~out])
    mine = out if split == "test" else ~out
    if not mine.any():
        raise EmptySplit(f"{base} holds {len(numbers)} images, none of them in the {split} split: add more of them")
    return mine


def of_split(files: Sequence[Path], base: Path, split: str, by_class: bool = False) -> tuple[Path, ...]:
    """Those of the files below ``base`` that a split has, see :func:`left_to`."""
    numbers = numbers_of(path.relative_to(base).as_posix() for path in files)
    classes = np.array([_class_of(path, base) for path in files]) if by_class else None
    return tuple(path for path, mine in zip(files, left_to(split, numbers, classes, base), strict=True) if mine)


def load_folder(split: str, size: int | None, base: Path) -> ImageFiles:
    """Image files below ``base``, at any depth, in the two folders of :func:`splits`, else by :func:`held_out`.

    Sub-folders are the classes, if all images to train on lie in some, as in ImageNet's training folder. Where there
    are tar files and no images, these are shards (:mod:`ganbook.data.shards`).
    """
    from ganbook.data.shards import find_shards, load_shards  # which knows this module

    if shards := find_shards(base):
        return load_shards("folder", split, size, shards, base, OWNERS)
    train, test = splits(base)
    found = find_images(train)
    classes = _classes(found, train)
    if test is None:
        files, where = of_split(found, train, split, by_class=bool(classes)), train
    elif split == "train":
        files, where = found, train
    else:
        files, where = find_images(test), test
        if classes and not _classes(files, test):
            classes = {}  # as in competitions, which keep the answers to themselves
    unknown = next((path for path in files if classes and _class_of(path, where) not in classes), None)
    if unknown is not None:
        raise DataError(f"{unknown} is of a class that {train} has not: its classes are {', '.join(classes)}")
    numbers = tuple(classes[_class_of(path, where)] for path in files) if classes else ()
    return ImageFiles("folder", split, size or 64, files, numbers, licence=OWNERS, classes=tuple(classes))


def load_whole(base: Path, size: int | None = None) -> ImageFiles:
    """All image files below ``base``, at any depth, with its sub-folders as classes as for :func:`load_folder`."""
    from ganbook.data.shards import find_shards, load_shards

    if not base.is_dir():
        raise DataError(f"{base} is not a folder")
    if shards := find_shards(base):
        return load_shards("folder", "all", size, shards, base, OWNERS)
    found = find_images(base)
    classes = _classes(found, base)
    numbers = tuple(classes[_class_of(path, base)] for path in found) if classes else ()
    return ImageFiles("folder", "all", size or 64, found, numbers, licence=OWNERS, classes=tuple(classes))


def _class_of(path: Path, base: Path) -> str:
    return path.relative_to(base).parts[0]


def _classes(files: Sequence[Path], base: Path) -> dict[str, int]:
    """The sub-folders of ``base`` in which all files lie, numbered; none where one lies beside them."""
    firsts = [path.relative_to(base).parts for path in files]
    named = sorted({parts[0] for parts in firsts}) if all(len(parts) > 1 for parts in firsts) else []
    return {name: number for number, name in enumerate(named)}


# The authors' own copies; they allow no other. Checksums as in TensorFlow Datasets.
CELEBA = {
    "images": Remote(
        "img_align_celeba.zip",
        1_443_490_838,
        "46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74",
        (DRIVE + "0B7EVK8r0v71pZjFTYXZWM3FlRnM",),
    ),
    "split": Remote(
        "list_eval_partition.txt",
        2_836_386,
        "fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7",
        (DRIVE + "0B7EVK8r0v71pY0NSMzRuSXJEVkk",),
    ),
}
_FACES = "CelebA (Liu et al. 2015): non-commercial research only, images remain their owners'"
_PARTITIONS = {"train": "0", "test": "2"}  # 1 is the authors' validation split


def load_celeba(split: str, size: int | None, base: Path) -> ImageFiles:
    """Faces: the list ``list_eval_partition`` and the folder (or archive) ``img_align_celeba``, below ``base``.

    Both may also lie in ``base/celeba``, where torchvision puts them, or as Kaggle's archive unpacks: a list that ends
    in ``.csv``, and a folder within the folder. What is missing is downloaded.
    """
    if (base / "celeba").is_dir():
        base = base / "celeba"
    images, table = base / "img_align_celeba", base / "list_eval_partition.csv"
    advice = (
        f"put {CELEBA['images'].name} and {CELEBA['split'].name} there, from "
        f"https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, or use a folder of your own: "
        f'data.load("folder", root=...), or dcgan-folder with --data FOLDER on the command line'
    )
    with or_else(advice, "celeba", base):
        listed = table if table.is_file() else fetch(CELEBA["split"], base)
        fetch_folder(CELEBA["images"], images)
    text = listed.read_text("utf-8-sig", errors="replace")
    rows = [line.replace(",", " ").split() for line in text.splitlines() if line.strip()]
    if listed == table:
        rows = rows[1:]  # its head
    if any(len(row) != 2 or row[1] not in ("0", "1", "2") for row in rows):
        raise DataError(f"{listed} is not CelebA's list of splits: delete it, and it is fetched again")
    inner = images / images.name
    files = tuple((inner if inner.is_dir() else images) / name for name, part in rows if part == _PARTITIONS[split])
    missing = next((path for path in files if not path.is_file()), None)
    if missing is not None or not files:
        raise DataError(f"{missing or 'every file of the split'} is missing: delete {images}, and it is fetched again")
    return ImageFiles("celeba", split, size or 64, files, licence=_FACES)

"""Folders of image files: the reader's own, ImageNet's, CelebA's."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ganbook.data.download import Remote, fetch, fetch_folder, or_else
from ganbook.data.encoded import OWNERS, ImageFiles
from ganbook.data.errors import DataError
from ganbook.data.picture import endings

__all__ = ["find_images", "load_celeba", "load_folder"]


def find_images(folder: Path) -> tuple[Path, ...]:
    """Image files below ``folder`` at any depth, sorted; a line on stderr says how many, and what was passed over.

    Hidden files are thumbnails and macOS's "._" companions, not images of the owner's, and count for nothing. Linked
    folders are followed, but not back into one that they are in.
    """
    images: list[Path] = []
    others: list[Path] = []
    for path in _files(folder, frozenset({os.path.realpath(folder)})):
        (images if path.suffix.lower() in endings() else others).append(path)
    said = f"{folder}: {len(images)} images"
    if others:
        kinds = sorted({path.suffix.lower() or "none" for path in others})
        listed = f"endings {', '.join(kinds[:9])}{', ...' * (len(kinds) > 9)}"
        said += f", {len(others)} other file{'s' * (len(others) > 1)} passed over ({listed})"
    if not images:
        raise DataError(f"{said}: an image is a file that ends in {', '.join(sorted(endings()))}")
    _say(said)
    return tuple(images)


@cache
def _say(sentence: str) -> None:
    """Once in a process: both splits of a run may read one folder."""
    print(sentence, file=sys.stderr)


def _files(folder: str | Path, above: frozenset[str]) -> Iterator[Path]:
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_file():
            yield Path(entry.path)
        elif entry.is_dir() and (real := os.path.realpath(entry.path)) not in above:
            yield from _files(entry.path, above | {real})


def load_folder(split: str, size: int | None, base: Path) -> ImageFiles:
    """Image files below ``base``, at any depth; about one file in ten, chosen by its path, is the test split.

    Sub-folders of ``base`` are the classes, if all images lie in some, as in ImageNet's training folder.
    """
    found = find_images(base)
    relative = [path.relative_to(base) for path in found]
    in_test = [zlib.crc32(name.as_posix().encode()) % 10 == 0 for name in relative]
    chosen = [i for i, held in enumerate(in_test) if held is (split == "test")]
    if not chosen:
        raise DataError(f"{base} holds {len(found)} images, none of them in the {split} split: add more of them")
    in_folders = all(len(name.parts) > 1 for name in relative)
    classes = {name: i for i, name in enumerate(sorted({name.parts[0] for name in relative}))} if in_folders else {}
    files = tuple(found[i] for i in chosen)
    numbers = tuple(classes[relative[i].parts[0]] for i in chosen) if classes else ()
    return ImageFiles("folder", split, size or 64, files, numbers, licence=OWNERS, classes=tuple(classes))


# The authors' own copies; they allow no other. Checksums as in TensorFlow Datasets.
_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
CELEBA = {
    "images": Remote(
        "img_align_celeba.zip",
        1_443_490_838,
        "46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74",
        (_DRIVE + "0B7EVK8r0v71pZjFTYXZWM3FlRnM",),
    ),
    "split": Remote(
        "list_eval_partition.txt",
        2_836_386,
        "fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7",
        (_DRIVE + "0B7EVK8r0v71pY0NSMzRuSXJEVkk",),
    ),
}
_FACES = "CelebA (Liu et al. 2015): non-commercial research only, images remain their owners'"
_PARTITIONS = {"train": "0", "test": "2"}  # 1 is the authors' validation split


def load_celeba(split: str, size: int | None, base: Path) -> ImageFiles:
    """Faces: ``list_eval_partition.txt`` and the folder (or archive) ``img_align_celeba``, below ``base``.

    Both may also lie in ``base/celeba``, where torchvision puts them. What is missing is downloaded.
    """
    if (base / "celeba").is_dir():
        base = base / "celeba"
    images = base / "img_align_celeba"
    advice = (
        f"put {CELEBA['images'].name} and {CELEBA['split'].name} there, from "
        f"https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, or use a folder of your own: "
        f'data.load("folder", root=...), or dcgan-folder with --data FOLDER on the command line'
    )
    with or_else(advice, "celeba", base):
        listed = fetch(CELEBA["split"], base)
        fetch_folder(CELEBA["images"], images)
    rows = [line.split() for line in listed.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    if any(len(row) != 2 or row[1] not in ("0", "1", "2") for row in rows):
        raise DataError(f"{listed} is not CelebA's list of splits: delete it, and it is fetched again")
    files = tuple(images / name for name, part in rows if part == _PARTITIONS[split])
    missing = next((path for path in files if not path.is_file()), None)
    if missing is not None or not files:
        raise DataError(f"{missing or 'every file of the split'} is missing: delete {images}, and it is fetched again")
    return ImageFiles("celeba", split, size or 64, files, licence=_FACES)

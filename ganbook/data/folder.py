"""Folders of image files: the reader's own, ImageNet's, CelebA's."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganbook.data.cache import cache_dir
from ganbook.data.download import Remote, fetch, fetch_folder
from ganbook.data.encoded import EncodedImages
from ganbook.data.errors import DataError

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["ImageFolder", "load_celeba", "load_folder"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".tif", ".tiff"})


@dataclass(frozen=True)
class ImageFolder(EncodedImages):
    """Image files; sub-folders of the root are the classes, if there are any."""

    root: Path
    split: str
    files: tuple[Path, ...]
    classes: tuple[str, ...]
    size: int
    name: str = "folder"
    licence: str = "as stated by the owner of the images"

    def __len__(self) -> int:
        return len(self.files)

    def open(self, index: int) -> PIL.Image.Image:
        """The file, opened by Pillow."""
        from PIL import Image

        return Image.open(self.files[index])

    def label(self, index: int) -> int:
        """Number of the sub-folder below the root, 0 without sub-folders."""
        return self.classes.index(self.files[index].relative_to(self.root).parts[0]) if self.classes else 0

    def called(self, index: int) -> str:
        """The file's path."""
        return str(self.files[index])


def load_folder(split: str, size: int | None, root: str | Path | None) -> ImageFolder:
    """Image files below ``root``, at any depth; about one file in ten, chosen by its path, is the test split.

    ImageNet's training folder, with one sub-folder a class, is such a root.

    Raises:
        ValueError: without ``root``.
        DataError: if the folder is not there or holds no image of this split.
    """
    if root is None:
        raise ValueError('root is None: data.load("folder") needs the folder that holds the images')
    base = Path(root)
    if not base.is_dir():
        raise DataError(f"{base} is not a folder: root names the folder that holds the images")
    found = sorted(path for path in base.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    # Hidden files are thumbnails and macOS's "._" companions, not images of the owner's.
    found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(base).parts)]
    relative = [path.relative_to(base) for path in found]
    wanted = split == "test"
    files = tuple(
        path
        for path, name in zip(found, relative, strict=True)
        if (zlib.crc32(name.as_posix().encode()) % 10 == 0) is wanted
    )
    if not files:
        raise DataError(
            f"{base} holds {len(found)} images, none of them in the {split} split: "
            f"supported are {', '.join(sorted(SUFFIXES))}"
        )
    in_folders = bool(relative) and all(len(name.parts) > 1 for name in relative)
    classes = tuple(sorted({name.parts[0] for name in relative})) if in_folders else ()
    return ImageFolder(base, split, files, classes, size or 64)


def _on_google_drive(name: str, size: int, sha256: str, key: str) -> Remote:
    return Remote(
        name, size, sha256, (f"https://drive.usercontent.google.com/download?id={key}&export=download&confirm=t",)
    )


# The authors' own copies; they allow no other. Checksums as in TensorFlow Datasets.
CELEBA = {
    "images": _on_google_drive(
        "img_align_celeba.zip",
        1_443_490_838,
        "46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74",
        "0B7EVK8r0v71pZjFTYXZWM3FlRnM",
    ),
    "split": _on_google_drive(
        "list_eval_partition.txt",
        2_836_386,
        "fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7",
        "0B7EVK8r0v71pY0NSMzRuSXJEVkk",
    ),
}
_FACES = "CelebA (Liu et al. 2015): non-commercial research only, images remain their owners'"
_PARTITIONS = {"train": "0", "test": "2"}  # 1 is the authors' validation split


def load_celeba(split: str, size: int | None, root: str | Path | None) -> ImageFolder:
    """Faces: ``list_eval_partition.txt`` and the folder (or archive) ``img_align_celeba``, below ``root``.

    Both may also lie in ``root/celeba``, where torchvision puts them. What is missing is downloaded.

    Raises:
        DataError: if the files are not there and cannot be downloaded, or do not belong together.
    """
    base = Path(root) if root is not None else cache_dir() / "celeba"
    if (base / "celeba").is_dir():
        base = base / "celeba"
    images = base / "img_align_celeba"
    try:
        listed = fetch(CELEBA["split"], base)
        fetch_folder(CELEBA["images"], images)
    except (DataError, OSError) as error:
        raise DataError(
            f"celeba is not in {base} and could not be downloaded ({error}): put {CELEBA['images'].name} and "
            f"{CELEBA['split'].name} there, from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, or use a folder of "
            f'your own with data.load("folder", root=...)'
        ) from error
    rows = [line.split() for line in listed.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    if any(len(row) != 2 or row[1] not in ("0", "1", "2") for row in rows):
        raise DataError(f"{listed} is not CelebA's list of splits: delete it, and it is fetched again")
    files = tuple(images / name for name, part in rows if part == _PARTITIONS[split])
    missing = next((path for path in files if not path.is_file()), None)
    if missing is not None or not files:
        raise DataError(f"{missing or 'every file of the split'} is missing: delete {images}, and it is fetched again")
    return ImageFolder(images, split, files, (), size or 64, "celeba", _FACES)

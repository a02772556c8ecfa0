"""LSUN's bedrooms, read from the LMDB files in which they are published.

torchvision's reader keeps a pickle of the keys in the working folder and loads it without looking whose it is; the
library lmdb does all else that is needed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ganbook.data.download import published, unpack
from ganbook.data.encoded import ImageFiles
from ganbook.data.errors import DataError, first_line
from ganbook.data.picture import open_picture
from ganbook.data.shards import Shards, find_shards, load_shards

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["LSUN", "REMOTES", "load_lsun"]

HOME = "https://dl.yf.io/lsun/scenes/"
_PARTS = {"train": "bedroom_train_lmdb", "test": "bedroom_val_lmdb"}

# Sizes and checksums as in TensorFlow Datasets.
REMOTES = published(
    (HOME,),
    {
        "bedroom_train_lmdb.zip": (
            45_922_737_680, "a15644c2e7153106867f0adb3491fc41224102d1f01b24494fb47d9f5d1f174e",
        ),
        "bedroom_val_lmdb.zip": (4_670_661, "5d022e781b241c25ec2e1f1f769afcdb8091d7fd58362667aec03137b8114b12"),
    },
)  # fmt: skip
_LICENCE = "LSUN (Yu et al. 2015): research only, images remain their owners'"


@dataclass(frozen=True)
class LSUN(ImageFiles):
    """Encoded images (WebP) in an LMDB environment.

    Attributes:
        files: (N,) their keys, an array of bytes: 3 million Python objects would take ten times the memory.
        folder: the environment.
    """

    folder: Path = Path()

    def encoded(self, index: int) -> tuple[str, bytes]:
        # Opened for one image: an environment that stays open must not meet a fork, and worker processes are forked.
        with _environment(self.folder) as environment, environment.begin() as transaction:
            return ".webp", transaction.get(bytes(self.files[index]))

    def open(self, index: int) -> PIL.Image.Image:
        return open_picture(io.BytesIO(self.encoded(index)[1]))

    def sound(self, skip: bool = False) -> Self:
        """Itself: three million images are decoded when they are met."""
        return self

    def called(self, index: int) -> str:
        return f"{bytes(self.files[index]).decode('ascii', 'replace')} in {self.folder}"


def load_lsun(split: str, size: int | None, base: Path) -> LSUN | Shards:
    """Bedrooms: the folders ``bedroom_train_lmdb`` and ``bedroom_val_lmdb`` (the test split) below ``base``; or shards.

    The published archives are unpacked where they lie. They are not downloaded: that takes a day, and twice the disk.
    """
    folder = base / _PARTS[split]
    archive = base / f"{folder.name}.zip"
    if not folder.is_dir() and archive.is_file():
        unpack(archive, folder)
    if not folder.is_dir() and (shards := find_shards(base)):
        return load_shards("lsun-bedroom", split, size, shards, base, _LICENCE)
    if not folder.is_dir():
        raise DataError(
            f"lsun-bedroom is not in {base}: get {HOME}{archive.name} (46 GB to train on, 4 MB to test) and put it "
            f'there, or use data.load("digits"), which works offline'
        )
    try:
        import lmdb
    except ModuleNotFoundError as error:
        raise DataError("lsun-bedroom needs the package lmdb: pip install lmdb") from error
    try:
        with _environment(folder) as environment, environment.begin() as transaction:
            # Pages are mapped into the memory: touching one that a truncated file lacks would kill the process.
            whole = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
            if (folder / "data.mdb").stat().st_size < whole:
                raise DataError(f"{folder / 'data.mdb'} has less than its {whole} bytes: get it again")
            keys = _keys(transaction.cursor(), environment.stat()["entries"])
    except lmdb.Error as error:
        raise DataError(f"{folder} is not an LMDB environment, or broken ({first_line(error)})") from error
    if not len(keys):
        raise DataError(f"{folder} holds no image: get it again")
    return LSUN("lsun-bedroom", split, size or 64, keys, folder=folder, licence=_LICENCE)


def _keys(cursor: Any, entries: int) -> np.ndarray[Any, Any]:
    """(entries,) all keys in their order. A list of three million Python objects on the way would take 240 MB more."""
    width = len(cursor.key()) if cursor.first() else 1

    def each() -> Iterator[bytes]:
        for key in cursor.iternext(values=False):
            if len(key) != width:
                raise DataError(f"{key[:60]!r} is no key of LSUN: all have one length, here {width}")
            yield key

    return np.fromiter(each(), f"S{width}", entries)


def _environment(folder: Path) -> Any:
    import lmdb

    # No lock file: nobody writes, and the folder may be read-only.
    return lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False)

"""Which files of a set cannot be decoded: found out before they are learned from, and remembered."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ganbook.data.cache import cache_dir, write_atomically
from ganbook.data.errors import first_line

__all__ = ["stamps", "unreadable"]

MANY = 1000
"""So many files show a bar while they are decoded."""


class Inspected(Protocol):
    """What is looked at: image files, see :class:`ganbook.data.encoded.ImageFiles`."""

    def __len__(self) -> int: ...

    def inspect(self, index: int) -> None: ...

    def state(self) -> Iterable[bytes]: ...


def unreadable(images: Inspected) -> dict[int, str]:
    """Index and reason of every image that cannot be decoded; nothing is decoded that did not change since."""
    path = cache_dir() / "decoded" / f"{_key(images)}.json"
    with suppress(OSError, ValueError, AttributeError):
        return {int(index): str(reason) for index, reason in json.loads(path.read_text("utf-8")).items()}

    def reason(index: int) -> str | None:
        try:
            images.inspect(index)
        except Exception as error:  # a decoder raises whatever it stumbles over
            return first_line(error)
        return None

    from tqdm.auto import tqdm

    bar = {"total": len(images), "desc": "looking at images", "unit": "image", "leave": False}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # Pillow decodes without Python's lock
        reasons = tqdm(pool.map(reason, range(len(images))), disable=len(images) < MANY, **bar)
        found = {index: said for index, said in enumerate(reasons) if said is not None}
    with suppress(OSError):  # a read-only home, a full disk: they are decoded again next time
        write_atomically(path, lambda part: part.write_text(json.dumps(found), encoding="utf-8"))
    return found


def _key(images: Inspected) -> str:
    """A checksum of what is decoded, by which library."""
    import PIL

    said = hashlib.sha256(f"{type(images).__name__} {PIL.__version__}".encode())
    for stamp in images.state():
        said.update(stamp)
    return said.hexdigest()


def stamps(files: Iterable[Path]) -> Iterator[bytes]:
    """Name, size and time of each file: others, once it was changed."""
    for file in files:
        with suppress(OSError):  # what is gone is found out when it is opened
            found = file.stat()
            yield f"{file}\0{found.st_size}\0{found.st_mtime_ns}\0".encode(errors="surrogateescape")

"""Where data is kept between runs, and how a file gets there whole or not at all."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["cache_dir", "kept", "write_atomically"]

Tensors = dict[str, "Tensor"]
Texts = dict[str, str]

_IDLE = 60.0
"""Seconds without a write after which a half-written file is taken for that of a killed process."""

_PROBE = bytes(1 << 20)


def cache_dir() -> Path:
    """Folder of downloaded and prepared data: ``GANBOOK_CACHE``, else ``~/.cache/ganbook``."""
    if chosen := os.environ.get("GANBOOK_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganbook"


def kept(name: str, make: Callable[[], tuple[Tensors, Texts]]) -> tuple[Tensors, Texts]:
    """Tensors and texts that take long to ``make``: as they were kept under ``name``, else made, and kept if possible.

    A file that is absent, unreadable, or not as it was written by its own checksum, is made anew.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save_file

    path = cache_dir() / name
    with suppress(OSError, SafetensorError), safe_open(path, framework="pt") as file:
        found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no dictionary
        texts = file.metadata() or {}
        if texts.pop("sha256", None) == _sum(found, texts):
            return found, texts
    found, texts = make()
    with suppress(OSError):  # a read-only home, a full disk: the next load makes them again
        write_atomically(path, lambda part: save_file(found, part, {**texts, "sha256": _sum(found, texts)}))
    return found, texts


def _sum(tensors: Tensors, texts: Texts) -> str:
    parts = hashlib.sha256(repr(sorted(texts.items())).encode())
    for name, tensor in sorted(tensors.items()):
        parts.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        parts.update(tensor.contiguous().numpy().data)
    return parts.hexdigest()


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then put it in place in one step.

    A reader sees the old file or the new one, never half of one, even when the process is killed or the disk is full.
    Who may read it is up to the umask, as for any new file. What killed writers of ``path`` left behind is removed.

    Raises:
        OSError: if the file cannot be written, with the system's reason as its ``strerror`` and ``path`` as its
            ``filename`` whatever library wrote; the old file then stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 8}.part"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _IDLE:
                left.unlink()
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.touch(exist_ok=False)
        mode = part.stat().st_mode  # libraries that put a file of their own in its place may make it private
        try:
            write(part)
        except Exception as error:
            raise _cause(error, part) from error
        part.chmod(mode)
        with part.open("r+b") as file:  # Windows syncs only what is open for writing
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        error.filename = str(path)  # the passing name says nothing to a reader
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _cause(error: Exception, part: Path) -> Exception:
    """The OSError behind what a library raised while it wrote ``part``; ``error`` itself if none is behind it.

    safetensors hides the system's number in its text, NumPy and torch drop it: there another write meets it again.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error
    if number := re.search(r"\(os error (\d+)\)", str(error)):
        return OSError(int(number[1]), os.strerror(int(number[1])))
    try:
        with part.open("ab") as file:
            file.write(_PROBE)
            file.flush()
            os.fsync(file.fileno())
    except OSError as again:
        return again
    if isinstance(error, OSError) or "inline_container" in str(error):
        return OSError(errno.EIO, str(error).strip().split("\n")[0])
    return error

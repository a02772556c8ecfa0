"""Where data is kept between runs, and how a file gets there whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["cache_dir", "write_atomically"]

_IDLE = 60.0
"""Seconds without a write after which a half-written file is taken for that of a killed process."""

_PROBE = bytes(1 << 20)


def cache_dir() -> Path:
    """Folder of downloaded and prepared data: ``GANBOOK_CACHE``, else ``~/.cache/ganbook``."""
    if chosen := os.environ.get("GANBOOK_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganbook"


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then put it in place in one step.

    A reader sees the old file or the new one, never half of one, even when the process is killed or the disk is full.
    Who may read it is up to the umask, as for any new file. What killed writers of ``path`` left behind is removed.

    Raises:
        OSError: if the file cannot be written, with the system's reason as its ``strerror`` whatever library wrote;
            the old file then stands.
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
        return OSError(int(number[1]), os.strerror(int(number[1])), str(part))
    try:
        with part.open("ab") as file:
            file.write(_PROBE)
            file.flush()
            os.fsync(file.fileno())
    except OSError as again:
        return again
    if isinstance(error, OSError) or "enforce fail" in str(error):
        return OSError(errno.EIO, str(error).strip().split("\n")[0], str(part))
    return error

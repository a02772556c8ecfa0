"""Files from the network: over https only, checked by SHA-256, resumed where they broke off, unpacked with care.

torchvision's downloader does none of the four: it takes plain http from some hosts, knows MD5, begins anew after an
interruption, and its CIFAR-10 is a pickle.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
import stat
import tarfile
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.error import HTTPError
from urllib.parse import urlsplit

from ganbook.data.errors import DataError

if TYPE_CHECKING:
    from filelock import FileLock

__all__ = ["DRIVE", "Remote", "fetch", "fetch_folder", "unpack"]

DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="
"""What an address of a file on Google Drive begins with."""

ATTEMPTS = 3
"""Connections to one mirror; each goes on where the one before broke off."""

TIMEOUT = 30.0
CHUNK = 1 << 18
_SMALL, _RATIO = 1 << 26, 20
"""An archive may hold so many bytes whatever its size, and so many times its size: images hardly shrink in one."""


@dataclass(frozen=True)
class Remote:
    """A file on the network.

    Attributes:
        name: what it is called on the disk.
        size: in bytes.
        sha256: its checksum; what does not match is thrown away.
        mirrors: addresses that hold it, in the order in which they are tried.
    """

    name: str
    size: int
    sha256: str
    mirrors: tuple[str, ...]


def published(homes: tuple[str, ...], files: dict[str, tuple[int, str]]) -> dict[str, Remote]:
    """Files of these sizes and checksums, by their names, of which each of the homes holds all."""
    return {name: Remote(name, *file, tuple(home + name for home in homes)) for name, file in files.items()}


@contextmanager
def or_else(advice: str, name: str, folder: Path) -> Iterator[None]:
    """A download inside that fails becomes one DataError: which data set is not in ``folder``, why, and what works."""
    try:
        yield
    except (DataError, OSError) as error:
        raise DataError(f"{name} is not in {folder} and could not be downloaded ({error}): {advice}") from error


def fetch(remote: Remote, folder: Path) -> Path:
    """The file in ``folder``, downloaded unless it is there; it appears whole and checked, or not at all.

    An interrupted download (``NAME.part``) is resumed, from another mirror if need be. Several processes that want one
    file at a time wait for the first of them.

    Raises:
        DataError: if no mirror sends the file; the sentence says what each of them did.
        OSError: if ``folder`` cannot be written.
    """
    path = folder / remote.name
    if not path.is_file():
        with _one_process(path):
            if not path.is_file():  # another process was faster
                _fetch(remote, path)
    return path


def fetch_folder(remote: Remote, folder: Path) -> Path:
    """``folder``, unpacked from the archive ``remote`` beside it unless it is there; the archive is deleted.

    Errors are those of :func:`fetch` and :func:`unpack`.
    """
    if not folder.is_dir():
        with _one_process(folder):
            if not folder.is_dir():
                archive = fetch(remote, folder.parent)
                unpack(archive, folder)
                archive.unlink()
    return folder


def _one_process(path: Path) -> FileLock:
    """A lock that only one process at a time holds while it makes ``path``."""
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path.with_name(f".{path.name}.lock"))


def _fetch(remote: Remote, path: Path) -> None:
    part = path.with_name(f"{path.name}.part")
    reasons = []
    for mirror in remote.mirrors:
        # Old bytes may be to blame for a wrong checksum: the mirror that completed them gets a second try.
        for _ in range(2 if part.exists() else 1):
            reason = _receive(mirror, part, remote)
            if reason is not None:
                break
            if _sha256(part) == remote.sha256:
                part.replace(path)
                return
            part.unlink()  # not the file asked for: nothing of it is kept
            reason = "its checksum is wrong"
        reasons.append(f"{urlsplit(mirror).netloc}: {reason}")
    raise DataError(f"{remote.name} could not be downloaded ({'; '.join(reasons)})")


def _receive(mirror: str, part: Path, remote: Remote) -> str | None:
    """Fill ``part`` up to its size; what went wrong, in words, or None."""
    reason = None
    for _ in range(ATTEMPTS):
        try:
            if _append(mirror, part, remote) == remote.size:
                return None
            reason = "it broke off"
        except HTTPError as error:
            reason = f"it answered {error.code}"
            if error.code != 416:
                break
            part.unlink(missing_ok=True)  # it holds no more than we have: the part is of another file
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a length that is no number
            if isinstance(error, OSError) and error.errno in (28, 122):  # no space, no quota: no mirror helps
                raise
            cause = getattr(error, "reason", None) or error
            reason = str(getattr(cause, "strerror", None) or cause or type(error).__name__)
    return reason


class _OnlyEncrypted(urllib.request.HTTPHandler):
    """In place of the handler of plain addresses: refuses them, also where a redirect leads to one."""

    handler_order = 0  # before urllib's handler of ftp

    def http_open(self, req: urllib.request.Request) -> NoReturn:
        raise OSError(f"its address begins with {req.type}, allowed is https")

    ftp_open = http_open


def _append(mirror: str, part: Path, remote: Remote) -> int:
    """One connection: go on with ``part``, or begin anew if the server knows no ranges; how many bytes it then has."""
    from tqdm.auto import tqdm

    have = part.stat().st_size if part.exists() else 0
    if have == remote.size:
        return have
    have = have if have < remote.size else 0
    request = urllib.request.Request(mirror, headers={"User-Agent": "ganbook"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.build_opener(_OnlyEncrypted).open(request, timeout=TIMEOUT) as answer:
        span = answer.headers["Content-Range"] or ""
        if have and not (answer.status == 206 and span.startswith(f"bytes {have}-")):
            have = 0
        said = answer.headers["Content-Length"]
        if said is not None and int(said) != remote.size - have:
            raise OSError(f"it holds another file, of {int(said) + have} bytes instead of {remote.size}")
        with (
            part.open("ab" if have else "wb") as file,
            tqdm(desc=remote.name, total=remote.size, initial=have, unit="B", unit_scale=True, leave=False) as bar,
        ):
            while have < remote.size and (block := answer.read(min(CHUNK, remote.size - have))):
                file.write(block)
                have += len(block)
                bar.update(len(block))
    return have


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# RuntimeError: zipfile on an encrypted entry, or on a compression that it does not know.
_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError,
)  # fmt: skip


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a .zip or .tar (.gz, .bz2, .xz) into ``folder``, which must not exist; it appears whole or not at all.

    Only plain files and folders come out. An archive that holds anything else is refused as a whole: a name that
    is absolute or climbs with "..", a link, a device. So is one that holds far more than its size promises. One folder
    that holds all the rest is taken for ``folder``.

    Raises:
        DataError: if the archive is refused or broken, or cannot be unpacked there; the sentence says why.
        FileExistsError: if ``folder`` is there already.
    """
    if folder.exists():
        raise FileExistsError(17, "already there", str(folder))
    part = folder.with_name(f".{folder.name}.part")
    try:
        with _one_process(part):
            shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
            part.mkdir()
            try:
                _fill(part, archive)
                inside = list(part.iterdir())
                (inside[0] if len(inside) == 1 and inside[0].is_dir() else part).rename(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except DataError:  # refused
        raise
    except _BROKEN as error:
        raise DataError(f"{archive} is broken or no archive ({error}): delete it and fetch it again") from error
    except OSError as error:  # also a name that is too long, or one of both a file and a folder
        raise DataError(f"{archive} cannot be unpacked ({error.strerror or error})") from error
    return folder


def _fill(folder: Path, archive: Path) -> None:
    most = left = max(_SMALL, _RATIO * archive.stat().st_size)
    for name, plain, source in (_zipped if zipfile.is_zipfile(archive) else _tarred)(archive):
        target = _target(archive, folder, name, plain)
        if source is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # the folder is new
            raise DataError(f"{name!r} comes twice in {archive}: nothing of it was unpacked")
        with target.open("xb") as file:
            while block := source.read(CHUNK):
                left -= file.write(block)
                if left < 0:
                    raise DataError(f"{archive} holds more than {most} bytes, far beyond its size: it is not unpacked")


_Entries = Iterator[tuple[str, bool, IO[bytes] | None]]
"""Names, whether they are plain files or folders, and what files hold."""


def _zipped(archive: Path) -> _Entries:
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            is_folder = entry.filename.endswith("/")
            kind = stat.S_IFMT(entry.external_attr >> 16)  # 0 where the archive was not made on a Unix
            plain = kind in (0, stat.S_IFREG) or (is_folder and kind == stat.S_IFDIR)
            if is_folder or not plain:
                yield entry.filename, plain, None
            else:
                with packed.open(entry) as source:
                    yield entry.filename, plain, source


def _tarred(archive: Path) -> _Entries:
    with tarfile.open(archive, "r:*") as packed:
        for entry in packed:
            yield entry.name, entry.isreg() or entry.isdir(), packed.extractfile(entry) if entry.isreg() else None
        rest: Any = packed.fileobj
        while rest.read(CHUNK):  # the checksum of a compressed stream comes after its last byte
            pass


def _target(archive: Path, folder: Path, name: str, plain: bool) -> Path:
    """Where an entry goes; refused if that could be outside ``folder``, or not a file of its own."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if not plain:
        raise DataError(f"{archive} holds {name!r}, a link or a device: nothing of it was unpacked")
    if posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        raise DataError(f"{archive} holds {name!r}, which leads out of its folder: nothing of it was unpacked")
    return folder / posix

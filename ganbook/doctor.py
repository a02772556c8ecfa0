"""What this machine has, where the data sets of photographs are published, and whether they still lie there.

The library downloads what comes with a checksum, and asks for it when it is needed. Nobody notices before that an
archive has moved: :func:`archives_answer` asks every address for its size, and fetches nothing.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from importlib import metadata
from urllib.error import HTTPError
from urllib.parse import urlsplit

from ganbook.arguments import check_number
from ganbook.data.cache import cache_dir
from ganbook.data.described import BIRDS, CAPTIONS, FLOWERS
from ganbook.data.download import Remote
from ganbook.data.errors import counted
from ganbook.data.folder import CELEBA
from ganbook.data.lsun import REMOTES as LSUN
from ganbook.data.pairs import REMOTES as UNPAIRED
from ganbook.data.styles import FLUENT
from ganbook.data.vision import CIFAR10, FASHION, MNIST

__all__ = ["ARCHIVES", "Archive", "Found", "archives_answer", "here", "in_words", "machine", "rows", "verdict"]

WAIT = 10.0
AT_ONCE = 8


@dataclass(frozen=True)
class Archive:
    """A published file.

    Attributes:
        data: the data set that is made of it.
        remote: its name, size, checksum and addresses; 0 and "" where nobody has published a size or a checksum.
        fetched: whether :func:`ganbook.data.load` downloads it; else you do.
    """

    data: str
    remote: Remote
    fetched: bool = True


# Sizes and checksums as in TensorFlow Datasets, where it has them.
ARCHIVES = (
    Archive("emoji-styles", FLUENT),
    *(Archive("mnist", remote) for remote in MNIST.values()),
    *(Archive("fashion-mnist", remote) for remote in FASHION.values()),
    Archive("cifar10", CIFAR10),
    *(Archive("celeba", remote) for remote in CELEBA.values()),
    *(Archive("lsun-bedroom", remote, fetched=False) for remote in LSUN.values()),
    Archive(
        "pairs-folder-reversed",
        Remote("facades.tar.gz", 0, "", ("https://efrosgans.eecs.berkeley.edu/pix2pix/datasets/facades.tar.gz",)),
        fetched=False,
    ),
    *(Archive(name.removesuffix(".zip"), remote) for name, remote in UNPAIRED.items()),
    Archive(
        "flowers",
        Remote(
            FLOWERS.archive,
            344_862_509,
            "2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246",
            (FLOWERS.home + FLOWERS.archive,),
        ),
        fetched=False,
    ),
    Archive("flowers", CAPTIONS["flowers"], fetched=False),
    Archive(
        "birds",
        Remote(
            BIRDS.archive,
            1_150_585_339,
            "0c685df5597a8b24909f6a7c9db6d11e008733779a671760afef78feb49bf081",
            (f"https://data.caltech.edu/records/65de6-vp158/files/{BIRDS.archive}?download=1",),
        ),
        fetched=False,
    ),
    Archive("birds", CAPTIONS["birds"], fetched=False),
)
"""Every file of the data sets that no package brings, in the order of :func:`ganbook.data.names`."""


@dataclass(frozen=True)
class Found:
    """What one address answered.

    Attributes:
        archive: which file was asked for.
        host: who was asked.
        says: "there", "there, of another size", "gone" or "silent".
        why: the server's or the network's own words, where it is not there.
    """

    archive: Archive
    host: str
    says: str
    why: str = ""

    @property
    def well(self) -> bool:
        """Whether the file is there, as far as a size can tell."""
        return self.says == "there"


def archives_answer(
    archives: Iterable[Archive] = ARCHIVES, wait: float = WAIT, ask: Callable[[str, float], int] | None = None
) -> Iterator[Found]:
    """Ask every address for the size of its file, several at a time; answers come in the order of ``archives``.

    Args:
        wait: seconds that one address may take.
        ask: (address, seconds) to a size, 0 where the server tells none; by default a HEAD request over https.
    """
    check_number(0, wait=wait)
    asked = [(archive, address) for archive in archives for address in archive.remote.mirrors]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda pair: _found(pair[0], pair[1], wait, ask or _size), asked)


def _found(archive: Archive, address: str, wait: float, ask: Callable[[str, float], int]) -> Found:
    host = urlsplit(address).netloc
    try:
        size = ask(address, wait)
    except HTTPError as error:
        return Found(archive, host, "gone" if error.code in (404, 410) else "silent", f"it answers {error.code}")
    except (OSError, HTTPException, ValueError) as error:
        cause = getattr(error, "reason", None) or error
        return Found(archive, host, "silent", str(getattr(cause, "strerror", None) or cause or type(error).__name__))
    if size and archive.remote.size and size != archive.remote.size:
        return Found(archive, host, "there, of another size", f"{size} bytes instead of {archive.remote.size}")
    return Found(archive, host, "there")


def _size(address: str, wait: float) -> int:
    # Sent on to another address, Python before 3.13 goes on with GET. Either way the answer is closed at its headers.
    request = urllib.request.Request(address, method="HEAD", headers={"User-Agent": "ganbook"})
    with urllib.request.urlopen(request, timeout=wait) as answer:
        if answer.headers.get_content_type() == "text/html":  # as of a drive that too many have asked
            raise OSError("it answers with a page in place of the file")
        return int(answer.headers["Content-Length"] or 0)


def verdict(found: Iterable[Found]) -> tuple[bool, list[str]]:
    """Whether all is well, and what to tell.

    An archive is lost where each of its addresses answered, and none has it. Where nobody answered at all, the machine
    has no network, and nothing is known. What nobody answers for while others do is told together.
    """
    answers = list(found)
    if answers and all(answer.says == "silent" for answer in answers):
        hosts = len({answer.host for answer in answers})
        return True, [
            f"none of {hosts} hosts answers ({answers[0].why}): this machine has no network, or keeps it from Python; "
            f"nothing is known of the archives, and everything that comes with a package works"
        ]
    well, said, unknown = True, [], list[Found]()
    for archive in dict.fromkeys(answer.archive for answer in answers):
        of_it = [answer for answer in answers if answer.archive == archive]
        if any(answer.well for answer in of_it):
            continue
        if all(answer.says == "silent" for answer in of_it):
            unknown += of_it
            continue
        lost = all(answer.says != "silent" for answer in of_it)
        well = well and not lost
        reasons = "; ".join(f"{answer.host}: {answer.says}, {answer.why}" for answer in of_it)
        what = "is lost, please open an issue" if lost else "may be lost: not every address answers"
        said.append(f"{archive.remote.name} of {archive.data} {what} ({reasons})")
    if unknown:
        n = len({answer.archive for answer in unknown})
        by_reason: dict[str, dict[str, None]] = {}  # hosts, each once, in their order
        for answer in unknown:
            by_reason.setdefault(answer.why, {})[answer.host] = None
        reasons = "; ".join(f"{', '.join(hosts)}: {why}" for why, hosts in by_reason.items())
        sets = ", ".join(dict.fromkeys(answer.archive.data for answer in unknown))
        said.append(f"of {counted(n, 'archive')} nothing is known, since nobody answers ({reasons}): {sets}")
    return well, said


def rows(found: Iterable[Found]) -> list[tuple[str, ...]]:
    """A line for each archive: its set, name, size, checksum, who fetches it, where it lies, and what is here."""
    answers = list(found)
    lines: list[tuple[str, ...]] = []
    for archive in ARCHIVES:
        of_it = [answer for answer in answers if answer.archive == archive]
        remote = archive.remote
        lines.append((
            archive.data,
            remote.name,
            in_words(remote.size),
            remote.sha256[:12] or "not known",
            "the library" if archive.fetched else "you",
            _where(of_it),
            here(archive.data),
        ))  # fmt: skip
    return lines


def _where(answers: list[Found]) -> str:
    if not answers:
        return "not asked"
    if all(answer.says == "silent" for answer in answers):
        return "no answer"
    return f"at {sum(answer.well for answer in answers)} of {len(answers)} addresses"


def in_words(size: int) -> str:
    """
    >>> in_words(45_922_737_680), in_words(4_542), in_words(0)
    ('45.9 GB', '4.5 kB', 'not known')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes" if size else "not known"


def here(name: str) -> str:
    """What lies of a data set in the cache, in words."""
    folder = cache_dir() / name
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    if not files:
        return "nothing here"
    half = " and an unfinished download" * any(path.suffix == ".part" for path in files)
    return f"{counted(len(files), 'file')} in {folder}{half}"


def machine() -> list[tuple[str, str]]:
    """(what, how it is here): versions, device, budget, cache, and packages that are only needed for some things."""
    import torch

    from ganbook.training.budget import budget

    folder = cache_dir()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    processor = f"CPU, {counted(torch.get_num_threads(), 'thread')}"
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else processor
    extra = {
        "lmdb": "reads LSUN",
        "torch_fidelity": "features of Inception",
        "tensorboard": "train --tensorboard",
        "onnx": "export",
        "onnxruntime": "export",
        "d2l": "chapters with D2L",
    }
    missing = [f"{name} ({use})" for name, use in extra.items() if importlib.util.find_spec(name) is None]
    return [
        ("ganbook", metadata.version("ganbook")),
        ("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"),
        *((name, metadata.version(name)) for name in ("torch", "torchvision", "numpy", "accelerate", "ipywidgets")),
        ("device", device),
        ("budget", budget()),
        ("cache", f"{folder}, {shutil.disk_usage(place).free / 1e9:.0f} GB free"),
        ("not installed", ", ".join(missing) or "nothing that anything here asks for"),
    ]

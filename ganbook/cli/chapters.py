"""Under which heading a recipe is listed: the reader's own pictures first, then the chapter that plays it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatch

__all__ = ["CHAPTERS", "OTHERS", "OWN", "grouped", "heading_of"]

OWN = "Your own pictures"
OTHERS = "Others"

CHAPTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (OWN, ("*-folder", "*-folder-*")),
    ("Chapter 1 · Two players", ("ring",)),
    ("Chapter 6 · DCGAN", ("dcgan-*",)),
    ("Chapter 7 · When training fails", ("grid", "wgan-ring", "stacked-*", "failure-*", "cured-*")),
    ("Chapter 9 · Deeper generators", ("resnet-*", "vae-gan-*")),
    ("Chapter 10 · Conditional GANs", ("conditional-*",)),
    ("Chapter 11 · Pix2pix: from lines to colours", ("pix2pix-*",)),
    ("Chapter 12 · Without pairs: CycleGAN", ("cyclegan-*", "cut-*")),
    ("Chapter 13 · Text to image", ("text-*",)),
    ("Chapter 14 · Where GANs stand", ("vae-*", "diffusion-*")),
)
"""Headings in their order, each with patterns of names; the first that fits counts."""


def heading_of(name: str) -> str:
    """The heading of a recipe.

    >>> heading_of("dcgan-folder"), heading_of("dcgan-digits")
    ('Your own pictures', 'Chapter 6 · DCGAN')
    """
    fits = (heading for heading, patterns in CHAPTERS if any(fnmatch(name, pattern) for pattern in patterns))
    return next(fits, OTHERS)


def grouped(parents: Mapping[str, str], names: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """Names by heading, each after what it is a variant of, with how deep it lies: 0, 1, ...

    Args:
        parents: of each recipe, "" for none.
        names: those that are wanted.
    """
    found: dict[str, list[tuple[str, int]]] = {heading: [] for heading in (*dict(CHAPTERS), OTHERS)}
    wanted = list(names)

    def place(name: str, heading: str, depth: int) -> None:
        found[heading].append((name, depth))
        for other in wanted:
            if parents[other] == name and heading_of(other) == heading:
                place(other, heading, depth + 1)

    for name in wanted:
        parent, heading = parents[name], heading_of(name)
        if parent not in wanted or heading_of(parent) != heading:
            place(name, heading, 0)
    return {heading: of for heading, of in found.items() if of}

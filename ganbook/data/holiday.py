"""Generated pictures of a holiday, as a folder of one's own would hold them: to try recipes on before one has any.

Beaches, mountains and towns, at noon, at sunset and at night, in two shapes and two formats; what belongs to a picture
follows from its number and the seed.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ganbook.arguments import check_whole

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["PLACES", "TIMES", "Holiday", "write_holiday"]

Colour = tuple[int, int, int]

PLACES = ("beach", "mountains", "town")
TIMES = ("noon", "sunset", "night")

_SKY: dict[str, tuple[Colour, Colour]] = {
    "noon": ((70, 140, 225), (190, 220, 245)),
    "sunset": ((95, 60, 130), (250, 160, 80)),
    "night": ((8, 10, 35), (35, 40, 85)),
}
"""At the top and at the horizon."""

_LIGHT = {"noon": 1.0, "sunset": 0.75, "night": 0.35}
_SUN: dict[str, Colour] = {"noon": (255, 245, 170), "sunset": (255, 120, 50), "night": (235, 235, 225)}
_SHAPES = ((128, 96), (96, 128))
_WORDINGS = ("the {place} at {time}", "{time} at the {place}", "a picture of the {place}, {time}")


class Holiday(NamedTuple):
    """Where the pictures lie, three times over.

    Attributes:
        pictures: a folder with one sub-folder per place.
        pairs: drawings in ``A``, the same pictures in colour in ``B``.
        captioned: pictures with a text file beside each.
    """

    pictures: Path
    pairs: Path
    captioned: Path


def write_holiday(folder: str | Path, n: int = 150, seed: int = 0) -> Holiday:
    """Draw ``n`` pictures into ``folder``: by place, as pairs of a drawing and a picture, and with captions.

    Raises:
        ValueError: for fewer than 1 or more than 10 000 pictures.
        OSError: if they cannot be written.
    """
    check_whole(1, 10_000, n=n)
    check_whole(seed=seed)
    there = Holiday(*(Path(folder) / name for name in Holiday._fields))
    for number in range(n):
        chance = Random(f"{seed} {number}")
        place, time = PLACES[number % 3], chance.choice(TIMES)
        drawing, picture = _scene(place, time, chance)
        ending = "png" if number % 5 == 0 else "jpg"
        for path in (
            there.pictures / place / f"{number:04}.{ending}",
            there.pairs / "B" / f"{number:04}.{ending}",
            there.captioned / f"{number:04}.{ending}",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path, quality=92)
        path = there.pairs / "A" / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawing.save(path)
        said = chance.choice(_WORDINGS).format(place=place, time=time)
        (there.captioned / f"{number:04}.txt").write_text(f"{said}\n", encoding="utf-8")
    return there


def _scene(place: str, time: str, chance: Random) -> tuple[PIL.Image.Image, PIL.Image.Image]:
    """A drawing, black on white, and the picture, of one shape."""
    from PIL import Image, ImageDraw

    width, height = chance.choice(_SHAPES)
    horizon = round(height * chance.uniform(0.45, 0.6))
    picture, drawing = Image.new("RGB", (width, height)), Image.new("L", (width, height), 255)
    paint, line = ImageDraw.Draw(picture), ImageDraw.Draw(drawing)
    top, bottom = _SKY[time]
    for row in range(height):
        share = min(1.0, row / horizon)
        paint.line(
            [(0, row), (width, row)], tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        )
    x, y, radius = chance.randint(12, width - 12), chance.randint(10, horizon - 8), chance.randint(5, 9)
    disc = [x - radius, y - radius, x + radius, y + radius]
    paint.ellipse(disc, _SUN[time])
    line.ellipse(disc, outline=0)

    def shape(points: list[tuple[int, int]], colour: Colour) -> None:
        varied = tuple(round(min(255, value * _LIGHT[time] * chance.uniform(0.85, 1.15))) for value in colour)
        paint.polygon(points, varied)
        line.polygon(points, fill=255, outline=0)

    def ground(colour: Colour, start: int = horizon) -> None:
        shape([(0, start), (width - 1, start), (width - 1, height - 1), (0, height - 1)], colour)

    if place == "beach":
        ground((40, 120, 190))
        shore = horizon + chance.randint(10, 25)
        tilt = chance.randint(-8, 8)
        shape([(0, shore - tilt), (width - 1, shore + tilt), (width - 1, height - 1), (0, height - 1)], (235, 205, 140))
    elif place == "mountains":
        for _ in range(chance.randint(2, 4)):
            peak, foot = chance.randint(0, width), chance.randint(20, 45)
            high = horizon - chance.randint(15, horizon - 12)
            shape([(peak - foot, horizon), (peak, high), (peak + foot, horizon)], (125, 120, 130))
        ground((80, 150, 70))
    else:
        ground((120, 120, 115))
        left = chance.randint(-8, 0)
        while left < width:
            wide, tall = chance.randint(12, 26), chance.randint(15, horizon - 8)
            base = horizon + 8
            wall = chance.choice(((200, 120, 90), (215, 200, 170), (160, 165, 180)))
            shape([(left, base), (left, base - tall), (left + wide, base - tall), (left + wide, base)], wall)
            left += wide + 2
    return drawing, picture

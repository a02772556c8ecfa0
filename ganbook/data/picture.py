"""The one reader and the one writer of pictures: training sets, pictures brought along, and what is drawn.

What a training set decodes and what a reader brings along become the same numbers.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from torch import Tensor

from ganbook.arguments import check_choice, check_number, check_tensor, check_whole, shown
from ganbook.data.cache import write_atomically
from ganbook.data.errors import first_line
from ganbook.data.images import to_float, to_uint8

if TYPE_CHECKING:
    import PIL.Image

__all__ = [
    "CHANNELS", "FITS", "Fit", "eight_bits", "endings", "open_picture", "read_picture", "squared", "write_film",
    "write_picture",
]  # fmt: skip

Fit = Literal["crop", "squeeze", "pad"]
"""How a picture becomes a square: its middle cut out, its proportions given up, or white margins added."""

FITS: tuple[Fit, ...] = get_args(Fit)

CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's modes of grey, colour, and colour that keeps what is transparent."""

MOST_PIXELS = 1 << 26
"""More are refused before they are decoded: a file of a few kB may claim gigabytes. Cameras make up to 61 million."""

_WRITTEN = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_FILMS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG"}

# Nothing else is tried, whatever a file's content looks like: Pillow hands PostScript to a program that runs it.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "PPM", "TIFF", "AVIF")


@cache
def _formats() -> tuple[str, ...]:
    from PIL import Image

    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


@cache
def endings() -> frozenset[str]:
    """Endings of files that are read, in lower case; ".avif" only where Pillow can."""
    from PIL import Image

    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in _formats())


def open_picture(file: Path | IO[bytes]) -> PIL.Image.Image:
    """A file opened by Pillow, not yet decoded; ValueError if it is no picture, or too large a one."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(file, formats=_formats())
    except UnidentifiedImageError:
        raise ValueError(f"it is none of {', '.join(_formats())}") from None
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise ValueError(f"it has {image.width} x {image.height} pixels, and more than {MOST_PIXELS} are not read")
    return image


def eight_bits(image: PIL.Image.Image, transparent: bool = False) -> PIL.Image.Image:
    """Upright, in grey (L) or colour (RGB) of 8 bits, on white where it is transparent; or as it is there (RGBA).

    Grey of 16 bits is scaled from 0..65535; other numbers are taken for what their range says, 0..1 for floats, 0..255
    or 0..65535. Raises ValueError for numbers that would come out black or white.
    """
    from PIL import Image, ImageOps

    if image.mode == "F" or image.mode.startswith("I"):
        exif, image = image.getexif(), _scaled(image)
        image.getexif().update(exif)
    ImageOps.exif_transpose(image, in_place=True)
    if "A" in image.getbands() or "transparency" in image.info:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        if transparent:
            return image
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        image = white
    return image if image.mode == "L" else image.convert("L" if image.mode == "1" else "RGB")


def _scaled(image: PIL.Image.Image) -> PIL.Image.Image:
    """8 bits of grey from a picture of more."""
    from PIL import Image

    values = np.asarray(image).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if image.mode == "F":
        scale = 255.0 if high <= 1 else 1.0
        fits = low >= 0 and high <= 255
    elif image.mode.startswith("I;16") or image.format in ("PNG", "PPM"):
        scale = 255 / 65535
        fits = not 0 < high <= 255
    else:
        scale = 1.0 if high <= 255 else 255 / 65535
        fits = low >= 0 and high <= 65535
    if not fits:
        raise ValueError(f"its values go from {low:g} to {high:g}, for which no scale is known: save it with 8 bits")
    return Image.fromarray((values * scale + 0.5).astype(np.uint8))


def squared(image: PIL.Image.Image, size: int, fit: Fit, channels: int = 3) -> Tensor:
    """uint8 (channels, size, size) of a picture of 8 bits."""
    from PIL import Image, ImageOps
    from torchvision.transforms.v2.functional import pil_to_tensor

    side, smooth = (size, size), Image.Resampling.LANCZOS
    image = image.convert(CHANNELS[channels])
    if fit == "crop":
        image = ImageOps.fit(image, side, smooth)
    elif fit == "squeeze":
        image = image.resize(side, smooth)
    else:
        image = ImageOps.pad(image, side, smooth, color="white" if channels < 4 else (255, 255, 255, 0))
    pixels: Tensor = pil_to_tensor(image)
    return pixels


def read_picture(picture: bytes | str | Path, size: int, channels: int, fit: Fit = "pad") -> Tensor:
    """A picture as floats (channels, size, size) in [-1, 1].

    Args:
        picture: a file's path, or what it holds.
        size: side in pixels.
        channels: 1 for grey, 3 for colour, both on white where it is transparent; 4 with how opaque it is.
        fit: how it becomes a square.

    Raises:
        ValueError: if it is not a picture, or one that cannot be read.
        OSError: if the file cannot be read.
    """
    if not isinstance(picture, bytes | str | Path):
        raise TypeError(f"picture is {shown(picture)}: allowed is a path, or what the file holds")
    check_whole(1, 1024, size=size)
    check_choice(tuple(CHANNELS), channels=channels)
    check_choice(FITS, fit=fit)
    content = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
    try:
        with open_picture(io.BytesIO(content)) as opened:
            return to_float(squared(eight_bits(opened, channels == 4), size, fit, channels))
    except Exception as error:  # a decoder raises whatever it stumbles over
        named = "the file" if isinstance(picture, bytes) else str(picture)
        raise ValueError(f"{named} cannot be read as a picture ({first_line(error)})") from error


def write_picture(image: Tensor, path: str | Path) -> Path:
    """Write one picture, whole or not at all; how it is encoded is up to the ending of its name.

    Args:
        image: float (C, H, W) in [-1, 1], or uint8 (H, W, 3) such as :func:`ganbook.plots.image_grid` makes.
        path: ends in .png, .jpg, .jpeg or .webp; in .png or .webp for an image of four channels.

    Raises:
        ValueError, TypeError: for another ending, or what is no such image.
        OSError: if it cannot be written.
    """
    path = Path(path)
    encoded = _encoding(path, _WRITTEN)
    picture = _pillows(image)
    if picture.mode == "RGBA" and encoded == "JPEG":
        raise ValueError(f"path is {path}: allowed is a name that ends in .png or .webp, for what is transparent")
    write_atomically(path, lambda part: picture.save(part, encoded, quality=95))
    return path


def write_film(frames: Tensor, path: str | Path, seconds: float = 0.1) -> Path:
    """Write an animated picture that begins anew when it is over.

    Args:
        frames: float (N, C, H, W) in [-1, 1], or uint8 (N, H, W, 3).
        path: ends in .gif, .webp or .png.
        seconds: that each frame is seen.

    Raises:
        ValueError, TypeError, OSError: as :func:`write_picture`.
    """
    path = Path(path)
    encoded = _encoding(path, _FILMS)
    check_tensor("frames", frames, kind="any")
    check_number(0.02, 10, seconds=seconds)
    if frames.ndim != 4 or not len(frames):
        raise ValueError(f"frames has shape {tuple(frames.shape)}: allowed is (N, C, H, W), or (N, H, W, 3) of uint8")
    first, *others = map(_pillows, frames)
    options: Any = {"save_all": True, "append_images": others, "duration": round(1000 * seconds), "loop": 0}
    write_atomically(path, lambda part: first.save(part, encoded, **options))
    return path


def _encoding(path: Path, known: dict[str, str]) -> str:
    """By the ending of a file's name; ValueError for one that is not known."""
    if path.suffix.lower() not in known:
        *others, last = known
        raise ValueError(f"path is {path}: allowed is a name that ends in {', '.join(others)} or {last}")
    return known[path.suffix.lower()]


def _pillows(image: Tensor) -> PIL.Image.Image:
    from PIL import Image

    if image.is_floating_point():
        check_tensor("image", image, "C", "H", "W", finite=True)
        image = to_uint8(image.detach().cpu()).permute(1, 2, 0)
    check_tensor("image", image, "H", "W", "C", kind="uint8")
    check_choice(tuple(CHANNELS), **{"image's number of channels": image.shape[2]})
    return Image.fromarray((image.squeeze(2) if image.shape[2] == 1 else image).cpu().numpy())

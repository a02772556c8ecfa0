"""A picture of the reader's own as a network sees it."""

from __future__ import annotations

import io
from pathlib import Path

from torch import Tensor

__all__ = ["read_picture"]


def read_picture(picture: bytes | str | Path, size: int, channels: int) -> Tensor:
    """A picture as floats (channels, size, size) in [-1, 1], on white, made square by white margins.

    Args:
        picture: a file's path, or what it holds.
        size: side in pixels.
        channels: 1 for grey, 3 for colour.

    Raises:
        ValueError: if it is not a picture.
        OSError: if the file cannot be read.
    """
    from PIL import Image, ImageOps
    from torchvision.transforms.v2.functional import pil_to_tensor

    content = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
    try:
        with Image.open(io.BytesIO(content)) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGBA")
    except Exception as error:  # a decoder raises whatever it stumbles over
        named = "the file" if isinstance(picture, bytes) else str(picture)
        raise ValueError(f"{named} is not a picture: allowed are PNG, JPEG, WebP and their like") from error
    white = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(white, image).convert("L" if channels == 1 else "RGB")
    colour = 255 if channels == 1 else (255, 255, 255)
    square = ImageOps.pad(flat, (size, size), Image.Resampling.LANCZOS, color=colour)
    pixels: Tensor = pil_to_tensor(square).float() / 127.5 - 1
    return pixels

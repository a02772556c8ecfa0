"""Samples as files: a grid, a scatter plot, a film, single pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbook.cli.guard import Wrong

if TYPE_CHECKING:
    from torch import Tensor

    from ganbook.training import Sampler

__all__ = ["columns_of", "film_of", "picture_of", "single_files"]

GRID_COLUMNS = 8
GRID_LONG_SIDE = 1024  # a grid of small images is enlarged by a whole factor up to about this many pixels
FILM_LONG_SIDE = 512


def columns_of(sampler: Sampler, n: int) -> int:
    """Columns of a grid of n samples; of labelled ones such that a row is a class, where that leaves two or more."""
    each = n // sampler.classes if sampler.classes else 0
    return min(GRID_COLUMNS, each) if each > 1 else GRID_COLUMNS


def picture_of(samples: Tensor, path: Path, columns: int = GRID_COLUMNS) -> Path:
    """Write images as a grid, points as a scatter plot; whole or not at all."""
    from ganbook.data.picture import write_picture

    if samples.ndim == 2:
        return _scatter(samples, path)
    return write_picture(_grid(samples, columns, GRID_LONG_SIDE), path)


def _grid(images: Tensor, columns: int, side: int) -> Tensor:
    from ganbook import plots
    from ganbook.data import on_white

    images, columns = on_white(images), min(columns, len(images))
    scale = max(1, side // (max(columns, -(-len(images) // columns)) * (images.shape[-1] + plots.GRID_LINE)))
    return plots.image_grid(images, columns, min(scale, plots.MOST))


def film_of(frames: Iterable[Tensor], path: Path) -> Path:
    """Write a film, each of whose frames is a grid of images (n, C, H, W)."""
    import torch

    from ganbook.data.picture import write_film

    return write_film(torch.stack([_grid(images, GRID_COLUMNS, FILM_LONG_SIDE) for images in frames]), path)


def single_files(samples: Tensor, names: Iterable[str], folder: Path) -> None:
    """Write every sample into a file of its own below a folder that holds nothing yet."""
    from ganbook.data.picture import write_picture

    if samples.ndim != 4:
        raise Wrong("--each writes pictures, and these samples are points")
    for image, name in zip(samples, names, strict=True):
        write_picture(image, folder / name)


def _scatter(samples: Tensor, path: Path) -> Path:
    import matplotlib.pyplot as plt

    from ganbook import plots
    from ganbook.data.cache import write_atomically

    def write(part: Path) -> None:
        figure: Any
        figure, axes = plots.figure(width=5, height=5)
        plots.points(axes, None, samples)
        figure.savefig(part, format="png", dpi=plots.DPI)
        plt.close(figure)

    if path.suffix.lower() != ".png":
        raise Wrong(f"--out is {path}: allowed is a name that ends in .png, for points")
    write_atomically(path, write)
    return path

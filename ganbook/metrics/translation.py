"""Lines coloured in: how near to the truth inside the area that was to be filled, how clean, and how colourful."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ganbook.arguments import check_tensor, typed
from ganbook.metrics._shapes import share

__all__ = [
    "ModesReached",
    "colourfulness",
    "fillable",
    "mean_inside",
    "modes_reached",
    "report_translations",
    "speckle",
    "told_apart",
]

DIFFERS = 0.1
"""Where truth and lines differ by more, in the mean of the channels, there is something to fill."""

LEVEL = 2 / 255
"""One level of 8 bits, in [-1, 1]."""

NOTHING = 1e-3
"""Images whose rest has a smaller norm are the same: networks give equal pictures only up to rounding."""

ROUNDING = 1e-6
"""Levels that are one apart may come out farther apart by so much."""


@typed
def fillable(truth: Tensor, sources: Tensor) -> Tensor:
    """(N, H, W) bool: where the true colours differ from the drawing that was to be coloured.

    The rest, lines and white ground, is right if it is copied; on the whole image a copy scores well for it.

    Args:
        truth: float (N, C, H, W) in [-1, 1].
        sources: float (N, C, H, W) in [-1, 1], or (N, 1, H, W).
    """
    check_tensor("truth", truth, "N", "C", "H", "W", finite=True)
    grey = sources.ndim == 4 and sources.shape[1] == 1
    shape = (len(truth), 1 if grey else truth.shape[1], *truth.shape[2:])
    check_tensor("sources", sources, *shape, finite=True)
    return (truth - sources).abs().mean(1) > DIFFERS


def mean_inside(values: Tensor, area: Tensor) -> float:
    """Mean of values (N, H, W) inside an area (N, H, W) bool, all its pixels alike; ValueError if it is empty."""
    check_tensor("values", values, "N", "H", "W", finite=True)
    check_tensor("area", area, *values.shape, kind="bool", finite=True)
    if not area.any():
        raise ValueError("area holds no pixel: allowed is an area of one or more")
    return values[area].cpu().double().mean().item()


@typed
def speckle(images: Tensor, truth: Tensor, area: Tensor | None = None) -> float:
    """Mean absolute difference of neighbouring pixels, in [-1, 1], where the truth is flat.

    Neighbours stand side by side or one above the other. The truth is flat where they differ by one level of 8 bits at
    most, in every channel, so that the truth itself scores next to nothing.

    Args:
        images: float (N, C, H, W) in [-1, 1].
        truth: of the same shape.
        area: (N, H, W) bool, where both neighbours must lie (default: anywhere); an image that is mostly white ground
            is mostly flat, and easily so.

    Raises:
        ValueError: also where the truth is flat nowhere, or not in ``area``.
    """
    check_tensor("images", images, "N", "C", "H", "W", finite=True)
    check_tensor("truth", truth, *images.shape, finite=True)
    if area is not None:
        check_tensor("area", area, len(images), *images.shape[2:], kind="bool", finite=True)
    if (found := _speckle(images, truth, area)) is None:
        raise ValueError(f"truth is flat nowhere{'' if area is None else ' in area'}: allowed is one that is somewhere")
    return found


def _speckle(images: Tensor, truth: Tensor, area: Tensor | None) -> float | None:
    """None where the truth is flat nowhere."""
    total, count = 0.0, 0
    for side in (-1, -2):
        flat = _steps(truth, side).abs().amax(1) <= LEVEL + ROUNDING
        if area is not None:
            size = area.shape[side] - 1
            flat &= area.narrow(side, 0, size) & area.narrow(side, 1, size)
        total += float(_steps(images, side).abs().mean(1)[flat].cpu().double().sum())
        count += int(flat.sum())
    return total / count if count else None


def _steps(images: Tensor, side: int) -> Tensor:
    """Differences of neighbours along a dimension."""
    size = images.shape[side] - 1
    return images.narrow(side, 1, size) - images.narrow(side, 0, size)


def colourfulness(images: Tensor) -> Tensor:
    """(N, H, W): distance between a pixel's largest and smallest channel, from 0 for grey to 2 for a pure colour.

    Args:
        images: float (N, C, H, W) in [-1, 1].
    """
    check_tensor("images", images, "N", "C", "H", "W", finite=True)
    return images.amax(1) - images.amin(1)


def report_translations(images: Tensor, truth: Tensor, sources: Tensor) -> dict[str, float]:
    """Coloured drawings against their truths, pixel by pixel; errors are absolute, and means of the channels.

    "l1" is the error over whole images, "fillable" that inside the area of :func:`fillable`, "fillable_copy" what the
    bare lines score there; "fillable_area" is the share of all pixels. "better_than_copying" is the share of the
    drawings on which the translation has a smaller error inside that area than the bare lines, of those that have
    something to fill. "speckle" and "colourfulness" are taken inside the area, too, "speckle_real" and
    "colourfulness_real" of the truths; speckle is left out where no truth is flat. Where there is nothing to fill
    anywhere, only "l1" and "fillable_area" are given.

    Args:
        images, truth: float (N, C, H, W) in [-1, 1].
        sources: the drawings, float (N, C, H, W) or (N, 1, H, W) in [-1, 1].
    """
    check_tensor("images", images, "N", "C", "H", "W", finite=True)
    check_tensor("truth", truth, *images.shape, finite=True)
    area = fillable(truth, sources)
    error, copied = ((made - truth).abs().mean(1) for made in (images, sources))
    report = {"l1": error.cpu().double().mean().item(), "fillable_area": share(area)}
    if not area.any():
        return report
    filled = area.flatten(1).any(1)
    ours, bare = ((found * area).flatten(1).sum(1)[filled] for found in (error, copied))
    speckles = {"speckle": _speckle(images, truth, area), "speckle_real": _speckle(truth, truth, area)}
    return report | {
        "fillable": mean_inside(error, area),
        "fillable_copy": mean_inside(copied, area),
        "better_than_copying": share(ours < bare),
        **{name: value for name, value in speckles.items() if value is not None},
        "colourfulness": mean_inside(colourfulness(images), area),
        "colourfulness_real": mean_inside(colourfulness(truth), area),
    }


class ModesReached(NamedTuple):
    """What several draws for each source reach of its several truths; means over the sources.

    Attributes:
        modes: how many of the truths are the nearest one of some draw, from 1.
        distance: of a draw to the truth nearest to it, absolute, mean of the channels where the truths differ.
        truths: the same distance between each truth and the nearest other one: a draw farther away than half of it is
            none of them.
    """

    modes: float
    distance: float
    truths: float


@typed
def modes_reached(draws: Tensor, truths: Tensor) -> ModesReached:
    """Whether the draws of a source that has several truths reach more than one of them.

    Distances are taken where the truths of a source differ from each other (by more than ``DIFFERS``, as in
    :func:`fillable`); a source whose truths are equal everywhere does not count.

    Args:
        draws: float (N, K, C, H, W) in [-1, 1], K draws for each of N sources.
        truths: float (N, T, C, H, W) in [-1, 1], T of 2 or more.

    Raises:
        ValueError: also if no source has truths that differ.
    """
    check_tensor("draws", draws, "N", "K", "C", "H", "W", finite=True)
    check_tensor("truths", truths, len(draws), "T", *draws.shape[2:], finite=True)
    if truths.shape[1] < 2:
        raise ValueError(f"truths has {truths.shape[1]} for each source: allowed is 2 or more")
    area = (truths.amax(1) - truths.amin(1)).mean(1) > DIFFERS
    if not area.any():
        raise ValueError("truths are equal for every source: allowed are some that differ")
    found = [
        _distances(drawn, true, where) for drawn, true, where in zip(draws, truths, area, strict=True) if where.any()
    ]
    return ModesReached(*(sum(part) / len(found) for part in zip(*found, strict=True)))


def _distances(draws: Tensor, truths: Tensor, area: Tensor) -> tuple[float, float, float]:
    """Of one source: truths that were reached, distance of a draw to the nearest, of a truth to the nearest other."""
    drawn, true = (images[:, :, area].flatten(1).cpu().double() for images in (draws, truths))
    gaps = torch.cdist(drawn, true, p=1) / drawn.shape[1]
    between = torch.cdist(true, true, p=1) / true.shape[1]
    between.fill_diagonal_(float("inf"))
    return len(set(gaps.argmin(1).tolist())), gaps.amin(1).mean().item(), between.amin(1).mean().item()


@typed
def told_apart(images: Tensor, truths: Tensor) -> float:
    """Share of the images that are matched to their own truth, of T that belong together, by what sets them apart.

    Of T images their mean is subtracted, and that of T truths likewise; an image goes to the truth with the largest
    cosine to it. So equal images, of which nothing is left, come to 1 / T, which is chance.

    Args:
        images: float (N, T, C, H, W) in [-1, 1], T images for each of N sources, in the order of their truths.
        truths: of the same shape, T of 2 or more.
    """
    check_tensor("images", images, "N", "T", "C", "H", "W", finite=True)
    check_tensor("truths", truths, *images.shape, finite=True)
    if images.shape[1] < 2:
        raise ValueError(f"truths has {images.shape[1]} for each source: allowed is 2 or more")
    match = _apart(images) @ _apart(truths).transpose(1, 2)
    return share(match.argmax(2).cpu() == torch.arange(images.shape[1]))


def _apart(images: Tensor) -> Tensor:
    """(N, T, C H W): what each of T images has and their mean has not, of length 1; 0 where there is nothing."""
    rest = (images - images.mean(1, keepdim=True)).flatten(2)
    there: Tensor = rest.norm(dim=2, keepdim=True) > NOTHING
    return functional.normalize(rest, dim=2) * there

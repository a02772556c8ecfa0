"""Explorer of chapter 6: walk through the latent space of a trained generator."""

from __future__ import annotations

import math
from functools import partial

import torch
from ipywidgets import VBox
from matplotlib.figure import Figure
from torch import Tensor

from ganbook.arguments import check_choice, check_number, check_place, check_tensor, check_whole, typed
from ganbook.training.sampler import Sampler
from ganbook.widgets._base import LATENTS, choice, explorer, generated, latents, row, slider

__all__ = ["draw_latents", "latent_explorer", "spherical", "straight"]

STOPS = 9
"""Images on the way, ends included."""


def straight(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points (T, dim) at the shares ``t`` (T,) of the straight line between two latents (dim,)."""
    _check_way(start, end, t)
    return torch.lerp(start, end, t[:, None])


def spherical(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points (T, dim) at the shares ``t`` (T,) of the arc between two latents (dim,).

    Direction and length turn evenly, so a point on the way is as long as its neighbours, as Gaussian latents in many
    dimensions are (White 2016, equation 1). Latents of one direction, or of none, are joined by a
    straight line.
    """
    _check_way(start, end, t)
    angle = torch.arccos(torch.clamp(torch.cosine_similarity(start, end, dim=0), -1, 1))
    shortest = min(float(start.norm()), float(end.norm()))
    if math.isclose(float(angle.sin()), 0, abs_tol=1e-6) or shortest < 1e-6:
        return straight(start, end, t)
    lengths = torch.lerp(start.norm(), end.norm(), t)[:, None]
    from_start, from_end = torch.sin((1 - t) * angle)[:, None], torch.sin(t * angle)[:, None]
    directions: Tensor = (from_start * start / start.norm() + from_end * end / end.norm()) / angle.sin()
    return lengths * directions


def _check_way(start: Tensor, end: Tensor, t: Tensor) -> None:
    check_tensor("start", start, "dim", finite=True)
    check_tensor("end", end, len(start), finite=True)
    check_tensor("t", t, "T", finite=True)
    check_place("end", end, start, "start")
    check_place("t", t, start, "start")


PATHS = {"straight line": straight, "arc": spherical}


@typed
def latent_explorer(sampler: Sampler, start: int = 0, end: int = 1) -> VBox:
    """Explorer: two latents by number, the way between them, and a push along one coordinate.

    Args:
        sampler: an unconditional generator of images.
        start, end: which latents the way joins, as numbers of seeds from 0 to 99.
    """
    check_whole(0, LATENTS, start=start, end=end)
    dim = latents(sampler, (start,)).shape[1]
    controls = {
        "start": slider("first latent", start, 0, LATENTS, 1),
        "end": slider("last latent", end, 0, LATENTS, 1),
        "path": choice("way", list(PATHS), "arc"),
        "coordinate": slider("push coordinate", 0, 0, dim - 1, 1),
        "push": slider("push by", 0.0, -4.0, 4.0, 0.5),
    }
    return explorer(partial(draw_latents, sampler), controls, demo="latent")


@typed
def draw_latents(
    sampler: Sampler, start: int, end: int, path: str = "arc", coordinate: int = 0, push: float = 0.0
) -> tuple[Figure, str]:
    """The explorer's picture, and its alternative text; arguments as the controls of :func:`latent_explorer`."""
    check_whole(0, LATENTS, start=start, end=end)
    check_choice(PATHS, path=path)
    check_number(push=push)
    ends = latents(sampler, (start, end))
    check_whole(0, ends.shape[1] - 1, coordinate=coordinate)
    ways = PATHS[path](ends[0], ends[1], torch.linspace(0, 1, STOPS))
    ways[:, coordinate] += push
    images = generated(sampler, ways)
    steps = (images[1:] - images[:-1]).flatten(1).norm(dim=1)
    title = f"latent {start} to latent {end}, {path}, z[{coordinate}] {push:+g}".replace("-", "−")
    alt = (
        f"{STOPS} generated images from latent {start} to latent {end} along the {path}, "
        f"with {push:+g} added to coordinate {coordinate}. The largest change between neighbours is "
        f"{float(steps.max() / steps.mean()):.1f} times the mean one."
    )
    return row(images, STOPS, title), alt

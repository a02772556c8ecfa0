"""Explorer of chapter 10: pick a class, walk between two latents."""

from __future__ import annotations

from functools import partial

import torch
from ipywidgets import VBox
from matplotlib.figure import Figure

from ganbook.arguments import check_whole, typed
from ganbook.training.sampler import Sampler
from ganbook.widgets._base import LATENTS, choice, explorer, generated, latents, row, slider
from ganbook.widgets.latent_explorer import STOPS, spherical

__all__ = ["class_explorer", "draw_classes"]


@typed
def class_explorer(sampler: Sampler, label: int = 0, start: int = 0, end: int = 1) -> VBox:
    """Explorer: a class, and the way between two latents in it and in the next class.

    Args:
        sampler: of a generator that is conditioned on labels.
        label: the class to begin with.
        start, end: which latents the way joins, as numbers of seeds from 0 to 99.
    """
    check_whole(0, LATENTS, start=start, end=end)
    check_whole(0, sampler.classes - 1, label=label)
    controls = {
        "label": choice("class", list(range(sampler.classes)), label),
        "start": slider("first latent", start, 0, LATENTS, 1),
        "end": slider("last latent", end, 0, LATENTS, 1),
    }
    return explorer(partial(draw_classes, sampler), controls, demo="class")


@typed
def draw_classes(sampler: Sampler, label: int, start: int, end: int) -> tuple[Figure, str]:
    """The explorer's picture, and its alternative text; arguments as the controls of :func:`class_explorer`."""
    check_whole(0, LATENTS, start=start, end=end)
    check_whole(0, sampler.classes - 1, label=label)
    first, last = latents(sampler, (start, end))
    way = spherical(first, last, torch.linspace(0, 1, STOPS))
    both = (label, (label + 1) % sampler.classes)
    labels = torch.tensor(both).repeat_interleave(STOPS)
    images = generated(sampler, way.repeat(2, 1), labels)
    fig = row(images, STOPS, f"class {both[0]} above, class {both[1]} below: latent {start} to latent {end}")
    change = (images[:STOPS] - images[STOPS:]).abs().mean().item()
    alt = (
        f"{STOPS} images of class {both[0]} on the way from latent {start} to latent {end}, and below them the images "
        f"of class {both[1]} at the same latents. A pixel of the two rows differs by {change:.2f} on average, of 2."
    )
    return fig, alt

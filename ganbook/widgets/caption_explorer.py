"""Explorer of chapter 13: write a caption, see what the generator draws."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import torch

from ganbook import plots
from ganbook.arguments import check_whole, typed
from ganbook.models.text import caption_note
from ganbook.training.sampler import Sampler
from ganbook.widgets._base import LATENTS, choice, explorer, field, latents, slider

if TYPE_CHECKING:
    from ipywidgets import VBox
    from matplotlib.figure import Figure

__all__ = ["caption_explorer", "draw_caption"]

COLUMNS = 8
TITLE = 80
"""Characters of a caption that fit above the picture."""

PICK = "pick one"


@typed
def caption_explorer(sampler: Sampler, caption: str, seed: int = 0, examples: Sequence[str] = ()) -> VBox:
    """Explorer: a caption to write or to pick, and eight latents; what could not be read is named under the picture.

    Args:
        sampler: of a generator that is conditioned on captions.
        caption: to begin with.
        seed: the first of the latents, as the number of a seed from 0 to 99; the others follow it.
        examples: captions to pick from.

    Raises:
        ValueError: for any other generator.
    """
    import ipywidgets

    if sampler.given != "captions":
        raise ValueError(f"sampler is given {sampler.given}: allowed is one that is given captions")
    check_whole(0, LATENTS, seed=seed)
    controls = {"caption": field("caption", caption), "seed": slider("first latent", seed, 0, LATENTS, 1)}
    said = ipywidgets.HTML(layout=ipywidgets.Layout(width="100%"))

    def draw(caption: str, seed: int) -> tuple[Figure, str]:
        fig, alt, note = draw_caption(sampler, caption, seed)
        said.value = escape(note)
        return fig, alt

    box = explorer(draw, controls)
    box.children = (*box.children, said)
    if examples:
        picked = choice("examples", [(PICK, ""), *((text, text) for text in examples)], "")

        def write(change: Any) -> None:
            if change["new"]:
                controls["caption"].value = change["new"]

        def let_go(change: Any) -> None:
            # Another text than the one picked: so that it can be picked again.
            if change["new"] != picked.value:
                picked.value = ""

        picked.observe(write, names="value")
        controls["caption"].observe(let_go, names="value")
        row = box.children[0]
        row.children = (row.children[0], picked, *row.children[1:])
    return box


@typed
@torch.no_grad()
def draw_caption(sampler: Sampler, caption: str, seed: int) -> tuple[Figure, str, str]:
    """The explorer's picture, its alternative text, and what is to be said of the caption, if anything.

    Arguments as the controls of :func:`caption_explorer`.
    """
    check_whole(0, LATENTS, seed=seed)
    seeds = range(seed, seed + COLUMNS)
    z = latents(sampler, seeds)
    device = next(sampler.generator.parameters()).device
    images = sampler.generator(z.to(device), [caption] * COLUMNS).float().cpu()
    fig, axes = plots.figure(width=8.0, height=1.5)
    axes.imshow(plots.image_grid(images, COLUMNS), interpolation="nearest")
    axes.set_axis_off()
    which = f"latents {seeds[0]} to {seeds[-1]}"
    # A reader may type anything: dollars are no formula here, and what the font lacks is left out.
    short = textwrap.shorten(caption.encode("latin-1", "replace").decode("latin-1"), TITLE, placeholder=" ...")
    axes.set_title(f"{short or '(no caption)'}: {which}", fontsize=9, parse_math=False)
    asked = f'of the caption "{caption}"' if caption.strip() else "without a caption"
    spread = images.std(0).mean().item()
    alt = f"{COLUMNS} images {asked}, {which}. A pixel's standard deviation among them is {spread:.2f} on average."
    return fig, alt, caption_note(sampler.generator, caption)

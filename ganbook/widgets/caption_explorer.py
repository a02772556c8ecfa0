"""Explorer of chapter 13: write a caption, see what the generator draws."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from typing import Any

from ipywidgets import VBox
from matplotlib.figure import Figure

from ganbook.arguments import check_whole, typed
from ganbook.models.text import caption_note
from ganbook.training.sampler import Sampler
from ganbook.widgets._base import LATENTS, choice, explorer, field, generated, latents, picture, row, slider

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
    """
    if sampler.given != "captions":
        raise ValueError(f"sampler is given {sampler.given}: allowed is one that is given captions")
    check_whole(0, LATENTS, seed=seed)
    controls = {"caption": field("caption", caption), "seed": slider("first latent", seed, 0, LATENTS, 1)}
    said = picture("")

    def draw(caption: str, seed: int) -> tuple[Figure, str]:
        fig, alt, note = draw_caption(sampler, caption, seed)
        said.value = escape(note)
        return fig, alt

    box = explorer(draw, controls, demo="caption")
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
        written, *others = box.children[0].children
        box.children[0].children = (written, picked, *others)
    return box


@typed
def draw_caption(sampler: Sampler, caption: str, seed: int) -> tuple[Figure, str, str]:
    """The explorer's picture, its alternative text, and what is to be said of the caption, if anything.

    Arguments as the controls of :func:`caption_explorer`.
    """
    check_whole(0, LATENTS, seed=seed)
    seeds = range(seed, seed + COLUMNS)
    images = generated(sampler, latents(sampler, seeds), [caption] * COLUMNS)
    which = f"latents {seeds[0]} to {seeds[-1]}"
    # A reader may type anything: what the font lacks is left out.
    short = textwrap.shorten(caption.encode("latin-1", "replace").decode("latin-1"), TITLE, placeholder=" ...")
    fig = row(images, COLUMNS, f"{short or '(no caption)'}: {which}")
    asked = f'of the caption "{caption}"' if caption.strip() else "without a caption"
    spread = images.std(0).mean().item()
    alt = f"{COLUMNS} images {asked}, {which}. A pixel's standard deviation among them is {spread:.2f} on average."
    return fig, alt, caption_note(sampler.generator, caption)

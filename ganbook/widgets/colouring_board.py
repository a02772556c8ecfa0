"""Explorer of chapter 11: draw or edit lines, see them coloured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import ipywidgets
import torch
from ipywidgets import VBox
from matplotlib.figure import Figure
from torch import Tensor

from ganbook import plots
from ganbook.arguments import check_number, check_place, check_tensor, typed
from ganbook.data.picture import read_picture
from ganbook.training.sampler import Sampler
from ganbook.widgets._base import choice, explorer, slider

__all__ = ["Stroke", "colouring_board", "draw_coloured", "painted"]

TOOLS = ("look", "pen", "eraser")
BLANK = "a white sheet"
UPLOADED = "your picture"


@typed
@dataclass(frozen=True)
class Stroke:
    """A straight stroke of a pen (black) or an eraser (white), in pixels from the top left."""

    tool: Literal["pen", "eraser"]
    x0: float
    y0: float
    x1: float
    y1: float
    thick: float

    def __post_init__(self) -> None:
        check_number(x0=self.x0, y0=self.y0, x1=self.x1, y1=self.y1)
        check_number(0, thick=self.thick)


@typed
def painted(lines: Tensor, stroke: Stroke) -> Tensor:
    """Lines (1, H, W) in [-1, 1], white 1, with one more stroke; its edges are one pixel soft."""
    check_tensor("lines", lines, 1, "H", "W")
    check_place("lines", lines, torch.empty(0), "strokes")
    _, height, width = lines.shape
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    dx, dy = stroke.x1 - stroke.x0, stroke.y1 - stroke.y0
    along = ((x - stroke.x0) * dx + (y - stroke.y0) * dy) / max(dx * dx + dy * dy, 1e-6)
    along = along.clamp(0, 1)
    distance = torch.hypot(x - stroke.x0 - along * dx, y - stroke.y0 - along * dy)
    cover = (stroke.thick / 2 + 0.5 - distance).clamp(0, 1)
    return torch.lerp(lines, torch.full_like(lines, -1.0 if stroke.tool == "pen" else 1.0), cover)


@typed
def colouring_board(sampler: Sampler, drawings: Mapping[str, Tensor]) -> VBox:
    """Explorer: a drawing, strokes of pen and eraser set by sliders, or a picture of your own; and what G makes of it.

    The sliders show a stroke before it is kept, and work with the keyboard.

    Args:
        sampler: of a generator that translates line drawings (1, S, S).
        drawings: name to lines (1, S, S) in [-1, 1], all of one size, at least one; a white sheet is added.
    """
    if not drawings:
        raise ValueError("drawings is empty: the board needs at least one to begin with")
    for name, lines in drawings.items():
        check_tensor(f"drawings[{name!r}]", lines, 1, *next(iter(drawings.values())).shape[1:], finite=True)
    sheets = {**drawings, BLANK: torch.ones_like(next(iter(drawings.values())))}
    size = sheets[BLANK].shape[-1]
    kept: list[Stroke] = []
    controls = {
        "drawing": choice("drawing", list(sheets), next(iter(sheets))),
        "tool": choice("tool", TOOLS, "look"),
        "x0": slider("from x", size // 4, 0, size, 1),
        "y0": slider("from y", size // 2, 0, size, 1),
        "x1": slider("to x", 3 * size // 4, 0, size, 1),
        "y1": slider("to y", size // 2, 0, size, 1),
        "thick": slider("thickness", 2, 1, 12, 1),
    }

    def draw(drawing: str, tool: Any, **ends: float) -> tuple[Figure, str]:
        lines = sheets[drawing]
        for stroke in [*kept, *([] if tool == "look" else [Stroke(tool, **ends)])]:
            lines = painted(lines, stroke)
        return draw_coloured(sampler, lines, drawing, len(kept))

    box = explorer(draw, controls, note="Pen or eraser: move the ends of the stroke, then keep it.", demo="colouring")
    shown = box.children[1]

    def redraw() -> None:
        shown.value = plots.html(*draw(**{name: control.value for name, control in controls.items()}))

    def keep(_button: Any) -> None:
        values = {name: control.value for name, control in controls.items() if name != "drawing"}
        if values["tool"] != "look":
            kept.append(Stroke(**values))
            controls["tool"].value = "look"  # draws again

    def clear(_button: Any) -> None:
        kept.clear()
        redraw()

    def take(change: Any) -> None:
        # ipywidgets 7 hands over a dictionary of files, 8 a tuple.
        files = change["new"]
        given = list(files.values() if isinstance(files, dict) else files)
        if not given:
            return
        try:
            sheets[UPLOADED] = read_picture(bytes(given[-1]["content"]), size, channels=1)
        except ValueError as error:
            box.children[-1].value = str(error)
            return
        kept.clear()
        controls["drawing"].options = list(sheets)
        controls["drawing"].value = UPLOADED
        redraw()

    keeping, clearing = ipywidgets.Button(description="keep stroke"), ipywidgets.Button(description="start over")
    upload = ipywidgets.FileUpload(accept="image/*", multiple=False, description="picture")
    keeping.on_click(keep)
    clearing.on_click(clear)
    upload.observe(take, names="value")
    buttons = ipywidgets.Box([keeping, clearing, upload], layout=ipywidgets.Layout(flex_flow="row wrap"))
    box.children = (box.children[0], buttons, *box.children[1:])
    return box


@typed
def draw_coloured(sampler: Sampler, lines: Tensor, name: str, strokes: int = 0) -> tuple[Figure, str]:
    """The explorer's picture: lines (1, S, S) and what the sampler makes of them; and its alternative text."""
    check_tensor("lines", lines, 1, "S", "S", finite=True)
    made = sampler.sample(sources=lines[None])
    fig, axes = plots.figure(2, width=5.5, height=2.8)
    for place, images, title in zip(axes, (lines[None], made), (name, "coloured"), strict=True):
        place.imshow(plots.image_grid(images, 1), interpolation="nearest")
        place.set(title=title, xticks=[], yticks=[])
    coloured = ((made.amax(1) - made.amin(1)) > 0.2).float().mean().item()
    drawn = f" with {strokes} strokes added" if strokes else ""
    return fig, f"Left the lines of {name}{drawn}, right their colouring: {coloured:.0%} of its pixels have a colour."

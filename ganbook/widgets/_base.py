"""What every explorer is made of: labelled controls above one picture that follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import ipywidgets
import torch
from ipywidgets import HTML, Dropdown, FloatSlider, IntSlider, Text, VBox
from matplotlib.figure import Figure
from torch import Tensor

from ganbook import plots
from ganbook.arguments import check_choice, check_number, typed
from ganbook.training.conditions import CONDITIONS
from ganbook.training.sampler import Sampler
from ganbook.widgets._explorer import STILL

__all__ = ["LATENTS", "Draw", "choice", "explorer", "field", "generated", "latents", "picture", "row", "slider"]

LATENTS = 99
"""The last of the latents that an explorer offers, as the number of a seed."""

Draw = Callable[..., tuple[Figure, str]]
"""(the controls' values, by name) to a figure and the text that states what it shows."""


Demo = Literal["latent", "class", "caption", "colouring"]
"""What the page's own script runs of the zoo's models; see web/zoo."""


class Explorer(VBox):  # type: ignore[misc]
    """An explorer that a kernel answers; where there is none, a built page runs its own."""

    demo: Demo | None = None

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle: dict[str, str] = dict(super()._repr_mimebundle_(**kwargs))
        if self.demo is not None:
            bundle["text/html"] = f'<div data-demo="{self.demo}">{STILL}</div>'
        return bundle


@typed
def explorer(draw: Draw, controls: Mapping[str, Any], note: str = "", demo: Demo | None = None) -> Explorer:
    """Controls above a picture that is drawn again when one of them changes.

    Args:
        draw: called with the value of every control, by name; returns a figure made with ``plots.figure`` and its
            alternative text. A call of about 0.1 s feels immediate.
        controls: name to widget, such as :func:`slider` makes; the names are those of ``draw``'s arguments.
        note: one sentence of HTML under the picture.
        demo: what stands for it in a built page.

    Returns:
        A box whose children are the box of controls, the picture (an HTML widget) and, if given, the note.
    """
    if not controls:
        raise ValueError("controls is empty: an explorer needs at least one")

    shown = picture("")

    def redraw(_change: Any = None) -> None:
        shown.value = plots.html(*draw(**{name: control.value for name, control in controls.items()}))

    redraw()
    for control in controls.values():
        control.observe(redraw, names="value")
    # Sliders wrap into a second row where the page is narrow.
    row = ipywidgets.Layout(display="flex", flex_flow="row wrap", width="100%")
    parts = [ipywidgets.Box([*controls.values()], layout=row), shown, *([HTML(note)] if note else [])]
    box = Explorer(parts, layout=ipywidgets.Layout(width="100%"))
    box.demo = demo
    return box


def picture(html: str) -> HTML:
    """An HTML widget as wide as the page, for a picture made by ``plots.html``."""
    return HTML(html, layout=ipywidgets.Layout(width="100%"))


@typed
def slider(label: str, value: float, low: float, high: float, step: float) -> FloatSlider | IntSlider:
    """A labelled slider, moved by mouse or arrow keys: whole numbers if all four are, else floats.

    Args:
        label: what it sets, with its unit; shown at its left.
        value: where it starts, within ``low`` to ``high``.
        low, high, step: its range and its grain, whose digits after the point are shown.
    """
    check_number(low=low, high=high)
    check_number(above=0, step=step)
    if not low <= value <= high:
        raise ValueError(f"value of {label!r} is {value}: allowed is {low} to {high}")
    whole = all(isinstance(number, int) for number in (value, low, high, step))
    readout = "d" if whole else f".{len(f'{step:g}'.partition('.')[2])}f"
    kind = IntSlider if whole else FloatSlider
    return _labelled(kind, label, value=value, min=low, max=high, step=step, readout_format=readout)


@typed
def choice(label: str, options: Sequence[Any], value: Any) -> Dropdown:
    """A labelled drop-down list of ``options`` (values, or (text, value) pairs)."""
    check_choice([one[1] if isinstance(one, tuple) else one for one in options], value=value)
    return _labelled(Dropdown, label, options=options, value=value)


@typed
def field(label: str, value: str) -> Text:
    """A labelled line of text; what is typed counts when the reader presses Enter or goes elsewhere."""
    return _labelled(Text, label, "30rem", value=value, continuous_update=False)


def _labelled(kind: Callable[..., Any], label: str, width: str = "20rem", **traits: Any) -> Any:
    """A control whose label is not cut off, no wider than the page."""
    layout = ipywidgets.Layout(width=width, max_width="100%", margin="0 1rem 0 0")
    return kind(description=label, style={"description_width": "initial"}, layout=layout, **traits)


def latents(sampler: Sampler, numbers: Sequence[int]) -> Tensor:
    """(N, dim): a sampler's latents of these seeds, one each."""
    if sampler.prior is None:
        raise ValueError("sampler draws no latents: its generator translates sources")
    seeded = (torch.Generator().manual_seed(number) for number in numbers)
    return torch.cat([sampler.prior.sample(1, generator=generator) for generator in seeded])


@torch.no_grad()
def generated(sampler: Sampler, z: Tensor, condition: Any = None) -> Tensor:
    """(N, C, H, W) in float32 on the CPU: what a sampler's generator makes of latents and labels or captions."""
    condition = condition.to(sampler.device) if isinstance(condition, Tensor) else condition
    return CONDITIONS[sampler.given].call(sampler.generator, z.to(sampler.device), condition).float().cpu()


def row(images: Tensor, columns: int, title: str) -> Figure:
    """A figure of images (N, C, H, W), as many side by side as there are ``columns``, under a title."""
    fig, axes = plots.figure(width=8.0, height=0.8 + 0.7 * (len(images) // columns))
    axes.imshow(plots.image_grid(images, columns), interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title, fontsize=9, parse_math=False)
    return fig  # type: ignore[no-any-return]

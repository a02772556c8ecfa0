"""What every explorer is made of: labelled controls above one picture that follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ganbook import plots
from ganbook.arguments import check_choice, check_number, typed
from ganbook.training.sampler import Sampler

if TYPE_CHECKING:
    from ipywidgets import HTML, Dropdown, FloatSlider, IntSlider, Text, VBox
    from matplotlib.figure import Figure

__all__ = ["LATENTS", "Draw", "choice", "explorer", "field", "latents", "picture", "slider"]

LATENTS = 99
"""The last of the latents that an explorer offers, as the number of a seed."""

Draw = Callable[..., tuple["Figure", str]]
"""(the controls' values, by name) to a figure and the text that states what it shows."""


@typed
def explorer(draw: Draw, controls: Mapping[str, Any], note: str = "") -> VBox:
    """Controls above a picture that is drawn again when one of them changes.

    Args:
        draw: called with the value of every control, by name; returns a figure made with ``plots.figure`` and its
            alternative text. A call of about 0.1 s feels immediate.
        controls: name to widget, such as :func:`slider` makes; the names are those of ``draw``'s arguments.
        note: one sentence of HTML under the picture.

    Returns:
        A box whose children are the box of controls, the picture (an HTML widget) and, if given, the note.

    Raises:
        ValueError: without a control.
    """
    import ipywidgets

    if not controls:
        raise ValueError("controls is empty: an explorer needs at least one")

    def html() -> str:
        return plots.html(*draw(**{name: control.value for name, control in controls.items()}))

    shown = picture(html())

    def redraw(_change: Any) -> None:
        shown.value = html()

    for control in controls.values():
        control.observe(redraw, names="value")
    # Sliders wrap into a second row where the page is narrow.
    row = ipywidgets.Layout(display="flex", flex_flow="row wrap", width="100%")
    parts = [ipywidgets.Box([*controls.values()], layout=row), shown]
    if note:
        parts.append(ipywidgets.HTML(note))
    return ipywidgets.VBox(parts, layout=ipywidgets.Layout(width="100%"))


def picture(html: str) -> HTML:
    """An HTML widget as wide as the page, for a picture made by ``plots.html``."""
    import ipywidgets

    return ipywidgets.HTML(html, layout=ipywidgets.Layout(width="100%"))


@typed
def slider(
    label: str, value: float, low: float, high: float, step: float, *, decimals: int | None = None
) -> FloatSlider | IntSlider:
    """A labelled slider, moved by mouse or arrow keys: whole numbers if all four are, else floats.

    Args:
        label: what it sets, with its unit; shown at its left.
        value: where it starts, within ``low`` to ``high``.
        low, high, step: its range and its grain.
        decimals: digits after the point in the read-out (default: enough for ``step``).
    """
    import ipywidgets

    check_number(low=low, high=high)
    check_number(above=0, step=step)
    if not low <= value <= high:
        raise ValueError(f"value of {label!r} is {value}: allowed is {low} to {high}")
    whole = all(isinstance(number, int) for number in (value, low, high, step))
    if decimals is None:
        decimals = 0 if whole else max(0, len(f"{step:g}".partition(".")[2]))
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    return kind(
        value=value,
        min=low,
        max=high,
        step=step,
        description=label,
        readout_format="d" if whole else f".{decimals}f",
        continuous_update=True,
        style={"description_width": "initial"},  # a long label is not cut off
        layout=ipywidgets.Layout(width="20rem", max_width="100%", margin="0 1rem 0 0"),
    )


@typed
def choice(label: str, options: Sequence[Any], value: Any) -> Dropdown:
    """A labelled drop-down list of ``options`` (values, or (text, value) pairs)."""
    import ipywidgets

    check_choice([one[1] if isinstance(one, tuple) else one for one in options], value=value)

    return ipywidgets.Dropdown(
        options=options,
        value=value,
        description=label,
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="20rem", max_width="100%", margin="0 1rem 0 0"),
    )


@typed
def field(label: str, value: str) -> Text:
    """A labelled line of text; what is typed counts when the reader presses Enter or goes elsewhere."""
    import ipywidgets

    return ipywidgets.Text(
        value=value,
        description=label,
        continuous_update=False,
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="30rem", max_width="100%", margin="0 1rem 0 0"),
    )


def latents(sampler: Sampler, numbers: Sequence[int]) -> Tensor:
    """(N, dim): a sampler's latents of these seeds, one each.

    Raises:
        ValueError: for a generator that draws none.
    """
    if sampler.prior is None:
        raise ValueError("sampler draws no latents: its generator translates sources")
    seeded = (torch.Generator().manual_seed(number) for number in numbers)
    return torch.cat([sampler.prior.sample(1, generator=generator) for generator in seeded])

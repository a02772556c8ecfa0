"""Explorers that act with a kernel and without one: their controls are described here and drawn by web/widgets.

A notebook shows them through anywidget; in a built page, where no kernel answers, the page's own script finds the
description in the output's HTML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ganbook.arguments import check_choice, check_number, typed

__all__ = ["STILL", "Control", "Explorer", "choice", "slider"]

Control = dict[str, Any]
"""What a control is, and "value", where it starts: see web/widgets/explorer.ts."""


STILL = "<noscript>This explorer needs JavaScript, or a kernel.</noscript>"
"""What a reader finds in a page where nothing moves."""


class Explorer(anywidget.AnyWidget):
    """Controls above a picture that follows them; both are drawn where they are looked at.

    Attributes:
        name: which explorer of web/widgets/catalogue.ts it is.
        values: what the controls are set to, by name; setting it moves them.
        data: what the picture shows besides, in the types of JSON.
        note: one sentence under the picture.
    """

    _esm = Path(__file__).with_name("explorers.js")
    name = traitlets.Unicode().tag(sync=True)
    controls: Any = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, name: str, controls: Mapping[str, Control], data: Mapping[str, Any] | None = None, note: str = ""
    ) -> None:
        described = [{"name": key, **{k: v for k, v in of.items() if k != "value"}} for key, of in controls.items()]
        values = {key: of["value"] for key, of in controls.items()}
        super().__init__(name=name, controls=described, values=values, data=dict(data or {}), note=note)

    def html(self) -> str:
        """Where a built page draws it."""
        state = {key: getattr(self, key) for key in ("name", "controls", "values", "data", "note")}
        described = escape(json.dumps(state, ensure_ascii=False, separators=(",", ":")))
        return f'<div class="gan-explorer" data-explorer="{described}">{STILL}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        made = super()._repr_mimebundle_(**kwargs)
        if made is not None:
            made[0]["text/html"] = self.html()
        return made


@typed
def slider(label: str, value: float, low: float, high: float, step: float) -> Control:
    """A labelled slider from ``low`` to ``high`` in steps of ``step``; ``label`` says what it sets, with its unit."""
    check_number(low=low, high=high)
    check_number(above=0, step=step)
    if not low <= value <= high:
        raise ValueError(f"value of {label!r} is {value}: allowed is {low} to {high}")
    return {"kind": "slider", "label": label, "value": value, "low": low, "high": high, "step": step}


@typed
def choice(label: str, options: Sequence[str], value: str) -> Control:
    """A labelled list to pick from."""
    check_choice(options, value=value)
    return {"kind": "choice", "label": label, "value": value, "options": [[option, option] for option in options]}

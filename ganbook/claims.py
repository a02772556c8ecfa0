"""Claims: a figure that a page relies on, printed beside the band it must stay in."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from html import escape
from typing import SupportsFloat

from ganbook.arguments import shown, typed

__all__ = ["Claim", "ClaimError", "Measured", "claim", "measured"]


class ClaimError(AssertionError):
    """A measured figure left its band: the page that states it would be wrong."""


@dataclass(frozen=True)
class Claim:
    """One measured figure and its band; a missing bound is open."""

    name: str
    value: float
    low: float | None
    high: float | None

    @property
    def holds(self) -> bool:
        """Whether the value lies in the band; NaN never does."""
        above = self.low is None or self.value >= self.low
        below = self.high is None or self.value <= self.high
        return above and below and not math.isnan(self.value)

    @property
    def band(self) -> str:
        """The band in words."""
        if self.low is None:
            return f"at most {self.high:g}"
        if self.high is None:
            return f"at least {self.low:g}"
        return f"{self.low:g} to {self.high:g}"

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.4g}  (band: {self.band})"


_claims: dict[str, Claim] = {}


@typed
def claim(name: str, value: SupportsFloat, low: float | None = None, high: float | None = None) -> None:
    """Print ``value`` beside its allowed band, and fail when it lies outside.

    Every claim of a session is kept for :func:`measured`, and appended as a JSON line to the file named by
    ``GANBOOK_CLAIMS``, where that is set.

    Args:
        name: what was measured, with its unit.
        value: the figure; a one-element tensor will do.
        low, high: the band, bounds included; at least one.

    Raises:
        ValueError: without a bound, or with ``low > high``.
        ClaimError: if the value is NaN or outside the band.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"value is {shown(value)}: allowed is a number or a tensor of one element") from None
    if low is None and high is None:
        raise ValueError(f"low and high are both None: the claim {name!r} could not fail")
    if low is not None and high is not None and low > high:
        raise ValueError(f"low is {low} and high is {high}: allowed is low <= high")
    made = Claim(name, number, low, high)
    _claims[name] = made
    if log := os.environ.get("GANBOOK_CLAIMS"):
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(made)) + "\n")
    if not made.holds:
        raise ClaimError(str(made))
    print(made)


class Measured(tuple[Claim, ...]):
    """The claims of a session; a table in a notebook, lines of text elsewhere."""

    def __repr__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(c.name)}</td><td>{c.value:.4g}</td><td>{escape(c.band)}</td></tr>" for c in self
        )
        head = "<tr><th scope='col'>measured</th><th scope='col'>value</th><th scope='col'>band</th></tr>"
        return f"<table class='table ganbook-claims'><thead>{head}</thead><tbody>{rows}</tbody></table>"


def measured() -> Measured:
    """All claims of this session, in the order in which they were first made."""
    return Measured(_claims.values())

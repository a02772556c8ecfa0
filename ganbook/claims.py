"""Claims: a figure that a page relies on, printed beside the band it must stay in and what it would be otherwise."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from html import escape
from typing import SupportsFloat

from ganbook.arguments import check_whole, shown, typed

__all__ = ["Claim", "ClaimError", "Measured", "claim", "measured", "replayed"]

EXACT = 1e-3
"""An identity holds to this, relative to its value."""


class ClaimError(AssertionError):
    """A measured figure left its band: the page that states it would be wrong."""


@dataclass(frozen=True)
class Claim:
    """One figure and its band.

    Attributes:
        name: what was measured, with its unit.
        value: the figure.
        low, high: the band; a missing bound is open.
        null: what the figure would be if the sentence that rests on it were false; None for an identity.
        source: for a figure that was not measured on the page, by what it was, with how many seeds and when.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    null: float | None = None
    source: str = ""

    def allows(self, value: float) -> bool:
        """Whether ``value`` lies in the band; NaN never does."""
        above = self.low is None or value >= self.low
        below = self.high is None or value <= self.high
        return above and below and not math.isnan(value)

    @property
    def holds(self) -> bool:
        """Whether the figure lies in the band."""
        return self.allows(self.value)

    @property
    def band(self) -> str:
        """The band in words."""
        if self.low is None:
            return f"at most {self.high:g}"
        if self.high is None:
            return f"at least {self.low:g}"
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"

    @property
    def otherwise(self) -> str:
        """The null in words."""
        return "an identity" if self.null is None else f"{self.null:.4g}"

    def __str__(self) -> str:
        otherwise = "an identity" if self.null is None else f"null: {self.otherwise}"
        source = f", {self.source}" if self.source else ""
        return f"{self.name}: {self.value:.4g}  (band: {self.band}, {otherwise}{source})"


_claims: dict[str, Claim] = {}


@typed
def claim(
    name: str,
    value: SupportsFloat,
    low: float | None = None,
    high: float | None = None,
    *,
    null: SupportsFloat | None = None,
    exact: bool = False,
) -> None:
    """Print ``value`` beside its allowed band, and fail when it lies outside.

    A claim excludes its null: what the figure would be by chance, for an untrained network, if nothing were done.
    Measure the null on the page where a line can. Every claim of a session is kept for :func:`measured`, and appended
    as a JSON line to the file named by ``GANBOOK_CLAIMS``, where that is set.

    Args:
        name: what was measured, with its unit.
        value: the figure; a one-element tensor will do.
        low, high: the band, bounds included; at least one.
        null: what ``value`` would be if the sentence were false; it must lie outside the band.
        exact: the figure is an identity, and has no null: a band no wider than a thousandth of it, or an error that is
            at most a thousandth.

    Raises:
        ValueError: without a bound, with ``low > high``, with a null that the band holds, with neither a null nor
            ``exact``, or with a band too wide to be exact.
        ClaimError: if the value is NaN or outside the band.
    """
    if exact == (null is not None):
        given = "both given" if exact else "both missing"
        raise ValueError(f"null and exact are {given}: allowed is what the figure would be otherwise, or exact=True")
    made = _made(name, value, low, high, null)
    if exact:
        _check_exact(made)
    _keep(made)


@typed
def replayed(
    name: str,
    value: SupportsFloat,
    low: float | None = None,
    high: float | None = None,
    *,
    null: SupportsFloat,
    source: str,
    seeds: int,
) -> None:
    """As :func:`claim`, of a figure that was not measured on the page: it says by what it was, and when.

    Args:
        name, value, low, high, null: as in :func:`claim`.
        source: the result it comes from, as in :func:`ganbook.results.load`; or "zoo/NAME" for a model's card.
        seeds: how many seeds it is over.

    Raises:
        ValueError: as :func:`claim`, and for a result or a model that there is not.
        ClaimError: if the value is NaN or outside the band.
    """
    check_whole(1, seeds=seeds)
    origin = f"{_origin(source)}, {'one seed' if seeds == 1 else f'{seeds} seeds'}"
    _keep(_made(name, value, low, high, null, origin))


def _origin(source: str) -> str:
    """What made a stored figure, and when."""
    shelf, _, model = source.partition("/")
    if shelf == "zoo":
        from ganbook import zoo

        return f"card of {model}, {zoo.card(model)['scored'].partition(',')[0]}"
    from ganbook import results

    return f"benchmarks/{source}.py, {results.when(source)}"


def _number(**given: SupportsFloat) -> float:
    """The one argument as a number."""
    ((name, value),) = given.items()
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{name} is {shown(value)}: allowed is a number or a tensor of one element") from None


def _made(
    name: str,
    value: SupportsFloat,
    low: float | None,
    high: float | None,
    null: SupportsFloat | None,
    source: str = "",
) -> Claim:
    number = _number(value=value)
    if low is None and high is None:
        raise ValueError(f"low and high are both None: the claim {name!r} could not fail")
    if low is not None and high is not None and low > high:
        raise ValueError(f"low is {low} and high is {high}: allowed is low <= high")
    otherwise = None if null is None else _number(null=null)
    made = Claim(name, number, low, high, otherwise, source)
    if otherwise is not None and (math.isnan(otherwise) or made.allows(otherwise)):
        raise ValueError(
            f"null is {otherwise:g}, and the band of {name!r} is {made.band}: allowed is a null outside it"
        )
    return made


def _check_exact(made: Claim) -> None:
    """Raise unless the band is that of an identity."""
    low, high = made.low or 0.0, made.high
    size = 1.0 if high is None or low * high <= 0 else max(abs(low), abs(high))
    if high is None or high - low > EXACT * size:
        raise ValueError(
            f"the band of {made.name!r} is {made.band}: allowed with exact=True is one no wider than a thousandth"
        )


def _keep(made: Claim) -> None:
    """Log, and print what holds."""
    _claims[made.name] = made
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
        here, elsewhere = ([made for made in self if bool(made.source) == stored] for stored in (False, True))
        columns = ["measured", "value", "band", "if it were false"]
        html = _table(columns, [_cells(made) for made in here], "ganbook-claims") if here or not elsewhere else ""
        if elsewhere:
            rows = [[*_cells(made), made.source] for made in elsewhere]
            html += _table(["measured elsewhere", *columns[1:], "by"], rows, "ganbook-claims ganbook-replayed")
        return html


def _cells(made: Claim) -> list[str]:
    return [made.name, f"{made.value:.4g}", made.band, made.otherwise]


def _table(columns: list[str], rows: list[list[str]], kind: str) -> str:
    head = "".join(f"<th scope='col'>{column}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table class='table {kind}'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def measured() -> Measured:
    """All claims of this session, in the order in which they were first made."""
    return Measured(_claims.values())

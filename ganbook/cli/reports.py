"""A report of scores as a table: each with its interval, what real images get, and n."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ganbook.cli.tables import heading, print_table

__all__ = ["print_report"]


class Score(NamedTuple):
    """Under which names a report holds a score's value, and what is said beside it."""

    name: str
    interval: str = ""
    real: str = ""
    spread: str = ""
    n: str = "n"


def _of_pairs(name: str) -> Score:
    return Score(name, f"{name}_interval", f"{name}_real", n="n_pairs")


SCORES = (
    Score("frechet_distance", "frechet_interval", "floor", "floor_spread"),
    Score("floors", "floors_interval"),
    Score("frechet_all", n="n_samples"),
    *map(_of_pairs, ("kernel_distance", "precision", "recall", "density", "coverage")),
    Score("class_agreement", "class_agreement_interval", "judge_accuracy", n="n_samples"),
    Score("memorisation_copies", real="copies_of_fresh", n="n_memorisation"),
    Score("nearest_of_samples", real="nearest_of_real", n="n_memorisation"),
)
HEAD = ("score", "value", "95 % interval", "real images get", "n")
GIVEN = {"copies_of_fresh": 0.01}
"""What is known of real images without measuring it."""


def print_report(report: Mapping[str, Any], title: str = "") -> None:
    """Print the scores that have company as a table, everything else as name and value, reports within it at last."""
    if title:
        heading(f"  {title}")
    known = {**GIVEN, **report}
    rows, told = [], set()
    for score in SCORES:
        if report.get(score.name) is None:
            continue
        parts = [score.name, score.interval, score.real, score.spread, score.n]
        value, interval, real, spread, n = (known.get(part) if part else None for part in parts)
        told |= {*parts[:4]}
        said = "" if real is None else _text(real) + (f" ± {_text(spread)}" if spread is not None else "")
        ends = f"{_text(interval[0])} to {_text(interval[1])}" if interval else ""
        rows.append((score.name, _text(value), ends, said, "" if n is None else str(n)))
    if rows:
        print_table(rows, HEAD)
    plain = {key: value for key, value in report.items() if key not in told and not isinstance(value, dict)}
    if plain:
        print_table((key, _text(value)) for key, value in plain.items())
    for key, value in report.items():
        if isinstance(value, dict):  # what a second network says
            print_report(value, key)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_text(one) for one in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)

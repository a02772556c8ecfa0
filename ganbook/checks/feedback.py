"""The feedback card: what was tried, what came, what was expected, a hint, and the progress.

A card is HTML in a notebook (Colab's IPython 7.34 and newer) and plain text elsewhere. It sets no
text colour, so it reads on a light and on a dark page; a word and a symbol carry the verdict, the
coloured edge only repeats it.
"""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "failed", "not yet"]
#: One step of the ladder of hints: its name on the card, and what it says.
Rung = tuple[str, str]

_SYMBOL: dict[Status, str] = {"passed": "✓", "failed": "✗", "not yet": "·"}
_VERDICT: dict[Status, str] = {"passed": "passed", "failed": "not right yet", "not yet": "not yet"}
#: What lasts is called so wherever it stands beside the latest answer.
_BEST = "best so far"
#: Okabe-Ito: bluish green, vermilion, sky blue; told apart with every common colour vision.
_EDGE: dict[Status, str] = {"passed": "#009E73", "failed": "#D55E00", "not yet": "#56B4E9"}


@dataclass(frozen=True, repr=False)
class Progress:
    """How far an exercise notebook is: the status of each task, in order.

    Where a score is kept, ``course`` says how far all exercises are, and ``kept`` which of these tasks passed once.
    """

    notebook: str
    titles: tuple[str, ...]
    statuses: tuple[Status, ...]
    course: str = ""
    kept: frozenset[int] = frozenset()  #: numbers of tasks, from 1

    @property
    def done(self) -> int:
        return self.statuses.count("passed")

    @property
    def line(self) -> str:
        symbols = " ".join(_SYMBOL[status] for status in self.statuses)
        return f"{self.done} of {len(self.statuses)} done   {symbols}"

    def _verdict(self, number: int) -> str:
        status = self.statuses[number - 1]
        best = f"; {_BEST}: passed" if number in self.kept and status != "passed" else ""
        return f"{_VERDICT[status]}{best}"

    def __repr__(self) -> str:
        rows = [f"{self.notebook}: {self.line}"]
        for number, (title, status) in enumerate(zip(self.titles, self.statuses, strict=True), 1):
            rows.append(f"  {_SYMBOL[status]} {number} {title} ({self._verdict(number)})")
        if self.course:
            rows.append(f"all exercises, {_BEST}: {self.course}")
        return "\n".join(rows)

    def _repr_html_(self) -> str:
        status: Status = "passed" if self.done == len(self.statuses) else "not yet"
        items = "".join(
            f"<li>{_SYMBOL[status]} {_inline(title)} ({self._verdict(number)})</li>"
            for number, (title, status) in enumerate(zip(self.titles, self.statuses, strict=True), 1)
        )
        body = (
            f'<p style="margin:0"><strong>{_inline(self.notebook)}</strong>: '
            f"{self.done} of {len(self.statuses)} done</p>"
            f'<ol style="margin:.3em 0 0;padding-left:2em">{items}</ol>'
            + (f'<p style="margin:.4em 0 0">All exercises, {_BEST}: {_inline(self.course)}</p>' if self.course else "")
        )
        return _frame(body, status, f"Progress: {self.notebook}")


@dataclass(frozen=True, repr=False)
class Result:
    """What a check found. Its ``repr`` is the card; ``status`` and ``hint_id`` are for tests.

    ``hint_id`` names the recognised mistake, or the kind of difference where the mistake is not
    known; None when the task passed or was not begun. ``rungs`` are the steps of the ladder of hints, the expected
    value last, of which the card shows the first ``level``. ``kept``: the score has this task as passed, whatever this
    answer is.
    """

    status: Status
    task: str
    title: str
    number: int
    tried: str
    progress: Progress
    hint: str = ""
    hint_id: str | None = None
    came: str = ""
    expected: str = ""
    rungs: tuple[Rung, ...] = ()
    level: int = 1
    kept: bool = False

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def _rows(self) -> list[tuple[str, str]]:
        rows = [("tried", self.tried), ("came", self.came)]
        if not self.rungs:
            rows += [("what it shows" if self.passed else "hint", self.hint)]
        elif len(self.rungs) == 1:  # nothing is given away
            rows += [("expected", self.expected), *self.rungs]
        else:
            rows += self.rungs[: self.level]
            more = len(self.rungs) - self.level
            rows += [("more", f"{more} more: check again, or `check.hint()`")] if more else []
        if self.kept and not self.passed:
            rows.append((_BEST, "passed, and your score keeps that"))
        return [(name, text) for name, text in rows if text]

    @property
    def _head(self) -> str:
        return f"{_SYMBOL[self.status]} Task {self.number}: {_VERDICT[self.status]}"

    def __repr__(self) -> str:
        lines = [f"{self._head} - {self.title}"]
        for name, text in [*self._rows(), ("progress", self.progress.line)]:
            indent = " " * 16
            filled = (
                textwrap.wrap(text, 100, initial_indent=f"  {name:<14}", subsequent_indent=indent)
                if (name != "came" or "\n" not in text)
                else [f"  {name:<14}" + text.replace("\n", "\n" + indent)]
            )
            lines += filled
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<dt style="font-weight:600;grid-column:1">{name}</dt>'
            f'<dd style="margin:0;grid-column:2;white-space:pre-wrap;overflow-wrap:anywhere">{_inline(text)}</dd>'
            for name, text in [*self._rows(), ("progress", self.progress.line)]
        )
        body = (
            f'<p style="margin:0 0 .4em"><strong>{self._head}</strong> &ndash; {_inline(self.title)}</p>'
            f'<dl style="display:grid;grid-template-columns:max-content 1fr;gap:.15em 1em;margin:0">{rows}</dl>'
        )
        return _frame(body, self.status, f"Task {self.number}: {_VERDICT[self.status]}")


def _frame(body: str, status: Status, label: str) -> str:
    style = (
        f"border:1px solid {_EDGE[status]};border-left-width:.5em;border-radius:.3em;padding:.6em .9em;"
        "margin:.3em 0;max-width:52em;line-height:1.45;color:inherit;background:transparent"
    )
    return f'<div class="ganbook-card" role="group" aria-label="{html.escape(label)}" style="{style}">{body}</div>'


def _inline(text: str) -> str:
    """Escaped text with `code` between backticks as <code>, and [text](https://…) as a link."""
    code = r'<code style="color:inherit;background:transparent;padding:0">\1</code>'
    linked = re.sub(r"\[([^\]\n]+)\]\((https://[^\s()]+)\)", r'<a href="\2">\1</a>', html.escape(text))
    return re.sub(r"`([^`\n]+)`", code, linked)

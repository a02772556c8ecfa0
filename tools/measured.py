"""A Sphinx directive that shows measured figures as tables, read from the files that tools write.

    ```{measured} timings
    ```

takes `timings` (ganbook/timings.json), `claims` (book/reference/claims.json) or `checks` (book/reference/checks.json).
A file that is missing gives one sentence that says how to make it: the figures are never typed in.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

from ganbook.claims import Claim

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "timings": (ROOT / "ganbook/timings.json", "make timings"),
    "claims": (ROOT / "book/reference/claims.json", "make timings"),
    "checks": (ROOT / "book/reference/checks.json", "make exercises"),
}
BUDGETS = ("smoke", "laptop", "gpu")
Row = list[str]


def timings(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row a page; seconds at each budget that was measured."""
    rows = [[page, *(_seconds(runs.get(budget)) for budget in BUDGETS)] for page, runs in content.items()]
    return ["page", *BUDGETS], rows


def claims(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row for each claim and budget: range over the seeds, band, number of runs."""
    rows = [
        [page, claim, budget, f"{range_['min']:.4g} to {range_['max']:.4g}", _band(claim, range_), str(range_["runs"])]
        for page, made in content.items()
        for claim, budgets in made.items()
        for budget, range_ in budgets.items()
    ]
    return ["page", "measured", "budget", "range over seeds", "band", "runs"], rows


def checks(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row a task, in the order of the notebooks, and their sum."""
    tasks = [(made["title"], task) for made in content.values() for task in made["tasks"]]
    rows = [[title, task["title"], str(task["wrong_rejected"]), str(task["right_accepted"])] for title, task in tasks]
    wrong, right = (str(sum(task[key] for _, task in tasks)) for key in ("wrong_rejected", "right_accepted"))
    return ["notebook", "task", "wrong answers rejected", "right answers accepted"], [*rows, ["all", "", wrong, right]]


def _seconds(run: dict[str, Any] | None) -> str:
    return f"{run['seconds']:.0f} s on {run['hardware']}" if run else "not measured"


def _band(claim: str, range_: dict[str, Any]) -> str:
    return Claim(claim, range_["min"], range_["low"], range_["high"]).band


class Measured(Directive):
    """The table of one of FILES."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        what = self.arguments[0]
        if what not in FILES:
            raise self.error(f"{what!r} is not measured; allowed: {', '.join(FILES)}")
        path, command = FILES[what]
        environment = self.state.document.settings.env
        environment.note_dependency(str(path))  # a changed file makes the page again
        if not path.is_file():
            return [nodes.paragraph(text=f"Not measured yet: `{command}` writes this table.")]
        maker = {"timings": timings, "claims": claims, "checks": checks}[what]
        return [_table(*maker(json.loads(path.read_text(encoding="utf-8"))))]


def _table(head: Row, rows: list[Row]) -> nodes.table:
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["measured"])


def _row(cells: Row) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=cell)) for cell in cells))


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

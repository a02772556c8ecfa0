"""A Sphinx directive that shows measured figures as tables, read from the files that tools write.

    ```{measured} timings
    ```

takes `timings` (ganbook/timings.json), `claims` (book/reference/claims.json), `checks` (book/reference/checks.json),
`sabotage` (book/reference/sabotage.json), `colab` or `weight` (book/reference/colab.json), a table of costs.py, or
`zoo` (the cards in ganbook/zoo, a section each, with samples drawn when the page is built).
A file that is missing gives one sentence that says how to make it: the figures are never typed in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

import colab
import costs
from ganbook import results
from ganbook.claims import Claim
from sabotage import SPARED

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "timings": (ROOT / "ganbook/timings.json", "make timings"),
    "claims": (ROOT / "book/reference/claims.json", "make timings"),
    "checks": (ROOT / "book/reference/checks.json", "make exercises"),
    "sabotage": (ROOT / "book/reference/sabotage.json", "python tools/sabotage.py"),
    "colab": (colab.FILE, "python tools/colab.py --pages"),
    "weight": (colab.FILE, "python tools/colab.py --pages"),
}
BUDGETS = ("smoke", "laptop", "gpu")
MAIN = {
    "floors": ("Fréchet distance, floors", "", "real images: 1"),
    "class_agreement": ("class obeyed", "shuffled_agreement", "by chance"),
    "all": ("held-out captions obeyed in all parts", "shuffled_all", "captions shuffled"),
    "retrieval": ("held-out names, whole name found", "shuffled_retrieval", "names shuffled"),
    "fillable": ("error where there is something to fill", "fillable_copy", "bare source"),
}
"""The scores by which a model of the zoo is known, what each is called, and the figure that it is held against."""
Row = list[str]


def timings(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row a page; seconds at each budget that was measured."""
    rows = [[page, *(_seconds(runs.get(budget)) for budget in BUDGETS)] for page, runs in content.items()]
    return ["page", *BUDGETS], rows


def claims(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row for each claim and budget: range over the seeds, band, null, number of runs or where it comes from."""
    rows = [
        [page, claim, budget, *_of_claim(claim, run)]
        for page, made in content.items()
        for claim, budgets in made.items()
        for budget, run in budgets.items()
    ]
    return ["page", "measured", "budget", "range over seeds", "band", "if it were false", "runs"], rows


def checks(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row a task, in the order of the notebooks, and their sum."""
    tasks = [(made["title"], task) for made in content.values() for task in made["tasks"]]
    rows = [[title, task["title"], str(task["wrong_rejected"]), str(task["right_accepted"])] for title, task in tasks]
    wrong, right = (str(sum(task[key] for _, task in tasks)) for key in ("wrong_rejected", "right_accepted"))
    return ["notebook", "task", "wrong answers rejected", "right answers accepted"], [*rows, ["all", "", wrong, right]]


def sabotage(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row a page and a way of breaking its training that concerns it."""
    rows = [[page, way, said] for page, tried in content.items() for way, said in tried.items() if said != SPARED]
    return ["page", "broken", "stopped by"], rows


MAKERS = {
    "timings": timings,
    "claims": claims,
    "checks": checks,
    "sabotage": sabotage,
    "colab": colab.rows,
    "weight": colab.weight,
}


def _seconds(run: dict[str, Any] | None) -> str:
    return f"{run['seconds']:.0f} s on {run['hardware']}" if run else "not measured"


def _of_claim(claim: str, run: dict[str, Any]) -> Row:
    null, band = run.get("null"), Claim(claim, run["min"], run["low"], run["high"]).band
    otherwise = "an identity" if null is None else _range(*null)
    return [_range(run["min"], run["max"]), band, otherwise, run.get("source") or _runs(run)]


def _runs(run: dict[str, Any]) -> str:
    """How many runs a range is of; where no seed changes the figure, they count as one."""
    return "1, no seed changes it" if run["min"] == run["max"] and run["runs"] > 1 else str(run["runs"])


def _range(low: float, high: float) -> str:
    return f"{low:.4g}" if f"{low:.4g}" == f"{high:.4g}" else f"{low:.4g} to {high:.4g}"


class Measured(Directive):
    """The table of one of FILES."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        what = self.arguments[0]
        if what == "zoo":
            return self.zoo()
        if what in costs.TABLES:
            return self.cost(what)
        if what not in FILES:
            raise self.error(f"{what!r} is not measured; allowed: {', '.join([*FILES, *costs.TABLES])}, zoo")
        path, command = FILES[what]
        environment = self.state.document.settings.env
        environment.note_dependency(str(path))  # a changed file makes the page again
        if not path.is_file():
            return [nodes.paragraph(text=f"Not measured yet: `{command}` writes this table.")]
        return [_table(*MAKERS[what](json.loads(path.read_text(encoding="utf-8"))))]

    def cost(self, what: str) -> list[nodes.Node]:
        """A table that is computed from a result."""
        maker, result = costs.TABLES[what]
        path = results.path(result) if result else ROOT / "package-lock.json"
        self.state.document.settings.env.note_dependency(str(path))
        if not path.is_file():
            return [nodes.paragraph(text=f"Not measured yet: `python -m benchmarks.{result}` writes this table.")]
        stamp = [nodes.paragraph(text=f"Measured: {results.when(result)}.")] if result else []
        return [_table(*maker()), *stamp]

    def zoo(self) -> list[nodes.Node]:
        """One section a model: what it is, real images beside samples, the card."""
        from ganbook.training.sampler import CARD, WEIGHTS
        from ganbook.zoo import shelf

        sections: list[nodes.Node] = []
        for name in shelf.names():
            for file in (CARD, WEIGHTS):
                self.state.document.settings.env.note_dependency(str(shelf.SHELF / name / file))
            found = shelf.card(name)
            section = nodes.section("", nodes.title(text=name), ids=[f"zoo-{name}"], names=[f"zoo-{name}"])
            section += nodes.paragraph(text=found["about"])
            section += nodes.raw("", picture(name), format="html")
            section += nodes.paragraph(text=training(found))
            section += _table(*best_known(found))
            section += nodes.raw("", "<details><summary>The whole card</summary>", format="html")
            section += _table(*card(found))
            section += nodes.raw("", "</details>", format="html")
            sections.append(section)
        return sections or [nodes.paragraph(text="The zoo is empty: `ganbook zoo train NAME` trains a model for it.")]


def training(content: dict[str, Any]) -> str:
    """How a model was made, and what its scores are of, in two sentences."""
    scores = content["metrics"]
    took = f"{content['steps']} rounds of {content['batch_size']} in {content['minutes']:.0f} minutes"
    made = f"{took}: {content['hardware']}, seed {content['seed']}, {content['parameters']} parameters."
    samples = f"{scores['n_samples']} samples, distances with n = " if "n_samples" in scores else "n = "
    return f"{made} Scores: {scores['split']}, {samples}{scores['n']}."


def best_known(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row for each score of MAIN that the card has: by its judge, by the referee, and what to hold it against."""
    scores = content["metrics"]
    second = scores.get("referee", {})
    rows = []
    for name, (said, other, against) in MAIN.items():
        if name in scores:
            compared = f"{against} {_value(scores[other])}" if other else against
            rows.append([said, _value(scores[name]), _value(second.get(name, "–")), compared])
    return ["score", scores["features"], "referee", "to compare"], rows


def card(content: dict[str, Any]) -> tuple[Row, list[Row]]:
    """One row a field of a model's card, one more for each of its scores."""
    rows = [[field.replace("_", " "), _value(value)] for field, value in content.items() if field != "metrics"]
    scores = [[f"score: {name.replace('_', ' ')}", _value(value)] for name, value in _flat(content["metrics"])]
    return ["field", f"{content['name']} (seed {content['seed']})"], rows[2:] + scores


def _flat(scores: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values, those of a report within the report by both names."""
    for name, value in scores.items():
        if isinstance(value, dict):
            yield from ((f"{name}: {inner}", found) for inner, found in _flat(value))
        else:
            yield name, value


def picture(name: str, rows: int = 4) -> str:
    """Real images above samples, neither of them selected: spread over the test split, the first latents of seed 0.

    A translator's samples stand under the images that belong to them.
    """
    from ganbook import data, plots, recipes, zoo
    from ganbook.data.images import to_float

    sampler = zoo.load(name)
    recipe = recipes.get(sampler.card["recipe"]).at(sampler.card["budget"])
    fake = recipe.draw(sampler, 16 * rows)
    shown = [("generated", fake)]
    if fake.ndim == 4 and isinstance(recipe.data, str):
        images = data.load(recipe.data, "test", recipe.size).images
        shown.insert(0, ("real", to_float(images[:: max(1, len(images) // (16 * rows))][: 16 * rows])))
    fig, axes = plots.figure(rows=len(shown), height=1.9 * len(shown), squeeze=False)
    for axis, (title, samples) in zip(axes[:, 0], shown, strict=True):
        if samples.ndim == 4:
            axis.imshow(plots.image_grid(samples, 16))
            axis.axis("off")
        else:
            plots.points(axis, None, samples)
        axis.set_title(title)
    return plots.html(fig, f"Samples of {name}: {' above '.join(title for title, _ in shown)}, in the order drawn.")


def _value(value: Any) -> str:
    if isinstance(value, str) and len(value) == 64:  # a checksum, which nobody reads to its end
        return f"{value[:16]}…"
    if isinstance(value, list):
        return " ".join(f"{entry:.3f}" for entry in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


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

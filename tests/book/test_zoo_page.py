"""The page of the zoo's cards."""

from __future__ import annotations

from types import SimpleNamespace

from docutils import nodes

import measured
from ganbook.zoo import shelf


def content() -> dict:
    made = {field: f"a {field}" for field in shelf.FIELDS}
    scores = {"frechet_distance": 1.23456, "n": 5000, "class_share": [0.1, 0.25], "referee": {"floor_spread": 0.5}}
    scores |= {"split": "test", "features": "digits"}
    numbers = {"seed": 7, "minutes": 12.3456, "steps": 300, "batch_size": 64, "parameters": 12345}
    return made | numbers | {"name": "small", "sha256": "ab" * 32, "metrics": scores}


def test_every_field_of_a_card_is_a_row():
    head, rows = measured.card(content())
    assert head == ["field", "small (seed 7)"]
    named = [name.replace("_", " ") for name in shelf.FIELDS if name not in ("name", "about", "metrics")]
    told = ["frechet distance", "n", "class share", "referee: floor spread", "split", "features"]
    assert [row[0] for row in rows] == [*named, *(f"score: {name}" for name in told)]
    shown = dict(rows)
    assert shown["minutes"] == "12.35" and shown["sha256"] == "abababababababab…"
    assert [shown[f"score: {name}"] for name in ("frechet distance", "n", "class share")] == [
        "1.235",
        "5000",
        "0.100 0.250",
    ]


def test_the_best_known_scores_stand_first_beside_the_referees_and_a_figure_to_compare():
    made = content()
    made["metrics"] |= {"class_agreement": 0.99, "shuffled_agreement": 0.1, "floors": 1.5, "referee": {"floors": 2.25}}
    head, rows = measured.best_known(made)
    assert head == ["score", "digits", "referee", "to compare"]
    assert rows == [
        ["Fréchet distance, floors", "1.5", "2.25", "real images: 1"],
        ["class obeyed", "0.99", "–", "by chance 0.1"],
    ]
    assert measured.training(made) == (
        "300 rounds of 64 in 12 minutes: a hardware, seed 7, 12345 parameters. Scores: test, n = 5000."
    )
    made["metrics"]["n_samples"] = 9000
    assert measured.training(made).endswith("Scores: test, 9000 samples, distances with n = 5000.")


def test_each_model_of_the_zoo_is_known_by_a_score():
    assert all(measured.best_known(shelf.card(name))[1] for name in shelf.names())


class State:
    """What the directive asks of the page that it stands on."""

    def __init__(self):
        self.files = []
        self.document = self
        self.settings = self
        self.env = self

    def note_dependency(self, file):
        self.files.append(file)


def directive(state):
    return measured.Measured("measured", ["zoo"], {}, [], 1, 0, "", state, SimpleNamespace(reporter=None))


def test_a_section_a_model(monkeypatch):
    monkeypatch.setattr(shelf, "names", lambda: ["small"])
    monkeypatch.setattr(shelf, "card", lambda name: content())
    monkeypatch.setattr(measured, "picture", lambda name: f"<img alt='{name}'>")
    state = State()
    (section,) = directive(state).run()
    assert section["ids"] == ["zoo-small"] and section[0].astext() == "small"
    first, whole = [nodes.paragraph, nodes.raw, nodes.paragraph, nodes.table], [nodes.raw, nodes.table, nodes.raw]
    assert [type(part) for part in section[1:]] == [*first, *whole]
    opened, closed = section[-3].astext(), section[-1].astext()
    assert opened.startswith("<details>") and closed == "</details>"
    assert {file.rsplit("/", 1)[1] for file in state.files} == {"card.json", "sampler.safetensors"}


def test_an_empty_zoo_says_how_it_is_filled(monkeypatch):
    monkeypatch.setattr(shelf, "names", list)
    (paragraph,) = directive(State()).run()
    assert "ganbook zoo train NAME" in paragraph.astext()

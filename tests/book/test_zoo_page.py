"""The page of the zoo's cards."""

from __future__ import annotations

from types import SimpleNamespace

from docutils import nodes

import measured
from ganbook.zoo import shelf


def content() -> dict:
    made = {field: f"a {field}" for field in shelf.FIELDS}
    scores = {"frechet_distance": 1.23456, "n": 5000, "class_share": [0.1, 0.25], "referee": {"floor_spread": 0.5}}
    return made | {"name": "small", "seed": 7, "minutes": 12.3456, "sha256": "ab" * 32, "metrics": scores}


def test_every_field_of_a_card_is_a_row():
    head, rows = measured.card(content())
    assert head == ["field", "small (seed 7)"]
    named = [name.replace("_", " ") for name in shelf.FIELDS if name not in ("name", "about", "metrics")]
    told = ["score: frechet distance", "score: n", "score: class share", "score: referee: floor spread"]
    assert [row[0] for row in rows] == [*named, *told]
    shown = dict(rows)
    assert shown["minutes"] == "12.35" and shown["sha256"] == "abababababababab…"
    assert [shown[f"score: {name}"] for name in ("frechet distance", "n", "class share")] == [
        "1.235",
        "5000",
        "0.100 0.250",
    ]


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
    assert [type(part) for part in section[1:]] == [nodes.paragraph, nodes.raw, nodes.table]
    assert {file.rsplit("/", 1)[1] for file in state.files} == {"card.json", "sampler.safetensors"}


def test_an_empty_zoo_says_how_it_is_filled(monkeypatch):
    monkeypatch.setattr(shelf, "names", list)
    (paragraph,) = directive(State()).run()
    assert "ganbook zoo train NAME" in paragraph.astext()

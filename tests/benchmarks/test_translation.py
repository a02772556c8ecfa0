"""Lines to colours: what of a skin tone is found in drawings, and that the kept rows are comparable."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks import translation
from ganbook import data, results


@pytest.fixture(scope="module")
def held_out():
    return data.load("emoji-lines", "test", 32)


def test_a_copy_keeps_every_tone_and_grey_drawings_keep_none_of_their_colour(held_out):
    copying = SimpleNamespace(back=lambda images: images, there=lambda images: images)
    found = translation.messages(copying, held_out)
    assert found["tone_by_g"] == found["tone_by_eye"] == 1
    assert found["drawn_colourfulness"] == found["tones_colourfulness"] > 0.1
    grey = SimpleNamespace(back=lambda x: x.mean(1, keepdim=True).expand_as(x), there=lambda x: -x)
    found = translation.messages(grey, held_out)
    assert found["drawn_colourfulness"] < 1e-6 and found["tone_by_g"] < 1 / 6, "upside down is no tone's own"


def test_an_honest_drawing_tells_no_tone(held_out):
    honest = SimpleNamespace(back=lambda x: x.unflatten(0, (-1, 6))[:, :1].expand(-1, 6, -1, -1, -1).flatten(0, 1))
    honest.there = lambda x: x
    found = translation.messages(honest, held_out)
    assert found["tone_by_g"] == found["tone_by_eye"] == pytest.approx(1 / 6)


def test_the_kept_rows_are_comparable():
    runs = results.load("translation")["runs"]
    for group, rows in translation.GROUPS.items():
        of_group = [run for run in runs if run["group"] == group]
        assert {run["rounds"] for run in of_group} == {translation.ROUNDS[group]}
        wanted = {(name, seed) for name, _ in rows() for seed in range(3)}
        assert {(run["name"], run["seed"]) for run in of_group} == wanted
    two_ways = [run for run in runs if run["group"] == "without pairs" and run["name"] != "contrast"]
    assert all(0 < run["tone_by_g"] < 1 and 0 < run["tone_by_eye"] < 1 for run in two_ways)

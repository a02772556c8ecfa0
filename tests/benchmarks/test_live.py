"""The live runs are played as the chapters play them, and held against what is asked of the worst seed."""

import sys
from dataclasses import replace

import pytest

from benchmarks import live
from ganbook import recipes, results


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "path", lambda name: tmp_path / f"{name}.json")
    return tmp_path


def run(seed, threads=2, **scores):
    cell = {"recipe": "conditional-digits", "seed": seed, "rounds": live.rounds("conditional-digits")}
    return {**cell, "threads": threads, "seconds": 50.0, **scores}


def rows(*runs):
    return {figure.what.partition(": ")[2]: figure for figure in live.figures({"runs": list(runs)})}


def test_one_seed_that_falls_short_is_enough():
    good, bad = {"floors": 2.0, "class_agreement": 0.98}, {"floors": 2.0, "class_agreement": 0.96}
    assert rows(run(0, **good), run(1, **good))["agreement"].met
    found = rows(run(0, **good), run(1, **bad), run(2, **good))
    assert not found["agreement"].met and found["floors"].met
    assert "not reached" in found["agreement"].row()[2]


def test_seconds_are_of_the_runs_on_both_cores():
    assert rows(run(0), run(1, threads=1))["seconds"].values == [50.0]
    assert "seconds" not in rows(run(0, threads=1))


def test_a_run_of_another_length_is_no_run_of_today():
    assert rows(run(0, floors=2.0) | {"rounds": 1}) == {}


@pytest.mark.parametrize("name", live.RECIPES)
def test_every_score_that_is_asked_for_is_reported(name, shelf, monkeypatch):
    """Played as by the chapters, for two rounds."""
    short = replace(recipes.get(name), budgets={"laptop": {"steps": 2, "scored": 600}})
    monkeypatch.setattr(recipes, "get", lambda _: short)
    monkeypatch.setattr(sys, "argv", ["live", "--seeds", "1", "--threads", "1", "--only", name])
    live.main()
    asked = {row.what for row in live.RECIPES[name]} - {live.SECONDS}
    assert set(rows(*results.load("live")["runs"])) == asked
    assert results.load("live")["runs"][0]["seconds"] > 0

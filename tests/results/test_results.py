"""Every result has the script that made it, and is found by name."""

import importlib
import json
import subprocess
import sys

import pytest
import torch

from ganbook import results
from ganbook.recipes.recipe import Recipe
from pages import ROOT


def test_every_result_has_its_script():
    assert results.names()
    for name in results.names():
        assert (ROOT / "benchmarks" / f"{name}.py").is_file(), f"nothing makes {name}.json"
        assert results.load(name)


def test_an_unknown_name_is_named():
    with pytest.raises(ValueError, match=r"^name is 'luck': allowed is one of .*modes"):
        results.load("luck")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "path", lambda name: tmp_path / f"{name}.json")
    return tmp_path


def test_results_are_kept_whole(shelf):
    results.update("luck", lambda kept: kept.update({"é": [1.5, None]}), {})
    assert json.loads((shelf / "luck.json").read_text("utf-8")) == {"é": [1.5, None]}

    def half(kept):
        kept["more"] = object()  # cannot be written

    with pytest.raises(TypeError):
        results.update("luck", half, {})
    assert results.load("luck") == {"é": [1.5, None]} and [path.name for path in shelf.iterdir()] == ["luck.json"]


CELLS = [{"method": method, "seed": seed} for seed in range(2) for method in ("a", "b")]


@pytest.mark.parametrize("beside", [{}, {"torch": "2"}])
def test_a_sweep_keeps_each_run_and_goes_on_where_it_stopped(shelf, beside):
    played = []

    def play(cell):
        if len(played) == 3:
            raise KeyboardInterrupt
        played.append(cell)
        return {"score": cell["method"] * 2}

    with pytest.raises(KeyboardInterrupt):
        results.sweep("luck", CELLS, play, **beside)
    content = results.load("luck")
    runs = content["runs"] if beside else content
    assert runs == [cell | {"score": cell["method"] * 2} for cell in CELLS[:3]]
    assert not beside or content == {"torch": "2", "runs": runs}
    more = []
    results.sweep("luck", CELLS, lambda cell: more.append(cell) or {}, torch="3")
    assert more == CELLS[3:] and len(results.load("luck")["runs"] if beside else results.load("luck")) == 4


SIDE_BY_SIDE = """
import sys
from pathlib import Path
from ganbook import results
results.path = lambda name: Path(sys.argv[1]) / f"{name}.json"
for seed in range(40):
    results.update("luck", lambda runs: runs.append(sys.argv[2] + str(seed)), [])
"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"x": {"date": "2026-11-03"}, "runs": [{"date": "2026-11-01"}, {"seed": 1}]}, "2026-11-01 to 2026-11-03"),
        ([{"date": "2026-11-02"}], "2026-11-02"),
        ([], "undated"),
    ],
)
def test_the_days_of_a_result_are_those_of_its_runs(shelf, content, said):
    (shelf / "luck.json").write_text(json.dumps(content))
    assert results.when("luck") == said


def test_every_result_is_dated():
    assert [name for name in results.names() if results.when(name) == "undated"] == []


def test_two_scripts_side_by_side_lose_nothing(shelf):
    scripts = [subprocess.Popen([sys.executable, "-c", SIDE_BY_SIDE, str(shelf), who]) for who in "ab"]
    assert [script.wait(timeout=60) for script in scripts] == [0, 0]
    assert sorted(results.load("luck")) == sorted(f"{who}{seed}" for seed in range(40) for who in "ab")


@pytest.mark.parametrize(("name", "only"), [("dcgan_rules", ()), ("translation", ())])
def test_a_benchmark_finds_its_kept_runs(name, only, monkeypatch):
    """What stands in the results is not played again."""
    kept = results.path(name).read_bytes()
    monkeypatch.setattr(Recipe, "train", lambda *_, **__: pytest.fail("a kept run is played again"))
    monkeypatch.setattr(sys, "argv", [name, *only])
    threads = torch.get_num_threads()
    importlib.import_module(f"benchmarks.{name}").main()
    torch.set_num_threads(threads)
    assert results.path(name).read_bytes() == kept

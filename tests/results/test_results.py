"""Every result has the script that made it, and is found by name."""

import json

import pytest

from ganbook import results
from pages import ROOT


def test_every_result_has_its_script():
    assert results.names()
    for name in results.names():
        assert (ROOT / "benchmarks" / f"{name}.py").is_file(), f"nothing makes {name}.json"
        assert results.load(name)


def test_an_unknown_name_is_named():
    with pytest.raises(ValueError, match=r"^name is 'luck': allowed is one of .*modes"):
        results.load("luck")


def test_results_are_kept_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "path", lambda name: tmp_path / f"{name}.json")
    results.save("luck", {"é": [1.5, None]})
    assert json.loads((tmp_path / "luck.json").read_text("utf-8")) == {"é": [1.5, None]}
    results.save("luck", [])
    assert [path.name for path in tmp_path.iterdir()] == ["luck.json"]

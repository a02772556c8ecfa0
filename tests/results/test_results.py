"""Every result has the script that made it, and is found by name."""

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

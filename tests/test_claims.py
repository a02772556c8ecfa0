"""Claims: printed, kept, logged, and fatal outside their band."""

import json
import math

import pytest
import torch

import ganbook
from ganbook import claims


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(claims, "_claims", {})
    monkeypatch.delenv("GANBOOK_CLAIMS", raising=False)


def test_inside_the_band_it_is_printed_beside_it(capsys):
    assert ganbook.claim("modes covered", 7, low=7, high=8) is None
    assert capsys.readouterr().out == "modes covered: 7  (band: 7 to 8)\n"
    ganbook.claim("gradient ratio", 123.456, low=100)
    ganbook.claim("distance", torch.tensor([0.25]), high=0.3)
    assert capsys.readouterr().out.splitlines() == [
        "gradient ratio: 123.5  (band: at least 100)",
        "distance: 0.25  (band: at most 0.3)",
    ]


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (6.999, {"low": 7, "high": 8}),
        (8.001, {"low": 7, "high": 8}),
        (-1.0, {"low": 0}),
        (1.0, {"high": 0}),
        (math.nan, {"low": 0}),
        (math.nan, {"high": 0}),
        (math.nan, {"low": 0, "high": 1}),
        (math.inf, {"high": 1e300}),
        (-math.inf, {"low": -1e300}),
        (torch.tensor(9.0), {"high": 8}),
    ],
)
def test_outside_the_band_it_fails(value, band, capsys):
    with pytest.raises(ganbook.ClaimError, match=r"^figure: .*\(band: "):
        ganbook.claim("figure", value, **band)
    assert capsys.readouterr().out == "", "a figure that does not hold is not printed as if it did"
    assert issubclass(ganbook.ClaimError, AssertionError)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_bounds_belong_to_the_band(value):
    ganbook.claim("figure", value, low=0, high=1)


def test_a_claim_that_could_not_fail_is_refused():
    with pytest.raises(ValueError, match=r"^low and high are both None: the claim 'x' could not fail"):
        ganbook.claim("x", 1.0)
    with pytest.raises(ValueError, match=r"^low is 2 and high is 1: allowed is low <= high"):
        ganbook.claim("x", 1.0, low=2, high=1)
    for band in ({"low": math.nan}, {"high": math.nan}, {"low": 0, "high": math.nan}):
        with pytest.raises(ValueError, match=r"^(low|high) is nan: allowed is a number or None$"):
            ganbook.claim("x", 1.0, **band)


def test_all_claims_in_order_as_text_and_as_a_table():
    ganbook.claim("first", 1, low=0)
    ganbook.claim("second <b>", 2, high=3)
    ganbook.claim("first", 4, low=0)  # a cell that was run again
    assert repr(ganbook.measured()) == "first: 4  (band: at least 0)\nsecond <b>: 2  (band: at most 3)"
    table = ganbook.measured()._repr_html_()
    assert table.count("<tr>") == 3 and "second &lt;b&gt;" in table and "<b>" not in table
    assert table.count("<th scope='col'>") == 3, "a screen reader can name the columns"
    assert [claim.value for claim in ganbook.measured()] == [4.0, 2.0]


def test_a_failed_claim_is_in_the_table_too():
    with pytest.raises(ganbook.ClaimError):
        ganbook.claim("wrong", 5, high=3)
    (kept,) = ganbook.measured()
    assert kept.value == 5.0 and not kept.holds


def test_the_log_for_tools(tmp_path, monkeypatch):
    log = tmp_path / "claims.jsonl"
    monkeypatch.setenv("GANBOOK_CLAIMS", str(log))
    ganbook.claim("größer", 1, low=0)
    with pytest.raises(ganbook.ClaimError):
        ganbook.claim("b", 2, high=1)
    assert [json.loads(line) for line in log.read_text("utf-8").splitlines()] == [
        {"name": "größer", "value": 1.0, "low": 0, "high": None},
        {"name": "b", "value": 2.0, "low": None, "high": 1},
    ]

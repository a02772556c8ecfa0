"""Claims: printed, kept, logged, fatal outside their band, and refused where they could not fail."""

import json
import math

import pytest
import torch

import ganbook
from ganbook import claims, results


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(claims, "_claims", {})
    monkeypatch.delenv("GANBOOK_CLAIMS", raising=False)


def test_inside_the_band_it_is_printed_beside_it_and_its_null(capsys):
    assert ganbook.claim("modes covered", 7, low=7, high=8, null=2.125) is None
    assert capsys.readouterr().out == "modes covered: 7  (band: 7 to 8, null: 2.125)\n"
    ganbook.claim("gradient ratio", 123.456, low=100, null=1)
    ganbook.claim("distance", torch.tensor([0.25]), high=0.3, null=torch.tensor(2.0))
    ganbook.claim("weights", 490, 490, 490, exact=True)
    assert capsys.readouterr().out.splitlines() == [
        "gradient ratio: 123.5  (band: at least 100, null: 1)",
        "distance: 0.25  (band: at most 0.3, null: 2)",
        "weights: 490  (band: 490, an identity)",
    ]


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (6.999, {"low": 7, "high": 8, "null": 3}),
        (8.001, {"low": 7, "high": 8, "null": 3}),
        (-1.0, {"low": 0, "null": -1}),
        (1.0, {"high": 0, "null": 1}),
        (math.nan, {"low": 0, "null": -1}),
        (math.nan, {"high": 0, "null": 1}),
        (math.nan, {"low": 0, "high": 1, "null": 2}),
        (math.inf, {"high": 1e300, "null": math.inf}),
        (-math.inf, {"low": -1e300, "null": -math.inf}),
        (torch.tensor(9.0), {"high": 8, "null": 9}),
        (491, {"low": 490, "high": 490, "exact": True}),
    ],
)
def test_outside_the_band_it_fails(value, band, capsys):
    with pytest.raises(ganbook.ClaimError, match=r"^figure: .*\(band: "):
        ganbook.claim("figure", value, **band)
    assert capsys.readouterr().out == "", "a figure that does not hold is not printed as if it did"
    assert issubclass(ganbook.ClaimError, AssertionError)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_bounds_belong_to_the_band(value):
    ganbook.claim("figure", value, low=0, high=1, null=2)


def test_a_claim_that_could_not_fail_is_refused():
    with pytest.raises(ValueError, match=r"^low and high are both None: the claim 'x' could not fail"):
        ganbook.claim("x", 1.0, null=0)
    with pytest.raises(ValueError, match=r"^low is 2 and high is 1: allowed is low <= high"):
        ganbook.claim("x", 1.0, low=2, high=1, null=0)
    for band in ({"low": math.nan}, {"high": math.nan}, {"low": 0, "high": math.nan}):
        with pytest.raises(ValueError, match=r"^(low|high) is nan: allowed is a number or None$"):
            ganbook.claim("x", 1.0, **band, null=-1)


@pytest.mark.parametrize("null", [0.5, 0.4, 0.6, math.nan, torch.tensor(0.5)])
def test_a_band_that_holds_its_null_is_refused(null):
    """The figure could be what it would be if the sentence were false; a null that is no number excludes nothing."""
    with pytest.raises(ValueError, match=r"^null is .*, and the band of 'accuracy' is 0.4 to 0.6: allowed"):
        ganbook.claim("accuracy", 0.5, 0.4, 0.6, null=null)
    assert not ganbook.measured()


@pytest.mark.parametrize(("given", "said"), [({}, "both missing"), ({"null": 0, "exact": True}, "both given")])
def test_a_claim_has_a_null_or_is_exact(given, said):
    with pytest.raises(ValueError, match=rf"^null and exact are {said}: allowed is what the figure would be otherwise"):
        ganbook.claim("x", 1.0, low=0.9995, high=1.0002, **given)


@pytest.mark.parametrize(
    "band", [(0.99, 1.01), (-0.01, 0.01), (None, 0.002), (1.0, None), (0.999, 1.0011), (0.0, 2e-3)]
)
def test_a_wide_band_is_not_exact(band):
    with pytest.raises(ValueError, match=r"^the band of 'x' is .*: allowed with exact=True"):
        ganbook.claim("x", 1.0, *band, exact=True)


@pytest.mark.parametrize(
    ("value", "band"), [(1.0, (0.9995, 1.0004)), (0.0, (None, 1e-5)), (0.0, (-1e-4, 1e-4)), (3, (3, 3))]
)
def test_a_narrow_band_is_exact(value, band):
    ganbook.claim("x", value, *band, exact=True)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "path", lambda name: tmp_path / f"{name}.json")
    (tmp_path / "luck.json").write_text('{"runs": [{"seed": 0, "date": "2026-11-01"}]}')


def test_a_replayed_figure_says_where_it_comes_from(shelf, capsys):
    ganbook.replayed("score", 2.0, high=3, null=9, source="luck", seeds=5)
    assert capsys.readouterr().out == (
        "score: 2  (band: at most 3, null: 9, benchmarks/luck.py, 2026-11-01, 5 seeds)\n"
    )
    ganbook.replayed("floors", 2.0, high=3, null=9, source="zoo/dcgan-digits", seeds=1)
    day = ganbook.zoo.card("dcgan-digits")["scored"][:10]
    assert f"card of dcgan-digits, {day}, one seed" in capsys.readouterr().out


def test_a_replayed_figure_keeps_the_rules_of_a_claim(shelf):
    with pytest.raises(ganbook.ClaimError, match=r"^score: 4  \(band: at most 3, null: 9, benchmarks/luck.py"):
        ganbook.replayed("score", 4.0, high=3, null=9, source="luck", seeds=5)
    with pytest.raises(ValueError, match=r"^null is 2, and the band of 'score'"):
        ganbook.replayed("score", 1.0, high=3, null=2, source="luck", seeds=5)
    with pytest.raises(ValueError, match=r"^name is 'skill': allowed is one of luck"):
        ganbook.replayed("score", 1.0, high=3, null=9, source="skill", seeds=5)
    with pytest.raises(ValueError, match=r"^name is 'nothing': the zoo holds .*dcgan-digits"):
        ganbook.replayed("score", 1.0, high=3, null=9, source="zoo/nothing", seeds=1)
    with pytest.raises(ValueError, match=r"^seeds is 0: allowed is 1 or more"):
        ganbook.replayed("score", 1.0, high=3, null=9, source="luck", seeds=0)


def test_all_claims_in_order_as_text_and_as_a_table(shelf):
    ganbook.claim("first", 1, low=0, null=-1)
    ganbook.claim("second <b>", 2, high=3, null=7.5)
    ganbook.claim("first", 4, low=0, null=-2)  # a cell that was run again
    assert repr(ganbook.measured()) == (
        "first: 4  (band: at least 0, null: -2)\nsecond <b>: 2  (band: at most 3, null: 7.5)"
    )
    table = ganbook.measured()._repr_html_()
    assert table.count("<tr>") == 3 and "second &lt;b&gt;" in table and "<b>" not in table
    assert table.count("<th scope='col'>") == 4, "a screen reader can name the columns"
    assert "<td>at most 3</td><td>7.5</td>" in table
    assert [claim.value for claim in ganbook.measured()] == [4.0, 2.0]


def test_what_was_not_measured_on_the_page_stands_apart(shelf):
    ganbook.replayed("stored", 2.0, high=3, null=9, source="luck", seeds=5)
    ganbook.claim("here", 1, low=0, null=-1)
    here, elsewhere = ganbook.measured()._repr_html_().split("</table>")[:2]
    assert "here" in here and "stored" not in here and "ganbook-replayed" not in here
    assert "stored" in elsewhere and "<td>benchmarks/luck.py, 2026-11-01, 5 seeds</td>" in elsewhere
    assert "ganbook-replayed" in elsewhere and elsewhere.count("<th scope='col'>") == 5


def test_a_failed_claim_is_in_the_table_too():
    with pytest.raises(ganbook.ClaimError):
        ganbook.claim("wrong", 5, high=3, null=9)
    (kept,) = ganbook.measured()
    assert kept.value == 5.0 and not kept.holds


def test_the_log_for_tools(tmp_path, monkeypatch):
    log = tmp_path / "claims.jsonl"
    monkeypatch.setenv("GANBOOK_CLAIMS", str(log))
    ganbook.claim("größer", 1, low=0, null=-1)
    with pytest.raises(ganbook.ClaimError):
        ganbook.claim("b", 2, high=1, null=3)
    ganbook.claim("c", 0, high=1e-6, exact=True)
    rest = {"source": ""}
    assert [json.loads(line) for line in log.read_text("utf-8").splitlines()] == [
        {"name": "größer", "value": 1.0, "low": 0, "high": None, "null": -1.0, **rest},
        {"name": "b", "value": 2.0, "low": None, "high": 1, "null": 3.0, **rest},
        {"name": "c", "value": 0.0, "low": None, "high": 1e-6, "null": None, **rest},
    ]

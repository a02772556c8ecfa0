"""The tools that measure pages and show the measurements."""

from __future__ import annotations

import json
import re

import pytest

import measure
import measured
from ganbook.claims import EXACT
from pages import ROOT, _entries, name, notebooks, pages
from sabotage import MISSED, WAYS


def test_ranges_widen_over_seeds_and_begin_anew_with_other_cells():
    def claim(value: float) -> dict:
        return {"name": "modes", "value": value, "low": 7, "high": None, "null": 10 - value, "source": ""}

    known: dict = {}
    measure.merge(known, [claim(8)], "smoke", "cells", seed=0)
    measure.merge(known, [claim(7)], "smoke", "cells", seed=1)
    measure.merge(known, [claim(5)], "laptop", "cells", seed=0)
    whole = {"min": 7, "max": 8, "runs": 2, "low": 7, "high": None, "null": [2, 3], "source": ""}
    assert known["modes"]["smoke"] == {**whole, "seeds": [0, 1], "cells": "cells"}
    assert known["modes"]["laptop"]["min"] == 5
    measure.merge(known, [{**claim(0), "name": "identity", "null": None}], "gpu", "cells", seed=0)
    assert known.pop("identity")["gpu"]["null"] is None
    measure.merge(known, [{**claim(6), "name": "renamed"}], "smoke", "others", seed=0)
    assert set(known["modes"]) == {"laptop"} and set(known["renamed"]) == {"smoke"}
    measure.merge(known, [], "laptop", "others", seed=0)
    assert "modes" not in known


def test_tables_are_made_from_what_was_measured():
    head, rows = measured.timings({"game/a": {"smoke": {"seconds": 12.4, "hardware": "2 cores"}}})
    assert rows == [["game/a", "12 s on 2 cores", "not measured", "not measured"]]
    assert len(head) == len(rows[0])
    of_page = {"min": 7.0, "max": 8.0, "low": 7, "high": None, "null": [1.0, 2.0], "source": "", "runs": 5}
    stored = of_page | {"max": 7.0, "high": 7, "null": None, "source": "benchmarks/modes.py, 5 seeds"}
    same = of_page | {"max": 7.0}
    made = {"modes": of_page, "stored": stored, "the same": same, "once": same | {"runs": 1}}
    head, rows = measured.claims({"game/a": {name: {"smoke": run} for name, run in made.items()}})
    assert rows == [
        ["game/a", "modes", "smoke", "7 to 8", "at least 7", "1 to 2", "5"],
        ["game/a", "stored", "smoke", "7", "7", "an identity", "benchmarks/modes.py, 5 seeds"],
        ["game/a", "the same", "smoke", "7", "at least 7", "1 to 2", "1, no seed changes it"],
        ["game/a", "once", "smoke", "7", "at least 7", "1 to 2", "1"],
    ]
    assert {len(row) for row in rows} == {len(head)}


def test_the_table_of_sabotage_leaves_out_what_does_not_concern_a_page():
    tried = {"game/a": {"D never updated": "ClaimError: x", "conditions shuffled": "does not concern it"}}
    head, rows = measured.sabotage(tried)
    assert rows == [["game/a", "D never updated", "ClaimError: x"]] and len(head) == 3


def test_no_way_of_breaking_training_went_unnoticed():
    files = (measured.FILES[what][0] for what in ("claims", "sabotage"))
    claimed, tried = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    assert tried.keys() == claimed.keys(), "run tools/sabotage.py with the pages that differ"
    assert all(tuple(said) == WAYS for said in tried.values())
    unnoticed = {(page, way) for page, of in tried.items() for way, said in of.items() if said == MISSED}
    assert unnoticed == set()


def test_every_file_makes_a_table():
    assert set(measured.MAKERS) == set(measured.FILES)
    for what, (path, _) in measured.FILES.items():
        if path.is_file():  # else its page says how to make it
            head, rows = measured.MAKERS[what](json.loads(path.read_text(encoding="utf-8")))
            assert rows and {len(row) for row in rows} == {len(head)}, what


def test_the_table_of_checks_adds_up():
    head, rows = measured.checks(json.loads(measured.FILES["checks"][0].read_text(encoding="utf-8")))
    assert {len(row) for row in rows} == {len(head)}
    *tasks, total = rows
    exercises = [page for page in map(name, notebooks()) if re.fullmatch(r"exercises/\w+", page)]
    assert len({row[0] for row in tasks}) == len(exercises) >= 4
    for column in (2, 3):
        assert int(total[column]) == sum(int(row[column]) for row in tasks)


@pytest.mark.parametrize("what", ["claims", "timings"])
def test_measurements_are_of_pages_that_exist(what):
    path, _ = measured.FILES[what]
    if not path.is_file():
        pytest.fail(f"{path.relative_to(ROOT)} is missing: run make timings")
    content = json.loads(path.read_text(encoding="utf-8"))
    assert set(content) <= set(map(name, notebooks()))
    chapters = {page for page in map(name, notebooks()) if page.startswith(("game/", "images/", "control/"))}
    assert chapters <= set(content), "a chapter was never measured: run make timings"


def test_measured_claims_lie_in_their_bands():
    claims = json.loads(measured.FILES["claims"][0].read_text(encoding="utf-8"))
    for page, made in claims.items():
        for claim, budgets in made.items():
            for budget, range_ in budgets.items():
                low, high = range_["low"], range_["high"]
                assert low is None or range_["min"] >= low, (page, claim, budget)
                assert high is None or range_["max"] <= high, (page, claim, budget)


@pytest.mark.parametrize("budget", ["smoke", "laptop"])
def test_claims_were_measured_under_five_seeds(budget):
    claims = json.loads(measured.FILES["claims"][0].read_text(encoding="utf-8"))
    # What only the larger budgets train long enough for is claimed there alone.
    made = [(page, claim, of) for page, all_ in claims.items() for claim, of in all_.items() if budget in of]
    runs = {(page, claim): of[budget]["runs"] for page, claim, of in made}
    assert len(runs) > 100
    few = {key: count for key, count in runs.items() if count < 5}
    assert few == {}, "run tools/measure.py with the names of these pages"


def too_wide(of_claim: dict[str, dict]) -> bool:
    """Whether a band reaches further than the figure's range beyond it, on a side where its null is not.

    So it is at most twice as wide as the range, where the null's side does not count: there the null stays outside,
    however near. One band is for every budget that was run under five seeds, and so is one range. A figure that no
    seed moves has a quarter of itself as room, for other machines. Identities and replayed figures have other rules.
    """
    made = [run for run in of_claim.values() if run["runs"] >= 5 and run["null"] and not run["source"]]
    if not made:
        return False
    low, high = made[0]["low"], made[0]["high"]
    least, most = min(run["min"] for run in made), max(run["max"] for run in made)
    room, size = most - least, max(abs(least), abs(most))
    if room <= EXACT * size:
        room = size / 4
    null_below = any(run["null"][0] < least for run in made)
    null_above = any(run["null"][1] > most for run in made)
    above = high is not None and not null_above and high > most + room
    below = low is not None and not null_below and low < least - room
    return above or below


def test_bands_are_at_most_twice_as_wide_as_the_range_of_five_seeds():
    claims = json.loads(measured.FILES["claims"][0].read_text(encoding="utf-8"))
    wide = {(page, claim) for page, made in claims.items() for claim, of in made.items() if too_wide(of)}
    assert wide == set(), "narrow the band, or open its end"


@pytest.mark.parametrize(
    ("low", "high", "null", "wide"),
    [
        (5, 13, 4, False),
        (5, 13.1, 4, True),
        (-9, 13, -10, False),
        (7, 99, 100, False),
        (6.9, 99, 100, True),
        (5, None, 4, False),
        (None, 12, 13, False),
        (0, 99, None, False),
    ],
)
def test_a_band_is_too_wide_where_its_null_is_not(low, high, null, wide):
    run = {"low": low, "high": high, "null": null and [null, null], "source": "", "min": 9, "max": 10, "runs": 5}
    assert too_wide({"smoke": run, "laptop": run | {"min": 10, "max": 11}}) == wide, "9 to 11 at both together"
    assert not too_wide({"smoke": run | {"runs": 4}}) and not too_wide({"smoke": run | {"source": "zoo"}})


@pytest.mark.parametrize(("high", "wide"), [(12.5, False), (12.6, True)])
def test_a_figure_that_no_seed_moves_has_room_for_other_machines(high, wide):
    run = {"low": 9, "high": high, "null": [1, 1], "source": "", "min": 10, "max": 10, "runs": 5}
    assert too_wide({"smoke": run}) == wide


def test_the_list_of_pages_is_complete_and_has_no_double():
    found = pages()
    assert len(found) == len(set(found)) >= 20
    toc = {"root": "a", "parts": [{"chapters": [{"file": "b", "sections": [{"file": "c"}]}, {"url": "http://x"}]}]}
    assert list(_entries(toc)) == ["a", "b", "c"]

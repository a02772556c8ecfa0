"""What was measured stays: only missing seeds run, one by one, for the page as it is now."""

from __future__ import annotations

import json
import os
from unittest import mock

import pytest

import measure
from execute import Execution
from ganbook import claims

PAGE = """
import ganbook, os
seed, budget = int(os.environ["GANBOOK_SEED"]), os.environ["GANBOOK_BUDGET"]
ganbook.claim("modes", 8 - seed, 2, 8, null=seed - 9)
if budget == "laptop":
    ganbook.claim(f"of {budget}", 0, high=1, null=2)
"""
SETUP = {"cell_type": "code", "metadata": {"tags": ["setup"]}, "source": ["%pip install ganbook"]}


class Course:
    """A course of small pages, run in this process; `ran` lists budget and seed of each run."""

    def __init__(self, folder):
        self.folder, self.ran, self.claims, self.timings = folder, [], folder / "claims.json", folder / "timings.json"

    def write(self, *cells, page="a", setup=SETUP):
        code = [{"cell_type": "code", "metadata": {}, "source": cell.splitlines(keepends=True)} for cell in cells]
        (self.folder / f"{page}.ipynb").write_text(json.dumps({"cells": [setup, *code]}))

    def execute(self, path, timeout, environment, first=""):
        self.ran.append((path.stem, environment["GANBOOK_BUDGET"], int(environment["GANBOOK_SEED"])))
        try:
            with mock.patch.dict(os.environ, environment):
                exec("\n".join([first, *measure.code(path)]), {})
        except AssertionError as error:
            return Execution(path, None, 1.0, f"cell\n{error}")
        return Execution(path, None, 1.0, None)

    def measured(self, *arguments, budget="smoke", seeds=5):
        """Run the tool; returns the seeds that ran at this budget."""
        self.ran.clear()
        given = ["measure.py", "--budget", budget, "--seeds", str(seeds), *arguments]
        with mock.patch("sys.argv", given), pytest.raises(SystemExit) as ended:
            measure.main()
        self.status = ended.value.code
        return [seed for _, _, seed in self.ran]

    def of(self, claim="modes", budget="smoke", page="a"):
        return json.loads(self.claims.read_text())[page][claim][budget]


@pytest.fixture
def course(tmp_path, monkeypatch):
    made = Course(tmp_path)
    monkeypatch.setattr(measure, "execute", made.execute)
    monkeypatch.setattr(measure, "CLAIMS", made.claims)
    monkeypatch.setattr(measure, "TIMINGS", made.timings)
    monkeypatch.setattr(measure, "notebooks", lambda: sorted(tmp_path.glob("*.ipynb")))
    monkeypatch.setattr(measure, "name", lambda path: path.stem)
    monkeypatch.setattr(claims, "_keep", claims._keep)  # what `go_on` replaces
    made.write(PAGE)
    return made


def test_fewer_seeds_than_are_kept_take_nothing_away(course):
    assert course.measured() == [0, 1, 2, 3, 4] and course.status == 0
    whole = course.of()
    assert whole.pop("cells")
    rest = {"low": 2, "high": 8, "source": "", "null": [-9, -5]}
    assert whole == {"min": 4, "max": 8, "runs": 5, "seeds": [0, 1, 2, 3, 4], **rest}
    before = course.claims.read_bytes()
    assert course.measured(seeds=1) == [] == course.measured()
    assert course.claims.read_bytes() == before


def test_only_missing_seeds_run(course):
    assert course.measured(seeds=2) == [0, 1]
    assert course.measured(seeds=4) == [2, 3]
    assert (course.of()["min"], course.of()["max"], course.of()["runs"]) == (5, 8, 4)


def test_a_seed_that_one_claim_lacks_is_missing(course):
    course.measured(budget="laptop", seeds=3)
    content = json.loads(course.claims.read_text())
    content["a"]["modes"]["laptop"]["seeds"].remove(1)
    course.claims.write_text(json.dumps(content))
    assert course.measured(budget="laptop", seeds=3) == [1]


def test_a_run_may_be_stopped_and_goes_on_where_it_was(course, monkeypatch):
    def stopped(path, timeout, environment, first):
        if environment["GANBOOK_SEED"] == "3":
            raise KeyboardInterrupt
        return course.execute(path, timeout, environment, first)

    monkeypatch.setattr(measure, "execute", stopped)
    with mock.patch("sys.argv", ["measure.py", "--budget", "smoke"]), pytest.raises(KeyboardInterrupt):
        measure.main()
    assert course.of()["seeds"] == [0, 1, 2]
    monkeypatch.setattr(measure, "execute", course.execute)
    assert course.measured() == [3, 4]


def test_budgets_are_kept_apart(course):
    assert course.measured(seeds=2) == [0, 1]
    assert course.measured(budget="laptop", seeds=3) == [0, 1, 2]
    assert course.of()["runs"] == 2 and course.of("of laptop", "laptop")["runs"] == 3
    assert course.measured(seeds=2) == [], "a claim that only laptop makes is not missing at smoke"


@pytest.mark.parametrize("changed", [PAGE.replace("8 - seed", "7 - seed"), PAGE.replace("modes", "covered")])
def test_changed_code_starts_anew_and_a_name_that_is_gone_goes(course, changed):
    course.measured()
    course.write(changed)
    assert course.measured(seeds=1) == [0]
    ((_, ranges),) = json.loads(course.claims.read_text())["a"].items()
    assert ranges["smoke"]["runs"] == 1 and ranges["smoke"]["min"] == ranges["smoke"]["max"]


def test_another_budget_keeps_its_old_range_until_it_runs(course):
    course.measured(budget="laptop")
    course.write(PAGE.replace("8 - seed", "7 - seed"))
    course.measured()
    assert course.of(budget="laptop")["runs"] == 5, "old, and better than none"
    assert course.measured(budget="laptop") == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "changed",
    [
        "# a comment\n" + PAGE.replace("8 - seed", "(8 -\n  seed)"),
        PAGE.replace("2, 8, null", "low=2, high=8, null"),
    ],
)
def test_comments_and_layout_are_no_change(course, changed):
    course.measured()
    course.write(*changed.split("\nif", 1)[:1], "if" + changed.split("\nif", 1)[1])
    assert course.measured() == []


def test_a_new_version_of_the_library_is_no_change(course):
    course.measured()
    course.write(PAGE, setup={**SETUP, "source": ["%pip install 'ganbook >= 2'"]})
    assert course.measured() == []


def test_a_band_is_read_from_the_page_and_asks_for_no_run(course):
    course.measured()
    course.write(PAGE.replace("2, 8", "high=9.5"))
    assert course.measured() == []
    assert (course.of()["low"], course.of()["high"], course.of()["runs"]) == (None, 9.5, 5)


@pytest.mark.parametrize("before", ["'x', 1, 0, 2 * 1", "f'x', 1, 0, 10"])
def test_a_band_that_is_not_read_is_another_version(course, before):
    course.write(f"import ganbook\nganbook.claim({before}, null=-1)")
    course.measured(seeds=2)
    course.write(f"import ganbook\nganbook.claim({before}0, null=-1)")
    assert course.measured(seeds=2) == [0, 1]


def test_a_band_that_stands_elsewhere_is_left_as_it_was_made(course):
    course.write("import ganbook\nSAME = {'high': 1e-5, 'exact': True}\nganbook.claim('x', 0.0, **SAME)")
    course.measured(seeds=1)
    assert course.measured(seeds=1) == [] and course.of("x")["high"] == 1e-5


def test_two_claims_of_one_name_have_bands_of_their_own(course):
    twice = "import ganbook\nganbook.claim('x', 1, 0, {}, null=-1)\nganbook.claim('x', 1, 0, 8, null=-1)"
    course.write(twice.format(3))
    course.measured(seeds=1)
    course.write(twice.format(4))
    assert course.measured(seeds=1) == [0]


def test_a_claim_outside_its_band_stops_nothing_and_is_told(course, capsys):
    course.write(PAGE.replace("2, 8", "6, 8"), "ganbook.claim('later', 1, high=1, null=2)")
    assert course.measured(seeds=4) == [0, 1, 2, 3] and course.status == 1
    assert "a smoke: modes: 5 to 8 (band: 6 to 8)\n" in capsys.readouterr().out
    assert course.of()["runs"] == 4 == course.of("later")["runs"]
    assert course.measured(seeds=4) == [] and course.status == 1, "it stays outside"
    course.write(PAGE.replace("2, 8", "5, 8"), "ganbook.claim('later', 1, high=1, null=2)")
    assert course.measured(seeds=4) == [] and course.status == 0


def test_a_figure_that_is_no_number_breaks_the_run_off(course):
    course.write(PAGE, "ganbook.claim('broken', float('nan'), high=1, null=2)")
    assert course.measured(seeds=1) == [0] and course.status == 1
    assert course.of()["seeds"] == []


def test_a_run_that_broke_off_takes_nothing_away(course):
    later = "ganbook.claim('later', 1, high=1, null=2)"
    course.write(PAGE, later)
    course.measured(seeds=2)
    course.write(PAGE, "assert False", later)
    course.measured(seeds=1)
    assert course.of()["runs"] == 0 and course.of("later")["runs"] == 2


def test_ranges_of_an_unknown_version_are_kept_and_measured_again(course):
    course.measured(seeds=2)
    content = json.loads(course.claims.read_text())
    del content["a"]["modes"]["smoke"]["cells"]
    course.claims.write_text(json.dumps(content))
    assert course.measured(seeds=2) == [0, 1]


def test_anew(course):
    course.measured(seeds=3)
    assert course.measured("--anew", seeds=2) == [0, 1]
    assert course.of()["seeds"] == [0, 1] and course.of()["min"] == 7


def test_nothing_is_timed_unless_asked(course):
    course.write("x = 1", page="plain")
    assert course.measured(seeds=2) == [0, 1] and not course.timings.exists()
    assert course.measured("--timings", seeds=3) == [0, 2, 0], "seed 0 of every page, and what is missing"
    timings = json.loads(course.timings.read_text())
    assert set(timings) == {"a", "plain"} and timings["a"]["smoke"]["seconds"] == 1.0
    assert course.of()["runs"] == 3


def test_entries_that_another_writes_meanwhile_stay(course, monkeypatch):
    def beside(path, timeout, environment, first):
        content = measure.load(course.claims)
        content["b"] = {"other": {"smoke": {"min": int(environment["GANBOOK_SEED"])}}}
        course.claims.write_text(json.dumps(content))
        return course.execute(path, timeout, environment, first)

    course.write("x = 1", page="b")
    monkeypatch.setattr(measure, "execute", beside)
    course.measured("a", seeds=2)
    assert course.of("other", page="b") == {"min": 1} and course.of()["runs"] == 2


def test_a_list_of_numbers_is_one_line(course):
    course.measured(seeds=2)
    lines = [line.strip().rstrip(",") for line in course.claims.read_text().splitlines()]
    assert '"seeds": [0, 1]' in lines and '"null": [-9.0, -8.0]' in lines


def test_a_page_that_is_changed_while_it_runs_is_not_kept(course, monkeypatch):
    def edited(path, timeout, environment, first):
        if environment["GANBOOK_SEED"] == "1":
            course.write(PAGE.replace("8 - seed", "7 - seed"))
        return course.execute(path, timeout, environment, first)

    monkeypatch.setattr(measure, "execute", edited)
    assert course.measured(seeds=3) == [0, 1] and course.status == 1
    assert course.of()["seeds"] == [0]


def test_a_file_is_written_whole_or_not_at_all(course, monkeypatch):
    course.measured(seeds=1)
    before = course.claims.read_bytes()
    monkeypatch.setattr(measure.json, "dumps", lambda *_, **__: "{")
    monkeypatch.setattr(measure.Path, "replace", mock.Mock(side_effect=OSError))
    with pytest.raises(OSError):
        measure.save(course.claims, {"a": {}})
    assert course.claims.read_bytes() == before


def test_an_identity_has_no_null(course):
    course.write("import ganbook\nganbook.claim('identity', 0.0, high=1e-6, exact=True)")
    course.measured(seeds=2)
    assert course.of("identity")["null"] is None and course.of("identity")["runs"] == 2


def test_unknown_pages_are_refused(course, capsys):
    with mock.patch("sys.argv", ["measure.py", "c"]), pytest.raises(SystemExit):
        measure.main()
    assert "not in _toc.yml: c" in capsys.readouterr().err

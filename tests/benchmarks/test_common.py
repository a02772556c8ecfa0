"""What the benchmarks share: turns, medians, stamps, the lines of the last table."""

import subprocess
import sys

import pytest

from benchmarks import __main__ as bench
from benchmarks import common, stopwatch
from benchmarks.common import Figure
from ganbook import results
from pages import ROOT


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "path", lambda name: tmp_path / f"{name}.json")
    return tmp_path


def test_ways_are_measured_in_turn_and_the_first_turn_is_not_counted():
    calls = []

    def way(name):
        calls.append(name)
        return float(len(calls))

    found = stopwatch.in_turn({name: lambda name=name: way(name) for name in "ab"}, repeats=2)
    assert calls == list("ababab") and found == {"a": [3.0, 5.0], "b": [4.0, 6.0]}
    assert stopwatch.ratios(found["a"], found["b"]) == [3 / 4, 5 / 6]


def test_a_way_is_timed_by_the_clock_that_is_given():
    ticks = iter([10.0, 12.5])
    done = []
    assert stopwatch.timed(lambda: done.append(1), lambda: next(ticks))() == 2.5 and done == [1]


def test_the_median_is_said_with_its_range():
    assert stopwatch.middle([3.0, 1.0, 2.0]) == "2.00 (1.00 to 3.00)"
    assert stopwatch.middle([2.0], ".0f") == "2"


PEAK = "from benchmarks.stopwatch import peak_memory; held = b'1' * (%d << 20); del held; print(peak_memory())"


@pytest.mark.skipif(not stopwatch.STATUS.exists(), reason="the system does not say")
def test_the_largest_memory_is_of_the_process_alone():
    """Not of its parent, and of what it has let go of too."""
    here = bytearray(300 << 20)
    here[:: 1 << 12] = b"1" * len(here[:: 1 << 12])  # touched
    small, large = (
        float(subprocess.run([sys.executable, "-c", PEAK % size], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
        for size in (0, 200)
    )
    assert small < 100 and 190 < large - small < 230 and stopwatch.peak_memory() > 300


def test_a_system_that_does_not_say_gives_none(monkeypatch, tmp_path):
    monkeypatch.setattr(stopwatch, "STATUS", tmp_path / "none")
    assert stopwatch.peak_memory() is None


def test_options_are_of_their_defaults_kind(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["it", "--seeds", "7", "--budget", "smoke"])
    found = common.options("Doc.", seeds=3, seconds=60.0, only="", budget=("laptop", "smoke"))
    assert vars(found) == {"seeds": 7, "seconds": 60.0, "only": "", "budget": "smoke"}
    for wrong in (["--seeds", "x"], ["--budget", "gpu"]):
        monkeypatch.setattr(sys, "argv", ["it", *wrong])
        with pytest.raises(SystemExit):
            common.options("Doc.", seeds=3, budget=("laptop", "smoke"))


def test_every_run_is_stamped_and_a_whole_result_takes_the_place_of_the_old(shelf):
    common.sweep("luck", [{"seed": 0}], lambda cell: {"score": 1.5, "notes": [1]}, beside=2)
    (run,) = results.load("luck")["runs"]
    assert run == {"seed": 0, "score": 1.5, "notes": [1], **common.stamp()} and results.load("luck")["beside"] == 2
    common.keep("luck", {"only": 1})
    assert results.load("luck") == {"only": 1, **common.stamp()}


def test_scores_are_of_the_runs_that_have_them():
    runs = [{"method": "a", "x": 1.0}, {"method": "b", "x": 2.0}, {"method": "a"}, {"method": "a", "x": None}]
    assert common.over(runs, "x", method="a") == [1.0] and common.over(runs, "x") == [1.0, 2.0]


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Figure("it", [1.0, 3.0, 2.0]), ("2.00 (1.00 to 3.00)", "")),
        (Figure("it", [1.6], low=1.5), ("1.60", "asked ≥ 1.50")),
        (Figure("it", [1.4], low=1.5, chance=0.5), ("1.40", "asked ≥ 1.50: not reached; chance 0.50")),
        (Figure("it", [1.2], high=1.15), ("1.20", "asked ≤ 1.15: not reached")),
        (Figure("it", [1.1], high=1.15), ("1.10", "asked ≤ 1.15")),
        (Figure("it", [600.0], ".0f", bound=True), ("≥ 600", "")),
        (Figure("it", [1.0, 1.0, 9.0], high=2.0), ("1.00 (1.00 to 9.00)", "asked ≤ 2.00")),  # the median is asked
        (Figure("it", [1.0, 1.0, 9.0], high=2.0, each=True), ("1.00 (1.00 to 9.00)", "asked ≤ 2.00: not reached")),
    ],
)
def test_a_figure_says_what_was_asked_and_whether_it_is_reached(figure, said):
    assert figure.row() == ("it", *said)


def test_columns_stand_one_under_the_other():
    assert common.table([("a", "bb", ""), ("ccc", "d", "e")]) == "a    bb\nccc  d   e"


# -- make bench ---------------------------------------------------------------------------------------------------


def test_the_table_has_lines_of_every_kept_result_and_runs_the_quick_ones(monkeypatch, capsys):
    started = []
    monkeypatch.setattr(bench.subprocess, "run", lambda command, **_: started.append(command[-1]))
    monkeypatch.setattr(bench.results, "when", lambda name: f"day of {name}")
    monkeypatch.setattr(sys, "argv", ["bench"])
    bench.main()
    assert started == ["benchmarks.import_time", "benchmarks.throughput"]
    printed = capsys.readouterr().out
    head, *lines = printed.split("\n\n")[1].splitlines()
    assert head.split("  ")[0] == "benchmark" and {line.split()[0] for line in lines} == {*bench.QUICK, *bench.LONG}
    for name in sorted({*bench.LONG[1:]} & {*results.names()}):
        mine = [line for line in lines if line.startswith(name)]
        assert mine and all(line.endswith(f"day of {name}") for line in mine)
    monkeypatch.setattr(sys, "argv", ["bench", "--full"])
    bench.main()
    assert started[2:] == [f"benchmarks.{name}" for name in (*bench.QUICK, *bench.LONG)]


def test_every_script_is_in_the_table():
    scripts = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {
        "__init__",
        "__main__",
        "common",
        "scaling",
        "stopwatch",
        "tutorial",
    }
    assert scripts == {*bench.QUICK, *bench.LONG}


def test_a_result_that_is_not_there_is_said(shelf):
    import benchmarks.modes

    assert bench.lines(benchmarks.modes) == [("modes", "no result yet", "", "", "")]

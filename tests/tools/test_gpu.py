"""The script for a GPU, tried on the CPU of a machine made bare: every part reports, and none takes another with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest

import gpu
from ganbook import recipes, zoo
from ganbook.zoo import shelf
from repository import ROOT

ABSENT = ("openmoji", "emoji", "resvg", "mlxtend", "ganbook", "__editable__", "pytest", "_pytest")
"""What such a machine lacks, by how its files begin; pytest too, so that one part fails."""

PARTS = """
import os, subprocess, sys, time
from pathlib import Path

def well(until): return {"left": until - time.time()}
def falls(until): raise ValueError("as asked")
def dies(until): os._exit(3)
def hangs(until):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("child").write_text(str(child.pid))
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the whole script leaves behind at the smallest budget."""
    folder = tmp_path_factory.mktemp("gpu")
    site = folder / "site"
    site.mkdir()
    for path in (place for entry in sys.path if entry.endswith("site-packages") for place in Path(entry).iterdir()):
        if not path.name.startswith(ABSENT) and not (site / path.name).exists():
            (site / path.name).symlink_to(path)
    gpu.pack(folder / "data.zip", sizes=(64,))
    script = [str(ROOT / "tools/gpu.py"), "out", "--data", "data.zip", "--budget", "smoke", "--minutes", "30"]
    command = [sys.executable, "-S", *script, "--recipes", "conditional-digits"]
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", "GANBOOK_CACHE": str(folder / "none")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (folder / "none").exists(), "it read another cache than the carried one"
    return folder / "out"


@pytest.fixture(scope="module")
def parts(out: Path) -> dict[str, Any]:
    report = json.loads((out / gpu.REPORT).read_text())
    assert report["finished"] and report["budget"] == "smoke"
    found: dict[str, Any] = report["parts"]
    return found


def test_few_small_files_come_back(out: Path) -> None:
    files = sorted(path for path in out.rglob("*"))
    assert [path.name for path in files] == ["conditional-digits.zip", gpu.REPORT]
    assert all(path.stat().st_size < gpu.MOST_BYTES for path in files)


def test_every_part_reports_also_after_one_that_failed(parts: dict[str, Any]) -> None:
    names = ["tests", "conditional-digits", "throughput fp32", "throughput bf16"]
    assert list(parts) == names
    assert parts["tests"]["error"] == "ModuleNotFoundError: No module named 'pytest'"
    assert [name for name in names if "error" in parts[name]] == ["tests"]


def test_a_recipe_is_timed_and_trained_to_the_end_of_its_annealing(parts: dict[str, Any]) -> None:
    found, steps = parts["conditional-digits"], recipes.get("conditional-digits").at("smoke").steps
    assert found["recipe_steps"] == found["planned_steps"] == found["card"]["steps"] == steps
    assert found["annealed"] is True and found["card"]["budget"] == "smoke"
    timing = found["timing"]
    assert 0 < timing["ms_low"] <= timing["ms_per_round"] <= timing["ms_high"]
    assert timing["images_per_second"] == pytest.approx(1000 * timing["batch_size"] / timing["ms_per_round"])
    # Two measurements of the same rounds, one cold: within an order of magnitude on any machine.
    assert 0.1 < found["card"]["minutes"] / timing["minutes_of_recipe"] < 30


def test_a_recipe_that_does_not_exist_is_skipped(tmp_path: Path) -> None:
    found = gpu.run("dcgan-nothing", "smoke", tmp_path / "run", tmp_path, time.time() + 60)
    assert found == {"skipped": "no recipe is called dcgan-nothing"} and not list(tmp_path.iterdir())


def test_the_run_comes_back_whole(out: Path, tmp_path: Path) -> None:
    with ZipFile(out / "conditional-digits.zip") as archive:
        assert tuple(archive.namelist()) == gpu.KEPT
        archive.extractall(tmp_path)
    sampler = recipes.load_run(tmp_path)
    assert sampler.sample(3).shape == (3, 1, 28, 28)
    assert (tmp_path / "samples.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_our_loop_is_measured_against_the_tutorials(parts: dict[str, Any], precision: str) -> None:
    found = parts[f"throughput {precision}"]
    assert found["precision"] == precision and found["machine"]["cores"] == os.cpu_count()
    for size in ("64 px", "128 px"):
        ways = found[size]
        assert list(ways) == ["ours", "tutorial", "tutorial_fed"]
        assert all(0 < way["low"] <= way["images_per_second"] <= way["high"] for way in ways.values())
        assert ways["ours"]["ours_over_it"] == 1 and ways["tutorial"]["ours_over_it"] > 0
        assert len({way["turns"] for way in ways.values()}) == 1 and ways["ours"]["turns"] > 0


def test_a_share_too_short_for_the_recipe_gets_fewer_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "timed", lambda recipe, seconds: {"ms_per_round": 60_000.0})
    found = gpu.run("conditional-digits", "smoke", tmp_path / "run", tmp_path, time.time() + 600)
    assert 7 <= found["planned_steps"] == found["card"]["steps"] <= 9 < found["recipe_steps"]
    assert found["annealed"] is True


def test_a_run_that_is_slower_than_planned_is_stopped_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "timed", lambda recipe, seconds: {"ms_per_round": 0.001})
    seconds = chain([0.0, 0.0], repeat(100.0))  # while it is planned, and ever after
    monkeypatch.setattr(gpu, "time", SimpleNamespace(time=lambda: next(seconds)))
    found = gpu.run("conditional-digits", "smoke", tmp_path / "run", tmp_path, 10.0)
    assert found["annealed"] is False and found["card"]["steps"] == 1 < found["planned_steps"]


@pytest.mark.parametrize(
    ("name", "said"), [("falls", "ValueError: as asked"), ("dies", "its process ended with status 3")]
)
def test_a_part_that_fails_is_one_line_of_the_report(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parts_that_fail.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    import parts_that_fail  # type: ignore[import-not-found]

    assert gpu.attempt(getattr(parts_that_fail, name), 5, 60)["error"] == said
    assert 0 < gpu.attempt(parts_that_fail.well, 500, 60)["left"] < 500


def test_a_part_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parts_that_hang.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    import parts_that_hang  # type: ignore[import-not-found]

    assert gpu.attempt(parts_that_hang.hangs, 1, 15)["error"] == "not done after 15 s"
    child = Path("/proc", (tmp_path / "child").read_text(), "stat")
    time.sleep(0.5)
    assert not child.exists() or child.read_text().split()[2] == "Z"


def test_what_a_part_leaves_the_next_ones_get_and_the_report_is_as_new_as_the_last_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []

    def attempt(part: Any, seconds: float, most: float) -> dict[str, Any]:
        written: Any = {"parts": {}, "finished": False}
        if shares:
            written = json.loads((tmp_path / gpu.REPORT).read_text())
        assert list(written["parts"]) == ["a", "b", "c"][: len(shares)] and not written["finished"]
        assert seconds < most <= 480 + 24
        shares.append(seconds)
        return {"error": "as asked"}

    monkeypatch.setattr(gpu, "attempt", attempt)
    parts = [(1.0, "a", gpu.tests), (1.0, "b", gpu.tests), (2.0, "c", gpu.tests)]
    gpu.one_after_another(parts, 8, tmp_path, "gpu")
    assert shares == [pytest.approx(share, abs=5) for share in (480 / 4, 480 / 3, 480)]
    report = json.loads((tmp_path / gpu.REPORT).read_text())
    assert report["finished"] and set(report["parts"]) == {"a", "b", "c"}
    gpu.one_after_another(parts, -1, tmp_path, "gpu")
    assert len(shares) == 3
    assert json.loads((tmp_path / gpu.REPORT).read_text())["parts"]["c"] == {"skipped": "no time was left"}


def test_what_came_back_is_packed_beside_the_zoos_card(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu.unpack(out, tmp_path)
    assert "conditional-digits: " in (said := capsys.readouterr().out) and "the zoo keeps gpu" in said
    get = recipes.get
    monkeypatch.setattr(recipes, "get", lambda name: replace(get(name), score=lambda *_: {"floors": 2.5}))
    monkeypatch.setattr(shelf, "BUDGET", "smoke")
    gpu.unpack(out, tmp_path)
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line.strip()}
    steps = recipes.get("conditional-digits").at("smoke").steps
    assert rows["steps"] == [str(zoo.card("conditional-digits")["steps"]), str(steps)]
    assert rows["metrics.floors"][-1] == "2.5"
    assert json.loads((tmp_path / "conditional-digits/zoo/card.json").read_text())["metrics"] == {"floors": 2.5}


def test_what_is_carried_is_not_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "MOST_CARRIED", 1000)
    with pytest.raises(SystemExit, match="allowed is 1000"):
        gpu.pack(tmp_path / "data.zip", sizes=())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "one of OUT, --pack FILE and --unpack OUT is needed"),
        (["out", "--unpack", "out"], "one of OUT"),
        (["out", "--recipes", *map(str, range(8))], "recipes are 8: allowed are 7"),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu.py", *arguments])
    with pytest.raises(SystemExit) as refused:
        gpu.main()
    assert refused.value.code == 2 and said in capsys.readouterr().err

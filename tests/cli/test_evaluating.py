"""``evaluate``: models, runs and folders, with n, floor and interval; what to install for more."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from ganbook import zoo
from ganbook.cli.reports import print_report
from tests.cli.command import ganbook, one_sentence
from tests.recipes.test_reports import blots, written


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise OSError("no network in a test")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", no_network)


def test_a_folder_against_a_folder(tmp_path: Path):
    made, real = written(tmp_path / "made", blots(120, 0)), written(tmp_path / "real", blots(240, 1))
    done = ganbook("evaluate", str(made), "--against", str(real), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["folder"], found["against"], found["features"]) == (str(made), str(real), "pixels")
    assert found["note"].startswith("seen as 8 x 8 pixels only: ") and found["n"] == 120
    assert found["floors_interval"][0] < found["floors"] < found["floors_interval"][1]
    done = ganbook("evaluate", str(made), "--against", str(real), "--n", "20", "--size", "8", "--features", "pixels")
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert rows["precision"][2] != "" and rows["frechet_distance"][-1] == "20" and rows["size"] == ["size", "8"]
    assert "note" not in rows


def test_the_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    made, real = written(tmp_path / "made", blots(12, 0)), written(tmp_path / "real", blots(12, 1))
    done = ganbook("evaluate", str(made), "--against", str(real))
    assert done.returncode == 0 and 'pip install "ganbook[inception]"' in done.stdout
    done = ganbook("evaluate", str(made), "--against", str(real), "--features", "inception")
    assert done.returncode == 1 and 'pip install "ganbook[inception]"' in one_sentence(done)


def test_inception_scores_a_folder_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class Eyes(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.flatten(1)[:, ::50]

    monkeypatch.setitem(importlib.import_module("ganbook.metrics.features")._MADE, "inception", Eyes)
    made, real = written(tmp_path / "made", blots(12, 0)), written(tmp_path / "real", blots(12, 1))
    found = json.loads(ganbook("evaluate", str(made), "--against", str(real), "--json").stdout)
    assert found["features"] == "inception" and "note" not in found


def test_a_model_against_a_folder_of_classes(tmp_path: Path):
    """Digits of the zoo against real ones that lie in folders: labels are judged, copies sought."""
    from ganbook import data

    digits = data.load("digits", "test")
    for number in range(0, len(digits), len(digits) // 200):
        place = tmp_path / "real" / str(int(digits.labels[number]))
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(digits.images[number, 0].numpy()).save(place / f"{number}.png")
    done = ganbook(
        "evaluate",
        "conditional-digits",
        "--against",
        str(tmp_path / "real"),
        "--n",
        "100",
        "--features",
        "digits",
        "--json",
    )
    found = json.loads(done.stdout)
    assert found["features"] == "digits" and found["referee"]["features"] == "digits-referee", done.stderr
    assert found["n_real"] >= 200 and found["floors"] < 10 and found["memorisation_copies"] < 0.2
    assert "class_agreement" not in found, "the zoo's classes have no names to compare"
    done = ganbook("evaluate", "text-digits", "--against", str(tmp_path / "real"))
    assert done.returncode == 2 and "ganbook sample --each FOLDER" in one_sentence(done)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["made"], "NAME_OR_DIR is made, a folder of pictures: --against FOLDER names the real ones"),
        (["made", "--data", "real"], "--against FOLDER names the real ones"),
        (["made", "--against", "nowhere"], "--against is nowhere, and there is no such folder"),
        (["vae-digits", "--against", "nowhere"], "--against is nowhere, and there is no such folder"),
        (["vae-digits", "--size", "20"], "--size is 20, but a model's samples have their own size"),
        (["vae-digits", "--against", "real", "--data", "real"], "--against and --data do not go together"),
        (["made", "--against", "real", "--features", "eyes"], "--features is 'eyes': allowed is one of digits"),
        (["ring", "--n", "20"], "NAME_OR_DIR is 'ring'"),
        (["empty"], "holds no finished run"),
    ],
)
def test_what_cannot_be_compared_is_said(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    written(Path("made"), blots(6, 0)), written(Path("real"), blots(6, 1))
    Path("empty").mkdir()
    done = ganbook("evaluate", *arguments)
    assert done.returncode in (1, 2) and sentence in one_sentence(done)


def test_points_against_pictures_are_refused(run: Path, tmp_path: Path):
    done = ganbook("evaluate", str(run), "--against", str(written(tmp_path / "real", blots(6, 1))))
    assert done.returncode == 2 and "samples of this model are points" in one_sentence(done)


def test_chosen_features_and_n_for_a_model_of_the_zoo():
    done = ganbook("evaluate", "vae-digits", "--features", "pixels", "--n", "40", "--json")
    found = json.loads(done.stdout)
    assert (found["features"], found["n_samples"], found["split"]) == ("pixels", 40, "test"), done.stderr
    card = zoo.card("vae-digits")
    found = json.loads(ganbook("evaluate", "vae-digits", "--n", "60", "--json").stdout)
    assert found["n_samples"] == 60 and found["features"] == card["metrics"]["features"] == "digits"


def test_scores_stand_beside_their_company(capsys: pytest.CaptureFixture[str]):
    report = {
        "frechet_distance": 12.5, "frechet_interval": [11.0, 14.0], "floor": 3.0, "floor_spread": 0.25, "n": 50,
        "precision": 0.5, "precision_real": 0.75, "n_pairs": 40, "class_share": [0.25, 0.75], "split": "test",
        "referee": {"features": "other", "floors": None},
    }  # fmt: skip
    print_report(report)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["frechet_distance", "12.5", "11", "to", "14", "3", "±", "0.25", "50"] in lines
    assert ["precision", "0.5", "0.75", "40"] in lines and ["class_share", "0.25", "0.75"] in lines
    assert ["referee"] in lines and ["floors", "None"] in lines and ["split", "test"] in lines

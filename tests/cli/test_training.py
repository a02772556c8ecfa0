"""``train``: settings by options, a run that goes on by itself, TensorBoard's events, own pictures from end to end."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.command import ganbook, one_sentence

TINY = ("--size", "16", "--batch-size", "4", "--steps", "2")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures in three folders, and a run on them."""
    place = tmp_path_factory.mktemp("own")
    for i in range(60):
        folder = place / "mine" / ("blue", "green", "red")[i % 3]
        folder.mkdir(parents=True, exist_ok=True)
        colour = tuple(200 if part == i % 3 else 3 * i for part in (2, 1, 0))
        Image.new("RGB", (30, 24), colour).save(folder / f"{i}.png")
    done = ganbook("train", "dcgan-folder", "--data", str(place / "mine"), "--out", str(place / "run"), *TINY)
    assert done.returncode == 0, done.stderr
    return place


def test_settings_are_options_and_the_card_keeps_them(own: Path):
    card = json.loads((own / "run" / "card.json").read_text("utf-8"))
    assert card["changes"] == {"steps": 2, "batch_size": 4, "size": 16} and card["batch_size"] == 4
    assert card["root"] == str((own / "mine").resolve())
    assert Image.open(own / "run" / "samples.png").size[0] > 8 * 16


def test_the_history_is_a_table(own: Path):
    with (own / "run" / "history.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2"] and float(rows[0]["d_loss"]) > 0


def test_a_run_knows_its_data_and_recipe_when_it_goes_on(own: Path, tmp_path: Path):
    out = str(tmp_path / "run")
    ganbook("train", "dcgan-folder", "--data", str(own / "mine"), "--out", out, *TINY, "--seed", "5")
    done = ganbook("train", "--resume", "--out", out, "--steps", "4")
    assert done.returncode == 0 and "dcgan-folder: 4 rounds" in done.stdout, done.stderr
    card = json.loads((tmp_path / "run" / "card.json").read_text("utf-8"))
    assert (card["seed"], card["steps"], card["changes"]["size"]) == (5, 4, 16)
    done = ganbook("train", "dcgan-digits", "--resume", "--out", out)
    assert done.returncode == 1 and "holds a run of dcgan-folder, not of dcgan-digits" in one_sentence(done)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--size", "64x48"], "--size is '64x48': allowed is a whole number, the side of a square in"),
        (["--size", "100000"], "--size is 100000: allowed is"),
        (["--batch-size", "0"], "--batch-size is 0: allowed is"),
        (["--lr", "-1"], "--lr is -1.0: allowed is"),
        (["--fit", "stretch"], "--fit is 'stretch': allowed is one of crop, squeeze, pad"),
        (["--channels", "2"], "--channels is 2: allowed is"),
        (["--augment", "flip"], "--augment is 'flip': allowed is one of none, shift, differentiable"),
        (["--precision", "fp16"], "--precision is 'fp16': allowed is one of float32, bf16"),
        (["--data", "nowhere"], "nowhere is not a folder"),
    ],
)  # fmt: skip
def test_settings_that_are_not_allowed_are_named_by_their_option(options: list[str], sentence: str, own: Path):
    given = options if "--data" in options else [*options, "--data", str(own / "mine")]
    done = ganbook("train", "dcgan-folder", "--out", str(own / "never"), *given)
    assert done.returncode == (1 if "--data" in options else 2) and sentence in one_sentence(done)
    assert not (own / "never").exists() or not list((own / "never").glob("*.json"))


def test_settings_for_pictures_are_refused_where_none_are_read():
    done = ganbook("train", "ring", "--jitter")
    assert done.returncode == 2 and one_sentence(done).startswith("ganbook: --jitter is True, but ring reads no")


def test_a_broken_file_is_named_with_the_way_out(tmp_path: Path):
    for i in range(12):
        Image.new("RGB", (20, 20), (i, 9, 9)).save(tmp_path / f"{i}.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    asked = ("train", "dcgan-folder", "--data", str(tmp_path), "--out", str(tmp_path / "run"), *TINY)
    done = ganbook(*asked)
    assert done.returncode == 1 and "broken.jpg" in one_sentence(done) and "--skip-broken" in one_sentence(done)
    assert "skip_broken" not in one_sentence(done)
    (tmp_path / "run").rename(tmp_path.parent / f"{tmp_path.name}-run")  # its pictures would be data, too
    done = ganbook(*asked[:4], "--out", str(tmp_path.parent / f"{tmp_path.name}-again"), *TINY, "--skip-broken")
    assert done.returncode == 0, done.stderr


def test_classes_of_ones_own_are_rows_and_have_names(own: Path, tmp_path: Path):
    out = str(tmp_path / "run")
    done = ganbook("train", "conditional-folder", "--data", str(own / "mine"), "--out", out, "--steps", "1")
    assert done.returncode == 0, done.stderr
    done = ganbook("sample", out, "--label", "all", "--n", "2", "--each", str(tmp_path / "made"))
    assert done.returncode == 0 and "6 files" in done.stdout
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["blue", "green", "red"]
    done = ganbook("sample", out, "--label", "green", "--n", "1", "--out", str(tmp_path / "one.png"))
    assert done.returncode == 0, done.stderr
    done = ganbook("sample", out, "--label", "pink", "--out", str(tmp_path / "no.png"))
    assert done.returncode == 2 and "--label is 'pink': allowed is blue, green, red or 0 to 2" in one_sentence(done)


def test_transparent_pictures_stay_transparent_from_the_folder_to_single_files(tmp_path: Path):
    for i in range(14):
        picture = Image.new("RGBA", (24, 24), (200, 10 * i, 30, 0))
        picture.paste((200, 10 * i, 30, 255), (6, 6, 18, 18))
        (tmp_path / "mine").mkdir(exist_ok=True)
        picture.save(tmp_path / "mine" / f"{i}.png")
    asked = ("dcgan-folder", "--data", str(tmp_path / "mine"), "--out", str(tmp_path / "run"), "--channels", "4")
    done = ganbook("train", *asked, *TINY, "--augment", "differentiable", "--tensorboard")
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "run" / "samples.png").mode == "RGB", "a grid is laid on white"
    done = ganbook("sample", str(tmp_path / "run"), "--n", "5", "--each", str(tmp_path / "made"))
    made = [Image.open(path) for path in (tmp_path / "made").iterdir()]
    assert done.returncode == 0 and {(of.mode, of.size) for of in made} == {("RGBA", (16, 16))}
    for given in ([str(tmp_path / "run")], [str(tmp_path / "made"), "--against", str(tmp_path / "mine")]):
        done = ganbook("evaluate", *given, "--n", "12", "--features", "pixels", "--json")
        assert done.returncode == 0 and json.loads(done.stdout)["floors"] > 0, done.stderr
    done = ganbook("sample", str(tmp_path / "run"), "--n", "2", "--out", str(tmp_path / "two.jpg"))
    assert done.returncode == 0, done.stderr


def test_translated_transparent_pictures(tmp_path: Path):
    for side in "AB":
        (tmp_path / "mine" / side).mkdir(parents=True)
        for i in range(6):
            Image.new("RGBA", (24, 24), (40 * i, 99, 30, 128)).save(tmp_path / "mine" / side / f"{i}.png")
    asked = ("pix2pix-folder", "--data", str(tmp_path / "mine"), "--out", str(tmp_path / "run"), "--channels", "4")
    assert ganbook("train", *asked, "--size", "32", "--steps", "1").returncode == 0
    source, out = str(tmp_path / "mine" / "A"), str(tmp_path / "made")
    done = ganbook("sample", str(tmp_path / "run"), "--source", source, "--each", out, "--out", f"{out}.png")
    assert done.returncode == 0 and "6 pairs" in done.stdout, done.stderr
    assert Image.open(tmp_path / "made" / "0.png").mode == "RGBA" and Image.open(f"{out}.png").mode == "RGB"


def test_what_a_run_leaves_in_the_folder_of_its_data_is_no_data(own: Path, tmp_path: Path):
    shutil.copytree(own / "mine", tmp_path / "mine")
    asked = ("--out", str(tmp_path / "mine" / "runs" / "first"), "--steps")
    done = ganbook("train", "dcgan-folder", "--data", str(tmp_path / "mine"), *TINY[:4], *asked, "2")
    assert done.returncode == 0, done.stderr
    done = ganbook("train", "--resume", *asked, "4")
    assert done.returncode == 0 and "4 rounds" in done.stdout, done.stderr


def test_events_for_tensorboard(tmp_path: Path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    out = tmp_path / "run"
    done = ganbook("train", "ring", "--out", str(out), "--tensorboard")
    assert done.returncode == 0, done.stderr
    events = accumulator.EventAccumulator(str(out / "tensorboard")).Reload()
    with (out / "history.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert set(events.Tags()["scalars"]) == set(rows[0]) - {"step"}
    written = [(event.step, event.value) for event in events.Scalars("d_loss")]
    assert written == [(int(row["step"]), pytest.approx(float(row["d_loss"]), rel=1e-4)) for row in rows]
    assert not events.Tags()["images"], "points are no picture"


def test_without_the_package_events_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    done = ganbook("train", "ring", "--out", str(tmp_path / "run"), "--tensorboard")
    assert done.returncode == 1 and 'pip install "ganbook[tensorboard]"' in one_sentence(done)
    assert not (tmp_path / "run").exists(), "it is said before the first round"

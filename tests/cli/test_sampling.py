"""``sample``: rows of classes, single files, folders translated, the way back, films; and what does not go together."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganbook import recipes, zoo
from ganbook.data import to_uint8
from tests.cli.command import ganbook, one_sentence


@pytest.fixture(autouse=True)
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pixels(path: str | Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"))


def test_single_files_are_the_samples(tmp_path: Path):
    done = ganbook("sample", "vae-digits", "--n", "5", "--seed", "3", "--each", "made")
    assert done.returncode == 0 and done.stdout == "5 files: made\n" and not Path("samples.png").exists()
    assert sorted(path.name for path in Path("made").iterdir()) == [f"{i:05d}.png" for i in range(5)]
    expected = to_uint8(zoo.load("vae-digits").sample(5, seed=3))[:, 0]
    assert all((pixels(f"made/{i:05d}.png") == expected[i].numpy()).all() for i in range(5))
    done = ganbook("sample", "vae-digits", "--n", "2", "--each", "made")
    assert done.returncode == 2 and "--each is made, which is there already: allowed is a new" in one_sentence(done)
    done = ganbook("sample", "vae-digits", "--n", "2", "--each", "both", "--out", "grid.jpg")
    assert done.returncode == 0 and Image.open("grid.jpg").format == "JPEG" and len(list(Path("both").iterdir())) == 2


def test_all_classes_are_rows_and_files_lie_in_their_folders():
    done = ganbook("sample", "conditional-digits", "--label", "all", "--n", "3")
    assert done.returncode == 0 and "30 samples: samples.png" in done.stdout and "  row 10: 9" in done.stdout
    wide, high = Image.open("samples.png").size
    assert high / wide == pytest.approx((10 * 30 + 2) / (3 * 30 + 2), rel=0.01)
    one = ganbook("sample", "conditional-digits", "--label", "4", "--n", "1", "--out", "four.png")
    assert one.returncode == 0 and "row" not in one.stdout
    done = ganbook("sample", "conditional-digits", "--label", "all", "--n", "2", "--each", "made")
    assert done.returncode == 0 and sorted(path.name for path in Path("made").iterdir()) == list("0123456789")
    judged = zoo.load("conditional-digits").sample(labels=[y for y in range(10) for _ in range(2)])
    assert (pixels("made/7/00014.png") == to_uint8(judged)[14, 0].numpy()).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["conditional-digits", "--label", "ten"], "--label is 'ten': allowed is 0 to 9"),
        (["conditional-digits", "--label", "10"], "--label is '10': allowed is 0 to 9"),
        (["vae-digits", "--label", "all"], "--label is all, but vae-digits knows no classes"),
        (["vae-digits", "--truncation", "0"], "--truncation is 0.0: allowed is a finite number, above 0"),
        (["vae-digits", "--direction", "BtoA"], "--direction is BtoA, but vae-digits has no way back: a CycleGAN has"),
        (["pix2pix-emoji", "--direction", "btoa"], "a CycleGAN has; pix2pix-folder-reversed trains the other way"),
        (["cyclegan-emoji", "--direction", "back"], "--direction is 'back': allowed is AtoB or BtoA"),
        (["cyclegan-emoji", "--truncation", "0.5"], "--truncation is 0.5, but cyclegan-emoji takes no latents"),
        (["cyclegan-emoji", "--source", "nowhere"], "--source is nowhere, and there is no such file or folder"),
        (["vae-digits", "--interpolate", "1", "2", "--each", "x"], "--each and --interpolate do not go together"),
        (["vae-digits", "--interpolate", "1", "2", "--out", "x.mp4"], "--out is x.mp4: allowed is a name that ends"),
        (["cyclegan-emoji", "--interpolate", "1", "2", "--source", "a.png"], "latents, and cyclegan-emoji takes none"),
        (["vae-digits", "--data", "."], "--data is ., but nothing is read for these samples"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_exits_2(arguments: list[str], sentence: str):
    Image.new("RGB", (40, 40)).save("a.png")
    done = ganbook("sample", *arguments)
    assert done.returncode == 2 and sentence in one_sentence(done)
    assert not list(Path().glob("*.gif")) and not Path("x").exists() and not Path("samples.png").exists()


def test_truncation_makes_samples_more_alike():
    for name, truncation in (("all", "1"), ("few", "0.3")):
        ganbook("sample", "conditional-digits", "--label", "3", "--n", "16", "--truncation", truncation, "--each", name)
    spread = [np.stack([pixels(path) for path in Path(name).iterdir()]).std(0).mean() for name in ("all", "few")]
    assert spread[1] < 0.7 * spread[0]


def test_a_film_walks_from_one_seed_to_another():
    done = ganbook("sample", "vae-digits", "--interpolate", "1", "2", "--frames", "6", "--out", "film.gif")
    assert done.returncode == 0 and done.stdout == "6 frames from seed 1 to seed 2: film.gif\n"
    film = Image.open("film.gif")
    assert film.n_frames == 6
    shown = []
    for number in range(6):
        film.seek(number)
        shown.append(np.asarray(film.convert("L")).astype(float))
    scale = len(shown[0]) // 28
    for frame, seed in ((0, 1), (5, 2)):
        drawn = to_uint8(zoo.load("vae-digits").sample(1, seed=seed))[0, 0].numpy()
        assert np.abs(shown[frame][::scale, ::scale] - drawn).mean() < 4, "but for GIF's few colours"
    steps = [np.abs(a - b).mean() for a, b in pairwise(shown)]
    assert max(steps) < np.abs(shown[0] - shown[-1]).mean(), "no step is as long as the way"


@pytest.mark.parametrize(
    ("model", "more"),
    [("conditional-digits", ["--label", "8"]), ("conditional-digits", []), ("text-digits", ["--caption", "a seven"])],
)
def test_films_of_conditional_models(model: str, more: list[str]):
    done = ganbook("sample", model, "--interpolate", "0", "1", "--frames", "3", "--n", "4", *more)
    assert done.returncode == 0, done.stderr
    film = Image.open("film.gif")
    wide, high = film.size
    assert film.n_frames == 3 and wide > 3 * high, "four samples in a row"


def folder_of_pictures(place: Path) -> None:
    (place / "more").mkdir(parents=True)
    for name, colour in (("a.png", "white"), ("more/b.jpg", "black"), ("more/c.png", "red")):
        Image.new("RGB", (50, 60), colour).save(place / name)


def test_a_folder_is_translated_file_by_file(tmp_path: Path):
    folder_of_pictures(tmp_path / "mine")
    done = ganbook("sample", "cyclegan-emoji", "--source", "mine", "--each", "made")
    assert done.returncode == 0 and done.stdout == "3 files: made\n"
    made = sorted(path.relative_to("made").as_posix() for path in Path("made").rglob("*.png"))
    assert made == ["a.png", "more/b.png", "more/c.png"]
    sampler = zoo.load("cyclegan-emoji")
    expected = to_uint8(sampler.sample(sources=recipes.prepared(sampler, tmp_path / "mine/more/c.png")[None]))[0]
    assert (np.asarray(Image.open("made/more/c.png")) == expected.permute(1, 2, 0).numpy()).all()
    done = ganbook("sample", "cyclegan-emoji", "--source", "mine", "--out", "grid.png")
    assert done.returncode == 0 and "3 pairs of source and translation: grid.png" in done.stdout
    done = ganbook("sample", "cyclegan-emoji", "--source", "mine", "--n", "1", "--each", "first")
    assert done.stdout == "1 file: first\n" and [path.name for path in Path("first").iterdir()] == ["a.png"]
    Image.new("RGB", (50, 60)).save(tmp_path / "mine/a.jpg")
    ganbook("sample", "cyclegan-emoji", "--source", "mine", "--each", "again")
    names = {path.relative_to("again").as_posix() for path in Path("again").rglob("*.png")}
    assert {"a.png.png", "a.jpg.png"} <= names, "neither stands in the other's place"


def test_a_cyclegan_translates_both_ways():
    there = ganbook("sample", "cyclegan-emoji", "--n", "2", "--out", "there.png")
    back = ganbook("sample", "cyclegan-emoji", "--n", "2", "--direction", "BtoA", "--out", "back.png")
    assert there.returncode == back.returncode == 0, back.stderr
    colours = [np.asarray(Image.open(name)).astype(int) for name in ("there.png", "back.png")]
    vivid = [np.abs(picture[..., 0] - picture[..., 2])[:, : picture.shape[1] // 4].mean() for picture in colours]
    assert vivid[1] > 2 * vivid[0], "lines are the sources of one, colours of the other"
    Image.new("RGB", (32, 32), "orange").save("orange.png")
    done = ganbook("sample", "cyclegan-emoji", "--source", "orange.png", "--direction", "BtoA", "--each", "made")
    sampler = zoo.load("cyclegan-emoji")
    with torch.no_grad():
        expected = sampler.generator.back(recipes.prepared(sampler, "orange.png")[None])
    assert done.returncode == 0
    assert (np.asarray(Image.open("made/orange.png")) == to_uint8(expected)[0].permute(1, 2, 0).numpy()).all()


def test_points_are_drawn_and_are_no_files(run: Path):
    done = ganbook("sample", str(run), "--n", "5", "--each", "made")
    assert done.returncode == 2 and "--each writes pictures, and these samples are points" in one_sentence(done)
    done = ganbook("sample", str(run), "--interpolate", "0", "1")
    assert done.returncode == 2 and "these samples are points" in one_sentence(done)
    done = ganbook("sample", str(run), "--out", "points.jpg")
    assert done.returncode == 2 and ".png, for points" in one_sentence(done)

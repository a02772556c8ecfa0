"""Pictures as people bring them, from the folder to samples: by class, by captions, in pairs, broken, and few."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from ganbook import data, recipes
from ganbook.models import unknown_words


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path / "cache"))


def draw(
    path: Path, colour: tuple[int, ...] = (200, 90, 20), size: tuple[int, int] = (24, 20), mode: str = "RGB"
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


COLOURS = {"blue": (20, 40, 220), "green": (30, 200, 40), "red": (220, 30, 30)}


def by_class(root: Path) -> Path:
    """Three classes of 20, 6 and 3 pictures."""
    for (name, colour), n in zip(COLOURS.items(), (20, 6, 3), strict=True):
        for i in range(n):
            draw(root / name / f"{name}-{i}.png", colour)
    return root


# -- classes ------------------------------------------------------------------------------------------------------


def test_a_folder_of_classes_from_training_to_a_grid_by_class(tmp_path: Path):
    recipe = recipes.get("conditional-folder").changed(size=16)
    run = recipe.train("smoke", root=by_class(tmp_path / "own"), out=tmp_path / "run", progress=False)
    sampler = recipes.load_run(tmp_path / "run")
    assert (sampler.classes, sampler.card["class_names"]) == (3, ["blue", "green", "red"])
    assert sampler.generator.classes == 3 and run.history["step"] == [1, 2]
    asked = []
    plain = sampler.sample

    def spy(**kwargs):
        asked.append(kwargs["labels"])
        return plain(**kwargs)

    sampler.sample = spy
    assert recipes.recipe_of(sampler).draw(sampler, 16).shape == (15, 3, 16, 16)
    assert asked[0].tolist() == [0] * 5 + [1] * 5 + [2] * 5, "class by class"
    recipes.recipe_of(sampler).draw(sampler, 2)
    assert asked[1].tolist() == [0, 1, 2], "none is left out"


def test_rare_classes_are_drawn_as_often_as_common_ones(tmp_path: Path):
    recipe = recipes.get("conditional-folder").at("smoke")
    train = recipe.load_data("train", by_class(tmp_path))
    drawn = Counter(label for batch in islice(train.batches(9, seed=1), 10) for label in batch.labels.tolist())
    assert set(drawn.values()) == {30}
    assert not recipe.load_data("test", tmp_path).balanced
    plain = recipes.get("dcgan-folder").at("smoke").load_data("train", tmp_path)
    counts = Counter(label for batch in islice(plain.batches(9, seed=1), 10) for label in batch.labels.tolist())
    assert counts[0] > 2 * counts[2]


def test_colours_of_three_classes_are_learned(tmp_path: Path):
    recipe = recipes.get("conditional-folder").changed(size=16, steps=240, batch_size=12, lr=2e-3)
    recipe = dataclasses.replace(recipe, ema_half_life=0.0)
    run = recipe.train("smoke", root=by_class(tmp_path), progress=False)
    means = recipe.draw(run.sampler, 24).mean((2, 3)).view(3, 8, 3).mean(1)
    assert means.argmax(1).tolist() == [2, 1, 0], means


@pytest.mark.parametrize(
    ("below", "said"), [((), "pictures that do not all lie in sub-folders"), (("a",), "one class")]
)
def test_a_folder_without_classes_is_refused_before_the_first_round(below, said, tmp_path: Path, monkeypatch):
    for i in range(12):
        draw(tmp_path.joinpath("own", *below, f"{i}.png"))
    monkeypatch.setattr("ganbook.recipes.recipe.fit", lambda *_, **__: pytest.fail("a round was played"))
    with pytest.raises(
        data.DataError, match=rf"^conditional-folder needs two classes or more, .*{said}: dcgan-folder needs"
    ):
        recipes.get("conditional-folder").train("smoke", root=tmp_path / "own", progress=False)


# -- captions -----------------------------------------------------------------------------------------------------


def test_a_folder_of_captions_makes_its_own_vocabulary(tmp_path: Path, capsys):
    for i, (name, colour) in enumerate(list(COLOURS.items()) * 10):
        draw(tmp_path / "own" / f"{i}.png", colour)
        (tmp_path / "own" / f"{i}.txt").write_text(f"a {name} picture\nein {name} Gemälde\n")
    recipe = recipes.get("text-folder").changed(size=16)
    run = recipe.train("smoke", root=tmp_path / "own", out=tmp_path / "run", progress=False)
    words = ("a", "blue", "ein", "gemalde", "green", "picture", "red")
    generator = recipes.load_run(tmp_path / "run").generator
    assert generator.encoder.tokenizer.words == words
    assert unknown_words(generator, "a purple Gemälde") == ("purple",)
    n = len(data.load("captions-folder", root=tmp_path / "own"))
    assert f"{n} captioned images, 7 different words\n" in capsys.readouterr().err
    assert recipes.recipe_of(run.sampler).draw(run.sampler, 2).shape[1:] == (3, 16, 16)


def test_captions_without_words_are_refused(tmp_path: Path):
    for i in range(12):
        draw(tmp_path / f"{i}.png")
        (tmp_path / f"{i}.txt").write_text("…\n")
    with pytest.raises(
        data.DataError, match=r"^text-folder needs captions with words in the letters a to z, and found none"
    ):
        recipes.get("text-folder").train("smoke", root=tmp_path, progress=False)


# -- pairs and sides ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pix2pix-folder", "pix2pix-folder-reversed", "cyclegan-folder"])
def test_two_folders_and_nothing_else_train_a_translator(name: str, tmp_path: Path):
    for i in range(12):
        draw(tmp_path / "own" / "A" / f"{i}.png", (10 * i, 0, 0))
        draw(tmp_path / "own" / "B" / f"{i}.jpg", (0, 0, 10 * i))
    recipe = recipes.get(name).changed(size=32)
    run = recipe.train("smoke", root=tmp_path / "own", out=tmp_path / "run", progress=False)
    drawn = recipes.recipe_of(run.sampler).draw(recipes.load_run(tmp_path / "run"), 8)
    assert drawn.shape[1:] == (3, 32, 32) and drawn.isfinite().all()


# -- broken, few, and of every kind -------------------------------------------------------------------------------


def test_a_broken_picture_is_named_before_the_first_round_or_left_out(tmp_path: Path, monkeypatch, capsys):
    for i in range(30):
        draw(tmp_path / "own" / f"{i:02}.png")
    (tmp_path / "own" / "07.png").write_bytes((tmp_path / "own" / "07.png").read_bytes()[:50])
    recipe = recipes.get("dcgan-folder").changed(size=16)
    with monkeypatch.context() as patched:
        patched.setattr("ganbook.recipes.recipe.fit", lambda *_, **__: pytest.fail("a round was played"))
        with pytest.raises(
            data.DataError, match=r"07\.png cannot be read as an image .*skip_broken \(--skip-broken\)$"
        ):
            recipe.train("smoke", root=tmp_path / "own", progress=False)
        held_out = data.load("folder", "test", root=tmp_path / "own").files[0]
        draw(tmp_path / "own" / "07.png")
        held_out.write_bytes(b"")
        with pytest.raises(data.DataError, match=rf"{held_out.name} cannot be read as an image"):
            recipe.train("smoke", root=tmp_path / "own", progress=False)
    draw(held_out)
    (tmp_path / "own" / "07.png").write_bytes(b"")
    run = recipe.changed(skip_broken=True).train("smoke", root=tmp_path / "own", out=tmp_path / "run", progress=False)
    assert "1 broken left out: " in capsys.readouterr().err and run.history["step"] == [1, 2]
    assert recipes.recipe_of(run.sampler).skip_broken


@pytest.mark.parametrize("name", ["dcgan-folder", "conditional-folder"])
def test_fewer_pictures_than_a_batch_train(name: str, tmp_path: Path, capsys):
    for i in range(5):
        draw(tmp_path / "ab"[i % 2] / f"{i}.png")
    run = recipes.get(name).changed(size=16).train("smoke", root=tmp_path, progress=False)
    assert run.sampler.card["batch_size"] == 4, "one of the five is held out"
    assert "plays with 4 images per round instead of 8" in capsys.readouterr().out


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
def test_grey_transparent_and_oblong_pictures_train_in_one_folder(channels: int, fit: str, tmp_path: Path):
    kinds = [("L", 120), ("RGBA", (200, 30, 60, 100)), ("P", 3), ("LA", (90, 200)), ("1", 1), ("RGB", (1, 2, 3))]
    for i, (mode, colour) in enumerate(kinds * 4):
        draw(tmp_path / f"{i}.png", colour, (10 + 9 * (i % 5), 30), mode)
    run = (
        recipes.get("dcgan-folder")
        .changed(size=16, channels=channels, fit=fit)
        .train("smoke", root=tmp_path, progress=False)
    )
    assert run.sampler.sample(2).shape == (2, channels, 16, 16)


def test_what_lies_in_test_is_never_trained_on(tmp_path: Path):
    for i in range(12):
        draw(tmp_path / "train" / f"{i}.png", (250, 0, 0))
        draw(tmp_path / "val" / f"{i}.png", (0, 0, 250))
    recipe = recipes.get("dcgan-folder").at("smoke")
    batches = islice(recipe.load_data("train", tmp_path).batches(6), 8)
    assert all((batch.real[:, 2] < -0.9).all() for batch in batches)
    assert (next(recipe.load_data("test", tmp_path).batches(6)).real[:, 2] > 0.9).all()

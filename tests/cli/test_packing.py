"""``pack``: a folder becomes shards, and they train and are judged as the folder does."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.cli.command import ganbook, one_sentence


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("own")
    for i in range(60):
        folder = place / "mine" / ("blue", "red")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 24), (200 * (i % 2), 4 * i, 200 - 200 * (i % 2))).save(folder / f"{i}.png")
    done = ganbook("pack", "folder", "--data", str(place / "mine"), "--out", str(place / "shards"), "--each", "20")
    assert done.returncode == 0, done.stderr
    assert "images to train with, 3 shards" in done.stdout and "images to test with, 1 shard\n" in done.stdout
    return place


def test_shards_train_by_class_go_on_and_are_judged(packed: Path, tmp_path: Path):
    tiny = ("--size", "16", "--batch-size", "4", "--steps", "2", "--out", str(tmp_path / "run"))
    done = ganbook("train", "conditional-folder", "--data", str(packed / "shards"), *tiny)
    assert done.returncode == 0 and "conditional-folder: 2 rounds" in done.stdout, done.stderr
    done = ganbook("train", "--resume", "--out", str(tmp_path / "run"), "--steps", "3")
    assert done.returncode == 0 and "conditional-folder: 3 rounds" in done.stdout, done.stderr
    sides = [str(packed / name) for name in ("shards", "mine")]
    done = ganbook("evaluate", sides[0], "--against", sides[1], "--features", "pixels", "--n", "20")
    assert done.returncode == 0 and "frechet" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["emoji"], 2, "SET is 'emoji': allowed is one of folder, celeba, lsun-bedroom"),
        (["folder"], 2, "--data is missing: allowed is a folder of images"),
        (["folder", "--data", "nowhere"], 1, "nowhere is not a folder"),
        (["folder", "--data", "mine"], 2, "which holds shards of the train split: choose another folder"),
    ],
)
def test_what_cannot_be_packed_is_said(packed: Path, arguments: list[str], status: int, sentence: str):
    given = [str(packed / word) if word == "mine" else word for word in arguments]
    done = ganbook("pack", *given, "--out", str(packed / "shards"))
    assert done.returncode == status and sentence in one_sentence(done)

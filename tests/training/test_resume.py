"""A resumed run is the uninterrupted one, bit for bit, whatever its data are read from and its networks draw."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import TensorDataset

from ganbook import data
from ganbook.data import encoded
from ganbook.models.augment import RandomShift
from ganbook.training import Game, Prior, fit, gan_round

SIZE = 8


def draw(path: Path, i: int, wide: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = torch.randint(256, (SIZE, wide * SIZE, 3), generator=torch.Generator().manual_seed(i), dtype=torch.uint8)
    Image.fromarray(pixels.numpy()).save(path)


def a_folder(root: Path) -> Any:
    for i in range(12):
        draw(root / f"{i}.png", i)
    return data.load("folder", size=SIZE, root=root)


def moved_and_balanced(root: Path) -> Any:
    for i in range(12):
        draw(root / "abc"[i % 3 // 2] / f"{i}.png", i)
    return dataclasses.replace(data.load("folder", size=SIZE, root=root), jitter=0.25, mirror=True, balanced=True)


def a_folder_of_pairs(root: Path) -> Any:
    for i in range(12):
        draw(root / "train" / f"{i}.png", i, wide=2)
    return data.load("pairs-folder", size=SIZE, root=root)


def two_folders(root: Path) -> Any:
    for i in range(12):
        draw(root / "trainA" / f"{i}.png", i)
        draw(root / "trainB" / f"{i}.png", 100 + i)
    return data.load("unpaired-folder", size=SIZE, root=root)


def described_flowers(root: Path) -> Any:
    root.mkdir()
    for split in ("trainval", "test"):
        (root / f"{split}classes.txt").write_text("class_00001\n" if split == "trainval" else "class_00002\n")
    for i in range(1, 14):
        draw(root / "jpg" / f"image_{i:05}.jpg", i)
        text = root / "text_c10" / ("class_00001" if i < 13 else "class_00002") / f"image_{i:05}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text("one way to say it\nanother way\n")
    return data.load("flowers", size=SIZE, root=root)


def one_of_torchs(_: Path) -> Any:
    images = torch.rand(12, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    return TensorDataset(images, torch.arange(12))


class Captions(nn.Module):
    """Notes which captions came, as a running sum, so that another order of them would be another result."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(()))


def round(game: Game, batch: data.Batch) -> dict[str, torch.Tensor]:
    said = batch.captions or ()
    game.memory["captions"].total.mul_(1.1).add_(sum(len(text) for text in said) % 7)
    game.memory["captions"].total.add_(0 if batch.sources is None else batch.sources[0].mean())
    return gan_round(game, batch)


def players(seed: int) -> Game:
    torch.manual_seed(seed)
    pixels = 3 * SIZE * SIZE
    generator = nn.Sequential(nn.Linear(4, pixels), nn.Dropout(0.3), nn.Tanh(), nn.Unflatten(1, (3, SIZE, SIZE)))
    critic = nn.Sequential(RandomShift(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(pixels, 1), nn.Flatten(0))
    return Game(generator, critic, prior=Prior(4), ema_half_life=20.0, memory={"captions": Captions()})


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    "read", [a_folder, moved_and_balanced, a_folder_of_pairs, two_folders, described_flowers, one_of_torchs]
)
def test_a_run_on_files_with_dropout_is_resumed_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], Any], workers: int
):
    monkeypatch.setattr(encoded, "_workers", lambda: workers)
    samples = read(tmp_path / "data")
    settings: Any = {"steps": 9, "batch_size": 4, "progress": False, "checkpoint_every": 2}

    def cut(game: Game, batch: data.Batch) -> dict[str, torch.Tensor]:
        if game.step == 5:
            raise KeyboardInterrupt
        return round(game, batch)

    whole = players(0)
    torch.manual_seed(3)
    history = fit(whole, samples, round, **settings)
    broken = players(0)
    torch.manual_seed(3)
    with pytest.raises(KeyboardInterrupt):
        fit(broken, samples, cut, out=tmp_path, **settings)
    resumed = players(99)
    assert fit(resumed, samples, round, out=tmp_path, resume=True, **settings) == history
    ours, theirs = (
        {**g.generator.state_dict(), **g.discriminator.state_dict(), **g.memory["captions"].state_dict()}
        for g in (resumed, whole)
    )
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items())

"""One DCGAN, four data sets: the numbers of the paper and of the courses, and a run from the files of each."""

from __future__ import annotations

import io
from pathlib import Path

import lmdb
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from ganbook import recipes

NAMES = ("dcgan-cifar10", "dcgan-lsun", "dcgan-faces", "dcgan-folder")


@pytest.mark.parametrize("name", NAMES)
def test_all_four_play_dcgans_game(name: str):
    recipe = recipes.get(name).at("gpu")
    assert (recipe.size, recipe.batch_size, recipe.loss) == (64, 128, "non_saturating")
    assert (recipe.g_lr, recipe.d_lr, recipe.betas) == (2e-4, 2e-4, (0.5, 0.999))
    assert (recipe.r1_gamma, recipe.ema_half_life, recipe.anneal_from) == (0, 0, 1)
    assert recipe.prior.dim == 100
    assert recipe.prior.kind == ("uniform" if name == "dcgan-lsun" else "gaussian")
    game = recipe.at("gpu").game()
    widths = [layer.in_channels for layer in game.generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    widest = 1024 if name == "dcgan-lsun" else 512  # the paper's figure; half of it is what courses use
    assert widths == [100, widest, widest // 2, widest // 4, widest // 8]
    for network in (game.generator, game.discriminator):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.weight.numel() > 5000:
                assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
                assert abs(layer.weight.mean().item()) < 0.002


def test_epochs():
    steps = {name: recipes.get(name).steps for name in NAMES}
    assert steps["dcgan-cifar10"] == 25 * 390  # 50 000 images, 390 whole batches of 128
    assert steps["dcgan-faces"] == 5 * 1271 and steps["dcgan-lsun"] == 23_695


def cifar10(root: Path) -> None:
    folder = root / "cifar-10-batches-bin"
    folder.mkdir()
    rows = np.random.default_rng(0).integers(0, 256, (8, 3073), dtype=np.uint8)
    rows[:, 0] = 1
    for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
        (folder / name).write_bytes(rows.tobytes())


def pictures(folder: Path, n: int) -> list[str]:
    folder.mkdir(parents=True)
    names = [f"{i:06}.jpg" for i in range(1, n + 1)]
    for name in names:
        Image.new("RGB", (178, 218), (len(name), 9, 200)).save(folder / name)
    return names


def celeba(root: Path) -> None:
    names = pictures(root / "img_align_celeba", 12)
    (root / "list_eval_partition.txt").write_text("".join(f"{name} 0\n" for name in names))


def folder(root: Path) -> None:
    pictures(root / "n01440764", 12)


def lsun(root: Path) -> None:
    (root / "bedroom_train_lmdb").mkdir()
    where = str(root / "bedroom_train_lmdb")
    with lmdb.open(where, map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        for i in range(12):
            file = io.BytesIO()
            Image.new("RGB", (40, 30), (i, 2 * i, 3 * i)).save(file, "WEBP")
            transaction.put(b"%040x" % i, file.getvalue())


@pytest.mark.parametrize(("name", "write"), zip(NAMES, (cifar10, lsun, celeba, folder), strict=True))
def test_a_run_from_the_files_of_each(name: str, write, tmp_path: Path):
    write(tmp_path)
    run = recipes.get(name).train("smoke", root=tmp_path, progress=False)
    samples = run.sampler.sample(3)
    assert samples.shape == (3, 3, 64, 64) and torch.isfinite(samples).all()
    assert run.sampler.card["licence"] and set(run.metrics) == {"unscored"} and run.history["step"] == [1, 2]

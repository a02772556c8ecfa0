"""How finished runs are scored: what is asked of a sampler, and that a perfect one is found to be perfect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganbook import data, metrics
from ganbook.data.images import ImageSet, to_float
from ganbook.recipes import reports
from ganbook.training import Sampler


class Copies:
    """Draws digits of the class that is asked for, out of a set."""

    classes, given = 10, "labels"

    def __init__(self, digits: ImageSet) -> None:
        self.images, self.labels = to_float(digits.images), digits.labels
        self.asked: list[torch.Tensor] = []

    def sample(self, n=None, labels=None):
        self.asked.append(labels)
        chance = torch.Generator().manual_seed(7)
        places = [torch.nonzero(self.labels == k)[:, 0] for k in range(10)]
        chosen = [places[k][torch.randint(len(places[k]), (1,), generator=chance)] for k in labels.tolist()]
        return self.images[torch.cat(chosen)]


def test_a_conditional_generator_is_asked_for_random_classes():
    sampler = Copies(data.load("digits", "train"))
    found = reports.of_digits(sampler, lambda split: data.load("digits", split), 600)
    (asked,) = sampler.asked
    counts = torch.bincount(asked, minlength=10)
    assert len(asked) == 600 and len(set(counts.tolist())) > 3, "not as many of each"
    assert 25 < counts.min() <= counts.max() < 100
    assert (found["n"], found["n_samples"]) == (600, 600)
    # Real digits that also lie in the real set, but that is all that is wrong with them.
    for seen in (found, found["referee"]):
        assert 0.4 < seen["floors"] < 1.8 and seen["class_agreement"] > 0.98
    assert set(found["referee"]) >= {"floors", "class_share", "judge_accuracy", "features"}


def test_classes_of_the_real_set_are_named(monkeypatch: pytest.MonkeyPatch):
    told = {}

    def report_images(samples, real, split, labels):
        told["labels"] = labels
        return {"referee": {}}

    monkeypatch.setattr(metrics, "report_images", report_images)
    reports.of_digits(Copies(data.load("digits", "train")), lambda split: data.load("digits", split), 40)
    assert torch.bincount(told["labels"]).tolist() == [500] * 10


def written(folder: Path, images: torch.Tensor) -> Path:
    """uint8 images (N, H, W, 3) as files in a folder."""
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        Image.fromarray(image.numpy()).save(folder / f"{number:03d}.png")
    return folder


def blots(n: int, seed: int, bright: int = 0) -> torch.Tensor:
    """Noise of large grains, brighter in one corner."""
    grains = torch.randint(0, 200, (n, 8, 8, 3), generator=torch.Generator().manual_seed(seed))
    grains[:, :4, :4] += bright
    return grains.clamp(max=255).repeat_interleave(2, 1).repeat_interleave(2, 2).to(torch.uint8)


def test_a_folder_against_a_folder(tmp_path: Path):
    fresh, other, real = blots(60, 0), blots(60, 1, bright=120), blots(120, 2)
    places = [written(tmp_path / name, of) for name, of in (("fresh", fresh), ("other", other), ("real", real))]
    good, bad = (reports.of_folders(place, places[2], features="pixels") for place in places[:2])
    assert (good["n"], good["n_samples"], good["n_real"], good["size"], good["features"]) == (60, 60, 120, 16, "pixels")
    assert abs(good["floors"] - 1) < 0.2 and bad["floors"] > 1.4
    assert 5 * abs(good["kernel_distance"]) < bad["kernel_distance"]
    # torch-fidelity, on means of blocks of pixels that NumPy took from the files.
    fidelity = pytest.importorskip("torch_fidelity.metric_fid")
    for found, place in ((good, places[0]), (bad, places[1])):
        rows = [
            torch.as_tensor(np.stack([np.asarray(Image.open(path)) for path in sorted(of.iterdir())])).double()
            .div(127.5).sub(1).reshape(-1, 8, 2, 8, 2, 3).mean((2, 4)).flatten(1)
            for of in (place, places[2])
        ]  # fmt: skip
        statistics = map(fidelity.fid_features_to_statistics, rows)
        expected = fidelity.fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
        assert found["frechet_all"] == pytest.approx(float(expected), rel=1e-3)
    assert abs(good["memorisation_z"]) < 4 and good["nearest_of_samples"] > 1
    copies = written(tmp_path / "copies", real[:30])
    stolen = reports.of_folders(copies, places[2], features="pixels")
    assert stolen["memorisation_z"] > 4 and stolen["memorisation_copies"] == 1 and stolen["nearest_of_samples"] < 1e-3


def test_folders_of_classes_tell_whether_labels_are_obeyed(tmp_path: Path):
    for root, seed in (("made", 0), ("real", 10)):
        for number, name in enumerate(("dark", "bright")):
            written(tmp_path / root / name, blots(20, seed + number, bright=150 * number))
    found = reports.of_folders(tmp_path / "made", tmp_path / "real", features="pixels")
    assert found["class_agreement"] > 0.9 < found["judge_accuracy"] and found["shuffled_agreement"] < 0.75
    (tmp_path / "made" / "dark").rename(tmp_path / "made" / "dim")
    assert "class_agreement" not in reports.of_folders(tmp_path / "made", tmp_path / "real", features="pixels")


def test_folders_that_cannot_be_compared_are_named(tmp_path: Path):
    few, many = written(tmp_path / "few", blots(3, 0)), written(tmp_path / "many", blots(8, 1))
    for arguments in ((few, many), (many, few)):
        with pytest.raises(data.DataError, match=r"few holds 3 images, and a score takes 4 or more$"):
            reports.of_folders(*arguments, features="pixels")
    with pytest.raises(data.DataError, match="nowhere is not a folder"):
        reports.of_folders(tmp_path / "nowhere", many)


def test_pairs_are_compared_with_their_truths(monkeypatch: pytest.MonkeyPatch):
    """A translator that gives its source back is off by what sources and images differ."""
    images = blots(20, 0).permute(0, 3, 1, 2)
    pairs = ImageSet("mine", "test", images, sources=255 - images)
    sampler = Sampler(torch.nn.Identity(), None, {}, "sources")
    monkeypatch.setattr(Sampler, "device", torch.device("cpu"))
    found = reports.of_images(sampler, lambda split: pairs, 20, "pixels")
    assert found["l1"] == pytest.approx((to_float(images) - to_float(255 - images)).abs().mean().item(), rel=1e-5)
    assert "memorisation_z" not in found


def test_few_test_images_are_joined_by_training_images_and_copies_are_still_sought_by_themselves():
    chosen = blots(60, 0).permute(0, 3, 1, 2)
    splits = {name: ImageSet("mine", name, of) for name, of in (("train", chosen[:50]), ("test", chosen[50:]))}
    made = to_float(blots(60, 1).permute(0, 3, 1, 2))
    generator = torch.nn.Linear(1, 1)
    sampler = Sampler(generator, None, {})
    sampler.sample = lambda n: made[:n]  # type: ignore[method-assign]
    found = reports.of_images(sampler, splits.__getitem__, 100, "pixels")
    assert (found["split"], found["n_real"], found["n_samples"], found["n"]) == ("train and test", 60, 60, 30)
    assert found["n_memorisation"] == 50 and found["memorisation_by"] == "pixels, against train (real: test)"
    assert reports.of_images(sampler, splits.__getitem__, 8, "pixels")["split"] == "test", "where no more are asked for"

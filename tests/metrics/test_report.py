"""A report carries what it takes to read its score."""

from __future__ import annotations

import torch

from ganbook import data, metrics
from ganbook.cli import _print_metrics
from ganbook.data.images import to_float


def test_real_digits_score_near_their_floor_and_noise_far_from_it():
    train, test = (to_float(data.load("digits", split).images) for split in ("train", "test"))
    generator = torch.Generator().manual_seed(0)
    some = train[torch.randperm(len(train), generator=generator)[:1000]]
    real = metrics.report_images(some, test, split="test")
    noise = metrics.report_images(torch.rand(1000, 1, 28, 28, generator=generator) * 2 - 1, test, split="test")
    assert {"frechet_distance", "floor", "n", "n_real", "n_floor", "split", "features"} <= set(real)
    assert (real["n"], real["n_real"], real["n_floor"], real["split"]) == (1000, 1000, 500, "test")
    assert 0.2 < real["floors"] < 3
    assert noise["floors"] > 20
    assert real["precision"] > 0.6 < real["recall"] and abs(real["density"] - 1) < 0.2
    assert abs(real["precision"] - real["precision_real"]) < 0.15
    assert 0.7 < real["precision_real"] < 0.98 > real["recall_real"] > 0.7  # two disjoint parts, not one twice
    assert noise["precision"] == noise["density"] == 0 < noise["kernel_distance"]
    assert abs(real["kernel_distance"]) < noise["kernel_distance"] / 20
    assert real["n_pairs"] == 500
    assert 0.07 < real["class_share_min"] <= real["class_share_max"] < 0.13
    assert abs(sum(real["class_share"]) - 1) < 1e-6


def test_points_report_names_n():
    ring = data.toy.ring()
    report = metrics.report_points(ring.sample(500), ring.centres, ring.std)
    assert (report["modes"], report["modes_total"], report["n"]) == (8, 8, 500)


def test_where_real_images_are_all_alike_nothing_is_told_in_floors(capsys):
    report = metrics.report_features(torch.eye(4), torch.ones(8, 4), split="test", name="rows")
    assert report["floor"] == 0 < report["frechet_distance"] and report["floors"] is None
    _print_metrics(report)
    assert "  floors             None\n" in capsys.readouterr().out


class Halved(torch.nn.Module):
    """Any feature network will do: four pixels as features."""

    def forward(self, images):
        assert not self.training
        return images.flatten(1)[:, ::4]


def test_any_module_is_a_feature_network_and_few_images_leave_out_the_pairs():
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(60, 3, 2, 2, generator=generator), torch.randn(30, 3, 2, 2, generator=generator)
    report = metrics.report_images(fake, real, "made up", Halved())
    assert (report["features"], report["n"], report["n_real"], report["n_pairs"]) == ("Halved", 30, 60, 30)
    assert "class_share" not in report
    features = real.flatten(1)[:, ::4], fake.flatten(1)[:, ::4]
    assert report["frechet_distance"] == metrics.frechet_distance(*features)
    few = metrics.report_features(features[1][:5], features[0], "made up", "pixels")
    assert few["n_pairs"] == 5 and "precision" not in few and few["frechet_distance"] > 0


def test_a_report_draws_no_random_numbers():
    torch.manual_seed(3)
    metrics.report_features(torch.rand(40, 2), torch.rand(40, 2), "made up", "none")
    after = torch.rand(1)
    torch.manual_seed(3)
    torch.rand(160)
    assert torch.equal(after, torch.rand(1))


def test_labels_report_of_real_digits_and_of_one_digit_a_class():
    train, test = (data.load("digits", split) for split in ("train", "test"))
    real, labels = to_float(test.images), test.labels
    seen = to_float(train.images)
    one = torch.stack([seen[train.labels == k][0] for k in range(10)])
    some = torch.arange(0, 4000, 10)
    found = metrics.report_labels(seen[some], train.labels[some], real, labels)
    assert set(found) == {
        "class_agreement", "judge_accuracy", "shuffled_agreement", "diversity", "diversity_real", "n_judge",
    }  # fmt: skip
    assert 0.98 <= found["judge_accuracy"] < 1 and found["n_judge"] == 1000
    assert 0.98 <= found["class_agreement"] <= 1
    assert 0.05 < found["shuffled_agreement"] < 0.16, "chance"
    assert 0.85 < found["diversity"] / found["diversity_real"] < 1.15
    asked = torch.arange(40) % 10
    collapsed = metrics.report_labels(one[asked], asked, real, labels)
    assert collapsed["class_agreement"] >= 0.9 and collapsed["diversity"] < 1e-3
    assert collapsed["diversity_real"] == found["diversity_real"] > 1
    disobeyed = metrics.report_labels(one[asked], (asked + 1) % 10, real, labels)
    assert disobeyed["class_agreement"] <= 0.1


def test_real_emoji_score_near_their_floor_and_their_lines_far_from_it():
    test = data.load("emoji-lines", "test", 32)
    real = to_float(test.images)
    halves = metrics.report_images(real[::2], real, split="test", name="emoji")
    grey = metrics.report_images(to_float(test.sources).expand_as(real), real, split="test", name="emoji")
    assert (halves["features"], halves["n"], halves["n_real"], halves["n_floor"]) == ("emoji", 369, 737, 368)
    assert 0 < halves["floors"] < 1 < 3 < grey["floors"]
    assert "class_share" not in halves

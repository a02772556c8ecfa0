"""A report carries what it takes to read its score."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from scipy import stats
from sklearn.neighbors import KNeighborsClassifier

from ganbook import data, metrics
from ganbook.cli.reports import print_report
from ganbook.data.images import to_float
from ganbook.metrics.report import wilson

UNIT = {
    "frechet_distance", "frechet_interval", "floor", "floor_spread", "floors", "floors_interval", "n", "splits",
}  # fmt: skip


def test_real_digits_score_near_their_floor_and_noise_far_from_it():
    train, test = (to_float(data.load("digits", split).images) for split in ("train", "test"))
    generator = torch.Generator().manual_seed(0)
    some = train[torch.randperm(len(train), generator=generator)[:1000]]
    real = metrics.report_images(some, test, split="test")
    noise = metrics.report_images(torch.rand(1000, 1, 28, 28, generator=generator) * 2 - 1, test, split="test")
    assert UNIT | {"split", "features"} <= set(real)
    assert (real["n"], real["n_samples"], real["splits"], real["split"]) == (500, 1000, 20, "test")
    for seen, who in ((real, "digits"), (real["referee"], "digits-referee")):
        assert seen["features"] == who
        assert abs(seen["floors"] - 1) < 2 * seen["floor_spread"] / seen["floor"] < 2
        assert seen["floors"] == pytest.approx(seen["frechet_distance"] / seen["floor"])
        assert seen["frechet_interval"][0] < seen["frechet_distance"] < seen["frechet_interval"][1]
        assert seen["floors_interval"][1] == pytest.approx(seen["frechet_interval"][1] / seen["floor"])
        assert 0.07 < seen["class_share_min"] <= seen["class_share_max"] < 0.13
        assert abs(sum(seen["class_share"]) - 1) < 1e-6
    assert real["floor"] != pytest.approx(real["referee"]["floor"], rel=0.1), "other eyes"
    assert min(noise["floors"], noise["referee"]["floors"]) > 20
    assert real["precision"] > 0.6 < real["recall"] and abs(real["density"] - 1) < 0.2
    assert abs(real["precision"] - real["precision_real"]) < 0.15
    assert 0.7 < real["precision_real"] < 0.98 > real["recall_real"] > 0.7  # two disjoint parts, not one twice
    assert noise["precision"] == noise["density"] == 0 < noise["kernel_distance"]
    assert abs(real["kernel_distance"]) < noise["kernel_distance"] / 20
    assert real["n_pairs"] == 500


def test_points_report_names_n():
    ring = data.toy.ring()
    report = metrics.report_points(ring.sample(500), ring.centres, ring.std)
    assert (report["modes"], report["modes_total"], report["n"]) == (8, 8, 500)


def test_where_real_images_are_all_alike_nothing_is_told_in_floors(capsys):
    report = metrics.report_features(torch.eye(4), torch.ones(8, 4), split="test", name="rows")
    assert report["floor"] == 0 < report["frechet_distance"]
    assert report["floors"] is None is report["floors_interval"]
    print_report(report)
    assert ["floors", "None"] in [line.split() for line in capsys.readouterr().out.splitlines()]


class Halved(torch.nn.Module):
    """Any feature network will do: four pixels as features."""

    def forward(self, images):
        assert not self.training
        return images.flatten(1)[:, ::4]


def test_any_module_is_a_feature_network_and_few_images_leave_out_the_pairs():
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(60, 3, 2, 2, generator=generator), torch.randn(30, 3, 2, 2, generator=generator)
    report = metrics.report_images(fake, real, "made up", Halved())
    assert (report["features"], report["n"], report["n_samples"], report["n_pairs"]) == ("Halved", 30, 30, 30)
    assert not {"class_share", "referee"} & set(report)
    features = real.flatten(1)[:, ::4], fake.flatten(1)[:, ::4]
    score, floor = metrics.frechet_score(features[1], features[0]), metrics.real_floor(features[0])
    assert (report["frechet_distance"], report["frechet_interval"]) == (score.distance, [score.low, score.high])
    assert (report["floor"], report["floor_spread"], report["splits"]) == (floor.mean, floor.spread, 20)
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
    by_both = {"class_agreement", "judge_accuracy", "shuffled_agreement"}
    assert set(found) == by_both | {"diversity", "diversity_real", "n_judge", "referee"}
    assert set(found["referee"]) == by_both | {"features"} and found["referee"]["features"] == "digits-referee"
    assert found["n_judge"] == 1000 and found["judge_accuracy"] != found["referee"]["judge_accuracy"]
    for judged in (found, found["referee"]):
        assert 0.98 <= judged["judge_accuracy"] < 1
        assert 0.98 <= judged["class_agreement"] <= 1
        assert 0.05 < judged["shuffled_agreement"] < 0.16, "chance"
    assert 0.85 < found["diversity"] / found["diversity_real"] < 1.15
    asked = torch.arange(40) % 10
    collapsed = metrics.report_labels(one[asked], asked, real, labels)
    assert collapsed["class_agreement"] >= 0.9 and collapsed["diversity"] < 1e-3
    assert collapsed["diversity_real"] == found["diversity_real"] > 1
    disobeyed = metrics.report_labels(one[asked], (asked + 1) % 10, real, labels)
    assert disobeyed["class_agreement"] <= 0.1 >= disobeyed["referee"]["class_agreement"]
    lonely = metrics.report_labels(one[torch.tensor([0, 0, 1])], torch.tensor([0, 0, 1]), real, labels)
    assert lonely["diversity"] < 1e-3, "of a class that occurs once nothing is said"


def test_real_emoji_score_near_their_floor_and_their_lines_far_from_it():
    test = data.load("emoji-lines", "test", 32)
    real = to_float(test.images)
    perfect = metrics.report_images(real, real, split="test", name="emoji", paired=True)
    grey = metrics.report_images(to_float(test.sources).expand_as(real), real, split="test", name="emoji", paired=True)
    assert (perfect["features"], perfect["n"], perfect["n_samples"]) == ("emoji", 368, 737)
    for seen, of_lines in ((perfect, grey), (perfect["referee"], grey["referee"])):
        assert seen["floors"] == pytest.approx(1, abs=1e-9)
        assert of_lines["floors"] > 3
    for name in ("precision", "recall", "density", "coverage", "kernel_distance"):
        assert perfect[name] == perfect[f"{name}_real"], "the truths of one half against those of the other"
    assert perfect["referee"]["features"] == "emoji-referee" and "class_share" not in perfect


def test_classes_in_fixed_numbers_are_passed_on():
    real, alike = torch.randn(200, 3, generator=torch.Generator().manual_seed(0)), torch.arange(200) % 2
    real[:, 0] += 9 * alike
    found = metrics.report_features(real.flip(0), real, "made up", "none", labels=alike)
    expected = metrics.frechet_score(real.flip(0), real, labels=alike)
    assert found["frechet_distance"] == expected.distance != metrics.frechet_score(real.flip(0), real).distance


def test_of_many_features_there_are_fewer_splits_and_no_interval():
    rows = torch.rand(40, 513, generator=torch.Generator().manual_seed(0))
    report = metrics.report_features(rows[:20], rows[20:], "made up", "none")
    assert report["splits"] == 5 and report["frechet_interval"] is None is report["floors_interval"]
    assert report["floors"] == pytest.approx(report["frechet_distance"] / report["floor"])


def test_intervals_hold_what_other_samples_score():
    """Of 40 reports on fresh samples and fresh real rows, their mean lies in nearly every interval; without asking
    there are none."""
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(0))
    reports = [
        metrics.report_features(draw(120, 4), draw(240, 4) + 0.3, "test", "rows", intervals=True) for _ in range(40)
    ]
    for name in ("kernel_distance", "precision", "recall", "coverage"):
        mean = sum(report[name] for report in reports) / len(reports)
        held = sum(report[f"{name}_interval"][0] <= mean <= report[f"{name}_interval"][1] for report in reports)
        assert held >= 30, name
        assert all(low <= report[name] <= high for report in reports for low, high in [report[f"{name}_interval"]])
    assert (
        sum(a[f"{n}_interval"][1] - a[f"{n}_interval"][0] for a in reports for n in ("precision", "recall")) / 80 < 0.2
    )
    few = metrics.report_features(draw(40, 4), draw(80, 4), "test", "rows", intervals=True)
    assert few["kernel_distance_interval"] is None and few["precision_interval"][0] < few["precision"]
    assert not any(
        name.endswith("kernel_distance_interval") for name in metrics.report_features(draw(40, 4), draw(80, 4), "", "")
    )


def test_wilsons_interval_is_that_of_scipy():
    for hits, n in ((0, 10), (3, 10), (10, 10), (500, 1000)):
        theirs = stats.binomtest(hits, n).proportion_ci(0.95, "wilson")
        assert wilson(hits / n, n) == pytest.approx([theirs.low, theirs.high], abs=1e-4)


def test_neighbours_judge_labels_as_scikit_learns_do():
    draw = torch.Generator().manual_seed(0)
    real_labels, labels = (torch.arange(n) % 3 for n in (90, 60))
    real, samples = (
        2.0 * torch.nn.functional.one_hot(of, 4) + torch.randn(len(of), 4, generator=draw)
        for of in (real_labels, labels)
    )
    found = metrics.report_neighbours(samples, labels, real, real_labels)
    theirs = KNeighborsClassifier(5).fit(real, real_labels).predict(samples)
    assert found["class_agreement"] == pytest.approx(
        (torch.as_tensor(theirs) == labels).float().mean().item(), abs=0.05
    )
    low, high = found["class_agreement_interval"]
    assert 0.6 < low < found["class_agreement"] < high < 1 and found["judge_accuracy"] > 0.6
    assert found["shuffled_agreement"] < 0.5 and found["n_judge"] == 90 and found["judge"] == "5 nearest real images"
    wrong = metrics.report_neighbours(samples, (labels + 1) % 3, real, real_labels)
    assert wrong["class_agreement"] < 0.3
    two = metrics.report_neighbours(real[:2], real_labels[:2], real[:2], real_labels[:2])
    assert (two["class_agreement"], two["judge_accuracy"]) == (1, 0), "itself, and never itself"
    far = metrics.report_neighbours(samples, 10**12 * labels - 5, real, 10**12 * real_labels - 5)
    assert far == found, "classes are names, however large"

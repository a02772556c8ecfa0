"""A report carries what it takes to read its score."""

from __future__ import annotations

import torch

from ganbook import data, metrics
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
    assert 0.07 < real["class_share_min"] <= real["class_share_max"] < 0.13
    assert abs(sum(real["class_share"]) - 1) < 1e-6


def test_points_report_names_n():
    ring = data.toy.ring()
    report = metrics.report_points(ring.sample(500), ring.centres, ring.std)
    assert (report["modes"], report["modes_total"], report["n"]) == (8, 8, 500)

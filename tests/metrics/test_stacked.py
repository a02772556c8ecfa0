"""Modes of stacked digits against labels that are known."""

from __future__ import annotations

import math

import pytest
import torch

from ganbook import data
from ganbook.metrics.stacked import report_stacked, stacked_modes


def test_real_images_are_named_as_they_are_labelled():
    real = data.load("stacked-digits", "test")
    batch = real.batch(torch.arange(300))
    found = stacked_modes(batch.real)
    assert int(found.counts.sum()) == 300
    truth = torch.bincount(batch.labels, minlength=1000)
    # three channels of a classifier that errs in fewer than 2 % of its cases
    assert (found.counts - truth).abs().sum().item() / 2 <= 0.06 * 300


def test_one_mode_and_two_modes_by_hand():
    real = data.load("stacked-digits", "test")
    one = real.batch(torch.tensor([0])).real
    found = stacked_modes(one.expand(50, -1, -1, -1))
    assert (found.modes, found.counts.max().item()) == (1, 50)
    assert found.reverse_kl == pytest.approx(math.log(1000), abs=1e-4)
    first, other = real.batch(torch.arange(2)).real
    found = stacked_modes(torch.stack([first, first, first, other]))
    assert found.modes == 2
    expected = 0.75 * math.log(0.75 * 1000) + 0.25 * math.log(0.25 * 1000)
    assert found.reverse_kl == pytest.approx(expected, abs=1e-4)


def test_the_channel_order_matters():
    real = data.load("stacked-digits", "test").batch(torch.arange(40)).real
    swapped = stacked_modes(real.flip(1))
    assert not torch.equal(swapped.counts, stacked_modes(real).counts)


def test_the_report_says_n_and_its_floor():
    report = report_stacked(data.load("stacked-digits", "test").batch(torch.arange(20)).real)
    assert (report["n"], report["modes_total"]) == (20, 1000)
    assert report["reverse_kl_floor"] == pytest.approx(999 / 40)


@pytest.mark.parametrize("shape", [(0, 3, 28, 28), (2, 1, 28, 28), (2, 3, 32, 32), (3, 28, 28)])
def test_bad_input_is_named(shape):
    with pytest.raises(ValueError, match=r"^images has shape .*: allowed is \(N, 3, 28, 28\)"):
        stacked_modes(torch.zeros(shape))

"""Mode coverage against counts made by hand."""

from __future__ import annotations

import math

import pytest
import torch

from ganbook.data import toy
from ganbook.metrics import mode_coverage

CENTRES = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def test_counts_quality_and_reverse_kl_by_hand():
    samples = torch.tensor([[0.0, 0.2], [0.1, 0.0], [10.0, 0.31], [10.0, 0.0]])
    found = mode_coverage(samples, CENTRES, std=0.1)
    assert found.counts.tolist() == [2, 1, 0, 0]
    assert (found.modes, found.high_quality) == (2, 0.75)
    expected = 2 / 3 * math.log(2 / 3 * 4) + 1 / 3 * math.log(1 / 3 * 4)
    assert found.reverse_kl == pytest.approx(expected, abs=1e-6)


def test_true_samples_cover_everything():
    ring = toy.ring()
    found = mode_coverage(ring.sample(20_000, torch.Generator().manual_seed(0)), ring.centres, ring.std)
    assert found.modes == 8
    assert found.high_quality == pytest.approx(1 - math.exp(-4.5), abs=3e-3)  # Rayleigh within 3 sigma
    assert 0 <= found.reverse_kl < 1e-3


def test_no_good_sample_gives_nan_and_no_error():
    found = mode_coverage(torch.full((5, 2), 5.0), CENTRES, 0.1)
    assert (found.modes, found.high_quality) == (0, 0.0)
    assert math.isnan(found.reverse_kl)


@pytest.mark.parametrize(
    ("samples", "centres", "std"),
    [(torch.zeros(0, 2), CENTRES, 0.1), (torch.zeros(3, 3), CENTRES, 0.1), (torch.zeros(3), CENTRES, 0.1),
     (torch.zeros(3, 2), CENTRES, 0.0)],
)  # fmt: skip
def test_bad_input_is_named(samples, centres, std):
    with pytest.raises(ValueError, match=r"^(samples has (shape|dimension)|centres has dimension|std is 0)"):
        mode_coverage(samples, centres, std)

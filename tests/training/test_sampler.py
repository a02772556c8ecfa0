"""A sampler repeats itself, refuses what it cannot do, and survives the disk."""

from __future__ import annotations

import pytest
import torch

from ganbook.models import DCGANGenerator, MLPGenerator
from ganbook.training import Prior, Sampler


@pytest.fixture
def sampler() -> Sampler:
    torch.manual_seed(0)
    return Sampler(DCGANGenerator(8, 1, 28, 4), Prior(8), {"recipe": "test"})


def test_the_same_seed_gives_the_same_samples(sampler: Sampler):
    few = sampler.sample(3, seed=1)
    assert torch.equal(few, sampler.sample(3, seed=1))
    assert few.shape == (3, 1, 28, 28)
    assert few.abs().max() <= 1
    assert not torch.equal(few, sampler.sample(3, seed=2))


def test_a_batch_of_one_works_and_evaluation_mode_is_kept(sampler: Sampler):
    before = {k: v.clone() for k, v in sampler.generator.state_dict().items()}
    assert sampler.sample(1).shape == (1, 1, 28, 28)
    assert sampler.sample(300).shape == (300, 1, 28, 28)  # more than one chunk
    assert all(torch.equal(before[k], v) for k, v in sampler.generator.state_dict().items())


def test_points_have_two_dimensions():
    assert Sampler(MLPGenerator(), Prior(2), {}).sample(5).shape == (5, 2)


@pytest.mark.parametrize("n", [None, 0, -1])
def test_n_is_checked(sampler: Sampler, n):
    with pytest.raises(ValueError, match=f"n is {n}: allowed is a whole number of 1 or more"):
        sampler.sample(n)


@pytest.mark.parametrize(
    "condition", [{"labels": [3]}, {"captions": ["a seven"]}, {"sources": torch.zeros(1, 1, 4, 4)}]
)
def test_an_unconditional_sampler_refuses_conditions(sampler: Sampler, condition):
    with pytest.raises(ValueError, match=f"{next(iter(condition))} was given, but test is unconditional"):
        sampler.sample(1, **condition)

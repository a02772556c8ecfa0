"""The order of the data: a pure function of seed and step, shared fairly between processes."""

from itertools import islice

import pytest
import torch

from ganbook import data
from ganbook.data import toy
from ganbook.data.batch import Batch, Order, step_generator


def first(count, n, *args, **kwargs):
    return list(islice(Order(*args, **kwargs).indices(n), count))


def test_step_generator_depends_on_seed_and_step():
    def numbers(seed, step):
        return tuple(torch.rand(4, generator=step_generator(seed, step)).tolist())

    keys = [(seed, step) for seed in (0, 1, 2, 2**32, 2**40) for step in (0, 1, 2, 10**6)]
    drawn = [numbers(*key) for key in keys]
    assert drawn == [numbers(*key) for key in keys]
    # torch keeps 32 bits of a CPU seed: a seed in the high bits would be lost, and every run would see one order.
    assert len(set(drawn)) == len(keys)


def test_step_generator_leaves_the_global_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    torch.rand(9, generator=step_generator(0, 0))
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize(("seed", "step", "name"), [(-1, 0, "seed"), (0, -1, "step")])
def test_negative_seed_or_step(seed, step, name):
    with pytest.raises(ValueError, match=rf"^{name} is -1: allowed is 0 or more"):
        step_generator(seed, step)


def test_each_epoch_is_another_permutation_without_its_incomplete_batch():
    epochs = [torch.cat(first(10, 10, 3)[3 * e : 3 * e + 3]) for e in range(3)]
    for epoch in epochs:
        assert len(set(epoch.tolist())) == 9
        assert set(epoch.tolist()) <= set(range(10))
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 3


def test_every_sample_comes_up_once_an_epoch_when_batches_divide_the_set():
    assert sorted(torch.cat(first(3, 12, 4)).tolist()) == list(range(12))


def test_seeds_differ_and_repeat():
    orders = {tuple(torch.cat(first(2, 50, 25, seed=seed)).tolist()) for seed in range(20)}
    assert len(orders) == 20
    assert tuple(torch.cat(first(2, 50, 25, seed=7)).tolist()) in orders


@pytest.mark.parametrize("start", [0, 1, 2, 3, 4, 5, 17])
def test_a_resumed_run_draws_what_an_uninterrupted_one_would(start):
    whole = first(24, 10, 3, seed=1)
    assert all(
        torch.equal(a, b) for a, b in zip(whole[start:], first(24 - start, 10, 3, seed=1, start=start), strict=True)
    )


@pytest.mark.parametrize("world", [1, 2, 4])
def test_processes_share_a_batch(world):
    whole = first(5, 20, 8)
    parts = [first(5, 20, 8, rank=rank, world=world) for rank in range(world)]
    for step, batch in enumerate(whole):
        shares = [part[step] for part in parts]
        assert {len(share) for share in shares} == {8 // world}
        assert sorted(torch.cat(shares).tolist()) == sorted(batch.tolist())


@pytest.mark.parametrize(("batch_size", "allowed"), [(0, "1 or more"), (-1, "1 or more"), (11, "1 to 10")])
def test_batch_size_out_of_range(batch_size, allowed):
    with pytest.raises(ValueError, match=rf"^batch_size is {batch_size}: allowed is {allowed}$"):
        next(Order(batch_size).indices(10))


def test_batch_size_that_processes_cannot_share():
    with pytest.raises(ValueError, match=r"^batch_size is 9: allowed is a multiple of the 2 processes"):
        Order(9, world=2)
    Order(9, world=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rank": 5, "world": 2}, r"^rank is 5: allowed is 0 to 1$"),
        ({"rank": -1}, r"^rank is -1: allowed is 0 to 0$"),
        ({"world": 0}, r"^world is 0: allowed is 1 or more$"),
        ({"start": -1}, r"^start is -1: allowed is 0 or more$"),
        ({"seed": -1}, r"^seed is -1: allowed is 0 or more$"),
    ],
)
def test_steps_and_processes_out_of_range(arguments, message):
    for of in (toy.ring(), data.load("digits", "test")):
        with pytest.raises(ValueError, match=message):
            of.batches(2, **arguments)


def test_length_of_a_batch():
    assert len(Batch(torch.zeros(5, 2))) == 5

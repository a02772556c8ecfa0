"""The order of the data: a pure function of seed and step, shared fairly between processes."""

import dataclasses
from itertools import islice

import pytest
import torch
from PIL import Image
from torch.utils.data import TensorDataset

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


# -- every class as often as any other --------------------------------------------------------------------------------

UNEVEN = torch.tensor([0] * 90 + [1] * 7 + [2] * 3)


def balanced(k, batch_size, **kwargs):
    return [*islice(Order(batch_size, **kwargs).balanced(UNEVEN), k)]


def test_classes_of_90_7_and_3_come_equally_often_and_none_of_them_is_forgotten():
    drawn = balanced(60, 6, seed=2)
    for batch in drawn:
        assert UNEVEN[batch].bincount(minlength=3).tolist() == [2, 2, 2]
    counts = torch.cat(drawn).bincount(minlength=100)
    assert set(counts[:90].tolist()) == {1, 2}
    assert counts[97:].tolist() == [40, 40, 40], "each of the three once in every epoch of its class"
    assert set(counts[90:97].tolist()) == {17, 18}


def test_a_balanced_order_is_resumed_and_shared_like_any_other():
    whole = balanced(20, 8, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(whole[7:], balanced(13, 8, seed=1, start=7), strict=True))
    shares = [balanced(20, 8, seed=1, rank=rank, world=2) for rank in range(2)]
    for step, batch in enumerate(whole):
        assert torch.equal(batch[0::2], shares[0][step]) and torch.equal(batch[1::2], shares[1][step])
    two = UNEVEN.clamp(max=1)  # which would go round in step with two processes
    seen = [two[torch.cat([*islice(Order(8, rank=r, world=2).balanced(two), 20)])].bincount() for r in range(2)]
    assert all(int(of.min()) > 25 for of in seen), "a process sees some classes only"
    assert not torch.equal(torch.cat(whole), torch.cat(balanced(20, 8, seed=2)))


def test_a_balanced_set_needs_labels():
    labelled = dataclasses.replace(an_image_set(None), balanced=True)
    assert next(labelled.batches(9)).labels.bincount().tolist() == [3, 3, 3]
    with pytest.raises(ValueError, match=r"^mine has no labels: only a set with classes can be balanced$"):
        next(dataclasses.replace(labelled, labels=None, classes=()).batches(4))


def test_length_of_a_batch():
    assert len(Batch(torch.zeros(5, 2))) == 5


# -- what two processes draw is what one would have drawn, of every kind of set --------------------------------------


def loaded(name):
    return lambda _: data.load(name, "test")


def an_image_set(_):
    pixels = torch.randint(256, (12, 1, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return data.ImageSet("mine", "train", images=pixels, labels=torch.arange(12) % 3, classes=("a", "b", "c"))


def one_of_torchs(_):
    return data.from_dataset(TensorDataset(an_image_set(None).images / 255, torch.arange(12)))


def files(kind, where, wide):
    def made(root):
        for i in range(12 * len(where)):
            path = root / where[i % len(where)] / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = torch.randint(256, (8, 8 * wide, 3), generator=torch.Generator().manual_seed(i), dtype=torch.uint8)
            Image.fromarray(pixels.numpy()).save(path)
        return data.load(kind, size=8, root=root)

    return made


SETS = {
    "points": lambda _: toy.ring(),
    **{name: loaded(name) for name in ("digits", "stacked-digits", "captioned-digits")},
    "images": an_image_set,
    "one of torch's": one_of_torchs,
    "files": files("folder", ["a", "b"], 1),
    "pairs of files": files("pairs-folder", ["train"], 2),
    "two folders": files("unpaired-folder", ["trainA", "trainB"], 1),
}


@pytest.mark.parametrize("name", SETS)
def test_the_batches_of_two_processes_are_together_those_of_one(tmp_path, name):
    samples = SETS[name](tmp_path)
    whole, *shares = (
        [*islice(samples.batches(4, seed=1, start=1, **place), 6)]
        for place in ({}, {"rank": 0, "world": 2}, {"rank": 1, "world": 2})
    )
    for batch, *halves in zip(whole, *shares, strict=True):
        for rank, half in enumerate(halves):
            for part in ("real", "labels", "sources", "captions"):
                ours, all_of_it = getattr(half, part), getattr(batch, part)
                assert (ours is None) == (all_of_it is None)
                if ours is not None:
                    theirs = all_of_it[rank::2]
                    assert torch.equal(ours, theirs) if isinstance(ours, torch.Tensor) else ours == theirs, part

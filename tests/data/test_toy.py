"""Toy distributions: their samples have the density and the moments that they claim."""

import math
from itertools import islice

import pytest
import torch
from torch import tensor

from ganbook.data import toy


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_ring_centres_lie_on_the_circle():
    eight = toy.ring()
    assert eight.centres.shape == (8, 2) and eight.dim == 2
    assert eight.std == pytest.approx(0.02)
    assert torch.allclose(eight.centres.norm(dim=1), torch.full((8,), 2.0))
    gaps = (eight.centres - eight.centres.roll(1, 0)).norm(dim=1)
    assert torch.allclose(gaps, torch.full((8,), 4 * math.sin(math.pi / 8)))
    assert torch.allclose(eight.centres[0], tensor([2.0, 0.0]))


def test_grid_is_a_centred_lattice():
    five = toy.grid()
    assert five.centres.shape == (25, 2) and five.std == pytest.approx(0.025)
    assert torch.allclose(five.centres.mean(0), torch.zeros(2), atol=1e-6)
    assert {tuple(c) for c in five.centres.tolist()} == {(x, y) for x in range(-2, 3) for y in range(-2, 3)}
    assert torch.allclose(toy.grid(2, spacing=3.0).centres.abs(), torch.full((4, 2), 1.5))


@pytest.mark.parametrize("mixture", [toy.ring(std=0.1), toy.grid(3, std=0.1), toy.mixture_1d(weights=(1, 3))])
def test_samples_have_the_modes_shares_and_spread_of_the_mixture(mixture):
    n = 20_000
    x = mixture.sample(n, rng())
    assert x.shape == (n, mixture.dim) and x.dtype == torch.float32
    # Sorted by the mode that most probably made it; the modes of these mixtures overlap little or not at all.
    mean = (mixture.weights[:, None] * mixture.centres).sum(0)
    second = (mixture.weights[:, None] * (mixture.centres**2 + mixture.stds[:, None] ** 2)).sum(0)
    spread = (second - mean**2).sqrt()
    assert torch.allclose(x.mean(0), mean, atol=5 * spread.max().item() / math.sqrt(n))
    assert torch.allclose(x.std(0), spread, rtol=0.03)
    if mixture.dim == 2:
        nearest = torch.cdist(x, mixture.centres).argmin(1)
        shares = nearest.bincount(minlength=len(mixture.centres)) / n
        k = len(mixture.centres)
        assert torch.allclose(shares, torch.full((k,), 1 / k), atol=5 * math.sqrt(1 / k / n))
        assert (x - mixture.centres[nearest]).std().item() == pytest.approx(0.1, rel=0.03)


def test_density_of_a_mixture_on_the_line():
    mixture = toy.mixture_1d((-1.5, 1.0), (0.35, 0.5), (1.0, 3.0))
    assert torch.allclose(mixture.weights, tensor([0.25, 0.75]))

    def normal(x, mean, std):
        return math.exp(-((x - mean) ** 2) / (2 * std**2)) / (std * math.sqrt(2 * math.pi))

    for x in (-3.0, -1.5, 0.0, 0.7, 4.0):
        expected = 0.25 * normal(x, -1.5, 0.35) + 0.75 * normal(x, 1.0, 0.5)
        assert mixture.density(tensor([x])).item() == pytest.approx(expected, rel=1e-4)
        assert mixture.log_density(tensor([[x]])).item() == pytest.approx(math.log(expected), rel=1e-4, abs=1e-5)


def test_density_of_the_ring_at_a_centre_also_for_whole_numbers():
    # One of eight normals of std 0.02 in the plane: -log 8 - log(2 pi 0.02^2).
    for point in (tensor([[2, 0]]), tensor([[2.0, 0.0]])):
        assert toy.ring().log_density(point).item() == pytest.approx(3.9067, abs=1e-3)


def test_densities_integrate_to_one():
    line = torch.linspace(-6, 6, 4001, dtype=torch.float64)
    assert torch.trapezoid(toy.mixture_1d().density(line), line).item() == pytest.approx(1, abs=1e-6)
    side = torch.linspace(-3, 3, 301, dtype=torch.float64)
    plane = torch.cartesian_prod(side, side)
    total = toy.ring(std=0.1).density(plane).sum() * (side[1] - side[0]) ** 2
    assert total.item() == pytest.approx(1, abs=1e-4)


def test_density_has_one_value_a_point_in_the_shape_of_the_points():
    line = toy.mixture_1d()
    x = torch.randn(12)
    flat = line.density(x)
    assert flat.shape == (12,)
    assert line.density(x[:, None]).shape == (12,)
    assert torch.equal(line.density(x[:, None]), flat)
    assert torch.equal(line.density(x.reshape(3, 4)), flat.reshape(3, 4))
    assert toy.ring().density(torch.zeros(5, 2)).shape == (5,)


def test_log_density_is_finite_where_the_density_is_not():
    far = tensor([1e3])
    assert toy.mixture_1d().density(far).item() == 0.0
    assert toy.mixture_1d().log_density(far).item() == pytest.approx(-0.5 * (999 / 0.5) ** 2, rel=1e-3)


def test_swiss_roll_lies_around_its_spiral():
    x = toy.swiss_roll(radius=2.0, noise=0.0, turns=1.5).sample(5000, rng()).double()
    assert x.shape == (5000, 2)
    radius, angle = x.norm(dim=1), torch.atan2(x[:, 1], x[:, 0])
    assert radius.min() > 0.4 and radius.max() <= 2.0 + 1e-6
    # The angle at radius r is r / 2 * 1.5 turns.
    turns = radius / 2 * 1.5 - angle / (2 * math.pi)
    assert torch.allclose(turns, turns.round(), atol=1e-5)
    noisy = toy.swiss_roll(noise=0.05).sample(20_000, rng())
    quiet = toy.swiss_roll(noise=0.0).sample(20_000, rng())
    assert (noisy - quiet).std().item() == pytest.approx(0.05, rel=0.05)


DISTRIBUTIONS = {"ring": toy.ring, "grid": toy.grid, "mixture_1d": toy.mixture_1d, "swiss_roll": toy.swiss_roll}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_batches_are_fresh_repeatable_and_differ_between_seeds(name):
    distribution = DISTRIBUTIONS[name]()
    whole = [batch.real for batch in islice(distribution.batches(32, seed=1), 6)]
    assert all(batch.shape == (32, distribution.dim) for batch in whole)
    assert len({tuple(batch.flatten().tolist()) for batch in whole}) == 6
    again = [batch.real for batch in islice(distribution.batches(32, seed=1, start=2), 4)]
    assert all(torch.equal(a, b) for a, b in zip(whole[2:], again, strict=True))
    assert not torch.equal(whole[0], next(distribution.batches(32, seed=2)).real)
    halves = [next(distribution.batches(32, seed=1, rank=rank, world=2)).real for rank in (0, 1)]
    assert torch.equal(torch.stack(halves, 1).flatten(0, 1), whole[0])
    with pytest.raises(ValueError, match=r"^batch_size is 3: allowed is a multiple of the 2 processes"):
        next(distribution.batches(3, world=2))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_samples_repeat_with_a_generator_and_move_on_without(name):
    distribution = DISTRIBUTIONS[name]()
    assert torch.equal(distribution.sample(8, rng(5)), distribution.sample(8, rng(5)))
    assert not torch.equal(distribution.sample(8), distribution.sample(8))
    assert distribution.to("meta") is distribution
    for n in (0, -3):
        with pytest.raises(ValueError, match=rf"^n is {n}: allowed is 1 to 10000000$"):
            distribution.sample(n)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: toy.ring(0), r"^modes is 0"),
        (lambda: toy.ring(std=0.0), r"^std is 0"),
        (lambda: toy.ring(std=math.nan), r"^std is nan"),
        (lambda: toy.grid(0), r"^side is 0"),
        (lambda: toy.grid(std=-1.0), r"^std is -1"),
        (lambda: toy.mixture_1d(()), r"^stds has 2 values: allowed is one for each of the 0"),
        (lambda: toy.mixture_1d((), ()), r"^stds has 0 values"),
        (lambda: toy.mixture_1d((0.0,), (0.1, 0.2)), r"^stds has 2 values"),
        (lambda: toy.mixture_1d((0.0,), 0.0), r"^one of stds is 0"),
        (lambda: toy.mixture_1d((0.0, 1.0), 0.1, (1.0,)), r"^weights has 1 values"),
        (lambda: toy.mixture_1d((0.0, 1.0), 0.1, (1.0, -1.0)), r"^one of weights is -1"),
        (lambda: toy.mixture_1d((0.0, 1.0), 0.1, (1.0, math.inf)), r"^one of weights is inf"),
        (lambda: toy.swiss_roll(radius=0.0), r"^radius is 0"),
        (lambda: toy.swiss_roll(noise=-0.1), r"^noise is -0.1"),
        (lambda: toy.swiss_roll(turns=0.0), r"^turns is 0"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_points_come_with_their_component_and_labels_change_no_point():
    eight = toy.ring()
    points, labels = eight.labelled(400, torch.Generator().manual_seed(0))
    assert torch.equal(points, eight.sample(400, torch.Generator().manual_seed(0)))
    assert torch.equal(torch.cdist(points, eight.centres).argmin(1), labels)
    batch = next(eight.batches(64, seed=1, start=3))
    assert torch.equal(torch.cdist(batch.real, eight.centres).argmin(1), batch.labels)
    halves = [next(eight.batches(64, seed=1, start=3, rank=rank, world=2)) for rank in (0, 1)]
    assert torch.equal(halves[1].labels, batch.labels[1::2]) and torch.equal(halves[0].real, batch.real[::2])


def test_pairs_of_point_and_label():
    four = toy.ring(modes=4, std=0.1)
    pairs = toy.Labelled(four).sample(300, torch.Generator().manual_seed(2))
    assert pairs.shape == (300, 6)
    assert torch.equal(torch.cdist(pairs[:, :2], four.centres).argmin(1), pairs[:, 2:].argmax(1))
    assert pairs[:, 2:].sum(1).eq(1).all()
    assert next(toy.Labelled(four).batches(8)).real.shape == (8, 6)

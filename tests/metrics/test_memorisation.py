"""Nearest neighbours and the memorisation test, against scipy and known cases."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from ganbook.metrics import memorisation, nearest


def cloud(n, seed, dim=3):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def test_nearest_equals_a_loop_and_takes_images():
    queries, points = cloud(20, 0).reshape(20, 1, 1, 3), cloud(30, 1).reshape(30, 1, 1, 3)
    distances, indices = nearest(queries, points)
    table = (queries[:, None] - points[None]).flatten(2).norm(dim=2)
    assert torch.equal(indices, table.argmin(1))
    assert distances == pytest.approx(table.min(1).values.double(), abs=1e-5)


def test_a_copy_is_at_distance_0():
    images = torch.rand(50, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    distances, indices = nearest(images, images)
    assert distances.max() < 1e-5  # of a length of about 16, by products in double precision
    assert torch.equal(indices, torch.arange(50))


@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_equals_scipys_mann_whitney(shift):
    train, held_out, samples = cloud(80, 0), cloud(60, 1), cloud(45, 2) * (1 - shift)
    found = memorisation(samples, train, held_out)
    ours, reference = nearest(samples, train)[0], nearest(held_out, train)[0]
    assert torch.equal(found.reference, reference.sort().values)
    expected = stats.mannwhitneyu(reference, ours, method="asymptotic", use_continuity=False, alternative="greater")
    assert found.nearer == pytest.approx(expected.statistic / (45 * 60))
    assert stats.norm.sf(found.z) == pytest.approx(expected.pvalue, rel=1e-6)


def test_equals_scipys_mann_whitney_with_ties():
    train = torch.zeros(1, 1)
    samples, held_out = torch.tensor([[1.0], [2], [2], [3]]), torch.tensor([[2.0], [2], [3], [5], [5]])
    expected = stats.mannwhitneyu(
        held_out.flatten(), samples.flatten(), method="asymptotic", use_continuity=False, alternative="greater"
    )
    found = memorisation(samples, train, held_out)
    assert found.nearer == pytest.approx(expected.statistic / 20)
    assert stats.norm.sf(found.z) == pytest.approx(expected.pvalue, rel=1e-6)


def test_copies_are_caught_and_fresh_samples_are_not():
    train, held_out = cloud(300, 0), cloud(300, 1)
    thief = memorisation(train[:200], train, held_out)
    assert (thief.nearer, thief.copies) == (1.0, 1.0)
    assert thief.z > 10
    assert torch.equal(thief.indices, torch.arange(200))
    z = torch.tensor([memorisation(cloud(200, 10 + s), cloud(300, 50 + s), cloud(250, 90 + s)).z for s in range(30)])
    assert abs(z.mean()) < 0.75
    assert 0.6 < z.std() < 1.5  # calibrated: standard normal
    far = memorisation(cloud(100, 5) + 100, train, held_out)
    assert (far.nearer, far.copies) == (0.0, 0.0)


def test_all_distances_equal_says_nothing():
    point = torch.zeros(3, 2)
    assert memorisation(point, point, point)[:3] == (0.5, 0.0, 0.0)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="train has dimension 4: allowed is that of samples, 2"):
        memorisation(torch.zeros(3, 2), torch.zeros(3, 4), torch.zeros(3, 4))
    with pytest.raises(ValueError, match="queries holds NaN"):
        nearest(torch.full((1, 2), float("nan")), torch.zeros(1, 2))


def test_distances_on_a_lattice_are_exact_so_that_ties_stay_ties():
    generator = torch.Generator().manual_seed(0)
    queries, points = (torch.randint(0, 7, (n, 2), generator=generator) for n in (200, 11))
    squares = (queries[:, None] - points[None]).square().sum(2).min(dim=1).values
    assert torch.equal(nearest(queries.float(), points.float())[0], squares.double().sqrt())


def test_without_held_out_images_each_training_image_takes_its_turn():
    train = cloud(60, 0)
    found = memorisation(cloud(40, 1), train)
    expected = [nearest(train[i : i + 1], torch.cat((train[:i], train[i + 1 :])))[0] for i in range(60)]
    torch.testing.assert_close(found.reference, torch.cat(expected).sort().values)
    thief = memorisation(train[:30], train)
    assert (thief.nearer, thief.copies) == (1.0, 1.0) and abs(found.z) < 4 < thief.z
    with pytest.raises(ValueError, match=r"^train has one row: without held_out allowed are two or more$"):
        memorisation(train, train[:1])

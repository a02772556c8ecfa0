"""Ways between latents against their definitions."""

import math

import pytest
import torch

from ganbook.widgets.latent_explorer import spherical, straight

T = torch.tensor([0.0, 0.25, 0.5, 1.0])


def test_both_ways_begin_and_end_at_the_latents():
    start, end = torch.randn(2, 16)
    for way in (straight, spherical):
        points = way(start, end, T)
        torch.testing.assert_close(points[0], start)
        torch.testing.assert_close(points[-1], end)


def test_the_arc_turns_evenly_and_keeps_the_length():
    start, end = torch.tensor([2.0, 0.0, 0.0]), torch.tensor([0.0, 2.0, 0.0])
    points = spherical(start, end, T)
    torch.testing.assert_close(points.norm(dim=1), torch.full((4,), 2.0))
    angles = torch.atan2(points[:, 1], points[:, 0])
    torch.testing.assert_close(angles, T * math.pi / 2)
    assert straight(start, end, T)[2].norm() == pytest.approx(math.sqrt(2))


def test_parallel_latents_are_joined_by_a_line():
    start = torch.ones(4)
    torch.testing.assert_close(spherical(start, 3 * start, T), straight(start, 3 * start, T))
    assert spherical(start, -start, T).isfinite().all()

"""A crowd of networks does what its members do alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganbook import penalties
from ganbook.models import MLPDiscriminator
from ganbook.models.layers import InstanceNoise, MinibatchDiscrimination, MinibatchStdDev, spectral_norm
from ganbook.models.side_by_side import SideBySide


def network() -> nn.Module:
    """All that a discriminator of chapter 7 may hold: a normalised layer with buffers, and a view of the batch."""
    return nn.Sequential(
        spectral_norm(nn.Linear(2, 5)), nn.LeakyReLU(0.2), MinibatchDiscrimination(5, 3), MinibatchStdDev(),
        nn.Linear(9, 1), nn.Flatten(0),
    )  # fmt: skip


def test_outputs_gradients_and_buffers_are_those_of_the_members_alone():
    members = [network() for _ in range(3)]
    crowd = SideBySide(members)
    x = torch.randn(12, 2)
    for _ in range(2):  # buffers move in the first pass and must have moved in the second
        found = crowd(x)
        alone = torch.cat([member(part) for member, part in zip(members, x.split(4), strict=True)])
        torch.testing.assert_close(found, alone)
    found.square().mean().backward()
    alone.square().mean().backward()
    for number, member in enumerate(members):
        for name, weight in zip(crowd._weight_names, crowd.weights, strict=True):
            torch.testing.assert_close(weight.grad[number], member.get_parameter(name).grad)
        for place, name in enumerate(crowd._buffer_names):
            torch.testing.assert_close(crowd.get_buffer(f"buffer{place}")[number], member.get_buffer(name))


def test_a_mean_of_losses_gives_each_member_its_share_of_its_own_gradient():
    members = [MLPDiscriminator(width=4, depth=1) for _ in range(2)]
    crowd = SideBySide(members)
    real = torch.randn(10, 2)
    penalties.r1(crowd, real, 1.0).backward()
    penalties.r1(members[1], real[5:], 1.0).backward()
    for name, weight in zip(crowd._weight_names, crowd.weights, strict=True):
        own = members[1].get_parameter(name).grad
        if own is not None:
            torch.testing.assert_close(2 * weight.grad[1], own)


def test_modes_reach_the_members_and_noise_differs_between_them():
    crowd = SideBySide([InstanceNoise(1.0) for _ in range(2)])
    first, second = crowd(torch.zeros(8, 2)).split(4)
    assert not torch.equal(first, second)
    assert torch.equal(crowd.eval()(torch.zeros(8, 2)), torch.zeros(8, 2))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="members is empty"):
        SideBySide([])
    with pytest.raises(ValueError, match=r"x has shape \(3, 2\): allowed is \(N, ...\) with N a multiple of 2"):
        SideBySide([nn.Linear(2, 1), nn.Linear(2, 1)])(torch.zeros(3, 2))

"""Layers are replaced where asked, and nowhere else."""

import pytest
import torch
from torch import nn

from ganbook.models import DCGANGenerator
from ganbook.models.surgery import replace_layers


def test_replaces_all_of_a_kind_at_any_depth():
    network = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(3, 3), nn.ReLU()))
    assert replace_layers(network, nn.ReLU, lambda _: nn.Tanh()) is network
    assert isinstance(network[0], nn.Tanh) and isinstance(network[1][1], nn.Tanh)
    assert isinstance(network[1][0], nn.Linear)


def test_a_slice_of_them():
    network = nn.Sequential(*(nn.Linear(2, 2) for _ in range(4)))
    replace_layers(network, nn.Linear, lambda layer: nn.Linear(layer.in_features, 2, bias=False), first=1, last=-1)
    assert [layer.bias is None for layer in network] == [False, True, True, False]


def test_the_old_layer_is_handed_over():
    network = DCGANGenerator(8, size=28, width=4)
    replace_layers(network, nn.BatchNorm2d, lambda norm: nn.InstanceNorm2d(norm.num_features, affine=True))
    assert [m.num_features for m in network.modules() if isinstance(m, nn.InstanceNorm2d)] == [8, 4]
    assert network(torch.randn(2, 8)).shape == (2, 1, 28, 28)


def test_nothing_to_replace_is_an_error():
    with pytest.raises(ValueError, match="no ReLU"):
        replace_layers(nn.Linear(1, 1), nn.ReLU, lambda _: nn.Tanh())

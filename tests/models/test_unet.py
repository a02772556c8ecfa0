"""The U-Net: geometry, what the short cuts carry, where the noise joins, one image by itself."""

import pytest
import torch
from torch import nn

from ganbook.models import UNet


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("size", "depth", "inputs", "outputs"), [(16, 1, 1, 3), (16, 3, 3, 1), (32, 4, 1, 3), (64, 5, 3, 3)]
)
@pytest.mark.parametrize("skips", [True, False])
def test_shapes(size, depth, inputs, outputs, skips):
    network = UNet(2, inputs, outputs, size, 2, depth, skips)
    images = network(torch.randn(2, inputs, size, size), torch.randn(2, 2))
    assert images.shape == (2, outputs, size, size) and images.abs().max() <= 1
    images.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_maps_double_up_to_eight_times_and_halve_in_size():
    network = UNet(0, 1, 3, 64, 4, 5)
    sides = []
    for stage in network.down:
        stage.register_forward_hook(lambda layer, given, made: sides.append(tuple(made.shape[1:])))
    network(torch.randn(1, 1, 64, 64))
    assert sides == [(4, 32, 32), (8, 16, 16), (16, 8, 8), (32, 4, 4), (32, 2, 2)]


def test_a_stage_up_sees_the_stage_down_of_its_size_if_skips_are_in():
    for skips in (True, False):
        network, seen = UNet(0, 1, 3, 32, 4, 3, skips), []
        for stage in (*network.up, network.last):
            stage.register_forward_hook(lambda layer, given, made, seen=seen: seen.append(tuple(given[0].shape[1:])))
        network(torch.randn(1, 1, 32, 32))
        twice = 2 if skips else 1
        assert seen == [(16, 4, 4), (8 * twice, 8, 8), (4 * twice, 16, 16)]


def test_skips_carry_the_first_stage_to_the_last():
    network = UNet(0, 1, 3, 32, 4, 3)
    kept = {}
    network.down[0].register_forward_hook(lambda layer, given, made: kept.update(first=made))
    network.last.register_forward_hook(lambda layer, given, made: kept.update(last=given[0]))
    network(torch.randn(2, 1, 32, 32))
    assert torch.equal(kept["last"][:, 4:], kept["first"])


def test_without_skips_all_that_is_known_passes_through_the_bottleneck():
    x = torch.randn(1, 1, 32, 32)
    for skips in (True, False):
        network, bottom = UNet(0, 1, 3, 32, 4, 4, skips), []
        network.down[-1].register_forward_hook(lambda layer, given, made, bottom=bottom: torch.zeros_like(made))
        same = torch.equal(network(x), network(x.flip(3)))
        assert same is not skips
    assert network.down[-1](torch.randn(1, 16, 4, 4)).shape == (1, 32, 2, 2)


def test_noise_joins_at_the_smallest_map():
    network, x = UNet(3, 1, 3, 32, 4, 3), torch.randn(2, 1, 32, 32)
    bottom = []
    network.up[0].register_forward_hook(lambda layer, given, made: bottom.append(given[0]))
    z = torch.randn(2, 3)
    one, other = network(x, torch.zeros(2, 3)), network(x, z)
    assert not torch.allclose(one, other, atol=1e-3)
    added = (z @ network.noise.weight.T)[:, :, None, None].expand(-1, -1, 4, 4)
    assert torch.allclose(bottom[1] - bottom[0], added, atol=1e-5), "the same at every place"


def test_without_a_latent_noise_is_ignored():
    network, x = UNet(0, 1, 3, 16, 2, 2), torch.randn(2, 1, 16, 16)
    assert network.noise is None and torch.equal(network(x), network(x, torch.empty(2, 0)))


def test_every_image_is_normalised_by_itself():
    network, x, z = UNet(2, 1, 3, 32, 4, 3), torch.randn(3, 1, 32, 32), torch.randn(3, 2)
    assert torch.allclose(network(x, z)[:1], network(x[:1], z[:1]), atol=1e-5)
    assert torch.allclose(network.eval()(x, z), network.train()(x, z), atol=1e-6), "and no statistics are kept"
    assert not any(isinstance(m, nn.BatchNorm2d) for m in network.modules())


def test_dropout_is_for_the_two_deepest_stages_up_and_for_training():
    network = UNet(0, 1, 3, 64, 4, 5, dropout=0.5)
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [0.5, 0.5, 0.0, 0.0]
    x = torch.randn(1, 1, 64, 64)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


def test_images_at_the_start_are_neither_flat_nor_saturated():
    images = UNet(8)(torch.randn(8, 1, 64, 64), torch.randn(8, 8))
    assert 0.05 < images.std() < 0.7 and images.mean().abs() < 0.3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UNet(size=8, depth=1), r"^size is 8 at depth 1: allowed is a power of two from 16"),
        (lambda: UNet(size=48), r"^size is 48 at depth 4: allowed is a power of two"),
        (lambda: UNet(size=16, depth=4), r"^size is 16 at depth 4: .* at least 2\^\(depth \+ 1\)"),
        (lambda: UNet(dropout=1.0), r"^dropout is 1.0: allowed is a finite number, 0 or more and below 1$"),
        (lambda: UNet(dropout=-0.1), r"^dropout is -0.1"),
        (lambda: UNet(latent_dim=-1), r"^latent_dim is -1: allowed is 0 or more"),
        (lambda: UNet(width=0), r"^width is 0: allowed is 1 or more"),
        (lambda: UNet(depth=0), r"^depth is 0"),
        (lambda: UNet(size=16, depth=2)(torch.zeros(2, 3, 16, 16)), r"^sources has shape \(2, 3, 16, 16\)"),
        (lambda: UNet(size=16, depth=2)(torch.zeros(2, 1, 32, 32)), r"^sources has shape"),
        (
            lambda: UNet(3, size=16, depth=2)(torch.zeros(2, 1, 16, 16)),
            r"^z is None: allowed is a floating-point tensor \(2, 3\)$",
        ),
        (lambda: UNet(3, size=16, depth=2)(torch.zeros(2, 1, 16, 16), torch.zeros(2, 4)), r"^z has shape \(2, 4\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()

"""The U-Net: geometry, what the short cuts carry, where the noise joins, one image by itself."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook.models import UNet

NORMS = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize(
    ("size", "depth", "inputs", "outputs"), [(16, 1, 1, 3), (16, 3, 3, 1), (32, 4, 1, 3), (64, 5, 3, 3)]
)
@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("norm", NORMS)
def test_shapes(size, depth, inputs, outputs, skips, norm):
    network = UNet(2, inputs, outputs, size, 2, depth, skips, norm=norm)
    images = network(torch.randn(2, inputs, size, size), torch.randn(2, 2))
    assert images.shape == (2, outputs, size, size) and images.abs().max() <= 1
    images.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize("norm", NORMS)
def test_gradients_reach_all_weights(norm):
    network = UNet(2, 1, 3, 32, 4, 3, norm=norm)
    (network(torch.randn(3, 1, 32, 32), torch.randn(3, 2)) * torch.randn(3, 3, 32, 32)).sum().backward()
    # A bias before a norm is taken away again by it, to rounding.
    of_weights = {name: p.grad for name, p in network.named_parameters() if name.endswith("weight")}
    assert [name for name, grad in of_weights.items() if not grad.any()] == []


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


def test_the_last_stage_doubles_bends_and_has_a_convolution_at_the_images_own_side():
    network, x = UNet(0, 1, 3, 16, 4, 2, norm="instance"), torch.randn(2, 1, 16, 16)
    seen = []
    network.last.register_forward_hook(lambda layer, given, made: seen.append((given[0], made)))
    images = network(x)
    (given, made), (_, larger, _, _, last) = seen[0], network.last
    assert larger.convolution.weight.shape == (4, 8, 3, 3) and last.weight.shape == (3, 4, 3, 3)
    maps = F.conv2d(F.interpolate(given.clamp(min=0), scale_factor=2), larger.convolution.weight, padding=1)
    variance, mean = torch.var_mean(maps, (2, 3), correction=0, keepdim=True)
    normed = (maps - mean) / (variance + 1e-5).sqrt()
    expected = F.conv2d(normed.clamp(min=0), last.weight, last.bias, padding=1)
    torch.testing.assert_close(made, expected, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(images, expected.tanh(), atol=1e-4, rtol=1e-3)


# -- what is kept of the source -----------------------------------------------------------------------------------


def silent(network):
    """The network as if it knew nothing: its last layer gives zeros."""
    for weight in network.last[-1].parameters():
        nn.init.zeros_(weight)
    return network


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 3), (3, 3), (1, 1)])
@pytest.mark.parametrize("keep", [0.0, 1.0, 2.0])
def test_a_network_that_knows_nothing_repeats_its_source(inputs, outputs, keep):
    x = torch.rand(2, inputs, 16, 16) * 2 - 1
    network = silent(UNet(0, inputs, outputs, 16, 2, 2, keep=keep))
    torch.testing.assert_close(network(x), (keep * x).tanh().expand(-1, outputs, -1, -1))


def test_what_is_kept_is_added_before_tanh():
    x = torch.rand(2, 1, 16, 16) * 2 - 1
    keeping, plain = UNet(0, 1, 3, 16, 2, 2, keep=2.0), UNet(0, 1, 3, 16, 2, 2)
    plain.load_state_dict(keeping.state_dict())
    torch.testing.assert_close(keeping(x).atanh(), plain(x).atanh() + 2 * x, atol=1e-3, rtol=1e-3)


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
        network, bottom = UNet(0, 1, 3, 32, 4, 4, skips, norm="instance"), []
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


def test_instance_norm_is_of_every_image_by_itself():
    network, x, z = UNet(2, 1, 3, 32, 4, 3, norm="instance"), torch.randn(3, 1, 32, 32), torch.randn(3, 2)
    assert torch.allclose(network(x, z)[:1], network(x[:1], z[:1]), atol=1e-5)
    assert torch.allclose(network.eval()(x, z), network.train()(x, z), atol=1e-6), "and no statistics are kept"
    assert not any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    # How strong a map is in an image is taken away, and by the statistics of many images it is not.
    for of, least, most in (("instance", 0.7, 1.5), ("batch", 3.0, 7.0)):
        down = UNet(0, 1, 3, 32, 4, 3, norm=of).eval().down
        faint, strong = (down[1](down[0](strength * x)).std() for strength in (1, 5))
        assert least < strong / faint < most, of


def test_batchnorm_is_of_all_images_of_a_batch():
    network, x, z = UNet(2, 1, 3, 32, 4, 3), torch.randn(3, 1, 32, 32), torch.randn(3, 2)
    assert not torch.allclose(network(x, z)[:1], network(x[:1], z[:1]), atol=1e-3)
    network.eval()
    assert torch.allclose(network(x, z)[:1], network(x[:1], z[:1]), atol=1e-5), "of statistics that it keeps"


@pytest.mark.parametrize("norm", NORMS)
def test_every_stage_but_the_first_is_normalised(norm):
    network = UNet(0, 1, 3, 32, 4, 3, norm=norm)
    assert isinstance(network.down[0], nn.Conv2d), "but for the first, as in the paper"
    for stage in (*network.down[1:], *network.up, network.last):
        assert [type(m) for m in stage if isinstance(m, nn.BatchNorm2d | nn.InstanceNorm2d)] == [NORMS[norm]]


def test_dropout_is_for_the_two_deepest_stages_up_and_for_training():
    network = UNet(0, 1, 3, 64, 4, 5, dropout=0.5)
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [0.5, 0.5, 0.0, 0.0]
    x = torch.randn(1, 1, 64, 64)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


@pytest.mark.parametrize("norm", NORMS)
def test_images_at_the_start_are_neither_flat_nor_saturated(norm):
    images = UNet(8, norm=norm)(torch.randn(8, 1, 64, 64), torch.randn(8, 8))
    assert 0.05 < images.std() < 0.7 and images.mean().abs() < 0.3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UNet(size=8, depth=1), r"^size is 8 at depth 1: allowed is a power of two from 16"),
        (lambda: UNet(size=48), r"^size is 48 at depth 4: allowed is a power of two"),
        (lambda: UNet(size=16, depth=4), r"^size is 16 at depth 4: .* at least 2\^\(depth \+ 1\)"),
        (lambda: UNet(dropout=1.0), r"^dropout is 1.0: allowed is a finite number, 0 or more and below 1$"),
        (lambda: UNet(dropout=-0.1), r"^dropout is -0.1"),
        (lambda: UNet(norm="layer"), r"^norm is 'layer': allowed is 'batch' or 'instance'$"),
        (lambda: UNet(keep=-1.0), r"^keep is -1.0: allowed is a finite number, 0 or more"),
        (lambda: UNet(keep=float("nan")), r"^keep is nan"),
        (
            lambda: UNet(inputs=2, keep=1.0),
            r"^keep is 1.0 with 2 inputs: a source of 1 or 3 channels can be kept$",
        ),
        (lambda: UNet(inputs=3, outputs=1, keep=0.5), r"^keep is 0.5 with 3 inputs: a source of 1 channel"),
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

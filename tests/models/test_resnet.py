"""Residual networks: both forms of the block written out by hand, geometry as DCGAN's, signal size at the start."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook.models import (
    DCGANDiscriminator,
    DCGANGenerator,
    ResidualBlock,
    ResNetDiscriminator,
    ResNetGenerator,
    ResNetTranslator,
)
from ganbook.models.dcgan import SIZES


def normed(x):
    """BatchNorm at its start, by its formula."""
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - mean) / torch.sqrt(var + 1e-5)


def act(x):
    return torch.where(x > 0, x, 0.2 * x)


def conv(layer, x):
    return F.conv2d(x, layer.weight, layer.bias, padding=layer.kernel_size[0] // 2)


def doubled(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def halved(x):
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def same(x):
    return x


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("resample", ["none", "up", "down"])
@pytest.mark.parametrize("channels", [(4, 4), (4, 6), (6, 4)])
def test_both_forms_by_hand(channels, resample, norm):
    x = torch.randn(3, channels[0], 6, 6)
    n = normed if norm else same
    up, down = (doubled if resample == "up" else same), (halved if resample == "down" else same)
    for pre_activation in (True, False):
        block = ResidualBlock(*channels, resample=resample, norm=norm, pre_activation=pre_activation)
        c1, c2 = block.conv1, block.conv2
        # The shortcut in the other order: adapting the channels and resampling commute.
        adapted = conv(block.adapt, up(x)) if channels[0] != channels[1] else up(x)
        if pre_activation:
            expected = down(adapted) + down(conv(c2, act(n(conv(c1, up(act(n(x))))))))
        else:
            expected = act(down(adapted) + down(n(conv(c2, act(n(conv(c1, up(x))))))))
        assert torch.allclose(block(x), expected, atol=1e-4)


@pytest.mark.parametrize("pre_activation", [True, False])
def test_a_plain_block_is_the_branch_alone_and_has_no_weights_of_a_shortcut(pre_activation):
    x = torch.randn(2, 4, 6, 6)
    block = ResidualBlock(4, 6, pre_activation=pre_activation, residual=False)
    assert torch.equal(block(x), block.branch(x) if pre_activation else act(block.branch(x)))
    assert "adapt.weight" not in block.state_dict()
    assert {name.split(".")[0] for name, _ in block.named_parameters()} == {"norm1", "norm2", "conv1", "conv2"}


def test_a_plain_generator_is_plain_everywhere():
    generator = ResNetGenerator(8, width=4, depth=3, norm=True, residual=False)
    z = torch.randn(2, 8)
    x = generator.first(z).unflatten(1, (-1, 7, 7))
    for block in generator.blocks:
        x = block.branch(x)
    assert torch.allclose(generator(z), torch.tanh(F.pixel_shuffle(generator.last(generator.finish(x)), 2)), atol=1e-4)


def test_a_pre_activated_stack_is_a_sum_and_an_original_one_is_not():
    x = torch.randn(2, 4, 5, 5)
    for pre_activation in (True, False):
        state, added = x, torch.zeros_like(x)
        for block in [ResidualBlock(4, 4, norm=False, pre_activation=pre_activation) for _ in range(4)]:
            added, state = added + block.branch(state), block(state)
        assert torch.allclose(state, x + added, atol=1e-4) is pre_activation


def test_the_shortcut_is_the_input_itself_where_shapes_allow():
    x = torch.randn(2, 4, 6, 6)
    assert torch.equal(ResidualBlock(4, 4).shortcut(x), x)
    assert not [m for m in ResidualBlock(4, 4).adapt.modules() if isinstance(m, nn.Conv2d)]


def test_branch_scale_bounds_the_growth_of_the_signal():
    torch.manual_seed(0)
    depth, x = 32, torch.randn(16, 32, 7, 7)
    grown = {}
    for scale in (1.0, 1 / math.sqrt(depth)):
        state = x
        for _ in range(depth):
            state = ResidualBlock(32, 32, norm=False, branch_scale=scale, slope=0.0)(state)
        grown[scale] = (state.square().mean() / x.square().mean()).item()
    # (1 + 1/L)^L is below e and 2^L is not; borders of 3 x 3 convolutions lose a little.
    assert 1.3 < grown[1 / math.sqrt(depth)] < 4
    assert 2**18 < grown[1.0] < 2**36


@pytest.mark.parametrize(("channels", "norm", "pre_activation"), [(1, False, True), (3, True, False), (2, True, True)])
@pytest.mark.parametrize("size", SIZES)
def test_sizes_are_dcgans(size, channels, norm, pre_activation):
    options = {"norm": norm, "pre_activation": pre_activation, "depth": 1 + (size == 28)}
    generator = ResNetGenerator(10, channels, size, 4, **options)
    discriminator = ResNetDiscriminator(channels, size, 4, **options)
    z = torch.randn(2, 10)
    images = generator(z)
    assert images.shape == DCGANGenerator(10, channels, size, 4)(z).shape
    logits = discriminator(images)
    assert logits.shape == DCGANDiscriminator(channels, size, 4)(images).shape == (2,)
    logits.sum().backward()
    for network in (generator, discriminator):
        assert any(isinstance(m, nn.BatchNorm2d) for m in network.modules()) is norm
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
        assert all(p.grad.abs().max() > 0 for p in network.parameters() if p.ndim > 1)


def test_images_at_the_start_lie_in_the_steep_part_of_tanh():
    torch.manual_seed(0)
    for size, depth in ((28, 1), (28, 4), (32, 2)):
        images = ResNetGenerator(64, 1, size, 16, depth)(torch.randn(64, 64))
        assert 0.1 < images.std() < 0.8
        logits = ResNetDiscriminator(1, size, 16, depth)(images)
        assert 0.01 < logits.std() < 3


def test_brightness_moves_the_images_of_the_start():
    z, before_tanh = torch.randn(8, 64), {}
    for brightness in (-0.75, 0.0, 0.5):
        torch.manual_seed(0)
        before_tanh[brightness] = ResNetGenerator(64, width=4, brightness=brightness)(z).double().atanh()
        moved = before_tanh[brightness] - math.atanh(brightness)
        torch.manual_seed(0)
        assert torch.allclose(moved, ResNetGenerator(64, width=4)(z).double().atanh(), atol=1e-3)


def test_growth_is_the_ratio_of_the_maps_channels():
    generator, discriminator = ResNetGenerator(5, width=4, growth=3), ResNetDiscriminator(width=4, growth=3)
    assert generator.blocks[0].conv1.in_channels == discriminator.blocks[-1].conv1.in_channels == 12
    assert generator.last.in_channels == discriminator.first.out_channels == 4
    assert discriminator(generator(torch.randn(2, 5))).shape == (2,)


def test_a_batch_of_one_and_each_sample_by_itself():
    generator, discriminator = ResNetGenerator(5, width=4), ResNetDiscriminator(width=4)
    z = torch.randn(4, 5)
    images = generator(z)
    assert torch.allclose(generator(z[:1]), images[:1], atol=1e-6)
    assert torch.allclose(discriminator(images[:1]), discriminator(images)[:1], atol=1e-6)


def test_depth_adds_blocks_at_the_smallest_map():
    for network in (ResNetGenerator, ResNetDiscriminator):
        one, three = network(width=4, depth=1), network(width=4, depth=3)
        assert len(three.blocks) - len(one.blocks) == 2
        at = three.blocks[:3] if network is ResNetGenerator else three.blocks[-3:]
        assert all(block.conv1.in_channels == block.conv2.out_channels == 8 for block in at)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ResidualBlock(0, 4), r"^inputs is 0: allowed is 1 or more"),
        (lambda: ResidualBlock(4, 4, resample="sideways"), r"^resample is 'sideways': allowed is 'none', 'up' or"),
        (lambda: ResNetGenerator(depth=0), r"^depth is 0"),
        (
            lambda: ResNetGenerator(brightness=-1.0),
            r"^brightness is -1.0: allowed is a finite number, above -1 and below 1",
        ),
        (lambda: ResNetGenerator(growth=0), r"^growth is 0"),
        (lambda: ResNetGenerator(size=30), r"^size is 30: allowed is one of 16, 28"),
        (lambda: ResNetDiscriminator(width=0), r"^width is 0"),
        (lambda: ResNetGenerator(5, width=4)(torch.zeros(2, 6)), r"^z has shape \(2, 6\)"),
        (lambda: ResNetDiscriminator(width=4)(torch.zeros(2, 1, 32, 32)), r"^x has shape \(2, 1, 32, 32\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# -- CycleGAN's translator ----------------------------------------------------------------------------------------


def reflected(layer, x):
    pad = layer.kernel_size[0] // 2
    return F.conv2d(F.pad(x, (pad,) * 4, mode="reflect"), layer.weight, layer.bias)


def instance_normed(x):
    mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), unbiased=False, keepdim=True)
    return (x - mean) / torch.sqrt(var + 1e-5)


def test_the_translator_by_hand():
    torch.manual_seed(0)
    network, x = ResNetTranslator(2, 3, width=4, blocks=2, halvings=1), torch.randn(2, 2, 12, 8)
    first, down, *blocks, up, last = [
        m for m in network.layers if isinstance(m, nn.Conv2d | nn.ConvTranspose2d) or hasattr(m, "branch")
    ]
    state = instance_normed(reflected(first, x)).relu()
    state = instance_normed(F.conv2d(state, down.weight, down.bias, 2, 1)).relu()
    for block in blocks:
        one, other = (m for m in block.branch if isinstance(m, nn.Conv2d))
        state = state + instance_normed(reflected(other, instance_normed(reflected(one, state)).relu()))
    state = instance_normed(F.conv_transpose2d(state, up.weight, up.bias, 2, 1)).relu()
    assert torch.allclose(network(x), torch.tanh(reflected(last, state)), atol=1e-4)


def test_the_translators_geometry_is_the_papers():
    network = ResNetTranslator()
    layers = [m for m in network.layers if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert [(m.out_channels, m.kernel_size[0], m.stride[0]) for m in layers] == [
        (64, 7, 1), (128, 3, 2), (256, 3, 2), (128, 4, 2), (64, 4, 2), (3, 7, 1),
    ]  # fmt: skip
    assert sum(hasattr(m, "branch") for m in network.layers) == 9
    # 11.4 million in the paper's code; 4 x 4 instead of 3 x 3 on the way up adds 0.3.
    assert 11e6 < sum(p.numel() for p in network.parameters()) < 12e6


@pytest.mark.parametrize(("size", "halvings"), [((16, 16), 2), ((8, 12), 2), ((16, 24), 3), ((6, 10), 1)])
def test_a_translation_is_as_large_as_its_source(size, halvings):
    images = ResNetTranslator(1, 3, width=2, blocks=1, halvings=halvings)(torch.randn(2, 1, *size))
    assert images.shape == (2, 3, *size) and images.abs().max() <= 1


def test_each_image_is_translated_by_itself():
    network, x = ResNetTranslator(width=4, blocks=1), torch.randn(3, 3, 16, 16)
    assert torch.allclose(network(x)[:1], network(x[:1]), atol=1e-5)
    assert torch.allclose(network.eval()(x), network.train()(x), atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 1, 16, 16), (2, 3, 18, 16), (2, 3, 16, 18), (3, 16, 16)])
def test_what_cannot_be_translated_is_named(shape):
    with pytest.raises(ValueError, match=r"^x has shape .*(with H and W multiples of 4, from 8|\(N, 3, H, W\))$"):
        ResNetTranslator(width=2, blocks=1)(torch.zeros(shape))


def test_a_translator_without_blocks_is_refused():
    with pytest.raises(ValueError, match=r"^blocks is 0: allowed is 1 or more"):
        ResNetTranslator(blocks=0)

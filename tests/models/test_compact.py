"""The compact pair: shapes, the maps' sizes, what it is made of by hand, and what is asked for only."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook import penalties
from ganbook.models import CompactDiscriminator, CompactGenerator, RandomAffine, RandomShift, ResizeConvolution
from ganbook.models.compact import HIDDEN, Doublings, compact_features, halvings
from ganbook.models.layers import MinibatchStdDev


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3), (8, 1), (12, 2)])
def test_shapes(size, channels):
    generator, discriminator = CompactGenerator(5, channels, size, 4), CompactDiscriminator(channels, size, 4)
    for n in (1, 3, 8):
        images = generator(torch.randn(n, 5))
        assert images.shape == (n, channels, size, size) and images.abs().max() <= 1
        assert discriminator(images).shape == (n,)


SIZES = {28: (7, 2), 32: (8, 2), 48: (6, 3), 64: (8, 3), 40: (5, 3), 8: (4, 1), 12: (6, 1), 36: (9, 2), 256: (8, 5)}


@pytest.mark.parametrize("size", SIZES)
def test_sides_are_halved_to_eight_or_to_an_odd_number(size):
    side, times = halvings(size)
    assert (side, times) == SIZES[size] and side * 2**times == size


@pytest.mark.parametrize("size", [size for size in SIZES if size <= 64])
def test_maps_double_in_side_and_halve_in_channels(size):
    (side, times), width = SIZES[size], 2
    body, seen = Doublings(5, 3, size, width), []
    for norm in body.norms:
        norm.register_forward_hook(lambda layer, given, made: seen.append(tuple(given[0].shape[1:])))
    assert body(torch.randn(2, 5)).shape == (2, 3, size, size)
    assert seen == [(width * 2 ** (times - i), side * 2**i, side * 2**i) for i in range(times + 1)]


@pytest.mark.parametrize("size", [size for size in SIZES if size <= 64])
def test_the_critics_maps_halve_in_side_and_double_in_channels(size):
    (side, times), width = SIZES[size], 2
    features, seen = compact_features(3, size, width), []
    for layer in features:
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda layer, given, made: seen.append(tuple(made.shape[1:])))
    assert features(torch.randn(2, 3, size, size)).shape == (2, HIDDEN)
    assert seen == [(width * 2**i, size // 2 ** (i + 1), size // 2 ** (i + 1)) for i in range(times)]
    assert seen[-1][1] == side


@pytest.mark.parametrize("resize", [True, False])
def test_the_generator_by_hand(resize):
    generator, z = CompactGenerator(5, 3, 28, 2, resize), torch.randn(6, 5)
    body = generator.body
    x = F.linear(z, body.first.weight).view(6, 8, 7, 7)
    for i, convolution in enumerate(body.convolutions):
        variance, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
        x = ((x - mean) / (variance + 1e-5).sqrt()).clamp(min=0)
        if i == 2:
            x = F.conv2d(x, convolution.weight, convolution.bias, padding=1)
        elif resize:
            x = F.conv2d(F.interpolate(x, scale_factor=2), convolution.convolution.weight, padding=1)
        else:
            x = F.conv_transpose2d(x, convolution.weight, stride=2, padding=1)
    assert len(body.convolutions) == 3
    torch.testing.assert_close(generator(z), x.tanh(), atol=1e-5, rtol=1e-4)


def test_the_discriminator_by_hand():
    critic, x = CompactDiscriminator(3, 28, 4), torch.rand(5, 3, 28, 28) * 2 - 1
    first, _, second, _, flat, hidden, _, last = critic.layers
    made = x
    for layer in (first, second):
        made = F.leaky_relu(F.conv2d(made, layer.weight, layer.bias, 2, 1), 0.2)
    assert isinstance(flat, nn.Flatten) and hidden.out_features == HIDDEN
    made = F.leaky_relu(F.linear(made.reshape(5, -1), hidden.weight, hidden.bias), 0.2)
    expected = F.linear(made, last.weight, last.bias)[:, 0]
    torch.testing.assert_close(critic(x), expected, atol=1e-5, rtol=1e-4)


def test_the_discriminator_has_no_norm_and_judges_each_image_by_itself():
    critic, x = CompactDiscriminator(width=4), torch.rand(6, 1, 28, 28) * 2 - 1
    assert {type(m) for m in critic.layers} == {nn.Conv2d, nn.LeakyReLU, nn.Flatten, nn.Linear}
    assert list(critic.buffers()) == []
    together, apart = critic(x), torch.cat([critic(image[None]) for image in x])
    torch.testing.assert_close(together, apart, atol=1e-6, rtol=1e-5)
    assert torch.equal(critic(x), critic(x)), "and nothing is drawn"


def test_weights_start_as_pytorch_draws_them():
    """Uniform in +- 1 / sqrt(fan in): the largest of many lies near the end, and none beyond."""
    generator, critic = CompactGenerator(), CompactDiscriminator()
    for layer in (*generator.modules(), *critic.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            end = layer.weight[0].numel() ** -0.5
            assert 0.95 * end < layer.weight.abs().max() <= end
            assert layer.weight.std().item() == pytest.approx(end / 3**0.5, rel=0.15)


def test_sizes_that_cannot_be_halved_twice_are_refused():
    for build in (CompactGenerator, CompactDiscriminator):
        for size in (30, 4, 29):
            with pytest.raises(ValueError, match=rf"size is {size}: allowed is a multiple of 4 from 8$"):
                build(size=size)
    with pytest.raises(ValueError, match="x has shape"):
        CompactDiscriminator()(torch.zeros(4, 3, 28, 28))
    with pytest.raises(ValueError, match="z has shape"):
        CompactGenerator(5)(torch.zeros(4, 6))
    with pytest.raises(ValueError, match=r"^group is -1: allowed is 0 or more$"):
        CompactDiscriminator(group=-1)
    with pytest.raises(TypeError, match=r"^augmentation is 2"):
        CompactDiscriminator(augmentation=2)


# -- what is asked for --------------------------------------------------------------------------------------------


def test_the_discriminator_sees_variety_if_asked_to():
    image, others = torch.rand(1, 1, 28, 28) * 2 - 1, torch.rand(3, 1, 28, 28) * 2 - 1
    for group, least in ((0, 0.0), (4, 1e-4)):
        torch.manual_seed(0)
        critic = CompactDiscriminator(group=group)
        assert any(isinstance(m, MinibatchStdDev) for m in critic.layers) is (group > 0)
        among_twins, among_others = critic(image.expand(4, -1, -1, -1))[0], critic(torch.cat([image, others]))[0]
        moved = (among_twins - among_others).abs()
        assert moved > least if group else moved < 1e-6


def test_a_batch_that_cannot_be_grouped_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="multiple of 4"):
        CompactDiscriminator(group=4)(torch.zeros(6, 1, 28, 28))


@pytest.mark.parametrize("kind", [RandomShift, RandomAffine])
def test_images_are_augmented_in_training_only(kind):
    critic, images = CompactDiscriminator(augmentation=kind), torch.rand(8, 1, 28, 28)
    assert isinstance(critic.layers[0], kind)
    assert not torch.equal(critic(images), critic(images))
    critic.eval()
    assert torch.equal(critic(images), critic(images))


def test_what_moves_in_is_as_bright_as_asked():
    for fill in (-1.0, 1.0):
        critic, flat = (
            CompactDiscriminator(augmentation=partial(RandomShift, 4, fill)),
            torch.full((16, 1, 28, 28), fill),
        )
        assert torch.equal(critic(flat), critic(flat)), "a shifted image of the border's own grey is itself"
        other = critic(-flat)
        assert (other - other[0]).abs().max() > 1e-5


# -- at the start -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resize", [True, False])
def test_images_at_the_start_are_grey_and_differ(resize):
    generator = CompactGenerator(64, resize=resize)
    assert any(isinstance(m, nn.ConvTranspose2d) for m in generator.modules()) is not resize
    assert any(isinstance(m, ResizeConvolution) for m in generator.modules()) is resize
    images = generator(torch.randn(256, 64))
    assert images.shape == (256, 1, 28, 28) and 0.05 < images.std() < 0.9 and images.mean().abs() < 0.4
    assert images.std(0).mean() > 0.05, "all latents look alike"


def test_logits_at_the_start_are_small_and_differ():
    logits = CompactDiscriminator()(torch.randn(256, 1, 28, 28))
    assert 0.002 < logits.std() < 1 and logits.mean().abs() < 0.5


@pytest.mark.parametrize("options", [{}, {"augmentation": RandomShift, "group": 4}, {"augmentation": RandomAffine}])
def test_the_penalty_reaches_all_weights(options):
    critic = CompactDiscriminator(**options)
    penalties.r1(critic, torch.rand(8, 1, 28, 28) * 2 - 1, 1.0).backward()
    reached = {name for name, weight in critic.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert {name for name, _ in critic.named_parameters() if name.endswith("weight")} <= reached

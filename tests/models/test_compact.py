"""The compact pair: shapes, ranges, how variety reaches the discriminator, and a signal of constant size."""

import pytest
import torch
from torch import nn

from ganbook import penalties
from ganbook.models import CompactDiscriminator, CompactGenerator


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3), (8, 1)])
def test_shapes(size, channels):
    generator, discriminator = CompactGenerator(5, channels, size, 4), CompactDiscriminator(channels, size, 4)
    for n in (1, 3, 8):
        images = generator(torch.randn(n, 5)) if n > 1 else generator.eval()(torch.randn(n, 5))
        assert images.shape == (n, channels, size, size) and images.abs().max() <= 1
        assert discriminator(images).shape == (n,)


def test_a_batch_that_cannot_be_grouped_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="multiple of 4"):
        CompactDiscriminator()(torch.zeros(6, 1, 28, 28))


def test_sizes_that_cannot_be_halved_twice_are_refused():
    for build in (CompactGenerator, CompactDiscriminator):
        with pytest.raises(ValueError, match="size is 30: allowed is a multiple of 4"):
            build(size=30)
    with pytest.raises(ValueError, match="x has shape"):
        CompactDiscriminator()(torch.zeros(4, 3, 28, 28))
    with pytest.raises(ValueError, match="z has shape"):
        CompactGenerator(5)(torch.zeros(4, 6))


def test_the_discriminator_sees_variety():
    torch.manual_seed(0)
    critic = CompactDiscriminator(shift=0)
    image = torch.rand(1, 1, 28, 28) * 2 - 1
    among_twins = critic(image.expand(4, -1, -1, -1))[0]
    among_others = critic(torch.cat([image, torch.rand(3, 1, 28, 28) * 2 - 1]))[0]
    assert (among_twins - among_others).abs() > 1e-4


def test_shifts_stop_in_evaluation():
    critic, images = CompactDiscriminator(), torch.rand(8, 1, 28, 28)
    assert not torch.equal(critic(images), critic(images))
    critic.eval()
    assert torch.equal(critic(images), critic(images))


def test_the_signal_neither_fades_nor_explodes_at_the_start():
    torch.manual_seed(0)
    assert 0.3 < CompactGenerator(64)(torch.randn(256, 64)).std() < 0.9
    logits = CompactDiscriminator()(torch.randn(256, 1, 28, 28))
    assert 0.1 < logits.std() < 3


@pytest.mark.parametrize("resize", [True, False])
def test_either_way_of_doubling_keeps_the_size_of_signal_and_image(resize):
    torch.manual_seed(0)
    generator = CompactGenerator(64, resize=resize)
    assert any(isinstance(m, nn.ConvTranspose2d) for m in generator.modules()) is not resize
    images = generator(torch.randn(256, 64))
    assert images.shape == (256, 1, 28, 28) and 0.3 < images.std() < 0.9


def test_the_penalty_reaches_all_weights():
    critic = CompactDiscriminator()
    penalties.r1(critic, torch.rand(8, 1, 28, 28) * 2 - 1, 1.0).backward()
    reached = {name for name, weight in critic.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert {name for name, _ in critic.named_parameters() if name.endswith("weight")} <= reached

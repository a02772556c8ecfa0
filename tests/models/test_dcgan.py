"""DCGAN: every size and number of channels, the paper's rules, the initialisation."""

import math

import pytest
import torch
from torch import nn

from ganbook.models import DCGANDiscriminator, DCGANGenerator
from ganbook.models.dcgan import SIZES


def players(size, channels, width=4):
    return DCGANGenerator(10, channels, size, width), DCGANDiscriminator(channels, size, width)


def test_sizes():
    assert SIZES == (16, 28, 32, 64, 128)


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("size", SIZES)
def test_shapes(size, channels):
    generator, discriminator = players(size, channels)
    images = generator(torch.randn(3, 10))
    assert images.shape == (3, channels, size, size) and images.dtype == torch.float32
    assert images.abs().max() <= 1
    logits = discriminator(images)
    assert logits.shape == (3,)
    logits.sum().backward()
    for network in (generator, discriminator):
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())
    assert all(p.grad.abs().max() > 0 for p in discriminator.parameters() if p.ndim > 1)


@pytest.mark.parametrize("size", SIZES)
def test_a_batch_of_one(size):
    generator, discriminator = (network.eval() for network in players(size, 1))
    batch = torch.randn(5, 10)
    images = generator(batch)
    alone = generator(batch[:1])
    assert alone.shape == (1, 1, size, size) and torch.allclose(alone, images[:1], atol=1e-6)
    assert discriminator(alone).shape == (1,)
    assert torch.allclose(discriminator(alone), discriminator(images)[:1], atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_the_papers_rules(size):
    generator, discriminator = players(size, 3)
    for network in (generator, discriminator):
        kinds = {type(m) for m in network.modules()}
        assert not kinds & {nn.Linear, nn.MaxPool2d, nn.AvgPool2d, nn.Upsample, nn.Sigmoid}
    g, d = list(generator.layers), list(discriminator.layers)
    assert isinstance(g[-1], nn.Tanh) and isinstance(g[-2], nn.ConvTranspose2d), "no BatchNorm at G's output"
    assert isinstance(d[0], nn.Conv2d) and isinstance(d[1], nn.LeakyReLU), "no BatchNorm at D's input"
    assert isinstance(d[-1], nn.Conv2d), "a logit, no sigmoid"
    doublings = {16: 2, 28: 2, 32: 3, 64: 4, 128: 5}[size]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in g) == doublings
    assert sum(isinstance(m, nn.BatchNorm2d) for m in d) == doublings - 1
    assert [type(m) for m in g if isinstance(m, nn.ReLU | nn.LeakyReLU)] == [nn.ReLU] * doublings
    assert [m.negative_slope for m in d if isinstance(m, nn.LeakyReLU)] == [0.2] * doublings
    strided = [m for m in (*g, *d) if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)][1:-1]
    assert all((m.kernel_size, m.stride, m.padding) == ((4, 4), (2, 2), (1, 1)) for m in strided)
    # The widest map lies next to the latent: width * 2 ** (doublings - 1); what is called width lies at the image.
    assert g[0].out_channels == d[-1].in_channels == 4 * 2 ** (doublings - 1)
    assert g[-2].in_channels == d[0].out_channels == 4


@pytest.mark.parametrize("norm_mean", [1.0, 0.0])
def test_initialisation(norm_mean):
    torch.manual_seed(0)
    generator = DCGANGenerator(100, 3, 64, 32, norm_mean=norm_mean)
    discriminator = DCGANDiscriminator(3, 64, 32, norm_mean=norm_mean)
    scales = []
    for module in (*generator.modules(), *discriminator.modules()):
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            n = module.weight.numel()
            # Five standard errors of the standard deviation and of the mean.
            assert module.weight.std().item() == pytest.approx(0.02, abs=5 * 0.02 / math.sqrt(2 * n))
            assert module.weight.mean().item() == pytest.approx(0, abs=5 * 0.02 / math.sqrt(n))
            assert module.bias is None or module.bias.abs().max() == 0
        elif isinstance(module, nn.BatchNorm2d):
            scales.append(module.weight.detach())
            assert module.bias.abs().max() == 0
            assert module.eps == 1e-5 and module.momentum == 0.1, "eps 0.8 is the famous copied typing error"
    n = len(torch.cat(scales))
    assert torch.cat(scales).mean().item() == pytest.approx(norm_mean, abs=5 * 0.02 / math.sqrt(n))
    assert torch.cat(scales).std().item() == pytest.approx(0.02, abs=5 * 0.02 / math.sqrt(2 * n))


def test_a_critic_without_batchnorm_judges_each_sample_by_itself():
    torch.manual_seed(0)
    critic = DCGANDiscriminator(1, 28, 8, norm=False)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in critic.modules())
    x = torch.randn(6, 1, 28, 28)
    assert torch.allclose(critic(x)[:2], critic(x[:2]), atol=1e-6)
    with_norm = DCGANDiscriminator(1, 28, 8)
    assert not torch.allclose(with_norm(x)[:2], with_norm(x[:2]), atol=1e-6)


def test_a_bias_before_batchnorm_would_be_without_effect_and_is_left_out():
    for norm in (True, False):
        convolutions = [m for m in DCGANDiscriminator(1, 64, 4, norm=norm).layers if isinstance(m, nn.Conv2d)]
        assert [m.bias is not None for m in convolutions[1:-1]] == [not norm] * 3
        assert convolutions[0].bias is not None and convolutions[-1].bias is not None
    transposed = [m for m in DCGANGenerator(size=64, width=4).layers if isinstance(m, nn.ConvTranspose2d)]
    assert [m.bias is not None for m in transposed] == [False] * 4 + [True]


def test_half_precision_autocast():
    generator, discriminator = players(28, 1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = discriminator(generator(torch.randn(4, 10)))
    assert logits.dtype == torch.bfloat16 and torch.isfinite(logits).all()


@pytest.mark.parametrize("size", [0, 8, 24, 30, 256])
def test_bad_sizes_are_named(size):
    for network in (DCGANGenerator, DCGANDiscriminator):
        with pytest.raises(ValueError, match=rf"^size is {size}: allowed is (one of 16, 28, 32, 64, 128|1 or more)$"):
            network(size=size)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DCGANGenerator(latent_dim=0), r"^latent_dim is 0: allowed is 1 or more"),
        (lambda: DCGANGenerator(channels=0), r"^channels is 0"),
        (lambda: DCGANGenerator(width=0), r"^width is 0"),
        (lambda: DCGANDiscriminator(channels=-1), r"^channels is -1"),
        (lambda: DCGANDiscriminator(width=0), r"^width is 0"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (2, 1, 27, 28), (2, 3, 28, 28), (2, 28, 28), (1, 28, 28)])
def test_images_of_another_shape_are_refused(shape):
    # 32 x 32 images would pass through the layers for 28 and come out as four logits an image.
    with pytest.raises(ValueError, match=r"^x has shape .*: allowed is \(N, 1, 28, 28\)"):
        DCGANDiscriminator(1, 28, 4)(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 10, 1, 1)])
def test_latents_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"^z has shape .*: allowed is \(N, 10\)"):
        DCGANGenerator(10, width=4)(torch.zeros(shape))


@pytest.mark.parametrize("size", [64.0, None])
def test_a_size_of_another_type_is_named(size):
    for network in (DCGANGenerator, DCGANDiscriminator):
        with pytest.raises(TypeError, match=rf"^size is {size}: allowed is a whole number$"):
            network(size=size)

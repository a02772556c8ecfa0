"""PatchGAN: a logit sees exactly the patch that it says, and its source beside it."""

import pytest
import torch
from torch import nn

from ganbook.models import DCGANDiscriminator, PatchDiscriminator, receptive_field


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


FIELDS = {0: 1, 1: 16, 2: 34, 3: 70, 4: 142}


@pytest.mark.parametrize(("layers", "field"), FIELDS.items())
def test_one_logit_has_a_gradient_at_its_patch_and_nowhere_else(layers, field):
    network = PatchDiscriminator(1, layers=layers, width=2, norm=False)  # InstanceNorm sees the whole image
    assert receptive_field(network) == field
    side = 2 * field + 2 ** (layers + 2)
    x = torch.randn(1, 1, side, side, requires_grad=True)
    logits = network(x)
    middle = logits.shape[1] // 2
    (slope,) = torch.autograd.grad(logits[0, middle, middle], x)
    for across in (0, 1):
        reached = (slope[0, 0] != 0).any(across).nonzero().flatten()
        assert reached[-1] - reached[0] + 1 == field
        assert reached[0] > 0 and reached[-1] < side - 1, "the image ends before the patch does"


def test_neighbouring_logits_see_patches_a_stride_apart():
    network = PatchDiscriminator(1, layers=3, width=2, norm=False)
    x = torch.randn(1, 1, 192, 192, requires_grad=True)
    logits = network(x)
    starts = []
    for i in (10, 11):
        (slope,) = torch.autograd.grad(logits[0, 10, i], x, retain_graph=True)
        starts.append((slope[0, 0] != 0).any(0).nonzero()[0].item())
    assert starts[1] - starts[0] == 8


def test_the_patch_of_other_chains_of_convolutions():
    assert receptive_field(nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Conv2d(1, 1, 3))) == 5
    assert receptive_field(nn.Sequential(nn.Conv2d(1, 1, 3, 2), nn.Conv2d(1, 1, 5))) == 11
    assert receptive_field(DCGANDiscriminator(1, 64, 2)) >= 64, "DCGAN's sees all of its image"
    assert receptive_field(nn.ReLU()) == 1


@pytest.mark.parametrize("layers", FIELDS)
def test_shapes(layers):
    for height, width in ((64, 64), (64, 96)):
        logits = PatchDiscriminator(3, 2, layers, 2)(torch.randn(2, 3, height, width), torch.randn(2, 2, height, width))
        lost = 2 if layers else 0  # two convolutions 4-1-1 lose a pixel each
        assert logits.shape == (2, height // 2**layers - lost, width // 2**layers - lost)


def test_a_logit_a_patch_even_if_there_is_one_patch_or_one_image():
    network = PatchDiscriminator(1, layers=2, width=2)
    assert network(torch.randn(1, 1, 32, 32)).shape == (1, 6, 6)
    assert PatchDiscriminator(1, layers=3, width=2)(torch.randn(1, 1, 24, 24)).shape == (1, 1, 1)


def test_zero_layers_judge_pixels():
    network = PatchDiscriminator(3, layers=0, width=4, norm=False)
    x = torch.randn(2, 3, 8, 8)
    shuffled = torch.randperm(64)
    moved = network(x.flatten(2)[:, :, shuffled].unflatten(2, (8, 8)))
    assert torch.allclose(moved.flatten(1), network(x).flatten(1)[:, shuffled], atol=1e-6)


def test_channels_double_up_to_eight_times():
    widths = [m.out_channels for m in PatchDiscriminator(3, 1, 5, 4).modules() if isinstance(m, nn.Conv2d)]
    assert widths == [4, 8, 16, 32, 32, 32, 1]
    assert next(m for m in PatchDiscriminator(3, 1).modules() if isinstance(m, nn.Conv2d)).in_channels == 4


def test_norm_is_left_out_at_the_first_and_the_last():
    kinds = [type(m).__name__ for m in PatchDiscriminator(layers=2, width=2).layers]
    block = ["Conv2d", "InstanceNorm2d", "LeakyReLU"]
    assert kinds == ["Conv2d", "LeakyReLU", *block, *block, "Conv2d"]
    assert not any(isinstance(m, nn.InstanceNorm2d) for m in PatchDiscriminator(norm=False, width=2).modules())


def test_the_source_is_seen_beside_the_image():
    network = PatchDiscriminator(2, 1, 1, 2, norm=False)
    images, sources = torch.randn(2, 2, 16, 16), torch.randn(2, 1, 16, 16)
    assert not torch.allclose(network(images, sources), network(images, sources.flip(0)), atol=1e-3)
    assert torch.equal(network(images, sources), network.layers(torch.cat((sources, images), 1)).squeeze(1))


def test_each_image_is_judged_by_itself():
    network, x = PatchDiscriminator(1, layers=2, width=4), torch.randn(3, 1, 32, 32)
    assert torch.allclose(network(x)[:1], network(x[:1]), atol=1e-5)


IMAGES = torch.zeros(2, 3, 32, 32)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PatchDiscriminator(layers=-1), r"^layers is -1: allowed is 0 or more"),
        (lambda: PatchDiscriminator(sources=-1), r"^sources is -1"),
        (lambda: PatchDiscriminator(channels=0), r"^channels is 0: allowed is 1 or more"),
        (
            lambda: PatchDiscriminator(width=2)(IMAGES[:, :1]),
            r"^images has shape \(2, 1, 32, 32\): allowed is \(N, 3, H",
        ),
        (lambda: PatchDiscriminator(width=2)(IMAGES[0]), r"^images has shape \(3, 32, 32\)"),
        (lambda: PatchDiscriminator(sources=1, width=2)(IMAGES), r"^sources is None: .* \(2, 1, 32, 32\)$"),
        (
            lambda: PatchDiscriminator(sources=1, width=2)(IMAGES, torch.zeros(2, 1, 16, 16)),
            r"^sources has shape \(2, 1, 16, 16\): allowed is \(2, 1, 32, 32\)$",
        ),
        (
            lambda: PatchDiscriminator(width=2)(IMAGES, IMAGES),
            r"^sources was given to a discriminator that was built to see none$",
        ),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()

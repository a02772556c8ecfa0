"""Generators and discriminators that are told a caption, against their formulas."""

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from ganbook.models import (
    BagOfWords,
    FusionBlock,
    GRUEncoder,
    Modulation,
    TextDiscriminator,
    TextGenerator,
)

WORDS = ("a", "red", "green", "blue", "seven", "on")
READS = partial(GRUEncoder, WORDS, dim=8)
CAPTIONS = ("a red seven", "a green seven on blue", "seven on red", "blue")
OTHERS = ("a", "a blue seven", "red on green", "seven")


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def generator(**options):
    return TextGenerator(5, READS, **({"width": 2} | options))


def critic(**options):
    return TextDiscriminator(READS, **({"width": 2} | options))


def pictures(n=4, size=28, channels=3):
    return torch.rand(n, channels, size, size) * 2 - 1


# -- the generator ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [28, 32, 48, 64])
@pytest.mark.parametrize(("how", "augment", "channels"), [("fusion", False, 3), ("concatenation", True, 1)])
def test_shapes_at_all_sizes(size, how, augment, channels):
    images = generator(size=size, how=how, augment=augment, channels=channels)(torch.randn(4, 5), CAPTIONS)
    assert images.shape == (4, channels, size, size) and images.abs().max() < 1
    judged = critic(size=size, channels=channels)(images, CAPTIONS)
    assert judged.shape == (4,) and judged.isfinite().all()


def test_one_sample_and_what_was_embedded_before():
    network, z = generator(), torch.randn(4, 5)
    images = network(z, CAPTIONS)
    assert torch.allclose(network(z[1:2], CAPTIONS[1:2]), images[1:2], atol=1e-5), "a sample depends on its neighbours"
    text = network.embed(CAPTIONS)
    assert text.shape == (4, 8) and torch.allclose(network(z, text), images, atol=1e-6)


@pytest.mark.parametrize("how", ["fusion", "concatenation"])
def test_latent_and_caption_both_change_the_picture(how):
    network = generator(how=how, width=8)
    z = torch.randn(1, 5).expand(4, -1)
    by_caption = network(z, CAPTIONS).std(0).mean()
    by_latent = network(torch.randn(4, 5), CAPTIONS[:1] * 4).std(0).mean()
    assert by_caption > 0.02 and by_latent > 0.02


@pytest.mark.parametrize("augment", [False, True])
def test_the_kl_of_what_is_told(augment):
    network, z = generator(augment=augment), torch.randn(4, 5)
    images, kl = network(z, CAPTIONS, with_kl=True)
    assert images.shape == (4, 3, 28, 28) and kl.shape == (4,)
    if augment:
        assert torch.equal(kl, network.augmentation(network.embed(CAPTIONS))[1]) and kl.min() > 0
        assert not torch.equal(network(z, CAPTIONS), network(z, CAPTIONS)), "in training it is drawn"
        assert torch.equal(network.eval()(z, CAPTIONS), network(z, CAPTIONS)), "in evaluation it is the mean"
    else:
        assert torch.equal(kl, torch.zeros(4)) and torch.equal(network(z, CAPTIONS), images)


@pytest.mark.parametrize("how", ["fusion", "concatenation"])
@pytest.mark.parametrize("augment", [False, True])
def test_gradients_reach_all_weights_of_the_generator(how, augment):
    network = generator(how=how, augment=augment)
    (network(torch.randn(4, 5), CAPTIONS) * torch.randn(4, 3, 28, 28)).sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize(("size", "width"), [(28, 16), (48, 32)])
@pytest.mark.parametrize("brightness", [0.0, 0.6, -0.5])
@torch.no_grad()
def test_untrained_images_are_as_bright_as_asked_and_not_saturated(size, width, brightness):
    images = generator(size=size, width=width, brightness=brightness)(torch.randn(32, 5), CAPTIONS * 8)
    # One network's own leaning comes on top, the same for all of its images.
    assert images.mean().item() == pytest.approx(brightness, abs=0.2)
    assert (images.abs() > 0.97).float().mean() < 0.01 and images.std() > 0.03


def test_a_modulation_scales_and_shifts():
    layer = Modulation(3, 2)
    x, told = torch.randn(4, 3, 5, 5), torch.randn(4, 2)
    found = told @ layer.both.weight.T + layer.both.bias
    scale, shift = found[:, :3, None, None], found[:, 3:, None, None]
    assert torch.allclose(layer(x, told), (1 + scale) * x + shift, atol=1e-6)
    for weight in layer.parameters():
        torch.nn.init.zeros_(weight)
    assert torch.equal(layer(x, told), x), "told nothing, it changes nothing"


def test_a_stage_meets_bends_enlarges_and_convolves():
    block = FusionBlock(3, 2, 4)
    x, told = torch.randn(4, 3, 5, 5) * 7 + 3, torch.randn(4, 4)
    met = block.meet((x - x.mean((1, 2, 3), keepdim=True)) / x.std((1, 2, 3), correction=0, keepdim=True), told)
    larger = F.interpolate(F.leaky_relu(met, 0.2), scale_factor=2, mode="nearest")
    convolution = block.larger.convolution
    expected = F.conv2d(larger, convolution.weight, convolution.bias, padding=1)
    assert block(x, told).shape == (4, 2, 10, 10) and torch.allclose(block(x, told), expected, atol=1e-3)


# -- the discriminator --------------------------------------------------------------------------------------------


def test_the_projection_by_hand():
    network, images = critic(), pictures()
    features, text = network.features(images), network.encoder(CAPTIONS)
    expected = network.last(features)[:, 0] + torch.einsum("nf,fe,ne->n", features, network.project.weight, text)
    assert torch.allclose(network(images, CAPTIONS), expected, atol=1e-4)


def test_the_concatenation_by_hand():
    network, images = critic(how="concatenation"), pictures()
    both = torch.cat((network.features(images), network.encoder(CAPTIONS)), 1)
    expected = network.last(F.leaky_relu(network.hidden(both), 0.2))[:, 0]
    assert torch.allclose(network(images, CAPTIONS), expected, atol=1e-5)


@pytest.mark.parametrize("how", ["projection", "concatenation"])
def test_several_captions_an_image_are_as_good_as_several_calls(how):
    network, images = critic(how=how), pictures()
    calls = []
    network.features.register_forward_hook(lambda *_: calls.append(1))
    together = network(images, CAPTIONS + OTHERS + CAPTIONS[1:] + CAPTIONS[:1])
    assert calls == [1], "the features were computed again"
    apart = [network(images, texts) for texts in (CAPTIONS, OTHERS, CAPTIONS[1:] + CAPTIONS[:1])]
    assert together.shape == (12,) and torch.allclose(together, torch.cat(apart), atol=1e-5)
    assert not torch.allclose(apart[0], apart[1], atol=1e-4)


def test_equal_captions_are_read_once():
    network, seen = critic(), []
    network.encoder.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    text = network.embed(("seven", "a red seven", "seven"))
    assert seen == [("seven", "a red seven")]
    torch.testing.assert_close(text[0], text[2])
    assert not torch.allclose(text[0], text[1], atol=1e-2)
    images = pictures(3)
    assert torch.allclose(network(images, text), network(images, ("seven", "a red seven", "seven")), atol=1e-5)


@pytest.mark.parametrize("how", ["projection", "concatenation"])
def test_gradients_reach_all_weights_of_the_discriminator(how):
    network = critic(how=how)
    (network(pictures(8), CAPTIONS * 2) * torch.randn(8)).sum().backward()
    unused = {name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()}
    assert unused == set()


def test_an_image_moves_in_training_only_and_white_moves_in():
    network = critic(shift=3, fill=1.0)
    white = torch.ones(4, 3, 28, 28)
    assert torch.allclose(network(white, CAPTIONS), network(white, CAPTIONS), atol=1e-6)
    images = pictures()
    assert not torch.allclose(network(images, CAPTIONS), network(images, CAPTIONS), atol=1e-4)
    assert torch.equal(network.eval()(images, CAPTIONS), network(images, CAPTIONS))


@torch.no_grad()
def test_the_product_with_the_caption_is_heard_from_the_start():
    network, images = critic(width=16), pictures(64)
    plain = network.last(network.features(images))[:, 0]
    product = network(images, CAPTIONS * 16) - plain
    assert 0.2 < product.std() / plain.std() < 5


def test_meta_device():
    with torch.device("meta"):
        generators = [generator(how=how, augment=True) for how in ("fusion", "concatenation")]
        critics = [critic(how=how) for how in ("projection", "concatenation")]
    for network, judge in zip(generators, critics, strict=True):
        images = network(torch.empty(4, 5, device="meta"), CAPTIONS)
        assert images.device.type == "meta" and images.shape == (4, 3, 28, 28)
        assert judge(images, CAPTIONS + OTHERS).device.type == "meta"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: generator(size=30), ValueError, r"^size is 30: allowed is one of 28, 32, 48, 64$"),
        (lambda: generator(how="projection"), ValueError, r"^how is 'projection': allowed is 'fusion' or 'concat"),
        (lambda: generator(width=0), ValueError, r"^width is 0: allowed is 1 or more$"),
        (
            lambda: generator(brightness=1.0),
            ValueError,
            r"^brightness is 1.0: allowed is a finite number, above -1 and below 1$",
        ),
        (lambda: generator(brightness=float("nan")), ValueError, r"^brightness is nan"),
        (lambda: TextGenerator(0, READS), ValueError, r"^latent_dim is 0: allowed is 1 or more$"),
        (lambda: generator()(torch.zeros(4, 6), CAPTIONS), ValueError, r"^z has shape \(4, 6\): allowed is \(N, 5\)$"),
        (lambda: generator()(torch.zeros(3, 5), CAPTIONS), ValueError, r"^captions holds 4 texts: allowed are 3, one"),
        (
            lambda: generator()(torch.zeros(1, 5), "seven"),
            TypeError,
            r"^captions is .seven.: allowed is a list of texts or a tensor",
        ),
        (lambda: critic(how="fusion"), ValueError, r"^how is 'fusion': allowed is 'projection' or 'concatenation'$"),
        (lambda: critic(group=0), ValueError, r"^group is 0: allowed is 1 or more$"),
        (lambda: critic()(pictures(size=32), CAPTIONS), ValueError, r"^images has shape \(4, 3, 32, 32\): allowed is"),
        (
            lambda: critic()(pictures(3), CAPTIONS),
            ValueError,
            r"^captions holds 4 texts: allowed is a multiple of the 3",
        ),
        (
            lambda: critic()(pictures(), ()),
            ValueError,
            r"^captions is empty: allowed is one text or more$",
        ),
        (
            lambda: critic()(pictures(0), CAPTIONS),
            ValueError,
            r"^images has shape .0, 3, 28, 28.: allowed is",
        ),
        (
            lambda: critic()(pictures(1), "seven"),
            TypeError,
            r"^captions is .seven.: allowed is a list of texts or a tensor",
        ),
        (lambda: Modulation(0, 2), ValueError, r"^channels is 0: allowed is 1 or more$"),
        (lambda: Modulation(2, 0), ValueError, r"^condition_dim is 0: allowed is 1 or more$"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_each_player_has_an_encoder_of_its_own():
    players = generator(), critic()
    assert players[0].encoder is not players[1].encoder
    assert isinstance(TextGenerator(5, partial(BagOfWords, WORDS, dim=6), width=2).encoder, BagOfWords)

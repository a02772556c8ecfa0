"""Generators and discriminators that are told a caption, against their formulas."""

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from ganbook.models import (
    BagOfWords,
    CompactDiscriminator,
    GRUEncoder,
    Modulation,
    RandomShift,
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


@pytest.mark.parametrize("size", [28, 32, 48, 64, 40])
@pytest.mark.parametrize(("how", "augment", "channels"), [("fusion", False, 3), ("concatenation", True, 1)])
def test_shapes_at_all_sizes(size, how, augment, channels):
    images = generator(size=size, how=how, augment=augment, channels=channels)(torch.randn(4, 5), CAPTIONS)
    assert images.shape == (4, channels, size, size) and images.abs().max() < 1
    judged = critic(size=size, channels=channels)(images, CAPTIONS)
    assert judged.shape == (4,) and judged.isfinite().all()


def test_one_sample_and_what_was_embedded_before():
    network, z = generator(), torch.randn(4, 5)
    in_training = network(z, CAPTIONS)
    assert not torch.allclose(network(z[1:2], CAPTIONS[1:2]), in_training[1:2], atol=1e-3), "the norm is the batch's"
    images = network.eval()(z, CAPTIONS)
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


@pytest.mark.parametrize(("size", "width"), [(28, 16), (48, 32), (64, 16)])
@pytest.mark.parametrize("how", ["fusion", "concatenation"])
@torch.no_grad()
def test_untrained_images_are_grey_and_differ(size, width, how):
    images = generator(size=size, width=width, how=how)(torch.randn(32, 5), CAPTIONS * 8)
    assert images.mean().abs() < 0.4 and (images.abs() > 0.97).float().mean() < 0.02
    assert images.std(0).mean() > 0.03


def test_a_modulation_scales_and_shifts():
    layer = Modulation(3, 2)
    x, told = torch.randn(4, 3, 5, 5), torch.randn(4, 2)
    found = told @ layer.both.weight.T + layer.both.bias
    scale, shift = found[:, :3, None, None], found[:, 3:, None, None]
    assert torch.allclose(layer(x, told), (1 + scale) * x + shift, atol=1e-6)
    for weight in layer.parameters():
        torch.nn.init.zeros_(weight)
    assert torch.equal(layer(x, told), x), "told nothing, it changes nothing"


@pytest.mark.parametrize("how", ["fusion", "concatenation"])
def test_every_stage_norms_meets_bends_enlarges_and_convolves(how):
    network, z = generator(how=how, channels=2), torch.randn(4, 5)
    told = torch.cat((z, network.encoder(CAPTIONS)), 1)
    body = network.body
    x = (told @ body.first.weight.T).view(4, 8, 7, 7)
    for i, (norm, convolution) in enumerate(zip(body.norms, body.convolutions, strict=True)):
        variance, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
        normed = (x - mean) / (variance + 1e-5).sqrt()
        if how == "fusion":
            scale, shift = norm.meet.both(told)[:, :, None, None].chunk(2, 1)
            met = normed * (1 + scale) + shift
        else:
            weight, bias = norm.meet.mix.weight[:, :, 0, 0], norm.meet.mix.bias
            beside = (told @ weight[:, x.shape[1] :].T + bias)[:, :, None, None]
            met = torch.einsum("oc,nchw->nohw", weight[:, : x.shape[1]], normed) + beside
        bent = met.clamp(min=0)
        if i < 2:
            x = F.conv2d(F.interpolate(bent, scale_factor=2), convolution.convolution.weight, padding=1)
        else:
            x = F.conv2d(bent, convolution.weight, convolution.bias, padding=1)
    assert i == 2
    torch.testing.assert_close(network(z, CAPTIONS), x.tanh(), atol=1e-4, rtol=1e-3)


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
    network = critic(augmentation=partial(RandomShift, 3, fill=1.0))
    white = torch.ones(4, 3, 28, 28)
    assert torch.allclose(network(white, CAPTIONS), network(white, CAPTIONS), atol=1e-6)
    images = pictures()
    assert not torch.allclose(network(images, CAPTIONS), network(images, CAPTIONS), atol=1e-4)
    assert torch.equal(network.eval()(images, CAPTIONS), network(images, CAPTIONS))


@torch.no_grad()
def test_the_product_with_the_caption_is_heard_from_the_start():
    network, images = TextDiscriminator(partial(GRUEncoder, WORDS, dim=64)), pictures(64)
    plain = network.last(network.features(images))[:, 0]
    product = network(images, CAPTIONS * 16) - plain
    assert product.std() > 0.1 * plain.std() and product.abs().max() < 10 * plain.abs().max()


def test_without_a_caption_it_is_the_compact_critic():
    network, plain = critic(width=4), CompactDiscriminator(3, 28, 4)
    network.features.load_state_dict(plain.layers[:-1].state_dict())
    network.last.load_state_dict(plain.layers[-1].state_dict())
    torch.nn.init.zeros_(network.project.weight)
    images = pictures()
    assert torch.allclose(network(images, CAPTIONS), plain(images), atol=1e-6)


def test_variety_is_seen_if_asked_for():
    for group, seen in ((0, False), (4, True)):
        network, images = critic(group=group), pictures()
        apart = torch.cat([network(images[i : i + 1], CAPTIONS[i : i + 1]) for i in range(4)])
        assert torch.allclose(network(images, CAPTIONS), apart, atol=1e-6) is not seen


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
        (lambda: generator(size=30), ValueError, r"^size is 30: allowed is a multiple of 4 from 8$"),
        (lambda: critic(size=6), ValueError, r"^size is 6: allowed is a multiple of 4 from 8$"),
        (lambda: generator(how="projection"), ValueError, r"^how is 'projection': allowed is 'fusion' or 'concat"),
        (lambda: generator(width=0), ValueError, r"^width is 0: allowed is 1 or more$"),
        (lambda: critic(group=-1), ValueError, r"^group is -1: allowed is 0 or more$"),
        (lambda: TextGenerator(0, READS), ValueError, r"^latent_dim is 0: allowed is 1 or more$"),
        (lambda: generator()(torch.zeros(4, 6), CAPTIONS), ValueError, r"^z has shape \(4, 6\): allowed is \(N, 5\)$"),
        (lambda: generator()(torch.zeros(3, 5), CAPTIONS), ValueError, r"^captions holds 4 texts: allowed are 3, one"),
        (
            lambda: generator()(torch.zeros(1, 5), "seven"),
            TypeError,
            r"^captions is .seven.: allowed is a list of texts or a tensor",
        ),
        (lambda: critic(how="fusion"), ValueError, r"^how is 'fusion': allowed is 'projection' or 'concatenation'$"),
        (lambda: critic(group=-1), ValueError, r"^group is -1: allowed is 0 or more$"),
        (lambda: critic(group=3)(pictures(), CAPTIONS), ValueError, r"multiple of 3$"),
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

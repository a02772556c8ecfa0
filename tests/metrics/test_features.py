"""Networks shipped with the library judge images new to them; Inception comes from torch-fidelity, or says why not."""

from __future__ import annotations

import sys
from importlib import resources
from urllib.error import URLError

import pytest
import torch

from ganbook import data, metrics
from ganbook.data.images import to_float, to_uint8
from ganbook.metrics.features import DigitsNet, EmojiNet
from train_features import tone_right, words_of


def misread(name):
    """Indices of the test digits that a network gives another class."""
    test = data.load("digits", "test")
    with torch.no_grad():
        said = metrics.features(name).logits(to_float(test.images)).argmax(1)
    return set((said != test.labels).nonzero()[:, 0].tolist())


def test_accuracy_on_the_test_split_is_98_percent_or_more():
    # tools/train_features.py printed 0.991 and 0.988.
    assert len(misread("digits")) == pytest.approx(9, abs=3)
    assert len(misread("digits-referee")) == pytest.approx(12, abs=4)


def kinds(network):
    return {type(module) for module in network.modules()}


@pytest.mark.parametrize("name", ["digits", "emoji"])
def test_a_referee_is_another_network(name):
    """Of other architecture and weights, so that what deceives the one need not deceive the other."""
    first, second = metrics.features(name), metrics.features(metrics.referee_of(name))
    assert torch.nn.BatchNorm2d in kinds(first) and torch.nn.BatchNorm2d not in kinds(second)
    kernels = [network.body[0].kernel_size[0] for network in (first, second)]
    assert kernels[0] < kernels[1]
    assert first.dim == second.dim == second(torch.zeros(1, first.shape[0], first.size, first.size)).shape[1]
    assert metrics.referee_of(metrics.referee_of(name)) is None is metrics.referee_of("inception")


def test_a_referee_errs_elsewhere():
    first, second = misread("digits"), misread("digits-referee")
    assert len(second - first) >= 3 and len(first - second) >= 2


def test_features_have_the_promised_shape_and_no_gradient():
    network = metrics.features("digits")
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert network(torch.zeros(1, 1, 28, 28)).shape == (1, DigitsNet.dim)


def test_the_weights_are_small():
    for name, most in (
        ("digits", 200_000),
        ("digits-referee", 250_000),
        ("emoji", 400_000),
        ("emoji-referee", 450_000),
    ):
        assert len(resources.files("ganbook.metrics").joinpath(f"{name}.safetensors").read_bytes()) < most


@pytest.mark.parametrize(
    "images", [torch.zeros(2, 3, 28, 28), torch.zeros(2, 1, 32, 32), torch.zeros(2, 1, 28, 28).byte()]
)
def test_other_images_are_refused(images):
    with pytest.raises((TypeError, ValueError), match=r"^images .* allowed is .*\(N, 1, 28, 28\)$"):
        metrics.features("digits")(images)


def test_unknown_name():
    with pytest.raises(
        ValueError,
        match="name is 'faces': allowed is one of digits, digits-referee, emoji, emoji-referee, inception, pixels",
    ):
        metrics.features("faces")


# -- emoji --------------------------------------------------------------------------------------------------------


REACHED = {"emoji": (0.841, 0.528, 0.973), "emoji-referee": (0.759, 0.472, 0.849)}
"""Precision, recall and share of tones that tools/train_features.py printed."""


@pytest.fixture(scope="module", params=REACHED)
def held_out(request):
    """Test emoji, what a network says of them, the words of their names that it knows, and what it had reached."""
    test, network = data.load("emoji", "test"), metrics.features(request.param)
    with torch.no_grad():
        scores = network.logits(to_float(test.images))
    named = torch.tensor([[word in words_of(caption) for word in network.words] for caption in test.captions])
    return test, network, scores, named, REACHED[request.param]


def test_words_are_read_off_emoji_that_the_network_has_never_seen(held_out):
    test, network, scores, named, (precision, recall, tone) = held_out
    said = scores > 0
    right = (said & named).sum().item()
    assert right / said.sum().item() == pytest.approx(precision, abs=0.04)
    assert right / named.sum().item() == pytest.approx(recall, abs=0.04)
    assert tone_right(network, test) == pytest.approx(tone, abs=0.02)
    shuffled = named[torch.randperm(len(named), generator=torch.Generator().manual_seed(0))]
    assert (said & shuffled).sum().item() / said.sum().item() < 0.3, "so many words are right by chance"


def test_words_are_ranked_above_the_others(held_out):
    _, network, scores, named, _ = held_out
    some = named.any(0)
    better = [
        (scores[named[:, k], k][:, None] > scores[~named[:, k], k][None]).float().mean() for k in some.nonzero()[:, 0]
    ]
    assert 0.9 < torch.stack(better).mean() < 1, "the area under the ROC curve; chance is 0.5"
    assert len(network.words) == len(set(network.words)) == scores.shape[1] > 50


def test_emoji_features_have_the_promised_shape_and_no_gradient():
    network = metrics.features("emoji")
    assert not network.training and not any(p.requires_grad for p in network.parameters())
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, EmojiNet.dim) == (1, 96)
    assert network.logits(torch.zeros(2, 3, 20, 20)).shape == (2, len(network.words))


def test_emoji_of_any_size_are_seen_at_64_pixels():
    network, images = metrics.features("emoji"), torch.rand(2, 3, 128, 128) * 2 - 1
    halves = torch.nn.functional.interpolate(images, (64, 64), mode="bilinear", antialias=True)
    assert torch.equal(network(images), network(halves))


def test_many_emoji_are_seen_in_parts():
    network, images = metrics.features("emoji"), torch.rand(501, 3, 16, 16) * 2 - 1
    found = network(images)
    assert found.shape == (501, 96) and torch.allclose(found[-1:], network(images[-1:]), atol=1e-5)


@pytest.mark.parametrize(
    "images", [torch.zeros(2, 1, 64, 64), torch.zeros(3, 64, 64), torch.zeros(2, 3, 64, 64).byte()]
)
def test_what_is_no_emoji_is_refused(images):
    with pytest.raises((TypeError, ValueError), match=r"^images .* allowed is .*\(N, 3, H, W\)$"):
        metrics.features("emoji")(images)


def no_network(*_, **__):
    raise URLError("no route to host")


def broken_file(*_, **__):
    raise RuntimeError("invalid hash value (expected 6726825d, got 00000000)")


@pytest.mark.parametrize(
    ("download", "reason"), [(no_network, "no route to host"), (broken_file, "invalid hash value")]
)
def test_inception_without_its_weights_is_one_clear_sentence(monkeypatch, download, reason):
    pytest.importorskip("torch_fidelity")
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", download)
    with pytest.raises(metrics.FeaturesUnavailable) as caught:
        metrics.features("inception")
    sentence = str(caught.value)
    assert sentence.startswith(f"the weights of Inception cannot be had ({reason}")
    assert "weights-inception-2015-12-05" in sentence and "/checkpoints" in sentence
    assert "\n" not in sentence


def test_inception_without_torch_fidelity_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(metrics.FeaturesUnavailable, match=r'pip install "ganbook\[inception\]"'):
        metrics.features("inception")


@pytest.fixture
def inception(monkeypatch):
    """Inception with random weights, as no test may download the true ones."""
    fidelity = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    asked = []
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda *_, **settings: asked.append(settings) or {})
    monkeypatch.setattr(fidelity, "load_state_dict_from_url", lambda *_, **__: {})
    monkeypatch.setattr(fidelity.FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
    network = metrics.features("inception")
    assert asked == [{"progress": False, "check_hash": True, "weights_only": True}]
    return network


def test_inception_sees_what_torch_fidelity_sees(inception):
    assert not inception.training and not any(p.requires_grad for p in inception.parameters())
    images = torch.rand(2, 1, 20, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1
    theirs = inception.network(to_uint8(images.clone()).repeat(1, 3, 1, 1))
    found = inception(images)
    assert found.shape == (2, inception.dim) and torch.equal(found, theirs[0])
    assert inception.logits(images[:1]).shape == (1, 1008)
    with pytest.raises(ValueError, match=r"^images has 2 channels: allowed is 1 or 3$"):
        inception(torch.zeros(1, 2, 9, 9))


@pytest.mark.parametrize("name", ["digits", "digits-referee", "emoji", "emoji-referee"])
def test_a_network_is_had_without_drawing_random_numbers(name):
    before = torch.get_rng_state()
    metrics.features(name)
    assert torch.equal(torch.get_rng_state(), before)


def test_pixels_are_features_of_any_image_and_hide_what_is_fine():
    see = metrics.features("pixels")
    images = torch.rand(3, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = see(images)
    assert found.shape == (3, 192) and see(images[:, :1, :5, :5]).shape == (3, 64)
    blocks = images.reshape(3, 3, 8, 4, 8, 6).mean((3, 5)).flatten(1)
    torch.testing.assert_close(found, blocks)
    with pytest.raises(ValueError, match="images has shape"):
        see(images[0])

"""Explorers of a generator: what the front end is told, and what the kernel answers it."""

import base64
import json
from functools import partial

import pytest
import torch
from bs4 import BeautifulSoup

from ganbook import models, training, widgets

WORDS = ("a", "red", "seven", "on", "green")


def seeded(make, *arguments, **named):
    torch.manual_seed(0)
    network = make(*arguments, **named).eval()
    for weight in network.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.3)  # so that what it draws is not all grey
    return network


def sampler_of(given):
    prior = training.Prior(5, "uniform")
    if given == "nothing":
        return training.Sampler(seeded(models.DCGANGenerator, 5, 1, 28, width=4), prior, {})
    if given == "labels":
        return training.Sampler(seeded(models.ConditionalGenerator, 5, width=4), prior, {}, given, 10)
    if given == "sources":
        return training.Sampler(seeded(models.UNet, 5, size=16, width=4, depth=2), prior, {}, given)
    encoder = partial(models.GRUEncoder, WORDS, dim=8)
    return training.Sampler(seeded(models.TextGenerator, 5, encoder, width=4), prior, {}, given)


SHEETS = {"a cross": torch.eye(16)[None] * 2 - 1, "paper": torch.ones(1, 16, 16)}
MADE = {
    "nothing": lambda sampler: widgets.latent_explorer(sampler, start=3, end=8),
    "labels": lambda sampler: widgets.class_explorer(sampler, label=3),
    "captions": lambda sampler: widgets.caption_explorer(sampler, "a <b>red</b> seven", examples=["seven"]),
    "sources": lambda sampler: widgets.colouring_board(sampler, SHEETS),
}


@pytest.fixture
def ask(monkeypatch):
    """(explorer, inputs) -> what the kernel answers a front end, and the bytes that go with it."""

    def send(explorer, ask="1-2", **inputs):
        answers, described, buffers = [], {}, []
        for name, value in inputs.items():
            if isinstance(value, torch.Tensor):
                whole = not value.is_floating_point()
                described[name] = {"shape": list(value.shape), "whole": whole, "buffer": len(buffers)}
                buffers.append(memoryview(value.numpy().tobytes()))
            else:
                described[name] = value
        monkeypatch.setattr(explorer, "send", lambda content, sent=None: answers.append((content, sent)))
        explorer._handle_custom_msg({"ask": ask, "inputs": described}, buffers)
        ((content, sent),) = answers
        return content, sent

    return send


def expected(sampler, z, **condition):
    with torch.no_grad():
        name = {"labels": "labels", "captions": "captions", "sources": "sources"}.get(sampler.given)
        value = condition.get(name)
        call = {"nothing": lambda g: g(z), "sources": lambda g: g(value, z)}.get(sampler.given, lambda g: g(z, value))
        return call(sampler.generator)


@pytest.mark.parametrize("given", MADE)
def test_the_kernel_draws_what_it_is_asked_for(ask, given):
    sampler = sampler_of(given)
    condition = {
        "labels": {"labels": torch.tensor([3, 8])},
        "captions": {"captions": ["a red seven", "zebra"]},
        "sources": {"sources": torch.stack([*SHEETS.values()])},
    }.get(given, {})
    z = sampler.prior.sample(2, generator=torch.Generator().manual_seed(1))
    content, (pixels,) = ask(MADE[given](sampler), z=z, **condition)
    images = expected(sampler, z, **condition)
    assert content == {"answer": "1-2", "shape": list(images.shape)}
    found = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(images.shape)
    assert (found / 127.5 - 1 - images).abs().max() <= 1.01 / 255
    assert images.std() > 0.01 and not torch.equal(images[0], images[1])


def test_a_translator_without_noise_is_asked_without(ask):
    sampler = training.Sampler(seeded(models.UNet, 0, size=16, width=4, depth=2), None, {}, "sources")
    content, _ = ask(widgets.colouring_board(sampler, SHEETS), sources=SHEETS["a cross"][None])
    assert content["shape"] == [1, 3, 16, 16]


def test_what_goes_wrong_is_an_answer(ask):
    content, sent = ask(MADE["nothing"](sampler_of("nothing")), z=torch.zeros(1, 4))
    assert content["answer"] == "1-2" and "shape" not in content and sent is None
    assert "4" in content["wrong"]


def test_the_front_end_is_told_what_it_must_know():
    told = {given: make(sampler_of(given)) for given, make in MADE.items()}
    assert [explorer.name for explorer in told.values()] == ["latent", "class", "caption", "colouring"]
    for explorer in told.values():
        assert explorer.data["said"].items() >= {"dim": "5", "prior": "uniform"}.items()
    assert told["labels"].data["said"]["classes"] == "10"
    assert json.loads(told["captions"].data["said"]["words"]) == list(WORDS)
    kept = told["sources"].data["drawings"]
    lines = torch.frombuffer(bytearray(base64.b64decode(kept["lines"])), dtype=torch.uint8)
    assert (kept["names"], kept["size"]) == (list(SHEETS), 16)
    torch.testing.assert_close(lines.view(2, 1, 16, 16) / 127.5 - 1, torch.stack([*SHEETS.values()]))


def test_an_encoder_of_characters_has_no_words():
    encoder = partial(models.CharCNNRNN, dim=8, width=8, length=16)
    sampler = training.Sampler(seeded(models.TextGenerator, 5, encoder, width=4), training.Prior(5), {}, "captions")
    assert "words" not in widgets.caption_explorer(sampler, "a red seven").data["said"]


def test_a_built_page_begins_where_the_notebook_does():
    bundle, _ = MADE["captions"](sampler_of("captions"))._repr_mimebundle_()
    (place,) = BeautifulSoup(bundle["text/html"], "html.parser").select("div[data-demo]")
    assert place["data-demo"] == "caption"
    assert json.loads(place["data-options"]) == {"caption": "a <b>red</b> seven", "seed": 0, "examples": ["seven"]}
    assert place.text == "This explorer needs JavaScript, or a kernel."


@pytest.mark.parametrize("given", MADE)
def test_another_sampler_is_named(given):
    for other in MADE.keys() - {given}:
        with pytest.raises(ValueError, match=rf"^sampler is given {other}: allowed is one that is given {given}$"):
            MADE[given](sampler_of(other))


def test_a_board_needs_drawings_of_one_square_size():
    sampler = sampler_of("sources")
    with pytest.raises(ValueError, match="drawings is empty"):
        widgets.colouring_board(sampler, {})
    with pytest.raises(ValueError, match=r"drawings\['b'\]"):
        widgets.colouring_board(sampler, {"a": torch.ones(1, 16, 16), "b": torch.ones(1, 16, 8)})

"""A sampler repeats itself, refuses what it cannot do, and survives the disk."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from ganbook.models import DCGANGenerator, GRUEncoder, MLPGenerator, TextGenerator
from ganbook.training import Prior, Sampler


@pytest.fixture
def sampler() -> Sampler:
    torch.manual_seed(0)
    return Sampler(DCGANGenerator(8, 1, 28, 4), Prior(8), {"recipe": "test"})


def test_the_same_seed_gives_the_same_samples(sampler: Sampler):
    few = sampler.sample(3, seed=1)
    assert torch.equal(few, sampler.sample(3, seed=1))
    assert few.shape == (3, 1, 28, 28)
    assert few.abs().max() <= 1
    assert not torch.equal(few, sampler.sample(3, seed=2))


def test_a_batch_of_one_works_and_evaluation_mode_is_kept(sampler: Sampler):
    before = {k: v.clone() for k, v in sampler.generator.state_dict().items()}
    assert sampler.sample(1).shape == (1, 1, 28, 28)
    assert sampler.sample(300).shape == (300, 1, 28, 28)  # more than one chunk
    assert all(torch.equal(before[k], v) for k, v in sampler.generator.state_dict().items())


def test_points_have_two_dimensions():
    assert Sampler(MLPGenerator(), Prior(2), {}).sample(5).shape == (5, 2)


@pytest.mark.parametrize("n", [None, 0, -1])
def test_n_is_checked(sampler: Sampler, n):
    with pytest.raises(ValueError, match=f"n is {n}: allowed is a whole number of 1 or more"):
        sampler.sample(n)


@pytest.mark.parametrize(
    "condition", [{"labels": [3]}, {"captions": ["a seven"]}, {"sources": torch.zeros(1, 1, 4, 4)}]
)
def test_an_unconditional_sampler_refuses_conditions(sampler: Sampler, condition):
    with pytest.raises(ValueError, match=f"{next(iter(condition))} was given, but test is unconditional"):
        sampler.sample(1, **condition)


# -- told a class -------------------------------------------------------------------------------------------------


class Told(nn.Module):
    """Shows what it was given: the latent's first number and the class, or the source and the latent."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.sizes = []

    def forward(self, first, second=None):
        assert not self.training and not torch.is_grad_enabled()
        self.sizes.append(len(first))
        if second is None or second.is_floating_point():
            return self.weight * (first if second is None else first + second.mean(1)[:, None, None, None])
        return self.weight * torch.stack((first[:, 0], second.float()), 1)


@pytest.fixture
def by_class() -> Sampler:
    return Sampler(Told(), Prior(2), {"recipe": "digits-by-class"}, "labels", 3)


def test_all_classes_in_turn_unless_some_are_asked_for(by_class: Sampler):
    assert by_class.sample(7)[:, 1].tolist() == [0, 1, 2, 0, 1, 2, 0]
    for labels in ([2, 2, 0], (2, 2, 0), torch.tensor([2, 2, 0]), torch.tensor([2, 2, 0], dtype=torch.uint8)):
        assert by_class.sample(labels=labels)[:, 1].tolist() == [2, 2, 0]
    assert torch.equal(by_class.sample(3, labels=[2, 2, 0]), by_class.sample(labels=[2, 2, 0]))


def test_the_seed_is_of_the_latents_whatever_the_class(by_class: Sampler):
    one, other = by_class.sample(labels=[0, 0, 0], seed=4), by_class.sample(labels=[2, 1, 0], seed=4)
    assert torch.equal(one[:, 0], other[:, 0]) and len(one[:, 0].unique()) == 3
    assert torch.equal(by_class.sample(5, seed=4), by_class.sample(5, seed=4))
    assert not torch.equal(by_class.sample(5, seed=4)[:, 0], by_class.sample(5, seed=5)[:, 0])


def test_many_samples_keep_their_own_label_and_latent(by_class: Sampler):
    samples = by_class.sample(600)
    assert by_class.generator.sizes == [256, 256, 88]
    assert torch.equal(samples[:, 1], (torch.arange(600) % 3).float())
    assert torch.equal(samples[:, 0], Prior(2).sample(600, generator=torch.Generator().manual_seed(0))[:, 0])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"labels": [0, 3]}, r"^labels holds 0 to 3: allowed is 0 to 2$"),
        ({"labels": [-1]}, r"^labels holds -1 to -1: allowed is 0 to 2$"),
        ({"labels": [0.5]}, r"^labels is torch.float32 \(1,\): allowed are whole numbers, one a sample$"),
        ({"labels": [[0], [1]]}, r"^labels is torch.int64 \(2, 1\): allowed are whole numbers, one a sample$"),
        ({"n": 3, "labels": [0, 1]}, r"^labels is torch.int64 \(2,\): allowed are 3 whole numbers, as many as n$"),
        ({"labels": []}, r"^(n is 0: allowed is a whole number of 1 or more|labels is .*)$"),
        ({}, r"^n is None: allowed is|^n is 0: allowed is"),
        ({"n": 0}, r"^n is 0: allowed is a whole number of 1 or more$"),
        ({"n": -2}, r"^n is (0|-2): allowed is a whole number of 1 or more$"),
        ({"n": 1, "sources": torch.zeros(1, 1, 4, 4)}, r"^sources was given, but digits-by-class is told labels$"),
        ({"n": 1, "captions": ["a seven"]}, r"^captions was given, but digits-by-class is told labels$"),
    ],
)
def test_bad_labels_are_named(by_class: Sampler, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        by_class.sample(**arguments)
    assert by_class.generator.sizes == []


# -- told a source ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prior", [Prior(2), None])
def test_sources_are_translated_one_by_one(prior):
    sources = torch.arange(300.0)[:, None, None, None].expand(300, 1, 2, 2) / 300
    sampler = Sampler(Told(), prior, {"recipe": "lines"}, "sources")
    made = sampler.sample(sources=sources, seed=1)
    assert sampler.generator.sizes == [256, 44] and made.shape == (300, 1, 2, 2)
    added = (made - sources)[:, 0, 0, 0]
    if prior is None:
        assert torch.equal(made, sources)
        assert torch.equal(sampler.sample(sources=sources, seed=2), made), "nothing is left to chance"
    else:
        z = prior.sample(300, generator=torch.Generator().manual_seed(1))
        assert torch.allclose(added, z.mean(1), atol=1e-5)
        assert torch.equal(sampler.sample(300, sources=sources, seed=1), made)
        assert not torch.equal(sampler.sample(sources=sources, seed=2), made)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"n": 3}, r"^sources is None: this generator translates images, float \(n, C, H, W\) in \[-1, 1\]$"),
        ({}, r"^sources is None"),
        ({"sources": torch.zeros(1, 4, 4)}, r"^sources is torch.float32 \(1, 4, 4\): allowed is float \(n, C, H, W\)"),
        ({"sources": torch.zeros(1, 1, 4, 4).byte()}, r"^sources is torch.uint8 .*: allowed is float"),
        ({"n": 2, "sources": torch.zeros(1, 1, 4, 4)}, r"^sources .*: allowed is float \(2, C, H, W\), as many as n"),
        ({"sources": torch.zeros(0, 1, 4, 4)}, r"^n is 0: allowed is a whole number of 1 or more$"),
        ({"sources": torch.zeros(1, 1, 4, 4), "labels": [0]}, r"^labels was given, but lines is told sources$"),
    ],
)
def test_bad_sources_are_named(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Sampler(Told(), None, {"recipe": "lines"}, "sources").sample(**arguments)


# -- told a caption -----------------------------------------------------------------------------------------------


class Reader(nn.Module):
    """Shows the latent's first number and how long the caption is."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.sizes = []

    def forward(self, z, captions):
        assert not self.training and not torch.is_grad_enabled() and len(z) == len(captions)
        self.sizes.append(len(z))
        lengths = torch.tensor([float(len(caption)) for caption in captions])
        return self.weight * torch.stack((z[:, 0], lengths), 1)


@pytest.fixture
def by_caption() -> Sampler:
    return Sampler(Reader(), Prior(2), {"recipe": "text"}, "captions")


@pytest.mark.parametrize("form", [list, tuple])
def test_captions_are_drawn_one_by_one(by_caption: Sampler, form):
    captions = form("x" * (i % 7) for i in range(300))
    made = by_caption.sample(captions=captions, seed=4)
    assert by_caption.generator.sizes == [256, 44], "not in chunks"
    assert made[:, 1].tolist() == [i % 7 for i in range(300)]
    assert torch.equal(made[:, 0], Prior(2).sample(300, generator=torch.Generator().manual_seed(4))[:, 0])
    assert torch.equal(by_caption.sample(300, captions=captions, seed=4), made)
    assert not torch.equal(by_caption.sample(captions=captions, seed=5)[:, 0], made[:, 0])


def test_a_trained_readers_samples_are_of_their_captions_in_any_company():
    torch.manual_seed(0)
    generator = TextGenerator(3, partial(GRUEncoder, ("a", "red", "seven"), dim=4), augment=True, width=2)
    sampler = Sampler(generator, Prior(3), {}, "captions")
    made = sampler.sample(captions=["a red seven", "seven", ""], seed=1)
    assert made.shape == (3, 3, 28, 28) and torch.equal(
        sampler.sample(captions=["a red seven", "seven", ""], seed=1), made
    )
    other = sampler.sample(captions=["seven", "seven", "a red seven seven"], seed=1)
    assert torch.allclose(other[1], made[1], atol=1e-5) and not torch.allclose(other[0], made[0], atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (
            {"n": 3},
            ValueError,
            r"^captions is None: this generator draws what texts say, a list of strings, one a sample$",
        ),
        ({}, ValueError, r"^captions is None"),
        ({"captions": "a seven"}, TypeError, r"^captions is .a seven.: allowed is a list of texts$"),
        ({"captions": [7]}, TypeError, r"^captions is \[.*\]: allowed is a list of texts"),
        ({"n": 2, "captions": ["a"]}, ValueError, r"^captions holds 1 texts: allowed are 2, one per sample$"),
        ({"captions": []}, ValueError, r"^n is 0: allowed is a whole number of 1 or more$"),
        ({"captions": ["a"], "labels": [0]}, ValueError, r"^labels was given, but text is told captions$"),
    ],
)
def test_bad_captions_are_named(by_caption: Sampler, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        by_caption.sample(**arguments)
    assert by_caption.generator.sizes == []


def test_n_is_none_where_nothing_is_told(sampler: Sampler):
    with pytest.raises(ValueError, match=r"^n is None: allowed is a whole number of 1 or more$"):
        sampler.sample()

"""A sampler repeats itself, refuses what it cannot do, and survives the disk."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ganbook.models import ConditionalGenerator, DCGANGenerator, GRUEncoder, MLPGenerator, TextGenerator, UNet
from ganbook.models.surgery import replace_layers
from ganbook.models.variants import two_translators
from ganbook.training import Prior, Sampler
from ganbook.training.checkpoint import CheckpointError
from ganbook.training.sampler import CARD, CONFIG, WEIGHTS


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


@pytest.mark.parametrize(("n", "error"), [(None, TypeError), (1.5, TypeError), (0, ValueError), (-1, ValueError)])
def test_n_is_checked(sampler: Sampler, n, error):
    with pytest.raises(error, match=f"^n is {n}: allowed is (a whole number|1 or more)$"):
        sampler.sample(n)


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (2**64, ValueError), (0.5, TypeError)])
def test_the_seed_is_checked(sampler: Sampler, seed, error):
    with pytest.raises(error, match=f"^seed is {seed}: allowed is"):
        sampler.sample(1, seed=seed)


@pytest.mark.parametrize(
    "condition", [{"labels": [3]}, {"captions": ["a seven"]}, {"sources": torch.zeros(1, 1, 4, 4)}]
)
def test_an_unconditional_sampler_refuses_conditions(sampler: Sampler, condition):
    with pytest.raises(ValueError, match=f"{next(iter(condition))} was given, but test is conditioned on nothing"):
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
        ({"labels": ["a"]}, r"^labels is a list: allowed are whole numbers, one per sample$"),
        ({"labels": [0, 3]}, r"^labels holds 0 to 3: allowed is 0 to 2$"),
        ({"labels": [-1]}, r"^labels holds -1 to -1: allowed is 0 to 2$"),
        ({"labels": [0.5]}, r"^labels is a torch.float32 tensor \(1,\): allowed is a tensor of whole numbers"),
        ({"labels": [[0], [1]]}, r"^labels has shape \(2, 1\): allowed is \(n,\)$"),
        ({"n": 3, "labels": [0, 1]}, r"^labels has shape \(2,\): allowed is \(3,\)$"),
        ({"labels": []}, r"^labels is .*: allowed is a tensor of whole numbers"),
        ({}, r"^n is None: allowed is a whole number$"),
        ({"n": 0}, r"^n is 0: allowed is 1 or more$"),
        ({"n": -2}, r"^n is -2: allowed is 1 or more$"),
        (
            {"n": 1, "sources": torch.zeros(1, 1, 4, 4)},
            r"^sources was given, but digits-by-class is conditioned on labels$",
        ),
        ({"n": 1, "captions": ["a seven"]}, r"^captions was given, but digits-by-class is conditioned on labels$"),
    ],
)
def test_bad_labels_are_named(by_class: Sampler, arguments, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
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
        ({"sources": torch.zeros(1, 4, 4)}, r"^sources has shape \(1, 4, 4\): allowed is \(n, C, H, W\)$"),
        ({"sources": torch.zeros(1, 1, 4, 4).byte()}, r"^sources is a torch.uint8 tensor .*: allowed is a floating"),
        ({"n": 2, "sources": torch.zeros(1, 1, 4, 4)}, r"^sources has shape .*: allowed is \(2, C, H, W\)$"),
        (
            {"sources": torch.full((1, 1, 4, 4), torch.nan)},
            r"^sources holds NaN or infinity: allowed are finite numbers$",
        ),
        ({"sources": torch.zeros(0, 1, 4, 4)}, r"^(n is 0|sources has shape \(0, 1, 4, 4\)): allowed is"),
        (
            {"sources": torch.zeros(1, 1, 4, 4), "labels": [0]},
            r"^labels was given, but lines is conditioned on sources$",
        ),
    ],
)
def test_bad_sources_are_named(arguments, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
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
    generator = TextGenerator(3, partial(GRUEncoder, ("a", "red", "seven"), dim=4), augment=True, width=8)
    for norm in generator.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = None  # a mean over what it saw in training, which this is:
    generator(torch.randn(64, 3), ["a red seven", "seven"] * 32)
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
            r"^captions is None: this generator draws what texts say, a list of strings, one per sample$",
        ),
        ({}, ValueError, r"^captions is None"),
        ({"captions": "a seven"}, TypeError, r"^captions is .a seven.: allowed is a list of texts$"),
        ({"captions": [7]}, TypeError, r"^captions is \[.*\]: allowed is a list of texts"),
        ({"n": 2, "captions": ["a"]}, ValueError, r"^captions holds 1 texts: allowed are 2, one per sample$"),
        ({"captions": []}, ValueError, r"^(captions is empty|n is 0): allowed is"),
        ({"captions": ["a"], "labels": [0]}, ValueError, r"^labels was given, but text is conditioned on captions$"),
    ],
)
def test_bad_captions_are_named(by_caption: Sampler, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        by_caption.sample(**arguments)
    assert by_caption.generator.sizes == []


def test_n_is_none_where_nothing_is_told(sampler: Sampler):
    with pytest.raises(TypeError, match=r"^n is None: allowed is a whole number$"):
        sampler.sample()


# -- kept on the disk ---------------------------------------------------------------------------------------------


def by_caption_network() -> TextGenerator:
    return TextGenerator(3, partial(GRUEncoder, ("a", "red", "seven"), dim=4), augment=True, width=2)


A_UNET = partial(UNet, inputs=3, size=16, width=2, depth=2, keep=1.0)

KEPT = [
    (lambda: DCGANGenerator(8, 1, 28, 4), Prior(8, "uniform"), "nothing", 0, {"n": 3}),
    (lambda: MLPGenerator(width=5, depth=1), Prior(2), "nothing", 0, {"n": 3}),
    (lambda: ConditionalGenerator(4, width=2), Prior(4), "labels", 10, {"labels": [3, 1]}),
    (lambda: UNet(4, size=32, width=2), Prior(4), "sources", 0, {"sources": torch.zeros(2, 1, 32, 32)}),
    (lambda: two_translators(of=A_UNET), None, "sources", 0, {"sources": torch.zeros(2, 3, 16, 16)}),
    (by_caption_network, Prior(3), "captions", 0, {"captions": ["a red seven", "seven"]}),
]


@pytest.mark.parametrize(("make", "prior", "given", "classes", "asked"), KEPT)
def test_a_folder_brings_back_what_was_saved(tmp_path: Path, make, prior, given, classes, asked):
    saved = Sampler(make(), prior, {"recipe": "of my own"}, given, classes)
    samples = saved.sample(**asked, seed=5)
    saved.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"sampler.safetensors", "card.json", "config.json"}
    before = torch.get_rng_state()
    loaded = Sampler.load(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(loaded.sample(**asked, seed=5), samples)
    assert (loaded.prior, loaded.given, loaded.classes) == (prior, given, classes)
    assert loaded.shape == saved.shape == samples.shape[1:] and not loaded.generator.training
    assert repr(loaded) == repr(saved)
    assert loaded.card["recipe"] == "of my own" and loaded.card["bytes"] == (tmp_path / WEIGHTS).stat().st_size
    loaded.save(tmp_path / "again")
    assert all((tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes() for name in (WEIGHTS, CONFIG))


def test_what_a_sampler_says_of_itself():
    sampler = Sampler(MLPGenerator(), Prior(2), {"recipe": "ring"})
    assert repr(sampler) == "Sampler(ring, given nothing: not drawn from yet, 33,666 parameters, cpu)"
    sampler.sample(1)
    assert repr(sampler) == "Sampler(ring, given nothing: 2, 33,666 parameters, cpu)"
    assert sampler.to("meta") is sampler and repr(sampler).endswith("meta)")


class Own(nn.Module):
    def __init__(self, latent_dim: int):
        super().__init__()
        self.layer = nn.Linear(latent_dim, 2)

    def forward(self, z):
        return self.layer(z)


def test_a_network_of_ones_own_is_passed_in(tmp_path: Path):
    own = Own(3)
    Sampler(own, Prior(3), {}).save(tmp_path)
    with pytest.raises(CheckpointError, match=r"is no network of ganbook\.models: Sampler\.load\(folder, generator="):
        Sampler.load(tmp_path)
    samples = Sampler(own, Prior(3), {}).sample(4)
    for given in (Own, Own(3)):
        assert torch.equal(Sampler.load(tmp_path, given).sample(4), samples)
    with pytest.raises(CheckpointError, match=r"do not fit its generator: layer\.weight\)$"):
        Sampler.load(tmp_path, Own(2))


def test_a_network_that_was_changed_afterwards_is_ones_own(tmp_path: Path):
    changed = replace_layers(MLPGenerator(), nn.ReLU, lambda _: nn.Tanh())
    Sampler(changed, Prior(2), {}).save(tmp_path)
    with pytest.raises(CheckpointError, match=r"is no network of ganbook\.models"):
        Sampler.load(tmp_path)


def rewrite(path: Path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def reweigh(folder: Path, change) -> None:
    """Weights changed on purpose: with a checksum that is right."""
    weights = load_file(folder / WEIGHTS)
    save_file({name: change(name, tensor) for name, tensor in weights.items()}, folder / WEIGHTS)
    rewrite(folder / CARD, sha256=hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest())


def poisoned(value):
    return lambda _, t: torch.full_like(t, value) if t.is_floating_point() else t


SPOILT = {
    "no card": (lambda f: (f / CARD).unlink(), r"holds no finished run \(card\.json is missing\)$"),
    "no config": (lambda f: (f / CONFIG).unlink(), r"holds no finished run \(config\.json is missing\)$"),
    "no weights": (lambda f: (f / WEIGHTS).unlink(), r"holds no finished run \(sampler\.safetensors is missing\)$"),
    "half a card": (lambda f: (f / CARD).write_text("{"), r"card\.json is damaged$"),
    "a list": (lambda f: (f / CONFIG).write_text("[]"), r"config\.json is damaged$"),
    "brackets": (lambda f: (f / CARD).write_text("[" * 200_000), r"card\.json is damaged$"),
    "a bit": (lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-1] + b"x"), r"safetensors is damaged$"),
    "cut": (lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:50]), r"safetensors is damaged$"),
    "bool": (lambda f: reweigh(f, lambda _, t: t.bool()), r"do not fit its generator"),
    "int64": (lambda f: reweigh(f, lambda _, t: t.long()), r"do not fit its generator"),
    "shape": (lambda f: reweigh(f, lambda _, t: t[:1]), r"do not fit its generator"),
    "nan": (lambda f: reweigh(f, poisoned(torch.nan)), r"hold NaN or infinity\)$"),
    "infinity": (lambda f: reweigh(f, poisoned(torch.inf)), r"hold NaN or infinity\)$"),
    "code": (
        lambda f: rewrite(f / CONFIG, generator={"make": "os.system", "arguments": {}}),
        r"cannot be loaded \(description names",
    ),
    "torch": (
        lambda f: rewrite(f / CONFIG, generator={"make": "Linear", "arguments": {}}),
        r"cannot be loaded \(description names",
    ),
    "wide": (
        lambda f: rewrite(f / CONFIG, generator={"make": "MLPGenerator", "arguments": {"width": 200_000}}),
        r"do not fit its generator",
    ),
    "word": (lambda f: rewrite(f / CONFIG, generator="MLPGenerator"), "cannot be loaded"),
    "prior": (lambda f: rewrite(f / CONFIG, prior={"dim": 2, "kind": "cauchy"}), "cannot be loaded"),
    "given": (lambda f: rewrite(f / CONFIG, given="orders"), "cannot be loaded"),
    "nothing": (lambda f: (f / CONFIG).write_text("{}"), r"cannot be loaded \('prior' is missing\)$"),
}


@pytest.mark.parametrize("name", list(SPOILT))
def test_a_folder_that_cannot_be_used_says_why_in_one_sentence(tmp_path: Path, name: str):
    spoil, sentence = SPOILT[name]
    Sampler(MLPGenerator(width=8), Prior(2), {}).save(tmp_path)
    spoil(tmp_path)
    with pytest.raises(CheckpointError, match=sentence) as found:
        Sampler.load(tmp_path)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("file", [WEIGHTS, CARD, CONFIG])
def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str):
    Sampler(MLPGenerator(), Prior(2), {}).save(tmp_path)
    real = Path.read_bytes

    def refused(path: Path) -> bytes:  # a mode of 0 would not stop root
        if path.name == file:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(CheckpointError, match=rf"{file} cannot be read \(Permission denied\)$"):
        Sampler.load(tmp_path)


def test_half_precision_is_kept_and_read_back_as_float32(tmp_path: Path):
    sampler = Sampler(MLPGenerator(), Prior(2), {})
    sampler.save(tmp_path, torch.float16)
    loaded = Sampler.load(tmp_path)
    for ours, theirs in zip(loaded.generator.parameters(), sampler.generator.parameters(), strict=True):
        assert ours.dtype == torch.float32 and torch.equal(ours, theirs.half().float())


def test_latents_and_truncation(sampler: Sampler):
    """Latents may be brought along; shrunk ones are what a seed draws, times the share."""
    drawn = sampler.latents(5, seed=3)
    assert torch.equal(sampler.sample(5, seed=3), sampler.sample(latents=drawn))
    shrunk = sampler.sample(5, seed=3, truncation=0.5)
    torch.testing.assert_close(shrunk, sampler.sample(latents=0.5 * drawn))
    assert not torch.allclose(shrunk, sampler.sample(5, seed=3))


def test_latents_that_do_not_fit_are_named(sampler: Sampler):
    dim = sampler.prior.dim
    with pytest.raises(ValueError, match=r"^latents has shape \(5, 1\): allowed is \(n, \d+\)$"):
        sampler.sample(latents=torch.zeros(5, 1))
    with pytest.raises(ValueError, match=rf"^latents has shape \(5, {dim}\): allowed is \(4, {dim}\)$"):
        sampler.sample(4, latents=torch.zeros(5, dim))
    with pytest.raises(ValueError, match=r"^truncation is 0: allowed is a finite number, above 0"):
        sampler.sample(4, truncation=0)
    without = Sampler(nn.Conv2d(1, 1, 1), None, {"recipe": "translator"}, "sources")
    for asked in ({"latents": torch.zeros(1, 3)}, {"truncation": 0.5}):
        with pytest.raises(ValueError, match=f"^{next(iter(asked))} .*, but translator takes no latents$"):
            without.sample(sources=torch.zeros(1, 1, 8, 8), **asked)


# -- classes by name, and the way back -----------------------------------------------------------------------------


def test_a_class_is_known_by_its_name_and_by_its_number():
    named = Sampler(
        ConditionalGenerator(4, 3, size=16, width=2), Prior(4), {"class_names": ["cats", "2", "dogs"]}, "labels", 3
    )
    assert [named.label(name) for name in ("cats", "dogs", 0, "0", "2", 2)] == [0, 2, 0, 0, 1, 1]
    for wrong in ("mice", "3", 3, -1, ""):
        with pytest.raises(ValueError, match=rf"^label is {wrong!r}: allowed is cats, 2, dogs or 0 to 2$"):
            named.label(wrong)
    named.card = {}
    with pytest.raises(ValueError, match=r"^label is 'cats': allowed is 0 to 2$"):
        named.label("cats")


def test_what_knows_no_classes_has_no_way_back_either(sampler: Sampler):
    with pytest.raises(ValueError, match=r"^label is 'cats', but test knows no classes$"):
        sampler.label("cats")
    with pytest.raises(ValueError, match=r"^test has no way back: CycleGAN's generators have$"):
        sampler.backwards()


def test_two_translators_go_both_ways():
    torch.manual_seed(0)
    both = Sampler(two_translators(of=partial(UNet, inputs=3, size=16, width=2, depth=2)), None, {}, "sources")
    back = both.backwards()
    sources = torch.rand(2, 3, 16, 16)
    assert torch.equal(back.sample(sources=sources), both.generator.back(sources).detach())
    assert torch.equal(back.backwards().sample(sources=sources), both.sample(sources=sources))
    assert not torch.equal(back.sample(sources=sources), both.sample(sources=sources)) and back.card == both.card

"""Bad input, by the thousand: one argument of a good call is spoilt at a time, and what comes back is judged.

An argument that cannot be used is named in a ValueError or a TypeError. A number that is not finite gives no finite
answer, finite numbers give no NaN, and nothing takes long. ``python tests/test_bad_input.py`` prints the table.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import math
import re
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from ganbook import claims, convolutions, dynamics, losses, metrics, models, penalties, plots
from ganbook.data import toy
from ganbook.data.images import ImageSet
from ganbook.metrics.features import DigitsNet
from ganbook.metrics.stacked import stacked_modes
from ganbook.models import augment, cycle, layers, surgery
from ganbook.training.prior import Prior
from ganbook.training.sampler import Sampler
from ganbook.widgets import (
    Recorder,
    _explorer,
    caption_explorer,
    class_explorer,
    colouring_board,
    convolution_geometry,
    dirac,
    latent_explorer,
    saturation,
    two_gaussians,
)
from ganbook.widgets.latent_explorer import spherical, straight

SLOW = 8.0
"""Seconds that no call may take; a loop that takes longer is broken off."""

WORDS = ("a", "red", "seven", "on", "green")


class Call(NamedTuple):
    """A good call: ``function(**arguments)``, with every default of the signature written out."""

    name: str
    function: Callable[..., Any]
    arguments: dict[str, Any]


def drawn(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 1.8 - 0.9


def critic(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(1).square().sum(1)


def pair_critic(x: torch.Tensor, e: torch.Tensor) -> torch.Tensor:
    return x.flatten(1).square().sum(1) + e.square().sum(1)


def bag() -> nn.Module:
    return models.BagOfWords(WORDS, 8)


def good_calls() -> Iterator[Call]:
    torch.manual_seed(0)
    labels, captions = torch.tensor([0, 2, 1, 1]), ["a red seven", "a seven", "green", "on"]
    z, grey, small, colour = drawn(4, 5), drawn(4, 1, 28, 28), drawn(4, 1, 16, 16), drawn(4, 3, 28, 28)

    def call(function: Callable[..., Any], name: str = "", /, **arguments: Any) -> Call:
        signature = inspect.signature(function)
        defaults = {p.name: p.default for p in signature.parameters.values() if p.default not in (p.empty, None)}
        name = name or getattr(function, "__qualname__", "") or type(function).__name__
        return Call(name, function, {**defaults, **arguments})

    def network(maker: Callable[..., nn.Module], made: dict[str, Any], **inputs: Any) -> Iterator[Call]:
        yield call(maker, **made)
        built = maker(**made)
        yield call(functools.partial(built), f"{maker.__name__}.forward", **inputs)

    # Networks.
    yield from network(models.CompactGenerator, {"latent_dim": 5, "width": 2}, z=z)
    yield from network(models.CompactDiscriminator, {"width": 2}, x=grey)
    yield from network(models.CompactDiscriminator, {"width": 2, "group": 2}, x=grey)
    yield from network(models.DCGANGenerator, {"latent_dim": 5, "size": 16, "width": 2}, z=z)
    yield from network(models.DCGANDiscriminator, {"size": 16, "width": 2}, x=small)
    for how in ("concatenation", "embedding", "batchnorm"):
        made = {"latent_dim": 5, "classes": 3, "how": how, "width": 2}
        yield from network(models.ConditionalGenerator, made, z=z, labels=labels)
    for how in ("concatenation", "embedding", "projection"):
        made = {"classes": 3, "how": how, "width": 2}
        yield from network(models.ConditionalDiscriminator, made, x=grey, labels=labels)
    yield from network(models.AuxiliaryDiscriminator, {"classes": 3, "width": 2}, x=grey)
    yield from network(models.ConditionalBatchNorm2d, {"channels": 1, "classes": 3}, x=grey, labels=labels)
    yield from network(models.MLPGenerator, {"latent_dim": 5, "width": 4}, z=z)
    yield from network(models.MLPDiscriminator, {"in_dim": 5, "width": 4}, x=z)
    yield from network(models.PatchDiscriminator, {"channels": 1, "layers": 1, "width": 2}, images=small)
    made = {"channels": 1, "sources": 1, "layers": 1, "width": 2}
    yield from network(models.PatchDiscriminator, made, images=small, sources=small)
    yield from network(models.ResidualBlock, {"inputs": 1, "outputs": 2, "resample": "down"}, x=small)
    yield from network(models.ResNetGenerator, {"latent_dim": 5, "size": 16, "width": 2}, z=z)
    yield from network(models.ResNetDiscriminator, {"size": 16, "width": 2}, x=small)
    made = {"inputs": 1, "outputs": 1, "width": 2, "blocks": 1}
    yield from network(models.ResNetTranslator, made, x=small)
    made = {"latent_dim": 5, "size": 16, "width": 2, "depth": 2}
    for norm, keep in (("batch", 2.0), ("instance", 0.0)):
        yield from network(models.UNet, {**made, "norm": norm, "keep": keep}, sources=small, z=z)
    yield from network(models.ResizeConvolution, {"inputs": 1, "outputs": 2}, x=small)
    yield from network(models.Encoder, {"latent_dim": 5, "size": 16, "width": 2}, x=small)
    made = {
        "latent_dim": 5,
        "encoder": functools.partial(models.Encoder, size=16, width=2),
        "decoder": functools.partial(models.DCGANGenerator, size=16, width=2),
    }
    yield from network(models.VAE, made, z=z, images=small)
    yield from network(models.NoiseUNet, {"size": 16, "width": 8}, x=small, t=torch.full((4,), 0.5))
    yield from network(
        models.DiffusionModel, {"latent_dim": 256, "size": 16, "width": 8, "evaluations": 2}, z=drawn(4, 256)
    )
    yield from network(models.BagOfWords, {"words": WORDS, "dim": 8}, captions=captions)
    yield from network(models.GRUEncoder, {"words": WORDS, "dim": 8}, captions=captions)
    yield from network(models.AttentiveGRUEncoder, {"words": WORDS, "dim": 8}, captions=captions)
    yield from network(models.CharCNNRNN, {"dim": 8, "width": 4, "length": 16}, captions=captions)
    yield from network(models.ConditioningAugmentation, {"text_dim": 5, "dim": 3}, text=z)
    yield from network(models.Modulation, {"channels": 1, "condition_dim": 5}, x=small, condition=z)
    made = {"latent_dim": 5, "encoder": bag, "width": 2, "augment": True}
    yield from network(models.TextGenerator, made, z=z, captions=captions, with_kl=True)
    yield from network(models.TextDiscriminator, {"encoder": bag, "width": 2}, images=colour, captions=captions)
    translator = functools.partial(models.ResNetTranslator, 1, 1, 2, 1)
    made = {"there": translator(), "back": translator()}
    yield from network(models.TwoTranslators, made, sources=small, targets=small)
    yield call(models.variants.two_translators, of=translator)
    yield call(models.variants.two_critics, of=functools.partial(models.PatchDiscriminator, 1, 0, 1, 2))
    patch = functools.partial(models.PatchDiscriminator, 1, 0, 1, 2)
    yield from network(models.TwoCritics, {"sources": patch(), "targets": patch()}, sources=small, targets=small)
    yield from network(layers.MinibatchDiscrimination, {"features": 5}, x=z)
    yield from network(layers.MinibatchStdDev, {"group": 2}, x=small)
    yield from network(layers.InstanceNoise, {"std": 0.1}, x=small)
    yield from network(augment.RandomShift, {}, x=small)
    yield from network(augment.RandomAffine, {}, x=small)
    yield from network(augment.DiffAugment, {}, x=small)
    yield from network(augment.AdaptiveAugment, {}, x=small)
    yield call(cycle.ImagePool, shape=(1, 4, 4), size=3)
    yield call(functools.partial(cycle.ImagePool((1, 16, 16), 3).query), "ImagePool.query", images=small)
    chain = nn.Sequential(nn.ReLU())
    yield call(surgery.replace_layers, network=chain, kind=nn.ReLU, make=lambda layer: nn.ReLU())
    yield call(models.Tokenizer, words=WORDS, length=4)
    yield call(models.Tokenizer(WORDS).__call__, captions=captions)
    yield call(models.cosine_schedule, t=torch.tensor([0.0, 0.5]))
    yield call(models.reparameterise, mean=z, log_variance=z, noise=z)
    yield call(models.kl_to_standard_normal, mean=z, log_variance=z)
    yield call(models.gaussian_log_likelihood, x=z, mean=z, std=0.5)
    yield call(models.receptive_field, network=patch())
    diffusion = models.DiffusionModel(256, size=16, width=8, evaluations=1).eval()
    yield call(diffusion.sample, x=small, evaluations=1)
    yield call(diffusion.path_nats, images=small, evaluations=1)

    # Losses and penalties.
    for loss in [*map(losses.get, losses.names()), losses.smoothed()]:
        yield call(loss.discriminator, f"{loss.name}.discriminator", real_logits=drawn(4), fake_logits=drawn(4))
        yield call(loss.generator, f"{loss.name}.generator", fake_logits=drawn(4), real_logits=drawn(4))
    yield call(losses.get, name="hinge")
    yield call(losses.smoothed)
    yield call(penalties.r1, critic=critic, images=small, gamma=1.0)
    yield call(penalties.r2, critic=critic, fake_images=small, gamma=1.0)
    yield call(penalties.gradient_penalty, critic=critic, real=small, fake=small, weight=1.0)
    yield call(penalties.matching_aware, critic=pair_critic, images=small, texts=z)

    # Metrics.
    rows, more, many = drawn(20, 3), drawn(21, 3), torch.arange(20) % 2
    cov, palette = torch.eye(3), [(0, 0, 0), (255, 255, 255)]
    for distance in (metrics.frechet_distance, metrics.kernel_distance):
        yield call(distance, features_a=rows, features_b=more)
    yield call(metrics.real_floor, real=rows)
    yield call(metrics.frechet_score, samples=rows, real=more)
    yield call(metrics.fillable, truth=colour, sources=colour.flip(0))
    area = torch.ones(4, 8, 8).bool()
    yield call(metrics.mean_inside, values=drawn(4, 8, 8), area=area)
    yield call(metrics.colourfulness, images=drawn(4, 3, 8, 8))
    yield call(metrics.speckle, images=drawn(4, 3, 8, 8), truth=torch.zeros(4, 3, 8, 8), area=area)
    yield call(metrics.report_translations, images=colour, truth=colour.flip(0), sources=colour)
    yield call(metrics.modes_reached, draws=drawn(2, 3, 3, 8, 8), truths=drawn(2, 2, 3, 8, 8))
    yield call(metrics.told_apart, images=drawn(2, 3, 3, 8, 8), truths=drawn(2, 3, 3, 8, 8))
    yield call(metrics.frechet_of_gaussians, mean_a=drawn(3), cov_a=cov, mean_b=drawn(3), cov_b=cov)
    yield call(metrics.precision_recall, real=rows, fake=more)
    yield call(metrics.density_coverage, real=rows, fake=more)
    yield call(metrics.memorisation, samples=rows, train=more, held_out=drawn(9, 3))
    yield call(metrics.birthday, samples=rows, within=0.1)
    yield call(metrics.nearest, queries=rows, points=more)
    yield call(metrics.mode_coverage, samples=rows, centres=drawn(4, 3), std=0.5)
    yield call(metrics.inception_score, logits=drawn(20, 5))
    yield call(metrics.class_agreement, images=drawn(20, 1, 28, 28), labels=many, judge=metrics.features("digits"))
    yield call(metrics.class_diversity, features=rows, labels=many)
    yield call(metrics.read_painted_digits, images=colour, palette=palette)
    asked = {"digits": labels, "inks": labels, "grounds": labels}
    yield call(metrics.caption_agreement, images=colour, **asked, palette=palette)
    yield call(
        metrics.retrieval, queries=rows, gallery=rows, right=torch.eye(20).bool(), among=torch.ones(20, 20).bool()
    )
    yield call(metrics.r_precision, images=rows, texts=rows, fits=torch.eye(20).bool(), wrong=9)
    yield call(metrics.bits_per_dimension, nats=drawn(4), images=small)
    bytes_ = torch.zeros(4, 1, 16, 16, dtype=torch.uint8)
    yield call(metrics.GreyTable, predicted=small, images=bytes_)
    yield call(metrics.GreyTable(small, bytes_).nats, predicted=small, images=bytes_)
    yield call(stacked_modes, images=colour)
    yield call(metrics.features, name="digits")
    yield call(functools.partial(metrics.features("digits")), "DigitsNet.forward", images=grey)
    yield call(functools.partial(metrics.features("emoji")), "EmojiNet.forward", images=colour)
    yield call(DigitsNet().logits, images=grey)
    yield call(metrics.report_features, samples=rows, real=more, split="test", name="random")
    yield call(metrics.report_points, samples=rows, centres=drawn(4, 3), std=0.5)
    yield call(metrics.report_neighbours, samples=rows, labels=many, real=more[:20], real_labels=many)
    yield call(metrics.report_images, samples=grey, real=grey, split="test")
    yield call(
        metrics.report_labels, samples=drawn(20, 1, 28, 28), labels=many, real=drawn(20, 1, 28, 28), real_labels=many
    )

    # Convolutions, dynamics, plots, claims.
    yield call(convolutions.output_size, size=8, kernel=4)
    yield call(convolutions.transposed_size, size=8, kernel=4, stride=2)
    yield call(convolutions.convolution_matrix, kernel=drawn(2, 2), size=(4, 4))
    yield call(convolutions.paint, x=drawn(3, 3), kernel=drawn(2, 2))
    yield call(convolutions.insert_zeros, x=drawn(3, 3), stride=2)
    yield call(convolutions.slide_over_zeros, x=drawn(3, 3), kernel=drawn(2, 2))
    yield call(convolutions.contributions, size=4, kernel=3, stride=2)
    for look in (convolutions.spectrum, convolutions.high_share, convolutions.checkerboard):
        yield call(look, images=small)
    wasserstein = losses.get("wasserstein")
    step = functools.partial(dynamics.dirac_round, loss=wasserstein, lr=0.1)
    yield call(
        dynamics.dirac_round, states=drawn(4, 2), loss=wasserstein, lr=0.1, penalty=lambda a, real, fake: a(fake).sum()
    )
    yield call(dynamics.dirac_round, "dirac_round.rates", states=drawn(4, 2), loss=wasserstein, lr=drawn(4))
    yield call(dynamics.round_jacobian, play=step)
    yield call(dynamics.orbit, play=step, start=drawn(4, 2), rounds=2)
    yield call(dynamics.Crowd, members=3)
    yield call(functools.partial(dynamics.Crowd(3)), "Crowd.forward", x=drawn(3, 4, 1), part=slice(None))
    yield call(plots.figure)
    figure, axes = plots.figure()
    yield call(plots.html, fig=figure, alt="nothing")
    yield call(plots.points, axes=axes, real=drawn(4, 2), fake=drawn(4, 2))
    yield call(plots.history, axes=axes, curves={"step": [0.0], "d_loss": [1.0]}, names=["d_loss"])
    yield call(plots.image_grid, images=grey)
    yield call(plots.table, head=["a"], rows=[["b"]])
    yield call(claims.claim, name="x", value=1.0, low=0.0, high=2.0, null=3.0)
    yield call(claims.replayed, name="x", value=1.0, low=0.0, high=2.0, null=3.0, source="quick", seeds=5)

    # Data and the prior.
    yield call(toy.ring)
    yield call(toy.grid)
    yield call(toy.mixture_1d)
    yield call(toy.swiss_roll)
    eight = toy.ring()
    yield call(eight.sample, "ring.sample", n=4)
    yield call(eight.log_density, x=drawn(4, 2))
    yield call(ImageSet, name="x", split="train", images=bytes_, labels=labels)
    yield call(Prior, dim=3)
    yield call(Prior(3).sample, "Prior.sample", n=4)

    # Explorers.
    sampler = Sampler(models.CompactGenerator(5, width=2).eval(), Prior(5), {}, given="nothing")
    yield call(latent_explorer, sampler=sampler, start=0, end=1)
    way = {"start": drawn(5), "end": -drawn(5), "t": torch.linspace(0, 1, 3)}
    yield call(straight, **way)
    yield call(spherical, **way)
    yield call(saturation, logit=-8.0, spread=1.0)
    yield call(two_gaussians, mean=1.0, std=1.0)
    yield call(convolution_geometry, direction="convolution", size=4, kernel=2, stride=1, padding=0)
    yield call(dirac, loss="hinge", updates="simultaneous", lr=0.5, gamma=0.0)
    yield call(Recorder, data=eight, prior=Prior(2), samples=9, resolution=5)
    yield call(_explorer.slider, "explorer.slider", label="x", value=1, low=0, high=2, step=1)
    yield call(_explorer.choice, "explorer.choice", label="x", options=["a", "b"], value="a")
    classes = Sampler(models.ConditionalGenerator(5, 3, width=2).eval(), Prior(5), {}, given="labels", classes=3)
    yield call(class_explorer, sampler=classes, label=0, start=0, end=1)
    texts = Sampler(models.TextGenerator(5, bag, width=2).eval(), Prior(5), {}, given="captions")
    yield call(caption_explorer, sampler=texts, caption="a red seven", seed=0)
    lines = Sampler(models.UNet(0, size=16, width=4, depth=2).eval(), None, {}, given="sources")
    yield call(colouring_board, sampler=lines, drawings={"a sheet": torch.ones(1, 16, 16)})


# -- what is put in the place of a good value -----------------------------------------------------------------------

RIGHT, WRONG = "right type", "wrong type"


class Spoilt(NamedTuple):
    """A value that stands in for a good one."""

    what: str
    value: Any
    kind: str
    finite: bool = True


class Odd:
    """Of no use to anyone."""


def wrong_things(good: Any) -> Iterator[Spoilt]:
    things = {
        "None": None, "a text": "text", "bytes": b"x", "an empty list": [], "numbers": [1.0, 2.0], "a dict": {},
        "an object": Odd(), "a class": Odd, "a tuple": (1, 2, 3), "a set": {1}, "complex": 1j, "a function": len,
        "an array": np.ones(3), "nested": [[1], [2, 3]], "a generator": iter(()), "False": False, "a slice": slice(2),
        "a device": torch.device("cpu"), "a dtype": torch.float32, "texts": ["a", 1], "a module": nn.Identity(),
    }  # fmt: skip
    for what, value in things.items():
        # How many arguments another callable takes cannot be known before it is called.
        if type(value) is not type(good) and not (callable(good) and callable(value)):
            yield Spoilt(what, value, WRONG)


def spoilt_tensors(good: torch.Tensor) -> Iterator[Spoilt]:
    floating = good.is_floating_point()
    shapes = {
        "no samples": good[:0], "one sample": good[:1], "twice as many": torch.cat((good, good)),
        "twice as long": torch.cat((good, good), -1), "one more dimension": good[None], "flat": good.reshape(-1),
        "a number": good.reshape(-1)[0], "transposed": good.transpose(0, -1), "turned": good.flip(0),
        "not contiguous": good.repeat_interleave(2, -1)[..., ::2], "zeros": torch.zeros_like(good),
    }  # fmt: skip
    for what, value in shapes.items():
        yield Spoilt(what, value, RIGHT)
    if floating:
        for number in (math.nan, math.inf, -math.inf):
            yield Spoilt(f"all {number}", torch.full_like(good, number), RIGHT, False)
            one = good.clone()
            one.view(-1)[one.numel() * 5 // 9] = number
            yield Spoilt(f"one {number}", one, RIGHT, False)
        yield Spoilt("tiny", good * 1e-30, RIGHT)
    elif good.dtype != torch.bool and good.dtype != torch.uint8:
        yield Spoilt("negative", -1 - good, RIGHT)
        yield Spoilt("too large", good + 1000, RIGHT)
    for dtype in (
        torch.float64,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.uint8,
        torch.bool,
        torch.complex64,
    ):
        if dtype != good.dtype:
            yield Spoilt(str(dtype), good.to(dtype), WRONG)
    yield Spoilt("sparse", good.to_sparse(), WRONG)
    if good.ndim == 2:
        yield Spoilt("sparse rows", good.to_sparse_csr(), WRONG)
    yield Spoilt("meta", good.to("meta"), WRONG)
    yield Spoilt("a list of it", good.tolist(), WRONG)
    yield Spoilt("an array of it", good.numpy(), WRONG)


def spoilt(good: Any) -> Iterator[Spoilt]:
    yield from wrong_things(good)
    if isinstance(good, torch.Tensor):
        yield from spoilt_tensors(good)
    elif isinstance(good, bool):
        yield from (Spoilt(str(v), v, WRONG) for v in (2, -1, 0.5, "yes"))
    elif isinstance(good, int):
        yield from (Spoilt(str(v), v, RIGHT) for v in (-1, -(2**63), 0, 1, 3, 2**31, 2**40, 2**63))
        yield from (Spoilt(str(v), v, WRONG) for v in (0.5, 2.0, "3", torch.tensor(2.5)))
        yield from (Spoilt(str(v), v, WRONG, False) for v in (math.nan, math.inf))
    elif isinstance(good, float):
        yield from (Spoilt(str(v), v, RIGHT) for v in (-1.0, 0.0, 2.0, -1e9, 10**6))
        yield from (Spoilt(str(v), v, RIGHT, False) for v in (math.nan, math.inf, -math.inf))
        yield from (Spoilt(str(v), v, WRONG) for v in ("0.5", [0.5], torch.ones(2)))
    elif isinstance(good, str):
        yield from (Spoilt(repr(v)[:20], v, RIGHT) for v in ("", "unknown", "x" * 9999, "\0", "Ω"))
    elif isinstance(good, list | tuple):
        values = {
            "none": type(good)(),
            "twice": type(good)([*good, *good]),
            "of None": type(good)([None]),
            "odd": type(good)([Odd()]),
        }
        yield from (
            Spoilt(what, value, RIGHT if what in ("none", "twice") else WRONG) for what, value in values.items()
        )
    elif callable(good):
        yield from (Spoilt(what, value, WRONG) for what, value in {"gives None": lambda *_, **__: None}.items())


# -- what came back --------------------------------------------------------------------------------------------------

NAMED, OTHER, CRUDE, INSIDE = "named", "another named", "crude", "from inside torch, numpy or Python"
WORKS, SAME, SWALLOWED, BORN = (
    "works",
    "not finite in, not finite out",
    "NaN in, finite out",
    "finite in, NaN out",
)
TOO_SLOW, MEMORY = "too slow", "out of memory"
LIMIT = "infinity in, a finite limit out"
UNREAD = {("generator", "real_logits"), ("bits_per_dimension", "images"), ("query", "images")}
"""Whose numbers are not looked at: real logits by a loss that is not paired, images whose size alone counts, and images
that a pool keeps in exchange for earlier ones, by chance."""


def numbers(found: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    """The floating-point numbers in what a call gave."""
    if isinstance(found, torch.Tensor):
        if found.is_floating_point() and not found.is_meta:
            yield found.detach().double()
    elif isinstance(found, float):
        yield torch.tensor([found], dtype=torch.float64)
    elif isinstance(found, dict | list | tuple) and depth < 3:
        for part in found.values() if isinstance(found, dict) else found:
            yield from numbers(part, depth + 1)


@contextlib.contextmanager
def broken_off() -> Iterator[None]:
    """Raises TimeoutError in what takes more than SLOW seconds, where the system has a clock that can interrupt."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"broken off after {SLOW:g} s")

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SLOW)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome(call: Call, argument: str, bad: Spoilt) -> tuple[str, str]:
    """What became of a call with one argument spoilt, and the error's words."""
    began = time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()), broken_off():
            found = call.function(**{**call.arguments, argument: bad.value})
        said, verdict = "", WORKS
        parts = list(numbers(found))
        nan = any(part.isnan().any() for part in parts)
        finite = all(part.isfinite().all() for part in parts)
        if not bad.finite and finite and (call.name.rpartition(".")[2], argument) not in UNREAD:
            verdict = SWALLOWED if "nan" in bad.what else LIMIT
        elif not bad.finite and not finite:
            verdict = SAME
        elif nan:
            verdict = BORN
    except claims.ClaimError as error:  # a value outside its band
        said, verdict = str(error), WORKS
    except MemoryError as error:
        said, verdict = str(error), MEMORY
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        frames = traceback.extract_tb(error.__traceback__)
        ours = "ganbook" in frames[-1].filename or "functools" in frames[-1].filename
        if "allocate" in said or "Storage size" in said:
            verdict = MEMORY
        elif isinstance(error, ValueError | TypeError) and re.search(rf"\b{re.escape(argument)}\b", str(error)):
            verdict = NAMED
        elif isinstance(error, ValueError | TypeError) and "allowed" in str(error):
            verdict = OTHER
        else:
            verdict = CRUDE if ours else INSIDE
    finally:
        plt.close("all")
    return (TOO_SLOW if time.perf_counter() - began > SLOW else verdict), said


class Judged(NamedTuple):
    call: str
    argument: str
    bad: Spoilt
    verdict: str
    said: str


@functools.cache
def judged() -> tuple[Judged, ...]:
    """Every good call with every argument spoilt in every way."""
    cases = []
    for call in good_calls():
        for argument, good in call.arguments.items():
            for bad in spoilt(good):
                cases.append(Judged(call.name, argument, bad, *outcome(call, argument, bad)))
    return tuple(cases)


GOOD = (WORKS, NAMED, SAME, LIMIT)


def table(cases: tuple[Judged, ...]) -> str:
    counts = {kind: Counter(case.verdict for case in cases if case.bad.kind == kind) for kind in (RIGHT, WRONG)}
    rows = [f"{'':40}{RIGHT:>12}{WRONG:>12}"]
    for verdict in (WORKS, NAMED, SAME, LIMIT, OTHER, CRUDE, INSIDE, SWALLOWED, BORN, MEMORY, TOO_SLOW):
        rows.append(f"{verdict:40}{counts[RIGHT][verdict]:12}{counts[WRONG][verdict]:12}")
    shares = [sum(c[v] for v in GOOD) / c.total() for c in counts.values()]
    rows.append(f"{'works, named or not finite out':40}{shares[0]:12.2%}{shares[1]:12.2%}")
    rows.append(f"{'cases':40}{counts[RIGHT].total():12}{counts[WRONG].total():12}")
    return "\n".join(rows)


def unlike(cases: tuple[Judged, ...], *verdicts: str) -> list[str]:
    return [f"{c.call}({c.argument} = {c.bad.what}): {c.said[:100]}" for c in cases if c.verdict in verdicts]


def test_a_good_call_works():
    for call in good_calls():
        call.function(**call.arguments)
        plt.close("all")


@pytest.mark.filterwarnings("ignore")
def test_bad_input_is_named():
    cases = judged()
    print(table(cases))
    assert len(cases) >= 10_000
    for kind in (RIGHT, WRONG):
        of_kind = [case.verdict in GOOD for case in cases if case.bad.kind == kind]
        assert sum(of_kind) >= 0.95 * len(of_kind), kind
    # None here; another version of torch or numpy may say some things in its own words first.
    assert unlike(cases, CRUDE, INSIDE)[20:] == []


@pytest.mark.filterwarnings("ignore")
def test_no_silent_nonsense_and_nothing_that_takes_all_time_or_memory():
    assert unlike(judged(), SWALLOWED, BORN, TOO_SLOW, MEMORY) == []


if __name__ == "__main__":
    found = judged()
    print(table(found))
    if "-v" in sys.argv:
        for case in found:
            if case.verdict not in GOOD:
                print(f"{case.verdict:10.10} {case.call}({case.argument} = {case.bad.what}): {case.said[:120]}")

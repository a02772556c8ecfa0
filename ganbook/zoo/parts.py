"""What of a generator goes into a file: modules that take nothing but tensors, and what to try them on."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.models.cycle import TwoTranslators
from ganbook.models.diffusion import DiffusionModel
from ganbook.models.text import BagOfWords
from ganbook.training.conditions import CONDITIONS
from ganbook.training.sampler import Sampler

__all__ = ["BACK", "Part", "encoder_of", "parts"]

MOST_EVALUATIONS = 50
"""A file holds a diffusion model's network once for each evaluation."""

BACK = "-back"
"""What the second file of two translators adds to the name of the first."""


@dataclass(frozen=True)
class Part:
    """One file's worth of a generator.

    Attributes:
        network: a module that takes nothing but tensors.
        names: of its inputs.
        inputs: (n, seed) to such inputs.
        expected: the same as the generator itself draws it.
    """

    network: nn.Module
    names: tuple[str, ...]
    inputs: Callable[[int, int], tuple[Tensor, ...]]
    expected: Callable[[int, int], Tensor]


def parts(sampler: Sampler) -> dict[str, Part]:
    """By what a file's name gets before its ending."""
    generator = copy.deepcopy(sampler.generator).cpu().float().eval()
    if isinstance(generator, DiffusionModel) and generator.evaluations > MOST_EVALUATIONS:
        raise ValueError(
            f"the generator's evaluations are {generator.evaluations}: allowed is at most {MOST_EVALUATIONS}, since a "
            f"file holds the network once for each"
        )
    if isinstance(generator, TwoTranslators):
        ways = {"": generator.there, BACK: generator.back}
        return {ending: _translator(sampler, one) for ending, one in ways.items()}
    return {"": _PARTS[sampler.given](sampler, generator)}


def _unconditional(sampler: Sampler, generator: nn.Module) -> Part:
    z = _latents(sampler)
    return Part(generator, ("z",), lambda n, seed: (z(n, seed),), lambda n, seed: generator(z(n, seed)))


def _labelled(sampler: Sampler, generator: nn.Module) -> Part:
    z = _latents(sampler)

    def inputs(n: int, seed: int) -> tuple[Tensor, ...]:
        return z(n, seed), (torch.arange(n) + seed) % sampler.classes

    return Part(generator, ("z", "labels"), inputs, lambda n, seed: generator(*inputs(n, seed)))


def _translator(sampler: Sampler, generator: nn.Module) -> Part:
    first = next((p for p in generator.parameters() if p.ndim == 4), None)
    if sampler.shape is None or first is None:
        raise ValueError("sampler has drawn no image yet: draw one, so that the size of an image is known")
    shape = (first.shape[1], *sampler.shape[1:])
    z = _latents(sampler) if sampler.prior is not None else None

    def inputs(n: int, seed: int) -> tuple[Tensor, ...]:
        sources = torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
        return (sources,) if z is None else (sources, z(n, seed))

    names = ("sources",) if z is None else ("sources", "z")
    return Part(generator, names, inputs, lambda n, seed: generator(*inputs(n, seed)))


def _as_they_are(captions: Any) -> Any:
    return captions


class _FromTokens(nn.Module):
    """G(z, captions) with the captions' tokens in their place; the text encoder is inside."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator)
        encoder_of(self.generator).tokens = _as_they_are  # type: ignore[method-assign]

    def forward(self, z: Tensor, tokens: Tensor) -> Tensor:
        encoder = encoder_of(self.generator)
        text = inspect.unwrap(type(encoder).forward)(encoder, tokens)  # past the check that captions are texts
        images: Tensor = self.generator(z, text)
        return images


def _captioned(sampler: Sampler, generator: nn.Module) -> Part:
    z, tokenizer = _latents(sampler), encoder_of(generator).tokenizer

    def captions(n: int, seed: int) -> list[str]:
        chance = torch.Generator().manual_seed(seed)
        words = [*tokenizer.words, "unknown"]
        chosen = torch.randint(len(words), (n, 7), generator=chance).tolist()
        return [" ".join(words[k] for k in row[: 7 - i % 7]) for i, row in enumerate(chosen)]

    return Part(
        _FromTokens(generator),
        ("z", "tokens"),
        lambda n, seed: (z(n, seed), tokenizer(captions(n, seed))),
        lambda n, seed: CONDITIONS["captions"].call(generator, z(n, seed), captions(n, seed)),
    )


_PARTS: Mapping[str, Callable[[Sampler, nn.Module], Part]] = {
    "nothing": _unconditional,
    "labels": _labelled,
    "sources": _translator,
    "captions": _captioned,
}


def _latents(sampler: Sampler) -> Callable[[int, int], Tensor]:
    prior = sampler.prior
    if prior is None:
        raise ValueError("sampler has no prior: allowed is a generator of latents, or one that translates sources")
    return lambda n, seed: prior.sample(n, generator=torch.Generator().manual_seed(seed))


def encoder_of(generator: nn.Module) -> BagOfWords:
    found = getattr(generator, "encoder", None)
    if not isinstance(found, BagOfWords):
        raise ValueError(f"the text encoder is a {type(found).__name__}: allowed is one that reads words by number")
    return found

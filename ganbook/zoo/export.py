"""Generators as ONNX files, which run without PyTorch: in a browser, on a phone, in another language.

>>> from ganbook import zoo
>>> sorted(metadata(zoo.load("dcgan-digits")))[:3]
['about', 'budget', 'classes']
"""

from __future__ import annotations

import copy
import importlib
import inspect
import io
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.arguments import typed
from ganbook.data.cache import write_atomically
from ganbook.models.cycle import TwoTranslators
from ganbook.models.diffusion import DiffusionModel
from ganbook.models.text import PADDING, UNKNOWN, BagOfWords
from ganbook.training.conditions import CONDITIONS
from ganbook.training.sampler import Sampler

__all__ = ["ExportError", "export_onnx", "metadata"]

OPSET = 17
TOLERANCE = 1e-4
"""A file's samples differ from the module's by no more, or there is no file."""

SEEDS = 3
COUNTS = (1, 8)
"""Samples at a time with which a file is checked."""

MOST_EVALUATIONS = 50
"""A file holds a diffusion model's network once for each evaluation."""

BACK = "-back"
"""What the second file of two translators adds to the name of the first."""

ADVICE = 'an export to ONNX needs packages: pip install "ganbook[onnx]"'


class ExportError(RuntimeError):
    """A file does not draw what its generator draws; it is not kept. One sentence says by how much."""


@dataclass(frozen=True)
class _Part:
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


@typed
def export_onnx(sampler: Sampler, path: str | Path) -> list[Path]:
    """Write a generator as an ONNX file that has been run and compared with it; two translators as two files.

    Inputs are, as far as the generator takes them, "z" (N, dim) from its prior, "labels" (N,) int64, "tokens" (N, T)
    int64, "sources" (N, C, H, W) in [-1, 1]; the output is "images" (N, C, H, W) in [-1, 1], or "points" (N, dim).
    What else a stranger must know is in the file: see :func:`metadata`. Weights that half precision holds exactly, as
    it does the zoo's, are kept in it; computing is in single precision.

    Args:
        sampler: of the zoo, of a run, or your own.
        path: of the file; that of F: targets to sources, of two translators, gets ``-back`` before its ending.

    Returns:
        The files: one, or two.

    Raises:
        ImportError: if a package is missing; the sentence says how to install it.
        ValueError: for a generator that has no useful file, such as a text encoder that reads no words.
        ExportError: if a file's samples are not the generator's, to 1e-4; there is no file then.
        OSError: if a file cannot be written.
    """
    onnx, runtime = _packages()
    path = Path(path)
    files = {}
    for ending, part in _parts(sampler).items():
        target = path.with_name(f"{path.stem}{ending}{path.suffix}")
        files[target] = _checked(_packed(onnx, _traced(part), metadata(sampler, ending)), part, runtime)
    for target, content in files.items():
        write_atomically(target, partial(Path.write_bytes, data=content))
    return list(files)


@typed
def metadata(sampler: Sampler, direction: str = "") -> dict[str, str]:
    """What a file says of itself, all of it texts, lists as JSON.

    Args:
        sampler: whose generator it is.
        direction: "-back" for the second file of two translators.
    """
    card = sampler.card
    said: dict[str, Any] = {key: card[key] for key in ("name", "about", "recipe", "budget", "seed", "steps", "licence")
                            if key in card}  # fmt: skip
    said |= {"given": sampler.given, "values": "samples and sources lie in [-1, 1]", "ganbook": version("ganbook")}
    said |= {"classes": sampler.classes, "shape": list(sampler.shape or ())}
    if sampler.prior is not None:
        said |= {"prior": sampler.prior.kind, "dim": sampler.prior.dim}
    if isinstance(sampler.generator, TwoTranslators):
        said["direction"] = "targets to sources" if direction == BACK else "sources to targets"
    if sampler.given == "captions":
        said |= {"words": list(_encoder(sampler.generator).tokenizer.words), "padding": PADDING, "unknown": UNKNOWN}
        said["tokens"] = "runs of a-z and 0-9 in small letters; the first of words has the number 2; 0 pads at the end"
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}


def _packages() -> tuple[Any, Any]:
    try:
        return importlib.import_module("onnx"), importlib.import_module("onnxruntime")
    except ImportError as error:
        raise ImportError(ADVICE) from error


# What is traced. ------------------------------------------------------------------------------------------------------


def _parts(sampler: Sampler) -> dict[str, _Part]:
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


def _unconditional(sampler: Sampler, generator: nn.Module) -> _Part:
    z = _latents(sampler)
    return _Part(generator, ("z",), lambda n, seed: (z(n, seed),), lambda n, seed: generator(z(n, seed)))


def _labelled(sampler: Sampler, generator: nn.Module) -> _Part:
    z = _latents(sampler)

    def inputs(n: int, seed: int) -> tuple[Tensor, ...]:
        return z(n, seed), (torch.arange(n) + seed) % sampler.classes

    return _Part(generator, ("z", "labels"), inputs, lambda n, seed: generator(*inputs(n, seed)))


def _translator(sampler: Sampler, generator: nn.Module) -> _Part:
    first = next((p for p in generator.parameters() if p.ndim == 4), None)
    if sampler.shape is None or first is None:
        raise ValueError("sampler has drawn no image yet: draw one, so that the size of an image is known")
    shape = (first.shape[1], *sampler.shape[1:])
    z = _latents(sampler) if sampler.prior is not None else None

    def inputs(n: int, seed: int) -> tuple[Tensor, ...]:
        sources = torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
        return (sources,) if z is None else (sources, z(n, seed))

    names = ("sources",) if z is None else ("sources", "z")
    return _Part(generator, names, inputs, lambda n, seed: generator(*inputs(n, seed)))


def _as_they_are(captions: Any) -> Any:
    return captions


class _FromTokens(nn.Module):
    """G(z, captions) with the captions' tokens in their place; the text encoder is inside."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = copy.deepcopy(generator)
        _encoder(self.generator).tokens = _as_they_are  # type: ignore[method-assign]

    def forward(self, z: Tensor, tokens: Tensor) -> Tensor:
        encoder = _encoder(self.generator)
        text = inspect.unwrap(type(encoder).forward)(encoder, tokens)  # past the check that captions are texts
        images: Tensor = self.generator(z, text)
        return images


def _captioned(sampler: Sampler, generator: nn.Module) -> _Part:
    z, tokenizer = _latents(sampler), _encoder(generator).tokenizer

    def captions(n: int, seed: int) -> list[str]:
        chance = torch.Generator().manual_seed(seed)
        words = [*tokenizer.words, "unknown"]
        chosen = torch.randint(len(words), (n, 7), generator=chance).tolist()
        return [" ".join(words[k] for k in row[: 7 - i % 7]) for i, row in enumerate(chosen)]

    return _Part(
        _FromTokens(generator),
        ("z", "tokens"),
        lambda n, seed: (z(n, seed), tokenizer(captions(n, seed))),
        lambda n, seed: CONDITIONS["captions"].call(generator, z(n, seed), captions(n, seed)),
    )


_PARTS: Mapping[str, Callable[[Sampler, nn.Module], _Part]] = {
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


def _encoder(generator: nn.Module) -> BagOfWords:
    found = getattr(generator, "encoder", None)
    if not isinstance(found, BagOfWords):
        raise ValueError(f"the text encoder is a {type(found).__name__}: allowed is one that reads words by number")
    return found


# How the file is made and checked. ------------------------------------------------------------------------------------


def _traced(part: _Part) -> bytes:
    # Not torch's newer exporter (dynamo=True): networks check their arguments at the door, and there a number of
    # samples that is looked at (`len(z)`) becomes a constant and a label that is looked at an error. One sample is
    # traced: what is made for each sample alike, as a diffusion model's times are, is then one row that fits any N.
    buffer = io.BytesIO()
    free = {name: {0: "N", 1: "T"} if name == "tokens" else {0: "N"} for name in part.names}
    output = _output(part)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part.network,
            part.inputs(1, 0),
            buffer,  # type: ignore[arg-type]
            dynamo=False,
            input_names=list(part.names),
            output_names=[output],
            dynamic_axes={**free, output: {0: "N"}},
            # BatchNorm stays a layer: folded into a convolution its weights would not fit half precision.
            training=torch.onnx.TrainingMode.PRESERVE,
            opset_version=OPSET,
        )
    return buffer.getvalue()


def _output(part: _Part) -> str:
    with torch.no_grad():
        return "images" if part.expected(1, 0).ndim == 4 else "points"


def _packed(onnx: Any, content: bytes, said: Mapping[str, str]) -> bytes:
    """The same model with its metadata, and in half precision each weight that loses nothing by it."""
    model = onnx.load_from_string(content)
    kept, casts = [], []
    for weight in model.graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        half = values.astype("float16") if values.dtype == "float32" and values.size > 1 else None
        if half is None or (half.astype("float32") != values).any():
            kept.append(weight)
            continue
        kept.append(onnx.numpy_helper.from_array(half, f"{weight.name}.half"))
        cast = onnx.helper.make_node("Cast", [f"{weight.name}.half"], [weight.name], to=onnx.TensorProto.FLOAT)
        casts.append(cast)
    nodes = [*casts, *model.graph.node]
    for field, items in ((model.graph.initializer, kept), (model.graph.node, nodes)):
        items = list(items)
        del field[:]
        field.extend(items)
    model.producer_name, model.producer_version = "ganbook", version("ganbook")
    onnx.helper.set_model_props(model, dict(said))
    onnx.checker.check_model(model)
    packed: bytes = model.SerializeToString()
    return packed


def _checked(content: bytes, part: _Part, runtime: Any) -> bytes:
    """``content``, after a look at what the runtime makes of it."""
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    furthest = 0.0
    with torch.no_grad():
        for n, seed in ((n, seed) for n in COUNTS for seed in range(SEEDS)):
            fed = {name: value.numpy() for name, value in zip(part.names, part.inputs(n, seed), strict=True)}
            drawn = torch.from_numpy(session.run(None, fed)[0])
            furthest = max(furthest, (drawn - part.expected(n, seed)).abs().max().item())
    if not furthest <= TOLERANCE:
        raise ExportError(
            f"the file would draw samples that differ from the generator's by {furthest:.2g}, more than {TOLERANCE:g}"
        )
    return content

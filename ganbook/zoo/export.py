"""Generators as ONNX files, which run without PyTorch: in a browser, on a phone, in another language.

>>> from ganbook import zoo
>>> sorted(metadata(zoo.load("dcgan-digits")))[:3]
['about', 'budget', 'classes']
"""

from __future__ import annotations

import importlib
import io
import json
import warnings
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ganbook.arguments import typed
from ganbook.data.cache import write_atomically
from ganbook.models.cycle import TwoTranslators
from ganbook.models.text import PADDING, UNKNOWN
from ganbook.training.sampler import Sampler
from ganbook.zoo.parts import BACK, Part, encoder_of, parts

__all__ = ["ExportError", "export_onnx", "metadata"]

OPSET = 17
TOLERANCE = 1e-4
"""A file's samples differ from the module's by no more, or there is no file."""

SEEDS = 3
COUNTS = (1, 8)
"""Samples at a time with which a file is checked."""

ADVICE = 'an export to ONNX needs packages: pip install "ganbook[onnx]"'


class ExportError(RuntimeError):
    """A file does not draw what its generator draws; it is not kept. One sentence says by how much."""


@typed
def export_onnx(sampler: Sampler, path: str | Path) -> list[Path]:
    """Write a generator as an ONNX file that has been run and compared with it; two translators as two files.

    Inputs are, as far as the generator takes them, "z" (N, dim) from its prior, "labels" (N,) int64, "tokens" (N, T)
    int64, "sources" (N, C, H, W) in [-1, 1]; the output is "images" (N, C, H, W) in [-1, 1], or "points" (N, dim).
    What else a stranger must know is in the file's metadata. Weights that half precision holds exactly, as
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
    for ending, part in parts(sampler).items():
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
        said |= {"words": list(encoder_of(sampler.generator).tokenizer.words), "padding": PADDING, "unknown": UNKNOWN}
        said["tokens"] = "runs of a-z and 0-9 in small letters; the first of words has the number 2; 0 pads at the end"
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}


def _packages() -> tuple[Any, Any]:
    try:
        return importlib.import_module("onnx"), importlib.import_module("onnxruntime")
    except ImportError as error:
        raise ImportError(ADVICE) from error


# How the file is made and checked. ------------------------------------------------------------------------------------


def _traced(part: Part) -> bytes:
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


def _output(part: Part) -> str:
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


def _checked(content: bytes, part: Part, runtime: Any) -> bytes:
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

"""ONNX files of generators: run by onnxruntime they draw what the generator draws, and they say what they are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import nn

from ganbook import models, zoo
from ganbook.training.prior import Prior
from ganbook.training.sampler import Sampler
from ganbook.zoo.export import metadata

EXPORT = sys.modules["ganbook.zoo.export"]
CAPTIONS = ["a red seven on green", "Two!", "a woman astronaut", "zebra of unknown words, a digit", "", "blue"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("onnx")


def run(path: Path, **inputs: torch.Tensor) -> torch.Tensor:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {name: value.numpy() for name, value in inputs.items()})[0])


def said_by(path: Path) -> dict[str, str]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.get_modelmeta().custom_metadata_map


@pytest.mark.parametrize("name", zoo.names())
def test_every_generator_of_the_zoo_draws_the_same_from_its_file(name: str, folder: Path):
    sampler = zoo.load(name)
    path, *others = zoo.export_onnx(sampler, folder / f"{name}.onnx")
    assert len(others) == name.startswith("cyclegan")
    # Not the numbers of samples that the export itself looks at.
    for n in (1, 6):
        inputs, conditions = {}, {}
        if sampler.prior is not None:
            inputs["z"] = sampler.prior.sample(n, generator=torch.Generator().manual_seed(50 + n))
        if sampler.given == "labels":
            inputs["labels"] = conditions["labels"] = torch.arange(n) % sampler.classes
        elif sampler.given == "captions":
            conditions["captions"] = CAPTIONS[:n]
            inputs["tokens"] = sampler.generator.encoder.tokenizer(CAPTIONS[:n])
        elif sampler.given == "sources":
            channels = 1 if name == "pix2pix-emoji" else 3
            conditions["sources"] = torch.rand(n, channels, *sampler.shape[1:]) * 2 - 1
            inputs["sources"] = conditions["sources"]
        drawn = sampler.sample(n, **conditions, seed=50 + n)
        assert (run(path, **inputs) - drawn).abs().max() < 1e-4
        for back in others:
            with torch.no_grad():
                expected = sampler.generator.back(inputs["sources"])
            assert (run(back, **inputs) - expected).abs().max() < 1e-4
    said = said_by(path)
    card = zoo.card(name)
    assert (said["recipe"], said["seed"], said["licence"]) == (card["recipe"], str(card["seed"]), card["licence"])
    assert said["given"] == sampler.given and json.loads(said["shape"]) == list(sampler.shape)
    # Half precision as in the zoo, and little besides; a diffusion model's network is written down 20 times.
    size = path.stat().st_size
    assert size < 1.1 * card["bytes"] + 20_000 or sampler.generator.__class__ is models.DiffusionModel
    assert size < 1.5e6 + card["bytes"]


def test_a_file_carries_its_vocabulary_and_the_prior_of_its_latents():
    sampler = zoo.load("text-digits")
    said = metadata(sampler)
    assert tuple(json.loads(said["words"])) == sampler.generator.encoder.tokenizer.words
    assert (said["padding"], said["unknown"], said["dim"], said["prior"]) == ("0", "1", "32", "gaussian")
    ways = [metadata(zoo.load("cyclegan-emoji"), way)["direction"] for way in ("", "-back")]
    assert ways == ["sources to targets", "targets to sources"]


def test_weights_that_half_precision_would_change_stay_as_they_are(tmp_path):
    torch.manual_seed(0)
    prior, network = Prior(5, "uniform"), models.MLPGenerator(5, width=32)
    (path,) = zoo.export_onnx(Sampler(network, prior, {}), tmp_path / "points.onnx")
    z = prior.sample(4)
    with torch.no_grad():
        assert (run(path, z=z) - network(z)).abs().max() < 1e-6
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert session.get_outputs()[0].name == "points" and said_by(path)["prior"] == "uniform"


def test_what_differs_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(EXPORT, "TOLERANCE", 1e-12)
    with pytest.raises(zoo.ExportError, match=r"differ from the generator's by .*e-0., more than 1e-12"):
        zoo.export_onnx(zoo.load("vae-gan-digits"), tmp_path / "digits.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r'needs packages: pip install "ganbook\[onnx\]"'):
        zoo.export_onnx(zoo.load("vae-gan-digits"), tmp_path / "digits.onnx")


def test_what_has_no_useful_file_is_refused(tmp_path):
    path = tmp_path / "refused.onnx"
    diffusion = models.DiffusionModel(256, size=16, width=8, evaluations=1000)
    with pytest.raises(ValueError, match="evaluations are 1000: allowed is at most 50"):
        zoo.export_onnx(Sampler(diffusion, Prior(256), {}), path)
    letters = models.TextGenerator(4, models.CharCNNRNN)
    with pytest.raises(ValueError, match="text encoder is a CharCNNRNN: allowed is one that reads words"):
        zoo.export_onnx(Sampler(letters, Prior(4), {}, "captions"), path)
    with pytest.raises(ValueError, match="drawn no image yet"):
        zoo.export_onnx(Sampler(models.UNet(size=16, width=2, depth=2), None, {}, "sources"), path)
    with pytest.raises(ValueError, match="sampler has no prior"):
        zoo.export_onnx(Sampler(nn.Linear(2, 2), None, {}), path)
    with pytest.raises(TypeError, match="sampler is a Linear"):
        zoo.export_onnx(nn.Linear(2, 2), path)
    assert list(tmp_path.iterdir()) == []


def test_the_generator_itself_is_left_as_it_was(tmp_path):
    sampler = zoo.load("text-digits")
    zoo.export_onnx(sampler, tmp_path / "text.onnx")
    assert sampler.sample(captions=["a red seven"]).shape == (1, 3, 28, 28)

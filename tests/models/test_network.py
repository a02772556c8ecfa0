"""A network checks what it is given, and knows how it was made."""

from __future__ import annotations

import copy
import json
from functools import partial

import pytest
import torch
from torch import nn

from ganbook import models
from ganbook.models.network import built, described, network
from ganbook.models.surgery import replace_layers


class Own(models.MLPGenerator):
    """A class of somebody's own, which nothing here could make again."""


NETWORKS = {
    "by position": models.MLPGenerator(3, 2, 4),
    "words": models.BagOfWords(("red", "seven"), 4),
    "a maker inside": models.TextGenerator(3, partial(models.BagOfWords, ("red",), dim=4), width=2),
    "networks inside": models.TwoCritics(models.PatchDiscriminator(1, width=2), models.PatchDiscriminator(1, width=2)),
    "makers inside": models.VAE(3, partial(models.Encoder, width=2), partial(models.DCGANGenerator, width=2)),
    "of one class": models.ConditionalGenerator(3, how="embedding", width=2),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_built_from_its_description_is_the_same_network(name):
    first = NETWORKS[name]
    description = described(first)
    again = built(json.loads(json.dumps(description)))
    again.load_state_dict(first.state_dict())
    assert type(again) is type(first) and repr(again) == repr(first)
    assert described(again) == description == described(copy.deepcopy(first))


def test_what_nothing_here_could_make_again_has_no_description():
    changed = replace_layers(models.MLPGenerator(), nn.ReLU, lambda layer: nn.Tanh())
    with_own = models.VAE(3, lambda dim: nn.Linear(2, dim), partial(models.DCGANGenerator, width=2))
    for made in (nn.Linear(1, 1), Own(), changed, with_own):
        assert described(made) is None


@pytest.mark.parametrize(
    ("description", "sentence"),
    [
        ({"make": "os.system", "arguments": {}}, "^description names 'os.system': allowed is a network of"),
        ({"make": "built", "arguments": {}}, "^description names 'built'"),
        ({"make": ["MLPGenerator"], "arguments": {}}, "^description names"),
        ({"make": "MLPGenerator", "arguments": [3]}, "^description names 'MLPGenerator'"),
        ({"make": "MLPGenerator", "arguments": {"of": 3}}, "^description of MLPGenerator does not fit it"),
        ({"make": "MLPGenerator", "arguments": {"width": "3"}}, r"does not fit it \(width is '3'"),
        ({"make": "MLPGenerator", "arguments": {"width": -1}}, r"^width is -1: allowed is 1 or more"),
        ({"maker": "MLPGenerator", "arguments": {}}, "^description is .*: allowed is what described"),
        ({}, "^description names None"),
        (None, "^description is None: allowed is what described"),
    ],
)
def test_a_description_from_a_stranger_names_networks_only(description, sentence):
    with pytest.raises(ValueError, match=sentence):
        built(description)


@pytest.mark.parametrize(
    ("spoilt", "error", "sentence"),
    [
        ({"z": torch.zeros(4, 5).double()}, TypeError, "^z is a torch.float64 .*: allowed is torch.float32"),
        ({"z": torch.zeros(4, 5).half()}, TypeError, "^z is a torch.float16 .*: allowed is torch.float32"),
        ({"z": torch.zeros(4, 5).long()}, TypeError, "^z is a torch.int64 .*: allowed is a floating-point tensor"),
        ({"z": torch.zeros(4, 5).to_sparse()}, TypeError, "^z is a torch.float32 .*: allowed is a tensor$"),
        ({"z": None}, TypeError, "^z is None: allowed is a tensor$"),
        ({"z": torch.zeros(4, 5, device="meta")}, ValueError, "^z is on meta: allowed is cpu"),
        ({"z": torch.zeros(0, 5)}, ValueError, r"^z has shape \(0, 5\): allowed is \(N, 5\) with none of them 0$"),
    ],
)
def test_a_pass_names_a_tensor_that_does_not_fit(spoilt, error, sentence):
    with pytest.raises(error, match=sentence):
        models.MLPGenerator(5)(**spoilt)


def test_half_precision_is_for_autocast_and_double_for_double_networks():
    half = torch.zeros(4, 5, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert models.MLPGenerator(5)(half).dtype == torch.bfloat16
        with pytest.raises(TypeError, match=r"^z is a torch\.float64"):
            models.MLPGenerator(5)(half.double())
    assert models.MLPGenerator(5).double()(half.double()).dtype == torch.float64
    assert models.MLPGenerator(5).to("meta")(torch.zeros(4, 5, device="meta")).is_meta


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"width": 2.0}, TypeError, r"^width is 2\.0: allowed is a whole number$"),
        ({"width": 2**31}, ValueError, "^width is 2147483648: allowed is a number of at most 262144$"),
        ({"brightness": float("-inf")}, ValueError, r"^brightness is -inf: allowed is a number of at most 262144$"),
        ({"depth": 0}, ValueError, r"^depth is 0: allowed is 1 or more$"),
        ({"growth": 2.0}, TypeError, r"^growth is"),
        ({"brightness": float("nan")}, ValueError, r"^brightness is nan"),
        ({"norm": 1}, TypeError, "^norm is 1: allowed is True or False$"),
    ],
)
def test_a_constructor_names_what_it_cannot_use(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        models.ResNetGenerator(**arguments)


def test_what_may_be_none_says_so():
    assert models.MLPGenerator(depth=0)(torch.zeros(1, 2)).shape == (1, 2)
    for make in (lambda: models.MLPGenerator(depth=-1), lambda: models.UNet(latent_dim=-1)):
        with pytest.raises(ValueError, match=r"is -1: allowed is 0 or more$"):
            make()


def test_one_name_means_one_maker():
    class MLPGenerator(nn.Module):
        pass

    MLPGenerator.__module__ = "ganbook.models.mlp"
    with pytest.raises(ValueError, match="two makers are called MLPGenerator"):
        network(MLPGenerator)


def test_every_network_of_the_library_is_checked():
    for name in models.__all__:
        maker = getattr(models, name)
        if isinstance(maker, type) and issubclass(maker, nn.Module):
            assert hasattr(maker.__init__, "__wrapped__"), f"{name} has no @network"


def test_a_pass_inside_a_pass_is_not_checked_again_and_a_failed_one_changes_nothing(monkeypatch):
    seen = []
    monkeypatch.setattr("ganbook.models.network.check_place", lambda name, *_: seen.append(name))
    generator, z, labels = models.ConditionalGenerator(5, 3, width=2), torch.zeros(2, 5), torch.tensor([0, 2])
    for _ in range(2):
        with pytest.raises(ValueError, match="labels holds 0 to 9"):
            generator(z, torch.tensor([0, 9]))
        generator(z, labels)
    assert seen == ["z", "labels"] * 4
    models.ResizeConvolution(1, 1)(torch.zeros(1, 1, 2, 2))
    assert seen[8:] == ["x"]

"""Each variant differs from its plain network in what it says, and refuses what does not fit it."""

from __future__ import annotations

import functools
import json

import pytest
import torch
from torch import nn

from ganbook.models import (
    BlindCritic,
    DCGANDiscriminator,
    DCGANGenerator,
    LabelledGenerator,
    PatchDiscriminator,
    ResizeConvolution,
    ResNetTranslator,
    UNet,
    variants,
)
from ganbook.models.augment import RandomShift
from ganbook.models.layers import MinibatchDiscrimination, MinibatchStdDev
from ganbook.models.network import built, described


def kinds(network: nn.Module) -> set[type]:
    return {type(module) for module in network.modules()}


@pytest.mark.parametrize(
    ("change", "gone_of_g", "new_in_g", "gone_of_d", "new_in_d"),
    [
        ("resampling", None, ResizeConvolution, None, nn.MaxPool2d),
        ("no-norm", nn.BatchNorm2d, nn.Identity, nn.BatchNorm2d, nn.Identity),
        ("hidden", None, nn.Linear, None, nn.Linear),
        ("activation", nn.ReLU, nn.LeakyReLU, nn.LeakyReLU, nn.ReLU),
    ],
)
def test_a_change_changes_what_it_names(change, gone_of_g, new_in_g, gone_of_d, new_in_d):
    g, d = variants.dcgan_generator(8, 4, (change,)), variants.dcgan_discriminator(4, (change,))
    for network, plain, gone, new in (
        (g, DCGANGenerator(8, width=4), gone_of_g, new_in_g),
        (d, DCGANDiscriminator(width=4), gone_of_d, new_in_d),
    ):
        assert new in kinds(network) - kinds(plain) and gone not in kinds(network)
    images = g(torch.zeros(2, 8))
    assert images.shape == (2, 1, 28, 28) and d(images).shape == (2,)


def test_changes_of_the_weights_alone():
    plain = variants.dcgan_generator(8, 16)
    scale = {
        change: variants.dcgan_generator(8, 16, (change,)).layers[1].weight for change in ("scale-0", "torch-defaults")
    }
    assert plain.layers[1].weight.mean() > 0.9 and abs(scale["scale-0"].mean()) < 0.1
    assert torch.equal(scale["torch-defaults"], torch.ones(32))
    assert isinstance(variants.dcgan_generator(8, 4, ("linear-output",)).layers[-1], nn.Identity)


def test_players_of_the_museum():
    assert MinibatchDiscrimination in kinds(variants.critic(view="discrimination"))
    assert MinibatchStdDev in kinds(variants.critic(view="deviation"))
    assert variants.critic(3, outputs=4)(torch.zeros(2, 3)).shape == (2, 4)
    assert variants.stacked_critic()(torch.zeros(2, 3, 28, 28)).shape == (2,)
    assert LabelledGenerator(6)(torch.zeros(2, 6)).shape == (2, 6)
    pair = torch.rand(2, 6)
    blind = BlindCritic()
    assert torch.allclose(blind(pair), blind(torch.cat((pair[:, :2], torch.ones(2, 4)), dim=1)))
    shifted = variants.augmented(lambda: nn.Flatten(), RandomShift)
    assert isinstance(shifted[0], RandomShift) and shifted(torch.zeros(2, 1, 4, 4)).shape == (2, 16)


def test_several_networks_as_one():
    x = torch.rand(2, 3, 16, 16)
    for of in (
        functools.partial(ResNetTranslator, width=2, blocks=1),
        functools.partial(UNet, inputs=3, size=16, width=2, depth=2),
    ):
        pair = variants.two_translators(of=of)
        assert isinstance(pair.there, of.func) and isinstance(pair.back, of.func) and pair.there is not pair.back
        assert pair(x).shape == (2, 3, 16, 16) and not torch.equal(pair.there(x), pair.back(x))
        again = built(json.loads(json.dumps(described(pair))))
        again.load_state_dict(pair.state_dict())
        assert torch.equal(again.eval()(x), pair.eval()(x))
    critics = variants.two_critics(of=functools.partial(PatchDiscriminator, layers=1, width=2, norm=False))
    assert critics.sources is not critics.targets and len(critics(x, x)) == 2
    assert not torch.equal(*critics(x, x))
    many = variants.side_by_side(of=variants.critic, members=3)
    assert many(torch.zeros(6, 2)).shape == (6,)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: variants.dcgan_discriminator(4, ("linear-output",)), r"^change is 'linear-output': allowed is one of"),
        (lambda: variants.dcgan_generator(8, 4, ("nothing",)), r"^changes is "),
        (lambda: variants.critic(width=0), r"^width is 0: allowed is 1 or more$"),
        (lambda: variants.critic(depth=-1), r"^depth is -1: allowed is 0 or more$"),
        (lambda: variants.critic(view="both"), r"^view is 'both': allowed is"),
        (lambda: LabelledGenerator(3), r"^latent_dim is 3: allowed is 4 or more$"),
        (lambda: variants.upsampling_generator(0), r"^latent_dim is 0: allowed is 1 or more$"),
        (lambda: variants.side_by_side(of=variants.critic, members=0), r"^members is 0: allowed is 1 or more$"),
        (lambda: variants.two_translators(0), r"of"),
        (lambda: variants.two_translators(of=None), r"^of is None: allowed is"),
        (lambda: variants.two_critics(of=lambda: 3), r"^sources is 3: allowed is"),
        (lambda: variants.two_translators(of=dict), r"^there is \{\}: allowed is"),
    ],
)
def test_what_does_not_fit_is_named(make, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        make()

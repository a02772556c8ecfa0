"""CUT's round against its formula."""

import copy
import inspect
import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from ganbook import losses, penalties
from ganbook.data import Batch
from ganbook.models import UNet
from ganbook.models.contrast import ContrastiveTranslator
from ganbook.training import Game
from ganbook.training.rounds.contrastive import contrastive_round

DEVICES = ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])]
ALL = 256
"""Places of the largest map: with all of them chance only orders them."""


class Critic(nn.Module):
    """A logit a pixel."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1), nn.Tanh(), nn.Conv2d(4, 1, 1))

    def forward(self, images):
        return self.layers(images).squeeze(1)


def game(lr=0.0, device="cpu", norm="instance", **options):
    torch.manual_seed(0)
    with torch.device(device):
        unet = UNet(inputs=3, size=16, width=4, depth=2, norm=norm)
        generator, discriminator = ContrastiveTranslator(unet, ALL, dim=6), Critic()
    sgd = {
        "g_optimizer": torch.optim.SGD(generator.parameters(), lr=lr),
        "d_optimizer": torch.optim.SGD(discriminator.parameters(), lr=lr),
    }
    return Game(generator, discriminator, prior=None, **sgd, **options)


@pytest.fixture
def batch():
    torch.manual_seed(5)
    return Batch(torch.rand(3, 3, 16, 16) * 2 - 1, sources=torch.rand(3, 3, 16, 16) * 2 - 1)


def contrast(generator, before, after):
    """Equation 3, place by place in the order of the map."""
    found = []
    maps = {"before": [before], "after": [after]}
    for stage in generator.translator.down:
        for side in maps.values():
            side.append(stage(side[-1]))
    for head, old, new in zip(generator.heads, maps["before"], maps["after"], strict=True):
        keys, queries = (head(of.flatten(2).mT) for of in (old.detach(), new))
        keys, queries = (of / of.norm(dim=2, keepdim=True) for of in (keys.detach(), queries))
        own = torch.arange(keys.shape[1])
        found += [cross_entropy(q @ k.T / 0.07, own) for q, k in zip(queries, keys, strict=True)]
    return sum(found) / len(found)


def test_the_round_reads_like_an_algorithm_box():
    assert len(inspect.getsource(contrastive_round).splitlines()) <= 40


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
def test_losses_by_hand(batch, loss):
    players, pair = game(loss=loss), losses.get(loss)
    found = contrastive_round(players, batch)
    g, d = players.generator, players.discriminator
    with torch.no_grad():
        real, fake = d(batch.real), d(g(batch.sources))
        expected = {
            "d_loss": 0.5 * pair.discriminator(real, fake),
            "g_loss": pair.generator(fake, real if pair.paired else None),
            "nce": contrast(g, batch.sources, g(batch.sources)),
            "identity": contrast(g, batch.real, g(batch.real)),
            "d_real": real.sigmoid().mean(),
            "d_fake": fake.sigmoid().mean(),
        }
    assert {k: v.item() for k, v in found.items()} == pytest.approx(
        {k: v.item() for k, v in expected.items()}, rel=1e-4
    )
    assert all(score.shape == () and not score.requires_grad for score in found.values())


@pytest.mark.parametrize("weights", [{}, {"nce_weight": 3.0, "identity_weight": 0.0}])
def test_each_player_steps_down_the_gradient_of_its_own_loss(batch, weights):
    def penalty(critic, real, fake):
        return penalties.r1(critic, real, 0.3)

    rate = 0.01
    players = game(lr=rate, penalty=penalty)
    g, d = copy.deepcopy(players.generator), copy.deepcopy(players.discriminator)
    contrastive_round(players, batch, **weights)
    x, y, pair = batch.sources, batch.real, losses.get("non_saturating")
    fake = g(x)
    d_loss = 0.5 * pair.discriminator(d(y), d(fake.detach())) + penalty(d, y, fake)
    slopes = torch.autograd.grad(d_loss, d.parameters())
    for before, slope, moved in zip(d.parameters(), slopes, players.discriminator.parameters(), strict=True):
        assert torch.allclose(moved, before - rate * slope, atol=1e-6, rtol=1e-4)
    g_loss = pair.generator(players.discriminator(fake))  # the critic has moved
    g_loss = g_loss + weights.get("nce_weight", 1.0) * contrast(g, x, fake)
    g_loss = g_loss + weights.get("identity_weight", 1.0) * contrast(g, y, g(y))
    slopes = torch.autograd.grad(g_loss, g.parameters(), allow_unused=True)
    for before, slope, moved in zip(g.parameters(), slopes, players.generator.parameters(), strict=True):
        assert torch.allclose(moved, before - rate * (0 if slope is None else slope), atol=1e-5, rtol=1e-3)


def test_an_untrained_contrast_of_places_that_look_alike_is_the_log_of_their_number(batch):
    """Grey images have one place everywhere, but for their edges in the deeper maps."""
    players = game()
    nn.init.zeros_(players.generator.translator.last[-1].weight)
    grey = Batch(torch.zeros(3, 3, 16, 16), sources=torch.zeros(3, 3, 16, 16))
    places = players.generator(grey.sources, grey.real).of_sources
    assert losses.patch_nce(places.after[0], places.before[0]).item() == pytest.approx(math.log(ALL), abs=1e-4)


@pytest.mark.parametrize("device", DEVICES)
def test_a_round_on_each_device(device, batch):
    players = game(lr=0.01, device=device, norm="batch", ema_half_life=50.0)
    here = Batch(batch.real.to(device), sources=batch.sources.to(device))
    scores = contrastive_round(players, here)
    assert {score.device.type for score in scores.values()} == {device}
    assert device == "meta" or all(score.isfinite() for score in scores.values())


def test_rounds_of_mixed_precision(batch, mixed):
    players = game(lr=0.1)
    players.prepare(mixed)
    for _ in range(3):
        scores = contrastive_round(players, batch)
    assert all(score.isfinite() for score in scores.values())


def test_a_set_without_pairs_is_named(batch):
    with pytest.raises(ValueError, match=r"^batch has no sources: the round needs a data set of pairs"):
        contrastive_round(game(), Batch(batch.real))

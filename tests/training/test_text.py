"""The round with captions against its formulas: who is updated, by what, and whose captions are the wrong ones."""

import copy
import dataclasses
import inspect
import itertools
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook import losses, penalties, recipes
from ganbook.data import Batch
from ganbook.models import GRUEncoder, TextDiscriminator, TextGenerator
from ganbook.training import Game, Prior
from ganbook.training.rounds.text import text_round

DEVICES = ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])]
CAPTIONS = ("a red seven", "a green seven", "seven on red", "green", "red on green")
READS = partial(GRUEncoder, ("a", "red", "green", "seven", "on"), dim=6)


def game(lr=0.0, device="cpu", augment=False, **options):
    torch.manual_seed(0)
    with torch.device(device):
        generator = TextGenerator(3, READS, augment=augment, width=2)
        discriminator = TextDiscriminator(READS, width=2)
    sgd = {
        "g_optimizer": torch.optim.SGD(generator.parameters(), lr=lr),
        "d_optimizer": torch.optim.SGD(discriminator.parameters(), lr=lr),
    }
    return Game(generator, discriminator, prior=Prior(3), given="captions", **(sgd | options))


@pytest.fixture
def batch():
    torch.manual_seed(5)
    return Batch(torch.rand(5, 3, 28, 28) * 2 - 1, captions=CAPTIONS)


def latents():
    """The latents of a round that follows torch.manual_seed(1), in its order."""
    torch.manual_seed(1)
    return torch.randn(5, 3), torch.randn(5, 3)


def rolled(k):
    return CAPTIONS[k:] + CAPTIONS[:k]


def test_a_round_reads_like_an_algorithm_box():
    assert len(inspect.getsource(text_round).splitlines()) <= 40


@pytest.mark.parametrize("loss", ["non_saturating", "hinge", "relativistic"])
@pytest.mark.parametrize("wrong", [0, 1, 4])
def test_losses_by_hand(batch, loss, wrong):
    players, pair = game(loss=loss), losses.get(loss)
    torch.manual_seed(1)
    found = text_round(players, batch, wrong=wrong)
    first, second = latents()
    d, g = players.discriminator, players.generator
    with torch.no_grad():
        on_real, on_fake, again = (
            d(batch.real, CAPTIONS),
            d(g(first, CAPTIONS), CAPTIONS),
            d(g(second, CAPTIONS), CAPTIONS),
        )
        on_wrong = [d(batch.real, rolled(k)) for k in range(1, wrong + 1)]
    expected = pair.discriminator(on_real, on_fake)
    if wrong:
        described = torch.stack([pair.discriminator(on_real, logits) for logits in on_wrong]).mean()
        expected = expected / 2 + described / 2
        assert found["d_wrong"].item() == pytest.approx(torch.cat(on_wrong).sigmoid().mean().item(), rel=1e-4)
    assert found["d_loss"].item() == pytest.approx(expected.item(), rel=1e-4)
    assert found["g_loss"].item() == pytest.approx(
        pair.generator(again, on_real if pair.paired else None).item(), rel=1e-4
    )
    assert found["d_real"].item() == pytest.approx(on_real.sigmoid().mean().item(), rel=1e-4)
    assert found["d_fake"].item() == pytest.approx(on_fake.sigmoid().mean().item(), rel=1e-4)
    assert set(found) == {"d_loss", "g_loss", "d_real", "d_fake"} | ({"d_wrong"} if wrong else set())
    assert all(score.shape == () and not score.requires_grad for score in found.values())


def test_the_papers_one_wrong_caption_is_the_default(batch):
    found = []
    for options in ({}, {"wrong": 1}, {"wrong": 2}):
        torch.manual_seed(1)
        found.append(text_round(game(), batch, **options)["d_loss"].item())
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("options", [{}, {"l1_weight": 20.0}, {"kl_weight": 3.0}])
def test_each_player_steps_once_down_the_gradient_of_its_own_loss(batch, options):
    rate = 0.05
    players = game(lr=rate, augment="kl_weight" in options)
    g, d = copy.deepcopy(players.generator), copy.deepcopy(players.discriminator)
    kept, step = {}, players.update_discriminator

    def spy(d_loss):
        step(d_loss)
        kept["gradients of G"] = [p.grad for p in players.generator.parameters()]
        kept["gradients of D"] = [p.grad.clone() for p in players.discriminator.parameters()]

    players.update_discriminator = spy
    torch.manual_seed(1)
    text_round(players, batch, **options)
    torch.manual_seed(1)
    fake = g(torch.randn(5, 3), CAPTIONS).detach()
    on_real, on_wrong, on_fake = d(batch.real, CAPTIONS), d(batch.real, rolled(1)), d(fake, CAPTIONS)
    d_loss = F.softplus(-on_real).mean() + 0.5 * F.softplus(on_fake).mean() + 0.5 * F.softplus(on_wrong).mean()
    fake, kl = g(torch.randn(5, 3), CAPTIONS, with_kl=True)
    # The generator meets the discriminator of after its step.
    g_loss = F.softplus(-players.discriminator(fake, CAPTIONS)).mean()
    g_loss = g_loss + options.get("l1_weight", 0) * (fake - batch.real).abs().mean()
    g_loss = g_loss + options.get("kl_weight", 0) * kl.mean()
    for network, after, loss in ((d, players.discriminator, d_loss), (g, players.generator, g_loss)):
        slopes = torch.autograd.grad(loss, network.parameters(), retain_graph=True)
        for before, slope, moved in zip(network.parameters(), slopes, after.parameters(), strict=True):
            assert torch.allclose(moved, before - rate * slope, atol=1e-5)
            assert not torch.equal(moved, before)
    assert kept["gradients of G"] == [None] * len(kept["gradients of G"]), "D's turn reached G"
    for weight, gradient in zip(players.discriminator.parameters(), kept["gradients of D"], strict=True):
        assert torch.equal(weight.grad, gradient) and weight.requires_grad, "G's turn reached D"


def test_the_losses_of_a_player_fall_while_the_other_stands_still(batch):
    for still, falling in (("d_optimizer", "g_loss"), ("g_optimizer", "d_loss")):
        torch.manual_seed(0)
        players = game()
        mover = "g_optimizer" if still == "d_optimizer" else "d_optimizer"
        network = players.generator if mover == "g_optimizer" else players.discriminator
        setattr(players, mover, torch.optim.Adam(network.parameters(), lr=5e-3))
        curve = [text_round(players, batch, wrong=2)[falling].item() for _ in range(25)]
        assert sum(curve[-5:]) < 0.8 * sum(curve[:5]), falling


def test_a_discriminator_learns_which_captions_are_wrong(batch):
    players = game(d_optimizer=None)
    players.d_optimizer = torch.optim.Adam(players.discriminator.parameters(), lr=5e-3)
    curves = [text_round(players, batch, wrong=4) for _ in range(40)]
    assert curves[-1]["d_wrong"] < curves[-1]["d_real"] - 0.3 and abs(curves[0]["d_wrong"] - curves[0]["d_real"]) < 0.2


class Spy(nn.Module):
    """A discriminator that keeps what it was asked."""

    def __init__(self, network):
        super().__init__()
        self.network, self.asked = network, []

    def forward(self, images, captions):
        self.asked.append((images.detach(), captions))
        return self.network(images, captions)


@pytest.mark.parametrize("wrong", [0, 1, 3])
def test_wrong_captions_are_those_of_the_next_images(batch, wrong):
    players = game()
    spy = players._discriminator = Spy(players.discriminator)
    text_round(players, batch, wrong=wrong)
    (real, told), (fake, of_fake), (_, in_gs_turn) = spy.asked
    assert torch.equal(real, batch.real) and not torch.equal(fake, batch.real)
    assert of_fake == in_gs_turn == CAPTIONS
    assert told == sum((rolled(k) for k in range(wrong + 1)), ())
    for i in range(5):
        given = [told[k * 5 + i] for k in range(wrong + 1)]
        assert given[0] == CAPTIONS[i] and CAPTIONS[i] not in given[1:] and len(set(given)) == wrong + 1


@pytest.mark.parametrize("wrong", [-1, 5, 8])
def test_more_wrong_captions_than_other_images_are_refused(batch, wrong):
    with pytest.raises(ValueError, match=rf"^wrong is {wrong}: allowed is 0 to 4, fewer than the images of a batch$"):
        text_round(game(), batch, wrong=wrong)


@pytest.mark.parametrize("device", DEVICES)
def test_two_images_are_enough(device):
    players = game(device=device, lr=0.01, augment=True, ema_half_life=100.0, loss="relativistic")
    two = Batch(torch.randn(2, 3, 28, 28, device=device), captions=("a red seven", ""))
    players.examples = lambda: itertools.repeat(two)
    for _ in range(2):
        found = text_round(players, two, kl_weight=0.1, l1_weight=1.0, matching_weight=0.1)
    assert {score.device.type for score in found.values()} == {device}
    if device != "meta":
        assert all(score.isfinite() for score in found.values())
        assert all(p.isfinite().all() for p in players.averaged_generator().parameters())


def test_a_batch_without_captions_is_named():
    with pytest.raises(
        ValueError, match=r"^batch has no captions: the round needs a data set with texts, such as 'captioned-"
    ):
        text_round(game(), Batch(torch.randn(2, 3, 28, 28)))


# -- penalties ----------------------------------------------------------------------------------------------------


def test_the_penalty_is_told_the_right_captions(batch):
    found = []
    for options in ({}, {"penalty": lambda critic, real, fake: penalties.r1(critic, real, 9.0)}):
        players = game(**options)
        torch.manual_seed(1)
        found.append(text_round(players, batch)["d_loss"].item())
    told = {k: penalties.r1(lambda x, k=k: players.discriminator(x, rolled(k)), batch.real, 9.0).item() for k in (0, 1)}
    # d_loss is reported without its penalty: what the critic is told shows in its weights' gradients.
    assert found[0] == found[1] and told[0] > 1e-3 and abs(told[0] - told[1]) > 1e-4 * told[0]
    summed, step = [], players.update_discriminator
    players.update_discriminator = lambda loss: (summed.append(loss.item()), step(loss))
    torch.manual_seed(1)
    loss = text_round(players, batch)["d_loss"].item()
    assert summed[0] - loss == pytest.approx(told[0], rel=1e-3)


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_the_matching_aware_penalty_joins_ds_loss(batch, weight):
    players = game()
    summed, step = [], players.update_discriminator
    players.update_discriminator = lambda loss: (summed.append(loss.item()), step(loss))
    loss = text_round(players, batch, matching_weight=weight)["d_loss"].item()
    d = players.discriminator
    expected = penalties.matching_aware(d, batch.real, d.embed(CAPTIONS), weight).item()
    assert summed[0] - loss == pytest.approx(expected, rel=1e-3, abs=1e-6) and (expected > 1e-4) is (weight > 0)


def test_the_critic_is_the_discriminator_without_mixed_precision(batch, mixed):
    players = game()
    d = players.discriminator
    assert players.critic is d
    expected, read = d(batch.real, CAPTIONS), d.embed(CAPTIONS)
    players.prepare(mixed)
    critic, wrapped = players.critic, players.discriminator.forward
    assert torch.allclose(critic(batch.real, CAPTIONS), expected, rtol=1e-5, atol=1e-5)
    assert torch.allclose(critic.embed(CAPTIONS), read, atol=1e-6) and critic.last.weight is d.last.weight
    assert players.discriminator.forward is wrapped, "the discriminator itself was changed"


def test_a_critic_that_cannot_read_is_named(batch):
    players = game()
    players._discriminator = Spy(players.discriminator)
    with pytest.raises(TypeError, match=r"^discriminator is a Spy: matching_weight needs one with embed\(captions\)$"):
        text_round(players, batch, matching_weight=1.0)


def test_a_round_of_mixed_precision(batch, mixed):
    players = game(lr=0.01, penalty=lambda critic, real, fake: penalties.r1(critic, real, 1.0))
    players.prepare(mixed)
    found = text_round(players, batch, matching_weight=1.0, l1_weight=1.0)
    assert all(score.isfinite() for score in found.values())


# -- a run --------------------------------------------------------------------------------------------------------


def short():
    small = {"steps": 6, "batch_size": 8, "budgets": {}, "scored": 8}
    recipe = recipes.get("text-digits")
    narrow = {name: partial(getattr(recipe, name), width=2) for name in ("generator", "discriminator")}
    return dataclasses.replace(recipe, **small, **narrow)


def test_a_resumed_run_ends_bit_identical(tmp_path, monkeypatch):
    monkeypatch.setattr(recipes.Recipe, "evaluate", lambda *_: {})
    whole = short().train("smoke", seed=1, progress=False)
    moved = whole.sampler.generator.state_dict()
    step = Game.update_generator

    def interrupted(self, loss):
        if self.step == 4:
            raise KeyboardInterrupt
        step(self, loss)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Game, "update_generator", interrupted)
        short().train("smoke", seed=1, out=tmp_path, progress=False)
    resumed = short().train("smoke", seed=1, out=tmp_path, resume=True, progress=False)
    assert resumed.history == whole.history and len(whole.history["d_wrong"]) == 6
    for name, weights in resumed.sampler.generator.state_dict().items():
        assert torch.equal(weights, moved[name]), name
    assert not torch.equal(
        short().train("smoke", seed=2, progress=False).sampler.generator.state_dict()[name], moved[name]
    )

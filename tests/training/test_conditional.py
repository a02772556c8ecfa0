"""The conditional rounds against their formulas, on every device, touching nothing they should not."""

import copy
import inspect

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook import losses, penalties
from ganbook.data import Batch
from ganbook.models import AuxiliaryDiscriminator, ConditionalDiscriminator, ConditionalGenerator
from ganbook.training import Game, Prior
from ganbook.training.rounds.conditional import auxiliary_round, conditional_round

DEVICES = ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])]
LABELS = torch.tensor([0, 2, 1, 2])
ROUNDS = {"conditional": conditional_round, "auxiliary": auxiliary_round}


class Told(nn.Module):
    """(points, labels) to what a small network says of both."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs + 3, 8), nn.Tanh(), nn.Linear(8, outputs))

    def forward(self, x, labels):
        found = self.layers(torch.cat((x, F.one_hot(labels, 3).to(x.dtype)), 1))
        return found.squeeze(1) if found.shape[1] == 1 else found


class Naming(nn.Module):
    """Points to a logit and three class scores."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 4))

    def forward(self, x):
        found = self.body(x)
        return found[:, 0], found[:, 1:]


def game(kind="conditional", lr=0.0, **options):
    torch.manual_seed(0)
    generator, discriminator = Told(2, 2), Told(2, 1) if kind == "conditional" else Naming()
    sgd = {
        "g_optimizer": torch.optim.SGD(generator.parameters(), lr=lr),
        "d_optimizer": torch.optim.SGD(discriminator.parameters(), lr=lr),
    }
    return Game(generator, discriminator, prior=Prior(2), given="labels", **(sgd | options))


def image_game(kind, device="cpu", **options):
    torch.manual_seed(0)
    with torch.device(device):
        generator = ConditionalGenerator(5, 3, "batchnorm", 1, 8, 2)
        if kind == "conditional":
            discriminator = ConditionalDiscriminator(3, "projection", 1, 8, 2)
        else:
            discriminator = AuxiliaryDiscriminator(3, 1, 8, 2)
    return Game(generator, discriminator, prior=Prior(5), given="labels", **options)


@pytest.mark.parametrize("play", ROUNDS.values())
def test_a_round_reads_like_an_algorithm_box(play):
    assert len(inspect.getsource(play).splitlines()) <= 40


def drawn(seed=1):
    """The latents of a round, in its order."""
    torch.manual_seed(seed)
    return torch.randn(4, 2), torch.randn(4, 2)


@pytest.mark.parametrize("loss", ["non_saturating", "hinge", "relativistic"])
def test_losses_of_the_conditional_round_by_hand(loss):
    players, real, pair = game(loss=loss), torch.randn(4, 2), losses.get(loss)
    torch.manual_seed(1)
    found = conditional_round(players, Batch(real, LABELS))
    first, second = drawn()
    with torch.no_grad():
        on_real = players.discriminator(real, LABELS)
        fakes = [players.discriminator(players.generator(z, LABELS), LABELS) for z in (first, second)]
    assert found["d_loss"].item() == pytest.approx(pair.discriminator(on_real, fakes[0]).item(), rel=1e-5)
    expected = pair.generator(fakes[1], on_real if pair.paired else None)
    assert found["g_loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert found["d_real"].item() == pytest.approx(on_real.sigmoid().mean().item(), rel=1e-5)
    assert found["d_fake"].item() == pytest.approx(fakes[0].sigmoid().mean().item(), rel=1e-5)
    assert set(found) == {"d_loss", "g_loss", "d_real", "d_fake"}
    assert all(score.shape == () and not score.requires_grad for score in found.values())


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
def test_losses_of_the_auxiliary_round_by_hand(loss):
    players, real, pair = game("auxiliary", loss=loss), torch.randn(4, 2), losses.get(loss)
    torch.manual_seed(1)
    found = auxiliary_round(players, Batch(real, LABELS))
    with torch.no_grad():
        on_real, classes = players.discriminator(real)
        (fake, named), (again, named_again) = (players.discriminator(players.generator(z, LABELS)) for z in drawn())

    def named_wrong(scores):
        return -scores.log_softmax(1)[range(4), LABELS].mean().item()

    assert found["class_loss"].item() == pytest.approx(named_wrong(classes), rel=1e-5)
    expected = pair.discriminator(on_real, fake).item() + named_wrong(classes) + named_wrong(named)
    assert found["d_loss"].item() == pytest.approx(expected, rel=1e-5)
    expected = pair.generator(again, on_real if pair.paired else None).item() + named_wrong(named_again)
    assert found["g_loss"].item() == pytest.approx(expected, rel=1e-5)
    assert found["d_real"].item() == pytest.approx(on_real.sigmoid().mean().item(), rel=1e-5)


@pytest.mark.parametrize("kind", ROUNDS)
def test_each_player_steps_down_the_gradient_of_its_own_loss(kind):
    players, real, rate = game(kind, lr=0.1), torch.randn(4, 2), 0.1
    g, d = copy.deepcopy(players.generator), copy.deepcopy(players.discriminator)
    torch.manual_seed(1)
    ROUNDS[kind](players, Batch(real, LABELS))
    first, second = drawn()

    def judged(critic, x):
        return (critic(x, LABELS), torch.zeros(4, 3)) if kind == "conditional" else critic(x)

    fake = g(first, LABELS).detach()
    (on_real, classes), (on_fake, named) = judged(d, real), judged(d, fake)
    d_loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
    d_loss = d_loss + F.cross_entropy(classes, LABELS) + F.cross_entropy(named, LABELS)
    expected = [p - rate * s for p, s in zip(d.parameters(), torch.autograd.grad(d_loss, d.parameters()), strict=True)]
    for ours, theirs in zip(players.discriminator.parameters(), expected, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)
    logits, named = judged(players.discriminator, g(second, LABELS))
    g_loss = F.softplus(-logits).mean() + F.cross_entropy(named, LABELS)
    expected = [p - rate * s for p, s in zip(g.parameters(), torch.autograd.grad(g_loss, g.parameters()), strict=True)]
    for ours, theirs in zip(players.generator.parameters(), expected, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("kind", ROUNDS)
def test_the_class_matters_to_both_players(kind):
    real, ends = torch.randn(4, 2), []
    for labels in (LABELS, torch.zeros(4).long()):
        players = game(kind, lr=0.1)
        torch.manual_seed(1)
        ROUNDS[kind](players, Batch(real, labels))
        ends.append([nn.utils.parameters_to_vector(n.parameters()) for n in (players.generator, players.discriminator)])
    assert not any(torch.allclose(a, b) for a, b in zip(*ends, strict=True))


def test_the_penalty_is_told_the_class():
    real = torch.randn(4, 2)
    plain = game()
    punished = game(penalty=lambda critic, real, fake: penalties.r1(critic, real, 3.0))
    found = []
    for players in (plain, punished):
        torch.manual_seed(1)
        found.append(conditional_round(players, Batch(real, LABELS))["d_loss"].item())
    expected = penalties.r1(lambda x: plain.discriminator(x, LABELS), real, 3.0).item()
    assert expected > 1e-3 and found[1] - found[0] == pytest.approx(expected, rel=1e-3)
    other = penalties.r1(lambda x: plain.discriminator(x, LABELS.flip(0)), real, 3.0).item()
    assert abs(other - expected) > 1e-4, "the penalty of other classes is another one"


def test_the_penalty_of_an_auxiliary_critic_is_on_its_logit():
    real, found = torch.randn(4, 2), []
    punish = {"penalty": lambda critic, real, fake: penalties.gradient_penalty(critic, real, fake, 2.0)}
    for options in ({}, punish):
        players = game("auxiliary", **options)
        torch.manual_seed(1)
        found.append(auxiliary_round(players, Batch(real, LABELS))["d_loss"].item())
    assert found[1] - found[0] > 1e-3
    punish = {"penalty": lambda critic, real, fake: penalties.r1(critic, real, 3.0)}
    players = game("auxiliary", **punish)
    torch.manual_seed(1)
    with_r1 = auxiliary_round(players, Batch(real, LABELS))["d_loss"].item()
    expected = penalties.r1(lambda x: players.discriminator(x)[0], real, 3.0).item()
    assert with_r1 - found[0] == pytest.approx(expected, rel=1e-3)


# -- what a turn leaves alone -------------------------------------------------------------------------------------


class Normed(nn.Module):
    """A critic with BatchNorm, which the generator's turn must leave as it was."""

    def __init__(self, named):
        super().__init__()
        self.first, self.norm = nn.Linear(5, 6), nn.BatchNorm1d(6)
        self.last, self.named = nn.Linear(6, 1), nn.Linear(6, 3) if named else None

    def forward(self, x, labels=None):
        told = torch.zeros(len(x), 3) if labels is None else F.one_hot(labels, 3).float()
        features = self.norm(self.first(torch.cat((x, told), 1)))
        logits = self.last(features).squeeze(1)
        return logits if self.named is None else (logits, self.named(features))


@pytest.mark.parametrize("kind", ROUNDS)
def test_the_generators_turn_leaves_the_critic_alone(kind):
    torch.manual_seed(0)
    generator, critic = Told(2, 2), Normed(kind == "auxiliary")
    players = Game(generator, critic, prior=Prior(2), given="labels")
    kept, step = {}, players.update_discriminator

    def spy(d_loss):
        kept["before"] = [p.detach().clone() for p in generator.parameters()]
        kept["gradients of G"] = [p.grad for p in generator.parameters()]
        step(d_loss)
        kept["state"] = {name: tensor.clone() for name, tensor in critic.state_dict().items()}
        kept["gradients"] = [p.grad.clone() for p in critic.parameters()]

    players.update_discriminator = spy
    ROUNDS[kind](players, Batch(torch.randn(4, 2), LABELS))
    assert kept["gradients of G"] == [None] * len(kept["gradients of G"]), "D's turn reached G"
    for name, tensor in critic.state_dict().items():
        assert torch.equal(tensor, kept["state"][name]), name
    assert all(torch.equal(p.grad, g) for p, g in zip(critic.parameters(), kept["gradients"], strict=True))
    assert critic.norm.num_batches_tracked == 2, "one real and one fake batch"
    assert all(p.requires_grad for p in critic.parameters())
    assert any(not torch.equal(p, b) for p, b in zip(generator.parameters(), kept["before"], strict=True))


# -- devices and precision ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ROUNDS)
@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
@pytest.mark.parametrize("device", DEVICES)
def test_a_round_on_each_device(device, loss, kind):
    punish = lambda critic, real, fake: penalties.r1(critic, real, 0.5)  # noqa: E731
    players = image_game(kind, device, loss=loss, penalty=punish, ema_half_life=100.0)
    batch = Batch(torch.randn(4, 1, 8, 8, device=device), LABELS.to(device))
    for _ in range(2):
        scores = ROUNDS[kind](players, batch)
    assert {score.device.type for score in scores.values()} == {device}
    if device != "meta":
        assert all(score.isfinite() for score in scores.values())


@pytest.mark.parametrize("kind", ROUNDS)
def test_mixed_precision_leaves_the_penalty_in_float32(kind, mixed):
    seen = []

    def punish(critic, real, fake):
        seen.append(penalties.r1(critic, real, 1.0))
        return seen[-1]

    players = image_game(kind, penalty=punish)
    players.prepare(mixed)
    scores = ROUNDS[kind](players, Batch(torch.randn(4, 1, 8, 8), LABELS))
    assert seen[0].dtype == torch.float32
    assert all(score.isfinite() for score in scores.values())


@pytest.mark.parametrize("kind", ROUNDS)
def test_a_set_without_labels_is_named(kind):
    with pytest.raises(ValueError, match=r"^batch has no labels: the round needs a data set with classes"):
        ROUNDS[kind](game(kind), Batch(torch.randn(4, 2)))

"""The student's rounds against their formulas, and what regression on one teacher teaches."""

import copy
import inspect
from statistics import median

import pytest
import torch
from torch import nn

from ganbook import losses, penalties
from ganbook.data import Batch
from ganbook.models import DiffusionModel
from ganbook.models.walks import Walks
from ganbook.training import Game, Prior, fit
from ganbook.training.rounds.distillation import adversarial_distillation_round, distillation_round

DEVICES = ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])]
ROUNDS = (distillation_round, adversarial_distillation_round)


class Critic(nn.Module):
    """A logit an image."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.Tanh(), nn.Linear(5, 1))

    def forward(self, x):
        return self.layers(x).squeeze(1)


def player():
    """A diffusion model that does something from the start."""
    model = DiffusionModel(64, size=8, width=8, evaluations=1)
    nn.init.normal_(model.network.last[-2].weight, 0, 0.1)
    return model


def game(lr=0.0, device="cpu", alone=False, walks=1, **options):
    torch.manual_seed(0)
    student, critic = player(), None if alone else Critic()
    made = Walks(torch.randn(walks, 64), torch.rand(walks, 1, 8, 8) * 2 - 1)
    for network in (student, critic, made):
        if network is not None:
            network.to(device)
    sgd = {"g_optimizer": torch.optim.SGD(student.parameters(), lr=lr)}
    if not alone:
        sgd["d_optimizer"] = torch.optim.SGD(critic.parameters(), lr=lr)
    return Game(student, critic, prior=Prior(64), memory={"walks": made}, **sgd, **options)


@pytest.fixture
def batch():
    torch.manual_seed(5)
    return Batch(torch.rand(3, 1, 8, 8) * 2 - 1)


def moved(before, loss, after, rate):
    slopes = torch.autograd.grad(loss, before.parameters())
    for old, slope, new in zip(before.parameters(), slopes, after.parameters(), strict=True):
        assert torch.allclose(new, old - rate * slope, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("play", ROUNDS)
def test_the_rounds_read_like_algorithm_boxes(play):
    assert len(inspect.getsource(play).splitlines()) <= 45


def test_regression_is_on_the_end_of_the_walk(batch):
    players = game(lr=0.1, alone=True)
    before = copy.deepcopy(players.generator)
    found = distillation_round(players, batch)
    walks = players.memory["walks"]
    error = (before(walks.noises.expand(3, -1)) - walks.images).square().mean()
    assert found.keys() == {"error"} and found["error"].item() == pytest.approx(error.item(), rel=1e-5)
    assert not found["error"].requires_grad
    moved(before, error, players.generator, 0.1)


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
@pytest.mark.parametrize("weight", [0.0, 3.0])
def test_each_player_steps_down_the_gradient_of_its_own_loss(batch, loss, weight):
    def penalty(critic, real, fake):
        return penalties.r1(critic, real, 0.3)

    players, pair, rate = game(lr=0.1, loss=loss, penalty=penalty), losses.get(loss), 0.1
    g, d = copy.deepcopy(players.generator), copy.deepcopy(players.discriminator)
    found = adversarial_distillation_round(players, batch, regression_weight=weight)
    walks, real = players.memory["walks"], batch.real
    fake = g(walks.noises.expand(3, -1))
    real_logits, fake_logits = d(real), d(fake.detach())
    d_loss = pair.discriminator(real_logits, fake_logits)
    moved(d, d_loss + penalty(d, real, fake), players.discriminator, rate)
    d = players.discriminator  # it has moved
    g_loss, error = pair.generator(d(fake), d(real) if pair.paired else None), (fake - walks.images).square().mean()
    moved(g, g_loss + weight * error, players.generator, rate)
    expected = {
        "d_loss": d_loss,
        "g_loss": g_loss,
        "error": error,
        "d_real": real_logits.sigmoid().mean(),
        "d_fake": fake_logits.sigmoid().mean(),
    }
    assert {k: v.item() for k, v in found.items()} == pytest.approx(
        {k: v.item() for k, v in expected.items()}, rel=1e-5
    )
    assert all(score.shape == () and not score.requires_grad for score in found.values())


def test_each_turn_touches_its_own_player_only(batch):
    players, kept = game(lr=0.1), {}
    of_g = players.update_generator

    def spy(loss):
        kept["slopes"] = [p.grad.clone() for p in players.discriminator.parameters()]
        kept["weights"] = [p.detach().clone() for p in players.discriminator.parameters()]
        of_g(loss)

    players.update_generator = spy
    adversarial_distillation_round(players, batch)
    for parameter, slope, weight in zip(
        players.discriminator.parameters(), kept["slopes"], kept["weights"], strict=True
    ):
        assert torch.equal(parameter.grad, slope) and torch.equal(parameter, weight) and parameter.requires_grad


@pytest.mark.parametrize("play", ROUNDS)
@pytest.mark.parametrize("device", DEVICES)
def test_a_round_on_each_device(play, device, batch):
    players = game(0.01, device, alone=play is distillation_round, walks=7, ema_half_life=10.0)
    scores = play(players, Batch(batch.real.to(device)))
    assert all(score.device.type == device and score.shape == () for score in scores.values())


class Digits:
    """Images that the regression never looks at."""

    def to(self, device):
        return self

    def batches(self, batch_size, **_):
        while True:
            yield Batch(torch.zeros(batch_size, 1, 8, 8))


def taught(seed):
    """Error on noises that were not among the walks: before, after."""
    torch.manual_seed(100)
    teacher = player()
    teacher.evaluations = 6
    held_out = Walks.of(teacher, 100)
    torch.manual_seed(seed)
    student = player()
    played = Game(student, None, prior=Prior(64), memory={"walks": Walks.of(teacher, 400)})
    played.g_optimizer = torch.optim.Adam(student.parameters(), 3e-3)

    def error():
        with torch.no_grad():
            return (student(held_out.noises) - held_out.images).square().mean().item()

    before = error()
    fit(played, Digits(), distillation_round, steps=60, batch_size=32, progress=False, anneal_from=0.5)
    return error() / before


def test_a_student_learns_the_walk_of_another_network():
    assert median(taught(seed) for seed in range(3)) < 0.5


def test_a_game_of_one_player_has_no_discriminator(batch):
    with pytest.raises(ValueError, match="asks for a discriminator"):
        adversarial_distillation_round(game(alone=True), batch)

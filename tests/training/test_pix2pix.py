"""pix2pix's round and the regression beside it, against their formulas."""

import copy
import inspect
import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook import losses, penalties
from ganbook.data import Batch
from ganbook.models import PatchDiscriminator, UNet
from ganbook.training import Game, Prior
from ganbook.training.rounds.pix2pix import EPS, mode_seeking_round, pix2pix_round, regression_round

DEVICES = ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])]


class Painter(nn.Module):
    """(sources, z) to images; z is a shift of their brightness."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(1, 3, 3, 1, 1)
        self.noise = nn.Parameter(torch.tensor(0.5))
        self.calls = 0

    def forward(self, sources, z):
        self.calls += 1
        return torch.tanh(self.layer(sources) + self.noise * z[:, :, None, None])


class Critic(nn.Module):
    """(images, sources) to a logit a pixel, with BatchNorm."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(4, 5, 3, 1, 1), nn.BatchNorm2d(5), nn.Tanh(), nn.Conv2d(5, 1, 1))

    def forward(self, images, sources):
        return self.layers(torch.cat((images, sources), 1)).squeeze(1)


class PlainCritic(Critic):
    """The same without BatchNorm."""

    def __init__(self):
        super().__init__()
        self.layers[1] = nn.Identity()


def game(critic=PlainCritic, lr=0.0, **options):
    torch.manual_seed(0)
    generator, discriminator = Painter(), critic()
    sgd = {
        "g_optimizer": torch.optim.SGD(generator.parameters(), lr=lr),
        "d_optimizer": torch.optim.SGD(discriminator.parameters(), lr=lr),
    }
    return Game(generator, discriminator, prior=Prior(1), **(sgd | options))


@pytest.fixture
def batch():
    torch.manual_seed(5)
    return Batch(torch.rand(3, 3, 6, 6) * 2 - 1, sources=torch.rand(3, 1, 6, 6) * 2 - 1)


def latents():
    torch.manual_seed(1)
    return torch.randn(3, 1)


@pytest.mark.parametrize("play", [pix2pix_round, mode_seeking_round, regression_round])
def test_a_round_reads_like_an_algorithm_box(play):
    assert len(inspect.getsource(play).splitlines()) <= 40


@pytest.mark.parametrize("loss", ["non_saturating", "least_squares", "relativistic"])
def test_losses_by_hand(batch, loss):
    players, pair = game(loss=loss), losses.get(loss)
    torch.manual_seed(1)
    found = pix2pix_round(players, batch, l1_weight=7.0)
    with torch.no_grad():
        fake = players.generator(batch.sources, latents())
        on_real, on_fake = (players.discriminator(x, batch.sources) for x in (batch.real, fake))
    assert found["d_loss"].item() == pytest.approx(0.5 * pair.discriminator(on_real, on_fake).item(), rel=1e-5)
    expected = pair.generator(on_fake, on_real if pair.paired else None)
    assert found["g_loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert found["l1"].item() == pytest.approx((fake - batch.real).abs().mean().item(), rel=1e-5)
    assert found["d_real"].item() == pytest.approx(on_real.sigmoid().mean().item(), rel=1e-5)
    assert found["d_fake"].item() == pytest.approx(on_fake.sigmoid().mean().item(), rel=1e-5)
    assert all(score.shape == () and not score.requires_grad for score in found.values())


@pytest.mark.parametrize("weight", [0.0, 1.0, 100.0])
def test_each_player_steps_down_the_gradient_of_its_own_loss(batch, weight):
    players, rate = game(lr=0.01), 0.01
    g, d = copy.deepcopy(players.generator), copy.deepcopy(players.discriminator)
    torch.manual_seed(1)
    pix2pix_round(players, batch, l1_weight=weight)
    fake = g(batch.sources, latents())
    on_real, on_fake = d(batch.real, batch.sources), d(fake.detach(), batch.sources)
    d_loss = 0.5 * (F.softplus(-on_real).mean() + F.softplus(on_fake).mean())
    for network, after, loss in (
        (d, players.discriminator, d_loss),
        # The generator meets the critic of after its step.
        (
            g,
            players.generator,
            F.softplus(-players.discriminator(fake, batch.sources)).mean() + weight * (fake - batch.real).abs().mean(),
        ),
    ):
        slopes = torch.autograd.grad(loss, network.parameters(), retain_graph=True)
        for before, slope, moved in zip(network.parameters(), slopes, after.parameters(), strict=True):
            assert torch.allclose(moved, before - rate * slope, atol=1e-6, rtol=1e-4)


def test_the_papers_weight_is_the_default(batch):
    ends = []
    for options in ({}, {"l1_weight": 100.0}, {"l1_weight": 99.0}):
        players = game(lr=0.01)
        torch.manual_seed(1)
        pix2pix_round(players, batch, **options)
        ends.append(nn.utils.parameters_to_vector(players.generator.parameters()))
    assert torch.equal(ends[0], ends[1]) and not torch.equal(ends[0], ends[2])


def test_one_translation_a_round_serves_both_players(batch):
    players = game()
    pix2pix_round(players, batch)
    assert players.generator.calls == 1


def test_the_penalty_is_told_the_source(batch):
    found = []
    for options in ({}, {"penalty": lambda critic, real, fake: penalties.r1(critic, real, 9.0)}):
        players = game(**options)
        torch.manual_seed(1)
        found.append(pix2pix_round(players, batch)["d_loss"].item())
    expected = penalties.r1(lambda x: players.discriminator(x, batch.sources), batch.real, 9.0).item()
    assert expected > 1e-3 and found[1] - found[0] == pytest.approx(expected, rel=1e-3)
    other = penalties.r1(lambda x: players.discriminator(x, batch.sources.flip(0)), batch.real, 9.0).item()
    assert abs(other - expected) > 1e-4 * expected


def test_a_penalty_on_the_fakes_does_not_reach_the_generator(batch):
    """R2 takes the slope at images that G made in this very round: its graph must survive D's step untouched."""
    players = game(lr=0.01, penalty=lambda critic, real, fake: penalties.r2(critic, fake, 9.0))
    kept, step = [], players.update_discriminator

    def spy(d_loss):
        step(d_loss)
        kept.extend(p.grad for p in players.generator.parameters())

    players.update_discriminator = spy
    pix2pix_round(players, batch)
    assert kept and kept == [None] * len(kept), "D's turn reached G"


def test_the_generators_turn_leaves_the_critic_alone(batch):
    players = game(Critic, lr=0.01)
    critic, kept, step = players.discriminator, {}, players.update_discriminator

    def spy(d_loss):
        kept["G"] = [p.detach().clone() for p in players.generator.parameters()]
        step(d_loss)
        kept["gradients of G"] = [p.grad for p in players.generator.parameters()]
        kept["state"] = {name: tensor.clone() for name, tensor in critic.state_dict().items()}
        kept["gradients"] = [p.grad.clone() for p in critic.parameters()]

    players.update_discriminator = spy
    pix2pix_round(players, batch)
    assert kept["gradients of G"] == [None] * len(kept["gradients of G"]), "the critic's fakes were not detached"
    for name, tensor in critic.state_dict().items():
        assert torch.equal(tensor, kept["state"][name]), name
    assert all(torch.equal(p.grad, g) for p, g in zip(critic.parameters(), kept["gradients"], strict=True))
    assert critic.layers[1].num_batches_tracked == 2 and all(p.requires_grad for p in critic.parameters())
    assert all(not torch.equal(p, b) for p, b in zip(players.generator.parameters(), kept["G"], strict=True))


@pytest.mark.parametrize("weight", [0.0, 1.0, 100.0])
def test_mode_seeking_is_pix2pix_and_one_term_of_the_generator(batch, weight):
    players, rate = game(lr=0.01), 0.01
    plain, g = copy.deepcopy(players), copy.deepcopy(players.generator)
    torch.manual_seed(1)
    found = mode_seeking_round(players, batch, l1_weight=7.0, mode_seeking_weight=weight)
    torch.manual_seed(1)
    z, other = torch.randn(3, 1), torch.randn(3, 1)
    torch.manual_seed(1)
    expected = pix2pix_round(plain, batch, l1_weight=7.0)
    assert {name: found[name].item() for name in expected} == pytest.approx(
        {name: score.item() for name, score in expected.items()}, rel=1e-5
    )
    ratio = (g(batch.sources, z) - g(batch.sources, other)).abs().mean() / (z - other).abs().mean()
    assert found["ratio"].item() == pytest.approx(ratio.item(), rel=1e-5)
    slopes = torch.autograd.grad(weight / (ratio + EPS), g.parameters())
    moves = zip(plain.generator.parameters(), slopes, players.generator.parameters(), strict=True)
    assert all(torch.allclose(moved, without - rate * slope, atol=1e-5, rtol=1e-4) for without, slope, moved in moves)
    critics = zip(plain.discriminator.parameters(), players.discriminator.parameters(), strict=True)
    assert all(torch.allclose(a, b) for a, b in critics)


def test_mode_seeking_needs_noise(batch):
    with pytest.raises(ValueError, match=r"^game has no prior: two pictures of one source need noise"):
        mode_seeking_round(emoji_game(dim=0), batch)


def test_a_regression_moves_the_generator_alone(batch):
    players, rate = game(lr=0.01), 0.01
    g, d = copy.deepcopy(players.generator), copy.deepcopy(players.discriminator.state_dict())
    torch.manual_seed(1)
    found = regression_round(players, batch)
    l1 = (g(batch.sources, latents()) - batch.real).abs().mean()
    assert set(found) == {"l1"} and found["l1"].item() == pytest.approx(l1.item(), rel=1e-5)
    for before, slope, moved in zip(
        g.parameters(), torch.autograd.grad(l1, g.parameters()), players.generator.parameters(), strict=True
    ):
        assert torch.allclose(moved, before - rate * slope, atol=1e-7)
    assert all(torch.equal(tensor, d[name]) for name, tensor in players.discriminator.state_dict().items())


# -- devices and precision ----------------------------------------------------------------------------------------


def emoji_game(device="cpu", dim=2, **options):
    torch.manual_seed(0)
    with torch.device(device):
        generator, critic = UNet(dim, size=16, width=2, depth=2), PatchDiscriminator(3, 1, 1, 2)
    return Game(generator, critic, prior=Prior(dim) if dim else None, given="sources", **options)


@pytest.mark.parametrize(
    ("play", "dim"),
    [(pix2pix_round, 0), (pix2pix_round, 2), (regression_round, 0), (regression_round, 2), (mode_seeking_round, 2)],
)
@pytest.mark.parametrize("device", DEVICES)
def test_a_round_on_each_device(device, dim, play):
    players = emoji_game(device, dim, loss="relativistic", ema_half_life=100.0)
    pair = Batch(torch.randn(2, 3, 16, 16, device=device), sources=torch.randn(2, 1, 16, 16, device=device))
    players.examples = lambda: itertools.repeat(pair)
    for _ in range(2):
        scores = play(players, pair)
    assert {score.device.type for score in scores.values()} == {device}
    if device != "meta":
        assert all(score.isfinite() for score in scores.values())
        assert all(p.isfinite().all() for p in players.averaged_generator().parameters())


def test_mixed_precision_leaves_the_penalty_in_float32(mixed):
    seen = []

    def punish(critic, real, fake):
        seen.append(penalties.r1(critic, real, 1.0))
        return seen[-1]

    players = emoji_game(penalty=punish)
    players.prepare(mixed)
    scores = pix2pix_round(players, Batch(torch.randn(2, 3, 16, 16), sources=torch.randn(2, 1, 16, 16)))
    assert seen[0].dtype == torch.float32 and all(score.isfinite() for score in scores.values())


@pytest.mark.parametrize("play", [pix2pix_round, mode_seeking_round, regression_round])
def test_a_set_without_pairs_is_named(play):
    with pytest.raises(
        ValueError, match=r"^batch has no sources: the round needs a data set of pairs, such as 'emoji-lines'"
    ):
        play(game(), Batch(torch.randn(2, 3, 6, 6)))

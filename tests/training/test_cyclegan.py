"""CycleGAN's round against its formula; a resumed run remembers the pool."""

import copy
import inspect
from pathlib import Path

import pytest
import torch
from torch import nn

from ganbook import losses
from ganbook.data import Batch
from ganbook.data.images import ImageSet
from ganbook.data.pairs import unpaired
from ganbook.models import PatchDiscriminator, ResNetTranslator, TwoCritics, TwoTranslators
from ganbook.models.cycle import ImagePool
from ganbook.training import Game, fit
from ganbook.training.rounds.cyclegan import cyclegan_round

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


class Critic(nn.Module):
    """A logit a pixel, with BatchNorm if asked for."""

    def __init__(self, norm=False):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, 4, 3, 1, 1), nn.BatchNorm2d(4) if norm else nn.Identity(), nn.Tanh(), nn.Conv2d(4, 1, 1)
        )

    def forward(self, images):
        return self.layers(images).squeeze(1)


class Translator(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(2, 3, 3, 1, 1), nn.Tanh(), nn.Conv2d(3, 2, 1), nn.Tanh())


def game(lr=0.0, norm=False, pool=4, device="cpu", **options):
    torch.manual_seed(0)
    with torch.device(device):
        generator = TwoTranslators(Translator(), Translator())
        discriminator = TwoCritics(Critic(norm), Critic(norm))
        memory = {"sources": ImagePool((2, 5, 5), pool), "targets": ImagePool((2, 5, 5), pool)}
    sgd = {
        "g_optimizer": torch.optim.SGD(generator.parameters(), lr=lr),
        "d_optimizer": torch.optim.SGD(discriminator.parameters(), lr=lr),
    }
    return Game(generator, discriminator, prior=None, memory=memory, **({"loss": "least_squares"} | sgd | options))


@pytest.fixture
def batch():
    torch.manual_seed(5)
    return Batch(torch.rand(3, 2, 5, 5) * 2 - 1, sources=torch.rand(3, 2, 5, 5) * 2 - 1)


def distance(a, b):
    return (a - b).abs().mean()


def test_the_round_reads_like_an_algorithm_box():
    assert len(inspect.getsource(cyclegan_round).splitlines()) <= 40


@pytest.mark.parametrize("loss", ["least_squares", "non_saturating", "relativistic"])
def test_losses_by_hand(batch, loss):
    players, pair = game(loss=loss), losses.get(loss)
    found = cyclegan_round(players, batch)
    x, y = batch.sources, batch.real
    there, back = players.generator.there, players.generator.back
    of_x, of_y = players.discriminator.sources, players.discriminator.targets
    with torch.no_grad():
        real_x, real_y, fake_x, fake_y = of_x(x), of_y(y), of_x(back(y)), of_y(there(x))
        g_loss = pair.generator(fake_x, real_x if pair.paired else None)
        g_loss = g_loss + pair.generator(fake_y, real_y if pair.paired else None)
        d_loss = 0.5 * (pair.discriminator(real_x, fake_x) + pair.discriminator(real_y, fake_y))
        cycle = distance(back(there(x)), x) + distance(there(back(y)), y)
        identity = distance(back(x), x) + distance(there(y), y)
    expected = {"d_loss": d_loss, "g_loss": g_loss, "cycle": cycle, "identity": identity}
    assert {k: v.item() for k, v in found.items()} == pytest.approx(
        {k: v.item() for k, v in expected.items()}, rel=1e-5
    )
    assert all(score.shape == () and not score.requires_grad for score in found.values())


@pytest.mark.parametrize("weights", [{}, {"cycle_weight": 0.0}, {"cycle_weight": 2.0, "identity_weight": 0.0}])
def test_each_player_steps_down_the_gradient_of_its_own_loss(batch, weights):
    players, rate = game(lr=0.01), 0.01
    g, d = copy.deepcopy(players.generator), copy.deepcopy(players.discriminator)
    cyclegan_round(players, batch, **weights)
    x, y = batch.sources, batch.real
    fake_x, fake_y = g.back(y), g.there(x)
    pair = losses.get("least_squares")
    g_loss = pair.generator(d.sources(fake_x)) + pair.generator(d.targets(fake_y))  # as they were before this round
    cycle = distance(g.back(fake_y), x) + distance(g.there(fake_x), y)
    identity = distance(g.back(x), x) + distance(g.there(y), y)
    total = g_loss + weights.get("cycle_weight", 10.0) * cycle + weights.get("identity_weight", 5.0) * identity
    of_x, of_y = (
        pair.discriminator(d.sources(x), d.sources(fake_x.detach())),
        pair.discriminator(d.targets(y), d.targets(fake_y.detach())),
    )
    d_loss = 0.5 * (of_x + of_y)
    for network, after, loss in ((g, players.generator, total), (d, players.discriminator, d_loss)):
        slopes = torch.autograd.grad(loss, network.parameters(), retain_graph=True)
        for before, slope, moved in zip(network.parameters(), slopes, after.parameters(), strict=True):
            assert torch.allclose(moved, before - rate * slope, atol=1e-6, rtol=1e-4)


def test_the_critics_judge_what_was_made_before_the_translators_step(batch):
    players = game(lr=0.5)
    with torch.no_grad():
        before = players.generator(batch.sources)
    cyclegan_round(players, batch)
    assert torch.allclose(players.memory["targets"].images[:3], before, atol=1e-6)
    assert not torch.allclose(players.generator(batch.sources), before, atol=1e-3)


def test_the_critics_see_the_pool_once_it_is_full():
    players, seen = game(pool=2), []
    players.discriminator.targets.register_forward_hook(lambda layer, given, made: seen.append(given[0].detach()))
    torch.manual_seed(3)
    x, y = (torch.rand(40, 2, 5, 5) * 2 - 1 for _ in range(2))
    cyclegan_round(players, Batch(y[:2], sources=x[:2]))
    seen.clear()
    cyclegan_round(players, Batch(y, sources=x))
    made, real, judged = seen
    assert torch.equal(real, y)
    exchanged = (judged != made).flatten(1).any(1)
    assert 8 <= exchanged.sum() <= 32, "half of forty"
    old = players.generator(x[:2]).detach()
    assert any(torch.allclose(image, old[i], atol=1e-6) for image in judged[exchanged] for i in range(2))


def test_each_turn_touches_its_own_players_only(batch):
    players, kept = game(lr=0.01, norm=True), {}
    g, d = players.generator, players.discriminator
    of_g, of_d = players.update_generator, players.update_discriminator

    def state(network):
        return {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def same(before, network):
        return all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())

    start = state(d)

    def spy_g(loss):
        assert not any(p.requires_grad and p.grad is not None for p in d.parameters())
        of_g(loss)
        assert same(start, d), "the translators' turn moved a critic or its statistics"
        assert all(p.grad is None for p in d.parameters())
        kept["G"], kept["gradients"] = state(g), [p.grad.clone() for p in g.parameters()]

    def spy_d(loss):
        of_d(loss)
        assert same(kept["G"], g), "the critics' turn moved a translator"
        assert all(torch.equal(p.grad, s) for p, s in zip(g.parameters(), kept["gradients"], strict=True))

    players.update_generator, players.update_discriminator = spy_g, spy_d
    cyclegan_round(players, batch)
    assert kept and all(p.requires_grad for p in d.parameters())
    assert [m.num_batches_tracked.item() for m in d.modules() if isinstance(m, nn.BatchNorm2d)] == [2, 2]
    assert not same(start, d)


def test_without_either_loss_the_two_games_share_nothing(batch):
    ends = []
    for other in (batch.real, batch.real.flip(0) * 0.5):
        players = game(lr=0.05)
        cyclegan_round(players, Batch(other, sources=batch.sources), cycle_weight=0.0, identity_weight=0.0)
        ends.append(nn.utils.parameters_to_vector(players.generator.there.parameters()))
    # G's target critic starts alike, so G moves alike whatever the targets are.
    assert torch.allclose(*ends, atol=1e-7)


# -- runs ---------------------------------------------------------------------------------------------------------


def some_pairs(n=12):
    rng = torch.Generator().manual_seed(0)
    images, sources = (torch.randint(256, (n, c, 8, 8), dtype=torch.uint8, generator=rng) for c in (3, 1))
    return unpaired(ImageSet("emoji-lines", "train", images, sources=sources))


class Normed(nn.Sequential):
    """A translator with BatchNorm, whose statistics the average computes from the data."""

    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3, 1, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 1), nn.Tanh())


def run_game(seed=0, pool=6):
    torch.manual_seed(seed)
    return Game(
        TwoTranslators(ResNetTranslator(width=2, blocks=1), Normed()),
        TwoCritics(*(PatchDiscriminator(layers=1, width=2) for _ in range(2))),
        prior=None,
        given="sources",
        loss="least_squares",
        ema_half_life=20.0,
        memory={"sources": ImagePool((3, 8, 8), pool), "targets": ImagePool((3, 8, 8), pool)},
    )


def play(players, round_=cyclegan_round, **options):
    return fit(players, some_pairs(), round_, steps=8, batch_size=3, progress=False, checkpoint_every=2, **options)


def weights(players):
    """Statistics of BatchNorm included."""
    states = *players.averaged_generator().state_dict().values(), *players.discriminator.parameters()
    return torch.cat([tensor.detach().flatten().double() for tensor in states])


@pytest.mark.parametrize("stop", [3, 6])
def test_a_resumed_run_ends_bit_identical(tmp_path: Path, stop: int):
    whole = run_game()
    torch.manual_seed(4)
    history = play(whole)

    class Stop(Exception):
        pass

    def interrupted(players, batch):
        if players.step == stop:
            raise Stop
        return cyclegan_round(players, batch)

    torch.manual_seed(4)
    cut = run_game()
    torch.manual_seed(4)
    with pytest.raises(Stop):
        play(cut, interrupted, out=tmp_path)
    resumed = run_game(seed=99)  # other weights, an empty pool, other random numbers
    assert resumed.memory["targets"].filled == 0
    again = play(resumed, out=tmp_path, resume=True)
    assert torch.equal(weights(resumed), weights(whole))
    for name, pool in whole.memory.items():
        assert pool.filled == 6 and torch.equal(pool.images, resumed.memory[name].images)
    assert again == history


def test_a_run_without_its_pool_ends_elsewhere(tmp_path: Path):
    ends = []
    for pool in (6, 0):
        players = run_game(pool=pool)
        torch.manual_seed(4)
        play(players)
        ends.append(weights(players))
    assert not torch.allclose(*ends), "a pool that changes nothing could not be missed after a resume"


@pytest.mark.parametrize("device", DEVICES)
def test_a_round_on_each_device(device, batch):
    players = game(lr=0.1, device=device, loss="relativistic", ema_half_life=50.0)
    here = Batch(batch.real.to(device), sources=batch.sources.to(device))
    for _ in range(3):
        scores = cyclegan_round(players, here)
    assert {score.device.type for score in scores.values()} == {device}
    assert all(score.isfinite() for score in scores.values())


def test_a_round_on_meta(batch):
    players = game(device="meta")
    for _ in range(3):  # until its pools are full
        scores = cyclegan_round(players, Batch(batch.real.to("meta"), sources=batch.sources.to("meta")))
    assert {score.device.type for score in scores.values()} == {"meta"}


def test_rounds_of_mixed_precision(batch, mixed):
    players = game(lr=0.1)
    players.prepare(mixed)
    for _ in range(3):
        scores = cyclegan_round(players, batch)
    assert all(score.isfinite() for score in scores.values())
    assert all(pool.images.dtype == torch.float32 for pool in players.memory.values())


def test_a_set_without_pairs_is_named(batch):
    with pytest.raises(ValueError, match=r"^batch has no sources: the round needs a data set of pairs"):
        cyclegan_round(game(), Batch(batch.real))

"""The two-player round: equal to Algorithm 1 written out by hand, on every device, touching nothing it should not."""

import copy
import inspect

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ganbook import losses, penalties
from ganbook.data import Batch
from ganbook.models import DCGANDiscriminator, DCGANGenerator, MLPDiscriminator, MLPGenerator
from ganbook.training import Game, Prior, adam, frozen, gan_round

DEVICES = ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])]


def mlp_game(seed=0, device="cpu", lr=0.05, **options):
    torch.manual_seed(seed)
    with torch.device(device):
        generator, discriminator = MLPGenerator(3, 2, 16, 2), MLPDiscriminator(2, 16, 2)
    options = {
        "g_optimizer": torch.optim.SGD(generator.parameters(), lr),
        "d_optimizer": torch.optim.SGD(discriminator.parameters(), lr),
    } | options
    return Game(generator, discriminator, prior=Prior(3), **options)


def dcgan_game(seed=0, device="cpu", **options):
    torch.manual_seed(seed)
    with torch.device(device):
        generator, discriminator = DCGANGenerator(5, 1, 16, 4), DCGANDiscriminator(1, 16, 4)
    return Game(generator, discriminator, prior=Prior(5, "uniform"), **options)


def r1_and_gp(critic, real, fake):
    return penalties.r1(critic, real, 0.5) + penalties.gradient_penalty(critic, real, fake, 0.1)


def snapshot(network):
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def assert_same(a, b):
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_the_round_reads_like_an_algorithm_box():
    assert len(inspect.getsource(gan_round).splitlines()) <= 40


# -- Algorithm 1 of Goodfellow et al. 2014, by hand ----------------------------------------------------


def algorithm_1(generator, discriminator, g_optimizer, d_optimizer, real, draw, saturating):
    """One round with cross-entropies and plain autograd; both players' graphs are kept apart by hand."""
    n = len(real)
    ones, zeros = torch.ones(n), torch.zeros(n)
    fake = generator(draw(n)).detach()
    d_loss = binary_cross_entropy_with_logits(discriminator(real), ones)
    d_loss = d_loss + binary_cross_entropy_with_logits(discriminator(fake), zeros)
    for parameter, gradient in zip(
        discriminator.parameters(), torch.autograd.grad(d_loss, [*discriminator.parameters()]), strict=True
    ):
        parameter.grad = gradient
    d_optimizer.step()
    kept = [buffer.clone() for buffer in discriminator.buffers()]
    judged = discriminator(generator(draw(n)))
    if saturating:
        g_loss = -binary_cross_entropy_with_logits(judged, zeros)
    else:
        g_loss = binary_cross_entropy_with_logits(judged, ones)
    for parameter, gradient in zip(
        generator.parameters(), torch.autograd.grad(g_loss, [*generator.parameters()]), strict=True
    ):
        parameter.grad = gradient
    g_optimizer.step()
    for buffer, before in zip(discriminator.buffers(), kept, strict=True):
        buffer.copy_(before)  # the generator's turn leaves D's statistics as they were
    return d_loss.item(), g_loss.item()


@pytest.mark.parametrize("loss", ["saturating", "non_saturating"])
@pytest.mark.parametrize("make", [mlp_game, dcgan_game])
def test_equal_to_algorithm_1(make, loss):
    game = make(loss=loss)
    generator, discriminator = copy.deepcopy(game.generator), copy.deepcopy(game.discriminator)
    if make is mlp_game:
        optimizers = [torch.optim.SGD(network.parameters(), 0.05) for network in (generator, discriminator)]
        reals = torch.randn(4, 6, 2)
    else:
        adam = torch.optim.Adam
        optimizers = [adam(network.parameters(), 2e-4, (0.5, 0.999)) for network in (generator, discriminator)]
        reals = torch.rand(4, 6, 1, 16, 16) * 2 - 1
    torch.manual_seed(7)
    played = [game.play(gan_round, Batch(real)) for real in reals]
    torch.manual_seed(7)
    oracle = [
        algorithm_1(
            generator,
            discriminator,
            *optimizers,
            real,
            draw=(lambda n: torch.randn(n, 3)) if make is mlp_game else (lambda n: torch.rand(n, 5) * 2 - 1),
            saturating=loss == "saturating",
        )
        for real in reals
    ]
    for scores, (d_loss, g_loss) in zip(played, oracle, strict=True):
        assert scores["d_loss"].item() == pytest.approx(d_loss, rel=1e-5)
        assert scores["g_loss"].item() == pytest.approx(g_loss, rel=1e-5)
    for ours, theirs in ((game.generator, generator), (game.discriminator, discriminator)):
        moved = theirs.state_dict()
        for name, tensor in ours.state_dict().items():
            # Adam divides by the size of a gradient, so rounding in tiny ones is enlarged.
            assert torch.allclose(tensor, moved[name], rtol=1e-4, atol=2e-5), name
    assert game.step == 4


def test_both_players_move_down_their_own_loss():
    for name in losses.names():
        torch.manual_seed(0)
        game = mlp_game(loss=name, lr=0.01)
        real = torch.randn(64, 2) + 2
        d, g = copy.deepcopy(game.discriminator), copy.deepcopy(game.generator)
        torch.manual_seed(1)
        gan_round(game, Batch(real))
        torch.manual_seed(1)
        first, second = torch.randn(64, 3), torch.randn(64, 3)
        loss = losses.get(name)
        with torch.no_grad():
            before = loss.discriminator(d(real), d(g(first)))
            after = loss.discriminator(game.discriminator(real), game.discriminator(g(first)))
            assert after < before, name
            before = loss.generator(game.discriminator(g(second)), game.discriminator(real))
            after = loss.generator(game.discriminator(game.generator(second)), game.discriminator(real))
            assert after < before, name


def test_scores_are_detached_scalars():
    game = mlp_game(penalty=r1_and_gp)
    real = torch.randn(8, 2)
    logits = game.discriminator(real).detach()
    scores = gan_round(game, Batch(real))
    assert set(scores) == {"d_loss", "g_loss", "d_real", "d_fake"}
    assert all(score.shape == () and not score.requires_grad for score in scores.values())
    assert scores["d_real"].item() == pytest.approx(logits.sigmoid().mean().item(), rel=1e-5), "before D's step"
    assert 0 < scores["d_fake"].item() < 1


# -- the same round on every device --------------------------------------------------------------------


@pytest.mark.parametrize("make", [mlp_game, dcgan_game])
@pytest.mark.parametrize("loss", losses.names())
@pytest.mark.parametrize("device", DEVICES)
def test_a_round_on_each_device(device, loss, make):
    critic_norm = make is dcgan_game  # BatchNorm mixes the samples, so the penalty is left to the other game
    game = make(device=device, loss=loss, penalty=None if critic_norm else r1_and_gp, ema_half_life=100.0)
    shape = (1, 16, 16) if make is dcgan_game else (2,)
    for _ in range(2):
        scores = game.play(gan_round, Batch(torch.randn(4, *shape, device=device)))
    # On meta, a tensor that was born on the CPU would have stopped the round.
    assert {score.device.type for score in scores.values()} == {device}
    assert game.step == 2
    if device != "meta":
        assert all(torch.isfinite(score) for score in scores.values())
        assert all(torch.isfinite(p).all() for p in game.averaged_generator().parameters())


# -- what a turn leaves alone --------------------------------------------------------------------------


class Recording(torch.optim.SGD):
    """Runs ``seen()`` just before each step."""

    def __init__(self, parameters, seen):
        super().__init__(parameters, lr=0.01)
        self.seen = seen

    def step(self, closure=None):
        self.seen()
        return super().step(closure)


def test_each_turn_touches_its_own_player_only():
    game = dcgan_game()
    kept = {}

    def at_discriminator():
        kept["generator gradients"] = [p.grad for p in game.generator.parameters()]
        kept["generator"] = snapshot(game.generator)

    def at_generator():
        kept["gradients"] = [p.grad.clone() for p in game.discriminator.parameters()]
        kept["discriminator"] = snapshot(game.discriminator)
        kept["requires_grad"] = [p.requires_grad for p in game.discriminator.parameters()]

    weights = {name: p.detach().clone() for name, p in game.generator.named_parameters()}
    game.d_optimizer = Recording(game.discriminator.parameters(), at_discriminator)
    game.g_optimizer = Recording(game.generator.parameters(), at_generator)
    gradients = {}
    step = game.update_discriminator

    def spy(d_loss):
        step(d_loss)
        gradients["after D's turn"] = [p.grad.clone() for p in game.discriminator.parameters()]
        gradients["statistics"] = snapshot(game.discriminator)

    game.update_discriminator = spy
    gan_round(game, Batch(torch.randn(4, 1, 16, 16)))
    assert kept["generator gradients"] == [None] * len(kept["generator gradients"]), "D's turn reached G"
    assert all(torch.equal(kept["generator"][name], weights[name]) for name in weights)
    for before, after in zip(gradients["after D's turn"], kept["gradients"], strict=True):
        assert torch.equal(before, after), "G's turn added to D's gradients"
    assert_same(gradients["statistics"], kept["discriminator"])
    assert kept["requires_grad"] == [True] * len(kept["requires_grad"]), "D was not thawed"
    norms = [m for m in game.discriminator.modules() if isinstance(m, nn.BatchNorm2d)]
    assert [m.num_batches_tracked.item() for m in norms] == [2] * len(norms), "one real and one fake batch"
    assert all(m.track_running_stats for m in norms)
    assert any(not torch.equal(p, weights[name]) for name, p in game.generator.named_parameters())


def test_frozen_lets_gradients_through_and_restores_everything():
    network = DCGANDiscriminator(1, 16, 4)
    network.layers[0].weight.requires_grad_(False)  # frozen by its owner before
    before, x = snapshot(network), torch.randn(4, 1, 16, 16, requires_grad=True)
    free = network(x).detach()
    network.load_state_dict(before)
    with frozen(network) as same:
        assert same is network
        frozen_logits = network(x)
        with frozen(network):
            pass
        assert not any(p.requires_grad for p in network.parameters()), "the inner one thawed what it had not frozen"
        frozen_logits.sum().backward()
    assert torch.equal(frozen_logits, free), "the batch's own statistics, as in training"
    assert x.grad.abs().max() > 0
    assert all(p.grad is None for p in network.parameters())
    assert_same(before, snapshot(network))
    thawed = [p.requires_grad for p in network.parameters()]
    assert thawed == [False] + [True] * (len(thawed) - 1)


def test_frozen_in_evaluation_mode_uses_the_running_statistics():
    network = DCGANDiscriminator(1, 16, 4)
    network(torch.randn(8, 1, 16, 16))
    network.eval()
    x = torch.randn(3, 1, 16, 16)
    with frozen(network):
        assert torch.equal(network(x), network(x[:]))
        assert torch.allclose(network(x)[:1], network(x[:1]), atol=1e-6)


def test_frozen_thaws_after_an_error():
    network = DCGANDiscriminator(1, 16, 4)
    with pytest.raises(RuntimeError, match="stop"), frozen(network):
        raise RuntimeError("stop")
    assert all(p.requires_grad for p in network.parameters())
    assert all(m.track_running_stats for m in network.modules() if isinstance(m, nn.BatchNorm2d))


# -- pairs and penalties -------------------------------------------------------------------------------


def test_a_paired_loss_sees_the_real_batch_in_the_generators_turn():
    game = mlp_game(loss="relativistic")
    generator, discriminator, real = copy.deepcopy(game.generator), game.discriminator, torch.randn(8, 2)
    torch.manual_seed(3)
    scores = gan_round(game, Batch(real))
    torch.manual_seed(3)
    torch.randn(8, 3)
    with torch.no_grad():
        expected = nn.functional.softplus(discriminator(real) - discriminator(generator(torch.randn(8, 3)))).mean()
    assert scores["g_loss"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_penalty_is_part_of_the_discriminators_loss_only():
    real = torch.randn(8, 2)
    runs = {}
    for gamma in (0.0, 3.0):
        game = mlp_game(penalty=lambda critic, real, fake, gamma=gamma: penalties.r1(critic, real, gamma))
        start = copy.deepcopy(game.discriminator)
        torch.manual_seed(1)
        scores = gan_round(game, Batch(real))
        runs[gamma] = scores["d_loss"].item(), snapshot(game.discriminator)
    expected = penalties.r1(start, real, 3.0).item()
    assert expected > 1e-4
    assert runs[3.0][0] - runs[0.0][0] == pytest.approx(expected, rel=1e-3, abs=1e-6)
    changes = zip(runs[0.0][1].values(), runs[3.0][1].values(), strict=True)
    assert any(not torch.equal(without, with_penalty) for without, with_penalty in changes)


def test_mixed_precision_leaves_the_penalty_in_float32(mixed):
    seen = []

    def penalty(critic, real, fake):
        seen.append((penalties.r1(critic, real, 1.0), critic(real)))
        return seen[-1][0]

    game, real = mlp_game(penalty=penalty), torch.randn(64, 2)
    twin = copy.deepcopy(game.discriminator)
    game.prepare(mixed)
    assert (game.discriminator(real) - twin(real)).abs().max() > 1e-4, "this precision is not mixed"
    scores = game.play(gan_round, Batch(real))
    ((found, logits),) = seen
    assert found.dtype == logits.dtype == torch.float32
    assert torch.allclose(logits, twin(real), rtol=1e-5, atol=1e-6)
    assert found.item() == pytest.approx(penalties.r1(twin, real, 1.0).item(), rel=1e-5)
    assert all(torch.isfinite(score) for score in scores.values())


def test_the_critic_follows_its_discriminator(mixed):
    game, x = dcgan_game(), torch.randn(4, 1, 16, 16)
    game.prepare(mixed)
    nn.init.zeros_(next(game.discriminator.parameters()))
    game.discriminator.eval()
    critic = game.critic
    assert all(a is b for a, b in zip(critic.parameters(), game.discriminator.parameters(), strict=True))
    assert not any(module.training for module in critic.modules())
    assert torch.isfinite(critic(x)).all()


def test_the_default_optimiser_is_dcgans():
    network = MLPGenerator()
    optimizer = adam(network)
    assert isinstance(optimizer, torch.optim.Adam)
    (group,) = optimizer.param_groups
    assert group["lr"] == 2e-4 and group["betas"] == (0.5, 0.999)
    assert {id(p) for p in group["params"]} == {id(p) for p in network.parameters()}

"""The VAE's step is the bound of Kingma and Welling, and a game can begin with the decoder it leaves."""

import copy
import inspect
from functools import partial

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from ganbook import models
from ganbook.data import Batch, toy
from ganbook.training import DecoderStart, Game, Prior, fit, gan_round, vae_round


class LinearEncoder(nn.Module):
    def __init__(self, dim=2, inputs=2):
        super().__init__()
        self.mean, self.log_variance = nn.Linear(inputs, dim), nn.Linear(inputs, dim)

    def forward(self, x):
        return self.mean(x), self.log_variance(x)


def sgd(*networks, lr=0.01):
    return torch.optim.SGD([p for network in networks for p in network.parameters()], lr)


def alone(encoder, decoder, optimizer):
    """A game of one player around two networks, whose latent is the decoder's input."""
    vae = models.VAE(decoder.in_features, lambda _: encoder, lambda _: decoder)
    return Game(vae, None, prior=Prior(decoder.in_features), g_optimizer=optimizer)


def test_the_round_reads_like_an_algorithm_box():
    assert len(inspect.getsource(vae_round).splitlines()) <= 40


def test_the_bound_against_torch_distributions():
    torch.manual_seed(0)
    encoder, decoder = LinearEncoder(3, 5), nn.Linear(3, 5)
    x, std = torch.randn(7, 5), 0.4
    mean, log_variance = encoder(x)
    torch.manual_seed(1)
    q = Normal(mean, (0.5 * log_variance).exp())
    z = mean + q.stddev * torch.randn_like(mean)
    log_likelihood = Normal(decoder(z), std).log_prob(x).sum(1)
    kl = kl_divergence(q, Normal(0.0, 1.0)).sum(1)
    expected = torch.autograd.grad(-(log_likelihood - kl).mean(), [*encoder.parameters(), *decoder.parameters()])
    before = [p.detach().clone() for p in (*encoder.parameters(), *decoder.parameters())]
    game = alone(encoder, decoder, sgd(encoder, decoder))
    torch.manual_seed(1)
    scores = vae_round(game, Batch(x), std)
    assert scores["log_likelihood"].item() == pytest.approx(log_likelihood.mean().item(), rel=1e-5)
    assert scores["kl"].item() == pytest.approx(kl.mean().item(), rel=1e-5)
    assert scores["elbo"].item() == pytest.approx((log_likelihood - kl).mean().item(), rel=1e-5)
    assert all(score.shape == () and not score.requires_grad for score in scores.values())
    for old, parameter, gradient in zip(before, (*encoder.parameters(), *decoder.parameters()), expected, strict=True):
        assert torch.allclose(parameter, old - 0.01 * gradient, rtol=1e-4, atol=1e-5)


def test_a_linear_vae_finds_the_true_likelihood():
    """x = 2 z + 0.5 noise in one dimension: at the optimum the bound is the exact log-likelihood of N(0, 4.25)."""
    torch.manual_seed(0)
    encoder, decoder = LinearEncoder(1, 1), nn.Linear(1, 1, bias=False)
    nn.init.constant_(decoder.weight, 0.5)
    game = alone(encoder, decoder, torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 0.03))
    for _ in range(600):
        vae_round(game, Batch(torch.randn(256, 1) * 4.25**0.5), 0.5)
    x = torch.randn(50_000, 1) * 4.25**0.5
    scores = vae_round(alone(encoder, decoder, sgd(encoder, decoder, lr=0.0)), Batch(x), 0.5)
    exact = Normal(0.0, 4.25**0.5).log_prob(x).mean().item()
    assert scores["elbo"].item() == pytest.approx(exact, abs=0.06)
    assert decoder.weight.abs().item() == pytest.approx(2.0, abs=0.1)


# -- a game that begins with a decoder --------------------------------------------------------------------------------


def training_on_the_ring(**settings):
    return partial(fit, data=toy.ring(), progress=False, **settings)


def ring_game(**options):
    torch.manual_seed(0)
    return Game(models.MLPGenerator(2, 2, 16, 1), models.MLPDiscriminator(2, 16, 1), prior=Prior(2), **options)


def test_it_trains_the_generator_and_nothing_else():
    game = ring_game()
    before = copy.deepcopy(game)
    history = DecoderStart(LinearEncoder, steps=60, std=0.2, lr=0.01)(game, training_on_the_ring(batch_size=128))
    assert history["step"][-1] == 60 and len(history["elbo"]) == 60
    assert sum(history["elbo"][-10:]) > sum(history["elbo"][:10])
    assert any(
        not torch.equal(a, b) for a, b in zip(game.generator.parameters(), before.generator.parameters(), strict=True)
    )
    assert all(
        torch.equal(a, b)
        for a, b in zip(game.discriminator.parameters(), before.discriminator.parameters(), strict=True)
    )
    assert game.step == 0 and not game.g_optimizer.state and not game.d_optimizer.state


def test_it_wants_the_prior_of_its_bound():
    game = Game(models.MLPGenerator(), models.MLPDiscriminator(), prior=Prior(2, "uniform"))
    with pytest.raises(ValueError, match=r"^the prior is uniform: the bound's KL term needs a gaussian one$"):
        DecoderStart(LinearEncoder)(game, training_on_the_ring(batch_size=16))


def test_the_average_begins_with_the_decoder():
    game = ring_game(ema_half_life=1e9)
    untrained = copy.deepcopy(game.generator)
    start = DecoderStart(LinearEncoder, steps=30, std=0.2, lr=0.01)
    seen = []

    def watch(game):
        seen.append((copy.deepcopy(game.averaged_generator()), copy.deepcopy(game.generator)))

    fit(game, toy.ring(), gan_round, steps=3, batch_size=16, prepare=start, watch=watch, progress=False)
    z = torch.randn(8, 2)
    assert torch.equal(seen[0][0](z), seen[0][1](z)), "before the first round the average is the generator itself"
    assert not torch.allclose(seen[0][0](z), untrained(z), atol=1e-3)
    assert (seen[-1][0](z) - seen[0][1](z)).abs().max() < 0.1, "the average did not begin with the decoder"


def test_fit_prepares_once_and_not_on_resume(tmp_path):
    calls = []

    def prepare(game, train):
        calls.append((game.step, train.keywords["batch_size"], train.keywords["seed"]))

    options = {"batch_size": 16, "seed": 5, "prepare": prepare, "progress": False, "out": tmp_path, "resume": True}
    fit(ring_game(), toy.ring(), gan_round, steps=4, **options)
    fit(ring_game(), toy.ring(), gan_round, steps=8, **options)
    assert calls == [(0, 16, 5)]


@pytest.mark.parametrize("stop", [3, 5, 6, 7])
def test_a_run_that_was_cut_off_before_or_after_its_first_round_ends_bit_identical(tmp_path, stop):
    """Five steps of the decoder, then three rounds: it is cut off in one or the other, or between them."""
    played = []

    def run(out, stop=None, resume=False):
        def cut(play):
            def round(game, batch):
                played.append(play)
                if len(played) == stop:
                    raise KeyboardInterrupt
                return play(game, batch)

            return round

        def prepare(game, train):
            def cut_train(alone, round, steps):
                return train(alone, round=cut(round), steps=steps, checkpoint_every=2)

            return start(game, cut_train)

        start = DecoderStart(LinearEncoder, steps=5, std=0.2, lr=0.01)
        game = ring_game(ema_half_life=100.0)
        settings = {"batch_size": 16, "progress": False, "checkpoint_every": 1, "resume": resume}
        fit(game, toy.ring(), cut(gan_round), steps=3, prepare=prepare, out=tmp_path / out, **settings)
        return game.state_dict()["generator"]

    whole = run("whole")
    played.clear()
    with pytest.raises(KeyboardInterrupt):
        run("cut", stop=stop)
    before = len(played)
    torch.manual_seed(77)
    assert all(torch.equal(w, whole[name]) for name, w in run("cut", resume=True).items())
    assert len(played) - before < 8, "it began anew"


def test_a_run_with_a_decoder_start_repeats_itself():
    def run():
        game = ring_game(ema_half_life=100.0)
        start = DecoderStart(partial(LinearEncoder, inputs=2), steps=5)
        torch.manual_seed(3)
        fit(game, toy.ring(), gan_round, steps=3, batch_size=16, prepare=start, progress=False)
        return game.averaged_generator()(torch.ones(1, 2))

    assert torch.equal(run(), run())


# -- as a round of one player -----------------------------------------------------------------------------------------


def vae_game(device="cpu", **options):
    torch.manual_seed(0)
    with torch.device(device):
        vae = models.VAE(4, lambda d: models.Encoder(d, 1, 16, 4), lambda d: models.CompactGenerator(d, 1, 16, 4))
    return Game(vae, None, prior=Prior(4), **options)


@pytest.mark.parametrize("device", ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])])
def test_a_round_on_each_device(device):
    scores = vae_round(vae_game(device), Batch(torch.zeros(3, 1, 16, 16, device=device)))
    assert {score.device.type for score in scores.values()} == {device}

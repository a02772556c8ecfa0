"""The round of WGAN against Algorithm 1 of Arjovsky et al. 2017 written out, and what it learns over several seeds."""

import copy
import inspect
from dataclasses import replace
from statistics import median

import pytest
import torch
from torch import nn

from ganbook import penalties, recipes
from ganbook.data import Batch
from ganbook.models import MLPDiscriminator, MLPGenerator
from ganbook.training import Game, Prior, wgan_round


def game(seed=0, device="cpu", **options):
    torch.manual_seed(seed)
    with torch.device(device):
        generator, critic = MLPGenerator(2, 2, 8, 1), MLPDiscriminator(2, 8, 1)
    rms = {
        "g_optimizer": torch.optim.RMSprop(generator.parameters(), 5e-3),
        "d_optimizer": torch.optim.RMSprop(critic.parameters(), 5e-3),
    }
    return Game(generator, critic, prior=Prior(2), loss="wasserstein", **(rms | options))


def test_the_round_reads_like_an_algorithm_box():
    assert len(inspect.getsource(wgan_round).splitlines()) <= 40


@pytest.mark.parametrize(("n_critic", "clip"), [(5, 0.05), (1, 0.05), (3, None)])
def test_equal_to_algorithm_1(n_critic, clip):
    played, m = game(), 4
    generator, critic = copy.deepcopy(played.generator), copy.deepcopy(played.discriminator)
    g_step, d_step = (torch.optim.RMSprop(network.parameters(), 5e-3) for network in (generator, critic))
    for batch in torch.randn(3, n_critic * m, 2):
        torch.manual_seed(7)
        scores = wgan_round(played, Batch(batch), n_critic, clip)
        torch.manual_seed(7)
        d_losses = []
        for t in range(n_critic):
            z = torch.randn(m, 2)
            ascent = critic(batch[t * m : (t + 1) * m]).mean() - critic(generator(z)).mean()
            for weight, slope in zip(
                critic.parameters(), torch.autograd.grad(-ascent, critic.parameters()), strict=True
            ):
                weight.grad = slope
            d_step.step()
            for weight in critic.parameters() if clip else ():
                weight.data = weight.data.clip(-clip, clip)
            d_losses.append(-ascent.item())
        g_loss = -critic(generator(torch.randn(m, 2))).mean()
        for weight, slope in zip(
            generator.parameters(), torch.autograd.grad(g_loss, generator.parameters()), strict=True
        ):
            weight.grad = slope
        g_step.step()
        assert scores["d_loss"].item() == pytest.approx(sum(d_losses) / n_critic, rel=1e-4, abs=1e-6)
        assert scores["g_loss"].item() == pytest.approx(g_loss.item(), rel=1e-4, abs=1e-6)
    for ours, theirs in ((played.generator, generator), (played.discriminator, critic)):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, rtol=1e-4, atol=1e-5)
    if clip:
        assert max(p.abs().max().item() for p in critic.parameters()) == pytest.approx(clip)


@pytest.mark.parametrize("device", ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])])
def test_a_round_on_each_device_with_a_penalty(device):
    def penalty(critic, real, fake):
        return penalties.gradient_penalty(critic, real, fake, 10.0)

    scores = game(device=device, penalty=penalty).play(
        lambda game, batch: wgan_round(game, batch, 2, None), Batch(torch.zeros(6, 2, device=device))
    )
    assert {score.device.type for score in scores.values()} == {device}


def test_a_batch_that_cannot_be_split_is_named():
    with pytest.raises(ValueError, match=r"^batch has 8 samples: allowed is a multiple of 5"):
        wgan_round(game(), Batch(torch.zeros(8, 2)))


def distance_to(target, steps, play, seed):
    """Of the mean of G's samples from that of two points; G begins at the origin."""
    torch.manual_seed(seed)
    generator = nn.Linear(1, 2)
    nn.init.zeros_(generator.bias)
    critic = MLPDiscriminator(2, 16, 1)
    rms = {
        "g_optimizer": torch.optim.RMSprop(generator.parameters(), 2e-2),
        "d_optimizer": torch.optim.RMSprop(critic.parameters(), 2e-2),
    }
    played = Game(generator, critic, prior=Prior(1), loss="wasserstein", **rms)
    for _ in range(steps):
        played.play(play, Batch(target + 0.1 * torch.randn(40, 2)))
    with torch.no_grad():
        return (generator(torch.randn(1000, 1)).mean(0) - target).norm().item()


def test_the_generator_comes_near_over_several_seeds():
    target = torch.tensor([1.0, -1.0])
    apart = median(distance_to(target, 0, wgan_round, seed) for seed in range(5))
    near = median(
        distance_to(target, 150, lambda game, batch: wgan_round(game, batch, 5, 0.3), seed) for seed in range(5)
    )
    assert near < 0.35 * apart


def test_the_recipe_finds_the_ring_over_several_seeds():
    recipe = replace(recipes.get("wgan-ring").at("smoke"), batch_size=5 * 64, steps=100, scored=1000)
    assert recipe.loss == "wasserstein" and recipe.play.func is wgan_round
    modes = [recipe.train(seed=seed, progress=False).metrics["modes"] for seed in range(3)]
    untrained = recipe.evaluate(recipe.sampler(recipe.game().generator, {}))["modes"]
    assert untrained <= 2 and median(modes) >= 6, (untrained, modes)

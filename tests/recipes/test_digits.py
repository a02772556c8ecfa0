"""Recipes on digits are what they say they are, and the neighbours of chapter 14 train as any GAN does."""

import dataclasses
from functools import partial

import pytest
import torch
from torch import nn

from ganbook import recipes
from ganbook.models import VAE, CompactDiscriminator, CompactGenerator, DiffusionModel, ResidualBlock
from ganbook.training import DecoderStart

NAMES = ("vae-digits", "diffusion-digits")


def test_the_modern_baseline_has_no_tricks():
    recipe = recipes.get("resnet-digits").at("laptop")
    assert recipe.loss == "relativistic" and recipe.r1_gamma > 0 and recipe.r2_gamma > 0
    game = recipe.game()
    for network in (game.generator, game.discriminator):
        assert not any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
        blocks = [m for m in network.modules() if isinstance(m, ResidualBlock)]
        assert blocks and all(block.pre_activation for block in blocks)


def test_the_flagship_needs_no_penalty_and_no_norm_in_the_critic():
    recipe = recipes.get("dcgan-digits")
    assert (recipe.r1_gamma, recipe.r2_gamma, recipe.gp_weight) == (0, 0, 0)
    game = recipe.game()
    assert isinstance(game.generator, CompactGenerator) and isinstance(game.discriminator, CompactDiscriminator)
    assert any(isinstance(m, nn.BatchNorm2d) for m in game.generator.modules())
    assert list(game.discriminator.buffers()) == []


def test_the_unbalanced_gan_begins_as_a_decoder():
    for budget in ("smoke", "laptop", "gpu"):
        recipe = recipes.get("vae-gan-digits").at(budget)
        assert isinstance(recipe.prepare, DecoderStart) and recipe.prior.kind == "gaussian"
        game = recipe.game()
        assert isinstance(game.generator, CompactGenerator)
        mean, log_variance = recipe.prepare.encoder(recipe.prior.dim)(torch.randn(2, 1, 28, 28))
        assert mean.shape == log_variance.shape == (2, recipe.prior.dim)
        assert game.generator(mean).shape == (2, 1, 28, 28)


# -- games of one player ----------------------------------------------------------------------------------------


def tiny(name):
    changes = {"steps": 4, "batch_size": 8, "scored": 60, "budgets": {}}
    if name == "diffusion-digits":
        changes["generator"] = partial(DiffusionModel, size=28, width=8, evaluations=2)
    return dataclasses.replace(recipes.get(name), **changes)


@pytest.mark.parametrize("name", NAMES)
def test_a_game_of_one_player_with_a_gaussian_prior(name):
    for budget in ("smoke", "laptop", "gpu"):
        recipe = recipes.get(name).at(budget)
        game = recipe.game()
        assert recipe.discriminator is None and game.d_optimizer is None
        assert recipe.prior.kind == "gaussian"
    assert isinstance(game.generator, VAE if name == "vae-digits" else DiffusionModel)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_is_reported_kept_and_loaded(name, tmp_path, monkeypatch):
    monkeypatch.setitem(recipes.catalogue._RECIPES, name, tiny(name))
    run = recipes.get(name).train("smoke", seed=1, out=tmp_path, progress=False)
    assert {"frechet_distance", "floor", "n", "features", "split", "memorisation_z"} <= set(run.metrics)
    assert run.metrics["n"] == 60
    loaded = recipes.load_run(tmp_path)
    samples = run.sampler.sample(3, seed=5)
    assert samples.shape == (3, 1, 28, 28) and samples.abs().max() <= 1
    assert torch.equal(loaded.sample(3, seed=5), samples)
    assert not torch.equal(loaded.sample(3, seed=6), samples)
    curves = {"vae-digits": {"elbo", "log_likelihood", "kl"}, "diffusion-digits": {"loss"}}[name]
    assert set(run.history) == {"step"} | curves


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_learn_something(name):
    changes = {"steps": 40, "batch_size": 32, "budgets": {}, "scored": 24}
    if name == "diffusion-digits":
        changes["generator"] = partial(DiffusionModel, size=28, width=8, evaluations=2)
    history = dataclasses.replace(recipes.get(name), **changes).train("smoke", progress=False).history
    if name == "vae-digits":
        assert history["elbo"][-1] > history["elbo"][0] + 200
    else:
        assert history["loss"][-1] < 0.7 * history["loss"][0]

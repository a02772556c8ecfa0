"""Chapter 9's recipes are what they say they are."""

import torch
from torch import nn

from ganbook import recipes
from ganbook.models import CompactGenerator, ResidualBlock
from ganbook.training import DecoderStart


def test_the_modern_baseline_has_no_tricks():
    recipe = recipes.get("resnet-digits").at("laptop")
    assert recipe.loss == "relativistic" and recipe.r1_gamma > 0 and recipe.r2_gamma > 0
    game = recipe.game()
    for network in (game.generator, game.discriminator):
        assert not any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
        blocks = [m for m in network.modules() if isinstance(m, ResidualBlock)]
        assert blocks and all(block.pre_activation for block in blocks)


def test_the_unbalanced_gan_begins_as_a_decoder():
    for budget in ("smoke", "laptop", "gpu"):
        recipe = recipes.get("vae-gan-digits").at(budget)
        assert isinstance(recipe.prepare, DecoderStart) and recipe.prior.kind == "gaussian"
        game = recipe.game()
        assert isinstance(game.generator, CompactGenerator)
        mean, log_variance = recipe.prepare.encoder(recipe.prior.dim)(torch.randn(2, 1, 28, 28))
        assert mean.shape == log_variance.shape == (2, recipe.prior.dim)
        assert game.generator(mean).shape == (2, 1, 28, 28)

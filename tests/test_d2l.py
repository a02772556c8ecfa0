"""Our round and Dive into Deep Learning's two half-rounds play the same game, up to the scale that chapter 2 states.

D2L's losses are ``m / 2`` (discriminator) and ``m`` (generator) times ours when its cross-entropy is summed over a
batch of m, and 1/2 and 1 times ours when it is averaged.
"""

import pytest
import torch
from d2l import torch as d2l  # part of the test environment: a missing d2l is an error, not a skip
from torch import nn

from ganbook import convolutions
from ganbook.data import toy
from ganbook.models.mlp import MLPDiscriminator, MLPGenerator
from ganbook.training import Game, Prior, gan_round

M = 64
SCALES = {"sum": (M / 2, M), "mean": (0.5, 1.0)}


def linear_game():
    """The networks of D2L's chapter."""
    g = nn.Linear(2, 2)
    return g, nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 1))


def mlp_game():
    return MLPGenerator(width=16, depth=2), MLPDiscriminator(width=16, depth=2)


def play(networks, seed, rounds, reduction=None, d_scale=1.0, g_scale=1.0):
    """Losses (rounds, 2) and final weights: by D2L where ``reduction`` is given, else by ours."""
    torch.manual_seed(seed)
    g, d = networks()
    # A scale of the loss drops out of Adam's step if epsilon has the same scale.
    g_adam = torch.optim.Adam(g.parameters(), lr=1e-3, betas=(0.5, 0.999), eps=1e-8 * g_scale)
    d_adam = torch.optim.Adam(d.parameters(), lr=1e-3, betas=(0.5, 0.999), eps=1e-8 * d_scale)
    batches = toy.ring().batches(M, seed=seed)
    game = Game(g, d, prior=Prior(2), loss="non_saturating", g_optimizer=g_adam, d_optimizer=d_adam)
    torch.manual_seed(seed + 1)
    losses = []
    for _ in range(rounds):
        batch = next(batches)
        if reduction is None:
            log = gan_round(game, batch)
            losses.append((log["d_loss"].item(), log["g_loss"].item()))
        else:
            loss = nn.BCEWithLogitsLoss(reduction=reduction)
            d_loss = d2l.update_D(batch.real, torch.randn(M, 2), d, g, loss, d_adam)
            g_loss = d2l.update_G(torch.randn(M, 2), d, g, loss, g_adam)
            losses.append((d_loss.item(), g_loss.item()))
    return torch.tensor(losses), nn.utils.parameters_to_vector([*g.parameters(), *d.parameters()]).detach()


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("networks", [linear_game, mlp_game])
@pytest.mark.parametrize("seed", [0, 1])
def test_losses_are_equal_up_to_the_stated_scale(networks, reduction, seed):
    ours, our_weights = play(networks, seed, 40)
    theirs, their_weights = play(networks, seed, 40, reduction, *SCALES[reduction])
    torch.testing.assert_close(theirs / torch.tensor(SCALES[reduction]), ours, rtol=1e-4, atol=0)
    torch.testing.assert_close(their_weights, our_weights, rtol=1e-3, atol=1e-5)
    # 40 rounds moved both players, so equal losses are not those of two games that stand still.
    assert ours[:, 0].std() > 1e-3 and ours[:, 1].std() > 1e-3


def test_the_scale_matters():
    """The comparison sees a factor of two."""
    ours, _ = play(linear_game, 0, 3)
    theirs, _ = play(linear_game, 0, 3, "sum", *SCALES["sum"])
    assert not torch.allclose(theirs / M, ours, rtol=0.1)


def test_convolutions_by_hand_are_d2l_s():
    """``corr2d`` sums the products of a window, D2L's transposed convolution paints: its printed example, and ours."""
    image, kernel = torch.randn(5, 6), torch.randn(2, 3)
    ours = convolutions.convolution_matrix(kernel, (5, 6)) @ image.flatten()
    torch.testing.assert_close(ours.view(4, 4), d2l.corr2d(image, kernel))
    square = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    assert convolutions.paint(square, square).tolist() == [[0, 0, 1], [0, 4, 6], [4, 12, 9]]
    over_zeros = d2l.corr2d(nn.functional.pad(image, (2, 2, 1, 1)), kernel.flip(0, 1))
    torch.testing.assert_close(convolutions.paint(image, kernel), over_zeros)

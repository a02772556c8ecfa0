"""The round with labels for the real data, against its formula."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook.data.batch import Batch
from ganbook.training import Game, Prior
from ganbook.training.rounds.supervised import supervised_round


def game(lr: float = 0.1) -> Game:
    torch.manual_seed(0)
    generator, discriminator = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 4))
    return Game(
        generator,
        discriminator,
        prior=Prior(2),
        g_optimizer=torch.optim.SGD(generator.parameters(), lr=lr),
        d_optimizer=torch.optim.SGD(discriminator.parameters(), lr=lr),
    )


def test_losses_are_those_of_a_classifier_with_one_class_more():
    players = game(lr=0.0)
    real, labels = torch.randn(6, 2), torch.randint(4, (6,))
    torch.manual_seed(1)
    found = supervised_round(players, Batch(real, labels))
    torch.manual_seed(1)
    with torch.no_grad():
        fake, again = (players.generator(torch.randn(6, 2)) for _ in range(2))
        # The fifth class is "fake", with the score 0.
        scores = [F.pad(players.discriminator(x), (0, 1)) for x in (real, fake, again)]
    log_p = [s.log_softmax(1) for s in scores]
    log_real = [p[:, :4].logsumexp(1) for p in log_p]
    class_loss = F.cross_entropy(scores[0][:, :4], labels)
    assert found["class_loss"].item() == pytest.approx(class_loss.item(), rel=1e-5)
    d_loss = -log_real[0].mean() - log_p[1][:, 4].mean() + class_loss
    assert found["d_loss"].item() == pytest.approx(d_loss.item(), rel=1e-5)
    assert found["g_loss"].item() == pytest.approx(-log_real[2].mean().item(), rel=1e-5)
    assert found["d_fake"].item() == pytest.approx(log_real[1].exp().mean().item(), rel=1e-5)


def test_both_players_move_and_labels_matter():
    real = torch.randn(6, 2)
    ends = []
    for labels in (torch.zeros(6, dtype=torch.long), torch.arange(6) % 4):
        players = game()
        before = [p.clone() for p in players.generator.parameters()]
        supervised_round(players, Batch(real, labels))
        assert any(not torch.equal(a, b) for a, b in zip(before, players.generator.parameters(), strict=True))
        ends.append(torch.cat([p.detach().flatten() for p in players.discriminator.parameters()]))
    assert not torch.equal(*ends)


def test_a_set_without_labels_is_named():
    with pytest.raises(ValueError, match="batch has no labels"):
        supervised_round(game(), Batch(torch.randn(6, 2)))

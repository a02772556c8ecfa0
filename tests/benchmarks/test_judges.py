"""A judge inside D: it sees what the judge sees, and never changes it."""

from __future__ import annotations

import pytest
import torch

from benchmarks import judges, speedrun
from ganbook.metrics.features import DigitsNet, DigitsReferee
from ganbook.training import Game


@pytest.mark.parametrize("name", judges.JUDGES)
def test_d_sees_with_the_judge_and_does_not_train_it(name):
    critic = judges.SeeingDiscriminator(name).train()
    eyes, before = critic.eyes[0], {key: value.clone() for key, value in critic.eyes[0].state_dict().items()}
    images = torch.rand(8, 1, 28, 28).requires_grad_()
    logits = critic(images)
    assert logits.shape == (8,) and not eyes.training
    (by_image,) = torch.autograd.grad(critic.read(eyes(images)).sum(), images)
    assert by_image.abs().max() > 0, "G learns from what the judge sees"
    assert not {id(p) for p in eyes.parameters()} & {id(p) for p in critic.parameters()}
    assert all(torch.equal(value, before[key]) for key, value in eyes.state_dict().items())


@pytest.mark.parametrize("seen", judges.ROWS)
def test_a_run_is_scored_by_both_judges(monkeypatch, seen):
    monkeypatch.setattr(judges, "ROUNDS", 1)
    monkeypatch.setattr(speedrun, "N", 500)
    monkeypatch.setattr(speedrun, "SPLITS", 2)
    critics = []
    step = Game.update_discriminator
    monkeypatch.setattr(
        Game, "update_discriminator", lambda game, loss: (critics.append(game.discriminator), step(game, loss))[1]
    )
    run = judges.play({"seen": seen, "seed": 0})
    assert all(run[name] > 20 for name in judges.JUDGES), "after one round nothing is drawn"
    eyes = getattr(critics[0], "eyes", (None,))[0]
    assert type(eyes) is {"none": type(None), "digits": DigitsNet, "digits-referee": DigitsReferee}[seen]

"""D that knows its data by heart: what is judged, and by what measure."""

from __future__ import annotations

import pytest
import torch

from benchmarks import overfitting


def test_told_apart_counts_pairs():
    assert overfitting.told_apart(torch.tensor([3.0, 1.0]), torch.tensor([2.0, 1.0])) == (2 + 0.5) / 4
    assert overfitting.told_apart(torch.ones(3), torch.ones(5)) == 0.5
    assert overfitting.told_apart(torch.zeros(3), torch.ones(5)) == 0


@pytest.mark.parametrize("how", overfitting.AUGMENTATIONS)
def test_d_is_asked_without_augmentation_about_a_hundred_digits_of_each_kind(monkeypatch, how):
    monkeypatch.setattr(overfitting, "ROUNDS", 2)
    monkeypatch.setattr(overfitting, "LOOKS", 2)
    monkeypatch.setattr(overfitting, "scores", lambda sampler: {})
    seen = []

    class Spy(overfitting.Witness):
        def __init__(self, learned, unseen):
            super().__init__(learned, unseen)
            seen.append((learned, unseen))

        def __call__(self, game):
            super().__call__(game)
            assert game.discriminator.training
            assert self.told_apart == overfitting.told_apart(
                *(game.discriminator.eval()(self.images[name]) for name in ("learned", "unseen"))
            ), "judged as in use"
            game.discriminator.train()

    monkeypatch.setattr(overfitting, "Witness", Spy)
    run = overfitting.play({"images": 100, "augmentation": how, "seed": 0})
    ((learned, unseen),) = seen
    assert learned.shape == unseen.shape == (100, 1, 28, 28)
    assert [look["round"] for look in run["curve"]] == [0, 1, 2]
    assert set(run["curve"][0]) == {"round", "learned", "unseen", "fake"}

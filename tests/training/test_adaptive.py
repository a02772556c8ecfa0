"""Augmentation by need: p follows the signs that D gives real images, and the round that is played is the same."""

import inspect
from functools import partial

import pytest
import torch
from torch import nn

from ganbook.data import Batch
from ganbook.models import AdaptiveAugment, DCGANGenerator, RandomShift
from ganbook.training import Game, Prior, gan_round
from ganbook.training.rounds.adaptive import EVERY, adaptive_round


class Says(nn.Module):
    """A D that has learned what it says of real images, a number each; of others it says nothing."""

    def __init__(self, real: torch.Tensor, augmented: bool = True) -> None:
        super().__init__()
        self.augmentation = AdaptiveAugment() if augmented else nn.Identity()
        self.real = real
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        zero = self.weight * self.augmentation(x).mean((1, 2, 3))
        return zero + self.real if len(x) == len(self.real) and x[0, 0, 0, 0] == 7 else zero - 1


def game(real: list[float], **options) -> Game:
    torch.manual_seed(0)
    return Game(DCGANGenerator(3, 1, 16, 2), Says(torch.tensor(real), **options), prior=Prior(3))


BATCH = Batch(real=torch.full((10, 1, 16, 16), 7.0))


def played(game: Game, rounds: int, batch: Batch = BATCH, **options) -> list[dict[str, float]]:
    round = partial(adaptive_round, images=400, **options)
    return [{name: value.item() for name, value in game.play(round, batch).items()} for _ in range(rounds)]


def test_the_round_reads_like_an_algorithm_box():
    lines = inspect.getsource(adaptive_round).splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 88


def test_p_rises_by_the_images_seen_while_d_is_too_sure():
    scores = played(game([3.0] * 9 + [-1.0]), 48)
    assert all(score["r_t"] == pytest.approx(0.8) for score in scores)
    steps = [round(score["p"], 6) for score in scores]
    assert steps[:9] == [0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2] and EVERY == 4
    assert steps[39] == pytest.approx(1.0) and steps[47] == 1.0, "and no further"


def test_p_falls_where_d_is_in_doubt_and_never_below_0():
    doubtful = game([1.0] * 7 + [-1.0] * 3)
    doubtful.discriminator.augmentation.p.fill_(0.25)
    assert [round(score["p"], 6) for score in played(doubtful, 12)][3::4] == [0.15, 0.05, 0.0]
    assert round(played(doubtful, 4, target=0.3)[-1]["p"], 6) == 0.1, "above another target it rises"


def test_four_rounds_count_together():
    """Three in doubt and one very sure, one by one, would lower p."""
    mixed, logits = (
        game([1.0] * 10),
        [[1.0] * 10, [1.0] * 7 + [-1.0] * 3, [1.0] * 8 + [-1.0] * 2, [1.0] * 8 + [-1.0] * 2],
    )
    for said in logits:  # r_t of 1, 0.4, 0.6 and 0.6
        mixed.discriminator.real = torch.tensor(said)
        (score,) = played(mixed, 1)
    assert score["p"] == pytest.approx(0.1)


def test_all_processes_move_alike(monkeypatch: pytest.MonkeyPatch):
    shared = game([-1.0] * 10)
    monkeypatch.setattr(shared, "mean", lambda score: score + 1.9)
    score = played(shared, 4)[-1]
    assert (score["r_t"], score["p"]) == (pytest.approx(0.9), pytest.approx(0.1))


def test_only_real_images_are_heard():
    """Generated ones are called -1, and what comes after the real ones in one call (wrong captions) is not of them."""
    assert played(game([1.0] * 10), 1)[0]["r_t"] == 1.0

    class Longer(Says):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            said = super().forward(x)
            return torch.cat((said, said - 9))

    longer = game([1.0] * 10)
    longer = Game(longer.generator, Longer(torch.ones(10)), prior=Prior(3))
    assert played(longer, 1)[0]["r_t"] == 1.0


def test_it_is_the_round_that_it_is_made_of_while_nothing_is_augmented():
    alone, adaptive = game([1.0, -1.0] * 5), game([1.0, -1.0] * 5)
    random = [torch.manual_seed(4), alone.play(gan_round, BATCH), torch.rand(1)]
    again = [torch.manual_seed(4), adaptive.play(adaptive_round, BATCH), torch.rand(1)]
    assert random[2] == again[2] and random[1].items() <= {**again[1]}.items()
    assert not adaptive.discriminator._forward_hooks


def test_p_is_part_of_the_state_that_a_checkpoint_keeps():
    first = game([1.0] * 10)
    played(first, 6)
    other = game([1.0] * 10)
    other.load_state_dict(first.state_dict())
    augment = other.discriminator.augmentation
    assert (augment.p.item(), augment.signs.item()) == (pytest.approx(0.1), 2.0)
    assert [score["p"] for score in played(other, 2)] == [score["p"] for score in played(first, 2)]


def test_what_cannot_be_adapted_is_refused():
    with pytest.raises(ValueError, match=r"^discriminator holds no AdaptiveAugment"):
        played(game([1.0] * 10, augmented=False), 1)

    def split(game: Game, batch: Batch):
        game.discriminator(batch.real.clone())
        return {"loss": torch.zeros(())}

    with pytest.raises(ValueError, match=r"^of is a round that never shows D its real images as a whole$"):
        played(game([1.0] * 10), 1, of=split)


def test_each_image_is_augmented_with_the_probability_p():
    torch.manual_seed(0)
    augment, x = AdaptiveAugment(), torch.rand(2000, 3, 8, 8) * 2 - 1
    assert torch.equal(augment(x), x)
    augment.p.fill_(0.3)
    changed = (augment(x) != x).flatten(1).any(1).float().mean()
    # Each of three kinds by a coin of its own; a shift by nothing, of one place in nine, leaves an image as it is.
    expected = 1 - 0.7 * (1 - 0.3 * 8 / 9) * 0.7
    assert changed == pytest.approx(expected, abs=0.035)
    augment.p.fill_(1.0)
    assert (augment(x) != x).flatten(1).any(1).all()
    assert augment.eval()(x) is x
    assert not any(isinstance(part, RandomShift) for part in augment.modules())

"""The loop: order, log, early stop, annealing, resume."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ganbook import data
from ganbook.models import MLPDiscriminator, MLPGenerator
from ganbook.training import Game, Prior, TrainingError, fit, gan_round
from ganbook.training.checkpoint import CheckpointError


def make_game(seed: int = 0, **kwargs) -> Game:
    torch.manual_seed(seed)
    return Game(MLPGenerator(2, 2, 8, 1), MLPDiscriminator(2, 8, 1), prior=Prior(2), ema_half_life=100, **kwargs)


def play(game: Game, steps: int, **kwargs):
    return fit(game, data.toy.ring(), gan_round, steps=steps, batch_size=8, progress=False, **kwargs)


def weights(game: Game) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in game.averaged_generator().parameters()])


def test_plays_the_asked_number_of_rounds_and_logs_each_scalar():
    game = make_game()
    history = play(game, 7)
    assert game.step == 7
    assert history["step"] == list(range(1, 8))
    assert {"d_loss", "g_loss", "d_real", "d_fake"} == set(history) - {"step"}
    assert all(len(curve) == 7 for curve in history.values())


def test_a_long_run_logs_means_over_the_rounds_between_entries():
    seen = []

    def watched_round(game, batch):
        scores = gan_round(game, batch)
        seen.append(scores["d_loss"].item())
        return scores

    history = fit(make_game(), data.toy.ring(), watched_round, steps=400, batch_size=8, progress=False)
    assert history["step"] == list(range(2, 401, 2))
    expected = torch.tensor(seen).reshape(-1, 2).mean(1)
    torch.testing.assert_close(torch.tensor(history["d_loss"]), expected)


@pytest.mark.parametrize("stop", [3, 5, 9])
def test_resume_ends_bit_identical(tmp_path: Path, stop: int):
    whole = make_game()
    play(whole, 10, out=tmp_path / "whole", checkpoint_every=1)
    reference = weights(whole)

    class Stop(Exception):
        pass

    def interrupted(game, batch):
        if game.step == stop:
            raise Stop
        return gan_round(game, batch)

    with pytest.raises(Stop):
        fit(
            make_game(), data.toy.ring(), interrupted, steps=10, batch_size=8, progress=False,
            out=tmp_path / "cut", checkpoint_every=2,
        )  # fmt: skip
    resumed = make_game(seed=99)  # other weights: all of them must come from the checkpoint
    history = play(resumed, 10, out=tmp_path / "cut", checkpoint_every=2, resume=True)
    assert torch.equal(weights(resumed), reference)
    assert history["step"] == list(range(1, 11))


def test_resume_of_another_run_is_refused(tmp_path: Path):
    play(make_game(), 2, out=tmp_path, identity={"recipe": "a", "seed": 0})
    with pytest.raises(
        CheckpointError, match=r"belongs to another run \(seed is 0 there and 1 here\): choose another folder$"
    ):
        play(make_game(), 4, out=tmp_path, identity={"recipe": "a", "seed": 1}, resume=True)


def test_nan_stops_early_and_leaves_the_good_checkpoint(tmp_path: Path):
    def poisoned(game, batch):
        scores = gan_round(game, batch)
        if game.step == 5:
            scores["d_loss"] = torch.tensor(float("nan"))
        return scores

    with pytest.raises(TrainingError, match=r"d_loss became nan .* step 6; the last good checkpoint is .*00000004\.pt"):
        fit(
            make_game(), data.toy.ring(), poisoned, steps=10, batch_size=8, progress=False,
            out=tmp_path, checkpoint_every=2,
        )  # fmt: skip
    kept = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert kept == ["step-00000002.pt", "step-00000004.pt"]
    game = make_game(seed=5)
    play(game, 10, out=tmp_path, resume=True)
    assert game.step == 10


def test_watching_changes_nothing():
    quiet = make_game()
    play(quiet, 6)
    looks = []

    def look(game):
        looks.append(game.step)
        torch.randn(1000)

    watched = make_game()
    play(watched, 6, watch=look, watch_every=2)
    assert looks == [0, 2, 4, 6]
    assert torch.equal(weights(quiet), weights(watched))


def test_annealing_ends_near_zero_and_starts_at_the_full_rate():
    rates = []

    def spy(game, batch):
        rates.append(game.g_optimizer.param_groups[0]["lr"])
        return gan_round(game, batch)

    fit(make_game(), data.toy.ring(), spy, steps=10, batch_size=8, progress=False, anneal_from=0.5)
    assert rates[:6] == [2e-4] * 6
    torch.testing.assert_close(torch.tensor(rates[6:]), 2e-4 * torch.tensor([0.8, 0.6, 0.4, 0.2]))


@pytest.mark.parametrize(("argument", "value"), [("steps", 0), ("batch_size", 0)])
def test_bad_numbers_name_the_argument(argument: str, value: int):
    arguments = {"steps": 1, "batch_size": 8, argument: value}
    with pytest.raises(ValueError, match=f"{argument} is {value}: allowed is 1 or more"):
        fit(make_game(), data.toy.ring(), gan_round, progress=False, **arguments)

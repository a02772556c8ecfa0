"""The loop: order, log, early stop, annealing, resume."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, TensorDataset

from ganbook import data
from ganbook.models import DCGANDiscriminator, DCGANGenerator, MLPDiscriminator, MLPGenerator
from ganbook.training import Game, Prior, Stopped, TrainingError, fit, frozen, gan_round
from ganbook.training.checkpoint import CheckpointError, Checkpoints


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
    play(whole, 10, out=str(tmp_path / "whole"), checkpoint_every=1)
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


def test_what_differs_at_the_end_of_a_long_description_is_shown(tmp_path: Path):
    play(make_game(), 2, out=tmp_path, identity={"generator": f"{'word ' * 30}width 6"})
    with pytest.raises(CheckpointError, match=r"\(generator is \.\.\. word .*width 6 there and .*width 4 here\)"):
        play(make_game(), 4, out=tmp_path, identity={"generator": f"{'word ' * 30}width 4"}, resume=True)


def test_no_more_than_three_differences_are_listed(tmp_path: Path):
    play(make_game(), 2, out=tmp_path, identity=dict.fromkeys("abcd", 0))
    with pytest.raises(CheckpointError, match=r"\(a is 0 there and 1 here; b is .*; c is 0 there and 1 here\)"):
        play(make_game(), 4, out=tmp_path, identity=dict.fromkeys("abcd", 1), resume=True)


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


@pytest.mark.parametrize(
    ("argument", "value", "allowed"),
    [("steps", 0, "1 or more"), ("batch_size", 0, "1 or more"), ("anneal_from", 2.0, "a finite number, 0 or more and")],
)
def test_bad_numbers_name_the_argument(argument: str, value: float, allowed: str):
    arguments = {"steps": 1, "batch_size": 8, argument: value}
    with pytest.raises(ValueError, match=f"{argument} is {value}: allowed is {allowed}"):
        fit(make_game(), data.toy.ring(), gan_round, progress=False, **arguments)


# -- a round of one's own ---------------------------------------------------------------------------------------------


def several_steps(game, batch):
    """D moves on each half of the batch, then G twice."""
    for part in batch.split(2):
        fake = game.generator(game.sample_prior(len(part))).detach()
        d_loss = game.loss.discriminator(game.discriminator(part.real), game.discriminator(fake))
        game.update_discriminator(d_loss)
    for _ in range(2):
        with frozen(game.discriminator):
            g_loss = game.loss.generator(game.discriminator(game.generator(game.sample_prior(8))), None)
        game.update_generator(g_loss)
    return {"d_loss": d_loss, "g_loss": g_loss}


def discriminator_alone(game, batch):
    fake = game.generator(game.sample_prior(len(batch))).detach()
    d_loss = game.loss.discriminator(game.discriminator(batch.real), game.discriminator(fake))
    game.update_discriminator(d_loss)
    return {"d_loss": d_loss}


@pytest.mark.parametrize("round", [several_steps, discriminator_alone])
@pytest.mark.parametrize("anneal_from", [0.5, 1.0])
def test_a_round_may_move_the_players_as_often_as_it_likes(tmp_path: Path, round, anneal_from: float):
    rates = []

    def watch(game):
        rates.append(game.g_optimizer.param_groups[0]["lr"])

    settings = {"steps": 8, "batch_size": 8, "progress": False, "checkpoint_every": 4, "watch_every": 1}
    game = make_game()
    history = fit(game, data.toy.ring(), round, out=tmp_path, watch=watch, anneal_from=anneal_from, **settings)
    assert history["step"] == list(range(1, 9)) and game.step == 8
    assert [path.name for path in Checkpoints(tmp_path / "checkpoints").paths()] == [
        "step-00000004.pt",
        "step-00000008.pt",
    ]
    assert min(rates) > 0 and rates[-1] == pytest.approx(2e-4 * (0.25 if anneal_from == 0.5 else 1))


def test_scores_of_other_names_are_refused():
    def fickle(game, batch):
        return {"d_loss" if game.step < 3 else "loss": torch.zeros(())}

    with pytest.raises(
        ValueError, match=r"^the round returned loss, and before d_loss: every round must return the same names"
    ):
        fit(make_game(), data.toy.ring(), fickle, steps=10, batch_size=8, progress=False)


def test_what_a_round_returns_is_named():
    with pytest.raises(TypeError, match=r"^the round returned None: allowed is a dictionary"):
        fit(make_game(), data.toy.ring(), lambda game, batch: None, steps=10, batch_size=8, progress=False)


# -- data and an accelerator of one's own -----------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [lambda d: d, lambda d: DataLoader(d, batch_size=3)])
def test_a_data_set_of_torchs_can_be_trained_on(wrapped):
    seen = []

    def watched(game, batch):
        seen.append((batch.real.min().item(), batch.real.max().item(), batch.labelled().unique().tolist()))
        return gan_round(game, batch)

    images = torch.linspace(0, 1, 12)[:, None, None, None].expand(12, 1, 16, 16)
    game = Game(DCGANGenerator(5, 1, 16, 4), DCGANDiscriminator(1, 16, 4), prior=Prior(5))
    torchs = wrapped(TensorDataset(images, torch.arange(12) % 2))
    fit(game, torchs, watched, steps=2, batch_size=12, progress=False)
    assert seen[0] == (-1.0, 1.0, [0, 1])


def test_what_cannot_be_trained_on_is_named():
    with pytest.raises(TypeError, match=r"^dataset is 3"):
        fit(make_game(), 3, gan_round, steps=1, batch_size=8, progress=False)


def test_an_accelerator_of_ones_own_is_used(mixed):
    seen = []

    def spy(game, batch):
        seen.append(game.discriminator(batch.real))
        return gan_round(game, batch)

    game = make_game()
    fit(game, data.toy.ring(), spy, steps=1, batch_size=64, progress=False, accelerator=mixed)
    exact = game.critic(data.toy.ring().sample(64))
    assert exact.dtype == torch.float32 and game._accelerator is mixed
    half = seen[0].to(torch.bfloat16).float()
    assert torch.equal(half, seen[0]), "the forward was not one of mixed precision"


@pytest.mark.parametrize("from_environment", [True, False])
def test_gradients_that_add_up_are_refused(from_environment: bool, forgotten, monkeypatch: pytest.MonkeyPatch):
    own = {}
    if from_environment:
        monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "4")
    else:
        own["accelerator"] = Accelerator(cpu=True, gradient_accumulation_steps=4)
    with pytest.raises(ValueError, match=r"^gradient_accumulation_steps is 4: allowed is 1: a step takes its whole"):
        play(make_game(), 2, **own)


# -- the end comes early ----------------------------------------------------------------------------------------------


def test_a_watcher_may_end_the_run(tmp_path: Path):
    game = make_game()
    history = play(game, 400, watch=lambda game: game.step == 7, watch_every=1, out=tmp_path, checkpoint_every=100)
    assert game.step == 7 and history["step"] == [2, 4, 6, 7]
    assert Checkpoints(tmp_path / "checkpoints").latest()["step"] == 7
    assert play(make_game(), 400, watch=lambda game: game.step == 0, watch_every=1) == {"step": []}
    assert len(play(make_game(), 5, watch=lambda game: "go on", watch_every=1)["step"]) == 5


@pytest.mark.parametrize("kept", [True, False])
def test_sigterm_ends_the_run_after_its_round_and_resume_goes_on_to_the_same_bits(tmp_path: Path, kept: bool):
    whole = make_game()
    history = play(whole, 400)

    def terminated(game, batch):
        if game.step == 12:  # within an entry of the history, and between two checkpoints
            os.kill(os.getpid(), signal.SIGTERM)
        return gan_round(game, batch)

    settings = {"steps": 400, "batch_size": 8, "progress": False, "checkpoint_every": 50}
    if kept:
        settings["out"] = tmp_path
    said = r"^stopped by SIGTERM after round 13; " + (r".*13\.pt$" if kept else "no checkpoint was written$")
    with pytest.raises(Stopped, match=said):
        fit(make_game(), data.toy.ring(), terminated, **settings)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if kept:
        resumed = make_game(seed=99)
        assert fit(resumed, data.toy.ring(), gan_round, resume=True, **settings) == history
        assert torch.equal(weights(resumed), weights(whole))


def test_who_listens_to_sigterm_already_goes_on_listening():
    heard, own = [], lambda *_: heard.append("mine")

    def terminated(game, batch):
        if game.step == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return gan_round(game, batch)

    before = signal.signal(signal.SIGTERM, own)
    try:
        fit(make_game(), data.toy.ring(), terminated, steps=3, batch_size=8, progress=False)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == ["mine"]


def test_a_run_in_another_thread_ends_as_usual():
    found = []
    thread = threading.Thread(target=lambda: found.append(play(make_game(), 3)))
    thread.start()
    thread.join()
    assert found[0]["step"] == [1, 2, 3]


@pytest.mark.parametrize("player", ["generator", "discriminator"])
@pytest.mark.parametrize("step", [3, 10])
def test_weights_that_are_not_finite_are_never_called_good(tmp_path: Path, player: str, step: int):
    def poisoned(game, batch):
        scores = gan_round(game, batch)
        if game.step == step - 1:
            next(getattr(game, player).parameters()).data.view(-1)[0] = float("nan")
        return {name: torch.zeros(()) for name in scores}

    last = r"the last good checkpoint is .*8\.pt$" if step == 10 else r"the last good checkpoint is .*2\.pt$"
    at = 4 if step == 3 else 10
    with pytest.raises(TrainingError, match=f"^(generator|{player}) holds NaN or infinity at step {at}; {last}"):
        fit(
            make_game(), data.toy.ring(), poisoned, steps=10, batch_size=8, progress=False,
            out=tmp_path, checkpoint_every=2,
        )  # fmt: skip


def too_much(kind):
    if kind == "torch":
        torch.empty(2**50)  # the CPU's own words
    if kind == "cuda":
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    if kind == "mps":
        raise RuntimeError("MPS backend out of memory (MPS allocated: 9.05 GB, other allocations: 2.1 MB)")
    raise MemoryError


@pytest.mark.parametrize("kind", ["torch", "cuda", "mps", "python"])
def test_running_out_of_memory_is_one_sentence(tmp_path: Path, kind: str):
    def greedy(game, batch):
        if game.step == 3:
            too_much(kind)
        return gan_round(game, batch)

    said = r"^memory ran out in round 4: a smaller batch_size needs less; the last good checkpoint is .*2\.pt$"
    with pytest.raises(TrainingError, match=said):
        fit(
            make_game(), data.toy.ring(), greedy, steps=10, batch_size=8, progress=False,
            out=tmp_path, checkpoint_every=2,
        )  # fmt: skip


def test_any_other_error_of_a_round_stays_what_it_is():
    def wrong(game, batch):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match=r"^shapes do not match$"):
        fit(make_game(), data.toy.ring(), wrong, steps=1, batch_size=8, progress=False)


# -- what a checkpoint must hold --------------------------------------------------------------------------------------


def without(name):
    return lambda state: {key: value for key, value in state.items() if key != name}


def inside(*path, value):
    def changed(state):
        part = state
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = value
        return state

    return changed


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {},
        *(without(name) for name in ("step", "identity", "history", "game", "processes")),
        inside("processes", value=[]),
        inside("processes", value=None),
        inside("processes", 0, "random", value=None),
        inside("processes", 0, "random", value={"cpu": torch.zeros(3)}),
        inside("processes", 0, "random", value={}),
        inside("processes", 0, "pending", value=[3]),
        inside("history", value=[1, 2]),
        inside("history", value={"step": [1.0, 2.0], "d_loss": [1.0]}),
        inside("game", value={}),
        inside("game", "generator", value={}),
        inside("game", "discriminator", value=None),
        inside("game", "g_optimizer", value={"state": {}, "param_groups": []}),
        inside("game", "average", value=None),
        inside("game", "step", value="4"),
        inside("game", "generator", "layers.0.weight", value=torch.full((8, 2), torch.nan)),
        inside("step", value="4"),
        inside("history", value={"step": [1.0, 2.0], "d_loss": ["a", "b"]}),
        inside("history", value={"step": [1.0, 2.0], "d_loss": [1.0, torch.nan]}),
        *(inside("seconds", value=value) for value in (None, "4", torch.nan, -5.0)),
        inside("identity", value=7),
    ],
)
def test_other_content_is_refused_in_one_sentence(tmp_path: Path, change):
    play(make_game(), 4, out=tmp_path)
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    torch.save(change(checkpoints.latest()), checkpoints.paths()[-1])
    with pytest.raises(
        CheckpointError, match=r"^the checkpoint in [^\n]*: choose another folder$|is of 0 processes, not 1$"
    ):
        play(make_game(), 8, out=tmp_path, resume=True)


def test_another_network_is_refused_in_one_sentence(tmp_path: Path):
    play(make_game(), 4, out=tmp_path)
    wider = Game(MLPGenerator(2, 2, 9, 1), MLPDiscriminator(2, 8, 1), prior=Prior(2), ema_half_life=100)
    with pytest.raises(CheckpointError, match=r"does not fit this run \(size mismatch for [^\n]*\): choose another"):
        play(wider, 8, out=tmp_path, resume=True)


def test_what_a_checkpoint_lacks_is_called_missing(tmp_path: Path):
    play(make_game(), 4, out=tmp_path)
    path = Checkpoints(tmp_path / "checkpoints").paths()[-1]
    torch.save(without("history")(torch.load(path, weights_only=True)), path)
    with pytest.raises(CheckpointError, match=r"does not fit this run \('history' is missing\)"):
        play(make_game(), 8, out=tmp_path, resume=True)


def test_fewer_rounds_than_were_played_are_refused(tmp_path: Path):
    play(make_game(), 8, out=tmp_path)
    with pytest.raises(CheckpointError, match=r"^steps is 4, and the checkpoint in .* is of round 8 already$"):
        play(make_game(), 4, out=tmp_path, resume=True)


def test_a_folder_that_holds_a_run_is_not_written_to_by_another(tmp_path: Path):
    play(make_game(), 8, out=tmp_path)
    with pytest.raises(CheckpointError, match=r"^out is .*, which holds checkpoints: resume them, or choose another"):
        play(make_game(), 4, out=tmp_path)


def test_the_random_numbers_of_a_mac_are_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A simulation: its state here is one number, which every look and every round counts up."""
    state = torch.zeros(1, dtype=torch.uint8)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: state.clone())
    monkeypatch.setattr(torch.mps, "set_rng_state", lambda new: state.copy_(new))

    def drawing(game, batch):
        state.add_(1)
        return gan_round(game, batch)

    settings = {
        "batch_size": 8,
        "progress": False,
        "out": tmp_path,
        "watch_every": 1,
        "accelerator": Accelerator(cpu=True),
    }
    fit(make_game(), data.toy.ring(), drawing, steps=3, watch=lambda game: state.add_(50) is None, **settings)
    assert state.item() == 3, "looks drew random numbers"
    state.fill_(99)
    fit(make_game(), data.toy.ring(), drawing, steps=5, resume=True, **settings)
    assert state.item() == 5


def test_who_records_hears_of_every_entry_as_it_is_made(tmp_path: Path):
    heard: list[dict[str, float]] = []
    history = play(make_game(), 7, record=heard.append)
    assert heard == [dict(zip(history, row, strict=True)) for row in zip(*history.values(), strict=True)]


def test_progress_tells_images_a_second_and_the_time_left(capsys: pytest.CaptureFixture[str]):
    rounds = iter(range(10))

    def slow(game, batch):
        time.sleep(0.05 if next(rounds) else 0.2)  # the bar is not drawn more often than ten times a second
        return gan_round(game, batch)

    fit(make_game(), data.toy.ring(), slow, steps=10, batch_size=100)
    shown = capsys.readouterr().err
    found = re.findall(r"(\d+) of 10 rounds, ([\d,]+) images/s, 00:0\d left", shown)
    assert len(found) > 2
    # Sleep bounds the speed from above: 100 images in 0.05 s; the first round's four times that.
    assert all(50 < float(speed.replace(",", "")) < 2100 for _, speed in found), found

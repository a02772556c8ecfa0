"""The one training loop: batches, rounds, log, samples, checkpoints, resume, early stop at NaN."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from ganbook.data.batch import Batch
from ganbook.training.checkpoint import CheckpointError, Checkpoints
from ganbook.training.game import Game

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["Data", "History", "Prepare", "Round", "TrainingError", "fit"]

History = dict[str, list[float]]
Round = Callable[[Game, Batch], dict[str, Tensor]]
Prepare = Callable[[Game, "Data", int, int], object]
"""(game, data, batch_size, seed): what happens to the players before the first round."""

LOGS_PER_RUN = 200


class TrainingError(RuntimeError):
    """Training cannot go on; one sentence says at which step, why, and what is left."""


class Data(Protocol):
    """What :func:`fit` asks of a data set: ``ImageSet``, ``ImageFolder`` and the toys have it."""

    def batches(
        self, batch_size: int, *, seed: int = 0, start: int = 0, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]: ...

    def to(self, device: torch.device | str) -> Data: ...


def fit(
    game: Game,
    data: Data,
    play: Round,
    *,
    steps: int,
    batch_size: int,
    seed: int = 0,
    prepare: Prepare | None = None,
    watch: Callable[[Game], None] | None = None,
    watch_every: int | None = None,
    anneal_from: float = 1.0,
    out: Path | None = None,
    identity: dict[str, Any] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    progress: bool = True,
) -> History:
    """Play ``steps`` rounds.

    Args:
        game: the players; updated in place.
        data: where real batches come from, shuffled by ``seed``.
        play: the round, such as :func:`ganbook.training.rounds.gan.gan_round`.
        steps: rounds in all, those before a resume included.
        batch_size: real samples a round, over all processes.
        seed: of the data's order; latents come from torch's global random numbers.
        prepare: called once, before the first round and the first look; not when a run is resumed.
        watch: called with the game before the first round, then every ``watch_every`` rounds and at the end.
            It may draw random numbers: they are put back.
        anneal_from: share of ``steps`` after which both learning rates fall linearly, to zero at the end.
        out: folder for checkpoints; None keeps nothing.
        identity: what the run is (recipe, budget, seed); a checkpoint of another run is refused.
        checkpoint_every: rounds between checkpoints (default: a tenth of ``steps``).
        resume: go on from the newest checkpoint in ``out``, if there is one.
        progress: show a progress bar.

    Returns:
        The history: "step" and every scalar of the round, averaged over the rounds since the last entry.

    Raises:
        TrainingError: if a loss becomes NaN or infinite; earlier checkpoints are intact.
        CheckpointError: if a checkpoint cannot be written, read, or belongs to another run.
    """
    for name, value in (("steps", steps), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} is {value}: allowed is 1 or more")
    accelerator = _engine()
    game.prepare(accelerator)
    checkpoints = Checkpoints(out / "checkpoints") if out is not None else None
    history: History = {"step": []}
    if resume and checkpoints is not None and (state := checkpoints.latest()) is not None:
        history = _restore(game, state, identity or {})
    log_every = max(1, steps // LOGS_PER_RUN)
    save_every = checkpoint_every or max(1, steps // 10)
    device = accelerator.device
    placed = data.to(device)
    batches = placed.batches(
        batch_size, seed=seed, start=game.step, rank=accelerator.process_index, world=accelerator.num_processes
    )
    if prepare is not None and game.step == 0:
        prepare(game, placed, batch_size, seed)
    pending: list[dict[str, Tensor]] = []
    _watch(watch, game)
    for batch in _shown(batches, game.step, steps, progress and accelerator.is_main_process):
        game.set_rate(_rate(game.step, steps, anneal_from))
        pending.append(play(game, _placed(batch, device)))
        at_end = game.step >= steps
        if game.step % log_every == 0 or game.step % save_every == 0 or at_end:
            _log(history, pending, game.step, checkpoints)
            pending.clear()
        if checkpoints is not None and accelerator.is_main_process and (game.step % save_every == 0 or at_end):
            checkpoints.save(_state(game, history, identity or {}))
        if watch_every and game.step % watch_every == 0 and not at_end:
            _watch(watch, game)
    _watch(watch, game)
    return history


def _engine() -> Accelerator:
    from accelerate import Accelerator, DistributedDataParallelKwargs

    # Two forwards of one discriminator before a backward must not re-send its BatchNorm buffers (pytorch#175024).
    return Accelerator(kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)])


def _shown(batches: Iterator[Batch], done: int, steps: int, progress: bool) -> Iterator[Batch]:
    from tqdm.auto import tqdm

    with tqdm(total=steps, initial=done, disable=not progress, unit="round", leave=False) as bar:
        for _ in range(done, steps):
            yield next(batches)
            bar.update()


def _rate(step: int, steps: int, anneal_from: float) -> float:
    start = anneal_from * steps
    return 1.0 if step < start else (steps - step) / (steps - start)


def _placed(batch: Batch, device: torch.device) -> Batch:
    if batch.real.device == device:
        return batch

    def moved(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.to(device, non_blocking=True)

    real = batch.real.to(device, non_blocking=True)
    return Batch(real, moved(batch.labels), moved(batch.sources), batch.captions)


def _log(history: History, pending: list[dict[str, Tensor]], step: int, checkpoints: Checkpoints | None) -> None:
    if not pending:
        return
    means = {name: torch.stack([scores[name] for scores in pending]).mean().item() for name in pending[0]}
    for name, value in means.items():
        if not math.isfinite(value):
            kept = checkpoints.paths()[-1:] if checkpoints is not None else []
            left = f"the last good checkpoint is {kept[0]}" if kept else "no checkpoint was written"
            raise TrainingError(f"{name} became {value} within the {len(pending)} rounds before step {step}; {left}")
    history["step"].append(step)
    for name, value in means.items():
        history.setdefault(name, []).append(value)


def _watch(watch: Callable[[Game], None] | None, game: Game) -> None:
    if watch is None:
        return
    # A look at the game must not change it: the random numbers go on as if nobody had looked.
    with torch.random.fork_rng():
        watch(game)


def _state(game: Game, history: History, identity: dict[str, Any]) -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "step": game.step,
        "identity": identity,
        "history": history,
        "game": game.state_dict(),
        "rng": {"cpu": torch.get_rng_state(), "cuda": cuda},
    }


def _restore(game: Game, state: dict[str, Any], identity: dict[str, Any]) -> History:
    if state["identity"] != identity:
        raise CheckpointError(
            f"the checkpoint belongs to the run {_named(state['identity'])}, not to {_named(identity)}: "
            f"choose another folder"
        )
    game.load_state_dict(state["game"])
    torch.set_rng_state(state["rng"]["cpu"])
    if torch.cuda.is_available() and state["rng"]["cuda"]:
        torch.cuda.set_rng_state_all(state["rng"]["cuda"])
    history: History = state["history"]
    return history


def _named(identity: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in identity.items()) or "(unnamed)"

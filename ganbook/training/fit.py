"""The one training loop: batches, rounds, log, samples, checkpoints, resume, early stop."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from tqdm.auto import tqdm

from ganbook.arguments import check_number, check_whole
from ganbook.data.errors import first_line
from ganbook.data.own import as_data
from ganbook.data.samples import Data
from ganbook.training.checkpoint import CheckpointError, Checkpoints
from ganbook.training.game import Game, Round, Scores
from ganbook.training.random_state import kept_random_state, random_state, set_random_state

if TYPE_CHECKING:
    from accelerate import Accelerator
    from torch.utils.data import DataLoader, Dataset

__all__ = [
    "PRECISIONS", "Data", "History", "Precision", "Prepare", "Record", "Round", "Stopped", "TrainingError", "engine_of",
    "fit", "rate_at",
]  # fmt: skip

History = dict[str, list[float]]
Prepare = Callable[[Game, Callable[..., History]], object]
"""(game, train): what happens to the players before the first round. ``train(another_game, round=..., steps=...)`` is
:func:`fit` with the data and the settings of this run, its checkpoints included."""

Record = Callable[[Mapping[str, float]], object]
"""What hears of a run while it goes on, such as a writer of TensorBoard's events."""

Precision = Literal["float32", "bf16"]
"""What networks compute in; weights, losses and penalties are in float32 whatever it is."""

_ACCELERATES: dict[Precision, str] = {"float32": "no", "bf16": "bf16"}
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

LOGS_PER_RUN = 200


class TrainingError(RuntimeError):
    """Training cannot go on; one sentence says at which step, why, and what is left."""


class Stopped(TrainingError):
    """The process was asked to end (SIGTERM), and did after the round that it was in."""


def fit(
    game: Game,
    data: Data | Dataset[Any] | DataLoader[Any],
    round: Round,
    *,
    steps: int,
    batch_size: int,
    seed: int = 0,
    prepare: Prepare | None = None,
    watch: Callable[[Game], bool | None] | None = None,
    watch_every: int | None = None,
    anneal_from: float = 1.0,
    out: str | Path | None = None,
    identity: dict[str, Any] | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    progress: bool = True,
    record: Record | None = None,
    accelerator: Accelerator | None = None,
) -> History:
    """Play ``steps`` rounds.

    A resumed run is the uninterrupted one, bit for bit on the CPU of one machine with the same number of threads; and
    with the same number of processes, where there are several.

    Args:
        game: the players; updated in place.
        data: where real batches come from, shuffled by ``seed``: what :func:`ganbook.data.as_data` takes.
        round: such as :func:`ganbook.training.rounds.gan.gan_round`.
        steps: rounds in all, those before a resume included. A resumed run may have more than it had before; while the
            rates are constant, it is the run that had as many from its start.
        batch_size: real samples per round, over all processes.
        seed: of the data's order; latents come from torch's global random numbers.
        prepare: called once, before the first round and the first look; not when a run is resumed.
        watch: called with the game before the first round, then every ``watch_every`` rounds and at the end.
            It may draw random numbers: they are put back. If it returns True, the run ends there.
        anneal_from: share of ``steps`` after which both learning rates fall linearly, to zero at the end.
        out: folder for checkpoints; None keeps nothing.
        identity: what the run is (recipe, budget, seed); a checkpoint of another run is refused.
        checkpoint_every: rounds between checkpoints (default: a tenth of ``steps``).
        resume: go on from the newest checkpoint in ``out``, if there is one.
        progress: show a progress bar, with images a second and the time left.
        record: called by the first process with each new entry of the history, "step" included, as it is made.
        accelerator: for a device, a precision or a way of distribution of one's own (default: what the environment
            asks for).

    Returns:
        The history: "step" and every score of the round, averaged over the rounds since the last entry and over all
        processes.

    Raises:
        TypeError, ValueError: for arguments that are not allowed, or a round that returns no scores.
        TrainingError: if a score or a weight becomes NaN or infinite, or memory runs out; checkpoints are intact.
        Stopped: if SIGTERM came, once the round is over and its checkpoint is written.
        CheckpointError: if a checkpoint cannot be written or read, or belongs to another run.
    """
    check_whole(1, steps=steps, batch_size=batch_size)
    check_number(0, 1, anneal_from=anneal_from)
    kept: Data = as_data(data)
    out = None if out is None else Path(out)
    accelerator = accelerator or _engine()
    run = _Run(game, accelerator, steps, out, identity or {})
    if run.checkpoints and run.checkpoints.paths() and not resume:
        raise CheckpointError(f"out is {out}, which holds checkpoints: resume them, or choose another folder")
    state = run.checkpoints.latest() if run.checkpoints else None
    with run.memory_watched():
        if prepare is not None and state is None and game.step == 0:
            train = partial(
                fit, data=kept, batch_size=batch_size, seed=seed, out=out and out / "prepare", identity=identity,
                resume=resume, progress=progress, accelerator=accelerator,
            )  # fmt: skip
            prepare(game, train)
        game.prepare(accelerator)
        if state is not None:
            run.restore(state)
        shares = {"rank": game.rank, "world": game.world}
        batches = kept.to(accelerator.device).batches(batch_size, seed=seed, start=game.step, **shares)
        game.examples = partial(kept.batches, batch_size, seed=seed)
        log_every, save_every = max(1, steps // LOGS_PER_RUN), checkpoint_every or max(1, steps // 10)
        ended = run.look(watch)
        hidden = not (progress and accelerator.is_main_process)
        bar = _Bar(total=steps, initial=game.step, disable=hidden, leave=False, bar_format=_Bar.FORMAT)
        bar.per_round = batch_size
        with _asked_to_stop() as asked, bar:
            while game.step < steps and not ended:
                game.set_rate(rate_at(game.step, steps, anneal_from))
                run.pending.append(game.play(round, next(batches).to(accelerator.device)))
                bar.update()
                at_end = game.step == steps
                saves = at_end or game.step % save_every == 0
                logs = saves or game.step % log_every == 0
                if logs:
                    run.log(record)
                if saves:
                    run.save()
                # Several processes must agree to stop, which takes time: they do when they log.
                if (logs or game.world == 1) and run.any_process(asked.is_set()):
                    raise Stopped(f"stopped by SIGTERM after round {game.step}; {run.save()}")
                if at_end or (watch_every and game.step % watch_every == 0):
                    ended = run.look(watch)
        if game.step < steps:
            run.log(record)
            run.save()
    return run.history


class _Run:
    """What a run keeps of itself, in memory and in checkpoints."""

    def __init__(self, game: Game, accelerator: Accelerator, steps: int, out: Path | None, identity: Any) -> None:
        self.game, self.accelerator, self.steps, self.identity = game, accelerator, steps, identity
        self.checkpoints = None if out is None else Checkpoints(out / "checkpoints")
        self.history: History = {"step": []}
        self.pending: list[Scores] = []
        self.clock = time.monotonic()

    def log(self, record: Record | None) -> None:
        """Add the means over the rounds since the last entry to the history, and tell who records them."""
        if not self.pending:
            return
        known = self.history.keys() - {"step"} or self.pending[0].keys()
        if other := next((scores for scores in self.pending if scores.keys() != known), None):
            said = f"the round returned {', '.join(sorted(other))}, and before {', '.join(sorted(known))}"
            raise ValueError(f"{said}: every round must return the same names")
        means: dict[str, float] = {"step": self.game.step}
        for name in self.pending[0]:
            mean = torch.stack([scores[name] for scores in self.pending]).mean()
            value = means[name] = self.accelerator.reduce(mean, "mean").item()
            if not math.isfinite(value):
                rounds = f"within the {len(self.pending)} rounds before step {self.game.step}"
                raise TrainingError(f"{name} became {value} {rounds}; {self.left()}")
        for name, value in means.items():
            self.history.setdefault(name, []).append(value)
        self.pending.clear()
        if record is not None and self.accelerator.is_main_process:
            record(means)

    def save(self) -> str:
        """Write a checkpoint, where they are kept, of sound players only; returns what is left of the run."""
        if player := self.game.unsound():
            raise TrainingError(f"{player} holds NaN or infinity at step {self.game.step}; {self.left()}")
        now = time.monotonic()
        self.game.seconds, self.clock = self.game.seconds + now - self.clock, now
        if self.checkpoints is not None:
            from accelerate.utils import gather_object, send_to_device

            game = self.game.state_dict()
            own = {"random": random_state(), "memory": game.pop("memory"), "pending": self.pending}
            processes = gather_object([send_to_device(own, "cpu")])
            if self.accelerator.is_main_process:
                kept = {"identity": self.identity, "history": self.history, "game": game, "processes": processes}
                self.checkpoints.save({"step": self.game.step, "seconds": self.game.seconds, **kept})
        return self.left()

    def restore(self, state: dict[str, Any]) -> None:
        """Put game, history and random numbers back where :meth:`save` found them."""
        where = f"the checkpoint in {self.checkpoints and self.checkpoints.folder}"
        try:
            if other := _differences(state["identity"], self.identity):
                raise CheckpointError(f"{where} belongs to another run ({other}): choose another folder")
            if len(state["processes"]) != self.game.world:
                raise CheckpointError(f"{where} is of {len(state['processes'])} processes, not {self.game.world}")
            if state["step"] > self.steps:
                raise CheckpointError(f"steps is {self.steps}, and {where} is of round {state['step']} already")
            own, history = state["processes"][self.game.rank], state["history"]
            if not torch.tensor(list(history.values())).isfinite().all():  # made of gaps or texts, it is no tensor
                raise ValueError("its history holds NaN or infinity")
            check_number(0, seconds=state["seconds"])
            self.game.load_state_dict({**state["game"], "memory": own["memory"]})
            if player := self.game.unsound():
                raise ValueError(f"its {player} holds NaN or infinity")
            device = self.accelerator.device
            self.pending = [{name: score.to(device) for name, score in scores.items()} for scores in own["pending"]]
            set_random_state(own["random"])
            self.game.seconds = state["seconds"]
            self.history = history
        except CheckpointError:
            raise
        except Exception as error:  # each part raises what it likes of content that is not its own
            # torch says last what does not fit
            said = first_line(error) if isinstance(error, KeyError) else str(error).strip().split("\n")[-1].strip()
            raise CheckpointError(f"{where} does not fit this run ({said}): choose another folder") from error

    def left(self) -> str:
        """What a run can go on from, as a clause."""
        kept = self.checkpoints.paths() if self.checkpoints else []
        return f"the last good checkpoint is {kept[-1]}" if kept else "no checkpoint was written"

    def look(self, watch: Callable[[Game], bool | None] | None) -> bool:
        """Whether a process is told to end the run; a look at the game does not change it."""
        with kept_random_state():
            return self.any_process(watch is not None and watch(self.game) is True)

    def any_process(self, flag: bool) -> bool:
        """Whether ``flag`` holds in one process at least."""
        if self.game.world == 1:
            return flag
        said = torch.tensor(float(flag), device=self.accelerator.device)
        return bool(self.accelerator.reduce(said, "sum") > 0)

    @contextmanager
    def memory_watched(self) -> Iterator[None]:
        """Memory that runs out is an error of training, with a way out."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            said = f"memory ran out in round {self.game.step + 1}: a smaller batch_size needs less"
            raise TrainingError(f"{said}; {self.left()}") from error


class _Bar(tqdm):  # type: ignore[misc]
    """Rounds played, with samples a second and the time left."""

    FORMAT = "{percentage:3.0f}% |{bar}| {n_fmt} of {total_fmt} rounds, {speed} images/s, {remaining} left"
    per_round = 1

    @property
    def format_dict(self) -> dict[str, Any]:
        known: dict[str, Any] = super().format_dict
        played, seconds = known["n"] - known["initial"], known["elapsed"]
        rate = known["rate"] or (played / seconds if seconds else 0)
        speed = rate * self.per_round
        return {**known, "speed": f"{speed:,.0f}" if speed >= 10 else f"{speed:.2g}" if played else "?"}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: every device says so in its own words, and not all with a class."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in said or "can't allocate memory" in said


def _engine(precision: Precision | None = None) -> Accelerator:
    from accelerate import Accelerator, DistributedDataParallelKwargs

    # Two forwards of one discriminator before a backward must not re-send its BatchNorm buffers (pytorch#175024).
    handlers = [DistributedDataParallelKwargs(broadcast_buffers=False)]
    return Accelerator(mixed_precision=precision and _ACCELERATES[precision], kwargs_handlers=handlers)


@contextmanager
def engine_of(precision: Precision | None) -> Iterator[Accelerator | None]:
    """An accelerator that computes so, in this process alone for as long as it is used; None for what is the default.

    Accelerate keeps one precision for all of a process; what was before is put back.
    """
    if precision is None:
        yield None
        return
    from accelerate.state import AcceleratorState

    kept: Any = AcceleratorState._shared_state
    before = dict(kept)
    kept.clear()
    try:
        yield _engine(precision)
    finally:
        kept.clear()
        kept.update(before)


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Set by SIGTERM, where nobody else listens to it; only the main thread can."""
    asked, main = threading.Event(), threading.current_thread() is threading.main_thread()
    ours = main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def rate_at(step: int, steps: int, anneal_from: float) -> float:
    """What the learning rates are multiplied with in a round, of so many; see :func:`fit`."""
    start = anneal_from * steps
    return 1.0 if step <= start else (steps - step) / (steps - start)


def _differences(there: dict[str, Any], here: dict[str, Any]) -> str:
    def said(name: str) -> str:
        """Both, from a little before they part: networks may do so at the end of long descriptions."""
        texts = [str(of.get(name, "not said")) for of in (there, here)]
        parted = next((i for i, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), 0)
        start = texts[0].rfind(" ", 0, max(0, parted - 25)) + 1
        was, now = (shorten("... " * bool(start) + text[start:], 60, placeholder=" ...") for text in texts)
        return f"{name} is {was} there and {now} here"

    other = [name for name in there | here if there.get(name) != here.get(name)]
    return "; ".join(map(said, other[:3]))

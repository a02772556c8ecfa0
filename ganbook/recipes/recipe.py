"""A recipe is data: every hyper-parameter of a run, at every budget."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ganbook import data, penalties
from ganbook.arguments import check_whole
from ganbook.data.cache import write_atomically
from ganbook.data.catalogue import NEEDS
from ganbook.data.encoded import JITTER, ImageFiles
from ganbook.data.errors import EmptySplit, counted
from ganbook.data.images import mirrored
from ganbook.data.pairs import Unpaired, unpaired
from ganbook.data.picture import Fit
from ganbook.data.samples import Data
from ganbook.losses import AdversarialLoss
from ganbook.recipes.changes import SETTINGS, Augment, applied, checked
from ganbook.recipes.identity import identity
from ganbook.recipes.reports import Score, of_images
from ganbook.training.budget import Budget, resolve
from ganbook.training.checkpoint import CheckpointError, Checkpoints
from ganbook.training.conditions import CONDITIONS, Given
from ganbook.training.fit import History, Precision, Prepare, Record, Round, engine_of, fit, rate_at
from ganbook.training.game import Game, Penalty, adam
from ganbook.training.prior import Prior
from ganbook.training.random_state import kept_random_state
from ganbook.training.rounds.gan import gan_round
from ganbook.training.sampler import CARD, CONFIG, WEIGHTS, Sampler, read

__all__ = ["Recipe", "Run", "Source", "load_run", "settings_of"]

HISTORY, SETTINGS_FILE = "history.csv", "run.json"

Source = str | Data | Dataset[Any] | DataLoader[Any]
"""A data set's name, or what :func:`ganbook.data.as_data` takes."""


class NoSplit(ValueError):
    """Data of one's own have no such split."""


@dataclass(frozen=True)
class Run:
    """What training leaves behind.

    Attributes:
        sampler: draws samples from the averaged generator.
        history: lists of "step" and of every scalar of the round.
        metrics: the recipe's report on the sampler.
        out: folder with weights, card, history and checkpoints, or None.
    """

    sampler: Sampler
    history: History
    metrics: dict[str, Any]
    out: Path | None


@dataclass(frozen=True)
class Recipe:
    """One reproducible run.

    Attributes:
        name, about: what it is called and what it shows, in one sentence.
        data: a data set's name; or data of one's own: an image set, a toy distribution, torch's ``Dataset``.
        test_data: the test split of data of one's own; None where there is none.
        size: side of the images in pixels (None: the set's own).
        generator: builds G from the latent's size.
        discriminator: builds D; None for a game of one player.
        prior: where latents come from; None for a generator that takes none.
        given: what G is conditioned on besides its noise.
        classes: number of classes, where G is conditioned on labels.
        mirrored: whether training also shows the mirror image of every image; of files, in place of every second one.
        jitter: whether training shows files through windows, see ``ganbook.data.encoded.JITTER``.
        balanced: whether training draws every class equally often.
        fit, channels: how files become squares, and of how many channels; see :func:`ganbook.data.load`.
        skip_broken: whether files that cannot be read are left out; else they are an error before the first round.
        root: where the data lie, unless a call says otherwise; see :func:`ganbook.data.load`.
        fitted: (recipe, training data) to the recipe with what it takes from them, such as the number of classes.
        pairs_hidden: whether sources and images are drawn independently (:func:`ganbook.data.pairs.unpaired`).
        memory: builds what the rounds keep from one to the next.
        loss: a pair of losses, or its name.
        r1_gamma, r2_gamma, gp_weight: weights of the penalties; 0 leaves one out.
        g_lr, d_lr, betas: Adam's settings.
        anneal_from: share of the rounds after which the learning rates fall linearly to zero.
        ema_half_life: half-life, in images, of the average of G's weights; 0 for none.
        batch_size, steps: images per round, fewer where the data are fewer; rounds.
        prepare: what happens to the players before the first round, such as pre-training.
        play: the round.
        score: what the finished run is scored by, such as those of :mod:`ganbook.recipes.reports`.
        scored: generated images that are scored.
        budgets: what each budget changes of the above.
        precision: what networks compute in, "float32" or "bf16"; None for what the environment asks for.
        changes: what :meth:`changed` changed, by name.
        lineage: names of the recipes that this one was made from by ``dataclasses.replace``, and its own; filled in.
    """

    name: str
    about: str
    data: Source
    generator: Callable[[int], nn.Module]
    discriminator: Callable[[], nn.Module] | None
    prior: Prior | None
    given: Given = "nothing"
    classes: int = 0
    mirrored: bool = False
    jitter: bool = False
    balanced: bool = False
    fit: Fit | None = None
    channels: int | None = None
    skip_broken: bool = False
    root: str | Path | None = None
    fitted: Callable[[Recipe, Data], Recipe] | None = None
    pairs_hidden: bool = False
    memory: Callable[[], Mapping[str, nn.Module]] | None = None
    size: int | None = None
    loss: str | AdversarialLoss = "non_saturating"
    r1_gamma: float = 0.0
    r2_gamma: float = 0.0
    gp_weight: float = 0.0
    g_lr: float = 2e-4
    d_lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    anneal_from: float = 1.0
    ema_half_life: float = 0.0
    batch_size: int = 64
    steps: int = 1000
    prepare: Prepare | None = None
    play: Round = gan_round
    test_data: Source | None = None
    score: Score = of_images
    scored: int = 5000
    budgets: Mapping[Budget, Mapping[str, Any]] = field(default_factory=dict)
    precision: Precision | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    lineage: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.lineage[-1:] != (self.name,):
            object.__setattr__(self, "lineage", (*self.lineage, self.name))

    def at(self, budget: str | None = None) -> Recipe:
        """The recipe with a budget's changes made (default: the budget in force), then those of :meth:`changed`."""
        plain = dataclasses.replace(self, budgets={}, changes={}, **self.budgets.get(resolve(budget), {}))
        return applied(plain, self.changes)

    def changed(
        self,
        *,
        steps: int | None = None,
        batch_size: int | None = None,
        lr: float | None = None,
        size: int | None = None,
        channels: int | None = None,
        fit: Fit | None = None,
        mirror: bool | None = None,
        jitter: bool | None = None,
        augment: Augment | None = None,
        precision: Precision | None = None,
        skip_broken: bool | None = None,
    ) -> Recipe:
        """The recipe with settings of one's own, whatever the budget; None leaves a setting as it is.

        A run keeps them on its card, under "changes".

        Args:
            steps, batch_size: rounds, and images per round.
            lr: learning rate of both players.
            size: side of the images in pixels; the networks are made for it.
            channels: of pictures from a folder: 1 for grey, 3 for colour, 4 for colour that may be transparent; the
                networks are made for them.
            fit: how pictures from a folder become squares: "crop", "pad" or "squeeze".
            mirror: whether images are also shown in the mirror.
            jitter: whether pictures from a folder are decoded larger and shown through a window at a random place.
            augment: what images pass through before D sees them: "none", "shift", "differentiable" (always) or
                "adaptive" (the more often, the surer D is of real ones).
            precision: "float32" or "bf16".
            skip_broken: whether pictures from a folder that cannot be read are left out.

        Raises:
            TypeError, ValueError: for a value that is not allowed, or a setting that this recipe cannot take.
        """
        asked = {name: value for name, value in locals().items() if name in SETTINGS and value is not None}
        changes = {**self.changes, **{name: checked(name, value) for name, value in asked.items()}}
        applied(dataclasses.replace(self, budgets={}), changes)  # what does not go together is refused now
        return dataclasses.replace(self, changes=changes)

    def load_data(self, split: str = "train", root: str | Path | None = None) -> Data:
        """The recipe's data set; ``root`` as in :func:`ganbook.data.load` (default: the recipe's own).

        Raises:
            ValueError: for a split that the recipe's own data do not have, or a root from which nothing is read.
            DataError: if the data cannot be had, or a picture of one's own cannot be read.
        """
        if isinstance(self.data, str):
            found: Any = self._load(self.data, split, self.root if root is None else root)
        elif root is not None:
            raise ValueError(f"root (--data) is {root}, but {self.name} reads no files: its data are made or given")
        elif split != "train" and self.test_data is None:
            raise NoSplit(f"{self.name} has no {split} split: data of your own bring one as test_data")
        else:
            found = data.as_data(self.data if split == "train" else self.test_data)
        if split == "train":
            found = self._as_shown(found)
        return unpaired(found) if self.pairs_hidden and isinstance(found, data.ImageSet) else found

    def _load(self, name: str, split: str, root: str | Path | None) -> Data:
        """A named set; pictures of one's own are looked at before they are learned from."""
        found = data.load(name, split, self.size, root, fit=self.fit, channels=self.channels)
        return found.sound(self.skip_broken) if NEEDS[name].place == "own" else found

    def _as_shown(self, found: Any) -> Any:
        """Training data with mirrors, windows and a balance of classes."""
        if isinstance(found, Unpaired):
            sides = {name: self._as_shown(getattr(found, name)) for name in ("source_set", "target_set")}
            return dataclasses.replace(found, **sides)
        if isinstance(found, ImageFiles):
            found = dataclasses.replace(found, jitter=JITTER if self.jitter else 0.0, mirror=self.mirrored)
        elif self.mirrored and isinstance(found, data.ImageSet):
            found = mirrored(found)
        elif self.mirrored or self.jitter:
            asked = "mirror" if self.mirrored else "jitter"
            raise ValueError(f"{asked} is True: allowed for images in memory or in files, not for {self.name}")
        return dataclasses.replace(found, balanced=True) if self.balanced else found

    def game(self) -> Game:
        """The untrained players, from torch's global random numbers."""
        generator = self.generator(0 if self.prior is None else self.prior.dim)
        discriminator = None if self.discriminator is None else self.discriminator()
        return Game(
            generator,
            discriminator,
            prior=self.prior,
            loss=self.loss,
            penalty=self._penalty(),
            g_optimizer=adam(generator, self.g_lr, self.betas),
            d_optimizer=None if discriminator is None else adam(discriminator, self.d_lr, self.betas),
            ema_half_life=self.ema_half_life,
            given=self.given,
            memory=self.memory and self.memory(),
        )

    def sampler(self, generator: nn.Module, card: dict[str, Any]) -> Sampler:
        """A sampler of a generator that this recipe made."""
        return Sampler(generator, self.prior, card, self.given, self.classes)

    def train(
        self,
        budget: str | None = None,
        seed: int | None = None,
        out: str | Path | None = None,
        resume: bool = False,
        progress: bool = True,
        *,
        root: str | Path | None = None,
        watch: Callable[[Game], bool | None] | None = None,
        watch_every: int | None = None,
        record: Record | None = None,
    ) -> Run:
        """Play the recipe's rounds and report on the result.

        Of several processes the first evaluates and writes; the others wait, and return the same run.

        Args:
            budget: "smoke", "laptop" or "gpu" (default: the budget in force).
            seed: of weights, latents and the order of the data (default: 0); torch's global random numbers are put
                back.
            out: folder for weights, configuration, card, history and checkpoints (None keeps nothing).
            resume: go on from the newest checkpoint in ``out``; on one machine's CPU, with as many threads, the
                result is bit-identical to that of an uninterrupted run. Budget, seed, root and ``changes`` that are
                not given are those of the run. A finished run is returned as it is, unless there are more steps to play
                (:meth:`changed`).
            progress: show a progress bar.
            root: where the data lies, as in :func:`ganbook.data.load` (default: the recipe's own); the run remembers.
            watch, watch_every, record: see :func:`ganbook.training.fit`.

        Raises:
            ValueError: for arguments that are not allowed.
            FileExistsError: if ``out`` holds a run and ``resume`` is not asked for.
            TrainingError, CheckpointError, DataError: one sentence each on what went wrong.
        """
        from accelerate import PartialState
        from accelerate.utils import broadcast_object_list, parse_flag_from_env

        folder = None if out is None else Path(out)
        before = settings_of(folder) if folder and resume else None
        if before is not None:
            self._check_name(before["recipe"], out)
            budget, seed = budget or before["budget"], before["seed"] if seed is None else seed
            root = root or self.root or before["root"]
        seed = 0 if seed is None else seed
        check_whole(0, 2**63 - 1, seed=seed)
        whole = self.changed(**{**(before["changes"] if before else {}), **self.changes})
        chosen = resolve(budget)
        recipe = whole.at(chosen)
        root = recipe.root if root is None else root
        run: dict[str, Any] = {"recipe": self.name, "budget": chosen, "seed": seed}
        processes = PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"))  # else torchrun's CPUs are strangers
        first = processes.is_main_process
        with _own_folder(folder, resume) if first and folder else nullcontext():
            finished = _finished_at(folder)
            samples = recipe.load_data("train", root)
            recipe._look_at_test_split(root)
            recipe = recipe if recipe.fitted is None else recipe.fitted(recipe, samples)
            batch_size = recipe._batch_size(samples, processes.num_processes, say=first)
            with kept_random_state(), engine_of(recipe.precision) as accelerator:
                torch.manual_seed(seed)
                game = recipe.game()
                place = None if root is None else str(Path(root).resolve())
                settings = run | {"root": place, "changes": dict(whole.changes), "steps": recipe.steps}
                if first and folder:
                    recipe._say_how_it_goes_on(finished, folder)
                    if before is None:
                        _keep_settings(folder, settings)

                def look(played: Game) -> bool | None:
                    if first and folder:  # a checkpoint of another run was refused by now
                        _keep_settings(folder, settings)
                    return None if watch is None else watch(played)

                curves = fit(
                    game,
                    samples,
                    recipe.play,
                    steps=recipe.steps,
                    batch_size=batch_size,
                    seed=seed,
                    prepare=recipe.prepare,
                    watch=look,
                    watch_every=watch_every,
                    anneal_from=recipe.anneal_from,
                    out=folder,
                    identity=run | identity(recipe, game, samples),
                    resume=resume,
                    progress=progress,
                    record=record,
                    accelerator=accelerator,
                )
                generator = game.averaged_generator()
            if folder is not None and game.step == finished:  # nothing is measured or written anew
                sampler = Sampler.load(folder, generator)
                return Run(sampler, curves, sampler.card["metrics"], folder)
            card: dict[str, Any] = run | {
                "steps": game.step,
                "batch_size": batch_size,
                "hardware": _hardware(next(generator.parameters()).device),
                "minutes": round(game.seconds / 60, 4),
                "licence": getattr(samples, "licence", ""),
            }
            names = list(getattr(samples, "classes", ())) if recipe.given == "labels" else []
            said = {"root": place, "changes": dict(whole.changes), "class_names": names}
            card |= {name: value for name, value in said.items() if value}
            sampler = recipe.sampler(generator, card)
            if first:
                card["metrics"] = recipe.evaluate(sampler, root)
                if folder is not None:
                    _write(sampler, curves, folder)
            card |= broadcast_object_list([card])[0]
            return Run(sampler, curves, card["metrics"], folder)

    def _look_at_test_split(self, root: str | Path | None) -> None:
        """What the finished run is shown on and scored by must be there, and whole, before the first round."""
        if not isinstance(self.data, str):
            return
        needed = CONDITIONS[self.given].needs_data
        if needed or NEEDS[self.data].place == "own":
            with suppress(*() if needed else (EmptySplit,)):  # of a few pictures none is held out
                self.load_data("test", root)

    def _check_name(self, there: str, out: object) -> None:
        if there != self.name:
            raise CheckpointError(
                f"out is {out}, which holds a run of {there}, not of {self.name}: choose another folder"
            )

    def _say_how_it_goes_on(self, finished: int | None, folder: Path) -> None:
        """A line on a run that was finished already."""
        if finished == self.steps:
            print(f"{folder} holds the finished run of {finished} rounds: more steps go on from there")
        elif finished is not None and self.anneal_from < 1:
            rate = rate_at(finished, self.steps, self.anneal_from)
            print(f"its learning rates had fallen to 0 by round {finished}: they go on at {rate:.0%} of their start")

    def held_out(self, n: int, root: str | Path | None = None) -> dict[str, Any]:
        """Arguments of :meth:`ganbook.training.Sampler.sample` for ``n`` samples to look at.

        Sources and captions are those of the test split, spread evenly over it; there may be fewer.
        """
        condition = CONDITIONS[self.given]
        return condition.of(self.load_data("test", root) if condition.needs_data else None, n)

    def draw(self, sampler: Sampler, n: int, seed: int = 0, root: str | Path | None = None) -> Tensor:
        """``n`` samples to look at, (n, C, H, W) or (n, dim), of :meth:`held_out`.

        Of a model of classes there are as many of each, class by class, at least one: ``n`` or fewer, or one per class.
        """
        if self.given == "labels":  # class by class, the rows of a grid
            rows = torch.arange(sampler.classes).repeat_interleave(max(1, n // sampler.classes))
            return sampler.sample(labels=rows, seed=seed)
        return sampler.sample(**self.held_out(n, root), seed=seed)

    def evaluate(self, sampler: Sampler, root: str | Path | None = None) -> dict[str, Any]:
        """What the recipe's ``score`` says of a sampler; "unscored", with the reason, where a split is missing."""
        try:
            return self.score(sampler, partial(self.load_data, root=root), self.scored)
        except NoSplit as error:
            return {"unscored": str(error)}

    def _batch_size(self, samples: Data, processes: int, say: bool) -> int:
        """Images per round: as many as the data have, at most, and as many for each process."""
        most = min(self.batch_size, len(samples)) if isinstance(samples, Sized) else self.batch_size
        size = most // processes * processes
        if not size:
            raise ValueError(f"batch_size is {most}: allowed is {processes} or more, one per process")
        if say and size < self.batch_size:
            images = counted(size, "image")
            print(f"{self.name} plays with {images} per round instead of {self.batch_size}, as many as there are")
        return size

    def _penalty(self) -> Penalty | None:
        """The sum of those whose weight is not 0."""
        known: tuple[tuple[float, Penalty], ...] = (
            (self.r1_gamma, lambda critic, real, fake: penalties.r1(critic, real, self.r1_gamma)),
            (self.r2_gamma, lambda critic, real, fake: penalties.r2(critic, fake, self.r2_gamma)),
            (self.gp_weight, lambda critic, real, fake: penalties.gradient_penalty(critic, real, fake, self.gp_weight)),
        )
        chosen = [penalty for weight, penalty in known if weight]
        return (lambda *players: torch.stack([one(*players) for one in chosen]).sum()) if chosen else None


def settings_of(folder: str | Path) -> dict[str, Any] | None:
    """What a run in ``folder`` was asked for: "recipe", "budget", "seed", "root", "changes" and "steps"; None without.

    Raises:
        CheckpointError: if the file that says so is damaged.
    """
    path = Path(folder) / SETTINGS_FILE
    if not path.exists():
        return None
    found: dict[str, Any] = read(path, json.loads)
    if missing := {"recipe", "budget", "seed", "root", "changes", "steps"} - found.keys():
        raise CheckpointError(f"{path} is damaged (it does not say {', '.join(sorted(missing))})")
    return found


def _keep_settings(folder: Path, settings: dict[str, Any]) -> None:
    if settings_of(folder) == settings:
        return
    text = json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
    write_atomically(folder / SETTINGS_FILE, lambda part: part.write_text(text, encoding="utf-8"))


def _finished_at(folder: Path | None) -> int | None:
    """The last round of the finished run in ``folder``; None where there is none, or none to resume."""
    if folder is None or not all((folder / name).exists() for name in (WEIGHTS, CONFIG, CARD)):
        return None
    if not Checkpoints(folder / "checkpoints").paths():
        return None
    steps: int | None = read(folder / CARD, json.loads).get("steps")
    return steps


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"Apple GPU ({platform.machine()})"
    return f"CPU ({platform.machine()}), {os.cpu_count()} cores, {torch.get_num_threads()} used"


load_run = Sampler.load
"""The sampler that :meth:`Recipe.train` left in a folder; see :meth:`ganbook.training.Sampler.load`."""


@contextmanager
def _own_folder(folder: Path, resume: bool) -> Iterator[None]:
    """``folder``, created if need be, locked, and refused where it holds a run that is not to be resumed.

    The operating system drops the lock of a process that ends, however it ends.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            lock = FileLock(folder / ".lock", timeout=0).acquire()
    except Timeout as error:
        raise CheckpointError(f"out is {folder}, where another process is training now") from error
    except OSError as error:
        raise CheckpointError(f"out is {folder}, where nothing can be written ({error.strerror})") from error
    with lock:
        if not resume and (Checkpoints(folder / "checkpoints").paths() or (folder / WEIGHTS).exists()):
            raise FileExistsError(f"out is {folder}, which holds a run already: resume it, or choose another folder")
        for name in (WEIGHTS, CONFIG, CARD, HISTORY, SETTINGS_FILE):  # of a killed process: no other writes here
            for left in folder.glob(f".{name}.*.part"):
                left.unlink(missing_ok=True)
        yield


def _write(sampler: Sampler, curves: History, folder: Path) -> None:
    """The finished run, its card last."""
    rows = [",".join(curves), *(",".join(f"{v:.6g}" for v in row) for row in zip(*curves.values(), strict=True))]
    text = "\n".join(rows) + "\n"
    try:
        write_atomically(folder / HISTORY, lambda part: part.write_text(text, encoding="utf-8"))
        sampler.save(folder)
    except OSError as error:
        said = f"the finished run could not be written to {folder} ({error.strerror})"
        raise CheckpointError(f"{said}: make room, and resume it") from error

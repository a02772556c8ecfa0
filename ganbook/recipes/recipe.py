"""A recipe is data: every hyper-parameter of a run, at every budget."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganbook import data, penalties
from ganbook.data.images import to_float
from ganbook.data.pairs import unpaired
from ganbook.data.toy import Distribution
from ganbook.losses import AdversarialLoss
from ganbook.recipes.reports import report
from ganbook.training.budget import Budget, resolve
from ganbook.training.checkpoint import CheckpointError, Checkpoints
from ganbook.training.fit import Data, History, Prepare, Round, fit
from ganbook.training.game import Game, Penalty, adam
from ganbook.training.prior import Prior
from ganbook.training.rounds.gan import gan_round
from ganbook.training.sampler import CARD, WEIGHTS, Given, Sampler

__all__ = ["Recipe", "Run", "load_run", "revived"]


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
        data: a data set's name, or a toy distribution.
        size: side of the images in pixels (None: the set's own).
        generator: builds G from the latent's size.
        discriminator: builds D; None for a game of one player.
        prior: where latents come from; None for a generator that takes none.
        given: what G is told beside its noise.
        classes: number of classes, where G is told labels.
        pairs_hidden: whether sources and images are drawn independently (:func:`ganbook.data.pairs.unpaired`).
        memory: builds what the rounds keep from one to the next.
        loss: a pair of losses, or its name.
        r1_gamma, r2_gamma, gp_weight: weights of the penalties; 0 leaves one out.
        g_lr, d_lr, betas: Adam's settings.
        anneal_from: share of the rounds after which the learning rates fall linearly to zero.
        ema_half_life: half-life, in images, of the average of G's weights; 0 for none.
        batch_size, steps: images a round, rounds.
        prepare: what happens to the players before the first round, such as pre-training.
        play: the round.
        scored: generated images in the report.
        budgets: what each budget changes of the above.
    """

    name: str
    about: str
    data: str | Distribution
    generator: Callable[[int], nn.Module]
    discriminator: Callable[[], nn.Module] | None
    prior: Prior | None
    given: Given = "nothing"
    classes: int = 0
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
    scored: int = 5000
    budgets: Mapping[Budget, Mapping[str, Any]] = field(default_factory=dict)

    def at(self, budget: str | None = None) -> Recipe:
        """The recipe with a budget's changes made (default: the budget in force)."""
        return dataclasses.replace(self, budgets={}, **self.budgets.get(resolve(budget), {}))

    def load_data(self, split: str = "train", root: str | Path | None = None) -> Data:
        """The recipe's data set; ``root`` as in :func:`ganbook.data.load`."""
        if not isinstance(self.data, str):
            return self.data
        found = data.load(self.data, split, self.size, root)
        return unpaired(found) if self.pairs_hidden and isinstance(found, data.ImageSet) else found

    def game(self) -> Game:
        """The untrained players, from torch's global random numbers."""
        generator, discriminator = self._new_generator(), None if self.discriminator is None else self.discriminator()
        return Game(
            generator,
            discriminator,
            prior=self.prior,
            loss=self.loss,
            penalty=self._penalty(),
            g_optimizer=adam(generator, self.g_lr, self.betas),
            d_optimizer=None if discriminator is None else adam(discriminator, self.d_lr, self.betas),
            ema_half_life=self.ema_half_life,
            classes=self.classes,
            memory=self.memory and self.memory(),
        )

    def sampler(self, generator: nn.Module, card: dict[str, Any]) -> Sampler:
        """A sampler over a generator of this recipe's."""
        return Sampler(generator, self.prior, card, self.given, self.classes)

    def _new_generator(self) -> nn.Module:
        return self.generator(0 if self.prior is None else self.prior.dim)

    def train(
        self,
        budget: str | None = None,
        seed: int = 0,
        out: str | Path | None = None,
        resume: bool = False,
        progress: bool = True,
        *,
        root: str | Path | None = None,
        watch: Callable[[Game], None] | None = None,
        watch_every: int | None = None,
    ) -> Run:
        """Play the recipe's rounds and report on the result.

        Args:
            budget: "smoke", "laptop" or "gpu" (default: the budget in force).
            seed: of weights, latents and the order of the data; torch's global random numbers are put back.
            out: folder for weights, card, history and checkpoints (None keeps nothing).
            resume: go on from the newest checkpoint in ``out``; on a CPU the result is bit-identical to that of
                an uninterrupted run.
            progress: show a progress bar.
            root: where the data lies, as in :func:`ganbook.data.load`.
            watch, watch_every: see :func:`ganbook.training.fit`.

        Raises:
            ValueError: for arguments that are not allowed.
            FileExistsError: if ``out`` holds a run and ``resume`` is not asked for.
            TrainingError, CheckpointError, DataError: one sentence each on what went wrong.
        """
        chosen = resolve(budget)
        recipe = self.at(chosen)
        if seed < 0:
            raise ValueError(f"seed is {seed}: allowed is a whole number of 0 or more")
        folder = None if out is None else _prepared(Path(out), resume)
        samples = recipe.load_data("train", root)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            game = recipe.game()
            started = time.monotonic()
            curves = fit(
                game,
                samples,
                recipe.play,
                steps=recipe.steps,
                batch_size=recipe.batch_size,
                seed=seed,
                prepare=recipe.prepare,
                watch=watch,
                watch_every=watch_every,
                anneal_from=recipe.anneal_from,
                out=folder,
                identity={"recipe": self.name, "budget": chosen, "seed": seed},
                resume=resume,
                progress=progress,
            )
        minutes = (time.monotonic() - started) / 60
        card: dict[str, Any] = {
            "recipe": self.name,
            "budget": chosen,
            "seed": seed,
            "steps": recipe.steps,
            "batch_size": recipe.batch_size,
            "hardware": _hardware(),
            "minutes": round(minutes, 2),
            "licence": getattr(samples, "licence", ""),
        }
        sampler = recipe.sampler(game.averaged_generator(), card)
        card["metrics"] = recipe.evaluate(sampler, root)
        if folder is not None:
            sampler.save(folder)
            _write_history(curves, folder)
        return Run(sampler, curves, card["metrics"], folder)

    def draw(self, sampler: Sampler, n: int, seed: int = 0, root: str | Path | None = None) -> Tensor:
        """``n`` samples to look at, (n, C, H, W) or (n, dim); of held-out sources or captions, where G is told any."""
        if self.given == "captions":
            return sampler.sample(captions=self.held_out_captions(n, root), seed=seed)
        if self.given != "sources":
            return sampler.sample(n, seed=seed)
        return sampler.sample(sources=self.held_out_sources(n, root), seed=seed)

    def held_out_sources(self, n: int, root: str | Path | None = None) -> Tensor:
        """``n`` sources (n, C, size, size) in [-1, 1], spread evenly over the test split, as G is given them.

        Raises:
            ValueError: if the recipe's data have none.
        """
        test = self.load_data("test", root)
        sources = getattr(test, "sources", None)
        if sources is None:
            raise ValueError(f"{self.name} translates nothing: allowed is a recipe whose data have sources")
        return to_float(sources[:: max(1, len(sources) // n)][:n])

    def held_out_captions(self, n: int, root: str | Path | None = None) -> tuple[str, ...]:
        """``n`` captions, or as many as there are, spread evenly over the test split.

        Raises:
            ValueError: if the recipe's data have none.
        """
        captions = getattr(self.load_data("test", root), "captions", None)
        if captions is None:
            raise ValueError(f"{self.name} draws no texts: allowed is a recipe whose data have captions")
        found: tuple[str, ...] = captions[:: max(1, len(captions) // n)][:n]
        return found

    def evaluate(self, sampler: Sampler, root: str | Path | None = None) -> dict[str, Any]:
        """The recipe's report on a sampler; see :func:`ganbook.recipes.reports.report`."""
        return report(self, sampler, root)

    def _penalty(self) -> Penalty | None:
        if not (self.r1_gamma or self.r2_gamma or self.gp_weight):
            return None

        def penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
            total = real.new_zeros(())
            if self.r1_gamma:
                total = total + penalties.r1(critic, real, self.r1_gamma)
            if self.r2_gamma:
                total = total + penalties.r2(critic, fake, self.r2_gamma)
            if self.gp_weight:
                total = total + penalties.gradient_penalty(critic, real, fake, self.gp_weight)
            return total

        return penalty


def _hardware() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"CPU ({platform.machine()}), {os.cpu_count()} cores, {torch.get_num_threads()} used"


def load_run(folder: str | Path) -> Sampler:
    """The sampler that :meth:`Recipe.train` left in ``folder``; nothing in the files can run code.

    Raises:
        CheckpointError: if the folder holds no finished run, or its files cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        return revived(card, load_file(folder / WEIGHTS))
    except FileNotFoundError as error:
        raise CheckpointError(f"{folder} holds no finished run ({error.filename} is missing)") from error
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"the run in {folder} cannot be read ({WEIGHTS} or {CARD} is damaged)") from error


def revived(card: dict[str, Any], weights: Mapping[str, Tensor]) -> Sampler:
    """The sampler whose generator has these weights (of any precision), as the recipe and budget on its card say."""
    from ganbook.recipes.catalogue import get

    recipe = get(card["recipe"]).at(card["budget"])
    generator = recipe._new_generator()
    generator.load_state_dict(weights)
    return recipe.sampler(generator, card)


def _prepared(folder: Path, resume: bool) -> Path:
    """``folder``, made, writable, and empty of other runs unless they are to be resumed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CheckpointError(f"out is {folder}, where nothing can be written ({error.strerror})") from error
    if not resume and (Checkpoints(folder / "checkpoints").paths() or (folder / WEIGHTS).exists()):
        raise FileExistsError(f"out is {folder}, which holds a run already: resume it, or choose another folder")
    return folder


def _write_history(curves: History, folder: Path) -> None:
    from ganbook.data.cache import write_atomically

    rows = [",".join(curves), *(",".join(f"{v:.6g}" for v in row) for row in zip(*curves.values(), strict=True))]
    text = "\n".join(rows) + "\n"
    write_atomically(folder / "history.csv", lambda part: part.write_text(text, encoding="utf-8"))

"""The open challenge at the end of an exercise notebook: one figure a seed, and how they compare with the bar.

Challenges measure different things. So that a learner can hold one beside another, and a class can keep a board, every
score is also counted in floors: how many times as far from perfect it is as one who is told what the learner is not.
``benchmarks/challenges.py`` measured the floors and what a beginner's first idea reaches.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import torch

from ganbook.checks import scores
from ganbook.checks.limit import TooLong, time_limit
from ganbook.checks.task import own_random_numbers

__all__ = [
    "BOARDS",
    "Board",
    "NoScore",
    "Place",
    "Score",
    "floors",
    "listed",
    "placed",
    "scored",
    "standing",
    "verdict",
]


class NoScore(Exception):
    """Raised by a challenge's play when there is nothing to score; the message tells the learner why."""


def _itself(figure: float) -> float:
    return figure


def _missing(share: float) -> float:
    return 1 - share


def _left(orders: float) -> float:
    return float(10**-orders)


@dataclass(frozen=True)
class Board:
    """What a challenge is counted in.

    Attributes:
        floor: who reaches one floor.
        start: a beginner's first idea.
        seconds: of the processor's time that all seeds together may take, the cores added up.
        error: from a figure to how far it is from perfect.
    """

    floor: str
    start: str
    seconds: int = 120
    error: Callable[[float], float] = _itself


BOARDS = {
    "two_players": Board("the data themselves", "the plain round of task 5", 300, _missing),
    "minimax": Board("an estimate with D* itself on the same samples", "two histograms of twenty bins"),
    "saturation": Board("a second sample of the data", "the loss −log D"),
    "convergence": Board("conjugate gradients with 40 questions", "alternating steps of 0.5", 60, _left),
    "building_blocks": Board("twenty times the weights and five times the steps", "bilinear interpolation"),
    "dcgan": Board("weights fitted to the measurement", "`nn.init.kaiming_normal_`"),
    "failures": Board("the data themselves", "an R1 of 1 and a D twice as fast", 300, _missing),
    "measuring": Board("a thousand digits that nobody chose", "fifty that nobody chose"),
    "deeper": Board("opposite steps with a hundred times the points", "the score function less the mean of its values"),
    "conditional": Board("the data themselves", "the highest logit of four", 120, _missing),
    "pix2pix": Board("the true median colour of each enclosed region", "the lines on white", 300),
    "cyclegan": Board("the point of y that is nearest to the partner", "the best of 72 rotations"),
    "text": Board("a digit classifier that is told the colours", "pairs of neighbouring words", 300, _missing),
    "standing": Board("fresh points of the spiral", "task 8's loop with even steps"),
}


def _measured(notebook: str) -> dict[str, float]:
    """The mean figures of the floor and, where it was measured already, of the start; reads the file once."""
    from ganbook import results

    runs = [run for run in results.load("challenges")["runs"] if run["challenge"] == notebook]
    return {run["of"]: sum(run["figures"]) / len(run["figures"]) for run in runs}


def floors(notebook: str, figure: float) -> float:
    """A figure of a notebook's challenge in floors: 1 is as good as the floor, less is better."""
    return _in_floors(notebook, figure, _measured(notebook)["floor"])


def _in_floors(notebook: str, figure: float, floor: float) -> float:
    error = BOARDS[notebook].error
    return error(figure) / error(floor)


@dataclass(frozen=True)
class Place:
    """A figure on its notebook's :class:`Board`, and what stands there beside it; all in floors.

    Attributes:
        figure: the figure itself.
        start: a beginner's first idea.
        bar: what is to be beaten.
        best: the learner's best so far, this figure included; None where no score is kept.
    """

    figure: float
    start: float
    bar: float
    best: float | None = None


def placed(notebook: str, figure: float) -> Place:
    """Where a figure of a notebook's challenge stands."""
    measured, bar = _measured(notebook), importlib.import_module(f"ganbook.checks.{notebook}").BAR
    return Place(*(_in_floors(notebook, found, measured["floor"]) for found in (figure, measured["start"], bar)))


def standing(notebook: str, place: Place, seconds: float) -> str:
    """A place in words, beside the floor, a beginner's start, the bar and, where that is another, the best so far."""
    board = BOARDS[notebook]
    best = "" if place.best in (None, place.figure) else f"; best so far: {place.best:.3g}"
    return (
        f"on the board: {place.figure:.3g} floors, in {seconds:.0f} of {board.seconds} processor seconds{best}\n"
        f"  the bar: {place.bar:.3g}; a start, {board.start}: {place.start:.3g}; one floor, {board.floor}"
    )


@dataclass(frozen=True, repr=False)
class Score:
    """What a run of a challenge reached, or what went wrong.

    Attributes:
        figures: one per seed; none if something went wrong.
        told: the figures and their mean to what the learner reads.
        trouble: what went wrong, or "".
        notebook: whose challenge it is.
        seconds: the processor's time that it took.
        place: where the mean stands; None where there is nothing to compare.
    """

    figures: tuple[float, ...]
    told: Callable[[tuple[float, ...], float], str]
    trouble: str = ""
    notebook: str = ""
    seconds: float = 0.0
    place: Place | None = None

    @property
    def mean(self) -> float:
        """Mean over the seeds; NaN without a figure."""
        return sum(self.figures) / len(self.figures) if self.figures else math.nan

    @property
    def beaten(self) -> bool | None:
        """Whether the bar was beaten; None where the run was too short to compare, or gave no score."""
        text = "" if self.trouble else self.told(self.figures, self.mean)
        return text.endswith("beaten") if text.endswith(("beaten", "beaten yet")) else None

    @property
    def floors(self) -> float | None:
        """The mean in floors, the number for the board; None where there is nothing to compare."""
        return None if self.place is None else self.place.figure

    def __repr__(self) -> str:
        if self.trouble:
            return f"challenge: no score. {self.trouble}"
        text = self.told(self.figures, self.mean)
        return text if self.place is None else f"{text}\n{standing(self.notebook, self.place, self.seconds)}"


def listed(figures: Iterable[float], digits: int = 2) -> str:
    """The figures in a row, as a challenge tells them."""
    return ", ".join(f"{figure:.{digits}f}" for figure in figures)


def verdict(bar: float, beaten: bool, digits: int = 2) -> str:
    """How a challenge ends its sentence."""
    return f"the bar is {bar:.{digits}f}: " + ("beaten" if beaten else "not beaten yet")


def scored(
    play: Callable[[int], float], seeds: Iterable[int], told: Callable[[tuple[float, ...], float], str]
) -> Score:
    """The figure that ``play(seed)`` returns for each seed, under random numbers of its own; never raises.

    All seeds together have the seconds of the notebook's :class:`Board`, of the processor's time: how busy the machine
    is does not matter.
    """
    notebook, figures, started = play.__module__.rsplit(".", 1)[-1], [], time.process_time()
    allowed = BOARDS[notebook].seconds if notebook in BOARDS else math.inf
    trouble = ""
    try:
        with time_limit(allowed, processor=True):
            for seed in seeds:
                with own_random_numbers(seed), torch.enable_grad():
                    figures.append(play(seed))
    except NotImplementedError:
        trouble = "Not begun yet."
    except NoScore as reason:
        trouble = str(reason)
    except KeyboardInterrupt:
        trouble = "You stopped it."
    except TooLong:
        trouble = f"It took more than the {allowed} seconds of the processor's time that this challenge has."
    except Exception as error:  # a learner's code may fail in any way
        trouble = f"{type(error).__name__}: {error}"
    score = Score(() if trouble else tuple(figures), told, trouble, notebook, time.process_time() - started)
    if score.beaten is None or notebook not in BOARDS:
        return score
    place = placed(notebook, score.mean)
    best = scores.record_challenge(notebook, score.mean, score.beaten, place.figure)
    return replace(score, place=replace(place, best=best))

"""The open challenge at the end of an exercise notebook: one figure a seed, and how they compare with the bar."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from ganbook.checks import scores
from ganbook.checks.task import own_random_numbers

__all__ = ["NoScore", "Score", "listed", "scored", "verdict"]


class NoScore(Exception):
    """Raised by a challenge's play when there is nothing to score; the message tells the learner why."""


@dataclass(frozen=True, repr=False)
class Score:
    """What a run of a challenge reached, or what went wrong.

    Attributes:
        figures: one per seed; none if something went wrong.
        told: the figures and their mean to what the learner reads.
        trouble: what went wrong, or "".
    """

    figures: tuple[float, ...]
    told: Callable[[tuple[float, ...], float], str]
    trouble: str = ""

    @property
    def mean(self) -> float:
        """Mean over the seeds; NaN without a figure."""
        return sum(self.figures) / len(self.figures) if self.figures else math.nan

    @property
    def beaten(self) -> bool | None:
        """Whether the bar was beaten; None where the run was too short to compare, or gave no score."""
        text = repr(self)
        return text.endswith("beaten") if text.endswith(("beaten", "beaten yet")) and not self.trouble else None

    def __repr__(self) -> str:
        return f"challenge: no score. {self.trouble}" if self.trouble else self.told(self.figures, self.mean)


def listed(figures: Iterable[float], digits: int = 2) -> str:
    """The figures in a row, as a challenge tells them."""
    return ", ".join(f"{figure:.{digits}f}" for figure in figures)


def verdict(bar: float, beaten: bool, digits: int = 2) -> str:
    """How a challenge ends its sentence."""
    return f"the bar is {bar:.{digits}f}: " + ("beaten" if beaten else "not beaten yet")


def scored(
    play: Callable[[int], float], seeds: Iterable[int], told: Callable[[tuple[float, ...], float], str]
) -> Score:
    """The figure that ``play(seed)`` returns for each seed, under random numbers of its own; never raises."""
    figures = []
    for seed in seeds:
        try:
            with own_random_numbers(seed), torch.enable_grad():
                figures.append(play(seed))
        except NotImplementedError:
            return Score((), told, "Not begun yet.")
        except NoScore as reason:
            return Score((), told, str(reason))
        except KeyboardInterrupt:
            return Score((), told, "You stopped it.")
        except Exception as error:  # a learner's code may fail in any way
            return Score((), told, f"{type(error).__name__}: {error}")
    score = Score(tuple(figures), told)
    if score.beaten is not None:
        scores.record_challenge(play.__module__.rsplit(".", 1)[-1], score.mean, score.beaten)
    return score

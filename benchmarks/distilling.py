"""A diffusion model in one evaluation: regression on its walks, and the same beside a game.

    python -m benchmarks.distilling [--seeds 3]

The teacher is the zoo's "diffusion-digits". WALKS of its walks without fresh noise, from fixed noises, are made once,
and all rows learn from them, each starting with the teacher's own weights. D sees real digits. Both feature networks
score what one evaluation draws from other noise. A second is one of the processor's, of one thread. Writes
ganbook/results/distilling.json, which chapter 14 shows, after every run; runs that stand there already are skipped.
Three seeds take about six minutes of one core.
"""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from functools import cache, partial
from typing import Any

import torch
from torch.nn.functional import mse_loss

from benchmarks.common import Figure, options, over, sweep
from benchmarks.judges import JUDGES
from benchmarks.speedrun import N, shared_referee
from benchmarks.stopwatch import in_turn, timed
from ganbook import metrics, recipes, zoo
from ganbook.convolutions import high_share
from ganbook.models import DiffusionModel
from ganbook.models.walks import Walks
from ganbook.recipes.recipe import Recipe
from ganbook.training import Sampler
from ganbook.training.game import Round
from ganbook.training.rounds.distillation import adversarial_distillation_round, distillation_round

NAME, TEACHER = "distilling", "diffusion-digits"
ROUNDS, WALKS, HELD_OUT, TIMED = 200, 3000, 250, 64
SPLIT = "train and test"
REPORTED = ("floors", "n", "splits", "precision", "recall", "coverage", "n_pairs", "split")
REGRESSION_WEIGHT, RATE = 100.0, 1e-3
ROWS: dict[str, Round] = {
    "regression": distillation_round,
    "regression and D": partial(adversarial_distillation_round, regression_weight=REGRESSION_WEIGHT),
}
"""How a student learns."""

AS_IT_IS = {"teacher, one evaluation": 1, "teacher, its walk": 20}
"""The teacher, and with how many evaluations."""


def teacher(evaluations: int) -> DiffusionModel:
    """The zoo's, which makes so many evaluations in one sampling."""
    found = zoo.load(TEACHER).generator
    assert isinstance(found, DiffusionModel)
    found.evaluations = evaluations
    return found


@cache
def lessons() -> tuple[Walks, Walks, float]:
    """Walks to learn from, walks to be examined on, and the seconds of one thread that the first took."""
    walker, chance = teacher(AS_IT_IS["teacher, its walk"]), torch.Generator().manual_seed(0)
    started = time.process_time()
    learned = Walks.of(walker, WALKS, chance)
    spent = time.process_time() - started
    return learned, Walks.of(walker, HELD_OUT, chance), spent


def recipe(row: str) -> Recipe:
    """A row's student and its lessons; D, its batch and the fall of the rates are those of "dcgan-digits"."""
    plays = recipes.get("dcgan-digits").at("laptop")
    return replace(
        plays,
        name=f"distilled-{row}",
        generator=lambda _: copy.deepcopy(teacher(1)),
        discriminator=None if row == "regression" else plays.discriminator,
        prior=zoo.load(TEACHER).prior,
        memory=lambda: {"walks": lessons()[0]},
        play=ROWS[row],
        g_lr=RATE,
        d_lr=RATE,
        betas=(0.5, 0.99),
        ema_half_life=0,
        steps=ROUNDS,
        score=lambda *_: {},
    )


@torch.no_grad()
def scores(sampler: Sampler) -> dict[str, Any]:
    """By each judge floors and shares; nearness to the walks' ends from noise that was not learned; speed."""
    found: dict[str, Any] = {}
    images = sampler.sample(N)
    for name in JUDGES:
        judge = shared_referee(name)
        report = metrics.report_features(judge.network(images), judge.real, SPLIT, name, labels=judge.labels)
        found[name] = {key: report[key] for key in REPORTED}
    _, walks, _ = lessons()
    drawn = sampler.generator(walks.noises)
    ends = walks.images
    found |= {"error": mse_loss(drawn, ends).item(), "high_share": high_share(drawn) / high_share(ends)}
    turns = in_turn({"": timed(lambda: sampler.sample(TIMED), time.process_time)}, 3)
    return found | {"ms_a_sample": round(1000 * min(turns[""]) / TIMED, 3)}


def play(cell: dict[str, Any]) -> dict[str, Any]:
    """One row: what it took, and what it draws."""
    if cell["row"] in AS_IT_IS:
        return scores(replace(zoo.load(TEACHER), generator=teacher(AS_IT_IS[cell["row"]])))
    lessons()
    started = time.process_time()
    sampler = recipe(cell["row"]).train("laptop", cell["seed"], progress=False).sampler
    spent = round(time.process_time() - started, 1)
    return {"rounds": ROUNDS, "seconds": spent, **scores(sampler)}


def figures(kept: Any) -> list[Figure]:
    """Floors by each judge, by how the student learned."""
    rows = dict.fromkeys(run["row"] for run in kept["runs"])
    return [
        Figure(f"{row}: floors by {judge}", over([run[judge] | run for run in kept["runs"]], "floors", row=row), ".1f")
        for row in rows
        for judge in JUDGES
    ]


def main() -> None:
    """Teach and score what is missing."""
    arguments = options(__doc__, seeds=3)
    torch.set_num_threads(1)
    cells = [{"row": row, "seed": 0} for row in AS_IT_IS]
    cells += [{"row": row, "seed": seed} for seed in range(arguments.seeds) for row in ROWS]
    of_walks = {
        "walks": WALKS,
        "evaluations": AS_IT_IS["teacher, its walk"],
        "seconds_of_walks": round(lessons()[2], 1),
    }
    sweep(NAME, cells, play, regression_weight=REGRESSION_WEIGHT, **of_walks)


if __name__ == "__main__":
    main()

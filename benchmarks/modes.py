"""Modes covered: each cure on the museum's collapse, on the ring and the grid, the best recipes, and stacked digits.

    python benchmarks/modes.py            # all of these, one after the other
    python benchmarks/modes.py museum     # 11 cures of the recipe "failure-collapse", five games a row side by side
    python benchmarks/modes.py cures      # 11 cures x 2 toys, five games a row side by side
    python benchmarks/modes.py best       # the recipes "ring" and "grid", seeds 0 to 9
    python benchmarks/modes.py digits     # a collapse whose every sample is good, and its cure, seeds 0 to 4
    python benchmarks/modes.py board      # a checkerboard that D sees, and one that it cannot see, seeds 0 to 4
    python benchmarks/modes.py stacked    # three recipes on stacked digits, seeds 0 to 4, with checkpoints
    python benchmarks/modes.py chance     # what samples score that are scattered over the box: as many, ten times

A run that is already in the result, ganbook/results/modes.json, is not played again; delete its entry to repeat it.
Every result is written as soon as it is there, so the script can be stopped at any time. ``--only TEXT`` plays the runs
whose name contains TEXT. Chapter 7 shows the result.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from statistics import mean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, normalize

from benchmarks.common import Figure, stamp, table
from benchmarks.stopwatch import middle
from ganbook import data, metrics, recipes, results, zoo
from ganbook.data import toy
from ganbook.data.cache import cache_dir
from ganbook.data.images import to_float
from ganbook.metrics.stacked import report_stacked
from ganbook.models import DCGANDiscriminator, MLPGenerator
from ganbook.models.variants import upsampling_generator
from ganbook.recipes.cures import CURES, crowd, plain
from ganbook.recipes.failures import CHECKERBOARD, COLLAPSE
from ganbook.recipes.recipe import Recipe
from ganbook.training import Game, Prior
from ganbook.training.fit import fit

NAME = "modes"
TOYS = {"ring": toy.ring, "grid": toy.grid}
STEPS, MEMBERS, SAMPLES = 1500, 5, 2500
SCATTERS = 10
BOARD_ROUNDS = 200
BOARDS = {
    "transposed, D sees": (False, False),
    "transposed, D blurred": (True, False),
    "resized, D blurred": (True, True),
}
STACKED = ("stacked-dcgan", "stacked-minibatch", "stacked-modern")
DECODER = "vae-gan-digits"
STEPS_OF = {"failure": (5e-3, 1e-3), "cured": (1e-3, 5e-3)}
"""Step sizes of G and of D in the game of chosen codes."""
CHOOSING, CHOICES, LOOKS, SHOWN = 80, 300, 8, 16
"""Its rounds, the samples of a look, the looks, and the codes that are kept of the first seed's last one."""

Reports = list[dict[str, Any]]


def of_points(samples: Iterable[torch.Tensor], mixture: toy.Mixture) -> Reports:
    """One report for each game's samples."""
    return [
        metrics.report_points(part, mixture.centres, mixture.std) | {"served": served(part, mixture)}
        for part in samples
    ]


def museum(cure: str) -> Reports:
    """Five games of the museum's collapse with one cure."""
    mixture = _museums()
    return of_points(played(CURES[cure](COLLAPSE), mixture), mixture)


def served(samples: torch.Tensor, mixture: toy.Mixture) -> int:
    """Modes with at least 2 % of the samples within 0.5, as on the page."""
    distance, nearest = torch.cdist(samples, mixture.centres).min(1)
    counts = torch.bincount(nearest[distance <= 0.5], minlength=len(mixture.centres))
    return int((counts >= 0.02 * len(samples)).sum())


def cures(toy_name: str, cure: str) -> Reports:
    """The reports of five games, the first from seed 0, the next from where its random numbers left off."""
    mixture = TOYS[toy_name]()
    return of_points(played(CURES[cure](plain(mixture, STEPS)), mixture), mixture)


def played(recipe: Recipe, mixture: toy.Mixture) -> tuple[torch.Tensor, ...]:
    """The samples of five games."""
    recipe = crowd(recipe, MEMBERS)
    torch.manual_seed(0)
    game = recipe.game()
    fit(
        game,
        mixture,
        recipe.play,
        steps=recipe.steps,
        batch_size=recipe.batch_size,
        anneal_from=recipe.anneal_from,
        progress=False,
    )
    with torch.no_grad():
        samples: torch.Tensor = game.averaged_generator()(game.sample_prior(MEMBERS * SAMPLES))
    return samples.chunk(MEMBERS)


def alone(name: str, seed: int) -> Reports:
    """The report of one run of a recipe at the budget "laptop"; it goes on from its checkpoints."""
    folder = cache_dir() / "benchmarks" / f"{name}-{seed}"
    run = recipes.get(name).train("laptop", seed=seed, out=folder, resume=True, progress=False)
    return [run.metrics]


class ChosenCodes(nn.Module):
    """G of a collapse with good samples: z (N, latent_dim) to images (N, 1, 28, 28) that a trained decoder draws.

    What is learned is which codes the decoder is given, by a network of two hidden layers. They are brought to the
    length of those that it was trained on, so no step of the game makes a sample worse than the decoder can draw.
    """

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        sampler = zoo.load(DECODER)
        assert sampler.prior is not None
        self.decoder = sampler.generator.requires_grad_(False)
        self.chosen = MLPGenerator(latent_dim, sampler.prior.dim, width=64, depth=2)

    def train(self, mode: bool = True) -> ChosenCodes:
        super().train(mode)
        self.decoder.eval()
        return self

    def codes(self, z: Tensor) -> Tensor:
        chosen = self.chosen(z)
        return math.sqrt(chosen.shape[1]) * normalize(chosen, dim=1)

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.decoder(self.codes(z))
        return images


class Judge:
    """Tells good digits: those that lie as near to one of the training split as 95 % of the test split do, by the
    referee's features and by pixels. (Noise passes the first test now and then, blots the second.)
    """

    @torch.no_grad()
    def __init__(self) -> None:
        self.referee = metrics.features("digits-referee")
        learned, unseen = (self._seen(to_float(data.load("digits", split).images)) for split in ("train", "test"))
        self.learned = learned
        self.near = [torch.cdist(*pair).amin(1).quantile(0.95) for pair in zip(unseen, learned, strict=True)]
        self.apart = torch.pdist(unseen[0]).mean().item()

    def _seen(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.referee(images), images.flatten(1)

    @torch.no_grad()
    def __call__(self, images: Tensor) -> dict[str, float]:
        """Of digits (N, 1, 28, 28): classes with 2 % or more of them, share of the largest class, share of good ones,
        and variety, the mean distance of two by the referee's features over that of two of the test split.
        """
        found = self._seen(images)
        shares = self.referee.head(found[0]).argmax(1).bincount(minlength=10) / len(images)  # type: ignore[operator]
        good = [torch.cdist(x, y).amin(1) <= near for x, y, near in zip(found, self.learned, self.near, strict=True)]
        return {
            "classes": int((shares >= 0.02).sum()),
            "largest": round(shares.max().item(), 3),
            "good": round((good[0] & good[1]).double().mean().item(), 3),
            "variety": round(torch.pdist(found[0]).mean().item() / self.apart, 3),
        }


@cache
def judge() -> Judge:
    """The same for all looks: what it knows of the real digits is computed once."""
    return Judge()


def collapse(pace: str, seed: int) -> Reports:
    """A game of chosen codes: what stood at each look, and of the first seed some codes of the last."""
    g_lr, d_lr = STEPS_OF[pace]
    recipe = Recipe(
        name=f"{pace}-codes", about="", data="digits", generator=ChosenCodes, prior=Prior(8), g_lr=g_lr, d_lr=d_lr,
        discriminator=partial(DCGANDiscriminator, size=28, width=8, norm=False), steps=CHOOSING,
        score=lambda *_: {},
    )  # fmt: skip
    reports: Reports = []

    @torch.no_grad()
    def look(game: Game) -> None:
        z = game.sample_prior(CHOICES)
        if not game.step:
            return
        reports.append({"round": game.step, "n": CHOICES, **judge()(game.generator(z))})
        if game.step == CHOOSING and seed == 0:
            shown = game.generator.codes(z[:SHOWN])  # type: ignore[operator]
            reports[-1]["codes"] = [[round(number, 2) for number in code] for code in shown.tolist()]

    recipe.train("laptop", seed, progress=False, watch=look, watch_every=CHOOSING // LOOKS)
    return reports


class Blurred(nn.Module):
    """D that sees images through a blur: the mean of each square of four pixels in the place of all four.

    Whatever alternates from pixel to pixel has been averaged away before the first layer.
    """

    def __init__(self, critic: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.critic = critic()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.critic(interpolate(avg_pool2d(images, 2), scale_factor=2.0))
        return logits


def checkerboard(images: Tensor) -> float:
    """Share of the fine detail of the mean of images (N, 1, 28, 28) that repeats with period two, as on the page."""
    mean = images.mean((0, 1))[4:24, 4:24]  # the edges have a pattern of their own
    fine = mean - avg_pool2d(mean[None], 3, 1, 1, count_include_pad=False)[0]
    phases = torch.stack([fine[i::2, j::2].mean() for i in (0, 1) for j in (0, 1)])
    return (phases.var(correction=0) / fine.square().mean()).item()


def board(blurred: bool, resize: bool, seed: int) -> Reports:
    """The museum's checkerboard in a longer game: where it stood at each look."""
    recipe = replace(
        CHECKERBOARD, steps=BOARD_ROUNDS, generator=partial(upsampling_generator, resize=resize), score=lambda *_: {}
    )
    if blurred:
        assert recipe.discriminator is not None
        recipe = replace(recipe, discriminator=partial(Blurred, recipe.discriminator))
    reports: Reports = []

    @torch.no_grad()
    def look(game: Game) -> None:
        samples = game.averaged_generator()(game.sample_prior(CHOICES))
        reports.append({"round": game.step, "n": CHOICES, "share": round(checkerboard(samples), 4)})

    recipe.train("laptop", seed, progress=False, watch=look, watch_every=BOARD_ROUNDS // LOOKS)
    return reports


def all_codes() -> Reports:
    """What the decoder draws from codes that nobody chose."""
    return [{"n": CHOICES, **judge()(zoo.load(DECODER).sample(CHOICES))}]


def chance(where: str) -> Reports:
    """Of generators that know no more than how large the box is."""
    dice = torch.Generator().manual_seed(0)
    if where == "stacked":
        n = recipes.get(STACKED[0]).at("laptop").scored
        return [report_stacked(2 * torch.rand(n, 3, 28, 28, generator=dice) - 1)]
    mixture = _museums() if where == "museum" else TOYS[where]()
    return of_points((scattered(mixture, SAMPLES, dice) for _ in range(SCATTERS)), mixture)


def scattered(mixture: toy.Mixture, n: int, dice: torch.Generator) -> torch.Tensor:
    """n points (n, dim), uniform over the smallest box that holds every centre and what counts as its mode."""
    reach = 3 * mixture.std
    low, high = mixture.centres.amin(0) - reach, mixture.centres.amax(0) + reach
    return low + (high - low) * torch.rand(n, mixture.dim, generator=dice)


def _museums() -> toy.Mixture:
    assert isinstance(COLLAPSE.data, toy.Mixture)
    return COLLAPSE.data


KINDS: dict[str, dict[str, Callable[[], Reports]]] = {
    "museum": {f"museum/{cure}": partial(museum, cure) for cure in CURES},
    "cures": {f"cures/{where}/{cure}": partial(cures, where, cure) for cure in CURES for where in TOYS},
    "best": {f"best/{name}/{seed}": partial(alone, name, seed) for seed in range(10) for name in TOYS},
    "digits": {
        "digits/every code": all_codes,
        **{f"digits/{pace}/{seed}": partial(collapse, pace, seed) for seed in range(5) for pace in STEPS_OF},
    },
    "board": {f"board/{name}/{seed}": partial(board, *how, seed) for seed in range(5) for name, how in BOARDS.items()},
    "stacked": {f"stacked/{name}/{seed}": partial(alone, name, seed) for seed in range(5) for name in STACKED},
    "chance": {f"chance/{where}": partial(chance, where) for where in ("museum", *TOYS, "stacked")},
}
ASKED: tuple[tuple[str, str, float | None], ...] = (
    ("ring", "modes", 8),
    ("ring", "high_quality", 0.95),
    ("grid", "modes", 25),
    ("grid", "high_quality", 0.95),
    *((name, "modes", None) for name in STACKED),
)
SCORES = {"modes": ".0f", "high_quality": ".3f", "reverse_kl": ".3f"}


def found(kept: Any, start: str, score: str) -> list[float]:
    """The score of every report under labels that start so."""
    reports = (one for label, run in kept.items() if label.startswith(start) for one in run["reports"])
    return [one[score] for one in reports if one.get(score) is not None]


def figures(kept: Any) -> list[Figure]:
    """The best recipes', beside what chance scores."""
    lines = []
    for name, score, asked in ASKED:
        kind, where = ("stacked", "stacked") if name in STACKED else ("best", name)
        by_chance = found(kept, f"chance/{where}", score)
        if values := found(kept, f"{kind}/{name}/", score):
            beside = mean(by_chance) if by_chance else None
            lines.append(Figure(f"{name}: {score.replace('_', ' ')}", values, SCORES[score], low=asked, chance=beside))
    return lines


def report(kept: Any) -> str:
    """All that is kept: medians and ranges."""
    starts = dict.fromkeys(
        label.rsplit("/", 1)[0] + "/" if label.startswith(("best", "stacked")) else label for label in kept
    )
    rows = [("", *(score.replace("_", " ") for score in SCORES), "n")]
    for start in starts:
        cells = [(found(kept, start, score), form) for score, form in SCORES.items()]
        n = found(kept, start, "n")
        rows.append(
            (start.rstrip("/"), *(middle(values, form) if values else "–" for values, form in cells), f"{n[0]:g}")
        )
    return table(rows)


def main() -> None:
    """Play what is missing, and print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help=f"of {', '.join(KINDS)} (default: all)")
    parser.add_argument("--only", default="", help="play the runs whose name contains this text")
    wanted = parser.parse_args()
    if unknown := set(wanted.what) - set(KINDS):
        parser.error(f"{', '.join(sorted(unknown))}: allowed is {', '.join(KINDS)}")
    torch.set_num_threads(1)
    runs = [run for kind in wanted.what or KINDS for run in KINDS[kind].items()]
    for label, play in runs:
        if wanted.only not in label or (NAME in results.names() and label in results.load(NAME)):
            continue
        started = time.process_time()
        reports = play()
        entry = {"seconds": round(time.process_time() - started), "reports": reports, **stamp()}
        results.update(NAME, lambda kept, label=label, entry=entry: kept.update({label: entry}), {})  # type: ignore[misc]
        print(label, entry["seconds"], "s", flush=True)
    print(report(results.load(NAME)))


if __name__ == "__main__":
    main()

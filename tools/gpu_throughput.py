"""Images a second of our loop and of the PyTorch DCGAN tutorial's on the same networks, 3 x 64 x 64 and 3 x 128 x 128.

Three ways, in turn, so that a drifting machine is fair to all; ratios are medians over the turns.

* ``ours``: :func:`ganbook.training.fit` with ``gan_round``, its data and its log.
* ``tutorial``: the published procedure (see benchmarks/tutorial.py) with a ``DataLoader`` of two workers;
  they start once, and nobody waits for them at the end of an epoch.
* ``tutorial_fed``: the same rounds on batches that lie on the device already: what is left is the loop itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import cycle
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, RandomSampler

from benchmarks.tutorial import PilImages, tutorial_rounds
from ganbook import data
from ganbook.models import DCGANDiscriminator, DCGANGenerator
from ganbook.training import Game, Prior, fit, gan_round

LATENT = 100
SIZES = (64, 128)
SMOKE, PUBLISHED = (4, 4, 0.05), (64, 128, 1.5)
"""Width, batch (both the tutorial's at any budget but the smallest), and seconds that a way plays in each turn."""

COLD_TURNS, MOST_TURNS = 2, 5
"""The first turn builds kernels, the second finds out how many rounds a turn holds."""

Way = Callable[[int], None]


def networks(size: int, width: int) -> tuple[nn.Module, nn.Module]:
    """The same two for every way, untrained."""
    torch.manual_seed(0)
    return DCGANGenerator(LATENT, 3, size, width), DCGANDiscriminator(3, size, width)


def ours(size: int, width: int, batch: int, precision: str, samples: data.ImageSet) -> Way:
    """Our loop, data included."""
    from accelerate import Accelerator

    game = Game(*networks(size, width), prior=Prior(LATENT))
    accelerator = Accelerator(mixed_precision="bf16" if precision == "bf16" else "no")
    there = samples.to(accelerator.device)

    def play(rounds: int) -> None:
        steps = game.step + rounds
        fit(game, there, gan_round, steps=steps, batch_size=batch, progress=False, accelerator=accelerator)

    return play


def measure(precision: str, budget: str, until: float) -> dict[str, Any]:
    """Both sizes, each for half of the time until ``until``."""
    width, batch, turn = SMOKE if budget == "smoke" else PUBLISHED
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found: dict[str, Any] = {"width": width, "batch_size": batch, "precision": precision}
    for number, size in enumerate(SIZES):
        samples = data.load("emoji", size=size)
        assert isinstance(samples, data.ImageSet)
        images = PilImages(samples.images)
        order = RandomSampler(images, replacement=True, num_samples=10**7)
        loaded = DataLoader(images, batch, sampler=order, num_workers=2)
        fed = cycle([next(iter(samples.batches(batch, seed=seed))).real.to(device) for seed in range(4)])

        def tutorial(batches: Iterable[Tensor], size: int = size) -> Way:
            generator, discriminator = (network.to(device) for network in networks(size, width))
            return tutorial_rounds(generator, discriminator, LATENT, batches, bf16=precision == "bf16")

        ways = {
            "ours": ours(size, width, batch, precision, samples),
            "tutorial": tutorial(batches=loaded),
            "tutorial_fed": tutorial(batches=fed),
        }
        now = time.time()
        speeds = turns(ways, batch, turn, now + (until - now) / (len(SIZES) - number))
        found[f"{size} px"] = {
            name: {
                "images_per_second": median(of), "low": min(of), "high": max(of), "turns": len(of),
                "ours_over_it": median(a / b for a, b in zip(speeds["ours"], of, strict=True)),
            }
            for name, of in speeds.items()
        }  # fmt: skip
    return found


def turns(ways: dict[str, Way], batch: int, seconds: float, until: float) -> dict[str, list[float]]:
    """Images a second of each way in each turn of so many seconds, one turn at least; cold turns are left out."""
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    rounds = dict.fromkeys(ways, 3)
    for number in range(COLD_TURNS + MOST_TURNS):
        if number > COLD_TURNS and time.time() > until:
            break
        for name, play in ways.items():
            started = time.perf_counter()
            play(rounds[name])
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            took = time.perf_counter() - started
            if number >= COLD_TURNS:
                speeds[name].append(rounds[name] * batch / took)
            rounds[name] = max(1, min(1000, int(rounds[name] * seconds / took)))
    return speeds

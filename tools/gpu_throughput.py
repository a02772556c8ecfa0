"""Images a second of our loop and of the PyTorch DCGAN tutorial's on the same networks, 3 x 64 x 64 and 3 x 128 x 128.

Three ways, in turn, so that a drifting machine is fair to all; ratios are medians over the turns.

* ``ours``: :func:`ganbook.training.fit` with ``gan_round``, its data and its log.
* ``tutorial``: the published procedure, written afresh, with a ``DataLoader`` of two workers over PIL images;
  they start once, and nobody waits for them at the end of an epoch.
* ``tutorial_fed``: the same rounds on batches that lie on the device already: what is left is the loop itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

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


class PilImages(Dataset[Tensor]):
    """Images as a folder gives them: decoded, then transformed one at a time as in the tutorial."""

    def __init__(self, images: Tensor) -> None:
        from torchvision import transforms
        from torchvision.transforms.functional import to_pil_image

        self.images = [to_pil_image(image) for image in images]
        size = images.shape[-1]
        steps = (transforms.Resize(size), transforms.CenterCrop(size), transforms.ToTensor())
        self.transform = transforms.Compose([*steps, transforms.Normalize((0.5,) * 3, (0.5,) * 3)])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        image: Tensor = self.transform(self.images[index])
        return image


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


def tutorial(size: int, width: int, precision: str, batches: Iterable[Tensor], device: torch.device) -> Way:
    """The tutorial's rounds; the sigmoid is folded into the loss, which bfloat16 needs."""
    generator, discriminator = (network.to(device) for network in networks(size, width))
    criterion = nn.BCEWithLogitsLoss()
    d_optimizer, g_optimizer = (
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (discriminator, generator)
    )
    source: Iterator[Tensor] = iter(batches)

    def judged(images: Tensor, label: float) -> tuple[Tensor, Tensor]:
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            output = discriminator(images)
            return criterion(output, torch.full_like(output, label)), output

    def play(rounds: int) -> None:
        for _ in range(rounds):
            real = next(source).to(device)
            discriminator.zero_grad()
            real_loss, output = judged(real, 1.0)
            real_loss.backward()  # type: ignore[no-untyped-call]
            d_x = output.mean().item()
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
                fake = generator(torch.randn(len(real), LATENT, device=device))
            fake_loss, output = judged(fake.detach(), 0.0)
            fake_loss.backward()  # type: ignore[no-untyped-call]
            d_before = output.mean().item()
            d_optimizer.step()
            generator.zero_grad()
            g_loss, output = judged(fake, 1.0)
            g_loss.backward()  # type: ignore[no-untyped-call]
            g_optimizer.step()
            _ = (real_loss + fake_loss).item(), g_loss.item(), d_x, d_before, output.mean().item()

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
        ways = {
            "ours": ours(size, width, batch, precision, samples),
            "tutorial": tutorial(size, width, precision, loaded, device),
            "tutorial_fed": tutorial(size, width, precision, fed, device),
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

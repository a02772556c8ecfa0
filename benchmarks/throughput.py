"""Images a second of our loop against the PyTorch DCGAN tutorial's way of training, on the same networks and data.

    python benchmarks/throughput.py [--rounds 60] [--repeats 5]

Three ways, in turn, so that a drifting machine is fair to all; the ratios are medians over the turns.

* ``ours``: ``gan_round`` fed by ``ImageSet.batches``, with log and progress as in training.
* ``tutorial``: the published procedure, written afresh: a ``DataLoader`` with two workers over PIL images
  (resize, centre crop, to tensor, normalise), real and fake passes of the discriminator backpropagated one
  after the other, the same fake batch judged again for the generator's step while the discriminator's
  parameters collect gradients too, default Adam, four ``.item()`` a round.
* ``bare``: the forward and backward passes of Algorithm 1 alone: no data, no optimiser, no log.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from ganbook import data
from ganbook.models import DCGANDiscriminator, DCGANGenerator
from ganbook.training import Game, Prior, fit, frozen, gan_round

LATENT = 100


class PilDigits(Dataset[tuple[Tensor, int]]):
    """Digits as a folder of images gives them: PIL images, transformed one at a time."""

    def __init__(self, size: int) -> None:
        digits = data.load("digits")
        self.images = [Image.fromarray(image[0].numpy()) for image in digits.images]
        self.transform = transforms.Compose(
            [
                transforms.Resize(size),
                transforms.CenterCrop(size),
                transforms.ToTensor(),
                transforms.Normalize((0.5,), (0.5,)),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index]), 0


def networks(size: int, width: int) -> tuple[nn.Module, nn.Module]:
    """The same two networks for every way."""
    torch.manual_seed(0)
    return DCGANGenerator(LATENT, 1, size, width), DCGANDiscriminator(1, size, width)


def ours(size: int, width: int, batch: int, rounds: int) -> Callable[[], None]:
    """Our loop, data included."""
    digits = data.load("digits", size=size)
    generator, discriminator = networks(size, width)
    game = Game(generator, discriminator, prior=Prior(LATENT))

    def run() -> None:
        fit(game, digits, gan_round, steps=game.step + rounds, batch_size=batch, progress=True)

    return run


def tutorial(size: int, width: int, batch: int, rounds: int) -> Callable[[], None]:
    """The tutorial's loop, data included; the discriminator's sigmoid is folded into the loss."""
    loader = DataLoader(PilDigits(size), batch_size=batch, shuffle=True, num_workers=2, drop_last=True)
    generator, discriminator = networks(size, width)
    criterion = nn.BCEWithLogitsLoss()
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def run() -> None:
        for real, _ in islice(_epochs(loader), rounds):
            discriminator.zero_grad()
            label = torch.full((len(real),), 1.0)
            output = discriminator(real)
            real_loss = criterion(output, label)
            real_loss.backward()
            d_x = output.mean().item()
            fake = generator(torch.randn(len(real), LATENT))
            label.fill_(0.0)
            output = discriminator(fake.detach())
            fake_loss = criterion(output, label)
            fake_loss.backward()
            d_before = output.mean().item()
            d_optimizer.step()
            generator.zero_grad()
            label.fill_(1.0)
            output = discriminator(fake)
            g_loss = criterion(output, label)
            g_loss.backward()
            g_optimizer.step()
            _ = (real_loss + fake_loss).item(), g_loss.item(), d_x, d_before, output.mean().item()

    return run


def bare(size: int, width: int, batch: int, rounds: int) -> Callable[[], None]:
    """Forward and backward passes only."""
    generator, discriminator = networks(size, width)
    real, z = torch.randn(batch, 1, size, size).clamp(-1, 1), torch.randn(batch, LATENT)

    def run() -> None:
        for _ in range(rounds):
            with torch.no_grad():
                fake = generator(z)
            (discriminator(fake).mean() - discriminator(real).mean()).backward()
            with frozen(discriminator):
                discriminator(generator(z)).mean().backward()

    return run


def _epochs(loader: DataLoader[tuple[Tensor, int]]) -> Iterator[tuple[Tensor, Tensor]]:
    for one in cycle([loader]):
        yield from one


def main() -> None:
    """Time the three ways in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=28)
    parser.add_argument("--width", type=int, default=16)
    arguments = parser.parse_args()
    shape = (arguments.size, arguments.width, arguments.batch, arguments.rounds)
    ways = {"ours": ours(*shape), "tutorial": tutorial(*shape), "bare": bare(*shape)}
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(arguments.repeats + 1):
        for name, run in ways.items():
            started = time.perf_counter()
            run()
            if repeat:  # the first turn warms up
                speeds[name].append(arguments.rounds * arguments.batch / (time.perf_counter() - started))
    for name, measured in speeds.items():
        low, middle, high = min(measured), statistics.median(measured), max(measured)
        ratio = statistics.median(a / b for a, b in zip(speeds["ours"], measured, strict=True))
        print(f"{name:<9} {middle:7.0f} images/s ({low:.0f} to {high:.0f})   ours / {name}: {ratio:.2f}")


if __name__ == "__main__":
    main()

"""What the exercises' challenges are counted in: what their data reach, or one who knows more, and a beginner's start.

    python benchmarks/challenges.py [--of two_players]

A challenge's floor is the score in its own measurement of one who is told what the learner is not: the data themselves
where there are data, else more weights, more questions, or the truth in part. The start is the first idea that a
beginner has. Writes ganbook/results/challenges.json, from which the checks count every score in floors; what stands
there already is skipped. All take about two minutes on an idle core.
"""

from __future__ import annotations

import importlib
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.common import Figure, options, over, sweep
from ganbook.checks import NOTEBOOKS, challenge
from ganbook.checks.challenge import BOARDS, floors
from ganbook.checks.task import own_random_numbers
from ganbook.data import toy

Figures = tuple[float, ...]
Measured = tuple[Callable[[Any], Figures], Callable[[Any], Figures]]


def figures(kept: Any) -> list[Figure]:
    """Where a beginner starts, in floors."""
    found = {name: over(kept["runs"], "floors", challenge=name, of="start") for name in NOTEBOOKS}
    return [Figure(f"{name}: {BOARDS[name].start}, in floors", values, ".3g") for name, values in found.items()]


def scores(check: Any, answer: Any) -> Figures:
    """The figures of an answer, in whatever time it takes."""
    with changed(challenge, BOARDS={}):
        return tuple(map(float, check.challenge(answer).figures))


def answered(answer: Any) -> Callable[[Any], Figures]:
    """The same, of an answer that needs nothing but the challenge."""
    return lambda check: scores(check, answer)


def drawn(draw: Callable[[Any], float], draws: int = 8) -> Callable[[Any], Figures]:
    """The figures of something that is no answer, each under random numbers of its own."""

    def measure(check: Any) -> Figures:
        found = []
        for seed in range(draws):
            with own_random_numbers(seed):
                found.append(draw(check))
        return tuple(found)

    return measure


@contextmanager
def changed(check: Any, **others: Any) -> Iterator[None]:
    """The constants or functions of a challenge, for a while."""
    kept = {name: getattr(check, name) for name in others}
    try:
        for name, other in others.items():
            setattr(check, name, other)
        yield
    finally:
        for name, own in kept.items():
            setattr(check, name, own)


# -- Part I ------------------------------------------------------------------------------------------


def plain_round(sample_real: Callable[[int], Tensor], rounds: int) -> Callable[[int], Tensor]:
    """Task 5's round with the notebook's networks."""

    def network(inputs: int, outputs: int) -> nn.Sequential:
        hidden = nn.Linear(inputs, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU()
        return nn.Sequential(*hidden, nn.Linear(128, outputs))

    players = generator, discriminator = network(2, 2), network(2, 1)
    g_adam, d_adam = (torch.optim.Adam(player.parameters(), 1e-3, (0.5, 0.9)) for player in players)
    for _ in range(rounds):
        real = sample_real(256)
        fake = generator(torch.randn(256, 2)).detach()
        d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        d_adam.zero_grad()
        d_loss.backward()  # type: ignore[no-untyped-call]
        d_adam.step()
        g_loss = F.softplus(-discriminator(generator(torch.randn(256, 2)))).mean()
        g_adam.zero_grad()
        g_loss.backward()  # type: ignore[no-untyped-call]
        g_adam.step()
    return lambda n: generator(torch.randn(n, 2))


def js_told_both_densities(check: Any) -> float:
    """The mean error of V on the same samples, read off with D* itself."""
    wrong_by, x = [], torch.linspace(-12, 12, 4001, dtype=torch.float64)
    for pair in check._PAIRS:
        real, fake = (toy.mixture_1d(centres, stds) for centres, stds in pair)
        exact = float(torch.trapezoid(check._js(real.density(x), fake.density(x)), x))
        value = 0.0
        for sampler, sign in ((real, -1), (fake, 1)):
            points = sampler.sample(check.SAMPLES).flatten().double()
            logits = (real.density(points) / fake.density(points)).log()
            value -= float(F.softplus(sign * logits).mean())
        wrong_by.append(abs((value + math.log(4)) / 2 - exact))
    return sum(wrong_by) / len(wrong_by)


def js_of_histograms(real: Tensor, fake: Tensor) -> float:
    """Both samples counted in twenty bins."""
    edges = torch.linspace(float(min(real.min(), fake.min())), float(max(real.max(), fake.max())), 21)
    p, q = (torch.histogram(points.flatten(), edges).hist / len(points) for points in (real, fake))
    return float(sum(torch.special.xlogy(r, r / ((p + q) / 2)).nan_to_num().sum() for r in (p, q)) / 2)


def line_against_itself(_check: Any) -> float:
    """Wasserstein-1 of two samples of the data."""
    one, other = (toy.mixture_1d().sample(2000).flatten().sort().values for _ in range(2))
    return float((one - other).abs().mean())


def least_squares(field: Any, theta: Tensor, psi: Tensor, queries: int) -> tuple[Tensor, Tensor]:
    """Both halves of the game by conjugate gradients on their normal equations: a question for each product."""
    ours, theirs = field(theta, psi)

    def products(of_psi: Tensor, of_theta: Tensor) -> tuple[Tensor, Tensor]:
        by_theta, by_psi = field(of_theta, of_psi)
        return by_theta - ours, by_psi - theirs  # M psi, M.T theta

    lacks, misses = -ours, -theirs  # of M psi and of M.T theta
    up, down = reversed(products(misses, lacks))
    p, q = up, down
    for _ in range((queries - 2) // 2):
        by_p, by_q = products(p, q)
        length, size = up @ up / (by_p @ by_p), down @ down / (by_q @ by_q)
        psi, theta = psi + length * p, theta + size * q
        lacks, misses = lacks - length * by_p, misses - size * by_q
        before = up @ up, down @ down
        up, down = reversed(products(misses, lacks))
        p, q = up + up @ up / before[0] * p, down + down @ down / before[1] * q
    return theta, psi


def alternating(field: Any, theta: Tensor, psi: Tensor, queries: int) -> tuple[Tensor, Tensor]:
    """Task 2's rounds."""
    for _ in range(queries // 2):
        psi = psi + 0.5 * field(theta, psi)[1]
        theta = theta - 0.5 * field(theta, psi)[0]
    return theta, psi


# -- Part II -----------------------------------------------------------------------------------------


class Enlarged(nn.Module):
    """Bilinear interpolation, with one weight, which the training needs."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.gain * F.interpolate(x, scale_factor=4.0, mode="bilinear")


def wide_upsampler() -> nn.Module:
    """Twenty times the weights that are allowed."""
    hidden = (layer for _ in range(3) for layer in (nn.Conv2d(64, 64, 3, 1, 1), nn.BatchNorm2d(64), nn.ReLU()))
    return nn.Sequential(nn.Conv2d(1, 64, 3, 1, 1), nn.ReLU(), *hidden, nn.Conv2d(64, 16, 3, 1, 1), nn.PixelShuffle(4))


def restored_without_limits(check: Any) -> Figures:
    """The error of that network after five times the steps."""
    with changed(check, LIMIT=math.inf, STEPS=5 * check.STEPS):
        return scores(check, wide_upsampler)


def kaiming(network: nn.Module) -> None:
    """PyTorch's own function for ReLU."""
    for layer in network:  # type: ignore[attr-defined]
        if isinstance(layer, nn.ConvTranspose2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


def fitted(network: nn.Module) -> None:
    """The weights trained until maps and gradients have size 1, on latents like those of the challenge."""
    kaiming(network)
    ups = [layer for layer in network if isinstance(layer, nn.ConvTranspose2d)]  # type: ignore[attr-defined]
    adam = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(300):
        x, maps = torch.randn(16, ups[0].in_channels, 2, 2), []
        for up in ups:
            maps.append(up(x))
            x = F.relu(maps[-1])
        gradients = torch.autograd.grad(maps[-1], maps, torch.randn_like(maps[-1]), create_graph=True)
        sizes = torch.stack([part.square().mean().log2() / 2 for part in (*maps, *gradients[:-1])])
        adam.zero_grad()
        sizes.square().mean().backward()  # type: ignore[no-untyped-call]
        adam.step()


def data_of_the_collapse(check: Any) -> float:
    """The filled share of the data of the collapsing game."""
    from ganbook import recipes

    data = recipes.get("failure-collapse").data
    distance, nearest = torch.cdist(data.sample(check._SAMPLES), data.centres).min(dim=1)  # type: ignore[union-attr]
    share = torch.bincount(nearest[distance <= check._NEAR], minlength=8) / check._SAMPLES
    return float(share.clamp_max(1 / 8).sum())


def thousand_digits(check: Any) -> float:
    """The Fréchet distance of a thousand training digits to the test split."""
    from ganbook.metrics import frechet_distance

    train, test = check._digits_features("train"), check._digits_features("test")
    return frechet_distance(train[torch.randperm(len(train))[: check._POOL]], test)


def opposite_steps(mean: Tensor, black_box: Callable[[Tensor], Tensor]) -> Tensor:
    """A hundred times the points that are allowed, in opposite pairs."""
    noise = torch.randn(800, 4)
    return ((black_box(mean + noise) - black_box(mean - noise))[:, None] / 2 * noise).mean(0)


def asked_a_hundred_times(check: Any) -> Figures:
    """The error of those."""
    with changed(check, CALLS=100 * check.CALLS):
        return scores(check, opposite_steps)


def less_the_mean(mean: Tensor, black_box: Callable[[Tensor], Tensor]) -> Tensor:
    """The score function, with the mean of the values subtracted."""
    noise = torch.randn(16, 4)
    values = black_box(mean + noise)
    return ((values - values.mean())[:, None] * noise).mean(0)


# -- Part III ----------------------------------------------------------------------------------------


def data_on_the_board(check: Any) -> float:
    """The overlap of as many samples of the data with what they are drawn from."""
    board = check._Board()
    labels = torch.arange(4).repeat_interleave(check._EACH)
    spots = torch.multinomial(board.data[labels], 1).squeeze(1)
    return float(board.score(board.centres[spots], labels))


def highest_of_four(generator: Any, discriminator: Any, sample_z: Any, labels: Tensor) -> Tensor:
    """D's favourite of four samples."""
    made = torch.stack([generator(sample_z(len(labels)), labels) for _ in range(4)])
    best = torch.stack([discriminator(x, labels) for x in made]).argmax(0)
    return made[best, torch.arange(len(labels))]


def told_the_colours(lines: Tensor, _known: Tensor, _colours: Tensor) -> Tensor:
    """In every region that the lines enclose, the median of its true colours; the lines lie on top."""
    from ganbook.data.emoji import load_emoji_lines
    from ganbook.data.images import to_float

    truth, painted = (
        to_float(load_emoji_lines("test", lines.shape[-1]).images),
        torch.ones(len(lines), 3, *lines.shape[2:]),
    )
    for n, regions in enumerate(connected(lines[:, 0] > 0.6)):
        for region in regions.unique()[1:]:
            inside = regions == region
            painted[n, :, inside] = truth[n, :, inside].median(1, keepdim=True).values
    return torch.minimum(painted, lines)


def connected(free: Tensor) -> Tensor:
    """(N, H, W) of the number of the region of pixels that hang together; what is not free is region 0."""
    number = torch.arange(1, free[0].numel() + 1).view(1, *free.shape[1:]).expand(len(free), -1, -1).float() * free
    while True:
        across, down = F.max_pool2d(number, (1, 3), 1, (0, 1)), F.max_pool2d(number, (3, 1), 1, (1, 0))
        spread = torch.maximum(across, down) * free
        if torch.equal(spread, number):
            return number
        number = spread


def black_lines(lines: Tensor, _known: Tensor, _colours: Tensor) -> Tensor:
    """The lines on white."""
    return lines.expand(-1, 3, -1, -1)


def told_the_partners(check: Any) -> Figures:
    """Of each partner that is looked for, the nearest of the points that are given."""
    partners: list[Tensor] = []
    turned = check._turned

    def noted(points: Tensor, angle: Tensor) -> Tensor:
        partners.append(turned(points, angle))
        return partners[-1]

    def nearest(_x: Tensor, y: Tensor) -> Tensor:
        return y[torch.cdist(partners[-2], y).argmin(1)]

    with changed(check, _turned=noted):
        return scores(check, nearest)


def best_rotation(x: Tensor, y: Tensor) -> Tensor:
    """Of 72, by the sorted shadows on sixteen lines."""
    angles = torch.linspace(0, math.pi, 17)[:-1]
    lines = torch.stack((angles.cos(), angles.sin()))

    def distance(points: Tensor) -> float:
        return float(((points @ lines).sort(0).values - (y @ lines).sort(0).values).abs().mean())

    def turned(angle: float) -> Tensor:
        cos, sin = math.cos(angle), math.sin(angle)
        return x @ torch.tensor([[cos, sin], [-sin, cos]])

    ways = (turned(2 * math.pi * k / 72) for k in range(72))
    return min(ways, key=distance)


def told_the_colours_of_digits(_check: Any) -> float:
    """The share of grey test digits whose class a classifier prefers to one drawn from the others."""
    from ganbook import data, metrics
    from ganbook.data.images import to_float

    digits = data.load("digits", "test")
    assert digits.labels is not None
    with torch.no_grad():
        logits = metrics.features("digits").logits(to_float(digits.images))  # type: ignore[operator]
    others = (digits.labels + torch.randint(1, 10, digits.labels.shape)) % 10
    own, other = (logits.gather(1, labels[:, None]) for labels in (digits.labels, others))
    return float((own > other).float().mean())


def neighbouring_words(images: Tensor, captions: list[str]) -> Callable[[Tensor, list[str]], Tensor]:
    """A caption as the set of its words and of their pairs of neighbours; the network of the notebook."""

    def pairs(caption: str) -> set[str]:
        words = re.findall("[a-z]+", caption)
        return {*words, *(f"{a} {b}" for a, b in pairwise(words))}

    known = sorted(set.union(*map(pairs, captions)))

    def vectors(captions: list[str]) -> Tensor:
        return torch.tensor([[pair in said for pair in known] for said in map(pairs, captions)]).float()

    hidden = nn.AvgPool2d(2), nn.Flatten(), nn.Linear(588, 128), nn.ReLU()
    seen, told = nn.Sequential(*hidden, nn.Linear(128, 64)), nn.Linear(len(known), 64)
    adam, rows = torch.optim.Adam([*seen.parameters(), *told.parameters()], lr=2e-3), vectors(captions)
    for _ in range(300):
        i = torch.randint(len(images), (128,))
        adam.zero_grad()
        loss = F.cross_entropy(seen(images[i]) @ told(rows[i]).T, torch.arange(128))
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()

    def fits(images: Tensor, captions: list[str]) -> Tensor:
        return torch.einsum("nd,nd->n", seen(images), told(vectors(captions)))

    return fits


def fresh_points(check: Any) -> Figures:
    """Points of the spiral, not made by anything."""

    def sampler(_network: Any, x: Tensor, _alpha_bar: Tensor, _evaluations: int) -> Tensor:
        centres: Tensor = check._spiral()
        return centres[torch.randint(len(centres), (len(x),))] + float(check._STD) * torch.randn_like(x)

    return scores(check, sampler)


def even_steps(network: Any, x: Tensor, alpha_bar: Tensor, evaluations: int) -> Tensor:
    """Task 8's loop, repaired."""
    times = torch.linspace(len(alpha_bar) - 1, 0, evaluations + 1).round().long()
    for t, s in pairwise(times):
        eps = network(x, int(t))
        x0 = (x - (1 - alpha_bar[t]).sqrt() * eps) / alpha_bar[t].sqrt()
        x = alpha_bar[s].sqrt() * x0 + (1 - alpha_bar[s]).sqrt() * eps
    return x


#: Of each challenge: its floor, and a beginner's start.
MEASURED: dict[str, Measured] = {
    "two_players": (answered(lambda sample_real, rounds: toy.ring().sample), answered(plain_round)),
    "minimax": (drawn(js_told_both_densities), answered(js_of_histograms)),
    "saturation": (drawn(line_against_itself, 50), answered(lambda fake, real: F.softplus(-fake).mean())),
    "convergence": (answered(least_squares), answered(alternating)),
    "building_blocks": (restored_without_limits, answered(Enlarged)),
    "dcgan": (answered(fitted), answered(kaiming)),
    "failures": (drawn(data_of_the_collapse), answered({"r1_gamma": 1.0, "d_lr": 2e-3})),
    "measuring": (drawn(thousand_digits), answered(lambda candidates, target: torch.arange(50))),
    "deeper": (asked_a_hundred_times, answered(less_the_mean)),
    "conditional": (drawn(data_on_the_board), answered(highest_of_four)),
    "pix2pix": (answered(told_the_colours), answered(black_lines)),
    "cyclegan": (told_the_partners, answered(best_rotation)),
    "text": (drawn(told_the_colours_of_digits), answered(neighbouring_words)),
    "standing": (fresh_points, answered(even_steps)),
}


def play(cell: dict[str, str]) -> dict[str, Any]:
    """The figures of a floor or a start, in whatever the challenge measures, and the processor's seconds."""
    name, started = cell["challenge"], time.process_time()
    check = importlib.import_module(f"ganbook.checks.{name}")
    found = MEASURED[name][("floor", "start").index(cell["of"])](check)
    if not found:
        raise RuntimeError(f"{name}: the {cell['of']} gave no figure")
    kept = {"figures": [round(figure, 6) for figure in found], "seconds": round(time.process_time() - started, 1)}
    return kept if cell["of"] == "floor" else kept | {"floors": round(floors(name, sum(found) / len(found)), 2)}


def main() -> None:
    """Measure what is missing, floors first."""
    wanted = options(__doc__, of=("", *NOTEBOOKS)).of
    cells = [{"challenge": name, "of": what} for name in NOTEBOOKS for what in ("floor", "start")]
    sweep(
        "challenges", [cell for cell in cells if wanted in ("", cell["challenge"])], play, about=__doc__.split("\n")[0]
    )


if __name__ == "__main__":
    main()

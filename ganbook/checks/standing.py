"""Checks for the exercises of chapter 14, Where GANs stand."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.checks.challenge import NoScore, Score, listed, scored, verdict
from ganbook.checks.compare import Observation, describe
from ganbook.checks.edits import edited, likes
from ganbook.checks.readings.standing import READING
from ganbook.checks.task import Answer, Sheet, pair
from ganbook.checks.worlds import gradient

sheet = Sheet("standing", "Exercises 14: Where GANs stand")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed

Function = Callable[[Tensor], Tensor]

# -- 1 noising ---------------------------------------------------------------------------------------


def _noising() -> tuple[Tensor, Tensor, Tensor]:
    """All axes of one length: a level for each channel or column raises no error."""
    levels = (torch.randperm(4) + 0.2 + 0.6 * torch.rand(4)) / 4  # spread out, whatever is drawn
    return 0.7 * torch.tanh(torch.randn(4, 4, 4, 4) + 0.5) + 0.2, levels, torch.randn(4, 4, 4, 4)


def _images() -> tuple[Tensor]:
    return (torch.randn(2, 1, 2, 2),)


def _noised(x0: Tensor, alpha_bar: Tensor, eps: Tensor) -> Tensor:
    a = alpha_bar.reshape(-1, 1, 1, 1)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


_ROOTS = (
    "The square roots are missing. Variances add, standard deviations do not: with weights that sum to 1 the sum of "
    "two independent images of variance 1 has less than that."
)

_AXES = "(-1, 1, 1, 1)"
_EXCHANGED = (("a.sqrt() * x0", "a.sqrt() * OTHER"), ("* eps", "* x0"), ("OTHER", "eps"))

add_noise = sheet.task(
    "add_noise",
    "From an image to noise",
    tried="add_noise(x0, alpha_bar, eps) with 4 images of 4 channels, 4 × 4, each with its own level",
    setup=_noising,
    worlds={
        "one wide image": lambda: (torch.randn(1, 2, 3, 5), torch.rand(1), torch.randn(1, 2, 3, 5)),
        "no noise, and noise alone": lambda: (*_images(), torch.tensor([1.0, 0.0]), *_images()),
        "loud noise": lambda: (*_images(), torch.rand(2), 9 * _images()[0]),
    },
    observe=lambda answer, world: {"x_t": answer(*(part.clone() for part in world))},
    reference=_noised,
    hints=f"""
        no-roots: {_ROOTS}
        one-root: One of the two weights is a variance and the other one a standard deviation. Their *squares* sum to 1.
        one-minus-root: 1 − √ᾱ is not √(1 − ᾱ): the root belongs around the difference.
        swapped: The two weights have changed places. ᾱ near 1 means an image that is hardly noised.
        wrong-axis: The levels went to columns, rows or channels: (4,) lines up with the *last* axis. Each image, along
          axis 0, has one level.
        one-level: All images got the same level. One step then trains the network for one t; a batch of many is worth
          more.
        not-shrunk: The noise is added and the image not shrunk. The sum then grows beyond variance 1, and at ᾱ = 0 the
          whole image is still there.
        own-noise: You drew noise of your own. The network will be asked for the `eps` that is in the image: use that
          one.
    """,
    like=likes(
        _noised,
        {
            "no-roots": [(".sqrt()", "")],
            "one-root": [("(1 - a).sqrt()", "(1 - a)"), ("a.sqrt() *", "a *")],
            "one-minus-root": [("(1 - a).sqrt()", "(1 - a.sqrt())")],
            "swapped": [_EXCHANGED, (*_EXCHANGED, (".sqrt()", ""))],
            "wrong-axis": [(_AXES, "(-1)"), (_AXES, "(-1, 1)"), (_AXES, "(-1, 1, 1)")],
            "one-level": [(f".reshape{_AXES}", level) for level in ("[0]", "[-1]", ".mean()")],
            "not-shrunk": [("a.sqrt() * ", ""), (("a.sqrt() * ", ""), (".sqrt()", ""))],
            "own-noise": [("* eps", "* torch.randn_like(eps)")],
        },
    ),
    lesson="One draw leads to any t: no chain of t small steps is needed to make a training pair.",
)

# -- 2 the loss --------------------------------------------------------------------------------------


class _Predictor(nn.Module):
    """A network(x, t) for images with two channels, with weights that are large enough to tell inputs apart."""

    def __init__(self, norm: bool = False) -> None:
        super().__init__()
        self.entry = nn.Conv2d(2, 3, 3, padding=1)
        self.time = nn.Linear(1, 3)
        self.norm = nn.BatchNorm2d(3) if norm else nn.Identity()
        self.exit = nn.Conv2d(3, 2, 3, padding=1)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.4)
        self.double()

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        told = self.time(t.double().reshape(-1, 1) / 5)[:, :, None, None]
        # after the norm, which would take away what is the same for a whole batch
        noise: Tensor = self.exit(torch.tanh(self.norm(self.entry(x)) + told))
        return noise


def _schedule(last: int) -> Tensor:
    """(last + 1,) from 1 down to nearly 0."""
    return (0.9 * math.pi / 2 * torch.linspace(0, 1, last + 1, dtype=torch.float64)).cos().square()


def _loss_world(n: int = 4, sides: tuple[int, int] = (4, 4)) -> tuple[Any, ...]:
    x0 = torch.tanh(torch.randn(n, 2, *sides, dtype=torch.float64) + 0.4)
    t = torch.randperm(10)[:n] + 1
    return _Predictor(), x0, _schedule(10), t, torch.randn_like(x0)


def _observe_loss(answer: Answer, world: tuple[Any, ...]) -> Observation:
    network, *tensors = world
    loss = answer(network, *(part.clone() for part in tensors))
    return {"the loss": loss, "the gradient by the network's weights": gradient(loss, network.parameters())}


def _loss(network: Callable[[Tensor, Tensor], Tensor], x0: Tensor, alpha_bar: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    a = alpha_bar[t].reshape(-1, 1, 1, 1)
    x_t = a.sqrt() * x0 + (1 - a).sqrt() * eps
    return (network(x_t, t) - eps).square().mean()


noise_prediction_loss = sheet.task(
    "noise_prediction_loss",
    "What a diffusion model learns",
    tried="noise_prediction_loss(network, x0, alpha_bar, t, eps) on 4 images at 4 steps, and its gradient",
    setup=_loss_world,
    worlds={"one wide image": lambda: _loss_world(1, (3, 5))},
    observe=_observe_loss,
    reference=_loss,
    hints="""
        clean-image-shown: The network saw the clean image, in which there is no noise to be found. Show it x_t.
        predicts-the-image: The target is the image. Such a network exists too, but the sampler of the next tasks
          expects the noise.
        predicts-its-input: The target is x_t, which the network is given: it would learn to copy.
        predicts-the-difference: The target is what the noise did to this image. Ask for `eps` itself, of variance 1 at
          every level.
        summed: This is a sum where the mean over all entries is asked. The step size would depend on the image size.
        not-squared: These are absolute differences, or a root. The best answer to a mean square is a conditional mean.
        level-told: The network was told ᾱ, or a share of the way, in place of the step t, which it was built for.
        off-by-one: The images are noised to the level of the step before t, or after it, and the network is told t.
        cumulated-twice: `alpha_bar` is a product over all steps up to t already; nothing is left to be multiplied up.
        schedule-by-position: The levels are the first ones of the schedule, whatever t says. Look each image's step up
          in `alpha_bar`.
        one-level: All images were noised to the same level; each has a step of its own.
        wrong-axis: The levels lie along the columns of the images. Reshape them so that each image gets one.
        weights-of-the-noise: The noised image is not that of task 1: look at the two weights.
    """,
    like=likes(
        _loss,
        {
            "clean-image-shown": [("(x_t, t", "(x0, t"), ("(x_t, t", "(eps, t")],
            "predicts-the-image": [("- eps", "- x0")],
            "predicts-its-input": [("- eps", "- x_t")],
            "predicts-the-difference": [
                ("- eps", f"- {target}") for target in ("(x_t - x0)", "(1 - a).sqrt() * eps", "(eps - x0)")
            ],
            "summed": [("mean()", "sum()"), ("mean()", "sum() / len(t)")],
            "not-squared": [("square", "abs"), ("mean()", "mean().sqrt()")],
            "level-told": [
                ("(x_t, t", f"(x_t, {told}")
                for told in ("alpha_bar[t]", "t / (len(alpha_bar) - 1)", "t / len(alpha_bar)")
            ],
            "off-by-one": [("[t]", "[t - 1]"), ("[t]", "[(t + 1).clamp(max=len(alpha_bar) - 1)]")],
            "cumulated-twice": [("alpha_bar[t]", "alpha_bar.cumprod(0)[t]")],
            "schedule-by-position": [("[t]", "[: len(t)]"), ("[t]", "[1 : len(t) + 1]")],
            "one-level": [("[t]", "[t[:1]]")],
            "wrong-axis": [(_AXES, "(-1)")],
            "weights-of-the-noise": [
                (".sqrt()", ""),
                (("x0 + (1 - a).sqrt() * eps", "eps + (1 - a).sqrt() * x0"),),
                ("(1 - a).sqrt()", "(1 - a)"),
                ("(1 - a).sqrt()", "(1 - a.sqrt())"),
            ],
        },
    ),
    lesson="A regression: one player, one loss, nothing to balance. The price comes when images are drawn.",
)

# -- 3 one step of DDIM ------------------------------------------------------------------------------


def _step_world() -> tuple[Tensor, ...]:
    a_t, a_s = 0.1 + 0.2 * torch.rand(()), 0.5 + 0.3 * torch.rand(())
    return torch.randn(3, 2, 4, 5), torch.randn(3, 2, 4, 5), a_t, a_s


def _observe_ddim(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    return {
        "x_s": answer(*(part.clone() for part in world)),
        "x_s of a last step, to ᾱ_s = 1": answer(*(part.clone() for part in world[:3]), torch.ones(())),
    }


def _ddim(x_t: Tensor, eps: Tensor, alpha_bar_t: Tensor, alpha_bar_s: Tensor) -> Tensor:
    x0 = (x_t - (1 - alpha_bar_t).sqrt() * eps) / alpha_bar_t.sqrt()
    return alpha_bar_s.sqrt() * x0 + (1 - alpha_bar_s).sqrt() * eps


def _mixed(image: Tensor, x: Tensor, a_t: Tensor, a_s: Tensor) -> Tensor:
    """x_s from an image and the noise that x_t then holds beside it."""
    return a_s.sqrt() * image + (1 - a_s).sqrt() * (x - a_t.sqrt() * image) / (1 - a_t).sqrt()


#: The mean of DDPM's random step, and its variance.
_MEAN = "(x_t - (1 - alpha_bar_t / alpha_bar_s) / (1 - alpha_bar_t).sqrt() * eps) / (alpha_bar_t / alpha_bar_s).sqrt()"
_VARIANCE = "(1 - alpha_bar_t / alpha_bar_s) * (1 - alpha_bar_s) / (1 - alpha_bar_t)"
_TAKEN, _SHARE, _SIGNAL, _PUT = (
    ("(1 - alpha_bar_t).sqrt()", "(1 - alpha_bar_t)"),
    ("/ alpha_bar_t.sqrt()", "/ alpha_bar_t"),
    ("alpha_bar_s.sqrt() *", "alpha_bar_s *"),
    ("(1 - alpha_bar_s).sqrt()", "(1 - alpha_bar_s)"),
)

ddim_step = sheet.task(
    "ddim_step",
    "One step back",
    tried="ddim_step(x_t, eps, alpha_bar_t, alpha_bar_s) with a middle and with a last step",
    setup=_step_world,
    worlds={
        "one image": lambda: (torch.randn(1, 1, 2, 2), torch.randn(1, 1, 2, 2), torch.tensor(0.9), torch.tensor(0.95)),
        "back to more noise": lambda: (
            torch.randn(2, 1, 3, 2),
            torch.randn(2, 1, 3, 2),
            torch.tensor(0.6),
            torch.tensor(0.2),
        ),
    },
    observe=_observe_ddim,
    reference=_ddim,
    hints="""
        stops-at-the-image: You return the predicted image, a mean over all images that could hide in x_t. Go only as
          far as ᾱ_s.
        x_t-for-the-image: x_t stands where the predicted image belongs: noise goes on top of noise. Solve task 1's
          formula for x0.
        levels-swapped: ᾱ_t and ᾱ_s have changed places. x_t has the level t, what you return the level s.
        fresh-noise: Fresh noise went in. DDIM puts the *predicted* noise back, so that z alone settles the image.
        no-noise-back: The predicted image is shrunk, and no noise put back. The network expects x_s to hold noise of
          its level.
        noise-of-the-old-level: The noise goes back with the weight of level t. x_s has less of it.
        not-divided: The predicted image is still shrunk: in x_t it counts √ᾱ_t, and that has to be divided out.
        no-roots: The square roots are missing, in one place or in all. ᾱ is the share of the *variance*.
        noise-added-twice: The noise was added where it has to be taken away. x_t holds it already.
        random-step: This is the step of DDPM, or its mean: it expects noise to be drawn and needs many small steps.
        clamped: The predicted image was clamped. The chapter's sampler does so too, to correct a network that errs.
          Here the network's word is taken as it is.
    """,
    like=likes(
        _ddim,
        {
            "stops-at-the-image": ["(x_t - (1 - alpha_bar_t).sqrt() * eps) / alpha_bar_t.sqrt()"],
            "x_t-for-the-image": [("* x0", "* x_t")],
            "levels-swapped": [lambda x_t, eps, a_t, a_s: _ddim(x_t, eps, a_s, a_t)],
            "fresh-noise": [
                ("(1 - alpha_bar_s).sqrt() * eps", "(1 - alpha_bar_s).sqrt() * torch.randn_like(eps)"),
                ("(1 - alpha_bar_s).sqrt() * eps", "(1 - alpha_bar_s).sqrt() * (eps + torch.randn_like(eps))"),
            ],
            "no-noise-back": [(" + (1 - alpha_bar_s).sqrt() * eps", "")],
            "noise-of-the-old-level": [("(1 - alpha_bar_s)", "(1 - alpha_bar_t)")],
            "not-divided": [(" / alpha_bar_t.sqrt()", ""), ("/ alpha_bar_t.sqrt()", "/ (1 - alpha_bar_t).sqrt()")],
            "no-roots": [
                (".sqrt()", ""),
                (_SIGNAL, _PUT),
                (_TAKEN, _SHARE),
                _SHARE,
                _TAKEN,
                _PUT,
                _SIGNAL,
            ],
            "noise-added-twice": [("x_t - ", "x_t + ")],
            "random-step": [_MEAN, f"{_MEAN} + ({_VARIANCE}).sqrt() * torch.randn_like(eps)"],
            "clamped": [
                ("* x0", "* x0.clamp(-1, 1)"),
                "_mixed(_ddim(x_t, eps, alpha_bar_t, torch.ones(())).clamp(-1, 1), x_t, alpha_bar_t, alpha_bar_s)",
            ],
        },
    ),
    lesson="Without fresh noise the chain is a map from z to an image, as G is; it calls its network at every step.",
)

# -- 4 bits per dimension ----------------------------------------------------------------------------

_SHAPE = (3, 4, 6)


def _likelihoods() -> tuple[Tensor, tuple[int, ...]]:
    """Densities on both sides of 1, so that no sign can hide; fewer than 9 bits, so that 127.5 is told from 128."""
    return math.prod(_SHAPE) * (2.4 * torch.rand(5) - 1.2), _SHAPE


def _bits(log_likelihood: Tensor, shape: Sequence[int]) -> Tensor:
    d = math.prod(shape)
    return (d * math.log(127.5) - log_likelihood) / (d * math.log(2))


_SCALED, _UNIT = "d * math.log(127.5) - log_likelihood", ("(d * math.log(2))", "d")

bits_per_dim = sheet.task(
    "bits_per_dim",
    "From nats to bits per dimension",
    tried="bits_per_dim(log_likelihood, (3, 4, 6)) with five log-likelihoods",
    setup=_likelihoods,
    worlds={
        "one grey image": lambda: (torch.tensor([-50.0]), (1, 5, 5)),
        "wide images": lambda: (10 * torch.randn(3), (3, 2, 9)),
        "far likelier than a level is wide": lambda: (torch.tensor([3000.0, -3000.0]), _SHAPE),
    },
    reference=_bits,
    hints="""
        nats: These are nats. A log-likelihood is a natural logarithm; a bit is a halving, so its logarithm has base 2.
        not-divided: These are the bits of a whole image. Per dimension, images of different sizes can be compared.
        scaling-forgotten: The scaling is forgotten: this is the density in [−1, 1], where a grey level is 1/127.5 wide.
          Squeezing the axis raised it; the code is for levels of width 1.
        scaling-the-wrong-way: The scaling counts with the wrong sign. On the wide axis from 0 to 255 the same mass is
          spread thinner, so the likelihood falls and more bits are needed.
        sign: The log-likelihood has the wrong sign. A likelier image needs fewer bits.
        scaling-once: The scaling counts once an image. Each of the dimensions is stretched, and their factors multiply.
        other-range: That is the scaling of another range. Here 255 steps from grey to grey fill an interval of length
          2.
        channels-forgotten: You divided by the number of pixels. A dimension is one number: every channel of a pixel
          counts.
        half-in-nats: One of the two terms is in bits and the other one in nats. Convert both, or their sum.
        times-log-two: You multiplied by log 2. One bit is log 2 = 0.69 nats, so there are more bits than nats.
    """,
    like=likes(
        _bits,
        {
            "nats": [_UNIT, "-log_likelihood / math.prod(shape)"],
            "not-divided": [
                ("(d * math.log(2))", "math.log(2)"),
                "-log_likelihood / math.log(2)",
                (" / (d * math.log(2))", ""),
            ],
            "scaling-forgotten": [(_SCALED, "-log_likelihood"), (_SCALED, "log_likelihood")],
            "scaling-the-wrong-way": [
                ("(d * math.log(127.5)", "(-d * math.log(127.5)"),
                (("(d * math.log(127.5)", "(-d * math.log(127.5)"), _UNIT),
            ],
            "sign": [("- log", "+ log"), (_SCALED, f"-({_SCALED})")],
            "scaling-once": [
                ("(d * math.log(127.5)", "(math.log(127.5)"),
                (("(d * math.log(127.5)", "(math.log(127.5)"), _UNIT),
            ],
            "other-range": [("127.5", scale) for scale in ("255.0", "256.0", "128.0")],
            "channels-forgotten": [("(shape)", "(shape[1:])"), ("/ (d *", "/ (math.prod(shape[1:]) *")],
            "half-in-nats": [
                "-log_likelihood / (math.log(2) * math.prod(shape)) + math.log(127.5)",
                "-log_likelihood / math.prod(shape) + math.log2(127.5)",
            ],
            "times-log-two": [
                ("(d * math.log(2))", "d * math.log(2)"),
                "-log_likelihood / math.prod(shape) * math.log(2)",
            ],
        },
    ),
    small_case="An image of one pixel whose density in [−1, 1] is ½ everywhere needs log2(255) bits.",
    lesson="A figure in bits per dimension says nothing until the scaling of the pixels is said.",
)

# -- 5 a fair comparison -----------------------------------------------------------------------------

Row = Mapping[str, Any]
_KEYS = ("features", "split", "n", "device")
_OTHER = {"features": "DINOv2", "split": "train", "n": 50_000, "device": "H100"}
_TABLES = 3


def _row(cost: float, distance: float, evaluations: int, batch: int, **changes: Any) -> dict[str, Any]:
    """A row of the table; ``cost`` is in seconds per image."""
    row = {"features": "Inception", "split": "test", "n": 10_000, "device": "T4"}
    seconds = cost * batch / evaluations
    return row | {"distance": distance, "evaluations": evaluations, "seconds": seconds, "batch": batch} | changes


def _table(number: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows with one trap each; where every trap costs differently, no two of them can be mixed up in all tables."""
    cost, distance = random.uniform(0.001, 0.003), random.uniform(6, 9)

    def row(times: float, share: float, evaluations: int, batch: int, **changes: Any) -> dict[str, Any]:
        return _row(cost * times * random.uniform(1, 1.15), distance * share, evaluations, batch, **changes)

    rows = [
        row(30, 0.96, 10, 100),  # the answer: the fastest of those that are as good
        row(45, 0.9, 20, 1),  # fewest seconds for all of a batch, since it is a batch of one
        row(60, 0.88, 4, 200),  # fewest evaluations
        row(100, 0.5, 40, 100),  # lowest distance
        row(50, 0.8, 250, 2),  # fewest seconds for an evaluation
        row(8 if number < _TABLES - 1 else 36, 1.6, 5, 80),  # not as good
        row(90, 1.2, 3, 60),
    ]
    keys = list(_KEYS)[::-1] if number % 2 else list(_KEYS)
    for place, key in enumerate(keys):  # cheap and good, and not comparable
        evaluations = 6 + 3 * _KEYS.index(key)
        rows.append(row(10 + 4 * place, 0.7 + 0.04 * place, evaluations, 120, **{key: _OTHER[key]}))
    random.shuffle(rows)
    for name, entry in zip("ABCDEFGHIJK", rows, strict=True):
        entry["model"] = name
    return rows, _row(cost, distance, 1, 64, model="GAN")


def _tie() -> list[tuple[list[dict[str, Any]], dict[str, Any]]]:
    """The fastest row is exactly as good as ours; and a table of one row."""
    ours = _row(0.002, 7.5, 1, 64, model="GAN")
    rows = [_row(0.06, 7.5, 10, 100, model="A"), _row(0.2, 5.0, 40, 100, model="B"), _row(0.01, 7.6, 4, 50, model="C")]
    return [(rows, ours), (rows[1:2], ours)]


def _observe_tables(answer: Answer, world: Sequence[tuple[list[dict[str, Any]], dict[str, Any]]]) -> Observation:
    seen = {}
    for number, (rows, ours) in enumerate(world, start=1):
        came = pair(
            answer([dict(row) for row in rows], dict(ours)),
            "the `model` of the row that you chose",
            "the ratio of the seconds",
        )
        seen[f"the model chosen from table {number}"], seen[f"the ratio in table {number}"] = came
    return seen


def _seconds(row: Row) -> float:
    return float(row["evaluations"] * row["seconds"] / row["batch"])


def _without_batch(row: Row) -> float:
    return float(row["evaluations"] * row["seconds"])


def _times_batch(row: Row) -> float:
    return float(row["evaluations"] * row["seconds"] * row["batch"])


def _speed(
    keys: Sequence[str] = _KEYS,
    enough: Callable[[float, float], bool] = lambda distance, ours: distance <= ours,
    rank: Callable[[Row], float] = _seconds,
    cost: Callable[[Row], float] = _seconds,
    inverted: bool = False,
) -> Answer:
    def speed(rows: Sequence[Row], ours: Row) -> tuple[str, float]:
        fair = [row for row in rows if all(row[key] == ours[key] for key in keys)]
        chosen = min((row for row in fair if enough(row["distance"], ours["distance"])), key=rank)
        ratio = cost(chosen) / cost(ours)
        return chosen["model"], 1 / ratio if inverted else ratio

    return speed


def _ignoring(*ignored: str) -> Answer:
    return _speed([key for key in _KEYS if key not in ignored])


speed_ratio = sheet.task(
    "speed_ratio",
    "A fair comparison",
    tried=f"speed_ratio(rows, ours) on {_TABLES} tables of eleven rows",
    setup=lambda: [_table(number) for number in range(_TABLES)],
    worlds={"a row exactly as good as ours, and a single row": _tie},
    observe=_observe_tables,
    reference=_speed(),
    hints="""
        features-ignored: You compared Fréchet distances in different features. They are distances in different spaces,
          with different units.
        split-ignored: You compared distances to different splits. A model is nearer to the images that it learned from
          than to new ones.
        n-ignored: You compared distances of different n. The distance is biased: the same generator scores lower with
          more samples.
        device-ignored: You compared seconds on different devices: that ratio is about the hardware.
        several-ignored: Rows that cannot be compared are left in, for more than one reason. Which four entries have to
          agree?
        quality-ignored: You took the fastest row, however good. Speed alone is cheap: with fewer evaluations every
          sampler is faster, and worse.
        higher-is-better: You asked for a distance that is at least ours. A distance is better when it is smaller.
        strictly-better: A row of exactly our distance is at least as good as ours: it takes part.
        best-distance: You took the row with the lowest distance. It is better than ours, so its time buys more. Compare
          at equal quality: of those that are good enough, the fastest.
        evaluations-alone: You counted evaluations. One of a large network takes longer than ten of a small one: seconds
          decide.
        evaluations-forgotten: These are the seconds of one evaluation. An image takes `evaluations` of them.
        batch-forgotten: These are seconds for a whole batch, and the batches differ in size. What does one image take?
        inverted: The ratio is upside down. It says how many times longer *they* take: above 1 where we are faster.
    """,
    like={
        "features-ignored": _ignoring("features"),
        "split-ignored": _ignoring("split"),
        "n-ignored": _ignoring("n"),
        "device-ignored": _ignoring("device"),
        "several-ignored": tuple(_ignoring(*ignored) for count in (2, 3, 4) for ignored in combinations(_KEYS, count)),
        "quality-ignored": (
            _speed(enough=lambda distance, ours: True),
            _speed((), enough=lambda distance, ours: True),
        ),
        "higher-is-better": _speed(enough=lambda distance, ours: distance >= ours),
        "strictly-better": _speed(enough=lambda distance, ours: distance < ours),
        "best-distance": (
            _speed(rank=lambda row: row["distance"]),
            _speed((), rank=lambda row: row["distance"]),
        ),
        "evaluations-alone": tuple(
            _speed(rank=rank, cost=cost, inverted=inverted)
            for rank, cost in (
                (lambda row: row["evaluations"], _seconds),
                (lambda row: row["evaluations"], lambda row: row["evaluations"]),
                (_seconds, lambda row: row["evaluations"]),
            )
            for inverted in (False, True)
        ),
        "evaluations-forgotten": tuple(
            _speed(rank=rank, cost=cost)
            for rank in (_seconds, lambda row: row["seconds"], lambda row: row["seconds"] / row["batch"])
            for cost in (_seconds, lambda row: row["seconds"], lambda row: row["seconds"] / row["batch"])
            if (rank, cost) != (_seconds, _seconds)
        ),
        "batch-forgotten": (
            _speed(rank=_without_batch, cost=_without_batch),
            _speed(cost=_without_batch),
            _speed(rank=_without_batch),
            _speed(rank=_times_batch, cost=_times_batch),
            _speed(cost=_times_batch),
        ),
        "inverted": _speed(inverted=True),
    },
    lesson="A speed means something beside a quality, and a quality beside its features, split and n.",
)

# -- 6 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read a walk",
    lesson="A sampler has no loss to watch. What x, the image seen and the noise should spread by is known at every "
    "step.",
)
logs, draw = READING.logs, READING.draw

# -- 7 change of variables ---------------------------------------------------------------------------


class _Bend(nn.Module):
    """A smooth function of half the entries, with weights that can learn."""

    def __init__(self, half: int, size: float, offset: float, shift: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(half, half))
        self.size, self.offset, self.shift = size, offset, shift

    def forward(self, x: Tensor) -> Tensor:
        return self.size * torch.tanh(x @ self.weight + self.offset) + self.shift


def _layer(n: int = 3, half: int = 3) -> tuple[Tensor, _Bend, _Bend]:
    """As many points as entries of a half: a sum over the wrong axis raises no error."""
    return torch.randn(n, 2 * half) + 0.3, _Bend(half, 0.8, 0.4, 0.0), _Bend(half, 1.0, 0.0, -0.5)


def _observe_density(answer: Answer, world: tuple[Tensor, _Bend, _Bend]) -> Observation:
    x, scale, shift = world
    log_p = answer(x.clone(), scale, shift)
    return {
        "log p(x)": log_p,
        "the gradient by the weights of scale": gradient(log_p, scale.parameters()),
        "the gradient by the weights of shift": gradient(log_p, shift.parameters()),
    }


def _coupling(x: Tensor, scale: Function, shift: Function) -> Tensor:
    x1, x2 = x.chunk(2, dim=1)
    s, t = scale(x1), shift(x1)
    z = torch.cat((x1, (x2 - t) * torch.exp(-s)), dim=1)
    return (-0.5 * z**2 - 0.5 * math.log(2 * math.pi)).sum(1) - s.sum(1)


_BACK, _DENSITY, _PLUS = (
    "(x2 - t) * torch.exp(-s)",
    "(-0.5 * z**2 - 0.5 * math.log(2 * math.pi)).sum(1)",
    ("- s.sum", "+ s.sum"),
)
_SWAPPED, _FORWARDS, _SHIFT_AFTER = (
    ("x1, x2 =", "x2, x1 ="),
    (_BACK, "x2 * torch.exp(s) + t"),
    (_BACK, "x2 * torch.exp(-s) - t"),
)
_BOTH, _FACTOR = ("(x1, (x2", "((x1 - t) * torch.exp(-s), (x2"), (_BACK, "(x2 - t) / s")

coupling_log_density = sheet.task(
    "coupling_log_density",
    "What a flow knows",
    tried="coupling_log_density(x, scale, shift) on 3 points with 6 entries",
    setup=_layer,
    worlds={"five points in the plane": lambda: _layer(5, 1), "one point": lambda: _layer(1, 2)},
    observe=_observe_density,
    reference=_coupling,
    also=(torch.no_grad()(_coupling),),  # by hand or in NumPy
    hints="""
        log-det-sign: The log-determinant has the wrong sign. Where the layer stretches (s above 0), it thins the
          density out.
        log-det-missing: This is the density of z. Nothing says yet how much volume the layer makes or takes on the way
          to x.
        wrong-axis: The log-determinant is not that of each point. A point's volume changes by the product over *its
          own* entries, which runs along dimension 1.
        two-pi: The normal density's constant is missing, or not counted once for each of the entries of z. Without it,
          densities do not integrate to 1.
        half-left-out: Only the second half went into the normal density. The first one is not changed, but it is as
          random.
        both-halves: Both halves were transformed. The first one passes unchanged; only so does the way back know s and
          t.
        halves-swapped: The halves have changed places: the first one stays and feeds `scale` and `shift`.
        wrong-direction: You sent x through the layer once more. The layer leads from z to x: undo it, last operation
          first.
        shift-after: The scaling was undone before the shift. What came last, the shift, has to go first.
        without-exp: s was taken as the factor itself. It is the factor's logarithm: any s will do, and no factor is 0.
        cut-off: The value is right, and nothing of it reaches the weights of one of the two networks: the layer cannot
          learn how far to stretch or shift. Look for `.detach()` or `.data`.
        x-in-the-normal: The normal density was taken at x. It is z that is normal: find the z that x was made of.
    """,
    like=likes(
        _coupling,
        {
            "log-det-sign": [_PLUS],
            "log-det-missing": [(" - s.sum(1)", "")],
            "wrong-axis": [
                ("- s.sum(1)", f"- s.{other}")
                for other in ("sum(0)", "sum()", "mean(1)", "mean()", "mean(0)", "sum(1).mean()")
            ],
            "two-pi": [
                (_DENSITY, f"(-0.5 * z**2).sum(1) - {often} * math.log(2 * math.pi)")
                for often in ("0", "0.5", "0.5 * s.shape[1]", "z.shape[1]")
            ],
            "half-left-out": [
                *(("z**2", f"z[:, {half}] ** 2") for half in ("s.shape[1] :", ": s.shape[1]")),
                (f"torch.cat((x1, {_BACK}), dim=1)", _BACK),
                (f"torch.cat((x1, {_BACK}), dim=1)", "x1"),
            ],
            "both-halves": [_BOTH, (_BOTH, ("- s.sum", "- 2 * s.sum"))],
            "halves-swapped": [_SWAPPED, (_SWAPPED, _PLUS), (_SWAPPED, _PLUS, _FORWARDS)],
            "wrong-direction": [(_FORWARDS, _PLUS), _FORWARDS],
            "shift-after": [_SHIFT_AFTER, (_SHIFT_AFTER, _PLUS)],
            "without-exp": [_FACTOR, *((_FACTOR, ("- s.sum", f"{sign} s.abs().log().sum")) for sign in "-+")],
            "cut-off": [
                ("scale(x1)", "scale(x1).detach()"),
                ("shift(x1)", "shift(x1).detach()"),
                ("- s.sum", "- s.detach().sum"),
            ],
            "x-in-the-normal": [(_BACK, "x2"), ((_BACK, "x2"), _PLUS)],
        },
    ),
    lesson="A flow gives up freedom in each layer so that a log-determinant costs one sum; a GAN gives up the density.",
)

# -- 8 find the bug ----------------------------------------------------------------------------------


def _loop_world(n: int = 5, last: int = 12) -> tuple[_Predictor, Tensor, Tensor]:
    network = _Predictor(norm=True)
    assert isinstance(network.norm, nn.BatchNorm2d)
    nn.init.normal_(network.norm.running_mean)  # type: ignore[arg-type]
    nn.init.uniform_(network.norm.running_var, 0.3, 3)  # type: ignore[arg-type]
    return network, _schedule(last), torch.randn(n, 2, 4, 4, dtype=torch.float64)


def _observe_loop(answer: Answer, world: tuple[_Predictor, Tensor, Tensor]) -> Observation:
    network, alpha_bar, z = world
    seen = {}
    for steps in (4, 3):
        network.train()  # as training leaves it
        seen[f"the samples after {steps} evaluations"] = answer(network, alpha_bar.clone(), z.clone(), steps)
    return seen


_noised_afresh = edited(_ddim, ("s).sqrt() * eps", "s).sqrt() * torch.randn_like(eps)"))


def _loop(network: nn.Module, alpha_bar: Tensor, z: Tensor, steps: int) -> Tensor:
    network.eval()
    times = torch.linspace(len(alpha_bar) - 1, 0, steps + 1).round().long()
    x = z
    for t, s in pairwise(times):
        eps = network(x, t.expand(len(x)))
        x = _ddim(x, eps, alpha_bar[t], alpha_bar[s])
    return x.detach()


_UP, _TOLD, _MODE = ("len(alpha_bar) - 1, 0,", "0, len(alpha_bar) - 1,"), ("t.expand", "s.expand"), ("eval", "train")
_RENAMED, _FLIPPED = ("for t, s", "for s, t"), ("times =", "alpha_bar = alpha_bar.flip(0)\n    times =")
_FRESH = ("x = _ddim(x, eps, ", "x = _noised_afresh(x, eps, ")


def _either(*repairs: tuple[str, str]) -> list[tuple[tuple[str, str], ...]]:
    """What a repair brought in, beside any of the two others that may still be there."""
    return [(*repairs, *left) for left in ((), (_TOLD,), (_MODE,), (_TOLD, _MODE))]


_UPWARDS = "The loop walks from t = 0 up, so it puts noise on z. Where does the list of steps have to begin?"
_LATE = "The network sees x_t and is told s: it takes out less noise than there is. Which step is x at?"
_TRAINING = (
    "The network is in training mode, where BatchNorm uses the batch's own statistics: a sample depends on which "
    "others are drawn with it."
)

ddim_sample = sheet.task(
    "ddim_sample",
    "Find the bugs: fifty steps for nothing",
    tried="ddim_sample(network, alpha_bar, z, steps) with 4 and with 3 steps on a small network with BatchNorm",
    setup=_loop_world,
    worlds={"one image, steps that do not divide the schedule": lambda: _loop_world(1, 10)},
    observe=_observe_loop,
    reference=_loop,
    blank=edited(_loop, (_UP, _TOLD, _MODE)),
    hints=f"""
        direction: One bug is left. {_UPWARDS}
        told-the-wrong-step: One bug is left. {_LATE}
        training-mode: One bug is left. {_TRAINING}
        direction-and-step: Two bugs are left: at which end does the loop begin, and which step is the network told?
        direction-and-mode: Two bugs are left: at which end does the loop begin, and in which mode is the network?
        step-and-mode: Two bugs are left: which step is the network told, and in which mode is it?
        renamed: Each step now leads downwards, but the first one is still that at the clean end. z is pure noise: begin
          where ᾱ is nearly 0.
        schedule-flipped: You turned the schedule round instead of the steps. The levels are right now, and the network
          is told the steps of the other end.
        stops-early: The walk ends at step 1. At step 0, where ᾱ is 1, is the image.
        fresh-noise: Fresh noise goes back now instead of the predicted one: that was right before.
    """,
    like=likes(
        _loop,
        {
            "direction": [_UP],
            "told-the-wrong-step": [_TOLD],
            "training-mode": [_MODE],
            "direction-and-step": [(_UP, _TOLD)],
            "direction-and-mode": [(_UP, _MODE)],
            "step-and-mode": [(_TOLD, _MODE)],
            "renamed": _either(_UP, _RENAMED),
            "schedule-flipped": _either(_UP, _FLIPPED),
            "stops-early": _either(("1, 0,", "1, 1,")),
            "fresh-noise": _either(_FRESH) + _either(_FRESH, _UP),
        },
    ),
    lesson="None of the three raised an error: only the images told.",
)

# -- the challenge -----------------------------------------------------------------------------------

#: What DDIM's step takes six evaluations for. With five it reaches 4.4 at even steps, and 1.7 at T (1 - k/5)^1.5, the
#: best of such spacings.
BAR = 1.2
EVALUATIONS = 5
_POINTS, _LAST, _STD = 1000, 1000, 0.04


def _spiral() -> Tensor:
    """(300, 2) centres of narrow Gaussians along a spiral."""
    share = (0.05 + 0.95 * (torch.arange(300) + 0.5) / 300).sqrt()
    angle = 3 * math.pi * share
    return 1.5 * share[:, None] * torch.stack((angle.cos(), angle.sin()), dim=1)


class _Exact:
    """The best noise predictor there is for the spiral, in closed form; it counts what it is asked."""

    def __init__(self, alpha_bar: Tensor, allowed: int) -> None:
        self.alpha_bar, self.left, self.centres = alpha_bar, allowed, _spiral()

    def __call__(self, x: Tensor, t: Any) -> Tensor:
        t = torch.as_tensor(t).reshape(-1).expand(len(x))
        if t.is_floating_point() or not (int(t.min()) >= 1 and int(t.max()) <= _LAST):
            raise NoScore(f"t goes from 1 to {_LAST}, whole numbers; {describe(t)} came.")
        self.left -= len(x)
        if self.left < 0:
            raise NoScore(f"More than {EVALUATIONS} evaluations a sample.")
        a = self.alpha_bar[t][:, None]
        variance = a * _STD**2 + 1 - a
        squares = (x[:, None] - a[:, None].sqrt() * self.centres).square().sum(-1)
        mean = torch.softmax(-0.5 * squares / variance, dim=1) @ self.centres
        x0 = mean + a.sqrt() * _STD**2 / variance * (x - a.sqrt() * mean)
        return (x - a.sqrt() * x0) / (1 - a).sqrt()


def challenge(sampler: Any, seeds: tuple[int, ...] = (0, 1, 2)) -> Score:
    """How good 1 000 points of a spiral are that ``sampler(network, x, alpha_bar, evaluations)`` makes of noise.

    ``network(x, t)`` predicts the noise as well as anything can. The score is the Fréchet distance to 1 000 fresh
    points, on 128 random waves as features, mean over three seeds; two sets of fresh points are 0.3 apart.
    """

    def told(distances: tuple[float, ...], mean: float) -> str:
        return (
            f"challenge: Fréchet distance {mean:.2f} ({listed(distances)} for each seed) with {EVALUATIONS} "
            f"evaluations; {verdict(BAR, mean < BAR, 1)}"
        )

    return scored(lambda _seed: _waves_apart(sampler), seeds, told)


def _waves_apart(sampler: Callable[..., Any]) -> float:
    from ganbook.metrics import frechet_distance

    waves = 2 * torch.randn(2, 64, generator=torch.Generator().manual_seed(0))  # the same ruler for all seeds
    centres = _spiral()
    real = centres[torch.randint(len(centres), (_POINTS,))] + _STD * torch.randn(_POINTS, 2)
    angle = math.pi / 2 * (torch.linspace(0, 1, _LAST + 1) + 0.008) / 1.008
    alpha_bar = ((angle.cos() / angle[0].cos()) ** 2).clamp(1e-4, 1)
    network = _Exact(alpha_bar.clone(), EVALUATIONS * _POINTS)
    x = sampler(network, torch.randn(_POINTS, 2), alpha_bar, EVALUATIONS)
    if x is None or x is Ellipsis:
        raise NoScore("Nothing came back.")
    if not isinstance(x, Tensor) or x.shape != real.shape or not bool(x.isfinite().all()):
        raise NoScore(f"Finite points of shape {tuple(real.shape)} are wanted; {describe(x)} came.")
    sets = [torch.cat(((points @ waves).cos(), (points @ waves).sin()), dim=1) for points in (real, x.detach().float())]
    return frechet_distance(*sets)

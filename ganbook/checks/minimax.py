"""Checks for the exercises of chapter 2, The minimax objective."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook.checks.by_hand import USED_AUTOGRAD, by_autograd, by_hand
from ganbook.checks.challenge import NoScore, Score, listed, scored, verdict
from ganbook.checks.compare import Observation
from ganbook.checks.edits import edited, likes
from ganbook.checks.readings.minimax import READING
from ganbook.checks.task import Answer, Reject, Sheet, Trial

sheet = Sheet("minimax", "Exercises 2: The minimax objective")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed

# -- 1 V from logits ---------------------------------------------------------------------------------


Batches = tuple[Tensor, Tensor]

#: One number may agree by chance, three do not.
_ROUNDS = 3


def _real_and_fake_logits() -> Batches:
    # different sizes and means, so that no mix-up of the two batches goes unseen
    return torch.randn(6) * 2 + 1, torch.randn(4) * 2 - 0.5


def _three(setup: Callable[[], Batches]) -> Callable[[], list[Batches]]:
    return lambda: [setup() for _ in range(_ROUNDS)]


def _observe_v(answer: Answer, rounds: list[Batches]) -> Observation:
    return {f"V of batch {number}": answer(*batches) for number, batches in enumerate(rounds, 1)}


def _log_d(logits: Tensor) -> Tensor:
    return F.logsigmoid(logits)


def _log_not_d(logits: Tensor) -> Tensor:
    return F.logsigmoid(-logits)


def value(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """V(D, G) by minibatch means; real_logits: (N,), fake_logits: (M,) raw scores (Goodfellow et al. 2014, eq. 1)."""
    return _log_d(real_logits).mean() + _log_not_d(fake_logits).mean()


def _sure_logits(n: int) -> Tensor:
    """From −18 to 18: in double precision, probabilities still tell them apart."""
    return torch.linspace(-18, 18, n, dtype=torch.float64) + torch.rand(n, dtype=torch.float64)


value_from_logits = sheet.task(
    "value_from_logits",
    "V from two batches of logits",
    tried="value_from_logits(real_logits, fake_logits) on 6 real and 4 fake logits, three times",
    setup=_three(_real_and_fake_logits),
    worlds={
        "one logit each": _three(lambda: (torch.randn(1), torch.randn(1))),
        "float64": _three(lambda: (torch.randn(3, dtype=torch.float64), torch.randn(2, dtype=torch.float64))),
        "float64, sure logits": _three(lambda: (_sure_logits(5), _sure_logits(7))),
    },
    observe=_observe_v,
    reference=value,
    hints="""
        floor: For moderate logits this is right. For a sure D it is not: a small number inside the logarithm, or a
          probability that is cut off, is a floor under it, which V cannot pass.
        loss-not-value: This is −V: the loss that D's optimiser makes small. V itself is what D wants to make large; it
          is a sum of logarithms of probabilities, so it can never be positive.
        players-swapped: Real and fake have changed places: here D is paid for calling fakes real. Which of the two
          batches does each term of V average over?
        fake-term-log-d: The fake term is log D(G(z)). In V it is log(1 − D(G(z))): D is paid for doubting a fake. (log
          D(G(z)) comes back in chapter 3, as another loss of the generator.)
        one-minus-the-logit: The 1 − … is taken on the logit instead of on the probability: σ(1 − a) is not 1 − σ(a).
          Put a = 0 into both, then recall how σ(−a) and σ(a) add up.
        minus-log: You turned log(1 − D) into −log D. A logarithm does not turn a difference into a sign: at D = ½ the
          two are −log 2 and +log 2.
        logits-as-probabilities: The logarithm is taken of the logits themselves. A logit may be any number, also a
          negative one, whose logarithm is not defined: turn it into D first.
        sigmoid-twice: The sigmoid is applied twice: a log-sigmoid has its own inside, and you gave it probabilities
          where it wants logits.
        sum-not-mean: You summed over the batch. V is made of expectations, and the estimate of an expectation is a
          mean: a sum grows with the batch.
        pooled-mean: One mean is taken over both batches together. V has two expectations, each with its own mean;
          pooled, the larger batch weighs more.
        halved: This is V/2, the average of the two terms. Some texts write the ½ (task 8 asks which conventions agree),
          but V(D, G) is the sum.
        log-of-mean: You took the logarithm of a mean probability. The expectation stands outside the logarithm: log
          first, then mean. By Jensen's inequality yours is never smaller.
        no-log: Probabilities are averaged without their logarithm. That is D's average score for being right; V scores
          the logarithm.
    """,
    like={
        "loss-not-value": lambda real, fake: -value(real, fake),
        "players-swapped": lambda real, fake: _log_not_d(real).mean() + _log_d(fake).mean(),
        "fake-term-log-d": lambda real, fake: _log_d(real).mean() + _log_d(fake).mean(),
        "one-minus-the-logit": lambda real, fake: _log_d(real).mean() + _log_d(1 - fake).mean(),
        "minus-log": lambda real, fake: _log_d(real).mean() - _log_d(fake).mean(),
        "logits-as-probabilities": (
            lambda real, fake: real.log().mean() + (1 - fake).log().mean(),
            lambda real, fake: real.log().mean() + torch.log1p(-fake).mean(),
        ),
        "sigmoid-twice": lambda real, fake: _log_d(real.sigmoid()).mean() + _log_not_d(fake.sigmoid()).mean(),
        "sum-not-mean": lambda real, fake: _log_d(real).sum() + _log_not_d(fake).sum(),
        "pooled-mean": (
            lambda real, fake: torch.cat([_log_d(real), _log_not_d(fake)]).mean(),
            lambda real, fake: 2 * torch.cat([_log_d(real), _log_not_d(fake)]).mean(),
        ),
        "halved": lambda real, fake: value(real, fake) / 2,
        "log-of-mean": lambda real, fake: real.sigmoid().mean().log() + (1 - fake.sigmoid().mean()).log(),
        "no-log": lambda real, fake: real.sigmoid().mean() + (1 - fake.sigmoid()).mean(),
    },
    when={"floor": lambda trial: bool(trial.want["V of batch 1"] < -8)},  # in no other world
    lesson="Each expectation became a mean over its own batch. V is at most 0, and −log 4 if D answers ½ everywhere.",
)

# -- 2 the optimal D ---------------------------------------------------------------------------------

Grid = tuple[Tensor, Tensor, Tensor]  # p_data, p_gen, x


def _grid(points: int = 2001) -> Tensor:
    """Points from −6 to 6, 19 times as far apart at the right end as at the left: no step size fits all."""
    u = torch.linspace(0, 1, points, dtype=torch.float64)
    return -6 + 12 * (0.1 * u + 0.9 * u.square())


def _normalised(p: Tensor, x: Tensor) -> Tensor:
    return p / torch.trapezoid(p, x)


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * torch.rand(()).item()


def _gaussians() -> Grid:
    x = _grid()
    centre, gap = _uniform(-0.8, 0.8), _uniform(1.0, 2.2)
    # widths are so alike that neither D* nor 1 − D* rounds to 0 on the grid
    widths = _uniform(0.9, 1.0), _uniform(1.1, 1.3)
    p, q = (
        torch.exp(-0.5 * ((x - m) / s).square())
        for m, s in zip((centre - gap / 2, centre + gap / 2), widths, strict=True)
    )
    return _normalised(p, x), _normalised(q, x), x


def _bump(x: Tensor, low: float, high: float) -> Tensor:
    inside = (x > low) & (x < high)
    return _normalised(torch.where(inside, torch.sin(math.pi * (x - low) / (high - low)).square(), 0.0), x)


def _apart() -> Grid:
    """Two bumps with a gap between them: each vanishes where the other lives, both vanish in the gap."""
    x = _grid()
    middle = _uniform(-0.5, 0.5)
    return _bump(x, middle - 3.5, middle - 0.4), _bump(x, middle + 0.4, middle + 3.0), x


def _equal() -> Grid:
    p, _, x = _gaussians()
    return p, p.clone(), x


def _densities_with_holes() -> tuple[Tensor, Tensor]:
    """Two densities on 200 points: some where only one vanishes, some where both do, else not tiny."""
    x = torch.linspace(-4, 4, 200)
    p = (1 - (x + _uniform(0.4, 0.8)).abs() / 1.6).clamp(min=0)
    q = (1 - (x - _uniform(0.4, 0.8)).abs() / 2.0).clamp(min=0)
    p, q = (torch.where(density < 0.02, 0.0, density) for density in (p, q))
    return _normalised(p, x), _normalised(q, x)


def _optimal(p: Tensor, q: Tensor) -> Tensor:
    return torch.where(p + q > 0, p / (p + q), 0.5)


def _half_where_both_vanish(form: Callable[[Tensor, Tensor], Tensor]) -> Answer:
    """The same formula as a learner would write it: with 0/0 left alone, and with it repaired."""
    return lambda p, q: torch.where(p + q > 0, form(p, q), 0.5)


def _observe_optimal(answer: Answer, world: tuple[Tensor, Tensor]) -> Observation:
    p, q = world
    at_one_point = answer(torch.tensor([0.3]), torch.tensor([0.1]))
    d = answer(p.clone(), q.clone())
    if not hasattr(d, "__len__") or len(d) != len(p):
        return {"D*": d}
    d = torch.as_tensor(d)
    return {
        "D* where p_data = 0.3 and p_gen = 0.1": at_one_point,
        "D* where both densities are positive": d[(p > 0) & (q > 0)],
        "D* where only p_data is positive": d[(p > 0) & (q == 0)],
        "D* where only p_gen is positive": d[(p == 0) & (q > 0)],
        "D* where both vanish": d[(p == 0) & (q == 0)],
    }


def _both(form: Callable[[Tensor, Tensor], Tensor]) -> tuple[Answer, Answer]:
    return form, _half_where_both_vanish(form)


optimal_discriminator = sheet.task(
    "optimal_discriminator",
    "D's best response on a grid",
    tried="optimal_discriminator(p_data, p_gen) on 200 points; some have p_data = 0, some p_gen = 0, some both",
    setup=_densities_with_holes,
    worlds={
        "equal densities": lambda: (torch.tensor([0.0, 0.25, 0.5, 2.0]),) * 2,
        "small densities": lambda: (
            1e-7 * torch.tensor([4.0, 1.0, 2.0, 0.0]),
            1e-7 * torch.tensor([1.0, 3.0, 5.0, 0.0]),
        ),
    },
    observe=_observe_optimal,
    reference=_optimal,
    hints="""
        players-swapped: This is the probability that a point is fake. D(x) is read as the probability that x is real:
          where only p_data lives, D* is 1.
        zero-by-zero: Right wherever a density is positive, NaN where both vanish: 0/0. V does not care what D says
          there, but a NaN spreads through every integral and every plot. Decide those points by themselves.
        sure-where-nothing-is: Where both densities vanish you return 0, so D is certain of 'fake' where it has no
          evidence. A small number in the denominator alone does that. With no evidence for either side the answer is
          the neutral one.
        sure-of-real-where-nothing-is: Where both densities vanish you return 1, so D is certain of 'real' where it has
          no evidence. With no evidence for either side the answer is the neutral one.
        ratio: This is the density ratio itself. It runs from 0 to infinity; D is a probability. Which function turns
          the odds real : fake into a probability?
        hard-decision: You return a decision: 0 or 1, whichever density is larger. That minimises errors. V pays for log
          D, so its best answer is a graded probability.
        sigmoid-of-the-difference: A sigmoid is right, but its argument is the difference of the densities. Set the
          derivative of p_data·log D + p_gen·log(1 − D) by the logit to 0 and see which logit comes out.
        sigmoid-of-the-ratio: A sigmoid is right, but its argument is the ratio, which is never negative: your D never
          falls below ½. The best logit is something else made of the ratio.
        logit-not-probability: This is the best logit, log p_data − log p_gen. D* is the probability that belongs to it.
        mixture-halved: The denominator is the mixture ½(p_data + p_gen), so D* comes out twice as large: up to 2. No
          probability does that.
    """,
    like={
        "players-swapped": _both(lambda p, q: q / (p + q)),
        "zero-by-zero": lambda p, q: p / (p + q),
        "ratio": (
            *_both(lambda p, q: p / q),
            lambda p, q: p / (q + 1e-8),
            lambda p, q: p / (q + 1e-12),
            lambda p, q: torch.where(q > 0, p / q, 0.5),
        ),
        "hard-decision": (
            lambda p, q: (p > q).to(p.dtype),
            lambda p, q: (p >= q).to(p.dtype),
            _half_where_both_vanish(lambda p, q: (p > q).to(p.dtype)),
            lambda p, q: (p > q).float() + 0.5 * (p == q).float(),
            lambda p, q: p > q,
        ),
        "sigmoid-of-the-difference": _both(lambda p, q: torch.sigmoid(p - q)),
        "sigmoid-of-the-ratio": (
            *_both(lambda p, q: torch.sigmoid(p / q)),
            lambda p, q: torch.sigmoid(p / (q + 1e-8)),
            lambda p, q: torch.sigmoid(p / (q + 1e-12)),
        ),
        "logit-not-probability": (
            *_both(lambda p, q: (p / q).log()),
            *_both(lambda p, q: p.log() - q.log()),
            lambda p, q: ((p + 1e-8) / (q + 1e-8)).log(),
            lambda p, q: ((p + 1e-12) / (q + 1e-12)).log(),
            lambda p, q: (p + 1e-8).log() - (q + 1e-8).log(),
            lambda p, q: (p + 1e-12).log() - (q + 1e-12).log(),
        ),
        "mixture-halved": (*_both(lambda p, q: p / ((p + q) / 2)),),
    },
    when={
        "sure-where-nothing-is": lambda t: _only_wrong_where_both_vanish(t, 0.0),
        "sure-of-real-where-nothing-is": lambda t: _only_wrong_where_both_vanish(t, 1.0),
    },
    lesson="At every point D* is the share of real samples among all samples that fall there. It needs both "
    "densities, which a GAN never has: a trained D is an estimate of it.",
)


def _only_wrong_where_both_vanish(trial: Trial, says: float) -> bool:
    name = "D* where both vanish"
    d = torch.as_tensor(trial.got[name])
    right_elsewhere = all(
        torch.allclose(torch.as_tensor(trial.got[key]).double(), trial.want[key].double(), atol=1e-3)
        for key in trial.want
        if key != name
    )
    return right_elsewhere and bool((d.double() - says).abs().max() < 1e-3)


# -- 3 JS by quadrature ------------------------------------------------------------------------------


def _three_pairs() -> dict[str, Grid]:
    return {
        "two overlapping Gaussians": _gaussians(),
        "two bumps far apart": _apart(),
        "two equal densities": _equal(),
    }


def _on_a_wide_axis(by: float = 100.0) -> dict[str, Grid]:
    """The same three, each spread so far that no density is large; no divergence of theirs changes."""
    return {which: (p / by, q / by, by * x) for which, (p, q, x) in _three_pairs().items()}


def _observe_pairs(name: str) -> Callable[[Answer, Mapping[str, Grid]], Observation]:
    return lambda answer, pairs: {f"{name} of {which}": answer(*pair) for which, pair in pairs.items()}


def _integral(form: Callable[[Tensor, Tensor], Tensor]) -> Answer:
    """∫ of a formula of p and q, with 0 · log 0 left as it is: NaN."""
    return lambda p, q, x: torch.trapezoid(form(p, q), x)


def _safe_integral(form: Callable[[Tensor, Tensor], Tensor]) -> Answer:
    """The same with terms that are not a number taken as 0."""
    return lambda p, q, x: torch.trapezoid(form(p, q).nan_to_num(nan=0.0, posinf=math.inf, neginf=-math.inf), x)


def _two_ways(form: Callable[[Tensor, Tensor], Tensor]) -> tuple[Answer, Answer]:
    return _integral(form), _safe_integral(form)


def xlogy(a: Tensor, b: Tensor) -> Tensor:
    """a · log b, with 0 · log 0 = 0."""
    product: Tensor = torch.special.xlogy(a, b)
    return product


def _kl(p: Tensor, q: Tensor) -> Tensor:
    """Integrand of KL(p‖q); infinite where only q vanishes."""
    return xlogy(p, p) - xlogy(p, q)


def _js(p: Tensor, q: Tensor) -> Tensor:
    m = (p + q) / 2
    return (_kl(p, m) + _kl(q, m)) / 2


def _js_as_written(p: Tensor, q: Tensor) -> Tensor:
    m = (p + q) / 2
    return (p * (p / m).log() + q * (q / m).log()) / 2


def _js_of(form: Callable[[Tensor], Tensor]) -> Answer:
    return lambda p, q, x: form(torch.trapezoid(_js(p, q), x))


def _with_epsilon(form: Callable[[Tensor, Tensor], Tensor]) -> tuple[Answer, ...]:
    """The same with a small number added to both densities inside the logarithm."""

    def one(epsilon: float) -> Answer:
        def kl(p: Tensor, q: Tensor) -> Tensor:
            return p * ((p + epsilon) / (q + epsilon)).log()

        return lambda p, q, x: torch.trapezoid(form(kl(p, q), kl(q, p)), x)

    return tuple(one(epsilon) for epsilon in _EPSILONS)


#: Small numbers that learners add against log 0.
_EPSILONS = (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-16)

#: The quadrature of a smooth integrand on this grid, by any common rule, is better than this.
_QUADRATURE = 4e-4

js_divergence = sheet.task(
    "js_divergence",
    "The Jensen-Shannon divergence by quadrature",
    tried="js_divergence(p, q, x) on 2001 unevenly spaced points, for three pairs of densities",
    setup=_three_pairs,
    observe=_observe_pairs("JS"),
    reference=_integral(_js),
    tolerance={f"JS of {which}": _QUADRATURE for which in _three_pairs()},
    hints="""
        zero-log-zero: Right where both densities are positive, NaN where one vanishes: 0 · log 0. The limit of t log t
          at 0 is 0, so those points count nothing; `torch.special.xlogy` or a mask says so.
        kl-of-the-two: This is KL(p‖q), straight from one density to the other. It is not symmetric, and infinite where
          q vanishes and p does not. JS compares each density with the mixture of the two.
        symmetrised-kl: This averages KL(p‖q) and KL(q‖p). That is symmetric too, but infinite where one density
          vanishes; JS is bounded because each density is compared with the mixture.
        not-halved: This is the sum of the two divergences to the mixture, so twice JS: disjoint densities come out at
          log 4, where JS is at most log 2. JS is their average.
        halved-twice: One ½ too many: JS is the average of two divergences, so disjoint densities must come out at log
          2.
        base-2: You measured in bits: disjoint densities come out at 1. The course uses natural logarithms (nats), where
          they come out at log 2; only then V(D*, G) = 2·JS − log 4 holds as written.
        mixture-not-halved: Your mixture is p + q, whose integral is 2: not a density. Two equal densities then come out
          at −log 2, where a divergence must be 0.
        one-side: Only one of the two densities is compared with the mixture. The result is not symmetric: exchange the
          arguments and another number comes out.
        mixture-first: The Kullback-Leibler terms run the wrong way: KL(m‖p) averages over the mixture and is infinite
          where p vanishes. In JS the average is over p, then over q: KL(p‖m) and KL(q‖m).
        square-root: This is the square root of JS, the Jensen-Shannon distance, which is what
          `scipy.spatial.distance.jensenshannon` returns. V is tied to the divergence itself.
        sum-over-the-grid: You summed over the grid without the spacing of its points: the result grows with the number
          of points. An integral weighs every value with the width it stands for.
        even-spacing-assumed: You took one step size for the whole grid, but the points of `x` are 19 times as far apart
          on the right as on the left. Hand `x` itself to the quadrature.
        normalised-as-lists: The densities were rescaled to sum to 1 over the points, as if the points were equally
          likely outcomes. On an uneven grid that changes the distributions. Keep the densities and integrate.
    """,
    like={
        "zero-log-zero": (_integral(_js_as_written), _integral(lambda p, q: _js_as_written(p, q) * 1.0)),
        "kl-of-the-two": (
            *_two_ways(_kl),
            *_two_ways(lambda p, q: p * (p / q).log()),
            *_two_ways(lambda p, q: _kl(q, p)),
            *_two_ways(lambda p, q: q * (q / p).log()),
            *_with_epsilon(lambda forward, _: forward),
            *_with_epsilon(lambda _, reverse: reverse),
        ),
        "symmetrised-kl": (
            *_two_ways(lambda p, q: (_kl(p, q) + _kl(q, p)) / 2),
            *_two_ways(lambda p, q: (p - q) * (p / q).log() / 2),
            *_two_ways(lambda p, q: _kl(p, q) + _kl(q, p)),
            *_with_epsilon(lambda forward, reverse: (forward + reverse) / 2),
        ),
        "not-halved": _js_of(lambda js: 2 * js),
        "halved-twice": _js_of(lambda js: js / 2),
        "base-2": _js_of(lambda js: js / math.log(2)),
        "mixture-not-halved": (
            *_two_ways(lambda p, q: (_kl(p, p + q) + _kl(q, p + q)) / 2),
            *_two_ways(lambda p, q: (p * (p / (p + q)).log() + q * (q / (p + q)).log()) / 2),
        ),
        "one-side": (
            *_two_ways(lambda p, q: _kl(p, (p + q) / 2)),
            *_two_ways(lambda p, q: p * (2 * p / (p + q)).log()),
            *_two_ways(lambda p, q: _kl(p, (p + q) / 2) / 2),
        ),
        "mixture-first": (
            *_two_ways(lambda p, q: (_kl((p + q) / 2, p) + _kl((p + q) / 2, q)) / 2),
            *_two_ways(lambda p, q: (p + q) / 4 * (((p + q) / 2 / p).log() + ((p + q) / 2 / q).log())),
        ),
        "square-root": _js_of(lambda js: js.clamp(min=0).sqrt()),
        "sum-over-the-grid": (lambda p, q, x: _js(p, q).sum(), lambda p, q, x: _js(p, q).mean()),
        "even-spacing-assumed": (
            lambda p, q, x: _js(p, q).sum() * (x[1] - x[0]),
            lambda p, q, x: _js(p, q).mean() * (x[-1] - x[0]),
            lambda p, q, x: torch.trapezoid(_js(p, q), dx=float(x[1] - x[0])),
            lambda p, q, x: torch.trapezoid(_js(p, q), dx=float(x[-1] - x[0]) / len(x)),
            lambda p, q, x: torch.trapezoid(_js(p, q), dx=float(x[-1] - x[0]) / (len(x) - 1)),
            lambda p, q, x: _js(p, q).sum() * x.diff().mean(),
        ),
        "normalised-as-lists": (
            lambda p, q, x: _js(p / p.sum(), q / q.sum()).sum(),
            lambda p, q, x: _js(p / p.sum(), q / q.sum()).sum().sqrt(),
        ),
    },
    when={
        "zero-log-zero": lambda t: _right_then_not_finite(t, "JS of "),
    },
    lesson="0 for equal densities, log 2 for disjoint ones, symmetric and always finite.",
)


def _right_then_not_finite(trial: Trial, prefix: str) -> bool:
    first, second, *_ = [name for name in trial.want if name.startswith(prefix)]
    got = [float(trial.got[name]) for name in (first, second)]
    return abs(got[0] - float(trial.want[first])) < _QUADRATURE and not math.isfinite(got[1])


# -- 4 V at D* ---------------------------------------------------------------------------------------


def _v_star(p: Tensor, q: Tensor) -> Tensor:
    return xlogy(p, _optimal(p, q)) + xlogy(q, _optimal(q, p))


def _v_of_js(form: Callable[[Tensor], Tensor]) -> Answer:
    return lambda p, q, x: form(torch.trapezoid(_js(p, q), x))


def _with_a_small_number(small: float, inside: float, by_d: bool = False) -> Answer:
    """V with D* = p / (p + q + small), and another number inside the logarithms; 1 − D* by its own ratio, or by D*."""

    def value(p: Tensor, q: Tensor) -> Tensor:
        d = p / (p + q + small)
        return xlogy(p, d + inside) + xlogy(q, (1 - d if by_d else q / (p + q + small)) + inside)

    return _integral(value)


best_response_value = sheet.task(
    "best_response_value",
    "V when D plays its best",
    tried="best_response_value(p_data, p_gen, x) on 2001 unevenly spaced points, for three pairs of densities",
    setup=_three_pairs,
    worlds={"a wide axis and small densities": _on_a_wide_axis},
    observe=_observe_pairs("V"),
    reference=_integral(_v_star),
    tolerance={f"V of {which}": 2 * _QUADRATURE for which in _three_pairs()},
    hints="""
        zero-log-zero: Right for the Gaussians, not finite for the bumps: where a density vanishes, 0 meets log 0. A
          point that is never drawn adds nothing to an expectation: let it count 0.
        small-next-to-what: Right where the densities are of order 1. Spread over a wide axis they are small, and what
          you add against 0 is no longer small beside them. Leave out the points that are never drawn instead.
        not-weighted: You integrated log D* + log(1 − D*) over x itself. An expectation over data weighs every point
          with its density: one of the two terms with p_data, the other with p_gen.
        one-density-for-both: Both terms are averaged over the same density. Real samples come from p_data, but the
          fakes in the second term come from p_gen.
        densities-swapped: The weights have changed places: log D* is averaged over the fakes and log(1 − D*) over the
          data. That is what the worst D would earn.
        js-not-doubled: This is JS − log 4. V is a sum of two expectations and JS an average of two divergences:
          disjoint densities must come out at V = 0.
        log-2-not-log-4: The constant is off: each of the two terms brings a log 2. At equal densities D* = ½, so V =
          log ½ + log ½.
        constant-forgotten: This is 2·JS without its constant, so equal densities come out at 0. There D* = ½, and V =
          log ½ + log ½.
        constant-with-plus: The constant has the wrong sign: this is 2·JS + log 4. V is a mean of logarithms of
          probabilities, so it is never positive.
        loss-not-value: This is −V, the loss that D minimises. V at its best runs from −log 4 (equal densities) up to 0
          (disjoint ones).
        halved: This is V/2. The two expectations are added, not averaged: at equal densities V = log ½ + log ½.
        always-minus-log-4: This is −log 4 whatever the densities are: D = ½ everywhere. That is the equilibrium. Here G
          stands still and D plays its best against the densities as they are.
        even-spacing-assumed: You averaged or summed over the grid as if its points were evenly spaced. Hand `x` itself
          to the quadrature.
    """,
    like={
        "zero-log-zero": (
            _integral(lambda p, q: p * (p / (p + q)).log() + q * (q / (p + q)).log()),
            _integral(lambda p, q: p * _optimal(p, q).log() + q * (1 - _optimal(p, q)).log()),
        ),
        "small-next-to-what": tuple(
            answer
            for small in (1e-4, 1e-5)
            for inside in (0.0, small)
            for answer in (_with_a_small_number(small, inside), _with_a_small_number(small, inside, by_d=True))
        ),
        "not-weighted": (
            *_two_ways(lambda p, q: _optimal(p, q).log() + (1 - _optimal(p, q)).log()),
            *_two_ways(lambda p, q: (p / (p + q)).log() + (q / (p + q)).log()),
        ),
        "one-density-for-both": (
            *_two_ways(lambda p, q: p * (_optimal(p, q).log() + (1 - _optimal(p, q)).log())),
            *_two_ways(lambda p, q: q * (_optimal(p, q).log() + (1 - _optimal(p, q)).log())),
            *_two_ways(lambda p, q: xlogy(p, _optimal(p, q)) + xlogy(p, 1 - _optimal(p, q))),
            *_two_ways(lambda p, q: (p + q) / 2 * (_optimal(p, q).log() + (1 - _optimal(p, q)).log())),
        ),
        "densities-swapped": (
            *_two_ways(lambda p, q: q * _optimal(p, q).log() + p * (1 - _optimal(p, q)).log()),
            *_two_ways(lambda p, q: xlogy(q, _optimal(p, q)) + xlogy(p, _optimal(q, p))),
        ),
        "js-not-doubled": _v_of_js(lambda js: js - math.log(4)),
        "log-2-not-log-4": _v_of_js(lambda js: 2 * js - math.log(2)),
        "constant-forgotten": _v_of_js(lambda js: 2 * js),
        "constant-with-plus": _v_of_js(lambda js: 2 * js + math.log(4)),
        "loss-not-value": _v_of_js(lambda js: math.log(4) - 2 * js),
        "halved": _v_of_js(lambda js: js - math.log(2)),
        "always-minus-log-4": _v_of_js(lambda js: torch.zeros_like(js) - math.log(4)),
        "even-spacing-assumed": (
            lambda p, q, x: _v_star(p, q).sum(),
            lambda p, q, x: _v_star(p, q).mean(),
            lambda p, q, x: _v_star(p, q).sum() * (x[1] - x[0]),
            lambda p, q, x: _v_star(p, q).mean() * (x[-1] - x[0]),
            lambda p, q, x: torch.trapezoid(_v_star(p, q), dx=float(x[1] - x[0])),
            lambda p, q, x: torch.trapezoid(_v_star(p, q), dx=float(x[-1] - x[0]) / (len(x) - 1)),
        ),
    },
    when={
        "zero-log-zero": lambda t: _right_then_not_finite(t, "V of "),
    },
    lesson="V(D*, G) = 2·JS − log 4: with D at its best, G's whole influence on V is the Jensen-Shannon divergence.",
)

# -- 5 the cross-entropy reading ---------------------------------------------------------------------


def _mixed_batch() -> tuple[Tensor, Tensor]:
    labels = torch.tensor([1.0] * 6 + [0.0] * 6)
    while True:  # an order that is neither sorted nor, half by half, balanced
        labels = labels[torch.randperm(12)]
        if labels[:6].sum() not in (0, 3, 6):
            return torch.randn(12) * 2 + labels, labels


def _ce(logits: Tensor, labels: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, labels)


value_from_labels = sheet.task(
    "value_from_labels",
    "The same V from one labelled batch",
    tried="value_from_labels(logits, labels) on a shuffled batch of 6 real (label 1) and 6 fake (label 0), three times",
    setup=_three(_mixed_batch),
    worlds={
        "two logits": _three(lambda: (torch.randn(2), torch.tensor([0.0, 1.0]))),
    },
    observe=_observe_v,
    reference=lambda logits, labels: -2 * _ce(logits, labels),
    hints="""
        cross-entropy-itself: This is the cross-entropy that D minimises: positive, where V is negative, and half its
          size. Write down V and the cross-entropy for this batch and compare sign and factor.
        not-doubled: The sign is right, the size is half. The mean over the mixed batch divides each sum by 12; V
          divides each by the number of its own samples, 6.
        sign: The size is right, the sign is not: a cross-entropy is minimised, V is what D maximises.
        sum-not-mean: You summed over the batch: V is made of expectations, and a sum grows with the batch.
        labels-swapped: The labels are read the wrong way round: label 1 is real and goes with log D, label 0 is fake
          and goes with log(1 − D).
        sigmoid-twice: The sigmoid is applied twice: `binary_cross_entropy_with_logits` has its own inside and was given
          probabilities. Everything is squeezed into [½, 0.73], and no D can reach V = 0.
        logits-as-probabilities: `binary_cross_entropy` wants probabilities and got logits, which may be any number.
          Either turn them into probabilities first or use the version with logits.
        order-assumed: The first half is taken for real and the second for fake, but the batch is shuffled: `labels`
          says which is which.
        only-real: Only the samples with label 1 count here. With label 0 the first term is multiplied by 0, so the
          second one, log(1 − D), has to carry its own weight.
        no-selection: Every sample enters both terms, so the labels have no effect. Each sample belongs to one term: the
          label chooses it.
    """,
    like={
        "cross-entropy-itself": _ce,
        "not-doubled": lambda logits, labels: -_ce(logits, labels),
        "sign": lambda logits, labels: 2 * _ce(logits, labels),
        "sum-not-mean": (
            lambda logits, labels: -_ce(logits, labels) * len(logits),
            lambda logits, labels: -2 * _ce(logits, labels) * len(logits),
            lambda logits, labels: _ce(logits, labels) * len(logits),
        ),
        "labels-swapped": (
            lambda logits, labels: -2 * _ce(logits, 1 - labels),
            lambda logits, labels: -_ce(logits, 1 - labels),
            lambda logits, labels: _ce(logits, 1 - labels),
        ),
        "sigmoid-twice": (
            lambda logits, labels: -2 * _ce(logits.sigmoid(), labels),
            lambda logits, labels: -_ce(logits.sigmoid(), labels),
            lambda logits, labels: _ce(logits.sigmoid(), labels),
        ),
        "logits-as-probabilities": lambda logits, labels: -2 * F.binary_cross_entropy(logits, labels),
        "order-assumed": (
            lambda logits, labels: value(logits[:6], logits[6:]),
            lambda logits, labels: -2 * _ce(logits, (torch.arange(12) < 6).float()),
            lambda logits, labels: value(logits[6:], logits[:6]),
        ),
        "only-real": (
            lambda logits, labels: 2 * (labels * _log_d(logits)).mean(),
            lambda logits, labels: (labels * _log_d(logits)).mean(),
            lambda logits, labels: _log_d(logits[labels == 1]).mean(),
        ),
        "no-selection": (
            lambda logits, labels: value(logits, logits),
            lambda logits, labels: -2 * _ce(logits, torch.ones_like(logits)),
            lambda logits, labels: -2 * _ce(logits, torch.zeros_like(logits)),
        ),
    },
    when={
        "logits-as-probabilities": lambda t: t.error is not None and "between 0 and 1" in str(t.error),
    },
    lesson="The minimax game is a classification: V = −2 × cross-entropy if real and fake are equally frequent.",
)

# -- 6 the gradient of D's loss, by hand -------------------------------------------------------------

loss_gradients = sheet.task(
    "loss_gradients",
    "D's loss, differentiated by hand",
    tried="loss_gradients(real_logits, fake_logits) on 5 real and 3 fake logits, without autograd; autograd's "
    "gradients",
    setup=lambda: (2 * torch.randn(5), 2 * torch.randn(3)),
    worlds={
        "one logit each": lambda: (torch.randn(1), torch.randn(1)),
        "logits far out": lambda: (torch.tensor([-40.0, 40.0]), torch.tensor([-90.0, 0.0, 90.0])),
    },
    observe=by_hand("the gradient by real_logits", "the gradient by fake_logits"),
    reference=by_autograd(lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean()),
    hints="""
        of-the-value: These are the gradients of V, which D wants large. D's loss is −V: both signs turn.
        mean-forgotten: Each entry is the slope of its own term. The loss holds means: what does one logit of N move?
        one-mean: You divided by the number of all logits together. Each batch has a mean of its own.
        by-the-probability: These are slopes by D, not by the logit: the sigmoid between them contributes a factor, D(1
          − D).
        sigmoid-slope-alone: D(1 − D) is the slope of the sigmoid. The logarithm outside it contributes a factor, too.
        fakes-as-real: The fakes are pulled up like real samples: their term is −log(1 − D).
        swapped: The two gradients have changed places.
    """,
    like={
        "of-the-value": lambda real, fake: ((1 - real.sigmoid()) / len(real), -fake.sigmoid() / len(fake)),
        "mean-forgotten": lambda real, fake: (real.sigmoid() - 1, fake.sigmoid()),
        "one-mean": lambda real, fake: tuple(
            slope / (len(real) + len(fake)) for slope in (real.sigmoid() - 1, fake.sigmoid())
        ),
        "by-the-probability": lambda real, fake: (
            -1 / (real.sigmoid() * len(real)),
            1 / ((1 - fake.sigmoid()) * len(fake)),
        ),
        "sigmoid-slope-alone": lambda real, fake: tuple(
            sign * a.sigmoid() * (1 - a.sigmoid()) / len(a) for sign, a in ((-1, real), (1, fake))
        ),
        "fakes-as-real": lambda real, fake: ((real.sigmoid() - 1) / len(real), (fake.sigmoid() - 1) / len(fake)),
        "swapped": lambda real, fake: (fake.sigmoid() / len(fake), (real.sigmoid() - 1) / len(real)),
    },
    mistakes=(USED_AUTOGRAD,),
    lesson="Verdict minus label, over the batch: a sure and right verdict gives no pull, a wrong one pulls with 1/N "
    "at most.",
)

# -- 7 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read three estimates",
    lesson="An estimate on points that D has learned from is no estimate of V: keep some aside.",
)
logs, draw = READING.logs, READING.draw

# -- 8 which conventions agree -----------------------------------------------------------------------

Objective = Callable[[Tensor, Tensor], Tensor]


def _half_weighted_sum(real: Tensor, fake: Tensor) -> Tensor:
    """L_D + L_G with the ½-weighted losses of some notes: it is not the minimax value."""
    return -value(real, fake) / 2 - _log_d(fake).mean() / 2


#: What D is told to optimise, in words; as a function of logits; and how it plays the minimax game by it.
OBJECTIVES: dict[str, tuple[Objective, str]] = {
    "V": (value, "maximise"),
    "V + 10": (lambda real, fake: value(real, fake) + 10, "maximise"),
    "−½ V, the cross-entropy": (lambda real, fake: -value(real, fake) / 2, "minimise"),
    "L_D + L_G, the 'combined loss'": (_half_weighted_sum, "neither"),
    "mean log D(x) + ½ mean log(1 − D(G(z)))": (
        lambda real, fake: _log_d(real).mean() + _log_not_d(fake).mean() / 2,
        "neither",
    ),
    "mean log(1 − D(G(z))) − mean log D(x)": (
        lambda real, fake: _log_not_d(fake).mean() - _log_d(real).mean(),
        "neither",
    ),
    "mean a(x) − mean a(G(z))": (lambda real, fake: real.mean() - fake.mean(), "neither"),
}


#: The same question with other factors.
_SCALED: dict[str, tuple[Objective, str]] = {
    "V / 3": (lambda real, fake: value(real, fake) / 3, "maximise"),
    "5 V − 1": (lambda real, fake: 5 * value(real, fake) - 1, "maximise"),
    "−7 V": (lambda real, fake: -7 * value(real, fake), "minimise"),
    "V + the fake term": (lambda real, fake: value(real, fake) + _log_not_d(fake).mean(), "neither"),
}


def _observe_verdicts(answer: Answer, world: tuple[Any, ...]) -> Observation:
    verdicts = {}
    logits, objectives = world[:2], world[2] if len(world) > 2 else OBJECTIVES
    for name, (objective, _) in objectives.items():
        real, fake = (batch.clone().requires_grad_() for batch in logits)
        verdict = answer(objective, real, fake)
        if not isinstance(verdict, str):
            raise Reject(
                "verdict-as-text",
                verdict,
                "'maximise', 'minimise' or 'neither'",
                "The verdict is one of the three words, as text.",
            )
        verdicts[f"verdict on {name}"] = verdict.strip().lower().replace("ize", "ise")
    return verdicts


def _gradient(objective: Objective, real: Tensor, fake: Tensor, of: str = "both") -> Tensor:
    parts = torch.autograd.grad(objective(real, fake), (real, fake), allow_unused=True, materialize_grads=True)
    return torch.cat(parts) if of == "both" else parts[0 if of == "real" else 1]


def _parallel(g: Tensor, v: Tensor) -> str:
    cosine = float(F.cosine_similarity(g, v, dim=0))
    return "maximise" if cosine > 0.9999 else "minimise" if cosine < -0.9999 else "neither"


def _judge_by(compare: Callable[[Tensor, Tensor], str], of: str = "both") -> Answer:
    return lambda objective, real, fake: compare(_gradient(objective, real, fake, of), _gradient(value, real, fake, of))


def _equal_or_opposite(g: Tensor, v: Tensor) -> str:
    g, v = g.reshape(-1), v.reshape(-1)
    return "maximise" if torch.allclose(g, v) else "minimise" if torch.allclose(g, -v) else "neither"


def _same_signs(g: Tensor, v: Tensor) -> str:
    return _equal_or_opposite(g.sign(), v.sign())


def _batch_by_batch(objective: Objective, real: Tensor, fake: Tensor) -> str:
    verdicts = {
        _parallel(_gradient(objective, real, fake, of), _gradient(value, real, fake, of)) for of in ("real", "fake")
    }
    return verdicts.pop() if len(verdicts) == 1 else "neither"


def _upside_down(objective: Objective, real: Tensor, fake: Tensor) -> str:
    swap = {"maximise": "minimise", "minimise": "maximise", "neither": "neither"}
    return swap[_parallel(_gradient(objective, real, fake), _gradient(value, real, fake))]


convention = sheet.task(
    "convention",
    "Which conventions agree",
    tried=f"convention(objective, real_logits, fake_logits) for {len(OBJECTIVES)} objectives",
    setup=_real_and_fake_logits,
    worlds={"other factors": lambda: (*_real_and_fake_logits(), _SCALED)},
    observe=_observe_verdicts,
    reference=_judge_by(_parallel),
    hints="""
        values-compared: You compared the value of the objective with the value of V. A constant or a factor changes the
          value, not what D does: D follows the gradient.
        factor-counts: You asked for equal gradients. A positive factor only rescales D's steps, so half the gradient
          still plays the same game. Compare directions.
        signs-only: You compared only the signs of the slopes. Every sensible objective pushes real logits up and fake
          logits down; what makes D* is how much each sample counts.
        real-batch-only: Only the slopes by `real_logits` are compared. The 'combined loss' leaves those alone and
          spoils the other ones: look at both batches.
        fake-batch-only: Only the slopes by `fake_logits` are compared. An objective may treat the fakes as V does and
          the real samples the other way: look at both batches.
        factor-per-batch: Each batch is compared by itself, so each may have a factor of its own. With ½ on the fake
          term only, D's best answer is no longer p_data/(p_data + p_gen): one factor must serve both.
        upside-down: The two verbs have changed places: an objective whose gradient points along V's is to be maximised
          by D.
        never-neither: Your verdict is the sign of a scalar product, so it is never 'neither'. Two gradients may lean
          the same way without pointing the same way: D then heads for another answer than D*.
        sign-of-the-value: You judged by the sign of the objective's value. That depends on a constant which D never
          feels. Look at what the objective does when a logit moves.
    """,
    like={
        "values-compared": lambda objective, real, fake: _equal_or_opposite(objective(real, fake), value(real, fake)),
        "factor-counts": _judge_by(_equal_or_opposite),
        "signs-only": (_judge_by(_same_signs),),
        "real-batch-only": _judge_by(_parallel, of="real"),
        "fake-batch-only": _judge_by(_parallel, of="fake"),
        "factor-per-batch": _batch_by_batch,
        "upside-down": _upside_down,
        "never-neither": _judge_by(lambda g, v: "maximise" if float(g @ v) > 0 else "minimise"),
        "sign-of-the-value": (
            lambda objective, real, fake: "maximise" if objective(real, fake) < 0 else "minimise",
            lambda objective, real, fake: "maximise" if objective(real, fake) > 0 else "minimise",
        ),
    },
    lesson="Constants and positive factors are matters of taste. The 'combined loss' L_D + L_G is another "
    "game: in it the fake term no longer pulls towards D*.",
)

# -- 9 find the bug ----------------------------------------------------------------------------------


class _Discriminator(nn.Module):
    """(N, 1) to logits (N,): small and smooth, so that a tiny step follows the gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, 5), nn.Tanh(), nn.Linear(5, 1)).double()

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x).squeeze(1)
        return logits


def _fit_world() -> dict[str, Any]:
    discriminator = _Discriminator()
    with torch.no_grad():
        for parameter in discriminator.layers[2].parameters():
            parameter.mul_(3)  # logits of some size, so that a second sigmoid shows
    return {
        "discriminator": discriminator,
        "stale": [torch.randn_like(p) for p in discriminator.parameters()],
        "real": torch.randn(12, 1, dtype=torch.float64) * 0.7 - 1,
        "fake": torch.randn(4, 1, dtype=torch.float64) * 0.7 + 1,
    }


def _weights_after(answer: Answer, world: Mapping[str, Any], steps: int) -> Tensor:
    """The change of D's weights, starting with leftover gradients, as after a turn of the generator."""
    discriminator = world["discriminator"]
    parameters = [*discriminator.parameters()]
    start = [p.detach().clone() for p in parameters]
    for parameter, gradient in zip(parameters, world["stale"], strict=True):
        parameter.grad = gradient.clone()
    optimizer = torch.optim.SGD(parameters, lr=1e-4)
    answer(discriminator, optimizer, world["real"].clone(), world["fake"].clone(), steps)
    change = torch.cat([(p.detach() - s).flatten() for p, s in zip(parameters, start, strict=True)])
    with torch.no_grad():
        for parameter, s in zip(parameters, start, strict=True):
            parameter.copy_(s)
    return change


def _observe_fit(answer: Answer, world: Mapping[str, Any]) -> Observation:
    one, two = _weights_after(answer, world, 1), _weights_after(answer, world, 2)
    length = one.norm()
    if length == 0:
        raise Reject(
            "no-step",
            "weights that do not move",
            "weights that move",
            "D is never updated. Does the optimiser step inside the loop, and does a gradient reach the weights?",
        )
    return {"direction of D's first step": one / length, "two steps over one step": two.norm() / length}


def _fit(discriminator: nn.Module, optimizer: torch.optim.Optimizer, real: Tensor, fake: Tensor, steps: int) -> str:
    """D's training loop. The step's length is free: only its direction is judged."""
    for _ in range(steps):
        losses = F.softplus(-discriminator(real)), F.softplus(discriminator(fake))
        loss = losses[0].mean() + losses[1].mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return "done"


_SIGMOID = (("-discriminator(real)", "-discriminator(real).sigmoid()"), ("(fake)", "(fake).sigmoid()"))
_ONE_MEAN = (("losses[0].mean() + losses[1].mean()", "torch.cat(losses).mean()"),)
_UNCLEARED = (("optimizer.zero_grad()", ""),)
_ONCE = (*_UNCLEARED, ("for _", "optimizer.zero_grad()\n    for _"))
_POOLED = (
    "All samples share one mean, and there are three times as many real ones: D learns that real is the "
    "likelier answer everywhere. V gives either side its own mean."
)
_TWICE = (
    "`binary_cross_entropy_with_logits` is given probabilities: its own sigmoid comes on top, and even a D "
    "that is sure and right pays 0.31 for a real sample and 0.69 for a fake."
)
_STALE = (
    "Gradients add up in `.grad`: D also follows what was left there before, by its last steps and by the "
    "generator's turn."
)

fit_discriminator = sheet.task(
    "fit_discriminator",
    "Find the bugs: a discriminator that misses D*",
    tried="fit_discriminator(…) on 12 real and 4 fake points: one step, then two, from weights with leftover gradients",
    setup=_fit_world,
    observe=_observe_fit,
    tolerance={"direction of D's first step": 1e-3, "two steps over one step": 0.02},
    reference=_fit,
    blank=edited(_fit, (*_SIGMOID, *_ONE_MEAN, *_UNCLEARED)),
    hints=f"""
        sigmoid-twice: One bug is left. {_TWICE}
        pooled: One bug is left. {_POOLED}
        stale-gradients: One bug is left. {_STALE}
        sigmoid-and-pooled: Two bugs are left, both in the loss. Print the smallest and the largest number that the loss
          is given, and ask what changes if every real sample is given twice.
        sigmoid-and-stale: Two bugs are left: one in what the loss is given, one in what the optimiser finds in `.grad`
          when it steps.
        pooled-and-stale: Two bugs are left: one in how the loss weighs the two batches, one in what the optimiser finds
          in `.grad` when it steps.
        zeroed-once: The gradients are cleared before the loop only: from the second step on D also follows all earlier
          ones.
        real-thrown-away: You made the batches equal by dropping real samples. The estimate is unbiased again, but two
          thirds of the data are gone. Weigh the batches instead.
        labels-swapped: D now climbs where it should descend: label 1 belongs to real samples.
        one-step-only: One step is made, whatever `steps` says. Is the loop, or its indentation, still there?
    """,
    like=likes(
        _fit,
        {
            "sigmoid-twice": [_SIGMOID],
            "pooled": [_ONE_MEAN],
            "stale-gradients": [
                _UNCLEARED,
                (*_UNCLEARED, ("optimizer.step()", "optimizer.step(); optimizer.zero_grad()")),
            ],
            "sigmoid-and-pooled": [(*_SIGMOID, *_ONE_MEAN)],
            "sigmoid-and-stale": [(*_SIGMOID, *_UNCLEARED)],
            "pooled-and-stale": [(*_ONE_MEAN, *_UNCLEARED)],
            "zeroed-once": [_ONCE, (*_ONCE, *_ONE_MEAN), (*_ONCE, *_SIGMOID)],
            "real-thrown-away": [("for _", "real = real[: len(fake)]\n    for _")],
            "labels-swapped": [
                (("-discriminator(real)", "discriminator(real)"), ("(discriminator(fake", "(-discriminator(fake"))
            ],
            "one-step-only": [("range(steps)", "range(1)")],
        },
    ),
    lesson="D now follows the gradient of V, whatever the sizes of the batches, and nothing else.",
)

# -- challenge ---------------------------------------------------------------------------------------

#: (centres, standard deviations) of the two mixtures of each pair.
_PAIRS: tuple[tuple[tuple[tuple[float, ...], tuple[float, ...]], ...], ...] = (
    (((0.0,), (1.0,)), ((1.0,), (1.0,))),
    (((0.0,), (1.0,)), ((0.5,), (2.0,))),
    (((-1.5, 1.5), (0.5, 0.5)), ((0.0,), (1.0,))),
    (((-2.0, 0.0, 2.0), (0.4, 0.4, 0.4)), ((-1.0, 1.0), (0.4, 0.4))),
    (((0.0,), (1.0,)), ((0.1,), (1.1,))),
)

#: Mean error of a discriminator with 2 x 32 units, trained for 300 steps of Adam (lr 0.01) on all samples, whose V on
#: those same samples gives the estimate: the mean over eight draws (0.016 to 0.037).
BAR = 0.024
SAMPLES, DRAWS = 200, 3


def challenge(estimate_js: Any, draws: int = DRAWS) -> Score:
    """Compare ``estimate_js(real, fake)`` with the exact JS of five pairs of 1-D densities.

    ``real`` and ``fake`` are (200, 1) samples; the estimate is one number, in nats. Samples and torch's random numbers
    are seeded for each draw, and torch's own state is put back.
    """
    from ganbook.data import toy

    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)

    def play(_draw: int) -> float:
        wrong_by = []
        for pair in _PAIRS:
            real, fake = (toy.mixture_1d(centres, stds) for centres, stds in pair)
            exact = torch.trapezoid(_js(real.density(x), fake.density(x)), x)
            estimate = estimate_js(real.sample(SAMPLES), fake.sample(SAMPLES))
            if estimate is None or estimate is Ellipsis:
                raise NoScore("Nothing came back: return the estimate.")
            wrong_by.append(abs(float(estimate) - float(exact)))
        return sum(wrong_by) / len(wrong_by)

    def told(errors: tuple[float, ...], mean: float) -> str:
        text = f"challenge: mean error {mean:.3f} nats over five pairs of densities ({listed(errors, 3)} for each draw)"
        return f"{text}; {verdict(BAR, mean < BAR, 3)}"

    return scored(play, range(draws), told)

"""Checks for the exercises of chapter 8, Measuring a generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.checks.challenge import NoScore, Score, listed, scored, verdict
from ganbook.checks.compare import Observation, as_array, describe
from ganbook.checks.readings.measuring import READING
from ganbook.checks.task import Answer, Reject, Sheet, pair

sheet = Sheet("measuring", "Exercises 8: Measuring a generator")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed


def _observe_two(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    first, second = (tuple(part.clone() for part in pair) for pair in (world[:2], world[2:]))
    return {"the first result": answer(*first), "the second result": answer(*second)}


# -- 1 the Inception score ---------------------------------------------------------------------------


def _probabilities() -> tuple[Tensor]:
    p = (2 * torch.randn(11, 5, dtype=torch.float64)).softmax(1)
    p[3] = torch.eye(5)[1]  # a classifier may be entirely sure
    return (p.roll(1, 0),)


def _log_ratio(p: Tensor, q: Tensor) -> Tensor:
    ratio: Tensor = torch.special.xlogy(p, p) - torch.special.xlogy(p, q.expand_as(p))
    return ratio


def _kls(p: Tensor) -> Tensor:
    return _log_ratio(p, p.mean(0)).sum(1)


def _entropy(p: Tensor) -> Tensor:
    entropy: Tensor = -torch.special.xlogy(p, p).sum(-1)
    return entropy


def _reversed(least: float) -> Answer:
    def score(p: Tensor) -> Tensor:
        p = p.clamp(min=least)
        return (p.mean(0) * (p.mean(0).log() - p.log())).sum(1).mean().exp()

    return score


inception_score = sheet.task(
    "inception_score",
    "The Inception score, from probabilities",
    tried="inception_score(probabilities) on 11 images and 5 classes; the classifier is entirely sure of one image",
    setup=_probabilities,
    worlds={
        "one image": lambda: (torch.rand(1, 4, dtype=torch.float64).softmax(1),),
        "all sure, two classes": lambda: (torch.eye(2, dtype=torch.float64)[[0, 1, 1, 0, 1]],),
    },
    reference=lambda p: _kls(p).mean().exp(),
    hints="""
        not-finite: A probability of exactly 0 meets a logarithm: 0 · log 0 came out as NaN. In this sum it is 0,
          because x log x → 0; `torch.special.xlogy` knows that.
        no-exponential: This is the mean divergence, in nats. The score is its exponential, so that it counts classes.
        base-2: The logarithm has base 2 and the exponential base e, or the other way round. Any base will do if both
          are the same.
        divergence-reversed: KL(p(y) ‖ p(y|x)) is the wrong way round: it is infinite as soon as a classifier is sure of
          an image, which is what the score should reward.
        uniform-marginal: p(y) is the mean over the *images*, one number per class. Averaged over the classes it is the
          uniform distribution, whatever the classifier says, and a class that never occurs costs nothing.
        exponential-first: The exponential comes after the mean over the images; yours is a mean of exponentials.
        diversity-only: This is the entropy of p(y) alone: it rewards variety and forgets certainty. Noise whose classes
          are a coin toss would win.
        certainty-only: This is the mean entropy of p(y|x) alone: it looks at certainty (and a low value is good) and
          forgets variety.
        sum-over-images: The divergences were added up over the images instead of averaged: the score grows with their
          number.
        mean-over-classes: A divergence is a *sum* over the classes. You averaged over classes and images alike.
    """,
    like={
        "no-exponential": lambda p: _kls(p).mean(),
        "base-2": (lambda p: (_kls(p) / math.log(2)).mean().exp(), lambda p: 2 ** _kls(p).mean()),
        "divergence-reversed": tuple(_reversed(least) for least in (0.0, 1e-12, 1e-10, 1e-8)),
        "uniform-marginal": lambda p: _log_ratio(p, p.mean(1, keepdim=True)).sum(1).mean().exp(),
        "exponential-first": lambda p: _kls(p).exp().mean(),
        "diversity-only": (lambda p: _entropy(p.mean(0)).exp(), lambda p: _entropy(p.mean(0))),
        "certainty-only": (
            lambda p: _entropy(p).mean().exp(),
            lambda p: (-_entropy(p).mean()).exp(),
            lambda p: _entropy(p).mean(),
        ),
        "sum-over-images": lambda p: _kls(p).sum().exp(),
        "mean-over-classes": lambda p: _log_ratio(p, p.mean(0)).mean().exp(),
    },
    when={
        "not-finite": lambda t: math.isnan(float(t.got["the result"])),
    },
    lesson="Certain of each, even over all, and no real image anywhere in the formula.",
)

# -- 2 extrapolation ---------------------------------------------------------------------------------


def _scores_by_n() -> tuple[Tensor, ...]:
    """Sizes and scores of two generators."""
    ns = torch.tensor([1600, 100, 200, 800, 400, 50], dtype=torch.float64)
    limits, slopes = 2 + torch.rand(2, 1, dtype=torch.float64), 150 + 50 * torch.rand(2, 1, dtype=torch.float64)
    one, other = limits + slopes / ns + 0.05 * torch.randn(2, 6, dtype=torch.float64)
    return ns, one, ns, other


def _fitted(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return slope, y.mean() - slope * x.mean()


extrapolated = sheet.task(
    "extrapolated",
    "What would infinitely many samples score?",
    tried="extrapolated(ns, scores) on six sizes from 50 to 1600, in no order, and the noisy scores of two generators",
    setup=_scores_by_n,
    observe=_observe_two,
    reference=lambda ns, scores: _fitted(1 / ns, scores)[1],
    hints="""
        slope: You returned the slope of the line. The score of infinitely many samples is its value where 1/n is 0.
        against-n: The line was fitted against n. The bias falls as 1/n, so it is against 1/n that the scores lie on a
          line, and n = 0 is the wrong end.
        against-root: The line was fitted against 1/√n. That is how the spread of a mean falls; the bias of the Fréchet
          distance falls as 1/n.
        log-log: A line in log-log scale is a pure power: it goes to 0 for large n, and its intercept is the score at n
          = 1. The limit that you look for is added to the power.
        one-measurement: This is one of the measured scores. Even the one with the most samples still holds its bias.
        mean: The mean of all scores is dominated by the small samples, whose bias is the largest.
        two-points: Two points give a line, and all their noise. Fit all six.
        bias-subtracted-as-n: You multiplied by n where you should have divided: the product n · score grows like n, and
          its slope or mean is another thing than the limit.
    """,
    like={
        "slope": lambda ns, scores: _fitted(1 / ns, scores)[0],
        "against-n": lambda ns, scores: _fitted(ns, scores)[1],
        "against-root": lambda ns, scores: _fitted(ns.rsqrt(), scores)[1],
        "log-log": (
            lambda ns, scores: _fitted(ns.log(), scores.log())[1].exp(),
            lambda ns, scores: _fitted(ns.log(), scores.log())[1],
            lambda ns, scores: _fitted(ns.log(), scores)[1],
        ),
        "one-measurement": (
            lambda ns, scores: scores[ns.argmax()],
            lambda ns, scores: scores[-1],
            lambda ns, scores: scores.min(),
            lambda ns, scores: scores[0],
        ),
        "mean": (lambda ns, scores: scores.mean(), lambda ns, scores: (ns * scores).sum() / ns.sum()),
        "two-points": lambda ns, scores: _two_largest(ns, scores),
        "bias-subtracted-as-n": (
            lambda ns, scores: _fitted(ns, ns * scores)[1],
            lambda ns, scores: (ns * scores).mean(),
        ),
    },
    lesson=(
        "The intercept is the score without its bias; the slope, and so the bias at a given n, belongs to the "
        "generator."
    ),
)


def _two_largest(ns: Tensor, scores: Tensor) -> Tensor:
    (n, m), (s, t) = (v[ns.argsort(descending=True)[:2]] for v in (ns, scores))
    limit: Tensor = (n * s - m * t) / (n - m)
    return limit


# -- 3 the Fréchet distance --------------------------------------------------------------------------


def _correlated() -> tuple[Tensor, ...]:
    """Two pairs of sets: with one, two different mistakes may agree by chance."""
    sets = [torch.randn(n, 3) @ torch.randn(3, 3) + shift for n, shift in ((9, 1.0), (14, -0.5), (11, 0.0), (8, 0.7))]
    return tuple(sets)


def _covariance(f: Tensor, unbiased: bool = True, centred: bool = True) -> Tensor:
    f = f.double()
    c = f - f.mean(0) if centred else f
    return c.T @ c / (len(f) - unbiased)


def _root(matrix: Tensor) -> Tensor:
    """The matrix root of a covariance."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root


def _trace_of_root(a: Tensor, b: Tensor) -> Tensor:
    root = _root(a)
    trace: Tensor = torch.linalg.eigvalsh(root @ b @ root).clamp(min=0).sqrt().sum()
    return trace


def _frechet(
    trace: Callable[[Tensor, Tensor], Tensor] = _trace_of_root,
    mean: Callable[[Tensor], Tensor] = lambda difference: difference.square().sum(),
    factor: float = 2.0,
    finish: Callable[[Tensor], Tensor] = lambda distance: distance,
    **how: bool,
) -> Answer:
    def distance(a: Tensor, b: Tensor) -> Tensor:
        cov_a, cov_b = _covariance(a, **how), _covariance(b, **how)
        covariances = cov_a.trace() + cov_b.trace() - factor * trace(cov_a, cov_b)
        return finish(mean(a.double().mean(0) - b.double().mean(0)) + covariances)

    return distance


def _nothing(difference: Tensor) -> Tensor:
    return torch.zeros((), dtype=torch.float64)


frechet_distance = sheet.task(
    "frechet_distance",
    "The Fréchet distance from scratch",
    tried="frechet_distance(features_a, features_b) on two pairs of sets, of 8 to 14 samples of 3 correlated features",
    setup=_correlated,
    observe=_observe_two,
    reference=_frechet(),
    hints="""
        elementwise-root: The root was taken of each entry of C_a C_b. The formula wants the matrix whose square is C_a
          C_b; its trace is the sum of the roots of the eigenvalues.
        diagonal-only: Only the variances were used: this is the distance if all features were uncorrelated. C_a C_b is
          a matrix product, and the entries off the diagonal take part in it.
        roots-apart: The root of a product is not the product of the roots, unless the two matrices commute. Take the
          root after multiplying.
        root-missing: This subtracts twice the trace of C_a C_b itself: the root is missing, so squares of variances are
          taken from variances.
        mean-term-missing: The covariances are compared and the means are not. Two clouds of equal shape a mile apart
          would score 0.
        means-only: The means are compared and the covariances are not: a generator that always draws the mean image
          would score 0.
        mean-term-not-squared: The distance of the means enters squared; yours is its length (or a mean over the
          features). The other terms have the unit of a square as well.
        biased-covariance: The covariances divide by n. The usual estimate divides by n − 1, and the difference is what
          separates two codes on small samples.
        not-centred: These are second moments, not covariances: subtract the mean of each feature first.
        factor-2-missing: The root of the product is subtracted once instead of twice, so two equal samples do not score
          0. Try that.
        trace-of-difference: This compares the total variances, tr(C_a − C_b). Two clouds of the same size and different
          shape would score 0.
        root-of-the-score: The root of the whole is the distance itself. What is reported everywhere, FID included, is
          its square.
    """,
    like={
        "elementwise-root": (
            _frechet(lambda a, b: (a @ b).sqrt().trace()),
            _frechet(lambda a, b: (a @ b).abs().sqrt().trace()),
            _frechet(lambda a, b: (a @ b).clamp(min=0).sqrt().trace()),
        ),
        "diagonal-only": (
            _frechet(lambda a, b: (a.diagonal() * b.diagonal()).sqrt().sum()),
            _frechet(lambda a, b: _root(a * b).trace()),
        ),
        "roots-apart": _frechet(lambda a, b: (_root(a) @ _root(b)).trace()),
        "root-missing": _frechet(lambda a, b: (a @ b).trace()),
        "mean-term-missing": _frechet(mean=_nothing),
        "means-only": lambda a, b: (a.mean(0) - b.mean(0)).square().sum(),
        "mean-term-not-squared": (_frechet(mean=lambda m: m.norm()), _frechet(mean=lambda m: m.square().mean())),
        "biased-covariance": _frechet(unbiased=False),
        "not-centred": (_frechet(centred=False), _frechet(centred=False, unbiased=False)),
        "factor-2-missing": _frechet(factor=1.0),
        "trace-of-difference": (
            lambda a, b: (a.mean(0) - b.mean(0)).square().sum() + (_covariance(a) - _covariance(b)).trace(),
            lambda a, b: (a.mean(0) - b.mean(0)).square().sum() + (_covariance(a) - _covariance(b)).trace().abs(),
        ),
        "root-of-the-score": _frechet(finish=lambda distance: distance.sqrt()),
    },
    lesson="Two means, two covariances and one matrix root: this is all that the score knows of the images.",
)

# -- 4 the kernel distance ---------------------------------------------------------------------------


def _kernel(x: Tensor, y: Tensor, scale: bool = True, one: float = 1.0, power: int = 3) -> Tensor:
    x, y = x.double(), y.double()
    return (x @ y.T / (x.shape[1] if scale else 1) + one) ** power


def _mmd(
    kept: bool = False,
    over: Callable[[int], float] = lambda n: n * (n - 1),
    cross: float = 2.0,
    finish: Callable[[Tensor], Tensor] = lambda value: value,
    **kernel: Any,
) -> Answer:
    def distance(a: Tensor, b: Tensor) -> Tensor:
        total = -cross * _kernel(a, b, **kernel).mean()
        for x in (a, b):
            k = _kernel(x, x, **kernel)
            total = total + (k.sum() if kept else k.sum() - k.trace()) / over(len(x))
        return finish(total)

    return distance


def _two_pairs() -> tuple[Tensor, ...]:
    """Two sets that differ, and two of one distribution whose estimate happens to be negative."""
    different = torch.randn(7, 4), 1.5 * torch.randn(10, 4) + 0.7
    while True:
        same = torch.randn(7, 4), torch.randn(10, 4)
        if float(_mmd()(*same)) < -0.1:
            return *different, *same


def _observe_kernel(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    return {
        "the distance of two sets that differ": answer(*world[:2]),
        "the distance of two sets from one distribution": answer(*world[2:]),
    }


kernel_distance = sheet.task(
    "kernel_distance",
    "The kernel distance, unbiased",
    tried=(
        "kernel_distance(features_a, features_b) on 7 and 10 samples of 4 features, twice: different and equal sources"
    ),
    setup=_two_pairs,
    observe=_observe_kernel,
    reference=_mmd(),
    hints="""
        diagonal-kept: Each sample is compared with itself too. k(x, x) is large, so two samples of one distribution
          come out apart: the estimate is biased, the more so the fewer samples there are.
        diagonal-kept-and-n-minus-1: The sum still holds the pairs of a sample with itself, and is divided as if they
          were gone.
        divided-by-n-squared: The diagonal is out of the sum and not out of the count: how many ordered pairs of
          different samples are there among n?
        unordered-pairs: Each pair stands twice in the full matrix, as (i, j) and (j, i). You divided a sum of both by
          the number of unordered pairs.
        dimension-missing: The inner product is not divided by the number of features: with 2 048 of them the kernel
          would be the cube of one huge number.
        one-missing: Without the 1 the kernel holds third moments only: it would not see a difference of the means
          alone.
        another-power: The kernel is the third power.
        cross-term-once: The pairs across the two sets count twice: it is the square (a − b)² with its middle term −2ab.
          For equal samples yours is far from 0.
        cross-term-added: The pairs across the sets must lower the distance: similar sets are close.
        root: The squared discrepancy is what is reported. Its unbiased estimate is often negative, and then has no
          root.
        never-negative: Negative estimates were cut off or turned positive. That brings the bias back: the mean over
          many samples of one distribution is then above 0.
        kernel-of-the-means: You averaged the features and then compared. The kernel is not linear: compare all pairs,
          then average.
    """,
    like={
        "diagonal-kept": _mmd(kept=True, over=lambda n: n * n),
        "diagonal-kept-and-n-minus-1": _mmd(kept=True),
        "divided-by-n-squared": _mmd(over=lambda n: n * n),
        "unordered-pairs": _mmd(over=lambda n: n * (n - 1) / 2),
        "dimension-missing": _mmd(scale=False),
        "one-missing": _mmd(one=0.0),
        "another-power": (_mmd(power=2), _mmd(power=1), _mmd(power=4)),
        "cross-term-once": _mmd(cross=1.0),
        "cross-term-added": _mmd(cross=-2.0),
        "root": _mmd(finish=lambda value: value.sqrt()),
        "never-negative": (_mmd(finish=lambda value: value.clamp(min=0)), _mmd(finish=lambda value: value.abs())),
        "kernel-of-the-means": lambda a, b: sum(
            sign * _kernel(x.mean(0, keepdim=True), y.mean(0, keepdim=True)).squeeze()
            for sign, x, y in ((1, a, a), (1, b, b), (-2, a, b))
        ),
    },
    lesson="Right on average at any n, and free to be negative: that is what unbiased means.",
)

# -- 5 precision and recall --------------------------------------------------------------------------

Shares = tuple[Tensor, Tensor]


def _six_pairs() -> list[tuple[Tensor, Tensor, int]]:
    """Clouds that overlap in part, of different sizes, with an outlier: wrong answers must not agree by chance."""
    pairs = []
    for i in range(6):
        real, fake = torch.randn(26, 2), 1.4 * torch.randn(20, 2) + torch.tensor([1.2, 0.0])
        real[0] = torch.tensor([4.0, 3.0])
        pairs.append((real, fake, 2 + i % 2))
    return pairs


def _observe_shares(answer: Answer, world: list[tuple[Tensor, Tensor, int]]) -> Observation:
    found = []
    for real, fake, k in world:
        both = pair(answer(real.clone(), fake.clone(), k), "precision", "recall")
        arrays = [as_array(share) for share in both]
        if any(array is None or array.size != 1 for array in arrays):
            raise Reject(
                "shape", describe(both[0]), "two numbers", "Precision and recall are one number each: a share."
            )
        found.append([float(array.reshape(())) for array in arrays if array is not None])
    precision, recall = torch.tensor(found, dtype=torch.float64).T
    return {"precision, on six pairs of sets": precision, "recall, on six pairs of sets": recall}


def _radii(points: Tensor, k: int) -> Tensor:
    return torch.cdist(points, points).sort(dim=1).values[:, k]


def _inside(queries: Tensor, points: Tensor, radii: Tensor) -> Tensor:
    """Share of the queries that lie in some ball."""
    return (torch.cdist(queries, points) <= radii).any(1).double().mean()


def _shares(of: Callable[[Tensor, Tensor, int], Tensor]) -> Answer:
    """Precision and recall from one function of (queries, points of the manifold, k)."""
    return lambda real, fake, k: (of(fake, real, k), of(real, fake, k))


def _right_share(queries: Tensor, points: Tensor, k: int) -> Tensor:
    return _inside(queries, points, _radii(points, k))


def _in_the_ball_of_the_nearest(queries: Tensor, points: Tensor, k: int) -> Tensor:
    nearest = torch.cdist(queries, points).min(1)
    return (nearest.values <= _radii(points, k)[nearest.indices]).double().mean()


#: Whole numbers, so that a distance can be exactly a radius; two points at one place are each other's nearest.
_EDGES, _TWINS = torch.tensor([[0.0], [3.0], [6.0], [9.0]]), torch.tensor([[0.0], [0.0], [5.0], [9.0]])


def _no_twins(points: Tensor, k: int) -> Tensor:
    distances = torch.cdist(points, points)
    return distances.where(distances > 0, math.inf).sort(dim=1).values[:, k - 1]


precision_recall = sheet.task(
    "precision_recall",
    "Precision and recall from scratch",
    tried="precision_recall(real, fake, k) on six pairs of sets, 26 real and 20 fake points each, k of 2 and 3",
    setup=_six_pairs,
    worlds={
        "few points, one feature": lambda: [(torch.randn(4, 1), torch.randn(3, 1) + 1, 1) for _ in range(3)],
        "points on the edges of balls, and twins": lambda: [
            (_EDGES, _EDGES + 12, 1),
            (_TWINS, _EDGES - 4, 1),
        ],
    },
    observe=_observe_shares,
    reference=_shares(_right_share),
    hints="""
        swapped: Precision and recall have changed places. Precision judges the fakes, by the balls of the real points;
          recall judges the real points.
        counts-itself: Each point is its own nearest neighbour, at distance 0, and was counted as the first of the k.
          Your balls reach to neighbour k − 1, so both shares come out too small.
        one-too-far: Your balls reach to neighbour k + 1. With the point itself in the sorted row, neighbour k stands at
          index k.
        one-radius-for-all: All balls have the same radius. Each has its own, so that the manifold is tight where points
          are dense.
        wrong-owner-of-the-ball: The balls are drawn around the points being judged. A fake that is far from everything
          has a huge ball of its own: it would call itself real.
        edge-outside: A point exactly on the edge of a ball lies inside: the radius is the distance of a neighbour, and
          that belongs to the manifold.
        twins-dropped: Two points at one place are neighbours, at distance 0. You left out every distance of 0; only a
          point itself is none of its neighbours.
        nearest-ball-only: Only the ball of the nearest point was asked. A point may lie outside that one and inside the
          larger ball of a point further away: any ball will do.
        in-all-balls: A point counts if it lies in *some* ball; yours must lie in all of them at once.
        counts-pairs: This is the share of all pairs (point, ball), or the number of balls a point lies in. Ask first,
          for each point, whether any ball holds it; then average.
        coverage-for-recall: Your second number is the share of *real* balls that hold a fake: that is coverage. Recall
          draws the balls around the fakes.
    """,
    like={
        "swapped": lambda real, fake, k: (_right_share(real, fake, k), _right_share(fake, real, k)),
        "counts-itself": _shares(lambda q, p, k: _inside(q, p, _radii(p, k - 1))),
        "one-too-far": _shares(lambda q, p, k: _inside(q, p, _radii(p, k + 1))),
        "one-radius-for-all": (
            _shares(lambda q, p, k: _inside(q, p, _radii(p, k).max())),
            _shares(lambda q, p, k: _inside(q, p, _radii(p, k).mean())),
            _shares(lambda q, p, k: _inside(q, p, _radii(p, k).median())),
        ),
        "wrong-owner-of-the-ball": _shares(
            lambda q, p, k: (torch.cdist(q, p) <= _radii(q, k)[:, None]).any(1).double().mean()
        ),
        "edge-outside": _shares(lambda q, p, k: (torch.cdist(q, p) < _radii(p, k)).any(1).double().mean()),
        "twins-dropped": _shares(lambda q, p, k: _inside(q, p, _no_twins(p, k))),
        "nearest-ball-only": _shares(_in_the_ball_of_the_nearest),
        "in-all-balls": _shares(lambda q, p, k: (torch.cdist(q, p) <= _radii(p, k)).all(1).double().mean()),
        "counts-pairs": (
            _shares(lambda q, p, k: (torch.cdist(q, p) <= _radii(p, k)).double().mean()),
            _shares(lambda q, p, k: (torch.cdist(q, p) <= _radii(p, k)).double().sum(1).mean() / k),
        ),
        "coverage-for-recall": lambda real, fake, k: (
            _right_share(fake, real, k),
            (torch.cdist(real, fake).min(1).values <= _radii(real, k)).double().mean(),
        ),
    },
    lesson="Two questions, two numbers: is what is drawn real, and is what is real drawn?",
)

# -- 6 the memorisation test -------------------------------------------------------------------------


def _four_trials() -> list[tuple[Tensor, Tensor, Tensor]]:
    """Points of a coarse lattice, so that many distances are equal."""

    def points(n: int) -> Tensor:
        return torch.randint(0, 7, (n, 2)).float()

    return [(points(12), points(9), points(15)) for _ in range(4)]


def _observe_nearer(answer: Answer, world: list[tuple[Tensor, Tensor, Tensor]]) -> Observation:
    found = []
    for trial in world:
        array = as_array(answer(*(part.clone() for part in trial)))
        if array is None or array.size != 1:
            raise Reject("shape", describe(array), "one number", "The answer is one number: a share of all pairs.")
        found.append(float(array.reshape(())))
    return {"the share, in four trials": torch.tensor(found, dtype=torch.float64)}


def _nearest(queries: Tensor, points: Tensor) -> Tensor:
    distances: Tensor = (queries[:, None] - points[None]).square().sum(2).min(1).values.double().sqrt()
    return distances


def _pairs(samples: Tensor, held_out: Tensor, ties: float = 0.5) -> Tensor:
    """Share of the pairs in which the sample's distance is the smaller one."""
    a, b = samples[:, None], held_out[None]
    return (a < b).double().mean() + ties * (a == b).double().mean()


def _mean_distance(queries: Tensor, points: Tensor) -> Tensor:
    return torch.cdist(queries, points).double().mean(1)


nearer_share = sheet.task(
    "nearer_share",
    "Does it copy?",
    tried=(
        "nearer_share(samples, train, held_out) on four trials with points of a lattice, where many distances are equal"
    ),
    setup=_four_trials,
    worlds={
        "one point each": lambda: [(torch.randn(1, 2), torch.randn(1, 2), torch.randn(1, 2))],
        "one number a point": lambda: [(torch.randn(5, 1), torch.randn(7, 1), torch.randn(3, 1))],
        "samples that were copied": lambda: [(torch.eye(3), torch.eye(3), 2 * torch.eye(3))],
    },
    observe=_observe_nearer,
    reference=lambda s, t, h: _pairs(_nearest(s, t), _nearest(h, t)),
    hints="""
        ties-dropped: Pairs with equal distances count for nothing here. Count them half: a generator that draws exactly
          like the data should score ½.
        ties-counted-whole: Pairs with equal distances count as copied. Count them half: a generator that draws exactly
          like the data should score ½.
        ties-left-out-of-the-pairs: Pairs with equal distances were left out of the count altogether. They belong to all
          pairs, and count half.
        the-other-way-round: This is the share of pairs in which the sample is *further* away: copies would score 0.
        minimum-over-the-wrong-set: The minimum runs over the samples: for each training point you found its nearest
          sample. A generator that copies one image only would go unnoticed.
        mean-over-the-training-set: You took the mean distance to all training points. A copy is near to *one* of them,
          and as far as anything from the others.
        nearer-to-train-or-to-held-out: You asked whether a sample is nearer to the training set or to the held-out set.
          That depends on how large the two are. The held-out points are a second set of *samples* here: how far are
          they from the training set?
        against-one-threshold: Each sample was compared with one number, a mean or a median of the held-out distances.
          Compare all pairs, and the whole of both distributions counts.
        ratio-of-means: This is a ratio (or a difference) of mean distances, which one far sample can tip. Count pairs.
    """,
    like={
        "ties-dropped": lambda s, t, h: _pairs(_nearest(s, t), _nearest(h, t), ties=0.0),
        "ties-counted-whole": lambda s, t, h: _pairs(_nearest(s, t), _nearest(h, t), ties=1.0),
        "ties-left-out-of-the-pairs": lambda s, t, h: (
            _pairs(_nearest(s, t), _nearest(h, t), ties=0.0)
            / (1 - _pairs(_nearest(s, t), _nearest(h, t), ties=1.0) + _pairs(_nearest(s, t), _nearest(h, t), ties=0.0))
        ),
        "the-other-way-round": (
            lambda s, t, h: _pairs(_nearest(h, t), _nearest(s, t)),
            lambda s, t, h: _pairs(_nearest(h, t), _nearest(s, t), ties=0.0),
        ),
        "minimum-over-the-wrong-set": lambda s, t, h: _pairs(_nearest(t, s), _nearest(t, h)),
        "mean-over-the-training-set": lambda s, t, h: _pairs(_mean_distance(s, t), _mean_distance(h, t)),
        "nearer-to-train-or-to-held-out": (
            lambda s, t, h: (_nearest(s, t) < _nearest(s, h)).double().mean(),
            lambda s, t, h: (_nearest(s, t) <= _nearest(s, h)).double().mean(),
            lambda s, t, h: _pairs(_nearest(s, t), _nearest(s, h)),
        ),
        "against-one-threshold": (
            lambda s, t, h: (_nearest(s, t) < _nearest(h, t).mean()).double().mean(),
            lambda s, t, h: (_nearest(s, t) < _nearest(h, t).median()).double().mean(),
            lambda s, t, h: (_nearest(s, t) <= _nearest(h, t).median()).double().mean(),
        ),
        "ratio-of-means": (
            lambda s, t, h: _nearest(s, t).mean() / _nearest(h, t).mean(),
            lambda s, t, h: _nearest(h, t).mean() - _nearest(s, t).mean(),
        ),
    },
    lesson="½ for fresh data, 1 for copies: the statistic of Mann and Whitney, on distances to the training set.",
)

# -- 7 the null of a claim ---------------------------------------------------------------------------


def _labels(n: int = 1009, classes: int = 4) -> tuple[Tensor, Tensor]:
    """Classes that were asked for, some far more often than others, and what a judge saw."""
    asked = torch.multinomial(torch.tensor([0.55, 0.25, 0.15, 0.05])[:classes], n, replacement=True)
    seen = torch.where(
        torch.rand(n) < 0.6, asked, torch.multinomial(torch.tensor([0.1, 0.6, 0.2, 0.1])[:classes], n, True)
    )
    return asked, seen


def _classes(labels: Tensor) -> int:
    return len(set(labels.tolist()))


def _frequencies(labels: Tensor) -> Tensor:
    return torch.bincount(labels, minlength=10).double() / len(labels)


def _agreeing(null: Callable[[Tensor, Tensor], Any], share: Callable[[Tensor, Tensor], Any] | None = None) -> Answer:
    def both(asked: Tensor, seen: Tensor) -> tuple[Any, Any]:
        agreement = (asked == seen).double().mean() if share is None else share(asked, seen)
        return agreement, null(asked, seen)

    return both


def _observe_agreement(answer: Answer, world: tuple[Tensor, Tensor]) -> Observation:
    came = pair(answer(*(labels.clone() for labels in world)), "the agreement", "the null")
    return {"the agreement": came[0], "the null": came[1]}


agreement_and_null = sheet.task(
    "agreement_and_null",
    "What if the sentence were false?",
    tried="agreement_and_null(asked, seen) on 1 009 pairs of labels, some classes far more frequent than others",
    setup=_labels,
    worlds={
        "two classes": lambda: _labels(40, 2),
        "one class only": lambda: (torch.zeros(6, dtype=torch.long), torch.tensor([0, 0, 1, 0, 2, 0])),
        "nothing agrees": lambda: (torch.tensor([0, 0, 1, 2]), torch.tensor([1, 2, 0, 0])),
    },
    observe=_observe_agreement,
    reference=_agreeing(lambda asked, seen: (_frequencies(asked) * _frequencies(seen)).sum()),
    hints="""
        one-over-classes: One over the number of classes is chance only where all classes are equally frequent, on one
          side at least.
        of-one-side: You used one side's frequencies twice. A generator that does not listen draws its own mixture,
          whatever is asked for.
        always-the-commonest: This is the best that a generator can do that does not listen. Asked for is what *this*
          one, with its own mixture, would reach.
        one-shuffle: One shuffle is right on average, and another number each time. The mean over all shuffles has a
          formula.
        zero: A generator that does not listen is right by chance now and then.
        disagreement: The first result is the share of pairs that do not agree.
        counted-not-shared: These are counts. A claim speaks of shares, so that it can be compared between sizes.
    """,
    like={
        "one-over-classes": (
            _agreeing(lambda asked, seen: 1 / _classes(asked)),
            _agreeing(lambda asked, seen: 1 / _classes(seen)),
            _agreeing(lambda asked, seen: 1 / _classes(torch.cat((asked, seen)))),
        ),
        "of-one-side": (
            _agreeing(lambda asked, seen: _frequencies(asked).square().sum()),
            _agreeing(lambda asked, seen: _frequencies(seen).square().sum()),
        ),
        "always-the-commonest": (
            _agreeing(lambda asked, seen: _frequencies(asked).max()),
            _agreeing(lambda asked, seen: _frequencies(seen).max()),
        ),
        "one-shuffle": (
            _agreeing(lambda asked, seen: (asked == seen[torch.randperm(len(seen))]).double().mean()),
            _agreeing(lambda asked, seen: (asked[torch.randperm(len(asked))] == seen).double().mean()),
        ),
        "zero": _agreeing(lambda asked, seen: 0.0),
        "disagreement": _agreeing(
            lambda asked, seen: (_frequencies(asked) * _frequencies(seen)).sum(),
            lambda asked, seen: (asked != seen).double().mean(),
        ),
        "counted-not-shared": _agreeing(
            lambda asked, seen: (_frequencies(asked) * _frequencies(seen)).sum() * len(asked),
            lambda asked, seen: (asked == seen).sum(),
        ),
    },
    lesson="The null is what the figure would be if the sentence were false. A band that holds it says nothing, "
    "however narrow.",
)

# -- 8 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read five scores",
    lesson="No score sees everything. Which of them moves, and which does not, names the fault.",
)
logs, draw = READING.logs, READING.draw

# -- 9 find the bugs ---------------------------------------------------------------------------------


class _Eyes(nn.Sequential):
    """A tiny feature network whose batch normalisation has long settled on other statistics than a batch's."""

    def __init__(self) -> None:
        norm = nn.BatchNorm1d(3, dtype=torch.float64)
        super().__init__(nn.Flatten(), nn.Linear(16, 3, dtype=torch.float64), nn.Tanh(), norm)
        with torch.no_grad():
            norm.get_buffer("running_mean").copy_(torch.randn(3))
            norm.get_buffer("running_var").copy_(0.2 + torch.rand(3))
        self.train()


class _Hand(nn.Sequential):
    """A tiny generator with batch normalisation, as training leaves it."""

    def __init__(self) -> None:
        norm = nn.BatchNorm1d(16, dtype=torch.float64)
        super().__init__(nn.Linear(2, 16, dtype=torch.float64), norm, nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))
        with torch.no_grad():
            norm.get_buffer("running_var").copy_(0.2 + torch.rand(16))
        self.train()


def _measuring_world() -> dict[str, Any]:
    def pictures(n: int, brightest: int) -> Tensor:
        return torch.randint(0, brightest, (n, 1, 4, 4), dtype=torch.uint8)

    return {
        "networks": (_Hand(), _Eyes()),
        "images": (pictures(40, 256), pictures(30, 220)),
        "z": torch.randn(64, 2, dtype=torch.float64),
    }


def _observe_evaluation(answer: Answer, world: dict[str, Any]) -> Observation:
    with torch.no_grad():
        both = answer(*world["networks"], *(i.clone() for i in world["images"]), lambda n: world["z"][:n].clone(), 12)
    score, floor = pair(both, "score", "floor")
    return {"the score": score, "the floor": floor}


def _evaluation(
    blind: bool = False,
    hand_blind: bool = False,
    unit: bool = False,
    leak: bool = False,
    uneven: bool = False,
    both_unit: bool = False,
    same: bool = False,
) -> Answer:
    """The evaluation with any of its bugs in it."""

    def evaluate(
        generator: nn.Module, network: nn.Module, train: Tensor, test: Tensor, sample_z: Callable[[int], Tensor], n: int
    ) -> tuple[float, float]:
        from ganbook.metrics import frechet_distance as distance

        with torch.no_grad():
            fake = generator.train(blind or hand_blind)(sample_z(n))
            real = (train if leak else test).double() / (255.0 if unit or both_unit else 127.5)
            real = real if unit or both_unit else real - 1
            if both_unit:
                fake = (fake + 1) / 2
            network.train(blind)
            first, second = real[:n], real if uneven else real[n : 2 * n]
            if uneven:
                first, second = real, real[:n]
            first_features, fake_features = network(first), network(fake)
            second_features = first_features if same else network(second)
        return distance(first_features, fake_features), distance(first_features, second_features)

    return evaluate


def _left(first: str, others: tuple[str, ...]) -> tuple[Answer, ...]:
    """The evaluation with the bug ``first`` left in, and any of ``others`` besides."""
    return tuple(
        _evaluation(**{first: True}, **dict(zip(others, flags, strict=True)))
        for flags in product((False, True), repeat=len(others))
    )


evaluate = sheet.task(
    "evaluate",
    "Find the bugs: a score that flatters",
    tried="evaluate(generator, network, train, test, sample_z, 12) with networks as training leaves them",
    setup=_measuring_world,
    observe=_observe_evaluation,
    reference=_evaluation(),
    blank=_evaluation(blind=True, unit=True, leak=True, uneven=True),
    hints="""
        train-mode: A bug is left: both networks come in training mode, so batch normalisation uses the statistics of
          whatever batch it is shown. Real and fake are then each normalised to look alike.
        generator-in-train-mode: A bug is left: the feature network is in evaluation mode and the generator is not. A
          sample must not depend on the other samples of its batch.
        range: A bug is left: the generator's images lie in [−1, 1], and so did those that the network was trained on.
          What range do the real ones have after your conversion?
        range-wrong-way: Now real and fake have the same range, [0, 1]; but the feature network was trained on [−1, 1],
          and its features mean little elsewhere. Bring the real images to the generator's range.
        split: A bug is left: the real images are the training split, the one the generator learned from. A copyist
          would score best. Compare with images that it never saw.
        sizes: A bug is left in the numbers of images: score and floor can only be compared if both set n images against
          n, and the floor's two halves share no image.
        floor-of-itself: The floor compares images with themselves. It is 0 by construction; a floor needs two disjoint
          sets of n real images.
    """,
    like={
        "train-mode": _left("blind", ("unit", "leak", "uneven"))[:-1],
        "generator-in-train-mode": _left("hand_blind", ("unit", "leak", "uneven")),
        "range": _left("unit", ("leak", "uneven")),
        "range-wrong-way": _left("both_unit", ("leak", "uneven")),
        "split": _left("leak", ("uneven",)),
        "sizes": _left("uneven", ()),
        "floor-of-itself": _evaluation(same=True),
    },
    lesson=(
        "Evaluation mode, one range, unseen images, equal numbers: each of the four had flattered or slandered the "
        "generator."
    ),
)

# -- the challenge -----------------------------------------------------------------------------------

#: On the challenge's three seeds the solution's greedy choice reaches 0.96; fifty digits that nobody chose, 2.1.
BAR = 1.2
KEPT = 50
_POOL = 1000


def challenge(choose: Any, seeds: tuple[int, ...] = (0, 1, 2)) -> Score:
    """Fool the Fréchet distance with 50 images: ``choose(candidates, target)`` returns the indices of 50 candidates.

    ``candidates`` and ``target`` are features (1000, 64) of disjoint sets of real training digits. Yours are scored
    against a thousand digits of the test split, which you do not see.
    """

    def told(distances: tuple[float, ...], mean: float) -> str:
        return (
            f"challenge: {KEPT} images score {mean:.2f} ({listed(distances)} for each seed) against 1 000 test digits; "
            f"{verdict(BAR, mean < BAR)}"
        )

    return scored(lambda seed: _fool(choose, seed), seeds, told)


_seen: dict[str, Tensor] = {}


def _digits_features(split: str) -> Tensor:
    if split not in _seen:
        from ganbook import data, metrics
        from ganbook.data.images import to_float

        images = data.load("digits", split).images
        with torch.no_grad():
            _seen[split] = metrics.features("digits")(to_float(images[:: 2 if split == "train" else 1]))
    return _seen[split]


def _fool(choose: Callable[[Tensor, Tensor], Any], seed: int) -> float:
    from ganbook.metrics import frechet_distance as distance

    train, test = _digits_features("train"), _digits_features("test")
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))
    candidates, target = train[order[:_POOL]], train[order[_POOL : 2 * _POOL]]
    chosen = as_array(choose(candidates.clone(), target.clone()))
    if chosen is None or chosen.shape != (KEPT,):
        raise NoScore(f"{KEPT} indices are wanted; {describe(chosen)} came.")
    indices = torch.as_tensor(chosen).long()
    if not (int(indices.min()) >= 0 and int(indices.max()) < _POOL):
        raise NoScore(f"an index lies outside 0 to {_POOL - 1}.")
    return distance(candidates[indices], test)

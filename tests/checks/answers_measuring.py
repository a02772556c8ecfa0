"""Wrong and right answers to the exercises of chapter 8."""

import math

import numpy as np
import torch
from harness import Answers, keep_readings

from ganbook import metrics

answers = Answers("measuring")


# -- frechet_distance --------------------------------------------------------------------------------


@answers.right("frechet_distance")
def by_eigenvalues(features_a, features_b):
    a, b = features_a.double(), features_b.double()
    ca, cb = torch.cov(a.T), torch.cov(b.T)
    root = torch.linalg.eigvals(ca @ cb).real.clamp(min=0).sqrt().sum()
    return (a.mean(0) - b.mean(0)).square().sum() + ca.trace() + cb.trace() - 2 * root


@answers.right("frechet_distance")
def scipy_style(features_a, features_b):
    from scipy.linalg import sqrtm

    a, b = features_a.double().numpy(), features_b.double().numpy()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * sqrtm(ca @ cb).real)


@answers.right("frechet_distance")
def singular_values_in_float32(features_a, features_b):
    a, b = ((f - f.mean(0)) / (len(f) - 1) ** 0.5 for f in (features_a, features_b))
    shift = (features_a.mean(0) - features_b.mean(0)).square().sum()
    return a.square().sum() + b.square().sum() - 2 * torch.linalg.svdvals(a @ b.T).sum() + shift


answers.right("frechet_distance", metrics.frechet_distance)
answers.slips(
    "frechet_distance",
    by_eigenvalues,
    {
        "elementwise-root": [
            ("torch.linalg.eigvals(ca @ cb).real.clamp(min=0).sqrt().sum()", "(ca @ cb).sqrt().trace()")
        ],
        "diagonal-only": [("ca @ cb", "ca * cb"), ("ca @ cb", "ca.diag().diag() @ cb.diag().diag()")],
        "root-missing": [(".clamp(min=0).sqrt()", "")],
        "mean-term-missing": [("(a.mean(0) - b.mean(0)).square().sum() + ", "")],
        "means-only": ["torch.dist(features_a.mean(0), features_b.mean(0)) ** 2"],
        "mean-term-not-squared": [(".square().sum()", ".norm()"), (".square().sum()", ".square().mean()")],
        "biased-covariance": [(".T)", ".T, correction=0)")],
        "not-centred": [("torch.cov(a.T), torch.cov(b.T)", "a.T @ a / (len(a) - 1), b.T @ b / (len(b) - 1)")],
        "factor-2-missing": [("2 * root", "root")],
        "trace-of-difference": [("ca.trace() + cb.trace() - 2 * root", "(ca - cb).trace().abs()")],
        "root-of-the-score": ["math.sqrt(metrics.frechet_distance(features_a, features_b))"],
        "shape": [(".T", "")],
    },
)
answers.slips("frechet_distance", scipy_style, {"roots-apart": [("sqrtm(ca @ cb)", "(sqrtm(ca) @ sqrtm(cb))")]})


# -- kernel_distance ---------------------------------------------------------------------------------


@answers.right("kernel_distance")
def diagonal_subtracted(features_a, features_b):
    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x):
        k, n = kernel(x, x), len(x)
        return (k.sum() - k.trace()) / (n * (n - 1))

    a, b = features_a.double(), features_b.double()
    return within(a) + within(b) - 2 * kernel(a, b).mean()


@answers.right("kernel_distance")
def masked_in_numpy(features_a, features_b):
    def mean(x, y, same):
        k = (np.inner(x, y) / x.shape[1] + 1) ** 3
        return k[~np.eye(len(x), dtype=bool)].mean() if same else k.mean()

    a, b = features_a.double().numpy(), features_b.double().numpy()
    return mean(a, a, True) + mean(b, b, True) - 2 * mean(a, b, False)


@answers.right("kernel_distance")
def pair_by_pair(features_a, features_b):
    def k(x, y):
        return (sum(s * t for s, t in zip(x, y, strict=True)) / len(x) + 1) ** 3

    a, b = features_a.tolist(), features_b.tolist()
    within = [sum(k(x, y) for i, x in enumerate(s) for y in s[:i]) / math.comb(len(s), 2) for s in (a, b)]
    return sum(within) - 2 * sum(k(x, y) for x in a for y in b) / (len(a) * len(b))


answers.right("kernel_distance", metrics.kernel_distance)
answers.slips(
    "kernel_distance",
    diagonal_subtracted,
    {
        "diagonal-kept": [("(k.sum() - k.trace()) / (n * (n - 1))", "k.mean()")],
        "diagonal-kept-and-n-minus-1": [(" - k.trace()", "")],
        "divided-by-n-squared": [("(n - 1)", "n")],
        "unordered-pairs": [("(n * (n - 1))", "math.comb(n, 2)")],
        "dimension-missing": [(" / x.shape[1]", "")],
        "one-missing": [(" + 1", "")],
        "another-power": [("** 3", "** 2")],
        "cross-term-once": [("2 * ", "")],
        "cross-term-added": [("- 2", "+ 2")],
        "root": [
            (
                "return within(a) + within(b) - 2 * kernel(a, b).mean()",
                "return (within(a) + within(b) - 2 * kernel(a, b).mean()) ** 0.5",
            )
        ],
        "never-negative": [
            "max(metrics.kernel_distance(features_a, features_b), 0.0)",
            "abs(metrics.kernel_distance(features_a, features_b))",
        ],
        "kernel-of-the-means": [
            (("double()", "mean(0, keepdim=True)"), ("(k.sum() - k.trace()) / (n * (n - 1))", "k.mean()"))
        ],
    },
)


# -- precision_recall --------------------------------------------------------------------------------


@answers.right("precision_recall")
def with_topk(real, fake, k):
    def share(queries, points):
        radius = torch.cdist(points, points).topk(k + 1, largest=False).values[:, -1]
        return (torch.cdist(queries, points) <= radius).any(dim=1).float().mean()

    return share(fake, real), share(real, fake)


@answers.right("precision_recall")
def in_numpy(real, fake, k):
    def share(queries, points):
        own = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
        np.fill_diagonal(own, np.inf)
        radius = np.partition(own, k - 1, axis=1)[:, k - 1]
        return (np.sqrt(((queries[:, None] - points[None]) ** 2).sum(-1)) <= radius).any(1).mean()

    real, fake = real.double().numpy(), fake.double().numpy()
    return [share(fake, real), share(real, fake)]


answers.right("precision_recall", metrics.precision_recall)
answers.slips(
    "precision_recall",
    with_topk,
    {
        "swapped": [("share(fake, real), share(real, fake)", "share(real, fake), share(fake, real)")],
        "counts-itself": [("k + 1", "k")],
        "one-too-far": [("k + 1", "k + 2")],
        "one-radius-for-all": [("[:, -1]", "[:, -1].max()"), ("[:, -1]", "[:, -1].mean()")],
        "wrong-owner-of-the-ball": [(("points, points", "queries, queries"), ("<= radius)", "<= radius[:, None])"))],
        "edge-outside": [("<= radius", "< radius")],
        "twins-dropped": [
            (
                "torch.cdist(points, points).topk(k + 1",
                "torch.cdist(points, points).where(torch.cdist(points, points) > 0, 9e9).topk(k",
            )
        ],
        "nearest-ball-only": [(".any(dim=1)", "[range(len(queries)), torch.cdist(queries, points).argmin(1)]")],
        "in-all-balls": [(".any(", ".all(")],
        "counts-pairs": [(".any(dim=1)", ""), (".any(dim=1).float()", ".sum(dim=1).float().div(k)")],
        "not-a-pair": [(", share(real, fake)", "")],
        "coverage-for-recall": [
            """
            radius = torch.cdist(real, real).topk(k + 1, largest=False).values[:, -1:]
            held = torch.cdist(real, fake) <= radius
            return held.any(dim=0).float().mean(), held.any(dim=1).float().mean()
            """
        ],
    },
)


# -- extrapolated ------------------------------------------------------------------------------------


@answers.right("extrapolated")
def polyfit(ns, scores):
    return np.polyfit(1 / ns.numpy(), scores.numpy(), 1)[1]


@answers.right("extrapolated")
def multiplied_through(ns, scores):
    # n · score = limit · n + c is the same line, if each point keeps its weight 1/n².
    root = 1 / ns
    columns = torch.stack((ns, torch.ones_like(ns)), dim=1) * root[:, None]
    return torch.linalg.lstsq(columns, (ns * scores * root)[:, None]).solution[0, 0]


answers.also(
    "extrapolated",
    polyfit,
    "torch.linalg.lstsq(torch.stack((torch.ones_like(ns), 1 / ns), dim=1), scores[:, None]).solution[0]",
)
answers.slips(
    "extrapolated",
    polyfit,
    {
        "slope": [("[1]", "[0]")],
        "against-n": [("1 / ns", "ns")],
        "against-root": [("ns", "ns.sqrt()")],
        "log-log": ["math.exp(np.polyfit(np.log(ns.numpy()), np.log(scores.numpy()), 1)[1])"],
        "one-measurement": ["scores[ns.argmax()]", "scores[-1]"],
        "mean": ["sum(scores.tolist()) / len(scores)"],
        "two-points": [(".numpy()", ".numpy()[ns.argsort()[-2:]]")],
        "bias-subtracted-as-n": ["torch.mean(scores * ns)"],
    },
)


# -- inception_score ---------------------------------------------------------------------------------


@answers.right("inception_score")
def by_kl(probabilities):
    p, q = probabilities, probabilities.mean(0)
    kl = (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(1)
    return kl.mean().exp()


@answers.right("inception_score")
def clamped_in_numpy(probabilities):
    p = np.clip(probabilities.numpy(), 1e-30, None)
    return np.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean())


@answers.right("inception_score")
def in_bits_throughout(probabilities):
    p = probabilities + 1e-300
    return 2 ** (p * (p.log2() - p.mean(0).log2())).sum(1).mean()


@answers.right("inception_score")
def by_entropies(probabilities):
    certainty = torch.special.entr(probabilities).sum(-1).mean()
    return torch.exp(torch.special.entr(probabilities.mean(0)).sum(-1) - certainty)


answers.slips(
    "inception_score",
    by_kl,
    {
        "not-finite": [("torch.special.xlogy(p, p) - torch.special.xlogy(p, q)", "p * (p / q).log()")],
        "no-exponential": [(".exp()", "")],
        "divergence-reversed": [
            ("torch.special.xlogy(p, p) - torch.special.xlogy(p, q)", "q * (q / p.clamp(min=1e-12)).log()"),
            ("torch.special.xlogy(p, p) - torch.special.xlogy(p, q)", "q * (q / p).log()"),
        ],
        "base-2": [(".exp()", ".div(math.log(2)).exp()"), ("kl.mean().exp()", "2 ** kl.mean().item()")],
        "uniform-marginal": [(".mean(0)", ".mean(1, keepdim=True)"), ("probabilities.mean(0)", "torch.tensor(0.2)")],
        "exponential-first": [(".mean().exp()", ".exp().mean()")],
        "sum-over-images": [("kl.mean()", "kl.sum()")],
        "mean-over-classes": [(".sum(1)", "")],
    },
)
answers.slips(
    "inception_score",
    by_entropies,
    {
        "diversity-only": [("certainty)", "0)")],
        "certainty-only": ["torch.exp(torch.special.entr(probabilities).sum(-1).mean())"],
    },
)


# -- nearer_share ------------------------------------------------------------------------------------


def nearest(queries, points):
    return (queries[:, None] - points).square().sum(-1).min(dim=1).values  # squared: the order is the same


@answers.right("nearer_share")
def all_pairs(samples, train, held_out):
    a, b = nearest(samples, train)[:, None], nearest(held_out, train)
    return ((a < b).float() + 0.5 * (a == b).float()).mean()


@answers.right("nearer_share")
def by_ranks(samples, train, held_out):
    from scipy.stats import rankdata

    a, b = nearest(samples, train).numpy(), nearest(held_out, train).numpy()
    ranks, m = rankdata(np.concatenate((a, b))), len(b)
    return (ranks[len(a) :].sum() - m * (m + 1) / 2) / (len(a) * m)


answers.also(
    "nearer_share",
    all_pairs,
    "(nearest(held_out, train)[None] - nearest(samples, train)[:, None]).sign().mean() / 2 + 0.5",
    "metrics.memorisation(samples, train, held_out).nearer",
)
answers.slips(
    "nearer_share",
    all_pairs,
    {
        "ties-dropped": [(" + 0.5 * (a == b).float()", "")],
        "ties-counted-whole": [("0.5 * ", "")],
        "ties-left-out-of-the-pairs": [
            ("((a < b).float() + 0.5 * (a == b).float()).mean()", "(a < b).sum() / (a != b).sum()")
        ],
        "the-other-way-round": [("a < b", "a > b")],
        "minimum-over-the-wrong-set": [(("samples, train", "train, samples"), ("held_out, train", "train, held_out"))],
        "mean-over-the-training-set": [
            (
                ("nearest(samples, train)", "torch.cdist(samples, train).double().mean(1)"),
                ("nearest(held_out, train)", "torch.cdist(held_out, train).double().mean(1)"),
            )
        ],
        "nearer-to-train-or-to-held-out": ["(nearest(samples, train) < nearest(samples, held_out)).float().mean()"],
        "against-one-threshold": [
            "(nearest(samples, train).sqrt() < nearest(held_out, train).sqrt().mean()).float().mean()"
        ],
        "ratio-of-means": ["nearest(samples, train).sqrt().mean() / nearest(held_out, train).sqrt().mean()"],
    },
)


# -- evaluate ----------------------------------------------------------------------------------------


@answers.right("evaluate")
def all_mended(generator, network, train, test, sample_z, n):
    generator.eval()
    network.eval()
    images = test.double() / 127.5 - 1
    first, second = network(images[:n]), network(images[n : 2 * n])
    fake = network(generator(sample_z(n)))
    return metrics.frechet_distance(first, fake), metrics.frechet_distance(first, second)


@answers.right("evaluate")
def modes_put_back(generator, network, train, test, sample_z, n):
    modes = generator.training, network.training
    generator.train(False), network.train(False)
    first, second = (test[i : i + n].double().div(255).mul(2).sub(1) for i in (0, n))
    fake, one, two = network(generator(sample_z(n))), network(first), network(second)
    generator.train(modes[0]), network.train(modes[1])
    return [metrics.frechet_distance(fake, one), metrics.frechet_distance(two, one)]


@answers.right("evaluate")
def one_pass_over_everything(generator, network, train, test, sample_z, n):
    fake = generator.eval()(sample_z(n))
    found = network.eval()(torch.cat((fake, test[: 2 * n].double() / 127.5 - 1))).chunk(3)
    return metrics.frechet_distance(found[1], found[0]), metrics.frechet_distance(found[1], found[2])


MODES, RANGE, SPLIT = ("eval()", "train()"), ("127.5 - 1", "255"), ("test", "train")
ALL_REAL = ("images[:n]), network(images[n : 2 * n]", "images), network(images[:n]")
answers.slips(
    "evaluate",
    all_mended,
    {
        "train-mode": [MODES, (MODES, SPLIT, ALL_REAL)],
        "generator-in-train-mode": [("generator.eval()", "pass")],
        "range": [RANGE, (RANGE, SPLIT, ALL_REAL)],
        "range-wrong-way": [(RANGE, ("generator(sample_z(n))", "(generator(sample_z(n)) + 1) / 2"))],
        "split": [SPLIT],
        "sizes": [ALL_REAL],
        "floor-of-itself": [("n : 2 * n", ":n")],
    },
)


# -- agreement_and_null ------------------------------------------------------------------------------


@answers.right("agreement_and_null")
def product_of_frequencies(asked, seen):
    wanted, came = (torch.bincount(labels, minlength=12) / len(labels) for labels in (asked, seen))
    return (asked == seen).double().mean(), (wanted * came).sum()


@answers.right("agreement_and_null")
def counted_by_hand(asked, seen):
    asked, seen = asked.tolist(), seen.tolist()
    null = sum(asked.count(k) * seen.count(k) for k in set(asked)) / len(asked) ** 2
    return sum(a == b for a, b in zip(asked, seen, strict=True)) / len(asked), null


@answers.right("agreement_and_null")
def mean_over_all_rotations(asked, seen):
    rotated = torch.stack([(asked == seen.roll(k)).double().mean() for k in range(len(seen))])
    return rotated[0], rotated.mean()


answers.also(
    "agreement_and_null",
    product_of_frequencies,
    "(asked == seen).float().mean(), (asked[:, None] == seen[None]).double().mean()",
)
answers.slips(
    "agreement_and_null",
    product_of_frequencies,
    {
        "one-over-classes": [("(wanted * came).sum()", "1 / len(set(asked.tolist()))")],
        "of-one-side": [("wanted * came", "wanted * wanted"), ("wanted * came", "came * came")],
        "always-the-commonest": [("(wanted * came).sum()", "(asked == asked.mode().values).double().mean()")],
        "one-shuffle": [("(wanted * came).sum()", "(asked == seen[torch.randperm(len(seen))]).double().mean()")],
        "zero": [("(wanted * came).sum()", "0")],
        "disagreement": [("==", "!=")],
        "counted-not-shared": [(("double().mean()", "sum()"), ("came).sum()", "came).sum() * len(asked)"))],
        "not-a-pair": [("mean(),", "mean() -")],
    },
)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

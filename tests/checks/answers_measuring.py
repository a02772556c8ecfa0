"""Wrong and right answers to the exercises of chapter 8."""

import math

import numpy as np
import torch
from harness import Answers, keep_readings

from ganbook import metrics

answers = Answers("measuring")


def sqrtm(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T


# -- frechet_distance --------------------------------------------------------------------------------


def moments(features):
    features = features.double()
    return features.mean(0), torch.cov(features.T)


@answers.wrong("frechet_distance", hint="elementwise-root")
def torch_sqrt_of_the_product(features_a, features_b):
    (ma, ca), (mb, cb) = moments(features_a), moments(features_b)
    return ((ma - mb) ** 2).sum() + torch.trace(ca + cb - 2 * torch.sqrt(ca @ cb))


@answers.wrong("frechet_distance", hint="diagonal-only")
def variances_only(features_a, features_b):
    (ma, ca), (mb, cb) = moments(features_a), moments(features_b)
    return ((ma - mb) ** 2).sum() + ((ca.diag().sqrt() - cb.diag().sqrt()) ** 2).sum()


@answers.wrong("frechet_distance", hint="diagonal-only")
def star_instead_of_at(features_a, features_b):
    (ma, ca), (mb, cb) = moments(features_a), moments(features_b)
    return ((ma - mb) ** 2).sum() + torch.trace(ca + cb - 2 * sqrtm(ca * cb))


@answers.wrong("frechet_distance", hint="roots-apart")
def product_of_roots(features_a, features_b):
    (ma, ca), (mb, cb) = moments(features_a), moments(features_b)
    return ((ma - mb) ** 2).sum() + torch.trace(ca + cb - 2 * sqrtm(ca) @ sqrtm(cb))


@answers.wrong("frechet_distance", hint="root-missing")
def without_a_root(features_a, features_b):
    (ma, ca), (mb, cb) = moments(features_a), moments(features_b)
    return ((ma - mb) ** 2).sum() + torch.trace(ca + cb - 2 * ca @ cb)


@answers.wrong("frechet_distance", hint="mean-term-missing")
def covariances_only(features_a, features_b):
    return metrics.frechet_distance(features_a - features_a.mean(0), features_b - features_b.mean(0))


@answers.wrong("frechet_distance", hint="means-only")
def squared_distance_of_the_means(features_a, features_b):
    return torch.dist(features_a.mean(0), features_b.mean(0)) ** 2


@answers.wrong("frechet_distance", hint="mean-term-not-squared")
def length_of_the_difference(features_a, features_b):
    shift = torch.dist(features_a.double().mean(0), features_b.double().mean(0))
    return metrics.frechet_distance(features_a - features_a.mean(0), features_b - features_b.mean(0)) + shift


@answers.wrong("frechet_distance", hint="mean-term-not-squared")
def mean_squared_error_of_the_means(features_a, features_b):
    shift = torch.nn.functional.mse_loss(features_a.mean(0), features_b.mean(0))
    return metrics.frechet_distance(features_a - features_a.mean(0), features_b - features_b.mean(0)) + shift


@answers.wrong("frechet_distance", hint="biased-covariance")
def divided_by_n(features_a, features_b):
    def fit(f):
        return f.double().mean(0), torch.cov(f.double().T, correction=0)

    (ma, ca), (mb, cb) = fit(features_a), fit(features_b)
    return metrics.frechet_of_gaussians(ma, ca, mb, cb)


@answers.wrong("frechet_distance", hint="not-centred")
def second_moments(features_a, features_b):
    def fit(f):
        f = f.double()
        return f.mean(0), f.T @ f / (len(f) - 1)

    (ma, ca), (mb, cb) = fit(features_a), fit(features_b)
    return metrics.frechet_of_gaussians(ma, ca, mb, cb)


@answers.wrong("frechet_distance", hint="factor-2-missing")
def root_subtracted_once(features_a, features_b):
    (ma, ca), (mb, cb) = moments(features_a), moments(features_b)
    root = sqrtm(ca)
    return ((ma - mb) ** 2).sum() + torch.trace(ca + cb) - torch.trace(sqrtm(root @ cb @ root))


@answers.wrong("frechet_distance", hint="trace-of-difference")
def total_variances(features_a, features_b):
    (ma, ca), (mb, cb) = moments(features_a), moments(features_b)
    return ((ma - mb) ** 2).sum() + torch.trace(ca - cb).abs()


@answers.wrong("frechet_distance", hint="root-of-the-score")
def not_squared(features_a, features_b):
    return math.sqrt(metrics.frechet_distance(features_a, features_b))


@answers.wrong("frechet_distance", hint="shape")
def samples_as_variables(features_a, features_b):
    ca, cb = torch.cov(features_a), torch.cov(features_b)
    return torch.trace(ca) + torch.trace(cb) - 2 * torch.trace(sqrtm(ca @ cb))


@answers.right("frechet_distance")
def scipy_style(features_a, features_b):
    from scipy.linalg import sqrtm as root

    a, b = features_a.double().numpy(), features_b.double().numpy()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * root(ca @ cb).real)


@answers.right("frechet_distance")
def eigenvalues_of_the_product(features_a, features_b):
    (ma, ca), (mb, cb) = moments(features_a), moments(features_b)
    values = torch.linalg.eigvals(ca @ cb).real.clamp(min=0)
    return (ma - mb).square().sum() + ca.trace() + cb.trace() - 2 * values.sqrt().sum()


@answers.right("frechet_distance")
def singular_values_in_float32(features_a, features_b):
    a, b = ((f - f.mean(0)) / (len(f) - 1) ** 0.5 for f in (features_a, features_b))
    shift = (features_a.mean(0) - features_b.mean(0)).square().sum()
    return a.square().sum() + b.square().sum() - 2 * torch.linalg.svdvals(a @ b.T).sum() + shift


@answers.right("frechet_distance")
def from_the_library(features_a, features_b):
    return metrics.frechet_distance(features_a, features_b)


# -- kernel_distance ---------------------------------------------------------------------------------


def kernel(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


@answers.wrong("kernel_distance", hint="diagonal-kept")
def three_means(features_a, features_b):
    cross = kernel(features_a, features_b).mean()
    return kernel(features_a, features_a).mean() + kernel(features_b, features_b).mean() - 2 * cross


@answers.wrong("kernel_distance", hint="diagonal-kept-and-n-minus-1")
def whole_sum_over_n_n_minus_1(features_a, features_b):
    n, m = len(features_a), len(features_b)
    within = kernel(features_a, features_a).sum() / (n * (n - 1)) + kernel(features_b, features_b).sum() / (m * (m - 1))
    return within - 2 * kernel(features_a, features_b).mean()


@answers.wrong("kernel_distance", hint="divided-by-n-squared")
def diagonal_set_to_zero_then_mean(features_a, features_b):
    total = -2 * kernel(features_a, features_b).mean()
    for x in (features_a, features_b):
        total = total + (kernel(x, x) * (1 - torch.eye(len(x)))).mean()
    return total


def without_diagonal(k):
    return (k.sum() - k.diagonal().sum()) / (len(k) * (len(k) - 1))


@answers.wrong("kernel_distance", hint="unordered-pairs")
def binomial_count(features_a, features_b):
    total = -2 * kernel(features_a, features_b).mean()
    for x in (features_a, features_b):
        k = kernel(x, x)
        total = total + (k.sum() - k.trace()) / math.comb(len(x), 2)
    return total


def with_kernel(k, features_a, features_b, cross=2.0):
    within = without_diagonal(k(features_a, features_a)) + without_diagonal(k(features_b, features_b))
    return within - cross * k(features_a, features_b).mean()


@answers.wrong("kernel_distance", hint="dimension-missing")
def plain_inner_product(features_a, features_b):
    return with_kernel(lambda x, y: (x @ y.T + 1) ** 3, features_a, features_b)


@answers.wrong("kernel_distance", hint="one-missing")
def homogeneous(features_a, features_b):
    return with_kernel(lambda x, y: (x @ y.T / x.shape[1]) ** 3, features_a, features_b)


@answers.wrong("kernel_distance", hint="another-power")
def squared(features_a, features_b):
    return with_kernel(lambda x, y: (x @ y.T / x.shape[1] + 1) ** 2, features_a, features_b)


@answers.wrong("kernel_distance", hint="cross-term-once")
def forgot_the_two(features_a, features_b):
    return with_kernel(kernel, features_a, features_b, cross=1.0)


@answers.wrong("kernel_distance", hint="cross-term-added")
def all_three_added(features_a, features_b):
    return with_kernel(kernel, features_a, features_b, cross=-2.0)


@answers.wrong("kernel_distance", hint="root")
def square_root(features_a, features_b):
    return with_kernel(kernel, features_a.double(), features_b.double()) ** 0.5


@answers.wrong("kernel_distance", hint="never-negative")
def cut_off_at_zero(features_a, features_b):
    return max(with_kernel(kernel, features_a, features_b), torch.tensor(0.0))


@answers.wrong("kernel_distance", hint="never-negative")
def absolute_value(features_a, features_b):
    return abs(with_kernel(kernel, features_a, features_b).item())


@answers.wrong("kernel_distance", hint="kernel-of-the-means")
def means_first(features_a, features_b):
    a, b = features_a.mean(0, keepdim=True), features_b.mean(0, keepdim=True)
    return (kernel(a, a) + kernel(b, b) - 2 * kernel(a, b)).squeeze()


@answers.right("kernel_distance")
def diagonal_subtracted(features_a, features_b):
    return with_kernel(kernel, features_a, features_b)


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


@answers.right("kernel_distance")
def kernel_from_the_library(features_a, features_b):
    return metrics.kernel_distance(features_a, features_b)


# -- precision_recall --------------------------------------------------------------------------------


def radii(points, k):
    return torch.cdist(points, points).topk(k + 1, largest=False).values[:, -1]


def covered(queries, points, radius):
    return (torch.cdist(queries, points) <= radius).any(dim=1).float().mean()


@answers.wrong("precision_recall", hint="swapped")
def recall_first(real, fake, k):
    return covered(real, fake, radii(fake, k)), covered(fake, real, radii(real, k))


@answers.wrong("precision_recall", hint="counts-itself")
def kthvalue_of_k(real, fake, k):
    def radius(points):
        return torch.cdist(points, points).kthvalue(k, dim=1).values

    return covered(fake, real, radius(real)), covered(real, fake, radius(fake))


@answers.wrong("precision_recall", hint="one-too-far")
def sorted_at_k_plus_1(real, fake, k):
    def radius(points):
        return torch.cdist(points, points).sort(dim=1).values[:, k + 1]

    return covered(fake, real, radius(real)), covered(real, fake, radius(fake))


@answers.wrong("precision_recall", hint="one-radius-for-all")
def largest_radius(real, fake, k):
    return covered(fake, real, radii(real, k).max()), covered(real, fake, radii(fake, k).max())


@answers.wrong("precision_recall", hint="one-radius-for-all")
def mean_radius(real, fake, k):
    return covered(fake, real, radii(real, k).mean()), covered(real, fake, radii(fake, k).mean())


@answers.wrong("precision_recall", hint="wrong-owner-of-the-ball")
def balls_around_the_judged(real, fake, k):
    table = torch.cdist(real, fake)
    precision = (table <= radii(fake, k)).any(dim=0)
    recall = (table <= radii(real, k)[:, None]).any(dim=1)
    return precision.float().mean(), recall.float().mean()


@answers.wrong("precision_recall", hint="nearest-ball-only")
def ask_the_nearest(real, fake, k):
    def share(queries, points):
        distance, index = torch.cdist(queries, points).min(dim=1)
        return (distance <= radii(points, k)[index]).float().mean()

    return share(fake, real), share(real, fake)


@answers.wrong("precision_recall", hint="in-all-balls")
def all_instead_of_any(real, fake, k):
    def share(queries, points):
        return (torch.cdist(queries, points) <= radii(points, k)).all(dim=1).float().mean()

    return share(fake, real), share(real, fake)


@answers.wrong("precision_recall", hint="counts-pairs")
def mean_of_the_table(real, fake, k):
    def share(queries, points):
        return (torch.cdist(queries, points) <= radii(points, k)).float().mean()

    return share(fake, real), share(real, fake)


@answers.wrong("precision_recall", hint="counts-pairs")
def densities(real, fake, k):
    def share(queries, points):
        return (torch.cdist(queries, points) <= radii(points, k)).sum(dim=1).float().mean() / k

    return share(fake, real), share(real, fake)


@answers.wrong("precision_recall", hint="coverage-for-recall")
def real_balls_twice(real, fake, k):
    held = torch.cdist(real, fake) <= radii(real, k)[:, None]
    return held.any(dim=0).float().mean(), held.any(dim=1).float().mean()


@answers.wrong("precision_recall", hint="not-a-pair")
def precision_only(real, fake, k):
    return covered(fake, real, radii(real, k))


@answers.right("precision_recall")
def with_topk(real, fake, k):
    return covered(fake, real, radii(real, k)), covered(real, fake, radii(fake, k))


@answers.right("precision_recall")
def in_numpy(real, fake, k):
    real, fake = real.double().numpy(), fake.double().numpy()

    def share(queries, points):
        own = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
        np.fill_diagonal(own, np.inf)
        radius = np.partition(own, k - 1, axis=1)[:, k - 1]
        return (np.sqrt(((queries[:, None] - points[None]) ** 2).sum(-1)) <= radius).any(1).mean()

    return [share(fake, real), share(real, fake)]


@answers.right("precision_recall")
def one_table(real, fake, k):
    table = torch.cdist(real.double(), fake.double())
    real_radius, fake_radius = radii(real.double(), k), radii(fake.double(), k)
    precision = (table <= real_radius[:, None]).any(0).double().mean().item()
    recall = (table <= fake_radius[None]).any(1).double().mean().item()
    return precision, recall


@answers.right("precision_recall")
def precision_recall_from_the_library(real, fake, k):
    return metrics.precision_recall(real, fake, k)


# -- extrapolated ------------------------------------------------------------------------------------


@answers.wrong("extrapolated", hint="slope")
def first_of_polyfit(ns, scores):
    return np.polyfit(1 / ns.numpy(), scores.numpy(), 1)[0]


@answers.wrong("extrapolated", hint="against-n")
def line_in_n(ns, scores):
    return np.polyfit(ns.numpy(), scores.numpy(), 1)[1]


@answers.wrong("extrapolated", hint="against-root")
def line_in_one_over_root_n(ns, scores):
    return np.polyfit(1 / ns.sqrt().numpy(), scores.numpy(), 1)[1]


@answers.wrong("extrapolated", hint="log-log")
def power_law(ns, scores):
    return math.exp(np.polyfit(np.log(ns.numpy()), np.log(scores.numpy()), 1)[1])


@answers.wrong("extrapolated", hint="one-measurement")
def most_samples(ns, scores):
    return scores[ns.argmax()]


@answers.wrong("extrapolated", hint="one-measurement")
def last_in_the_list(ns, scores):
    return scores[-1]


@answers.wrong("extrapolated", hint="mean")
def average(ns, scores):
    return sum(scores.tolist()) / len(scores)


@answers.wrong("extrapolated", hint="two-points")
def the_two_largest(ns, scores):
    order = ns.sort().indices
    x, y = 1 / ns[order[-2:]], scores[order[-2:]]
    return y[1] - x[1] * (y[1] - y[0]) / (x[1] - x[0])


@answers.wrong("extrapolated", hint="bias-subtracted-as-n")
def multiplied_by_n(ns, scores):
    return torch.mean(scores * ns)


@answers.right("extrapolated")
def polyfit(ns, scores):
    return np.polyfit(1 / ns.numpy(), scores.numpy(), 1)[1]


@answers.right("extrapolated")
def least_squares(ns, scores):
    columns = torch.stack((torch.ones_like(ns), 1 / ns), dim=1)
    return torch.linalg.lstsq(columns, scores[:, None]).solution[0]


@answers.right("extrapolated")
def multiplied_through(ns, scores):
    # n · score = limit · n + c is the same line, if each point keeps its weight 1/n².
    root = 1 / ns
    columns = torch.stack((ns, torch.ones_like(ns)), dim=1) * root[:, None]
    return torch.linalg.lstsq(columns, (ns * scores * root)[:, None]).solution[0, 0]


# -- inception_score ---------------------------------------------------------------------------------


def kl(p, q):
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(dim=1)


@answers.wrong("inception_score", hint="not-finite")
def log_of_zero(probabilities):
    p = probabilities
    return (p * (p / p.mean(0)).log()).sum(1).mean().exp()


@answers.wrong("inception_score", hint="no-exponential")
def divergence_itself(probabilities):
    return kl(probabilities, probabilities.mean(0)).mean()


@answers.wrong("inception_score", hint="base-2")
def bits_then_exp(probabilities):
    return torch.exp(kl(probabilities, probabilities.mean(0)).mean() / math.log(2))


@answers.wrong("inception_score", hint="base-2")
def nats_then_power_of_2(probabilities):
    return 2 ** kl(probabilities, probabilities.mean(0)).mean().item()


@answers.wrong("inception_score", hint="divergence-reversed")
def kl_of_the_marginal(probabilities):
    q = probabilities.mean(0)
    return (q * (q / probabilities).log()).sum(1).mean().exp()


@answers.wrong("inception_score", hint="uniform-marginal")
def mean_over_dim_1(probabilities):
    return kl(probabilities, probabilities.mean(1, keepdim=True)).mean().exp()


@answers.wrong("inception_score", hint="uniform-marginal")
def against_uniform(probabilities):
    return kl(probabilities, torch.full_like(probabilities, 0.2)).mean().exp()


@answers.wrong("inception_score", hint="exponential-first")
def mean_of_exponentials(probabilities):
    return kl(probabilities, probabilities.mean(0)).exp().mean()


@answers.wrong("inception_score", hint="diversity-only")
def entropy_of_the_marginal(probabilities):
    q = probabilities.mean(0)
    return torch.exp(-(q * q.log()).sum())


@answers.wrong("inception_score", hint="certainty-only")
def entropy_of_each(probabilities):
    return torch.exp(-torch.special.xlogy(probabilities, probabilities).sum(1).mean())


@answers.wrong("inception_score", hint="sum-over-images")
def summed(probabilities):
    return kl(probabilities, probabilities.mean(0)).sum().exp()


@answers.wrong("inception_score", hint="mean-over-classes")
def mean_of_everything(probabilities):
    p, q = probabilities, probabilities.mean(0)
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).mean().exp()


@answers.right("inception_score")
def by_kl(probabilities):
    return kl(probabilities, probabilities.mean(0)).mean().exp()


@answers.right("inception_score")
def by_entropies(probabilities):
    def entropy(p):
        return torch.special.entr(p).sum(-1)

    return torch.exp(entropy(probabilities.mean(0)) - entropy(probabilities).mean())


@answers.right("inception_score")
def clamped_in_numpy(probabilities):
    p = np.clip(probabilities.numpy(), 1e-30, None)
    return np.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean())


@answers.right("inception_score")
def in_bits_throughout(probabilities):
    p = probabilities + 1e-300
    return 2 ** (p * (p.log2() - p.mean(0).log2())).sum(1).mean()


# -- nearer_share ------------------------------------------------------------------------------------


def nearest(queries, points):
    return (queries[:, None] - points).square().sum(-1).min(dim=1).values  # squared: the order is the same


@answers.wrong("nearer_share", hint="ties-dropped")
def strictly_nearer(samples, train, held_out):
    return (nearest(samples, train)[:, None] < nearest(held_out, train)).float().mean()


@answers.wrong("nearer_share", hint="ties-counted-whole")
def not_further(samples, train, held_out):
    return (nearest(samples, train)[:, None] <= nearest(held_out, train)).float().mean()


@answers.wrong("nearer_share", hint="ties-left-out-of-the-pairs")
def decided_pairs_only(samples, train, held_out):
    a, b = nearest(samples, train)[:, None], nearest(held_out, train)
    return (a < b).sum() / (a != b).sum()


@answers.wrong("nearer_share", hint="the-other-way-round")
def held_out_nearer(samples, train, held_out):
    a, b = nearest(samples, train)[:, None], nearest(held_out, train)
    return (a > b).float().mean() + 0.5 * (a == b).float().mean()


def with_ties(a, b):
    return ((a[:, None] < b).float() + 0.5 * (a[:, None] == b).float()).mean()


@answers.wrong("nearer_share", hint="minimum-over-the-wrong-set")
def nearest_sample_of_each_training_point(samples, train, held_out):
    return with_ties(nearest(train, samples), nearest(train, held_out))


@answers.wrong("nearer_share", hint="mean-over-the-training-set")
def mean_instead_of_min(samples, train, held_out):
    return with_ties(torch.cdist(samples, train).double().mean(1), torch.cdist(held_out, train).double().mean(1))


@answers.wrong("nearer_share", hint="nearer-to-train-or-to-held-out")
def which_set_is_nearer(samples, train, held_out):
    return (nearest(samples, train) < nearest(samples, held_out)).float().mean()


@answers.wrong("nearer_share", hint="against-one-threshold")
def below_the_mean(samples, train, held_out):
    return (nearest(samples, train).sqrt() < nearest(held_out, train).sqrt().mean()).float().mean()


@answers.wrong("nearer_share", hint="ratio-of-means")
def mean_ratio(samples, train, held_out):
    return nearest(samples, train).sqrt().mean() / nearest(held_out, train).sqrt().mean()


@answers.right("nearer_share")
def all_pairs(samples, train, held_out):
    return with_ties(nearest(samples, train), nearest(held_out, train))


@answers.right("nearer_share")
def by_ranks(samples, train, held_out):
    from scipy.stats import rankdata

    a, b = nearest(samples, train).numpy(), nearest(held_out, train).numpy()
    ranks = rankdata(np.concatenate((a, b)))
    n, m = len(a), len(b)
    return (ranks[n:].sum() - m * (m + 1) / 2) / (n * m)


@answers.right("nearer_share")
def by_signs(samples, train, held_out):
    difference = nearest(held_out, train)[None] - nearest(samples, train)[:, None]
    return difference.sign().mean() / 2 + 0.5


@answers.right("nearer_share")
def nearer_share_from_the_library(samples, train, held_out):
    return metrics.memorisation(samples, train, held_out).nearer


# -- evaluate ----------------------------------------------------------------------------------------


def as_float(images):
    return images.double() / 127.5 - 1


@answers.wrong("evaluate", hint="train-mode")
def only_the_data_mended(generator, network, train, test, sample_z, n):
    real, fake = as_float(test), generator(sample_z(n))
    first, second = network(real[:n]), network(real[n : 2 * n])
    generated = network(fake)
    return metrics.frechet_distance(first, generated), metrics.frechet_distance(first, second)


@answers.wrong("evaluate", hint="train-mode")
def only_the_range_mended(generator, network, train, test, sample_z, n):
    real = as_float(train)
    features = network(real)
    generated = network(generator(sample_z(n)))
    return metrics.frechet_distance(features, generated), metrics.frechet_distance(features, network(real[:n]))


@answers.wrong("evaluate", hint="generator-in-train-mode")
def network_eval_only(generator, network, train, test, sample_z, n):
    network.eval()
    real = network(as_float(test))
    generated = network(generator(sample_z(n)))
    return metrics.frechet_distance(real[:n], generated), metrics.frechet_distance(real[:n], real[n : 2 * n])


@answers.wrong("evaluate", hint="range")
def divided_by_255(generator, network, train, test, sample_z, n):
    generator.eval(), network.eval()
    real = network(test.double() / 255)
    generated = network(generator(sample_z(n)))
    return metrics.frechet_distance(real[:n], generated), metrics.frechet_distance(real[:n], real[n : 2 * n])


@answers.wrong("evaluate", hint="range")
def modes_mended_only(generator, network, train, test, sample_z, n):
    generator.eval(), network.eval()
    real = network(train.double() / 255)
    generated = network(generator(sample_z(n)))
    return metrics.frechet_distance(real, generated), metrics.frechet_distance(real, real[:n])


@answers.wrong("evaluate", hint="range-wrong-way")
def fakes_to_unit_range(generator, network, train, test, sample_z, n):
    generator.eval(), network.eval()
    real = network(test.double() / 255)
    generated = network((generator(sample_z(n)) + 1) / 2)
    return metrics.frechet_distance(real[:n], generated), metrics.frechet_distance(real[:n], real[n : 2 * n])


@answers.wrong("evaluate", hint="split")
def training_images(generator, network, train, test, sample_z, n):
    generator.eval(), network.eval()
    real = network(as_float(train))
    generated = network(generator(sample_z(n)))
    return metrics.frechet_distance(real[:n], generated), metrics.frechet_distance(real[:n], real[n : 2 * n])


@answers.wrong("evaluate", hint="sizes")
def all_real_images(generator, network, train, test, sample_z, n):
    generator.eval(), network.eval()
    real = network(as_float(test))
    generated = network(generator(sample_z(n)))
    return metrics.frechet_distance(real, generated), metrics.frechet_distance(real, real[:n])


@answers.wrong("evaluate", hint="floor-of-itself")
def floor_is_zero(generator, network, train, test, sample_z, n):
    generator.eval(), network.eval()
    real = network(as_float(test[:n]))
    return metrics.frechet_distance(real, network(generator(sample_z(n)))), metrics.frechet_distance(real, real)


@answers.right("evaluate")
def all_mended(generator, network, train, test, sample_z, n):
    generator.eval(), network.eval()
    real = network(as_float(test[: 2 * n]))
    generated = network(generator(sample_z(n)))
    return metrics.frechet_distance(real[:n], generated), metrics.frechet_distance(real[:n], real[n:])


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
    found = network.eval()(torch.cat((fake, as_float(test[: 2 * n])))).chunk(3)
    return metrics.frechet_distance(found[1], found[0]), metrics.frechet_distance(found[1], found[2])


# -- agreement_and_null ------------------------------------------------------------------------------


def frequencies(labels):
    return torch.bincount(labels, minlength=12) / len(labels)


def agreement_of(asked, seen):
    return (asked == seen).double().mean()


def product_of(asked, seen):
    return (frequencies(asked) * frequencies(seen)).sum()


@answers.wrong("agreement_and_null", hint="one-over-classes")
def guessing(asked, seen):
    return agreement_of(asked, seen), 1 / len(set(asked.tolist()))


@answers.wrong("agreement_and_null", hint="of-one-side")
def what_is_asked_for_twice(asked, seen):
    return agreement_of(asked, seen), frequencies(asked).square().sum()


@answers.wrong("agreement_and_null", hint="of-one-side")
def what_is_seen_twice(asked, seen):
    return agreement_of(asked, seen), product_of(seen, seen)


@answers.wrong("agreement_and_null", hint="always-the-commonest")
def majority(asked, seen):
    return agreement_of(asked, seen), (asked == asked.mode().values).double().mean()


@answers.wrong("agreement_and_null", hint="zero")
def nothing_by_chance(asked, seen):
    return agreement_of(asked, seen), 0


@answers.wrong("agreement_and_null", hint="disagreement")
def share_of_errors(asked, seen):
    return (asked != seen).double().mean(), product_of(asked, seen)


@answers.wrong("agreement_and_null", hint="counted-not-shared")
def counts_of_both(asked, seen):
    return (asked == seen).sum(), product_of(asked, seen) * len(asked)


@answers.wrong("agreement_and_null", hint="not-a-pair")
def excess(asked, seen):
    return agreement_of(asked, seen) - product_of(asked, seen)


@answers.right("agreement_and_null")
def product_of_frequencies(asked, seen):
    return agreement_of(asked, seen), product_of(asked, seen)


@answers.right("agreement_and_null")
def every_pairing(asked, seen):
    return (asked == seen).float().mean(), (asked[:, None] == seen[None]).double().mean()


@answers.right("agreement_and_null")
def counted_by_hand(asked, seen):
    asked, seen = asked.tolist(), seen.tolist()
    null = sum(asked.count(k) * seen.count(k) for k in set(asked)) / len(asked) ** 2
    return sum(a == b for a, b in zip(asked, seen, strict=True)) / len(asked), null


@answers.right("agreement_and_null")
def mean_over_all_rotations(asked, seen):
    rotated = torch.stack([(asked == seen.roll(k)).double().mean() for k in range(len(seen))])
    return rotated[0], rotated.mean()


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {"A": ("fewer samples", 6), "B": ("copies", 8), "C": ("blurred", 4), "D": ("modes dropped", 7)},
    {
        "a-misread": {"A": ("blurred", 6)},
        "b-misread": {"B": ("modes dropped", 8)},
        "c-misread": {"C": ("fewer samples", 4)},
        "d-misread": {"D": ("blurred", 7)},
        "misplaced": {"D": ("modes dropped", 6)},
        "unknown-place": {"D": ("modes dropped", 0)},
    },
)

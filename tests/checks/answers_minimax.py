"""Wrong and right answers to the exercises of chapter 2."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

answers = Answers("minimax")

# -- value_from_logits -------------------------------------------------------------------------------


@answers.wrong("value_from_logits", hint="loss-not-value")
def d_loss_instead(real_logits, fake_logits):
    bce = nn.BCEWithLogitsLoss()
    return bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits))


@answers.wrong("value_from_logits", hint="players-swapped")
def real_counts_as_fake(real_logits, fake_logits):
    return torch.log(1 - torch.sigmoid(real_logits)).mean() + torch.log(torch.sigmoid(fake_logits)).mean()


@answers.wrong("value_from_logits", hint="fake-term-log-d")
def log_d_of_both(real_logits, fake_logits):
    return F.logsigmoid(real_logits).mean() + F.logsigmoid(fake_logits).mean()


@answers.wrong("value_from_logits", hint="one-minus-the-logit")
def sigmoid_of_one_minus_logit(real_logits, fake_logits):
    return torch.log(torch.sigmoid(real_logits)).mean() + torch.log(torch.sigmoid(1 - fake_logits)).mean()


@answers.wrong("value_from_logits", hint="minus-log")
def log_of_one_minus_is_minus_log(real_logits, fake_logits):
    return F.logsigmoid(real_logits).mean() - F.logsigmoid(fake_logits).mean()


@answers.wrong("value_from_logits", hint="logits-as-probabilities")
def log_of_raw_logits(real_logits, fake_logits):
    return torch.log(real_logits).mean() + torch.log(1 - fake_logits).mean()


@answers.wrong("value_from_logits", hint="sigmoid-twice")
def logsigmoid_of_probabilities(real_logits, fake_logits):
    d_real, d_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.logsigmoid(d_real).mean() + F.logsigmoid(-d_fake).mean()


@answers.wrong("value_from_logits", hint="sum-not-mean")
def summed_over_batch(real_logits, fake_logits):
    return F.logsigmoid(real_logits).sum() + F.logsigmoid(-fake_logits).sum()


@answers.wrong("value_from_logits", hint="pooled-mean")
def divided_by_all_samples(real_logits, fake_logits):
    total = F.logsigmoid(real_logits).sum() + F.logsigmoid(-fake_logits).sum()
    return total / (len(real_logits) + len(fake_logits))


@answers.wrong("value_from_logits", hint="halved")
def average_of_two_terms(real_logits, fake_logits):
    terms = [F.logsigmoid(real_logits).mean(), F.logsigmoid(-fake_logits).mean()]
    return sum(terms) / 2


@answers.wrong("value_from_logits", hint="log-of-mean")
def mean_then_log(real_logits, fake_logits):
    return torch.log(torch.sigmoid(real_logits).mean()) + torch.log((1 - torch.sigmoid(fake_logits)).mean())


@answers.wrong("value_from_logits", hint="no-log")
def mean_probabilities(real_logits, fake_logits):
    return torch.sigmoid(real_logits).mean() + (1 - torch.sigmoid(fake_logits)).mean()


@answers.wrong("value_from_logits", hint="shape")
def terms_not_added(real_logits, fake_logits):
    return torch.stack([F.logsigmoid(real_logits).mean(), F.logsigmoid(-fake_logits).mean()])


@answers.right("value_from_logits")
def probabilities_then_log(real_logits, fake_logits):
    return torch.log(torch.sigmoid(real_logits)).mean() + torch.log(1 - torch.sigmoid(fake_logits)).mean()


@answers.right("value_from_logits")
def minus_softplus_float64(real_logits, fake_logits):
    return -F.softplus(-real_logits.double()).mean() - F.softplus(fake_logits.double()).mean(0, keepdim=True)


@answers.right("value_from_logits")
def numpy_logaddexp(real_logits, fake_logits):
    return -np.logaddexp(0, -real_logits.numpy()).mean() - np.logaddexp(0, fake_logits.numpy()).mean()


@answers.right("value_from_logits")
def minus_two_cross_entropies(real_logits, fake_logits):
    loss = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    return -(loss + F.binary_cross_entropy(fake_logits.sigmoid(), torch.zeros_like(fake_logits))).item()


# -- optimal_discriminator ---------------------------------------------------------------------------


@answers.wrong("optimal_discriminator", hint="players-swapped")
def probability_of_fake(p_data, p_gen):
    both = p_data + p_gen
    return torch.where(both > 0, p_gen / both, torch.tensor(0.5))


@answers.wrong("optimal_discriminator", hint="players-swapped")
def probability_of_fake_bare(p_data, p_gen):
    return p_gen / (p_data + p_gen)


@answers.wrong("optimal_discriminator", hint="zero-by-zero")
def bare_quotient(p_data, p_gen):
    return p_data / (p_data + p_gen)


@answers.wrong("optimal_discriminator", hint="sure-where-nothing-is")
def epsilon_below(p_data, p_gen):
    return p_data / (p_data + p_gen + 1e-8)


@answers.wrong("optimal_discriminator", hint="sure-where-nothing-is")
def nan_replaced_by_zero(p_data, p_gen):
    return torch.nan_to_num(p_data / (p_data + p_gen))


@answers.wrong("optimal_discriminator", hint="sure-of-real-where-nothing-is")
def denominator_set_to_one_and_flipped(p_data, p_gen):
    both = p_data + p_gen
    return 1 - p_gen / torch.where(both == 0, torch.ones_like(both), both)


@answers.wrong("optimal_discriminator", hint="ratio")
def density_ratio(p_data, p_gen):
    return p_data / p_gen


@answers.wrong("optimal_discriminator", hint="ratio")
def density_ratio_with_epsilon(p_data, p_gen):
    return p_data / (p_gen + 1e-8)


@answers.wrong("optimal_discriminator", hint="hard-decision")
def larger_density_wins(p_data, p_gen):
    return (p_data > p_gen).float()


@answers.wrong("optimal_discriminator", hint="hard-decision")
def larger_density_wins_ties_half(p_data, p_gen):
    return torch.heaviside(p_data - p_gen, torch.tensor(0.5))


@answers.wrong("optimal_discriminator", hint="sigmoid-of-the-difference")
def sigmoid_of_difference(p_data, p_gen):
    return torch.sigmoid(p_data - p_gen)


@answers.wrong("optimal_discriminator", hint="sigmoid-of-the-ratio")
def sigmoid_of_ratio(p_data, p_gen):
    return torch.sigmoid(p_data / p_gen)


@answers.wrong("optimal_discriminator", hint="logit-not-probability")
def log_ratio(p_data, p_gen):
    return torch.log(p_data) - torch.log(p_gen)


@answers.wrong("optimal_discriminator", hint="mixture-halved")
def over_the_mixture(p_data, p_gen):
    mixture = 0.5 * (p_data + p_gen)
    return torch.where(mixture > 0, p_data / mixture, 0.5)


@answers.wrong("optimal_discriminator", hint="zero-by-zero")
def difference_of_logs(p_data, p_gen):
    return torch.sigmoid(p_data.log() - p_gen.log())


@answers.right("optimal_discriminator")
def where_else_half(p_data, p_gen):
    both = p_data + p_gen
    return torch.where(both > 0, p_data / both, torch.full_like(both, 0.5))


@answers.right("optimal_discriminator")
def nan_is_half(p_data, p_gen):
    return torch.nan_to_num(p_data / (p_data + p_gen), nan=0.5)


@answers.right("optimal_discriminator")
def mask_and_fill(p_data, p_gen):
    d = torch.full_like(p_data, 0.5, dtype=torch.float64)
    seen = (p_data > 0) | (p_gen > 0)
    d[seen] = (p_data[seen] / (p_data[seen] + p_gen[seen])).double()
    return d


@answers.right("optimal_discriminator")
def epsilon_shared(p_data, p_gen):
    return (p_data + 1e-10) / (p_data + p_gen + 2e-10)


@answers.right("optimal_discriminator")
def sigmoid_of_log_ratio(p_data, p_gen):
    return torch.sigmoid(torch.nan_to_num(p_data.log() - p_gen.log(), nan=0.0, posinf=1e3, neginf=-1e3))


@answers.right("optimal_discriminator")
def point_by_point(p_data, p_gen):
    return [p / (p + q) if p + q > 0 else 0.5 for p, q in zip(p_data.tolist(), p_gen.tolist(), strict=True)]


# -- js_divergence -----------------------------------------------------------------------------------


def kl_terms(p, q):
    """p log(p/q) with 0 log 0 = 0."""
    return torch.where(p > 0, p * torch.log(torch.where(p > 0, p, 1.0) / torch.where(q > 0, q, 1.0)), 0.0)


@answers.wrong("js_divergence", hint="zero-log-zero")
def definition_with_nan(p, q, x):
    m = 0.5 * (p + q)
    return 0.5 * torch.trapezoid(p * torch.log(p / m), x) + 0.5 * torch.trapezoid(q * torch.log(q / m), x)


@answers.wrong("js_divergence", hint="zero-log-zero")
def definition_with_logs_apart(p, q, x):
    m = (p + q) / 2
    return torch.trapezoid(p * (p.log() - m.log()) + q * (q.log() - m.log()), x) / 2


@answers.wrong("js_divergence", hint="kl-of-the-two")
def plain_kl(p, q, x):
    return torch.trapezoid(p * torch.log(p / q), x)


@answers.wrong("js_divergence", hint="kl-of-the-two")
def plain_kl_with_epsilon(p, q, x):
    return torch.trapezoid(p * torch.log((p + 1e-12) / (q + 1e-12)), x)


@answers.wrong("js_divergence", hint="kl-of-the-two")
def plain_kl_xlogy(p, q, x):
    return torch.trapezoid(torch.special.xlogy(p, p) - torch.special.xlogy(p, q), x)


@answers.wrong("js_divergence", hint="symmetrised-kl")
def mean_of_both_kl(p, q, x):
    return (plain_kl(p, q, x) + plain_kl(q, p, x)) / 2


@answers.wrong("js_divergence", hint="symmetrised-kl")
def jeffreys_with_epsilon(p, q, x):
    return (plain_kl_with_epsilon(p, q, x) + plain_kl_with_epsilon(q, p, x)) / 2


@answers.wrong("js_divergence", hint="not-halved")
def without_the_half(p, q, x):
    m = (p + q) / 2
    return torch.trapezoid(kl_terms(p, m) + kl_terms(q, m), x)


@answers.wrong("js_divergence", hint="halved-twice")
def one_half_too_many(p, q, x):
    m = (p + q) / 2
    js = 0.5 * torch.trapezoid(kl_terms(p, m), x) + 0.5 * torch.trapezoid(kl_terms(q, m), x)
    return 0.5 * js


@answers.wrong("js_divergence", hint="base-2")
def in_bits(p, q, x):
    m = (p + q) / 2
    terms = [torch.where(d > 0, d * torch.log2(torch.where(d > 0, d / m, 1.0)), 0.0) for d in (p, q)]
    return 0.5 * torch.trapezoid(terms[0] + terms[1], x)


@answers.wrong("js_divergence", hint="mixture-not-halved")
def mixture_is_the_sum(p, q, x):
    m = p + q
    return 0.5 * torch.trapezoid(kl_terms(p, m) + kl_terms(q, m), x)


@answers.wrong("js_divergence", hint="one-side")
def only_p_with_mixture(p, q, x):
    return torch.trapezoid(kl_terms(p, (p + q) / 2), x)


@answers.wrong("js_divergence", hint="mixture-first")
def kl_from_the_mixture(p, q, x):
    m = (p + q) / 2
    return 0.5 * torch.trapezoid(m * torch.log(m / p) + m * torch.log(m / q), x)


@answers.wrong("js_divergence", hint="square-root")
def js_distance(p, q, x):
    m = (p + q) / 2
    return torch.sqrt(0.5 * torch.trapezoid(kl_terms(p, m) + kl_terms(q, m), x))


@answers.wrong("js_divergence", hint="sum-over-the-grid")
def sum_of_terms(p, q, x):
    m = (p + q) / 2
    return 0.5 * (kl_terms(p, m) + kl_terms(q, m)).sum()


@answers.wrong("js_divergence", hint="sum-over-the-grid")
def mean_of_terms(p, q, x):
    m = (p + q) / 2
    return 0.5 * (kl_terms(p, m) + kl_terms(q, m)).mean()


@answers.wrong("js_divergence", hint="even-spacing-assumed")
def first_step_for_all(p, q, x):
    m, dx = (p + q) / 2, x[1] - x[0]
    return 0.5 * ((kl_terms(p, m) + kl_terms(q, m)) * dx).sum()


@answers.wrong("js_divergence", hint="even-spacing-assumed")
def mean_step_for_all(p, q, x):
    m, dx = (p + q) / 2, ((x[-1] - x[0]) / (len(x) - 1)).item()
    return 0.5 * torch.trapezoid(kl_terms(p, m) + kl_terms(q, m), dx=dx)


@answers.wrong("js_divergence", hint="normalised-as-lists")
def scipy_on_values(p, q, x):
    from scipy.spatial.distance import jensenshannon

    return float(jensenshannon(p.numpy(), q.numpy()) ** 2)


@answers.right("js_divergence")
def masked_trapezoid(p, q, x):
    m = (p + q) / 2
    return 0.5 * torch.trapezoid(kl_terms(p, m) + kl_terms(q, m), x)


@answers.right("js_divergence")
def entropies(p, q, x):
    def entropy(density):
        return -torch.trapezoid(torch.special.xlogy(density, density), x)

    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


@answers.right("js_divergence")
def numpy_left_sums(p, q, x):
    from scipy.special import rel_entr

    p, q, x = (np.asarray(array) for array in (p, q, x))
    m = (p + q) / 2
    return float(np.sum((rel_entr(p, m) + rel_entr(q, m))[:-1] * np.diff(x)) / 2)


@answers.right("js_divergence")
def simpson_with_epsilon(p, q, x):
    from scipy.integrate import simpson

    m = (p + q) / 2 + 1e-12
    integrand = p * torch.log((p + 1e-12) / m) + q * torch.log((q + 1e-12) / m)
    return simpson(integrand.numpy(), x=x.numpy()) / 2


@answers.right("js_divergence")
def nan_to_num_float32(p, q, x):
    p, q, x = p.float(), q.float(), x.float()
    m = (p + q) / 2
    return torch.trapezoid(torch.nan_to_num(p * (p / m).log()) + torch.nan_to_num(q * (q / m).log()), x) / 2


# -- best_response_value -----------------------------------------------------------------------------


def d_star(p_data, p_gen):
    return torch.where(p_data + p_gen > 0, p_data / (p_data + p_gen), 0.5)


@answers.wrong("best_response_value", hint="zero-log-zero")
def v_with_nan(p_data, p_gen, x):
    d = d_star(p_data, p_gen)
    return torch.trapezoid(p_data * torch.log(d) + p_gen * torch.log(1 - d), x)


@answers.wrong("best_response_value", hint="zero-log-zero")
def v_with_nan_everywhere(p_data, p_gen, x):
    d = p_data / (p_data + p_gen)
    return torch.trapezoid(p_data * torch.log(d), x) + torch.trapezoid(p_gen * torch.log(1 - d), x)


@answers.wrong("best_response_value", hint="not-weighted")
def logs_integrated_bare(p_data, p_gen, x):
    d = p_data / (p_data + p_gen)
    return torch.trapezoid(torch.log(d) + torch.log(1 - d), x)


@answers.wrong("best_response_value", hint="one-density-for-both")
def both_under_the_data(p_data, p_gen, x):
    d = d_star(p_data, p_gen)
    return torch.trapezoid(p_data * (torch.log(d) + torch.log(1 - d)), x)


@answers.wrong("best_response_value", hint="densities-swapped")
def weights_exchanged(p_data, p_gen, x):
    d = d_star(p_data, p_gen)
    return torch.trapezoid(p_gen * torch.log(d) + p_data * torch.log(1 - d), x)


@answers.wrong("best_response_value", hint="js-not-doubled")
def one_js_minus_log_4(p_data, p_gen, x):
    return masked_trapezoid(p_data, p_gen, x) - math.log(4)


@answers.wrong("best_response_value", hint="log-2-not-log-4")
def two_js_minus_log_2(p_data, p_gen, x):
    return 2 * masked_trapezoid(p_data, p_gen, x) - math.log(2)


@answers.wrong("best_response_value", hint="constant-forgotten")
def two_js_alone(p_data, p_gen, x):
    return 2 * masked_trapezoid(p_data, p_gen, x)


@answers.wrong("best_response_value", hint="constant-with-plus")
def two_js_plus_log_4(p_data, p_gen, x):
    return 2 * masked_trapezoid(p_data, p_gen, x) + math.log(4)


@answers.wrong("best_response_value", hint="loss-not-value")
def minus_v(p_data, p_gen, x):
    d = d_star(p_data, p_gen)
    return -torch.trapezoid(torch.special.xlogy(p_data, d) + torch.special.xlogy(p_gen, 1 - d), x)


@answers.wrong("best_response_value", hint="halved")
def average_of_expectations(p_data, p_gen, x):
    d = d_star(p_data, p_gen)
    return 0.5 * torch.trapezoid(torch.special.xlogy(p_data, d) + torch.special.xlogy(p_gen, 1 - d), x)


@answers.wrong("best_response_value", hint="always-minus-log-4")
def d_is_one_half(p_data, p_gen, x):
    d = torch.full_like(x, 0.5)
    return torch.trapezoid(p_data * torch.log(d) + p_gen * torch.log(1 - d), x)


@answers.wrong("best_response_value", hint="even-spacing-assumed")
def mean_over_the_grid(p_data, p_gen, x):
    d = d_star(p_data, p_gen)
    return torch.mean(torch.special.xlogy(p_data, d) + torch.special.xlogy(p_gen, 1 - d))


@answers.right("best_response_value")
def by_definition(p_data, p_gen, x):
    d = d_star(p_data, p_gen)
    return torch.trapezoid(torch.special.xlogy(p_data, d) + torch.special.xlogy(p_gen, 1 - d), x)


@answers.right("best_response_value")
def by_the_identity(p_data, p_gen, x):
    return 2 * masked_trapezoid(p_data, p_gen, x) - math.log(4)


@answers.right("best_response_value")
def on_the_supports(p_data, p_gen, x):
    total = 0.0
    for density, other in ((p_data, p_gen), (p_gen, p_data)):
        inside = density > 0
        d = density[inside] / (density[inside] + other[inside])
        total += torch.trapezoid(density[inside] * torch.log(d), x[inside]).item()
    return total


@answers.right("best_response_value")
def clamped_float32(p_data, p_gen, x):
    d = d_star(p_data, p_gen).clamp(1e-7, 1 - 1e-7).float()
    return torch.trapezoid(p_data.float() * d.log() + p_gen.float() * (1 - d).log(), x.float())


# -- value_from_labels -------------------------------------------------------------------------------


@answers.wrong("value_from_labels", hint="cross-entropy-itself")
def bce_loss(logits, labels):
    return nn.BCEWithLogitsLoss()(logits, labels)


@answers.wrong("value_from_labels", hint="not-doubled")
def minus_bce(logits, labels):
    return (labels * F.logsigmoid(logits) + (1 - labels) * F.logsigmoid(-logits)).mean()


@answers.wrong("value_from_labels", hint="sign")
def twice_bce(logits, labels):
    return 2 * F.binary_cross_entropy_with_logits(logits, labels)


@answers.wrong("value_from_labels", hint="sum-not-mean")
def summed_log_likelihood(logits, labels):
    return (labels * F.logsigmoid(logits) + (1 - labels) * F.logsigmoid(-logits)).sum()


@answers.wrong("value_from_labels", hint="sum-not-mean")
def reduction_sum(logits, labels):
    return -2 * F.binary_cross_entropy_with_logits(logits, labels, reduction="sum")


@answers.wrong("value_from_labels", hint="labels-swapped")
def fake_is_1(logits, labels):
    return 2 * ((1 - labels) * F.logsigmoid(logits) + labels * F.logsigmoid(-logits)).mean()


@answers.wrong("value_from_labels", hint="sigmoid-twice")
def with_logits_on_probabilities(logits, labels):
    return -2 * F.binary_cross_entropy_with_logits(torch.sigmoid(logits), labels)


@answers.wrong("value_from_labels", hint="logits-as-probabilities")
def bce_on_logits(logits, labels):
    return -2 * F.binary_cross_entropy(logits, labels)


@answers.wrong("value_from_labels", hint="order-assumed")
def first_half_is_real(logits, labels):
    half = len(logits) // 2
    return F.logsigmoid(logits[:half]).mean() + F.logsigmoid(-logits[half:]).mean()


@answers.wrong("value_from_labels", hint="only-real")
def second_term_forgotten(logits, labels):
    return 2 * (labels * F.logsigmoid(logits)).mean()


@answers.wrong("value_from_labels", hint="no-selection")
def labels_unused(logits, labels):
    return F.logsigmoid(logits).mean() + F.logsigmoid(-logits).mean()


@answers.wrong("value_from_labels", hint="no-selection")
def everything_is_real(logits, labels):
    return -2 * F.binary_cross_entropy_with_logits(logits, torch.ones_like(labels))


@answers.right("value_from_labels")
def minus_two_bce(logits, labels):
    return -2 * F.binary_cross_entropy_with_logits(logits, labels)


@answers.right("value_from_labels")
def split_by_label(logits, labels):
    return F.logsigmoid(logits[labels == 1]).mean() + F.logsigmoid(-logits[labels == 0]).mean()


@answers.right("value_from_labels")
def signed_softplus(logits, labels):
    return -2 * F.softplus((1 - 2 * labels) * logits).mean(0, keepdim=True)


@answers.right("value_from_labels")
def numpy_probabilities(logits, labels):
    d, y = 1 / (1 + np.exp(-logits.double().numpy())), labels.numpy()
    return 2 * np.mean(y * np.log(d) + (1 - y) * np.log(1 - d))


# -- convention --------------------------------------------------------------------------------------


def v(real_logits, fake_logits):
    return F.logsigmoid(real_logits).mean() + F.logsigmoid(-fake_logits).mean()


def slopes(objective, real_logits, fake_logits):
    gradients = torch.autograd.grad(objective(real_logits, fake_logits), [real_logits, fake_logits], allow_unused=True)
    zeros = torch.zeros_like(real_logits), torch.zeros_like(fake_logits)
    return [z if g is None else g for g, z in zip(gradients, zeros, strict=True)]


@answers.wrong("convention", hint="values-compared")
def compares_values(objective, real_logits, fake_logits):
    ours, theirs = v(real_logits, fake_logits), objective(real_logits, fake_logits)
    if torch.isclose(ours, theirs):
        return "maximise"
    return "minimise" if torch.isclose(ours, -theirs) else "neither"


@answers.wrong("convention", hint="factor-counts")
def wants_equal_gradients(objective, real_logits, fake_logits):
    ours = torch.cat(slopes(v, real_logits, fake_logits))
    theirs = torch.cat(slopes(objective, real_logits, fake_logits))
    if (ours - theirs).abs().max() < 1e-5:
        return "maximise"
    return "minimise" if (ours + theirs).abs().max() < 1e-5 else "neither"


@answers.wrong("convention", hint="signs-only")
def compares_signs(objective, real_logits, fake_logits):
    g_real, g_fake = slopes(objective, real_logits, fake_logits)
    if (g_real > 0).all() and (g_fake < 0).all():
        return "maximise"
    return "minimise" if (g_real < 0).all() and (g_fake > 0).all() else "neither"


def factor(theirs, ours):
    ratio = theirs / ours
    return ratio.mean().item() if ratio.std() < 1e-4 * ratio.abs().mean() + 1e-9 else 0.0


def verb(c):
    return "maximise" if c > 0 else "minimise" if c < 0 else "neither"


@answers.wrong("convention", hint="real-batch-only")
def looks_at_real_only(objective, real_logits, fake_logits):
    return verb(factor(slopes(objective, real_logits, fake_logits)[0], slopes(v, real_logits, fake_logits)[0]))


@answers.wrong("convention", hint="fake-batch-only")
def looks_at_fake_only(objective, real_logits, fake_logits):
    return verb(factor(slopes(objective, real_logits, fake_logits)[1], slopes(v, real_logits, fake_logits)[1]))


@answers.wrong("convention", hint="factor-per-batch")
def one_factor_each(objective, real_logits, fake_logits):
    pairs = zip(slopes(objective, real_logits, fake_logits), slopes(v, real_logits, fake_logits), strict=True)
    signs = {math.copysign(1, c) if c else 0 for c in (factor(theirs, ours) for theirs, ours in pairs)}
    return verb(signs.pop()) if len(signs) == 1 else "neither"


@answers.wrong("convention", hint="upside-down")
def verbs_exchanged(objective, real_logits, fake_logits):
    ours, theirs = (
        torch.cat(slopes(v, real_logits, fake_logits)),
        torch.cat(slopes(objective, real_logits, fake_logits)),
    )
    return verb(-factor(theirs, ours))


@answers.wrong("convention", hint="never-neither")
def sign_of_dot_product(objective, real_logits, fake_logits):
    ours, theirs = (
        torch.cat(slopes(v, real_logits, fake_logits)),
        torch.cat(slopes(objective, real_logits, fake_logits)),
    )
    return "maximise" if torch.dot(ours, theirs) > 0 else "minimise"


@answers.wrong("convention", hint="sign-of-the-value")
def negative_is_a_value(objective, real_logits, fake_logits):
    return "maximise" if objective(real_logits, fake_logits).item() < 0 else "minimise"


@answers.wrong("convention", hint="verdict-as-text")
def says_true_or_false(objective, real_logits, fake_logits):
    return torch.allclose(objective(real_logits, fake_logits), v(real_logits, fake_logits))


@answers.right("convention")
def constant_ratio(objective, real_logits, fake_logits):
    ours, theirs = (
        torch.cat(slopes(v, real_logits, fake_logits)),
        torch.cat(slopes(objective, real_logits, fake_logits)),
    )
    return verb(factor(theirs, ours))


@answers.right("convention")
def cosine_by_backward(objective, real_logits, fake_logits):
    gradients = []
    for function in (objective, v):
        real, fake = real_logits.detach().clone().requires_grad_(), fake_logits.detach().clone().requires_grad_()
        function(real, fake).backward()
        gradients.append(torch.cat([real.grad, fake.grad]))
    cosine = torch.nn.functional.cosine_similarity(*gradients, dim=0)
    return "maximize" if cosine > 0.999 else "minimize" if cosine < -0.999 else "neither"


@answers.right("convention")
def by_hand_least_squares(objective, real_logits, fake_logits):
    ours = torch.cat([torch.sigmoid(-real_logits) / len(real_logits), -torch.sigmoid(fake_logits) / len(fake_logits)])
    ours, theirs = ours.detach().numpy(), torch.cat(slopes(objective, real_logits, fake_logits)).numpy()
    c = float(ours @ theirs / (ours @ ours))
    if np.abs(theirs - c * ours).max() > 1e-3 * np.abs(theirs).max():
        return "Neither"
    return "Maximise" if c > 0 else "Minimise"


# -- fit_discriminator -------------------------------------------------------------------------------


def labelled(real, fake):
    return torch.cat([real, fake]), torch.cat([torch.ones(len(real)), torch.zeros(len(fake))]).to(real)


@answers.wrong("fit_discriminator", hint="sigmoid-twice")
def sigmoid_left_in(discriminator, optimizer, real, fake, steps):
    for _ in range(steps):
        d_real, d_fake = torch.sigmoid(discriminator(real)), torch.sigmoid(discriminator(fake))
        bce = F.binary_cross_entropy_with_logits
        loss = bce(d_real, torch.ones_like(d_real)) + bce(d_fake, torch.zeros_like(d_fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="pooled")
def one_mean_left_in(discriminator, optimizer, real, fake, steps):
    x, labels = labelled(real, fake)
    for _ in range(steps):
        loss = F.binary_cross_entropy_with_logits(discriminator(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="stale-gradients")
def zero_grad_forgotten(discriminator, optimizer, real, fake, steps):
    for _ in range(steps):
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        loss.backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="sigmoid-and-pooled")
def only_zero_grad_added(discriminator, optimizer, real, fake, steps):
    x, labels = labelled(real, fake)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(torch.sigmoid(discriminator(x)), labels)
        loss.backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="sigmoid-and-stale")
def only_means_split(discriminator, optimizer, real, fake, steps):
    bce = nn.BCEWithLogitsLoss()
    for _ in range(steps):
        d_real, d_fake = torch.sigmoid(discriminator(real)), torch.sigmoid(discriminator(fake))
        (bce(d_real, torch.ones_like(d_real)) + bce(d_fake, torch.zeros_like(d_fake))).backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="pooled-and-stale")
def only_sigmoid_removed(discriminator, optimizer, real, fake, steps):
    x, labels = labelled(real, fake)
    for _ in range(steps):
        F.binary_cross_entropy_with_logits(discriminator(x), labels).backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="zeroed-once")
def cleared_before_the_loop(discriminator, optimizer, real, fake, steps):
    optimizer.zero_grad()
    for _ in range(steps):
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        loss.backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="real-thrown-away")
def batches_cut_to_one_size(discriminator, optimizer, real, fake, steps):
    x, labels = labelled(real[: len(fake)], fake)
    for _ in range(steps):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(discriminator(x), labels).backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="labels-swapped")
def v_minimised(discriminator, optimizer, real, fake, steps):
    for _ in range(steps):
        loss = F.softplus(discriminator(real)).mean() + F.softplus(-discriminator(fake)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="one-step-only")
def step_after_the_loop(discriminator, optimizer, real, fake, steps):
    for _ in range(steps):
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return discriminator


@answers.wrong("fit_discriminator", hint="no-step")
def never_stepped(discriminator, optimizer, real, fake, steps):
    for _ in range(steps):
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        optimizer.zero_grad()
        loss.backward()
    return discriminator


@answers.wrong("fit_discriminator", hint="sign")
def descends_on_v(discriminator, optimizer, real, fake, steps):
    for _ in range(steps):
        loss = F.logsigmoid(discriminator(real)).mean() + F.logsigmoid(-discriminator(fake)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return discriminator


@answers.right("fit_discriminator")
def two_means(discriminator, optimizer, real, fake, steps):
    for _ in range(steps):
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return discriminator


@answers.right("fit_discriminator")
def weighted_cross_entropy(discriminator, optimizer, real, fake, steps):
    x, labels = labelled(real, fake)
    weight = torch.where(labels == 1, 1 / len(real), 1 / len(fake))
    for _ in range(steps):
        logits = discriminator(x)
        loss = 0.5 * F.binary_cross_entropy_with_logits(logits, labels, weight=weight, reduction="sum")
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
    return discriminator


@answers.right("fit_discriminator")
def positives_weighted_down(discriminator, optimizer, real, fake, steps):
    x, labels = labelled(real, fake)
    bce = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(len(fake) / len(real)))
    for _ in range(steps):
        gradients = torch.autograd.grad(bce(discriminator(x), labels), [*discriminator.parameters()])
        for parameter, gradient in zip(discriminator.parameters(), gradients, strict=True):
            parameter.grad = gradient
        optimizer.step()
    return discriminator


@answers.right("fit_discriminator")
def probabilities_and_bce(discriminator, optimizer, real, fake, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        d_real, d_fake = torch.sigmoid(discriminator(real)), torch.sigmoid(discriminator(fake))
        real_loss = F.binary_cross_entropy(d_real, torch.ones_like(d_real))
        fake_loss = F.binary_cross_entropy(d_fake, torch.zeros_like(d_fake))
        real_loss.backward()
        fake_loss.backward()
        optimizer.step()
    return discriminator


# -- loss_gradients ----------------------------------------------------------------------------------


@answers.wrong("loss_gradients", hint="of-the-value")
def gradients_of_v(real_logits, fake_logits):
    return (1 - torch.sigmoid(real_logits)) / len(real_logits), -torch.sigmoid(fake_logits) / len(fake_logits)


@answers.wrong("loss_gradients", hint="mean-forgotten")
def own_slopes(real_logits, fake_logits):
    return -torch.sigmoid(-real_logits), torch.sigmoid(fake_logits)


@answers.wrong("loss_gradients", hint="one-mean")
def over_all_logits(real_logits, fake_logits):
    n = len(real_logits) + len(fake_logits)
    return (torch.sigmoid(real_logits) - 1) / n, torch.sigmoid(fake_logits) / n


@answers.wrong("loss_gradients", hint="by-the-probability")
def without_the_sigmoid(real_logits, fake_logits):
    d_real, d_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -1 / d_real / len(d_real), 1 / (1 - d_fake) / len(d_fake)


@answers.wrong("loss_gradients", hint="sigmoid-slope-alone")
def without_the_logarithm(real_logits, fake_logits):
    d_real, d_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return -d_real * (1 - d_real) / len(d_real), d_fake * (1 - d_fake) / len(d_fake)


@answers.wrong("loss_gradients", hint="fakes-as-real")
def label_one_for_both(real_logits, fake_logits):
    return tuple((torch.sigmoid(a) - 1) / len(a) for a in (real_logits, fake_logits))


@answers.wrong("loss_gradients", hint="swapped")
def fakes_first(real_logits, fake_logits):
    return tuple(reversed(verdict_minus_label(real_logits, fake_logits)))


@answers.wrong("loss_gradients", hint="used-autograd")
def by_backward(real_logits, fake_logits):
    real_logits.requires_grad_()
    fake_logits.requires_grad_()
    (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()).backward()
    return real_logits.grad, fake_logits.grad


@answers.wrong("loss_gradients", hint="returned")
def one_long_vector_of_both(real_logits, fake_logits):
    return torch.cat(verdict_minus_label(real_logits, fake_logits))


@answers.right("loss_gradients")
def verdict_minus_label(real_logits, fake_logits):
    return (torch.sigmoid(real_logits) - 1) / len(real_logits), torch.sigmoid(fake_logits) / len(fake_logits)


@answers.right("loss_gradients")
def with_the_other_sigmoid(real_logits, fake_logits):
    return -torch.sigmoid(-real_logits) / real_logits.numel(), (1 - torch.sigmoid(-fake_logits)) / fake_logits.numel()


@answers.right("loss_gradients")
def one_logit_at_a_time(real_logits, fake_logits):
    def slope(a, label, n):
        return (1 / (1 + math.exp(-a)) - label) / n

    return [slope(a, 1, len(real_logits)) for a in real_logits.tolist()], [
        slope(a, 0, len(fake_logits)) for a in fake_logits.tolist()
    ]


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {"A": ("small batches", 200), "B": ("G moved", 260), "C": ("same points", 160), "D": ("sign turned", 300)},
    {
        "a-misread": {"A": ("same points", 200)},
        "b-misread": {"B": ("sign turned", 260)},
        "c-misread": {"C": ("small batches", 160)},
        "d-misread": {"D": ("G moved", 300)},
        "misplaced": {"C": ("same points", 220)},
        "form": {"B": ("G moved", 260, "surely")},
        "unknown-place": {"B": ("G moved", "260")},
    },
)

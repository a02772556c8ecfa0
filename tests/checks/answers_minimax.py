"""Wrong and right answers to the exercises of chapter 2."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from scipy.integrate import simpson
from scipy.spatial.distance import jensenshannon  # noqa: F401  (for an edit)
from scipy.special import rel_entr
from torch import nn

answers = Answers("minimax")

# -- value_from_logits -------------------------------------------------------------------------------


@answers.right("value_from_logits")
def probabilities_then_log(real, fake):
    return torch.log(torch.sigmoid(real)).mean() + torch.log(1 - torch.sigmoid(fake)).mean()


@answers.right("value_from_logits")
def minus_softplus_float64(real, fake):
    return -F.softplus(-real.double()).mean() - F.softplus(fake.double()).mean(0, keepdim=True)


@answers.right("value_from_logits")
def numpy_logaddexp(real, fake):
    return -np.logaddexp(0, -real.numpy()).mean() - np.logaddexp(0, fake.numpy()).mean()


@answers.right("value_from_logits")
def minus_two_cross_entropies(real, fake):
    loss = F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
    return -(loss + F.binary_cross_entropy(fake.sigmoid(), torch.zeros_like(fake))).item()


answers.slips(
    "value_from_logits",
    probabilities_then_log,
    {
        "floor": [("(real)", "(real) + 1e-8"), ("sigmoid(fake)", "sigmoid(fake).clamp(max=1 - 1e-7)")],
        "loss-not-value": ["F.softplus(-real).mean() + F.softplus(fake).mean()"],
        "players-swapped": [(("real", "x"), ("fake", "real"), ("x", "fake"))],
        "fake-term-log-d": ["F.logsigmoid(real).mean() + F.logsigmoid(fake).mean()"],
        "one-minus-the-logit": [("1 - torch.sigmoid(fake)", "torch.sigmoid(1 - fake)")],
        "minus-log": ["F.logsigmoid(real).mean() - F.logsigmoid(fake).mean()"],
        "logits-as-probabilities": [("torch.sigmoid", "")],
        "sigmoid-twice": ["F.logsigmoid(real.sigmoid()).mean() + F.logsigmoid(-fake.sigmoid()).mean()"],
        "sum-not-mean": [("mean", "sum")],
        "pooled-mean": [
            "2 * torch.cat([F.logsigmoid(real), F.logsigmoid(-fake)]).mean()",
            "(F.logsigmoid(real).sum() + F.logsigmoid(-fake).sum()) / (len(real) + len(fake))",
        ],
        "halved": ["sum([F.logsigmoid(real).mean(), F.logsigmoid(-fake).mean()]) / 2"],
        "log-of-mean": ["torch.log(torch.sigmoid(real).mean()) + torch.log((1 - torch.sigmoid(fake)).mean())"],
        "no-log": [("torch.log", "")],
        "shape": ["torch.stack([F.logsigmoid(real).mean(), F.logsigmoid(-fake).mean()])"],
    },
)

# -- optimal_discriminator ---------------------------------------------------------------------------


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


answers.slips(
    "optimal_discriminator",
    where_else_half,
    {
        "players-swapped": [("p_data / both", "p_gen / both"), "p_gen / (p_data + p_gen)"],
        "zero-by-zero": ["p_data / (p_data + p_gen)", "torch.sigmoid(p_data.log() - p_gen.log())"],
        "sure-where-nothing-is": ["p_data / (p_data + p_gen + 1e-8)", "torch.nan_to_num(p_data / (p_data + p_gen))"],
        "sure-of-real-where-nothing-is": [("p_data / both, torch.full_like(both, 0.5)", "p_data / both, 1.0")],
        "ratio": ["p_data / p_gen", "p_data / (p_gen + 1e-8)"],
        "hard-decision": ["(p_data > p_gen).float()", "torch.heaviside(p_data - p_gen, torch.tensor(0.5))"],
        "sigmoid-of-the-difference": ["torch.sigmoid(p_data - p_gen)"],
        "sigmoid-of-the-ratio": ["torch.sigmoid(p_data / p_gen)"],
        "logit-not-probability": ["torch.log(p_data) - torch.log(p_gen)"],
        "value": [("both > 0", "both > 1e-6")],
        "mixture-halved": [("both = p_data + p_gen", "both = (p_data + p_gen) / 2")],
    },
)

# -- js_divergence -----------------------------------------------------------------------------------


def kl_terms(p, q):
    """p log(p/q) with 0 log 0 = 0."""
    return torch.where(p > 0, p * torch.log(torch.where(p > 0, p, 1.0) / torch.where(q > 0, q, 1.0)), 0.0)


@answers.right("js_divergence")
def masked_trapezoid(p, q, x):
    m = (p + q) / 2
    return torch.trapezoid(kl_terms(p, m) + kl_terms(q, m), x) / 2


@answers.right("js_divergence")
def entropies(p, q, x):
    def entropy(density):
        return -torch.trapezoid(torch.special.xlogy(density, density), x)

    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


@answers.right("js_divergence")
def numpy_left_sums(p, q, x):
    p, q, x = (np.asarray(array) for array in (p, q, x))
    m = (p + q) / 2
    return float(np.sum((rel_entr(p, m) + rel_entr(q, m))[:-1] * np.diff(x)) / 2)


@answers.right("js_divergence")
def simpson_with_epsilon(p, q, x):
    m = (p + q) / 2 + 1e-12
    integrand = p * torch.log((p + 1e-12) / m) + q * torch.log((q + 1e-12) / m)
    return simpson(integrand.numpy(), x=x.numpy()) / 2


@answers.right("js_divergence")
def nan_to_num_float32(p, q, x):
    p, q, x = p.float(), q.float(), x.float()
    m = (p + q) / 2
    return torch.trapezoid(torch.nan_to_num(p * (p / m).log()) + torch.nan_to_num(q * (q / m).log()), x) / 2


def plain_kl(p, q, x, epsilon=0.0):
    return torch.trapezoid(p * torch.log((p + epsilon) / (q + epsilon)), x)


answers.slips(
    "js_divergence",
    masked_trapezoid,
    {
        "zero-log-zero": [
            "m = (p + q) / 2; return plain_kl(p, m, x) / 2 + plain_kl(q, m, x) / 2",
            ("kl_terms(p, m) + kl_terms(q, m)", "p * (p.log() - m.log()) + q * (q.log() - m.log())"),
        ],
        "kl-of-the-two": [
            "plain_kl(p, q, x)",
            "plain_kl(p, q, x, 1e-12)",
            "torch.trapezoid(torch.special.xlogy(p, p) - torch.special.xlogy(p, q), x)",
        ],
        "symmetrised-kl": [
            "(plain_kl(p, q, x) + plain_kl(q, p, x)) / 2",
            "(plain_kl(p, q, x, 1e-12) + plain_kl(q, p, x, 1e-12)) / 2",
        ],
        "not-halved": [(", x) / 2", ", x)")],
        "halved-twice": [(", x) / 2", ", x) / 4")],
        "base-2": [(", x) / 2", ", x) / 2 / math.log(2)")],
        "mixture-not-halved": [("(p + q) / 2", "p + q")],
        "one-side": ["torch.trapezoid(kl_terms(p, (p + q) / 2), x)"],
        "mixture-first": [("kl_terms(p, m) + kl_terms(q, m)", "m * torch.log(m / p) + m * torch.log(m / q)")],
        "square-root": [(("return ", "return 0.5**0.5 * "), (", x) / 2", ", x) ** 0.5"))],
        "sum-over-the-grid": [
            (("torch.trapezoid", ""), (", x) / 2", ").sum() / 2")),
            (("torch.trapezoid", ""), (", x) / 2", ").mean() / 2")),
        ],
        "even-spacing-assumed": [
            (("torch.trapezoid", ""), (", x) / 2", ").sum() / 2 * (x[1] - x[0])")),
            (", x) / 2", ", dx=((x[-1] - x[0]) / (len(x) - 1)).item()) / 2"),
        ],
        "normalised-as-lists": ["float(jensenshannon(p.numpy(), q.numpy()) ** 2)"],
    },
)

# -- best_response_value -----------------------------------------------------------------------------


def d_star(p_data, p_gen):
    return torch.where(p_data + p_gen > 0, p_data / (p_data + p_gen), 0.5)


@answers.right("best_response_value")
def by_definition(p_data, p_gen, x):
    d = d_star(p_data, p_gen)
    return torch.trapezoid(torch.xlogy(p_data, d) + torch.xlogy(p_gen, 1 - d), x)


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


NAN = ("torch.xlogy(p_data, d) + torch.xlogy(p_gen, 1 - d)", "p_data * torch.log(d) + p_gen * torch.log(1 - d)")
answers.slips(
    "best_response_value",
    by_definition,
    {
        "zero-log-zero": [NAN, (NAN, ("d_star(p_data, p_gen)", "p_data / (p_data + p_gen)"))],
        "small-next-to-what": [
            ("d_star(p_data, p_gen)", "p_data / (p_data + p_gen + 1e-4)"),
            (("d_star(p_data, p_gen)", "p_data / (p_data + p_gen + 1e-5)"), ("d)", "d + 1e-5)")),
        ],
        "not-weighted": [(NAN, ("p_data * ", ""), ("p_gen * ", ""))],
        "one-density-for-both": [("xlogy(p_gen", "xlogy(p_data")],
        "densities-swapped": [(("(p_data, d)", "(p_gen, d)"), ("(p_gen, 1 - d)", "(p_data, 1 - d)"))],
        "loss-not-value": [("return ", "return -")],
        "halved": [("return ", "return 0.5 * ")],
        "always-minus-log-4": [("d_star(p_data, p_gen)", "torch.full_like(x, 0.5)")],
        "even-spacing-assumed": [(("trapezoid", "mean"), (", x)", ")"))],
    },
)
answers.slips(
    "best_response_value",
    by_the_identity,
    {
        "js-not-doubled": [("2 * ", "")],
        "log-2-not-log-4": [("log(4)", "log(2)")],
        "constant-forgotten": [(" - math.log(4)", "")],
        "constant-with-plus": [(" - math.log", " + math.log")],
    },
)

# -- value_from_labels -------------------------------------------------------------------------------


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


answers.slips(
    "value_from_labels",
    minus_two_bce,
    {
        "cross-entropy-itself": ["nn.BCEWithLogitsLoss()(logits, labels)"],
        "not-doubled": [("-2 * ", "-")],
        "sign": [("-2", "2")],
        "sum-not-mean": [
            ("labels)", 'labels, reduction="sum")'),
            "(labels * F.logsigmoid(logits) + (1 - labels) * F.logsigmoid(-logits)).sum()",
        ],
        "labels-swapped": [("labels)", "1 - labels)")],
        "sigmoid-twice": [("(logits", "(torch.sigmoid(logits)")],
        "logits-as-probabilities": [("_with_logits", "")],
        "order-assumed": [
            "n = len(logits) // 2; return F.logsigmoid(logits[:n]).mean() + F.logsigmoid(-logits[n:]).mean()"
        ],
        "only-real": ["2 * (labels * F.logsigmoid(logits)).mean()"],
        "no-selection": [
            "F.logsigmoid(logits).mean() + F.logsigmoid(-logits).mean()",
            ("labels)", "torch.ones_like(labels))"),
        ],
    },
)

# -- convention --------------------------------------------------------------------------------------


def v(real, fake):
    return F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean()


def slopes(objective, real, fake):
    gradients = torch.autograd.grad(objective(real, fake), [real, fake], allow_unused=True)
    return [torch.zeros_like(a) if g is None else g for g, a in zip(gradients, (real, fake), strict=True)]


def factor(theirs, ours):
    ratio = theirs / ours
    return ratio.mean().item() if ratio.std() < 1e-4 * ratio.abs().mean() + 1e-9 else 0.0


def verb(c):
    return "maximise" if c > 0 else "minimise" if c < 0 else "neither"


@answers.right("convention")
def constant_ratio(objective, real, fake):
    ours, theirs = torch.cat(slopes(v, real, fake)), torch.cat(slopes(objective, real, fake))
    return verb(factor(theirs, ours))


@answers.right("convention")
def cosine_by_backward(objective, real_logits, fake_logits):
    gradients = []
    for function in (objective, v):
        real, fake = real_logits.detach().clone().requires_grad_(), fake_logits.detach().clone().requires_grad_()
        function(real, fake).backward()
        gradients.append(torch.cat([real.grad, fake.grad]))
    cosine = F.cosine_similarity(*gradients, dim=0)
    return "maximize" if cosine > 0.999 else "minimize" if cosine < -0.999 else "neither"


@answers.right("convention")
def by_hand_least_squares(objective, real, fake):
    ours = torch.cat([torch.sigmoid(-real) / len(real), -torch.sigmoid(fake) / len(fake)])
    ours, theirs = ours.detach().numpy(), torch.cat(slopes(objective, real, fake)).numpy()
    c = float(ours @ theirs / (ours @ ours))
    if np.abs(theirs - c * ours).max() > 1e-3 * np.abs(theirs).max():
        return "Neither"
    return "Maximise" if c > 0 else "Minimise"


RATIO = "factor(theirs, ours)"
answers.slips(
    "convention",
    constant_ratio,
    {
        "values-compared": [
            """
            ours, theirs = v(real, fake), objective(real, fake)
            return verb(int(torch.isclose(ours, theirs)) - int(torch.isclose(ours, -theirs)))
            """
        ],
        "factor-counts": [(RATIO, "int(torch.allclose(ours, theirs)) - int(torch.allclose(ours, -theirs))")],
        "signs-only": [(RATIO, "int((ours * theirs > 0).all()) - int((ours * theirs < 0).all())")],
        "real-batch-only": [(("torch.cat", ""), (RATIO, "factor(theirs[0], ours[0])"))],
        "fake-batch-only": [(("torch.cat", ""), (RATIO, "factor(theirs[1], ours[1])"))],
        "factor-per-batch": [
            """
            pairs = zip(slopes(objective, real, fake), slopes(v, real, fake), strict=True)
            signs = {math.copysign(1, c) if c else 0 for c in (factor(theirs, ours) for theirs, ours in pairs)}
            return verb(signs.pop()) if len(signs) == 1 else "neither"
            """
        ],
        "upside-down": [("verb(", "verb(-")],
        "never-neither": [(RATIO, "torch.dot(ours, theirs)")],
        "sign-of-the-value": ["verb(-objective(real, fake).item())"],
        "verdict-as-text": ["torch.allclose(objective(real, fake), v(real, fake))"],
    },
)

# -- fit_discriminator -------------------------------------------------------------------------------


def labelled(real, fake):
    return torch.cat([real, fake]), torch.cat([torch.ones(len(real)), torch.zeros(len(fake))]).to(real)


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
        F.binary_cross_entropy(d_real, torch.ones_like(d_real)).backward()
        F.binary_cross_entropy(d_fake, torch.zeros_like(d_fake)).backward()
        optimizer.step()
    return discriminator


UNCLEARED = ("optimizer.zero_grad()", "")
TWICE = (
    ("-discriminator(real)", "-discriminator(real).sigmoid()"),
    ("discriminator(fake)", "discriminator(fake).sigmoid()"),
)
answers.slips(
    "fit_discriminator",
    two_means,
    {
        "sigmoid-twice": [TWICE],
        "stale-gradients": [UNCLEARED, (UNCLEARED, ("optimizer.step()", "optimizer.step(); optimizer.zero_grad()"))],
        "sigmoid-and-stale": [(*TWICE, UNCLEARED)],
        "zeroed-once": [(UNCLEARED, ("for _", "optimizer.zero_grad()\n    for _"))],
        "labels-swapped": [(("-discriminator", "discriminator"), ("(discriminator(fake)", "(-discriminator(fake)"))],
        "one-step-only": [(("\n        optimizer", "\n    optimizer"), ("\n        loss.b", "\n    loss.b"))],
        "no-step": [("optimizer.step()", "")],
        "sign": [(("loss = F", "loss = -F"), (" + F", " - F"))],
    },
)
POOLED = (', weight=weight, reduction="sum"', "")
answers.slips(
    "fit_discriminator",
    weighted_cross_entropy,
    {
        "pooled": [POOLED],
        "sigmoid-and-pooled": [(POOLED, ("discriminator(x)", "discriminator(x).sigmoid()"))],
        "pooled-and-stale": [(POOLED, ("0.5 * ", ""), ("optimizer.zero_grad(set_to_none=False)", ""))],
        "real-thrown-away": [(POOLED, ("labelled(real, fake)", "labelled(real[: len(fake)], fake)"))],
    },
)

# -- loss_gradients ----------------------------------------------------------------------------------


@answers.right("loss_gradients")
def verdict_minus_label(real, fake):
    return (torch.sigmoid(real) - 1) / len(real), torch.sigmoid(fake) / len(fake)


@answers.right("loss_gradients")
def with_the_other_sigmoid(real, fake):
    return -torch.sigmoid(-real) / real.numel(), (1 - torch.sigmoid(-fake)) / fake.numel()


@answers.right("loss_gradients")
def one_logit_at_a_time(real, fake):
    def slopes(logits, label):
        return [(1 / (1 + math.exp(-a)) - label) / len(logits) for a in logits.tolist()]

    return [slopes(real, 1), slopes(fake, 0)]


answers.slips(
    "loss_gradients",
    verdict_minus_label,
    {
        "of-the-value": ["(1 - torch.sigmoid(real)) / len(real), -torch.sigmoid(fake) / len(fake)"],
        "mean-forgotten": [((" / len(real)", ""), (" / len(fake)", ""))],
        "one-mean": [(("/ len(real)", "/ n"), ("/ len(fake)", "/ n"), ("return", "n = len(real) + len(fake); return"))],
        "by-the-probability": ["-1 / torch.sigmoid(real) / len(real), 1 / torch.sigmoid(-fake) / len(fake)"],
        "sigmoid-slope-alone": [
            "d, f = real.sigmoid(), fake.sigmoid(); return -d * (1 - d) / len(d), f * (1 - f) / len(f)"
        ],
        "fakes-as-real": [("torch.sigmoid(fake)", "(torch.sigmoid(fake) - 1)")],
        "swapped": ["tuple(reversed(verdict_minus_label(real, fake)))"],
        "used-autograd": [
            """
            real.requires_grad_(), fake.requires_grad_()
            (F.softplus(-real).mean() + F.softplus(fake).mean()).backward()
            return real.grad, fake.grad
            """
        ],
        "returned": ["torch.cat(verdict_minus_label(real, fake))"],
    },
)

# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

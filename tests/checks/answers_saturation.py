"""Wrong and right answers to the exercises of chapter 3."""

import copy
import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

from ganbook import losses
from ganbook.training.game import frozen

answers = Answers("saturation")


def bce(logits, label, reduction="mean"):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


# -- generator_losses --------------------------------------------------------------------------------


@answers.right("generator_losses")
def two_labels(fake):
    return -bce(fake, 0.0), bce(fake, 1.0)


@answers.right("generator_losses")
def softplus_keepdim(fake):
    return -F.softplus(fake).mean(0, keepdim=True), F.softplus(-fake).mean(0, keepdim=True)


@answers.right("generator_losses")
def probabilities_then_log(fake):
    d = torch.sigmoid(fake.double())
    return [torch.log(1 - d).mean(), -torch.log(d).mean()]


@answers.right("generator_losses")
def library(fake):
    return losses.get("saturating").generator(fake), losses.get("non_saturating").generator(fake)


answers.slips(
    "generator_losses",
    two_labels,
    {
        "swapped": ["bce(fake, 1.0), -bce(fake, 0.0)"],
        "saturating-is-d-s-loss": [("-", "")],
        "both-upside-down": ["bce(fake, 0.0), -bce(fake, 1.0)"],
        "non-saturating-upside-down": ["-bce(fake, 0.0), -bce(fake, 1.0)", "-bce(fake, 0.0), bce(fake, 0.0)"],
        "non-saturating-twice": ["bce(fake, 1.0), bce(fake, 1.0)"],
        "saturating-twice": ["-bce(fake, 0.0), -bce(fake, 0.0)"],
        "sigmoid-twice": [("fake", "fake.sigmoid()")],
        "one-minus-the-logit": ["F.logsigmoid(1 - fake).mean(), -F.logsigmoid(fake).mean()"],
        "sum-not-mean": [(".0", '.0, "sum"')],
        "no-log": ["(1 - torch.sigmoid(fake)).mean(), -torch.sigmoid(fake).mean()"],
        "log-of-mean": ["d = torch.sigmoid(fake).mean(); return torch.log(1 - d), -torch.log(d)"],
        "no-gradient": [("fake", "fake.detach()")],
        "not-a-pair": ["bce(fake, 1.0) - bce(fake, 0.0)"],
        "floor": ["d = fake.sigmoid(); return torch.log(1 - d + 1e-8).mean(), -torch.log(d + 1e-8).mean()"],
    },
)

# -- slopes ------------------------------------------------------------------------------------------


@answers.right("slopes")
def by_formula(logits):
    return -torch.sigmoid(logits), -torch.sigmoid(-logits)


@answers.right("slopes")
def by_autograd(logits):
    a = logits.detach().clone().requires_grad_()
    saturating, non_saturating = torch.log(1 - a.sigmoid()), -torch.log(a.sigmoid())
    return torch.autograd.grad(saturating.sum(), a)[0], torch.autograd.grad(non_saturating.sum(), a)[0]


@answers.right("slopes")
def by_numpy_chain_rule(logits):
    d = 1 / (1 + np.exp(-logits.double().numpy()))
    return [-1 / (1 - d) * d * (1 - d), -1 / d * d * (1 - d)]


@answers.right("slopes")
def by_differences(logits):
    a, h = logits.double(), 1e-5

    def slope(loss):
        return (loss(a + h) - loss(a - h)) / (2 * h)

    return slope(lambda a: F.logsigmoid(-a)), slope(lambda a: -F.logsigmoid(a))


answers.slips(
    "slopes",
    by_formula,
    {
        "swapped": ["-(1 - torch.sigmoid(logits)), -torch.sigmoid(logits)"],
        "sizes-only": ["torch.sigmoid(logits), 1 - torch.sigmoid(logits)"],
        "slope-by-d": ["d = torch.sigmoid(logits); return -1 / (1 - d), -1 / d"],
        "losses-not-slopes": ["F.logsigmoid(-logits), -F.logsigmoid(logits)"],
        "saturating-twice": [("-logits", "logits")],
        "shape": [("logits)", "logits).sum()")],
        "value": ["d = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4); return -d, d - 1"],
    },
)
answers.slips(
    "slopes",
    by_autograd,
    {
        "saturating-sign": [("torch.log(1 - ", "-torch.log(1 - ")],
        "non-saturating-sign": [("-torch.log", "torch.log")],
        "sigmoid-slope-only": [("torch.log", "")],
        "slope-of-the-mean": [("sum", "mean")],
    },
)

# -- ten_times ---------------------------------------------------------------------------------------


def searched_on_a_grid(ratio):
    a = np.linspace(-10, 0, 20_001)
    return a[np.argmin(np.abs(ratio(a) - 10))]


answers.right(
    "ten_times",
    lambda _: -math.log(10),
    lambda _: torch.logit(torch.tensor(1 / 11)),
    lambda _: searched_on_a_grid(lambda a: np.exp(-a)),
    lambda _: -2.30,
    lambda _: -2.303,
)
answers.wrong("ten_times", "other-side", lambda _: math.log(10))
answers.wrong("ten_times", "probability-not-logit", lambda _: 1 / 11, lambda _: torch.tensor(0.1))
answers.wrong("ten_times", "d-is-one-tenth", lambda _: torch.logit(torch.tensor(0.1)))
answers.wrong("ten_times", "log-10", lambda _: -math.log10(10))
answers.wrong("ten_times", "slope-ten-times-at-zero", lambda _: math.log(0.05 / 0.95))
answers.wrong("ten_times", "equal-strength", lambda _: 0)
answers.wrong(
    "ten_times",
    "ratio-of-losses",
    lambda _: searched_on_a_grid(lambda a: np.logaddexp(0, -a) / np.logaddexp(0, a)),
)

# -- log_probabilities -------------------------------------------------------------------------------


@answers.right("log_probabilities")
def two_logsigmoids(logits):
    return F.logsigmoid(logits), F.logsigmoid(-logits)


@answers.right("log_probabilities")
def two_softplus(logits):
    return -F.softplus(-logits), -F.softplus(logits)


@answers.right("log_probabilities")
def log_softmax(logits):
    both = torch.stack([logits.double(), torch.zeros_like(logits, dtype=torch.float64)]).log_softmax(0)
    return both[0], both[1]


@answers.right("log_probabilities")
def shifted_by_the_logit(logits):
    log_d = F.logsigmoid(logits.float())
    return log_d, log_d - logits.float()


@answers.right("log_probabilities")
def logaddexp(logits):
    zero = torch.zeros_like(logits)
    return -torch.logaddexp(zero.float(), -logits.float()), -torch.logaddexp(zero.float(), logits.float())


def logs_of(d):
    return torch.log(d), torch.log(1 - d)


answers.slips(
    "log_probabilities",
    two_logsigmoids,
    {
        "swapped": ["F.logsigmoid(-logits), F.logsigmoid(logits)"],
        "losses-not-logs": ['bce(logits, 1.0, "none"), bce(logits, 0.0, "none")'],
        "minus-log": [("F.logsigmoid(-logits)", "-F.logsigmoid(logits)")],
        "double-is-not-enough": ["tuple(log.to(logits.dtype) for log in logs_of(torch.sigmoid(logits.double())))"],
        "exp-overflows": [
            "-torch.log(1 + torch.exp(-logits)), -torch.log(1 + torch.exp(logits))",
            "logits - torch.log(1 + torch.exp(logits)), -torch.log(1 + torch.exp(logits))",
        ],
        "floor": [
            "d = torch.sigmoid(logits.float()); return torch.log(d + 1e-8), torch.log(1 - d + 1e-8)",
            "logs_of(torch.sigmoid(logits.float()).clamp(1e-6, 1 - 1e-6))",
            ("logits", "logits.clamp(-20, 20)"),
            """
            d = torch.sigmoid(logits.float())
            return tuple(-F.binary_cross_entropy(d, torch.full_like(d, y), reduction="none") for y in (1.0, 0.0))
            """,
        ],
        "log-of-zero": [
            "logs_of(torch.sigmoid(logits))",
            ("F.logsigmoid(-logits)", "torch.log1p(-torch.sigmoid(logits))"),
        ],
        "not-a-pair": [("(logits),", "(logits) +")],
        "no-gradient": [("logits", "logits.detach()")],
    },
)

# -- reverse_gradient --------------------------------------------------------------------------------


def with_backward(backward, forward=torch.clone):
    """An autograd function, applied."""

    class Custom(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return forward(x)

        @staticmethod
        def backward(ctx, gradient):
            return backward(gradient)

    return Custom.apply


@answers.right("reverse_gradient")
def autograd_function(x):
    return with_backward(torch.neg)(x)


@answers.right("reverse_gradient")
def twice_detached_minus_x(x):
    return 2 * x.detach() - x


@answers.right("reverse_gradient")
def hook_on_a_copy(x):
    y = x.clone()
    y.register_hook(lambda gradient: -gradient)
    return y


@answers.right("reverse_gradient")
def difference_detached(x):
    return -x + (x + x).detach()


answers.slips(
    "reverse_gradient",
    autograd_function,
    {
        "negates-the-value": ["-x", ("(torch.neg)", "(torch.neg, torch.neg)")],
        "nothing-reversed": [("torch.neg", "torch.clone"), "-(-x)"],
        "cut-off": ["x.detach()"],
        "value-lost": ["x.detach() - x"],
        "value-negated-gradient-kept": [("(torch.neg)", "(torch.clone, torch.neg)")],
        "incoming-ignored": [("torch.neg", "lambda gradient: torch.full_like(gradient, -1)")],
        "sign-forced": [("torch.neg", "lambda gradient: -torch.abs(gradient)")],
        "reverses-every-path": ["x.register_hook(torch.neg); return x"],
        "value": ["2 * x.float().detach() - x.float()"],
        "type": ["x.detach().numpy()"],
    },
)

# -- gradient_norm -----------------------------------------------------------------------------------


def all_gradients(generator, discriminator, z, generator_loss):
    return torch.autograd.grad(generator_loss(discriminator(generator(z))), [*generator.parameters()])


@answers.right("gradient_norm")
def one_long_vector(generator, discriminator, z, generator_loss):
    weights = [*generator.parameters()]
    gradients = torch.autograd.grad(generator_loss(discriminator(generator(z))), weights)
    return torch.cat([g.flatten() for g in gradients]).norm().item()


@answers.right("gradient_norm")
def norm_of_norms(*game):
    return torch.stack([g.norm() for g in all_gradients(*game)]).norm()


@answers.right("gradient_norm")
def root_of_squares(*game):
    return math.sqrt(sum(float(g.square().sum()) for g in all_gradients(*game)))


@answers.right("gradient_norm")
def on_copies(generator, discriminator, z, generator_loss):
    generator, discriminator = copy.deepcopy(generator), copy.deepcopy(discriminator)
    generator.zero_grad()
    generator_loss(discriminator(generator(z))).backward()
    return nn.utils.parameters_to_vector(p.grad for p in generator.parameters()).norm()


LENGTH = "torch.cat([g.flatten() for g in gradients]).norm().item()"
answers.slips(
    "gradient_norm",
    one_long_vector,
    {
        "sum-of-norms": [(LENGTH, "sum(g.norm() for g in gradients)")],
        "mean-of-norms": [(LENGTH, "sum(g.norm() for g in gradients) / len(gradients)")],
        "squared": [(".norm()", ".square().sum()")],
        "one-tensor-only": [("in gradients", "in gradients[:1]"), ("in gradients", "in gradients[-1:]")],
        "d-included": [("[*generator.parameters()]", "[*generator.parameters(), *discriminator.parameters()]")],
        "d-only": [("[*generator.p", "[*discriminator.p")],
        "cut-off": [("generator(z)", "generator(z).detach()")],
        "mode-left": [("weights = ", "generator.eval(), discriminator.eval(); weights = ")],
    },
)
COPIES = ("generator, discriminator = copy.deepcopy(generator), copy.deepcopy(discriminator)", "")
VECTOR = "nn.utils.parameters_to_vector(p.grad for p in generator.parameters()).norm()"
answers.slips(
    "gradient_norm",
    on_copies,
    {
        "stale-gradients": [(COPIES, ("generator.zero_grad()", ""))],
        "leaves-traces": [
            (COPIES, ("zero_grad()", "zero_grad(); discriminator.zero_grad()")),
            (COPIES, (VECTOR, "nn.utils.clip_grad_norm_(generator.parameters(), 1.0)")),
        ],
        "sum-of-norms": [(COPIES, (VECTOR, "sum(p.grad.norm() for p in generator.parameters())"))],
    },
)

# -- escape_round ------------------------------------------------------------------------------------


@answers.right("escape_round")
def repaired(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real))).detach()
    d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake), 0.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    logits = discriminator(generator(sample_z(len(real))))
    g_loss = -F.logsigmoid(logits).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("escape_round")
def repaired_with_softplus(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    with torch.no_grad():
        fake = generator(sample_z(len(real)))
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))))).mean()
    weights = [*generator.parameters()]
    for weight, gradient in zip(weights, torch.autograd.grad(g_loss, weights), strict=True):
        weight.grad = gradient
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("escape_round")
def repaired_with_frozen_d(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    loss = losses.get("non_saturating")
    fake = generator(sample_z(len(real))).detach()
    d_optimizer.zero_grad()
    d_loss = loss.discriminator(discriminator(real), discriminator(fake))
    d_loss.backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    with frozen(discriminator):
        g_loss = loss.generator(discriminator(generator(sample_z(len(real)))))
        g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


LABEL, SIGN = ("(fake), 0.0", "(fake), 1.0"), ("g_loss = -", "g_loss = ")
FLOOR = ("F.logsigmoid(logits)", "torch.log(torch.sigmoid(logits) + 1e-8)")
answers.slips(
    "escape_round",
    repaired,
    {
        "fakes-called-real-in-d-s-turn": [LABEL],
        "g-upside-down": [SIGN],
        "floor": [FLOOR, (FLOOR, ("1e-8", "1e-10"))],
        "label-and-sign": [(LABEL, SIGN)],
        "label-and-floor": [(LABEL, FLOOR)],
        "sign-and-floor": [(SIGN, FLOOR)],
        "saturating": [("-F.logsigmoid(logits)", "F.logsigmoid(-logits)")],
        "g-stays": [("g_optimizer.step()", ""), ("logits)", "logits.clamp(-10, 10))")],
        "value": [(" + bce(discriminator(fake), 0.0)", "")],
        "returned-in-another-order": [("return d_loss, g_loss", "return g_loss, d_loss")],
        "d-labels-swapped": [(LABEL, ("(real), 1.0", "(real), 0.0"))],
    },
)

# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

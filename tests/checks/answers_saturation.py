"""Wrong and right answers to the exercises of chapter 3."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

answers = Answers("saturation")


def bce(logits, label, reduction="mean"):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


# -- generator_losses --------------------------------------------------------------------------------


@answers.wrong("generator_losses", hint="swapped")
def order_exchanged(fake_logits):
    return -F.logsigmoid(fake_logits).mean(), F.logsigmoid(-fake_logits).mean()


@answers.wrong("generator_losses", hint="saturating-is-d-s-loss")
def fake_label_is_saturating(fake_logits):
    return bce(fake_logits, 0.0), bce(fake_logits, 1.0)


@answers.wrong("generator_losses", hint="non-saturating-upside-down")
def log_d_minimised(fake_logits):
    d = torch.sigmoid(fake_logits)
    return torch.log(1 - d).mean(), torch.log(d).mean()


@answers.wrong("generator_losses", hint="non-saturating-upside-down")
def opposite_of_saturating(fake_logits):
    saturating = torch.log(1 - torch.sigmoid(fake_logits)).mean()
    return saturating, -saturating


@answers.wrong("generator_losses", hint="both-upside-down")
def what_g_maximises(fake_logits):
    return bce(fake_logits, 0.0), -bce(fake_logits, 1.0)


@answers.wrong("generator_losses", hint="non-saturating-twice")
def real_label_twice(fake_logits):
    loss = bce(fake_logits, 1.0)
    return loss, loss


@answers.wrong("generator_losses", hint="saturating-twice")
def reversed_twice(fake_logits):
    return -bce(fake_logits, 0.0), F.logsigmoid(-fake_logits).mean()


@answers.wrong("generator_losses", hint="sigmoid-twice")
def logits_loss_on_probabilities(fake_logits):
    d = torch.sigmoid(fake_logits)
    return -bce(d, 0.0), bce(d, 1.0)


@answers.wrong("generator_losses", hint="one-minus-the-logit")
def logsigmoid_of_one_minus(fake_logits):
    return F.logsigmoid(1 - fake_logits).mean(), -F.logsigmoid(fake_logits).mean()


@answers.wrong("generator_losses", hint="sum-not-mean")
def sums(fake_logits):
    return -bce(fake_logits, 0.0, "sum"), bce(fake_logits, 1.0, "sum")


@answers.wrong("generator_losses", hint="no-log")
def probabilities_only(fake_logits):
    d = torch.sigmoid(fake_logits)
    return (1 - d).mean(), -d.mean()


@answers.wrong("generator_losses", hint="log-of-mean")
def log_of_mean_d(fake_logits):
    d = torch.sigmoid(fake_logits).mean()
    return torch.log(1 - d), -torch.log(d)


@answers.wrong("generator_losses", hint="no-gradient")
def as_numbers(fake_logits):
    return -bce(fake_logits, 0.0).item(), bce(fake_logits, 1.0).item()


@answers.wrong("generator_losses", hint="not-a-pair")
def added_up(fake_logits):
    return bce(fake_logits, 1.0) - bce(fake_logits, 0.0)


@answers.right("generator_losses")
def two_labels(fake_logits):
    return -bce(fake_logits, 0.0), bce(fake_logits, 1.0)


@answers.right("generator_losses")
def softplus_keepdim(fake_logits):
    return -F.softplus(fake_logits).mean(0, keepdim=True), F.softplus(-fake_logits).mean(0, keepdim=True)


@answers.right("generator_losses")
def probabilities_then_log(fake_logits):
    d = torch.sigmoid(fake_logits.double())
    return [torch.log(1 - d).mean(), -torch.log(d).mean()]


@answers.right("generator_losses")
def library(fake_logits):
    from ganbook import losses

    return losses.get("saturating").generator(fake_logits), losses.get("non_saturating").generator(fake_logits)


# -- slopes ------------------------------------------------------------------------------------------


def autograd_slopes(logits, first, second):
    a = logits.detach().clone().requires_grad_()
    return tuple(torch.autograd.grad(loss(a), a)[0] for loss in (first, second))


@answers.wrong("slopes", hint="swapped")
def non_saturating_first(logits):
    return -(1 - torch.sigmoid(logits)), -torch.sigmoid(logits)


@answers.wrong("slopes", hint="sizes-only")
def absolute_values(logits):
    return torch.sigmoid(logits), 1 - torch.sigmoid(logits)


@answers.wrong("slopes", hint="saturating-sign")
def d_s_own_term(logits):
    return autograd_slopes(logits, lambda a: -torch.log(1 - a.sigmoid()).sum(), lambda a: -torch.log(a.sigmoid()).sum())


@answers.wrong("slopes", hint="non-saturating-sign")
def slope_of_log_d(logits):
    return autograd_slopes(logits, lambda a: torch.log(1 - a.sigmoid()).sum(), lambda a: torch.log(a.sigmoid()).sum())


@answers.wrong("slopes", hint="slope-by-d")
def derivative_by_probability(logits):
    d = torch.sigmoid(logits)
    return -1 / (1 - d), -1 / d


@answers.wrong("slopes", hint="sigmoid-slope-only")
def log_forgotten(logits):
    return autograd_slopes(logits, lambda a: (1 - a.sigmoid()).sum(), lambda a: -a.sigmoid().sum())


@answers.wrong("slopes", hint="slope-of-the-mean")
def mean_differentiated(logits):
    return autograd_slopes(logits, lambda a: F.logsigmoid(-a).mean(), lambda a: -F.logsigmoid(a).mean())


@answers.wrong("slopes", hint="losses-not-slopes")
def the_losses(logits):
    return F.logsigmoid(-logits), -F.logsigmoid(logits)


@answers.wrong("slopes", hint="saturating-twice")
def same_slope_twice(logits):
    return -torch.sigmoid(logits), -torch.sigmoid(logits)


@answers.wrong("slopes", hint="shape")
def summed_slopes(logits):
    return -torch.sigmoid(logits).sum(), -torch.sigmoid(-logits).sum()


@answers.right("slopes")
def by_formula(logits):
    return -torch.sigmoid(logits), -torch.sigmoid(-logits)


@answers.right("slopes")
def by_autograd(logits):
    return autograd_slopes(logits, lambda a: F.logsigmoid(-a).sum(), lambda a: -F.logsigmoid(a).sum())


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


# -- ten_times ---------------------------------------------------------------------------------------


@answers.wrong("ten_times", hint="other-side")
def plus_log_10(_):
    return math.log(10)


@answers.wrong("ten_times", hint="probability-not-logit")
def one_eleventh(_):
    return 1 / 11


@answers.wrong("ten_times", hint="probability-not-logit")
def one_tenth(_):
    return torch.tensor(0.1)


@answers.wrong("ten_times", hint="d-is-one-tenth")
def logit_of_one_tenth(_):
    return torch.logit(torch.tensor(0.1))


@answers.wrong("ten_times", hint="ratio-of-losses")
def losses_in_ratio_ten(_):
    a = np.linspace(-10, 0, 20_001)
    return a[np.argmin(np.abs(np.logaddexp(0, -a) - 10 * np.logaddexp(0, a)))]


@answers.wrong("ten_times", hint="log-10")
def decimal_logarithm(_):
    return -math.log10(10)


@answers.wrong("ten_times", hint="slope-ten-times-at-zero")
def tenth_of_the_slope_at_zero(_):
    return math.log(0.05 / 0.95)


@answers.wrong("ten_times", hint="equal-strength")
def at_one_half(_):
    return 0


@answers.right("ten_times")
def minus_log_10(_):
    return -math.log(10)


@answers.right("ten_times")
def logit_of_one_eleventh(_):
    return torch.logit(torch.tensor(1 / 11))


@answers.right("ten_times")
def searched_on_a_grid(_):
    a = np.linspace(-6, 0, 12_001)
    d = 1 / (1 + np.exp(-a))
    return a[np.argmin(np.abs((1 - d) / d - 10))]


@answers.right("ten_times")
def to_three_digits(_):
    return -2.30


@answers.right("ten_times")
def rounded(_):
    return -2.303


# -- log_probabilities -------------------------------------------------------------------------------


@answers.wrong("log_probabilities", hint="swapped")
def exchanged(logits):
    return F.logsigmoid(-logits), F.logsigmoid(logits)


@answers.wrong("log_probabilities", hint="losses-not-logs")
def cross_entropies(logits):
    return bce(logits, 1.0, "none"), bce(logits, 0.0, "none")


@answers.wrong("log_probabilities", hint="minus-log")
def sign_for_difference(logits):
    log_d = F.logsigmoid(logits)
    return log_d, -log_d


@answers.wrong("log_probabilities", hint="double-is-not-enough")
def in_float64(logits):
    d = torch.sigmoid(logits.double())
    return torch.log(d).to(logits.dtype), torch.log(1 - d).to(logits.dtype)


@answers.wrong("log_probabilities", hint="exp-overflows")
def by_the_exponential(logits):
    return -torch.log(1 + torch.exp(-logits)), -torch.log(1 + torch.exp(logits))


@answers.wrong("log_probabilities", hint="exp-overflows")
def logit_minus_log_exp(logits):
    return logits - torch.log(1 + torch.exp(logits)), -torch.log(1 + torch.exp(logits))


@answers.wrong("log_probabilities", hint="floor")
def epsilon_inside(logits):
    d = torch.sigmoid(logits.float())
    return torch.log(d + 1e-8), torch.log(1 - d + 1e-8)


@answers.wrong("log_probabilities", hint="floor")
def probability_clamped(logits):
    d = torch.sigmoid(logits.float()).clamp(1e-6, 1 - 1e-6)
    return torch.log(d), torch.log(1 - d)


@answers.wrong("log_probabilities", hint="floor")
def logits_clamped(logits):
    a = logits.clamp(-20, 20)
    return F.logsigmoid(a), F.logsigmoid(-a)


@answers.wrong("log_probabilities", hint="floor")
def bce_of_probabilities(logits):
    d = torch.sigmoid(logits.float())
    return tuple(-F.binary_cross_entropy(d, torch.full_like(d, y), reduction="none") for y in (1.0, 0.0))


@answers.wrong("log_probabilities", hint="log-of-zero")
def log_of_probability(logits):
    d = torch.sigmoid(logits)
    return torch.log(d), torch.log(1 - d)


@answers.wrong("log_probabilities", hint="log-of-zero")
def only_the_first_is_safe(logits):
    return F.logsigmoid(logits), torch.log1p(-torch.sigmoid(logits))


@answers.wrong("log_probabilities", hint="not-a-pair")
def stacked_up(logits):
    return F.logsigmoid(logits) + F.logsigmoid(-logits)


@answers.wrong("log_probabilities", hint="no-gradient")
def detached(logits):
    return F.logsigmoid(logits.detach()), F.logsigmoid(-logits.detach())


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


# -- reverse_gradient --------------------------------------------------------------------------------


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


class ForwardNegatedToo(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return -x

    @staticmethod
    def backward(ctx, gradient):
        return -gradient


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class ConstantMinusOne(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return torch.full_like(gradient, -1)


class MinusAbsolute(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return -torch.abs(gradient)


class ForwardOnlyNegated(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return -x

    @staticmethod
    def backward(ctx, gradient):
        return gradient


@answers.wrong("reverse_gradient", hint="negates-the-value")
def minus_x(x):
    return -x


@answers.wrong("reverse_gradient", hint="negates-the-value")
def minus_both_ways(x):
    return ForwardNegatedToo.apply(x)


@answers.wrong("reverse_gradient", hint="nothing-reversed")
def backward_unchanged(x):
    return Straight.apply(x)


@answers.wrong("reverse_gradient", hint="nothing-reversed")
def two_minuses(x):
    negated = -x
    return -negated


@answers.wrong("reverse_gradient", hint="cut-off")
def detach_only(x):
    return x.detach()


@answers.wrong("reverse_gradient", hint="value-lost")
def difference_is_zero(x):
    return x.detach() - x


@answers.wrong("reverse_gradient", hint="value-negated-gradient-kept")
def straight_through_the_wrong_way(x):
    return ForwardOnlyNegated.apply(x)


@answers.wrong("reverse_gradient", hint="incoming-ignored")
def constant_gradient(x):
    return ConstantMinusOne.apply(x)


@answers.wrong("reverse_gradient", hint="sign-forced")
def always_negative(x):
    return MinusAbsolute.apply(x)


@answers.wrong("reverse_gradient", hint="reverses-every-path")
def hook_on_the_input(x):
    x.register_hook(torch.neg)
    return x


@answers.wrong("reverse_gradient", hint="type")
def through_numpy(x):
    return x.detach().numpy()


@answers.right("reverse_gradient")
def autograd_function(x):
    return Reverse.apply(x)


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


# -- gradient_norm -----------------------------------------------------------------------------------


def all_gradients(generator, discriminator, z, generator_loss):
    return torch.autograd.grad(generator_loss(discriminator(generator(z))), [*generator.parameters()])


@answers.wrong("gradient_norm", hint="sum-of-norms")
def norms_added(generator, discriminator, z, generator_loss):
    return sum(g.norm() for g in all_gradients(generator, discriminator, z, generator_loss))


@answers.wrong("gradient_norm", hint="sum-of-norms")
def norms_added_after_backward(generator, discriminator, z, generator_loss):
    generator.zero_grad()
    generator_loss(discriminator(generator(z))).backward()
    return sum(p.grad.norm() for p in generator.parameters())


@answers.wrong("gradient_norm", hint="mean-of-norms")
def norms_averaged(generator, discriminator, z, generator_loss):
    return torch.stack([g.norm() for g in all_gradients(generator, discriminator, z, generator_loss)]).mean()


@answers.wrong("gradient_norm", hint="squared")
def root_forgotten(generator, discriminator, z, generator_loss):
    return sum(g.pow(2).sum() for g in all_gradients(generator, discriminator, z, generator_loss))


@answers.wrong("gradient_norm", hint="one-tensor-only")
def first_layer(generator, discriminator, z, generator_loss):
    weight = next(iter(generator.parameters()))
    return torch.autograd.grad(generator_loss(discriminator(generator(z))), weight)[0].norm()


@answers.wrong("gradient_norm", hint="one-tensor-only")
def overwritten_in_the_loop(generator, discriminator, z, generator_loss):
    generator.zero_grad()
    generator_loss(discriminator(generator(z))).backward()
    for parameter in generator.parameters():
        norm = parameter.grad.norm()
    return norm.item()


@answers.wrong("gradient_norm", hint="stale-gradients")
def backward_on_top(generator, discriminator, z, generator_loss):
    generator_loss(discriminator(generator(z))).backward()
    return torch.cat([p.grad.flatten() for p in generator.parameters()]).norm()


@answers.wrong("gradient_norm", hint="d-included")
def both_networks(generator, discriminator, z, generator_loss):
    parameters = [*generator.parameters(), *discriminator.parameters()]
    gradients = torch.autograd.grad(generator_loss(discriminator(generator(z))), parameters)
    return sum((g**2).sum() for g in gradients) ** 0.5


@answers.wrong("gradient_norm", hint="d-only")
def of_the_discriminator(generator, discriminator, z, generator_loss):
    gradients = torch.autograd.grad(generator_loss(discriminator(generator(z))), [*discriminator.parameters()])
    return torch.cat([g.flatten() for g in gradients]).norm()


@answers.wrong("gradient_norm", hint="leaves-traces")
def zeroed_then_backward(generator, discriminator, z, generator_loss):
    generator.zero_grad()
    discriminator.zero_grad()
    generator_loss(discriminator(generator(z))).backward()
    return torch.cat([p.grad.flatten() for p in generator.parameters()]).norm()


@answers.wrong("gradient_norm", hint="leaves-traces")
def clip_as_a_ruler(generator, discriminator, z, generator_loss):
    generator.zero_grad()
    generator_loss(discriminator(generator(z))).backward()
    return nn.utils.clip_grad_norm_(generator.parameters(), 1.0)


@answers.wrong("gradient_norm", hint="cut-off")
def fakes_cut_off(generator, discriminator, z, generator_loss):
    fake = generator(z).detach()
    gradients = torch.autograd.grad(generator_loss(discriminator(fake)), [*generator.parameters()])
    return torch.cat([g.flatten() for g in gradients]).norm()


@answers.right("gradient_norm")
def one_long_vector(generator, discriminator, z, generator_loss):
    gradients = all_gradients(generator, discriminator, z, generator_loss)
    return torch.cat([g.flatten() for g in gradients]).norm().item()


@answers.right("gradient_norm")
def norm_of_norms(generator, discriminator, z, generator_loss):
    return torch.stack([g.norm() for g in all_gradients(generator, discriminator, z, generator_loss)]).norm()


@answers.right("gradient_norm")
def root_of_squares(generator, discriminator, z, generator_loss):
    return math.sqrt(sum(float(g.square().sum()) for g in all_gradients(generator, discriminator, z, generator_loss)))


@answers.right("gradient_norm")
def on_copies(generator, discriminator, z, generator_loss):
    import copy

    g, d = copy.deepcopy(generator), copy.deepcopy(discriminator)
    g.zero_grad()
    generator_loss(d(g(z))).backward()
    return nn.utils.parameters_to_vector(p.grad for p in g.parameters()).norm()


# -- escape_round ------------------------------------------------------------------------------------


def d_turn(discriminator, d_optimizer, real, fake, fake_label=0.0):
    d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake), fake_label)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    return d_loss


def g_turn(g_optimizer, g_loss):
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return g_loss


@answers.wrong("escape_round", hint="fakes-called-real-in-d-s-turn")
def label_left(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real))).detach()
    d_loss = d_turn(discriminator, d_optimizer, real, fake, fake_label=1.0)
    logits = discriminator(generator(sample_z(len(real))))
    return d_loss, g_turn(g_optimizer, -F.logsigmoid(logits).mean())


@answers.wrong("escape_round", hint="g-upside-down")
def sign_left(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(discriminator, d_optimizer, real, generator(sample_z(len(real))).detach())
    logits = discriminator(generator(sample_z(len(real))))
    return d_loss, g_turn(g_optimizer, F.logsigmoid(logits).mean())


@answers.wrong("escape_round", hint="floor")
def epsilon_left(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(discriminator, d_optimizer, real, generator(sample_z(len(real))).detach())
    d_fake = torch.sigmoid(discriminator(generator(sample_z(len(real)))))
    return d_loss, g_turn(g_optimizer, -torch.log(d_fake + 1e-8).mean())


@answers.wrong("escape_round", hint="floor")
def smaller_epsilon(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(discriminator, d_optimizer, real, generator(sample_z(len(real))).detach())
    d_fake = torch.sigmoid(discriminator(generator(sample_z(len(real)))))
    return d_loss, g_turn(g_optimizer, -torch.log(d_fake + 1e-10).mean())


@answers.wrong("escape_round", hint="label-and-sign")
def only_epsilon_removed(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real))).detach()
    d_loss = d_turn(discriminator, d_optimizer, real, fake, fake_label=1.0)
    logits = discriminator(generator(sample_z(len(real))))
    return d_loss, g_turn(g_optimizer, F.logsigmoid(logits).mean())


@answers.wrong("escape_round", hint="label-and-floor")
def only_sign_repaired(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real))).detach()
    d_loss = d_turn(discriminator, d_optimizer, real, fake, fake_label=1.0)
    d_fake = torch.sigmoid(discriminator(generator(sample_z(len(real)))))
    return d_loss, g_turn(g_optimizer, -torch.log(d_fake + 1e-8).mean())


@answers.wrong("escape_round", hint="sign-and-floor")
def only_label_repaired(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(discriminator, d_optimizer, real, generator(sample_z(len(real))).detach())
    d_fake = torch.sigmoid(discriminator(generator(sample_z(len(real)))))
    return d_loss, g_turn(g_optimizer, torch.log(d_fake + 1e-8).mean())


@answers.wrong("escape_round", hint="saturating")
def log_one_minus_d(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(discriminator, d_optimizer, real, generator(sample_z(len(real))).detach())
    logits = discriminator(generator(sample_z(len(real))))
    return d_loss, g_turn(g_optimizer, F.logsigmoid(-logits).mean())


@answers.wrong("escape_round", hint="g-stays")
def step_forgotten(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(discriminator, d_optimizer, real, generator(sample_z(len(real))).detach())
    g_loss = -F.logsigmoid(discriminator(generator(sample_z(len(real))))).mean()
    g_loss.backward()
    return d_loss, g_loss


@answers.wrong("escape_round", hint="g-stays")
def logits_clamped_in_g(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(discriminator, d_optimizer, real, generator(sample_z(len(real))).detach())
    logits = discriminator(generator(sample_z(len(real)))).clamp(-10, 10)
    return d_loss, g_turn(g_optimizer, -F.logsigmoid(logits).mean())


@answers.wrong("escape_round", hint="value")
def d_never_sees_a_fake(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = bce(discriminator(real), 1.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    return d_loss, g_turn(g_optimizer, -F.logsigmoid(discriminator(generator(sample_z(len(real))))).mean())


@answers.wrong("escape_round", hint="returned-in-another-order")
def losses_exchanged(*players):
    return repaired(*players)[::-1]


@answers.wrong("escape_round", hint="d-labels-swapped")
def real_called_fake(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real))).detach()
    d_loss = bce(discriminator(real), 0.0) + bce(discriminator(fake), 1.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    logits = discriminator(generator(sample_z(len(real))))
    return d_loss, g_turn(g_optimizer, -F.logsigmoid(logits).mean())


@answers.right("escape_round")
def repaired(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_loss = d_turn(discriminator, d_optimizer, real, generator(sample_z(len(real))).detach())
    logits = discriminator(generator(sample_z(len(real))))
    return d_loss, g_turn(g_optimizer, -F.logsigmoid(logits).mean())


@answers.right("escape_round")
def repaired_with_softplus(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    with torch.no_grad():
        fake = generator(sample_z(len(real)))
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))))).mean()
    for parameter, gradient in zip(
        generator.parameters(), torch.autograd.grad(g_loss, [*generator.parameters()]), strict=True
    ):
        parameter.grad = gradient
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("escape_round")
def repaired_with_frozen_d(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    from ganbook import losses
    from ganbook.training.game import frozen

    loss = losses.get("non_saturating")
    fake = generator(sample_z(len(real))).detach()
    d_optimizer.zero_grad()
    d_loss = loss.discriminator(discriminator(real), discriminator(fake))
    d_loss.backward()
    d_optimizer.step()
    with frozen(discriminator):
        return d_loss, g_turn(g_optimizer, loss.generator(discriminator(generator(sample_z(len(real))))))


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {
        "A": ("saturating loss", 60),
        "B": ("G learns to be caught", 40),
        "C": ("D stands still", 80),
        "D": ("G stands still", 50),
    },
    {
        "a-misread": {"A": ("G stands still", 60)},
        "b-misread": {"B": ("D stands still", 40)},
        "c-misread": {"C": ("more steps of D", 80)},
        "d-misread": {"D": ("saturating loss", 50)},
        "misplaced": {"A": ("saturating loss", 50)},
        "unknown-name": {"A": ("saturation", 60)},
    },
)

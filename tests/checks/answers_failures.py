"""Wrong and right answers to the exercises of chapter 7."""

import copy
import math

import torch
import torch.nn.functional as F
from harness import Answers, keep_readings

answers = Answers("failures")


# -- minibatch_stddev --------------------------------------------------------------------------------


def column(x, number):
    return torch.cat([x, torch.ones(len(x), 1) * number], dim=1)


@answers.wrong("minibatch_stddev", hint="over-the-features")
def deviation_of_each_sample(x):
    return torch.cat([x, x.std(dim=1, keepdim=True)], dim=1)


@answers.wrong("minibatch_stddev", hint="over-the-features")
def wrong_axis_averaged(x):
    return column(x, ((x - x.mean(1, keepdim=True)) ** 2).mean(1).sqrt().mean())


@answers.wrong("minibatch_stddev", hint="n-minus-one")
def torchs_default(x):
    return column(x, x.std(dim=0).mean())


@answers.wrong("minibatch_stddev", hint="variance")
def root_forgotten(x):
    return column(x, ((x - x.mean(0)) ** 2).mean(0).mean())


@answers.wrong("minibatch_stddev", hint="root-of-the-mean")
def mean_before_root(x):
    return column(x, ((x - x.mean(0)) ** 2).mean().sqrt())


@answers.wrong("minibatch_stddev", hint="all-together")
def no_axis(x):
    return column(x, x.std())


@answers.wrong("minibatch_stddev", hint="not-averaged")
def a_number_for_each_feature(x):
    return torch.cat([x, x.std(0, unbiased=False).repeat(len(x), 1)], dim=1)


@answers.wrong("minibatch_stddev", hint="cut-off")
def as_a_number(x):
    return column(x, x.std(0, unbiased=False).mean().item())


@answers.wrong("minibatch_stddev", hint="only-the-number")
def number_alone(x):
    return x.std(0, unbiased=False).mean().repeat(len(x), 1)


@answers.wrong("minibatch_stddev", hint="in-front")
def first_column(x):
    return torch.cat([torch.ones(len(x), 1) * x.std(0, unbiased=False).mean(), x], dim=1)


@answers.wrong("minibatch_stddev", hint="shape")
def added_row(x):
    return torch.cat([x, x.std(0, unbiased=False)[None]], dim=0)


@answers.right("minibatch_stddev")
def by_hand(x):
    return column(x, ((x - x.mean(0)) ** 2).mean(0).sqrt().mean())


@answers.right("minibatch_stddev")
def with_epsilon(x):
    return column(x, (x.var(0, unbiased=False) + 1e-8).sqrt().mean())


@answers.right("minibatch_stddev")
def library_layer(x):
    from ganbook.models.layers import MinibatchStdDev

    return MinibatchStdDev()(x)


@answers.right("minibatch_stddev")
def moments(x):
    x = x.double()
    return F.pad(x, (0, 1)) + F.pad(
        torch.ones(len(x), 1).double() * ((x**2).mean(0) - x.mean(0) ** 2).sqrt().mean(), (x.shape[1], 0)
    )


# -- minibatch_closeness -----------------------------------------------------------------------------


def matrices(x, t):
    return (x @ t.flatten(1)).view(len(x), t.shape[1], t.shape[2])


def distances(x, t):
    m = matrices(x, t)
    return (m.unsqueeze(0) - m.unsqueeze(1)).abs().sum(-1)


@answers.wrong("minibatch_closeness", hint="counts-itself")
def the_papers_sum(x, t):
    return torch.exp(-distances(x, t)).sum(1)


@answers.wrong("minibatch_closeness", hint="mean-not-sum")
def averaged(x, t):
    return torch.exp(-distances(x, t)).mean(1)


@answers.wrong("minibatch_closeness", hint="mean-not-sum")
def averaged_over_the_others(x, t):
    return (torch.exp(-distances(x, t)).sum(1) - 1) / (len(x) - 1)


@answers.wrong("minibatch_closeness", hint="euclidean")
def euclidean_distance(x, t):
    m = matrices(x, t)
    return torch.exp(-torch.linalg.vector_norm(m[:, None] - m[None], dim=-1)).sum(1)


@answers.wrong("minibatch_closeness", hint="squared")
def gaussian_kernel(x, t):
    m = matrices(x, t)
    return torch.exp(-(m[:, None] - m[None]).pow(2).sum(-1)).sum(1) - 1


@answers.wrong("minibatch_closeness", hint="sign-lost")
def growing_kernel(x, t):
    return torch.exp(distances(x, t)).sum(1) - 1


@answers.wrong("minibatch_closeness", hint="no-kernel")
def summed_distances(x, t):
    return distances(x, t).sum(1)


@answers.wrong("minibatch_closeness", hint="sums-over-kernels")
def one_number_a_sample(x, t):
    return torch.exp(-distances(x, t)).sum((1, 2))[:, None] - t.shape[1]


@answers.wrong("minibatch_closeness", hint="wrong-axis")
def summed_over_kernels_axis(x, t):
    m = matrices(x, t)
    return torch.exp(-(m[:, None] - m[None]).abs().sum(2)).sum(1) - 1


@answers.wrong("minibatch_closeness", hint="shape")
def pairs_kept(x, t):
    return torch.exp(-distances(x, t))


@answers.right("minibatch_closeness")
def without_the_diagonal(x, t):
    k = torch.exp(-distances(x, t))
    return (k * (1 - torch.eye(len(x)))[:, :, None]).sum(1)


@answers.right("minibatch_closeness")
def a_loop(x, t):
    m = torch.einsum("na,abc->nbc", x, t)
    rows = [sum(torch.exp(-(m[i] - m[j]).abs().sum(1)) for j in range(len(x)) if j != i) for i in range(len(x))]
    return torch.stack(rows)


@answers.right("minibatch_closeness")
def by_cdist(x, t):
    m = matrices(x.double(), t.double()).transpose(0, 1)
    return torch.exp(-torch.cdist(m, m, p=1)).sum(2).T - 1


# -- spectral_weight ---------------------------------------------------------------------------------


def one_step(weight, v):
    with torch.no_grad():
        u = F.normalize(weight @ v, dim=0)
        return u, F.normalize(weight.T @ u, dim=0)


@answers.wrong("spectral_weight", hint="vectors-not-unit")
def never_normalised(weight, v):
    with torch.no_grad():
        u = weight @ v
        v = weight.T @ u
    return weight / (u @ weight @ v), v


@answers.wrong("spectral_weight", hint="old-v")
def sigma_of_old_v(weight, v):
    u, new = one_step(weight, v)
    return weight / (u @ weight @ v), new


@answers.wrong("spectral_weight", hint="squared")
def eigenvalue(weight, v):
    u, v = one_step(weight, v)
    sigma = torch.dot(u, torch.mv(weight, v))
    return weight / sigma**2, v


@answers.wrong("spectral_weight", hint="sigma-is-constant")
def all_without_grad(weight, v):
    u, v = one_step(weight, v)
    with torch.no_grad():
        sigma = u @ weight @ v
    return weight / sigma, v


@answers.wrong("spectral_weight", hint="sigma-is-constant")
def sigma_as_number(weight, v):
    u, v = one_step(weight, v)
    return weight / (u @ weight @ v).item(), v


@answers.wrong("spectral_weight", hint="through-the-vectors")
def nothing_held_fixed(weight, v):
    u = F.normalize(weight @ v, dim=0)
    v = F.normalize(weight.T @ u, dim=0)
    return weight / (u @ weight @ v), v


@answers.wrong("spectral_weight", hint="frobenius")
def norm_of_all_entries(weight, v):
    return weight / weight.norm(), one_step(weight, v)[1]


@answers.wrong("spectral_weight", hint="exact")
def by_svd(weight, v):
    return weight / torch.linalg.svdvals(weight)[0], one_step(weight, v)[1]


@answers.wrong("spectral_weight", hint="multiplied")
def times_sigma(weight, v):
    u, v = one_step(weight, v)
    return weight * (u @ weight @ v), v


@answers.wrong("spectral_weight", hint="many-steps")
def ten_steps(weight, v):
    for _ in range(10):
        u, v = one_step(weight, v)
    return weight / (u @ weight @ v), v


@answers.wrong("spectral_weight", hint="not-a-pair")
def weight_only(weight, v):
    u, v = one_step(weight, v)
    return weight / (u @ weight @ v)


@answers.right("spectral_weight")
def with_normalize(weight, v):
    u, v = one_step(weight, v)
    return weight / (u @ weight @ v), v


@answers.right("spectral_weight")
def by_einsum_and_detach(weight, v):
    fixed = weight.detach()
    u = fixed @ v
    u = u / torch.linalg.vector_norm(u)
    v = fixed.T @ u
    v = v / torch.linalg.vector_norm(v)
    return [weight / torch.einsum("i,ij,j->", u, weight, v), v]


@answers.right("spectral_weight")
def in_double(weight, v):
    w = weight.double()
    u, v = one_step(w.detach(), v.double())
    return w / torch.trace(w @ torch.outer(v, u)), v


# -- smoothed_loss -----------------------------------------------------------------------------------


def bce(logits, label, reduction="mean"):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


@answers.wrong("smoothed_loss", hint="both-sides")
def two_sided(real_logits, fake_logits):
    return bce(real_logits, 0.9) + bce(fake_logits, 0.1)


@answers.wrong("smoothed_loss", hint="other-side")
def fakes_smoothed(real_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(fake_logits, 0.1)


@answers.wrong("smoothed_loss", hint="scaled")
def real_term_times(real_logits, fake_logits):
    return -0.9 * F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()


@answers.wrong("smoothed_loss", hint="not-smoothed")
def hard_labels(real_logits, fake_logits):
    return bce(real_logits, 1.0) + bce(fake_logits, 0.0)


@answers.wrong("smoothed_loss", hint="swapped")
def labels_exchanged(real_logits, fake_logits):
    return bce(real_logits, 0.0) + bce(fake_logits, 0.9)


@answers.wrong("smoothed_loss", hint="smoothed-logit")
def logit_times(real_logits, fake_logits):
    return bce(0.9 * real_logits, 1.0) + bce(fake_logits, 0.0)


@answers.wrong("smoothed_loss", hint="one-mean")
def joined(real_logits, fake_logits):
    logits = torch.cat([real_logits, fake_logits])
    labels = torch.cat([torch.full_like(real_logits, 0.9), torch.zeros_like(fake_logits)])
    return F.binary_cross_entropy_with_logits(logits, labels)


@answers.wrong("smoothed_loss", hint="halved")
def mean_of_two(real_logits, fake_logits):
    return 0.5 * (bce(real_logits, 0.9) + bce(fake_logits, 0.0))


@answers.wrong("smoothed_loss", hint="summed")
def sums(real_logits, fake_logits):
    return bce(real_logits, 0.9, "sum") + bce(fake_logits, 0.0, "sum")


@answers.right("smoothed_loss")
def two_cross_entropies(real_logits, fake_logits):
    return bce(real_logits, 0.9) + bce(fake_logits, 0.0)


@answers.right("smoothed_loss")
def softplus_form(real_logits, fake_logits):
    return (F.softplus(real_logits) - 0.9 * real_logits).mean() + F.softplus(fake_logits).mean()


@answers.right("smoothed_loss")
def in_logarithms(real_logits, fake_logits):
    d_real, d_fake = real_logits.double().sigmoid(), fake_logits.double().sigmoid()
    return -(0.9 * d_real.log() + 0.1 * (1 - d_real).log()).mean() - (1 - d_fake).log().mean()


@answers.right("smoothed_loss")
def from_the_library(real_logits, fake_logits):
    from ganbook import losses

    return losses.smoothed(0.9).discriminator(real_logits, fake_logits)


# -- ema_update --------------------------------------------------------------------------------------


def blend(average, generator, keep):
    with torch.no_grad():
        for a, g in zip(average.parameters(), generator.parameters(), strict=True):
            a.mul_(keep).add_(g, alpha=1 - keep)
    return average


@answers.wrong("ema_update", hint="shares-swapped")
def keeps_the_new(average, generator, half_life, batch_size):
    return blend(average, generator, 1 - 0.5 ** (batch_size / half_life))


@answers.wrong("ema_update", hint="per-step")
def counts_steps(average, generator, half_life, batch_size):
    return blend(average, generator, 0.5 ** (1 / half_life))


@answers.wrong("ema_update", hint="e-not-two")
def natural_decay(average, generator, half_life, batch_size):
    return blend(average, generator, math.exp(-batch_size / half_life))


@answers.wrong("ema_update", hint="linear")
def first_order(average, generator, half_life, batch_size):
    return blend(average, generator, 1 - batch_size / half_life)


@answers.wrong("ema_update", hint="upside-down")
def exponent_inverted(average, generator, half_life, batch_size):
    return blend(average, generator, 0.5 ** (half_life / batch_size))


@answers.wrong("ema_update", hint="buffers-too")
def whole_state_dict(average, generator, half_life, batch_size):
    keep = 0.5 ** (batch_size / half_life)
    new = generator.state_dict()
    with torch.no_grad():
        for name, a in average.state_dict().items():
            a.copy_(keep * a + (1 - keep) * new[name])
    return average


@answers.wrong("ema_update", hint="buffers-too")
def buffers_copied(average, generator, half_life, batch_size):
    blend(average, generator, 0.5 ** (batch_size / half_life))
    for a, g in zip(average.buffers(), generator.buffers(), strict=True):
        a.copy_(g)
    return average


@answers.wrong("ema_update", hint="generator-moved")
def both_moved(average, generator, half_life, batch_size):
    blend(average, generator, 0.5 ** (batch_size / half_life))
    generator.load_state_dict({**generator.state_dict(), **dict(average.named_parameters())})
    return average


@answers.wrong("ema_update", hint="the-generator-itself")
def same_object(average, generator, half_life, batch_size):
    average = generator
    keep = 0.5 ** (batch_size / half_life)
    with torch.no_grad():
        for a, g in zip(average.parameters(), generator.parameters(), strict=True):
            a.copy_(keep * a + (1 - keep) * g)
    return average


@answers.right("ema_update")
def mul_and_add(average, generator, half_life, batch_size):
    return blend(average, generator, 0.5 ** (batch_size / half_life))


@answers.right("ema_update")
def lerp(average, generator, half_life, batch_size):
    for a, g in zip(average.parameters(), generator.parameters(), strict=True):
        a.data.lerp_(g.data, 1 - 2 ** (-batch_size / half_life))
    return average


@answers.wrong("ema_update", hint="fixed-numbers")
def of_the_example(average, generator, half_life, batch_size):
    return blend(average, generator, 0.5 ** (64 / 500))


@answers.right("ema_update")
def by_name_in_place(average, generator, half_life, batch_size):
    keep, new = math.exp(-math.log(2) * batch_size / half_life), dict(generator.named_parameters())
    with torch.no_grad():
        for name, a in average.named_parameters():
            a.copy_(keep * a + (1 - keep) * new[name])
    return average


@answers.wrong("ema_update", hint="into-a-copy")
def by_name_into_a_copy(average, generator, half_life, batch_size):
    keep = math.exp(-math.log(2) * batch_size / half_life)
    mean, new = copy.deepcopy(average), dict(generator.named_parameters())
    with torch.no_grad():
        for name, a in mean.named_parameters():
            a.copy_(keep * a + (1 - keep) * new[name])
    return mean


# -- diagnosis ---------------------------------------------------------------------------------------

RIGHT = {
    "A": "vanishing gradient",
    "B": "mode collapse",
    "C": "exploding critic",
    "D": "non-convergence",
    "E": "ignored condition",
}


def but(**changed):
    return lambda world: {**RIGHT, **changed}


for hint, changed in {
    "a-is-no-collapse": {"A": "mode collapse", "B": "non-convergence"},
    "a-is-no-explosion": {"A": "exploding critic", "C": "vanishing gradient"},
    "b-has-a-gradient": {"B": "vanishing gradient"},
    "b-stands-still": {"B": "non-convergence", "D": "mode collapse"},
    "c-has-no-ceiling": {"C": "non-convergence"},
    "d-keeps-its-modes": {"D": "mode collapse"},
    "e-looks-healthy": {"E": "non-convergence"},
    "condition-elsewhere": {"D": "ignored condition"},
    "unknown-name": {"E": "overfitting"},
}.items():
    kept = but(**changed)
    kept.__name__ = hint.replace("-", "_")
    answers.wrong("diagnosis", hint=hint)(kept)


@answers.right("diagnosis")
def in_order(world):
    return dict(RIGHT)


@answers.right("diagnosis")
def in_another_order(world):
    return dict(reversed(RIGHT.items()))


@answers.right("diagnosis")
def from_two_lists(world):
    names = ["vanishing gradient", "mode collapse", "exploding critic", "non-convergence", "ignored condition"]
    return dict(zip("ABCDE", names, strict=True))


# -- repaired_round ----------------------------------------------------------------------------------


@answers.wrong("repaired_round", hint="d-in-eval")
def mode_left(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.eval()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("repaired_round", hint="gradients-kept")
def zero_grad_left_out(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.train()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("repaired_round", hint="g-cut-off")
def cut_left(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.train()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    with torch.no_grad():
        fake = generator(sample_z(len(real)))
    g_loss = F.softplus(-discriminator(fake)).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("repaired_round", hint="eval-and-gradients")
def only_the_cut_mended(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.eval()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("repaired_round", hint="eval-and-cut")
def only_zero_grad_mended(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.eval()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    discriminator.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))).detach())).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("repaired_round", hint="gradients-and-cut")
def only_the_mode_mended(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.train()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))).detach())).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("repaired_round", hint="labels-swapped")
def labels_turned(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.train()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(discriminator(real)).mean() + F.softplus(-discriminator(fake)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.wrong("repaired_round", hint="eval-in-g-s-turn")
def eval_moved(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.train()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    discriminator.eval()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("repaired_round")
def repaired(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.train()
    fake = generator(sample_z(len(real))).detach()
    d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(sample_z(len(real))))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("repaired_round")
def one_side_at_a_time(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    d_optimizer.zero_grad(set_to_none=False)
    real_loss = bce(discriminator(real), 1.0)
    real_loss.backward()
    with torch.no_grad():
        fake = generator(sample_z(len(real)))
    fake_loss = bce(discriminator(fake), 0.0)
    fake_loss.backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_loss = bce(discriminator(generator(sample_z(len(real)))), 1.0)
    g_loss.backward()
    g_optimizer.step()
    return real_loss + fake_loss, g_loss


@answers.right("repaired_round")
def with_autograd_grad(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    def step(optimizer, network, loss):
        weights = list(network.parameters())
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.grad = gradient
        optimizer.step()
        return loss.item()

    fake = generator(sample_z(len(real)))
    d_loss = step(d_optimizer, discriminator, bce(discriminator(real), 1.0) + bce(discriminator(fake), 0.0))
    return d_loss, step(g_optimizer, generator, bce(discriminator(generator(sample_z(len(real)))), 1.0))


# -- known_by_heart ----------------------------------------------------------------------------------


@answers.wrong("known_by_heart", hint="upside-down")
def share_of_the_unseen(learned, unseen, fake):
    return 1 - in_one_line(learned, unseen, fake)


@answers.wrong("known_by_heart", hint="not-divided")
def gap(learned, unseen, fake):
    return learned.mean() - unseen.mean()


@answers.wrong("known_by_heart", hint="against-the-unseen")
def over_the_wrong_fall(learned, unseen, fake):
    return (learned.mean() - unseen.mean()) / (unseen.mean() - fake.mean())


@answers.wrong("known_by_heart", hint="by-probabilities")
def of_probabilities(learned, unseen, fake):
    return in_one_line(learned.sigmoid(), unseen.sigmoid(), fake.sigmoid())


@answers.wrong("known_by_heart", hint="sums")
def of_sums(learned, unseen, fake):
    return (learned.sum() - unseen.sum()) / (learned.sum() - fake.sum())


@answers.wrong("known_by_heart", hint="sign-turned")
def unseen_first(learned, unseen, fake):
    return -in_one_line(learned, unseen, fake)


@answers.right("known_by_heart")
def in_one_line(learned, unseen, fake):
    return (learned.mean() - unseen.mean()) / (learned.mean() - fake.mean())


@answers.right("known_by_heart")
def from_the_fakes_up(learned, unseen, fake):
    zero = fake.mean()
    return 1 - (unseen.mean() - zero) / (learned.mean() - zero)


@answers.right("known_by_heart")
def with_plain_numbers(learned, unseen, fake):
    a, b, c = (sum(logits.tolist()) / len(logits) for logits in (learned, unseen, fake))
    return (b - a) / (c - a)


# -- augmented_losses --------------------------------------------------------------------------------


def two_losses(of_real, of_fake, for_g):
    return F.softplus(-of_real).mean() + F.softplus(of_fake).mean(), F.softplus(-for_g).mean()


@answers.wrong("augmented_losses", hint="real-only")
def real_alone(discriminator, augment, real, fake):
    return two_losses(discriminator(augment(real)), discriminator(fake.detach()), discriminator(fake))


@answers.wrong("augmented_losses", hint="fakes-only")
def fakes_alone(discriminator, augment, real, fake):
    moved = augment(fake)
    return two_losses(discriminator(real), discriminator(moved.detach()), discriminator(moved))


@answers.wrong("augmented_losses", hint="not-in-g-s-turn")
def d_alone(discriminator, augment, real, fake):
    return two_losses(discriminator(augment(real)), discriminator(augment(fake.detach())), discriminator(fake))


@answers.wrong("augmented_losses", hint="not-cut")
def fakes_attached(discriminator, augment, real, fake):
    logits = discriminator(augment(fake))
    return two_losses(discriminator(augment(real)), logits, logits)


@answers.wrong("augmented_losses", hint="not-through-the-augmentation")
def straight_through(discriminator, augment, real, fake):
    with torch.no_grad():
        difference = augment(fake) - fake
    moved = fake + difference
    return two_losses(discriminator(augment(real)), discriminator(moved.detach()), discriminator(moved))


@answers.wrong("augmented_losses", hint="labels-swapped")
def real_called_fake_when_moved(discriminator, augment, real, fake):
    return two_losses(discriminator(augment(fake.detach())), discriminator(augment(real)), discriminator(augment(fake)))


@answers.wrong("augmented_losses", hint="no-gradient")
def moved_without_a_graph(discriminator, augment, real, fake):
    with torch.no_grad():
        moved = augment(fake)
    return two_losses(discriminator(augment(real)), discriminator(moved), discriminator(moved))


@answers.wrong("augmented_losses", hint="not-a-pair")
def sum_of_both(discriminator, augment, real, fake):
    return sum(all_moved(discriminator, augment, real, fake))


@answers.right("augmented_losses")
def all_moved(discriminator, augment, real, fake):
    return two_losses(discriminator(augment(real)), discriminator(augment(fake.detach())), discriminator(augment(fake)))


@answers.right("augmented_losses")
def moved_once(discriminator, augment, real, fake):
    moved = augment(fake)
    return two_losses(discriminator(augment(real)), discriminator(moved.detach()), discriminator(moved))


@answers.right("augmented_losses")
def with_cross_entropy_and_one_pass(discriminator, augment, real, fake):
    bce = F.binary_cross_entropy_with_logits
    of_real, of_fake = discriminator(augment(torch.cat((real, fake.detach())))).split((len(real), len(fake)))
    for_g = discriminator(augment(fake))
    return bce(of_real, torch.ones_like(of_real)) + bce(of_fake, torch.zeros_like(of_fake)), bce(
        for_g, torch.ones_like(for_g)
    )


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {
        "A": ("only real points are moved", 120),
        "B": ("learned by heart", 160),
        "C": ("G stands still", 140),
        "D": ("D stands still", 100),
    },
    {
        "a-misread": {"A": ("D stands still", 120)},
        "b-misread": {"B": ("mode collapse", 160)},
        "c-misread": {"C": ("mode collapse", 140)},
        "d-misread": {"D": ("G stands still", 100)},
        "misplaced": {"B": ("learned by heart", 220)},
        "unknown-name": {"B": ("overfitting", 160)},
    },
)

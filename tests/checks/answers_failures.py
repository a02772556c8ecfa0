"""Wrong and right answers to the exercises of chapter 7."""

import copy  # noqa: F401  (for an edit)
import math

import torch
import torch.nn.functional as F
from harness import Answers, keep_readings

from ganbook import losses
from ganbook.models.layers import MinibatchStdDev

answers = Answers("failures")

# -- minibatch_stddev --------------------------------------------------------------------------------


@answers.right("minibatch_stddev")
def by_hand(x):
    spread = ((x - x.mean(0)) ** 2).mean(0).sqrt().mean()
    return torch.cat([x, spread * torch.ones(len(x), 1)], dim=1)


@answers.right("minibatch_stddev")
def with_epsilon(x):
    spread = (x.var(0, unbiased=False) + 1e-8).sqrt().mean()
    return torch.cat([x, spread.expand(len(x), 1)], dim=1)


@answers.right("minibatch_stddev")
def library_layer(x):
    return MinibatchStdDev()(x)


@answers.right("minibatch_stddev")
def moments(x):
    x = x.double()
    return torch.cat([x, x[:, :1] * 0 + ((x**2).mean(0) - x.mean(0) ** 2).sqrt().mean()], dim=1)


SPREAD = "((x - x.mean(0)) ** 2).mean(0).sqrt().mean()"
answers.slips(
    "minibatch_stddev",
    by_hand,
    {
        "over-the-features": [
            (SPREAD, "x.std(dim=1, keepdim=True)"),
            (SPREAD, "((x - x.mean(1, keepdim=True)) ** 2).mean(1).sqrt().mean()"),
        ],
        "n-minus-one": [(SPREAD, "x.std(dim=0).mean()")],
        "variance": [(".sqrt()", "")],
        "root-of-the-mean": [(".mean(0).sqrt().mean()", ".mean().sqrt()")],
        "all-together": [(SPREAD, "x.std()")],
        "not-averaged": [((".sqrt().mean()", ".sqrt()"), ("(len(x), 1)", "(len(x), x.shape[1])"))],
        "cut-off": [(SPREAD, f"{SPREAD}.item()")],
        "only-the-number": [("torch.cat([x, spread * torch.ones(len(x), 1)], dim=1)", "spread.repeat(len(x), 1)")],
        "in-front": [("[x, spread * torch.ones(len(x), 1)]", "[spread * torch.ones(len(x), 1), x]")],
        "shape": ["torch.cat([x, x.std(0, unbiased=False)[None]], dim=0)"],
    },
)

# -- minibatch_closeness -----------------------------------------------------------------------------


@answers.right("minibatch_closeness")
def less_itself(x, t):
    m = (x @ t.flatten(1)).view(len(x), t.shape[1], t.shape[2])
    distance = (m[:, None] - m[None]).abs().sum(-1)
    return torch.exp(-distance).sum(1) - 1


@answers.right("minibatch_closeness")
def without_the_diagonal(x, t):
    m = torch.einsum("na,abc->nbc", x, t)
    k = torch.exp(-(m[:, None] - m[None]).abs().sum(-1))
    return (k * (1 - torch.eye(len(x)))[:, :, None]).sum(1)


@answers.right("minibatch_closeness")
def a_loop(x, t):
    m = torch.einsum("na,abc->nbc", x, t)
    rows = [sum(torch.exp(-(m[i] - m[j]).abs().sum(1)) for j in range(len(x)) if j != i) for i in range(len(x))]
    return torch.stack(rows)


@answers.right("minibatch_closeness")
def by_cdist(x, t):
    m = torch.einsum("na,abc->bnc", x.double(), t.double())
    return torch.exp(-torch.cdist(m, m, p=1)).sum(2).T - 1


answers.slips(
    "minibatch_closeness",
    less_itself,
    {
        "counts-itself": [(" - 1", "")],
        "mean-not-sum": [
            ("sum(1) - 1", "mean(1)"),
            ("torch.exp(-distance).sum(1) - 1", "(torch.exp(-distance).sum(1) - 1) / (len(x) - 1)"),
        ],
        "euclidean": [(("(m[:, None] - m[None]).abs().sum(-1)", "(m[:, None] - m[None]).norm(dim=-1)"), (" - 1", ""))],
        "squared": [("abs()", "square()")],
        "sign-lost": [("-distance", "distance")],
        "no-kernel": [("torch.exp(-distance).sum(1) - 1", "distance.sum(1)")],
        "sums-over-kernels": [("sum(1) - 1", "sum((1, 2))[:, None] - t.shape[1]")],
        "wrong-axis": [("sum(-1)", "sum(2)")],
        "shape": [(".sum(1) - 1", "")],
        "no-gradient": [("t.flatten(1)", "t.detach().flatten(1)")],
    },
)

# -- spectral_weight ---------------------------------------------------------------------------------


@answers.right("spectral_weight")
def with_normalize(weight, v):
    with torch.no_grad():
        u = F.normalize(weight @ v, dim=0)
        new = F.normalize(weight.T @ u, dim=0)
    sigma = u @ weight @ new
    return weight / sigma, new


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
    w, v = weight.double(), v.double()
    u = F.normalize(w.detach() @ v, dim=0)
    v = F.normalize(w.detach().T @ u, dim=0)
    return w / torch.trace(w @ torch.outer(v, u)), v


answers.slips(
    "spectral_weight",
    with_normalize,
    {
        "vectors-not-unit": [(("F.normalize", ""), (", dim=0", ""))],
        "old-v": [("@ new", "@ v")],
        "squared": [("weight / sigma", "weight / sigma**2")],
        "sigma-is-constant": [("@ new", "@ new\n    sigma = sigma.detach()"), ("/ sigma", "/ sigma.item()")],
        "through-the-vectors": [("no_grad", "enable_grad")],
        "frobenius": [("/ sigma", "/ weight.norm()")],
        "exact": [("/ sigma", "/ torch.linalg.svdvals(weight)[0]")],
        "multiplied": [("/ sigma", "* sigma")],
        "many-steps": [
            """
            for _ in range(10):
                u = F.normalize(weight.detach() @ v, dim=0)
                v = F.normalize(weight.detach().T @ u, dim=0)
            return weight / (u @ weight @ v), v
            """
        ],
        "not-a-pair": [("sigma, new", "sigma")],
    },
)

# -- smoothed_loss -----------------------------------------------------------------------------------


def bce(logits, label, reduction="mean"):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


@answers.right("smoothed_loss")
def two_cross_entropies(real, fake):
    return bce(real, 0.9) + bce(fake, 0.0)


@answers.right("smoothed_loss")
def softplus_form(real, fake):
    return (F.softplus(real) - 0.9 * real).mean() + F.softplus(fake).mean()


@answers.right("smoothed_loss")
def in_logarithms(real, fake):
    d_real, d_fake = real.double().sigmoid(), fake.double().sigmoid()
    return -(0.9 * d_real.log() + 0.1 * (1 - d_real).log()).mean() - (1 - d_fake).log().mean()


answers.right("smoothed_loss", losses.smoothed(0.9).discriminator)
answers.slips(
    "smoothed_loss",
    two_cross_entropies,
    {
        "both-sides": [("0.0", "0.1")],
        "floor": [
            "r = real.sigmoid(); return F.binary_cross_entropy(r.clamp(1e-7, 1 - 1e-7), 0 * r + 0.9) + bce(fake, 0.0)"
        ],
        "other-side": ["bce(real, 1.0) + bce(fake, 0.1)"],
        "scaled": ["0.9 * bce(real, 1.0) + bce(fake, 0.0)"],
        "not-smoothed": [("0.9", "1.0")],
        "swapped": ["bce(real, 0.0) + bce(fake, 0.9)"],
        "smoothed-logit": ["bce(0.9 * real, 1.0) + bce(fake, 0.0)"],
        "one-mean": [
            '2 * torch.cat([bce(real, 0.9, "none"), bce(fake, 0.0, "none")]).mean()',
            'torch.cat([bce(real, 0.9, "none"), bce(fake, 0.0, "none")]).mean()',
        ],
        "halved": ["0.5 * (bce(real, 0.9) + bce(fake, 0.0))"],
        "summed": ['bce(real, 0.9, "sum") + bce(fake, 0.0, "sum")'],
    },
)

# -- ema_update --------------------------------------------------------------------------------------


@answers.right("ema_update")
def mul_and_add(average, generator, half_life, batch_size):
    keep = 0.5 ** (batch_size / half_life)
    with torch.no_grad():
        for a, g in zip(average.parameters(), generator.parameters(), strict=True):
            a.mul_(keep).add_(g, alpha=1 - keep)
    return average


@answers.right("ema_update")
def lerp(average, generator, half_life, batch_size):
    for a, g in zip(average.parameters(), generator.parameters(), strict=True):
        a.data.lerp_(g.data, 1 - 2 ** (-batch_size / half_life))
    return average


@answers.right("ema_update")
def by_name_in_place(average, generator, half_life, batch_size):
    keep, new = math.exp(-math.log(2) * batch_size / half_life), dict(generator.named_parameters())
    with torch.no_grad():
        for name, a in average.named_parameters():
            a.copy_(keep * a + (1 - keep) * new[name])
    return average


answers.slips(
    "ema_update",
    mul_and_add,
    {
        "shares-swapped": [("= 0.5 **", "= 1 - 0.5 **")],
        "per-step": [("batch_size / half_life", "1 / half_life")],
        "e-not-two": [("0.5 ** (", "math.exp(-")],
        "linear": [("0.5 ** (batch_size / half_life)", "1 - batch_size / half_life")],
        "upside-down": [("batch_size / half_life", "half_life / batch_size")],
        "fixed-numbers": [("batch_size / half_life", "64 / 500")],
        "buffers-too": [
            (
                ("parameters()", "state_dict().values()"),
                ("a.mul_(keep).add_(g, alpha=1 - keep)", "a.copy_(keep * a + (1 - keep) * g)"),
            ),
            ("return", "for a, g in zip(average.buffers(), generator.buffers(), strict=True): a.copy_(g)\n    return"),
        ],
        "generator-moved": [
            ("return", "generator.load_state_dict(dict(average.named_parameters()), strict=False)\n    return")
        ],
        "the-generator-itself": [
            (
                ("keep =", "average = generator; keep ="),
                ("a.mul_(keep).add_(g, alpha=1 - keep)", "a.copy_(keep * a + (1 - keep) * g)"),
            )
        ],
        "into-a-copy": [
            """
            new = mul_and_add(copy.deepcopy(average), generator, half_life, batch_size)
            average.load_state_dict(new.state_dict(), assign=True)
            return average
            """,
            ("keep =", "average = copy.deepcopy(average); keep ="),
        ],
    },
)

# -- diagnosis ---------------------------------------------------------------------------------------

RIGHT = {
    "A": "vanishing gradient",
    "B": "mode collapse",
    "C": "exploding critic",
    "D": "non-convergence",
    "E": "ignored condition",
}
answers.right(
    "diagnosis",
    lambda world: dict(RIGHT),
    lambda world: dict(reversed(RIGHT.items())),
    lambda world: dict(zip("ABCDE", [name.capitalize() for name in RIGHT.values()], strict=True)),
)
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
    answers.wrong("diagnosis", hint, lambda world, changed=changed: {**RIGHT, **changed})

# -- repaired_round ----------------------------------------------------------------------------------


@answers.right("repaired_round")
def repaired(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    discriminator.train()
    fake = generator(sample_z(len(real))).detach()
    d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake), 0.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    fake = generator(sample_z(len(real)))
    g_loss = F.softplus(-discriminator(fake)).mean()
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


EVAL, KEPT = ("train()", "eval()"), ("d_optimizer.zero_grad()", "")
CUT = ("-discriminator(fake)", "-discriminator(fake.detach())")
answers.slips(
    "repaired_round",
    repaired,
    {
        "d-in-eval": [EVAL],
        "gradients-kept": [KEPT],
        "g-cut-off": [(")))\n    g_loss", "))).detach()\n    g_loss")],
        "eval-and-gradients": [(EVAL, KEPT)],
        "eval-and-cut": [(EVAL, CUT)],
        "gradients-and-cut": [(KEPT, CUT)],
        "labels-swapped": [(("(real), 1.0", "(real), 0.0"), ("(fake), 0.0", "(fake), 1.0"))],
        "eval-in-g-s-turn": [("g_loss =", "discriminator.eval(); g_loss =")],
    },
)

# -- known_by_heart ----------------------------------------------------------------------------------


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


answers.slips(
    "known_by_heart",
    in_one_line,
    {
        "upside-down": [("return ", "return 1 - ")],
        "not-divided": [(" / (learned.mean() - fake.mean())", "")],
        "against-the-unseen": [("/ (learned", "/ (unseen")],
        "by-probabilities": [(".mean", ".sigmoid().mean")],
        "sums": [("mean", "sum")],
        "sign": ["abs(in_one_line(learned, unseen, fake))"],
        "sign-turned": [("return ", "return -")],
    },
)

# -- augmented_losses --------------------------------------------------------------------------------


@answers.right("augmented_losses")
def all_moved(discriminator, augment, real, fake):
    of_real, of_fake = discriminator(augment(real)), discriminator(augment(fake.detach()))
    for_g = discriminator(augment(fake))
    return bce(of_real, 1.0) + bce(of_fake, 0.0), bce(for_g, 1.0)


@answers.right("augmented_losses")
def moved_once(discriminator, augment, real, fake):
    moved = augment(fake)
    d_loss = bce(discriminator(augment(real)), 1.0) + bce(discriminator(moved.detach()), 0.0)
    return d_loss, bce(discriminator(moved), 1.0)


@answers.right("augmented_losses")
def with_one_pass(discriminator, augment, real, fake):
    of_real, of_fake = discriminator(augment(torch.cat((real, fake.detach())))).split((len(real), len(fake)))
    return bce(of_real, 1.0) + bce(of_fake, 0.0), F.softplus(-discriminator(augment(fake))).mean()


answers.slips(
    "augmented_losses",
    all_moved,
    {
        "real-only": [(("augment(fake)", "fake"), ("augment(fake.detach())", "fake.detach()"))],
        "fakes-only": [("augment(real)", "real")],
        "not-in-g-s-turn": [("augment(fake)", "fake")],
        "not-cut": [(".detach()", "")],
        "labels-swapped": [("of_real, of_fake =", "of_fake, of_real =")],
        "not-a-pair": [("0.0),", "0.0) +")],
    },
)
answers.slips(
    "augmented_losses",
    moved_once,
    {
        "not-through-the-augmentation": [("augment(fake)", "fake + (augment(fake) - fake).detach()")],
        "no-gradient": [("augment(fake)", "augment(fake).detach()")],
    },
)

# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

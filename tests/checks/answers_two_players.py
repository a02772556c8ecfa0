"""Wrong and right answers to the exercises of chapter 1."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

from ganbook import losses

answers = Answers("two_players")

# -- sample_noise ------------------------------------------------------------------------------------


@answers.right("sample_noise")
def noise_rand_randn(n, latent_dim, prior):
    return torch.randn(n, latent_dim) if prior == "gaussian" else 2 * torch.rand(n, latent_dim) - 1


@answers.right("sample_noise")
def noise_in_place(n, latent_dim, prior):
    z = torch.empty(n, latent_dim)
    return z.normal_() if prior == "gaussian" else z.uniform_(-1, 1)


@answers.right("sample_noise")
def noise_distributions_float64(n, latent_dim, prior):
    one, zero = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    normal, uniform = torch.distributions.Normal(zero, one), torch.distributions.Uniform(-one, one)
    return (normal if prior == "gaussian" else uniform).sample((n, latent_dim))


@answers.right("sample_noise")
def noise_from_numpy(n, latent_dim, prior):
    rng = np.random.default_rng()
    z = rng.standard_normal((n, latent_dim)) if prior == "gaussian" else rng.uniform(-1, 1, (n, latent_dim))
    return torch.from_numpy(z).float()


answers.slips(
    "sample_noise",
    noise_rand_randn,
    {
        "uniform-01": [("2 * torch.rand(n, latent_dim) - 1", "torch.rand(n, latent_dim)")],
        "always-gaussian": ["torch.randn(n, latent_dim)"],
        "always-uniform": [('"gaussian"', '"normal"')],
        "priors-swapped": [("==", "!=")],
        "same-z-for-all-rows": [("(n, latent_dim)", "(1, latent_dim).expand(n, latent_dim)")],
        "one-number-per-row": [("(n, latent_dim)", "(n, 1).repeat(1, latent_dim)")],
        "seed-fixed-inside": [("return", "torch.manual_seed(0); return")],
        "axes-swapped": [("n, latent_dim", "latent_dim, n")],
        "uniform-other-range": [(" - 1", ""), ("2 * torch.rand(n, latent_dim) - 1", "torch.rand(n, latent_dim) - 0.5")],
        "shape": [("latent_dim)", "latent_dim, 1, 1)")],
    },
)
answers.slips(
    "sample_noise",
    noise_in_place,
    {
        "uniform-unit-variance": [("-1, 1", "-(3**0.5), 3**0.5")],
        "uniform-other-range": [("z.uniform_(-1, 1)", "z.normal_().clamp(-1, 1)")],
        "not-independent": [
            "z = noise_in_place(n // 2, latent_dim, prior); return torch.cat([z, -z])",
            "z = noise_in_place((n + 1) // 2, latent_dim, prior); return torch.cat([z, z])[:n]",
            "z = noise_in_place(n, latent_dim, prior); return (z - z.mean(0)) / z.std(0) if prior == 'gaussian' else z",
        ],
    },
)
answers.slips("sample_noise", noise_from_numpy, {"type": [("torch.from_numpy(z).float()", "z")]})

# -- discriminator_loss ------------------------------------------------------------------------------


def bce(logits, label, reduction="mean"):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), reduction=reduction)


@answers.right("discriminator_loss")
def two_cross_entropies(real, fake):
    return bce(real, 1.0) + bce(fake, 0.0)


@answers.right("discriminator_loss")
def softplus(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean()


@answers.right("discriminator_loss")
def logsigmoid_float64_keepdim(real, fake):
    return -(F.logsigmoid(real.double()).mean(0, keepdim=True) + F.logsigmoid(-fake.double()).mean(0))


answers.right("discriminator_loss", losses.get("non_saturating").discriminator)
answers.slips(
    "discriminator_loss",
    two_cross_entropies,
    {
        "swapped-labels": ["bce(real, 0.0) + bce(fake, 1.0)"],
        "both-real": [("0.0", "1.0")],
        "sigmoid-twice": [(("real", "real.sigmoid()"), ("fake", "fake.sigmoid()"))],
        "logits-as-probabilities": ["nn.BCELoss()(real, 0 * real + 1) + nn.BCELoss()(fake, 0 * fake)"],
        "sum-not-mean": [((", 1.0", ', 1.0, "sum"'), (", 0.0", ', 0.0, "sum"'))],
        "pooled-mean": [
            '2 * torch.cat([bce(real, 1.0, "none"), bce(fake, 0.0, "none")]).mean()',
            'torch.cat([bce(real, 1.0, "none"), bce(fake, 0.0, "none")]).mean()',
        ],
        "halved": ["0.5 * (bce(real, 1.0) + bce(fake, 0.0))"],
        "value-not-loss": ["torch.log(real.sigmoid()).mean() + torch.log(1 - fake.sigmoid()).mean()"],
        "one-term": ["bce(real, 1.0)"],
        "no-log": ["-(real.sigmoid().mean() + (1 - fake.sigmoid()).mean())"],
        "log-of-mean": ["-torch.log(real.sigmoid().mean()) - torch.log(1 - fake.sigmoid().mean())"],
        "log-of-logits": ["-(torch.log(real).mean() + torch.log(1 - fake).mean())"],
        "softmax-over-batch": ["-F.log_softmax(real, dim=0).mean() - torch.log(1 - F.softmax(fake, dim=0)).mean()"],
        "fake-term-sign": [(" + ", " - ")],
        "arguments-swapped": [
            "loss = nn.BCEWithLogitsLoss(); return loss(torch.ones(len(real)), real) + loss(0 * fake, fake)"
        ],
        "scale": ["3 * (bce(real, 1.0) + bce(fake, 0.0))"],
        "no-gradient": ["(bce(real, 1.0) + bce(fake, 0.0)).item()", ("fake", "fake.detach()")],
        "shape": ['bce(real, 1.0, "none")[:4] + bce(fake, 0.0, "none")'],
        "through-probabilities": ["-torch.log(torch.sigmoid(real)).mean() - torch.log(1 - torch.sigmoid(fake)).mean()"],
        "value": ["F.softplus(-real, threshold=2).mean() + F.softplus(fake, threshold=2).mean()"],
    },
)
answers.wrong(
    "discriminator_loss",
    "another-game",
    *(losses.get(game).discriminator for game in ("least_squares", "hinge", "wasserstein")),
)

# -- generator_loss ----------------------------------------------------------------------------------


@answers.right("generator_loss")
def g_cross_entropy(fake):
    return bce(fake, 1.0)


@answers.right("generator_loss")
def g_softplus(fake):
    return F.softplus(-fake).mean()


@answers.right("generator_loss")
def g_definition_float64(fake):
    return -(torch.sigmoid(fake.double()).log().sum() / fake.numel()).reshape(1)


answers.slips(
    "generator_loss",
    g_softplus,
    {
        "labels-of-d": [("-fake", "fake")],
        "saturating": ["torch.log(1 - torch.sigmoid(fake)).mean()"],
        "wrong-sign": ["F.logsigmoid(fake).mean()"],
        "sigmoid-twice": ["nn.BCEWithLogitsLoss()(torch.sigmoid(fake), torch.ones_like(fake))"],
        "sum-not-mean": [("mean", "sum")],
        "no-log": ["torch.mean(1 - torch.sigmoid(fake))", "-fake.sigmoid().mean()"],
        "log-of-mean": ["-torch.log(torch.sigmoid(fake).mean())"],
        "logits-averaged": ["-fake.mean()"],
        "another-game": ['losses.get("least_squares").generator(fake)'],
        "no-gradient": [("-fake", "-fake.detach()")],
        "logits-as-probabilities": ["F.binary_cross_entropy(fake, torch.ones_like(fake))"],
        "shape": [(".mean()", "")],
        "value": ["F.softplus(-fake, threshold=4).mean()"],
        "changed-input": ["with torch.no_grad(): fake.sigmoid_()\nreturn -torch.log(fake).mean()"],
        "through-probabilities": ["nn.BCELoss()(torch.sigmoid(fake), torch.ones(len(fake)))"],
    },
)

# -- discriminator_step ------------------------------------------------------------------------------


@answers.right("discriminator_step")
def step_with_detach(discriminator, generator, optimizer, real, z):
    fake = generator(z).detach()
    loss = bce(discriminator(real), 1.0) + bce(discriminator(fake), 0.0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@answers.right("discriminator_step")
def step_with_two_backwards(discriminator, generator, optimizer, real, z):
    optimizer.zero_grad(set_to_none=False)
    real_loss = bce(discriminator(real), 1.0)
    real_loss.backward()
    with torch.no_grad():
        fake = generator(z)
    fake_loss = bce(discriminator(fake), 0.0)
    fake_loss.backward()
    optimizer.step()
    return real_loss.item() + fake_loss.item()


@answers.right("discriminator_step")
def step_cleared_at_the_end(discriminator, generator, optimizer, real, z):
    fake = generator(z).data
    real_logits, fake_logits = discriminator(torch.cat([real, fake])).split([len(real), len(fake)])
    loss = softplus(real_logits, fake_logits)
    loss.backward()
    optimizer.step()
    discriminator.zero_grad()
    return loss


@answers.right("discriminator_step")
def step_with_autograd_grad(discriminator, generator, optimizer, real, z):
    loss = softplus(discriminator(real), discriminator(generator(z)))
    weights = list(discriminator.parameters())
    for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
        weight.grad = gradient
    optimizer.step()
    return loss.detach().numpy()


answers.slips(
    "discriminator_step",
    step_with_detach,
    {
        "missing-detach": [(".detach()", "")],
        "missing-zero-grad": [("optimizer.zero_grad()", ""), ("optimizer.zero_grad()", "generator.zero_grad()")],
        "d-did-not-move": [
            ("optimizer.step()", ""),
            ("optimizer.step()", "optimizer.zero_grad(); optimizer.step()"),
            ("loss.backward()", ""),
        ],
        "swapped-labels": [(("(real), 1.0", "(real), 0.0"), ("(fake), 0.0", "(fake), 1.0"))],
        "logits-detached": [((".detach()", ""), ("(fake)", "(fake).detach()"))],
        "one-batch": [("bce(discriminator(real), 1.0) + ", ""), (" + bce(discriminator(fake), 0.0)", "")],
        "own-noise": [("(z)", "(torch.randn(len(real), 3))")],
        "halved": [("optimizer.zero_grad()", "optimizer.zero_grad(); loss = loss / 2")],
        "sum-not-mean": [((", 1.0", ', 1.0, "sum"'), (", 0.0", ', 0.0, "sum"'))],
        "value": [("optimizer.step()", "optimizer.step(); optimizer.step()")],
        "shape": [("generator(z)", "z")],
        "uphill": [("optimizer.zero_grad()", "optimizer.zero_grad(); loss = -loss")],
        "generators-loss": [("0.0", "1.0")],
        "no-gradient": [("loss = ", "with torch.no_grad(): loss = ")],
    },
)

# -- training_round ----------------------------------------------------------------------------------


@answers.right("training_round")
def round_two_turns(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real)))
    d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake.detach()), 0.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    fake = generator(sample_z(len(real)))
    g_loss = bce(discriminator(fake), 1.0)
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("training_round")
def round_noise_first_d_frozen(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    z_d, z_g = sample_z(real.shape[0]), sample_z(real.shape[0])
    with torch.no_grad():
        fake = generator(z_d)
    d_loss = softplus(discriminator(real), discriminator(fake))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    discriminator.requires_grad_(False)
    g_loss = F.softplus(-discriminator(generator(z_g))).mean()
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    discriminator.requires_grad_(True)
    return [d_loss.item(), g_loss.item()]


@answers.right("training_round")
def round_cleared_after_each_step(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    bce_loss = nn.BCELoss()
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
    fake = generator(sample_z(len(real)))
    d_loss = bce_loss(discriminator(real).sigmoid(), ones) + bce_loss(discriminator(fake.detach()).sigmoid(), zeros)
    d_loss.backward()
    d_optimizer.step()
    d_optimizer.zero_grad()
    g_loss = bce_loss(discriminator(generator(sample_z(len(real)))).sigmoid(), ones)
    g_loss.backward()
    g_optimizer.step()
    g_optimizer.zero_grad()
    d_optimizer.zero_grad()
    return d_loss, g_loss


AGAIN = "fake = generator(sample_z(len(real)))\n    g_loss"  # G's turn begins
D_TURN, G_TURN = (
    f"{player}_optimizer.zero_grad()\n    {player}_loss.backward()\n    {player}_optimizer.step()" for player in "dg"
)
answers.slips(
    "training_round",
    round_two_turns,
    {
        "own-noise": [("sample_z(len(real))", "torch.randn(len(real), 3)")],
        "one-latent": [("sample_z(len(real))", "sample_z(1)")],
        "type": [("d_loss, g_loss", "d_loss + g_loss")],
        "noise-reused": [
            ((AGAIN, "fake = generator(z)\n    g_loss"), ("(sample_z(len(real)))", "(z := sample_z(len(real)))")),
            (AGAIN, "g_loss"),
        ],
        "order-swapped": [
            (
                (f"    {D_TURN}\n    {AGAIN}", "    g_loss"),
                (G_TURN, f"{G_TURN}\n    fake = generator(sample_z(len(real)))\n    D_LOSS\n    {D_TURN}"),
                ("    d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake.detach()), 0.0)\n", ""),
                ("D_LOSS", "d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake.detach()), 0.0)"),
            )
        ],
        "missing-detach": [(".detach()", "")],
        "d-gradient-left-on-g": [
            ((".detach()", ""), ("g_optimizer.zero_grad()", ""), ("d_loss =", "g_optimizer.zero_grad(); d_loss ="))
        ],
        "missing-zero-grad": [
            ("d_optimizer.zero_grad()", ""),
            (("d_optimizer.zero_grad()", ""), ("d_optimizer.step()", "d_optimizer.step(); d_optimizer.zero_grad()")),
            ("g_optimizer.zero_grad()", ""),
        ],
        "g-did-not-move": [("(fake), 1.0", "(fake.detach()), 1.0"), (G_TURN, "")],
        "d-moved-in-gs-turn": [
            ("g_optimizer.step()", "d_optimizer.step()"),
            (G_TURN, f"d_optimizer.zero_grad()\n    {G_TURN}\n    d_optimizer.step()"),
            (G_TURN, f"d_optimizer.zero_grad()\n    {G_TURN}".replace("g_optimizer.step", "d_optimizer.step")),
        ],
        "labels-of-d": [("(fake), 1.0", "(fake), 0.0")],
        "saturating": [("bce(discriminator(fake), 1.0)", "torch.log(1 - discriminator(fake).sigmoid()).mean()")],
        "simultaneous": [
            (
                (D_TURN, ""),
                ("g_loss.backward()", "g_loss.backward(inputs=list(generator.parameters()))"),
                ("g_optimizer.zero_grad()", "d_optimizer.zero_grad(); d_loss.backward(); g_optimizer.zero_grad()"),
                ("g_optimizer.step()", "d_optimizer.step(); g_optimizer.step()"),
            )
        ],
        "d-did-not-move": [("d_optimizer.step()", "d_optimizer.zero_grad(); d_optimizer.step()")],
        "returned-swapped": [("d_loss, g_loss", "g_loss, d_loss")],
        "graph-out-of-date": [
            (
                ("discriminator(fake.detach())", "fake_logits"),
                ("d_loss = ", "fake_logits = discriminator(fake); d_loss = "),
                ("d_loss.backward()", "d_loss.backward(retain_graph=True)"),
                (AGAIN, "g_loss"),
                ("discriminator(fake), 1.0", "fake_logits, 1.0"),
            )
        ],
        "graph-used-twice": [((".detach()", ""), (AGAIN, "g_loss"))],
    },
)

# -- repaired_round ----------------------------------------------------------------------------------


@answers.right("repaired_round")
def three_repairs(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    g_optimizer.zero_grad()
    fake = generator(sample_z(len(real)))
    d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake.detach()), 0.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    fake = generator(sample_z(len(real)))
    g_loss = bce(discriminator(fake), 1.0)
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("repaired_round")
def g_cleared_late_instead_of_detach(generator, discriminator, g_optimizer, d_optimizer, real, sample_z):
    fake = generator(sample_z(len(real)))
    d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake), 0.0)
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = bce(discriminator(generator(sample_z(len(real)))), 1.0)
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


answers.right("repaired_round", round_two_turns, round_noise_first_d_frozen)
UNCUT, NEVER_CLEARED, LABEL_0 = (".detach()", ""), ("d_optimizer.zero_grad()", ""), ("(fake), 1.0", "(fake), 0.0")
CUT_G = ("(fake), 1.0", "(fake.detach()), 1.0")
answers.slips(
    "repaired_round",
    three_repairs,
    {
        "two-left-gradients": [(UNCUT, NEVER_CLEARED)],
        "two-left-label-and-d": [(NEVER_CLEARED, LABEL_0)],
        "two-left-label-and-g": [(UNCUT, LABEL_0)],
        "g-polluted": [UNCUT],
        "d-accumulates": [
            NEVER_CLEARED,
            (NEVER_CLEARED, ("d_optimizer.step()", "d_optimizer.step(); d_optimizer.zero_grad()")),
        ],
        "wrong-label": [LABEL_0],
        "saturating": [("bce(discriminator(fake), 1.0)", "-bce(discriminator(fake), 0.0)")],
        "g-cut-off": [CUT_G, (UNCUT, CUT_G)],
    },
)
answers.slips(
    "repaired_round",
    g_cleared_late_instead_of_detach,
    {
        "two-left-label-and-d": [(NEVER_CLEARED, ("len(real)))), 1.0", "len(real)))), 0.0"))],
        "g-cut-off": [("len(real)))), 1.0", "len(real))).detach()), 1.0")],
    },
)

# -- covered_modes -----------------------------------------------------------------------------------


@answers.right("covered_modes")
def any_distance_small(samples, centres, std):
    return (torch.cdist(samples, centres) < 3 * std).any(dim=0).sum()


@answers.right("covered_modes")
def with_numpy(samples, centres, std):
    gaps = samples.numpy()[:, None] - centres.numpy()[None]
    return np.count_nonzero((np.hypot(gaps[..., 0], gaps[..., 1]) <= 3 * std).any(axis=0))


@answers.right("covered_modes")
def with_loops(samples, centres, std):
    covered = 0
    for a, b in centres.tolist():
        covered += any(math.dist((x, y), (a, b)) < 3 * std for x, y in samples.tolist())
    return covered


@answers.wrong("covered_modes", hint="one-mode-a-sample")
def nearest_and_close(samples, centres, std):
    distance, nearest = torch.cdist(samples, centres).min(dim=1)
    return float(len(set(nearest[distance < 3 * std].tolist())))


answers.slips(
    "covered_modes",
    any_distance_small,
    {
        "nearest-only": ["len(torch.unique(torch.cdist(samples, centres).argmin(dim=1)))"],
        "squared-distance": [("centres)", "centres) ** 2")],
        "radius-too-small": [
            ("3 * ", ""),
            ("3 * std", "2 * std"),
            ("3 * std", "3 * std**2"),
            (("centres)", "centres) ** 2"), ("3 * std", "3 * std**2")),
        ],
        "sum-of-coordinates": [("centres)", "centres, p=1)")],
        "missed-modes": [("return ", "return len(centres) - ")],
        "box-not-circle": ["((samples[:, None] - centres).abs() <= 3 * std).all(dim=2).any(dim=0).sum()"],
        "samples-not-modes": [("dim=0", "dim=1"), (".any(dim=0)", "")],
        "share-not-count": [
            (".sum()", ".float().mean()"),
            "(torch.cdist(samples, centres).min(dim=1).values < 3 * std).float().mean()",
        ],
        "all-samples": [("any", "all")],
        "mask-not-count": [(".sum()", "")],
    },
)

# -- round_by_hand -----------------------------------------------------------------------------------


@answers.right("round_by_hand")
def by_the_formulas(s, t, w, b, real, z, fresh, eta):
    on_real, on_fake = torch.sigmoid(w * real + b) - 1, torch.sigmoid(w * (s * z + t) + b)
    new_w = w - eta * ((on_real * real).mean() + (on_fake * (s * z + t)).mean())
    new_b = b - eta * (on_real.mean() + on_fake.mean())
    pull = new_w * (torch.sigmoid(new_w * (s * fresh + t) + new_b) - 1)
    return s - eta * (pull * fresh).mean(), t - eta * pull.mean(), new_w, new_b


@answers.right("round_by_hand")
def with_labels(s, t, w, b, real, z, fresh, eta):
    x, label = torch.cat((real, s * z + t)), torch.cat((torch.ones_like(real), torch.zeros_like(z)))
    error = 2 * (torch.sigmoid(w * x + b) - label)  # two means of equal size are twice the one over all
    w, b = w - eta * (error * x).mean(), b - eta * error.mean()
    x = s * fresh + t
    error = (torch.sigmoid(w * x + b) - 1) * w
    return s - eta * (error * fresh).mean(), t - eta * error.mean(), w, b


@answers.right("round_by_hand")
def with_numbers(s, t, w, b, real, z, fresh, eta):
    s, t, w, b, real, z, fresh = (value.numpy() for value in (s, t, w, b, real, z, fresh))
    sigma = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    fake = s * z + t
    r, f = sigma(w * real + b) - 1, sigma(w * fake + b)
    w, b = w - eta * (np.mean(r * real) + np.mean(f * fake)), b - eta * (r.mean() + f.mean())
    pull = -w * sigma(-(w * (s * fresh + t) + b))
    return s - eta * np.mean(pull * fresh), t - eta * pull.mean(), w, b


answers.slips(
    "round_by_hand",
    by_the_formulas,
    {
        "old-d": [(("pull = new_w", "pull = w"), ("new_w * (s * fresh + t) + new_b", "w * (s * fresh + t) + b"))],
        "old-noise": [("fresh", "z")],
        "d-climbs": [(("w - eta", "w + eta"), ("b - eta", "b + eta"))],
        "g-upside-down": [("pull = ", "pull = -")],
        "saturating": [(("pull = ", "pull = -"), ("new_b) - 1", "new_b)"))],
        "not-through-d": [("pull = new_w * ", "pull = ")],
        "halved": [(("w - eta", "w - eta / 2"), ("b - eta", "b - eta / 2"))],
        "summed": [(("w - eta", "w - len(z) * eta"), ("b - eta", "b - len(z) * eta"))],
        "used-autograd": [
            """
            w.requires_grad_(), b.requires_grad_()
            softplus(w * real + b, w * (s * z + t) + b).backward()
            return s, t, w - eta * w.grad, b - eta * b.grad
            """
        ],
        "value": [(("return ", "return new_w, new_b, "), ("pull.mean(), new_w, new_b", "pull.mean()"))],
    },
)

# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

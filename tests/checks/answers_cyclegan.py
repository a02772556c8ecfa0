"""Wrong and right answers to the exercises of chapter 12."""

import random

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings

from ganbook import losses, models

answers = Answers("cyclegan")
l1 = F.l1_loss


# -- cycle_loss --------------------------------------------------------------------------------------


@answers.right("cycle_loss")
def both_circles(there, back, x, y):
    return l1(back(there(x)), x) + l1(there(back(y)), y)


@answers.right("cycle_loss")
def image_by_image(there, back, x, y):
    forward = torch.stack([l1(back(there(one[None])), one[None]) for one in x]).mean()
    return forward + torch.stack([l1(there(back(one[None])), one[None]) for one in y]).mean()


answers.also(
    "cycle_loss",
    both_circles,
    "(back(there(x)) - x).abs().sum() / x.numel() + torch.dist(y, there(back(y)), p=1) / y.numel()",
)
answers.slips(
    "cycle_loss",
    both_circles,
    {
        "half-a-circle": [
            "l1(back(x), x) + l1(there(y), y)",
            "l1(there(x), x) + l1(back(y), y)",
            "l1(there(x), y) + l1(back(y), x)",
        ],
        "one-direction": ["l1(back(there(x)), x)", "l1(there(back(y)), y)"],
        "wrong-way-round": ["l1(there(back(x)), x) + l1(back(there(y)), y)"],
        "one-circle-twice": [("there(back(y))", "back(there(y))")],
        "compared-with-the-fake": [
            "l1(back(there(x)), there(x)) + l1(there(back(y)), back(y))",
            "l1(back(there(x)), back(y)) + l1(there(back(y)), there(x))",
        ],
        "compared-with-the-other-set": ["l1(back(there(x)), y) + l1(there(back(y)), x)"],
        "squared": [("l1", "F.mse_loss")],
        "summed": [
            "(back(there(x)) - x).abs().sum() + (there(back(y)) - y).abs().sum()",
            "(back(there(x)) - x).abs().sum((1, 2, 3)).mean() + (there(back(y)) - y).abs().sum((1, 2, 3)).mean()",
        ],
        "averaged": ["0.5 * both_circles(there, back, x, y)"],
        "one-mean-for-both": ["torch.cat(((back(there(x)) - x).abs(), (there(back(y)) - y).abs())).mean() * 2"],
        "cut-halfway": [(("there(x)", "there(x).detach()"), ("back(y)", "back(y).detach()"))],
        "no-gradient": ["both_circles(there, back, x, y).item()"],
    },
)


# -- identity_loss -----------------------------------------------------------------------------------


@answers.right("identity_loss")
def both_kept(there, back, x, y):
    return l1(there(y), y) + l1(back(x), x)


@answers.right("identity_loss")
def both_kinds_at_once(there, back, x, y):
    both = torch.cat((x, y))
    target_kept, source_kept = there(both)[len(x) :], back(both)[: len(x)]
    return (target_kept - y).abs().flatten(1).mean(1).mean() + (source_kept - x).abs().flatten(1).mean(1).mean()


answers.also("identity_loss", both_kept, "torch.abs(x - back(x)).mean() + torch.abs(y - there(y)).mean()")
answers.slips(
    "identity_loss",
    both_kept,
    {
        "source-kept": ["l1(there(x), x) + l1(back(y), y)"],
        "compared-with-the-other-set": ["l1(there(x), y) + l1(back(y), x)", "l1(there(y), x) + l1(back(x), y)"],
        "one-translator": ["l1(there(y), y)", "l1(back(x), x)"],
        "cycle-loss": ["both_circles(there, back, x, y)", "l1(back(there(y)), y) + l1(there(back(x)), x)"],
        "squared": [("l1", "F.mse_loss")],
        "summed": [
            "(there(y) - y).abs().sum() + (back(x) - x).abs().sum()",
            "(there(y) - y).abs().sum((1, 2, 3)).mean() + (back(x) - x).abs().sum((1, 2, 3)).mean()",
        ],
        "averaged": ["both_kept(there, back, x, y) / 2"],
        "cut-off": ["both_kept(there, back, x, y).detach()"],
    },
)


# -- generator_objective -----------------------------------------------------------------------------


@answers.right("generator_objective")
def three_parts(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    fake_y, fake_x = there(x), back(y)
    game = 0.5 * (critic_y(fake_y) - 1).square().mean() + 0.5 * (critic_x(fake_x) - 1).square().mean()
    cycle, kept = both_circles(there, back, x, y), both_kept(there, back, x, y)
    return game + cycle_weight * (cycle + identity_share * kept)


@answers.right("generator_objective")
def with_the_library(there, back, critic_x, critic_y, x, y, cycle_weight, identity_share):
    made = models.TwoTranslators(there, back)(x, y)
    loss = losses.get("least_squares")
    adversarial = loss.generator(critic_x(made.fake_source)) + loss.generator(critic_y(made.fake_target))
    cycle = l1(made.source_again, x) + l1(made.target_again, y)
    return adversarial + cycle_weight * (cycle + identity_share * (l1(made.source_kept, x) + l1(made.target_kept, y)))


WEIGHTED, OF_X = "cycle_weight * (cycle + identity_share * kept)", " + 0.5 * (critic_x(fake_x) - 1).square().mean()"
answers.also(
    "generator_objective",
    three_parts,
    (WEIGHTED, "cycle_weight * cycle + cycle_weight * identity_share * kept"),
)
answers.slips(
    "generator_objective",
    three_parts,
    {
        "identity-without-lambda": [(WEIGHTED, "cycle_weight * cycle + identity_share * kept")],
        "identity-not-weighted": [("identity_share * ", ""), (WEIGHTED, "cycle_weight * cycle + kept")],
        "lambda-on-the-critics": [
            (f"game + {WEIGHTED}", "cycle_weight * (game + cycle + identity_share * kept)"),
            ("game + cycle_weight *", "cycle_weight * game +"),
        ],
        "identity-missing": [(" + identity_share * kept", "")],
        "cycle-halved": [("(cycle +", "(0.5 * cycle +")],
        "weights-fixed": [(WEIGHTED, "10 * cycle + 5 * kept")],
        "target-0": [(" - 1", "")],
        "half-missing": [("0.5 * ", "")],
        "logistic": [(("0.5 * (", "F.softplus(-"), (" - 1).square()", ")"))],
        "critics-swapped": [(("y(fake_y", "x(fake_y"), ("x(fake_x", "y(fake_x"))],
        "real-images-judged": [(("y(fake_y", "y(y"), ("x(fake_x", "x(x"))],
        "critics-turn-in-it": [
            ("game = ", "game = 0.5 * ((critic_x(x) - 1).square().mean() + (critic_y(y) - 1).square().mean()) + ")
        ],
        "one-critic": [(OF_X, ""), ("0.5 * (critic_y(fake_y) - 1)", "0 * fake_y")],
        "cut-off": [(("(fake_y", "(fake_y.detach()"), ("(fake_x", "(fake_x.detach()"))],
    },
)


# -- pool_query --------------------------------------------------------------------------------------


@answers.right("pool_query")
def with_python_random(kept, images, size):
    out = []
    for image in images.detach():
        if len(kept) < size:
            kept.append(image)
        elif random.random() < 0.5:
            where = random.randrange(size)
            image, kept[where] = kept[where], image
        out.append(image)
    return torch.stack(out)


@answers.right("pool_query")
def with_numpy_and_a_list(kept, images, size):
    generator, out = np.random.default_rng(), []
    for image in images:
        out.append(image.detach().clone())
        if len(kept) < size:
            kept.append(out[-1])
        elif generator.integers(2):
            kept.append(out.pop())
            out.append(kept.pop(int(generator.integers(size))))
    return out


@answers.right("pool_query")
@torch.no_grad()
def all_at_once(kept, images, size):
    room = min(size - len(kept), len(images))
    kept.extend(images[:room].clone())
    out = images.clone()
    chosen = (room + torch.nonzero(torch.rand(len(images) - room) < 0.5).flatten()).tolist()
    for i, where in zip(chosen, torch.randperm(size)[: len(chosen)].tolist(), strict=False):
        out[i] = kept[where]
        kept[where] = images[i].clone()
    return out


answers.also("pool_query", with_python_random, ("stack(out)", "stack(random.sample(out, len(out)))"))
COIN, EXCHANGED, COPIES = (
    "random.random() < 0.5",
    "image, kept[where] = kept[where], image",
    (".detach()", ".detach().clone()"),
)
answers.slips(
    "pool_query",
    with_python_random,
    {
        "overwrites-its-input": [(COPIES, ("torch.stack(out)", "images.detach().copy_(torch.stack(out))"))],
        "nothing-kept": [("out = []", "out, kept = [], [*kept]")],
        "beyond-its-size": [
            ("out = []", "out = []\n    if len(kept) < size:\n        size = len(kept) + len(images)"),
            (
                ("if len(kept) < size:", "kept.append(image)\n        if False:"),
                ("randrange(size)", "randrange(len(kept))"),
            ),
        ],
        "too-early": [
            (
                ("if len(kept) < size", f"if len(kept) < size and not (kept and {COIN})"),
                (f"elif {COIN}", f"elif len(kept) < size or {COIN}"),
                ("randrange(size)", "randrange(len(kept))"),
            )
        ],
        "keeps-the-graph": [
            (".detach()", ""),
            (
                (".detach()", ""),
                ("append(image)\n        elif", "append(image.detach())\n        elif"),
                ("kept[where], image", "kept[where], image.detach()"),
            ),
        ],
        "never-exchanged": [(COIN, "False")],
        "not-put-in": [(EXCHANGED, "image = kept[where]")],
        "not-given-back": [
            (EXCHANGED, "kept[where] = image"),
            (("kept.append(image)", "kept.append(image.clone())"), (EXCHANGED, "image = kept[where].copy_(image)")),
        ],
        "always-exchanged": [(COIN, "True")],
        "one-decision-a-batch": [
            (("out = []", "out, coin = [], random.random()"), ("elif random.random()", "elif coin"))
        ],
        "half-of-every-batch": [
            (
                ("out = []", "out, half = [], random.sample(range(len(images)), len(images) // 2)"),
                (COIN, "len(out) in half"),
            )
        ],
        "a-place-never-drawn": [("randrange(size)", "randrange(size - 1)"), ("randrange(size)", "randrange(1, size)")],
        "not-half": [("< 0.5", "< 0.4"), ("< 0.5", "< 0.65")],
        "always-the-same-place": [("random.randrange(size)", "0"), ("random.randrange(size)", "-1")],
        "a-queue": [(EXCHANGED, "kept.append(image)\n            image = kept.pop(0)")],
        "shape": [("torch.stack(out)", "images.detach().flatten()")],
    },
)


# -- unpaired_batches --------------------------------------------------------------------------------


@answers.right("unpaired_batches")
def pass_after_pass(n, m, batch_size, steps, seed):
    generator, count = torch.Generator().manual_seed(seed), steps * batch_size

    def batches(length):
        passes = [torch.randperm(length, generator=generator) for _ in range(count // length + 1)]
        return torch.cat(passes)[:count].split(batch_size)

    return list(zip(batches(n), batches(m), strict=True))


@answers.right("unpaired_batches")
def endless_generators(n, m, batch_size, steps, seed):
    torch.manual_seed(seed)

    def indices(length):
        while True:
            yield from torch.rand(length).argsort().tolist()

    sources, targets = indices(n), indices(m)
    for _ in range(steps):
        yield [[next(side) for _ in range(batch_size)] for side in (sources, targets)]


@answers.right("unpaired_batches")
def two_seeds(n, m, batch_size, steps, seed):
    rows = []
    for i, length in enumerate((n, m)):
        generator = np.random.default_rng([seed, i])
        order = [generator.permutation(length) for _ in range(steps * batch_size // length + 1)]
        rows.append(np.concatenate(order)[: steps * batch_size].reshape(steps, batch_size))
    return list(zip(*rows, strict=True))


ORDER, ZIPPED = "torch.randperm(length, generator=generator)", "list(zip(batches(n), batches(m), strict=True))"
answers.also("unpaired_batches", pass_after_pass, (ORDER, "torch.rand(length, generator=generator).argsort()"))
answers.slips(
    "unpaired_batches",
    pass_after_pass,
    {
        "stops-early": [(("count // length + 1", "1"), ("strict=True", "strict=False"))],
        "pairs-come-back": [
            ("        passes", "        generator = torch.Generator().manual_seed(seed)\n        passes"),
            (ZIPPED, "[(row % n, row % m) for row in batches(max(n, m))]"),
        ],
        "orders-tied": [
            (
                ("        passes", "        generator = torch.Generator().manual_seed(seed)\n        passes"),
                ("batches(m)", "[row.flip(0) for row in batches(m)]"),
            )
        ],
        "same-couples-again": [(ZIPPED, "[(row, (row + 1) % m) for row in batches(n)]")],
        "not-shuffled": [(ORDER, "torch.arange(length)")],
        "sources-not-shuffled": [(ORDER, f"torch.arange(n) if length == n else {ORDER}")],
        "targets-not-shuffled": [(ORDER, f"torch.arange(m) if length == m else {ORDER}")],
        "one-order-for-all-passes": [
            (f"[{ORDER} for _ in range(count // length + 1)]", f"[{ORDER}] * (count // length + 1)")
        ],
        "seed-ignored": [("generator=generator", "generator=None")],
        "seed-fixed": [("(seed)", "(0)")],
        "with-replacement": [
            (ORDER, "torch.randint(length, (length,), generator=generator)"),
            ("torch.cat(passes)[:count].split(batch_size)", f"[{ORDER}[:batch_size] for _ in range(steps)]"),
            ("batches(m)", "batches(n)"),
        ],
        "not-pairs": [(ZIPPED, "batches(n), batches(m)")],
    },
)


# -- noise_sensitivity -------------------------------------------------------------------------------


@answers.right("noise_sensitivity")
def two_errors(there, back, x, std, noise):
    fake = there(x)
    return l1(back(fake + std * noise), x) - l1(back(fake), x)


@answers.right("noise_sensitivity")
@torch.no_grad()
def one_batch_as_a_number(there, back, x, std, noise):
    fake = there(x)
    noisy, clean = back(torch.cat((fake + std * noise, fake))).chunk(2)
    return ((noisy - x).abs() - (clean - x).abs()).mean().item()


@answers.right("noise_sensitivity")
def with_numpy(there, back, x, std, noise):
    noisy, clean = (back(there(x) + s * noise).detach().numpy() for s in (std, 0.0))
    return np.abs(noisy - x.numpy()).mean() - np.abs(clean - x.numpy()).mean()


answers.slips(
    "noise_sensitivity",
    two_errors,
    {
        "noise-on-the-source": ["l1(back(there(x + std * noise)), x) - l1(back(there(x)), x)"],
        "noise-at-the-end": [("fake + std * noise)", "fake) + std * noise")],
        "no-baseline": [(" - l1(back(fake), x)", "")],
        "turned-round": ["l1(back(there(x)), x) - l1(back(there(x) + std * noise), x)"],
        "between-reconstructions": ["l1(back(there(x) + std * noise), back(there(x)))"],
        "squared": [("l1", "F.mse_loss")],
        "summed": [(", x)", ', x, reduction="sum")')],
        "std-left-out": [("std * ", "")],
        "std-as-variance": [("std", "std**0.5"), ("std", "std**2")],
        "clamped": [("fake + std * noise", "torch.clamp(fake + std * noise, -1, 1)")],
        "translators-swapped": [(("= there", "= back"), ("l1(back", "l1(there"))],
        "noise-of-its-own": [("* noise", "* torch.randn_like(fake)")],
    },
)


# -- cyclegan_step -----------------------------------------------------------------------------------


@answers.right("cyclegan_step")
def detached_for_the_critics_turn(there, back, critic_x, critic_y, g_optimizer, d_optimizer, x, y, cycle_weight):
    g_optimizer.zero_grad()
    d_optimizer.zero_grad()
    fake_y, fake_x = there(x), back(y)
    d_loss = 0.5 * (critic_x(x) - 1).square().mean() + 0.5 * critic_x(fake_x.detach()).square().mean()
    d_loss = d_loss + 0.5 * (critic_y(y) - 1).square().mean() + 0.5 * critic_y(fake_y.detach()).square().mean()
    d_loss.backward(retain_graph=True)
    d_optimizer.step()
    game = (critic_x(fake_x) - 1).square().mean() + (critic_y(fake_y) - 1).square().mean()
    g_loss = 0.5 * game + cycle_weight * (l1(back(fake_y), x) + l1(there(fake_x), y))
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("cyclegan_step")
def fakes_made_twice(there, back, critic_x, critic_y, g_optimizer, d_optimizer, x, y, cycle_weight):
    with torch.no_grad():
        old_y, old_x = there(x), back(y)
    d_loss = g_loss = 0.0
    for critic, real, fake in ((critic_y, y, old_y), (critic_x, x, old_x)):
        for parameter in critic.parameters():
            parameter.grad = None
        loss = 0.5 * ((critic(real) - 1) ** 2).mean() + 0.5 * (critic(fake) ** 2).mean()
        loss.backward()
        d_loss += loss.item()
    d_optimizer.step()
    g_optimizer.zero_grad()
    of_y, of_x = (
        0.5 * (critic(fake) - 1).square().mean() for critic, fake in ((critic_y, there(x)), (critic_x, back(y)))
    )
    for loss in (of_y, of_x, cycle_weight * both_circles(there, back, x, y)):
        loss.backward()
        g_loss += loss.item()
    g_optimizer.step()
    return d_loss, g_loss


LEAKY, SAME_WAY = (".detach()", ""), ("there(fake_x)", "back(there(y))")
SWAPPED = ("(critic_x(fake_x) - 1).square().mean() + (critic_y(", "(critic_y(fake_x) - 1).square().mean() + (critic_x(")
EVERYWHERE = (("critic_x", "CRITIC"), ("critic_y", "critic_x"), ("CRITIC", "critic_y"))
CUT_OFF = ("there(x), back(y)", "there(x).detach(), back(y).detach()")
answers.also(  # what the critics' turn leaves in the translators is thrown away
    "cyclegan_step",
    detached_for_the_critics_turn,
    (LEAKY, ("game =", "g_optimizer.zero_grad()\n    game =")),
)
answers.slips(
    "cyclegan_step",
    detached_for_the_critics_turn,
    {
        "leaky": [LEAKY],
        "critics-swapped": [SWAPPED],
        "same-way-round": [SAME_WAY],
        "leaky-and-swapped": [(LEAKY, SWAPPED)],
        "leaky-and-same-way": [(LEAKY, SAME_WAY)],
        "swapped-and-same-way": [(SWAPPED, SAME_WAY)],
        "swapped-everywhere": [EVERYWHERE, (*EVERYWHERE, LEAKY, SAME_WAY)],
        "critics-not-cleared": [("    d_optimizer.zero_grad()\n", "")],
        "cut-off-for-both": [CUT_OFF, (CUT_OFF, SWAPPED, SAME_WAY)],
    },
)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

"""Wrong and right answers to the exercises of chapter 14."""

import math
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn
from torch.distributions import Normal

answers = Answers("standing")
LOG_2PI = math.log(2 * math.pi)


# -- bits_per_dim ------------------------------------------------------------------------------------


@answers.right("bits_per_dim")
def of_the_pixels(log_likelihood, shape):
    d = math.prod(shape)
    return -(log_likelihood - d * math.log(127.5)) / (d * math.log(2))


answers.also(
    "bits_per_dim",
    of_the_pixels,
    "math.log2(127.5) - log_likelihood / math.prod(shape) * math.log2(math.e)",
    "-torch.log2(torch.exp(log_likelihood / math.prod(shape)) / 127.5)",
)
answers.right(
    "bits_per_dim",
    lambda log_likelihood, shape: np.log2(127.5) - log_likelihood.numpy() / (np.prod(shape) * np.log(2)),
)
answers.slips(
    "bits_per_dim",
    of_the_pixels,
    {
        "nats": [(" * math.log(2)", ""), "-log_likelihood / math.prod(shape)"],
        "not-divided": [("(d * math.log(2))", "math.log(2)"), "-log_likelihood * math.log2(math.e)"],
        "scaling-forgotten": [(" - d * math.log(127.5)", "")],
        "scaling-the-wrong-way": [("- d", "+ d")],
        "sign": [("-(log_likelihood -", "(log_likelihood +"), ("return -", "return ")],
        "scaling-once": [("- d *", "-")],
        "other-range": [("127.5", "255"), ("127.5", "256"), ("127.5", "128")],
        "channels-forgotten": [("(shape)", "(shape[1:])"), ("/ (d *", "/ (math.prod(shape[1:]) *")],
        "half-in-nats": [
            (
                "(log_likelihood - d * math.log(127.5)) / (d * math.log(2))",
                "log_likelihood / (d * math.log(2)) + math.log(127.5)",
            )
        ],
        "value": ["of_the_pixels(log_likelihood, shape).clamp(min=0)"],
        "times-log-two": [("(d * math.log(2))", "d * math.log(2)")],
    },
)


# -- coupling_log_density ----------------------------------------------------------------------------


@answers.right("coupling_log_density")
def through_z(x, scale, shift):
    x1, x2 = x.chunk(2, dim=1)
    s, t = scale(x1), shift(x1)
    z = torch.cat((x1, (x2 - t) * torch.exp(-s)), dim=1)
    return (-0.5 * z**2 - 0.5 * LOG_2PI).sum(dim=1) - s.sum(dim=1)


@answers.right("coupling_log_density")
def two_conditional_normals(x, scale, shift):
    x1, x2 = x.split(x.shape[1] // 2, dim=1)
    return Normal(0.0, 1.0).log_prob(x1).sum(1) + Normal(shift(x1), scale(x1).exp()).log_prob(x2).sum(-1)


@answers.right("coupling_log_density")
def by_jacobian(x, scale, shift):
    def back(point):
        x1, x2 = point[None].chunk(2, dim=1)
        return torch.cat((x1, (x2 - shift(x1)) / scale(x1).exp()), dim=1)[0]

    jacobians = torch.stack([torch.autograd.functional.jacobian(back, point, create_graph=True) for point in x])
    z = torch.stack([back(point) for point in x])
    return Normal(0.0, 1.0).log_prob(z).sum(1) + torch.linalg.slogdet(jacobians).logabsdet


@answers.right("coupling_log_density")
def numpy_float64(x, scale, shift):
    x1, x2 = np.split(x.numpy().astype(float), 2, axis=1)
    s, t = (f(torch.from_numpy(x1).float()).detach().numpy() for f in (scale, shift))
    z = np.concatenate((x1, (x2 - t) / np.exp(s)), axis=1)
    return -0.5 * (z**2).sum(1) - z.shape[1] / 2 * np.log(2 * np.pi) - s.sum(1)


BACK, DENSITY = "(x2 - t) * torch.exp(-s)", "(-0.5 * z**2 - 0.5 * LOG_2PI).sum(dim=1)"
answers.slips(
    "coupling_log_density",
    through_z,
    {
        "log-det-sign": [("- s.sum", "+ s.sum")],
        "log-det-missing": [(" - s.sum(dim=1)", "")],
        "wrong-axis": [("- s.sum(dim=1)", f"- s.{reduced}") for reduced in ("sum(dim=0)", "sum()", "mean(dim=-1)")],
        "two-pi": [
            (DENSITY, f"(-0.5 * z**2).sum(1){constant}")
            for constant in ("", " - 0.5 * LOG_2PI", " - z.shape[1] * LOG_2PI")
        ],
        "half-left-out": [("z**2", "z[:, s.shape[1] :] ** 2"), (f"torch.cat((x1, {BACK}), dim=1)", BACK)],
        "both-halves": [
            (("(x1, (x2", "((x1 - t) * torch.exp(-s), (x2"), ("- s.sum", "- 2 * s.sum")),
            ("(x1, (x2", "((x1 - t) * torch.exp(-s), (x2"),
        ],
        "halves-swapped": [("x1, x2 =", "x2, x1 =")],
        "wrong-direction": [
            ((BACK, "x2 * torch.exp(s) + t"), ("- s.sum", "+ s.sum")),
            (BACK, "x2 * torch.exp(s) + t"),
        ],
        "shift-after": [(BACK, "x2 * torch.exp(-s) - t")],
        "without-exp": [((BACK, "(x2 - t) / s"), ("s.sum(", "s.abs().log().sum(")), (BACK, "(x2 - t) / s")],
        "cut-off": [("scale(x1)", "scale(x1).detach()"), ("shift(x1)", "shift(x1).detach()")],
        "x-in-the-normal": [("z**2", "x**2")],
        "shape": [(f"{DENSITY} - s.sum(dim=1)", "-0.5 * z**2 - 0.5 * LOG_2PI - torch.cat((0 * s, s), dim=1)")],
    },
)


# -- add_noise ---------------------------------------------------------------------------------------


@answers.right("add_noise")
def reshaped(x0, alpha_bar, eps):
    a = alpha_bar.view(-1, 1, 1, 1)
    return a.sqrt() * x0 + (1 - a).sqrt() * eps


@answers.right("add_noise")
def as_an_angle(x0, alpha_bar, eps):
    angle = torch.arccos(alpha_bar.sqrt()).reshape(-1, 1, 1, 1)
    return angle.cos() * x0 + angle.sin() * eps


@answers.right("add_noise")
def numpy_transposed(x0, alpha_bar, eps):
    x0, a, eps = (part.numpy().astype(float) for part in (x0, alpha_bar, eps))
    return (np.sqrt(a) * x0.T + np.sqrt(1 - a) * eps.T).T


answers.also(
    "add_noise",
    reshaped,
    "torch.stack([a**0.5 * x + (1 - a) ** 0.5 * e for x, a, e in zip(x0, alpha_bar, eps)])",
)
RESHAPED, EXCHANGED = ".view(-1, 1, 1, 1)", (("* x0", "* OTHER"), ("* eps", "* x0"), ("OTHER", "eps"))
answers.slips(
    "add_noise",
    reshaped,
    {
        "no-roots": [(".sqrt()", ""), "torch.lerp(eps, x0, alpha_bar[:, None, None, None])"],
        "one-root": [("(1 - a).sqrt()", "(1 - a)"), ("a.sqrt() *", "a *")],
        "one-minus-root": [("(1 - a).sqrt()", "(1 - a.sqrt())")],
        "swapped": [EXCHANGED, (*EXCHANGED, (".sqrt()", ""))],
        "wrong-axis": [(RESHAPED, ""), (RESHAPED, "[:, None]"), (RESHAPED, ".view(1, -1, 1, 1)")],
        "one-level": [(RESHAPED, "[0]"), (RESHAPED, ".mean()")],
        "not-shrunk": [("a.sqrt() * ", "")],
        "own-noise": [("* eps", "* torch.randn_like(x0)")],
        "value": [("* eps", "* eps.clamp(-4, 4)")],
        "changed-input": [("a.sqrt() * x0 +", "x0.mul_(a.sqrt()) +")],
    },
)


# -- noise_prediction_loss ---------------------------------------------------------------------------


@answers.right("noise_prediction_loss")
def by_mse(network, x0, alpha_bar, t, eps):
    a = alpha_bar[t].view(-1, 1, 1, 1)
    x_t = a.sqrt() * x0 + (1 - a).sqrt() * eps
    return F.mse_loss(network(x_t, t), eps)


@answers.right("noise_prediction_loss")
def image_after_image(network, x0, alpha_bar, t, eps):
    total = 0
    for i in range(len(x0)):
        x_t = reshaped(x0[i : i + 1], alpha_bar[t[i]], eps[i : i + 1])
        total = total + (eps[i] - network(x_t, t[i : i + 1])[0]).square().mean()
    return total / len(x0)


MSE = "F.mse_loss(network(x_t, t), eps)"
answers.also(
    "noise_prediction_loss",
    by_mse,
    (MSE, "network(x_t, t).square().mean() - 2 * (network(x_t, t) * eps).mean() + eps.square().mean()"),
    (MSE, "(((x_t - (1 - a).sqrt() * network(x_t, t)) / a.sqrt() - x0).square() * a / (1 - a)).mean()"),
)
answers.slips(
    "noise_prediction_loss",
    by_mse,
    {
        "clean-image-shown": [("(x_t, t", "(x0, t"), ("(x_t, t", "(eps, t")],
        "predicts-the-image": [(", eps)", ", x0)")],
        "predicts-its-input": [(", eps)", ", x_t)")],
        "predicts-the-difference": [(", eps)", ", x_t - x0)"), (", eps)", ", (1 - a).sqrt() * eps)")],
        "summed": [
            (", eps)", ', eps, reduction="sum")'),
            (MSE, "(network(x_t, t) - eps).square().sum(dim=(1, 2, 3)).mean()"),
        ],
        "not-squared": [("mse", "l1"), (", eps)", ", eps).sqrt()")],
        "level-told": [("(x_t, t)", "(x_t, alpha_bar[t])"), ("(x_t, t)", "(x_t, t / (len(alpha_bar) - 1))")],
        "schedule-by-position": [("[t]", "[: len(x0)]")],
        "off-by-one": [("[t]", "[t - 1]")],
        "cumulated-twice": [("alpha_bar[t]", "alpha_bar.cumprod(0)[t]")],
        "one-level": [(f"[t]{RESHAPED}", "[t[0]]")],
        "wrong-axis": [(RESHAPED, "")],
        "weights-of-the-noise": [
            (".sqrt()", ""),
            (("sqrt() * x0", "sqrt() * eps"), ("a).sqrt() * eps", "a).sqrt() * x0")),
        ],
        "no-gradient": [("network(x_t, t)", "network(x_t, t).detach()"), (", eps)", ", eps).item()")],
    },
)


# -- ddim_step ---------------------------------------------------------------------------------------


@answers.right("ddim_step")
def in_two_lines(x_t, eps, alpha_bar_t, alpha_bar_s):
    x0 = (x_t - (1 - alpha_bar_t) ** 0.5 * eps) / alpha_bar_t**0.5
    return alpha_bar_s**0.5 * x0 + (1 - alpha_bar_s) ** 0.5 * eps


@answers.right("ddim_step")
def two_weights(x_t, eps, alpha_bar_t, alpha_bar_s):
    ratio = (alpha_bar_s / alpha_bar_t).sqrt()
    return ratio * x_t + ((1 - alpha_bar_s).sqrt() - ratio * (1 - alpha_bar_t).sqrt()) * eps


@answers.right("ddim_step")
def as_a_slope(x_t, eps, alpha_bar_t, alpha_bar_s):
    sigma_t, sigma_s = (((1 - a) / a).double().sqrt() for a in (alpha_bar_t, alpha_bar_s))
    return alpha_bar_s.double().sqrt() * (x_t / alpha_bar_t.double().sqrt() + (sigma_s - sigma_t) * eps)


STEP, POSTERIOR = (
    "alpha_bar_s**0.5 * x0 + (1 - alpha_bar_s) ** 0.5 * eps",
    """alpha = alpha_bar_t / alpha_bar_s
    mean = (alpha_bar_s**0.5 * (1 - alpha) * x0 + alpha**0.5 * (1 - alpha_bar_s) * x_t) / (1 - alpha_bar_t)
    return mean""",
)
answers.slips(
    "ddim_step",
    in_two_lines,
    {
        "stops-at-the-image": [(STEP, "x0")],
        "x_t-for-the-image": [("* x0", "* x_t")],
        "levels-swapped": [(("bar_t", "bar"), ("bar_s", "bar_t"), ("bar**", "bar_s**"), ("bar)", "bar_s)"))],
        "fresh-noise": [("alpha_bar_s) ** 0.5 * eps", "alpha_bar_s) ** 0.5 * torch.randn_like(x0)")],
        "no-noise-back": [(" + (1 - alpha_bar_s) ** 0.5 * eps", "")],
        "noise-of-the-old-level": [("(1 - alpha_bar_s)", "(1 - alpha_bar_t)")],
        "not-divided": [(" / alpha_bar_t**0.5", ""), ("/ alpha_bar_t**0.5", "/ (1 - alpha_bar_t) ** 0.5")],
        "no-roots": [
            (("**0.5", ""), (" ** 0.5", "")),
            ("/ alpha_bar_t**0.5", "/ alpha_bar_t"),
            ("alpha_bar_s) ** 0.5", "alpha_bar_s)"),
        ],
        "noise-added-twice": [("x_t -", "x_t +")],
        "random-step": [
            (f"return {STEP}", POSTERIOR),
            (
                f"return {STEP}",
                f"{POSTERIOR} + ((1 - alpha_bar_s) / (1 - alpha_bar_t) * (1 - alpha)) ** 0.5 * torch.randn_like(x_t)",
            ),
        ],
        "clamped": [
            ("* x0", "* x0.clip(-1, 1)"),
            (
                "return",
                "x0 = x0.clamp(-1, 1)\n    eps = (x_t - alpha_bar_t**0.5 * x0) / (1 - alpha_bar_t) ** 0.5\n    return",
            ),
        ],
    },
)


# -- speed_ratio -------------------------------------------------------------------------------------


@answers.right("speed_ratio")
def by_comprehension(rows, ours):
    def seconds(row):
        return row["evaluations"] * row["seconds"] / row["batch"]

    keys = ["features", "split", "n", "device"]
    fair = [row for row in rows if all(row[key] == ours[key] for key in keys)]
    best = min((row for row in fair if row["distance"] <= ours["distance"]), key=seconds)
    return best["model"], seconds(best) / seconds(ours)


@answers.right("speed_ratio")
def in_a_loop(rows, ours):
    best, speed = None, lambda row: row["batch"] / row["seconds"] / row["evaluations"]
    for row in rows:
        if (row["features"], row["split"], row["n"]) != (ours["features"], ours["split"], ours["n"]):
            continue
        if row["device"] != ours["device"] or row["distance"] > ours["distance"]:
            continue
        if best is None or speed(row) > speed(best):
            best = row
    return [best["model"], torch.tensor(speed(ours) / speed(best), dtype=torch.float64)]


@answers.right("speed_ratio")
def by_numpy(rows, ours):
    cost = np.array([row["seconds"] * row["evaluations"] / row["batch"] for row in [*rows, ours]])
    fair = np.array([all(row[key] == ours[key] for key in ("features", "split", "n", "device")) for row in rows])
    good = np.array([row["distance"] for row in rows]) <= ours["distance"]
    place = np.where(fair & good, cost[:-1], np.inf).argmin()
    return rows[place]["model"], cost[place] / cost[-1]


ALL_KEYS, BY_EVALUATIONS = '"features", "split", "n", "device"', ("key=seconds", 'key=lambda row: row["evaluations"]')
RATIO, BY_DISTANCE = "seconds(best) / seconds(ours)", ("key=seconds", 'key=lambda row: row["distance"]')
answers.slips(
    "speed_ratio",
    by_comprehension,
    {
        "features-ignored": [('"features", ', "")],
        "split-ignored": [('"split", ', "")],
        "n-ignored": [('"n", ', "")],
        "device-ignored": [(', "device"', "")],
        "several-ignored": [(ALL_KEYS, ""), (ALL_KEYS, '"features", "n"')],
        "quality-ignored": [(' if row["distance"] <= ours["distance"]', "")],
        "higher-is-better": [("<=", ">=")],
        "strictly-better": [("<=", "<")],
        "best-distance": [BY_DISTANCE, (BY_DISTANCE, (ALL_KEYS, ""))],
        "evaluations-alone": [
            BY_EVALUATIONS,
            (' * row["seconds"] / row["batch"]', ""),
            (RATIO, 'best["evaluations"] / ours["evaluations"]'),
        ],
        "evaluations-forgotten": [('row["evaluations"] * ', ""), (RATIO, 'best["seconds"] / ours["seconds"]')],
        "batch-forgotten": [(' / row["batch"]', ""), ('/ row["batch"]', '* row["batch"]')],
        "inverted": [(RATIO, "seconds(ours) / seconds(best)")],
        "not-a-pair": [('best["model"], ', "")],
    },
)


# -- ddim_sample -------------------------------------------------------------------------------------


@answers.right("ddim_sample")
def repaired_in_place(network, alpha_bar, z, steps):
    network.eval()
    times = torch.linspace(len(alpha_bar) - 1, 0, steps + 1).round().long()
    x = z
    for t, s in pairwise(times):
        eps = network(x, t.expand(len(x)))
        x0 = (x - (1 - alpha_bar[t]).sqrt() * eps) / alpha_bar[t].sqrt()
        x = alpha_bar[s].sqrt() * x0 + (1 - alpha_bar[s]).sqrt() * eps
    return x


@answers.right("ddim_sample")
def backwards_and_mode_restored(network, alpha_bar, z, steps):
    mode = network.training
    network.train(False)
    times = torch.linspace(0, len(alpha_bar) - 1, steps + 1).round().long().tolist()
    x = z
    with torch.no_grad():
        for s, t in reversed([*pairwise(times)]):
            eps = network(x, torch.full((len(x),), t))
            x = in_two_lines(x, eps, alpha_bar[t], alpha_bar[s])
    network.train(mode)
    return x


@answers.right("ddim_sample")
def only_the_norm_in_evaluation_mode(network, alpha_bar, z, steps):
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
    last = len(alpha_bar) - 1
    times = [round(last * (1 - k / steps)) for k in range(steps + 1)]
    x = z.clone()
    for k in range(steps):
        eps = network(x, torch.tensor([times[k]] * len(x)))
        x = two_weights(x, eps, alpha_bar[times[k]], alpha_bar[times[k + 1]])
    return x.detach().numpy()


UPWARDS, LATE = ("len(alpha_bar) - 1, 0,", "0, len(alpha_bar) - 1,"), ("t.expand", "s.expand")
TRAINING, RENAMED = ("network.eval()", "network.train()"), ("for t, s", "for s, t")
FLIPPED = ("times =", "alpha_bar = alpha_bar.flip(0)\n    times =")
answers.slips(
    "ddim_sample",
    repaired_in_place,
    {
        "direction": [UPWARDS],
        "told-the-wrong-step": [LATE],
        "training-mode": [TRAINING],
        "direction-and-step": [(UPWARDS, LATE)],
        "direction-and-mode": [(UPWARDS, TRAINING)],
        "step-and-mode": [(LATE, TRAINING)],
        "renamed": [(UPWARDS, RENAMED), (UPWARDS, RENAMED, LATE, TRAINING)],
        "schedule-flipped": [(UPWARDS, FLIPPED), (UPWARDS, FLIPPED, TRAINING)],
        "stops-early": [("1, 0,", "1, 1,")],
        "fresh-noise": [("alpha_bar[s]).sqrt() * eps", "alpha_bar[s]).sqrt() * torch.randn_like(x)")],
    },
)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

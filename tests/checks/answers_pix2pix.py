"""Wrong and right answers to the exercises of chapter 11."""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

from ganbook import losses

answers = Answers("pix2pix")


# -- best_constant -----------------------------------------------------------------------------------


@answers.right("best_constant")
def middle_of_the_sorted(truths):
    return truths.sort(dim=0).values[len(truths) // 2]


@answers.right("best_constant")
def by_trying_all_truths(truths):
    errors = (truths[:, None] - truths[None]).abs().mean(1)  # of each candidate, at each pixel
    return truths.gather(0, errors.argmin(0, keepdim=True))[0]


answers.right(
    "best_constant",
    lambda truths: truths.quantile(0.5, dim=0),
    lambda truths: np.median(truths.numpy().astype(np.float64), axis=0),
)
answers.slips(
    "best_constant",
    middle_of_the_sorted,
    {
        "mean": ["torch.mean(truths, dim=0)", "truths.numpy().mean(axis=0)"],
        "midrange": ["(truths.amin(0) + truths.amax(0)) / 2"],
        "not-sorted": [(".sort(dim=0).values", "")],
        "one-of-the-truths": [
            "truths[torch.stack([(truths - one).abs().sum() for one in truths]).argmin()]",
            "truths[0]",
        ],
        "one-number": ["torch.median(truths)"],
        "wrong-axis": ["truths.median(dim=1).values", "truths.flatten(2).median(dim=-1).values"],
        "with-indices": ["truths.median(dim=0)", "tuple(torch.median(truths, 0))"],
        "smallest-or-largest": [("len(truths) // 2", "0"), ("len(truths) // 2", "-1")],
    },
)


# -- receptive_field ---------------------------------------------------------------------------------


@answers.right("receptive_field")
def accumulated_step(layers):
    r, step = 1, 1
    for kernel, stride in layers:
        r += (kernel - 1) * step
        step *= stride
    return r


@answers.right("receptive_field")
def recursive(layers):
    if not layers:
        return 1
    (kernel, stride), *later = layers
    return (recursive(later) - 1) * stride + kernel


@answers.right("receptive_field")
def with_cumprod(layers):
    kernels, strides = np.array(layers).T
    steps = np.concatenate([[1], np.cumprod(strides)[:-1]])
    return 1 + ((kernels - 1) * steps).sum()


@answers.right("receptive_field")
def by_gradient(layers):
    side = 1
    for kernel, stride in reversed(layers):
        side = side * stride + kernel
    h = x = torch.ones(1, 1, side, requires_grad=True)
    for kernel, stride in layers:
        h = F.conv1d(h, torch.ones(1, 1, kernel) / kernel, stride=stride)
    h[0, 0, 0].backward()
    return int((x.grad != 0).sum())


GROWS, FROM_0, BACKWARDS = "r += (kernel - 1) * step", ("r, step = 1", "r, step = 0"), ("in layers", "in layers[::-1]")
answers.slips(
    "receptive_field",
    accumulated_step,
    {
        "wrong-order": [(GROWS, "r = (r - 1) * stride + kernel"), BACKWARDS],
        "no-strides": [(" * step", "")],
        "sum-of-kernels": ["sum(kernel for kernel, _ in layers)"],
        "product-of-kernels": [(GROWS, "r *= kernel")],
        "product-of-strides": [("return r", "return step")],
        "strides-not-accumulated": [("* step", "* stride"), ("step *=", "step =")],
        "own-stride-too-early": [((" * step", " * step * stride"),)],
        "overlap-forgotten": [(BACKWARDS, (GROWS, "r = r * stride + kernel")), (FROM_0, ("(kernel - 1)", "kernel"))],
        "starts-at-zero": [FROM_0, (FROM_0, BACKWARDS, (GROWS, "r = (r - 1) * stride + kernel"))],
    },
)


# -- patch_discriminator -----------------------------------------------------------------------------


@answers.right("patch_discriminator")
def in_a_loop(channels, sources, layers, width):
    blocks, inputs = [], channels + sources
    for i in range(layers + 2):
        outputs = width * 2**i if i < layers + 1 else 1
        stride, pad = (2, 1) if i < layers else (1, 1)
        blocks.append(nn.Conv2d(inputs, outputs, 4, stride, pad))
        if 0 < i < layers + 1:
            blocks.append(nn.InstanceNorm2d(outputs))
        if i < layers + 1:
            blocks.append(nn.LeakyReLU(0.2))
        inputs = outputs
    return nn.Sequential(*blocks)


@answers.right("patch_discriminator")
class OwnModule(nn.Module):
    """Convolutions without biases where a norm follows, made last to first; activations as functions."""

    def __init__(self, channels, sources, layers, width):
        super().__init__()
        maps = [width << i for i in range(layers + 1)]
        self.last = nn.Conv2d(maps[-1], 1, kernel_size=4, padding=1)
        self.norms = nn.ModuleList(nn.InstanceNorm2d(n, affine=True) for n in maps[1:])
        self.inner = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=1 + (i < layers - 1), padding=1, bias=False)
            for i, (a, b) in enumerate(pairwise(maps))
        )
        self.first = nn.Conv2d(channels + sources, width, 4, 2, 1)

    def forward(self, x):
        h = F.leaky_relu(self.first(x), 0.2)
        for conv, norm in zip(self.inner, self.norms, strict=True):
            h = F.leaky_relu(norm(conv(h)), 0.2)
        return self.last(h)


@answers.right("patch_discriminator")
class Functional(nn.Module):
    """Weights as parameters, padding and slope by hand, no axis for the one channel."""

    def __init__(self, channels, sources, layers, width):
        super().__init__()
        maps = [channels + sources, *(width * 2**i for i in range(layers + 1)), 1]
        self.layers = layers
        self.weights = nn.ParameterList(torch.randn(b, a, 4, 4) / 4 / a**0.5 for a, b in pairwise(maps))

    def forward(self, x):
        for i, weight in enumerate(self.weights):
            x = F.conv2d(F.pad(x, (1, 1, 1, 1)), weight, stride=2 if i < self.layers else 1)
            if i < len(self.weights) - 1:
                x = F.instance_norm(x) if i > 0 else x
                x = torch.maximum(x, 0.2 * x)
        return x[:, 0]


NORMED, SHAPE, LAST = "0 < i < layers + 1", "(2, 1) if i < layers else (1, 1)", "*blocks)"
answers.slips(
    "patch_discriminator",
    in_a_loop,
    {
        "sigmoid": [(LAST, "*blocks, nn.Sigmoid())")],
        "activation-at-the-end": [(LAST, "*blocks, nn.LeakyReLU(0.2))"), (LAST, "*blocks, nn.Tanh())")],
        "relu": [("LeakyReLU(0.2)", "ReLU()")],
        "default-slope": [("0.2", "")],
        "norm-after-the-first": [("0 < i", "i")],
        "norm-missing": [(NORMED, "False"), (NORMED, "0 < i < layers")],
        "norm-over-the-batch": [("InstanceNorm2d", "BatchNorm2d")],
        "one-convolution-short": [
            (("layers + 1", "layers"), ("layers + 2", "layers + 1")),
            ("blocks, inputs", "layers -= 1\n    blocks, inputs"),
        ],
        "widths-capped": [("2**i if", "min(2**i, 8) if")],
        "value": [("Norm2d(outputs)", "Norm2d(outputs, track_running_stats=True)")],
        "widths": [("2**i", "1")],
        "padding": [
            (SHAPE, "(2, 0) if i < layers else (1, 0)"),
            *(("(1, 1)", f"(1, {pad})") for pad in ("0", "2", '"same"')),
        ],
        "kernel-of-3": [("4,", "3,")],
        "source-left-out": [(" + sources", "")],
        "all-halve": [(SHAPE, "(2, 1)"), ("i < layers else", "i < layers + 1 else")],
        "layers-ignored": [("blocks, inputs", "layers = 3\n    blocks, inputs")],
        "one-verdict": [(LAST, f"*blocks, nn.AdaptiveAvgPool2d(1){flat})") for flat in ("", ", nn.Flatten()")],
        "not-a-network": [("nn.Sequential(*blocks)", "blocks")],
    },
)


# -- decode ------------------------------------------------------------------------------------------


@answers.right("decode")
def with_zip(seen, stages):
    x = seen[-1]
    for stage, twin in zip(stages, seen[-2::-1], strict=False):
        x = torch.cat((stage(x), twin), dim=1)
    return x


@answers.right("decode")
def by_popping(seen, stages):
    x = seen.pop()
    for stage in stages:
        x = torch.concat([stage(x), seen.pop()], dim=1)
    return x


@answers.right("decode")
def recursive_decoder(seen, stages):
    if not stages:
        return seen[-1]
    deeper = recursive_decoder(seen[1:], stages[:-1])
    return torch.hstack((stages[-1](deeper), seen[0]))


@answers.right("decode")
def into_a_new_tensor(seen, stages):
    x = seen[-1]
    for stage, twin in zip(stages, seen[-2::-1], strict=True):
        up = stage(x)
        x = up.new_empty(len(up), up.shape[1] + twin.shape[1], *up.shape[2:])
        x[:, : up.shape[1]], x[:, up.shape[1] :] = up, twin
    return x


JOINED, TWINS, AT_THE_BOTTOM = "torch.cat((stage(x), twin), dim=1)", "seen[-2::-1]", "x = seen[-1]"
JOINED_FIRST = (JOINED, "stage(torch.cat((x, twin), dim=1))")
answers.slips(
    "decode",
    with_zip,
    {
        "added": [(JOINED, "stage(x) + twin")],
        "twin-first": [("stage(x), twin", "twin, stage(x)")],
        "no-short-cuts": [(JOINED, "stage(x)")],
        "twin-alone": [(f"x = {JOINED}", "x = (stage(x), twin)[1]")],
        "twins-cut-off": [("twin)", "twin.detach())")],
        "before-the-stage": [
            (JOINED_FIRST, (TWINS, "seen[::-1]")),
            (JOINED_FIRST, (AT_THE_BOTTOM, "x = stages[0](seen[-1])"), ("(stages,", "(stages[1:],")),
        ],
        "bottleneck-with-itself": [(AT_THE_BOTTOM, "x = torch.cat((seen[-1],) * 2, dim=1)")],
        "encoder-order": [(TWINS, "seen"), ((TWINS, "seen"), ("stage(x), twin", "twin, stage(x)"))],
        "one-level-off": [(TWINS, "seen[::-1]"), ((TWINS, "range(9)"), ("twin)", "seen[-3 - twin])"))],
        "along-the-wrong-axis": [(", dim=1", ""), ("dim=1", "dim=-1")],
    },
)


# -- pix2pix_losses ----------------------------------------------------------------------------------


@answers.right("pix2pix_losses")
def by_softplus(real_logits, fake_logits, fake, real, l1_weight=100.0):
    d_loss = 0.5 * (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean())
    game = F.softplus(-fake_logits).mean()
    return d_loss, game + l1_weight * F.l1_loss(fake, real)


@answers.right("pix2pix_losses")
def all_patches_in_one_batch(real_logits, fake_logits, fake, real, l1_weight):
    logits = torch.cat((real_logits.flatten(), fake_logits.flatten()))
    labels = torch.cat((torch.ones(real_logits.numel()), torch.zeros(fake_logits.numel())))
    d_loss = F.binary_cross_entropy_with_logits(logits, labels)  # the mean of twice as many is the half
    g_loss = F.softplus(-fake_logits).mean() + l1_weight * torch.dist(fake, real, p=1) / fake.numel()
    return [d_loss, g_loss]


@answers.right("pix2pix_losses")
def library_losses(real_logits, fake_logits, fake, real, l1_weight):
    loss = losses.get("non_saturating")
    d_loss = loss.discriminator(real_logits, fake_logits) / 2
    return d_loss, loss.generator(fake_logits, real_logits) + l1_weight * (real - fake).abs().mean()


L1, OF_G = "F.l1_loss(fake, real)", "game + l1_weight * F.l1_loss(fake, real)"
answers.slips(
    "pix2pix_losses",
    by_softplus,
    {
        "half-missing": [("0.5 * ", "")],
        "labels-swapped": [(("-real_logits", "real_logits"), ("(fake_logits", "(-fake_logits"))],
        "saturating": [("game = F.softplus(-", "game = -F.softplus(")],
        "g-as-d-labels-fakes": [("-fake_logits", "fake_logits")],
        "half-on-g": [("game +", "0.5 * game +")],
        "squares": [("l1_loss", "mse_loss")],
        "l1-summed": [(L1, "torch.norm(fake - real, p=1)"), (L1, "(fake - real).abs().sum(dim=(1, 2, 3)).mean()")],
        "weight-on-the-game": [(OF_G, f"l1_weight * game + {L1}"), (OF_G, f"l1_weight * (game + {L1})")],
        "weight-ignored": [("l1_weight", "100"), ("l1_weight * ", "")],
        "l1-missing": [(OF_G, "game")],
        "l1-cut-off": [(L1, f"{L1}.item()")],
        "patches-averaged-first": [("_logits)", "_logits.mean((1, 2, 3)))")],
        "patches-summed": [(".mean()", ".sum((1, 2, 3)).mean()"), (".mean()", ".sum()")],
        "two-sigmoids": [("_logits)", "_logits.sigmoid())")],
        "not-a-pair": [("d_loss, game", "d_loss + game")],
    },
)


# -- noise_dependence --------------------------------------------------------------------------------


@answers.right("noise_dependence")
def stacked(generator, sources, noise):
    images = torch.stack([generator(sources, z) for z in noise])
    return images.std(dim=0).mean()


@answers.right("noise_dependence")
def one_large_batch(generator, sources, noise):
    images = generator(sources.repeat(len(noise), 1, 1, 1), noise.flatten(0, 1))
    return images.unflatten(0, noise.shape[:2]).std(dim=0).mean()


@answers.right("noise_dependence")
def running_sums(generator, sources, noise):
    total, squares = 0, 0
    for z in noise:
        image = generator(sources, z).double()
        total, squares = total + image, squares + image**2
    mean = total / len(noise)
    return (squares / len(noise) - mean**2).clamp(min=0).sqrt().mean()


@answers.right("noise_dependence")
def numpy_source_by_source(generator, sources, noise):
    each = [generator(one.expand(len(noise), -1, -1, -1), noise[:, i]).detach() for i, one in enumerate(sources)]
    return float(np.stack(each).std(axis=1).mean())


answers.slips(
    "noise_dependence",
    stacked,
    {
        "over-images": [("dim=0", "dim=1")],
        "over-pixels": [("dim=0", "dim=(-2, -1)"), ("std(dim=0)", "flatten(2).std(dim=2)")],
        "over-everything": [("std(dim=0).mean()", "std()"), ("torch.stack", "torch.cat")],
        "one-draw-repeated": [("(sources, z)", "(sources, noise[0])")],
        "mean-not-spread": [("std", "mean"), ("std(dim=0)", "abs()")],
        "variance": [("std", "var")],
        "root-of-the-mean": [("std(dim=0).mean()", "var(dim=0, unbiased=False).mean().sqrt()")],
        "noise-of-its-own": [("in noise", "in torch.randn_like(noise)")],
        "pixels-averaged-first": [("images.std", "images.mean(dim=(2, 3, 4)).std")],
        "noise-shared": [("(sources, z)", "(sources, z[0].repeat(len(sources), 1))")],
        "map-not-number": [(".mean()", ""), (".mean()", ".flatten(1).mean(1)")],
    },
)


# -- pix2pix_step ------------------------------------------------------------------------------------


@answers.right("pix2pix_step")
def repaired_in_place(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
    fake = generator(sources, z)
    real_logits, fake_logits = discriminator(real, sources), discriminator(fake.detach(), sources)
    d_loss = 0.5 * (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean())
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(fake, sources)).mean() + l1_weight * F.l1_loss(fake, real)
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("pix2pix_step")
def fakes_made_twice(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
    with torch.no_grad():
        fake = generator(sources, z)
    logits = discriminator(torch.cat((real, fake)), torch.cat((sources, sources)))
    labels = torch.cat((torch.ones_like(logits[: len(real)]), torch.zeros_like(logits[len(real) :])))
    d_loss = F.binary_cross_entropy_with_logits(logits, labels)
    discriminator.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    fake = generator(sources, z)
    discriminator.requires_grad_(False)
    adversarial = -F.logsigmoid(discriminator(fake, sources)).mean()
    discriminator.requires_grad_(True)
    generator.zero_grad()
    g_loss = adversarial + l1_weight * (real - fake).abs().mean()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("pix2pix_step")
def gradients_by_hand(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
    def step(loss, network, optimizer):
        weights = [*network.parameters()]
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.grad = gradient
        optimizer.step()
        return loss.item()

    real_logits, fake_logits = discriminator(real, sources), discriminator(generator(sources, z).detach(), sources)
    d_loss, _ = by_softplus(real_logits, fake_logits, real, real)
    d_loss, fake = step(d_loss, discriminator, d_optimizer), generator(sources, z)
    _, g_loss = by_softplus(real_logits, discriminator(fake, sources), fake, real, l1_weight)
    return [d_loss, step(g_loss, generator, g_optimizer)]


TURNED, TO_SOURCE = (
    ("fake.detach(), sources", "sources, fake.detach()"),
    ("l1_loss(fake, real)", "l1_loss(fake, sources)"),
)
CUT_OFF, ATTACHED = ("(fake, sources", "(fake.detach(), sources"), ("fake.detach()", "fake")
answers.slips(
    "pix2pix_step",
    repaired_in_place,
    {
        "pair-turned": [TURNED],
        "g-cut-off": [CUT_OFF],
        "l1-to-the-source": [TO_SOURCE],
        "turned-and-cut-off": [(TURNED, CUT_OFF)],
        "turned-and-to-the-source": [(TURNED, TO_SOURCE)],
        "cut-off-and-to-the-source": [(CUT_OFF, TO_SOURCE)],
        "d-not-cut-off": [ATTACHED, (TURNED, ATTACHED)],
        "both-turned": [
            (
                ("(real, sources", "(sources, real"),
                ("fake.detach(), sources", "sources, fake.detach()"),
                ("(fake, sources", "(sources, fake"),
            )
        ],
        "sources-shuffled": [("(), sources", "(), sources.roll(1, dims=0)")],
        "l1-rewarded": [("+ l1_weight", "- l1_weight")],
        "labels-swapped": [(("-real_logits", "real_logits"), ("(fake_logits", "(-fake_logits"))],
    },
)


# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

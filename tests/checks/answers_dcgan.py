"""Wrong and right answers to the exercises of chapter 6."""

import itertools
import math
from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

answers = Answers("dcgan")

# -- generator_block ---------------------------------------------------------------------------------


@answers.right("generator_block")
def in_a_row(inputs, outputs):
    up = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
    return nn.Sequential(up, nn.BatchNorm2d(outputs), nn.ReLU())


@answers.right("generator_block")
def with_names(inputs, outputs):
    up = nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1, bias=False)
    return nn.Sequential(OrderedDict(up=up, norm=nn.BatchNorm2d(outputs), relu=nn.ReLU(inplace=True)))


@answers.right("generator_block")
def a_class_of_its_own(inputs, outputs):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm2d(outputs)
            self.up = nn.ConvTranspose2d(inputs, outputs, (4, 4), (2, 2), (1, 1), bias=False)

        def forward(self, x):
            return self.norm(self.up(x)).clamp(min=0)

    return Block()


answers.slips(
    "generator_block",
    in_a_row,
    {
        "relu-before-norm": [("nn.BatchNorm2d(outputs), nn.ReLU()", "nn.ReLU(), nn.BatchNorm2d(outputs)")],
        "relu6": [("ReLU", "ReLU6")],
        "hardtanh": [("ReLU", "Hardtanh")],
        "leaky": [("ReLU()", "LeakyReLU(0.2, inplace=True)")],
        "tanh": [("ReLU", "Tanh")],
        "no-affine": [("2d(outputs)", "2d(outputs, affine=False)")],
        "value": [("2d(outputs)", "2d(outputs, track_running_stats=False)")],
        "bias-before-norm": [(", bias=False", "")],
        "eps-for-momentum": [("2d(outputs)", "2d(outputs, 0.8)")],
        "no-doubling": [("4, 2, 1", "4, 2"), ("4, 2, 1", "4, 1, 1")],
        "kernel-2": [("4, 2, 1", "2, 2")],
        "kernel-3": [("4, 2, 1", "3, 2, 1, output_padding=1")],
        "no-activation": [(", nn.ReLU()", "")],
        "channels-swapped": [(("inputs, outputs", "outputs, inputs"), ("2d(outputs)", "2d(inputs)"))],
        "layers": [("up, ", "nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), ")],
        "type": [("nn.Sequential(up, nn.BatchNorm2d(outputs), nn.ReLU())", "[up, nn.BatchNorm2d(outputs), nn.ReLU()]")],
    },
)

# -- initialise --------------------------------------------------------------------------------------


@answers.right("initialise")
def layer_by_layer(network):
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)
    return network


@answers.right("initialise")
def with_apply(network):
    def one(layer):
        name = type(layer).__name__
        if "Conv" in name:
            nn.init.normal_(layer.weight.data, 0.0, 0.02)
        elif "BatchNorm" in name:
            nn.init.normal_(layer.weight.data, 1.0, 0.02)
        if getattr(layer, "bias", None) is not None:
            nn.init.constant_(layer.bias.data, 0)

    return network.apply(one)


@answers.right("initialise")
def by_dimension(network):
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim != 2:
                parameter.copy_(0.02 * torch.randn(parameter.shape) if parameter.ndim == 4 else 0 * parameter)
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight += 1 + 0.02 * torch.randn_like(layer.weight)
    return network


@answers.right("initialise")
def from_numpy(network):
    rng = np.random.default_rng()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
            drawn = rng.normal(float(isinstance(layer, nn.BatchNorm2d)), 0.02, layer.weight.shape)
            layer.weight.data = torch.from_numpy(drawn).float()
            if layer.bias is not None:
                layer.bias.data = torch.zeros(len(layer.bias))
    return network


KERNELS = "nn.init.normal_(layer.weight, 0.0, 0.02)"
answers.slips(
    "initialise",
    layer_by_layer,
    {
        "gamma-around-0": [("1.0", "0.0")],
        "everything-the-same": ["for p in network.parameters(): nn.init.normal_(p, 0.0, 0.02)\nreturn network"],
        "variance-for-deviation": [("0.0, 0.02", "0.0, math.sqrt(0.02)")],
        "deviation-squared": [("0.0, 0.02", "0.0, 0.02**2")],
        "value": [("nn.ConvTranspose2d", "nn.ConvTranspose2d | nn.Linear")],
        "uniform": [(KERNELS, "nn.init.uniform_(layer.weight, -0.02, 0.02)")],
        "arguments-swapped": [("0.0, 0.02", "0.02, 0.0")],
        "transposed-passed-over": [(" | nn.ConvTranspose2d", "")],
        "outer-layers-only": [("network.modules()", "network")],
        "norm-passed-over": [
            (
                ("BatchNorm2d", "BatchNorm1d"),
                ('getattr(layer, "bias"', 'not isinstance(layer, nn.BatchNorm2d) and getattr(layer, "bias"'),
            )
        ],
        "gamma-without-spread": [("1.0, 0.02", "1.0, 0.0")],
        "beta-not-0": [
            ("nn.init.zeros_(layer.bias)", "nn.init.constant_(layer.bias, 0.5 * isinstance(layer, nn.BatchNorm2d))")
        ],
        "bias-not-0": [('if getattr(layer, "bias", None) is not None', "if isinstance(layer, nn.BatchNorm2d)")],
        "another-network": ["nn.Sequential(nn.Conv2d(1, 1, 4))"],
    },
)

# -- ranges ------------------------------------------------------------------------------------------


@answers.right("ranges")
def by_halves(images, fake):
    return images / 255 * 2 - 1, ((fake / 2 + 0.5) * 255).round().to(torch.uint8)


@answers.right("ranges")
def normalise_with_a_half(images, fake):
    real = (images.double() / 255 - 0.5) / 0.5
    return real, torch.floor(fake.clamp(-1, 1) * 127.5 + 128).to(torch.uint8)


@answers.right("ranges")
def with_numpy(images, fake):
    real = torch.from_numpy(np.interp(images.numpy(), (0, 255), (-1, 1)))
    return real, torch.from_numpy(np.rint(np.interp(fake.numpy(), (-1, 1), (0, 255))).astype(np.uint8))


REAL = "images / 255 * 2 - 1"
answers.slips(
    "ranges",
    by_halves,
    {
        "real-in-0-1": [(" * 2 - 1", "")],
        "half-the-range": [("* 2 - 1", "- 0.5")],
        "divided-by-128": [(REAL, "(images.float() - 128) / 128")],
        "byte-arithmetic": [(REAL, "images * 2 / 255 - 1")],
        "standardised": [(REAL, "(images.float() - images.float().mean()) / images.float().std()")],
        "pixels-cut": [(".round()", "")],
        "pixels-negative": [("((fake / 2 + 0.5) * 255)", "(fake * 255).clamp(0, 255)")],
        "pixels-wrap": [("((fake / 2 + 0.5) * 255).round()", "(((fake + 1) * 128).round() % 256)")],
        "pixels-not-bytes": [(".round().to(torch.uint8)", "")],
        "not-a-pair": [REAL],
    },
)

# -- accumulate --------------------------------------------------------------------------------------


def bce(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


@answers.right("accumulate")
def two_backwards(discriminator, optimizer, real, fake):
    optimizer.zero_grad()
    real_loss = bce(discriminator(real), 1.0)
    real_loss.backward()
    fake_loss = bce(discriminator(fake.detach()), 0.0)
    fake_loss.backward()
    optimizer.step()
    return real_loss.item() + fake_loss.item()


@answers.right("accumulate")
def one_backward_of_the_sum(discriminator, optimizer, real, fake):
    loss = -F.logsigmoid(discriminator(real)).mean() - F.logsigmoid(-discriminator(fake.detach())).mean()
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return loss


@answers.right("accumulate")
def by_hand(discriminator, optimizer, real, fake):
    weights = list(discriminator.parameters())
    d_real, d_fake = torch.sigmoid(discriminator(real)), torch.sigmoid(discriminator(fake.detach()))
    parts = -torch.log(d_real).mean(), -torch.log(1 - d_fake).mean()
    first, second = (torch.autograd.grad(part, weights) for part in parts)
    for weight, a, b in zip(weights, first, second, strict=True):
        weight.grad = a + b
    optimizer.step()
    return sum(parts).detach()


answers.slips(
    "accumulate",
    two_backwards,
    {
        "zeroed-between": [("fake_loss = ", "optimizer.zero_grad(); fake_loss = ")],
        "two-steps": [("fake_loss = ", "optimizer.step(); fake_loss = ")],
        "stale-gradients": [("optimizer.zero_grad()", "")],
        "no-detach": [(".detach()", "")],
        "half": [((", 1.0)", ", 1.0) / 2"), (", 0.0)", ", 0.0) / 2"))],
        "labels-swapped": [(("(real), 1.0", "(real), 0.0"), ("detach()), 0.0", "detach()), 1.0"))],
        "real-only": [(("fake_loss.backward()", ""), (" + fake_loss.item()", ""))],
        "one-batch": [
            """
            optimizer.zero_grad()
            real_logits, fake_logits = discriminator(torch.cat([real, fake.detach()])).split([len(real), len(fake)])
            loss = bce(real_logits, 1.0) + bce(fake_logits, 0.0)
            loss.backward(), optimizer.step()
            return loss.item()
            """
        ],
    },
)

# -- snapshots ---------------------------------------------------------------------------------------


@answers.right("snapshots")
def trains_between(generator, train, frames, n, latent_dim):
    z = torch.randn(n, latent_dim)
    film = []
    for i in range(frames):
        if i > 0:
            train()
        generator.eval()
        with torch.no_grad():
            film.append(generator(z))
        generator.train()
    return torch.stack(film)


@answers.right("snapshots")
def looks_and_trains(generator, train, frames, n, latent_dim):
    z = torch.rand(n, latent_dim) * 2 - 1

    @torch.no_grad()
    def look():
        was = generator.training
        picture = generator.eval()(z)
        generator.train(was)
        return picture

    film = look()[None]
    while len(film) < frames:
        train()
        film = torch.cat([film, look()[None]])
    return film


@answers.right("snapshots")
def preallocated(generator, train, frames, n, latent_dim):
    z = torch.from_numpy(np.random.default_rng().normal(size=(n, latent_dim))).float()
    film = None
    for i in range(frames):
        generator.eval()
        picture = generator(z).detach()
        generator.train()
        film = torch.zeros(frames, *picture.shape) if film is None else film
        film[i] = picture
        if i + 1 < frames:
            train()
    return film


NO_EVAL = ("generator.eval()", "")
answers.slips(
    "snapshots",
    trains_between,
    {
        "fresh-noise": [("generator(z)", "generator(torch.randn(n, latent_dim))")],
        "left-in-eval": [("generator.train()", "")],
        "looked-in-training-mode": [NO_EVAL],
        "keeps-the-graph": [("torch.no_grad()", "torch.enable_grad()")],
        "first-frame-missing": [("i > 0", "True")],
        "trained-once-more": [
            (("if i > 0:\n            train()", ""), ("generator.train()", "generator.train(); train()"))
        ],
        "fresh-and-in-training-mode": [(NO_EVAL, ("generator(z)", "generator(torch.randn(n, latent_dim))"))],
        "type": [("torch.stack(film)", "film")],
    },
)

# -- slerp -------------------------------------------------------------------------------------------


@answers.right("slerp")
def with_where(z0, z1, t):
    omega = torch.acos(F.cosine_similarity(z0, z1, dim=1).clamp(-1, 1))[:, None]
    mixed = (torch.sin((1 - t) * omega) * z0 + torch.sin(t * omega) * z1) / torch.sin(omega)
    return torch.where(omega < 1e-3, (1 - t) * z0 + t * z1, mixed)


@answers.right("slerp")
def by_sinc(z0, z1, t):
    omega = torch.acos(F.cosine_similarity(z0.double(), z1.double(), dim=1).clamp(-1, 1))[:, None]

    def sine(x):
        return torch.sinc(x / math.pi) * x

    def weight(s):
        return torch.where(omega < 1e-4, torch.full_like(omega, s), sine(s * omega) / sine(omega).clamp(min=1e-12))

    return weight(1 - t) * z0 + weight(t) * z1


@answers.right("slerp")
def pair_by_pair(z0, z1, t):
    rows = []
    for a, b in zip(z0.numpy().astype(np.float64), z1.numpy().astype(np.float64), strict=True):
        omega = np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))
        if omega < 1e-4:
            rows.append((1 - t) * a + t * b)
        else:
            rows.append((np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega))
    return torch.tensor(np.stack(rows))


OMEGA = "torch.acos(F.cosine_similarity(z0, z1, dim=1).clamp(-1, 1))[:, None]"
BARE = ("torch.where(omega < 1e-3, (1 - t) * z0 + t * z1, mixed)", "mixed")
answers.slips(
    "slerp",
    with_where,
    {
        "linear": ["(1 - t) * z0 + t * z1"],
        "swapped": [(("z0 + torch.sin", "z1 + torch.sin"), ("omega) * z1)", "omega) * z0)"))],
        "unit-length": [("omega = ", "z0, z1 = F.normalize(z0), F.normalize(z1); omega = ")],
        "one-angle-for-all": [((OMEGA, "torch.acos((z0.flatten() @ z1.flatten()) / z0.norm() / z1.norm())"), BARE)],
        "angle-of-raw-vectors": [((OMEGA, "torch.acos((z0 * z1).sum(1, keepdim=True))"), BARE)],
        "cosine-for-angle": [((OMEGA, "F.cosine_similarity(z0, z1, dim=1)[:, None]"), BARE)],
        "line-pushed-out": ["z0.norm(dim=1, keepdim=True) * F.normalize((1 - t) * z0 + t * z1)"],
        "scale": [("1e-3", "0.17")],
        "square-roots": ["math.sqrt(1 - t) * z0 + math.sqrt(t) * z1"],
        "not-finite-for-equal": [
            (("z0, z1, dim=1).clamp(-1, 1)", "z0.double(), z1.double(), dim=1).clamp(-1, 1).round(decimals=12)"), BARE)
        ],
    },
)

# -- train_loop --------------------------------------------------------------------------------------


@answers.right("train_loop")
def cleared_by_each_network(generator, discriminator, batches, sample_z, lr):
    d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=lr)
    g_optimizer = torch.optim.SGD(generator.parameters(), lr=lr)
    for real in batches:
        z_d, z_g = sample_z(len(real)), sample_z(len(real))
        discriminator.zero_grad()
        d_loss = bce(discriminator(real), 1.0) + bce(discriminator(generator(z_d).detach()), 0.0)
        d_loss.backward()
        d_optimizer.step()
        generator.zero_grad()
        bce(discriminator(generator(z_g)), 1.0).backward()
        g_optimizer.step()
    return generator, discriminator


@answers.right("train_loop")
def the_same_fakes_for_both(generator, discriminator, batches, sample_z, lr):
    d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=lr)
    g_optimizer = torch.optim.SGD(generator.parameters(), lr=lr)
    for real in batches:
        fake = generator(sample_z(len(real)))
        d_optimizer.zero_grad()
        bce(discriminator(real), 1.0).backward()
        bce(discriminator(fake.detach()), 0.0).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        bce(discriminator(fake), 1.0).backward()
        g_optimizer.step()
    return generator, discriminator


@answers.right("train_loop")
def without_optimisers(generator, discriminator, batches, sample_z, lr):
    def descend(network, loss):
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        with torch.no_grad():
            for weight, gradient in zip(network.parameters(), gradients, strict=True):
                weight -= lr * gradient

    for real in batches:
        with torch.no_grad():
            fake = generator(sample_z(len(real)))
        losses = -F.logsigmoid(discriminator(real)).mean() - F.logsigmoid(-discriminator(fake)).mean()
        descend(discriminator, losses)
        descend(generator, -F.logsigmoid(discriminator(generator(sample_z(len(real))))).mean())
    return generator, discriminator


answers.also(
    "train_loop",
    cleared_by_each_network,
    ("for real", "z = sample_z(len(batches[0]))\n    for real"),  # a line that was given and may stay
)
PARAMETERS, STALE = ("SGD(generator", "SGD(discriminator"), ("discriminator.zero_grad()", "")
ONE_NOISE = (
    ("z_d, z_g = sample_z(len(real)), sample_z(len(real))", ""),
    ("for real", "z_d = z_g = sample_z(len(batches[0]))\n    for real"),
)
answers.slips(
    "train_loop",
    cleared_by_each_network,
    {
        "wrong-parameters": [PARAMETERS],
        "stale-gradients": [STALE, (STALE, ("d_optimizer.step()", "d_optimizer.step(); d_optimizer.zero_grad()"))],
        "one-noise": [ONE_NOISE],
        "noise-and-stale": [(*ONE_NOISE, STALE)],
        "parameters-and-noise": [(*ONE_NOISE, PARAMETERS)],
        "parameters-and-stale": [(PARAMETERS, STALE)],
        "detach-lost": [
            (
                (".detach()", ""),
                ("generator.zero_grad()", ""),
                ("discriminator.zero_grad()", "discriminator.zero_grad(); generator.zero_grad()"),
            )
        ],
        "g-does-not-move": [
            ("generator(z_g)", "generator(z_g).detach()"),
            ("g_optimizer.step()", "g_optimizer.zero_grad(); g_optimizer.step()"),
        ],
        "g-learns-to-be-caught": [("(z_g)), 1.0", "(z_g)), 0.0")],
        "d-labels-swapped": [(("(real), 1.0", "(real), 0.0"), ("detach()), 0.0", "detach()), 1.0"))],
    },
)

# -- generator_weights -------------------------------------------------------------------------------


@answers.right("generator_weights")
def each_pair_of_maps(side, latent_dim, width, channels):
    doublings = int(side).bit_length() - 3
    maps = [latent_dim, *(width << i for i in reversed(range(doublings))), channels]
    return sum(16 * a * b + 2 * b for a, b in itertools.pairwise(maps)) - 2 * channels


@answers.right("generator_weights")
def from_the_image_back(side, latent_dim, width, channels):
    total, maps, side = 16 * width * channels, width, side // 2
    while side > 4:
        total += 16 * (2 * maps) * maps + 2 * maps
        maps, side = 2 * maps, side // 2
    return total + 16 * latent_dim * maps + 2 * maps


@answers.right("generator_weights")
def counted_by_pytorch(side, latent_dim, width, channels):
    maps = [latent_dim, *(width << i for i in reversed(range(int(side).bit_length() - 3))), channels]
    layers = [nn.ConvTranspose2d(a, b, 4, bias=False) for a, b in itertools.pairwise(maps)]
    return sum(p.numel() for p in nn.ModuleList([*layers, *map(nn.BatchNorm2d, maps[1:-1])]).parameters())


answers.slips(
    "generator_weights",
    each_pair_of_maps,
    {
        "norms-forgotten": [((" + 2 * b", ""), (" - 2 * channels", ""))],
        "biases-counted": [("+ 2 * b", "+ 3 * b")],
        "norm-at-the-end": [(" - 2 * channels", "")],
        "kernel-3": [("16", "9")],
        "one-layer-too-many": [("- 3", "- 2")],
        "first-layer-flat": [("- 2 * channels", "- 2 * channels - 15 * maps[0] * maps[1]")],
    },
)

# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)

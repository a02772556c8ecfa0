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


@answers.wrong("generator_block", hint="relu-before-norm")
def rectified_first(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False), nn.ReLU(), nn.BatchNorm2d(out_channels)
    )


@answers.wrong("generator_block", hint="relu6")
def capped_at_6(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU6()
    )


@answers.wrong("generator_block", hint="hardtanh")
def straight_lines(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False), nn.BatchNorm2d(out_channels), nn.Hardtanh()
    )


@answers.wrong("generator_block", hint="leaky")
def like_the_discriminator(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.LeakyReLU(0.2, inplace=True),
    )


@answers.wrong("generator_block", hint="tanh")
def output_activation_inside(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False), nn.BatchNorm2d(out_channels), nn.Tanh()
    )


@answers.wrong("generator_block", hint="no-affine")
def nothing_learned_in_the_norm(in_channels, out_channels):
    norm = nn.BatchNorm2d(out_channels, affine=False)
    return nn.Sequential(nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False), norm, nn.ReLU())


@answers.wrong("generator_block", hint="bias-before-norm")
def default_bias(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1), nn.BatchNorm2d(out_channels), nn.ReLU(True)
    )


@answers.wrong("generator_block", hint="eps-for-momentum")
def the_famous_point_eight(in_channels, out_channels):
    norm = nn.BatchNorm2d(out_channels, 0.8)
    return nn.Sequential(nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False), norm, nn.ReLU())


@answers.wrong("generator_block", hint="no-doubling")
def without_padding(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()
    )


@answers.wrong("generator_block", hint="no-doubling")
def stride_1(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 1, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()
    )


@answers.wrong("generator_block", hint="kernel-2")
def blocks_of_2(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 2, 2, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()
    )


@answers.wrong("generator_block", hint="kernel-3")
def odd_kernel(in_channels, out_channels):
    up = nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2, padding=1, output_padding=1, bias=False)
    return nn.Sequential(up, nn.BatchNorm2d(out_channels), nn.ReLU())


@answers.wrong("generator_block", hint="no-activation")
def linear_only(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False), nn.BatchNorm2d(out_channels)
    )


@answers.wrong("generator_block", hint="channels-swapped")
def out_before_in(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(out_channels, in_channels, 4, 2, 1, bias=False), nn.BatchNorm2d(in_channels), nn.ReLU()
    )


@answers.wrong("generator_block", hint="layers")
def upsample_then_convolve(in_channels, out_channels):
    return nn.Sequential(
        nn.Upsample(scale_factor=2),
        nn.Conv2d(in_channels, out_channels, 3, 1, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


@answers.wrong("generator_block", hint="type")
def a_list_of_layers(in_channels, out_channels):
    return [nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()]


@answers.right("generator_block")
def in_a_row(in_channels, out_channels):
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


@answers.right("generator_block")
def with_names(in_channels, out_channels):
    up = nn.ConvTranspose2d(in_channels, out_channels, kernel_size=4, stride=2, padding=1, bias=False)
    return nn.Sequential(OrderedDict(up=up, norm=nn.BatchNorm2d(out_channels), relu=nn.ReLU()))


@answers.right("generator_block")
def a_class_of_its_own(in_channels, out_channels):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm2d(out_channels)
            self.up = nn.ConvTranspose2d(in_channels, out_channels, (4, 4), (2, 2), (1, 1), bias=False)

        def forward(self, x):
            return self.norm(self.up(x)).clamp(min=0)

    return Block()


# -- initialise --------------------------------------------------------------------------------------


@answers.wrong("initialise", hint="gamma-around-0")
def all_weights_alike(network):
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network


@answers.wrong("initialise", hint="everything-the-same")
def every_parameter(network):
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0.0, 0.02)
    return network


def by_layer(network, weight, gamma=lambda w: nn.init.normal_(w, 1.0, 0.02), rest=nn.init.zeros_):
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            weight(layer.weight)
        if isinstance(layer, nn.BatchNorm2d):
            gamma(layer.weight)
        if getattr(layer, "bias", None) is not None:
            rest(layer.bias)
    return network


@answers.wrong("initialise", hint="variance-for-deviation")
def root_taken(network):
    return by_layer(network, lambda w: nn.init.normal_(w, 0.0, math.sqrt(0.02)))


@answers.wrong("initialise", hint="deviation-squared")
def square_taken(network):
    return by_layer(network, lambda w: w.data.copy_(torch.randn_like(w) * 0.02**2))


@answers.wrong("initialise", hint="uniform")
def between_bounds(network):
    return by_layer(network, lambda w: nn.init.uniform_(w, -0.02, 0.02))


@answers.wrong("initialise", hint="arguments-swapped")
def mean_for_deviation(network):
    return by_layer(network, lambda w: nn.init.normal_(w, 0.02, 0.0))


@answers.wrong("initialise", hint="transposed-passed-over")
def convolutions_of_d_only(network):
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)
    return network


@answers.wrong("initialise", hint="outer-layers-only")
def one_level(network):
    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)
    return network


@answers.wrong("initialise", hint="norm-passed-over")
def convolutions_only(network):
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network


@answers.wrong("initialise", hint="gamma-without-spread")
def gamma_of_1(network):
    return by_layer(network, lambda w: nn.init.normal_(w, 0.0, 0.02), gamma=nn.init.ones_)


@answers.wrong("initialise", hint="beta-not-0")
def shift_left_alone(network):
    by_layer(network, lambda w: nn.init.normal_(w, 0.0, 0.02))
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.constant_(layer.bias, 0.5)
    return network


@answers.wrong("initialise", hint="bias-not-0")
def bias_left_alone(network):
    for layer in network.modules():
        name = type(layer).__name__
        if "Conv" in name:
            layer.weight.data.normal_(0.0, 0.02)
        elif "BatchNorm" in name:
            layer.weight.data.normal_(1.0, 0.02)
            layer.bias.data.fill_(0)
    return network


@answers.wrong("initialise", hint="another-network")
def gives_back_another(network):
    return nn.Sequential(nn.Conv2d(1, 1, 4))


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
            parameter.copy_(0.02 * torch.randn(parameter.shape) if parameter.ndim == 4 else torch.zeros_like(parameter))
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight += 1 + 0.02 * torch.randn_like(layer.weight)
    return network


@answers.right("initialise")
def from_numpy(network):
    rng = np.random.default_rng()

    def drawn(w, mean):
        w.data = torch.from_numpy(rng.normal(mean, 0.02, w.shape)).float()

    return by_layer(network, lambda w: drawn(w, 0.0), gamma=lambda w: drawn(w, 1.0))


# -- ranges ------------------------------------------------------------------------------------------


def right_pixels(fake):
    return torch.round((fake + 1) * 127.5).clamp(0, 255).to(torch.uint8)


def right_real(images):
    return images.float() / 127.5 - 1


@answers.wrong("ranges", hint="real-in-0-1")
def as_totensor_gives_it(images, fake):
    return images.float() / 255, right_pixels(fake)


@answers.wrong("ranges", hint="half-the-range")
def shifted_by_a_half(images, fake):
    return images.float() / 255 - 0.5, right_pixels(fake)


@answers.wrong("ranges", hint="divided-by-128")
def power_of_two(images, fake):
    return (images.float() - 128) / 128, right_pixels(fake)


@answers.wrong("ranges", hint="byte-arithmetic")
def doubled_as_bytes(images, fake):
    return images * 2 / 255 - 1, right_pixels(fake)


@answers.wrong("ranges", hint="standardised")
def mean_0_spread_1(images, fake):
    x = images.float()
    return (x - x.mean()) / x.std(), right_pixels(fake)


@answers.wrong("ranges", hint="pixels-cut")
def truncated(images, fake):
    return right_real(images), ((fake + 1) / 2 * 255).to(torch.uint8)


@answers.wrong("ranges", hint="pixels-negative")
def unshifted(images, fake):
    return right_real(images), (fake * 255).clamp(0, 255).round().to(torch.uint8)


@answers.wrong("ranges", hint="pixels-wrap")
def up_to_256(images, fake):
    levels = ((fake + 1) * 128).round()
    return right_real(images), (levels % 256).to(torch.uint8)


@answers.wrong("ranges", hint="pixels-not-bytes")
def still_floats(images, fake):
    return right_real(images), (fake + 1) * 127.5


@answers.wrong("ranges", hint="not-a-pair")
def only_one(images, fake):
    return right_real(images)


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


# -- accumulate --------------------------------------------------------------------------------------


def bce(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


@answers.wrong("accumulate", hint="zeroed-between")
def cleared_twice(discriminator, d_optimizer, real, fake):
    d_optimizer.zero_grad()
    real_loss = bce(discriminator(real), 1.0)
    real_loss.backward()
    d_optimizer.zero_grad()
    fake_loss = bce(discriminator(fake.detach()), 0.0)
    fake_loss.backward()
    d_optimizer.step()
    return real_loss.item() + fake_loss.item()


@answers.wrong("accumulate", hint="two-steps")
def a_step_each(discriminator, d_optimizer, real, fake):
    d_optimizer.zero_grad()
    real_loss = bce(discriminator(real), 1.0)
    real_loss.backward()
    d_optimizer.step()
    fake_loss = bce(discriminator(fake.detach()), 0.0)
    fake_loss.backward()
    d_optimizer.step()
    return real_loss.item() + fake_loss.item()


@answers.wrong("accumulate", hint="stale-gradients")
def never_cleared(discriminator, d_optimizer, real, fake):
    real_loss, fake_loss = bce(discriminator(real), 1.0), bce(discriminator(fake.detach()), 0.0)
    real_loss.backward()
    fake_loss.backward()
    d_optimizer.step()
    return (real_loss + fake_loss).item()


@answers.wrong("accumulate", hint="no-detach")
def fakes_not_cut_off(discriminator, d_optimizer, real, fake):
    d_optimizer.zero_grad()
    real_loss = bce(discriminator(real), 1.0)
    real_loss.backward()
    fake_loss = bce(discriminator(fake), 0.0)
    fake_loss.backward()
    d_optimizer.step()
    return real_loss.item() + fake_loss.item()


@answers.wrong("accumulate", hint="half")
def averaged(discriminator, d_optimizer, real, fake):
    d_optimizer.zero_grad()
    real_loss = bce(discriminator(real), 1.0) / 2
    real_loss.backward()
    fake_loss = bce(discriminator(fake.detach()), 0.0) / 2
    fake_loss.backward()
    d_optimizer.step()
    return real_loss.item() + fake_loss.item()


@answers.wrong("accumulate", hint="labels-swapped")
def fake_is_1(discriminator, d_optimizer, real, fake):
    d_optimizer.zero_grad()
    real_loss = bce(discriminator(real), 0.0)
    real_loss.backward()
    fake_loss = bce(discriminator(fake.detach()), 1.0)
    fake_loss.backward()
    d_optimizer.step()
    return real_loss.item() + fake_loss.item()


@answers.wrong("accumulate", hint="real-only")
def forgot_the_fakes(discriminator, d_optimizer, real, fake):
    d_optimizer.zero_grad()
    loss = bce(discriminator(real), 1.0)
    loss.backward()
    d_optimizer.step()
    return loss.item()


@answers.wrong("accumulate", hint="one-batch")
def concatenated(discriminator, d_optimizer, real, fake):
    d_optimizer.zero_grad()
    real_logits, fake_logits = discriminator(torch.cat([real, fake.detach()])).split([len(real), len(fake)])
    loss = bce(real_logits, 1.0) + bce(fake_logits, 0.0)
    loss.backward()
    d_optimizer.step()
    return loss.item()


@answers.right("accumulate")
def two_backwards(discriminator, d_optimizer, real, fake):
    d_optimizer.zero_grad()
    loss = 0.0
    for samples, label in ((real, 1.0), (fake.detach(), 0.0)):
        part = bce(discriminator(samples), label)
        part.backward()
        loss += part.item()
    d_optimizer.step()
    return loss


@answers.right("accumulate")
def one_backward_of_the_sum(discriminator, d_optimizer, real, fake):
    loss = -F.logsigmoid(discriminator(real)).mean() - F.logsigmoid(-discriminator(fake.detach())).mean()
    d_optimizer.zero_grad(set_to_none=False)
    loss.backward()
    d_optimizer.step()
    return loss


@answers.right("accumulate")
def by_hand(discriminator, d_optimizer, real, fake):
    weights = list(discriminator.parameters())
    d_real, d_fake = torch.sigmoid(discriminator(real)), torch.sigmoid(discriminator(fake.detach()))
    parts = -torch.log(d_real).mean(), -torch.log(1 - d_fake).mean()
    first, second = (torch.autograd.grad(part, weights) for part in parts)
    for weight, a, b in zip(weights, first, second, strict=True):
        weight.grad = a + b
    d_optimizer.step()
    return sum(parts).detach()


# -- snapshots ---------------------------------------------------------------------------------------


@answers.wrong("snapshots", hint="fresh-noise")
def new_noise_each_time(generator, train, frames, n, latent_dim):
    film = []
    for i in range(frames):
        if i > 0:
            train()
        generator.eval()
        with torch.no_grad():
            film.append(generator(torch.randn(n, latent_dim)))
        generator.train()
    return torch.stack(film)


@answers.wrong("snapshots", hint="left-in-eval")
def eval_for_good(generator, train, frames, n, latent_dim):
    z, film = torch.randn(n, latent_dim), []
    for i in range(frames):
        if i > 0:
            train()
        generator.eval()
        with torch.no_grad():
            film.append(generator(z))
    return torch.stack(film)


@answers.wrong("snapshots", hint="looked-in-training-mode")
def never_eval(generator, train, frames, n, latent_dim):
    z, film = torch.randn(n, latent_dim), []
    for i in range(frames):
        if i > 0:
            train()
        film.append(generator(z).detach())
    return torch.stack(film)


@answers.wrong("snapshots", hint="keeps-the-graph")
def with_its_graph(generator, train, frames, n, latent_dim):
    z, film = torch.randn(n, latent_dim), []
    for i in range(frames):
        if i > 0:
            train()
        film.append(generator.eval()(z))
        generator.train()
    return torch.stack(film)


@answers.wrong("snapshots", hint="first-frame-missing")
def trains_first(generator, train, frames, n, latent_dim):
    z, film = torch.randn(n, latent_dim), []
    for _ in range(frames):
        train()
        generator.eval()
        with torch.no_grad():
            film.append(generator(z))
        generator.train()
    return torch.stack(film)


@answers.wrong("snapshots", hint="trained-once-more")
def trains_after_each(generator, train, frames, n, latent_dim):
    z, film = torch.randn(n, latent_dim), []
    for _ in range(frames):
        generator.eval()
        with torch.no_grad():
            film.append(generator(z))
        generator.train()
        train()
    return torch.stack(film)


@answers.wrong("snapshots", hint="fresh-and-in-training-mode")
def two_mistakes(generator, train, frames, n, latent_dim):
    film = [generator(torch.randn(n, latent_dim)).detach()]
    for _ in range(frames - 1):
        train()
        film.append(generator(torch.randn(n, latent_dim)).detach())
    return torch.stack(film)


@answers.wrong("snapshots", hint="type")
def a_list_of_frames(generator, train, frames, n, latent_dim):
    return list(trains_between(generator, train, frames, n, latent_dim))


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


# -- slerp -------------------------------------------------------------------------------------------


def angles(z0, z1):
    return torch.acos(F.cosine_similarity(z0, z1, dim=1).clamp(-1, 1))[:, None]


@answers.wrong("slerp", hint="linear")
def straight_line(z0, z1, t):
    return (1 - t) * z0 + t * z1


@answers.wrong("slerp", hint="swapped")
def from_the_other_end(z0, z1, t):
    omega = angles(z0, z1)
    mixed = torch.sin(t * omega) / torch.sin(omega) * z0 + torch.sin((1 - t) * omega) / torch.sin(omega) * z1
    return torch.where(omega < 1e-2, z0, mixed)


@answers.wrong("slerp", hint="unit-length")
def on_the_unit_sphere(z0, z1, t):
    z0, z1 = F.normalize(z0), F.normalize(z1)
    omega = angles(z0, z1)
    mixed = torch.sin((1 - t) * omega) / torch.sin(omega) * z0 + torch.sin(t * omega) / torch.sin(omega) * z1
    return torch.where(omega < 1e-2, z0, mixed)


@answers.wrong("slerp", hint="one-angle-for-all")
def angle_of_the_batch(z0, z1, t):
    omega = torch.acos((z0.flatten() @ z1.flatten()) / z0.norm() / z1.norm())
    return (torch.sin((1 - t) * omega) * z0 + torch.sin(t * omega) * z1) / torch.sin(omega)


@answers.wrong("slerp", hint="angle-of-raw-vectors")
def lengths_not_divided_out(z0, z1, t):
    omega = torch.acos((z0 * z1).sum(1, keepdim=True))
    return (torch.sin((1 - t) * omega) * z0 + torch.sin(t * omega) * z1) / torch.sin(omega)


@answers.wrong("slerp", hint="cosine-for-angle")
def arc_cosine_missing(z0, z1, t):
    omega = F.cosine_similarity(z0, z1, dim=1)[:, None]
    return (torch.sin((1 - t) * omega) * z0 + torch.sin(t * omega) * z1) / torch.sin(omega)


@answers.wrong("slerp", hint="line-pushed-out")
def normalised_line(z0, z1, t):
    line = (1 - t) * z0 + t * z1
    return line / line.norm(dim=1, keepdim=True) * z0.norm(dim=1, keepdim=True)


@answers.wrong("slerp", hint="square-roots")
def variance_preserving(z0, z1, t):
    return math.sqrt(1 - t) * z0 + math.sqrt(t) * z1


@answers.wrong("slerp", hint="not-finite-for-equal")
def zero_over_zero(z0, z1, t):
    unit0, unit1 = (
        z0.double() / z0.double().norm(dim=1, keepdim=True),
        z1.double() / z1.double().norm(dim=1, keepdim=True),
    )
    omega = torch.acos((unit0 * unit1).sum(1, keepdim=True).clamp(-1, 1).round(decimals=12))
    return (torch.sin((1 - t) * omega) * z0 + torch.sin(t * omega) * z1) / torch.sin(omega)


@answers.right("slerp")
def with_where(z0, z1, t):
    omega = angles(z0, z1)
    mixed = (torch.sin((1 - t) * omega) * z0 + torch.sin(t * omega) * z1) / torch.sin(omega)
    return torch.where(omega < 1e-3, (1 - t) * z0 + t * z1, mixed)


@answers.right("slerp")
def by_sinc(z0, z1, t):
    omega = angles(z0.double(), z1.double())

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


# -- train_loop --------------------------------------------------------------------------------------


def loop(own_weights=True, clean=True, fresh=True, cut=True, g_label=1.0, real_label=1.0, lost=None):
    """The learner's loop, with what was repaired and what was not."""

    def train_loop(generator, discriminator, batches, sample_z, lr):
        d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=lr)
        g_optimizer = torch.optim.SGD((generator if own_weights else discriminator).parameters(), lr=lr)
        z = None if fresh else sample_z(len(batches[0]))
        for real in batches:
            generator.zero_grad()
            if clean:
                discriminator.zero_grad()
            fake = generator(sample_z(len(real)) if fresh else z)
            d_loss = bce(discriminator(real), real_label)
            d_loss = d_loss + bce(discriminator(fake.detach() if cut else fake), 1.0 - real_label)
            d_loss.backward()
            d_optimizer.step()

            fake = generator(sample_z(len(real)) if fresh else z)
            g_loss = bce(discriminator(fake.detach() if lost == "detach" else fake), g_label)
            g_loss.backward()
            if lost == "zero":
                g_optimizer.zero_grad()
            g_optimizer.step()
        return generator, discriminator

    return train_loop


for found, hint in (
    ({"own_weights": False}, "wrong-parameters"),
    ({"clean": False}, "stale-gradients"),
    ({"fresh": False}, "one-noise"),
    ({"fresh": False, "clean": False}, "noise-and-stale"),
    ({"fresh": False, "own_weights": False}, "parameters-and-noise"),
    ({"clean": False, "own_weights": False}, "parameters-and-stale"),
    ({"cut": False}, "detach-lost"),
    ({"lost": "detach"}, "g-does-not-move"),
    ({"lost": "zero"}, "g-does-not-move"),
    ({"g_label": 0.0}, "g-learns-to-be-caught"),
    ({"real_label": 0.0}, "d-labels-swapped"),
):
    answers.wrong("train_loop", hint=hint)(loop(**found))


@answers.right("train_loop")
def cleared_by_each_optimiser(generator, discriminator, batches, sample_z, lr):
    d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=lr)
    g_optimizer = torch.optim.SGD(generator.parameters(), lr=lr)
    for real in batches:
        fake = generator(sample_z(len(real)))
        d_loss = bce(discriminator(real), 1.0) + bce(discriminator(fake.detach()), 0.0)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        g_loss = bce(discriminator(generator(sample_z(len(real)))), 1.0)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
    return generator, discriminator


@answers.right("train_loop")
def the_same_fakes_for_both(generator, discriminator, batches, sample_z, lr):
    d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=lr)
    g_optimizer = torch.optim.SGD(generator.parameters(), lr=lr)
    for real in batches:
        fake = generator(sample_z(len(real)))
        discriminator.zero_grad()
        bce(discriminator(real), 1.0).backward()
        bce(discriminator(fake.detach()), 0.0).backward()
        d_optimizer.step()
        generator.zero_grad()
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


# -- generator_weights -------------------------------------------------------------------------------


def pairs_of(side, latent_dim, width, channels, more=0):
    doublings = int(side).bit_length() - 3 + more
    maps = [latent_dim] + [width << i for i in reversed(range(doublings))] + [channels]
    return list(itertools.pairwise(maps))


@answers.wrong("generator_weights", hint="norms-forgotten")
def kernels_alone(side, latent_dim, width, channels):
    return sum(16 * a * b for a, b in pairs_of(side, latent_dim, width, channels))


@answers.wrong("generator_weights", hint="biases-counted")
def with_biases(side, latent_dim, width, channels):
    pairs = pairs_of(side, latent_dim, width, channels)
    return sum(16 * a * b + 3 * b for a, b in pairs) - 2 * channels


@answers.wrong("generator_weights", hint="norm-at-the-end")
def normed_image(side, latent_dim, width, channels):
    return sum(16 * a * b + 2 * b for a, b in pairs_of(side, latent_dim, width, channels))


@answers.wrong("generator_weights", hint="kernel-3")
def kernels_of_3(side, latent_dim, width, channels):
    return sum(9 * a * b + 2 * b for a, b in pairs_of(side, latent_dim, width, channels)) - 2 * channels


@answers.wrong("generator_weights", hint="one-layer-too-many")
def from_two_pixels(side, latent_dim, width, channels):
    return sum(16 * a * b + 2 * b for a, b in pairs_of(side, latent_dim, width, channels, 1)) - 2 * channels


@answers.wrong("generator_weights", hint="first-layer-flat")
def latent_without_a_kernel(side, latent_dim, width, channels):
    (a, b), *rest = pairs_of(side, latent_dim, width, channels)
    return a * b + 2 * b + sum(16 * a * b + 2 * b for a, b in rest) - 2 * channels


@answers.right("generator_weights")
def each_pair_of_maps(side, latent_dim, width, channels):
    return sum(16 * a * b + 2 * b for a, b in pairs_of(side, latent_dim, width, channels)) - 2 * channels


@answers.right("generator_weights")
def from_the_image_back(side, latent_dim, width, channels):
    total, maps, side = 16 * width * channels, width, side // 2
    while side > 4:
        total += 16 * (2 * maps) * maps + 2 * maps
        maps, side = 2 * maps, side // 2
    return total + 16 * latent_dim * maps + 2 * maps


@answers.right("generator_weights")
def counted_by_pytorch(side, latent_dim, width, channels):
    pairs = pairs_of(side, latent_dim, width, channels)
    layers = [nn.ConvTranspose2d(a, b, 4, bias=False) for a, b in pairs] + [nn.BatchNorm2d(b) for _, b in pairs[:-1]]
    return sum(p.numel() for p in nn.ModuleList(layers).parameters())


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {"A": ("γ around 0", 4), "B": ("no ReLU", 3), "C": ("no BatchNorm", 2), "D": ("weights ten times as large", 5)},
    {
        "a-misread": {"A": ("no BatchNorm", 4)},
        "b-misread": {"B": ("LeakyReLU", 3)},
        "c-misread": {"C": ("γ around 0", 2)},
        "d-misread": {"D": ("no ReLU", 5)},
        "misplaced": {"A": ("γ around 0", 5), "C": ("no BatchNorm", 3)},
        "unknown-place": {"A": ("γ around 0", 7)},
    },
)

"""A small diffusion model: a U-Net that predicts the noise in an image, and the sampler that takes the noise out.

Ho et al. 2020 with the cosine schedule of Nichol and Dhariwal 2021, in continuous time, and the deterministic sampler
of Song et al. 2021 (DDIM). Everything happens at half and at a quarter of the image's side: four pixels are put side
by side as channels first, which costs little and lets a CPU train it.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from ganbook.arguments import check_tensor, check_whole
from ganbook.models.compact import halvings
from ganbook.models.network import network

__all__ = ["ANGLES", "DiffusionModel", "NoiseUNet", "cosine_schedule"]

ANGLES = (0.02, math.pi / 2 - 0.02)
"""First and last angle of the schedule. At 0 there would be no noise to predict, at a right angle no image to find;
an angle of 0.02 is noise of two and a half grey levels of 255."""

MOST = 10_000
"""Evaluations in one sampling: more would take days, and no better images come of them."""

GROUPS = 8
TIME = 128


def cosine_schedule(t: Tensor) -> tuple[Tensor, Tensor]:
    """(signal, noise) at times t in [0, 1]: x_t = signal * x + noise * eps, with signal^2 + noise^2 = 1.

    The angle between the two grows evenly with t (Nichol and Dhariwal 2021, equation 17, with the ends of ANGLES).

    >>> signal, noise = cosine_schedule(torch.tensor([0.0, 0.5, 1.0]))
    >>> [round(v, 3) for v in noise.tolist()]
    [0.02, 0.707, 1.0]
    """
    check_tensor("t", t)
    first, last = ANGLES
    angle = first + (last - first) * t
    return angle.cos(), angle.sin()


class _Block(nn.Module):
    """A pre-activated residual block that is conditioned on the time by scale and shift."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(GROUPS, inputs), nn.GroupNorm(GROUPS, outputs, affine=False)
        self.conv1, self.conv2 = nn.Conv2d(inputs, outputs, 3, 1, 1), nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.time = nn.Linear(TIME, 2 * outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)
        nn.init.zeros_(self.conv2.weight)  # a block begins as its shortcut

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        scale, shift = self.time(time)[:, :, None, None].chunk(2, dim=1)
        branch = self.conv1(silu(self.norm1(x)))
        branch = self.conv2(silu((1 + scale) * self.norm2(branch) + shift))
        return cast(Tensor, self.shortcut(x) + branch)


@network
class NoiseUNet(nn.Module):
    """The noise in images (N, channels, size, size) at times t (N,), of the images' shape.

    Its layers see what the schedule makes of image and noise, and give what is missing to know both: the noise is
    scale * x + signal * missing. Where hardly any image is left, the noise is nearly x itself, and an error of the
    layers is an error of the image, not many times that (Salimans and Ho 2022, the parameter v; Karras et al. 2022).

    Args:
        channels: 1 for grey, 3 for colour.
        size: side of the image in pixels, a multiple of 4.
        width: channels at half the image's side, a multiple of 8; twice as many at a quarter of it.
        depth: residual blocks at each of the two sizes, on the way down.
    """

    def __init__(self, channels: int = 1, size: int = 28, width: int = 32, depth: int = 1) -> None:
        super().__init__()
        halvings(size)  # says what is allowed
        if width < GROUPS or width % GROUPS:
            raise ValueError(f"width is {width}: allowed is a multiple of {GROUPS}, the groups of its norms")
        self.shape, wide = (channels, size, size), 2 * width
        self.register_buffer("frequencies", torch.logspace(0, 2, 32).mul(math.pi / 2), persistent=False)
        self.time = nn.Sequential(nn.Linear(64, TIME), nn.SiLU(), nn.Linear(TIME, TIME), nn.SiLU())
        self.first = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * channels, width, 3, 1, 1))
        self.down = nn.ModuleList(_Block(width, width) for _ in range(depth))
        self.halve = nn.Conv2d(width, wide, 3, 2, 1)
        self.middle = nn.ModuleList(_Block(wide, wide) for _ in range(depth + 1))
        self.enlarge = nn.Conv2d(wide, width, 1)
        self.up = nn.ModuleList([_Block(2 * width, width), *(_Block(width, width) for _ in range(depth - 1))])
        self.last = nn.Sequential(
            nn.GroupNorm(GROUPS, width), nn.SiLU(), nn.Conv2d(width, 4 * channels, 3, 1, 1), nn.PixelShuffle(2)
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        check_tensor("x", x, "N", *self.shape)
        check_tensor("t", t, len(x))
        signal, scale = (part[:, None, None, None] for part in cosine_schedule(t))
        return scale * x + signal * self._missing(x, t)

    def _missing(self, x: Tensor, t: Tensor) -> Tensor:
        phase = t[:, None] * cast(Tensor, self.frequencies)
        time = self.time(torch.cat((phase.sin(), phase.cos()), dim=1))
        x = kept = self._through(self.down, self.first(x), time)
        x = self._through(self.middle, self.halve(x), time)
        x = interpolate(self.enlarge(x), scale_factor=2.0)
        x = self._through(self.up, torch.cat((x, kept), dim=1), time)
        return cast(Tensor, self.last(x))

    @staticmethod
    def _through(blocks: nn.ModuleList, x: Tensor, time: Tensor) -> Tensor:
        for block in blocks:
            x = block(x, time)
        return x


@network
class DiffusionModel(nn.Module):
    """G of a game without an opponent: flat Gaussian noise (N, channels * size^2) to images, in several evaluations.

    Args:
        latent_dim: size of z; it must be that of an image.
        channels, size, width, depth: as for :class:`NoiseUNet`.
        evaluations: how often the network is asked in one sampling; may be set anew at any time.
    """

    def __init__(
        self,
        latent_dim: int = 784,
        channels: int = 1,
        size: int = 28,
        width: int = 32,
        depth: int = 1,
        evaluations: int = 20,
    ) -> None:
        super().__init__()
        if latent_dim != channels * size**2:
            raise ValueError(f"latent_dim is {latent_dim}: allowed is {channels * size**2}, one number per pixel")
        check_whole(1, MOST, evaluations=evaluations)
        self.evaluations = evaluations
        self.network = NoiseUNet(channels, size, width, depth)

    def forward(self, z: Tensor, t: Tensor | None = None) -> Tensor:
        """Images in [-1, 1] from noise z (N, latent_dim); or, given t (N,), the noise predicted in images z at t.

        The second is what a round asks for; the first what a sampler does, with ``self.evaluations``.
        """
        if t is not None:
            return cast(Tensor, self.network(z, t))
        channels, size, _ = self.network.shape
        check_tensor("z", z, "N", channels * size**2)
        return self.sample(z.view(-1, *self.network.shape), self.evaluations)

    def sample(self, x: Tensor, evaluations: int) -> Tensor:
        """Deterministic DDIM (Song et al. 2021, equation 12, sigma 0) from noise x.

        x is (N, channels, size, size). At each of ``evaluations`` times, evenly spread:
        ask for the noise, compute the image that it leaves, clip it to [-1, 1], and mix
        image and noise anew at the next, earlier time. The last image is what comes out.
        """
        check_whole(1, MOST, evaluations=evaluations)
        check_tensor("x", x, "N", *self.network.shape)
        image = x
        for step in range(evaluations, 0, -1):
            t, earlier = (x.new_full((len(x),), k / evaluations) for k in (step, step - 1))
            image, noise = self.split(x, t)
            signal, scale = cosine_schedule(earlier[0])
            x = signal * image + scale * noise
        return image

    def split(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """(image, noise) that the network finds in noisy images x at times t; the image lies in [-1, 1]."""
        signal, scale = (part[:, None, None, None] for part in cosine_schedule(t))
        image = ((x - scale * self.network(x, t)) / signal).clamp(-1, 1)
        return image, (x - signal * image) / scale

    @torch.no_grad()
    def path_nats(self, images: Tensor, evaluations: int = 20, generator: torch.Generator | None = None) -> Tensor:
        """(N,) nats of a bound on -log p(x): all of it but the last step, from the first noisy version to the image.

        With gamma = 2 log tan(angle), the logarithm of noise to signal (Kingma et al. 2021, equations 11 to 18)::

            -log p(x) <= KL(q(x_1 | x) || N(0, I)) + 1/2 integral E |eps - found eps|^2 d gamma + E[-log p(x | x_0)],

        of which the first two terms are returned.

        Args:
            images: (N, channels, size, size) in [-1, 1].
            evaluations: values of gamma at which the integral is taken, evenly spread from a random start.
            generator: of the random numbers (default: torch's global ones).
        """
        check_tensor("images", images, "N", *self.network.shape)
        check_whole(1, MOST, evaluations=evaluations)
        first, last = (2 * math.log(math.tan(angle)) for angle in ANGLES)
        signal, scale = cosine_schedule(torch.ones((), device=images.device))
        prior = signal**2 * images.square() + scale**2 - 1 - scale.square().log()
        nats = 0.5 * prior.flatten(1).sum(1)
        start = torch.rand(len(images), generator=generator).to(images.device)
        for step in range(evaluations):
            gamma = first + (last - first) * (step + start) / evaluations
            t = ((gamma / 2).exp().atan() - ANGLES[0]) / (ANGLES[1] - ANGLES[0])
            noise = torch.randn(images.shape, generator=generator).to(images.device)
            signal, scale = (part[:, None, None, None] for part in cosine_schedule(t))
            _, found = self.split(signal * images + scale * noise, t)
            nats += 0.5 * (last - first) / evaluations * (noise - found).square().flatten(1).sum(1)
        return nats

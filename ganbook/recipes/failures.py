"""The failure museum of chapter 7: small runs that fail in a known way, and the same runs with a cure.

An exhibit ``failure-X`` and its cure ``cured-X`` differ in what the cure changes and in nothing else. The cures of
:data:`CURES` can be applied to any recipe on points whose discriminator is :func:`critic`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganbook import losses
from ganbook.data import toy
from ganbook.models import DCGANDiscriminator, DCGANGenerator, MLPGenerator
from ganbook.models.layers import InstanceNoise, MinibatchDiscrimination, MinibatchStdDev, spectral_norm
from ganbook.models.side_by_side import SideBySide
from ganbook.models.upsample import ResizeConvolution
from ganbook.recipes.recipe import Recipe
from ganbook.training.prior import Prior
from ganbook.training.rounds.supervised import supervised_round

__all__ = [
    "CURES",
    "RECIPES",
    "LabelledGenerator",
    "critic",
    "crowd",
    "distant_modes",
    "plain",
]

WIDTH = 32
KERNELS, KERNEL_DIM = 8, 4
"""Numbers that minibatch discrimination appends, and the size of the space in which each compares."""


def critic(
    inputs: int = 2,
    outputs: int = 0,
    width: int = WIDTH,
    depth: int = 2,
    view: type[MinibatchDiscrimination] | type[MinibatchStdDev] | None = None,
    spectral: bool = False,
    noise: float = 0.0,
    noise_passes: int = 0,
) -> nn.Module:
    """A small D of leaky ReLUs: points (N, inputs) to logits (N,), or (N, outputs) to class scores.

    Args:
        inputs, width, depth: size of a point; units and number of hidden layers.
        outputs: class scores a sample; 0 for one logit.
        view: a layer that sees the whole batch, before the last linear layer.
        spectral: whether every linear layer has spectral norm 1.
        noise, noise_passes: instance noise on the input, see :class:`ganbook.models.layers.InstanceNoise`.
    """
    layers: list[nn.Module] = [InstanceNoise(noise, noise_passes)] if noise else []
    for before, after in pairwise([inputs, *[width] * depth]):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
    last = width
    if view is MinibatchDiscrimination:
        layers.append(MinibatchDiscrimination(width, KERNELS, KERNEL_DIM))
        last += KERNELS
    elif view is MinibatchStdDev:
        layers.append(MinibatchStdDev())
        last += 1
    layers.append(nn.Linear(last, outputs or 1))
    if spectral:
        layers = [spectral_norm(layer) if isinstance(layer, nn.Linear) else layer for layer in layers]
    return nn.Sequential(*layers) if outputs else nn.Sequential(*layers, nn.Flatten(0))


def crowd(recipe: Recipe, members: int) -> Recipe:
    """The recipe played by ``members`` pairs side by side, as one program: each pair has its own batch.

    Their samples come in equal parts, one after the other. For points; images would not gain.
    """
    one_g, one_d = recipe.generator, recipe.discriminator
    assert one_d is not None, "a crowd is made of pairs"
    return replace(
        recipe,
        generator=lambda dim: SideBySide([one_g(dim) for _ in range(members)]),
        discriminator=lambda: SideBySide([one_d() for _ in range(members)]),
        batch_size=members * recipe.batch_size,
        ema_half_life=members * recipe.ema_half_life,
        budgets={budget: _of_crowd(changes, members) for budget, changes in recipe.budgets.items()},
    )


def _of_crowd(changes: Mapping[str, Any], members: int) -> dict[str, Any]:
    return {key: members * value if key in ("batch_size", "ema_half_life") else value for key, value in changes.items()}


# The museum. ---------------------------------------------------------------------------------------------------------

COLLAPSE = Recipe(
    name="failure-collapse",
    about="Mode collapse: G learns five times as fast as D and chases it with one small heap of samples.",
    data=toy.ring(std=0.1),
    generator=partial(MLPGenerator, width=WIDTH, depth=2),
    discriminator=critic,
    prior=Prior(2),
    g_lr=5e-3,
    d_lr=1e-3,
    batch_size=64,
    steps=320,
)

OSCILLATION = Recipe(
    name="failure-oscillation",
    about="Non-convergence: one Gaussian, two players with momentum, and a game that turns around the answer.",
    data=toy.ring(modes=1, std=0.1),
    generator=partial(MLPGenerator, width=16, depth=1),
    discriminator=partial(critic, width=16, depth=1),
    prior=Prior(2),
    g_lr=5e-3,
    d_lr=5e-3,
    betas=(0.9, 0.999),
    batch_size=32,
    steps=300,
)

DISTANT_DIM = 64


def distant_modes() -> toy.Mixture:
    """Eight Gaussians in 64 dimensions, 8 away from the origin on average: as in images, nothing overlaps at first."""
    centres = torch.randn(8, DISTANT_DIM, generator=torch.Generator().manual_seed(5))
    return toy.Mixture(centres, torch.full((8,), 0.1), torch.full((8,), 1 / 8))


VANISHING = Recipe(
    name="failure-vanishing",
    about="Vanishing gradients: the saturating loss against a D that learns ten times as fast, in 64 dimensions.",
    data=distant_modes(),
    generator=partial(MLPGenerator, out_dim=DISTANT_DIM, width=WIDTH, depth=1),
    discriminator=partial(critic, inputs=DISTANT_DIM, depth=1),
    prior=Prior(8),
    loss="saturating",
    g_lr=1e-3,
    d_lr=1e-2,
    batch_size=32,
    steps=480,
)

EXPLOSION = Recipe(
    name="failure-explosion",
    about="An exploding critic: the Wasserstein loss with nothing that bounds the critic's slope.",
    data=toy.ring(),
    generator=partial(MLPGenerator, width=WIDTH, depth=1),
    discriminator=partial(critic, depth=1),
    prior=Prior(2),
    loss="wasserstein",
    g_lr=1e-3,
    d_lr=1e-2,
    batch_size=32,
    steps=300,
)

CLASSES = 4


class LabelledGenerator(nn.Module):
    """G with a condition: latents (N, classes + dim) to a point and its label, (N, 2 + classes), one-hot.

    The label is drawn with the latents: it is the largest of the first ``classes`` numbers, so all are equally likely.
    """

    def __init__(self, latent_dim: int, classes: int = CLASSES) -> None:
        super().__init__()
        self.classes = classes
        self.body = MLPGenerator(latent_dim, width=WIDTH, depth=2)

    def forward(self, z: Tensor) -> Tensor:
        label = one_hot(z[:, : self.classes].argmax(1), self.classes).to(z.dtype)
        return torch.cat((self.body(torch.cat((label, z[:, self.classes :]), dim=1)), label), dim=1)


class BlindCritic(nn.Module):
    """A D that sees the point of a pair and not its label."""

    def __init__(self) -> None:
        super().__init__()
        self.body = critic()

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.body(x[:, :2]))


IGNORED = Recipe(
    name="failure-ignored",
    about="An ignored condition: G is given a label that D never compares with the sample.",
    data=toy.Labelled(toy.ring(modes=CLASSES, std=0.1)),
    generator=LabelledGenerator,
    discriminator=BlindCritic,
    prior=Prior(CLASSES + 2),
    g_lr=2e-3,
    d_lr=2e-3,
    batch_size=64,
    steps=500,
)

SIDE = 28


def upsampling_generator(latent_dim: int, resize: bool = False, width: int = 8) -> nn.Module:
    """G for digits whose two doublings have a kernel of 3 and a stride of 2, or enlarge first and convolve then."""

    def double(inputs: int, outputs: int) -> nn.Module:
        if resize:
            return ResizeConvolution(inputs, outputs, kernel=3)
        return nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1)

    return nn.Sequential(
        nn.Unflatten(1, (latent_dim, 1, 1)),
        nn.ConvTranspose2d(latent_dim, 2 * width, 7, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        double(2 * width, width),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        double(width, 1),
        nn.Tanh(),
    )


CHECKERBOARD = Recipe(
    name="failure-checkerboard",
    about="A checkerboard: transposed convolutions whose stride, 2, does not divide their kernel, 3.",
    data="digits",
    size=SIDE,
    generator=upsampling_generator,
    discriminator=partial(DCGANDiscriminator, size=SIDE, width=8, norm=False),
    prior=Prior(16),
    r1_gamma=1.0,
    g_lr=2e-3,
    d_lr=2e-3,
    batch_size=32,
    steps=20,
    scored=500,
)

MUSEUM = (
    COLLAPSE,
    replace(
        COLLAPSE,
        name="cured-collapse",
        about="The same game with minibatch discrimination: D sees that the samples of a batch are all alike.",
        discriminator=partial(critic, view=MinibatchDiscrimination),
    ),
    OSCILLATION,
    replace(
        OSCILLATION,
        name="cured-oscillation",
        about="The same game with R1, which takes the slope of D away as the fakes arrive.",
        r1_gamma=4.0,
    ),
    VANISHING,
    replace(
        VANISHING,
        name="cured-vanishing",
        about="The same game with the non-saturating loss, which pulls hardest where D is sure.",
        loss="non_saturating",
    ),
    EXPLOSION,
    replace(
        EXPLOSION,
        name="cured-explosion",
        about="The same game with a gradient penalty, which asks for a slope of one.",
        gp_weight=1.0,
    ),
    IGNORED,
    replace(
        IGNORED,
        name="cured-ignored",
        about="The same game with a D that sees the label beside the sample.",
        discriminator=partial(critic, inputs=2 + CLASSES),
    ),
    CHECKERBOARD,
    replace(
        CHECKERBOARD,
        name="cured-checkerboard",
        about="The same networks, enlarging by interpolation before an ordinary convolution.",
        generator=partial(upsampling_generator, resize=True),
    ),
)

# The cures, one by one, on ring and grid. ----------------------------------------------------------------------------


def plain(mixture: toy.Mixture, steps: int) -> Recipe:
    """A GAN without any cure, on points: what every row of the table changes one thing of."""
    return Recipe(
        name="plain",
        about="No cure.",
        data=mixture,
        generator=partial(MLPGenerator, width=64, depth=2),
        discriminator=partial(critic, width=64),
        prior=Prior(2),
        g_lr=1e-3,
        d_lr=1e-3,
        batch_size=128,
        steps=steps,
    )


def _with_critic(**changes: Any) -> Callable[[Recipe], Recipe]:
    def changed(recipe: Recipe) -> Recipe:
        kept = recipe.discriminator.keywords if isinstance(recipe.discriminator, partial) else {}
        return replace(recipe, discriminator=partial(critic, **{**kept, **changes}))

    return changed


def _supervised(recipe: Recipe) -> Recipe:
    assert isinstance(recipe.data, toy.Mixture)
    classes = len(recipe.data.centres)
    return replace(_with_critic(outputs=classes)(recipe), play=supervised_round)


def _noisy(recipe: Recipe) -> Recipe:
    return _with_critic(noise=0.3, noise_passes=3 * recipe.steps)(recipe)


CURES: dict[str, Callable[[Recipe], Recipe]] = {
    "none": lambda recipe: recipe,
    "minibatch discrimination": _with_critic(view=MinibatchDiscrimination),
    "minibatch standard deviation": _with_critic(view=MinibatchStdDev),
    "label supervision": _supervised,
    "one-sided label smoothing": lambda recipe: replace(recipe, loss=losses.smoothed(0.9)),
    "instance noise": _noisy,
    "two time scales": lambda recipe: replace(recipe, d_lr=4 * recipe.g_lr),
    "moving average (EMA)": lambda recipe: replace(recipe, ema_half_life=100 * recipe.batch_size),
    "spectral norm": _with_critic(spectral=True),
    "R1": lambda recipe: replace(recipe, r1_gamma=0.1),
    "relativistic + R1 + R2 + EMA + annealing": lambda recipe: replace(
        recipe,
        loss="relativistic",
        r1_gamma=0.1,
        r2_gamma=0.1,
        betas=(0.0, 0.9),
        ema_half_life=100 * recipe.batch_size,
        anneal_from=0.5,
    ),
}

# Stacked digits. -----------------------------------------------------------------------------------------------------


def _stacked_critic() -> nn.Module:
    """The plain D with minibatch discrimination before its last layer."""
    body = DCGANDiscriminator(channels=3, size=28, width=16).layers[:-1]
    features = 32 * 7 * 7
    return nn.Sequential(
        *body,
        nn.Flatten(),
        nn.Linear(features, 64),
        MinibatchDiscrimination(64, KERNELS, KERNEL_DIM),
        nn.Linear(64 + KERNELS, 1),
        nn.Flatten(0),
    )


STACKED = Recipe(
    name="stacked-dcgan",
    about="DCGAN on stacked digits, a thousand modes, as the paper trains it but for a larger step.",
    data="stacked-digits",
    size=28,
    generator=partial(DCGANGenerator, channels=3, size=28, width=16),
    discriminator=partial(DCGANDiscriminator, channels=3, size=28, width=16),
    prior=Prior(64),
    g_lr=1e-3,
    d_lr=1e-3,
    batch_size=64,
    steps=1000,
    scored=10_000,
    budgets={"smoke": {"steps": 20, "scored": 100}, "gpu": {"steps": 30_000, "scored": 25_600}},
)

RECIPES = (
    *MUSEUM,
    STACKED,
    replace(
        STACKED,
        name="stacked-minibatch",
        about="The same with minibatch discrimination in D.",
        discriminator=_stacked_critic,
    ),
    replace(
        STACKED,
        name="stacked-modern",
        about="The same with relativistic pairing, R1 and R2, and no BatchNorm in D.",
        discriminator=partial(DCGANDiscriminator, channels=3, size=28, width=16, norm=False),
        loss="relativistic",
        r1_gamma=2.0,
        r2_gamma=2.0,
        betas=(0.0, 0.99),
        ema_half_life=2000,
    ),
)

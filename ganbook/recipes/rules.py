"""DCGAN as its paper states it, on digits, and the same with one rule changed at a time (chapter 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce

from torch import nn

from ganbook.models import DCGANDiscriminator, DCGANGenerator, ResizeConvolution
from ganbook.models.augment import RandomShift
from ganbook.models.dcgan import initialise
from ganbook.models.surgery import replace_layers
from ganbook.recipes.recipe import Recipe
from ganbook.training.prior import Prior

__all__ = ["ABLATION", "PUBLISHED", "RECIPES"]

Change = Callable[[nn.Module], nn.Module]

WIDTH = 16
HIDDEN = 256


def _as_it_is(network: nn.Module) -> nn.Module:
    return network


def _generator(latent_dim: int, change: Change = _as_it_is) -> nn.Module:
    return change(DCGANGenerator(latent_dim, channels=1, size=28, width=WIDTH))


def _discriminator(change: Change = _as_it_is) -> nn.Module:
    return change(DCGANDiscriminator(channels=1, size=28, width=WIDTH))


PLAIN = Recipe(
    name="dcgan-plain",
    about="All rules of the paper, small enough for an ablation; only Adam's rate is larger, five times.",
    data="digits",
    size=28,
    generator=_generator,
    discriminator=_discriminator,
    prior=Prior(100, "uniform"),
    g_lr=1e-3,
    d_lr=1e-3,
    steps=500,
    budgets={"smoke": {"steps": 60, "scored": 1000}},
)


def _changed(name: str, about: str, *, g: Change = _as_it_is, d: Change = _as_it_is) -> Recipe:
    """``dcgan-plain`` with a change made to one network or both."""
    generator, discriminator = partial(_generator, change=g), partial(_discriminator, change=d)
    return replace(PLAIN, name=f"dcgan-{name}", about=about, generator=generator, discriminator=discriminator)


# Each new layer is initialised like the ones it stands beside.


def _pooling(network: nn.Module) -> nn.Module:
    def pooled(c: nn.Conv2d) -> nn.Module:
        return initialise(nn.Sequential(nn.Conv2d(c.in_channels, c.out_channels, 3, 1, 1), nn.MaxPool2d(2)))

    return replace_layers(network, nn.Conv2d, pooled, last=-1)


def _enlarging(network: nn.Module) -> nn.Module:
    def enlarged(c: nn.ConvTranspose2d) -> nn.Module:
        return initialise(ResizeConvolution(c.in_channels, c.out_channels))

    return replace_layers(network, nn.ConvTranspose2d, enlarged, first=1)


def _hidden_first(network: nn.Module) -> nn.Module:
    def widened(c: nn.ConvTranspose2d) -> nn.Module:
        shape = (c.out_channels, 7, 7)
        layers = nn.Linear(c.in_channels, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, c.out_channels * 49)
        return initialise(nn.Sequential(nn.Flatten(), *layers, nn.Unflatten(1, shape)))

    return replace_layers(network, nn.ConvTranspose2d, widened, last=1)


def _hidden_last(network: nn.Module) -> nn.Module:
    def widened(c: nn.Conv2d) -> nn.Module:
        layers = nn.Linear(c.in_channels * 49, HIDDEN), nn.LeakyReLU(0.2), nn.Linear(HIDDEN, 1)
        return initialise(nn.Sequential(nn.Flatten(), *layers))

    return replace_layers(network, nn.Conv2d, widened, first=-1)


def _no_norm(network: nn.Module) -> nn.Module:
    return replace_layers(network, nn.BatchNorm2d, lambda _: nn.Identity())


def _leaky(network: nn.Module) -> nn.Module:
    return replace_layers(network, nn.ReLU, lambda _: nn.LeakyReLU(0.2))


def _not_leaky(network: nn.Module) -> nn.Module:
    return replace_layers(network, nn.LeakyReLU, lambda _: nn.ReLU())


def _linear_output(network: nn.Module) -> nn.Module:
    return replace_layers(network, nn.Tanh, lambda _: nn.Identity())


def _torch_defaults(network: nn.Module) -> nn.Module:
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
            layer.reset_parameters()
    return network


_scale_from_zero = partial(initialise, norm_mean=0.0)

ABLATION = (
    PLAIN,
    _changed("pooling", "Pooling in D and nearest-neighbour enlarging in G.", g=_enlarging, d=_pooling),
    _changed("no-norm", "No BatchNorm in either network.", g=_no_norm, d=_no_norm),
    _changed("no-norm-g", "No BatchNorm in G.", g=_no_norm),
    _changed("no-norm-d", "No BatchNorm in D.", d=_no_norm),
    _changed("hidden", "A fully connected hidden layer in each network.", g=_hidden_first, d=_hidden_last),
    _changed("leaky-g", "LeakyReLU in G.", g=_leaky),
    _changed("relu-d", "ReLU in D.", d=_not_leaky),
    _changed("linear-output", "No tanh at the output of G.", g=_linear_output),
    _changed("torch-init", "PyTorch's own initialisation.", g=_torch_defaults, d=_torch_defaults),
    _changed("scale-0", "BatchNorm's scale drawn from N(0, 0.02).", g=_scale_from_zero, d=_scale_from_zero),
    replace(PLAIN, name="dcgan-momentum", about="Adam's default momentum, 0.9.", betas=(0.9, 0.999)),
    replace(PLAIN, name="dcgan-slow", about="The paper's learning rate, 2e-4.", g_lr=2e-4, d_lr=2e-4),
    replace(PLAIN, name="dcgan-gaussian", about="A Gaussian prior.", prior=Prior(100)),
)


def _both(*changes: Change) -> Change:
    """One change after the other."""
    return lambda network: reduce(lambda changed, change: change(changed), changes, network)


def _shifted(network: nn.Module) -> nn.Module:
    return nn.Sequential(RandomShift(2), network)


SPRINT = replace(
    PLAIN,
    name="dcgan-sprint",
    about="What the ablation recommends, twice the step, shifted images in D, an average: fast, until it stalls.",
    generator=partial(_generator, change=_both(_enlarging, _torch_defaults)),
    discriminator=partial(_discriminator, change=_both(_pooling, _torch_defaults, _shifted)),
    g_lr=2e-3,
    d_lr=2e-3,
    ema_half_life=10_000,
)

PUBLISHED = (
    Recipe(
        name="dcgan-tutorial",
        about="The settings of PyTorch's DCGAN tutorial, its networks at 28 instead of 64 pixels.",
        data="digits",
        size=28,
        generator=partial(DCGANGenerator, channels=1, size=28, width=64),
        discriminator=partial(DCGANDiscriminator, channels=1, size=28, width=64),
        prior=Prior(100),
        batch_size=128,
        steps=5 * 31,
        budgets={"smoke": {"steps": 2, "scored": 1000}},
    ),
    Recipe(
        name="dcgan-d2l",
        about="The settings of D2L's DCGAN section, its networks at 28 instead of 64 pixels.",
        data="digits",
        size=28,
        generator=partial(DCGANGenerator, channels=1, size=28, width=64, norm_mean=0.0),
        discriminator=partial(DCGANDiscriminator, channels=1, size=28, width=64, norm_mean=0.0),
        prior=Prior(100),
        g_lr=5e-3,
        d_lr=5e-3,
        batch_size=256,
        steps=20 * 15,
        budgets={"smoke": {"steps": 2, "scored": 1000}},
    ),
)

RECIPES = (*ABLATION, SPRINT, *PUBLISHED)

"""Networks that differ from others in one thing: DCGAN with a rule changed, the museum's small players, pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganbook.arguments import check_choice, check_whole
from ganbook.models.compact import Augmentation
from ganbook.models.cycle import TwoCritics, TwoTranslators
from ganbook.models.dcgan import DCGANDiscriminator, DCGANGenerator, initialise
from ganbook.models.layers import InstanceNoise, MinibatchDiscrimination, MinibatchStdDev, spectral_norm
from ganbook.models.mlp import MLPGenerator
from ganbook.models.network import Count, network
from ganbook.models.side_by_side import SideBySide
from ganbook.models.surgery import replace_layers
from ganbook.models.upsample import ResizeConvolution

__all__ = [
    "BlindCritic", "LabelledGenerator", "augmented", "critic", "dcgan_discriminator", "dcgan_generator", "side_by_side",
    "stacked_critic", "two_critics", "two_translators", "upsampling_generator",
]  # fmt: skip

HIDDEN = 256
"""Units of the fully connected layer that DCGAN leaves out."""

KERNELS, KERNEL_DIM = 8, 4
"""Numbers that minibatch discrimination appends, and the size of the space in which each compares."""

# DCGAN at 28 x 28 with rules of its paper changed; each new layer is initialised like the ones it stands beside. ------

Change = Literal["resampling", "no-norm", "hidden", "activation", "linear-output", "torch-defaults", "scale-0"]


@network
def dcgan_generator(latent_dim: int = 100, width: int = 16, changes: Sequence[Change] = ()) -> nn.Module:
    """G of DCGAN for grey 28 x 28 images, with changes made one after the other.

    Args:
        latent_dim, width: as for :class:`ganbook.models.DCGANGenerator`.
        changes: "resampling": nearest-neighbour enlarging; "no-norm"; "hidden": a fully connected layer; "activation":
            LeakyReLU; "linear-output": no tanh; "torch-defaults": PyTorch's initialisation; "scale-0": BatchNorm's
            scale drawn from N(0, 0.02).
    """
    return _changed(DCGANGenerator(latent_dim, channels=1, size=28, width=width), changes, _OF_GENERATOR)


@network
def dcgan_discriminator(width: int = 16, changes: Sequence[Change] = ()) -> nn.Module:
    """D of the same, with the same changes; its "resampling" is max-pooling, its "activation" ReLU."""
    return _changed(DCGANDiscriminator(channels=1, size=28, width=width), changes, _OF_DISCRIMINATOR)


def _changed(
    plain: nn.Module, changes: Sequence[Change], known: Mapping[str, Callable[[nn.Module], nn.Module]]
) -> nn.Module:
    for change in changes:
        check_choice(known, change=change)
        plain = known[change](plain)
    return plain


def _torch_defaults(plain: nn.Module) -> nn.Module:
    for layer in plain.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
            layer.reset_parameters()
    return plain


def _enlarging(c: nn.ConvTranspose2d) -> nn.Module:
    return initialise(ResizeConvolution(c.in_channels, c.out_channels))


def _pooling(c: nn.Conv2d) -> nn.Module:
    return initialise(nn.Sequential(nn.Conv2d(c.in_channels, c.out_channels, 3, 1, 1), nn.MaxPool2d(2)))


def _hidden_first(c: nn.ConvTranspose2d) -> nn.Module:
    layers = nn.Linear(c.in_channels, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, c.out_channels * 49)
    return initialise(nn.Sequential(nn.Flatten(), *layers, nn.Unflatten(1, (c.out_channels, 7, 7))))


def _hidden_last(c: nn.Conv2d) -> nn.Module:
    layers = nn.Linear(c.in_channels * 49, HIDDEN), nn.LeakyReLU(0.2), nn.Linear(HIDDEN, 1)
    return initialise(nn.Sequential(nn.Flatten(), *layers))


_OF_BOTH: dict[str, Callable[[nn.Module], nn.Module]] = {
    "no-norm": partial(replace_layers, kind=nn.BatchNorm2d, make=lambda _: nn.Identity()),
    "torch-defaults": _torch_defaults,
    "scale-0": partial(initialise, norm_mean=0.0),
}
_OF_GENERATOR = _OF_BOTH | {
    "resampling": partial(replace_layers, kind=nn.ConvTranspose2d, make=_enlarging, first=1),
    "hidden": partial(replace_layers, kind=nn.ConvTranspose2d, make=_hidden_first, last=1),
    "activation": partial(replace_layers, kind=nn.ReLU, make=lambda _: nn.LeakyReLU(0.2)),
    "linear-output": partial(replace_layers, kind=nn.Tanh, make=lambda _: nn.Identity()),
}
_OF_DISCRIMINATOR = _OF_BOTH | {
    "resampling": partial(replace_layers, kind=nn.Conv2d, make=_pooling, last=-1),
    "hidden": partial(replace_layers, kind=nn.Conv2d, make=_hidden_last, first=-1),
    "activation": partial(replace_layers, kind=nn.LeakyReLU, make=lambda _: nn.ReLU()),
}


@network
def augmented(of: Callable[[], nn.Module], augmentation: Augmentation) -> nn.Module:
    """``of()``, a discriminator, behind ``augmentation()``, such as a :class:`ganbook.models.RandomShift`."""
    return nn.Sequential(augmentation(), of())


# The museum's players. -----------------------------------------------------------------------------------------------


@network
def critic(
    inputs: int = 2,
    outputs: int = 0,
    width: int = 32,
    depth: Count = 2,
    view: Literal["discrimination", "deviation"] | None = None,
    spectral: bool = False,
    noise: float = 0.0,
    noise_passes: int = 0,
) -> nn.Module:
    """A small D of leaky ReLUs: points (N, inputs) to logits (N,), or (N, outputs) to class scores.

    Args:
        inputs, width, depth: size of a point; units and number of hidden layers.
        outputs: class scores per sample; 0 for one logit.
        view: a layer that sees the whole batch, before the last linear layer: minibatch discrimination, or the
            minibatch standard deviation.
        spectral: whether every linear layer has spectral norm 1.
        noise, noise_passes: instance noise on the input, see :class:`ganbook.models.layers.InstanceNoise`.
    """
    layers: list[nn.Module] = [InstanceNoise(noise, noise_passes)] if noise else []
    sizes = [inputs, *[width] * depth]
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
    last = sizes[-1]
    if view == "discrimination":
        layers.append(MinibatchDiscrimination(last, KERNELS, KERNEL_DIM))
        last += KERNELS
    elif view == "deviation":
        layers.append(MinibatchStdDev())
        last += 1
    layers.append(nn.Linear(last, outputs or 1))
    if spectral:
        layers = [spectral_norm(layer) if isinstance(layer, nn.Linear) else layer for layer in layers]
    return nn.Sequential(*layers) if outputs else nn.Sequential(*layers, nn.Flatten(0))


@network
def stacked_critic() -> nn.Module:
    """DCGAN's D for 3 x 28 x 28 images with minibatch discrimination before its last layer."""
    body = DCGANDiscriminator(channels=3, size=28, width=16).layers[:-1]
    features = 32 * 7 * 7
    view = MinibatchDiscrimination(64, KERNELS, KERNEL_DIM)
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(features, 64), view, nn.Linear(64 + KERNELS, 1), nn.Flatten(0))


@network
class LabelledGenerator(nn.Module):
    """G with a condition: latents (N, classes + dim) to a point and its label, (N, 2 + classes), one-hot.

    The label is drawn with the latents: it is the largest of the first ``classes`` numbers, so all are equally likely.
    """

    def __init__(self, latent_dim: int, classes: int = 4) -> None:
        super().__init__()
        check_whole(classes, latent_dim=latent_dim)
        self.classes = classes
        self.body = MLPGenerator(latent_dim, width=32, depth=2)

    def forward(self, z: Tensor) -> Tensor:
        label = one_hot(z[:, : self.classes].argmax(1), self.classes).to(z.dtype)
        return torch.cat((self.body(torch.cat((label, z[:, self.classes :]), dim=1)), label), dim=1)


@network
class BlindCritic(nn.Module):
    """A D that sees the point of a pair and not its label."""

    def __init__(self) -> None:
        super().__init__()
        self.body = critic()

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.body(x[:, :2]))


@network
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


# Several networks as one player. -------------------------------------------------------------------------------------


@network
def two_translators(latent_dim: int = 0, *, of: Callable[[], nn.Module]) -> nn.Module:
    """CycleGAN's G and F, each ``of()``; they take no latents (``latent_dim`` is 0)."""
    return TwoTranslators(of(), of())


@network
def two_critics(*, of: Callable[[], nn.Module]) -> nn.Module:
    """CycleGAN's two critics, each ``of()``."""
    return TwoCritics(of(), of())


@network
def side_by_side(latent_dim: int | None = None, *, of: Callable[..., nn.Module], members: int) -> nn.Module:
    """``members`` networks, each ``of(latent_dim)`` or ``of()``, side by side as one."""
    return SideBySide([of() if latent_dim is None else of(latent_dim) for _ in range(members)])

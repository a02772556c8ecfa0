"""Players that are conditioned on a caption: G(z, captions) and D(images, captions), each with its own text encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ganbook.arguments import check_tensor, shown
from ganbook.models.compact import HIDDEN, SLOPE, Augmentation, Doublings, compact_features
from ganbook.models.network import Count, network
from ganbook.models.text import ConditioningAugmentation, check_captions

__all__ = ["Modulation", "TextDiscriminator", "TextGenerator"]

TextEncoder = Callable[[], nn.Module]
"""Builds a module from captions to (N, dim), whose attribute ``dim`` says how many."""


@network
class Modulation(nn.Module):
    """Scale and shift every map by what a condition says of it: (1 + scale) x + shift (Tao et al. 2022, DF-GAN).

    Args:
        channels: of the maps.
        condition_dim: size of the condition.
    """

    def __init__(self, channels: int, condition_dim: int) -> None:
        super().__init__()
        self.both = nn.Linear(condition_dim, 2 * channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(N, channels, H, W) and (N, condition_dim) to (N, channels, H, W)."""
        check_tensor("x", x, "N", self.both.out_features // 2, "H", "W")
        check_tensor("condition", condition, len(x), self.both.in_features)
        scale, shift = self.both(condition)[:, :, None, None].chunk(2, dim=1)
        return cast(Tensor, (1 + scale) * x + shift)


class _Beside(nn.Module):
    """The condition as constant maps beside x: a 1 x 1 convolution mixes the maps of x and shifts them, no scale."""

    def __init__(self, channels: int, condition_dim: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(channels + condition_dim, channels, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        maps = condition[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return cast(Tensor, self.mix(torch.cat((x, maps), dim=1)))


class _Met(nn.Module):
    """Normalise a map over the batch, then let it meet the condition."""

    def __init__(self, channels: int, condition_dim: int, meet: Callable[[int, int], nn.Module]) -> None:
        super().__init__()
        self.norm, self.meet = nn.BatchNorm2d(channels), meet(channels, condition_dim)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return cast(Tensor, self.meet(self.norm(x), condition))


@network
class TextGenerator(nn.Module):
    """G: latent z (N, latent_dim) and N captions to images (N, channels, size, size) in (-1, 1).

    Args:
        latent_dim: size of z.
        encoder: builds the text encoder.
        how: "fusion": captions scale and shift the maps at every stage (:class:`Modulation`); "concatenation": they
            stand beside them.
        augment: draw the condition from a Gaussian around the caption's vector (:class:`ConditioningAugmentation`).
        channels, size, width: as for :class:`ganbook.models.CompactGenerator`.
    """

    def __init__(
        self,
        latent_dim: int,
        encoder: TextEncoder,
        how: Literal["fusion", "concatenation"] = "fusion",
        augment: bool = False,
        channels: int = 3,
        size: int = 28,
        width: int = 16,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.encoder, self.text_dim = _made(encoder)
        self.augmentation = ConditioningAugmentation(self.text_dim, self.text_dim) if augment else None
        condition = latent_dim + self.text_dim
        norm = partial(_Met, condition_dim=condition, meet=Modulation if how == "fusion" else _Beside)
        self.body = Doublings(condition, channels, size, width, norm)

    def forward(
        self, z: Tensor, captions: Sequence[str] | Tensor, with_kl: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Images; with ``with_kl`` also the augmentation's KL in nats, (N,), zeros without one.

        Args:
            z: (N, latent_dim).
            captions: N texts, or what :meth:`embed` made of them, (N, text_dim).
            with_kl: whether the KL is asked for.
        """
        check_tensor("z", z, "N", self.latent_dim)
        text = captions if isinstance(captions, Tensor) else self.embed(check_captions(captions, len(z)))
        check_tensor("captions", text, len(z), self.text_dim)
        kl = z.new_zeros(len(z))
        if self.augmentation is not None:
            text, kl = self.augmentation(text)
        condition = torch.cat((z, text), dim=1)
        images = self.body(condition, condition)
        return (images, kl) if with_kl else images

    def embed(self, captions: Sequence[str]) -> Tensor:
        """(N, text_dim): what the generator understands of captions; the way between two of them can be walked."""
        return cast(Tensor, self.encoder(captions))


@network
class TextDiscriminator(nn.Module):
    """D: images (N, channels, size, size) and captions to logits: is this a real image of this caption?

    Args:
        encoder: builds the text encoder.
        how: where the caption comes in. "projection": the image's features times what is understood of the caption,
            added to the logit (Miyato and Koyama 2018). "concatenation": beside the features, before a hidden layer
            (Reed et al. 2016).
        channels, size, width, augmentation, group: as for :class:`ganbook.models.CompactDiscriminator`.
    """

    def __init__(
        self,
        encoder: TextEncoder,
        how: Literal["projection", "concatenation"] = "projection",
        channels: int = 3,
        size: int = 28,
        width: int = 32,
        augmentation: Augmentation | None = None,
        group: Count = 0,
    ) -> None:
        super().__init__()
        self.how, self.shape = how, (channels, size, size)
        self.encoder, self.text_dim = _made(encoder)
        self.features = compact_features(channels, size, width, augmentation, group)
        self.project = nn.Linear(self.text_dim, HIDDEN, bias=False) if how == "projection" else None
        self.hidden = nn.Linear(HIDDEN + self.text_dim, HIDDEN) if how == "concatenation" else None
        self.last = nn.Linear(HIDDEN, 1)

    def forward(self, images: Tensor, captions: Sequence[str] | Tensor) -> Tensor:
        """Logits, one per caption.

        Args:
            images: (N, channels, size, size).
            captions: N texts, or k N of them: the i-th, the (N + i)-th, ... all describe the i-th image, whose features
                are computed once. Or what :meth:`embed` made of them.
        """
        check_tensor("images", images, "N", *self.shape)
        n = len(captions if isinstance(captions, Tensor) else check_captions(captions))
        if not n or n % len(images):
            raise ValueError(f"captions holds {n} texts: allowed is a multiple of the {len(images)} images")
        text = captions if isinstance(captions, Tensor) else self.embed(captions)
        check_tensor("captions", text, n, self.text_dim)
        features = self.features(images).repeat(n // len(images), 1)
        if self.hidden is not None:
            features = leaky_relu(self.hidden(torch.cat((features, text), dim=1)), SLOPE)
        logits = self.last(features).squeeze(1)
        if self.project is not None:
            logits = logits + (self.project(text) * features).sum(1)
        return cast(Tensor, logits)

    def embed(self, captions: Sequence[str]) -> Tensor:
        """(N, text_dim): what the discriminator understands of captions; equal ones are read once."""
        number = {caption: i for i, caption in enumerate(dict.fromkeys(captions))}
        which = torch.tensor([number[caption] for caption in captions])
        return cast(Tensor, self.encoder(tuple(number))[which.to(self.last.weight.device, non_blocking=True)])


def _made(encoder: TextEncoder) -> tuple[nn.Module, int]:
    made = encoder()
    dim = getattr(made, "dim", None)
    if not isinstance(made, nn.Module) or not isinstance(dim, int) or dim < 1:
        raise TypeError(f"encoder made {shown(made)}: allowed is a module with its size in an attribute dim")
    return made, dim

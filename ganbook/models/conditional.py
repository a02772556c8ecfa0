"""Players that are told a class: five ways of telling them, on the compact networks of chapter 6.

The generator takes (z, labels), the discriminator (images, labels); an auxiliary classifier takes images only, and
says what it sees.
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganbook.models.compact import GROWTH, HIDDEN, check_size, compact_features, initialise
from ganbook.models.network import network
from ganbook.models.shapes import check_at_least, check_labels, check_shape
from ganbook.models.upsample import ResizeConvolution

__all__ = [
    "AuxiliaryDiscriminator",
    "ConditionalBatchNorm2d",
    "ConditionalDiscriminator",
    "ConditionalGenerator",
]

EMBEDDING = 16
"""Numbers that a class is embedded in."""


@network
class ConditionalBatchNorm2d(nn.Module):
    """BatchNorm whose scale and shift are looked up by class (Dumoulin et al. 2017; Miyato and Koyama 2018).

    The mean and the variance are still those of the whole batch, of all classes.

    Args:
        channels: of the map.
        classes: number of classes.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        check_at_least(1, channels=channels, classes=classes)
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale, self.shift = nn.Embedding(classes, channels), nn.Embedding(classes, channels)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """(N, channels, H, W) and (N,) classes to (N, channels, H, W)."""
        scale, shift = (table(labels)[:, :, None, None] for table in (self.scale, self.shift))
        return cast(Tensor, scale * self.norm(x) + shift)


class _PlainBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm that ignores the labels."""

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return super().forward(x)


@network
class ConditionalGenerator(nn.Module):
    """G: latent z (N, latent_dim) and classes (N,) to images (N, channels, size, size) in (-1, 1).

    Args:
        latent_dim: size of z.
        classes: number of classes.
        how: where the class comes in. "concatenation": a one-hot code beside z (Mirza and Osindero 2014).
            "embedding": learned numbers beside z. "batchnorm": it scales and shifts every map.
        channels, size, width: as for :class:`ganbook.models.CompactGenerator`.
    """

    def __init__(
        self,
        latent_dim: int = 64,
        classes: int = 10,
        how: Literal["concatenation", "embedding", "batchnorm"] = "batchnorm",
        channels: int = 1,
        size: int = 28,
        width: int = 16,
    ) -> None:
        super().__init__()
        check_at_least(1, latent_dim=latent_dim, classes=classes, channels=channels, width=width)
        if how not in ("concatenation", "embedding", "batchnorm"):
            raise ValueError(f"how is {how!r}: allowed is 'concatenation', 'embedding' or 'batchnorm'")
        self.latent_dim, self.classes, self.how = latent_dim, classes, how
        self.start, wide = check_size(size), GROWTH * width
        self.embedding = nn.Embedding(classes, EMBEDDING) if how == "embedding" else None
        beside_z = {"concatenation": classes, "embedding": EMBEDDING, "batchnorm": 0}[how]
        self.first = nn.Linear(latent_dim + beside_z, wide * self.start**2, bias=False)
        self.norm1 = self._norm(wide)
        self.middle = ResizeConvolution(wide, width, bias=False)
        self.norm2 = self._norm(width)
        self.last = ResizeConvolution(width, channels)
        initialise(self)

    def _norm(self, channels: int) -> nn.Module:
        if self.how == "batchnorm":
            return ConditionalBatchNorm2d(channels, self.classes)
        return _PlainBatchNorm2d(channels)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        check_shape("z", z, self.latent_dim)
        check_labels(labels, len(z))
        if self.how == "concatenation":
            z = torch.cat((z, one_hot(labels, self.classes).to(z.dtype)), dim=1)
        elif self.embedding is not None:
            z = torch.cat((z, self.embedding(labels)), dim=1)
        x = self.first(z).unflatten(1, (-1, self.start, self.start))
        x = self.middle(torch.relu(self.norm1(x, labels)))
        return torch.tanh(self.last(torch.relu(self.norm2(x, labels))))


@network
class ConditionalDiscriminator(nn.Module):
    """D: images (N, channels, size, size) and classes (N,) to logits (N,).

    Args:
        classes: number of classes.
        how: where the class comes in. "concatenation": one more map a class, ones for the image's own and zeros for the
            others (Mirza and Osindero 2014). "embedding": one more map, learned for each class.
            "projection": the image's features times a vector of the class, added to the logit (Miyato and Koyama 2018).
        channels, size, width, shift, group: as for :class:`ganbook.models.CompactDiscriminator`.
    """

    def __init__(
        self,
        classes: int = 10,
        how: Literal["concatenation", "embedding", "projection"] = "projection",
        channels: int = 1,
        size: int = 28,
        width: int = 16,
        shift: int = 2,
        group: int = 4,
    ) -> None:
        super().__init__()
        check_at_least(1, classes=classes, channels=channels, width=width, group=group)
        if how not in ("concatenation", "embedding", "projection"):
            raise ValueError(f"how is {how!r}: allowed is 'concatenation', 'embedding' or 'projection'")
        self.classes, self.how, self.shape = classes, how, (channels, size, size)
        beside_x = {"concatenation": classes, "embedding": 1, "projection": 0}[how]
        numbers = {"concatenation": 0, "embedding": size**2, "projection": HIDDEN}[how]
        self.embedding = nn.Embedding(classes, numbers) if numbers else None
        self.features = compact_features(channels + beside_x, size, width, shift, group)
        self.last = nn.Linear(HIDDEN, 1)
        initialise(self)
        if how == "projection":
            assert self.embedding is not None
            nn.init.normal_(self.embedding.weight, 0, HIDDEN**-0.5)  # a product as large as the rest of the logit

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        check_shape("x", x, *self.shape)
        check_labels(labels, len(x))
        features = self.features(self._beside(x, labels))
        logits = self.last(features).squeeze(1)
        if self.how == "projection":
            assert self.embedding is not None
            logits = logits + (self.embedding(labels) * features).sum(1)
        return cast(Tensor, logits)

    def _beside(self, x: Tensor, labels: Tensor) -> Tensor:
        side = x.shape[-1]
        if self.how == "concatenation":
            maps = one_hot(labels, self.classes).to(x.dtype)[:, :, None, None].expand(-1, -1, side, side)
            return torch.cat((x, maps), dim=1)
        if self.how == "embedding":
            assert self.embedding is not None
            return torch.cat((x, self.embedding(labels).view(-1, 1, side, side)), dim=1)
        return x


@network
class AuxiliaryDiscriminator(nn.Module):
    """D that is not told the class but names it (Odena et al. 2017): images to logits (N,) and scores (N, classes).

    The class scores are logits too: a cross-entropy takes them as they are, without a softmax.

    Args:
        classes, channels, size, width, shift, group: as for :class:`ConditionalDiscriminator`.
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 1,
        size: int = 28,
        width: int = 16,
        shift: int = 2,
        group: int = 4,
    ) -> None:
        super().__init__()
        check_at_least(1, classes=classes, channels=channels, width=width, group=group)
        self.shape = (channels, size, size)
        self.features = compact_features(channels, size, width, shift, group)
        self.real, self.named = nn.Linear(HIDDEN, 1), nn.Linear(HIDDEN, classes)
        initialise(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        check_shape("x", x, *self.shape)
        features = self.features(x)
        return self.real(features).squeeze(1), self.named(features)

"""Players that are conditioned on a class, in five ways, on the compact networks of chapter 6.

The generator takes (z, labels), the discriminator (images, labels); an auxiliary classifier takes images only, and
says what it sees.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganbook.arguments import check_tensor
from ganbook.models.compact import HIDDEN, Augmentation, Doublings, Norm, compact_features
from ganbook.models.network import Count, network

__all__ = ["AuxiliaryDiscriminator", "ConditionalBatchNorm2d", "ConditionalDiscriminator", "ConditionalGenerator"]

EMBEDDING = 16
"""Numbers that a class is embedded in."""

SMALL = 0.05
"""Standard deviation of the vectors that features are multiplied with, at the start."""

Embedding = Callable[[Tensor], Tensor]
"""(N,) classes to (N, k) numbers: learned, or ones and zeros."""


def _check_labels(labels: Tensor, n: int, classes: int) -> None:
    check_tensor("labels", labels, n, kind="int64")
    # On an accelerator, a look at the numbers would wait for all the work before it.
    if labels.device.type == "cpu" and n and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(f"labels holds {int(labels.min())} to {int(labels.max())}: allowed is 0 to {classes - 1}")


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
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale, self.shift = nn.Embedding(classes, channels), nn.Embedding(classes, channels)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """(N, channels, H, W) and (N,) classes to (N, channels, H, W)."""
        check_tensor("x", x, "N", self.norm.num_features, "H", "W")
        _check_labels(labels, len(x), self.scale.num_embeddings)
        tables = (self.scale, self.shift)
        scale, shift = (table(labels)[:, :, None, None] for table in tables)
        return cast(Tensor, scale * self.norm(x) + shift)


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
        how: Literal["concatenation", "embedding", "batchnorm"] = "concatenation",
        channels: int = 1,
        size: int = 28,
        width: int = 16,
    ) -> None:
        super().__init__()
        self.latent_dim, self.classes, self.how = latent_dim, classes, how
        self.embedding: Embedding | None = None
        beside_z = 0
        if how == "concatenation":
            self.embedding, beside_z = partial(one_hot, num_classes=classes), classes
        elif how == "embedding":
            self.embedding, beside_z = nn.Embedding(classes, EMBEDDING), EMBEDDING
        norm = partial(ConditionalBatchNorm2d, classes=classes) if how == "batchnorm" else Norm
        self.body = Doublings(latent_dim + beside_z, channels, size, width, norm)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        check_tensor("z", z, "N", self.latent_dim)
        _check_labels(labels, len(z), self.classes)
        if self.embedding is not None:
            z = torch.cat((z, self.embedding(labels).to(z.dtype)), dim=1)
        return cast(Tensor, self.body(z, labels))


@network
class ConditionalDiscriminator(nn.Module):
    """D: images (N, channels, size, size) and classes (N,) to logits (N,).

    Args:
        classes: number of classes.
        how: where the class comes in. "concatenation": one more map per class, ones for the image's own and zeros
            for the others (Mirza and Osindero 2014). "embedding": one more map, learned for each class.
            "projection": the image's features times a vector of the class, added to the logit (Miyato and Koyama 2018).
        channels, size, width, augmentation, group: as for :class:`ganbook.models.CompactDiscriminator`.
    """

    def __init__(
        self,
        classes: int = 10,
        how: Literal["concatenation", "embedding", "projection"] = "projection",
        channels: int = 1,
        size: int = 28,
        width: int = 32,
        augmentation: Augmentation | None = None,
        group: Count = 0,
    ) -> None:
        super().__init__()
        self.classes, self.how, self.shape = classes, how, (channels, size, size)
        self.embedding: Embedding
        self.maps: tuple[int, int, int] | None = None  # the shape of a class's numbers beside an image's channels
        if how == "concatenation":
            self.embedding, self.maps = partial(one_hot, num_classes=classes), (classes, 1, 1)
        elif how == "embedding":
            self.embedding, self.maps = nn.Embedding(classes, size**2), (1, size, size)
        else:
            self.embedding = vectors = nn.Embedding(classes, HIDDEN)
        channels += self.maps[0] if self.maps else 0
        self.features = compact_features(channels, size, width, augmentation, group)
        self.last = nn.Linear(HIDDEN, 1)
        if how == "projection":
            nn.init.normal_(vectors.weight, 0, SMALL)  # the logit begins as the image's alone

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        check_tensor("x", x, "N", *self.shape)
        _check_labels(labels, len(x), self.classes)
        numbers = self.embedding(labels)
        if self.maps is None:
            features = self.features(x)
            return cast(Tensor, self.last(features).squeeze(1) + (numbers * features).sum(1))
        maps = numbers.to(x.dtype).view(len(x), *self.maps).expand(-1, -1, *x.shape[2:])
        return cast(Tensor, self.last(self.features(torch.cat((x, maps), dim=1)))).squeeze(1)


@network
class AuxiliaryDiscriminator(nn.Module):
    """D that does not see the class but names it (Odena et al. 2017): images to logits (N,) and scores (N, classes).

    The class scores are logits too: a cross-entropy takes them as they are, without a softmax.

    Args:
        classes, channels, size, width, augmentation, group: as for :class:`ConditionalDiscriminator`.
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 1,
        size: int = 28,
        width: int = 32,
        augmentation: Augmentation | None = None,
        group: Count = 0,
    ) -> None:
        super().__init__()
        self.shape = (channels, size, size)
        self.features = compact_features(channels, size, width, augmentation, group)
        self.real, self.named = nn.Linear(HIDDEN, 1), nn.Linear(HIDDEN, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        check_tensor("x", x, "N", *self.shape)
        features = self.features(x)
        return self.real(features).squeeze(1), self.named(features)

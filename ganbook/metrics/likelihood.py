"""Likelihoods of grey images in bits, so that models with and without a density of their own can be compared."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ganbook.arguments import check_number, check_tensor, check_whole

__all__ = ["GreyTable", "bits_per_dimension"]

GREYS = 256


def bits_per_dimension(nats: Tensor, images: Tensor) -> float:
    """Mean of ``nats`` (N,), one number per image, in bits per pixel and channel of ``images`` (N, C, H, W).

    >>> round(bits_per_dimension(torch.tensor([math.log(2) * 784]), torch.zeros(1, 1, 28, 28)), 3)
    1.0
    """
    check_tensor("images", images, "N", "C", "H", "W", kind="any")
    check_tensor("nats", nats, max(1, len(images)), finite=True)
    return nats.cpu().double().mean().item() / (math.log(2) * images[0].numel())


class GreyTable:
    """p(grey level | predicted grey): how often a pixel took each of 256 levels where about this grey was predicted.

    A model's last step, from a predicted image to the bytes of a real one, as a table of counts. It is a distribution
    whatever the prediction, so a bound that ends with it is a bound; it is fitted on training images.

    Args:
        predicted: float images in [-1, 1], of any shape; values outside count as the ends.
        images: uint8, of the same shape.
        bins: into which the predicted greys are sorted, from -1 to 1.
        extra: counts that every level is given beforehand, so that none has probability 0.
    """

    def __init__(self, predicted: Tensor, images: Tensor, bins: int = 64, extra: float = 0.5) -> None:
        check_whole(1, 10 * GREYS, bins=bins)
        check_number(above=0, extra=extra)
        self.bins = bins
        cells = self._cells(predicted, images)
        counts = torch.bincount(cells.flatten(), minlength=bins * GREYS).cpu().double().view(bins, GREYS) + extra
        self.log_probabilities = (counts / counts.sum(1, keepdim=True)).log()
        """(bins, 256) in nats; each row is a distribution."""

    def nats(self, predicted: Tensor, images: Tensor) -> Tensor:
        """-log p(image | predicted image), summed over an image's pixels: (N,)."""
        cells = self._cells(predicted, images)
        return -self.log_probabilities.flatten()[cells.cpu()].flatten(1).sum(1)

    def _cells(self, predicted: Tensor, images: Tensor) -> Tensor:
        check_tensor("predicted", predicted, finite=True)
        check_tensor("images", images, *predicted.shape, kind="uint8", finite=True)
        row = ((predicted + 1) / 2 * self.bins).long().clamp(0, self.bins - 1)
        return row * GREYS + images.long()

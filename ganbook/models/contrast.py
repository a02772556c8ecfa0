"""The translator of CUT (Park et al. 2020): one way only, and the same place compared before and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from ganbook.arguments import check_tensor
from ganbook.models.network import network
from ganbook.models.unet import UNet

__all__ = ["Contrast", "ContrastiveTranslator", "Places", "contrastive_translator"]


class Places(NamedTuple):
    """What a translator's first half sees at some places of an image and of its translation, one pair a map.

    Attributes:
        before: of the image, (N, S, C) unit vectors without gradients, map by map.
        after: of the translation at the same places.
    """

    before: list[Tensor]
    after: list[Tensor]


class Contrast(NamedTuple):
    """What one translator makes of sources x and targets y, (N, C, H, W) both: G(x), G(y), and places of both."""

    fake_target: Tensor
    target_kept: Tensor
    of_sources: Places
    of_targets: Places


@network
class ContrastiveTranslator(nn.Module):
    """G: sources to targets, with as many channels in as out.

    Called with sources alone it translates; called with targets too it returns the whole :class:`Contrast`, in one
    pass, which is what keeps the gradients of several processes together.

    Args:
        translator: a U-Net, whose way down is what compares: the image itself and the map after each of its stages.
        places: compared in a map, the same for all images of a batch; all of a map that has fewer.
        dim: numbers that a small network of each map makes of a place.
    """

    def __init__(self, translator: UNet, places: int = 64, dim: int = 64) -> None:
        super().__init__()
        self.translator, self.places = translator, places
        maps = [translator.shape[0], *(self._channels(stage) for stage in translator.down)]
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(channels, dim), nn.ReLU(), nn.Linear(dim, dim)) for channels in maps
        )

    @staticmethod
    def _channels(stage: nn.Module) -> int:
        return next(layer.out_channels for layer in stage.modules() if isinstance(layer, nn.Conv2d))

    def forward(self, sources: Tensor, targets: Tensor | None = None) -> Tensor | Contrast:
        check_tensor("sources", sources, "N", "C", "H", "W")
        fake = cast(Tensor, self.translator(sources))
        if targets is None:
            return fake
        check_tensor("targets", targets, "M", *sources.shape[1:])
        kept = cast(Tensor, self.translator(targets))
        return Contrast(fake, kept, self.compared(sources, fake), self.compared(targets, kept))

    def compared(self, before: Tensor, after: Tensor) -> Places:
        """The same places of images and of their translations, (N, C, H, W) both; torch's random numbers choose."""
        with torch.no_grad():
            maps = self._maps(before)
            where = [torch.randperm(of[0, 0].numel(), device=of.device)[: self.places] for of in maps]
            keys = self._at(maps, where)
        return Places(keys, self._at(self._maps(after), where))

    def _maps(self, images: Tensor) -> list[Tensor]:
        maps = [images]
        for stage in self.translator.down:
            maps.append(stage(maps[-1]))
        return maps

    def _at(self, maps: list[Tensor], where: list[Tensor]) -> list[Tensor]:
        found = []
        for of, places, head in zip(maps, where, self.heads, strict=True):
            chosen = of.flatten(2)[:, :, places]
            found.append(normalize(head(chosen.transpose(1, 2)), dim=2))
        return found


@network
def contrastive_translator(latent_dim: int = 0, *, of: Callable[[], UNet]) -> nn.Module:
    """CUT's G, of the U-Net ``of()``; it takes no latents (``latent_dim`` is 0)."""
    return ContrastiveTranslator(of())

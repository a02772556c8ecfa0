"""CycleGAN's players: two translators that undo each other, two critics, and a pool of images already made."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from ganbook.arguments import check_place, check_tensor, check_whole
from ganbook.models.network import Count, network

__all__ = ["Cycle", "ImagePool", "TwoCritics", "TwoTranslators"]


class Cycle(NamedTuple):
    """What two translators make of sources x and targets y, each (N, C, H, W).

    In this order: G(x), F(y), F(G(x)), G(F(y)), and what is there already asked for once more, G(y) and F(x).
    """

    fake_target: Tensor
    fake_source: Tensor
    source_again: Tensor
    target_again: Tensor
    target_kept: Tensor
    source_kept: Tensor


@network
class TwoTranslators(nn.Module):
    """G: sources to targets, F: targets to sources, both with as many channels in as out.

    Called with sources alone it translates them with G; called with targets too it returns the whole :class:`Cycle`, in
    one pass, which is what keeps the gradients of several processes together.

    Args:
        there, back: G and F.
    """

    def __init__(self, there: nn.Module, back: nn.Module) -> None:
        super().__init__()
        self.there, self.back = there, back

    def forward(self, sources: Tensor, targets: Tensor | None = None) -> Tensor | Cycle:
        check_tensor("sources", sources, "N", "C", "H", "W")
        if targets is None:
            return cast(Tensor, self.there(sources))
        check_tensor("targets", targets, "M", *sources.shape[1:])
        # One kind of image at a time: BatchNorm would mix the statistics of two.
        fake_target, fake_source = self.each_way(sources, targets)
        again = self.back(fake_target), self.there(fake_source)
        return Cycle(fake_target, fake_source, *again, self.there(targets), self.back(sources))

    def each_way(self, sources: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """G(sources) and F(targets)."""
        return self.there(sources), self.back(targets)


@network
class TwoCritics(nn.Module):
    """One critic per domain: images of the source's and of the target's kind to their logits.

    Args:
        sources, targets: the two critics.
    """

    def __init__(self, sources: nn.Module, targets: nn.Module) -> None:
        super().__init__()
        self.sources, self.targets = sources, targets

    def forward(self, sources: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        return self.sources(sources), self.targets(targets)


@network
class ImagePool(nn.Module):
    """Images that were generated earlier (Shrivastava et al. 2017), so that a critic does not forget them.

    Until it is full, the pool keeps and returns what it is given. Then each image, with probability one half, changes
    places with one that was kept. The images are part of the module's state, so a resumed run has the same pool.

    Args:
        shape: of an image, (C, H, W).
        size: most images kept; 0 returns every batch as it is.
    """

    def __init__(self, shape: tuple[int, int, int], size: Count = 50) -> None:
        super().__init__()
        check_whole(1, C=shape[0], H=shape[1], W=shape[2])
        self.size = size
        self.register_buffer("images", torch.zeros(size, *shape))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))
        self._filled = 0  # the same on the host, which would wait for an accelerator's answer
        self.register_load_state_dict_post_hook(_count)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def query(self, images: Tensor) -> Tensor:
        """(N, C, H, W), some of them from earlier batches; random numbers are torch's global ones."""
        check_tensor("images", images, "N", *self.get_buffer("images").shape[1:])
        check_place("images", images, self.get_buffer("images"))
        kept = self.get_buffer("images")
        given = images.detach().clone()
        if not self.size:
            return given
        for i, image in enumerate(images.detach()):
            if self._filled < self.size:
                kept[self._filled] = image
                self._filled += 1
            elif torch.rand((), device="cpu") < 0.5:
                place = int(torch.randint(self.size, (), device="cpu"))
                given[i] = kept[place]
                kept[place] = image
        self.get_buffer("filled").fill_(self._filled)
        return given


def _count(pool: ImagePool, _keys: object) -> None:
    pool._filled = int(pool.get_buffer("filled"))

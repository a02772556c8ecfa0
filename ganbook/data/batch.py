"""What a training round receives, and in which order.

The order is a pure function of the seed and the step, so a resumed run draws the batches that
an uninterrupted one would have drawn, and every process of a distributed run agrees on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor

from ganbook.arguments import check_whole

__all__ = ["Batch", "index_batches", "step_generator"]


@dataclass(frozen=True)
class Batch:
    """Real samples and what is known of them.

    Attributes:
        real: float samples, images (N, C, H, W) in [-1, 1] or points (N, dim).
        labels: (N,) int64 classes, where the set has them.
        sources: images to translate from, like ``real``, where the set has them.
        captions: one text per sample, where the set has them.
    """

    real: Tensor
    labels: Tensor | None = None
    sources: Tensor | None = None
    captions: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.real)

    def at(self, rows: slice) -> Batch:
        """The samples of a slice, with all that is known of them."""
        known = (self.labels, self.sources, self.captions)
        return Batch(self.real[rows], *(None if part is None else part[rows] for part in known))  # type: ignore[arg-type]

    def split(self, k: int) -> tuple[Batch, ...]:
        """``k`` batches of equal size, in order; ValueError where they cannot be equal."""
        check_whole(1, k=k)
        if len(self) % k:
            raise ValueError(f"batch has {len(self)} samples: allowed is a multiple of {k}, to be split into as many")
        m = len(self) // k
        return tuple(self.at(slice(i * m, (i + 1) * m)) for i in range(k))

    def labelled(self) -> Tensor:
        """The labels; ValueError where the set has none."""
        if self.labels is None:
            raise ValueError("batch has no labels: allowed is a data set with classes")
        return self.labels

    def paired(self) -> Tensor:
        """The sources; ValueError where the set has none."""
        if self.sources is None:
            raise ValueError("batch has no sources: allowed is a data set of pairs, such as 'emoji-lines'")
        return self.sources

    def described(self) -> tuple[str, ...]:
        """The captions; ValueError where the set has none."""
        if self.captions is None:
            raise ValueError("batch has no captions: allowed is a data set with texts, such as 'captioned-digits'")
        return self.captions


def step_generator(seed: int, step: int) -> torch.Generator:
    """A CPU random generator that depends on nothing but ``seed`` and ``step``, both 0 or more."""
    check_whole(seed=seed, step=step)
    # torch's CPU generator keeps only the low 32 bits of its seed, so the two are hashed into them.
    (hashed,) = np.random.SeedSequence(int(seed), spawn_key=(int(step),)).generate_state(1)
    return torch.Generator().manual_seed(int(hashed))


def index_batches(
    n: int, batch_size: int, seed: int = 0, start: int = 0, rank: int = 0, world: int = 1
) -> Iterator[Tensor]:
    """Index batches without end: a new permutation each epoch, the incomplete last batch dropped.

    Args:
        n: number of samples.
        batch_size: indices per step, over all processes.
        start: the first step to yield.
        rank, world: this process takes every ``world``-th index of a batch, from ``rank`` on.

    Raises:
        ValueError: if ``batch_size`` is not in 1..n or not a multiple of ``world``, or ``rank`` is not below it.
    """
    check_whole(1, n, batch_size=batch_size)
    check_order(batch_size, start, rank, world)
    return _index_batches(n, batch_size, seed, start, rank, world)


def _index_batches(n: int, batch_size: int, seed: int, start: int, rank: int, world: int) -> Iterator[Tensor]:
    per_epoch = n // batch_size
    epoch, order = -1, torch.empty(0)
    for step in count(start):
        if step // per_epoch != epoch:
            epoch = step // per_epoch
            order = torch.randperm(n, generator=step_generator(seed, epoch))
        at = step % per_epoch * batch_size
        yield order[at : at + batch_size][rank::world]


def check_order(batch_size: int, start: int, rank: int, world: int) -> None:
    """Raise unless every one of ``world`` processes gets the same share of a batch, and ``rank`` is one of them."""
    check_whole(1, batch_size=batch_size, world=world)
    check_whole(start=start)
    check_whole(0, world - 1, rank=rank)
    if batch_size % world:
        raise ValueError(f"batch_size is {batch_size}: allowed is a multiple of the {world} processes")

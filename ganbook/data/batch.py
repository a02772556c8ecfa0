"""What a training round receives, and in which order.

The order is a pure function of the seed and the step, so a resumed run draws the batches that
an uninterrupted one would have drawn, and every process of a distributed run agrees on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganbook.arguments import check_tensor, check_whole

__all__ = ["MOVED", "Batch", "Order", "step_generator"]

MOVED, _MIXED, _OF_A_CLASS = 1, 2, 3
"""Purposes of random numbers, besides the order of an epoch; a class's purpose is the last one and its number."""


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
        return self._with(lambda part: part[rows])

    def to(self, device: torch.device) -> Batch:
        """The same batch with its tensors on ``device``."""
        return self._with(lambda part: part.to(device, non_blocking=True) if isinstance(part, Tensor) else part)

    def _with(self, change: Callable[[Any], Any]) -> Batch:
        parts = (self.real, self.labels, self.sources, self.captions)
        changed: list[Any] = [None if part is None else change(part) for part in parts]
        return Batch(*changed)

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
            raise ValueError("batch has no labels: the round needs a data set with classes")
        return self.labels

    def paired(self) -> Tensor:
        """The sources; ValueError where the set has none."""
        if self.sources is None:
            raise ValueError("batch has no sources: the round needs a data set of pairs, such as 'emoji-lines'")
        return self.sources

    def described(self) -> tuple[str, ...]:
        """The captions; ValueError where the set has none."""
        if self.captions is None:
            raise ValueError("batch has no captions: the round needs a data set with texts, such as 'captioned-digits'")
        return self.captions


def step_generator(seed: int, step: int, purpose: int = 0) -> torch.Generator:
    """A CPU random generator that depends on nothing but ``seed``, ``step`` and ``purpose``, all 0 or more.

    What is drawn for another purpose has nothing in common with it.
    """
    check_whole(seed=seed, step=step, purpose=purpose)
    # torch's CPU generator keeps only the low 32 bits of its seed, so the numbers are hashed into them.
    key = (int(step), int(purpose)) if purpose else (int(step),)
    (hashed,) = np.random.SeedSequence(int(seed), spawn_key=key).generate_state(1)
    return torch.Generator().manual_seed(int(hashed))


@dataclass(frozen=True)
class Order:
    """Which samples a process reads in which step.

    Attributes:
        batch_size: samples per step, over all processes.
        seed: of the order.
        start: the first step.
        rank, world: this process takes every ``world``-th sample of a batch, from ``rank`` on.

    Raises:
        ValueError: if ``rank`` is not below ``world``, or ``batch_size`` not a multiple of it.
    """

    batch_size: int
    seed: int = 0
    start: int = 0
    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        check_whole(seed=self.seed, start=self.start)
        check_whole(1, batch_size=self.batch_size, world=self.world)
        check_whole(0, self.world - 1, rank=self.rank)
        if self.batch_size % self.world:
            raise ValueError(f"batch_size is {self.batch_size}: allowed is a multiple of the {self.world} processes")

    def indices(self, n: int, mixed: Callable[[torch.Generator], Tensor] | None = None) -> Iterator[Tensor]:
        """This process's indices into ``n`` samples, step by step without end; ValueError if a batch has more.

        Each epoch is a new permutation, and its incomplete last batch is dropped.

        Args:
            mixed: makes an epoch's permutation (n,) of its random numbers; by default any is as likely as any other.
        """
        check_whole(1, n, batch_size=self.batch_size)
        per_epoch = n // self.batch_size
        for step in count(self.start):
            if step == self.start or step % per_epoch == 0:
                chance = step_generator(self.seed, step // per_epoch)
                order = torch.randperm(n, generator=chance) if mixed is None else mixed(chance)
            at = step % per_epoch * self.batch_size
            yield order[at : at + self.batch_size][self.rank :: self.world]

    def balanced(self, labels: Tensor) -> Iterator[Tensor]:
        """As :meth:`indices`, but every class comes as often as any other, however few samples it has.

        Places go round the classes; a class's samples are permuted anew whenever all of them were drawn.

        Args:
            labels: (N,) int64, the class of each sample.
        """
        check_tensor("labels", labels, "N", kind="int64")
        check_whole(1, len(labels), batch_size=self.batch_size)
        members = [(labels == one).nonzero().flatten() for one in sorted(set(labels.tolist()))]
        orders: dict[int, tuple[int, Tensor]] = {}  # by class: its epoch, and the permutation of that epoch

        def drawn(place: int) -> Tensor:
            turn, one = divmod(place, len(members))
            epoch, at = divmod(turn, len(members[one]))
            if orders.get(one, (-1, None))[0] != epoch:
                chance = step_generator(self.seed, epoch, _OF_A_CLASS + one)
                orders[one] = epoch, members[one][torch.randperm(len(members[one]), generator=chance)]
            return orders[one][1][at]

        for step in count(self.start):
            first = step * self.batch_size
            chosen = torch.stack([drawn(place) for place in range(first, first + self.batch_size)])
            # Mixed, or a process would get some of the classes only.
            mixed = torch.randperm(self.batch_size, generator=step_generator(self.seed, step, _MIXED))
            yield chosen[mixed][self.rank :: self.world]

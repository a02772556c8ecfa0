"""The state of the two players, and the two verbs that update them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.optim import Adam, Optimizer
from torch.optim.swa_utils import AveragedModel

from ganbook import losses
from ganbook.losses import AdversarialLoss
from ganbook.penalties import Critic
from ganbook.training.prior import Prior

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["Game", "Penalty", "adam", "frozen"]

Judge = Callable[[Callable[..., Any], Tensor], Tensor]
"""(critic, images) to one logit an image, or one a patch."""

Penalty = Callable[[Critic, Tensor, Tensor], Tensor]
"""(critic, real, fake) to a scalar that is added to the discriminator's loss."""

EMA_RAMP_UP = 0.05
"""The average's half-life is at most this share of the images seen, so a young average forgets its start
(Karras et al. 2020, official code)."""

CALIBRATION_LATENTS = 2048
"""Latents from which the averaged generator's BatchNorm statistics are computed."""


def adam(network: nn.Module, lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999)) -> Adam:
    """Adam with DCGAN's settings, in one fused kernel where the device has it (a fifth off a small round's time)."""
    device = next(network.parameters()).device.type
    return Adam(network.parameters(), lr=lr, betas=betas, fused=device in ("cpu", "cuda"))


class Game:
    """Two networks, their optimisers, the prior, the losses and the generator's moving average.

    A generator may also play alone, against nothing but the data: a game of one player.

    Args:
        generator: maps latents (N, prior.dim) to samples.
        discriminator: maps samples to logits (N,); None for a game of one player.
        prior: where latents come from; None for a generator that takes none.
        loss: a pair of losses, or its name.
        penalty: added to the discriminator's loss, such as
            ``lambda critic, real, fake: penalties.r1(critic, real, gamma=0.1)``.
        g_optimizer, d_optimizer: default :func:`adam`.
        ema_half_life: half-life, in images, of the moving average of the generator's weights; 0 for none.
        classes: number of classes that the generator is told as (z, labels); 0 for a generator that is told none.
        memory: what a round keeps from one call to the next, such as an image pool; part of the game's state.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module | None,
        *,
        prior: Prior | None,
        loss: AdversarialLoss | str = "non_saturating",
        penalty: Penalty | None = None,
        g_optimizer: Optimizer | None = None,
        d_optimizer: Optimizer | None = None,
        ema_half_life: float = 0,
        classes: int = 0,
        memory: Mapping[str, nn.Module] | None = None,
    ) -> None:
        self.generator = generator
        self._discriminator = discriminator
        self.prior = prior
        self.loss = losses.get(loss) if isinstance(loss, str) else loss
        self.g_optimizer = g_optimizer or adam(generator)
        self.d_optimizer = None if discriminator is None else d_optimizer or adam(discriminator)
        self.ema_half_life = ema_half_life
        self.classes = classes
        self.memory: dict[str, Any] = dict(memory or {})
        self.step = 0
        self._batch_size = 0  # of this round, over all processes: set by the latents drawn for it
        self._penalty = penalty
        self._accelerator: Accelerator | None = None
        self._average = (
            AveragedModel(generator, avg_fn=self._lean_towards, use_buffers=False) if ema_half_life else None
        )

    # What a round uses.

    @property
    def discriminator(self) -> nn.Module:
        """The second player.

        Raises:
            ValueError: in a game of one player.
        """
        if self._discriminator is None:
            raise ValueError("discriminator is None: allowed in a round of one player is the generator")
        return self._discriminator

    @property
    def critic(self) -> nn.Module:
        """The discriminator past autocast and the distributed wrapper, with the same weights: what penalties are taken
        of, in float32; their gradient joins the loss's in the one backward pass, which is where gradients are averaged.
        """
        network = _unwrapped(self.discriminator)
        if not hasattr(network, "_original_forward"):  # where accelerate keeps it
            return network
        plain = copy.copy(network)
        vars(plain)["forward"] = network._original_forward
        return plain

    def count_batch(self, n: int) -> None:
        """Say that this process's share of the round is ``n`` images, for a round that draws no latents."""
        self._batch_size = n * self.world

    def sample_prior(self, n: int) -> Tensor:
        """(n, dim) fresh latents on the generator's device; (n, 0), nothing, for a generator that takes none.

        Every process of a distributed run draws the latents of the whole batch and keeps its own, so two
        processes play the game that one would have played.
        """
        device = next(self.generator.parameters()).device
        self.count_batch(n)
        if self.prior is None:
            return torch.empty(n, 0, device=device)
        return self.prior.sample(self._batch_size, device)[self.rank :: self.world]

    def penalty(self, real: Tensor, fake: Tensor, judge: Judge | None = None) -> Tensor:
        """The penalty on the critic, or a zero.

        Args:
            real, fake: what the penalty is taken over.
            judge: asks the critic about images, where it is told more than them or says more than a logit:
                ``lambda critic, images: critic(images, labels)``.
        """
        if self._penalty is None:
            return real.new_zeros(())
        return self._penalty(self.critic if judge is None else partial(judge, self.critic), real, fake)

    def update_discriminator(self, d_loss: Tensor) -> None:
        """One step of the discriminator down the gradient of ``d_loss``."""
        if self.d_optimizer is None:
            raise ValueError("update_discriminator was called in a game of one player: allowed is update_generator")
        self._descend(self.d_optimizer, d_loss)

    def update_generator(self, g_loss: Tensor) -> None:
        """One step of the generator down the gradient of ``g_loss``; its average follows, the round is over."""
        self._descend(self.g_optimizer, g_loss)
        if self._average is not None:
            self._average.update_parameters(_unwrapped(self.generator))
        self.step += 1

    # What the loop uses.

    @property
    def rank(self) -> int:
        """Number of this process, 0 without distribution."""
        return self._accelerator.process_index if self._accelerator else 0

    @property
    def world(self) -> int:
        """Number of processes, 1 without distribution."""
        return self._accelerator.num_processes if self._accelerator else 1

    def prepare(self, accelerator: Accelerator) -> None:
        """Let ``accelerator`` place and wrap networks and optimisers, once."""
        if self._accelerator is not None:
            return
        self._accelerator = accelerator
        # Convolutions run up to twice as fast with the channels innermost (benchmarks/throughput.py).
        for network in (self.generator, self._discriminator):
            if network is not None:
                network.to(memory_format=torch.channels_last)
        self.generator, self.g_optimizer = accelerator.prepare(self.generator, self.g_optimizer)
        if self._discriminator is not None:
            self._discriminator, self.d_optimizer = accelerator.prepare(self._discriminator, self.d_optimizer)
        for kept in self.memory.values():
            kept.to(accelerator.device)
        if self._average is not None:
            self._average.to(accelerator.device)

    def set_rate(self, rate: float) -> None:
        """Set the learning rates to ``rate`` times what the optimisers were made with."""
        for optimizer in (self.g_optimizer, self.d_optimizer):
            for group in [] if optimizer is None else optimizer.param_groups:
                group["lr"] = rate * group.setdefault("initial_lr", group["lr"])

    def averaged_generator(self) -> nn.Module:
        """A copy, in evaluation mode, of the averaged generator (the generator itself without an average, or before
        the first round).

        BatchNorm's running statistics belong to the weights of the latest steps, not to their average, so the
        copy's are computed anew from fixed latents.
        """
        source = _unwrapped(self.generator)
        if self._average is not None and self.step > 0:
            source = self._average.module
        twin = copy.deepcopy(source).to(memory_format=torch.contiguous_format)
        if self._average is not None:
            _recalibrate(twin, self.prior, self.classes)
        return twin.eval()

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next round depends on, except the random numbers."""
        return {
            "step": self.step,
            "generator": _unwrapped(self.generator).state_dict(),
            "discriminator": None if self._discriminator is None else _unwrapped(self._discriminator).state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(),
            "d_optimizer": None if self.d_optimizer is None else self.d_optimizer.state_dict(),
            "average": None if self._average is None else self._average.state_dict(),
            "memory": {name: kept.state_dict() for name, kept in self.memory.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put the players back where :meth:`state_dict` found them."""
        self.step = state["step"]
        _unwrapped(self.generator).load_state_dict(state["generator"])
        self.g_optimizer.load_state_dict(state["g_optimizer"])
        if self._discriminator is not None and self.d_optimizer is not None:
            _unwrapped(self._discriminator).load_state_dict(state["discriminator"])
            self.d_optimizer.load_state_dict(state["d_optimizer"])
        for name, kept in self.memory.items():
            kept.load_state_dict(state["memory"][name])
        if self._average is not None:
            self._average.load_state_dict(state["average"])

    def _descend(self, optimizer: Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        if self._accelerator is None:
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            self._accelerator.backward(loss)
        optimizer.step()

    def _lean_towards(self, average: Tensor, current: Tensor, _updates: Tensor | int) -> Tensor:
        half_life = min(self.ema_half_life, EMA_RAMP_UP * (self.step + 1) * self._batch_size)
        return torch.lerp(average, current, 1 - 0.5 ** (self._batch_size / half_life))


@contextmanager
def frozen(network: nn.Module) -> Iterator[nn.Module]:
    """Let gradients pass through ``network`` without computing its own, and keep its BatchNorm statistics.

    The generator's step needs the discriminator's opinion, not its gradients; and running statistics that
    took in a batch twice would be wrong.
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    norms = [m for m in network.modules() if isinstance(m, _NormBase) and m.track_running_stats]
    for parameter in parameters:
        parameter.requires_grad_(False)
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield network
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
        for norm in norms:
            norm.track_running_stats = True


def _unwrapped(network: nn.Module) -> nn.Module:
    """The network inside a distributed wrapper."""
    return network.module if isinstance(network, nn.parallel.DistributedDataParallel) else network


@torch.no_grad()
def _recalibrate(generator: nn.Module, prior: Prior | None, classes: int) -> None:
    norms = [m for m in generator.modules() if isinstance(m, _NormBase) and m.track_running_stats]
    if not norms:
        return
    if prior is None:
        raise ValueError("the generator has BatchNorm and takes no latents: allowed is InstanceNorm")
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    device = next(generator.parameters()).device
    z = prior.sample(CALIBRATION_LATENTS, generator=torch.Generator().manual_seed(0)).to(device)
    labels = torch.arange(CALIBRATION_LATENTS, device=device) % classes if classes else None  # all equally often
    generator.train()
    for i in range(0, CALIBRATION_LATENTS, 256):
        generator(z[i : i + 256], *([] if labels is None else [labels[i : i + 256]]))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum

"""The state of the two players, how a round of theirs is played, and the two verbs that update them."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.optim import Adam, Optimizer

from ganbook import losses
from ganbook.arguments import check_number, check_tensor, check_whole, shown, typed
from ganbook.data.batch import Batch
from ganbook.losses import AdversarialLoss
from ganbook.penalties import Critic
from ganbook.training.conditions import CONDITIONS, Given
from ganbook.training.prior import Prior
from ganbook.training.random_state import kept_random_state, random_state

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["Game", "Penalty", "Round", "Scores", "adam", "frozen", "mean_outputs"]

Scores = dict[str, Tensor]
"""What a round says of itself, by name: float tensors of one number each."""

Round = Callable[["Game", Batch], Scores]
"""Updates the players, each as often as it likes, and returns losses and whatever else is to be recorded."""

Judge = Callable[[Callable[..., Any], Tensor], Tensor]
"""(critic, images) to one logit per image, or one per patch."""

Penalty = Callable[[Critic, Tensor, Tensor], Tensor]
"""(critic, real, fake) to a scalar that is added to the discriminator's loss."""

EMA_RAMP_UP = 0.05
"""The average's half-life is at most this share of the images seen, so a young average forgets its start
(Karras et al. 2020, official code)."""

CALIBRATED_ON, CALIBRATION_BATCH = 2048, 256
"""Samples from which the averaged generator's BatchNorm statistics are computed, and how many at once."""


def adam(network: nn.Module, lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999)) -> Adam:
    """Adam with DCGAN's settings, in one fused kernel where the device has it (a fifth off a small round's time)."""
    device = next(network.parameters()).device.type
    return Adam(network.parameters(), lr=lr, betas=betas, fused=device in ("cpu", "cuda"))


@typed
class Game:
    """Two networks, their optimisers, the prior, the losses and the generator's moving average.

    A generator may also play alone, against nothing but the data: a game of one player.

    In a distributed run every process holds the same weights and plays with its share of the batch and of the latents;
    gradients and scores are means over the processes. That is the game of one process, but for rounding, unless a
    network looks at a whole batch (BatchNorm, minibatch features: here at a share), or draws random numbers itself
    (shifts, dropout, an image pool: each process draws its own).

    Args:
        generator: maps latents (N, prior.dim) to samples.
        discriminator: maps samples to logits (N,); None for a game of one player.
        prior: where latents come from; None for a generator that takes none.
        loss: a pair of losses, or its name.
        penalty: added to the discriminator's loss, such as
            ``lambda critic, real, fake: penalties.r1(critic, real, gamma=0.1)``.
        g_optimizer, d_optimizer: default :func:`adam`.
        ema_half_life: half-life, in images, of the moving average of the generator's weights; 0 for none.
        given: what the generator is conditioned on besides its noise: "labels", "sources" or "captions".
        memory: what a round keeps from one call to the next, such as an image pool; part of the game's state.

    Attributes:
        step: rounds played.
        seconds: that they took, over all sessions of :func:`ganbook.training.fit`.
        examples: gives batches of the data without end, whose conditions :meth:`averaged_generator` needs where there
            are any; set by :func:`ganbook.training.fit`.
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
        given: Given = "nothing",
        memory: Mapping[str, nn.Module] | None = None,
    ) -> None:
        check_number(0, ema_half_life=ema_half_life)
        self.generator = generator
        self._discriminator = discriminator
        # As they came: without what a distributed run wraps them in.
        self._bare: dict[str, Any] = {"generator": generator, "discriminator": discriminator}
        self._critic_forward = None if discriminator is None else discriminator.forward
        self.prior = prior
        self.loss = losses.get(loss) if isinstance(loss, str) else loss
        self.g_optimizer = g_optimizer or adam(generator)
        self.d_optimizer = None if discriminator is None else d_optimizer or adam(discriminator)
        self.ema_half_life = ema_half_life
        self.given = given
        self.examples: Callable[[], Iterator[Batch]] | None = None
        self.memory: Any = nn.ModuleDict(dict(memory or {}))
        self.step = 0
        self.seconds = 0.0
        self._batch_size = 0  # of this round, over all processes
        self._latents: torch.Generator | None = None  # in step on all processes, where there are several
        self._penalty = penalty
        self._accelerator: Accelerator | None = None
        self._average = copy.deepcopy(generator) if ema_half_life else None

    # What a round uses.

    @property
    def discriminator(self) -> nn.Module:
        """The second player; ValueError in a game of one."""
        if self._discriminator is None:
            raise ValueError("the round asks for a discriminator, and this is a game of one player")
        return self._discriminator

    @property
    def critic(self) -> nn.Module:
        """The discriminator without mixed precision and the distributed wrapper, with the same weights.

        Penalties are taken of it, in float32; their gradient joins the loss's in the one backward pass, which is where
        gradients are averaged over processes.
        """
        player = self.discriminator
        if self._accelerator is None:
            return player
        plain: nn.Module = copy.copy(self._bare["discriminator"])
        vars(plain)["forward"] = self._critic_forward
        return plain

    def sample_prior(self, n: int) -> Tensor:
        """(n, dim) fresh latents on the generator's device; (n, 0), nothing, for a generator that takes none.

        Every process of a distributed run draws the latents of the whole batch and keeps its share.
        """
        device = next(self.generator.parameters()).device
        if self.prior is None:
            return torch.empty(n, 0, device=device)
        return self.prior.sample(n * self.world, device, self._latents)[self.rank :: self.world]

    def penalty(self, real: Tensor, fake: Tensor, judge: Judge | None = None) -> Tensor:
        """The penalty on the critic over ``real`` and ``fake`` samples, or a zero.

        ``judge`` asks the critic about images, where it takes more than them or says more than a logit:
        ``lambda critic, images: critic(images, labels)``.
        """
        if self._penalty is None:
            return real.new_zeros(())
        return self._penalty(self.critic if judge is None else partial(judge, self.critic), real, fake)

    def update_discriminator(self, d_loss: Tensor) -> None:
        """One step of the discriminator down the gradient of ``d_loss``."""
        if self.d_optimizer is None:
            raise ValueError("update_discriminator was called in a game of one player: it has update_generator only")
        self._descend(self.d_optimizer, d_loss)

    def update_generator(self, g_loss: Tensor) -> None:
        """One step of the generator down the gradient of ``g_loss``."""
        self._descend(self.g_optimizer, g_loss)

    # What the loop uses.

    def play(self, round: Round, batch: Batch) -> Scores:
        """Play one round on this process's share of the real samples; returns its scores, detached.

        The average of the generator's weights follows, and the step is counted.

        Raises:
            TypeError, ValueError: if the round returns anything but float tensors of one number each, by name.
        """
        self._batch_size = len(batch) * self.world
        found: Any = round(self, batch)
        if not isinstance(found, Mapping) or not found:
            raise TypeError(f'the round returned {shown(found)}: allowed is a dictionary, {{"loss": loss.detach()}}')
        for name, score in found.items():
            if name == "step":
                raise ValueError(
                    "step, which the round returned, is what a history calls its rounds: name it otherwise"
                )
            check_tensor(f"{name}, which the round returned,", score)
            if score.ndim:
                raise ValueError(f"{name}, which the round returned, has shape {tuple(score.shape)}: allowed is ()")
        if self._average is not None:
            self._lean_towards(self._average, self._bare["generator"])
        self.step += 1
        return {name: score.detach() for name, score in found.items()}

    @property
    def rank(self) -> int:
        """Number of this process, 0 without distribution."""
        return self._accelerator.process_index if self._accelerator else 0

    @property
    def world(self) -> int:
        """Number of processes, 1 without distribution."""
        return self._accelerator.num_processes if self._accelerator else 1

    def mean(self, score: Tensor) -> Tensor:
        """A number of this process's share, () float, as its mean over all processes."""
        if self._accelerator is None:
            return score
        found: Tensor = self._accelerator.reduce(score, "mean")
        return found

    def prepare(self, accelerator: Accelerator) -> None:
        """Let ``accelerator`` place and wrap networks and optimisers, once; ValueError if it accumulates gradients."""
        if (steps := accelerator.gradient_accumulation_steps) != 1:
            raise ValueError(f"gradient_accumulation_steps is {steps}: allowed is 1: a step takes its whole batch")
        if self._accelerator is not None:
            return
        self._accelerator = accelerator
        # Convolutions run up to twice as fast with the channels innermost (benchmarks/throughput.py).
        for network in (self.generator, self._discriminator, self._average):
            if network is not None:
                network.to(memory_format=torch.channels_last)
        with warnings.catch_warnings():
            # The word for it changes with torch 2.14; accelerate does not pass on the new one.
            warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
            self.generator, self.g_optimizer = accelerator.prepare(self.generator, self.g_optimizer)
            if self._discriminator is not None:
                self._discriminator, self.d_optimizer = accelerator.prepare(self._discriminator, self.d_optimizer)
        self.memory.to(accelerator.device)
        if self._average is not None:
            self._average.to(accelerator.device)
        if self.world > 1:
            self._latents = _shared_generator(accelerator.device, self.rank, self.world)

    def set_rate(self, rate: float) -> None:
        """Set the learning rates to ``rate`` times what the optimisers were made with."""
        for optimizer in (self.g_optimizer, self.d_optimizer):
            for group in [] if optimizer is None else optimizer.param_groups:
                group["lr"] = rate * group.setdefault("initial_lr", group["lr"])

    def averaged_generator(self) -> nn.Module:
        """A copy, in evaluation mode, of the average; of the generator itself without one or before the first round.

        BatchNorm's running statistics belong to the weights of the latest steps, not to their average, so the
        copy's are computed anew from fixed latents, and the conditions of ``examples``.
        """
        source = self._bare["generator"] if self._average is None or self.step == 0 else self._average
        twin = copy.deepcopy(source).to(memory_format=torch.contiguous_format)
        for wrapped in ("forward", "_original_forward"):  # by accelerate, for mixed precision
            vars(twin).pop(wrapped, None)
        if self._average is not None:
            self._recalibrate(twin)
        return twin.eval()

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next round depends on, except the random numbers; the memory is each process's own."""
        kept = {name: None if part is None else part.state_dict() for name, part in self._parts().items()}
        return {"step": self.step, **kept, "latents": self._latents and self._latents.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put the players back where :meth:`state_dict` found them."""
        check_whole(step=state["step"])
        for name, part in self._parts().items():
            if (part is None) != (state[name] is None):
                raise ValueError(f"one game has {name} and the other has none")
            if part is not None:
                part.load_state_dict(state[name])
        if self._latents is not None and state["latents"] is not None:
            self._latents.set_state(state["latents"])
        self.step = state["step"]

    def unsound(self) -> str | None:
        """The player whose weights are not all finite, or None."""
        for name, network in self._bare.items():
            if network is not None and not torch.stack([p.isfinite().all() for p in network.parameters()]).all():
                return name
        return None

    def _parts(self) -> dict[str, Any]:
        """What a checkpoint holds by name; None for what this game does without."""
        optimizers = {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}
        return self._bare | optimizers | {"average": self._average, "memory": self.memory}

    @torch.no_grad()
    def _recalibrate(self, generator: nn.Module) -> None:
        norms = {m: m.momentum for m in generator.modules() if isinstance(m, _NormBase) and m.track_running_stats}
        if not norms:
            return
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over the batches
        device, condition = next(generator.parameters()).device, CONDITIONS[self.given]
        chance = torch.Generator().manual_seed(0)
        examples: Iterator[Any] = self._examples() if condition.argument else repeat([None] * CALIBRATION_BATCH)
        generator.train()
        seen = 0
        with kept_random_state():
            torch.manual_seed(0)  # of what a generator draws itself in training: dropout, a text's augmentation
            while seen < CALIBRATED_ON:
                batch = next(examples)
                n = len(batch)
                z = torch.empty(n, 0) if self.prior is None else self.prior.sample(n, generator=chance)
                condition.on(generator, z.to(device), batch)
                seen += n
        for norm, momentum in norms.items():
            norm.momentum = momentum

    def _examples(self) -> Iterator[Batch]:
        if self.examples is None:
            raise ValueError("the average of a generator with BatchNorm and a condition needs game.examples: see fit")
        device = next(self.generator.parameters()).device
        return (batch.to(device) for batch in self.examples())

    def _descend(self, optimizer: Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        if self._accelerator is None:
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            self._accelerator.backward(loss)
        optimizer.step()

    @torch.no_grad()
    def _lean_towards(self, average: nn.Module, current: nn.Module) -> None:
        """Update the average. AveragedModel would have the host wait for a GPU, to know how many updates there were."""
        half_life = min(self.ema_half_life, EMA_RAMP_UP * (self.step + 1) * self._batch_size)
        weight = 1 - 0.5 ** (self._batch_size / half_life) if self.step else 1.0  # the first round's are copied
        torch._foreach_lerp_([*average.parameters()], [*current.parameters()], weight)
        for kept, buffer in zip(average.buffers(), current.buffers(), strict=True):
            kept.copy_(buffer)


@contextmanager
def frozen(network: nn.Module) -> Iterator[nn.Module]:
    """Let gradients pass through ``network`` without computing its own, and keep its BatchNorm statistics.

    The generator's step needs the discriminator's opinion, not its gradients; and running statistics that
    took in a batch twice would be wrong.
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    norms = [m for m in network.modules() if isinstance(m, _NormBase) and m.track_running_stats]

    def thaw(thawed: bool) -> None:
        for parameter in parameters:
            parameter.requires_grad_(thawed)
        for norm in norms:
            norm.track_running_stats = thawed

    thaw(False)
    try:
        yield network
    finally:
        thaw(True)


def detached(**losses: Tensor) -> Scores:
    """By name the losses, without their graphs."""
    return {name: loss.detach() for name, loss in losses.items()}


def mean_outputs(**logits: Tensor) -> Scores:
    """By name the mean of D = sigmoid(logit) over the samples, where there are any."""
    return {name: found.detach().sigmoid().mean() for name, found in logits.items() if len(found)}


def _shared_generator(device: torch.device, rank: int, world: int) -> torch.Generator:
    """Random numbers that are the same on all processes: the first one's, which go on here as if it were alone.

    Whatever a process draws without it, such as how far images are shifted, is its own from now on.
    """
    from accelerate.utils import broadcast_object_list

    (state,) = broadcast_object_list([random_state()])
    shared = torch.Generator(device)
    shared.set_state(state[device.type])
    seeds = torch.Generator()
    seeds.set_state(state["cpu"])
    torch.manual_seed(int(torch.randint(2**62, (world,), generator=seeds)[rank]))
    return shared

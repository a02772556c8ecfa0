"""The smallest GAN, as a map that can be differentiated, and crowds of small networks.

The Dirac-GAN (Mescheder et al. 2018, definition 2.1) has one number per player: all real data lie at 0, the generator
puts all of its samples at ``theta``, and the discriminator's logit is ``a(x) = psi * x + bias``. A round of training is
then a map of the plane, and the eigenvalues of its Jacobian at the equilibrium say whether training converges there.

>>> from ganbook import losses
>>> jacobian = round_jacobian(lambda state: dirac_round(state, losses.get("wasserstein"), lr=0.5))
>>> [round(v, 3) for v in torch.linalg.eigvals(jacobian).abs().tolist()]
[1.118, 1.118]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, normalize

from ganbook.arguments import check_number, check_place, check_tensor, check_whole, shown, typed

__all__ = ["Crowd", "dirac_round", "orbit", "round_jacobian"]

MOST = 10_000
"""Members, units or layers of a crowd, or steps ahead: more is a slip, and fills the memory."""

ROUNDS = 1_000_000
"""Of an orbit, all of whose states are kept."""

Critic = Callable[[Tensor], Tensor]
Penalty = Callable[[Critic, Tensor, Tensor], Tensor]


class Loss(Protocol):
    """A pair of losses, such as ``ganbook.losses.get("non_saturating")``."""

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor, /) -> Tensor: ...

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None, /) -> Tensor: ...


@typed
def dirac_round(
    states: Tensor,
    loss: Loss,
    lr: float | Tensor,
    *,
    penalty: Penalty | None = None,
    alternating: bool = False,
    unroll: int = 0,
    bias: float = 0.0,
) -> Tensor:
    """One round of the Dirac-GAN: a gradient step of each player.

    Args:
        states: (N, 2), one game per row: generator's ``theta``, discriminator's ``psi``.
        loss: what both minimise.
        lr: step size of both players, one for all games or (N,).
        penalty: added to the discriminator's loss, such as ``lambda a, real, fake: penalties.r1(a, real, 0.3)``.
        alternating: whether the generator answers the discriminator's new ``psi`` (as a training loop does)
            or, as in simultaneous descent, its old one.
        unroll: the generator steps down its loss against the discriminator ``unroll`` steps ahead, and
            differentiates through these steps (Metz et al. 2017).
        bias: the discriminator's logit at the real point.

    Returns:
        (N, 2): the states after the round; a differentiable function of ``states``.
    """
    check_tensor("states", states, "N", 2)
    check_whole(0, MOST, unroll=unroll)
    check_number(bias=bias)
    if isinstance(lr, Tensor):
        check_tensor("lr", lr, *lr.shape and (len(states),))
        check_place("lr", lr, states, "states")
    else:
        check_number(lr=lr)
    wanted = states.requires_grad
    states = states if wanted else states.detach().requires_grad_()
    theta, psi = states.unbind(1)
    real = torch.zeros_like(theta)[:, None]

    def descend(parameter: Tensor, loss: Tensor, keep_graph: bool) -> Tensor:
        # A mean over games that do not touch each other: times their number, each has
        # its own gradient.
        total = len(parameter) * loss
        (gradient,) = torch.autograd.grad(total, parameter, create_graph=keep_graph)
        return parameter - lr * gradient

    def step_discriminator(psi: Tensor, theta: Tensor, keep_graph: bool) -> Tensor:
        def critic(x: Tensor) -> Tensor:
            return psi * x[:, 0] + bias

        d_loss = loss.discriminator(critic(real), critic(theta[:, None]))
        if penalty is not None:
            d_loss = d_loss + _tensor("penalty", penalty(critic, real, theta[:, None]))
        return descend(psi, d_loss, keep_graph)

    with torch.enable_grad():
        new_psi = step_discriminator(psi, theta, wanted)
        # A node of its own: the derivative by it leaves out how new_psi came from theta ...
        own_theta = theta.view_as(theta)
        opponent = new_psi if alternating else psi
        for _ in range(unroll):  # ... but takes in how the discriminator would answer.
            opponent = step_discriminator(opponent.view_as(opponent), own_theta, True)
        g_loss = loss.generator(opponent * own_theta + bias, torch.full_like(theta, bias))
        new_states = torch.stack((descend(own_theta, g_loss, wanted), new_psi), dim=1)
    return new_states if wanted else new_states.detach()


@typed
def round_jacobian(play: Callable[[Tensor], Tensor], state: tuple[float, float] = (0.0, 0.0)) -> Tensor:
    """Jacobian (2, 2), in float64, by autograd of the round ``play`` ((N, 2) to (N, 2)) at one ``state``."""
    at = torch.tensor([state], dtype=torch.float64)
    jacobian: Tensor = torch.autograd.functional.jacobian(lambda s: _tensor("play", play(s)), at)  # type: ignore[no-untyped-call]
    return jacobian[0, :, 0]


@typed
def orbit(play: Callable[[Tensor], Tensor], start: Tensor, rounds: int) -> Tensor:
    """The states (rounds + 1, N, 2) that ``play`` visits from ``start`` (N, 2), which comes first."""
    check_tensor("start", start, "N", 2)
    check_whole(0, ROUNDS, rounds=rounds)
    states = [start]
    for _ in range(rounds):
        states.append(_tensor("play", play(states[-1])))
    return torch.stack(states)


@typed
class Crowd(nn.Module):
    """``members`` independent networks of one shape, run as one batched product.

    A mean of losses over a crowd's outputs is the mean of its members' own losses: ``members`` times it gives each
    member the gradient that it would have alone.

    Args:
        members: number of networks.
        in_dim: size of an input.
        out_dim: size of an output; 0 for one logit per sample, without a last dimension.
        width, depth: hidden units and hidden layers (leaky ReLU 0.2).
        spectral: the members whose weights are divided by their largest singular value, which follows from
            one power iteration per training pass (Miyato et al. 2018, algorithm 1).
    """

    def __init__(
        self,
        members: int,
        in_dim: int = 1,
        out_dim: int = 0,
        width: int = 16,
        depth: int = 2,
        spectral: slice = slice(0),
    ) -> None:
        super().__init__()
        check_whole(1, MOST, members=members, in_dim=in_dim, width=width)
        check_whole(0, MOST, out_dim=out_dim, depth=depth)
        self.members, self.logit = members, out_dim == 0
        sizes = list(pairwise([in_dim, *[width] * depth, max(out_dim, 1)]))
        # nn.Linear's own initialisation: uniform in +-1/sqrt(inputs).
        self.weights = nn.ParameterList(_uniform(members, i, o, bound=1 / math.sqrt(i)) for i, o in sizes)
        self.biases = nn.ParameterList(_uniform(members, 1, o, bound=1 / math.sqrt(i)) for i, o in sizes)
        self.spectral = range(members)[spectral]
        for layer, (_, o) in enumerate(sizes):
            self.register_buffer(f"direction{layer}", normalize(torch.randn(len(self.spectral), o, 1), dim=1))

    @typed
    def forward(self, x: Tensor, part: slice = slice(None)) -> Tensor:
        """Outputs (members, N, out_dim) or logits (members, N) for ``x``, (members, N, in_dim).

        With ``part``, ``x`` belongs to the members that it selects, and so do the outputs.
        """
        check_place("x", x, self.weights[0])
        check_tensor("x", x, len(range(self.members)[part]), "N", self.weights[0].shape[1])
        for layer, bias in enumerate(self.biases):
            if layer:
                x = leaky_relu(x, 0.2)
            x = torch.baddbmm(bias[part], x, self._weight(layer, part))
        return x.squeeze(2) if self.logit else x

    def _weight(self, layer: int, part: slice) -> Tensor:
        weight: Tensor = self.weights[layer]
        if not self.spectral or not set(self.spectral) & set(range(self.members)[part]):
            return weight[part]
        first, stop = self.spectral.start, self.spectral.stop
        own, direction = weight[first:stop], self.get_buffer(f"direction{layer}")
        with torch.no_grad():
            u = normalize(own @ direction, dim=1)
            v = normalize(own.mT @ u, dim=1)
            if self.training:
                direction.copy_(v)
        sigma = u.mT @ own @ v
        return torch.cat((weight[:first], own / sigma, weight[stop:]))[part]


def _tensor(name: str, returned: Tensor) -> Tensor:
    if not isinstance(returned, Tensor):
        raise TypeError(f"{name} returned {shown(returned)}: allowed is a tensor")
    return returned


def _uniform(*shape: int, bound: float) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

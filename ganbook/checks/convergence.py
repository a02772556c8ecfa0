"""Checks for the exercises of chapter 4, Does the game converge?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.checks.challenge import Score, listed, scored, verdict
from ganbook.checks.compare import Observation
from ganbook.checks.edits import edited, likes
from ganbook.checks.readings.convergence import READING
from ganbook.checks.task import Answer, Reject, Sheet, Trial

sheet = Sheet("convergence", "Exercises 4: Does the game converge?")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed

Pair = tuple[Tensor, Tensor]

# -- 1 a simultaneous step ---------------------------------------------------------------------------


def _two(answered: Any) -> tuple[Any, Any]:
    try:
        theta, psi = answered
    except (TypeError, ValueError):
        raise Reject(
            "not-two-values",
            answered,
            "two values: the new theta, then the new psi",
            "Return both players' new numbers, `theta` first: `return new_theta, new_psi`.",
        ) from None
    return theta, psi


def _observe_step(answer: Answer, world: Any) -> Observation:
    theta, psi = _two(answer(*world))
    return {"the new theta": theta, "the new psi": psi}


def _bilinear_world() -> tuple[Tensor, Tensor, float]:
    return torch.randn(4), torch.randn(4) + 0.5, float(0.2 + 0.6 * torch.rand(()))


simultaneous_step = sheet.task(
    "simultaneous_step",
    "Both players step at once",
    tried="simultaneous_step(theta, psi, eta) on four random positions at once",
    setup=_bilinear_world,
    observe=_observe_step,
    reference=lambda theta, psi, eta: (theta - eta * psi, psi + eta * theta),
    hints="""
        in-turn: One player has already moved when the other looks: that is an alternating round (the next task). In a
          simultaneous step both gradients are taken at the old position.
        both-descend: Both players make V smaller. That is one optimisation, not a game: psi is the player who wants V
          large.
        both-climb: Both players make V larger. That is one optimisation, not a game: theta is the player who wants V
          small.
        roles-swapped: The players have changed sides: here theta climbs and psi descends. Read off `min` and `max`
          whose turn it is to make V small.
        own-number: Each player follows its own number. Differentiate V = theta·psi by theta with psi held fixed: what
          is left?
        value-not-gradient: You stepped along the value of V. A gradient step follows a derivative, one per player.
        no-step-size: The step size has no effect: each player moves by a whole gradient.
        returned-swapped: The two come back in the other order: theta first, as in the arguments.
        moves-only: These are the moves, not the positions after them.
    """,
    like={
        "in-turn": (
            lambda theta, psi, eta: (theta - eta * (psi + eta * theta), psi + eta * theta),
            lambda theta, psi, eta: (theta - eta * psi, psi + eta * (theta - eta * psi)),
        ),
        "both-descend": lambda theta, psi, eta: (theta - eta * psi, psi - eta * theta),
        "both-climb": lambda theta, psi, eta: (theta + eta * psi, psi + eta * theta),
        "roles-swapped": lambda theta, psi, eta: (theta + eta * psi, psi - eta * theta),
        "own-number": lambda theta, psi, eta: (theta - eta * theta, psi + eta * psi),
        "value-not-gradient": lambda theta, psi, eta: (theta - eta * theta * psi, psi + eta * theta * psi),
        "no-step-size": lambda theta, psi, eta: (theta - psi, psi + theta),
        "returned-swapped": lambda theta, psi, eta: (psi + eta * theta, theta - eta * psi),
        "moves-only": lambda theta, psi, eta: (-eta * psi, eta * theta),
    },
    lesson="Each gradient is the other player's number, so the step is at right angles to the position: it "
    "leads outwards.",
)

# -- 2 an alternating round, for any game ------------------------------------------------------------

Value = Callable[[Tensor, Tensor], Tensor]


def _game_world() -> tuple[Value, Tensor, Tensor, float]:
    coupling, bend = torch.randn(3, 2), 0.5 + torch.rand(3)

    def value(theta: Tensor, psi: Tensor) -> Tensor:
        return (bend * theta).sin() @ coupling @ psi + 0.3 * (theta * bend).sum() - 0.2 * psi.square().sum()

    return value, torch.randn(3), torch.randn(2), float(0.2 + 0.3 * torch.rand(()))


def _slopes(value: Value, theta: Tensor, psi: Tensor) -> Pair:
    """The two partial derivatives of ``value``."""
    theta, psi = theta.detach().requires_grad_(), psi.detach().requires_grad_()
    by_theta, by_psi = torch.autograd.grad(value(theta, psi), (theta, psi))
    return by_theta, by_psi


def _in_turn(value: Value, theta: Tensor, psi: Tensor, eta: float) -> Pair:
    new_psi = psi.detach() + eta * _slopes(value, theta, psi)[1]
    new_theta = theta.detach() - eta * _slopes(value, theta, new_psi)[0]
    return new_theta, new_psi


def _through_the_step(value: Value, theta: Tensor, psi: Tensor, eta: float) -> Pair:
    theta, psi = theta.detach().requires_grad_(), psi.detach().requires_grad_()
    new_psi = psi + eta * torch.autograd.grad(value(theta, psi), psi, create_graph=True)[0]
    return theta - eta * torch.autograd.grad(value(theta, new_psi), theta)[0], new_psi


alternating_step = sheet.task(
    "alternating_step",
    "In turn, for any game",
    tried="alternating_step(value, theta, psi, eta) on a game with three numbers for theta and two for psi",
    setup=_game_world,
    observe=_observe_step,
    reference=_in_turn,
    hints="""
        simultaneous: Theta answered the psi from before its move. In turn means: compute V again at the new psi before
          theta asks for its gradient.
        theta-first: Theta moved first. In a round of a GAN the discriminator goes first, and psi plays its part here.
        through-the-step: Theta's gradient runs back through psi's move, since the new psi was computed from theta:
          theta takes in how psi will answer (that is unrolling). For theta's turn the new psi is a plain number: cut it
          off.
        gradients-added-up: Theta moved by the sum of two gradients. The first `backward` also wrote to `theta.grad`,
          and the second one added to it.
        both-descend: Both players make V smaller; psi is the one who wants it large.
        both-climb: Both players make V larger; theta is the one who wants it small.
        roles-swapped: The players have changed sides: theta must make V small, psi must make it large.
        psi-moves-twice: Psi moved once before theta and once after it. A round has one move a player.
        returned-swapped: The two come back in the other order: theta first, as in the arguments.
    """,
    like=likes(
        _in_turn,
        {
            "simultaneous": [("theta, new_psi)[0]", "theta, psi)[0]")],
            "theta-first": [
                """
                new_theta = theta.detach() - eta * _slopes(value, theta, psi)[0]
                return new_theta, psi.detach() + eta * _slopes(value, new_theta, psi)[1]
                """
            ],
            "through-the-step": [_through_the_step],
            "gradients-added-up": [("- eta", "- eta * _slopes(value, theta, psi)[0] - eta")],
            "both-descend": [("+ eta", "- eta")],
            "both-climb": [("- eta", "+ eta")],
            "roles-swapped": [(("+ eta", "up"), ("- eta", "+ eta"), ("up", "- eta"))],
            "psi-moves-twice": [
                ("return new_theta, new_psi", "return new_theta, new_psi + eta * _slopes(value, new_theta, new_psi)[1]")
            ],
            "returned-swapped": [("return new_theta, new_psi", "return new_psi, new_theta")],
        },
    ),
    lesson="Psi moved, then theta answered the psi that it met, taken as a plain number: `detach` in small.",
)

# -- 3 eigenvalues of a round ------------------------------------------------------------------------

Case = tuple[float, float, float]


def _cases() -> list[Case]:
    def case(damping: float) -> Case:
        eta, c, more = torch.rand(3).tolist()
        c = 0.6 + 0.3 * c
        return 0.15 + 0.15 * eta, c, damping * c * (1 + 0.3 * more)

    # two rotations (gamma < 2c), and one that is so firmly damped that its eigenvalues are real
    return [case(0.4), case(1.2), case(2.6)]


def _observe_rates(answer: Answer, cases: list[Case]) -> Observation:
    return {
        f"largest |λ| for eta = {eta:.2f}, c = {c:.2f}, gamma = {gamma:.2f}": answer(eta, c, gamma)
        for eta, c, gamma in cases
    }


def _round_matrix(eta: float, c: float, gamma: float) -> Tensor:
    return torch.tensor([[1, eta * c], [-eta * c, 1 - eta * gamma]], dtype=torch.float64)


def _modulus(matrix: Tensor) -> Tensor:
    largest: Tensor = torch.linalg.eigvals(matrix).abs().max()
    return largest


def _with_matrix(matrix: Callable[[float, float, float], list[list[float]]]) -> Answer:
    return lambda eta, c, gamma: _modulus(torch.tensor(matrix(eta, c, gamma), dtype=torch.float64))


growth_rate = sheet.task(
    "growth_rate",
    "Eigenvalues of a round",
    tried="growth_rate(eta, c, gamma) for three games: two that rotate, and one with strong damping",
    setup=_cases,
    worlds={
        "damping that overshoots": lambda: [(0.3, 0.5, 8.0), (0.25, 1.0, 10.0), (0.5, 0.2, 3.7)],
        "long steps": lambda: [(1.5, 1.0, 0.2), (2.0, 0.7, 1.0), (0.9, 2.0, 4.5)],
    },
    observe=_observe_rates,
    reference=lambda *case: _modulus(_round_matrix(*case)),
    hints="""
        real-part: You kept the real part of the eigenvalues. How far a round carries a state is their modulus, and the
          imaginary part, the rotation, counts in it.
        field-not-round: These are the eigenvalues of the gradients, without the position that they are added to. A
          round maps a state to state + move: the identity belongs to its matrix.
        singular-value: This is the largest singular value: the most that one round can stretch. What many rounds do is
          decided by the eigenvalues, which differ from it when the matrix is not symmetric.
        half-gamma: Your friction is half of it. R1 is γ/2·psi²; its *derivative* by psi is what psi steps along.
        damping-sign: R1 pushes psi away from 0 here. The penalty is part of the loss that psi descends.
        no-damping: Gamma has no effect: the penalty's share of psi's step is missing.
        damps-both: The friction acts on both players. R1 is a penalty on the discriminator's slope: which of the two is
          that?
        same-sign-coupling: Your two players pull each other the same way, so the eigenvalues are real and nothing
          rotates. In a game the two off-diagonal entries have opposite signs.
        alternating: This is the matrix of a round in turn. Here both players step at once, from the same state.
        complex-only: Your formula holds while the eigenvalues are a conjugate pair. With strong damping they are two
          real numbers of unequal size, and the determinant no longer tells the larger one.
        determinant: This is the determinant, the product of both eigenvalues: for a conjugate pair the modulus
          *squared*.
        smallest: You took the smaller modulus. The larger one decides: it is the part of the state that lingers
          longest.
    """,
    like={
        "real-part": (
            lambda *case: torch.linalg.eigvals(_round_matrix(*case)).real.max(),
            lambda *case: torch.linalg.eigvals(_round_matrix(*case)).real.abs().max(),
        ),
        "field-not-round": (
            lambda *case: _modulus(_round_matrix(*case) - torch.eye(2)),
            lambda eta, c, gamma: _modulus((_round_matrix(eta, c, gamma) - torch.eye(2)) / eta),
        ),
        "singular-value": lambda *case: torch.linalg.matrix_norm(_round_matrix(*case), 2),
        "half-gamma": _with_matrix(lambda e, c, g: [[1, e * c], [-e * c, 1 - e * g / 2]]),
        "damping-sign": _with_matrix(lambda e, c, g: [[1, e * c], [-e * c, 1 + e * g]]),
        "no-damping": _with_matrix(lambda e, c, g: [[1, e * c], [-e * c, 1]]),
        "damps-both": _with_matrix(lambda e, c, g: [[1 - e * g, e * c], [-e * c, 1 - e * g]]),
        "same-sign-coupling": _with_matrix(lambda e, c, g: [[1, e * c], [e * c, 1 - e * g]]),
        "alternating": _with_matrix(lambda e, c, g: [[1 - (e * c) ** 2, e * c * (1 - e * g)], [-e * c, 1 - e * g]]),
        "complex-only": lambda *case: _round_matrix(*case).det().sqrt(),
        "determinant": lambda *case: _round_matrix(*case).det(),
        "smallest": lambda *case: torch.linalg.eigvals(_round_matrix(*case)).abs().min(),
    },
    lesson="Below 1 the round contracts. Friction on one player is enough to damp both, until it is so "
    "strong that they creep.",
)

# -- 4 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read four orbits",
    lesson="What the distance does over a turn is the modulus, how long a turn takes the angle, of one pair of "
    "eigenvalues.",
)
logs, draw = READING.logs, READING.draw

# -- 5 R1 --------------------------------------------------------------------------------------------

Critic = Callable[[Tensor], Tensor]


def _image_critic() -> nn.Sequential:
    critic = nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0))
    for parameter in critic.parameters():
        nn.init.normal_(parameter, std=0.8)
    return critic


def _r1_world(
    n: int = 5, m: int = 4, shape: tuple[int, ...] = (2, 3, 1)
) -> tuple[nn.Sequential, Tensor, Tensor, float]:
    return _image_critic(), torch.randn(n, *shape), torch.randn(m, *shape) + 1, float(0.5 + torch.rand(()))


def _flat_world() -> tuple[nn.Sequential, Tensor, Tensor, float]:
    world = _r1_world()
    nn.init.zeros_(world[0].get_parameter("3.weight"))
    return world


def _observe_penalty(answer: Answer, world: Any) -> Observation:
    critic = world[0]
    weights = {"first": critic[1].weight, "last": critic[3].weight}
    penalty = answer(*world)
    gradients: tuple[Tensor | None, ...] = (None, None)
    if isinstance(penalty, Tensor) and penalty.requires_grad:
        gradients = torch.autograd.grad(penalty.sum(), [*weights.values()], allow_unused=True)
    seen = {f"the gradient by the critic's {name} weights": g for name, g in zip(weights, gradients, strict=True)}
    return {"the penalty": penalty} | seen


def _slope(critic: Critic, at: Tensor, create_graph: bool = True) -> Tensor:
    """The gradient of each sample's logit by that sample, flattened: (N, d)."""
    points = at.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=create_graph)
    return gradient.flatten(1)


def _r1(reduce: Callable[[Tensor], Tensor], half: float = 0.5, create_graph: bool = True) -> Answer:
    return lambda critic, real, fake, gamma: half * gamma * reduce(_slope(critic, real, create_graph))


def _per_sample(gradient: Tensor) -> Tensor:
    return gradient.square().sum(1).mean()


def _parameter_penalty(critic: nn.Sequential, real: Tensor, fake: Tensor, gamma: float) -> Tensor:
    gradients = torch.autograd.grad(critic(real).sum(), [*critic.parameters()], create_graph=True)
    return gamma / 2 * torch.stack([g.square().sum() for g in gradients]).sum()


def _mean_parameter_penalty(critic: nn.Sequential, real: Tensor, fake: Tensor, gamma: float) -> Tensor:
    gradients = torch.autograd.grad(critic(real).mean(), [*critic.parameters()], create_graph=True)
    return gamma / 2 * torch.stack([g.square().sum() for g in gradients]).sum()


r1_penalty = sheet.task(
    "r1_penalty",
    "R1 by double backward",
    tried="r1_penalty(critic, real, fake, gamma) on 5 real and 4 fake images of 2 × 3 × 1, and its gradients",
    setup=_r1_world,
    worlds={
        "a batch of one": lambda: _r1_world(1, 1),
        "images of one channel, 2 × 3": lambda: _r1_world(3, 5, (1, 2, 3)),
        "a critic that is flat": _flat_world,
    },
    observe=_observe_penalty,
    reference=_r1(_per_sample),
    hints="""
        no-second-backward: The number is right and has no graph: no weight of the critic will ever feel it. The first
          derivative must itself be differentiable: look at the arguments of `torch.autograd.grad`.
        missing-half: This is twice as much: R1 is defined with γ/2. (Codes differ here, so a γ from a paper may need
          halving.)
        whole-batch: You took one squared norm over the whole batch. The definition is a mean over samples: yours grows
          with the batch size.
        mean-of-logits: You differentiated the *mean* of the logits, so each sample's gradient is N times too small, and
          its square N² times. Each logit depends on its own sample only: which reduction keeps every gradient whole?
        wrong-axes: The mean runs over pixels or channels too. A squared norm is a *sum* over all entries of a sample;
          only the samples are averaged.
        norm-not-squared: You averaged the norms. R1 averages their squares (which also spares a square root at 0).
        pulls-to-one: This pulls the slope towards 1: that is WGAN's gradient penalty. R1 wants D flat on the data,
          because at the equilibrium there is nothing left to tell apart.
        by-the-weights: You differentiated by the critic's weights. R1 asks how steep D is *in the image*: the
          derivative by x.
        on-fakes: You penalised the slope at the fakes: that is R2. R1 looks at the real samples.
        on-both: Real and fake samples are both penalised. R1 looks at the real ones alone.
        of-the-probability: You differentiated D(x) = σ(a(x)). Its slope dies wherever D is sure, and the penalty with
          it. Use the logit.
    """,
    like={
        "no-second-backward": _r1(_per_sample, create_graph=False),
        "missing-half": _r1(_per_sample, half=1),
        "whole-batch": _r1(lambda gradient: gradient.square().sum()),
        "mean-of-logits": (
            lambda critic, real, fake, gamma: gamma / 2 * _per_sample(_slope(critic, real) / len(real)),
            lambda critic, real, fake, gamma: gamma / 2 * (_slope(critic, real) / len(real)).square().sum(),
        ),
        "wrong-axes": (
            _r1(lambda gradient: gradient.square().mean()),
            _r1(lambda gradient: gradient.reshape(-1, 2, 3).square().sum(1).mean()),
            _r1(lambda gradient: gradient.reshape(-1, 2, 3).square().sum(2).mean()),
        ),
        "norm-not-squared": _r1(lambda gradient: gradient.norm(dim=1).mean()),
        "pulls-to-one": _r1(lambda gradient: (gradient.norm(dim=1) - 1).square().mean()),
        "by-the-weights": (_parameter_penalty, _mean_parameter_penalty),
        "on-fakes": lambda critic, real, fake, gamma: gamma / 2 * _per_sample(_slope(critic, fake)),
        "on-both": (
            lambda critic, real, fake, gamma: (
                gamma / 2 * (_per_sample(_slope(critic, real)) + _per_sample(_slope(critic, fake)))
            ),
            lambda critic, real, fake, gamma: gamma / 2 * _per_sample(_slope(critic, torch.cat([real, fake]))),
        ),
        "of-the-probability": lambda critic, real, fake, gamma: (
            gamma / 2 * _per_sample(_slope(lambda x: critic(x).sigmoid(), real))
        ),
    },
    lesson="A derivative inside the loss, differentiated once more: one squared norm a sample, and the "
    "critic feels it.",
)

# -- 6 the Wasserstein distance on the line ----------------------------------------------------------


def _sample_pairs() -> list[Pair]:
    def centred(spread: float, mean: float) -> Tensor:
        points = torch.randn(7)
        return spread * (points - points.mean()) + mean

    # pair 2: nearly one mean, unequal spread, so that the ways go in both directions
    kinds = ((1.0, 1.5), (1.0, 0.3)), ((3.0, 0.3), (1.0, 0.2)), ((0.5, -1.0), (1.0, 0.3))
    return [(centred(*x), centred(*y)) for x, y in kinds]


def _observe_distances(answer: Answer, pairs: list[Pair]) -> Observation:
    return {f"W₁ of pair {number}": answer(*pair) for number, pair in enumerate(pairs, 1)}


def _sorted_gaps(x: Tensor, y: Tensor) -> Tensor:
    return x.sort().values - y.sort().values


wasserstein_1d = sheet.task(
    "wasserstein_1d",
    "The exact distance on the line",
    tried="wasserstein_1d(x, y) on three pairs of 7 and 7 samples",
    setup=_sample_pairs,
    worlds={
        "one sample each": lambda: [(torch.tensor([1.5]), torch.tensor([-0.25]))],
        "many samples, with ties": lambda: [(torch.randint(4, (40,)).float(), torch.randint(6, (40,)).float())],
    },
    observe=_observe_distances,
    reference=lambda x, y: _sorted_gaps(x, y).abs().mean(),
    hints="""
        unsorted: You paired the samples in the order in which they came. Any pairing is a transport plan; the
          *cheapest* one is wanted, and on the line it never lets two ways cross.
        one-sorted: Only one of the two is in order, which pairs them at random.
        opposite-order: The smallest of one meets the largest of the other: that is the dearest plan, not the cheapest.
        difference-of-means: This is the difference of the means. Ways to the left and to the right cancel in it; two
          samples of one mean and unequal spread would have distance 0. Each way counts with its length.
        all-pairs: You averaged over all pairs: that sends a part of every point to every other one. A cheapest plan
          moves each point once.
        squared: You squared the ways: with a square root outside, that is W₂; without one, its square. W₁ takes their
          length.
        sum-not-mean: You added up the ways. Each of the N points carries a mass of 1/N.
        largest-gap: This is the longest way. The distance is their mean.
    """,
    like={
        "unsorted": lambda x, y: (x - y).abs().mean(),
        "one-sorted": (
            lambda x, y: (x.sort().values - y).abs().mean(),
            lambda x, y: (x - y.sort().values).abs().mean(),
        ),
        "opposite-order": lambda x, y: (x.sort().values - y.sort(descending=True).values).abs().mean(),
        "difference-of-means": (
            lambda x, y: (x.mean() - y.mean()).abs(),
            lambda x, y: x.mean() - y.mean(),
            lambda x, y: y.mean() - x.mean(),
        ),
        "all-pairs": lambda x, y: (x[:, None] - y).abs().mean(),
        "squared": (
            lambda x, y: _sorted_gaps(x, y).square().mean(),
            lambda x, y: _sorted_gaps(x, y).square().mean().sqrt(),
            lambda x, y: _sorted_gaps(x, y).norm(),
        ),
        "sum-not-mean": lambda x, y: _sorted_gaps(x, y).abs().sum(),
        "largest-gap": lambda x, y: _sorted_gaps(x, y).abs().max(),
    },
    lesson="On the line the cheapest plan moves the k-th smallest to the k-th smallest. A critic must come "
    "to the same number.",
)

# -- 7 the gradient penalty --------------------------------------------------------------------------

_PAIRS = 256


class _Spy(nn.Module):
    """A critic that is a plane, of slope below 1, and remembers where it was asked."""

    def __init__(self) -> None:
        super().__init__()
        direction = torch.randn(6)
        self.weight = nn.Parameter(direction / direction.norm() * (0.4 + 0.4 * torch.rand(())))
        self.seen: list[Tensor] = []
        self.earlier: Tensor | None = None  # the t of the call before

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(_unwrapped(x).detach())
        return self.logits(x)

    def logits(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight

    def points(self, shape: torch.Size) -> Tensor:
        """Where it was last asked, in one call or sample by sample."""
        number, last = shape[0], self.seen[-1]
        if last.numel() * number == shape.numel() and len(self.seen) >= number > 1:
            last = torch.cat([part.reshape(1, *shape[1:]) for part in self.seen[-number:]])
        return last.reshape(shape) if last.numel() == shape.numel() else last


class _Curved(_Spy):
    """A critic whose slope differs from place to place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.randn(12, 5)
        self.weight = nn.Parameter(0.6 * torch.randn(5))

    def logits(self, x: Tensor) -> Tensor:
        return torch.tanh(x.flatten(1) @ self.first) @ self.weight


def _unwrapped(x: Tensor) -> Tensor:
    """What stands behind the tensors of `torch.func.vmap` and `grad`."""
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(x):
        x = functorch.get_unwrapped(x)
    return x


def _gp_world() -> tuple[_Spy, Tensor, Tensor, float]:
    return _Spy(), torch.randn(_PAIRS, 1, 2, 3), torch.randn(_PAIRS, 1, 2, 3) + 1, float(5 + 5 * torch.rand(()))


def _curved_world(n: int = 7) -> tuple[_Spy, Tensor, Tensor, float]:
    return _Curved(), torch.randn(n, 2, 3, 2), torch.randn(n, 2, 3, 2) + 1, float(5 + 5 * torch.rand(()))


#: Observed names, since tolerances and predicates use them too.
_ONE_T, _INSIDE, _OWN_T = "one t for all entries of a sample", "t from 0 to 1", "every sample has its own t"
_MEAN_T, _SPREAD_T = "mean of t", "standard deviation of t"
_ANEW = "t is drawn anew for every call"


def _observe_gradient_penalty(answer: Answer, world: Any) -> Observation:
    critic, real, fake = world[0], world[1].clone(), world[2].clone()
    penalty = answer(*world)
    if not critic.seen:
        raise Reject("critic-not-asked", penalty, "a penalty on the critic's slope", "`critic` was never called.")
    gradient = None
    if isinstance(penalty, Tensor) and penalty.requires_grad:
        (gradient,) = torch.autograd.grad(penalty.sum(), critic.weight, allow_unused=True)
    points, across = critic.points(real.shape), real - fake
    if points.shape != real.shape:
        raise Reject(
            "points-shape",
            tuple(points.shape),
            f"points of shape {tuple(real.shape)}",
            "The critic was asked at points of another shape than the images: one point a pair is meant. "
            "Print the shape of what you drew: does it broadcast along the samples?",
        )
    t = ((points - fake) * across).flatten(1).sum(1) / across.square().flatten(1).sum(1)
    off = points - fake - t.reshape(-1, 1, 1, 1) * across
    where = {_ONE_T: bool(off.abs().max() < 1e-3), _INSIDE: bool(t.min() > -1e-3 and t.max() < 1 + 1e-3)}
    before, critic.earlier = critic.earlier, t
    where[_ANEW] = before is None or not torch.allclose(before, t, atol=1e-3)
    if isinstance(critic, _Curved):  # compared with what the definition gives at the very points that were asked
        right = world[3] * _unit_slopes(_slope(critic.logits, points))
        (by_right,) = torch.autograd.grad(right, critic.weight)
        return {
            **where,
            "the penalty minus the one at your points": _minus(penalty, right.detach()),
            "its gradient minus the one at your points": _minus(gradient, by_right),
        }
    return {
        **where,
        _OWN_T: len(t.mul(1e4).round().unique()) > _PAIRS // 2,
        _MEAN_T: t.mean(),
        _SPREAD_T: t.std(),
        "the penalty": penalty,
        "the gradient by the critic's weights": gradient,
    }


def _minus(value: Any, right: Tensor) -> Any:
    return value.detach() - right if isinstance(value, Tensor) and value.numel() == right.numel() else value


def _unit_slopes(gradient: Tensor) -> Tensor:
    """E(‖∇‖ − 1)², of flattened gradients (N, d)."""
    misfit: Tensor = gradient.norm(dim=1) - 1
    return misfit.square().mean()


def _gp(
    reduce: Callable[[Tensor], Tensor] = _unit_slopes,
    create_graph: bool = True,
) -> Answer:
    def penalty(critic: Critic, real: Tensor, fake: Tensor, weight: float) -> Tensor:
        points = torch.lerp(fake, real, torch.rand(len(real), 1, 1, 1))
        return weight * reduce(_slope(critic, points, create_graph))

    return penalty


def _points_without_grad(critic: Critic, real: Tensor, fake: Tensor, weight: float) -> Tensor:
    points = torch.lerp(fake, real, torch.rand(len(real), 1, 1, 1))
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return weight * _unit_slopes(gradient.flatten(1))


def _on_the_line(trial: Trial) -> bool:
    return bool(trial.got[_ONE_T])


def _all_at(trial: Trial, t: float) -> bool:
    same = float(trial.got[_SPREAD_T]) < 1e-3 and abs(float(trial.got[_MEAN_T]) - t) < 1e-3
    return same and _on_the_line(trial)


gradient_penalty = sheet.task(
    "gradient_penalty",
    "WGAN's gradient penalty",
    tried=f"gradient_penalty(critic, real, fake, weight) on {_PAIRS} pairs of images, the points at which it asks the "
    "critic, and its gradient",
    setup=_gp_world,
    worlds={"a curved critic, two channels": _curved_world, "a batch of one": lambda: _curved_world(1)},
    observe=_observe_gradient_penalty,
    reference=_gp(),
    tolerance={
        _MEAN_T: 0.11,  # six standard errors of 256 uniform numbers
        _SPREAD_T: 0.05,
        **{f"{what} minus the one at your points": 1e-3 for what in ("the penalty", "its gradient")},
    },
    hints="""
        t-per-pixel: The points do not lie on the lines between the pairs: t differs between the entries of one image.
          Draw one number per pair, shaped so that it broadcasts over the image.
        at-the-ends: The critic was asked at the samples themselves, not between them. Its slope is to be 1 along the
          way from fake to real, where the optimal critic has slope 1.
        midpoints: All your points are midpoints. Draw t anew for each pair, so that over time the whole way is covered.
        one-t-for-all: One t serves the whole batch. Each step then looks at one slice of the way only: draw one number
          a *pair*.
        t-not-uniform: Your t leaves [0, 1], so some points lie beyond the samples. `torch.randn` is the normal
          distribution.
        points-without-grad: There is no derivative by the points: they were computed from real and fake samples, which
          ask for no gradient. Tell autograd, before the critic sees them, that you will want one.
        no-second-backward: The number is right and has no graph: the critic will never feel it. The first derivative
          must itself be differentiable.
        whole-batch-norm: You took one norm over the whole batch. It is larger than any sample's, so the penalty pulls
          all slopes towards 1/√N. Flatten each sample and take the norm along it.
        squared-norm-minus-one: You compared the *squared* norm with 1. It is zero in the same place, but elsewhere it
          is another penalty.
        pulls-to-zero: This pulls the slope to 0, as R1 does. A Wasserstein critic needs slope 1 to measure a distance.
        one-sided: Only slopes above 1 are penalised. That variant exists; the paper's penalty, asked for here, has two
          sides.
        mean-of-logits: You differentiated the *mean* of the logits, so each sample's gradient is N times too small and
          looks flat.
        sum-not-mean: You summed over the batch. The definition is an expectation: the penalty must not grow with the
          batch.
        weight-forgotten: The weight λ has no effect.
    """,
    like={
        "points-without-grad": _points_without_grad,
        "no-second-backward": _gp(create_graph=False),
        "whole-batch-norm": _gp(lambda gradient: (gradient.norm() - 1).square()),
        "squared-norm-minus-one": _gp(lambda gradient: (gradient.square().sum(1) - 1).square().mean()),
        "pulls-to-zero": (_gp(_per_sample), _gp(lambda gradient: _per_sample(gradient) / 2)),
        "one-sided": _gp(lambda gradient: (gradient.norm(dim=1) - 1).clamp(min=0).square().mean()),
        "mean-of-logits": _gp(lambda gradient: (gradient.norm(dim=1) / _PAIRS - 1).square().mean()),
        "sum-not-mean": _gp(lambda gradient: (gradient.norm(dim=1) - 1).square().sum()),
        "weight-forgotten": lambda critic, real, fake, weight: _gp()(critic, real, fake, 1.0),
    },
    when={
        "t-per-pixel": lambda trial: not _on_the_line(trial),
        "at-the-ends": lambda trial: _all_at(trial, 0.0) or _all_at(trial, 1.0),
        "midpoints": lambda trial: _all_at(trial, 0.5),
        "one-t-for-all": lambda trial: _on_the_line(trial) and not trial.got[_OWN_T],
        "t-not-uniform": lambda trial: _on_the_line(trial) and not trial.got[_INSIDE],
    },
    lesson="One point a pair, one norm a sample, and a graph to differentiate through.",
)

# -- 8 find the bugs ---------------------------------------------------------------------------------


@dataclass
class _CriticGame:
    """A critic, a generator and one batch, the same for every answer."""

    n: int = 6

    def __post_init__(self) -> None:
        self.critic = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0))
        self.generator = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        for parameter in [*self.critic.parameters(), *self.generator.parameters()]:
            nn.init.normal_(parameter, std=0.7)
            parameter.grad = torch.randn_like(parameter)  # left over from the round before
        self.optimizer = torch.optim.SGD(self.critic.parameters(), lr=0.1)
        self.left_over = [parameter.grad for parameter in self.generator.parameters()]
        n = self.n
        self.batch = torch.randn(n, 2) + 1, torch.randn(n, 3), torch.rand(n, 1)


def _observe_critic_step(answer: Answer, game: _CriticGame) -> Observation:
    before = [parameter.detach().clone() for parameter in game.critic.parameters()]
    weights = [parameter.detach().clone() for parameter in game.generator.parameters()]
    gradients = [None if g is None else g.clone() for g in game.left_over]
    loss = answer(game.critic, game.generator, game.optimizer, *game.batch, 2.0)
    after = [parameter.detach() for parameter in game.critic.parameters()]
    moved = any(not torch.equal(p, w) for p, w in zip(game.generator.parameters(), weights, strict=True))
    reached = any(
        p.grad is not None and g is not None and not torch.equal(p.grad, g) and bool(p.grad.any())
        for p, g in zip(game.generator.parameters(), gradients, strict=True)
    )
    return {
        "the move of the critic's first weights": after[0] - before[0],
        "the move of the critic's last weights": after[2] - before[2],
        "G moved": moved,
        "G's gradients changed": reached,
        "the returned loss": loss,
    }


def _critic_step(
    critic: nn.Module,
    generator: nn.Module,
    optimizer: torch.optim.Optimizer,
    real: Tensor,
    z: Tensor,
    t: Tensor,
    weight: float,
) -> float:
    fake = generator(z).detach()
    slopes = _slope(critic, t * real + (1 - t) * fake, create_graph=True)
    penalty = (slopes.norm(dim=1) - 1).square().mean()
    loss = critic(fake).mean() - critic(real).mean() + weight * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


_SIGN = ("critic(fake).mean() - critic(real).mean()", "critic(real).mean() - critic(fake).mean()")
_GRAPH, _ONE_NORM = ("create_graph=True", "create_graph=False"), ("dim=1", "")

repaired_critic_step = sheet.task(
    "repaired_critic_step",
    "Find three bugs",
    tried="repaired_critic_step(critic, generator, optimizer, real, z, t, weight), one step on 6 real and 6 "
    "fake points",
    setup=_CriticGame,
    worlds={"a batch of one": lambda: _CriticGame(1)},
    observe=_observe_critic_step,
    reference=_critic_step,
    blank=edited(_critic_step, (_SIGN, _GRAPH, _ONE_NORM)),
    hints="""
        two-left-sign-and-graph: One bug is gone, two are left. Which batch does this loss lift? And does anything in
          the penalty still depend on the critic's weights when `backward` comes?
        two-left-sign-and-norm: One bug is gone, two are left. Which batch does this loss lift? And how many norms
          should a batch of N have?
        two-left-graph-and-norm: One bug is gone, two are left, both in the penalty: how many norms should a batch of N
          have, and does the penalty still depend on the critic's weights when `backward` comes?
        sign-left: One bug left: the critic learns to rate fakes above the data. Its loss falls when real samples rise.
        graph-left: One bug left: the penalty changes the number that is returned and no weight at all. Print
          `penalty.requires_grad`.
        norm-left: One bug left: the norm mixes all samples of the batch, so the penalty pulls each slope towards 1/√N.
        mean-before-square: You averaged the norms before comparing with 1. Slopes of 0 and 2 would then pass as a
          perfect 1: the square belongs inside the mean.
        penalty-rewarded: The minus sign went too far: it turned the penalty into a reward. Only the two means trade
          places.
        generator-reached: The critic's step is right now, but it wrote gradients on G: the cut between G and the critic
          is gone.
        old-gradients: Gradients of the last round joined this step: something clears them no longer.
    """,
    like=likes(
        _critic_step,
        {
            "two-left-sign-and-graph": [(_SIGN, _GRAPH)],
            "two-left-sign-and-norm": [(_SIGN, _ONE_NORM)],
            "two-left-graph-and-norm": [(_GRAPH, _ONE_NORM)],
            "sign-left": [_SIGN],
            "graph-left": [_GRAPH],
            "norm-left": [_ONE_NORM],
            "mean-before-square": [(("dim=1)", "dim=1).mean()"), *graph) for graph in ((), (_GRAPH,))],
            "penalty-rewarded": [(("+ weight", "- weight"), *graph) for graph in ((), (_GRAPH,))],
            "generator-reached": [(".detach()\n", "\n")],
            "old-gradients": [(("optimizer.zero_grad()", ""), *graph) for graph in ((), (_GRAPH,))],
        },
    ),
    lesson="None of the three raised an error, and the loss is a number in each case. Ask which weights "
    "move, and where to.",
)

# -- challenge -----------------------------------------------------------------------------------------

SIZE, QUERIES = 50, 40
BAR = 0.41
"""What the extragradient method of the solutions reaches: the mean of log10(distance before / distance after)."""


def challenge(solve: Any, seeds: tuple[int, ...] = (0, 1, 2)) -> Score:
    """Play ``solve(field, theta, psi, queries)``, which returns the last (theta, psi), on one game a seed.

    The game is V = (theta - a)·M(psi - b) with 50 numbers a player and singular values of M from 0.2 to 1.
    ``field(theta, psi)`` gives its two partial derivatives, at most ``queries`` times.
    """

    def play(_seed: int) -> float:
        left, right = (torch.linalg.qr(torch.randn(SIZE, SIZE, dtype=torch.float64)).Q for _ in range(2))
        matrix = left * torch.linspace(0.2, 1, SIZE, dtype=torch.float64) @ right
        at = torch.randn(2, SIZE, dtype=torch.float64)
        asked = 0

        def field(theta: Tensor, psi: Tensor) -> Pair:
            nonlocal asked
            asked += 1
            if asked > QUERIES:
                raise ValueError(f"field answers at most {QUERIES} times")
            return matrix @ (psi - at[1]), (theta - at[0]) @ matrix

        theta, psi = solve(field, torch.zeros_like(at[0]), torch.zeros_like(at[1]), QUERIES)
        left_over = torch.stack((theta - at[0], psi - at[1])).norm() / at.norm()
        return -math.log10(max(float(left_over), 1e-300))

    def told(orders: tuple[float, ...], mean: float) -> str:
        return (
            f"challenge: {mean:.2f} orders of magnitude nearer ({listed(orders)}); {verdict(BAR, mean > BAR + 0.005)}"
        )

    return scored(play, seeds, told)

"""Checks for the exercises of chapter 3, Saturation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook.checks.challenge import Score, listed, scored, verdict
from ganbook.checks.compare import Observation, describe
from ganbook.checks.edits import edited, likes
from ganbook.checks.readings.saturation import READING
from ganbook.checks.rounds import FAKES_REAL, G_SATURATING, G_UPSIDE_DOWN, LABELS_SWAPPED, a_round
from ganbook.checks.task import Answer, Latents, Reject, Sheet, Trial, flat_weights, pair

sheet = Sheet("saturation", "Exercises 3: Saturation")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed

Pair = tuple[Tensor, Tensor]


# -- 1 the two losses --------------------------------------------------------------------------------


def _saturating(a: Tensor) -> Tensor:
    return F.logsigmoid(-a)  # log(1 − D), one per sample


def _non_saturating(a: Tensor) -> Tensor:
    return -F.logsigmoid(a)  # −log D, one per sample


def _observe_losses(answer: Answer, world: tuple[Tensor]) -> Observation:
    logits = world[0].clone().requires_grad_()
    seen: dict[str, Any] = {}
    losses = pair(answer(logits), "saturating", "non-saturating")
    for name, loss in zip(("saturating", "non-saturating"), losses, strict=True):
        gradient = None
        if isinstance(loss, Tensor) and loss.requires_grad:
            (gradient,) = torch.autograd.grad(loss.sum(), logits, retain_graph=True, allow_unused=True)
        seen[f"the {name} loss"] = loss
        seen[f"the gradient of the {name} loss by fake_logits"] = gradient
    return seen


def _mean(saturating: Callable[[Tensor], Tensor], non_saturating: Callable[[Tensor], Tensor]) -> Answer:
    return lambda a: (saturating(a).mean(), non_saturating(a).mean())


def _minus(form: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda a: -form(a)


generator_losses = sheet.task(
    "generator_losses",
    "Two losses for the generator",
    tried="generator_losses(fake_logits) on 7 logits: both losses, and their gradients",
    setup=lambda: (torch.randn(7) * 2 - 1,),
    worlds={
        "one logit": lambda: (torch.randn(1),),
        "equal logits": lambda: (torch.full((4,), float(torch.randn(()))),),
        "float64, sure logits": lambda: (torch.linspace(-18, 17, 8, dtype=torch.float64),),
    },
    observe=_observe_losses,
    reference=_mean(_saturating, _non_saturating),
    hints="""
        floor: For moderate logits this is right. For a sure D it is not: a small number inside the logarithm, or a
          probability that is cut off, is a floor under it, and no gradient comes from below.
        swapped: The two losses have changed places. The saturating one is the generator's part of V, with log(1 − D);
          the non-saturating one is made of log D.
        saturating-is-d-s-loss: Your saturating loss is the fake term of D's own loss. G minimising it helps D: the
          generator's loss is the opposite of that term.
        non-saturating-upside-down: Your non-saturating loss falls when D(G(z)) falls, so G would learn to be caught. G
          wants D(G(z)) large, and an optimiser makes its loss small.
        both-upside-down: Both have the opposite sign: these are what G wants to make large, or what D minimises. An
          optimiser makes its loss small.
        non-saturating-twice: Both results are −log D. Reversing D's gradient is another thing than giving fakes the
          real label: the saturating loss contains log(1 − D).
        saturating-twice: Both results are log(1 − D). Giving fakes the real label is another thing than reversing D's
          gradient: the non-saturating loss contains log D.
        sigmoid-twice: The sigmoid is applied twice: a function made for logits was given probabilities.
        one-minus-the-logit: The 1 − … is taken on the logit instead of on the probability: σ(1 − a) is not 1 − σ(a).
          Compare σ(−a) and σ(a) at a = 0.
        sum-not-mean: You summed over the batch. Both losses are expectations, so take means, or the step grows with the
          batch.
        no-log: Probabilities are averaged without their logarithm. Both losses are means of a logarithm; the whole
          chapter is about what that logarithm does to the gradient.
        log-of-mean: You took the logarithm of a mean. The definition has the mean of logarithms, so that each sample
          gets its own slope.
    """,
    like={
        "swapped": _mean(_non_saturating, _saturating),
        "saturating-is-d-s-loss": _mean(_minus(_saturating), _non_saturating),
        "non-saturating-upside-down": (
            _mean(_saturating, _minus(_non_saturating)),
            _mean(_saturating, _minus(_saturating)),
        ),
        "both-upside-down": _mean(_minus(_saturating), _minus(_non_saturating)),
        "non-saturating-twice": _mean(_non_saturating, _non_saturating),
        "saturating-twice": _mean(_saturating, _saturating),
        "sigmoid-twice": _mean(lambda a: _saturating(a.sigmoid()), lambda a: _non_saturating(a.sigmoid())),
        "one-minus-the-logit": _mean(lambda a: F.logsigmoid(1 - a), _non_saturating),
        "sum-not-mean": lambda a: (_saturating(a).sum(), _non_saturating(a).sum()),
        "no-log": (
            _mean(lambda a: 1 - a.sigmoid(), lambda a: -a.sigmoid()),
            _mean(lambda a: 1 - a.sigmoid(), lambda a: 1 - a.sigmoid()),
        ),
        "log-of-mean": lambda a: ((1 - a.sigmoid().mean()).log(), -a.sigmoid().mean().log()),
    },
    when={"floor": lambda trial: bool(trial.want["the non-saturating loss"] > 4.5)},  # in no other world
    lesson="The first is the zero-sum game: the opposite of D's term. The second gives fakes the real label. "
    "Both fall when D(G(z)) rises.",
)

# -- 2 slopes ----------------------------------------------------------------------------------------


#: Where D is sure of a fake: the card quotes both slopes there.
_FAKE_LOGIT = -3.0


def _observe_slopes(answer: Answer, world: tuple[Tensor]) -> Observation:
    logits = world[0]
    seen: dict[str, Any] = {}
    for where, a in ((f"at a = {_FAKE_LOGIT:g}", torch.tensor([_FAKE_LOGIT])), (f"at {len(logits)} logits", logits)):
        first, second = pair(answer(a.clone()), "saturating slope", "non-saturating slope")
        seen |= {f"the saturating slope {where}": first, f"the non-saturating slope {where}": second}
    return seen


def _sigma(a: Tensor) -> Tensor:
    return torch.sigmoid(a)


slopes = sheet.task(
    "slopes",
    "How hard each loss pulls",
    tried="slopes(logits) at the logit −3, then on 9 logits between −6 and 6",
    setup=lambda: (torch.rand(9) * 12 - 6,),
    worlds={
        "one logit": lambda: (torch.rand(1) * 12 - 6,),
        "logits far out": lambda: (torch.tensor([-14.0, -9.0, 0.0, 9.0, 14.0]),),
        "a sure D": lambda: (torch.tensor([-13.0, -11.0, -10.0]),),
    },
    observe=_observe_slopes,
    reference=lambda a: (-_sigma(a), _sigma(a) - 1),
    hints="""
        swapped: The two slopes have changed places. Look at a strong D, a far below 0: which of the two losses is flat
          there?
        sizes-only: The sizes are right, the signs are lost. Both losses fall when a rises: their slopes are negative.
        saturating-sign: The saturating slope has the wrong sign: you took −log(1 − D), which is D's term. G's loss is
          log(1 − D), and falls when a rises.
        non-saturating-sign: The non-saturating slope has the wrong sign: you took log D. G's loss is −log D, and falls
          when a rises.
        slope-by-d: These are slopes by the probability D. They do not vanish at D = 0, which is why saturation cannot
          be seen on that axis: G's gradient reaches the logit, so the chain rule has one more factor.
        sigmoid-slope-only: This is the slope of the sigmoid alone, σ(1 − σ). The logarithm outside it contributes a
          factor too, a different one in each loss.
        slope-of-the-mean: Every slope is divided by the number of logits: you differentiated the mean loss. Asked for
          is each sample's own slope.
        losses-not-slopes: These are the losses themselves, not their derivatives by the logit.
        saturating-twice: Both slopes are −σ(a). That one dies when D is sure of a fake; the loss −log D has its largest
          slope there.
    """,
    like={
        "swapped": lambda a: (_sigma(a) - 1, -_sigma(a)),
        "sizes-only": lambda a: (_sigma(a), 1 - _sigma(a)),
        "saturating-sign": lambda a: (_sigma(a), _sigma(a) - 1),
        "non-saturating-sign": lambda a: (-_sigma(a), 1 - _sigma(a)),
        "slope-by-d": lambda a: (-1 / (1 - _sigma(a)), -1 / _sigma(a)),
        "sigmoid-slope-only": (
            lambda a: (-_sigma(a) * (1 - _sigma(a)), -_sigma(a) * (1 - _sigma(a))),
            lambda a: (_sigma(a) * (1 - _sigma(a)), _sigma(a) * (1 - _sigma(a))),
            lambda a: (-_sigma(a) * (1 - _sigma(a)), _sigma(a) * (1 - _sigma(a))),
        ),
        "slope-of-the-mean": lambda a: (-_sigma(a) / len(a), (_sigma(a) - 1) / len(a)),
        "losses-not-slopes": lambda a: (_saturating(a), _non_saturating(a)),
        "saturating-twice": lambda a: (-_sigma(a), -_sigma(a)),
    },
    lesson="Both pull the logit up. Where D is sure of a fake, the saturating loss hardly pulls at all and "
    "the other pulls with full strength 1.",
)

# -- 3 where the pulls differ ------------------------------------------------------------------------


def _logit_of(d: float) -> float:
    return math.log(d / (1 - d))


def _ratio_of_losses(ratio: float) -> float:
    """The logit at which −log D is `ratio` times as large as −log(1 − D), by bisection."""
    low, high = -20.0, 0.0
    for _ in range(60):
        middle = (low + high) / 2
        a = torch.tensor(middle, dtype=torch.float64)
        if float(F.softplus(-a) / F.softplus(a)) > ratio:
            low = middle
        else:
            high = middle
    return low


ten_times = sheet.task(
    "ten_times",
    "Ten times as strong",
    tried="your logit",
    takes="value",
    observe=lambda value, world: {"your logit": value},
    reference=lambda world: -math.log(10),
    tolerance={"your logit": 5e-3},  # three digits are asked for: −2.30 is right
    hints="""
        other-side: The size is right, the side is not. At a positive logit D takes the fake for real: there the
          saturating loss is the stronger one.
        probability-not-logit: This is the probability D at that place. Asked for is the logit a that belongs to it, D =
          σ(a).
        d-is-one-tenth: This is the logit of D = 1/10. There the slopes are 1 − D = 9/10 and D = 1/10: nine times, not
          ten.
        ratio-of-losses: There the loss −log D is ten times as large as |log(1 − D)|. What moves G is not the size of a
          loss but its slope by the logit: divide the slopes of task 2.
        log-10: The ratio of the slopes is a power of e, not of 10: solve with the natural logarithm.
        slope-ten-times-at-zero: You asked where a slope is a tenth of what it is at a = 0. Compare the two losses with
          each other at the same logit.
        equal-strength: At a = 0, where D = ½, both slopes are −½: equally strong.
    """,
    like={
        "other-side": lambda world: math.log(10),
        "probability-not-logit": (lambda world: 1 / 11, lambda world: 1 / 10),
        "d-is-one-tenth": lambda world: _logit_of(0.1),
        "ratio-of-losses": lambda world: _ratio_of_losses(10),
        "log-10": lambda world: -1.0,
        "slope-ten-times-at-zero": lambda world: _logit_of(0.05),
        "equal-strength": lambda world: 0.0,
    },
    lesson="(1 − σ(a)) / σ(a) = exp(−a): the advantage grows exponentially as D becomes sure, and turns into "
    "a handicap for a > 0.",
)

# -- 4 logarithms that survive -----------------------------------------------------------------------

_PRECISIONS = {"float32": torch.float32, "float16": torch.float16}


def _extreme_logits() -> dict[str, Tensor]:
    return {
        "logits from −8 to 8": torch.rand(9) * 16 - 8,
        "logits −30, −100, −10000": torch.tensor([-30.0, -100.0, -1e4]),
        "logits 30, 100, 10000": torch.tensor([30.0, 100.0, 1e4]),
    }


def _observe_logs(answer: Answer, world: Mapping[str, Tensor]) -> Observation:
    values: dict[str, Any] = {}
    gradients: dict[str, Any] = {}
    for precision, dtype in _PRECISIONS.items():
        for which, logits in world.items():
            leaf = logits.to(dtype, copy=True).requires_grad_()
            both = pair(answer(leaf), "log D", "log(1 − D)")
            for name, log in zip(("log D", "log(1 − D)"), both, strict=True):
                values[f"{name} for {which} ({precision})"] = log
                gradient = None
                if isinstance(log, Tensor) and log.requires_grad:
                    (gradient,) = torch.autograd.grad(log.sum(), leaf, retain_graph=True, allow_unused=True)
                gradients[f"the gradient of {name} for {which} ({precision})"] = gradient
    return values | gradients


def _logs_tolerance() -> dict[str, float]:
    slack = {}
    for precision in _PRECISIONS:
        for which in ("logits from −8 to 8", "logits −30, −100, −10000", "logits 30, 100, 10000"):
            for name in ("log D", "log(1 − D)"):
                value = f"{name} for {which} ({precision})"
                half = precision == "float16"
                slack[value] = 0.02 if half else 2e-3  # float32 keeps 1e4 to 1e-3
                slack[f"the gradient of {value}"] = 5e-3 if half else 1e-3
    return slack


def _two_logs(log_d: Callable[[Tensor], Tensor], log_not_d: Callable[[Tensor], Tensor]) -> Answer:
    return lambda a: (log_d(a), log_not_d(a))


def _log_of_sigmoid(a: Tensor) -> Tensor:
    return torch.sigmoid(a).log()


def _log_of_one_minus(a: Tensor) -> Tensor:
    return (1 - torch.sigmoid(a)).log()


_FAR_DOWN = ("log D for logits −30, −100, −10000 (float32)", "log(1 − D) for logits 30, 100, 10000 (float32)")


def _hits_a_floor(trial: Trial) -> bool:
    """A finite value where −10000 is right: something was added or clipped."""
    return any(-1000 < float(trial.got[name].detach().min()) < -5 for name in _FAR_DOWN)


def _log_of_zero(trial: Trial) -> bool:
    return any(bool(torch.isinf(trial.got[name]).any()) for name in _FAR_DOWN)


log_probabilities = sheet.task(
    "log_probabilities",
    "Logarithms that survive",
    tried="log_probabilities(logits) on logits from −10000 to 10000, in float32 and float16, and its gradients",
    setup=_extreme_logits,
    observe=_observe_logs,
    tolerance=_logs_tolerance(),
    reference=_two_logs(F.logsigmoid, lambda a: F.logsigmoid(-a)),
    hints="""
        swapped: log D and log(1 − D) have changed places: for a far above 0, D is near 1 and log D near 0.
        losses-not-logs: The sign is flipped: these are −log D and −log(1 − D). The logarithm of a probability is never
          positive.
        minus-log: Your log(1 − D) is −log D. A logarithm does not turn a difference into a sign: at a = 0 both
          logarithms are log ½.
        double-is-not-enough: float64 only moves the cliff: 1 − σ(a) rounds to 0 from a = 37 on, and exp(10000)
          overflows in any precision. What is needed is a form that never makes the probability.
        exp-overflows: The formula is right and its exp overflows: exp(100) is infinite in float32, exp(12) in float16.
          An equal form with exp of a negative number exists, and PyTorch has it built in.
        floor: A small number added, or a clamp, keeps the logarithm finite and puts a floor under it: below the floor
          the value is wrong and the slope is 0, so the sample stops teaching. A non-saturating loss saturates again
          this way.
        log-of-zero: A probability was made first and its logarithm taken afterwards. In float32, σ(−100) is 0, and 1 −
          σ(a) is 0 from a = 17 on: the logarithm of 0 is −inf. Go from the logit to the logarithm in one step.
    """,
    like={
        "swapped": _two_logs(lambda a: F.logsigmoid(-a), F.logsigmoid),
        "losses-not-logs": _two_logs(lambda a: F.softplus(-a), F.softplus),
        "minus-log": _two_logs(F.logsigmoid, lambda a: -F.logsigmoid(a)),
        "double-is-not-enough": (
            _two_logs(lambda a: _log_of_sigmoid(a.double()), lambda a: _log_of_one_minus(a.double())),
            _two_logs(
                lambda a: _log_of_sigmoid(a.double()).to(a.dtype),
                lambda a: _log_of_one_minus(a.double()).to(a.dtype),
            ),
            _two_logs(lambda a: _log_of_sigmoid(a.double()), lambda a: torch.log1p(-torch.sigmoid(a.double()))),
        ),
        "exp-overflows": (
            _two_logs(lambda a: -(1 + (-a).exp()).log(), lambda a: -(1 + a.exp()).log()),
            _two_logs(lambda a: a - (1 + a.exp()).log(), lambda a: -(1 + a.exp()).log()),
            _two_logs(lambda a: -(1 + (-a).exp()).log(), lambda a: -a - (1 + (-a).exp()).log()),
            _two_logs(lambda a: a - (1 + a.exp()).log(), lambda a: -a - (1 + (-a).exp()).log()),
            _two_logs(lambda a: -torch.log1p((-a).exp()), lambda a: -torch.log1p(a.exp())),
        ),
    },
    when={
        "floor": _hits_a_floor,
        "log-of-zero": _log_of_zero,
    },
    lesson="From the logit straight to the logarithm: nothing overflows and no slope is lost, in half precision too.",
)

# -- 5 reversing the gradient ------------------------------------------------------------------------


def _reversal_world() -> tuple[Tensor, Tensor, Tensor]:
    return torch.randn(5, 3), torch.randn(5, 3), torch.randn(5, 3)


def _observe_reversal(answer: Answer, world: tuple[Tensor, Tensor, Tensor]) -> Observation:
    x, weights, beside = world
    seen: dict[str, Any] = {}
    leaf = torch.tensor([2.0], requires_grad=True)
    y = answer(leaf)
    if isinstance(y, Tensor):
        seen["the value for x = 2"] = y.detach().clone()
        seen["the gradient that reaches x = 2, when 1 arrives"] = _gradient_by(leaf, y.sum())
    leaf = x.clone().requires_grad_()
    y = answer(leaf)
    if not isinstance(y, Tensor):
        raise Reject("type", y, "a tensor like x", "Return a tensor: x, with a gradient that runs backwards.")
    seen["the value for a (5, 3) tensor"] = y.detach().clone()
    seen["the number type of the value"] = str(y.dtype)
    seen["the gradient through it, for a (5, 3) tensor"] = _gradient_by(
        leaf, (weights * y.square()).sum() if y.shape == x.shape else y.sum()
    )
    leaf = x.clone().requires_grad_()
    y = answer(leaf)
    loss = (weights * y).sum() + (beside * leaf).sum() if y.shape == x.shape else y.sum()
    seen["the gradient where x is also used directly"] = _gradient_by(leaf, loss)
    return seen


def _gradient_by(leaf: Tensor, loss: Tensor) -> Tensor | None:
    if not loss.requires_grad:
        return None
    leaf.grad = None
    loss.backward()  # type: ignore[no-untyped-call]
    return leaf.grad


class _Reversal(torch.autograd.Function):
    """Identity whose backward pass a subclass says."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)


class _IgnoresIncoming(_Reversal):
    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return -torch.ones_like(gradients[0])


class _MinusSize(_Reversal):
    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return -gradients[0].abs()


def _hooked(x: Tensor) -> Tensor:
    x.register_hook(lambda gradient: -gradient)  # type: ignore[no-untyped-call]
    return x


reverse_gradient = sheet.task(
    "reverse_gradient",
    "Reversing the gradient",
    tried="reverse_gradient(x) for x = 2 and for a (5, 3) tensor: value, gradient through it and beside it",
    setup=_reversal_world,
    worlds={"float64": lambda: tuple(torch.randn(3, 5, 3, dtype=torch.float64))},
    observe=_observe_reversal,
    reference=lambda x: 2 * x.detach() - x,
    hints="""
        negates-the-value: The value is negated as well. D must judge the sample as it is; only on the way back the sign
          changes.
        nothing-reversed: The value passes and so does the gradient, with its sign unchanged: G would help D.
        cut-off: No gradient comes through at all: G would never move. Cutting the graph is half of a trick; the other
          half lets something through with the opposite sign.
        value-lost: The gradient is reversed, but the value is 0 everywhere: what is added must restore x without
          bringing a gradient of its own.
        value-negated-gradient-kept: Value and gradient have changed roles: the value is negated and the gradient is
          not.
        incoming-ignored: Backward returns −1 everywhere, whatever comes in. The chain rule multiplies: reverse the
          gradient that arrives.
        sign-forced: Backward returns minus the size of what arrives. Reversing also turns negative slopes into positive
          ones.
        reverses-every-path: The hook sits on x itself, so every use of x is reversed, not only this one. In a GAN the
          same G(z) may also enter a second loss. Make a new tensor and reverse there.
    """,
    like={
        "negates-the-value": lambda x: -x,
        "nothing-reversed": lambda x: x * 1,
        "cut-off": (lambda x: x.detach(), lambda x: -x.detach(), lambda x: 2 * x.detach() - x.detach()),
        "value-lost": lambda x: x.detach() - x,
        "value-negated-gradient-kept": lambda x: x - 2 * x.detach(),
        "incoming-ignored": _IgnoresIncoming.apply,
        "sign-forced": _MinusSize.apply,
        "reverses-every-path": _hooked,
    },
    lesson="D sees the sample unchanged, G gets D's gradient with the opposite sign: one backward pass plays "
    "the saturating game.",
)

# -- 6 the gradient's norm ---------------------------------------------------------------------------


def _small_generator() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).double()


class _Discriminator(nn.Module):
    """(N, 1) to logits (N,), small and smooth."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).double()

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x).squeeze(1)
        return logits


def _measuring_world(n: int = 6) -> dict[str, Any]:
    generator, discriminator = _small_generator(), _Discriminator()
    with torch.no_grad():  # a D that is steep where the fakes are, so that G's share is not lost beside D's
        for layer in (discriminator.layers[0], discriminator.layers[2]):
            for parameter in layer.parameters():
                parameter.copy_(1.0 + 0.4 * torch.rand_like(parameter) if parameter.ndim == 2 else 0 * parameter)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "z": torch.randn(n, 2, dtype=torch.float64),
        "stale": {network: _random_like(network) for network in (generator, discriminator)},
    }


def _random_like(network: nn.Module) -> list[Tensor]:
    return [torch.randn_like(p) for p in network.parameters()]


def _stored(network: nn.Module) -> Tensor:
    return torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in network.parameters()])


def _observe_norm(answer: Answer, world: Mapping[str, Any]) -> Observation:
    generator, discriminator = world["generator"], world["discriminator"]
    for network, stale in world["stale"].items():
        for parameter, gradient in zip(network.parameters(), stale, strict=True):
            parameter.grad = gradient.clone()
    norms = {}
    for name, loss in (("non-saturating", _non_saturating), ("saturating", _saturating)):
        norms[f"norm of the {name} gradient"] = answer(
            generator, discriminator, world["z"].clone(), lambda a, loss=loss: loss(a).mean()
        )
    return norms | {
        "what lies in G's .grad afterwards": _stored(generator),
        "what lies in D's .grad afterwards": _stored(discriminator),
    }


def _norm_by(combine: Callable[[list[Tensor]], Tensor], of: str = "G") -> Answer:
    """A norm from the gradients, taken without touching `.grad`."""

    def norm(g: nn.Module, d: nn.Module, z: Tensor, loss: Callable[[Tensor], Tensor]) -> Tensor:
        parameters = {"G": [*g.parameters()], "D": [*d.parameters()], "both": [*g.parameters(), *d.parameters()]}[of]
        return combine([*torch.autograd.grad(loss(d(g(z))), parameters)])

    return norm


def _norm_by_backward(zeroed: bool, combine: Callable[[list[Tensor]], Tensor]) -> Answer:
    def norm(g: nn.Module, d: nn.Module, z: Tensor, loss: Callable[[Tensor], Tensor]) -> Tensor:
        if zeroed:
            g.zero_grad()
        loss(d(g(z))).backward()  # type: ignore[no-untyped-call]
        return combine([p.grad for p in g.parameters() if p.grad is not None])

    return norm


def _total(gradients: list[Tensor]) -> Tensor:
    norm: Tensor = torch.cat([g.flatten() for g in gradients]).norm()
    return norm


def _norms_of_one(which: int) -> tuple[Answer, Answer]:
    def combine(gradients: list[Tensor]) -> Tensor:
        norm: Tensor = gradients[which].norm()
        return norm

    return _norm_by(combine), _norm_by_backward(True, combine)


def _gradients_changed(trial: Trial) -> bool:
    norms = [name for name in trial.want if name.startswith("norm of")]
    stored = trial.want.keys() - norms
    return all(abs(float(trial.got[name]) / float(trial.want[name]) - 1) < 1e-4 for name in norms) and not all(
        torch.equal(trial.got[name], trial.want[name]) for name in stored
    )


gradient_norm = sheet.task(
    "gradient_norm",
    "How much gradient reaches G",
    tried="gradient_norm(generator, discriminator, z, generator_loss) with both losses, in the middle of a training",
    setup=_measuring_world,
    worlds={"a batch of one": lambda: _measuring_world(1)},
    observe=_observe_norm,
    reference=_norm_by(_total),
    hints="""
        sum-of-norms: You added the norms of the single tensors. The norm of one long vector is the root of the sum of
          squares; yours depends on how the weights are cut into tensors.
        mean-of-norms: You averaged the norms of the single tensors, so a small bias counts as much as a large weight
          matrix.
        squared: This is the squared norm: the root is missing.
        one-tensor-only: Only one of G's tensors was measured: the norm runs over all weights and biases of G together.
        stale-gradients: What lay in `.grad` before was added to the new gradient: you measured the sum of both.
          `backward` accumulates.
        d-included: D's gradients are in your norm as well. The question is how much reaches the generator.
        d-only: This is the norm of D's gradient. The question is how much reaches the generator.
        cut-off: G's weights are not in the graph of the loss: between G and the loss the samples were detached. In D's
          turn that is right; here the gradient must run through D back to G.
        leaves-traces: The norm is right, but the measurement changed what lies in `.grad`, and the next optimiser step
          would use it. An instrument must leave the game as it was: `torch.autograd.grad` returns gradients instead of
          storing them.
    """,
    like={
        "sum-of-norms": (
            _norm_by(lambda gradients: torch.stack([g.norm() for g in gradients]).sum()),
            _norm_by_backward(True, lambda gradients: torch.stack([g.norm() for g in gradients]).sum()),
        ),
        "mean-of-norms": (
            _norm_by(lambda gradients: torch.stack([g.norm() for g in gradients]).mean()),
            _norm_by_backward(True, lambda gradients: torch.stack([g.norm() for g in gradients]).mean()),
        ),
        "squared": (
            _norm_by(lambda gradients: _total(gradients).square()),
            _norm_by_backward(True, lambda gradients: _total(gradients).square()),
        ),
        "one-tensor-only": (*_norms_of_one(0), *_norms_of_one(-1), *_norms_of_one(-2)),
        "stale-gradients": (
            _norm_by_backward(False, _total),
            _norm_by_backward(False, lambda gradients: torch.stack([g.norm() for g in gradients]).sum()),
        ),
        "d-included": _norm_by(_total, of="both"),
        "d-only": _norm_by(_total, of="D"),
    },
    when={
        "cut-off": lambda t: "not have been used in the graph" in str(t.error),
        "leaves-traces": _gradients_changed,
    },
    lesson="One number for the whole generator, and the game goes on as if nobody had looked.",
)

# -- 7 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read four ways to a standstill",
    lesson="Standing fakes have several causes. The gradient that reaches G tells saturation from the others.",
)
logs, draw = READING.logs, READING.draw

# -- 8 find the bug ----------------------------------------------------------------------------------


def _stuck_world(sure: bool = True, n: int = 8) -> dict[str, Any]:
    """A D that is sure of the fakes (logits from about −26 to −18), not yet of the real samples; or an unsure one."""
    generator, discriminator = _small_generator(), _Discriminator()
    with torch.no_grad():
        for parameter in generator[2].parameters():
            parameter.mul_(0.3)
        for parameter in generator[2].parameters():
            if parameter.numel() == 1:
                parameter.fill_(-1.3)
        first, last = discriminator.layers[0], discriminator.layers[2]
        for parameter, centre, spread in zip(
            [*first.parameters(), *last.parameters()], (1.0, 0.0, 6.5, 0.0), (0.2, 0.1, 0.5, 0.1), strict=True
        ):
            parameter.copy_((centre if sure else 0.1 * centre) + spread * (2 * torch.rand_like(parameter) - 1))
    return {
        "generator": generator,
        "discriminator": discriminator,
        "stale": {network: _random_like(network) for network in (generator, discriminator)},
        "real": torch.randn(n, 1, dtype=torch.float64) * 0.2,
        "z": [torch.randn(n, 2, dtype=torch.float64) for _ in range(2)],
    }


def _observe_turns(answer: Answer, world: Mapping[str, Any]) -> Observation:
    networks = world["generator"], world["discriminator"]
    before = [flat_weights(network) for network in networks]
    for network, stale in world["stale"].items():
        for parameter, gradient in zip(network.parameters(), stale, strict=True):
            parameter.grad = gradient.clone()
    optimizers = [torch.optim.SGD(network.parameters(), lr=0.01) for network in networks]
    answer(*networks, *optimizers, world["real"].clone(), Latents(world["z"]))
    after = [flat_weights(network) for network in networks]
    return {
        "the change of D's weights": after[1] - before[1],
        "the change of G's weights": after[0] - before[0],
    }


def _floor(epsilon: float) -> tuple[tuple[str, str]]:
    return (("bce(discriminator(fake), 1)", f"-(torch.sigmoid(discriminator(fake)) + {epsilon}).log().mean()"),)


_FLOOR = _floor(1e-8)
_LABEL = (
    "In D's turn the fakes carry the real label. That label is what G wishes for, in G's turn; taught to D, "
    "it makes D call everything real."
)
_SIGN = "G descends on log D, so it learns to be caught: D(G(z)) falls with every step."
_EPSILON = (
    "The small number inside G's logarithm is larger than D(G(z)) itself, so the slope dies just where G "
    "needs it: a non-saturating loss that saturates."
)

escape_round = sheet.task(
    "escape_round",
    "Find the bugs: a generator that never arrives",
    tried="escape_round(…) against a D that is sure of the fakes: one round, from weights with leftover gradients",
    setup=_stuck_world,
    worlds={
        "a D that is not so sure": lambda: _stuck_world(sure=False),
        "a batch of one": lambda: _stuck_world(sure=False, n=1),
    },
    observe=_observe_turns,
    returns=("d_loss", "g_loss"),
    reference=a_round,
    blank=edited(a_round, (*FAKES_REAL, *G_UPSIDE_DOWN, *_FLOOR)),
    hints=f"""
        fakes-called-real-in-d-s-turn: One bug is left. {_LABEL}
        g-upside-down: One bug is left. {_SIGN}
        floor: One bug is left. {_EPSILON}
        label-and-sign: Two bugs are left: what D is told about the fakes, and which way G goes. Print the mean of
          D(G(z)) before and after each turn.
        label-and-floor: Two bugs are left: what D is told about the fakes, and how G's logarithm is computed where
          D(G(z)) is tiny.
        sign-and-floor: Two bugs are left, both in G's loss: which way it goes, and how the logarithm is computed where
          D(G(z)) is tiny.
        g-stays: G did not move at all. Its turn is: clear the gradients, backward, step; and its loss needs a slope
          where D is sure, so nothing between the logits and the loss may be cut or clamped.
        saturating: G now descends on log(1 − D), or on something as flat. That is the zero-sum game, and its slope is
          nearly 0 against this D: G stays stuck. Asked for is the non-saturating loss.
        d-labels-swapped: The fakes' label is repaired and the real samples' label broken: D now calls real samples
          fake.
    """,
    like=likes(
        a_round,
        {
            "fakes-called-real-in-d-s-turn": [FAKES_REAL],
            "g-upside-down": [G_UPSIDE_DOWN],
            "floor": [_floor(epsilon) for epsilon in (1e-8, 1e-7, 1e-9, 1e-10, 1e-12, 1e-6, 1e-5)],
            "label-and-sign": [(*FAKES_REAL, *G_UPSIDE_DOWN)],
            "label-and-floor": [(*FAKES_REAL, *_FLOOR)],
            "sign-and-floor": [(*G_UPSIDE_DOWN, *_FLOOR)],
            "saturating": [G_SATURATING, (*G_SATURATING, *FAKES_REAL)],
            "d-labels-swapped": [LABELS_SWAPPED],
        },
    ),
    when={
        "g-stays": lambda trial: not trial.got["the change of G's weights"].any(),
    },
    lesson="D is told the truth, G gets the real label in its own turn only, and its slope survives any logit.",
)

# -- the challenge -----------------------------------------------------------------------------------

#: A little below what −log D reaches on the challenge's three seeds, 0.57. Over 8 seeds −log D reaches 0.77 (0.27 to
#: 1.55) and the saturating loss 0.29 (0.19 to 0.40).
BAR = 0.5
ROUNDS, SMOKE_ROUNDS = 150, 5
_BATCH, _HEAD_START, _STEP = 128, 200, 0.05


def challenge(generator_loss: Any, seeds: tuple[int, ...] = (0, 1, 2)) -> Score:
    """Free a stuck generator with ``generator_loss(fake_logits, real_logits)``, which gives a scalar.

    Points on the line. The generator starts far from the data, and D gets a head start of 200 steps. In each round D
    makes one step of Adam and G one step of fixed length down the gradient of your loss: only its direction counts. The
    distance is the Wasserstein-1 distance of 2 000 fakes to 2 000 real samples.
    """
    from ganbook.training.budget import budget

    rounds = SMOKE_ROUNDS if budget() == "smoke" else ROUNDS

    def told(distances: tuple[float, ...], mean: float) -> str:
        text = f"challenge: mean distance {mean:.2f} ({listed(distances)} for each seed) after {rounds} rounds"
        if rounds < ROUNDS:
            return f"{text}; too few rounds to compare with the bar (budget smoke)"
        return f"{text}; {verdict(BAR, mean < BAR)}"

    return scored(lambda _seed: _escape(generator_loss, rounds), seeds, told)


def _escape(generator_loss: Callable[[Tensor, Tensor], Any], rounds: int) -> float:
    from ganbook.data import toy

    data = toy.mixture_1d()
    generator = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
    layers = nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
    discriminator = nn.Sequential(*layers, nn.Flatten(0))
    with torch.no_grad():
        generator.get_parameter("2.bias").fill_(6.0)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.01, betas=(0.5, 0.9))
    weights = [*generator.parameters()]
    for round_ in range(-_HEAD_START, rounds):
        with torch.no_grad():
            fake = generator(torch.randn(_BATCH, 1))
        real = data.sample(_BATCH)
        d_loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        d_optimizer.zero_grad()
        d_loss.backward()  # type: ignore[no-untyped-call]
        d_optimizer.step()
        if round_ < 0:
            continue
        with torch.no_grad():
            real_logits = discriminator(data.sample(_BATCH))
        loss = generator_loss(discriminator(generator(torch.randn(_BATCH, 1))), real_logits)
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            raise ValueError(f"the loss must be one number in a tensor; {describe(loss)} came")
        gradients = torch.autograd.grad(loss.sum(), weights)
        length = torch.cat([gradient.flatten() for gradient in gradients]).norm()
        if not length > 0:
            raise ValueError(f"the gradient of your loss has length {float(length)}: it has no direction")
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.sub_(_STEP * gradient / length)
    with torch.no_grad():
        fakes = generator(torch.randn(2000, 1)).flatten().sort().values
    return float((fakes - data.sample(2000).flatten().sort().values).abs().mean())

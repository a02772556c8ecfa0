"""Checks for the exercises of chapter 7, When training fails."""

from __future__ import annotations

import copy  # noqa: F401  (for an edit)
import math  # noqa: F401  (for an edit)
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook.checks.challenge import NoScore, Score, listed, scored, verdict
from ganbook.checks.compare import Observation, describe
from ganbook.checks.edits import edited, likes
from ganbook.checks.readings.failures import READING
from ganbook.checks.rounds import D_NEVER_CLEARED, G_CUT_OFF, LABELS_SWAPPED, a_round
from ganbook.checks.task import Answer, Latents, Reject, Sheet, Trial, flat_weights, loss_with_gradients, pair
from ganbook.checks.worlds import gradient

sheet = Sheet("failures", "Exercises 7: When training fails")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed

# -- 1 minibatch standard deviation ------------------------------------------------------------------


def _observe_features(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    leaves = {name: value.clone().requires_grad_() for name, value in zip("xt", world, strict=False)}
    result = answer(*leaves.values())
    return {"the result": result} | {
        f"the gradient by {name}": gradient(result, [leaf]) for name, leaf in leaves.items()
    }


def _appended(number: Callable[[Tensor], Tensor]) -> Answer:
    return lambda x: torch.cat((x, number(x).expand(len(x), 1)), dim=1)


minibatch_stddev = sheet.task(
    "minibatch_stddev",
    "One number for variety",
    tried="minibatch_stddev(x) on a batch of 6 samples with 4 features, and its gradient",
    setup=lambda: (torch.randn(6, 4) * torch.tensor([0.3, 1.0, 2.0, 0.5]) + 1,),
    worlds={
        "a batch of two": lambda: (torch.randn(2, 7),),
        "one feature": lambda: (torch.randn(5, 1),),
    },
    observe=_observe_features,
    reference=_appended(lambda x: x.std(0, correction=0).mean()),
    hints="""
        over-the-features: The deviation is taken over the features of each sample. Variety is a property of the batch:
          compare one feature across the samples.
        n-minus-one: You divided by n − 1, which is PyTorch's default. The layer divides by n: it describes this batch
          and estimates nothing.
        variance: These are variances. Without the root the number is in squared units of the features.
        root-of-the-mean: The root is taken after the mean over the features. The layer takes each feature's deviation
          first and averages those.
        all-together: The deviation is taken over all numbers at once, so features with different means look like
          variety even when all samples are the same.
        not-averaged: One deviation a feature is appended. The layer averages them and appends a single number.
        cut-off: The number is right and no gradient flows back through it, so G would never learn that more variety
          helps.
        only-the-number: The number is right, the features are gone: D still has to look at each sample.
        in-front: The number stands in front of the features. Append it as the last column.
    """,
    like={
        "over-the-features": (
            lambda x: torch.cat((x, x.std(1, correction=0, keepdim=True)), dim=1),
            _appended(lambda x: x.std(1, correction=0).mean()),
            lambda x: torch.cat((x, x.std(1, keepdim=True)), dim=1),
            _appended(lambda x: x.std(1).mean()),
        ),
        "n-minus-one": _appended(lambda x: x.std(0).mean()),
        "variance": (_appended(lambda x: x.var(0, correction=0).mean()), _appended(lambda x: x.var(0).mean())),
        "root-of-the-mean": _appended(lambda x: x.var(0, correction=0).mean().sqrt()),
        "all-together": (_appended(lambda x: x.std(correction=0)), _appended(lambda x: x.std())),
        "not-averaged": (
            lambda x: torch.cat((x, x.std(0, correction=0).expand(len(x), -1)), dim=1),
            lambda x: torch.cat((x, x.std(0).expand(len(x), -1)), dim=1),
        ),
        "cut-off": _appended(lambda x: x.std(0, correction=0).mean().detach()),
        "only-the-number": (
            lambda x: x.std(0, correction=0).mean().expand(len(x), 1),
            lambda x: x.std(0, correction=0).mean(),
        ),
        "in-front": lambda x: torch.cat((x.std(0, correction=0).mean().expand(len(x), 1), x), dim=1),
    },
    lesson="All samples of a batch carry the same number, so a collapsed batch is caught as a whole.",
)

# -- 2 one-sided label smoothing ---------------------------------------------------------------------

_SMOOTH = 0.9


def _bce(logits: Tensor, target: float) -> Tensor:
    return target * F.softplus(-logits) + (1 - target) * F.softplus(logits)


smoothed_loss = sheet.task(
    "smoothed_loss",
    "One-sided label smoothing",
    tried="smoothed_loss(real_logits, fake_logits) on 6 real and 4 fake logits: the loss and its gradients",
    setup=lambda: (torch.randn(6) + 1, torch.randn(4) - 1),
    worlds={
        "one logit each": lambda: (torch.randn(1), torch.randn(1)),
        "float64, sure logits": lambda: (
            torch.linspace(-18, 20, 6, dtype=torch.float64),
            torch.linspace(-20, 18, 5, dtype=torch.float64),
        ),
    },
    observe=lambda answer, world: loss_with_gradients(answer, {"real_logits": world[0], "fake_logits": world[1]}),
    reference=lambda real, fake: _bce(real, _SMOOTH).mean() + F.softplus(fake).mean(),
    hints="""
        floor: For moderate logits this is right. For a sure D it is not: a small number inside the logarithm, or a
          probability that is cut off, is a floor under it, and no gradient comes from below.
        both-sides: The fakes are smoothed as well. A fake with a bad look then has a positive best logit, and G is told
          to keep making it.
        other-side: The wrong side is smoothed: the real label stays 1 here and the fake one moves. It should be the
          other way round.
        scaled: The real term is multiplied by 0.9 and its other half, 0.1 · −log(1 − D), is missing. Then the logit of
          a real sample still wants to grow for ever.
        not-smoothed: This is the loss without smoothing: real samples have label 1.
        swapped: Real samples get the fake label and fakes the smoothed real one: that is G's wish, not D's loss.
        smoothed-logit: The logit is scaled, not the label. The 0.9 is a target for D, so it stands beside the
          logarithms.
        one-mean: One mean over all samples: the six real ones outvote the four fakes. Each side has a mean of its own.
        halved: Both terms are halved. That is the same game; here D's loss is the plain sum of the two means.
        summed: You summed over the batch. Take a mean on each side, or the step grows with the batch.
    """,
    like={
        "both-sides": (
            lambda real, fake: _bce(real, _SMOOTH).mean() + _bce(fake, 1 - _SMOOTH).mean(),
            lambda real, fake: _bce(real, _SMOOTH).mean() + _bce(fake, _SMOOTH).mean(),
        ),
        "other-side": lambda real, fake: F.softplus(-real).mean() + _bce(fake, 1 - _SMOOTH).mean(),
        "scaled": lambda real, fake: _SMOOTH * F.softplus(-real).mean() + F.softplus(fake).mean(),
        "not-smoothed": lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
        "swapped": (
            lambda real, fake: F.softplus(real).mean() + _bce(fake, _SMOOTH).mean(),
            lambda real, fake: _bce(real, 1 - _SMOOTH).mean() + F.softplus(-fake).mean(),
        ),
        "smoothed-logit": lambda real, fake: F.softplus(-_SMOOTH * real).mean() + F.softplus(fake).mean(),
        "one-mean": (
            lambda real, fake: torch.cat((_bce(real, _SMOOTH), F.softplus(fake))).mean(),
            lambda real, fake: 2 * torch.cat((_bce(real, _SMOOTH), F.softplus(fake))).mean(),
        ),
        "halved": lambda real, fake: (_bce(real, _SMOOTH).mean() + F.softplus(fake).mean()) / 2,
        "summed": lambda real, fake: _bce(real, _SMOOTH).sum() + F.softplus(fake).sum(),
    },
    when={"floor": lambda trial: bool(trial.want["the loss"] > 4.0)},  # in no other world
    lesson="The best logit of a real sample that no fake comes near is now finite: log 9, where D = 0.9.",
)

# -- 3 knowledge by heart ----------------------------------------------------------------------------

known_by_heart = sheet.task(
    "known_by_heart",
    "How much does D know by heart?",
    tried="known_by_heart(learned, unseen, fake) with 6, 4 and 5 logits",
    setup=lambda: (torch.randn(6) + 2, torch.randn(4), torch.randn(5) - 2),
    worlds={
        "one logit each": lambda: (torch.randn(1) + 3, torch.randn(1), torch.randn(1) - 3),
        "unseen below the fakes": lambda: (torch.randn(6) + 2, torch.randn(4) - 3, torch.randn(5) - 2),
        "unseen above the learned": lambda: (torch.randn(6), torch.randn(4) + 3, torch.randn(5) - 4),
    },
    reference=lambda learned, unseen, fake: (learned.mean() - unseen.mean()) / (learned.mean() - fake.mean()),
    hints="""
        upside-down: This is 1 for a D that has learned nothing by heart. Asked for is 0 where unseen images are rated
          like learned ones.
        not-divided: A difference of logits has no unit: D may scale all of them. Divide by how far it tells learned
          from fake.
        against-the-unseen: The denominator should say how far D tells *learned* images from fakes.
        by-probabilities: You compared probabilities. Where D is sure they all are 0 or 1; the means of the logits were
          asked for.
        sums: You compared sums. The three sets differ in size: take means.
        sign-turned: The size is right, the sign is not: it should grow as D rates unseen images lower.
    """,
    like={
        "upside-down": lambda learned, unseen, fake: (unseen.mean() - fake.mean()) / (learned.mean() - fake.mean()),
        "not-divided": lambda learned, unseen, fake: learned.mean() - unseen.mean(),
        "against-the-unseen": lambda learned, unseen, fake: (
            (learned.mean() - unseen.mean()) / (unseen.mean() - fake.mean())
        ),
        "by-probabilities": lambda learned, unseen, fake: (
            (learned.sigmoid().mean() - unseen.sigmoid().mean()) / (learned.sigmoid().mean() - fake.sigmoid().mean())
        ),
        "sums": lambda learned, unseen, fake: (learned.sum() - unseen.sum()) / (learned.sum() - fake.sum()),
        "sign-turned": lambda learned, unseen, fake: (unseen.mean() - learned.mean()) / (learned.mean() - fake.mean()),
    },
    lesson="0: unseen images are rated like learned ones; 1: like fakes. It needs images set aside, and nothing else.",
)

# -- 4 minibatch discrimination ----------------------------------------------------------------------


def _rows(x: Tensor, t: Tensor) -> Tensor:
    return torch.einsum("na,abc->nbc", x, t)


def _differences(x: Tensor, t: Tensor) -> Tensor:
    rows = _rows(x, t)
    return rows[:, None] - rows[None]  # (N, N, B, C)


def _closeness(x: Tensor, t: Tensor) -> Tensor:
    return (-_differences(x, t).abs().sum(3)).exp()


def _off_diagonal(n: int) -> Tensor:
    return (1 - torch.eye(n))[:, :, None]


minibatch_closeness = sheet.task(
    "minibatch_closeness",
    "Minibatch discrimination",
    tried="minibatch_closeness(x, t) on 5 samples with 4 features, 3 kernels of 2 numbers, and its gradient",
    setup=lambda: (torch.randn(5, 4), 0.5 * torch.randn(4, 3, 2)),
    worlds={
        "a batch of two": lambda: (torch.randn(2, 3), torch.randn(3, 2, 4)),
        "one kernel of one number": lambda: (torch.randn(4, 2), torch.randn(2, 1, 1)),
    },
    observe=_observe_features,
    reference=lambda x, t: _closeness(x, t).sum(1) - 1,
    hints="""
        counts-itself: Every number is too large by one: a sample is at distance 0 from itself, and that pair is counted
          too.
        mean-not-sum: The kernels are averaged over the batch. The task asks for the sum over the others.
        euclidean: The distance is Euclidean. Here it is the sum of the absolute differences.
        squared: The differences are squared. Here the kernel is exp of minus the sum of absolute differences.
        sign-lost: exp of the distance itself: the number explodes for samples far apart. Close pairs should count most.
        no-kernel: These are sums of distances. Without exp, one far sample outweighs all the near ones, and collapse is
          about the near ones.
        sums-over-kernels: The kernels are added up. Each of the B kernels keeps a number of its own.
        wrong-axis: The distance is summed over the kernels and the sum kept for each of the C numbers. Sum the absolute
          differences over the last axis, C.
    """,
    like={
        "counts-itself": lambda x, t: _closeness(x, t).sum(1),
        "mean-not-sum": (
            lambda x, t: _closeness(x, t).mean(1),
            lambda x, t: (_closeness(x, t).sum(1) - 1) / (len(x) - 1),
            lambda x, t: (_closeness(x, t).sum(1) - 1) / len(x),
        ),
        "euclidean": (
            lambda x, t: ((-_differences(x, t).norm(dim=3)).exp() * _off_diagonal(len(x))).sum(1),
            lambda x, t: (-_differences(x, t).norm(dim=3)).exp().sum(1),
        ),
        "squared": (
            lambda x, t: (-_differences(x, t).square().sum(3)).exp().sum(1) - 1,
            lambda x, t: (-_differences(x, t).square().sum(3)).exp().sum(1),
        ),
        "sign-lost": (
            lambda x, t: _differences(x, t).abs().sum(3).exp().sum(1) - 1,
            lambda x, t: _differences(x, t).abs().sum(3).exp().sum(1),
        ),
        "no-kernel": (
            lambda x, t: _differences(x, t).abs().sum(3).sum(1),
            lambda x, t: -_differences(x, t).abs().sum(3).sum(1),
        ),
        "sums-over-kernels": (
            lambda x, t: (_closeness(x, t).sum(1) - 1).sum(1, keepdim=True),
            lambda x, t: (_closeness(x, t).sum(1) - 1).sum(1),
            lambda x, t: (-_differences(x, t).abs().sum((2, 3))).exp().sum(1) - 1,
            lambda x, t: ((-_differences(x, t).abs().sum((2, 3))).exp().sum(1) - 1)[:, None],
        ),
        "wrong-axis": (
            lambda x, t: (-_differences(x, t).abs().sum(2)).exp().sum(1) - 1,
            lambda x, t: (-_differences(x, t).abs().sum(2)).exp().sum(1),
        ),
    },
    lesson="In a collapsed batch every sample has near neighbours in all kernels, and D reads it off one sample.",
)

# -- 5 spectral norm ---------------------------------------------------------------------------------


def _spectral_world() -> tuple[Tensor, Tensor]:
    return torch.randn(5, 3) * torch.tensor([3.0, 1.0, 0.5]), F.normalize(torch.randn(3), dim=0)


def _observe_spectral(answer: Answer, world: tuple[Tensor, Tensor]) -> Observation:
    weight, v = world
    leaf = weight.clone().requires_grad_()
    result = pair(answer(leaf, v.clone()), "the weight divided by σ", "the new v")
    return {
        "the new v": result[1],
        "the weight divided by σ": result[0],
        "the gradient by weight": gradient(result[0], [leaf]),
    }


def _spectral(weight: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """One step of power iteration."""
    with torch.no_grad():
        u = F.normalize(weight @ v, dim=0)
        new = F.normalize(weight.T @ u, dim=0)
    sigma = u @ weight @ new
    return weight / sigma, new


spectral_weight = sheet.task(
    "spectral_weight",
    "Spectral norm by power iteration",
    tried="spectral_weight(weight, v) on a (5, 3) weight and a random unit vector v: both results, and the gradient",
    setup=_spectral_world,
    worlds={
        "a wide weight": lambda: (torch.randn(2, 6), F.normalize(torch.randn(6), dim=0)),
        "one row": lambda: (torch.randn(1, 4), F.normalize(torch.randn(4), dim=0)),
        "small numbers": lambda: (1e-2 * torch.randn(4, 4), F.normalize(torch.randn(4), dim=0)),
    },
    observe=_observe_spectral,
    reference=_spectral,
    hints="""
        vectors-not-unit: The vectors are not brought to length 1, so u·Wv is no singular value, and both grow with
          every pass.
        old-v: σ is computed with the old v. After the step, the new v is the better guess: use it.
        squared: You divided by σ². That is an eigenvalue of WᵀW; the singular value is its root.
        sigma-is-constant: The value is right; the gradient treats σ as a number that does not depend on the weight.
          Then D may go on scaling its weights up, and Adam's steps shrink against them.
        through-the-vectors: The value is right; the gradient runs through u and v too. They are estimates carried
          along, and held fixed in the derivative.
        frobenius: You divided by the norm of all entries. It is at least σ, and larger by up to the root of the rank,
          so every layer would shrink what it passes on.
        exact: You divided by the exact largest singular value. The task asks for the estimate after one step from the
          given v, which is what makes it affordable.
        multiplied: The weight is multiplied by σ. Divided by it, the largest singular value becomes 1.
        many-steps: More than one step was made. One a pass is enough, since the weight changes little between passes.
    """,
    like=likes(
        _spectral,
        {
            "vectors-not-unit": [(("F.normalize", ""), (", dim=0", ""))],
            "old-v": [("@ new", "@ v")],
            "squared": [("/ sigma", "/ sigma**2")],
            "sigma-is-constant": [("/ sigma", "/ sigma.detach()")],
            "through-the-vectors": [("no_grad", "enable_grad")],
            "frobenius": [("/ sigma", "/ weight.norm()")],
            "exact": [("/ sigma", "/ torch.linalg.matrix_norm(weight, 2)")],
            "multiplied": [("/ sigma", "* sigma")],
            "many-steps": [
                (
                    ("with", f"new = v\n    for _ in range({steps}):\n     with"),
                    ("weight @ v", "weight @ new"),
                )
                for steps in (2, 3, 5, 10, 20)
            ],
        },
    ),
    lesson="Two matrix–vector products a pass: the price of a critic whose layers have slope 1.",
)

# -- 6 the moving average ----------------------------------------------------------------------------

_HALF_LIFE, _BATCH = 500, 64


class _Average:
    """Two generators with BatchNorm, whose weights and statistics differ."""

    def __init__(self, half_life: float = _HALF_LIFE, batch: int = _BATCH) -> None:
        self.half_life, self.batch = half_life, batch
        self.average, self.generator = (
            nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)) for _ in range(2)
        )
        with torch.no_grad():
            for network in (self.average, self.generator):
                for tensor in network.state_dict().values():
                    tensor.copy_(torch.randn(tensor.shape).abs() * 3 if tensor.is_floating_point() else tensor + 7)
            self.generator.get_buffer("1.num_batches_tracked").fill_(30)


def _observe_average(answer: Answer, world: _Average) -> Observation:
    average, generator = world.average, world.generator
    held = [*average.parameters()]
    returned = answer(average, generator, world.half_life, world.batch)
    if not isinstance(returned, nn.Module):
        raise Reject("type", returned, "the average, a network", "Return `average`, with its weights changed.")
    seen: dict[str, Any] = {
        "the average's weights": flat_weights(returned),
        "what came back is the average itself": returned is average,
        "its parameters are those it had": all(a is b for a, b in zip(held, returned.parameters(), strict=True)),
        "the average's running mean (BatchNorm)": returned.get_buffer("1.running_mean").clone(),
        "the average's count of batches (BatchNorm)": int(returned.get_buffer("1.num_batches_tracked")),
        "the generator's weights": flat_weights(generator),
    }
    with torch.no_grad():  # does a later step of the generator reach the average?
        for parameter in generator.parameters():
            parameter.add_(1.0)
    seen["the average's weights after G's next step"] = flat_weights(returned)
    return seen


def _averaging(average: nn.Module, generator: nn.Module, half_life: float, batch_size: int) -> nn.Module:
    keep = 0.5 ** (batch_size / half_life)
    with torch.no_grad():
        for old, new in zip(average.parameters(), generator.parameters(), strict=True):
            old.copy_(keep * old + (1 - keep) * new)
    return average


_SHARE = "0.5 ** (batch_size / half_life)"
_BUFFERS = """for held, fresh in zip(average.buffers(), generator.buffers(), strict=True):
        held.copy_(keep * held + (1 - keep) * fresh)
    return average"""

ema_update = sheet.task(
    "ema_update",
    "The moving average",
    tried="ema_update(average, generator, half_life=500, batch_size=64), and what becomes of both networks",
    setup=_Average,
    worlds={
        "a short memory": lambda: _Average(20, 50),
        "a long memory": lambda: _Average(100_000, 8),
    },
    observe=_observe_average,
    reference=_averaging,
    hints="""
        shares-swapped: The shares are swapped: the average jumps to the newest weights and keeps only a little of the
          old.
        per-step: This counts steps. The half-life is in images, so that it means the same at any batch size: a step is
          batch_size images.
        e-not-two: After one half-life, exp(−1) = 37 % of the old weights are left. A half-life leaves half.
        linear: 1 − batch / half-life is the first term of a series. It is not a half-life, and turns negative for a
          large batch.
        upside-down: The exponent is upside down: 0.5 to the power half_life / batch_size is nearly 0, so nothing is
          kept.
        buffers-too: BatchNorm's buffers are averaged as well. They are statistics of other weights, and the count of
          batches is a whole number. Average the parameters only.
        generator-moved: The generator was changed too. The average watches the game and takes no part in it.
        into-a-copy: The numbers are right and stand in a copy: whoever holds `average` keeps the old weights. Change
          its parameters in place.
        fixed-numbers: Right for a half-life of 500 and batches of 64, and for no other. Use the arguments.
        the-generator-itself: The average is the generator itself, so it moves with every step: nothing is averaged.
    """,
    like=likes(
        _averaging,
        {
            "shares-swapped": [(_SHARE, f"1 - {_SHARE}")],
            "per-step": [("batch_size / ", "1 / ")],
            "e-not-two": [(_SHARE, "math.exp(-batch_size / half_life)")],
            "linear": [(_SHARE, "1 - batch_size / half_life"), (_SHARE, "1 - 0.5 * batch_size / half_life")],
            "upside-down": [("batch_size / half_life", "half_life / batch_size")],
            "buffers-too": [("return average", _BUFFERS)],
            "generator-moved": [("(1 - keep) * new)", "(1 - keep) * new); new.copy_(old)")],
            "into-a-copy": [("keep = ", "average = copy.deepcopy(average); keep = ")],
            "fixed-numbers": [("batch_size / half_life", "_BATCH / _HALF_LIFE")],
            "the-generator-itself": ["generator"],
        },
    ),
    when={
        "into-a-copy": lambda trial: (
            trial.got["what came back is the average itself"] and not trial.got["its parameters are those it had"]
        ),
        "buffers-too": lambda trial: (
            "the average's weights" in trial.got
            and torch.allclose(trial.got["the average's weights"], trial.want["the average's weights"], atol=1e-4)
            and not torch.equal(
                trial.got["the average's running mean (BatchNorm)"],
                trial.want["the average's running mean (BatchNorm)"],
            )
        ),
    },
    lesson="Counted in images, the half-life means the same whatever the batch. BatchNorm's statistics have to be "
    "computed anew for the averaged weights.",
)

# -- 7 augmentation ----------------------------------------------------------------------------------


def _augmented_world(n: int = 5) -> tuple[Any, ...]:
    judge = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)).double()
    return judge, torch.randn(n, 3, dtype=torch.float64) + 1, torch.randn(n + 1, 3, dtype=torch.float64)


def _move(x: Tensor) -> Tensor:
    """``augment``: a map of each point that is not the identity, and differentiable."""
    return 1.3 * x + 0.2 * torch.sin(3 * x)


def _observe_augmented(answer: Answer, world: tuple[Any, ...]) -> Observation:
    judge, real, source = world
    fake = source.clone().requires_grad_() * 1.0
    d_loss, g_loss = pair(answer(judge, _move, real.clone(), fake), "d_loss", "g_loss")
    weights = [*judge.parameters()]
    return {
        "D's loss": d_loss,
        "the gradient of D's loss by D's weights": gradient(d_loss, weights),
        "the gradient of D's loss by the fakes": gradient(d_loss, [fake]),
        "G's loss": g_loss,
        "the gradient of G's loss by the fakes": gradient(g_loss, [fake]),
    }


def _augmented(
    judge: nn.Module, augment: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor
) -> tuple[Tensor, Tensor]:
    of_real, of_fake = judge(augment(real)), judge(augment(fake.detach()))
    d_loss = F.softplus(-of_real).mean() + F.softplus(of_fake).mean()
    return d_loss, F.softplus(-judge(augment(fake))).mean()


_REAL, _CUT_FAKE, _G_FAKE = ((f"augment({of})", of) for of in ("real", "fake.detach()", "fake"))

augmented_losses = sheet.task(
    "augmented_losses",
    "Augmentation that G does not learn",
    tried="augmented_losses(discriminator, augment, real, fake) with 5 real points and 6 fakes that hang on their "
    "graph",
    setup=_augmented_world,
    worlds={"one real point": lambda: _augmented_world(1)},
    observe=_observe_augmented,
    reference=_augmented,
    hints="""
        real-only: Only the real images are moved. Then moved images are what is real, and G learns to draw them moved.
        fakes-only: Only the fakes are moved in D's turn: D tells them by the movement and G is told nothing about its
          images.
        not-in-g-s-turn: In G's turn the fakes go to D as they are. D has only ever judged moved images: G must be
          judged on moved ones, too.
        not-cut: D's loss reaches the fakes' graph. In D's turn the fakes are cut off from G, as without augmentation.
        not-through-the-augmentation: G's gradient does not pass through the augmentation: it was taken for a constant.
          It must be differentiated, or G is told how to change another image than its own.
        labels-swapped: D calls moved fakes real and moved real images fake.
    """,
    like=likes(
        _augmented,
        {
            "real-only": [(_CUT_FAKE, _G_FAKE), _CUT_FAKE],
            "fakes-only": [_REAL, (_REAL, _G_FAKE)],
            "not-in-g-s-turn": [_G_FAKE],
            "not-cut": [(".detach()", "")],
            "not-through-the-augmentation": [("augment(fake)", "fake + (augment(fake) - fake).detach()")],
            "labels-swapped": [("of_real, of_fake =", "of_fake, of_real =")],
        },
    ),
    lesson="D never sees an unmoved image, of either kind; so it cannot learn single images by heart, and G's images "
    "stay unmoved.",
)

# -- 8 diagnosis -------------------------------------------------------------------------------------

_TRUTH = {
    "A": "vanishing gradient",
    "B": "mode collapse",
    "C": "exploding critic",
    "D": "non-convergence",
    "E": "ignored condition",
}


def _observe_diagnosis(value: Any, world: object) -> Observation:
    if not isinstance(value, Mapping):
        raise Reject(
            "type", value, "a dictionary from the log's letter to a failure", "Keep the form of the cell above."
        )
    value = {letter: name.strip().lower() if isinstance(name, str) else name for letter, name in value.items()}
    unknown = [name for name in value.values() if isinstance(name, str) and name not in _TRUTH.values()]
    if unknown:
        raise Reject(
            "unknown-name",
            unknown[0],
            "one of " + ", ".join(sorted(_TRUTH.values())),
            "Use the names as they are given.",
        )
    return {f"log {letter}": value.get(letter) for letter in _TRUTH}


def _says(letter: str, name: str) -> Callable[[Trial], bool]:
    return lambda trial: bool(trial.got[f"log {letter}"] == name)


diagnosis = sheet.task(
    "diagnosis",
    "Which failure is this?",
    tried="your five diagnoses",
    takes="value",
    observe=_observe_diagnosis,
    reference=lambda world: _TRUTH,
    hints="""
        a-is-no-collapse: Log A: little variety, but look at what reaches G. A generator without a gradient has not
          collapsed: it has never moved.
        a-is-no-explosion: Log A: D's logits are large because D is right. The number that tells is G's gradient.
        b-has-a-gradient: Log B: G's gradient is alive and D is undecided. Look at the modes and at the spread of the
          samples.
        b-stands-still: Log B: it is not the motion that is wrong, it is the variety: one mode where there should be
          eight.
        c-has-no-ceiling: Log C: D's loss is far below zero and falls on. No logistic loss can do that, and no game that
          turns in circles does.
        d-keeps-its-modes: Log D: all modes are covered and the losses are bounded. What does not settle?
        e-looks-healthy: Log E: every curve looks healthy, which is the point. Compare the agreement with the label to
          chance.
        condition-elsewhere: Only one of the games has a condition: the one whose log reports an agreement with the
          label.
    """,
    when={
        "a-is-no-collapse": _says("A", "mode collapse"),
        "a-is-no-explosion": _says("A", "exploding critic"),
        "b-has-a-gradient": _says("B", "vanishing gradient"),
        "b-stands-still": _says("B", "non-convergence"),
        "c-has-no-ceiling": lambda trial: (
            trial.got["log C"] in ("non-convergence", "vanishing gradient", "mode collapse")
        ),
        "d-keeps-its-modes": lambda trial: (
            trial.got["log D"] in ("mode collapse", "exploding critic", "vanishing gradient")
        ),
        "e-looks-healthy": lambda trial: trial.got["log E"] != "ignored condition",
        "condition-elsewhere": lambda trial: list(trial.got.values()).count("ignored condition") > 1,
    },
    lesson="D's loss alone names none of the five. Log what G does: its gradient, its variety, its motion.",
)

# -- 9 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read four games, with points set aside",
    lesson="Losses know nothing of points set aside. Two more curves tell learning by heart from all the rest.",
)
logs, draw = READING.logs, READING.draw

# -- 10 find the bug ---------------------------------------------------------------------------------


class _Game:
    """Small networks in double precision; D has a BatchNorm whose running statistics are far from any batch."""

    def __init__(self, n: int = 6) -> None:
        self.generator = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        self.discriminator = nn.Sequential(
            nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)
        ).double()
        self.discriminator.get_buffer("1.running_mean").fill_(1.5)
        self.discriminator.get_buffer("1.running_var").fill_(0.2)
        self.real = torch.randn(n, 2, dtype=torch.float64) + 1
        self.z = [torch.randn(n, 2, dtype=torch.float64) for _ in range(4)]
        self.stale = torch.randn(sum(p.numel() for p in self.discriminator.parameters()), dtype=torch.float64)


def _observe_round(answer: Answer, world: _Game) -> Observation:
    generator, discriminator = world.generator, world.discriminator
    at = 0
    for parameter in discriminator.parameters():  # as a turn of G leaves them
        parameter.grad = world.stale[at : at + parameter.numel()].view_as(parameter).clone()
        at += parameter.numel()
    optimizers = [torch.optim.SGD(network.parameters(), lr=0.1) for network in (generator, discriminator)]
    before = [flat_weights(network) for network in (generator, discriminator)]
    answer(generator, discriminator, *optimizers, world.real.clone(), Latents(world.z))
    return {
        "the change of D's weights": flat_weights(discriminator) - before[1],
        "the change of G's weights": flat_weights(generator) - before[0],
    }


_IN_EVAL = (("d_loss = ", "discriminator.eval(); d_loss = "),)
_EVAL = "D trains in evaluation mode: its BatchNorm uses old running statistics, and goes on using them."
_KEPT = "D's step takes along the gradient that G's turn left on D's weights."
_CUT = "The fakes of G's turn are cut off from G, so G never moves, and no error says so."

repaired_round = sheet.task(
    "repaired_round",
    "Find three bugs",
    tried="repaired_round(…), one round of a game whose D has BatchNorm, from weights with leftover gradients",
    setup=_Game,
    worlds={"a batch of two": lambda: _Game(2)},
    observe=_observe_round,
    returns=("d_loss", "g_loss"),
    reference=a_round,
    blank=edited(a_round, (*_IN_EVAL, *D_NEVER_CLEARED, *G_CUT_OFF)),
    hints=f"""
        d-in-eval: One bug is left. {_EVAL}
        gradients-kept: One bug is left. {_KEPT}
        g-cut-off: One bug is left. {_CUT}
        eval-and-gradients: Two bugs are left, both in D's turn: which mode is D in, and what lies on its weights before
          `backward`?
        eval-and-cut: Two bugs are left: which mode does D train in, and what reaches G's weights in G's turn?
        gradients-and-cut: Two bugs are left: what lies on D's weights before `backward`, and what reaches G's weights
          in G's turn?
        labels-swapped: The labels were right and are swapped now: D learns to call fakes real.
        eval-in-g-s-turn: D is put into evaluation mode for G's turn. Then G is judged by another function than the one
          that D learned with, and learns to please that.
    """,
    like=likes(
        a_round,
        {
            "d-in-eval": [_IN_EVAL],
            "gradients-kept": [D_NEVER_CLEARED],
            "g-cut-off": [G_CUT_OFF],
            "eval-and-gradients": [(*_IN_EVAL, *D_NEVER_CLEARED)],
            "eval-and-cut": [(*_IN_EVAL, *G_CUT_OFF)],
            "gradients-and-cut": [(*D_NEVER_CLEARED, *G_CUT_OFF)],
            "labels-swapped": [LABELS_SWAPPED],
            "eval-in-g-s-turn": [("g_loss = ", "discriminator.eval(); g_loss = ")],
        },
    ),
    lesson="A mode, a leftover and a cut: three bugs, and none raises an error. You meet them as curves.",
)

# -- the challenge -----------------------------------------------------------------------------------

#: What minibatch discrimination alone reaches on the challenge's three seeds (0.56, 0.71 and 0.61).
BAR = 0.63
ROUNDS, SMOKE_ROUNDS = 320, 5
_FIXED = ("name", "about", "data", "steps", "batch_size", "budgets", "play", "scored", "prior", "size")
_NEAR, _SAMPLES = 0.5, 1000


def challenge(changes: Any, seeds: tuple[int, ...] = (0, 1, 2)) -> Score:
    """Cure the museum's collapse: ``changes`` are fields of its recipe, "failure-collapse", such as ``{"d_lr": 5e-3}``.

    Rounds, batch size, data and prior stay as they are, and neither network may have more than 20 000 weights. The
    figure says which share of the eight modes is filled: the sum over the modes of min(share of the samples within 0.5
    of its centre, 1/8). It is 1 for a perfect generator and 1/8 for one that knows a single mode.
    """
    from ganbook.training.budget import budget

    rounds = SMOKE_ROUNDS if budget() == "smoke" else ROUNDS

    def told(figures: tuple[float, ...], mean: float) -> str:
        text = f"challenge: mean share {mean:.2f} ({listed(figures)} for each seed) after {rounds} rounds"
        if rounds < ROUNDS:
            return f"{text}; too few rounds to compare with the bar (budget smoke)"
        return f"{text}; {verdict(BAR, mean > BAR)}"

    return scored(lambda seed: _cured_share(changes, rounds, seed), seeds, told)


def _cured_share(changes: Any, rounds: int, seed: int) -> float:
    from dataclasses import fields, replace

    from ganbook import recipes

    recipe = recipes.get("failure-collapse")
    if not isinstance(changes, Mapping):
        raise NoScore(f"A dictionary of changes is wanted; {describe(changes)} came.")
    allowed = [field.name for field in fields(recipe) if field.name not in _FIXED]
    for name in changes:
        if name not in allowed:
            raise NoScore(f"{name!r} cannot be changed here; allowed are {', '.join(allowed)}.")
    recipe = replace(recipe, **changes, steps=rounds, budgets={})
    game = recipe.game()
    for network in (game.generator, game.discriminator):
        if (weights := sum(parameter.numel() for parameter in network.parameters())) > 20_000:
            raise NoScore(f"A network has {weights} weights; allowed are 20 000.")
    samples = recipe.train("laptop", seed=seed, progress=False).sampler.sample(_SAMPLES)
    centres = recipe.data.centres  # type: ignore[union-attr]
    distance, nearest = torch.cdist(samples, centres).min(dim=1)
    share = torch.bincount(nearest[distance <= _NEAR], minlength=len(centres)) / _SAMPLES
    return float(share.clamp_max(1 / len(centres)).sum())

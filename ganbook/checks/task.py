"""A task of an exercise notebook, and how an answer to it is judged.

A :class:`Task` is written as answers, right and wrong: a ``reference``, and for each known
misconception a :class:`Mistake` whose ``like`` is the wrong answer itself. The learner's function,
the reference and the wrong answers run in the same small world (same seed) and the same things are
observed. Equal to the reference: passed. Equal to a mistake: its hint. Neither: a hint that says
how the first observation differs (no gradient, shape, dtype, not finite, sign, scale, value).

One world can be fooled, so an answer that is right in the first one meets more, silently: other random numbers and a
second call, then the ``worlds`` of the task. In all of them the values that a function must return are compared in
their order, and what the right answer leaves as it was must be left as it was (:mod:`~ganbook.checks.watch`).

Whatever the learner's function does or returns, a check returns a card and never raises; after ten seconds, or when
it is interrupted, too.
"""

from __future__ import annotations

import functools
import linecache
import random
import re
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from ganbook.checks import STUB_MESSAGE, limit, scores, sections
from ganbook.checks.compare import Difference, Observation, Seen, alike, describe, first_difference, prepared
from ganbook.checks.feedback import Progress, Result, Rung, Status
from ganbook.checks.limit import TooLong, time_limit
from ganbook.checks.watch import KINDS, Trace, Watched

#: The world after the first: the same, with other random numbers, and the answer is called once more in it.
OTHER_NUMBERS = "other random numbers, and a second call"
_ROUND = ", round {}"
#: How far the seed of that world lies from the first.
_FAR = 7919
#: On a slow or busy machine an answer gets as many times what the right one took on top of the limit.
_SLOWER = 20
_NOTHING: Any = object()

Answer = Callable[..., Any]
World = Any  # whatever a task's setup returns: usually the tuple of the function's arguments


class Reject(Exception):
    """Raised by an ``observe`` that cannot go on: the answer has the wrong form."""

    def __init__(self, kind: str, came: object, expected: str, hint: str) -> None:
        super().__init__(hint)
        self.difference = Difference(kind, came if isinstance(came, str) else describe(came), expected, hint)


class _NotBegun(Exception):
    """The learner's function holds no answer yet."""


class _Called(Exception):
    """The first call of an answer, caught for its arguments."""


@dataclass(frozen=True)
class _Raised:
    error: BaseException


Outcome = dict[str, Seen] | Difference | _Raised


@dataclass(frozen=True)
class _Run:
    """What an answer did in one world."""

    outcome: Outcome
    returned: dict[str, Seen]  #: by the names of a task's ``returns``
    traces: frozenset[Trace]


@dataclass(frozen=True)
class _Stage:
    """One world of a task, in the order in which an answer meets them."""

    name: str  #: "" for the first
    setup: Callable[[], World]
    seed: int
    rounds: int = 1


@dataclass(frozen=True)
class _Verdict:
    status: Status
    difference: Difference
    world: str = ""


@dataclass(frozen=True)
class Trial:
    """What a ``when`` predicate may look at."""

    got: Observation  #: empty if the answer raised or was rejected
    want: Observation
    error: BaseException | None = None


@dataclass(frozen=True)
class Mistake:
    """A known misconception.

    Give ``like`` (the wrong answer, written out; a sequence of them if it has several forms) or
    ``when`` (a predicate on the trial), or both: either one recognises it. ``hint`` names the
    mistake and what it does to the game; it points at the way out but does not spell the answer.
    """

    id: str
    hint: str
    like: Any = None
    when: Callable[[Trial], bool] | None = None


_ENTRY = re.compile(r"^([a-z0-9._-]+): ")


def known(hints: str, like: Mapping[str, Any], when: Mapping[str, Callable[[Trial], bool]]) -> tuple[Mistake, ...]:
    """Misconceptions as a list of hints, and by what each is recognised.

    ``hints``  one after the other ``id: what it says``, further lines of a hint indented; they are tried in this order.
    ``like``, ``when``  by id, as in :class:`Mistake`.

    Raises:
        ValueError: two hints have one id, a recogniser has no hint, or a hint nothing to be recognised by.
    """
    texts: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in textwrap.dedent(hints).strip().splitlines():
        if begins := _ENTRY.match(line):
            if begins[1] in texts:
                raise ValueError(f"two hints are called {begins[1]!r}")
            texts[begins[1]] = lines = []
        elif not line.startswith(" "):
            raise ValueError(f"a hint begins with 'id: '; got {line!r}")
        lines.append(line.removeprefix(begins[0] if begins else "").strip())
    if odd := texts.keys() ^ (like.keys() | when.keys()):
        raise ValueError(f"a hint without a recogniser, or a recogniser without a hint: {', '.join(sorted(odd))}")
    return tuple(Mistake(id, " ".join(text), like.get(id), when.get(id)) for id, text in texts.items())


def _observe_result(answer: Answer, world: World) -> Observation:
    return {"the result": answer(*world)}


@dataclass
class Task:
    """One graded task. Calling it with the learner's function gives a :class:`Result`.

    ``setup``    makes the inputs; PyTorch's, NumPy's and Python's random numbers are seeded before
                 and restored after, so it may use the global generators.
    ``observe``  runs an answer in that world and returns named values, the telling ones first.
    ``worlds``   further setups by name ("a batch of one"), in which the answer must be right as well.
    ``returns``  names of what the function returns, in order, where ``observe`` does not look at it.
    ``allows``   traces (:data:`~ganbook.checks.watch.KINDS`) that an answer may leave though the reference does not.
    ``also``     further right answers, where the definition leaves a choice.
    ``blank``    what the student notebook gives as a starting point, if that is not a bare stub
                 (find-the-bug tasks): an answer that behaves like it counts as "not yet".
    ``takes``    "function", or "value" where the answer is a number or tensor, not a function; then
                 ``reference``, ``like`` and ``also`` are functions of the world that return it.
    ``small_case`` a case that can be done in the head.
    ``tolerance`` absolute tolerance by observed name, for statistics and quadrature.
    """

    name: str
    title: str
    tried: str
    reference: Any
    mistakes: Sequence[Mistake]
    setup: Callable[[], World] = tuple
    observe: Callable[[Any, World], Observation] = _observe_result
    worlds: Mapping[str, Callable[[], World]] = field(default_factory=dict)
    returns: Sequence[str] = ()
    allows: Sequence[str] = ()
    also: Sequence[Any] = ()
    blank: Any = None
    takes: Literal["function", "value"] = "function"
    tolerance: Mapping[str, float] = field(default_factory=dict)
    lesson: str = ""
    small_case: str = ""
    sheet: Sheet | None = None
    _known: dict[tuple[int, _Stage], _Run] = field(default_factory=dict, repr=False)

    def __call__(self, answer: Any = _NOTHING, seed: int = 0) -> Result:
        """Judge ``answer`` on the random inputs of ``seed``. Never raises."""
        try:
            verdict = self._judge(answer, seed)
        except Exception as error:  # the check itself stumbled: say so rather than break the notebook
            verdict = _failed(
                "check-stumbled",
                f"{type(error).__name__} while judging",
                "",
                "This check could not judge the answer. Simplify it to plain tensors; if it stays, report this card.",
            )
        return (self.sheet or Sheet("", "")).card(self, verdict, seed)

    # -- judging ---------------------------------------------------------------------------------

    def _judge(self, answer: Any, seed: int) -> _Verdict:
        if answer is _NOTHING:
            return _not_yet(f"Tell the check what to judge: `check.{self.name}({self.name})`.")
        if answer is None or answer is Ellipsis:
            return _not_yet("Fill in the cell above, run it, then run this check.")
        if self.takes == "function" and not callable(answer):
            return _failed(
                "not-a-function",
                describe(answer),
                "the function itself",
                f"Pass the function, without calling it: `check.{self.name}({self.name})`.",
            )
        for stage in self._stages(seed):
            begun = time.monotonic()  # the right answer first: what PyTorch loads at its first use is no fault of yours
            self._run_own(self.reference, stage)
            took = time.monotonic() - begun
            try:
                got = self._timed(answer, stage, limit.SECONDS + _SLOWER * took)
            except _NotBegun as blank:
                return _not_yet(str(blank))
            rights = [self._run_own(right, stage) for right in (self.reference, *self.also)]
            if not all(isinstance(right.outcome, dict) for right in rights):
                raise RuntimeError(f"a right answer of {self.name} does not run: {rights}")
            allowed = frozenset[Trace]().union(*(right.traces for right in rights))
            left = sorted(trace for trace in got.traces - allowed if trace[0] not in self.allows)
            if not left and any(self._right(got, right) for right in rights):
                continue
            if self.blank is not None and not stage.name and self._same(got, self._run_own(self.blank, stage)):
                return _not_yet("This behaves exactly like the code you were given: nothing is repaired yet.")
            return _Verdict("failed", self._explain(got, rights, stage, left, Watched(answer)), stage.name)
        return _Verdict("passed", Difference("", "", "", self.lesson))

    def _stages(self, seed: int) -> Iterator[_Stage]:
        yield _Stage("", self.setup, seed)
        if self.takes == "value":
            return
        again = _Stage(OTHER_NUMBERS, self.setup, seed + _FAR, rounds=2)
        if any(isinstance(self._run_own(right, again).outcome, _Raised) for right in (self.reference, *self.also)):
            again = replace(again, rounds=1)  # a world that serves one round only
        yield again
        for name, setup in self.worlds.items():
            yield _Stage(name, setup, seed)

    def _right(self, got: _Run, right: _Run) -> bool:
        return self._same(got, right) and alike(got.returned, right.returned, self._slack)

    def _explain(
        self, got: _Run, rights: Sequence[_Run], stage: _Stage, left: Sequence[Trace], probe: Watched
    ) -> Difference:
        want = rights[0]
        assert isinstance(want.outcome, dict)
        first = self._first_difference(got, want)
        for mistake in self.mistakes:
            if self._recognises(mistake, got, want.outcome, stage):
                return replace(first, kind=mistake.id, hint=mistake.hint)
        if left and not isinstance(got.outcome, _Raised):
            kind, argument = left[0]
            came, expected, hint = (text.format(name=probe.name_of(argument)) for text in KINDS[kind])
            return Difference(kind, came, expected, hint)
        return first

    def _recognises(self, mistake: Mistake, got: _Run, want: dict[str, Seen], stage: _Stage) -> bool:
        likes = () if mistake.like is None else mistake.like
        for like in likes if isinstance(likes, tuple) else (likes,):
            # what differs from the right answer in the first world already is not what passed there
            if self._same(got, self._run_own(like, stage)) and (not stage.name or self._passes_first(like, stage)):
                return True
        if mistake.when is None:
            return False
        outcome = got.outcome
        error = outcome.error if isinstance(outcome, _Raised) else None
        try:
            return bool(mistake.when(Trial(_raw(outcome) if isinstance(outcome, dict) else {}, _raw(want), error)))
        except Exception:  # a predicate that trips over odd values has not recognised them
            return False

    def _passes_first(self, answer: Answer, stage: _Stage) -> bool:
        seed = stage.seed - _FAR if stage.name == OTHER_NUMBERS else stage.seed
        first = _Stage("", self.setup, seed)
        return any(
            self._same(self._run_own(answer, first), self._run_own(right, first))
            for right in (self.reference, *self.also)
        )

    def _same(self, one: _Run, other: _Run) -> bool:
        a, b = one.outcome, other.outcome
        if isinstance(a, dict) and isinstance(b, dict):
            return alike(a, b, self._slack)
        if isinstance(a, _Raised) and isinstance(b, _Raised):
            # sizes stay in the text: they say which layer it was; an address differs from run to run
            texts = [re.sub(r"0x[0-9a-f]+", "0x", _message(error)) for error in (a.error, b.error)]
            return type(a.error) is type(b.error) and texts[0] == texts[1]
        if isinstance(a, Difference) and isinstance(b, Difference):
            return (a.kind, a.came) == (b.kind, b.came)
        return False

    def _first_difference(self, got: _Run, want: _Run) -> Difference:
        if isinstance(got.outcome, Difference):
            return got.outcome
        if isinstance(got.outcome, _Raised):
            return _explain_exception(got.outcome.error)
        assert isinstance(want.outcome, dict)
        found = first_difference(got.outcome, want.outcome, self._slack)
        if found is None and got.returned.keys() == want.returned.keys():
            found = self._returned_in_another_order(got, want)
        if got.returned:
            found = found or first_difference(got.returned, want.returned, self._slack)
        return found or Difference(
            "returned", "something else", self._what_it_returns, f"Return {self._what_it_returns}."
        )

    @cached_property
    def _slack(self) -> dict[str, float]:
        return {key + part: atol for key, atol in self.tolerance.items() for part in ("", _ROUND.format(2))}

    @property
    def _what_it_returns(self) -> str:
        return ", ".join(f"`{name}`" for name in self.returns) + (", in this order" if len(self.returns) > 1 else "")

    def _returned_in_another_order(self, got: _Run, want: _Run) -> Difference | None:
        came, expected = [*got.returned.values()], [*want.returned.values()]

        def all_among(some: Sequence[Seen], others: Sequence[Seen]) -> bool:
            return all(any(alike({"": one}, {"": other}, {}) for other in others) for one in some)

        if len(came) < 2 or not (all_among(came, expected) and all_among(expected, came)):
            return None
        return Difference(
            "returned-in-another-order",
            f"{self.name} returned the right values in another order",
            self._what_it_returns,
            f"The game is played right, but what you return has changed places: whoever logs it will read one curve "
            f"for the other. Return {self._what_it_returns}.",
        )

    def _timed(self, answer: Any, stage: _Stage, seconds: float) -> _Run:
        """The learner's answer; after so many seconds, or an interrupt, what is told instead."""
        begun = _begun(answer) if self.takes == "function" else answer
        try:
            with time_limit(seconds):
                return self._run(begun, stage)
        except TooLong:
            told = Difference(
                "too-long",
                f"no result after {seconds:.0f} seconds",
                "a result",
                "Your answer was stopped. Does a loop never end (`while`), or does one run over every pixel where one "
                "operation on the whole tensor would do?",
            )
        except KeyboardInterrupt:
            told = Difference("interrupted", "it was interrupted", "a result", "You stopped this check. Run it again.")
        return _Run(told, {}, frozenset())

    def _run(self, answer: Any, stage: _Stage) -> _Run:
        watched = Watched(answer) if self.takes == "function" else None
        with own_random_numbers(stage.seed), torch.enable_grad():
            world = stage.setup()
            try:
                seen = dict(self.observe(watched or answer, world))
                for number in range(1, stage.rounds):
                    seen |= {
                        f"{key}, round {number + 1}": v for key, v in self.observe(watched or answer, world).items()
                    }
                outcome: Outcome = prepared(seen)
            except _NotBegun:
                raise
            except Reject as reject:
                outcome = reject.difference
            except (Exception, SystemExit) as error:
                outcome = _Raised(error)
        if watched is None:
            return _Run(outcome, {}, frozenset())
        return _Run(outcome, self._named(watched.returned), frozenset(watched.traces))

    def _named(self, returned: Sequence[Any]) -> dict[str, Seen]:
        """What every call returned, by the names of ``returns``; empty where the form is another."""
        named: dict[str, Any] = {}
        for call, result in enumerate(returned if self.returns else (), 1):
            parts = [result] if len(self.returns) == 1 else result
            if not isinstance(parts, tuple | list) or len(parts) != len(self.returns):
                return {}
            named |= {
                f"{name} as returned by call {call}": part for name, part in zip(self.returns, parts, strict=True)
            }
        return prepared(named)

    def _run_own(self, answer: Any, stage: _Stage) -> _Run:
        """Run one of the course's own answers, right or wrong; they are pure, so once per world is enough."""
        key = id(answer), stage
        if key not in self._known:
            self._known[key] = self._run(self.value_of(answer, stage.seed) if self.takes == "value" else answer, stage)
        return self._known[key]

    def arguments(self, seed: int = 0, world: str = "") -> tuple[Any, ...]:
        """What the check first calls the answer with, in the named world: a case that the learner can run.

        Raises:
            ValueError: the task takes a value, or no world has this name.
        """
        if self.takes == "value":
            raise ValueError(f"{self.name} is a value: there is nothing to call")
        stages = {stage.name: stage for stage in self._stages(seed)}
        if world not in stages:
            raise ValueError(f"world must be one of {', '.join(map(repr, stages))}; got {world!r}")

        def stop(*given: Any, **_named: Any) -> Any:
            raise _Called(given)

        with own_random_numbers(stages[world].seed), torch.enable_grad():
            try:
                self.observe(stop, stages[world].setup())
            except _Called as called:
                given: tuple[Any, ...] = called.args[0]
                return given
        raise RuntimeError(f"the check of {self.name} calls nothing")

    def value_of(self, answer: Answer, seed: int) -> Any:
        """For a task that takes a value: what a function of the world gives on the inputs of ``seed``."""
        with own_random_numbers(seed):
            return answer(self.setup())


def _raw(outcome: Mapping[str, Seen]) -> Observation:
    return {key: seen.raw for key, seen in outcome.items()}


def _begun(function: Answer) -> Answer:
    """The learner's function, which says if it is blank."""

    @functools.wraps(function, updated=())
    def begun(*arguments: Any, **named: Any) -> Any:
        try:
            result = function(*arguments, **named)
        except NotImplementedError as error:
            if _message(error) in ("", STUB_MESSAGE):
                raise _NotBegun("Fill in the cell above, run it, then run this check.") from None
            raise
        if result is None or result is Ellipsis or result is NotImplemented:
            raise _NotBegun("The function gave nothing back. If you have written it: is a `return` missing?")
        return result

    return begun


@contextmanager
def own_random_numbers(seed: int) -> Iterator[None]:
    """Seed the generators that a learner may use on the CPU; afterwards they, the type of new tensors and the number
    of threads are as they were."""
    # NumPy's legacy generator: the one that a learner's `np.random.randn` draws from
    kept = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002
        random.setstate(kept[2])
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)


def _not_yet(hint: str) -> _Verdict:
    return _Verdict("not yet", Difference("", "", "", hint))


def _failed(kind: str, came: str, expected: str, hint: str) -> _Verdict:
    return _Verdict("failed", Difference(kind, came, expected, hint))


#: Part of a message in lower case, the hint id it stands for, and its cause in one sentence.
_CAUSES = (
    (
        "a second time",
        "graph-used-twice",
        "`backward` went twice through the same graph. A step of D that does not cut the fakes off from G leaves a "
        "graph that is gone when G's turn comes.",
    ),
    (
        "modified by an inplace operation",
        "graph-out-of-date",
        "A network was updated between the forward pass and `backward`: the graph still holds the old weights. "
        "Compute the logits again after the update.",
    ),
    (
        "does not require grad",
        "no-gradient",
        "There is nothing to differentiate: on the way from the weights to the loss the graph is cut. Look for "
        "`.detach()`, `.item()` or `torch.no_grad()` too early.",
    ),
    (
        "a leaf variable that requires grad is being used in an in-place",
        "changed-input",
        "Your function writes into its input. Work on a new tensor instead of changing the one you were given.",
    ),
    (
        "between 0 and 1",
        "logits-as-probabilities",
        "`binary_cross_entropy` wants probabilities and got logits, which may be any number. Use the version with "
        "logits.",
    ),
    ("positional argument", "arguments", "The arguments do not match the signature in the task: keep names and order."),
    ("unexpected keyword", "arguments", "The arguments do not match the signature in the task: keep names and order."),
    (
        "can't call numpy() on tensor that requires grad",
        "no-gradient",
        "NumPy cannot be differentiated: on the way from the weights to the loss use PyTorch's functions.",
    ),
    (
        "'float' object has no attribute",
        "type",
        "A plain number stands where a tensor is wanted. `torch.full_like(logits, 0.5)`, say, makes one that fits.",
    ),
    ("same dtype", "dtype", "Two tensors of different number types meet. Convert one with `.to(other.dtype)`."),
    (
        "must match the size",
        "shape",
        "Two tensors whose shapes do not fit meet. Print both shapes just above the line.",
    ),
    (
        "inconsistent tensor size",
        "shape",
        "Two vectors of different length meet. Print both shapes just above the line.",
    ),
    ("cannot be multiplied", "shape", "A layer got vectors of another length than it was built for. Print the shape."),
    ("target size", "shape", "Labels and logits have different shapes. `torch.ones_like(logits)` always fits."),
)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a learner's exception may fail at this too
        return ""


def _explain_exception(error: BaseException) -> Difference:
    message = _message(error)
    kind, cause = "exception", "Your function stopped with an error before it gave a result."
    for part, known, sentence in _CAUSES:
        if part in message.lower():
            kind, cause = known, sentence
            break
    else:
        if isinstance(error, NameError):
            cause = "A name is not defined. Is it spelt as in the cell that makes it, and did that cell run?"
    first_line = message.strip().split("\n")[0]
    came = f"{type(error).__name__}: {first_line if len(first_line) <= 160 else first_line[:157] + '...'}"
    line = _line_of_learner(error)
    return Difference(kind, came, "a result", f"{cause} It happened in the line `{line}`." if line else cause)


def _line_of_learner(error: BaseException) -> str:
    """The innermost line that belongs neither to the checks nor to an installed package."""
    here = str(Path(__file__).parent)
    lines = [
        linecache.getline(frame.f_code.co_filename, number).strip()
        for frame, number in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith(here) and "site-packages" not in frame.f_code.co_filename
    ]
    return lines[-1] if lines else ""


class Latents:
    """``sample_z``: the same latents in the same order for every answer, in one draw or in several.

    Attributes:
        batches: how many of the batches were begun.
        drawn: how many latents were drawn.
    """

    def __init__(self, noise: Sequence[Tensor]) -> None:
        self.noise, self.batches, self.drawn = noise, 0, 0

    def __call__(self, n: int) -> Tensor:
        parts: list[Tensor] = []
        left = n
        while left > 0 or not parts:
            batch = self.noise[self.batches % len(self.noise)][:left]
            parts, left, self.batches = [*parts, batch], left - len(batch), self.batches + 1
        self.drawn += n
        return torch.cat(parts)


def flat_weights(network: nn.Module) -> Tensor:
    """A copy of all weights as one vector, so that what a training step changed is one observation."""
    return parameters_to_vector(network.parameters()).detach()


def loss_with_gradients(
    answer: Answer, inputs: Mapping[str, Tensor], *rest: Tensor, name: str = "the loss"
) -> dict[str, Any]:
    """An ``observe``: what an answer returns, and its gradient by each of the named inputs, passed in their order.

    ``rest`` follows them and is not differentiated by; ``name`` is what the result is called.
    """
    leaves = {of: value.detach().clone().requires_grad_() for of, value in inputs.items()}
    result = answer(*leaves.values(), *(value.clone() for value in rest))
    gradients: list[Tensor | None] = [None] * len(leaves)
    if isinstance(result, Tensor) and result.requires_grad:
        # a weighted sum, so that the gradient tells the entries of a result apart that is no single number
        weights = torch.linspace(1, 2, result.numel(), dtype=result.dtype).view(result.shape)
        gradients = [*torch.autograd.grad((weights * result).sum(), [*leaves.values()], allow_unused=True)]
    return {name: result} | {f"the gradient by {of}": value for of, value in zip(leaves, gradients, strict=True)}


def pair(came: Any, first: str, second: str) -> tuple[Any, Any]:
    """The two things that an answer must return.

    Raises:
        Reject: it returned something else.
    """
    if not isinstance(came, tuple | list) or len(came) != 2:
        hint = f"Return two things, separated by a comma: {first}, then {second}."
        raise Reject("not-a-pair", came, f"two results: {first}, {second}", hint)
    return came[0], came[1]


def _tried(task: Task, verdict: _Verdict) -> str:
    return f"{task.tried}; then: {verdict.world}" if verdict.world else task.tried


class Sheet:
    """The tasks of one exercise notebook, in order, and where the learner stands in them."""

    def __init__(self, name: str, title: str) -> None:
        self.name, self.title = name, title
        self.tasks: dict[str, Task] = {}
        self.statuses: dict[str, Status] = {}
        self.cards: dict[str, Result] = {}
        self.cases: dict[str, tuple[int, str]] = {}  #: seed and world in which each was judged last
        self.last: str | None = None

    def task(
        self,
        name: str,
        title: str,
        hints: str = "",
        like: Mapping[str, Any] | None = None,
        when: Mapping[str, Callable[[Trial], bool]] | None = None,
        mistakes: Sequence[Mistake] = (),
        **parts: Any,
    ) -> Task:
        """Add a task, with the mistakes of ``hints`` (see :func:`known`) and ``mistakes``; the rest: :class:`Task`."""
        mistakes = (*known(hints, like or {}, when or {}), *mistakes)
        task = Task(name=name, title=title, sheet=self, mistakes=mistakes, **parts)
        self.tasks[name] = task
        return task

    def card(self, task: Task, verdict: _Verdict, seed: int) -> Result:
        """The card of a verdict; the same failing again shows one rung more of the ladder of hints."""
        difference, failed = verdict.difference, verdict.status == "failed"
        self.statuses[task.name] = verdict.status
        kept = scores.record(self.name, task.name, verdict.status)
        result = Result(
            status=verdict.status,
            task=task.name,
            title=task.title,
            number=self.number(task),
            tried=_tried(task, verdict) if verdict.status != "not yet" else "",
            progress=self.progress(),
            hint=difference.hint,
            hint_id=difference.kind if failed else None,
            came=difference.came,
            expected=difference.expected,
            rungs=tuple(self._ladder(task, verdict)) if failed else (),
            kept=kept,
        )
        before = self.cards.get(task.name)
        if before is not None and before.hint_id == result.hint_id and failed:
            result = replace(result, level=min(before.level + 1, len(result.rungs)))
        self.cards[task.name] = result
        self.last, self.cases[task.name] = task.name, (seed, verdict.world)
        return result

    def _ladder(self, task: Task, verdict: _Verdict) -> Iterator[Rung]:
        difference = verdict.difference
        if difference.about and difference.about != difference.hint:
            yield "where to look", difference.about
        yield "hint", difference.hint
        if task.small_case and difference.about:
            yield "a small case", task.small_case
        if task.takes == "function":
            yield (
                "to run",
                f'`{task.name}(*check.case("{task.name}"))` runs your function where it was found to differ.',
            )
        yield "read again", sections.where(self.name, task.name)
        if difference.about:  # a value was compared: there is one to give away
            yield "expected", difference.expected

    def hint(self, name: str | None = None) -> Result:
        """The next rung of the ladder of hints: for the task that was checked last, or the one named.

        Raises:
            ValueError: the task does not exist.
        """
        name = name or self.last or next(iter(self.tasks), "")
        if name not in self.tasks:
            raise ValueError(f"name must be one of {', '.join(self.tasks)}; got {name!r}")
        card = self.cards.get(name) or self.tasks[name]()  # without an answer: how to check one
        if card.rungs:
            self.cards[name] = card = replace(card, level=min(card.level + 1, len(card.rungs)))
        return card

    def case(self, name: str | None = None) -> tuple[Any, ...]:
        """The arguments with which your answer was found to differ: of the last task checked, or the one named."""
        name = self.last if name is None else name
        if name not in self.tasks:
            raise ValueError(f"name must be one of {', '.join(self.tasks)}; got {name!r}")
        seed, world = self.cases.get(name, (0, ""))
        return self.tasks[name].arguments(seed, world)

    def number(self, task: Task) -> int:
        return [*self.tasks].index(task.name) + 1 if task.name in self.tasks else 0

    def results(self) -> dict[str, Status]:
        """The status of every task."""
        return {name: self.statuses.get(name, "not yet") for name in self.tasks}

    def progress(self) -> Progress:
        """Where you stand: every task with its status."""
        titles = tuple(task.title for task in self.tasks.values())
        return Progress(self.title, titles, tuple(self.results().values()))

    def last_card(self) -> Progress:
        """What ``check.progress()`` shows: this notebook, and below it all exercises whose score is kept."""
        if scores.folder() is None:
            return self.progress()
        score = scores.progress()
        passed = score.passed.get(self.name, ())
        kept = frozenset(number for number, name in enumerate(self.tasks, 1) if name in passed)
        return replace(self.progress(), course=score.line, kept=kept)

    def done(self, name: str) -> bool:
        """Whether the last check of this task passed; cells that use your answer ask it first."""
        if name not in self.tasks:
            raise ValueError(f"name must be one of {', '.join(self.tasks)}; got {name!r}")
        return self.results()[name] == "passed"

    def require_all_passed(self) -> None:
        """Raise AssertionError unless every task passed: the last cell of the notebook with solutions."""
        open_tasks = [name for name, status in self.results().items() if status != "passed"]
        if open_tasks:
            raise AssertionError(f"{self.name}: not passed: {', '.join(open_tasks)}")

"""A task of an exercise notebook, and how an answer to it is judged.

A :class:`Task` is written as answers, right and wrong: a ``reference``, and for each known
misconception a :class:`Mistake` whose ``like`` is the wrong answer itself. The learner's function,
the reference and the wrong answers run in the same small world (same seed) and the same things are
observed. Equal to the reference: passed. Equal to a mistake: its hint. Neither: a hint that says
how the first observation differs (no gradient, shape, dtype, not finite, sign, scale, value).

Whatever the learner's function does or returns, a check returns a card and never raises.
"""

from __future__ import annotations

import linecache
import random
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from ganbook.checks import STUB_MESSAGE
from ganbook.checks.compare import Difference, Observation, Seen, alike, describe, first_difference, prepared
from ganbook.checks.feedback import Progress, Result, Status

Answer = Callable[..., Any]
World = Any  # whatever a task's setup returns: usually the tuple of the function's arguments


class Reject(Exception):
    """Raised by an ``observe`` that cannot go on: the answer has the wrong form."""

    def __init__(self, kind: str, came: object, expected: str, hint: str) -> None:
        super().__init__(hint)
        self.difference = Difference(kind, came if isinstance(came, str) else describe(came), expected, hint)


class _NotBegun(Exception):
    """The learner's function holds no answer yet."""


@dataclass(frozen=True)
class _Raised:
    error: BaseException


Outcome = dict[str, Seen] | Difference | _Raised


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


def _observe_result(answer: Answer, world: World) -> Observation:
    return {"the result": answer(*world)}


@dataclass
class Task:
    """One graded task. Calling it with the learner's function gives a :class:`Result`.

    ``setup``    makes the inputs; PyTorch's, NumPy's and Python's random numbers are seeded before
                 and restored after, so it may use the global generators.
    ``observe``  runs an answer in that world and returns named values, the telling ones first.
    ``also``     further right answers, where the definition leaves a choice.
    ``blank``    what the student notebook gives as a starting point, if that is not a bare stub
                 (find-the-bug tasks): an answer that behaves like it counts as "not yet".
    ``takes``    "function", or "value" where the answer is a number or tensor, not a function; then
                 ``reference``, ``like`` and ``also`` are functions of the world that return it.
    ``small_case`` a case that can be done in the head, added to a hint that only says how the values differ.
    ``tolerance`` absolute tolerance by observed name, for statistics and quadrature.
    """

    name: str
    title: str
    tried: str
    reference: Any
    mistakes: Sequence[Mistake]
    setup: Callable[[], World] = tuple
    observe: Callable[[Any, World], Observation] = _observe_result
    also: Sequence[Any] = ()
    blank: Any = None
    takes: Literal["function", "value"] = "function"
    tolerance: Mapping[str, float] = field(default_factory=dict)
    lesson: str = ""
    small_case: str = ""
    sheet: Sheet | None = None
    _known: dict[tuple[int, int], Outcome] = field(default_factory=dict, repr=False)

    def __call__(self, answer: Any, seed: int = 0) -> Result:
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
        status, difference = verdict
        sheet = self.sheet or Sheet("", "")
        sheet.statuses[self.name] = status
        return Result(
            status=status,
            task=self.name,
            title=self.title,
            number=sheet.number(self),
            tried=self.tried if status != "not yet" else "",
            progress=sheet.progress(),
            hint=difference.hint,
            hint_id=difference.kind if status == "failed" else None,
            came=difference.came,
            expected=difference.expected,
        )

    # -- judging ---------------------------------------------------------------------------------

    def _judge(self, answer: Any, seed: int) -> tuple[Status, Difference]:
        if answer is None or answer is Ellipsis:
            return _not_yet("Fill in the cell above, run it, then run this check.")
        if self.takes == "function" and not callable(answer):
            return _failed(
                "not-a-function",
                describe(answer),
                "the function itself",
                f"Pass the function, without calling it: `check.{self.name}({self.name})`.",
            )
        probe = _Probe(answer)
        try:
            got = self._run(probe if self.takes == "function" else answer, seed)
        except _NotBegun as blank:
            return _not_yet(str(blank))
        rights = [self._run_own(right, seed) for right in (self.reference, *self.also)]
        if not all(isinstance(right, dict) for right in rights):
            raise RuntimeError(f"a right answer of {self.name} does not run: {rights}")
        if any(self._same(got, right) for right in rights) and not probe.changed:
            return "passed", Difference("", "", "", self.lesson)
        if self.blank is not None and self._same(got, self._run_own(self.blank, seed)):
            return _not_yet("This behaves exactly like the code you were given: nothing is repaired yet.")
        return "failed", self._explain(got, rights[0], seed, probe)

    def _explain(self, got: Outcome, want: Outcome, seed: int, probe: _Probe) -> Difference:
        assert isinstance(want, dict)
        first = self._first_difference(got, want)
        for mistake in self.mistakes:
            if self._recognises(mistake, got, want, seed):
                return Difference(mistake.id, first.came, first.expected, mistake.hint)
        if probe.changed:
            return Difference(
                "changed-input",
                f"argument {probe.changed[0] + 1} was changed in place",
                "inputs as they were",
                "Your function writes into its input, which the rest of the training still needs. Look for an "
                "operation ending in `_`, `+=` or an assignment to a slice; work on a new tensor.",
            )
        return first

    def _recognises(self, mistake: Mistake, got: Outcome, want: dict[str, Seen], seed: int) -> bool:
        likes = () if mistake.like is None else mistake.like
        if any(
            self._same(got, self._run_own(like, seed)) for like in (likes if isinstance(likes, tuple) else (likes,))
        ):
            return True
        if mistake.when is None:
            return False
        error = got.error if isinstance(got, _Raised) else None
        try:
            return bool(mistake.when(Trial(_raw(got) if isinstance(got, dict) else {}, _raw(want), error)))
        except Exception:  # a predicate that trips over odd values has not recognised them
            return False

    def _same(self, a: Outcome, b: Outcome) -> bool:
        if isinstance(a, dict) and isinstance(b, dict):
            return alike(a, b, self.tolerance)
        if isinstance(a, _Raised) and isinstance(b, _Raised):
            # sizes stay in the text: they say which layer it was; an address differs from run to run
            texts = [re.sub(r"0x[0-9a-f]+", "0x", _message(error)) for error in (a.error, b.error)]
            return type(a.error) is type(b.error) and texts[0] == texts[1]
        if isinstance(a, Difference) and isinstance(b, Difference):
            return (a.kind, a.came) == (b.kind, b.came)
        return False

    def _first_difference(self, got: Outcome, want: dict[str, Seen]) -> Difference:
        if isinstance(got, Difference):
            return got
        if isinstance(got, _Raised):
            return _explain_exception(got.error)
        found = first_difference(got, want, self.tolerance) or Difference("value", "", "", "")
        if self.small_case and found.kind in ("value", "sign", "scale", "nan"):
            found = replace(found, hint=f"{found.hint} {self.small_case}")
        return found

    def _run(self, answer: Any, seed: int) -> Outcome:
        with own_random_numbers(seed), torch.enable_grad():
            world = self.setup()
            try:
                return prepared(self.observe(answer, world))
            except _NotBegun:
                raise
            except Reject as reject:
                return reject.difference
            except (Exception, SystemExit) as error:
                return _Raised(error)

    def _run_own(self, answer: Any, seed: int) -> Outcome:
        """Run one of the course's own answers, right or wrong; they are pure, so once per seed is enough."""
        key = id(answer), seed
        if key not in self._known:
            self._known[key] = self._run(self.value_of(answer, seed) if self.takes == "value" else answer, seed)
        return self._known[key]

    def value_of(self, answer: Answer, seed: int) -> Any:
        """For a task that takes a value: what a function of the world gives on the inputs of ``seed``."""
        with own_random_numbers(seed):
            return answer(self.setup())


def _raw(outcome: Mapping[str, Seen]) -> Observation:
    return {key: seen.raw for key, seen in outcome.items()}


class _Probe:
    """The learner's function, watched: is it blank, does it write into its inputs?"""

    def __init__(self, function: Answer) -> None:
        self.function = function
        self.changed: list[int] = []

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        before = [entry.detach().clone() if isinstance(entry, Tensor) else None for entry in arguments]
        try:
            result = self.function(*arguments, **named)
        except NotImplementedError as error:
            if _message(error) in ("", STUB_MESSAGE):
                raise _NotBegun("Fill in the cell above, run it, then run this check.") from None
            raise
        if result is None or result is Ellipsis or result is NotImplemented:
            raise _NotBegun("The function gave nothing back. If you have written it: is a `return` missing?")
        for position, (old, entry) in enumerate(zip(before, arguments, strict=True)):
            if old is not None and not (old.shape == entry.shape and bool(torch.equal(old, entry.detach()))):
                self.changed.append(position)
        return result


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


def _not_yet(hint: str) -> tuple[Status, Difference]:
    return "not yet", Difference("", "", "", hint)


def _failed(kind: str, came: str, expected: str, hint: str) -> tuple[Status, Difference]:
    return "failed", Difference(kind, came, expected, hint)


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


class Sheet:
    """The tasks of one exercise notebook, in order, and where the learner stands in them."""

    def __init__(self, name: str, title: str) -> None:
        self.name, self.title = name, title
        self.tasks: dict[str, Task] = {}
        self.statuses: dict[str, Status] = {}

    def task(self, name: str, title: str, **parts: Any) -> Task:
        """Add a task; ``parts`` as in :class:`Task`."""
        task = Task(name=name, title=title, sheet=self, **parts)
        self.tasks[name] = task
        return task

    def number(self, task: Task) -> int:
        return [*self.tasks].index(task.name) + 1 if task.name in self.tasks else 0

    def results(self) -> dict[str, Status]:
        """The status of every task."""
        return {name: self.statuses.get(name, "not yet") for name in self.tasks}

    def progress(self) -> Progress:
        """Where you stand: every task with its status."""
        titles = tuple(task.title for task in self.tasks.values())
        return Progress(self.title, titles, tuple(self.results().values()))

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

"""What a call does besides returning: the arguments it was given, before and after.

Standard in every task. A check compares the traces of an answer with those of the right one: what the right answer
leaves as it was must be left as it was.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

#: A kind of trace, and what is said of an argument that shows it where the right answer leaves none.
KINDS = {
    "changed-input": (
        "{name} was changed in place",
        "inputs as they were",
        "Your function writes into its input, which the rest of the training still needs. Look for an operation ending "
        "in `_`, `+=` or an assignment to a slice; work on a new tensor.",
    ),
    "cut-off-input": (
        "{name} was cut off from its graph in place",
        "inputs as they were",
        "After your function nobody can take gradients through {name} any more: it was cut off in place (`detach_`). "
        "`detach()` gives a new tensor and leaves the old one in its graph.",
    ),
    "frozen": (
        "{name} no longer requires gradients",
        "what requires gradients before requires them afterwards",
        "Your function switches gradients of {name} off and leaves it so: the next step of the game would not train "
        "it. Switch them on again, or cut the graph where you need it with `detach()` or `torch.no_grad()`.",
    ),
    "gradient-left": (
        "a gradient was left in `.grad` of {name}",
        "`.grad` as it was",
        "The gradient that `backward` left in `.grad` of {name} would be added to the next step. "
        "`torch.autograd.grad` returns gradients instead of storing them.",
    ),
    "mode-left": (
        "{name} was left in another mode",
        "training mode as it was",
        "Your function calls `eval()` or `train()` on {name} and leaves it so: what is played afterwards is played in "
        "that mode.",
    ),
    "buffers-moved": (
        "running statistics of {name} have moved",
        "buffers as they were",
        "A forward pass of {name} in training mode moves BatchNorm's running statistics. Here they must stay.",
    ),
    "weights-moved": (
        "weights of {name} were changed",
        "its weights as they were",
        "Your function changes the weights of {name}, which should stay as they are here.",
    ),
    "settings-changed": (
        "settings of {name} were changed",
        "the optimiser as it was",
        "Your function changes the learning rate or another setting of {name}, and the steps after it use that.",
    ),
    "reseeded": (
        "the random numbers were seeded anew",
        "random numbers that go on",
        "`torch.manual_seed` inside your function starts the same random numbers again for all that is drawn after it: "
        "the training that follows is another one. Draw what you need, or use a `torch.Generator` of your own.",
    ),
}

Trace = tuple[str, str]  # kind, name of the argument


class Watched:
    """A function, watched: what it was first called with, what it returned, which traces it left."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.returned: list[Any] = []
        self.traces: set[Trace] = set()

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        given = {f"argument {position + 1}": value for position, value in enumerate(arguments)} | named
        before = {name: _state(value) for name, value in given.items()}
        seed = torch.default_generator.initial_seed()
        try:
            result = self.function(*arguments, **named)
        finally:
            for name, value in given.items():
                after = _state(value)
                self.traces |= {(kind, name) for kind in after if _left(kind, before[name].get(kind), after[kind])}
            if torch.default_generator.initial_seed() != seed:
                self.traces.add(("reseeded", ""))
        self.returned.append(result)
        return result

    def name_of(self, argument: str) -> str:
        """What the learner calls the argument that stands at this place."""
        try:
            names = [*inspect.signature(self.function).parameters]
            return f"`{names[int(argument.rsplit(' ', 1)[1]) - 1]}`"
        except (ValueError, TypeError, IndexError):
            return argument


def _state(value: object, depth: int = 0) -> dict[str, Any]:
    """What can be seen of an argument, by the kind of trace that a change of it is."""
    if isinstance(value, nn.Module):
        parameters = [*value.parameters()]
        return {
            "weights-moved": [parameter.detach().clone() for parameter in parameters],
            "gradient-left": [_copied(parameter.grad) for parameter in parameters],
            "frozen": [parameter.requires_grad for parameter in parameters],
            "mode-left": [module.training for module in value.modules()],
            "buffers-moved": [buffer.clone() for buffer in value.buffers()],
        }
    if isinstance(value, torch.optim.Optimizer):
        groups = [{key: entry for key, entry in group.items() if key != "params"} for group in value.param_groups]
        return {"settings-changed": copy.deepcopy(groups)}
    if isinstance(value, Tensor):
        return {
            "changed-input": value.detach().clone(),
            "cut-off-input": value.grad_fn is not None,
            "gradient-left": [_copied(value.grad) if value.is_leaf else None],
            "frozen": [value.requires_grad and value.is_leaf],
        }
    if depth < 2 and isinstance(value, list | tuple | Mapping) and len(value) <= 50:
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        return {"changed-input": [(key, _contents(entry, depth + 1)) for key, entry in entries]}
    return {}


def _contents(value: object, depth: int) -> Any:
    if isinstance(value, str | int | float | bool | None):
        return value
    return _state(value, depth).get("changed-input")


def _copied(gradient: Tensor | None) -> Tensor | None:
    return None if gradient is None else gradient.detach().clone()


def _left(kind: str, before: Any, after: Any) -> bool:
    """Whether a trace of this kind was left. Gradients that were cleared and what was switched on are none."""
    if kind == "gradient-left":
        pairs = zip(before, after, strict=True) if len(before) == len(after) else ()
        return any(new is not None and bool(new.any()) and not _equal(old, new) for old, new in pairs)
    if kind == "frozen":
        return any(old and not new for old, new in zip(before, after, strict=False))
    if kind == "cut-off-input":
        return bool(before and not after)
    return not _equal(before, after)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and a.dtype == b.dtype and bool(torch.equal(a, b) or _equal_with_nan(a, b))
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(_equal(old, new) for old, new in zip(a, b, strict=True))
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return False
    return bool(a == b or (a != a and b != b))


def _equal_with_nan(a: Tensor, b: Tensor) -> bool:
    return a.is_floating_point() and bool(torch.allclose(a, b, rtol=0, atol=0, equal_nan=True))

"""What several checks look at: gradients by all weights at once, and what training steps did to networks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.checks.task import Answer, flat_weights, loss_with_gradients


def gradient(result: Any, by: Iterable[Tensor]) -> Tensor | None:
    """The gradient of a result by all these tensors as one vector: zeros where it does not depend on one, None if it
    depends on none. Entries of a result are weighted, so that no two of them can change places."""
    leaves = [*by]
    if not isinstance(result, Tensor) or not result.requires_grad:
        return None
    weights = torch.linspace(1, 2, result.numel(), dtype=result.dtype).view(result.shape)
    found = torch.autograd.grad((weights * result).sum(), leaves, retain_graph=True, allow_unused=True)
    if all(part is None for part in found):
        return None
    whole = zip(leaves, found, strict=True)
    return torch.cat([(torch.zeros_like(leaf) if part is None else part).flatten() for leaf, part in whole])


def value_with_gradients(answer: Answer, inputs: Mapping[str, Tensor], name: str, *rest: Any) -> dict[str, Any]:
    """What an answer returns of plain tensors, and its gradients: of a tensor only, since NumPy gives none.

    For tasks that ask for a value: it may come from NumPy (see :func:`in_numpy`), but a tensor is not cut off.
    """
    seen = {name: answer(*(value.clone() for value in inputs.values()), *rest)}
    if isinstance(seen[name], Tensor):
        with contextlib.suppress(RuntimeError, TypeError):  # NumPy on the way, and a tensor again
            return loss_with_gradients(answer, inputs, *rest, name=name) | seen
    return seen | {f"the gradient by {of}": "none: it came from NumPy" for of in inputs}


def in_numpy(answer: Answer) -> Answer:
    """The same answer as a right one in NumPy gives it, for a task's ``also``."""
    return lambda *inputs: answer(*inputs).detach().numpy()


def leave_gradients(*networks: nn.Module) -> None:
    """Something in every ``.grad``, as an earlier turn leaves it."""
    for network in networks:
        for parameter in network.parameters():
            parameter.grad = torch.randn_like(parameter)


def changes(networks: Mapping[str, nn.Module], play: Callable[[], object]) -> dict[str, Tensor]:
    """How the weights of each network differ after ``play()``, by the network's name."""
    before = {name: flat_weights(network) for name, network in networks.items()}
    play()
    return {
        f"the change of {name}'s weights": flat_weights(network) - before[name] for name, network in networks.items()
    }

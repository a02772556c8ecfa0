"""Many small networks of one shape as one program, so that a table over seeds costs little more than one run."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from ganbook.arguments import check_tensor
from ganbook.models.network import network

__all__ = ["SideBySide"]


@network
class SideBySide(nn.Module):
    """``members`` run on a batch cut into as many equal parts: the first network gets the first part, and so on.

    No member sees another's samples, so a layer that looks at the whole batch looks at its own part. A mean of losses
    over the batch is the mean of the members' losses, so a gradient is 1/len(members) of the one that the member would
    have alone: with Adam, whose steps do not depend on the gradient's scale, the games go as if each were alone.

    Args:
        members: networks of one architecture; their weights and buffers are copied.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        if not members:
            raise ValueError("members is empty: allowed is one network or more")
        weights, buffers = stack_module_state(list(members))
        self.size = len(members)
        self._weight_names, self._buffer_names = list(weights), list(buffers)
        self.weights = nn.ParameterList(weight.detach() for weight in weights.values())
        for number, buffer in enumerate(buffers.values()):
            self.register_buffer(f"buffer{number}", buffer)
        # In a tuple: its own weights are never used, so they are neither trained nor saved.
        self._form = (copy.deepcopy(members[0]).requires_grad_(False),)

    def forward(self, x: Tensor) -> Tensor:
        """(members * N, ...) to (members * N, ...)."""
        check_tensor("x", x)
        if x.ndim < 1 or len(x) % self.size:
            raise ValueError(f"x has shape {tuple(x.shape)}: allowed is (N, ...) with N a multiple of {self.size}")
        form = self._form[0].train(self.training)
        buffers = {name: self.get_buffer(f"buffer{number}") for number, name in enumerate(self._buffer_names)}
        weights = dict(zip(self._weight_names, self.weights, strict=True))

        def one(weights: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor) -> Tensor:
            y: Tensor = functional_call(form, (weights, buffers), (x,))
            return y

        parts = x.reshape(self.size, -1, *x.shape[1:])
        return vmap(one, randomness="different")(weights, buffers, parts).flatten(0, 1)

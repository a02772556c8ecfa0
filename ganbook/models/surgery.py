"""Replace layers of a finished network: how an ablation switches a rule off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from torch import nn

from ganbook.arguments import shown, typed

__all__ = ["replace_layers"]

Layer = TypeVar("Layer", bound=nn.Module)
Network = TypeVar("Network", bound=nn.Module)


@typed
def replace_layers(
    network: Network, kind: type[Layer], make: Callable[[Layer], nn.Module], *, first: int = 0, last: int | None = None
) -> Network:
    """Put ``make(layer)`` in the place of layers of a kind; the network is changed and returned.

    Args:
        network: the network; layers inside layers are found too.
        kind: the class of the layers to replace; instances of sub-classes count.
        make: the old layer to the new one.
        first, last: which of them, as in the slice ``layers[first:last]`` in the order of the network.

    Raises:
        ValueError: if there is no such layer, so an ablation cannot silently change nothing.

    >>> network = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    >>> replace_layers(network, nn.ReLU, lambda layer: nn.LeakyReLU(0.2))[1]
    LeakyReLU(negative_slope=0.2)
    """
    places = [
        (parent, name, child)
        for parent in network.modules()
        for name, child in parent.named_children()
        if isinstance(child, kind)
    ][first:last]
    if not places:
        raise ValueError(f"network has no {kind.__name__} in [first = {first}:last = {last}] to replace")
    for parent, name, child in places:
        made = make(child)
        if not isinstance(made, nn.Module):
            raise TypeError(f"make gave {shown(made)}: allowed is a layer")
        setattr(parent, name, made)
    return network

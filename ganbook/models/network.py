"""A network knows how it was made, so that a file can say it and nothing in the file names other code.

What :func:`network` decorates checks its arguments by their annotations and is entered in the one list of makers that a
description may name: classes and functions of ``ganbook.models``. After the configurations of diffusers' models.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, TypeVar, cast

import torch
from torch import Tensor, nn

from ganbook.arguments import argument_checker, check_place, check_whole, shown

__all__ = ["Description", "built", "described", "network"]

Description = dict[str, Any]
"""{"make": a maker's name, "arguments": {...}}; what makes a network later is {"maker": ..., "arguments": {...}}."""

Maker = TypeVar("Maker", bound=Callable[..., Any])

Count = Annotated[int, "0 or more"]
"""How many there are, perhaps none; any other whole number that describes a network is 1 or more, or 0 by default."""

MOST = 2**18
"""The largest number that describes a network: what is larger would not fit any memory, or is a slip."""

_MAKERS: dict[str, Callable[..., Any]] = {}

_running = threading.local()
"""Whether, in this thread, the forward pass of a decorated class is under way."""


def network(maker: Maker) -> Maker:
    """Decorate a class of networks, or a function that makes one: arguments are checked, and what it makes knows them.

    A class's ``forward`` is checked as well, unless another's calls it: every tensor must be of the network's own
    precision and on its device.
    An instance of a sub-class that is not decorated itself knows nothing: its code is its owner's.
    """
    found: Any = maker
    is_class = inspect.isclass(maker)
    function = found.__init__ if is_class else maker
    check = argument_checker(function)
    # Written down too, so that a default may change in a later release without changing what a file describes.
    parameters = inspect.signature(function).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    perhaps_none = {p.name for p in parameters if p.annotation in ("Count", Count) or p.default == 0}
    measured = {p.name for p in parameters if p.annotation in ("float", float)}

    @functools.wraps(function)
    def making(*args: Any, **kwargs: Any) -> Any:
        arguments = check(args, kwargs)
        for name, value in arguments.items():
            if isinstance(value, int) and not isinstance(value, bool) and name not in measured:
                check_whole(0 if name in perhaps_none else 1, **{name: value})
            if isinstance(value, float | int) and not abs(value) <= MOST:
                raise ValueError(f"{name} is {value}: allowed is a number of at most {MOST}")
        made: Any = function(*args, **kwargs)
        if is_class:
            made = arguments.pop("self")
        if not is_class or type(made) is maker:
            made.made = _description(maker.__name__, {**defaults, **arguments}), repr(made)
        return None if is_class else made

    if is_class:
        found.__init__ = making
        if "forward" in vars(maker):
            found.forward = _checked_forward(found.forward)
    else:
        found = making
    if maker.__module__.startswith("ganbook.models"):
        if maker.__name__ in _MAKERS:
            raise ValueError(f"two makers are called {maker.__name__}: a description could mean either")
        _MAKERS[maker.__name__] = found
    return cast(Maker, found)


def _checked_forward(forward: Callable[..., Any]) -> Callable[..., Any]:
    check = argument_checker(forward)

    @functools.wraps(forward)
    def checked(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        # What a network hands to its parts is its own doing, and a compiler traces what is computed, not how.
        if torch.compiler.is_compiling() or getattr(_running, "inside", False):
            return forward(self, *args, **kwargs)
        own = next((p for p in self.parameters() if p.is_floating_point()), None)
        for name, value in check((self, *args), kwargs).items():
            if own is not None and isinstance(value, Tensor):
                check_place(name, value, own)
        _running.inside = True
        try:
            return forward(self, *args, **kwargs)
        finally:
            _running.inside = False

    return checked


def described(made: nn.Module) -> Description | None:
    """How ``made`` was made, as plain values; None for a network that no decorated maker of ganbook's made alone.

    A network whose layers were replaced afterwards is one of those: nothing here would make it again.
    """
    description, form = getattr(made, "made", (None, ""))
    return cast(Description, description) if description and form == repr(made) else None


def built(description: Description) -> nn.Module:
    """The untrained network that :func:`described` described.

    Raises:
        ValueError: if it names what is no maker of ``ganbook.models``, or arguments that the maker refuses.
    """
    made = _read(description)
    if not isinstance(made, nn.Module):
        raise ValueError(f"description is {shown(description)}: allowed is what described() says of a network")
    return made


def _description(name: str, arguments: Mapping[str, Any]) -> Description | None:
    try:
        return {"make": name, "arguments": {key: _written(value) for key, value in arguments.items()}}
    except ValueError:
        return None


def _written(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_written(one) for one in value]
    if isinstance(value, nn.Module) and (found := described(value)) is not None:
        return found
    maker, arguments = value, {}
    if isinstance(value, partial):
        maker = value.func
        arguments = inspect.signature(maker).bind_partial(*value.args, **value.keywords).arguments
    name = getattr(maker, "__name__", "")
    if _MAKERS.get(name) is not maker:
        raise ValueError(f"{shown(value)} has no description")
    return {"maker": name, "arguments": {key: _written(one) for key, one in arguments.items()}}


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_read(one) for one in value)
    if not isinstance(value, Mapping):
        return value
    kind = next((key for key in ("make", "maker") if key in value), "make")
    name, arguments = value.get(kind), value.get("arguments", {})
    if not isinstance(name, str) or name not in _MAKERS or not isinstance(arguments, Mapping):
        raise ValueError(f"description names {shown(name)}: allowed is a network of ganbook.models")
    given = {key: _read(one) for key, one in arguments.items()}
    try:
        return _MAKERS[name](**given) if kind == "make" else partial(_MAKERS[name], **given)
    except TypeError as error:
        raise ValueError(f"description of {name} does not fit it ({error})") from error

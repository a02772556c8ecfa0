"""What a function says of an argument that it cannot use: its name, what came and what is allowed, in one sentence.

The wrong kind of thing is a TypeError, the wrong one of its kind a ValueError. Every room may use it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import numbers
import types
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = [
    "argument_checker", "check_choice", "check_device", "check_number", "check_place", "check_tensor", "check_whole",
    "shown", "typed",
]  # fmt: skip

Target = TypeVar("Target", bound=Callable[..., Any])

_LONGEST = 60
_DENSE = "torch.strided"
"""The layout of a tensor that is not sparse."""

_ELEMENTS = 1000
"""So many elements of a sequence are looked at: a caption too many costs less than a look at each of a million."""


def shown(value: object) -> str:
    """``value`` as a sentence names it: short, and a tensor by dtype and shape."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"a {value.dtype} {type(value).__name__.lower()} {tuple(value.shape)}"
    try:
        text = repr(value)
    except Exception:  # an object that cannot even be named
        text = ""
    plain = isinstance(value, str | bytes | numbers.Number | None | list | tuple | dict)
    return text if plain and len(text) <= _LONGEST else f"a {type(value).__name__}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check_whole(least: int = 0, most: int | None = None, **values: Any) -> None:
    """Raise unless each of ``values`` is a whole number from ``least`` to ``most``.

    >>> check_whole(1, width=0)
    Traceback (most recent call last):
    ValueError: width is 0: allowed is 1 or more
    """
    for name, value in values.items():
        if not _is_whole(value):
            raise TypeError(f"{name} is {shown(value)}: allowed is a whole number")
        if not least <= int(value) <= (math.inf if most is None else most):
            allowed = f"{least} or more" if most is None else f"{least} to {most}"
            raise ValueError(f"{name} is {value}: allowed is {allowed}")


def check_number(
    least: float = -math.inf,
    most: float = math.inf,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    **values: Any,
) -> None:
    """Raise unless each of them is a finite number from ``least`` to ``most``, and inside ``above`` and ``below``."""
    for name, value in values.items():
        if not _is_number(value):
            raise TypeError(f"{name} is {shown(value)}: allowed is a number")
        if not (math.isfinite(value) and least <= float(value) <= most and above < float(value) < below):
            bounds = ((least, "{:g} or more"), (above, "above {:g}"), (most, "{:g} or less"), (below, "below {:g}"))
            said = [text.format(bound) for bound, text in bounds if math.isfinite(bound)]
            raise ValueError(f"{name} is {value}: allowed is a finite number{', ' if said else ''}{' and '.join(said)}")


def check_choice(allowed: Iterable[object], **values: Any) -> None:
    """Raise ValueError unless each of ``values`` is one of ``allowed``."""
    known = list(allowed)
    for name, value in values.items():
        if not any(type(value) is type(one) and value == one for one in known):
            raise ValueError(f"{name} is {shown(value)}: allowed is one of {', '.join(map(str, known))}")


def check_tensor(
    name: str,
    value: Any,
    *shape: int | str,
    kind: Literal["float", "whole", "int64", "uint8", "bool", "any"] = "float",
    finite: bool = False,
) -> None:
    """Raise unless ``value`` is a dense tensor of this kind and shape.

    Args:
        name: the argument's.
        value: what came.
        shape: a number for a size that is asked for, a word for one that is free but not 0: ``"N", 3, "H", "W"``;
            none: any.
        kind: of numbers: "float", "whole" (any integer type), "int64", "uint8", "bool" or "any".
        finite: whether NaN and infinity are refused; looks at every number, which a round cannot afford.
    """
    import torch

    right = (isinstance(value, torch.Tensor) and value.layout == torch.strided) and (
        (kind == "float" and value.is_floating_point())
        or (kind == "whole" and not (value.is_floating_point() or value.is_complex() or value.dtype == torch.bool))
        or (kind == "any" or value.dtype == getattr(torch, kind, None))
    )
    allowed = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    if not right:
        kinds = {"float": "a floating-point tensor", "whole": "a tensor of whole numbers", "any": "a tensor"}
        words = kinds.get(kind, f"a tensor of {kind}") + (f" {allowed}" if shape else "")
        raise TypeError(f"{name} is {shown(value)}: allowed is {words}")
    pairs = list(zip(value.shape, shape, strict=False))
    if shape and (len(shape) != value.ndim or any(size != w and (isinstance(w, int) or not size) for size, w in pairs)):
        none = " with none of them 0" if 0 in value.shape and value.ndim == len(shape) else ""
        raise ValueError(f"{name} has shape {tuple(value.shape)}: allowed is {allowed}{none}")
    if finite and value.is_meta:
        raise ValueError(f"{name} is on the meta device, which holds no numbers: allowed is any other")
    if finite and not value.isfinite().all():
        raise ValueError(f"{name} holds NaN or infinity: allowed are finite numbers")


def check_device(device: torch.device | str) -> torch.device:
    """``device`` as an object of torch's; ValueError for one that torch does not know."""
    import torch

    try:
        return torch.device(device)
    except (RuntimeError, TypeError, ValueError):
        raise ValueError(f"device is {shown(device)}: allowed is a device of torch's, such as 'cuda:0'") from None


def check_place(name: str, value: Tensor, own: Tensor, whose: str = "the network") -> None:
    """Raise unless ``value`` has the precision and the device of ``own``, a weight's say; autocast mixes some."""
    import torch

    if value.is_floating_point() and value.dtype != own.dtype:
        kind = value.device.type
        mixed = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
        if not mixed or {value.dtype, own.dtype} - {torch.float32, torch.bfloat16, torch.float16}:
            raise TypeError(f"{name} is {shown(value)}: allowed is {own.dtype}, as for {whose}")
    if value.device != own.device:
        raise ValueError(f"{name} is on {value.device}: allowed is {own.device}, as for {whose}")


# By annotation. ------------------------------------------------------------------------------------------------------


def typed(target: Target) -> Target:
    """Decorate a function, or a class for its constructor: an argument that is not what its annotation says is refused.

    >>> @typed
    ... def halved(x: float) -> float:
    ...     return x / 2
    >>> halved("2")
    Traceback (most recent call last):
    TypeError: x is '2': allowed is a number
    """
    found: Any = target
    function = found.__init__ if inspect.isclass(target) else found
    check = argument_checker(function)

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        check(args, kwargs)
        return function(*args, **kwargs)

    if inspect.isclass(target):
        found.__init__ = checked
        return target
    return cast(Target, checked)


def argument_checker(function: Callable[..., Any]) -> Callable[[tuple[Any, ...], Mapping[str, Any]], dict[str, Any]]:
    """(args, kwargs) of a call to the arguments by name; raises for one that its annotation excludes."""
    signature = inspect.signature(function)
    parameters = signature.parameters.values()
    placed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names, needed = [p.name for p in placed], sum(p.default is p.empty for p in placed)
    starred = {p.name for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}

    @functools.cache
    def kinds() -> dict[str, _Kind]:
        plain, found = inspect.unwrap(function), {}
        for name, hint in inspect.get_annotations(plain).items():
            # What is imported for type checkers only says nothing.
            with contextlib.suppress(NameError, AttributeError, TypeError):
                found[name] = _kind(eval(hint, plain.__globals__) if isinstance(hint, str) else hint)
        return found

    def check(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if not kwargs and needed <= len(args) <= len(names):  # as bind does, only faster
            bound = dict(zip(names, args, strict=False))
        else:
            bound = signature.bind(*args, **kwargs).arguments
        known = kinds()
        for name, value in bound.items():
            kind = known.get(name, _ANY)
            for one in (value if isinstance(value, tuple) else value.values()) if name in starred else (value,):
                if not kind.fits(one):
                    wrong = ValueError if kind.near(one) else TypeError
                    raise wrong(f"{name} is {shown(one)}: allowed is {kind.words}")
        return bound

    return check


class _Kind(NamedTuple):
    """What an annotation allows, in words, and as a test."""

    words: str
    fits: Callable[[Any], bool]
    near: Callable[[Any], bool] = lambda value: False
    """Whether a value that does not fit is of a type that could: NaN for a number, a word that is not on a list."""


_ANY = _Kind("anything", lambda value: True)
_PLAIN: dict[Any, _Kind] = {
    Any: _ANY,
    int: _Kind("a whole number", _is_whole),
    float: _Kind("a number", lambda value: _is_number(value) and not math.isnan(value), _is_number),
    bool: _Kind("True or False", lambda value: isinstance(value, bool)),
    str: _Kind("a text", lambda value: isinstance(value, str)),
    type(None): _Kind("None", lambda value: value is None),
}


def _kind(hint: Any) -> _Kind:
    # A type variable stands for its bound, an annotated type for the type.
    hint = hint.__origin__ if get_origin(hint) is Annotated else getattr(hint, "__bound__", hint)
    origin, inside = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin in (Union, types.UnionType):
        kinds = [_kind(one) for one in inside]
        words = _listed([kind.words for kind in kinds])
        return _Kind(words, lambda v: any(k.fits(v) for k in kinds), lambda v: any(k.near(v) for k in kinds))
    if origin is Literal:
        words, of = _listed(list(map(repr, inside))), {type(one) for one in inside}
        return _Kind(words, lambda v: any(type(v) is type(one) and v == one for one in inside), lambda v: type(v) in of)
    if origin is type:
        return _Kind("a class", inspect.isclass)
    if origin is Callable or hint is Callable:
        return _Kind("a function", callable)
    if inspect.isclass(origin) and issubclass(origin, Iterable):
        return _collection(origin, inside)
    name: str = getattr(hint, "__name__", str(hint))
    words = f"a {name.lower() if name == 'Tensor' else name}"
    if getattr(hint, "_is_protocol", False):
        parts = [part for part in vars(hint) if part == "__call__" or part[0] != "_"]
        return _Kind(words, lambda v: all(hasattr(v, part) for part in parts))
    if not inspect.isclass(hint):
        return _ANY
    return _Kind(words, lambda v: isinstance(v, hint) and str(getattr(v, "layout", _DENSE)) == _DENSE)


def _collection(origin: Any, inside: tuple[Any, ...]) -> _Kind:
    of = [_kind(one) for one in inside if one is not Ellipsis]
    sized, alike = issubclass(origin, tuple) and Ellipsis not in inside, len(inside) == 1 or Ellipsis in inside

    def fits(value: Any) -> bool:
        if not isinstance(value, origin) or isinstance(value, str | bytes):  # a text is no list of texts
            return False
        if sized and inside:
            return len(value) == len(of) and all(kind.fits(one) for kind, one in zip(of, value, strict=True))
        looked_at = islice(value, _ELEMENTS) if alike and type(value) in (list, tuple, set) else ()
        return all(of[0].fits(one) for one in looked_at)

    def near(value: Any) -> bool:
        listed = isinstance(value, origin) and isinstance(value, list | tuple)
        return alike and listed and all(of[0].fits(one) or of[0].near(one) for one in value)

    if issubclass(origin, Mapping):
        return _Kind("a dictionary", fits, near)
    plain: dict[Any, str] = {int: " whole numbers", float: " numbers", str: " texts"}
    many = plain.get(inside[0] if inside else None, "")
    words = "a tuple" if issubclass(origin, tuple) else "a list"
    return _Kind(words + (f" of {len(inside)}" if sized and inside else " of" if many else "") + many, fits, near)


def _listed(words: list[str]) -> str:
    """Joined as in: a, b or c."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

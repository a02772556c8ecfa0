"""What a function says of an argument that it cannot use: its name, what came and what is allowed, in one sentence.

The wrong kind of thing is a TypeError, the wrong one of its kind a ValueError. Every room may use it.
"""

from __future__ import annotations

import functools
import inspect
import math
import numbers
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "argument_checker",
    "check_choice",
    "check_number",
    "check_place",
    "check_tensor",
    "check_whole",
    "shown",
    "typed",
]

Target = TypeVar("Target", bound=Callable[..., Any])

_LONGEST = 60
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


def check_whole(least: int = 0, most: int | None = None, **values: Any) -> None:
    """Raise unless each of ``values`` is a whole number from ``least`` to ``most``.

    >>> check_whole(1, width=0)
    Traceback (most recent call last):
    ValueError: width is 0: allowed is 1 or more
    """
    for name, value in values.items():
        if not isinstance(value, numbers.Integral) or isinstance(value, bool):
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
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
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

    dense = isinstance(value, torch.Tensor) and value.layout == torch.strided
    if kind == "float":
        right, words = dense and value.is_floating_point(), "a floating-point tensor"
    elif kind == "whole":
        right, words = dense and not (value.is_floating_point() or value.is_complex()), "a tensor of whole numbers"
        right = right and value.dtype != torch.bool
    else:
        right, words = dense and (kind == "any" or value.dtype == getattr(torch, kind)), f"a tensor of {kind}"
    allowed = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    if not right:
        words = words.removesuffix(" of any") + (f" {allowed}" if shape else "")
        raise TypeError(f"{name} is {shown(value)}: allowed is {words}")
    if shape and not _fits(value, shape):
        none = " with none of them 0" if 0 in value.shape and value.ndim == len(shape) else ""
        raise ValueError(f"{name} has shape {tuple(value.shape)}: allowed is {allowed}{none}")
    if finite and value.is_meta:
        raise ValueError(f"{name} is on the meta device, which holds no numbers: allowed is any other")
    if finite and not value.isfinite().all():
        raise ValueError(f"{name} holds NaN or infinity: allowed are finite numbers")


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


def _fits(value: Tensor, shape: Sequence[int | str]) -> bool:
    return value.ndim == len(shape) and all(
        size == wanted or (isinstance(wanted, str) and size > 0)
        for size, wanted in zip(value.shape, shape, strict=True)
    )


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

    @functools.cache
    def hints() -> dict[str, Any]:
        return _resolved(function)

    def check(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs).arguments
        for name, value in bound.items():
            hint = hints().get(name, Any)
            kind = signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                values: Collection[Any] = value
            elif kind is inspect.Parameter.VAR_KEYWORD:
                values = value.values()
            else:
                values = (value,)
            for one in values:
                if not _is(one, hint):
                    wrong = ValueError if _right_type(one, hint) else TypeError
                    raise wrong(f"{name} is {shown(one)}: allowed is {_phrase(hint)}")
        return bound

    return check


def _resolved(function: Callable[..., Any]) -> dict[str, Any]:
    """Annotations as objects; one that names what is imported for type checkers only says nothing."""
    spaces = getattr(inspect.unwrap(function), "__globals__", {})
    found = {}
    for name, annotation in inspect.get_annotations(inspect.unwrap(function)).items():
        try:
            found[name] = eval(annotation, spaces) if isinstance(annotation, str) else annotation
        except (NameError, AttributeError, TypeError):
            found[name] = Any
    return found


_DENSE = "torch.strided"
"""The layout of a tensor that is not sparse."""

_NAMES: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "a text",
    type(None): "None",
    None: "None",
}


def _plain(hint: Any) -> Any:
    """What a type variable or an annotated type stands for."""
    return hint.__origin__ if get_origin(hint) is Annotated else getattr(hint, "__bound__", hint)


def _is(value: Any, hint: Any) -> bool:
    hint = _plain(hint)
    if hint in (None, type(None)):
        return value is None
    if hint is int:
        return isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, numbers.Real) and not isinstance(value, bool) and not math.isnan(value)
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_is(value, one) for one in inside)
    if origin is Literal:
        return any(type(value) is type(one) and value == one for one in inside)
    if origin is type:
        return inspect.isclass(value)
    if origin is Callable or hint is Callable:
        return callable(value)
    if inspect.isclass(origin) and issubclass(origin, Iterable):
        return _is_collection(value, origin, inside)
    if getattr(hint, "_is_protocol", False):
        return all(hasattr(value, part) for part in vars(hint) if part == "__call__" or part[0] != "_")
    known = inspect.isclass(hint) and hint is not Any
    return not known or (isinstance(value, hint) and str(getattr(value, "layout", _DENSE)) == _DENSE)


def _is_collection(value: Any, origin: type, inside: tuple[Any, ...]) -> bool:
    if not isinstance(value, origin) or isinstance(value, str | bytes):  # a text is no list of texts
        return False
    value = cast(Any, value)
    if issubclass(origin, tuple) and Ellipsis not in inside:
        return not inside or (len(value) == len(inside) and all(map(_is, value, inside)))
    if (len(inside) == 1 or Ellipsis in inside) and type(value) in (list, tuple, set):
        return all(_is(one, inside[0]) for one in islice(value, _ELEMENTS))
    return True


def _right_type(value: Any, hint: Any) -> bool:
    """Whether a value that does not fit is of a type that could: NaN for a number, a word that is not on a list."""
    if hint is float:
        return isinstance(value, numbers.Real) and not isinstance(value, bool)
    if get_origin(hint) is Literal:
        return any(type(value) is type(one) for one in get_args(hint))
    if isinstance(value, list | tuple) and len(get_args(hint)) == 1:
        (of,) = get_args(hint)
        return all(_is(one, of) or _right_type(one, of) for one in value)
    return get_origin(hint) in (Union, types.UnionType) and any(_right_type(value, one) for one in get_args(hint))


def _phrase(hint: Any) -> str:
    hint = _plain(hint)
    origin, inside = get_origin(hint), get_args(hint)
    if hint in _NAMES:
        return _NAMES[hint]
    if origin in (Union, types.UnionType):
        return _listed([_phrase(one) for one in inside])
    if origin is Literal:
        return _listed([repr(one) for one in inside])
    if origin is type:
        return "a class"
    if origin is Callable or hint is Callable:
        return "a function"
    if inspect.isclass(origin):
        kinds: dict[Any, str] = {int: " whole numbers", float: " numbers", str: " texts"}
        of = kinds.get(inside[0] if inside else None, "")
        if issubclass(origin, Mapping):
            return "a dictionary"
        if issubclass(origin, tuple) and inside and Ellipsis not in inside:
            return f"a tuple of {len(inside)}{of}"
        kind = "a tuple" if issubclass(origin, tuple) else "a list"
        return f"{kind} of{of}" if of else kind
    name: str = getattr(hint, "__name__", str(hint))
    return f"a {name.lower() if name == 'Tensor' else name}"


def _listed(words: list[str]) -> str:
    """Joined as in: a, b or c."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

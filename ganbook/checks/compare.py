"""How two values differ, said in words: the part of a check that knows no task."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

#: What a check looks at: named values, each a tensor, an array, a number, a string or None.
Observation = Mapping[str, Any]

Array = NDArray[Any]

#: float32 arithmetic written in another order differs by less: absolutely, and relative to the largest entry.
ABSOLUTE, RELATIVE = 1e-7, 5e-4


@dataclass(frozen=True)
class Difference:
    """The first thing in which what came is not what was expected."""

    kind: str  #: stable id: missing, type, no-gradient, shape, dtype, nan, sign, scale, value
    came: str
    expected: str
    hint: str
    about: str = ""  #: what kind of thing is wrong with what, without any value


#: What kind of thing is wrong, where the sentence of the hint says more than that.
_KINDS = {"value": "is not what is expected.", "scale": "is off by a factor."}


@dataclass(frozen=True)
class Seen:
    """An observed value, and what it is in numbers (None if it is none)."""

    raw: Any
    array: Array | None


def prepared(observation: Observation) -> dict[str, Seen]:
    """Convert each value once, since one observation is compared with many."""
    return {key: Seen(value, as_array(value)) for key, value in observation.items()}


def alike(got: Mapping[str, Seen], want: Mapping[str, Seen], tolerance: Mapping[str, float]) -> bool:
    """Whether all values agree. ``tolerance``: absolute, by key, where the default does not fit."""
    return got.keys() == want.keys() and all(_match(got[key], want[key], tolerance.get(key)) for key in want)


def first_difference(
    got: Mapping[str, Seen], want: Mapping[str, Seen], tolerance: Mapping[str, float]
) -> Difference | None:
    """The first value, in the order of ``want``, that does not agree, and how."""
    for key in want:
        came = got.get(key, Seen(None, None))
        if not _match(came, want[key], tolerance.get(key)):
            factor = _common_factor(got, want, tolerance)
            return _difference(key, came, want[key], tolerance.get(key), factor)
    return None


def _match(got: Seen, want: Seen, atol: float | None) -> bool:
    if want.array is None or isinstance(want.raw, bool | tuple):
        return _plainly_equal(got.raw, want.raw)
    if got.array is None:
        return False
    a, b = _aligned(got.array, want.array)
    return a.shape == b.shape and _close(a, b, atol)


def _aligned(a: Array, b: Array) -> tuple[Array, Array]:
    """A loss of shape (1,) is as good as one of shape ()."""
    return (a.reshape(()), b.reshape(())) if a.size == 1 and b.size == 1 else (a, b)


def _difference(key: str, got: Seen, want: Seen, atol: float | None, factor: float | None) -> Difference:
    def differ(kind: str, hint: str) -> Difference:
        came, expected = describe(got.raw), describe(want.raw)
        if came == expected:  # rounding hid what differs
            came, expected = describe(got.raw, digits=8), describe(want.raw, digits=8)
        if atol is not None and want.array is not None and want.array.size == 1:
            expected = f"{want.array.real.item():.{max(0, -math.floor(math.log10(atol)))}f} ± {atol:g}"
        about = hint if kind not in _KINDS else f"`{key}` {_KINDS[kind]}"
        return Difference(kind, f"{key} = {came}", f"{key} = {expected}", hint, about)

    if got.raw is None:
        return differ("no-gradient" if "gradient" in key else "missing", _missing(key))
    if want.array is None or isinstance(want.raw, bool | tuple):
        return differ(
            "shape" if isinstance(want.raw, tuple) else "value",
            f"`{key}` is {describe(got.raw)} where {describe(want.raw)} is expected.",
        )
    if got.array is None:
        return differ("type", f"`{key}` should be a tensor or a number; a {_type_name(got.raw)} came.")
    a, b = _aligned(got.array, want.array)
    if a.shape != b.shape:
        return differ("shape", f"`{key}` has shape {a.shape} where {b.shape} is expected.")
    if np.isfinite(b).all() and not np.isfinite(a).all():
        return differ("nan", f"`{key}` is not finite. Look for a log of 0, a division by 0 or an exp that overflows.")
    if _is_float(want.raw) and not _is_float(got.raw) and (b.size > 1 or a.size > 1 or _is_truth(got.raw)):
        return differ("dtype", f"`{key}` holds whole numbers or truth values; floating-point values are expected.")
    if atol is not None and b.size == 1:
        return differ("value", f"`{key}` is further from its expected value than the tolerance allows.")
    if _close(-a, b, atol):
        return differ("sign", f"`{key}` has the right size and the wrong sign.")
    if factor is None:
        factor = _constant_factor(a, b)
    if factor is not None:
        return differ(
            "scale",
            f"`{key}` is {factor:.4g} times what is expected. Look for a sum in place of a mean, a missing or an "
            "extra factor, or a size counted once too often.",
        )
    return differ("value", _how_far(key, a, b))


def _how_far(key: str, a: Array, b: Array) -> str:
    """For a difference that nobody foresaw: which part is right, or how far the direction is off."""
    if b.size == 1:
        return f"`{key}` differs from what the task asks for. Work a small case out by hand and compare."
    if not a.any():
        return f"`{key}` is 0 everywhere: nothing moved, or nothing arrived."
    right = int((np.abs(a - b) <= max(ABSOLUTE, RELATIVE * float(np.abs(b).max()))).sum())
    if right:
        return f"Of `{key}`, {right} of its {b.size} entries are right: look at what sets the others apart."
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if not all(math.isfinite(length) and length > 0 for length in lengths):
        return f"No entry of `{key}` agrees: work one out by hand and compare."
    cosine = float(np.vdot(a, b).real) / (lengths[0] * lengths[1])
    return (
        f"No entry of `{key}` agrees; its length is {lengths[0] / lengths[1]:.2g} times the expected one, and the "
        f"cosine of the angle between them is {cosine:.2f}."
    )


def _common_factor(got: Mapping[str, Seen], want: Mapping[str, Seen], tolerance: Mapping[str, float]) -> float | None:
    """The number c if all that came is c times what is expected: a scale that a loss alone, one number, cannot show."""
    factors = []
    for key, seen in want.items():
        came = got.get(key, Seen(None, None)).array
        if key in tolerance or seen.array is None or came is None or seen.array.dtype.kind == "c":
            return None
        a, b = _aligned(came, seen.array)
        if a.shape != b.shape or not _is_float(seen.raw) or not np.isfinite(a).all() or not np.any(b):
            return None
        factors.append(float((a * b).sum() / (b * b).sum()))
        if not _close(a, factors[0] * b, None):
            return None
    return factors[0] if len(factors) > 1 and factors[0] != 0.0 else None


def _missing(key: str) -> str:
    if "gradient" in key:
        return (
            "No gradient comes back: on the way from the inputs to the result the graph is cut. Look for `.detach()`, "
            "`.item()`, `float(...)`, NumPy or `torch.no_grad()`."
        )
    return f"`{key}` is missing."


def as_array(value: object) -> Array | None:
    """Anything numeric in float64 (or complex128); None for everything else."""
    if isinstance(value, Tensor):
        value = (value if value.layout == torch.strided else value.to_dense()).detach().cpu()
        return value.to(torch.complex128 if value.is_complex() else torch.float64).numpy().copy()
    if not isinstance(value, np.ndarray | np.generic | numbers.Number | list | tuple):
        return None
    try:
        array = np.array(value)
        if array.dtype.kind not in "biufc":
            return None
        return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    except (TypeError, ValueError, RuntimeError):
        return None


def _is_float(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.is_floating_point() or value.is_complex()
    return np.asarray(value).dtype.kind in "fc"


def _is_truth(value: object) -> bool:
    return value.dtype == torch.bool if isinstance(value, Tensor) else np.asarray(value).dtype.kind == "b"


def _close(a: Array, b: Array, atol: float | None) -> bool:
    if b.size == 0:
        return True
    odd = ~(np.isfinite(a) & np.isfinite(b))
    if odd.any():  # nan matches nan, inf matches the same inf
        if not np.array_equal(a[odd], b[odd], equal_nan=True):
            return False
        a, b = a[~odd], b[~odd]
        if b.size == 0:
            return True
    # relative to the largest entry: an entry that cancels to nearly 0 keeps the rounding error of its summands
    slack = max(ABSOLUTE, RELATIVE * float(np.abs(b).max())) if atol is None else atol
    return bool(np.abs(a - b).max() <= slack)


def _constant_factor(a: Array, b: Array) -> float | None:
    """The number c with a = c·b, if there is one and it is not 0."""
    if b.size < 2 or "c" in a.dtype.kind + b.dtype.kind or not np.isfinite(a).all():
        return None
    norm = float((b * b).sum())
    if norm == 0.0 or not math.isfinite(norm):
        return None
    factor = float((a * b).sum()) / norm
    return factor if factor != 0.0 and _close(a, factor * b, None) else None


def _plainly_equal(got: object, want: object) -> bool:
    if isinstance(want, bool):
        got = bool(got) if isinstance(got, bool | np.bool_) else got
    try:
        return type(got) is type(want) and bool(got == want)
    except Exception:  # a learner's object may compare as it likes
        return False


def _type_name(value: object) -> str:
    return type(value).__name__


def describe(value: object, digits: int = 4) -> str:
    """A value in one short line: numbers as numbers, large tensors by shape, mean and range."""
    try:
        return _describe(value, digits)
    except Exception:  # a learner's repr may raise
        return f"an object of type {_type_name(value)}"


def _describe(value: object, digits: int) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str | bool):
        return repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, tuple) and all(isinstance(entry, int) for entry in value):
        return str(value)
    array = as_array(value)
    if array is None:
        text = repr(value)
        return text if len(text) <= 80 else text[:77] + "..."
    if array.size == 0:
        return f"an empty tensor of shape {array.shape}"
    if array.size == 1:
        return _number(array.item(), digits)
    if array.size <= 6 and array.ndim == 1:
        return "[" + ", ".join(_number(entry, digits) for entry in array.tolist()) + "]"
    shape = f"shape {array.shape}"
    if array.dtype.kind == "c":
        return f"complex, {shape}"
    if not np.isfinite(array).all():
        return f"{shape} with {int((~np.isfinite(array)).sum())} entries that are not finite"
    mean, low, high = (_number(float(entry), digits) for entry in (array.mean(), array.min(), array.max()))
    return f"{shape}, mean {mean}, from {low} to {high}"


def _number(value: complex, digits: int) -> str:
    if isinstance(value, complex):
        return f"{_number(value.real, digits)} {'-' if value.imag < 0 else '+'} {_number(abs(value.imag), digits)}i"
    if math.isfinite(value) and value == round(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.{digits}g}"

"""How two values differ, said in words: the part of a check that knows no task."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

#: What a check looks at: named values, each a tensor, an array, a number, a string or None.
Observation = Mapping[str, Any]

#: float32 arithmetic written in another order differs by less than this.
ABSOLUTE, RELATIVE = 1e-7, 5e-4


@dataclass(frozen=True)
class Difference:
    """The first thing in which what came is not what was expected."""

    kind: str  #: stable id: missing, type, no-gradient, shape, dtype, nan, sign, scale, value
    came: str
    expected: str
    hint: str


def alike(got: Observation, want: Observation, tolerance: Mapping[str, float]) -> bool:
    """Whether all values agree. ``tolerance``: absolute, by key, where the default is too strict."""
    return set(got) == set(want) and all(_match(got[key], want[key], tolerance.get(key)) for key in want)


def first_difference(got: Observation, want: Observation, tolerance: Mapping[str, float]) -> Difference | None:
    """The first value, in the order of ``want``, that does not agree, and how."""
    for key in want:
        if not _match(got.get(key), want[key], tolerance.get(key)):
            return _difference(key, got.get(key), want[key], tolerance.get(key))
    return None


def _match(got: object, want: object, atol: float | None) -> bool:
    if want is None or isinstance(want, str | bool | tuple):
        return _plainly_equal(got, want)
    a, b = as_tensor(got), as_tensor(want)
    if a is None or b is None:
        return False
    if a.numel() == 1 and b.numel() == 1:  # a loss of shape (1,) is as good as one of shape ()
        a, b = a.reshape(()), b.reshape(())
    return a.shape == b.shape and _close(a, b, atol)


def _difference(key: str, got: object, want: object, atol: float | None) -> Difference:
    def differ(kind: str, hint: str) -> Difference:
        came, expected = describe(got), describe(want)
        if came == expected:  # rounding hid what differs
            came, expected = describe(got, digits=8), describe(want, digits=8)
        return Difference(kind, f"{key} = {came}", f"{key} = {expected}", hint)

    if got is None:
        return differ("no-gradient" if "gradient" in key else "missing", _missing(key))
    a, b = as_tensor(got), as_tensor(want)
    if b is None or isinstance(want, bool | tuple):
        return differ("value", f"`{key}` is not what it should be.")
    if a is None:
        return differ("type", f"`{key}` should be a tensor or a number; a {_type_name(got)} came.")
    if a.numel() == 1 and b.numel() == 1:
        a, b = a.reshape(()), b.reshape(())
    if a.shape != b.shape:
        return differ("shape", f"`{key}` has shape {tuple(a.shape)} where {tuple(b.shape)} is expected.")
    if torch.isfinite(b).all() and not torch.isfinite(a).all():
        return differ("nan", f"`{key}` is not finite. Look for a log of 0, a division by 0 or an exp that overflows.")
    if _is_float(want) and not _is_float(got):
        return differ("dtype", f"`{key}` holds whole numbers or truth values; floating-point values are expected.")
    if _close(-a, b, atol):
        return differ("sign", f"`{key}` has the right size and the wrong sign.")
    factor = _constant_factor(a, b)
    if factor is not None:
        return differ(
            "scale",
            f"`{key}` is {factor:.4g} times what is expected. Look for a sum in place of a mean, a missing or an "
            "extra factor, or a size counted once too often.",
        )
    return differ("value", f"`{key}` differs from what the definition gives. Redo one entry by hand and compare.")


def _missing(key: str) -> str:
    if "gradient" in key:
        return (
            f"There is no {key}: the result is cut off from its inputs. Look for `.detach()`, `.item()`, `float(...)`, "
            "NumPy or `torch.no_grad()` on the way."
        )
    return f"`{key}` is missing."


def as_tensor(value: object) -> Tensor | None:
    """A detached float64 (or complex128) copy of anything numeric; None for everything else."""
    if isinstance(value, Tensor):
        tensor = value.detach().to("cpu")
    elif isinstance(value, np.ndarray | np.generic | numbers.Number | list | tuple):
        try:
            tensor = torch.as_tensor(np.asarray(value))
        except (TypeError, ValueError, RuntimeError):
            return None
    else:
        return None
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


def _is_float(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.is_floating_point() or value.is_complex()
    return np.asarray(value).dtype.kind in "fc"


def _close(a: Tensor, b: Tensor, atol: float | None) -> bool:
    if a.dtype != b.dtype:
        a, b = a.to(torch.complex128), b.to(torch.complex128)
    if atol is not None:
        return bool(torch.allclose(a, b, atol=atol, rtol=0.0, equal_nan=True))
    # relative to the largest entry: an entry that cancels to nearly 0 keeps the rounding error of its summands
    largest = float(b.abs().nan_to_num(0.0, posinf=0.0).max()) if b.numel() else 0.0
    slack = max(ABSOLUTE, RELATIVE * largest)
    return bool(torch.allclose(a, b, atol=slack, rtol=RELATIVE, equal_nan=True))


def _constant_factor(a: Tensor, b: Tensor) -> float | None:
    """The number c with a = c·b, if there is one and it is not 0."""
    if a.is_complex() or b.is_complex() or not torch.isfinite(a).all():
        return None
    norm = float((b * b).sum())
    if norm == 0.0:
        return None
    factor = float((a * b).sum()) / norm
    return factor if factor != 0.0 and b.numel() > 1 and _close(a, factor * b, None) else None


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
    tensor = as_tensor(value)
    if tensor is None:
        text = repr(value)
        return text if len(text) <= 80 else text[:77] + "..."
    if tensor.numel() == 0:
        return f"an empty tensor of shape {tuple(tensor.shape)}"
    if tensor.numel() == 1:
        return _number(tensor.reshape(()).item(), digits)
    if tensor.numel() <= 6 and tensor.dim() == 1:
        return "[" + ", ".join(_number(entry, digits) for entry in tensor.tolist()) + "]"
    shape = f"shape {tuple(tensor.shape)}"
    if tensor.is_complex():
        return f"complex, {shape}"
    if not torch.isfinite(tensor).all():
        return f"{shape} with {int((~torch.isfinite(tensor)).sum())} entries that are not finite"
    mean, low, high = tensor.mean().item(), tensor.min().item(), tensor.max().item()
    return f"{shape}, mean {_number(mean, digits)}, from {_number(low, digits)} to {_number(high, digits)}"


def _number(value: complex, digits: int) -> str:
    if isinstance(value, complex):
        return f"{_number(value.real, digits)} {'-' if value.imag < 0 else '+'} {_number(abs(value.imag), digits)}i"
    if math.isfinite(value) and value == round(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.{digits}g}"

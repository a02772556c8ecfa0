"""A plugin of pytest that computes as another processor might: every result is off in its last bit.

    PYTHONPATH=tools python -m pytest -p another_processor tests/models tests/metrics

Matrix products, convolutions, reductions and transcendental functions are rounded differently by other kernels, vector
widths, batch sizes and thread counts. Here each element of what they return is moved by at most one unit in the last
place, by an amount that follows from the size of the result and the element's place in it: the same call gives the same
bits again, as on any one machine, but another row, another batch size or another way to the same figure does not. A
test that fails here asks for more than a processor promises: equal bits where arithmetic may differ, or a band that
holds for one seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

OPERATIONS = """
mm addmm bmm baddbmm dot mv addmv convolution convolution_backward _cdist_forward
native_batch_norm _native_batch_norm_legit native_group_norm native_layer_norm
sum mean var std var_mean norm linalg_vector_norm logsumexp softmax _softmax _log_softmax cumsum
exp expm1 log log1p sin cos tanh sigmoid softplus erf erfinv pow rsqrt gelu silu log_sigmoid_forward
"""
DIFFERING = {f"aten::{name}" for name in OPERATIONS.split()}


class AnotherProcessor(TorchDispatchMode):
    """Moves what the operations in DIFFERING return by a last bit."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func._schema.name in DIFFERING:
            for tensor in result if isinstance(result, (tuple, list)) else (result,):
                if isinstance(tensor, torch.Tensor) and tensor.is_floating_point() and not tensor.is_meta:
                    _move(tensor)
        return result


def _move(tensor: torch.Tensor) -> None:
    off = torch.finfo(tensor.dtype).eps * _pattern(tensor.numel()).view(tensor.shape).to(tensor)
    # What a few bits hold, sums of whole numbers and exp(0) among it, is exact on every processor.
    exact = (tensor * 256).frac() == 0
    tensor.mul_(1 + off.masked_fill(exact, 0))


@lru_cache(maxsize=256)
def _pattern(size: int) -> torch.Tensor:
    """Minus one, nothing or one for each element, another sequence for each size."""
    return torch.randint(-1, 2, (size,), generator=torch.Generator().manual_seed(size), dtype=torch.int8)


@pytest.fixture(autouse=True)
def _another_processor() -> Iterator[None]:
    with AnotherProcessor():
        yield

"""One sentence for an argument that cannot be used: its name, what came, what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganbook.arguments import check_choice, check_number, check_place, check_tensor, check_whole, shown, typed


class Speaker(Protocol):
    def speak(self) -> str: ...


class Dog:
    def speak(self) -> str:
        return "woof"


Network = TypeVar("Network", bound=nn.Module)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: check_whole(1, width=0), "width is 0: allowed is 1 or more"),
        (lambda: check_whole(1, 9, width=10), "width is 10: allowed is 1 to 9"),
        (lambda: check_whole(width=-1), "width is -1: allowed is 0 or more"),
        (lambda: check_number(0, std=-0.5), "std is -0.5: allowed is a finite number, 0 or more"),
        (lambda: check_number(above=0, most=1, p=0), "p is 0: allowed is a finite number, above 0 and 1 or less"),
        (lambda: check_number(below=1, p=1.0), "p is 1.0: allowed is a finite number, below 1"),
        (lambda: check_number(lr=math.nan), "lr is nan: allowed is a finite number"),
        (lambda: check_number(lr=-math.inf), "lr is -inf: allowed is a finite number"),
        (lambda: check_choice(("a", "b"), how="c"), "how is 'c': allowed is one of a, b"),
        (lambda: check_choice((1, 2), size=True), "size is True: allowed is one of 1, 2"),
        (lambda: check_tensor("x", torch.zeros(2, 3), "N", 4), "x has shape (2, 3): allowed is (N, 4)"),
        (lambda: check_tensor("x", torch.zeros(2, 3), 5), "x has shape (2, 3): allowed is (5,)"),
        (lambda: check_tensor("x", torch.zeros(0), "N"), "x has shape (0,): allowed is (N,) with none of them 0"),
        (
            lambda: check_tensor("x", torch.tensor([math.inf]), finite=True),
            "x holds NaN or infinity: allowed are finite numbers",
        ),
        (
            lambda: check_tensor("x", torch.zeros(2, device="meta"), finite=True),
            "x is on the meta device, which holds no numbers: allowed is any other",
        ),
        (
            lambda: check_place("x", torch.zeros(2, device="meta"), torch.zeros(1)),
            "x is on meta: allowed is cpu, as for the network",
        ),
    ],
)  # fmt: skip
def test_a_value_of_the_right_kind_that_is_wrong(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: check_whole(1, width=2.0), "width is 2.0: allowed is a whole number"),
        (lambda: check_whole(1, width=True), "width is True: allowed is a whole number"),
        (lambda: check_number(lr="0.1"), "lr is '0.1': allowed is a number"),
        (lambda: check_number(lr=None), "lr is None: allowed is a number"),
        (lambda: check_tensor("x", [1.0], "N"), "x is [1.0]: allowed is a floating-point tensor (N,)"),
        (
            lambda: check_tensor("x", torch.zeros(2).long(), "N"),
            "x is a torch.int64 tensor (2,): allowed is a floating-point tensor (N,)",
        ),
        (
            lambda: check_tensor("n", torch.zeros(2).bool(), kind="whole"),
            "n is a torch.bool tensor (2,): allowed is a tensor of whole numbers",
        ),
        (
            lambda: check_tensor("n", torch.zeros(2), kind="uint8"),
            "n is a torch.float32 tensor (2,): allowed is a tensor of uint8",
        ),
        (
            lambda: check_tensor("x", torch.eye(2).to_sparse(), kind="any"),
            "x is a torch.float32 tensor (2, 2): allowed is a tensor",
        ),
        (
            lambda: check_place("x", torch.zeros(2).double(), torch.zeros(1)),
            "x is a torch.float64 tensor (2,): allowed is torch.float32, as for the network",
        ),
    ],
)
def test_another_kind_of_thing(call, sentence):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == sentence


def test_what_fits_passes():
    check_whole(1, 9, a=1, b=9, c=np.int64(5))
    check_number(0, 1, a=0, b=1.0, c=np.float32(0.5))
    check_choice(("a", None), how=None)
    check_tensor("x", torch.zeros(2, 3, dtype=torch.float16), "N", 3, finite=True)
    check_tensor("n", torch.zeros(2, dtype=torch.int16), 2, kind="whole")
    check_place("x", torch.zeros(2), torch.ones(1))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        check_place("x", torch.zeros(2, dtype=torch.bfloat16), torch.ones(1))


@typed
def everything(
    whole: int = 1,
    number: float = 1.0,
    yes: bool = True,
    words: Sequence[str] = (),
    any_words: Iterable[str] = (),
    size: tuple[int, int] = (1, 2),
    table: Mapping[str, int] | None = None,
    how: Literal["a", "b"] = "a",
    made: Callable[[], int] = int,
    speaker: Speaker | None = None,
    network: nn.Module | None = None,
    kind: type[nn.Module] = nn.Linear,
    x: Tensor | None = None,
    other: Any = None,
    unknown: Elsewhere = None,  # noqa: F821 - as of an import for type checkers only
    **more: float,
) -> str:
    return "done"


@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"whole": np.int64(3)}, {"number": 3}, {"number": math.inf}, {"words": ["a"]}, {"any_words": {"a"}},
        {"any_words": (w for w in "ab")}, {"size": (3, 4)}, {"table": {"a": 1}}, {"how": "b"}, {"made": dict},
        {"speaker": Dog()}, {"network": nn.Linear(1, 1)}, {"x": torch.zeros(1, dtype=torch.int8)}, {"other": object()},
        {"unknown": 3}, {"extra": 0.5},
    ],
)  # fmt: skip
def test_what_its_annotation_says_passes(arguments):
    assert everything(**arguments) == "done"


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"whole": 1.0}, TypeError, "whole is 1.0: allowed is a whole number"),
        ({"whole": True}, TypeError, "whole is True: allowed is a whole number"),
        ({"number": math.nan}, ValueError, "number is nan: allowed is a number"),
        ({"number": "1"}, TypeError, "number is '1': allowed is a number"),
        ({"yes": 1}, TypeError, "yes is 1: allowed is True or False"),
        ({"words": "abc"}, TypeError, "words is 'abc': allowed is a list of texts"),
        ({"words": ["a", 1]}, TypeError, "words is ['a', 1]: allowed is a list of texts"),
        ({"any_words": "abc"}, TypeError, "any_words is 'abc': allowed is a list of texts"),
        ({"size": (1, 2, 3)}, TypeError, "size is (1, 2, 3): allowed is a tuple of 2 whole numbers"),
        ({"table": [1]}, TypeError, "table is [1]: allowed is a dictionary or None"),
        ({"how": "c"}, ValueError, "how is 'c': allowed is 'a' or 'b'"),
        ({"how": None}, TypeError, "how is None: allowed is 'a' or 'b'"),
        ({"made": 3}, TypeError, "made is 3: allowed is a function"),
        ({"speaker": 3}, TypeError, "speaker is 3: allowed is a Speaker or None"),
        ({"network": torch.relu}, TypeError, "network is a builtin_function_or_method: allowed is a Module or None"),
        ({"kind": "Linear"}, TypeError, "kind is 'Linear': allowed is a class"),
        ({"x": [1.0]}, TypeError, "x is [1.0]: allowed is a tensor or None"),
        ({"x": torch.eye(2).to_sparse()}, TypeError, "x is a torch.float32 tensor (2, 2): allowed is a tensor or None"),
        ({"extra": "x"}, TypeError, "more is 'x': allowed is a number"),
    ],
)
def test_what_its_annotation_excludes_is_named(arguments, error, sentence):
    with pytest.raises(error) as caught:
        everything(**arguments)
    assert str(caught.value) == sentence and type(caught.value) is error


def test_a_class_is_checked_at_its_constructor_and_stays_itself():
    @typed
    class Box:
        """A box."""

        def __init__(self, width: int, *sides: int) -> None:
            self.width, self.sides = width, sides

    assert (Box.__doc__, Box(3, 4, 5).sides) == ("A box.", (4, 5))
    for wrong in (("3",), (3, 4, "5")):
        with pytest.raises(TypeError, match="allowed is a whole number"):
            Box(*wrong)
    with pytest.raises(TypeError, match="missing a required argument: 'width'"):
        Box()


def test_a_type_variable_stands_for_its_bound():
    @typed
    def frozen(network: Network) -> Network:
        return network

    assert isinstance(frozen(nn.ReLU()), nn.ReLU)
    with pytest.raises(TypeError, match=r"^network is 3: allowed is a Module$"):
        frozen(3)


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


def test_a_value_is_shown_in_few_words():
    assert shown("x" * 99) == "a str" and shown([0] * 99) == "a list"
    assert shown(torch.zeros(2, 3)) == "a torch.float32 tensor (2, 3)"
    assert shown(np.zeros(2)) == "a float64 ndarray (2,)"
    assert (shown(Mute()), shown(nn.ReLU()), shown("7")) == ("a Mute", "a ReLU", "'7'")

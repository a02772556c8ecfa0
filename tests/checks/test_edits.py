"""Wrong answers as edits of right ones: what an edit changes, what it refuses, and how the tests call it."""

import inspect
import traceback

import pytest
from harness import Answers

from ganbook.checks.edits import edited, likes

FACTOR = 10


def scaled(x, y=2):
    """x times y, and ten."""
    z = x * y
    return z * FACTOR


@pytest.mark.parametrize(
    ("slip", "result"),
    [
        (("x * y", "x + y"), 50),  # 10 * (3 + 2)
        (("z", "zz"), 60),  # wherever it stands
        ((("x * y", "x + y"), ("z * FACTOR", "z")), 5),
        ((("x * y", "x + y"), ("x + y", "x")), 30),  # one after the other
        (("z * FACTOR", ""), None),
        ("x - y", 1),
        ("x -= y\nreturn x * FACTOR", 10),
        ("del x; return y", 2),
        ("""
            for _ in range(2):
                x += y
            return x
        """, 7),
    ],
)  # fmt: skip
def test_an_edit_changes_the_body_alone(slip, result):
    assert edited(scaled, slip)(3) == result
    assert inspect.signature(edited(scaled, slip)) == inspect.signature(scaled)
    assert scaled(3) == 60


def test_decorators_are_left_out_and_parameters_kept_whatever_they_are_called():
    assert edited(decorated, ("a", "b"))(1, 2) == 4
    assert inspect.getsource(edited(decorated, ("a", "b"))) == "def decorated(a, b):\n    return b + b\n"


@Answers("none").right("none")
def decorated(a, b):
    return a + b


def test_a_traceback_shows_the_edited_line():
    with pytest.raises(ZeroDivisionError) as stopped:
        edited(scaled, ("x * y", "x / 0"))(3)
    assert "z = x / 0" in "".join(traceback.format_tb(stopped.tb))


@pytest.mark.parametrize(
    ("function", "slip", "message"),
    [
        (scaled, ("w", "v"), "there is no 'w' in"),
        (scaled, (("x", "v"), ("x", "v")), "there is no 'x' in"),
        (scaled, ("x * y", "x *"), "leaves no Python"),
        ((lambda n: lambda: n)(1), "1", "stand on its own"),
        (lambda x: x, ("x", "y"), "must be written with def"),
    ],
)
def test_what_cannot_be_edited_says_so(function, slip, message):
    with pytest.raises(ValueError, match=message):
        edited(function, slip)


def test_answers_are_called_by_hint_and_number():
    answers = Answers("none")
    answers.wrong("task", "hint", lambda x: x, lambda x: 2 * x)
    answers.slips("task", scaled, {"hint": [("x", "y")], "other": ["x", ("z", "z")]})
    answers.slips("another", scaled, {"hint": ["x"]})
    answers.right("task", lambda x: x)
    assert answers.right("task")(scaled) is scaled
    assert [(task, function.__name__) for task, function, _ in answers.wrongs] == [
        ("task", "hint-1"),
        ("task", "hint-2"),
        ("task", "hint-3"),
        ("task", "other-1"),
        ("task", "other-2"),
        ("another", "hint-1"),
    ]
    assert [function.__name__ for _, function in answers.rights] == ["right-1", "scaled"]


def test_what_mistakes_are_like_is_edits_and_functions():
    made = likes(scaled, {"one": [("x *", "x +")], "two": ["x", abs]})
    assert {hint: [function(-3) for function in functions] for hint, functions in made.items()} == {
        "one": [-10],
        "two": [-3, 3],
    }

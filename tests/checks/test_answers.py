"""Every check rejects the wrong answers kept here, with the hint meant for each, and accepts the right ones."""

import pytest
from harness import SEEDS, judge, sheets

SHEETS = sheets()
WRONG = [
    pytest.param(sheet.tasks[task], function, hint, id=f"{name}-{task}-{function.__name__}")
    for name, (sheet, answers) in SHEETS.items()
    for task, function, hint in answers.wrongs
]
RIGHT = [
    pytest.param(sheet.tasks[task], function, id=f"{name}-{task}-{function.__name__}")
    for name, (sheet, answers) in SHEETS.items()
    for task, function in answers.rights
]
TASKS = [
    pytest.param(task, answers, id=f"{name}-{task.name}")
    for name, (sheet, answers) in SHEETS.items()
    for task in sheet.tasks.values()
]


@pytest.mark.parametrize(("task", "function", "hint"), WRONG)
def test_wrong_answer_is_rejected_with_its_hint(task, function, hint):
    for seed in range(SEEDS):
        result = judge(task, function, seed)
        assert (result.status, result.hint_id) == ("failed", hint), f"seed {seed}\n{result!r}"


@pytest.mark.parametrize(("task", "function"), RIGHT)
def test_right_answer_is_accepted(task, function):
    for seed in range(SEEDS):
        result = judge(task, function, seed)
        assert result.status == "passed", f"seed {seed}\n{result!r}"


@pytest.mark.parametrize(("task", "answers"), TASKS)
def test_enough_answers_are_kept(task, answers):
    wrongs = [(function, hint) for name, function, hint in answers.wrongs if name == task.name]
    assert len(wrongs) >= 5
    assert sum(name == task.name for name, _ in answers.rights) >= 3
    ids = [mistake.id for mistake in task.mistakes]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= {hint for _, hint in wrongs}, "a hint that no kept answer draws is dead text"
    assert len({hint for _, hint in wrongs} & set(ids)) >= 5, "at least five named misconceptions"


class Hostile:
    """An answer that resists being looked at."""

    def __repr__(self):
        raise RuntimeError("no repr")

    def __eq__(self, other):
        raise RuntimeError("no ==")

    __hash__ = None


def leave(*_):
    raise SystemExit(1)


def stop(*_):
    raise ValueError("<b>a & b</b>\nsecond line")


JUNK = {
    "zero": lambda *_: 0,
    "nan": lambda *_: float("nan"),
    "text": lambda *_: "text",
    "list": lambda *_: [[1], [2, 3]],
    "dict": lambda *_: {"a": 1},
    "pair": lambda *_: (None, None),
    "inputs": lambda *inputs: inputs,
    "first": lambda *inputs: inputs[0],
    "module": lambda *_: pytest,
    "hostile": lambda *_: Hostile(),
    "no arguments": lambda: 0,
    "raises": stop,
    "exits": leave,
    "number": 3.5,
    "string": "<script>alert(1)</script>",
    "object": Hostile(),
    "class": Hostile,
}


@pytest.mark.parametrize(("task", "answers"), TASKS)
@pytest.mark.parametrize("name", JUNK)
def test_junk_gets_a_card_and_never_raises(task, answers, name):
    answer = JUNK[name]
    if task.takes == "value" and callable(answer) and name not in ("no arguments", "raises", "exits"):
        answer = answer() if name != "first" else answer(1)
    result = task(answer)
    assert result.status == "failed"
    assert result.hint_id != "check-stumbled", repr(result)
    assert result.hint and repr(result) and "<script>" not in result._repr_html_()


def begin(*_):
    raise NotImplementedError("your code here")


@pytest.mark.parametrize(("task", "answers"), TASKS)
@pytest.mark.parametrize(
    "blank",
    [None, ..., begin, lambda *_: None, lambda *_: ...],
    ids=["None", "...", "raises", "returns None", "returns ..."],  # no addresses: workers must agree on the names
)
def test_blank_is_not_yet(task, answers, blank):
    if task.takes == "value" and callable(blank):
        pytest.skip("a value is blank as None or ...")
    result = task(blank)
    assert (result.status, result.hint_id) == ("not yet", None)


def forms(task):
    """Every wrong answer that the task itself knows, and the hint it stands for."""
    for mistake in task.mistakes:
        likes = mistake.like if isinstance(mistake.like, tuple) else (mistake.like,)
        yield from ((like, mistake.id) for like in likes if like is not None)


@pytest.mark.parametrize(("task", "answers"), TASKS)
def test_every_form_of_a_mistake_draws_its_own_hint(task, answers):
    for number, (like, hint) in enumerate(forms(task)):
        for seed in range(2):
            result = judge(task, like, seed)
            assert (result.status, result.hint_id) == ("failed", hint), f"form {number}, seed {seed}\n{result!r}"
            assert not result.came.startswith("NameError"), f"form {number}: {result.came}"  # an edit nobody can make

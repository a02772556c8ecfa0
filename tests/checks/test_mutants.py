"""Every one-place mutant of a solution is rejected by its check, or listed as no wrong answer, with the reason."""

import mutants
import pytest
from equivalents import EQUIVALENT, reason

from ganbook import checks

#: Of the mutants that are wrong answers.
REJECTED = 0.99
#: One in so many is judged; 1 for all of them. `python tests/checks/mutants.py` prints the table of all.
EVERY = 1


@pytest.fixture(autouse=True)
def smoke(monkeypatch):
    monkeypatch.setenv("GANBOOK_BUDGET", "smoke")
    monkeypatch.setattr(mutants.limit, "SECONDS", mutants.limit.SECONDS)


@pytest.mark.parametrize("name", checks.NOTEBOOKS)
def test_mutants_are_rejected(name):
    judged, survivors = 0, []
    for mutant in mutants.mutants(name)[::EVERY]:
        if reason(mutant):
            continue
        judged += 1
        result = mutants.judged(mutant)
        if result is not None and result.passed:
            survivors.append(f"{mutant.task}: {mutant.change}")
    assert judged > 100
    assert 1 - len(survivors) / judged >= REJECTED, "\n".join(survivors)
    # none survives today: one that does is either a hole of its check or belongs into equivalents.py
    assert not survivors, "\n".join(survivors)


@pytest.mark.parametrize("name", checks.NOTEBOOKS)
def test_every_entry_of_the_list_is_needed(name):
    """An entry that no passing mutant needs would hide a hole."""
    needed = {
        (f"{name}.{mutant.task}", beginning)
        for mutant in mutants.mutants(name)
        if reason(mutant) and mutants.judged(mutant) is not None and mutants.judged(mutant).passed
        for beginning in EQUIVALENT[f"{name}.{mutant.task}"]
        if mutant.change.startswith(beginning)
    }
    listed = {(task, start) for task, starts in EQUIVALENT.items() if task.startswith(f"{name}.") for start in starts}
    assert listed == needed


def test_mutants_of_a_small_cell():
    cell = """def f(x, y):
    z = x.mean()
    ### BEGIN SOLUTION
    if z > 0:
        return x - 2 * y
    return y
    ### END SOLUTION"""
    changes = dict(mutants.mutated(cell))
    for change in (
        "operator Add in `return x - 2 * y`",
        "operator Div in `return x - 2 * y`",
        "left operand alone in `return x - 2 * y`",
        "2 to 3 in `return x - 2 * y`",
        "operator GtE in `if z > 0:`",
        "test turned in `if z > 0:`",
        "left out in `return y`",
        "sign turned in `return y`",
        "y to z in `return y`",
    ):
        assert change in changes
    assert not any("z = x.mean()" in change for change in changes)  # given to the learner
    assert len(set(changes.values())) == len(changes)

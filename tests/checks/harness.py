"""Wrong and right answers for the exercise checks: how they are written down and counted.

`answers_NAME.py` holds those of one exercise notebook:

    answers = Answers("two_players")

    @answers.wrong("sample_noise", hint="uniform-01")
    def uniform_from_0(n, latent_dim, prior): ...

    @answers.right("sample_noise")
    def with_uniform_(n, latent_dim, prior): ...

For a task that takes a value, the function takes the task's inputs (its world) and returns the value.
"""

import importlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ganbook import checks

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
SEEDS = 50


@dataclass
class Answers:
    notebook: str
    wrongs: list = field(default_factory=list)  # (task, function, hint id)
    rights: list = field(default_factory=list)  # (task, function)

    def wrong(self, task, hint):
        return lambda function: self.wrongs.append((task, function, hint)) or function

    def right(self, task):
        return lambda function: self.rights.append((task, function)) or function


def keep_readings(answers, right, wrong):
    """Answers to the task `reading`: the right one in three forms; wrong: hint -> letter -> what is said instead."""

    @answers.right("reading")
    def as_tuples(world):
        return dict(right)

    @answers.right("reading")
    def as_lists_in_another_order(world):
        return {letter: [name, float(place)] for letter, (name, place) in reversed(right.items())}

    @answers.right("reading")
    def with_more_letters(world):
        return {**right, "Z": "not asked for"}

    for hint, changed in wrong.items():

        def said(world, changed=changed):
            return {**right, **changed}

        said.__name__ = hint.replace("-", "_")
        answers.wrong("reading", hint=hint)(said)


def sheets():
    """Exercise notebooks that have answers, in the order of the chapters: name -> (sheet, answers)."""
    found = {}
    for name in checks.NOTEBOOKS:
        if (HERE / f"answers_{name}.py").is_file():
            answers = importlib.import_module(f"answers_{name}").answers
            found[name] = getattr(checks, name).sheet, answers
    return found


def judge(task, function, seed):
    """What the check says to an answer."""
    if task.takes == "value":
        return task(task.value_of(function, seed), seed=seed)
    return task(function, seed=seed)


def summary():
    """For every task: how many wrong answers are kept that it rejects, how many right ones that it accepts."""
    return {
        name: {
            "title": sheet.title,
            "tasks": [
                {
                    "name": task.name,
                    "title": task.title,
                    "wrong_rejected": sum(kept == task.name for kept, _, _ in answers.wrongs),
                    "right_accepted": sum(kept == task.name for kept, _ in answers.rights),
                    "hints": [mistake.id for mistake in task.mistakes],
                }
                for task in sheet.tasks.values()
            ],
        }
        for name, (sheet, answers) in sheets().items()
    }


def as_text():
    """The same, as the table that the tests print."""
    rows = [f"{'task':<44}{'wrong rejected':>16}{'right accepted':>16}   ({SEEDS} seeds each)"]
    for name, sheet in summary().items():
        rows += [
            f"{name + '.' + task['name']:<44}{task['wrong_rejected']:>16}{task['right_accepted']:>16}"
            for task in sheet["tasks"]
        ]
        total = [sum(task[key] for task in sheet["tasks"]) for key in ("wrong_rejected", "right_accepted")]
        rows.append(f"{name + ', all tasks':<44}{total[0]:>16}{total[1]:>16}")
    return "\n".join(rows)

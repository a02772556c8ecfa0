"""Wrong and right answers for the exercise checks: how they are written down and counted.

`answers_NAME.py` holds those of one exercise notebook. Right answers are functions; wrong ones are mostly a right one
with something exchanged in its body, or another body:

    answers = Answers("two_players")

    @answers.right("sample_noise")
    def drawn(n, latent_dim, prior):
        return torch.randn(n, latent_dim) if prior == "gaussian" else 2 * torch.rand(n, latent_dim) - 1

    answers.slips("sample_noise", drawn, {
        "uniform-01": [(" - 1", ""), "torch.rand(n, latent_dim)"],
        "always-gaussian": ["torch.randn(n, latent_dim)"],
    })
    answers.wrong("sample_noise", "type", lambda n, latent_dim, prior: np.random.randn(n, latent_dim))

    @answers.wrong("sample_noise", hint="same-z-for-all-rows")
    def what_differs_more(n, latent_dim, prior): ...

For a task that takes a value, the function takes the task's inputs (its world) and returns the value.
"""

import importlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ganbook import checks
from ganbook.checks.edits import edited

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
SEEDS = 50


@dataclass
class Answers:
    notebook: str
    wrongs: list = field(default_factory=list)  # (task, function, hint id)
    rights: list = field(default_factory=list)  # (task, function)

    def wrong(self, task, hint, *functions):
        """Keep these answers; without any: the decorator that keeps one."""
        number = sum((name, drawn) == (task, hint) for name, _, drawn in self.wrongs)
        return _keep(functions, hint, number, lambda function: self.wrongs.append((task, function, hint)))

    def right(self, task, *functions):
        number = sum(name == task for name, _ in self.rights)
        return _keep(functions, "right", number, lambda function: self.rights.append((task, function)))

    def also(self, task, of, *slips):
        """Further right answers, as edits of one of them."""
        self.right(task, *(edited(of, slip, name="<lambda>") for slip in slips))

    def slips(self, task, of, by_hint):
        """Wrong answers as edits of a right one: {hint: [slip, …]}, with slips as `edited` takes them."""
        for hint, slips in by_hint.items():
            self.wrong(task, hint, *(edited(of, slip, name="<lambda>") for slip in slips))


def _keep(functions, kind, number, keep):
    """Keep each; one without a name of its own is called by its kind and number, as the tests are called after it."""
    for place, function in enumerate(functions, number + 1):
        if function.__name__ == "<lambda>":
            function.__name__ = f"{kind}-{place}"
        keep(function)
    return (lambda function: keep(function) or function) if not functions else None


def keep_readings(answers):
    """Answers to the task `reading`, made from its cases: the right one in three forms, and wrong ones of each kind."""
    it = importlib.import_module(f"ganbook.checks.readings.{answers.notebook}").READING
    right = dict(it.cases)
    answers.right(
        "reading",
        lambda world: dict(right),
        lambda world: {letter: [name, float(place)] for letter, (name, place) in reversed(right.items())},
        lambda world: {**right, "Z": "not asked for"},
    )

    def keep(hint, letter, said):
        answers.wrong("reading", hint, lambda world: {**right, letter: said})

    for letter, (fault, place) in right.items():
        for other in sorted(it.faults.keys() - {fault}):
            keep(f"{letter.lower()}-misread", letter, (other, place))
        late = it.places.index(place) + it.slack + 1
        keep("misplaced", letter, (fault, it.places[late if late < len(it.places) else late - it.slack - 2]))
    keep("unknown-name", letter, (fault.upper(), place))
    keep("unknown-place", letter, (fault, max(it.places) + 1))
    keep("form", letter, fault)


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


def turned_down(seeds):
    """The right answers that a check does not accept, with the first seed of it: (notebook, task, answer, seed)."""
    return [
        (name, task, function.__name__, seed)
        for name, (sheet, answers) in sheets().items()
        for task, function in answers.rights
        for seed in [next((s for s in range(seeds) if judge(sheet.tasks[task], function, s).status != "passed"), None)]
        if seed is not None
    ]


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

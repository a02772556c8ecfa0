"""How far a learner is, over all exercise notebooks: a small file beside them; nothing leaves the machine.

Each card that is drawn in a notebook adds its task's status, each challenge its figure. What is kept is the best so
far: a worse answer later takes nothing away, and its card says so. The file is
``.ganbook-progress.json`` in the folder of the notebook, or in the folder that the variable ``GANBOOK_PROGRESS`` names;
``GANBOOK_PROGRESS=off`` keeps none. Outside a notebook nothing is kept unless that variable names a folder.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganbook.checks import NOTEBOOKS

FILE = ".ganbook-progress.json"
_VARIABLE = "GANBOOK_PROGRESS"
_STATUSES = ("passed", "failed")


def folder() -> Path | None:
    """Where the score is kept; None if it is not."""
    named = os.environ.get(_VARIABLE, "")
    if named:
        return None if named == "off" else Path(named)
    shell = sys.modules.get("IPython")
    return Path.cwd() if shell is not None and shell.get_ipython() is not None else None


def read(where: Path) -> dict[str, dict[str, Any]]:
    """What is kept in a folder: notebook -> {"tasks": {task: status}, "challenge": {"mean", "beaten",
    "floors"}}.

    A file that is missing, broken or not a score gives an empty score.
    """
    try:
        kept = json.loads((where / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    kept = _mapping(_mapping(kept).get("notebooks"))
    return {name: kept[name] for name in NOTEBOOKS if isinstance(kept.get(name), dict)}


def record(notebook: str, task: str, status: str) -> bool:
    """Keep a task's status, and say whether the score has it as passed. A task that passed once stays passed.

    Nothing is kept, and nothing has passed, where no score is kept. A task that is not begun adds nothing.
    """
    if status in _STATUSES:
        _change(notebook, lambda kept: _passed_or(kept, task, status))
    return _mapping(_kept(notebook).get("tasks")).get(task) == "passed"


def record_challenge(notebook: str, mean: float, beaten: bool, floors: float) -> float | None:
    """Keep a challenge's mean figure, and in floors, if it is the best so far: beaten comes first, then fewer floors.

    A figure that is no number is not kept.

    Returns:
        The best so far in floors; None where no score is kept.
    """

    def change(kept: dict[str, Any]) -> None:
        new, before = {"mean": mean, "beaten": beaten, "floors": floors}, _mapping(kept.get("challenge"))
        if _behind(new) < _behind(before):
            kept["challenge"] = new

    _change(notebook, change)
    best: float | None = _mapping(_kept(notebook).get("challenge")).get("floors")
    return best


def _behind(challenge: Mapping[str, Any]) -> tuple[bool, float]:
    """What a better challenge has less of: a bar that was not beaten, then floors."""
    floors = challenge.get("floors")
    if not isinstance(floors, int | float) or math.isnan(floors):
        floors = math.inf
    return not challenge.get("beaten"), floors


def _kept(notebook: str) -> dict[str, Any]:
    """What is kept of one notebook; nothing where no score is kept."""
    where = folder()
    return {} if where is None else read(where).get(notebook, {})


def _passed_or(kept: dict[str, Any], task: str, status: str) -> None:
    tasks = kept["tasks"] = _mapping(kept.get("tasks"))
    tasks[task] = "passed" if tasks.get(task) == "passed" else status


def _change(notebook: str, change: Callable[[dict[str, Any]], None]) -> None:
    from ganbook.data.cache import write_atomically

    where = folder()
    if where is None or notebook not in NOTEBOOKS:
        return
    kept = read(where)
    before = json.dumps(kept)
    change(kept.setdefault(notebook, {}))
    if json.dumps(kept) == before:
        return
    text = json.dumps({"version": 1, "notebooks": kept}, indent=1) + "\n"
    try:
        write_atomically(where / FILE, lambda path: path.write_text(text, encoding="utf-8"))
    except OSError:  # a folder that cannot be written to: the card is shown all the same
        return


@dataclass(frozen=True, repr=False)
class Score:
    """Tasks passed and challenges beaten, by notebook.

    Attributes:
        passed: notebook -> names of the tasks that passed.
        challenges: notebook -> the challenge's best mean figure so far and whether it beat the bar.
        where: the folder that the score is kept in, or None.
    """

    passed: Mapping[str, tuple[str, ...]]
    challenges: Mapping[str, Mapping[str, Any]]
    where: Path | None
    of: Mapping[str, int] = field(default_factory=dict)  #: notebook -> how many tasks it has

    @property
    def done(self) -> int:
        """Tasks passed, in all notebooks."""
        return sum(map(len, self.passed.values()))

    @property
    def line(self) -> str:
        """The whole score in one line, as the last card of a notebook shows it."""
        beaten = sum(bool(challenge.get("beaten")) for challenge in self.challenges.values())
        return f"{self.done} of {sum(self.of.values())} tasks, {beaten} of {len(self.of)} challenges"

    def rows(self) -> list[dict[str, Any]]:
        """One row a notebook, for tables and JSON."""
        return [
            {
                "notebook": name,
                "passed": len(self.passed.get(name, ())),
                "tasks": number,
                "challenge": self.challenges.get(name, {}).get("mean"),
                "beaten": bool(self.challenges.get(name, {}).get("beaten")),
                "floors": self.challenges.get(name, {}).get("floors"),
            }
            for name, number in self.of.items()
        ]

    def __repr__(self) -> str:
        lines = [f"All exercises, best so far: {self.line}"]
        for row in self.rows():
            figure = "" if row["challenge"] is None else f"   challenge {row['challenge']:.3g}"
            beaten = ", beaten" if row["beaten"] else ""
            board = "" if row["floors"] is None else f", {row['floors']:.3g} floors"
            lines.append(f"  {row['notebook']:<16} {row['passed']} of {row['tasks']}{figure}{board}{beaten}")
        return "\n".join(lines)


def progress(where: str | os.PathLike[str] | None = None) -> Score:
    """How far you are, over all exercise notebooks whose score is kept in one folder.

    Args:
        where: that folder; by default the one that the notebook you run keeps its score in, or else the current one.

    Raises:
        ValueError: ``where`` is no folder.
    """
    place = Path(where) if where is not None else folder() or Path.cwd()
    if not place.is_dir():
        raise ValueError(f"where is {str(place)!r}: allowed is a folder that is there")
    kept = read(place)
    passed = {
        name: tuple(task for task, status in _mapping(entry.get("tasks")).items() if status == "passed")
        for name, entry in kept.items()
    }
    challenges = {name: _mapping(entry.get("challenge")) for name, entry in kept.items() if entry.get("challenge")}
    return Score(passed, challenges, place, {name: tasks_of(name) for name in NOTEBOOKS})


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def tasks_of(notebook: str) -> int:
    """How many tasks an exercise notebook has."""
    return len(importlib.import_module(f"ganbook.checks.{notebook}").sheet.tasks)

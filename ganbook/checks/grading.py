"""Judge students' notebooks: each in a process of its own, on other random numbers than they saw.

Only what a notebook defines is run: its setup, checks, plays and challenge are left out, so a class takes minutes. The
process has a limit of time and memory, no network where Linux's ``unshare`` allows it, and a folder of its own. It is
no sandbox: who runs strangers' code should do it on a machine that holds nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from ganbook.arguments import check_number, check_whole
from ganbook.checks import NOTEBOOKS

#: Seeds that no card of the course is drawn with.
SEEDS = (90_001, 90_002, 90_003)
SECONDS, MEMORY = 300.0, 8.0
_CELL_SECONDS = 20.0
_NAMED = re.compile(r"^from ganbook\.checks import (\w+) as check$", re.MULTILINE)
_OWN = re.compile(r"^\s*check\.\w+\(|\bcheck\.(done|challenge)\b|\bganbook\.welcome\(", re.MULTILINE)

Row = dict[str, Any]


def grade(
    notebooks: Iterable[str | os.PathLike[str]],
    seconds: float = SECONDS,
    memory: float = MEMORY,
    jobs: int = 2,
) -> list[Row]:
    """One row a task for each notebook: file, exercises, task, title, status, hint and a sentence.

    ``status`` is "passed" (on all seeds), "failed", "not yet", or "refused": the check's cell was changed or is gone,
    the checks themselves were changed, or the notebook cannot be read or run within its limits.

    Args:
        notebooks: paths of students' notebooks of this course's exercises.
        seconds: how long one notebook may run.
        memory: how much address space one may take, in GiB, where the system can limit it.
        jobs: how many run at a time.

    Raises:
        ValueError: a limit is not positive.
        TypeError: a limit is no number, or ``jobs`` is not a whole one.
    """
    check_number(above=0, seconds=seconds, memory=memory)
    check_whole(1, jobs=jobs)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        graded = pool.map(lambda path: _graded(Path(path), seconds, memory), notebooks)
        return [row for rows in graded for row in rows]


def exercises_of(path: Path) -> tuple[str, list[str]]:
    """Which exercises a notebook is, and the sources of its code cells.

    Raises:
        ValueError: it is no notebook, or none of this course's exercises.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ValueError("is no notebook") from None
    found = [match[1] for source in code for match in _NAMED.finditer(source)]
    if len(set(found)) != 1 or found[0] not in NOTEBOOKS:
        raise ValueError("is none of this course's exercises: no line `from ganbook.checks import … as check`")
    return found[0], code


def _graded(path: Path, seconds: float, memory: float) -> list[Row]:
    try:
        name, _ = exercises_of(path)
    except ValueError as error:
        return [{"file": str(path), "exercises": "", "task": "", "title": "", **_refused(str(error))}]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.json"
        command = [*_offline(), sys.executable, "-m", __name__, str(path.resolve()), str(out), str(memory)]
        environment = os.environ | {
            "GANBOOK_PROGRESS": "off",
            "GANBOOK_BUDGET": "smoke",
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")])),
        }
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, timeout=seconds, capture_output=True, check=False, text=True
            )
            rows = json.loads(out.read_text(encoding="utf-8"))
        except subprocess.TimeoutExpired:
            rows = _all_refused(name, f"it did not end within {seconds:g} seconds")
        except (OSError, ValueError):
            last = (done.stderr.strip().splitlines() or [""])[-1][:200]
            rows = _all_refused(name, f"its process ended with status {done.returncode}: {last}")
    return [{"file": str(path), "exercises": name, **row} for row in rows]


def _refused(sentence: str) -> Row:
    return {"status": "refused", "hint": None, "sentence": sentence}


def _all_refused(name: str, sentence: str) -> list[Row]:
    return [{"task": task, "title": title, **_refused(sentence)} for task, title in _titles(_module(name)).items()]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"ganbook.checks.{name}")


def _titles(module: ModuleType) -> dict[str, str]:
    return {name: task.title for name, task in module.sheet.tasks.items()}


def _offline() -> Sequence[str]:
    """What keeps a process off the network: Linux's namespaces, where a user may make one."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    alone = [unshare, "--map-root-user", "--net"]
    tried = subprocess.run([*alone, "true"], capture_output=True, check=False)
    return alone if tried.returncode == 0 else ()


# -- in the notebook's own process -------------------------------------------------------------------


def judged(path: Path) -> list[Row]:
    """Run what a notebook defines, and judge its answers; in this process."""
    from ganbook.checks.task import Task

    name, code = exercises_of(path)
    module = _module(name)
    before = _fingerprint(module)
    names, stopped = _run([source for source in code if not _OWN.search(source) and not _magic(source)])
    if _fingerprint(module) != before:
        return _all_refused(name, "the notebook changes the checks themselves")
    calls = {source.strip() for source in code}
    rows = []
    for task in module.sheet.tasks.values():
        row: Row = {"task": task.name, "title": task.title}
        if f"check.{task.name}({task.name})" not in calls:
            rows.append(row | _refused("the check's cell was changed or is gone"))
            continue
        assert isinstance(task, Task)
        results = [task(names.get(task.name), seed=seed) for seed in SEEDS]
        worst = next((result for result in results if not result.passed), results[0])
        said = worst.hint if worst.status == "failed" else stopped.get(task.name, "")
        rows.append(row | {"status": worst.status, "hint": worst.hint_id, "sentence": said})
    return rows


def _run(cells: Iterable[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The names that the cells define, and what stopped a cell that was to define one."""
    from ganbook.checks.limit import TooLong, time_limit

    names: dict[str, Any] = {"__name__": "__main__"}
    stopped: dict[str, str] = {}
    for number, source in enumerate(cells):
        try:
            compiled = compile(source, f"<cell {number}>", "exec")
            with time_limit(_CELL_SECONDS), contextlib.redirect_stdout(io.StringIO()):
                exec(compiled, names)
        except (Exception, SystemExit, TooLong) as error:  # a learner's cell may fail in any way; the others count
            for name in re.findall(r"^(?:def )?(\w+)(?:\(| = )", source, re.MULTILINE):
                stopped[name] = f"its cell stops with {type(error).__name__}"
    return names, stopped


def _magic(source: str) -> bool:
    return bool(re.search(r"^\s*[%!]", source, re.MULTILINE))


def _fingerprint(module: ModuleType) -> list[Any]:
    """Of all functions of the engine and of the notebook's checks: another code is another object."""
    from ganbook.checks import compare, feedback, limit, task, watch

    found: list[Any] = []
    for home in (module, compare, feedback, limit, task, watch):
        for name, value in vars(home).items():
            inside = vars(value).items() if isinstance(value, type) else [(name, value)]
            found += [(name, key, id(entry), id(getattr(entry, "__code__", None))) for key, entry in inside]
    return [entry for entry in found if not entry[1].startswith("__")]


def _limited(gibibytes: float) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    size = int(gibibytes * 2**30)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _main() -> None:
    notebook, out, memory = sys.argv[1:]
    _limited(float(memory))
    Path(out).write_text(json.dumps(judged(Path(notebook))), encoding="utf-8")


if __name__ == "__main__":
    _main()

"""``ganbook progress`` and ``ganbook grade``: how far a learner is, and a class's notebooks judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ganbook.cli.app import app
from ganbook.cli.guard import Wrong, guarded
from ganbook.cli.options import Json
from ganbook.cli.tables import print_table

__all__ = ["grade", "progress"]


@app.command("progress")
@guarded()
def progress(
    folder: Annotated[Path, typer.Argument(help="Where the exercises' notebooks lie.")] = Path(),
    as_json: Json = False,
) -> None:
    """Say how far you are in the exercises: the score that their notebooks keep beside them."""
    if not folder.is_dir():
        raise Wrong(f"FOLDER is {folder}, and there is no such folder")
    from ganbook.checks import scores

    score = scores.progress(folder)
    print(json.dumps(score.rows(), indent=2) if as_json else score)


@app.command("grade")
@guarded()
def grade(
    notebooks: Annotated[list[Path], typer.Argument(metavar="NOTEBOOK...", help="Students' notebooks of exercises.")],
    seconds: Annotated[float, typer.Option(min=1.0, help="How long one notebook may run.")] = 300.0,
    memory: Annotated[float, typer.Option(min=0.1, help="How many GiB one notebook may take.")] = 8.0,
    jobs: Annotated[int, typer.Option(min=1, help="How many run at a time.")] = 2,
    as_json: Json = False,
) -> None:
    """Judge students' exercises on other random numbers, each notebook in a process of its own: one row a task."""
    for path in notebooks:
        if not path.exists():
            raise Wrong(f"NOTEBOOK is {path}, and there is no such file")
    from ganbook.checks import grading

    rows = grading.grade(notebooks, seconds, memory, jobs)
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    print_table(
        ((row["file"], row["task"], row["status"], row["hint"] or row["sentence"]) for row in rows),
        ("file", "task", "status", "hint"),
    )

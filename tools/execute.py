"""Run one notebook in its own folder, as the build and the measurements do."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Execution:
    """How a run went: the notebook with its outputs, wall seconds with the kernel's start, and what went wrong."""

    path: Path
    notebook: Any
    seconds: float
    failure: str | None


def execute(path: Path, timeout: int, environment: Mapping[str, str] | None = None, first: str = "") -> Execution:
    """Run the notebook at `path`.

    Exercises begin without a score, whatever lies beside them, and leave none there: it has a folder for this run.

    Args:
        path: the notebook; it is read, not written.
        timeout: seconds a cell may take.
        environment: variables added to those of this process.
        first: code that runs before the notebook's own.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook, failure = nbformat.read(path, as_version=4), None
    if first:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(first))
    client = NotebookClient(
        notebook,
        timeout=timeout,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,  # times in the cells' metadata would make it another notebook to the build's cache
        store_widget_state=False,  # no kernel answers a page: explorers bring HTML of their own
        extra_arguments=["--log-level=ERROR"],  # a kernel's advice about its transport would fill the log
    )
    start = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as scores:
            client.execute(env=os.environ | {"GANBOOK_PROGRESS": scores} | dict(environment or {}))
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        failure = COLOUR.sub("", str(error))
    return Execution(path, notebook, time.perf_counter() - start, failure)

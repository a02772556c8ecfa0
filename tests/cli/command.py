"""How the tests run the command: in this process, or in one of its own, on a recipe small enough."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from ganbook import cli
from ganbook.recipes import catalogue

# A recipe small enough to run in a test stands in the place of "ring".
SMALL = {"steps": 20, "batch_size": 16, "budgets": {}}


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def ganbook(*arguments: str) -> Done:
    """Run the command in this process, on the small recipe."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["ganbook", *arguments])
        patch.setenv("GANBOOK_BUDGET", "smoke")
        patch.setitem(catalogue._RECIPES, "ring", dataclasses.replace(catalogue.get("ring"), **SMALL))
        with pytest.raises(SystemExit) as left:
            cli.main()
    return Done(left.value.code or 0, out.getvalue(), err.getvalue())


PRELUDE = f"""
import dataclasses, os, signal, sys
import torch
from ganbook.recipes import catalogue
catalogue._RECIPES["ring"] = dataclasses.replace(catalogue.get("ring"), **{SMALL!r})
"""
COMMAND = "\nfrom ganbook.cli import main\nmain()\n"


def ganbook_alone(
    *arguments: str, before: str = "", env: Mapping[str, str] = {}, stdout: Any = subprocess.PIPE
) -> Done:
    """Run the command in a process of its own, on the small recipe, after the lines ``before``."""
    command = [sys.executable, "-c", PRELUDE + before + COMMAND, *arguments]
    environment = {**os.environ, "GANBOOK_BUDGET": "smoke", "OMP_NUM_THREADS": "1", **env}
    done = subprocess.run(command, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=300)
    return Done(done.returncode, done.stdout or "", done.stderr)


def limited(size: int) -> str:
    """Lines after which no file can grow beyond so many bytes."""
    return f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


def one_sentence(done: Done) -> str:
    """What went wrong, said once."""
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ganbook: ")]
    return line

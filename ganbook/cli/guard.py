"""Every foreseen failure of a command becomes one sentence, in the command line's own words, and a status."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

__all__ = ["Wrong", "fail", "guarded", "in_options"]

_OTHERS = {
    "root": "--data", "label": "--label", "labels": "--label", "captions": "--caption", "sources": "--source",
    "latents": "--interpolate", "path": "--out",
}  # fmt: skip
_ALIKE = (
    "augment", "batch_size", "budget", "channels", "each", "features", "fit", "frames", "jitter", "lr", "mirror", "n",
    "out", "precision", "seed", "size", "skip_broken", "steps", "truncation",
)  # fmt: skip
OPTIONS = _OTHERS | {name: f"--{name.replace('_', '-')}" for name in _ALIKE}
"""What the library calls an argument, and its option."""


class Wrong(Exception):
    """An argument that the command itself refuses."""


def in_options(sentence: str) -> str:
    """A sentence of the library in the words of the command line: arguments become options.

    >>> in_options("batch_size is 0: allowed is 1 or more")
    '--batch-size is 0: allowed is 1 or more'
    >>> in_options("mine has no folder train: root (--data) names the folder that holds it")
    'mine has no folder train: --data names the folder that holds it'
    """
    sentence = re.sub(r"\b\w+ \((--[a-z-]+)\)", r"\1", sentence)
    sentence = sentence.replace("(root=... or --data FOLDER)", "(--data FOLDER)")
    first = re.match(r"(\w+)(?= (?:is|was|has|holds)\b)", sentence)
    if first and first[1] in OPTIONS:
        rest = re.sub(r"^ is None\b", " is missing", sentence[first.end() :])
        sentence = OPTIONS[first[1]] + rest
    return re.sub(r"(?<!-)\b(batch_size|skip_broken)\b", lambda found: OPTIONS[found[1]], sentence)


@contextmanager
def guarded(way_out: str = "") -> Iterator[None]:
    """Say what went wrong (with ``way_out``, if the command was stopped) and leave: 2 for wrong arguments, else 1."""
    try:
        yield
        sys.stdout.flush()  # a full disk is found out here, not while Python shuts down
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        fail(1, f"interrupted{way_out}")
    except Wrong as error:
        fail(2, str(error))
    except BrokenPipeError:  # the reader has seen enough, as of `ganbook list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except Exception as error:
        _explain(error, way_out)


def _explain(error: Exception, way_out: str) -> NoReturn:
    """The library's errors, which are known once it was imported: the command has done so, or needs none of it."""
    from ganbook.data import DataError
    from ganbook.metrics import FeaturesUnavailable
    from ganbook.training.checkpoint import CheckpointError
    from ganbook.training.fit import TrainingError, is_out_of_memory

    if isinstance(error, FileExistsError):
        what, _, _ = str(error).rpartition(":")  # what follows are the library's names of the options
        fail(2, f"{in_options(what)}: go on with --resume, or choose another --out")
    if isinstance(error, DataError | CheckpointError | TrainingError | FeaturesUnavailable):
        fail(1, in_options(str(error)))
    if isinstance(error, ValueError | TypeError):
        fail(2, in_options(str(error)))
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        fail(1, f"{error.strerror or error}{where}")
    if is_out_of_memory(error):
        fail(1, f"out of memory{way_out}")
    raise error


def fail(status: int, sentence: str) -> NoReturn:
    """Say it on standard error and leave."""
    print(f"ganbook: {sentence}", file=sys.stderr)
    raise typer.Exit(status)

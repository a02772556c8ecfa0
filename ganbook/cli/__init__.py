"""The command line: train, sample, evaluate, export, pack, list, show, doctor, zoo, progress, grade.

Exit status: 0 done, 1 the run failed, 2 wrong arguments; a failure prints one sentence on standard error. What a
command does not need is not imported: ``list`` and ``--help`` leave PyTorch alone.
"""

from __future__ import annotations

from ganbook.cli import doctoring, evaluating, exercises, exporting, listing, packing, sampling, training
from ganbook.cli.app import app, main

__all__ = ["app", "main"]

_COMMANDS = (
    doctoring,
    training,
    sampling,
    evaluating,
    exporting,
    packing,
    listing,
    exercises,
)  # each joined the application as it was imported

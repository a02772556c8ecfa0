"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganbook.cli.names import complete_models

__all__ = ["Data", "Json", "Name", "Resume", "Seed"]

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME_OR_DIR", autocompletion=complete_models, help="A model of the zoo, or a run's folder."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same run, or samples.")]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="FOLDER", help="Where the data lie, or are downloaded to (default: a run knows its own)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

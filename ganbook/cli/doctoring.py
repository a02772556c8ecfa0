"""``ganbook doctor``: what this machine has, and whether the archives of the data sets still lie where they did."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from ganbook.cli.app import app
from ganbook.cli.guard import fail, guarded
from ganbook.cli.options import Json
from ganbook.cli.tables import heading, print_table

__all__ = ["doctor"]


@app.command()
@guarded()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask no server.")] = False,
    wait: Annotated[float, typer.Option(min=0.1, help="Seconds that one server may take.")] = 10.0,
    as_json: Json = False,
) -> None:
    """Say what this machine has, and ask where the archives of the data sets lie whether they still do; fetch nothing.

    Exit status 1 where an archive is at none of its addresses any more.
    """
    from ganbook import doctor

    about = doctor.machine()
    found = [] if offline else list(doctor.archives_answer(wait=wait))
    well, said = doctor.verdict(found)
    if as_json:
        rows: list[dict[str, Any]] = [asdict(answer) for answer in found]
        print(json.dumps({"machine": dict(about), "answers": rows, "well": well, "said": said}, indent=2))
    else:
        heading("this machine")
        print_table(about)
        heading("data sets that no package brings")
        print_table(
            doctor.rows(found), ("data set", "archive", "size", "SHA-256", "who fetches it", "lies there", "here")
        )
        for sentence in said:
            print(sentence)
        if offline:
            print("no server was asked")
    if not well:
        fail(1, "an archive is lost")

"""The application that the commands join, and what starts it."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Annotated

import typer

__all__ = ["app", "main", "zoo_app"]

app = typer.Typer(
    name="ganbook",
    help="Train, sample and judge the models of the ganbook course, or models of your own pictures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

zoo_app = typer.Typer(help="The trained models that come with the library.", no_args_is_help=True)
app.add_typer(zoo_app, name="zoo")


def main() -> None:
    """Run the command line and leave with its exit status."""
    app()


def _tell_version(asked: bool) -> None:
    if not asked:
        return
    known = ", ".join(f"{name} {version(name)}" for name in ("ganbook", "torch", "accelerate"))
    typer.echo(f"{known}, Python {platform.python_version()}, {platform.platform()}")
    raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Say which version this is, and on what."
        ),
    ] = False,
) -> None:
    """Train, sample and judge the models of the ganbook course, or models of your own pictures."""

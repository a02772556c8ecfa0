"""A Sphinx directive that describes the command line from the application itself, so that no page of it can rot.

```{commands}
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

Row = list[str]


def commands(group: Any = None, name: str = "ganbook") -> Iterator[tuple[str, Any]]:
    """Every command with the words that call it, groups opened."""
    if group is None:
        from typer.main import get_command

        from ganbook.cli import app

        group = get_command(app)
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def rows(command: Any) -> list[Row]:
    """One row an argument or option: how it is typed, and what it does."""
    return [[typed(parameter), parameter.help or ""] for parameter in command.params if parameter.name != "help"]


def typed(parameter: Any) -> str:
    """An argument by its name, an option by its names and what follows it."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    names = ", ".join([*parameter.opts, *parameter.secondary_opts])
    if parameter.is_flag:
        return names
    return f"{names} {parameter.metavar or 'VALUE'}"


class Commands(Directive):
    """A section a command: what it does, its arguments and options."""

    def run(self) -> list[nodes.Node]:
        sections: list[nodes.Node] = []
        for name, command in commands():
            section = nodes.section("", nodes.title("", "", nodes.literal(text=name)), ids=[name.replace(" ", "-")])
            section += nodes.paragraph(text=" ".join((command.help or "").split()))
            section += _table(rows(command))
            sections.append(section)
        return sections


def _table(found: list[Row]) -> nodes.table:
    group = nodes.tgroup("", nodes.colspec(colwidth=1), nodes.colspec(colwidth=2), cols=2)
    group += nodes.thead("", nodes.row("", *(_cell(nodes.Text(head)) for head in ("typed", "what it does"))))
    body = nodes.tbody()
    for what, says in found:
        body += nodes.row("", _cell(nodes.literal(text=what)), _cell(nodes.Text(says)))
    group += body
    return nodes.table("", group)


def _cell(inside: nodes.Node) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", inside))


def setup(app: Any) -> dict[str, Any]:
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Tables on a terminal, and the same as plain lines for a pipe: names at the start, nothing cut off."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterable, Sequence

__all__ = ["heading", "print_table"]


def print_table(rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> None:
    """Print rows of cells; a terminal folds long cells, a pipe gets them whole."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = [tuple(row) for row in rows]
    table = Table(
        show_header=bool(head),
        box=box.SIMPLE_HEAD if head and sys.stdout.isatty() else None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
    )
    for number in range(max(map(len, [*rows, head]))):
        name = head[number] if head else ""
        table.add_column(Text(name), overflow="fold", no_wrap=number == 0 and len(rows[0]) < 4 if rows else False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    terminal = sys.stdout.isatty()
    drawn = io.StringIO()
    width = shutil.get_terminal_size().columns - 2 if terminal else 10_000
    # Printed by us: rich would leave with a status of its own where a pipe is closed.
    Console(file=drawn, width=width, force_terminal=terminal, highlight=False).print(table)
    print("\n".join(f"  {line.rstrip()}" if line.strip() else "" for line in drawn.getvalue().splitlines()))


def heading(text: str) -> None:
    """A line above a table."""
    print(f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text)

"""Results of experiments too long for a page, as the script ``benchmarks/NAME.py`` left them in ``NAME.json``.

They come with the library, so that a page finds them wherever it runs.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from ganbook.arguments import check_choice

__all__ = ["load", "names", "path", "sweep", "update", "when"]

Cell = Mapping[str, Any]


def path(name: str) -> Path:
    """Where the results of ``benchmarks/NAME.py`` lie, or will lie."""
    return Path(__file__).with_name(f"{name}.json")


def names() -> list[str]:
    """Names that :func:`load` knows."""
    return sorted(found.stem for found in path("").parent.glob("*.json"))


def load(name: str) -> Any:
    """The results of ``benchmarks/NAME.py``; a ValueError if there are none of that name."""
    check_choice(names(), name=name)
    return json.loads(path(name).read_text("utf-8"))


def when(name: str) -> str:
    """The day, or the first and the last, on which the results of ``benchmarks/NAME.py`` were measured."""
    found = sorted(_dates(load(name)))
    if not found:
        return "undated"
    return found[0] if found[0] == found[-1] else f"{found[0]} to {found[-1]}"


def _dates(content: Any) -> Iterator[str]:
    if isinstance(content, dict) and "date" in content:
        yield content["date"]
    for part in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from _dates(part)


def update(name: str, change: Callable[[Any], object], new: Any) -> None:
    """Let ``change`` write into the results, or into ``new`` if there are none yet, and keep them.

    The file is replaced whole or not at all, so an interrupted script can go on. Two scripts may run side by side: they
    take turns, and neither loses what the other has added.
    """
    with FileLock(Path(tempfile.gettempdir()) / f"ganbook-results-{name}.lock"):
        content = load(name) if name in names() else new
        change(content)
        part = path(name).with_suffix(f".{secrets.token_hex(4)}.part")
        try:
            part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            part.replace(path(name))
        finally:
            part.unlink(missing_ok=True)


def sweep(name: str, cells: Iterable[Cell], run: Callable[[Any], Cell], **beside: Any) -> None:
    """Run the cells that are missing in the results of ``benchmarks/NAME.py``; each is kept as soon as it is done.

    Args:
        name: of the results: a dictionary with the list of runs under "runs", or that list alone.
        cells: what tells a run from all others, such as ``{"method": "vae", "seed": 0}``.
        run: from a cell to what is kept of it beside the cell itself.
        beside: what a new file holds beside the runs; nothing makes it the list alone.
    """

    def runs(content: Any) -> list[Cell]:
        return content if isinstance(content, list) else content["runs"]

    new: Any = {**beside, "runs": []} if beside else []
    for cell in cells:
        if any(cell.items() <= done.items() for done in runs(load(name) if name in names() else new)):
            continue
        entry = {**cell, **run(cell)}
        update(name, lambda content, entry=entry: runs(content).append(entry), new)  # type: ignore[misc]
        print(", ".join(f"{key} {value}" for key, value in entry.items() if not isinstance(value, list)), flush=True)

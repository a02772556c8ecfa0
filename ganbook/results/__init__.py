"""Results of experiments too long for a page, as the script ``benchmarks/NAME.py`` left them in ``NAME.json``.

They come with the library, so that a page finds them wherever it runs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["load", "names", "path", "save"]


def path(name: str) -> Path:
    """Where the results of ``benchmarks/NAME.py`` lie, or will lie."""
    return Path(__file__).with_name(f"{name}.json")


def names() -> list[str]:
    """Names that :func:`load` knows."""
    return sorted(found.stem for found in Path(__file__).parent.glob("*.json"))


def load(name: str) -> Any:
    """The results of ``benchmarks/NAME.py``.

    Raises:
        ValueError: if there are none of that name.
    """
    if name not in names():
        raise ValueError(f"name is {name!r}: allowed is one of {', '.join(names())}")
    return json.loads(path(name).read_text("utf-8"))


def save(name: str, content: Any) -> None:
    """Keep the results of ``benchmarks/NAME.py``: whole or not at all, so an interrupted script can go on."""
    part = path(name).with_suffix(".part")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path(name))

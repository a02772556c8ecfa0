"""Sphinx extension: a sentence with a colon in a docstring stays a sentence.

Napoleon takes what stands before the first colon of a property's or a constant's docstring, and of a section "Returns",
for a type. Ours have their types in annotations. An empty comment in front keeps the sentence together.
"""

from __future__ import annotations

import re
from typing import Any

EMPTY_COMMENT = ["..", ""]
RETURNS = re.compile(r"(Returns|Yields):")


def keep_sentences(_app: Any, what: str, _name: str, _of: Any, _options: Any, lines: list[str]) -> None:
    """Change ``lines``, a docstring, before napoleon reads it."""
    if what in ("attribute", "data", "property"):
        lines[:0] = EMPTY_COMMENT
        return
    for index in reversed(range(len(lines) - 1)):
        if RETURNS.fullmatch(lines[index]) and ":" in lines[index + 1]:
            indent = lines[index + 1][: -len(lines[index + 1].lstrip())]
            lines[index + 1 : index + 1] = [f"{indent}{line}".rstrip() for line in EMPTY_COMMENT]


def setup(app: Any) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", keep_sentences, priority=400)  # napoleon's is 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}

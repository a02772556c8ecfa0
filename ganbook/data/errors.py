"""What goes wrong with data that is not the caller's fault."""

from __future__ import annotations

__all__ = ["DataError", "first_line"]


class DataError(RuntimeError):
    """A data set cannot be had here: no network, no such folder, a broken file. One sentence says what works."""


def first_line(error: BaseException) -> str:
    """What an error says, short enough for a sentence in brackets."""
    if isinstance(error, KeyError):  # which says no more than the key
        return f"{error} is missing"
    return str(error).strip().split("\n")[0].rstrip(".:") or type(error).__name__

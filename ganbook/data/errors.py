"""What goes wrong with data that is not the caller's fault."""

from __future__ import annotations

__all__ = ["DataError"]


class DataError(RuntimeError):
    """A data set cannot be had here: no network, no such folder, a broken file. One sentence says what works."""

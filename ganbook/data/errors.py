"""What goes wrong with data that is not the caller's fault, and what a reader should know of them."""

from __future__ import annotations

import sys
from functools import cache

__all__ = ["DataError", "EmptySplit", "counted", "first_line", "say"]


class DataError(RuntimeError):
    """A data set cannot be had here: no network, no such folder, a broken file. One sentence says what works."""


class EmptySplit(DataError):
    """None of the files belongs to the split: there are too few to hold some out."""


def first_line(error: BaseException) -> str:
    """What an error says, short enough for a sentence in brackets."""
    if isinstance(error, KeyError):  # which says no more than the key
        return f"{error} is missing"
    return str(error).strip().split("\n")[0].rstrip(".:") or type(error).__name__


@cache
def say(sentence: str) -> None:
    """On stderr, once in a process: both splits of a run may read one folder."""
    print(sentence, file=sys.stderr)


def counted(n: int, what: str) -> str:
    """So many of something, in words.

    >>> counted(1, "image"), counted(2, "other file")
    ('1 image', '2 other files')
    """
    return f"{n} {what}{'s' * (n != 1)}"

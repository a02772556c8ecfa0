"""Times taken in turn, their ratios, and a process's largest memory; nothing here imports more than Python's own."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

STATUS = Path("/proc/self/status")
AUTOGROUP = Path("/proc/self/autogroup")
"""Of the processes of one session, between which and others' Linux shares the processor."""


def in_turn(ways: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """By name what each way measured, ``repeats`` times, all in turn: a machine that drifts is fair to all.

    One turn more comes before, which warms up.
    """
    turns = [{name: way() for name, way in ways.items()} for _ in range(repeats + 1)][1:]
    return {name: [turn[name] for turn in turns] for name in ways}


def timed(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> Callable[[], float]:
    """What calls ``call`` and says how many of the clock's seconds it took."""

    def way() -> float:
        started = clock()
        call()
        return clock() - started

    return way


@contextmanager
def ahead() -> Iterator[None]:
    """Let this process and its session run before what else runs, where Linux and the user's rights allow it."""
    try:
        AUTOGROUP.write_text("-19")
    except OSError:
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):
            AUTOGROUP.write_text("0")


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """One ratio a turn."""
    return [a / b for a, b in zip(above, below, strict=True)]


def middle(values: Sequence[float], form: str = ".2f") -> str:
    """The median, and from where to where the values lie."""
    least, most = min(values), max(values)
    between = f" ({least:{form}} to {most:{form}})" if least < most else ""
    return f"{statistics.median(values):{form}}{between}"


def peak_memory() -> float | None:
    """MiB that this process held at most, or None where the system does not say.

    Of the process image alone: ``getrusage`` would also count what the parent held when it started this one.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text()) if STATUS.exists() else None
    return None if found is None else int(found[1]) / 1024

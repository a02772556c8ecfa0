"""A limit of time for a learner's code, so that an endless loop ends in a card and the kernel lives on."""

from __future__ import annotations

import ctypes
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Seconds that an answer may run in one world of its check.
SECONDS = 10.0
#: A bare ``except`` in a loop may swallow the first stop: it comes again.
_AGAIN = 0.5


class TooLong(BaseException):
    """Raised inside code that ran past its limit; no ``except Exception`` of a learner catches it."""


@contextmanager
def time_limit(seconds: float, processor: bool = False) -> Iterator[None]:
    """Raise :class:`TooLong` in the code inside once ``seconds`` have passed.

    In the main thread the system's timer does it and ends a wait, too. Elsewhere, and on Windows, another thread asks
    Python to raise it, which works between two of its instructions. A call into compiled code is not cut short.

    Args:
        seconds: infinite for no limit.
        processor: they are of the time that the processor spends on this process, its cores added up.
    """
    main = threading.current_thread() is threading.main_thread()
    if math.isinf(seconds):
        yield
        return
    with (_by_signal if main and hasattr(signal, "setitimer") else _by_thread)(seconds, processor):
        yield


@contextmanager
def _by_signal(seconds: float, processor: bool) -> Iterator[None]:
    running = True
    alarm, timer = (signal.SIGPROF, signal.ITIMER_PROF) if processor else (signal.SIGALRM, signal.ITIMER_REAL)
    clock = time.process_time if processor else time.monotonic

    def stop(*_: Any) -> None:
        if running:
            raise TooLong

    kept = signal.signal(alarm, stop)
    started = clock()
    left, interval = signal.setitimer(timer, seconds, _AGAIN)  # left: of whoever had the timer before
    try:
        yield
    finally:
        running = False
        signal.setitimer(timer, 0)
        signal.signal(alarm, kept if kept is not None else signal.SIG_DFL)
        if left:
            signal.setitimer(timer, max(left - (clock() - started), 1e-3), interval)


@contextmanager
def _by_thread(seconds: float, processor: bool) -> Iterator[None]:
    clock = time.process_time if processor else time.monotonic
    end = clock() + seconds
    thread = ctypes.c_ulong(threading.get_ident())
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    over, lock = threading.Event(), threading.Lock()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            wait = _AGAIN
            with lock:
                if not over.is_set() and clock() >= end:
                    raise_in(thread, ctypes.py_object(TooLong))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        with lock:
            over.set()
            raise_in(thread, None)  # one that is asked for and has not come yet

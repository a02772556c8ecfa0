"""A cost model of one run on many processes: what is sent in a round, how long that takes, and where it stops paying.

Every process plays its share of each batch, and the gradients of a player are averaged before its update: a ring sends
2 (n - 1) / n times their bytes over every link, in 2 (n - 1) messages (Patarasuk and Yuan 2009). What a round computes
shrinks to a share, but for a part that does not. Nothing here overlaps sending with computing, as PyTorch partly does
with gradients above 25 MB: the model errs towards slow. Only Python's own modules are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BUCKET = 25 << 20
"""Bytes of gradients that PyTorch averages in one call."""


@dataclass(frozen=True)
class Link:
    """Between neighbours of the ring.

    Attributes:
        name: what it is called.
        speed: bytes a second, one way.
        latency: seconds that a message takes however short it is.
    """

    name: str
    speed: float
    latency: float


LINKS = (
    Link("1 Gbit/s Ethernet", 0.125e9, 50e-6),
    Link("10 Gbit/s Ethernet", 1.25e9, 30e-6),
    Link("100 Gbit/s InfiniBand", 12.5e9, 5e-6),
    Link("NVLink, 450 GB/s", 450e9, 5e-6),
)
"""Nominal speeds; latencies of the usual size, assumed and not measured here."""


@dataclass(frozen=True)
class Work:
    """A round of one recipe on one machine.

    Attributes:
        seconds: that it takes alone.
        sent: bytes of gradients that are averaged in it, those of every update.
        calls: averages in it, at least one for each update.
        fixed: share of the seconds that a smaller batch does not save.
    """

    seconds: float
    sent: float
    calls: int
    fixed: float = 0.0


def averaging(sent: float, calls: int, n: int, link: Link) -> float:
    """Seconds in which ``n`` processes average so many bytes in so many calls.

    >>> averaging(1e6, 1, 1, LINKS[0])
    0.0
    >>> round(averaging(125e6, 1, 2, Link("", 125e6, 0.0)), 3)  # every byte passes the link once
    1.0
    """
    if n == 1:
        return 0.0
    return 2 * (n - 1) / n * sent / link.speed + calls * 2 * (n - 1) * link.latency


def shared(work: Work, n: int, link: Link) -> float:
    """Seconds of a round whose batch ``n`` processes share."""
    return work.seconds * (work.fixed + (1 - work.fixed) / n) + averaging(work.sent, work.calls, n, link)


def gain(work: Work, n: int, link: Link) -> float:
    """How many times the images a second of one process, the batch being the recipe's: 1 means no gain."""
    return work.seconds / shared(work, n, link)


def gain_of_larger_batches(work: Work, n: int, link: Link) -> float:
    """The same where every process keeps the recipe's batch, and the batch grows: another game, with other rates."""
    return n * work.seconds / (work.seconds + averaging(work.sent, work.calls, n, link))


def most(work: Work, link: Link, batch: int, worth: float = 0.5) -> int:
    """The most processes, a power of two, each of which is worth that share of one alone; 1 where two are not.

    A batch of so many samples cannot be shared by more.
    """
    n = 1
    while 2 * n <= batch and gain(work, 2 * n, link) >= 2 * n * worth:
        n *= 2
    return n


def slowest(work: Work, n: int = 2, latency: float = 0.0) -> float:
    """Bytes a second below which ``n`` processes are no faster than one; infinite where no link is fast enough."""
    saved = work.seconds - shared(work, n, Link("", float("inf"), latency))
    return 2 * (n - 1) / n * work.sent / saved if saved > 0 else float("inf")


def line(sizes: Sequence[float], seconds: Sequence[float], name: str = "measured") -> Link:
    """The link between two processes that explains what averaging so many bytes took: a line through the medians.

    Two processes send what they average once each: its slope is the speed, and where it begins, two latencies.
    """
    n = len(sizes)
    mean_x, mean_y = sum(sizes) / n, sum(seconds) / n
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(sizes, seconds, strict=True))
    slope /= sum((x - mean_x) ** 2 for x in sizes)
    return Link(name, 1 / slope, max(0.0, min(seconds)) / 2)

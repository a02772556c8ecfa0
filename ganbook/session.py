"""What the first cell of every page calls."""

from __future__ import annotations

import json
import os
from importlib import resources

from ganbook.arguments import typed

__all__ = ["seed", "welcome"]


def seed() -> int:
    """Seed torch from the environment variable ``GANBOOK_SEED`` (default 0) and return the number.

    Tools run a page under several seeds with it, to set the bands of its claims.
    """
    import torch

    text = os.environ.get("GANBOOK_SEED", "0")
    if not text.isdecimal():
        raise ValueError(f"GANBOOK_SEED is {text!r}: allowed is a whole number of 0 or more")
    torch.manual_seed(int(text))
    return int(text)


@typed
def welcome(page: str) -> None:
    """Print version, device, budget and, where it was measured, how long ``page`` takes at that budget.

    Args:
        page: the page's path below book/ without its ending, such as "game/two_players".
    """
    import torch

    import ganbook

    budget = ganbook.budget()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {os.cpu_count()} cores"
    print(f"ganbook {ganbook.__version__} · torch {torch.__version__} · {device} · budget {budget}")
    print(_expectation(page, budget))


def _expectation(page: str, budget: str) -> str:
    timings = json.loads(resources.files("ganbook").joinpath("timings.json").read_text("utf-8"))
    measured = timings.get(page, {}).get(budget)
    if measured is None:
        return "this page has not been timed at this budget yet"
    seconds, hardware = measured["seconds"], measured["hardware"]
    length = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.1f} minutes"
    return f"the whole page took {length} on {hardware}"

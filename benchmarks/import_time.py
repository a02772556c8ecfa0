"""`import ganbook` against `import torch`, whole processes in turn: seconds, and memory at most.

    python benchmarks/import_time.py            # the contract: at most 1.15 times the seconds

Writes ganbook/results/import_time.json.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.common import Figure, keep, options, table
from benchmarks.stopwatch import in_turn, middle, ratios, timed

NAME = "import_time"
TORCH, GANBOOK = "import torch", "import ganbook"
STATEMENTS = {
    TORCH: "import torch",
    GANBOOK: "import ganbook",
    "import ganbook, and all that a round needs": (
        "import ganbook; ganbook.losses, ganbook.penalties, ganbook.data, ganbook.models, ganbook.training"
    ),
    "import ganbook, and all that a page needs": (
        "import ganbook; ganbook.recipes, ganbook.metrics, ganbook.plots, ganbook.training, ganbook.data"
    ),
}


def run(statement: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", statement]
    root = Path(__file__).parents[1]
    return subprocess.run(command, check=True, cwd=root, stdout=subprocess.PIPE, text=True).stdout


def memory(statement: str) -> float | None:
    """MiB that a fresh interpreter holds at most."""
    said = run(f"{statement}; from benchmarks.stopwatch import peak_memory; print(peak_memory())").strip()
    return None if said == "None" else float(said)


def figures(kept: Any) -> list[Figure]:
    """Ratios to torch, which is most of each."""
    seconds, held = kept["seconds"], kept["memory"]
    asked: dict[str, dict[str, float]] = {GANBOOK: {"high": 1.15}}
    lines = [
        Figure(f"{name} ÷ {TORCH}, seconds", ratios(found, seconds[TORCH]), **asked.get(name, {}))  # type: ignore[arg-type]
        for name, found in seconds.items()
        if name != TORCH
    ]
    return lines + [Figure(f"{name}: MiB at most", [mib], ".0f") for name, mib in held.items() if mib is not None]


def report(kept: Any) -> str:
    """Every statement's seconds, ratio and memory."""
    rows = [("statement", "seconds", f"÷ {TORCH}", "MiB at most")]
    for name, found in kept["seconds"].items():
        ratio = middle(ratios(found, kept["seconds"][TORCH]))
        rows.append((name, middle(found), ratio, f"{kept['memory'][name] or float('nan'):.0f}"))
    return table(rows)


def measure(repeats: int) -> dict[str, Any]:
    """Seconds of every statement, in turn, and its memory."""
    ways: dict[str, Callable[[], float]] = {name: timed(partial(run, said)) for name, said in STATEMENTS.items()}
    return {"seconds": in_turn(ways, repeats), "memory": {name: memory(said) for name, said in STATEMENTS.items()}}


def main() -> None:
    """Measure, keep and print."""
    kept = measure(options(__doc__, repeats=7).repeats)
    keep(NAME, kept)
    print(report(kept))


if __name__ == "__main__":
    main()

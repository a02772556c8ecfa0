"""`import ganbook` against `import torch`, whole processes in turn, as a ratio.

python benchmarks/import_time.py            # the contract: at most 1.15
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 7
STATEMENTS = {
    "import torch": "import torch",
    "import ganbook": "import ganbook",
    "import ganbook, and all that a round needs": (
        "import ganbook; ganbook.losses, ganbook.penalties, ganbook.data, ganbook.models, ganbook.training"
    ),
    "import ganbook, and all that a page needs": (
        "import ganbook; ganbook.recipes, ganbook.metrics, ganbook.plots, ganbook.training, ganbook.data"
    ),
}


def seconds(statement: str) -> float:
    """Wall seconds of one fresh interpreter."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the medians and the ratios, measured in turn so that a drifting machine is fair to all."""
    for statement in STATEMENTS.values():
        seconds(statement)  # warm the file cache
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(RUNS):
        for name, statement in STATEMENTS.items():
            times[name].append(seconds(statement))
    torch_times = times["import torch"]
    for name, measured in times.items():
        ratio = statistics.median(a / b for a, b in zip(measured, torch_times, strict=True))
        print(f"{name:<44} {statistics.median(measured):6.2f} s   {ratio:5.2f} x import torch")


if __name__ == "__main__":
    main()

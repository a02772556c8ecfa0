"""Painted digits from captions: one change to the recipe at a time, judged on pairs of digit and colour never seen.

    python benchmarks/captions.py [--seeds 2] [--rounds 600]

Every variant plays the same number of rounds, whatever they cost. Writes ganbook/results/captions.json, which chapter
13 shows, after every run; runs that stand there already are skipped. A run takes two to three minutes of one thread.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import torch

from ganbook import results
from ganbook.recipes.text import TEXT_ABLATION

NAME = "captions"
SCORED = 2000
SCORES = (
    "digit", "ink", "ground", "all", "judge_digit", "judge_all", "shuffled_digit", "shuffled_all", "n", "split",
    "features",
)  # fmt: skip


def main() -> None:
    """Train and score what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=600)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept: dict[str, Any] = results.load(NAME) if NAME in results.names() else {"torch": torch.__version__, "runs": []}
    done = {(run["method"], run["seed"]) for run in kept["runs"]}
    for seed in range(arguments.seeds):
        for recipe in TEXT_ABLATION:
            if (recipe.name, seed) in done:
                continue
            shorter = replace(recipe.at("laptop"), steps=arguments.rounds, scored=SCORED)
            run = shorter.train("laptop", seed, progress=False)
            found = {score: run.metrics[score] for score in SCORES}
            kept["runs"].append({"method": recipe.name, "seed": seed, "rounds": arguments.rounds, **found})
            results.save(NAME, kept)
            print(
                f"{recipe.name} seed {seed}: {found['digit']:.2f} {found['ink']:.2f} {found['ground']:.2f}", flush=True
            )


if __name__ == "__main__":
    main()

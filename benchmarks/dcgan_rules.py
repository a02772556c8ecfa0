"""DCGAN's rules, changed one at a time: each recipe of ganbook/recipes/rules.py over several seeds, on digits.

    python benchmarks/dcgan_rules.py [--seeds 3] [--budget laptop]

Writes ganbook/results/dcgan_rules.json, which chapter 6 shows, after every run; runs that stand there already are
skipped. Three seeds of all recipes take about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from ganbook import results
from ganbook.recipes import rules


def main() -> None:
    """Train what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", default="laptop", choices=["smoke", "laptop"])
    parser.add_argument("--out", type=Path, default=results.path("dcgan_rules"))
    arguments = parser.parse_args()
    runs = json.loads(arguments.out.read_text("utf-8")) if arguments.out.exists() else []
    done = {(run["recipe"], run["budget"], run["seed"]) for run in runs}
    for seed in range(arguments.seeds):
        for recipe in rules.ABLATION:
            if (recipe.name, arguments.budget, seed) in done:
                continue
            run = recipe.train(arguments.budget, seed, progress=False)
            kept = ("frechet_distance", "floor", "floors", "n", "n_floor", "features", "split")
            kept += ("class_share_min", "class_share_max")
            runs.append(
                {
                    "recipe": recipe.name,
                    "about": recipe.about,
                    "budget": arguments.budget,
                    "seed": seed,
                    "steps": run.sampler.card["steps"],
                    **{name: run.metrics[name] for name in kept},
                    "d_loss": run.history["d_loss"][-1],
                    "g_loss": run.history["g_loss"][-1],
                    "torch": torch.__version__,
                }
            )
            runs.sort(key=lambda one: ([r.name for r in rules.ABLATION].index(one["recipe"]), one["seed"]))
            arguments.out.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
            print(f"{recipe.name} seed {seed}: {run.metrics['floors']:.1f} floors", flush=True)


if __name__ == "__main__":
    main()

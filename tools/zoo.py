"""Put finished runs into the zoo: weights in half precision and card, under ganbook/zoo/NAME.

    ganbook zoo train dcgan-digits --seed 0 --out runs/zoo/dcgan-digits    # or: ganbook train … --budget gpu
    python tools/zoo.py runs/zoo/dcgan-digits [RUN …]
    python tools/zoo.py --score [NAME …]    # scores models of the zoo anew (default: all); their weights stay

A run of another budget than `gpu`, or of more than two megabytes, is refused. Look at the card before committing it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ganbook import recipes
from ganbook.training.checkpoint import CheckpointError
from ganbook.zoo import shelf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help="folders of finished runs; with --score: names of models")
    parser.add_argument("--score", action="store_true", help="score models of the zoo anew")
    arguments = parser.parse_args()
    if not (arguments.runs or arguments.score):
        parser.error("the folder of a finished run is missing")
    for run in arguments.runs or shelf.names():
        try:
            name = run if arguments.score else recipes.load_run(Path(run)).card["recipe"]
            card = shelf.score(name) if arguments.score else shelf.pack(Path(run), shelf.SHELF / name)
        except (CheckpointError, ValueError) as error:
            parser.error(str(error))
        print(json.dumps(card, indent=1, ensure_ascii=False))
        print(f"{name}: {card['bytes'] / 1e6:.2f} MB in {shelf.SHELF / name}")


if __name__ == "__main__":
    main()

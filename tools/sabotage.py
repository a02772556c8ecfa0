"""Break training in five ways, and see whether a page notices.

    python tools/sabotage.py [--budget smoke] [PAGE ...]

Runs every notebook of _toc.yml that makes claims, once for each of WAYS, with the library's training spoiled from the
first cell on, and updates book/reference/sabotage.json: page -> way -> what stopped it. A claim that fails has caught
it; a page that ends as if nothing had happened has not. An identity says nothing of what training arrives at: one that
fails (a hand-written round against the library's) stops nothing, and is named only where nothing else has noticed. All
of it takes an hour of an idle machine.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from execute import execute
from measure import CLAIMS, load, save
from pages import config, name, notebooks
from repository import ROOT

if TYPE_CHECKING:
    from ganbook.data.batch import Batch
    from ganbook.training import Game

FILE = ROOT / "book" / "reference" / "sabotage.json"
TOUCHED = "GANBOOK_SABOTAGED"
"""Names a file that is made when the sabotage has changed a round; in it, a line for each identity that failed."""
SHUFFLED, IDLE_D, IDLE_G, IDLE, NOISE = WAYS = (
    "conditions shuffled",
    "D never updated",
    "G never updated",
    "learning rates 0",
    "data replaced by noise",
)
UNPAIRED = ("cyclegan_round", "contrastive_round")
"""Rounds whose sources belong to no image: there is nothing to shuffle."""
MISSED, SPARED = "not noticed", "does not concern it"


def spoil(way: str) -> None:
    """In a kernel: break every round that is played from now on."""
    import torch

    from ganbook import claims, training
    from ganbook.training import Game

    play, descend, keep = Game.play, Game._descend, claims._keep

    def kept(made: claims.Claim) -> None:
        if made.null is not None:
            keep(made)
        elif not made.holds:
            with Path(os.environ[TOUCHED]).open("a", encoding="utf-8") as file:
                print(f"{claims.ClaimError.__name__}: {made}", file=file)

    def spoiled(batch: Batch) -> Batch:
        if way == NOISE:
            return replace(batch, real=torch.randn_like(batch.real).clamp(-1, 1))
        if way == SHUFFLED:  # each sample has the condition of its neighbour
            captions = batch.captions and (*batch.captions[1:], batch.captions[0])
            labels, sources = (part if part is None else part.roll(-1, 0) for part in (batch.labels, batch.sources))
            return replace(batch, labels=labels, sources=sources, captions=captions)
        return batch

    def concerned(game: Game, round: Any) -> bool:
        paired = game.given != "nothing" and getattr(round, "func", round).__name__ not in UNPAIRED
        return {SHUFFLED: paired, IDLE_D: game.d_optimizer is not None}.get(way, True)

    def touched(game: Game, round: Any, batch: Batch) -> Batch:
        if concerned(game, round):
            Path(os.environ[TOUCHED]).touch()
        return spoiled(batch)

    def spoiled_play(game: Game, round: Any, batch: Batch) -> Any:
        return play(game, round, touched(game, round, batch))

    def spoiled_round(round: Any) -> Any:
        @wraps(round)
        def wrapped(game: Game, batch: Batch, *rest: Any, **more: Any) -> Any:
            return round(game, touched(game, round, batch), *rest, **more)

        return wrapped

    def spoiled_descend(game: Game, optimizer: Any, loss: Any) -> None:
        idle: dict[str, list[Any]] = {IDLE_D: [game.d_optimizer], IDLE_G: [game.g_optimizer], IDLE: [optimizer]}
        if not any(optimizer is one for one in idle.get(way, [])):
            descend(game, optimizer, loss)

    for method, of in (("play", spoiled_play), ("_descend", spoiled_descend)):
        setattr(Game, method, of)
    for called in training.__all__:
        if called.endswith("_round"):  # a page may call one without the game
            vars(training)[called] = spoiled_round(getattr(training, called))
    vars(claims)["_keep"] = kept


def attempt(path: Path, way: str, budget: str) -> str:
    """Run the notebook with its training broken in this way; what stopped it, in a line."""
    with tempfile.TemporaryDirectory() as folder:
        touched = Path(folder, "touched")
        tools = str(Path(__file__).parent)
        first = f"import sys\nsys.path.insert(0, {tools!r})\nimport sabotage\nsabotage.spoil({way!r})"
        environment = {"GANBOOK_BUDGET": budget, TOUCHED: str(touched)}
        run = execute(path, config()["execute"]["timeout"], environment, first)
        if run.failure:
            return run.failure.strip().splitlines()[-1]
        if not touched.exists():
            return SPARED
        return next(iter(touched.read_text(encoding="utf-8").splitlines()), MISSED)


def main() -> None:
    """Spoil, watch and keep."""
    claimed = load(CLAIMS)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as game/minimax; default: all that make claims")
    parser.add_argument("--budget", default="smoke", choices=["smoke", "laptop", "gpu"])
    arguments = parser.parse_args()
    if unknown := set(arguments.pages) - set(map(name, notebooks())):
        parser.error(f"not in _toc.yml: {', '.join(sorted(unknown))}")
    for path in notebooks():
        page = name(path)
        if page not in (arguments.pages or claimed):
            continue
        for way in WAYS:
            said = attempt(path, way, arguments.budget)
            print(f"{page}, {way}: {said}", flush=True)
            kept = load(FILE)
            kept.setdefault(page, {})[way] = said
            save(FILE, kept)


if __name__ == "__main__":
    main()

"""``ganbook evaluate``: a model or a folder of pictures, against its data or any other folder."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganbook.cli.app import app
from ganbook.cli.guard import Wrong, guarded
from ganbook.cli.names import CARD, complete_models, model
from ganbook.cli.options import Data, Json
from ganbook.cli.reports import print_report

if TYPE_CHECKING:
    from ganbook.training import Sampler

__all__ = ["evaluate"]

SCORED = 500
"""Samples that are scored where a run's budget scores none."""

MOST = 5000
"""Pictures of a folder that are scored."""


@app.command()
@guarded()
def evaluate(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME_OR_DIR",
            autocompletion=complete_models,
            help="A model of the zoo, a run's folder, or a folder of generated pictures.",
        ),
    ],
    against: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Real pictures to compare with, in place of the run's own data."),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            help="digits, emoji, inception or pixels (default: the recipe's own, or inception where it is there)."
        ),
    ] = None,
    n: Annotated[int | None, typer.Option("--n", min=4, max=100_000, help="Samples that are scored.")] = None,
    size: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Side that pictures of two folders are brought to (default: theirs)."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Score a model, a run or a folder of pictures: every figure with its features, n, floor and interval."""
    if against is not None and not against.is_dir():
        raise Wrong(f"--against is {against}, and there is no such folder")
    folder = Path(name)
    if folder.is_dir() and not (folder / CARD).exists() and (against is not None or _holds_pictures(folder)):
        _of_folder(folder, against, features, n, size, data, as_json)
        return
    if size is not None:
        raise Wrong(f"--size is {size}, but a model's samples have their own size: allowed for a folder of pictures")
    if against is not None and data is not None:
        raise Wrong("--against and --data do not go together: each says what samples are compared with")
    from ganbook import recipes
    from ganbook.recipes import reports

    sampler = model(name)
    if against is not None:
        report = _against(sampler, against, features, n or SCORED)
    elif features is not None:
        load = partial(recipes.recipe_of(sampler).load_data, root=data)
        report = reports.of_images(sampler, load, n or SCORED, features)
    else:
        of_run = recipes.recipe_of(sampler)
        of_run = dataclasses.replace(of_run, scored=n or of_run.scored or SCORED)
        report = of_run.evaluate(sampler, data)
    _tell({"recipe": sampler.card.get("recipe")}, report, as_json)


def _against(sampler: Sampler, folder: Path, features: str | None, n: int) -> dict[str, Any]:
    """Samples against the pictures of any folder."""
    import torch

    from ganbook.recipes import reports

    if sampler.given in ("sources", "captions"):
        way = "ganbook sample --each FOLDER writes its pictures, which are evaluated as a folder"
        raise Wrong(f"--against is {folder}, but this model is given {sampler.given}: {way}")
    labels = torch.arange(n) % sampler.classes if sampler.classes else None
    made = sampler.sample(n) if labels is None else sampler.sample(labels=labels)
    if made.ndim != 4:
        raise Wrong(f"--against is {folder}, but samples of this model are points")
    return reports.of_samples(made, folder, features, labels=labels, classes=sampler.card.get("class_names", ()))


def _of_folder(
    folder: Path,
    against: Path | None,
    features: str | None,
    n: int | None,
    size: int | None,
    data: Path | None,
    as_json: bool,
) -> None:
    from ganbook.recipes import reports

    if data is not None or against is None:
        said = f"NAME_OR_DIR is {folder}, a folder of pictures"
        raise Wrong(f"{said}: --against FOLDER names the real ones that they are compared with")
    report = reports.of_folders(folder, against, n or MOST, size, features)
    _tell({"folder": str(folder), "against": str(against)}, report, as_json)


def _holds_pictures(folder: Path) -> bool:
    """Whether a picture, or a shard of some, lies in a folder, or in a folder within it."""
    from ganbook.data.picture import endings

    return any(path.suffix.lower() in {*endings(), ".tar"} for depth in ("*", "*/*") for path in folder.glob(depth))


def _tell(what: dict[str, Any], report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps({**what, **report}, indent=2))
    else:
        print_report(report)

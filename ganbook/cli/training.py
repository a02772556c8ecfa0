"""``ganbook train`` and ``ganbook zoo train``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganbook.cli.app import app, zoo_app
from ganbook.cli.guard import Wrong, fail, guarded
from ganbook.cli.names import complete_recipes, recipe
from ganbook.cli.options import Data, Resume, Seed
from ganbook.cli.reports import print_report

if TYPE_CHECKING:
    from torch import Tensor

    from ganbook.training.fit import Record

__all__ = ["train", "train_for_zoo"]

_GO_ON = "; --resume goes on from the last checkpoint"
_SHOWN = 64
"""Samples in the picture that a run leaves."""

PICTURES, GAME = "Pictures", "Training"


@app.command()
@guarded(_GO_ON)
def train(
    name: Annotated[
        str | None,
        typer.Argument(metavar="RECIPE", autocompletion=complete_recipes, help="A name that ganbook list shows."),
    ] = None,
    budget: Annotated[str | None, typer.Option(help="smoke, laptop or gpu (default: by the device).")] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same run.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the run (default: runs/RECIPE).")] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on from the newest checkpoint, as the run began; more --steps go further."),
    ] = False,
    data: Data = None,
    steps: Annotated[int | None, typer.Option(rich_help_panel=GAME, help="Rounds to play in all.")] = None,
    batch_size: Annotated[int | None, typer.Option(rich_help_panel=GAME, help="Images per round.")] = None,
    lr: Annotated[float | None, typer.Option(rich_help_panel=GAME, help="Learning rate of both players.")] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=GAME, help="What D sees, for small sets: none, shift, differentiable or adaptive."
        ),
    ] = None,
    precision: Annotated[str | None, typer.Option(rich_help_panel=GAME, help="float32 or bf16.")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="N", rich_help_panel=PICTURES, help="Side of the images in pixels.")
    ] = None,
    channels: Annotated[
        int | None, typer.Option(rich_help_panel=PICTURES, help="1: grey, 3: colour, 4: what is transparent stays so.")
    ] = None,
    fit: Annotated[
        str | None, typer.Option(rich_help_panel=PICTURES, help="How a picture becomes a square: crop, pad or squeeze.")
    ] = None,
    mirror: Annotated[
        bool | None, typer.Option("--mirror/--no-mirror", rich_help_panel=PICTURES, help="Show mirror images, too.")
    ] = None,
    jitter: Annotated[
        bool | None,
        typer.Option(
            "--jitter/--no-jitter", rich_help_panel=PICTURES, help="Show windows of larger pictures (286 to 256)."
        ),
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", rich_help_panel=PICTURES, help="Leave out files that cannot be read.")
    ] = False,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write events into DIR/tensorboard.")] = False,
) -> None:
    """Train a recipe; leave weights, card, history (CSV), checkpoints and a grid of samples."""
    from ganbook import recipes

    chosen, folder = _asked(name, out, resume)
    settings = {
        "steps": steps, "batch_size": batch_size, "lr": lr, "augment": augment, "precision": precision,
        "size": int(size) if size and size.isdecimal() else size,
        "channels": channels, "fit": fit, "mirror": mirror, "jitter": jitter, "skip_broken": skip_broken or None,
    }  # fmt: skip
    changed = chosen.changed(**settings)
    with _events(folder / "tensorboard", tensorboard) as (record, picture):
        run = changed.train(budget, seed, folder, resume, root=data, record=record)
        if not _is_first():
            return
        of_run = recipes.recipe_of(run.sampler)
        samples = of_run.draw(run.sampler, _SHOWN, root=data)
        picture(samples, run.sampler.card["steps"])
    from ganbook.cli.pictures import columns_of, picture_of

    grid = picture_of(samples, folder / "samples.png", columns_of(run.sampler, len(samples)))
    print(f"{chosen.name}: {run.sampler.card['steps']} rounds in {run.sampler.card['minutes']:.2g} minutes")
    print_report(run.metrics)
    print(f"run: {folder}   samples: {grid}")


def _asked(name: str | None, out: Path | None, resume: bool) -> tuple[Any, Path]:
    """The recipe and the folder; a run to be resumed names its own recipe."""
    from ganbook import recipes

    if name is None:
        if not (resume and out):
            raise Wrong("RECIPE is missing: name one that ganbook list shows, or a run: --resume --out DIR")
        said = recipes.settings_of(out)
        if said is None:
            raise Wrong(f"--out is {out}, which holds no run to resume")
        name = said["recipe"]
    return recipe(name), out or Path("runs") / name


def _is_first() -> bool:
    """Whether this process speaks for all that train together."""
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


@contextmanager
def _events(folder: Path, asked: bool) -> Iterator[tuple[Record | None, Any]]:
    """What hears of every entry of the history, and of the finished run's samples, and writes TensorBoard's events."""
    if not asked:
        yield None, lambda *_: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        fail(1, '--tensorboard needs the package tensorboard: pip install "ganbook[tensorboard]"')
    writers: list[Any] = []

    def writer(step: int) -> Any:
        """Begun by the first entry: what an interrupted run wrote beyond it is hidden."""
        if not writers:
            writers.append(SummaryWriter(str(folder), purge_step=step))
        return writers[0]

    def record(entry: Mapping[str, float]) -> None:
        step = int(entry["step"])
        for name, value in entry.items():
            if name != "step":
                writer(step).add_scalar(name, value, step)

    def picture(samples: Tensor, step: int) -> None:
        from ganbook import plots
        from ganbook.data import on_white

        if samples.ndim == 4:
            writer(step).add_image("samples", plots.image_grid(on_white(samples)), step, dataformats="HWC")

    try:
        yield record, picture
    finally:
        for one in writers:
            one.close()


@zoo_app.command("train")
@guarded(_GO_ON)
def train_for_zoo(
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_recipes, help="A name that ganbook list shows under zoo, or any recipe's."
        ),
    ],
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the run (default: runs/zoo/NAME).")] = None,
    resume: Resume = False,
) -> None:
    """Train a model of the zoo anew: its recipe at budget gpu; leave weights and card in DIR/zoo."""
    from ganbook import zoo

    recipe(name, "NAME")
    folder = out or Path("runs") / "zoo" / name
    card = zoo.train(name, seed, folder, resume)
    if not _is_first():
        return
    _print_card(card)
    if name in zoo.names():
        shipped = zoo.card(name)
        same = shipped["sha256"] == card["sha256"]
        print("the same weights as the zoo's, bit for bit" if same else "the zoo's own, for comparison")
        if not same:
            _print_card(shipped)
    print(f"weights and card: {folder / 'zoo'}")


def _print_card(card: dict[str, Any]) -> None:
    print(
        f"{card['name']}: seed {card['seed']}, {card['steps']} rounds in {card['minutes']:.1f} minutes on "
        f"{card['hardware']}, {card['parameters']} parameters, sha256 {card['sha256'][:12]}"
    )
    print_report(card["metrics"])

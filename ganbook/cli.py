"""The command line: train, sample, evaluate, export, list, zoo.

Exit status: 0 done, 1 the run failed, 2 wrong arguments; a failure prints one sentence on standard error.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from torch import Tensor

    from ganbook.recipes import Recipe
    from ganbook.training import Sampler

__all__ = ["app", "main"]

app = typer.Typer(
    name="ganbook",
    help="Train, sample and judge the models of the ganbook course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

zoo_app = typer.Typer(help="The trained models that come with the library.", no_args_is_help=True)
app.add_typer(zoo_app, name="zoo")

GRID_COLUMNS = 8
GRID_LONG_SIDE = 1024  # a grid of small images is enlarged by a whole factor up to about this many pixels


def main() -> None:
    """Run the command line and leave with its exit status."""
    app()


class _Wrong(Exception):
    """An argument that the command itself refuses."""


@contextmanager
def _guarded(way_out: str = "") -> Iterator[None]:
    """Every foreseen failure of a command becomes one sentence (with ``way_out``, if it was stopped) and a status."""
    from ganbook.data import DataError
    from ganbook.training.checkpoint import CheckpointError
    from ganbook.training.fit import TrainingError, is_out_of_memory

    try:
        yield
        sys.stdout.flush()  # a full disk is found out here, not while Python shuts down
    except KeyboardInterrupt:
        _fail(1, f"interrupted{way_out}")
    except (_Wrong, ValueError, TypeError) as error:
        _fail(2, re.sub(r"^root is\b", "--data is", str(error)))  # the library's name of the option
    except FileExistsError as error:
        what, _, _ = str(error).rpartition(":")  # what follows are the library's names of the options
        _fail(2, f"{what}: go on with --resume, or choose another --out")
    except (DataError, CheckpointError, TrainingError) as error:
        _fail(1, str(error))
    except BrokenPipeError:
        raise  # the reader has seen enough, as of `ganbook list | head`: typer leaves without a word
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        _fail(1, f"{error.strerror or error}{where}")
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        _fail(1, f"out of memory{way_out}")


def _fail(status: int, sentence: str) -> NoReturn:
    print(f"ganbook: {sentence}", file=sys.stderr)
    raise typer.Exit(status)


def _is_first() -> bool:
    """Whether this process speaks for all that train together."""
    from accelerate import PartialState

    return bool(PartialState().is_main_process)


_GO_ON = "; --resume goes on from the last checkpoint"

Name = Annotated[str, typer.Argument(metavar="NAME_OR_DIR", help="A model of the zoo, or a run's folder.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")]
Seed = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same run, or samples.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder that the data lies in or is downloaded to.")]


@app.command()
@_guarded(_GO_ON)
def train(
    recipe: Annotated[str, typer.Argument(help="A name that `ganbook list` shows.")],
    budget: Annotated[str | None, typer.Option(help="smoke, laptop or gpu (default: by the device).")] = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Folder of the run (default: runs/RECIPE).")] = None,
    resume: Resume = False,
    data: Data = None,
) -> None:
    """Train a recipe; leave weights, card, history, checkpoints and a grid of samples."""
    from ganbook import recipes

    chosen = recipes.get(recipe)
    folder = out or Path("runs") / recipe
    run = chosen.train(budget, seed, folder, resume, root=data)
    if not _is_first():
        return
    grid = _picture(chosen.at(run.sampler.card["budget"]).draw(run.sampler, 64, root=data), folder / "samples.png")
    print(f"{recipe}: {run.sampler.card['steps']} rounds in {run.sampler.card['minutes']:.2g} minutes")
    _print_metrics(run.metrics)
    print(f"run: {folder}   samples: {grid}")


@zoo_app.command("train")
@_guarded(_GO_ON)
def train_for_zoo(
    name: Annotated[str, typer.Argument(help="A name that `ganbook list` shows under zoo, or any recipe's.")],
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Folder of the run (default: runs/zoo/NAME).")] = None,
    resume: Resume = False,
) -> None:
    """Train a model of the zoo anew: its recipe at budget gpu; leave weights and card in OUT/zoo."""
    from ganbook import zoo

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


@app.command()
@_guarded()
def sample(
    name: Name,
    n: Annotated[int, typer.Option("--n", min=1, max=100_000, help="Number of samples.")] = 64,
    out: Annotated[Path, typer.Option(help="Picture to write (.png).")] = Path("samples.png"),
    seed: Seed = 0,
    label: Annotated[int | None, typer.Option(help="Class to draw, for a conditional model.")] = None,
    caption: Annotated[str | None, typer.Option(help="Text to draw, for a text model (default: held-out).")] = None,
    source: Annotated[Path | None, typer.Option(help="Picture to translate (default: held-out ones).")] = None,
    data: Data = None,
) -> None:
    """Draw samples into one picture; a translator's stand right of their sources, held-out captions are printed."""
    import torch

    from ganbook.models.text import caption_note
    from ganbook.training.conditions import CONDITIONS

    if out.suffix.lower() != ".png":
        raise _Wrong(f"--out is {out}: allowed is a name that ends in .png")
    sampler = _sampler(name)
    conditions: dict[str, Any] = {
        key: [value] * n for key, value in (("labels", label), ("captions", caption)) if value is not None
    }
    if source is not None:
        if sampler.given != "sources":
            raise _Wrong(f"--source is {source}, but {name} translates nothing")
        conditions["sources"] = _prepared(sampler, source)[None]
    held_out = not conditions and CONDITIONS[sampler.given].needs_data
    if held_out:
        conditions = _recipe(sampler).held_out(n, data)
    elif data is not None:
        raise _Wrong(f"--data is {data}, but nothing is read for these samples")
    samples = sampler.sample(**(conditions or {"n": n}), seed=seed)
    if "sources" in conditions:
        pairs = torch.cat([half.expand(-1, 3, -1, -1) for half in (conditions["sources"], samples)], dim=3)
        print(f"{len(pairs)} pairs of source and translation: {_picture(pairs, out)}")
        return
    print(f"{len(samples)} {'held-out captions' if held_out else 'samples'}: {_picture(samples, out)}")
    for number, text in enumerate(conditions["captions"] if held_out else (), start=1):
        print(f"  {number:>3} {text}")
    if caption is not None and (note := caption_note(sampler.generator, caption)):
        print(note)


@app.command()
@_guarded()
def evaluate(
    name: Name,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Data = None,
) -> None:
    """Score a model or run: every figure with its features, n, split and floor."""
    sampler = _sampler(name)
    report = _recipe(sampler).evaluate(sampler, data)
    if as_json:
        print(json.dumps({"recipe": sampler.card["recipe"], **report}, indent=2))
    else:
        _print_metrics(report)


@app.command()
@_guarded()
def export(
    name: Name,
    onnx: Annotated[Path, typer.Option("--onnx", metavar="FILE", help="File to write (.onnx).")],
) -> None:
    """Write a generator as an ONNX file that runs without PyTorch; a CycleGAN as two, one for each way."""
    from ganbook import zoo

    if onnx.suffix.lower() != ".onnx":
        raise _Wrong(f"--onnx is {onnx}: allowed is a name that ends in .onnx")
    try:
        files = zoo.export_onnx(_sampler(name), onnx)
    except (ImportError, zoo.ExportError) as error:
        _fail(1, str(error))
    ways = (": sources to targets", ": targets to sources") if len(files) == 2 else ("",)
    for path, way in zip(files, ways, strict=True):
        print(f"{path}{way} ({path.stat().st_size / 1e6:.2f} MB, equal to the generator to 1e-4)")


@app.command("list")
@_guarded()
def list_everything() -> None:
    """Show data sets, recipes and the zoo: what runs here, what needs a download."""
    from ganbook import recipes, zoo
    from ganbook.data.catalogue import NEEDS

    print("data sets")
    for name, needs in NEEDS.items():
        print(f"  {name:<16} needs {needs.text}")
    print("recipes")
    for name in recipes.names():
        recipe = recipes.get(name)
        asked = NEEDS[recipe.data] if isinstance(recipe.data, str) else None
        print(f"  {name:<16} {recipe.about}" + (f" Needs {asked.text}." if asked and not asked.offline else ""))
    print("zoo")
    for name in zoo.names():
        card = zoo.card(name)
        print(f"  {name:<16} {card['parameters']} parameters, {card['steps']} rounds in {card['minutes']:.0f} minutes")


def _sampler(name: str) -> Sampler:
    from ganbook import recipes, zoo

    if name in zoo.names():  # a folder of that name is reached as ./NAME
        return zoo.load(name)
    if not Path(name).is_dir():
        raise _Wrong(
            f"NAME_OR_DIR is {name!r}: allowed is a model of the zoo ({', '.join(zoo.names()) or 'none yet'}) "
            f"or the folder of a finished run (ganbook train RECIPE --out DIR)"
        )
    return recipes.load_run(name)


def _recipe(sampler: Sampler) -> Recipe:
    """What the sampler's generator was trained by, at its budget."""
    from ganbook import recipes

    name = sampler.card.get("recipe")
    if name not in recipes.names():
        raise _Wrong(f"the recipe {name!r} is not one of the library's: use its run in Python, where the recipe is")
    return recipes.get(name).at(sampler.card.get("budget"))


def _prepared(sampler: Sampler, source: Path) -> Tensor:
    """A picture of the reader's, (C, H, W), as the sampler's generator was shown those that it learned from."""
    from ganbook import data

    recipe = _recipe(sampler)
    channels = next(p for p in sampler.generator.parameters() if p.ndim == 4).shape[1]
    size = sampler.shape[-1] if sampler.shape else recipe.size or 0
    return data.prepare_picture(str(recipe.data), source, size, channels)


def _print_card(card: dict[str, Any]) -> None:
    print(
        f"{card['name']}: seed {card['seed']}, {card['steps']} rounds in {card['minutes']:.1f} minutes on "
        f"{card['hardware']}, {card['parameters']} parameters, sha256 {card['sha256'][:12]}"
    )
    _print_metrics(card["metrics"])


def _picture(samples: Tensor, path: Path) -> Path:
    """Write images as a grid, points as a scatter plot; whole or not at all."""
    from ganbook.data.cache import write_atomically

    write = _scatter if samples.ndim == 2 else _grid
    write_atomically(path, lambda part: write(samples, part))
    return path


def _grid(images: Tensor, path: Path) -> None:
    from PIL import Image

    from ganbook import plots

    columns = min(GRID_COLUMNS, len(images))
    scale = max(1, GRID_LONG_SIDE // (max(columns, -(-len(images) // columns)) * (images.shape[-1] + 2)))
    Image.fromarray(plots.image_grid(images, columns, scale).numpy()).save(path, format="PNG")


def _scatter(samples: Tensor, path: Path) -> None:
    import matplotlib.pyplot as plt

    from ganbook import plots

    fig, axes = plots.figure(width=5, height=5)
    plots.points(axes, None, samples)
    fig.savefig(path, format="png", dpi=plots.DPI)
    plt.close(fig)


def _print_metrics(report: dict[str, Any], indent: str = "  ") -> None:
    for name, value in report.items():
        if isinstance(value, dict):  # what a second network says
            print(f"{indent}{name}")
            _print_metrics(value, indent + "  ")
            continue
        if isinstance(value, list):
            text = " ".join(f"{v:.3f}" for v in value)
        else:
            text = f"{value:.4g}" if isinstance(value, float) else str(value)
        print(f"{indent}{name:<18} {text}")

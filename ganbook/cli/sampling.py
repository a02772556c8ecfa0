"""``ganbook sample``: a grid, single files, a film."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganbook.cli.app import app
from ganbook.cli.guard import Wrong, guarded
from ganbook.cli.names import model
from ganbook.cli.options import Data, Name, Seed

if TYPE_CHECKING:
    from torch import Tensor

    from ganbook.training import Sampler

__all__ = ["sample"]

SAMPLES, PER_CLASS = 64, 8
DIRECTIONS = ("AtoB", "BtoA")


@app.command()
@guarded()
def sample(
    name: Name,
    n: Annotated[
        int | None,
        typer.Option(
            "--n",
            min=1,
            max=100_000,
            help="Number of samples (default: 64; of each class: 8; in a film: 1; all sources).",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture to write (default: samples.png, or film.gif).")
    ] = None,
    each: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write single files, as FID tools read them, in place of a grid."),
    ] = None,
    seed: Seed = 0,
    label: Annotated[str | None, typer.Option(help="Class to draw, by name or number, or all: a row of each.")] = None,
    caption: Annotated[str | None, typer.Option(help="Text to draw, for a text model (default: held-out).")] = None,
    source: Annotated[
        Path | None,
        typer.Option(metavar="FILE|FOLDER", help="Picture to translate, or a folder of them (default: held-out ones)."),
    ] = None,
    direction: Annotated[
        str,
        typer.Option(metavar="AtoB|BtoA", help="Which way a CycleGAN translates: A are the sources, B the targets."),
    ] = "AtoB",
    truncation: Annotated[
        float,
        typer.Option(metavar="PSI", help="What latents are multiplied with: below 1 samples are safer, more alike."),
    ] = 1.0,
    interpolate: Annotated[
        tuple[int, int] | None, typer.Option(metavar="A B", help="A film of the way from seed A's sample to seed B's.")
    ] = None,
    frames: Annotated[int, typer.Option(min=2, max=1000, help="Frames of that film.")] = 60,
    data: Data = None,
) -> None:
    """Draw samples into one picture; a translator's stand right of their sources, held-out captions are printed."""
    sampler = model(name)
    if direction.lower() not in (way.lower() for way in DIRECTIONS):
        raise Wrong(f"--direction is {direction!r}: allowed is {' or '.join(DIRECTIONS)}")
    back = direction.lower() == "btoa"
    if back:
        sampler = _back(sampler, name)
    if interpolate is not None and each is not None:
        raise Wrong("--each and --interpolate do not go together: one writes pictures, the other a film")
    _check_place(out, each, film=interpolate is not None)
    count = n or (PER_CLASS if label == "all" else 1 if interpolate else SAMPLES)
    if interpolate is not None and sampler.prior is None:
        raise Wrong(f"--interpolate is a way between latents, and {name} takes none")
    paths = _sources(sampler, name, source)[:n]
    conditions = _conditions(sampler, count, label, caption, paths)
    held_out = not conditions and sampler.given in ("sources", "captions")
    if held_out:
        conditions = _held_out(sampler, count, data, back)
    elif data is not None:
        raise Wrong(f"--data is {data}, but nothing is read for these samples")
    if interpolate is not None:
        place = out or Path("film.gif")
        _film(sampler, conditions or {"n": count}, interpolate, frames, truncation, place)
        print(f"{frames} frames from seed {interpolate[0]} to seed {interpolate[1]}: {place}")
        return
    from ganbook.data.errors import counted

    samples = sampler.sample(**(conditions or {"n": count}), seed=seed, truncation=truncation)
    what = counted(len(samples), "held-out caption" if held_out and "captions" in conditions else "sample")
    if each is not None:
        _write_each(sampler, samples, conditions, each, paths, source, label)
        print(f"{counted(len(samples), 'file')}: {each}")
        if out is None:
            return
    _print_grid(sampler, samples, conditions, out or Path("samples.png"), what)
    if held_out:
        for number, text in enumerate(conditions.get("captions", ()), start=1):
            print(f"  {number:>3} {text}")
    if label == "all":
        for number in range(sampler.classes):
            print(f"  row {number + 1}: {_class_name(sampler, number)}")
    if caption is not None:
        from ganbook.models.text import caption_note

        if note := caption_note(sampler.generator, caption):
            print(note)


def _check_place(out: Path | None, each: Path | None, film: bool) -> None:
    """What cannot be written in the end is refused before anything is drawn."""
    endings = (".gif", ".webp", ".png") if film else (".png", ".jpg", ".jpeg", ".webp")
    if out is not None and out.suffix.lower() not in endings:
        raise Wrong(f"--out is {out}: allowed is a name that ends in {', '.join(endings[:-1])} or {endings[-1]}")
    if each is not None and each.exists() and (not each.is_dir() or any(each.iterdir())):
        raise Wrong(f"--each is {each}, which is there already: allowed is a new folder, or an empty one")


def _back(sampler: Sampler, name: str) -> Sampler:
    try:
        return sampler.backwards()
    except ValueError:
        reversed_ = "; pix2pix-folder-reversed trains the other way" if sampler.given == "sources" else ""
        raise Wrong(f"--direction is BtoA, but {name} has no way back: a CycleGAN has{reversed_}") from None


def _sources(sampler: Sampler, name: str, source: Path | None) -> tuple[Path, ...]:
    """Pictures to translate."""
    if source is None:
        return ()
    if sampler.given != "sources":
        raise Wrong(f"--source is {source}, but {name} translates nothing")
    if source.is_dir():
        from ganbook.data.folder import find_images

        return find_images(source)
    if not source.exists():
        raise Wrong(f"--source is {source}, and there is no such file or folder")
    return (source,)


def _conditions(
    sampler: Sampler, n: int, label: str | None, caption: str | None, paths: tuple[Path, ...]
) -> dict[str, Any]:
    """Arguments of ``Sampler.sample`` that were asked for; several are refused by it."""
    conditions: dict[str, Any] = {}
    if label == "all":
        if sampler.given != "labels":
            raise Wrong(f"--label is all, but {sampler.card.get('recipe', 'this generator')} knows no classes")
        conditions["labels"] = [number for number in range(sampler.classes) for _ in range(n)]
    elif label is not None:
        conditions["labels"] = [sampler.label(label)] * n
    if caption is not None:
        conditions["captions"] = [caption] * n
    if paths:
        import torch

        from ganbook import recipes

        conditions["sources"] = torch.stack([recipes.prepared(sampler, path) for path in paths])
    return conditions


def _held_out(sampler: Sampler, n: int, data: Path | None, back: bool) -> dict[str, Any]:
    """What there is to draw or to translate in the test split of the run's own data; for the way back its targets."""
    from ganbook import recipes
    from ganbook.training.conditions import CONDITIONS

    of_run = recipes.recipe_of(sampler)
    if back:
        targets: Any = of_run.load_data("test", data)
        return CONDITIONS["sources"].of(SimpleNamespace(sources=targets.images), n)
    return of_run.held_out(n, data)


def _film(
    sampler: Sampler,
    conditions: dict[str, Any],
    seeds: tuple[int, int],
    frames: int,
    truncation: float,
    path: Path,
) -> None:
    """Every frame a grid of samples on their ways between the latents of two seeds."""
    import torch

    from ganbook.cli.pictures import film_of

    kind, asked = next(iter(conditions.items()))
    n = asked if kind == "n" else len(asked)
    start, end = (sampler.latents(n, seed) for seed in seeds)
    assert sampler.prior is not None  # or it had no latents
    t = torch.linspace(0, 1, frames)
    walked = []
    for i in range(n):
        latents = sampler.prior.way(start[i], end[i], t)
        same = (
            {}
            if kind == "n"
            else {kind: asked[i : i + 1].expand(frames, *[-1] * (asked.ndim - 1))}
            if isinstance(asked, torch.Tensor)
            else {kind: [asked[i]] * frames}
        )
        if kind == "n" and sampler.given == "labels":  # a class each, in turn
            same = {"labels": [i % sampler.classes] * frames}
        walked.append(sampler.sample(**same, latents=latents, truncation=truncation))
    if walked[0].ndim != 4:
        raise Wrong("--interpolate makes a film of pictures, and these samples are points")
    film_of(torch.stack(walked).unbind(1), path)


def _class_name(sampler: Sampler, number: int) -> str:
    names = sampler.card.get("class_names", ())
    return str(names[number]) if number < len(names) else str(number)


def _write_each(
    sampler: Sampler,
    samples: Tensor,
    conditions: dict[str, Any],
    each: Path,
    paths: tuple[Path, ...],
    source: Path | None,
    label: str | None,
) -> None:
    """One file a sample: named as its source, in a folder of its class where all were drawn, else numbered."""
    from ganbook.cli.pictures import single_files

    if paths and source is not None:
        base = source if source.is_dir() else source.parent
        names = [str(path.relative_to(base).with_suffix(".png")) for path in paths]
        doubled = len(set(names)) < len(names)  # a.jpg beside a.png
        names = [f"{path.relative_to(base)}.png" for path in paths] if doubled else names
    elif label == "all":
        names = [f"{_class_name(sampler, of)}/{i:05d}.png" for i, of in enumerate(conditions["labels"])]
    else:
        names = [f"{i:05d}.png" for i in range(len(samples))]
    single_files(samples, names, each)


def _print_grid(sampler: Sampler, samples: Tensor, conditions: dict[str, Any], out: Path, what: str) -> None:
    import torch

    from ganbook.cli.pictures import GRID_COLUMNS, columns_of, picture_of
    from ganbook.data import on_white
    from ganbook.data.errors import counted

    if "sources" in conditions:
        halves = [on_white(half).expand(-1, 3, -1, -1) for half in (conditions["sources"], samples)]
        said = counted(len(samples), "pair")
        print(f"{said} of source and translation: {picture_of(torch.cat(halves, dim=3), out)}")
        return
    by_class = "labels" in conditions and len(set(conditions["labels"])) > 1
    columns = columns_of(sampler, len(samples)) if by_class else GRID_COLUMNS
    print(f"{what}: {picture_of(samples, out, columns)}")

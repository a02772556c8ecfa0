"""``ganbook export``: a generator for another runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganbook.cli.app import app
from ganbook.cli.guard import Wrong, fail, guarded
from ganbook.cli.names import model
from ganbook.cli.options import Name

__all__ = ["export"]


@app.command()
@guarded()
def export(
    name: Name,
    onnx: Annotated[Path, typer.Option("--onnx", metavar="FILE", help="File to write (.onnx).")],
) -> None:
    """Write a generator as an ONNX file that runs without PyTorch; a CycleGAN as two, one for each way."""
    from ganbook import zoo

    if onnx.suffix.lower() != ".onnx":
        raise Wrong(f"--onnx is {onnx}: allowed is a name that ends in .onnx")
    try:
        files = zoo.export_onnx(model(name), onnx)
    except (ImportError, zoo.ExportError) as error:
        fail(1, str(error))
    ways = (": sources to targets", ": targets to sources") if len(files) == 2 else ("",)
    for path, way in zip(files, ways, strict=True):
        print(f"{path}{way} ({path.stat().st_size / 1e6:.2f} MB, equal to the generator to 1e-4)")

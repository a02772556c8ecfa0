"""``ganbook pack``: many small files into a few large ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganbook.cli.app import app
from ganbook.cli.guard import Wrong, guarded
from ganbook.cli.options import Data, Seed

__all__ = ["pack"]


@app.command()
@guarded()
def pack(
    name: Annotated[str, typer.Argument(metavar="SET", help="folder, celeba or lsun-bedroom.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the shards.")],
    data: Data = None,
    each: Annotated[int, typer.Option(min=1, help="Images in a shard: some hundred megabytes are read well.")] = 10_000,
    seed: Seed = 0,
) -> None:
    """Write the images of a set, encoded as they are, into shards: tar files, which --data takes as it does a folder.

    A disk reads a few large files sooner than many small ones, and a cluster's file system does so even more.
    """
    from ganbook.data import load
    from ganbook.data.encoded import ImageFiles
    from ganbook.data.errors import EmptySplit, counted
    from ganbook.data.shards import PACKED, write_shards

    if name not in PACKED:
        raise Wrong(f"SET is {name!r}: allowed is one of {', '.join(PACKED)}")
    for split in ("train", "test"):
        try:
            images = load(name, split, root=data)
        except EmptySplit:
            if split == "train":
                raise
            continue
        assert isinstance(images, ImageFiles)
        written = write_shards(images, out, each, seed)
        print(f"{out}: {counted(len(images), 'image')} to {split} with, {counted(len(written), 'shard')}")

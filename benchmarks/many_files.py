"""A data set of LSUN's kind: how soon it is there, how fast it is read, how soon an interrupted run goes on.

    python -m benchmarks.many_files [--images 100000] [--side 64] [--batches 40]

It generates so many small pictures (WebP; a few hundred different ones over and over), once as the records of an LMDB
environment, as LSUN is published, and once as files in a folder of folders, as most other sets are. Both are read by
the library's own loaders: seconds until the set is there, images a second in shuffled batches of 128, seconds to the
first batch of a run that goes on in the middle of an epoch. Of three million images, LSUN's number, the order of an
epoch and the keys are measured as such. Nothing is left on the disk. Writes ganbook/results/many_files.json.

The files have just been written, so the system may hold them in memory: a disk's own speed is not in these figures.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.common import THREADS, Figure, keep, options, table
from benchmarks.stopwatch import ahead, peak_memory
from ganbook import data
from ganbook.data.batch import Order

NAME = "many_files"
LSUN_IMAGES = 3_033_042
BATCH, DIFFERENT, IN_A_FOLDER = 128, 400, 1000


def pictures(side: int) -> list[bytes]:
    """Different smooth pictures, encoded as LSUN's are: noise would not compress, and one colour would say nothing."""
    chance = np.random.default_rng(0)
    made = []
    for _ in range(DIFFERENT):
        small = Image.fromarray(chance.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        file = io.BytesIO()
        small.resize((side + side // 3, side), Image.Resampling.BICUBIC).save(file, "WEBP", quality=75)
        made.append(file.getvalue())
    return made


def write_lmdb(folder: Path, encoded: list[bytes], images: int) -> None:
    """``bedroom_train_lmdb`` and a small ``bedroom_val_lmdb``, with keys of forty hexadecimal digits."""
    import lmdb

    for name, n in (("bedroom_train_lmdb", images), ("bedroom_val_lmdb", BATCH)):
        (folder / name).mkdir(parents=True)
        keys = sorted(hashlib.sha1(str(i).encode()).hexdigest().encode() for i in range(n))
        with (
            lmdb.open(str(folder / name), map_size=1 << 34, sync=False) as environment,
            environment.begin(write=True) as transaction,
        ):
            for i, key in enumerate(keys):
                transaction.put(key, encoded[i % DIFFERENT], append=True)


def write_files(folder: Path, encoded: list[bytes], images: int) -> None:
    """``00000/000000.webp`` and so on, a thousand in a folder."""
    for i in range(images):
        place = folder / f"{i // IN_A_FOLDER:05}"
        if i % IN_A_FOLDER == 0:
            place.mkdir(parents=True)
        (place / f"{i:07}.webp").write_bytes(encoded[i % DIFFERENT])


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came."""
    started = time.perf_counter()
    came = act()
    return time.perf_counter() - started, came


def reading(name: str, root: Path, batches: int) -> dict[str, float]:
    """What one way of keeping them gives."""
    with redirect_stderr(io.StringIO()):  # what is said of a folder
        there, samples = timed(lambda: data.load(name, root=root))
    next(samples.batches(BATCH, seed=2))  # what is imported on first use
    feed = samples.batches(BATCH, seed=1)
    first, _ = timed(lambda: next(feed))
    seconds, _ = timed(lambda: [next(feed) for _ in range(batches)])
    middle = len(samples) // BATCH // 2
    resumed, again = timed(lambda: next(samples.batches(BATCH, seed=1, start=middle)))
    expected = next(islice(Order(BATCH, seed=1).indices(len(samples)), middle, None))
    assert torch.equal(again.real, samples.gathered(expected).real), "a resumed run would read other images"
    return {
        "images": float(len(samples)),
        "seconds until it is there": there,
        "seconds to the first batch": first,
        "images a second": batches * BATCH / seconds,
        "seconds to the first batch of a resumed run": resumed,
    }


def of_millions() -> dict[str, float]:
    """What grows with the number of images alone, at LSUN's own."""
    seconds, _ = timed(lambda: next(Order(BATCH, start=LSUN_IMAGES // BATCH // 2).indices(LSUN_IMAGES)))
    return {"images": float(LSUN_IMAGES), "seconds to shuffle an epoch": seconds, "MB of keys": 40 * LSUN_IMAGES / 1e6}


def figures(kept: Any) -> list[Figure]:
    """Of both ways."""
    ways = kept["ways"]
    return [
        *(
            Figure(f"{way}: images/s, read and decoded", [found["images a second"]], ".0f")
            for way, found in ways.items()
        ),
        *(
            Figure(f"{way}: seconds to the first batch of a resumed run", [found[RESUMED]], ".3f")
            for way, found in ways.items()
        ),
    ]


RESUMED = "seconds to the first batch of a resumed run"


def report(kept: Any) -> str:
    """A column for each way."""
    ways = kept["ways"]
    asked = next(iter(ways.values()))
    rows = [("", *ways), *((what, *(f"{found[what]:.4g}" for found in ways.values())) for what in asked)]
    of_all = "\n".join(f"{what}: {value:.4g}" for what, value in kept["lsun"].items())
    return f"{table(rows)}\n\nat LSUN's own number\n{of_all}"


def main() -> None:
    """Measure, keep and print."""
    arguments = options(__doc__, images=100_000, side=64, batches=40)
    torch.set_num_threads(THREADS)
    ways, encoded = {}, pictures(arguments.side)
    for way, name, write in (("LMDB", "lsun-bedroom", write_lmdb), ("folder", "folder", write_files)):
        root = Path(tempfile.mkdtemp(prefix="many-files-"))
        try:
            with ahead():
                written, _ = timed(lambda write=write, root=root: write(root, encoded, arguments.images))
                ways[way] = {"seconds to write it": written, **reading(name, root, arguments.batches)}
        finally:
            shutil.rmtree(root)
    bytes_each = sum(map(len, encoded)) / DIFFERENT
    kept = {"ways": ways, "lsun": of_millions(), "bytes_each": bytes_each, "side": arguments.side, "mib": peak_memory()}
    keep(NAME, kept)
    print(report(kept))


if __name__ == "__main__":
    main()

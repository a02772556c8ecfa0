"""A data set of LSUN's kind: how soon it is there, how fast it is read, how soon an interrupted run goes on.

    python -m benchmarks.many_files [--images 100000] [--side 256] [--batches 10] [--cold 50]

It generates so many pictures (WebP, of LSUN's side and of about the bytes that one of LSUN's has on average; a few
hundred different ones over and over): as the records of an LMDB environment, as LSUN is published; as files in a folder
of folders, as most other sets are; and in tar files of 1 000, shards. All are read by the library's own loaders, and
timed by the processor, whatever else the machine does: until the set is there, the first time and again; shuffled
batches of 128; the first batch of a run that goes on in the middle of an epoch. Of three million images, LSUN's number,
the order of an epoch is measured as such. Nothing is left on the disk. Writes ganbook/results/many_files.json.

What has just been written is in the system's memory, and is decoded from there. What the disk gives is measured beside
it, by the clock: the system is asked to forget the files, and so many batches are read in the order of an epoch, and
not decoded; the ways in turn, three times, with other seeds.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
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

from benchmarks.common import Figure, keep, options, table
from benchmarks.stopwatch import ahead, middle, peak_memory
from ganbook import data
from ganbook.data.batch import Order
from ganbook.data.shards import TOGETHER, Shards

NAME = "many_files"
LSUN_IMAGES = 3_033_042
BATCH, DIFFERENT, IN_A_FOLDER = 128, 400, 1000
SEEDS = 3


def pictures(side: int) -> list[bytes]:
    """Different pictures with something at every scale, encoded as LSUN's are."""
    chance = np.random.default_rng(0)
    made = []
    for _ in range(DIFFERENT):
        whole = np.zeros((side, side + side // 3, 3), np.float32)
        for cells in (4, 8, 16, 32, 64, 128):
            small = Image.fromarray(chance.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
            whole += np.asarray(small.resize(whole.shape[1::-1], Image.Resampling.BICUBIC)) / cells**0.2
        whole = (whole - whole.min()) / (whole.max() - whole.min()) * 255
        file = io.BytesIO()
        Image.fromarray(whole.astype(np.uint8)).save(file, "WEBP", quality=80)
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


def write_shards(folder: Path, encoded: list[bytes], images: int) -> None:
    """``train-000000.tar`` and so on, a thousand pictures in each, and one to test with."""
    for first in range(0, images, IN_A_FOLDER):
        write_shard(folder / f"train-{first // IN_A_FOLDER:06}.tar", encoded, first, min(IN_A_FOLDER, images - first))
    write_shard(folder / "val-000000.tar", encoded, images, BATCH)


def write_shard(path: Path, encoded: list[bytes], first: int, n: int) -> None:
    with tarfile.open(path, "w") as file:
        for i in range(first, first + n):
            member = tarfile.TarInfo(f"{i:07}.webp")
            member.size = len(encoded[i % DIFFERENT])
            file.addfile(member, io.BytesIO(encoded[i % DIFFERENT]))


def timed(act: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> tuple[float, Any]:
    """Seconds of the clock, by default of the processor, and what came."""
    started = clock()
    came = act()
    return clock() - started, came


def reading(name: str, root: Path, batches: int) -> tuple[Any, dict[str, Any]]:
    """The set, and what one way of keeping it gives."""
    with redirect_stderr(io.StringIO()):  # what is said of a folder
        there, samples = timed(lambda: data.load(name, root=root))
        again, _ = timed(lambda: data.load(name, root=root))
    next(samples.batches(BATCH, seed=2))  # what is imported on first use
    feed = samples.batches(BATCH, seed=1)
    first, _ = timed(lambda: next(feed))
    seconds, _ = timed(lambda: [next(feed) for _ in range(batches)])
    middle = len(samples) // BATCH // 2
    resumed, batch = timed(lambda: next(samples.batches(BATCH, seed=1, start=middle)))
    expected = next(islice(samples.indices(Order(BATCH, seed=1)), middle, None))
    assert torch.equal(batch.real, samples.gathered(expected).real), "a resumed run would read other images"
    return samples, {
        "images": float(len(samples)),
        "seconds until it is there": there,
        "seconds until it is there again": again,
        "seconds to the first batch": first,
        RESUMED: resumed,
        DECODED: batches * BATCH / seconds,
    }


def from_disk(samples: Any, root: Path, batches: int, seed: int) -> float:
    """Images a second, read in the order of a run and not decoded, once the system has forgotten them."""
    os.sync()
    for path in root.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    steps = islice(samples.indices(Order(BATCH, seed)), batches)
    seconds, sizes = timed(
        lambda: [len(samples.encoded(i)[1]) for step in steps for i in step.tolist()], time.perf_counter
    )
    return len(sizes) / seconds


def of_millions() -> dict[str, float]:
    """What grows with the number of images alone, at LSUN's own."""
    step = Order(BATCH, start=LSUN_IMAGES // BATCH // 2)
    each = 10_000
    files = np.column_stack([np.arange(LSUN_IMAGES) // each, np.zeros((LSUN_IMAGES, 2), np.int64)])
    shards = Shards("lsun-bedroom", "train", 64, files, shards=(Path(os.devnull),) * (LSUN_IMAGES // each + 1))
    return {
        "images": float(LSUN_IMAGES),
        "seconds to shuffle an epoch": timed(lambda: next(step.indices(LSUN_IMAGES)))[0],
        f"seconds to shuffle an epoch, {TOGETHER} shards of {each} at a time": timed(
            lambda: next(shards.indices(step))
        )[0],
        "MB of keys": 40 * LSUN_IMAGES / 1e6,
        "MB of places in shards": files.nbytes / 1e6,
    }


WAYS = (("LMDB", "lsun-bedroom", write_lmdb), ("folder", "folder", write_files), ("shards", "folder", write_shards))
"""What each is called, the data set that reads it, and what writes it."""


def figures(kept: Any) -> list[Figure]:
    """Of both ways."""
    ways = kept["ways"]
    return [
        *(
            Figure(f"{way}: images/s of one core, read and decoded", [found[DECODED]], ".0f")
            for way, found in ways.items()
        ),
        *(Figure(f"{way}: images/s, from the disk, not decoded", found[COLD], ".0f") for way, found in ways.items()),
        *(
            Figure(f"{way}: seconds to the first batch of a resumed run", [found[RESUMED]], ".3f")
            for way, found in ways.items()
        ),
    ]


RESUMED = "seconds to the first batch of a resumed run"
DECODED = "images a second, read and decoded"
COLD = "images a second from the disk, not decoded, by the clock"


def report(kept: Any) -> str:
    """A column for each way."""
    ways = kept["ways"]
    asked = next(iter(ways.values()))
    rows = [("", *ways), *((what, *(said(found[what]) for found in ways.values())) for what in asked)]
    of_all = "\n".join(f"{what}: {value:.4g}" for what, value in kept["lsun"].items())
    return f"{table(rows)}\n\nat LSUN's own number\n{of_all}"


def said(value: float | list[float]) -> str:
    """A figure, or the median of several with their range."""
    return middle(value, ".4g") if isinstance(value, list) else f"{value:.4g}"


def main() -> None:
    """Measure, keep and print."""
    arguments = options(__doc__, images=100_000, side=256, batches=10, cold=50)
    torch.set_num_threads(1)
    ways: dict[str, dict[str, Any]] = {}
    sets = {}
    encoded = pictures(arguments.side)
    place = Path(tempfile.mkdtemp(prefix="many-files-"))
    os.environ["GANBOOK_CACHE"] = str(place / "cache")
    with ahead():
        try:
            for way, name, write in WAYS:
                root = place / way
                root.mkdir()
                written, _ = timed(lambda write=write, root=root: write(root, encoded, arguments.images))
                sets[way], found = reading(name, root, arguments.batches)
                ways[way] = {"seconds to write it": written, **found, COLD: []}
                print(way, ways[way], flush=True)
            for seed in range(SEEDS):
                for way in ways:
                    ways[way][COLD].append(from_disk(sets[way], place / way, arguments.cold, seed))
        finally:
            shutil.rmtree(place)
        lsun = of_millions()
    bytes_each = sum(map(len, encoded)) / DIFFERENT
    kept = {"ways": ways, "lsun": lsun, "bytes_each": bytes_each, "side": arguments.side, "mib": peak_memory()}
    keep(NAME, kept)
    print(report(kept))


if __name__ == "__main__":
    main()

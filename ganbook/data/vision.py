"""MNIST, Fashion-MNIST and CIFAR-10, in the plain formats that their authors publish.

torchvision knows them too, but its CIFAR-10 is a pickle, its Fashion-MNIST comes over plain http, and neither resumes.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ganbook.data.download import Remote, fetch, fetch_folder, or_else, published
from ganbook.data.errors import DataError
from ganbook.data.images import ImageSet, resize

__all__ = ["load_cifar10", "load_fashion_mnist", "load_mnist"]

Bytes = NDArray[np.uint8]

_STEMS = {"train": "train", "test": "t10k"}
IMAGES, LABELS = "images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"

# Sizes and checksums as in TensorFlow Datasets.
MNIST = published(
    ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    {
        f"train-{IMAGES}": (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        f"train-{LABELS}": (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        f"t10k-{IMAGES}": (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        f"t10k-{LABELS}": (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    },
)
FASHION = published(
    (
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    {
        f"train-{IMAGES}": (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        f"train-{LABELS}": (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        f"t10k-{IMAGES}": (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        f"t10k-{LABELS}": (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    },
)
CIFAR10 = Remote(
    "cifar-10-binary.tar.gz",
    170_052_171,
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    (
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz",
    ),
)
_OFFLINE = 'connect to the network once, or use data.load("digits"), which works offline'
_CLOTHES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
_OBJECTS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def load_mnist(split: str, size: int | None, base: Path) -> ImageSet:
    """MNIST: 60 000 and 10 000 digits 28 x 28, grey."""
    licence = "MNIST (LeCun, Cortes and Burges), CC BY-SA 3.0"
    return _load_idx("mnist", MNIST, split, size, (base, base / "MNIST/raw"), licence, tuple("0123456789"))


def load_fashion_mnist(split: str, size: int | None, base: Path) -> ImageSet:
    """Fashion-MNIST: 60 000 and 10 000 articles of clothing 28 x 28, grey."""
    licence = "Fashion-MNIST (Zalando Research), MIT"
    return _load_idx("fashion-mnist", FASHION, split, size, (base, base / "FashionMNIST/raw"), licence, _CLOTHES)


def _load_idx(
    name: str,
    files: dict[str, Remote],
    split: str,
    size: int | None,
    places: tuple[Path, Path],  # of the files, and of torchvision's, unpacked: what it fetched is not fetched again
    licence: str,
    classes: tuple[str, ...],
) -> ImageSet:
    folder = places[0]

    def read(kind: str, rank: int) -> Bytes:
        remote = files[f"{_STEMS[split]}-{kind}"]
        paths = [place / name for name in (remote.name, remote.name.removesuffix(".gz")) for place in places]
        found = next((path for path in paths if path.is_file()), None)
        with or_else(_OFFLINE, name, folder):
            found = found or fetch(remote, folder)
        return _idx(found, rank)

    images, labels = read(IMAGES, 3), read(LABELS, 1)
    if len(images) != len(labels) or labels.max() >= len(classes):
        raise DataError(f"the {split} files of {name} in {folder} do not belong together: delete {folder}")
    pixels = resize(torch.from_numpy(images)[:, None], size or images.shape[-1])
    return ImageSet(name, split, pixels, torch.from_numpy(labels).long(), licence=licence, classes=classes)


def _idx(path: Path, rank: int) -> Bytes:
    """An array of bytes in the IDX format: two zero bytes, 8 for uint8, the rank, the sizes big-endian, the data."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        head = struct.unpack_from(f">4B{rank}I", content)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise DataError(f"{path} is broken or incomplete ({error}): delete it, and it is fetched again") from error
    shape, start = head[4:], 4 + 4 * rank
    if head[:4] != (0, 0, 8, rank) or len(content) != start + int(np.prod(shape)) or not all(shape):
        raise DataError(f"{path} is broken or incomplete: delete it, and it is fetched again")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def load_cifar10(split: str, size: int | None, base: Path) -> ImageSet:
    """CIFAR-10: 50 000 and 10 000 photographs 32 x 32 of ten classes, from the binary version: no pickle is read."""
    with or_else(_OFFLINE, "cifar10", base):
        folder = fetch_folder(CIFAR10, base / "cifar-10-batches-bin")
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] if split == "train" else ["test_batch.bin"]
    rows = np.concatenate([_records(folder / name) for name in names])
    pixels = resize(torch.from_numpy(rows[:, 1:]).reshape(-1, 3, 32, 32).contiguous(), size or 32)
    licence = "CIFAR-10 (Krizhevsky 2009), free for research with citation"
    return ImageSet("cifar10", split, pixels, torch.from_numpy(rows[:, 0]).long(), licence=licence, classes=_OBJECTS)


def _records(path: Path) -> Bytes:
    """(N, 3073) records: the class, then 1 024 red, 1 024 green and 1 024 blue bytes."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError:
        content = np.empty(0, np.uint8)
    if not len(content) or len(content) % 3073 or content[::3073].max() > 9:
        raise DataError(f"{path} is missing, broken or incomplete: delete {path.parent}, and it is fetched again")
    return content.reshape(-1, 3073)

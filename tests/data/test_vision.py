"""MNIST, Fashion-MNIST and CIFAR-10 in the format in which they lie on a disk."""

import gzip
import io
import os
import pickle
import struct
import tarfile
import urllib.request
from urllib.error import URLError

import numpy as np
import pytest
import torch

from ganbook import data
from ganbook.data.errors import DataError


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)


# -- MNIST and Fashion-MNIST ---------------------------------------------------------------------------


def idx(array):
    """An array in the IDX format: two zero bytes, 8 for uint8, the rank, the sizes big-endian, the bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder, packed=True, n_train=20, n_test=10):
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for split, stem, n in (("train", "train", n_train), ("test", "t10k", n_test)):
        images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        labels = (np.arange(n) % 10).astype(np.uint8)
        for name, array in ((f"{stem}-images-idx3-ubyte", images), (f"{stem}-labels-idx1-ubyte", labels)):
            if packed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
            else:
                (folder / name).write_bytes(idx(array))
        written[split] = images, labels
    return written


@pytest.mark.parametrize(("name", "below"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("by_torchvision", [True, False])
def test_mnist_files(name, below, packed, by_torchvision, tmp_path):
    written = write_mnist(tmp_path / below / "raw" if by_torchvision else tmp_path, packed)
    for split, n in (("train", 20), ("test", 10)):
        loaded = data.load(name, split, root=tmp_path)
        images, labels = written[split]
        assert (loaded.name, loaded.split, len(loaded)) == (name, split, n)
        assert loaded.images.dtype == torch.uint8 and loaded.labels.dtype == torch.int64
        assert np.array_equal(loaded.images.numpy(), images[:, None])
        assert np.array_equal(loaded.labels.numpy(), labels)
        assert len(loaded.classes) == 10 and loaded.licence
    assert data.load(name, root=tmp_path, size=32).images.shape == (20, 1, 32, 32)
    assert next(data.load(name, root=str(tmp_path)).batches(4)).real.shape == (4, 1, 28, 28)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("keep", [0, 3, 16, 100])
def test_truncated_files_are_named(packed, keep, tmp_path):
    write_mnist(tmp_path, packed)
    path = tmp_path / ("train-images-idx3-ubyte" + (".gz" if packed else ""))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=f"^{path} is broken or incomplete.*: delete it") as caught:
        data.load("mnist", root=tmp_path)
    assert "\n" not in str(caught.value)


def test_files_of_two_sets_are_refused(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(7, np.uint8))))
    with pytest.raises(DataError, match=r"the train files of mnist in .* do not belong together"):
        data.load("mnist", root=tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.full(20, 11, np.uint8))))
    with pytest.raises(DataError, match="do not belong together"):
        data.load("mnist", root=tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros((20, 1), np.uint8))))
    with pytest.raises(DataError, match="is broken or incomplete"):
        data.load("mnist", root=tmp_path)


# -- CIFAR-10 ------------------------------------------------------------------------------------------

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def cifar_files():
    """Files as in cifar-10-binary.tar.gz: records of a class, 1 024 red, 1 024 green and 1 024 blue bytes."""
    rng = np.random.default_rng(0)
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    rows = {name: rng.integers(0, 256, (6, 3073), dtype=np.uint8) for name in names}
    for array in rows.values():
        array[:, 0] %= 10
    files = {name: array.tobytes() for name, array in rows.items()}
    return rows, files | {"batches.meta.txt": "\n".join([*CLASSES, ""]).encode(), "readme.html": b"<html></html>"}


def check_cifar(root, rows):
    for split, n in (("train", 30), ("test", 6)):
        loaded = data.load("cifar10", split, root=root)
        expected = np.concatenate([array for name, array in rows.items() if ("test" in name) == (split == "test")])
        assert loaded.images.shape == (n, 3, 32, 32) and loaded.images.dtype == torch.uint8
        assert loaded.images.is_contiguous()
        assert np.array_equal(loaded.images.numpy(), expected[:, 1:].reshape(n, 3, 32, 32))
        assert loaded.labels.tolist() == expected[:, 0].tolist() and loaded.labels.dtype == torch.int64
        assert loaded.classes == tuple(CLASSES)
    assert data.load("cifar10", root=root, size=64).images.shape == (30, 3, 64, 64)


def test_cifar_files(tmp_path):
    rows, files = cifar_files()
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    check_cifar(tmp_path, rows)


def test_a_cifar_archive_is_unpacked_where_it_lies(tmp_path):
    rows, files = cifar_files()
    with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    check_cifar(tmp_path, rows)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["cifar-10-batches-bin"]


@pytest.mark.parametrize("spoil", ["missing", "truncated", "empty", "classes"])
def test_a_broken_cifar_file_is_named(spoil, tmp_path):
    _, files = cifar_files()
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    path = folder / "data_batch_4.bin"
    if spoil == "missing":
        path.unlink()
    else:
        content = path.read_bytes()
        path.write_bytes({"truncated": content[:-1], "empty": b"", "classes": b"\x0a" + content[1:]}[spoil])
    with pytest.raises(DataError, match=r"data_batch_4\.bin is missing, broken or incomplete: delete"):
        data.load("cifar10", root=tmp_path)


def test_nothing_unpickles_a_strangers_file(tmp_path):
    class Stranger:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "code ran"),))

    for place in ("cifar-10-batches-py/data_batch_1", "cifar-10-batches-bin/data_batch_1.bin"):
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_bytes(pickle.dumps(Stranger()))
    with pytest.raises(DataError, match="is missing, broken or incomplete"):
        data.load("cifar10", root=tmp_path)
    assert not (tmp_path / "code ran").exists()


# -- what cannot be had --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10"])
def test_without_network_one_sentence_says_what_works(name, tmp_path):
    with pytest.raises(DataError) as caught:
        data.load(name, root=tmp_path / "none")
    message = str(caught.value)
    assert message.startswith(f"{name} is not in {tmp_path / 'none'} and could not be downloaded (")
    assert 'connect to the network once, or use data.load("digits"), which works offline' in message
    assert "name resolution" in message and "\n" not in message and "Traceback" not in message


def test_the_default_place_is_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path))
    write_mnist(tmp_path / "mnist")
    assert len(data.load("mnist")) == 20


def test_a_root_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"^mnist is not in "):
        data.load("mnist", root=tmp_path / "file")


def test_addresses_are_encrypted_and_every_file_has_a_checksum():
    from ganbook.data import folder, vision

    remotes = [*vision.MNIST.values(), *vision.FASHION.values(), vision.CIFAR10, *folder.CELEBA.values()]
    assert len({remote.sha256 for remote in remotes}) == len(remotes) == 11
    for remote in remotes:
        assert len(bytes.fromhex(remote.sha256)) == 32 and remote.size > 0
        assert remote.mirrors and all(mirror.startswith("https://") for mirror in remote.mirrors)

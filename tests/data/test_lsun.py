"""LSUN in the LMDB format in which it is published: keys of 40 hexadecimal digits, WebP images."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile

import lmdb
import numpy as np
import pytest
import torch
from PIL import Image

from ganbook import data
from ganbook.data.errors import DataError


def webp(colour):
    file = io.BytesIO()
    Image.new("RGB", (48, 32), colour).save(file, "WEBP", lossless=True)
    return file.getvalue()


def write_lsun(folder, n=9):
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        for i in range(n):
            content = webp((10 * i, 0, 200))
            transaction.put(hashlib.sha1(content).hexdigest().encode(), content)
    (folder / "lock.mdb").unlink()


@pytest.fixture
def bedrooms(tmp_path):
    write_lsun(tmp_path / "bedroom_train_lmdb", 9)
    write_lsun(tmp_path / "bedroom_val_lmdb", 4)
    return tmp_path


def numbers(images):
    return sorted((images[:, 0].flatten(1).float().mean(1) / 10).round().int().tolist())


@pytest.mark.parametrize("cores", [2, 4])
def test_lsun_files(bedrooms, cores, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)  # four cores: read by two worker processes
    train, test = (data.load("lsun-bedroom", split, size=16, root=bedrooms) for split in ("train", "test"))
    assert (train.name, train.split, len(train), len(test), train.labels) == ("lsun-bedroom", "train", 9, 4, None)
    assert train.images.shape == (9, 3, 16, 16) and train.images.dtype == torch.uint8
    assert numbers(train.images) == list(range(9)) and numbers(test.images) == list(range(4))
    batch = next(train.batches(9, seed=1))
    assert numbers((batch.real + 1) * 127.5) == list(range(9)) and batch.labels is None
    assert torch.equal(batch.real, next(train.batches(9, seed=1)).real)
    assert data.load("lsun-bedroom", root=bedrooms)[0][0].shape == (3, 64, 64)
    assert not (bedrooms / "bedroom_train_lmdb" / "lock.mdb").exists(), "reading wrote into the folder"


def test_the_published_archive_is_unpacked_where_it_lies(bedrooms):
    with zipfile.ZipFile(bedrooms / "bedroom_train_lmdb.zip", "w") as archive:
        archive.write(bedrooms / "bedroom_val_lmdb" / "data.mdb", "bedroom_train_lmdb/data.mdb")
    (bedrooms / "bedroom_train_lmdb" / "data.mdb").unlink()
    (bedrooms / "bedroom_train_lmdb").rmdir()
    assert len(data.load("lsun-bedroom", root=bedrooms)) == 4


def test_an_image_that_cannot_be_decoded_is_named(bedrooms):
    folder = bedrooms / "bedroom_val_lmdb"
    with lmdb.open(str(folder), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"0" * 40, b"not an image")
    test = data.load("lsun-bedroom", "test", root=bedrooms)
    with pytest.raises(DataError, match=f"^{'0' * 40} in .*bedroom_val_lmdb cannot be read as an image"):
        test.images  # noqa: B018


@pytest.mark.parametrize("share", [0.2, 0.34, 0.6, 0.9])
def test_a_truncated_file_is_refused_before_it_kills_the_process(share, tmp_path):
    """In a process of its own: reading a page beyond the end of the file ends it with SIGBUS."""
    write_lsun(tmp_path / "bedroom_train_lmdb", 400)
    file = tmp_path / "bedroom_train_lmdb" / "data.mdb"
    with lmdb.open(str(file.parent), readonly=True, lock=False) as environment:
        pages = environment.info()["last_pgno"] + 1
    os.truncate(file, int(share * pages * 4096))
    code = f"from ganbook import data; data.load('lsun-bedroom', root={str(tmp_path)!r}).images"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and f"DataError: {file.parent}" in done.stderr, done.stderr


def test_what_is_not_there_or_broken_gives_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"^lsun-bedroom is not in .*: get https://.*bedroom_train_lmdb\.zip \(46 GB"):
        data.load("lsun-bedroom", root=tmp_path)
    (tmp_path / "bedroom_train_lmdb").mkdir()
    with pytest.raises(DataError, match="is not an LMDB environment, or broken"):
        data.load("lsun-bedroom", root=tmp_path)
    (tmp_path / "bedroom_train_lmdb" / "data.mdb").write_bytes(np.random.default_rng(0).bytes(8192))
    with pytest.raises(DataError, match="is not an LMDB environment, or broken"):
        data.load("lsun-bedroom", root=tmp_path)
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(DataError, match=r"needs the package lmdb: pip install lmdb$"):
        data.load("lsun-bedroom", root=tmp_path)


def test_an_empty_environment_gives_one_sentence(tmp_path):
    write_lsun(tmp_path / "bedroom_train_lmdb", 0)
    with pytest.raises(DataError, match="holds no image"):
        data.load("lsun-bedroom", root=tmp_path)

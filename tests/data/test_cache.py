"""A file is written whole or not at all, and what stopped it is the system's own word, whichever library wrote."""

import errno
import os
import subprocess
import time

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from ganbook.data.cache import write_atomically

NUMBERS = torch.arange(90_000.0)


def write_numpy(part):
    with part.open("wb") as file:
        NUMBERS.numpy().tofile(file)


WRITERS = {
    "safetensors": lambda part: save_file({"numbers": NUMBERS}, part),
    "torch": lambda part: torch.save(NUMBERS, part),
    "Pillow": lambda part: Image.fromarray(np.random.default_rng(0).integers(0, 256, (600, 600), np.uint8)).save(
        part, "png"
    ),
    "NumPy": write_numpy,
    "text": lambda part: part.write_text("x" * 360_000),
}


@pytest.fixture(params=WRITERS)
def write(request):
    return WRITERS[request.param]


def test_the_file_is_there_and_nothing_else(write, tmp_path):
    write_atomically(tmp_path / "new" / "file", write)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


def stopped(path, write, number):
    """Whether writing ends in one OSError with this number, the old file untouched and nothing beside it."""
    path.write_text("old")
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        write_atomically(path, write)
    assert caught.value.errno == number and caught.value.strerror == os.strerror(number)
    assert caught.value.filename == str(path)
    assert [other.read_text() for other in path.parent.iterdir()] == ["old"]


def test_a_file_that_may_not_grow(write, tmp_path, limited_files):
    with limited_files(60_000):
        stopped(tmp_path / "file", write, errno.EFBIG)


@pytest.fixture
def full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", disk], capture_output=True)
    if made.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_disk_that_is_full(write, full_disk):
    stopped(full_disk / "file", write, errno.ENOSPC)


def test_a_mistake_of_the_writer_stays_what_it_was(tmp_path):
    with pytest.raises(KeyError, match="absent"):
        write_atomically(tmp_path / "file", lambda part: {}["absent"])
    assert list(tmp_path.iterdir()) == []


def test_memory_that_runs_out_is_no_fault_of_the_disk(tmp_path):
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        write_atomically(tmp_path / "file", lambda part: torch.empty(1 << 60, dtype=torch.uint8))


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_others_may_read_what_the_umask_lets_them(umask, mode, write, tmp_path):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "file", write)
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_the_disk_is_asked_to_keep_a_file_that_is_open_for_writing(write, tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl", reason="how a file is open is asked of POSIX")
    asked = []

    def sync(number):  # Windows refuses a file that is open for reading only
        asked.append(fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE)

    monkeypatch.setattr(os, "fsync", sync)
    write_atomically(tmp_path / "file", write)
    assert asked and os.O_RDONLY not in asked


def test_what_killed_writers_left_is_cleared_away(tmp_path):
    left, at_work, others = (
        tmp_path / name for name in (".file.01234567.part", ".file.89abcdef.part", ".file.x.01234567.part")
    )
    for path in (left, at_work, others):
        path.write_text("half")
    for path in (left, others):
        os.utime(path, (time.time() - 120,) * 2)
    write_atomically(tmp_path / "file", lambda part: part.write_text("whole"))
    assert {path.name for path in tmp_path.iterdir()} == {"file", at_work.name, others.name}

"""Checkpoints: whole or not at all, and never code."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch

from ganbook.training.checkpoint import CheckpointError, Checkpoints


def test_round_trip_keeps_two(tmp_path: Path):
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.latest() is None
    for step in (1, 2, 3):
        checkpoints.save({"step": step, "x": torch.arange(3)})
    assert [path.name for path in checkpoints.paths()] == ["step-00000002.pt", "step-00000003.pt"]
    assert checkpoints.latest()["step"] == 3


def test_truncated_checkpoint_is_named_with_the_way_out(tmp_path: Path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"step": 1, "x": torch.zeros(100)})
    newest = checkpoints.save({"step": 2, "x": torch.zeros(100)})
    newest.write_bytes(newest.read_bytes()[:200])
    with pytest.raises(
        CheckpointError, match=r"step-00000002\.pt cannot be read .*delete it to go on from step-00000001"
    ):
        checkpoints.latest()
    newest.unlink()
    assert checkpoints.latest()["step"] == 1


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04half"])
def test_any_other_file_gives_one_sentence(tmp_path: Path, content: bytes):
    (tmp_path / "step-00000001.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot be read"):
        Checkpoints(tmp_path).latest()


def test_a_strangers_checkpoint_cannot_run_code(tmp_path: Path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "harm"),))

    torch.save({"step": 1, "x": Evil()}, tmp_path / "step-00000001.pt")
    (tmp_path / "plain").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(CheckpointError):
        Checkpoints(tmp_path).latest()
    assert not (tmp_path / "harm").exists()


def test_a_failed_write_leaves_the_earlier_ones_and_no_litter(tmp_path: Path, limited_files):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"step": 1})
    # torch meets the end of the disk, in its own words
    with (
        limited_files(60_000),
        pytest.raises(CheckpointError, match=r"could not be written \(File too large\); earlier ones are intact$"),
    ):
        checkpoints.save({"step": 2, "x": torch.zeros(100_000)})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.pt"]


def test_a_part_left_by_a_killed_process_is_not_a_checkpoint(tmp_path: Path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"step": 1})
    left = tmp_path / ".step-00000002.pt.0123abcd.part"
    left.write_bytes(b"half")
    assert checkpoints.latest()["step"] == 1
    checkpoints.save({"step": 3})
    assert not left.exists() and checkpoints.latest()["step"] == 3


def test_a_file_of_another_name_is_not_a_checkpoint(tmp_path: Path):
    (tmp_path / "step-of-mine.pt").write_bytes(b"")
    assert Checkpoints(tmp_path).latest() is None


@pytest.mark.parametrize("content", [None, [], 3, torch.zeros(2)])
def test_a_checkpoint_of_nothing_does_not_begin_a_run_anew(tmp_path: Path, content: object):
    torch.save(content, tmp_path / "step-00000001.pt")
    with pytest.raises(CheckpointError, match="damaged or not a checkpoint"):
        Checkpoints(tmp_path).latest()


def test_what_cannot_be_opened_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "step-00000001.pt").mkdir()  # root may read every file, but not a folder as one
    with pytest.raises(CheckpointError, match=r"step-00000001\.pt cannot be read \(Is a directory\)$"):
        Checkpoints(tmp_path).latest()


def test_no_flipped_bit_changes_what_is_read(tmp_path: Path):
    """A flip is named, or it lies in what nobody reads, such as the padding between two entries."""
    torch.manual_seed(0)
    state = {"step": 2, "x": torch.randn(200), "history": {"loss": [0.25, 0.5]}}
    path = Checkpoints(tmp_path).save(state)
    whole = path.read_bytes()
    named = 0
    for at in torch.randint(8 * len(whole), (300,)).tolist():
        flipped = bytearray(whole)
        flipped[at // 8] ^= 1 << at % 8
        path.write_bytes(flipped)
        try:
            found = Checkpoints(tmp_path).latest()
        except CheckpointError:
            named += 1
        else:
            assert torch.equal(found["x"], state["x"]) and found["history"] == state["history"] and found["step"] == 2
    assert named > 50

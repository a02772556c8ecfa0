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


def test_a_failed_write_leaves_the_earlier_ones_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"step": 1})

    def full_disk(state, part):
        Path(part).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(
        CheckpointError, match=r"could not be written \(No space left on device\); earlier ones are intact"
    ):
        checkpoints.save({"step": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.pt"]


def test_a_part_left_by_a_killed_process_is_not_a_checkpoint(tmp_path: Path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"step": 1})
    (tmp_path / ".step-00000002.pt.abc").write_bytes(b"half")
    assert checkpoints.latest()["step"] == 1

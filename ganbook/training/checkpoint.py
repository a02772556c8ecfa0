"""Checkpoints: written whole or not at all, read without running code, two kept."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import torch

from ganbook.data.cache import write_atomically

__all__ = ["CheckpointError", "Checkpoints"]

KEPT = 2
"""The last checkpoint, and the one before it for the day the last cannot be read."""


class CheckpointError(RuntimeError):
    """A checkpoint cannot be read or written, or belongs to another run. One sentence says which and what to do."""


class Checkpoints:
    """The checkpoints of one run, in ``folder``, to which one process writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> list[Path]:
        """Complete checkpoints, oldest first."""
        return sorted(path for path in self.folder.glob("step-*.pt") if path.stem[5:].isdigit())

    def save(self, state: dict[str, Any]) -> Path:
        """Write ``state`` (tensors and plain values, with its "step"), then drop all but the last two.

        CheckpointError if the folder cannot be written; the earlier checkpoints stand.
        """
        path = self.folder / f"step-{state['step']:08d}.pt"
        try:
            write_atomically(path, lambda part: torch.save(state, part))
        except OSError as error:
            said = f"the checkpoint {path} could not be written ({error.strerror})"
            raise CheckpointError(f"{said}; earlier ones are intact") from error
        for old in (*self.paths()[:-KEPT], *self.folder.glob(".step-*.part")):  # and what killed processes left
            old.unlink(missing_ok=True)
        return path

    def latest(self) -> dict[str, Any] | None:
        """The newest checkpoint's state, on the CPU, or None; CheckpointError if it is damaged or cannot be read."""
        if not (paths := self.paths()):
            return None
        try:
            with zipfile.ZipFile(paths[-1]) as archive:
                if damaged := archive.testzip():  # which torch does not look at
                    raise zipfile.BadZipFile(f"the checksum of {damaged} is wrong")
            state = torch.load(paths[-1], map_location="cpu", weights_only=True)
            if not isinstance(state, dict):
                raise TypeError("it holds no dictionary")
        except OSError as error:
            raise CheckpointError(f"the checkpoint {paths[-1]} cannot be read ({error.strerror})") from error
        except Exception as error:  # torch, pickle and zipfile raise whatever they stumble over
            way_out = f"to go on from {paths[-2].name}" if len(paths) > 1 else "to start anew"
            said = f"the checkpoint {paths[-1]} cannot be read (it is damaged or not a checkpoint)"
            raise CheckpointError(f"{said}: delete it {way_out}") from error
        return state

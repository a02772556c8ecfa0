"""Checkpoints: written whole or not at all, read without running code, two kept."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any, cast

import torch

from ganbook.data.cache import write_atomically

__all__ = ["CheckpointError", "Checkpoints"]

KEPT = 2
"""The last checkpoint, and the one before it for the day the last cannot be read."""


class CheckpointError(RuntimeError):
    """A checkpoint cannot be read or written, or belongs to another run. One sentence says which and what to do."""


class Checkpoints:
    """The checkpoints of one run, in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> list[Path]:
        """Complete checkpoints, oldest first."""
        return sorted(self.folder.glob("step-*.pt"))

    def save(self, state: dict[str, Any]) -> Path:
        """Write ``state`` (tensors and plain values, with its "step"), then drop all but the last two.

        Raises:
            CheckpointError: if the folder cannot be written; the earlier checkpoints stand.
        """
        path = self.folder / f"step-{state['step']:08d}.pt"
        try:
            write_atomically(path, lambda part: torch.save(state, part))
        except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
            raise CheckpointError(
                f"the checkpoint {path} could not be written ({_reason(error)}); earlier ones are intact"
            ) from error
        for old in self.paths()[:-KEPT]:
            old.unlink(missing_ok=True)
        return path

    def latest(self) -> dict[str, Any] | None:
        """The newest checkpoint's state, on the CPU, or None where there is none.

        Raises:
            CheckpointError: if it cannot be read.
        """
        paths = self.paths()
        if not paths:
            return None
        newest = paths[-1]
        try:
            return cast(dict[str, Any], torch.load(newest, map_location="cpu", weights_only=True))
        except (
            OSError,
            EOFError,
            RuntimeError,
            ValueError,
            KeyError,
            pickle.UnpicklingError,
            zipfile.BadZipFile,
        ) as error:
            way_out = f"to go on from {paths[-2].name}" if len(paths) > 1 else "to start anew"
            raise CheckpointError(
                f"the checkpoint {newest} cannot be read (it is truncated or not a checkpoint): delete it {way_out}"
            ) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip().split("\n")[0].rstrip(".")

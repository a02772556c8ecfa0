"""A run of the small recipe, and an empty folder to stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import ganbook


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "ring"
    done = ganbook("train", "ring", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

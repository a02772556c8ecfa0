"""``ganbook doctor``: kind where there is no network, and a status where an archive is lost."""

from __future__ import annotations

import json

import pytest

from ganbook import doctor
from ganbook.doctor import ARCHIVES, Found
from tests.cli.command import ganbook, one_sentence


def answers(monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    """Let every address answer the same."""
    found = [Found(archive, "host.example", says, "as told") for archive in ARCHIVES for _ in archive.remote.mirrors]
    monkeypatch.setattr(doctor, "archives_answer", lambda wait: iter(found))


def test_offline_nobody_is_asked_and_all_is_listed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "archives_answer", None)
    done = ganbook("doctor", "--offline")
    assert done.returncode == 0 and "no server was asked" in done.stdout
    assert all(archive.remote.name in done.stdout for archive in ARCHIVES)
    assert "torch" in done.stdout and "GB free" in done.stdout


def test_without_a_network_it_says_so_and_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch):
    answers(monkeypatch, "silent")
    done = ganbook("doctor")
    assert done.returncode == 0 and "this machine has no network, or keeps it from Python" in done.stdout
    assert done.stderr == ""


def test_a_lost_archive_is_a_failure(monkeypatch: pytest.MonkeyPatch):
    answers(monkeypatch, "gone")
    done = ganbook("doctor")
    assert done.returncode == 1 and one_sentence(done) == "ganbook: an archive is lost"
    assert "horse2zebra.zip of horse2zebra is lost, please open an issue" in done.stdout


def test_the_list_can_be_read_by_a_program(monkeypatch: pytest.MonkeyPatch):
    answers(monkeypatch, "there")
    done = ganbook("doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["well"] is True and found["said"] == []
    first = found["answers"][0]["archive"]["remote"]
    assert len(first["sha256"]) == 64 and first["mirrors"][0].startswith("https://")
    assert found["machine"]["budget"]

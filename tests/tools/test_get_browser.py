"""A machine without a browser gets one, in the first way that works; where none does, one line says how."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import browser
from repository import ROOT

SH = shutil.which("sh")
pytestmark = pytest.mark.skipif(SH is None, reason="the commands of this machine are shell scripts")
STARTS, LACKS_A_LIBRARY = "echo Chromium 1.0", "exit 127"


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{SH}\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A folder that is all of PATH, on a machine whose reader may install packages; Playwright's download fails."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("GANBOOK_BROWSER", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "python", "exit 1")))
    monkeypatch.setattr(browser, "_from_playwright", lambda: [str(tmp_path / "playwright/chrome")])
    return tmp_path


def apt(machine: Path, install: str) -> None:
    """An apt-get that notes what it is asked for."""
    log, chromium = machine / "apt.log", machine / "bin/chromium"
    made = f"if [ $1 = install ]; then {install}; fi".replace("CHROMIUM", str(chromium))
    program(machine / "bin/apt-get", f'echo "$1" >> {log}\n{made}')


WRITES = f"printf '#!{SH}\\n{STARTS}\\n' > CHROMIUM; {shutil.which('chmod')} +x CHROMIUM"


def test_what_is_here_is_used_and_nothing_is_fetched(machine, capfd):
    there = program(machine / "bin/chromium", STARTS)
    assert browser.get() == str(there)
    assert capfd.readouterr().out == ""


def test_playwright_is_asked_first(machine):
    fetched = machine / "playwright/chrome"
    fetched.parent.mkdir()
    program(machine / "python", WRITES.replace("CHROMIUM", str(fetched)))
    apt(machine, WRITES)
    assert browser.get() == str(fetched)
    assert not (machine / "apt.log").exists()


def test_where_playwright_fails_the_system_is_asked(machine):
    apt(machine, WRITES)
    assert browser.get() == str(machine / "bin/chromium")
    assert (machine / "apt.log").read_text().split() == ["update", "install"]


def test_a_browser_that_lacks_libraries_is_none(machine):
    program(machine / "playwright/chrome", LACKS_A_LIBRARY)
    apt(machine, WRITES)
    assert browser.get() == str(machine / "bin/chromium")


def test_packages_are_installed_by_those_only_who_may(machine, monkeypatch):
    apt(machine, WRITES)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert browser.get() is None
    assert not (machine / "apt.log").exists()


def test_where_all_fails_there_is_none(machine):
    apt(machine, "exit 100")
    assert browser.get() is None


def test_a_browser_that_was_chosen_is_not_replaced(machine, monkeypatch):
    apt(machine, WRITES)
    monkeypatch.setenv("GANBOOK_BROWSER", str(machine / "nowhere"))
    assert browser.get() is None
    assert not (machine / "apt.log").exists()


def test_one_line_says_how_to_get_one():
    environment = {**os.environ, "GANBOOK_BROWSER": "/nowhere"}
    command = [sys.executable, str(ROOT / "tools/browser.py"), "--get"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "apt-get install chromium" in done.stderr and "GANBOOK_BROWSER" in done.stderr

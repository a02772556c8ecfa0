"""The book is built once, at the smallest budget, for all tests of its pages."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock

from browser import ADVICE, browser
from pages import ROOT

OUTPUT = ROOT / "_build" / "test"


@dataclass(frozen=True)
class Build:
    status: int
    log: str
    html: Path

    def page(self, source: Path) -> Path:
        """The built page of a source file."""
        return (self.html / source.relative_to(ROOT)).with_suffix(".html")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """A folder of all workers of this run: what one has made there, the others need not make again."""
    folder = tmp_path_factory.getbasetemp().parent / f"ganbook-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def build(shared: Path) -> Build:
    """The build as it ended, well or not; of several workers one builds, and the others wait."""
    said = shared / "build.json"
    with FileLock(said.with_suffix(".lock")):
        if not said.is_file():
            command = [sys.executable, "tools/book.py", "--budget", "smoke", "--output", str(OUTPUT), "--whole"]
            ended = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            said.write_text(json.dumps([ended.returncode, ended.stdout]))
    return Build(*json.loads(said.read_text()), OUTPUT / "_build" / "html")


@pytest.fixture(scope="session")
def built(build: Build) -> Build:
    """A build that went well; the tests of its pages are skipped by failing once, in test_build."""
    if build.status != 0:
        pytest.fail("the book was not built: see test_build.py", pytrace=False)
    return build


@pytest.fixture(scope="session")
def soups(built: Build) -> dict[Path, BeautifulSoup]:
    """Every HTML file of the built book, parsed."""
    files = [path for path in sorted(built.html.rglob("*.html")) if "_static" not in path.parts]
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in files}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the Chromium that is here: Playwright's own download does not work on every network."""
    path = browser()
    if path is None:
        pytest.fail(ADVICE, pytrace=False)
    # The sandbox needs rights that a container does not give; the pages are our own. No host has an address, so that
    # what a page asks for is logged and never sent.
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
    return {**browser_type_launch_args, "executable_path": path, "args": arguments}

"""Find the Chromium that the tests of the pages drive, or get one.

python tools/browser.py          # prints its path, or says in one line how to get one and exits 1
python tools/browser.py --get    # where there is none, gets it from Playwright, else from the system's packages
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

ADVICE = (
    "The tests of the pages need Chromium: install it (Debian: apt-get install chromium; elsewhere:"
    " .venv/bin/playwright install chromium) or set GANBOOK_BROWSER to the path of Chromium or Chrome."
)
NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chrome")


def browser() -> str | None:
    """Path of a Chromium that starts: GANBOOK_BROWSER, else one on PATH, else the one Playwright fetched."""
    if chosen := os.environ.get("GANBOOK_BROWSER"):
        return chosen if starts(chosen) else None
    return next(filter(starts, [*filter(None, map(shutil.which, NAMES)), *_from_playwright()]), None)


def starts(path: str) -> bool:
    """Whether a browser runs here: one that was downloaded may lack libraries of the system."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _from_playwright() -> list[str]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    with sync_playwright() as playwright:
        return [playwright.chromium.executable_path]


def ways() -> list[list[list[str]]]:
    """How a Chromium may be had here, each way being commands; the system's packages only where we may install them."""
    found = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        install = ["apt-get", "install", "--yes", "-qq", "--no-install-recommends", "chromium"]
        found.append([["apt-get", "update", "-qq"], install])
    return found


def get() -> str | None:
    """Path of a Chromium, got where there is none; None where every way failed or GANBOOK_BROWSER is wrong."""
    path = browser()
    if path or os.environ.get("GANBOOK_BROWSER"):
        return path
    for commands in ways():
        for command in commands:
            print("getting a browser:", " ".join(command), flush=True)
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(command, env=environment, check=False)
        if path := browser():
            return path
    return None


if __name__ == "__main__":
    path = get() if sys.argv[1:] == ["--get"] else browser()
    print(path or ADVICE, file=sys.stdout if path else sys.stderr)
    sys.exit(0 if path else 1)

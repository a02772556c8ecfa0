"""Find the Chromium that the tests of the pages drive.

    python tools/browser.py    # prints its path, or says in one line how to get one and exits 1

Playwright's own download is not needed, and does not work on every network.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

ADVICE = (
    "The tests of the pages need Chromium: install it (Debian: apt-get install chromium; elsewhere:"
    " .venv/bin/playwright install chromium) or set GANBOOK_BROWSER to the path of Chromium or Chrome."
)


def browser() -> str | None:
    """Path of a Chromium: GANBOOK_BROWSER, one on PATH, or the one Playwright fetched."""
    if chosen := os.environ.get("GANBOOK_BROWSER"):
        return chosen if Path(chosen).is_file() else None
    for name in ("chromium", "google-chrome", "google-chrome-stable", "chrome"):
        if found := shutil.which(name):
            return found
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


if __name__ == "__main__":
    path = browser()
    print(path or ADVICE, file=sys.stdout if path else sys.stderr)
    sys.exit(0 if path else 1)

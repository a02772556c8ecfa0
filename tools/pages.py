"""The pages of the book, read from `_toc.yml`, and its settings, read from `_config.yml`.

Every tool and every test takes its list of pages from here, so that a page added to `_toc.yml` is built, run,
timed and tested, and a page left out of it is found out.

    python tools/pages.py                # every page, in reading order
    python tools/pages.py --notebooks    # only those with code
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from repository import ROOT


def config(root: Path = ROOT) -> dict[str, Any]:
    """The book's settings, `_config.yml`."""
    loaded: dict[str, Any] = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return loaded


def _toc(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return loaded


def pages(root: Path = ROOT) -> list[Path]:
    """Files of all pages in reading order.

    Raises:
        FileNotFoundError: `_toc.yml` names a page that is neither a notebook nor a Markdown file.
    """
    return [_file(root, entry) for entry in _entries(_toc(root))]


def notebooks(root: Path = ROOT) -> list[Path]:
    """The pages that hold code, in reading order."""
    return [page for page in pages(root) if page.suffix == ".ipynb"]


def parts(root: Path = ROOT) -> dict[Path, str]:
    """Captions of the book's parts, by the page that each begins with."""
    return {_file(root, next(_entries(part))): part["caption"] for part in _toc(root)["parts"]}


def sections(root: Path = ROOT) -> set[Path]:
    """The pages that stand below a chapter, such as the solutions of its exercises."""
    chapters = [chapter for part in _toc(root)["parts"] for chapter in part["chapters"]]
    return {_file(root, entry) for chapter in chapters for entry in _entries(chapter.get("sections"))}


def name(page: Path, root: Path = ROOT) -> str:
    """What a page is called in setup cells and timings: `game/two_players` for book/game/two_players.ipynb."""
    return page.resolve().relative_to((root / "book").resolve()).with_suffix("").as_posix()


def _entries(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _entries(item)
    elif isinstance(node, dict):
        for key in ("root", "file"):
            if key in node:
                yield node[key]
        for key in ("parts", "chapters", "subtrees", "sections", "entries"):
            yield from _entries(node.get(key))


def _file(root: Path, entry: str) -> Path:
    for suffix in ("", ".ipynb", ".md"):
        if (path := root / f"{entry}{suffix}").is_file():
            return path
    raise FileNotFoundError(f"_toc.yml names {entry}, but there is no {entry}.ipynb and no {entry}.md")


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the pages of the book, in reading order.")
    parser.add_argument("--notebooks", action="store_true", help="only those with code")
    arguments = parser.parse_args()
    for page in notebooks() if arguments.notebooks else pages():
        print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()

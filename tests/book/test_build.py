"""The book builds without a warning, and the tool that builds it cannot be fooled."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

import book
from pages import ROOT, pages


def test_the_book_builds_without_a_warning(build):
    assert build.status == 0, build.log[-6000:]


def test_every_page_is_built(built):
    missing = [str(page.relative_to(ROOT)) for page in pages() if not built.page(page).is_file()]
    assert missing == []


def test_every_notebook_on_the_pages_was_executed(built):
    """Pages made from notebooks that did not run would show code without outputs."""
    database = built.html.parent / ".jupyter_cache"
    import jupyter_cache

    cache = jupyter_cache.get_cache(str(database))
    for page in pages():
        if page.suffix == ".ipynb":
            cache.match_cache_notebook(nbformat.read(page, as_version=4))  # raises KeyError where it is missing


def test_no_page_prints_where_an_object_lies(built):
    """A call that ends a cell shows what it returned: "<matplotlib.legend.Legend at 0x7f…>" tells a reader nothing."""
    told = [page for page in pages() if re.search(r"&lt;[\w.]+ at 0x[0-9a-f]+", built.page(page).read_text("utf-8"))]
    assert [str(page.relative_to(ROOT)) for page in told] == []


def test_no_notebook_is_executed_twice(built):
    """The build finds in its cache what tools/book.py put there."""
    assert "Executing notebook" not in built.log


def small_book(folder: Path, cell: str, text: str) -> Path:
    folder.mkdir()
    (folder / "_config.yml").write_text(
        "execute: {execute_notebooks: cache, timeout: 60}\nonly_build_toc_files: true\n"
    )
    (folder / "_toc.yml").write_text("{format: jb-book, root: page}\n")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(cell)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, folder / "page.ipynb")
    return folder


@pytest.mark.parametrize(
    ("cell", "text", "fails"),
    [
        ("1 + 1", "# A sound page", False),
        ("1 / 0", "# A page whose code crashes", True),
        ("1 + 1", "# A page with a dangling {ref}`nowhere`", True),
    ],
    ids=["sound", "crashing", "dangling"],
)
def test_a_page_that_is_broken_fails_the_build(tmp_path, cell, text, fails):
    root = small_book(tmp_path / "book", cell, text)
    assert (book.build(root, root) != 0) is fails


@pytest.mark.parametrize(
    ("change", "again"), [("prose", False), ("settings", True), ("failed", True)], ids=["prose", "settings", "failed"]
)
def test_only_pages_that_changed_are_made_again(tmp_path, monkeypatch, change, again):
    root = small_book(tmp_path / "book", "1 + 1", "# A page")
    commands, status = [], 0

    class Done:
        @property
        def returncode(self):
            return status

    monkeypatch.setattr(book, "fill", lambda *_: [])
    monkeypatch.setattr(book.subprocess, "run", lambda command, **_: commands.append(command) or Done())
    assert book.build(root, root, whole=False) == 0
    if change == "prose":
        (root / "page.ipynb").write_text((root / "page.ipynb").read_text().replace("A page", "Another page"))
    if change == "settings":
        (root / "_config.yml").write_text((root / "_config.yml").read_text() + "title: another\n")
    if change == "failed":
        status = 1
        book.build(root, root, whole=False)
    book.build(root, root, whole=False)
    assert "--all" in commands[0]
    assert ("--all" in commands[-1]) is again
    book.build(root, root)
    assert "--all" in commands[-1]


def test_the_cache_is_emptied_when_the_library_changed(tmp_path):
    (tmp_path / "ganbook").mkdir()
    source = tmp_path / "ganbook" / "losses.py"
    source.write_text("a = 1\n")
    before = book.fingerprint(tmp_path, "smoke")
    assert before == book.fingerprint(tmp_path, "smoke")
    assert before != book.fingerprint(tmp_path, "laptop")
    source.write_text("a = 2\n")
    after = book.fingerprint(tmp_path, "smoke")
    assert before != after

    build = tmp_path / "_build"
    book.open_cache(build, before)
    kept = build / "made from the old library"
    kept.touch()
    book.open_cache(build, before)
    assert kept.exists()
    book.open_cache(build, after)
    assert not kept.exists()


def test_the_search_index_knows_the_pages(built):
    index = (built.html / "searchindex.js").read_text(encoding="utf-8")
    known = json.loads(index[index.index("{") : index.rindex("}") + 1])["docnames"]
    assert {page.relative_to(ROOT).with_suffix("").as_posix() for page in pages()} <= set(known)

"""Every page that is read from top to bottom says in one form what it is for, what it needs and how long it takes."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from pages import name, pages

# Pages that are looked up rather than read, and the landing page.
LOOKED_UP = re.compile(r"index|reference/.*")
CHAPTER = re.compile(r"(game|images|control)/\w+")
QUESTION, OBJECTIVES, CAN = "**Question.**", "**Objectives.**", "After this page you can"
BEFORE, TIME = "**Before this page:**", "**Expected time:**"
# What machines take is measured and said by a cell; only what readers take is in words.
MACHINES_SAY = re.compile(
    r"the\s+(cell\s+that\s+follows|first\s+cell\s+of\s+code)\s+says\s+how\s+long\s+(the\s+code|it)\s+runs"
)
READ = [page for page in pages() if not LOOKED_UP.fullmatch(name(page))]


def front(page: Path) -> str:
    """What stands above the first section, of a notebook its first cell."""
    if page.suffix == ".ipynb":
        source: str = nbformat.read(page, as_version=4).cells[0].source
        return source
    return page.read_text(encoding="utf-8").partition("\n## ")[0]


def faults(text: str, page: str, is_notebook: bool) -> list[str]:
    """What the front of a page lacks, in the order in which it must stand there."""
    marks = [OBJECTIVES, BEFORE, TIME]
    if is_notebook and CHAPTER.fullmatch(page):
        marks = [QUESTION, f"{OBJECTIVES} {CAN}\n\n- ", BEFORE, TIME]
    found = [f"{mark!r} stands there {text.count(mark)} times" for mark in marks if text.count(mark) != 1]
    if not found and sorted(marks, key=text.index) != marks:
        found.append("another order")
    if is_notebook and not MACHINES_SAY.search(text):
        found.append("not said where the code's time stands")
    return found


@pytest.mark.parametrize("source", READ, ids=name)
def test_a_page_says_what_it_is_for_what_it_needs_and_how_long_it_takes(source):
    assert faults(front(source), name(source), source.suffix == ".ipynb") == []


def test_pages_of_every_kind_are_looked_at():
    kinds = {name(page).split("/")[0] for page in READ}
    assert {"start", "game", "images", "control", "exercises"} <= kinds
    assert sum(bool(CHAPTER.fullmatch(name(page))) and page.suffix == ".ipynb" for page in READ) == 14


CODE = "the cell that follows says how long the code runs"
GOOD = f"{QUESTION} a\n\n{OBJECTIVES} {CAN}\n\n- b\n\n{BEFORE} c. {TIME} d; {CODE}."


@pytest.mark.parametrize(
    ("there", "instead", "fault"),
    [
        ("", "", None),
        (f"{OBJECTIVES} {CAN}", "After this chapter you can", "Objectives"),
        (TIME, "Time:", "Expected time"),
        (f"{BEFORE} c. {TIME} d;", f"{TIME} d {BEFORE} c;", "another order"),
        (CODE, "training takes three minutes", "the code's time"),
    ],
)
def test_another_form_would_be_seen(there, instead, fault):
    found = faults(GOOD.replace(there, instead), "game/minimax", is_notebook=True)
    assert any(fault in one for one in found) if fault else found == []


def test_every_page_leads_on_and_back_and_can_be_downloaded(soups, built):
    """Previous and next page by the theme, and the page's source by a button."""
    order, wrong = [built.page(page) for page in pages()], []
    for index, page in enumerate(order):
        soup = soups[page]
        for step, rel in ((-1, "prev"), (1, "next")):
            link = soup.select_one(f"a.{'left' if rel == 'prev' else 'right'}-{rel}[href]")
            target = order[index + step] if 0 <= index + step < len(order) else None
            if (target is None) != (link is None) or (link and (page.parent / link["href"]).resolve() != target):
                wrong.append(f"{page.relative_to(built.html)}: {rel}")
        sources = {a["href"] for a in soup.select("a.btn-download-source-button[href]")}
        if not any((page.parent / source).resolve().is_file() for source in sources):
            wrong.append(f"{page.relative_to(built.html)}: download")
    assert wrong == []

"""How much a chapter is over the wire, and how soon it is seen."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest

from pages import name, pages

CHAPTERS = [
    page for page in pages() if re.fullmatch(r"(game|images|control)/\w+", name(page)) and page.suffix == ".ipynb"
]
HEAVIEST = 2.5e6  # bytes, compressed as a server does, of a page and all that it loads until a reader asks for a model
FIRST_PAINT = 1000  # milliseconds
PATIENCE = 120_000  # milliseconds: the machine may be busy, the page's own clock decides


@cache
def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 6))


def loaded(context, address: Path) -> set[Path]:
    """The files that a page asks for by itself."""
    page, asked = context.new_page(), set()
    page.on("request", lambda request: asked.add(request.url.partition("?")[0]))
    page.goto(address.as_uri())
    page.wait_for_load_state("networkidle")
    page.close()
    return {Path(url.removeprefix("file://")) for url in asked if url.startswith("file:")}


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.mark.parametrize("source", CHAPTERS, ids=name)
def test_a_chapter_is_light(built, context, source):
    files = loaded(context, built.page(source))
    assert len(files) > 10
    weights = sorted(((compressed(file), file.name) for file in files), reverse=True)
    assert sum(weight for weight, _ in weights) <= HEAVIEST, weights[:6]


def test_a_chapter_is_seen_within_a_second(built, context):
    times = []
    for _ in range(3):
        page = context.new_page()
        page.goto(built.page(CHAPTERS[1]).as_uri())
        page.wait_for_function("performance.getEntriesByName('first-paint').length")
        times.append(page.evaluate("performance.getEntriesByName('first-paint')[0].startTime"))
        page.close()
    assert min(times) <= FIRST_PAINT

"""Code of the library that a chapter shows is highlighted like the chapter's own, and can be copied."""

from __future__ import annotations

import nbformat
import pytest

from pages import notebooks

SHOWN = "ganbook.show_source("
WIDEST_LINE = 88  # columns, those of book/ruff.toml


def cells(path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


SHOWING = [path for path in notebooks() if any(SHOWN in cell for cell in cells(path))]


def test_no_page_prints_a_source():
    assert [path.name for path in notebooks() for cell in cells(path) if "print(inspect.getsource" in cell] == []
    assert len(SHOWING) >= 10


@pytest.mark.parametrize("path", SHOWING, ids=lambda path: path.stem)
def test_a_source_is_highlighted_where_it_is_shown(soups, built, path):
    outputs = soups[built.page(path)].select("div.cell_output div.highlight-python pre")
    assert len(outputs) == sum(SHOWN in cell for cell in cells(path))
    assert all(output.select("span.k, span.kn") for output in outputs)


@pytest.mark.parametrize("path", SHOWING, ids=lambda path: path.stem)
def test_a_source_fits_the_page(soups, built, path):
    shown = soups[built.page(path)].select("div.cell_output div.highlight-python pre")
    assert [line for code in shown for line in code.get_text().splitlines() if len(line) > WIDEST_LINE] == []


def test_a_source_can_be_copied(built, browser):
    page = browser.new_page()
    page.goto(built.page(SHOWING[0]).as_uri())
    page.locator("div.cell_output div.highlight-python button.copybtn").first.wait_for(state="attached")
    page.close()

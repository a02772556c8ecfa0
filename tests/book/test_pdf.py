"""The printable edition, of two pages: contents, numbers, bookmarks, and links that lead inside."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from pypdf import PdfReader

import pdf
from pages import ROOT

PAGES = [ROOT / "book/game/minimax.ipynb", ROOT / "book/reference/notation.md"]


@pytest.fixture(scope="module")
def printed(built, tmp_path_factory) -> PdfReader:
    file = tmp_path_factory.mktemp("pdf") / "book.pdf"
    # Playwright allows one loop in a process, and the tests of pages have it.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        sheets = process.submit(pdf.bind, built.html, PAGES, file).result()
    assert file.stat().st_size < 5e6
    reader = PdfReader(file)
    assert len(reader.pages) == sheets > 20
    return reader


def test_contents_and_bookmarks_name_the_sheets_on_which_pages_begin(printed):
    contents = printed.pages[1].extract_text()
    for entry in printed.outline:
        number = printed.get_destination_page_number(entry)
        assert any(line.startswith(entry.title) and line.endswith(str(number + 1)) for line in contents.splitlines())
        assert entry.title.split(". ")[-1] in " ".join(printed.pages[number].extract_text().split())
    assert len(printed.outline) == len(PAGES)


def test_every_sheet_has_its_number_and_a_text(printed):
    for number, sheet in enumerate(printed.pages, start=1):
        words = sheet.extract_text().split()
        assert words[-1] == str(number)
        assert len(words) > 3


def test_links_between_pages_of_the_book_lead_inside_and_none_to_a_file(printed):
    links = [link.get_object() for sheet in printed.pages for link in sheet.get("/Annots", [])]
    addresses = [str(link["/A"]["/URI"]) for link in links if "/URI" in link.get("/A", {})]
    assert not [address for address in addresses if address.startswith("file:")]
    inside = [link["/Dest"][0] for link in links if isinstance(link.get("/Dest"), list)]
    notation = printed.pages[printed.get_destination_page_number(printed.outline[1])]
    assert notation.indirect_reference in inside


def test_code_that_the_page_folds_is_printed(printed):
    text = " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())
    assert "def update_D" in text or "plots.figure(" in text

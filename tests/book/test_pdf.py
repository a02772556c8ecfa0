"""The printable edition, of three pages: contents, numbers, bookmarks, links that lead inside, and nothing cut off."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from pypdf import PdfReader

import paper
import pdf
from pages import ROOT

PAGES = [ROOT / "book/game/minimax.ipynb", ROOT / "book/game/playground.md", ROOT / "book/reference/notation.md"]
PARTS = ["In your browser", "Reference"]  # those that begin with one of them
#: Where the widest formula and the widest table are.
WIDE = [ROOT / "book/control/cyclegan.ipynb", ROOT / "book/control/standing.ipynb"]
TOO_WIDE = """[...document.querySelectorAll('article :is(table, mjx-container[display] > svg)')]
.map((one) => [one.getBoundingClientRect().right, document.querySelector('article').getBoundingClientRect().right])
.filter(([right, room]) => right > room + 1)"""


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


def flat(outline: list) -> list:
    return [entry for item in outline for entry in (flat(item) if isinstance(item, list) else [item])]


def test_contents_and_bookmarks_name_the_sheets_on_which_pages_begin(printed):
    contents = printed.pages[1].extract_text()
    assert [entry.title for entry in printed.outline if not isinstance(entry, list) and entry.title in PARTS] == PARTS
    entries = [entry for entry in flat(printed.outline) if entry.title not in PARTS]
    for entry in entries:
        number = printed.get_destination_page_number(entry)
        assert any(line.startswith(entry.title) and line.endswith(str(number + 1)) for line in contents.splitlines())
        assert entry.title.split(". ")[-1] in " ".join(printed.pages[number].extract_text().split())
    assert len(entries) == len(PAGES)
    assert all(part in contents.splitlines() for part in PARTS)


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
    notation = printed.pages[printed.get_destination_page_number(flat(printed.outline)[-1])]
    assert notation.indirect_reference in inside


def test_code_that_the_page_folds_is_printed(printed):
    text = " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())
    assert "def update_D" in text or "plots.figure(" in text


def test_paper_has_nothing_to_press(printed):
    text = " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())
    for label in ("Hide code cell source", "Click to hide", "Copy a link", "New start", "file:"):
        assert label not in text


def test_a_game_is_pictured_in_mid_play(printed):
    entry = next(entry for entry in flat(printed.outline) if entry.title == "Playground")
    sheet = printed.pages[printed.get_destination_page_number(entry)]
    words = sheet.extract_text().split()
    assert int(words[words.index("Round") + 1]) >= paper.ROUNDS


@pytest.mark.parametrize("source", WIDE, ids=lambda path: path.stem)
def test_no_table_and_no_formula_is_cut_off(built, browser, source):
    tab = browser.new_page(viewport={"width": paper.WIDTH, "height": 1400})
    tab.emulate_media(media="print")
    paper.open_page(tab, built.page(source), pdf.STYLE)
    assert tab.locator("article :is(table, mjx-container[display] > svg)").count() > 0
    assert tab.evaluate(TOO_WIDE) == []
    tab.close()

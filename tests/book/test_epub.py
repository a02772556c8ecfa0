"""The EPUB, of four pages: a sound package of well-formed pages with formulae, pictures and links, and no script."""

from __future__ import annotations

import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import PurePosixPath
from xml.etree import ElementTree

import pytest

import epub
from pages import ROOT

PAGES = [
    ROOT / f"book/{name}"
    for name in ("game/saturation.ipynb", "control/cyclegan.ipynb", "reference/glossary.md", "reference/api/data.md")
]
PACKAGE = {"p": "http://www.idpf.org/2007/opf"}
HTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}math"
SVG = "{http://www.w3.org/2000/svg}svg"


@pytest.fixture(scope="module")
def bound(built, tmp_path_factory) -> zipfile.ZipFile:
    file = tmp_path_factory.mktemp("epub") / "book.epub"
    # Playwright allows one loop in a process, and the tests of pages have it.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        files = process.submit(epub.bind, built.html, PAGES, file).result()
    archive = zipfile.ZipFile(file)
    assert len(archive.namelist()) == files + 2
    return archive


@pytest.fixture(scope="module")
def chapters(bound) -> dict[str, ElementTree.Element]:
    """Every page, parsed, which it is only where it is well formed."""
    return {name: ElementTree.fromstring(bound.read(name)) for name in bound.namelist() if name.endswith(".xhtml")}


def test_the_package_names_every_file_once_and_reads_the_pages_in_order(bound):
    first = bound.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert bound.read("mimetype") == b"application/epub+zip"
    assert b'full-path="book/book.opf"' in bound.read("META-INF/container.xml")
    package = ElementTree.fromstring(bound.read("book/book.opf"))
    items = {item.get("id"): item for item in package.iterfind(".//p:item", PACKAGE)}
    named = sorted(f"book/{item.get('href')}" for item in items.values())
    assert named == sorted(set(bound.namelist()) - {"mimetype", "META-INF/container.xml", "book/book.opf"})
    order = [items[reference.get("idref")].get("href") for reference in package.iterfind(".//p:itemref", PACKAGE)]
    assert [PurePosixPath(name).stem for name in order] == ["nav", *(path.stem for path in map(named_after, PAGES))]


def named_after(page) -> PurePosixPath:
    return PurePosixPath(page.relative_to(ROOT / "book").as_posix().replace("/", "-"))


def test_formulae_are_mathml_and_explorers_pictures_and_nothing_runs(chapters):
    tags = {name: [element.tag for element in page.iter()] for name, page in chapters.items()}
    assert tags["book/game-saturation.xhtml"].count(MATH) > 50
    assert SVG in tags["book/game-saturation.xhtml"]
    used = {tag.removeprefix(HTML) for names in tags.values() for tag in names}
    assert not used & {"script", "canvas", "button", "input", "select", "iframe", "mjx-container"}
    assert "\\(" not in "".join(chapters["book/game-saturation.xhtml"].itertext())
    drawn = [image for image in chapters["book/game-saturation.xhtml"].iter(f"{HTML}img") if image.get("alt")]
    assert any("round" in image.get("alt") for image in drawn)  # the game, in mid play


def test_every_link_and_picture_leads_somewhere(bound, chapters):
    files, ids = set(bound.namelist()), {name: {e.get("id") for e in page.iter()} for name, page in chapters.items()}
    links = [
        (name, element.get(attribute))
        for name, page in chapters.items()
        for element in page.iter()
        for attribute in ("href", "src")
        if element.get(attribute)
    ]
    assert ("book/game-saturation.xhtml", "reference-glossary.xhtml#term-discriminator") in links
    for name, link in links:
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, fragment = link.partition("#")
        target = f"book/{path}" if path else name
        assert target in files, (name, link)
        assert not fragment or fragment in ids[target], (name, link)

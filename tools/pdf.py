"""Print the built book: one PDF of all pages, with contents, page numbers, bookmarks and working links.

    python tools/pdf.py [--html _build/html] [--output _build/ganbook.pdf] [PAGE …]

The pages are those that `make book` made, printed one by one by Chromium and put together in the order of `_toc.yml`.
A link to a page of the book leads to its place in the PDF; other links stay what they are.
"""

from __future__ import annotations

import io
import sys
from html import escape
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject, NumberObject

from pages import config, parts, sections
from paper import asked, built_pages, chromium, open_page

MARGINS = {"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
# Sheets divide what is long: boxes that scroll, or lay their content out in a line, could not be divided. A cell of up
# to fifteen lines stays whole. MathJax draws outlines of width 0, which print as hairlines.
STYLE = """
@page { size: A4 }
.bd-header, .bd-header-article, .bd-sidebar, .bd-sidebar-primary, .bd-sidebar-secondary, .prev-next-footer, .bd-footer,
#jb-print-toc { display: none !important }
.bd-main .bd-content .bd-article-container { max-width: none !important; padding: 0 !important }
.bd-article, .bd-container, .bd-container__inner { padding: 0 !important; margin: 0 !important }
pre, div.highlight, .cell_output, .output, .cell_input, div.math, mjx-container,
.pst-scrollable-table-container, [style*="overflow-x"] { overflow: visible !important }
.cell_input, .output, div[class*="highlight"] { display: block !important; break-inside: auto !important }
pre { white-space: pre-wrap !important; break-inside: auto !important; orphans: 8; widows: 8 }
mjx-container[display="true"] > svg { max-width: 100%; height: auto }
* { animation: none !important; transition: none !important }
details * { opacity: 1 !important }
table:has(tr:nth-child(9)) { break-inside: auto !important }
tr:nth-child(-n+3) { break-after: avoid } tr:nth-last-child(-n+3) { break-before: avoid }
table.ganbook-claims td:nth-child(n+2):nth-child(-n+4) { white-space: nowrap }
table.measured { font-size: 0.75em } table.measured :is(td, th) { padding: 2px 6px }
img, svg, canvas, tr, .ganbook-card { break-inside: avoid }
h1, h2, h3, h4, .sig { break-after: avoid }
mjx-container [stroke-width="0"] { stroke: none }
"""
SCALE = 0.8
LARGEST = 40  # MB
CONTENTS = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
body {{ font: 11pt/1.35 sans-serif }} h1 {{ font-size: 26pt; margin: 30% 0 0 }} h2 {{ break-before: page }}
ol {{ list-style: none; padding: 0 }} li {{ display: flex; gap: 0.5em }} li.below {{ padding-left: 1.5em }}
li.part {{ font-weight: bold; margin-top: 0.6em; break-after: avoid }}
li i {{ flex: 1; border-bottom: 1px dotted #888; margin-bottom: 0.4em }} a {{ color: inherit; text-decoration: none }}
</style><h1>{title}</h1><p>{about}</p><p>{author}, {year}</p><h2>Contents</h2><ol>{lines}</ol></html>"""

NUMBERS = """
@page { size: A4; margin: 0 } body { margin: 0 } div { height: 296mm; position: relative; break-after: page }
p { position: absolute; bottom: 8mm; width: 100%; margin: 0; text-align: center; font: 9pt sans-serif }
"""


def print_page(tab: Any, path: Path) -> tuple[str, PdfReader]:
    """Title and PDF of a built page."""
    title = open_page(tab, path, STYLE)
    return title, read(tab.pdf(format="A4", scale=SCALE, print_background=True, margin=MARGINS))


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def contents(tab: Any, sources: list[Path], built: list[Path], titles: list[str], starts: list[int]) -> PdfReader:
    """Cover and contents, of pages that begin on the sheets ``starts``, the first being 0."""
    captions, below = parts(), sections()
    lines = "".join(
        (f'<li class="part">{escape(captions[source])}</li>' if source in captions else "")
        + f'<li class="{"below" if source in below else ""}"><a href="{path.as_uri()}">{escape(title)}</a><i></i>'
        f"{sheet + 1}</li>"
        for source, path, title, sheet in zip(sources, built, titles, starts, strict=True)
    )
    known = config()
    tab.set_content(
        CONTENTS.format(
            title=known["title"], about=escape(titles[0]), author=known["author"], year=known["copyright"], lines=lines
        )
    )
    return read(tab.pdf(format="A4", margin=MARGINS))


def numbers(tab: Any, last: int) -> PdfReader:
    """Empty sheets with their numbers at the foot, to be laid over the book's."""
    sheets = "".join(f"<div><p>{number}</p></div>" for number in range(1, last + 1))
    tab.set_content(f"<style>{NUMBERS}</style>{sheets}")
    return read(tab.pdf(prefer_css_page_size=True))


def bind(html: Path, sources: list[Path], output: Path) -> int:
    """Write the PDF of the built ``sources``; returns the number of its sheets."""
    built = built_pages(html, sources)
    with chromium() as tab:
        printed = [print_page(tab, path) for path in built]
        titles = [title for title, _ in printed]
        front = contents(tab, sources, built, titles, [0] * len(built))
        starts = [*accumulate((len(reader.pages) for _, reader in printed), initial=len(front.pages))]
        front = contents(tab, sources, built, titles, starts[:-1])
        feet = numbers(tab, starts[-1])
    writer, captions, below = PdfWriter(), parts(), sections()
    for reader in (front, *(reader for _, reader in printed)):
        writer.append(reader, import_outline=False)
    part = chapter = None
    for source, title, start in zip(sources, titles, starts, strict=False):
        if source in captions:
            part = writer.add_outline_item(title=captions[source], page_number=start, is_open=False)
        parent = chapter if source in below else part
        entry = writer.add_outline_item(title=title, page_number=start, parent=parent)
        chapter = chapter if source in below else entry
    for sheet, foot in zip(writer.pages, feet.pages, strict=False):
        sheet.merge_page(foot)
    lead_inside(writer, dict(zip(built, starts, strict=False)))
    for sheet in writer.pages:
        sheet.compress_content_streams()
    writer.compress_identical_objects()
    writer.add_metadata({"/Title": str(config()["title"]), "/Author": str(config()["author"])})
    output.parent.mkdir(parents=True, exist_ok=True)
    writer.write(output)
    return starts[-1]


def lead_inside(writer: PdfWriter, starts: dict[Path, int]) -> None:
    """Links to pages of the book, which Chromium prints as addresses of files, lead to their first sheets."""
    for sheet in writer.pages:
        for annotation in [entry.get_object() for entry in sheet.get("/Annots", [])]:
            address = urlsplit(str(annotation.get("/A", {}).get("/URI", "")))
            if address.scheme != "file":
                continue
            del annotation["/A"]
            target = starts.get(Path(unquote(address.path)))
            if target is not None:
                top = [NameObject("/FitH"), NumberObject(842)]
                annotation[NameObject("/Dest")] = ArrayObject([writer.pages[target].indirect_reference, *top])


def main() -> None:
    html, sources, output = asked("Print the built book as one PDF.", ".pdf")
    sheets = bind(html, sources, output)
    size = output.stat().st_size / 1e6
    print(f"{output}: {sheets} pages, {size:.1f} MB")
    if size > LARGEST:
        sys.exit(f"the PDF is larger than {LARGEST} MB")


if __name__ == "__main__":
    main()

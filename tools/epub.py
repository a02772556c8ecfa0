"""Bind the built book as an EPUB 3: its pages as XHTML, formulae as MathML, explorers and games as pictures, no script.

    python tools/epub.py [--html _build/html] [--output _build/ganbook.epub] [PAGE …]

The pages are those that `make book` made. Chromium draws each one as for paper and writes down what is left of the
article. A link to a page of the book leads inside, one to another file of the site to the site.
"""

from __future__ import annotations

import json
import re
import uuid
import zipfile
from base64 import b64decode
from datetime import UTC, datetime
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pygments.formatters import HtmlFormatter

from pages import ROOT, config, parts
from paper import SCREEN_ONLY, asked, built_pages, chromium, open_page

TYPES = {".webp": "image/webp", ".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg"}
GONE = f"{SCREEN_ONLY}, script, style, noscript, button, input, select, label, .gp-bar"
# A copy of a canvas would be empty, and so it becomes a picture first. Links become whole, for inside() to tell them.
ARTICLE = f"""() => {{
  const shown = document.querySelector('article');
  for (const canvas of shown.querySelectorAll('canvas')) {{
    const alt = canvas.getAttribute('aria-label') ?? '';
    canvas.replaceWith(Object.assign(new Image(), {{ src: canvas.toDataURL(), alt }}));
  }}
  for (const {{ typesetRoot, root }} of globalThis.MathJax?.startup?.document?.math ?? [])
    typesetRoot.outerHTML = MathJax.startup.toMML(root);
  for (const one of shown.querySelectorAll({json.dumps(GONE)})) one.remove();
  for (const one of shown.querySelectorAll('details:not(:has(> summary))')) one.replaceWith(...one.childNodes);
  for (const link of shown.querySelectorAll('a[href]')) link.setAttribute('href', link.href);
  for (const picture of shown.querySelectorAll('img')) picture.setAttribute('src', picture.src);
  for (const one of shown.querySelectorAll('*'))
    for (const {{ name }} of [...one.attributes])
      if (/^(data-|on|style$|tabindex$|role$)/.test(name) && !one.closest('svg')) one.removeAttribute(name);
  return new XMLSerializer().serializeToString(shown);
}}"""
LINK = re.compile(r'\b(href|src)="((?:file|data):[^"]*)"')
COLOUR = re.compile(r"var\(--[\w-]+,\s*(#\w+)\)")  # not every reader knows variables
STYLE = """
body { line-height: 1.45 } img, svg { max-width: 100%; height: auto }
pre { white-space: pre-wrap; font-size: 0.8em; padding: 0.5em } code { font-size: 0.9em }
table { border-collapse: collapse; font-size: 0.85em } td, th { border: 1px solid #bbb; padding: 0.15em 0.4em }
.admonition, details { border-left: 4px solid #0072b2; padding: 0.1em 0.8em; margin: 1em 0 }
.admonition-title, summary { font-weight: bold }
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="book.css"/></head>
<body>{body}</body></html>"""
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:uuid:{id}</dc:identifier>
<dc:title>{title}</dc:title><dc:language>en</dc:language><dc:creator>{author}</dc:creator>
<meta property="dcterms:modified">{now}</meta></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="book.css" media-type="text/css"/>{items}</manifest>
<spine><itemref idref="nav"/>{spine}</spine></package>"""


def draw(tab: Any, path: Path) -> tuple[str, str]:
    """Title and article of a built page, as XHTML with whole addresses."""
    title = open_page(tab, path)
    return title, COLOUR.sub(r"\1", tab.evaluate(ARTICLE))


def inside(
    body: str, html: Path, chapters: dict[Path, str], ids: dict[str, set[str]], pictures: dict[str, bytes]
) -> str:
    """``body`` with links to ``chapters`` of the book and to ``pictures``, to which it adds its own."""

    def lead(link: re.Match[str]) -> str:
        attribute, address = link[1], unescape(link[2])
        scheme, _, path, _, fragment = urlsplit(address)
        file = Path(unquote(path))
        if scheme == "data":
            kind, _, content = path.partition(",")
            name = f"{uuid.uuid5(uuid.NAMESPACE_URL, content)}.{kind.partition(';')[0].partition('/')[2]}"
            pictures[name] = b64decode(content)
        elif attribute == "src":
            name = file.name
            pictures[name] = file.read_bytes()
        elif file in chapters:
            name = chapters[file] + (f"#{fragment}" if unquote(fragment) in ids[chapters[file]] else "")
        else:
            name = f"{config()['html']['baseurl']}/{file.relative_to(html).as_posix()}" + (
                f"#{fragment}" if fragment else ""
            )
        return f'{attribute}="{escape(name)}"'

    return LINK.sub(lead, body)


def navigation(sources: list[Path], names: list[str], titles: list[str]) -> str:
    """The table of contents: a list of parts, each with its pages."""
    captions, lists = parts(), [("", [])]
    for source, name, title in zip(sources, names, titles, strict=True):
        if source in captions:
            lists.append((captions[source], []))
        lists[-1][1].append(f'<li><a href="{name}">{escape(title)}</a></li>')
    entries = (
        f"<li><span>{escape(caption)}</span><ol>{''.join(lines)}</ol></li>" if caption else "".join(lines)
        for caption, lines in lists
    )
    return f'<nav epub:type="toc"><h1>Contents</h1><ol>{"".join(entries)}</ol></nav>'


def item(number: int, name: str, content: str | bytes) -> str:
    """The manifest's line on a file."""
    media = TYPES.get(Path(name).suffix, "application/xhtml+xml")
    uses = [use for use, mark in (("mathml", "<math"), ("svg", "<svg")) if isinstance(content, str) and mark in content]
    properties = f' properties="{" ".join(uses)}"' if uses else ""
    return f'<item id="f{number}" href="{name}" media-type="{media}"{properties}/>'


def bind(html: Path, sources: list[Path], output: Path) -> int:
    """Write the EPUB of the built ``sources``; returns the number of its files."""
    built = built_pages(html, sources)
    names = [
        f"{source.relative_to(ROOT / 'book').with_suffix('').as_posix().replace('/', '-')}.xhtml" for source in sources
    ]
    with chromium() as tab:
        titles, bodies = zip(*[draw(tab, path) for path in built], strict=True)
    ids = {name: set(re.findall(r'\bid="([^"]+)"', body)) for name, body in zip(names, bodies, strict=True)}
    chapters, pictures = dict(zip(built, names, strict=True)), {}
    files: dict[str, str | bytes] = {
        name: PAGE.format(title=escape(title), body=inside(body, html, chapters, ids, pictures))
        for name, title, body in zip(names, titles, bodies, strict=True)
    }
    files |= pictures
    known = config()
    package = PACKAGE.format(
        id=uuid.uuid5(uuid.NAMESPACE_URL, known["html"]["baseurl"]),
        title=escape(known["title"]),
        author=escape(known["author"]),
        now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        items="".join(item(number, name, content) for number, (name, content) in enumerate(files.items())),
        spine="".join(f'<itemref idref="f{number}"/>' for number in range(len(names))),
    )
    files |= {
        "book.opf": package,
        "nav.xhtml": PAGE.format(title="Contents", body=navigation(sources, names, list(titles))),
        "book.css": STYLE + HtmlFormatter().get_style_defs(".highlight"),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        # A reader tells the kind of the file by its first bytes.
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", CONTAINER)
        for name, content in files.items():
            archive.writestr(f"book/{name}", content)
    return len(files)


def main() -> None:
    html, sources, output = asked("Bind the built book as an EPUB.", ".epub")
    files = bind(html, sources, output)
    print(f"{output}: {files} files, {output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

"""Sphinx extension: what a link to a page shows where it is shared: title, first sentence, a picture of the course.

The picture is put together from the samples on the built landing page. Its address must be absolute, so pages name it
only where the address of the site is known (`html: baseurl` in _config.yml).
"""

from __future__ import annotations

import base64
import io
import posixpath
from html import escape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from docutils import nodes
from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)  # what the sites that show such cards ask for
CARD = "_static/card.png"
LONGEST = 200  # characters of a description


def description(doctree: nodes.document) -> str:
    """The first paragraph that says something, cut at a word."""
    texts = (" ".join(paragraph.astext().split()) for paragraph in doctree.findall(nodes.paragraph))
    text = next((text for text in texts if len(text) > 40), "")
    return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0] + " …"


def tags(title: str, site: str, text: str, page: str, base: str | None) -> str:
    """Meta elements of one page; addresses only below ``base``."""
    shown = {"og:type": "article", "og:site_name": site, "og:title": title, "og:description": text}
    if base:
        root = base.rstrip("/") + "/"
        shown |= {
            "og:url": f"{root}{page}.html",
            "og:image": root + CARD,
            "og:image:alt": "Samples of the course's models",
        }
    meta = [f'<meta property="{name}" content="{escape(value)}">' for name, value in shown.items() if value]
    return "\n".join([*meta, f'<meta name="twitter:card" content="{"summary_large_image" if base else "summary"}">'])


def add_tags(app: Any, page: str, _template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    if doctree is None:
        return
    title = BeautifulSoup(context.get("title", ""), "html.parser").get_text()
    made = tags(title, app.config.html_title, description(doctree), page, app.config.html_baseurl)
    context["metatags"] = f"{context.get('metatags', '')}\n{made}"


def picture(samples: Image.Image, title: str) -> Image.Image:
    """The course's name over its samples."""
    card = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(card)
    for text, top, size, colour in (("ganbook", 60, 92, "#0072b2"), (title, 180, 38, "#222")):
        draw.text((60, top), text, colour, ImageFont.load_default(size))
    wide = SIZE[0] - 120
    small = samples.convert("RGB").resize(
        (wide, round(wide * samples.height / samples.width)), Image.Resampling.LANCZOS
    )
    card.paste(small, (60, max(250, SIZE[1] - 40 - small.height)))
    return card


def make_card(app: Any, failure: Exception | None) -> None:
    page = Path(app.builder.get_outfilename(app.config.root_doc)) if app.builder.format == "html" else None
    if failure or page is None or not page.is_file():
        return
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    figure = soup.select_one("img.ganbook-figure[src^='data:image/']")
    title = soup.select_one("article h1")
    if figure is None or title is None:
        return
    samples = Image.open(io.BytesIO(base64.b64decode(str(figure["src"]).partition(",")[2])))
    target = Path(app.outdir, *posixpath.split(CARD))
    picture(samples, title.get_text().rstrip("#").strip()).save(target, optimize=True)


def setup(app: Any) -> dict[str, Any]:
    app.connect("html-page-context", add_tags)
    app.connect("build-finished", make_card)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

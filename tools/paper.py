"""Pages of the built book as a printed or electronic edition shows them: unfolded, drawn, without what one can press.

Games of the playground are played for some rounds first, so that there is a picture of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import ADVICE, browser
from pages import ROOT, pages

#: Width in CSS pixels of what stands between the margins of a sheet of A4, at the scale of tools/pdf.py.
WIDTH = 841
ROUNDS = 300
PATIENCE = 120_000  # milliseconds

READY = "!window.MathJax?.startup?.promise || MathJax.startup.promise.then(() => true)"
OPEN = "for (const folded of document.querySelectorAll('details')) folded.open = true"
PLAY = f"""async (game) => {{
  const press = (text) => [...game.querySelectorAll('button')].find((one) => one.textContent === text).click();
  const round = () => +game.querySelector('.gp-figures dd').textContent.replace(/\\D/g, '');
  press('Play');
  while (round() < {ROUNDS}) await new Promise((done) => setTimeout(done, 50));
  press('Pause');
}}"""
# Paper does not scroll: what is wider than the sheet gets smaller.
FIT = """for (const table of document.querySelectorAll('article table')) {
  const room = table.parentElement.clientWidth;
  for (let zoom = 0.95; zoom > 0.3 && table.getBoundingClientRect().width > room; zoom -= 0.05) table.style.zoom = zoom;
}"""
#: What a reader presses or is led by on the page, and what belongs to a screen.
SCREEN_ONLY = """.anim-controls, .copybtn, .headerlink, .viewcode-link, .toggle-button, .skip-link, #gan-card,
details.hide > summary, .gan-buttons, .gp-lesson, .gp-beside, .gp-settings, .gp-link, [data-demo] button"""


def asked(what: str, ending: str) -> tuple[Path, list[Path], Path]:
    """Of the command line: the folder of the built book, the source files of its pages, and the file to write."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("page", nargs="*", help="source files; default: all of _toc.yml")
    parser.add_argument("--html", type=Path, default=ROOT / "_build/html", help="where the built book is")
    parser.add_argument("--output", type=Path, default=ROOT / f"_build/ganbook{ending}", help="the file to write")
    arguments = parser.parse_args()
    return arguments.html.resolve(), [Path(page).resolve() for page in arguments.page] or pages(), arguments.output


def built_pages(html: Path, sources: list[Path]) -> list[Path]:
    """What the book's build made of the source files."""
    return [(html / source.relative_to(ROOT)).with_suffix(".html") for source in sources]


@contextmanager
def chromium() -> Iterator[Any]:
    """A page of Chromium, as wide as a sheet of paper, that asks no other host."""
    from playwright.sync_api import sync_playwright

    path = browser()
    if path is None:
        sys.exit(ADVICE)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
        opened = playwright.chromium.launch(executable_path=path, args=arguments)
        # Nothing moves by itself.
        tab = opened.new_page(color_scheme="light", reduced_motion="reduce", viewport={"width": WIDTH, "height": 1400})
        tab.set_default_timeout(PATIENCE)
        yield tab
        opened.close()


def open_page(tab: Any, path: Path, style: str = "") -> str:
    """Show a built page as paper shows it; returns its title."""
    tab.goto(path.as_uri())
    tab.add_style_tag(content=f"{SCREEN_ONLY} {{ display: none !important }} {style}")
    tab.evaluate(OPEN)
    tab.wait_for_function(READY)
    for game in tab.locator("[data-playground]").all():
        game.scroll_into_view_if_needed()
        game.locator(".gp-figures dd").first.wait_for()
        game.evaluate(PLAY)
    tab.evaluate(FIT)
    title: str = tab.evaluate(
        "document.querySelector('article h1')?.innerText.replace(/#$/, '').trim() ?? document.title"
    )
    return title

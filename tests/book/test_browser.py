"""Each page in a browser, at desk size on a light page and at phone size on a dark one.

No request leaves the built book, nothing is reported on the console, no page scrolls sideways in any font, images say
what they show, and axe finds no accessibility violation outside a short list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages import ROOT, notebooks, pages

VIEWS = {
    "desk-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
PATIENCE = 120_000  # milliseconds: a page opens in one second on an idle machine
# Console messages that are known and harmless: pattern -> why.
KNOWN_MESSAGES: dict[str, str] = {}
# axe rules that are not applied: rule -> why.
KNOWN_VIOLATIONS: dict[str, str] = {}
FILE_NAME = re.compile(r"\.(png|jpe?g|svg|gif|webp)$|[/\\]\w+[/\\]|^(figure|image|plot|picture)$", re.IGNORECASE)


@dataclass
class Visit:
    """What a browser saw on one page in one view."""

    requests: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    width: int = 0
    spaced_width: int = 0
    view_width: int = 0


# What a reader may set without losing anything (WCAG 2.1, 1.4.12), and wider than the widest font of a system.
SPACED = "* { letter-spacing: 0.12em !important; word-spacing: 0.16em !important; line-height: 1.5 !important }"
WIDTH = "document.documentElement.scrollWidth"
# Formulae, icons and what is marked as decoration need no text.
IMAGES = """
() => [...document.querySelectorAll('article :is(img, svg, canvas, [role=img])')]
  .filter(node => !node.closest('mjx-container, button, [aria-hidden=true], [role=presentation]'))
  .map(node => ({
    alt: node.getAttribute('alt') ?? node.getAttribute('aria-label') ?? '',
    html: node.outerHTML.slice(0, 160),
  }))
"""


def is_foreign(address: str) -> bool:
    return not address.startswith(("file:", "data:", "blob:", "about:"))


def open_context(browser, **settings):
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE)
    return context


@pytest.fixture(scope="module")
def contexts(browser) -> dict[str, Any]:
    return {view: open_context(browser, **settings) for view, settings in VIEWS.items()}


def _visit(context, path) -> Visit:
    visit, page = Visit(), context.new_page()
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("requestfailed", lambda request: visit.failed.append(request.url))
    page.on("console", lambda message: visit.messages.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: visit.messages.append(str(error)))
    page.goto(path.as_uri())
    # Formulae, explorers and what else moves are drawn after the page is loaded.
    page.wait_for_function("!window.MathJax?.startup?.promise || MathJax.startup.promise.then(() => true)")
    for explorer in page.locator("[data-explorer]").all():
        explorer.locator(".gan-controls").wait_for(state="attached")
    visit.images = page.evaluate(IMAGES)
    visit.width = page.evaluate(WIDTH)
    visit.view_width = page.evaluate("document.documentElement.clientWidth")
    # axe would fetch the style sheets again, which a page opened from a file may not.
    for violation in Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]:
        if violation["id"] not in KNOWN_VIOLATIONS:
            nodes = "; ".join(node["html"][:200] for node in violation["nodes"][:4])
            visit.violations.append(f"{violation['id']} ({len(violation['nodes'])}): {violation['help']}: {nodes}")
    page.add_style_tag(content=SPACED)
    visit.spaced_width = page.evaluate(WIDTH)
    page.close()
    return visit


# One fixture of the module's scope: the tests of a page then follow each other, and two workers are on different pages.
@pytest.fixture(
    scope="module",
    params=product(pages(), VIEWS),
    ids=lambda case: f"{case[0].relative_to(ROOT).as_posix()}-{case[1]}",
)
def visit(built, contexts, request) -> Visit:
    """A page in a view, opened once for all tests of it."""
    page, view = request.param
    return _visit(contexts[view], built.page(page))


def test_nothing_is_asked_of_another_host(visit):
    assert len(visit.requests) > 5  # the log works: a page loads its style sheets and scripts
    assert [address for address in visit.requests if is_foreign(address)] == []
    assert visit.failed == []


def test_the_console_is_silent(visit):
    assert [text for text in visit.messages if not any(re.search(known, text) for known in KNOWN_MESSAGES)] == []


def test_the_page_does_not_scroll_sideways_whatever_the_font(visit):
    assert visit.width <= visit.view_width
    assert visit.spaced_width <= visit.view_width


def test_images_say_what_they_show(visit):
    for image in visit.images:
        alt = image["alt"].strip()
        assert len(alt.split()) >= 3, f"no text for the image {image['html']}"
        assert not FILE_NAME.search(alt), f"a file's name is no text for an image: {alt!r}"


def test_axe_finds_no_violation(visit):
    assert visit.violations == []


def test_formulae_are_drawn_and_pages_have_one_title(built, browser):
    page = open_context(browser).new_page()
    page.goto(built.page(ROOT / "book/reference/notation.md").as_uri())
    page.locator("mjx-container svg").first.wait_for(state="attached")
    assert page.locator("mjx-container").count() > 30
    assert page.locator("article h1").count() == 1
    assert "\\mathbb" not in page.locator("article").inner_text()
    page.close()


def test_lines_turn_dark_with_the_page_and_images_keep_their_colours(built, browser):
    context = open_context(browser, **VIEWS["phone-dark"])
    page = context.new_page()
    page.goto(built.page(next(path for path in notebooks() if path.stem == "dcgan")).as_uri())
    asked = "(all) => [...new Set(all.map((image) => getComputedStyle(image).filter))]"
    (turned,) = page.locator("img.ganbook-lines").evaluate_all(asked)
    assert turned.startswith("invert(0.92)")
    assert page.locator("img.ganbook-figure:not(.ganbook-lines)").evaluate_all(asked) == ["none"]
    context.close()


@pytest.mark.parametrize(
    "body",
    ['<img src="https://example.org/x.png" alt="three words here">', "<script>fetch('https://example.org/')</script>"],
)
def test_the_log_would_see_a_request(browser, tmp_path, body):
    path = tmp_path / "page.html"
    path.write_text(f"<html lang=en><head><title>t</title></head><body>{body}</body></html>")
    context = open_context(browser)
    visit = _visit(context, path)
    context.close()
    assert any(is_foreign(address) for address in visit.requests)


@pytest.mark.parametrize("words", ["x" * 80, "x" * 42], ids=["in this font", "in a wider one"])
def test_a_word_wider_than_the_page_would_be_seen(browser, tmp_path, words):
    path = tmp_path / "page.html"
    path.write_text(
        f"<html lang=en><head><title>t</title></head><body><tt style='font-size: 14px'>{words}</tt></body></html>"
    )
    context = open_context(browser, **VIEWS["phone-dark"])
    visit = _visit(context, path)
    context.close()
    assert visit.spaced_width > visit.view_width
    assert (visit.width > visit.view_width) == (len(words) == 80)


def test_axe_would_see_a_violation(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        "<html lang=en><head><title>t</title></head><body><main><h1>t</h1><button></button></main></body></html>"
    )
    context = open_context(browser)
    visit = _visit(context, path)
    context.close()
    assert any(text.startswith("button-name") for text in visit.violations)

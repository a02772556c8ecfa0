"""A glossary's term is linked where a page first uses it, and says there what it means."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from sphinx.cmd.build import build_main

import terms
from pages import ROOT, name, pages

GLOSSARY = ROOT / "book/reference/glossary.md"
LINKS = "article a:has(> .std-term)"
CHAPTERS = [
    page for page in pages() if re.fullmatch(r"(game|images|control)/\w+", name(page)) and page.suffix == ".ipynb"
]
PAGE = """\
# Mode collapse

Mode
collapses are named once, mode collapse not again; a VAE is a variational auto-encoder.
`logit`, $logit$, [logit](other.md).

| logit |
|---|
| logit |

Three logits, evaluation mode; the {term}`prior`, of which this is the prior. Illogits.
"""
OTHER = """\
# Other

```{glossary}
logit
  A raw score.

mode
  A peak.

mode collapse
  Few peaks.

prior
  Where $z$ comes from, see {term}`mode`.

variational auto-encoder
VAE
  Two networks.
```
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A book of a page and a glossary: (the page, what terms.js holds)."""
    folder = tmp_path_factory.mktemp("terms")
    (folder / "conf.py").write_text("extensions = ['myst_parser', 'terms']\nmyst_enable_extensions = ['dollarmath']\n")
    (folder / "index.md").write_text(PAGE + "\n```{toctree}\nother\n```\n")
    (folder / "other.md").write_text(OTHER)
    assert build_main(["-q", "-W", str(folder), str(folder / "out")]) == 0
    script = (folder / "out/_static/terms.js").read_text(encoding="utf-8")
    page = BeautifulSoup((folder / "out/index.html").read_text(encoding="utf-8"), "html.parser")
    return page, json.loads(script.partition(" = ")[2].rstrip(";\n"))


def test_a_term_is_linked_once_and_only_in_running_text(small):
    found = [(" ".join(a.get_text().split()), a["href"]) for a in small[0].select("a:has(> .std-term)")]
    assert found == [
        ("Mode collapses", "other.html#term-mode-collapse"),
        ("VAE", "other.html#term-variational-auto-encoder"),
        ("logits", "other.html#term-logit"),
        ("prior", "other.html#term-prior"),
    ]


def test_the_script_holds_what_terms_mean_without_links(small):
    meanings = small[1]
    assert meanings["term-VAE"] == meanings["term-variational-auto-encoder"] == "<p>Two networks.</p>"
    assert len(meanings) == 6
    assert "<a" not in meanings["term-prior"] and "math" in meanings["term-prior"] and "mode" in meanings["term-prior"]


@pytest.mark.parametrize(
    ("term", "text", "seen"),
    [
        ("real", "two real images", True),
        ("real", "a real difference", False),
        ("mode", "eight modes", True),
        ("mode", "in evaluation mode", False),
        ("R1", "with R1", True),
        ("R1", "with r1", False),
        ("short cut (U-Net)", "its short cuts", True),
        ("round", "rounds to zero", False),
    ],
)
def test_a_word_that_only_looks_like_a_term_is_left_alone(term, text, seen):
    assert bool(re.search(terms.MEANT.get(term, terms.look(term)), text)) is seen


def test_every_chapter_links_its_terms_once_each(soups, built):
    known = {dt["id"] for dt in soups[built.page(GLOSSARY)].select("dl.glossary > dt")}
    for page in CHAPTERS:
        links = soups[built.page(page)].select(LINKS)
        anchors = Counter(link["href"].partition("#")[2] for link in links)
        assert len(anchors) >= 10 and set(anchors) <= known
        assert not [link for link in links if link.find_parent(["h1", "h2", "h3", "h4", "pre", "code", "table"])]
        roles = {anchor for anchor, times in anchors.items() if times > 1}
        assert len(roles) <= 3, f"{name(page)} links {roles} more than once"


@pytest.fixture
def opened(built, browser):
    """A chapter with a mouse and a keyboard, or with a finger."""
    contexts = []

    def open_(**settings):
        contexts.append(browser.new_context(viewport={"width": 800, "height": 800}, **settings))
        page = contexts[-1].new_page()
        page.goto(built.page(CHAPTERS[0]).as_uri())
        page.wait_for_function("globalThis.ganbookTerms")
        return page, page.locator(LINKS).nth(2), page.locator("#gan-card")

    yield open_
    for context in contexts:
        context.close()


def test_a_card_opens_under_the_mouse_and_stays_while_it_is_read(opened):
    page, link, card = opened()
    link.hover()
    card.wait_for(state="visible")
    anchor = link.get_attribute("href").partition("#")[2]
    meaning = page.evaluate("anchor => ganbookTerms[anchor]", anchor)
    assert BeautifulSoup(meaning, "html.parser").get_text().split()[0] in card.inner_text()
    assert link.get_attribute("aria-describedby") == "gan-card"
    card.hover()
    page.wait_for_timeout(400)
    assert card.is_visible()
    page.mouse.move(1, 1)
    card.wait_for(state="hidden")


def test_a_card_opens_at_keyboard_focus_and_escape_closes_it(opened):
    page, link, card = opened()
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    card.wait_for(state="visible")
    box, view = card.bounding_box(), page.viewport_size
    assert min(box["x"], box["y"]) >= 0 and box["x"] + box["width"] <= view["width"]
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    assert link.get_attribute("aria-describedby") is None


def test_a_first_tap_opens_the_card_and_a_second_follows_the_link(opened):
    page, link, card = opened(has_touch=True)
    link.tap()
    card.wait_for(state="visible")
    assert "two_players" in page.url
    link.tap()
    page.wait_for_url("**/glossary.html#*")

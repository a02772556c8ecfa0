"""What a link to a page shows where it is shared."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from PIL import Image

import social
from pages import config, name, pages
from repository import repository


def meta(soup) -> dict[str, str]:
    return {tag["property"]: tag["content"] for tag in soup.find_all("meta", property=True)}


@pytest.mark.parametrize("source", pages(), ids=name)
def test_every_page_says_what_it_is_and_names_no_address_but_the_site_s(soups, built, source):
    said = meta(soups[built.page(source)])
    assert said["og:site_name"] == config()["title"]
    assert said["og:title"] and not said["og:title"].startswith("<")
    assert len(said.get("og:description", "")) <= social.LONGEST + 2
    addresses = [value for value in said.values() if "://" in value]
    assert len(addresses) == 2 and all(value.startswith(f"{repository().pages}/") for value in addresses)


def test_the_card_shows_samples(built):
    card = Image.open(built.html / social.CARD)
    assert card.size == social.SIZE
    assert (built.html / social.CARD).stat().st_size < 500_000
    below = card.crop((60, 400, 1140, 600)).convert("RGB")
    assert len(below.getcolors(1 << 24)) > 100


def test_addresses_are_absolute_where_the_site_is_known():
    made = social.tags("A <title>", "site", "text", "book/page", "https://example.org/course")
    said = meta(BeautifulSoup(made, "html.parser"))
    assert said["og:title"] == "A <title>"
    assert said["og:image"] == "https://example.org/course/_static/card.png"
    assert said["og:url"] == "https://example.org/course/book/page.html"
    assert "og:image" not in meta(BeautifulSoup(social.tags("t", "s", "d", "p", ""), "html.parser"))

"""Every topic that the course must cover has a row, and every row of a finished part leads to a section."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urldefrag

import pytest
import yaml

from pages import ROOT

TOPICS = json.loads((ROOT / "tests/data/topics.json").read_text(encoding="utf-8"))
COVERAGE = ROOT / "book/reference/coverage.md"


def chapters() -> dict[int, Path]:
    """Chapter number -> page, from the numbered parts of `_toc.yml`."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    numbered = [entry["file"] for part in toc["parts"] if part.get("numbered") for entry in part["chapters"]]
    return {number: ROOT / f"{page}.ipynb" for number, page in enumerate(numbered, start=1)}


@pytest.fixture(scope="module")
def rows(soups, built) -> dict[int, tuple[str, list[Path]]]:
    """Row number -> text of its last cell, and the places it links to that exist."""
    found = {}
    page = built.page(COVERAGE)
    for row in soups[page].select("article table tbody tr"):
        number, _, where = row.find_all("td")
        targets = []
        for link in where.find_all("a", href=True):
            address, anchor = urldefrag(link["href"])
            target = (page.parent / address).resolve()
            if target in soups and (not anchor or soups[target].find(id=anchor)):
                targets.append(target)
        found[int(number.get_text())] = (where.get_text(" ", strip=True), targets)
    return found


def test_there_is_a_row_for_each_topic_and_no_other(rows):
    assert sorted(rows) == [topic["number"] for topic in TOPICS] == list(range(1, 35))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: f"{topic['number']}-{topic['topic'][:30]}")
def test_a_topic_is_taught_or_planned_where_it_belongs(rows, built, topic):
    where, targets = rows[topic["number"]]
    planned = set(map(int, re.findall(r"\d+", where.partition("planned:")[2])))
    taught = chapters()
    for number in topic["chapters"]:
        if number in taught:
            assert built.page(taught[number]) in targets, f"no working link to chapter {number}: {where}"
            assert number not in planned, f"chapter {number} is there, but the row calls it planned"
        else:
            assert number in planned, f"chapter {number} is not there, and the row does not say it is planned: {where}"


def test_references_lead_to_the_bibliography_and_to_d2l(rows, built):
    _, targets = rows[34]
    assert built.page(ROOT / "book/reference/bibliography.md") in targets
    assert built.page(chapters()[1]) in targets or built.page(chapters()[2]) in targets

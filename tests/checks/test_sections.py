"""Each task's hints end at a section that is in its chapter, and difficulty rises within a notebook."""

import re

import nbformat
import pytest

from exercises import SOLUTIONS
from ganbook import checks
from ganbook.checks.sections import CHAPTERS, SECTIONS, where
from pages import ROOT, config


def markdown(path):
    return "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")


@pytest.mark.parametrize("name", checks.NOTEBOOKS)
def test_every_section_is_in_its_chapter(name):
    text = markdown(ROOT / f"book/{CHAPTERS[name]}.ipynb")
    headings = dict(re.findall(r"^\(([\w-]+)\)=\n#+ (.+)$", text, re.MULTILINE))
    assert {label: headings.get(label) for label, _ in SECTIONS[name]} == dict(SECTIONS[name].keys())


@pytest.mark.parametrize("name", checks.NOTEBOOKS)
def test_every_task_has_one_section(name):
    told = [task for tasks in SECTIONS[name].values() for task in tasks.split()]
    assert sorted(told) == sorted(getattr(checks, name).sheet.tasks)


def test_the_link_leads_to_the_book():
    link = where("saturation", "slopes")
    address = config()["html"]["baseurl"]
    assert link.endswith(f"({address}/book/game/saturation.html#sec-logit-slopes)")
    assert "One logit, two losses" in link
    assert where("saturation", "none") == where("none", "slopes") == "the chapter"


def test_the_last_rung_but_one_is_a_link():
    task = checks.minimax.value_from_logits
    task(None)  # the ladder begins anew
    card = task(lambda real, fake: 7.0 + real.mean())
    assert dict(card.rungs)["read again"] == where("minimax", "value_from_logits")
    while card.level < len(card.rungs):
        card = checks.minimax.sheet.hint("value_from_logits")
    assert '#sec-value">section “The value of the game”' in card._repr_html_()


@pytest.mark.parametrize("name", checks.NOTEBOOKS)
def test_difficulty_rises(name):
    headings = re.findall(r"^## (\d+) · .+? ([●○]+)$", markdown(SOLUTIONS / f"{name}.ipynb"), re.MULTILINE)
    assert [int(number) for number, _ in headings] == list(range(1, len(getattr(checks, name).sheet.tasks) + 1))
    marks = [mark.count("●") for _, mark in headings]
    assert marks == sorted(marks) and min(marks) == 1 and max(marks) == 3

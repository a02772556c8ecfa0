"""The library's reference: a page for each module, every public name on it, its source a click away."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

import ganbook
from docstrings import keep_sentences
from pages import ROOT, pages

FOLDER = ROOT / "book/reference/api"
#: Public names that stand on another page: their own, or that of the module they come from.
ELSEWHERE = {"ganbook.training.budget": "ganbook.budget"}
WITH_SOURCE = ("function", "class", "exception", "method", "property")
ROUNDS = {"gan_round", "wgan_round", "diffusion_round", "vae_round", "DecoderStart"}
ROOMS = sorted({f"ganbook.{name}" for name in ganbook.__all__ if isinstance(getattr(ganbook, name), ModuleType)})


def module(page) -> str:
    """The module that a page is about, which its title names."""
    return page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


PAGES = {module(page): page for page in pages() if page.parent == FOLDER}


def names(room: str) -> list[str]:
    """Public functions and classes, and what the room takes from elsewhere."""
    home = importlib.import_module(room)
    return [
        name for name in home.__all__ if inspect.isroutine(getattr(home, name)) or inspect.isclass(getattr(home, name))
    ]


def test_every_file_and_every_room_has_a_page_and_the_overview_names_it():
    assert sorted(PAGES.values()) == sorted(FOLDER.glob("*.md"))
    assert {*ROOMS, "ganbook"} <= set(PAGES)
    overview = [line.strip() for line in FOLDER.with_suffix(".md").read_text(encoding="utf-8").splitlines()]
    assert sorted(line for line in overview if line in PAGES) == sorted(PAGES)


@pytest.mark.parametrize("room", sorted(PAGES))
def test_every_public_name_is_on_the_page_of_its_module_with_its_source(built, soups, room):
    soup = soups[built.page(PAGES[room])]
    if room == "ganbook.training":
        rounds = soups[built.page(PAGES["ganbook.training.rounds"])]
        assert all(rounds.find(id=lambda anchor, name=name: (anchor or "").endswith(f".{name}")) for name in ROUNDS)
    for name in names(room) if room in ROOMS else []:
        if f"{room}.{name}" in ELSEWHERE or (room == "ganbook.training" and name in ROUNDS):
            continue
        assert soup.find(id=f"{room}.{name}"), f"{name} is not on the page of {room}"
    signatures = [dt for kind in WITH_SOURCE for dt in soup.select(f"dl.py.{kind} > dt.sig")]
    assert [dt["id"] for dt in signatures if not dt.select_one("a .viewcode-link")] == []
    for link in soup.select("a:has(> .viewcode-link)"):
        target, _, anchor = link["href"].partition("#")
        assert soups[(built.page(PAGES[room]).parent / target).resolve()].find(id=anchor)


def test_every_source_leads_back_to_the_entry_of_its_name(built, soups):
    pages = [path for path in soups if built.html / "_modules" in path.parents]
    links = [(path, link["href"].partition("#")) for path in pages for link in soups[path].select("a.viewcode-back")]
    assert len(links) > 300
    lost = [
        f"{path.stem}: {anchor}"
        for path, (target, _, anchor) in links
        if not soups[(path.parent / target).resolve()].find(id=anchor)
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("what", "text", "came"),
    [
        ("property", ["(N,) int64: which digit."], ["..", "", "(N,) int64: which digit."]),
        ("function", ["Does.", "", "Returns:", "    Scalars: both losses."], ["..", "", "Scalars: both losses."]),
        ("function", ["Does: a thing.", "", "Returns:", "    A scalar."], None),
    ],
)
def test_a_docstring_with_a_colon_is_marked_where_napoleon_would_cut_it(what, text, came):
    lines = list(text)
    keep_sentences(None, what, "name", None, None, lines)
    assert [line.strip() for line in lines[-3:]] == came if came else lines == text


def test_no_sentence_is_taken_for_a_type(soups):
    """Types stand in the signature: a field "Type" or "Return type" would be a piece of a sentence."""
    fields = {dt.get_text().strip(" :") for path, soup in soups.items() for dt in soup.select("dl.field-list > dt")}
    assert {"Parameters", "Returns", "Raises"} <= fields
    assert not fields & {"Type", "Return type", "Yield type"}

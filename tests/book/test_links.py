"""Links lead somewhere, and no page loads anything from another host (as far as its text tells; see test_browser)."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from launch import services
from pages import ROOT, notebooks, pages
from repository import repository

# Attributes that make a browser fetch; `a[href]` is not among them.
FETCHING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src", "srcdoc"),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
    "input": ("src",),
    "form": ("action",),
}
# `link` elements that only state a relation.
RELATIONS = {"canonical", "license", "author", "help", "prev", "next", "index", "search", "copyright", "bookmark"}
CSS_FETCH = re.compile(r"""(?:url\(|@import)\s*['"]?\s*((?:https?:)?//[^'")\s]+)""")


def is_foreign(address: str) -> bool:
    return bool(re.match(r"\s*(?:\w+:)?//", address)) and not address.lstrip().startswith("data:")


def fetched(soup) -> list[str]:
    """Addresses that a browser asks when it opens the page."""
    found = [
        tag[name] for kind, names in FETCHING.items() for tag in soup.find_all(kind) for name in names if tag.get(name)
    ]
    found += [link["href"] for link in soup.find_all("link", href=True) if not set(link.get("rel") or []) & RELATIONS]
    styles = [style.get_text() for style in soup.find_all("style")] + [
        tag["style"] for tag in soup.find_all(style=True)
    ]
    found += [address for style in styles for address in CSS_FETCH.findall(style)]
    return found


def test_no_page_names_another_host_to_load_from(soups, built):
    foreign = {
        str(path.relative_to(built.html)): bad
        for path, soup in soups.items()
        if (bad := [address for address in fetched(soup) if is_foreign(address)])
    }
    assert foreign == {}


def test_no_style_sheet_loads_from_another_host(built):
    sheets = sorted(built.html.rglob("*.css"))
    assert len(sheets) >= 5  # theme, own, togglebutton, …
    foreign = {sheet.name: bad for sheet in sheets if (bad := CSS_FETCH.findall(sheet.read_text(encoding="utf-8")))}
    assert foreign == {}


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img src="http://example.org/a.png">',
        "<style>@import 'https://fonts.example/f.css'</style>",
        '<p style="background: url(https://example.org/a.png)">',
    ],
)
def test_the_scan_sees_what_a_browser_would_fetch(page):
    from bs4 import BeautifulSoup

    assert [address for address in fetched(BeautifulSoup(page, "html.parser")) if is_foreign(address)]


def test_every_internal_link_leads_somewhere(soups, built):
    anchors = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in soups.items()}
    for path, soup in soups.items():
        anchors[path] |= {tag["name"] for tag in soup.find_all("a", attrs={"name": True})}
    broken = []
    for path, soup in soups.items():
        for link in soup.find_all("a", href=True):
            address, anchor = urldefrag(link["href"])
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            target = (path.parent / unquote(address)).resolve() if address else path
            # Sphinx names one module for a source: a name documented under another leads to the top of its page.
            if "_modules" in path.parts and "api" in target.parts:
                anchor = ""
            if not target.is_file() or (anchor and target in anchors and unquote(anchor) not in anchors[target]):
                broken.append(f"{path.relative_to(built.html)}: {link['href']}")
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_notebooks_have_one_colab_link_to_themselves_and_other_pages_none(soups, built, page):
    soup = soups[built.page(page)]
    links = {a["href"] for a in soup.find_all("a", href=True) if "colab.research.google.com" in a["href"]}
    own = repository().colab(page.relative_to(ROOT))
    if page in notebooks():
        assert own in links
    else:
        assert own.replace(".md", ".ipynb") not in links
    # A page may link to other notebooks of the course on Colab, and to no others.
    assert links <= {repository().colab(notebook.relative_to(ROOT)) for notebook in notebooks()}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_leads_to_the_repository_to_an_issue_and_to_its_own_source(soups, built, page):
    soup, where = soups[built.page(page)], repository()
    links = {kind: soup.select_one(f"a.btn-source-{kind}-button[href]") for kind in ("repository", "issues", "edit")}
    addresses = {kind: link and link["href"] for kind, link in links.items()}
    assert addresses["repository"] == where.url
    assert addresses["issues"].startswith(f"{where.url}/issues/new?")
    assert addresses["edit"] == f"{where.url}/edit/{where.branch}/{page.relative_to(ROOT).as_posix()}"


@pytest.mark.parametrize("page", notebooks(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_notebook_opens_on_every_service_that_the_rocket_names(soups, built, page):
    found = {
        a.get_text(strip=True): a["href"] for a in soups[built.page(page)].select(".dropdown-launch-buttons a[href]")
    }
    where, path = repository(), page.relative_to(ROOT)
    asked = {"Colab": where.colab(path), **services(where, path)}
    assert asked.items() <= found.items()
    assert (
        found["Binder"] == f"https://mybinder.org/v2/gh/{where.slug}/{where.branch}?urlpath=lab/tree/{path.as_posix()}"
    )


def test_github_leaves_the_built_pages_as_they_are(built):
    """Without this file it would run Jekyll over a branch, and drop every folder that begins with an underscore."""
    assert (built.html / ".nojekyll").is_file()


def test_no_page_is_linked_by_its_source_name(soups, built):
    """A link to x.ipynb works in a notebook, but must have become x.html in the book."""
    left = [
        f"{path.relative_to(built.html)}: {a['href']}"
        for path, soup in soups.items()
        for a in soup.select("article a[href]")
        if not urlsplit(a["href"]).scheme
        and Path(urldefrag(a["href"])[0]).suffix in (".ipynb", ".md")
        and "_sources" not in a["href"]
        and "download" not in (a.get("class") or [])
    ]
    assert left == []

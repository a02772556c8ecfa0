"""Sphinx extension: the first use of a glossary's term on a page leads to the glossary, and shows what it says there.

The glossary is the one home of its terms: no page lists them. Where a page names a term with the role `term` itself,
that is its link. Headings, code, formulae, links, tables and what cells print are left alone. The definitions go into
one script, which cards.js loads: a page that is opened from a file may fetch nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

#: Pages whose words are no prose of the course.
LEFT_ALONE = re.compile(r"book/reference/(api|bibliography|timings|zoo|coverage)\b|book/index$")
CLOSED = (
    *(nodes.title, nodes.rubric, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.reference),
    *(nodes.raw, nodes.table, nodes.comment, nodes.term, nodes.citation, nodes.footnote, addnodes.pending_xref),
)
OUTPUT = "cell_output"
#: Terms that are everyday words too, as they look where they are meant as terms.
MEANT = {
    "claim": r"claims?(?= (is|are|cell|that fails|lea))|(?<=a \*)claim",
    "critic": r"(?<!own )critics?",
    "fake": r"(?<!to )fakes?(?!d)",
    "floor": r"(?<=the )floor|floors(?= (of|at|and))",
    "mode": r"(?<!evaluation )(?<!training )(?<!eval )(?<!train )(?<!both )modes?",
    "phase": r"phases?(?= (of|has|differ))",
    "prior": r"(?<=[Tt]he )prior|(?<=its )prior|(?<=a )prior|priors(?= of)",
    "real": r"real(?= (samples?|images?|data|points?|digits?|emoji|logits?|and (fake|generated)))",
    "ring": r"(?<=the )ring|(?<=a )ring",
    "round": r"(?<=([Tt]he|one|per) )round|(?<=each )round|(?<=a )round(?! (outline|Gaussian))|rounds(?! to)",
    "saturation": r"[Ss]aturation(?! of)",
}


class Meaning(NamedTuple):
    """Where the glossary explains a term."""

    page: str
    anchor: str


def look(term: str) -> str:
    """A pattern of the term as prose writes it: in the plural too, and with a capital letter, unless it is a name."""
    bare = re.sub(r" \(.*\)$", "", term)
    words = [re.escape(word) for word in re.split(r"\s+", bare)]
    if bare[:1].islower():
        words[0] = f"[{bare[0].upper()}{bare[0]}]{words[0][1:]}"
    return r"\s+".join(words) + ("" if bare.endswith("s") else "s?")


class Terms:
    """What the glossary holds, as one pattern."""

    def __init__(self, env: Any) -> None:
        self.means: dict[str, Meaning] = {}
        looks: dict[str, str] = {}
        for page in {page for (kind, _), (page, _) in env.domaindata["std"]["objects"].items() if kind == "term"}:
            for item in env.get_doctree(page).findall(nodes.definition_list_item):
                names = [child for child in item.children if isinstance(child, nodes.term) and child["ids"]]
                for name in names:
                    # All names of one definition have one meaning, and so one link.
                    self.means[name.astext()] = Meaning(page, names[0]["ids"][0])
                    looks[name.astext()] = MEANT.get(name.astext(), look(name.astext()))
        ordered = sorted(looks, key=len, reverse=True)  # "mode collapse" before "mode"
        self.lower = {name.lower(): meaning for name, meaning in self.means.items()}  # as the role `term` looks them up
        self.names = dict(enumerate(ordered))
        self.pattern = re.compile(
            "|".join(rf"(?P<t{number}>(?<![\w-])(?:{looks[name]})(?![\w-]))" for number, name in self.names.items())
            or r"(?!)"
        )

    def find(self, text: str) -> Iterator[tuple[re.Match[str], Meaning]]:
        for match in self.pattern.finditer(text):
            yield match, self.means[self.names[int((match.lastgroup or "t0")[1:])]]


class LinkTerms(SphinxPostTransform):
    """Link the first use of each term in running text."""

    default_priority = 5  # before references are resolved, so that roles are still to be told apart

    def run(self, **kwargs: Any) -> None:
        page = self.env.docname
        if LEFT_ALONE.match(page):
            return
        if not hasattr(self.app, "ganbook_terms"):
            self.app.ganbook_terms = Terms(self.env)  # type: ignore[attr-defined]
        terms: Terms = self.app.ganbook_terms  # type: ignore[attr-defined]
        if any(meaning.page == page for meaning in terms.means.values()):
            return
        used = {
            terms.lower[xref["reftarget"].lower()]
            for xref in self.document.findall(addnodes.pending_xref)
            if xref["reftype"] == "term" and xref["reftarget"].lower() in terms.lower
        }
        for paragraph in list(self.document.findall(nodes.paragraph)):
            join_lines(paragraph)
        for text in [node for node in self.document.findall(nodes.Text) if is_prose(node)]:
            parts, end = [], 0
            for match, meaning in terms.find(text.astext()):
                if meaning in used:
                    continue
                used.add(meaning)
                shown = nodes.inline("", match[0], classes=["std", "std-term"])
                link = make_refnode(self.app.builder, page, meaning.page, meaning.anchor, shown)
                parts += [nodes.Text(text[end : match.start()]), link]
                end = match.end()
            if parts:
                text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def join_lines(paragraph: nodes.Element) -> None:
    """Make one text of neighbouring ones: MyST makes a text of each line, and a term may go over the end of one."""
    for element in [paragraph, *paragraph.findall(nodes.inline), *paragraph.findall(nodes.emphasis)]:
        for index in reversed(range(1, len(element.children))):
            first, second = element.children[index - 1 : index + 1]
            if isinstance(first, nodes.Text) and isinstance(second, nodes.Text):
                element[index - 1 : index + 1] = [nodes.Text(first + second)]


def is_prose(node: nodes.Node) -> bool:
    """Whether a text stands in a paragraph, and in nothing that keeps links out."""
    in_paragraph, parent = False, node.parent
    while parent is not None:
        if isinstance(parent, CLOSED) or OUTPUT in (parent.get("classes") or []):
            return False
        in_paragraph |= isinstance(parent, nodes.paragraph)
        parent = parent.parent
    return in_paragraph


def definitions(html: str) -> dict[str, str]:
    """Anchor of each term of a built glossary -> what it says, without links: a card is too small a place for them."""
    found = {}
    for meaning in BeautifulSoup(html, "html.parser").select("dl.glossary > dd"):
        for link in meaning.find_all("a"):
            link.unwrap()
        text, term = meaning.decode_contents().strip(), meaning.find_previous_sibling()
        while term is not None and term.name == "dt":
            found[term["id"]] = text
            term = term.find_previous_sibling()
    return found


def write_definitions(app: Any, failure: Exception | None) -> None:
    if failure or app.builder.format != "html":
        return
    known: dict[str, str] = {}
    for page in {page for (kind, _), (page, _) in app.env.domaindata["std"]["objects"].items() if kind == "term"}:
        known |= definitions(Path(app.builder.get_outfilename(page)).read_text(encoding="utf-8"))
    script = f"globalThis.ganbookTerms = {json.dumps(known, ensure_ascii=False)};\n"
    Path(app.outdir, "_static", "terms.js").write_text(script, encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    app.add_post_transform(LinkTerms)
    app.connect("build-finished", write_definitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

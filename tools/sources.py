"""Sphinx extension: from a documented name to its source and back, whatever name it is documented by.

viewcode finds no source of a property and of a second name of something. Of all names in a source file it leads back
only those that are documented by the same module as the first one it met, and the others to the top of a page.
"""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from importlib import import_module
from typing import Any

from sphinx import addnodes

PROPERTIES = (property, cached_property)
BLOCK = re.compile(r'(<div class="viewcode-block" id="([^"]+)">\s*<a class="viewcode-back" href=")[^"]*')


def documented(module: str, name: str) -> Any:
    """What ``name``, with its dots, means in a module; None where there is nothing, as for a field of a dataclass."""
    value: Any = import_module(module)
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def name_definitions(_app: Any, doctree: Any) -> None:
    """A second name shows the source of the first, as `load_run = Sampler.load` that of `Sampler.load`."""
    for signature in doctree.findall(addnodes.desc_signature):
        if not signature.get("module"):
            continue
        value = documented(signature["module"], signature["fullname"])
        if (inspect.isfunction(value) or inspect.ismethod(value)) and value.__qualname__ != signature["fullname"]:
            signature["module"], signature["fullname"] = value.__module__, value.__qualname__


def home_of_property(_app: Any, module: str, name: str) -> str | None:
    """The module in which a property is defined, which the property itself does not know."""
    value = documented(module, name)
    read = getattr(value, "fget", None) or getattr(value, "func", None) if isinstance(value, PROPERTIES) else None
    return read.__module__ if read else None


def lead_back(app: Any, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Links of a page of sources lead to the entry of each name: that of the innermost module that documents it."""
    folder, _, module = page.partition("/")
    if folder != "_modules":
        return
    entries = app.env.get_domain("py").objects
    within = module.split("/")
    homes = [".".join(within[:depth]) for depth in range(len(within), 0, -1)]

    def lead(block: re.Match[str]) -> str:
        found = (entries[f"{home}.{block[2]}"] for home in homes if f"{home}.{block[2]}" in entries)
        if (entry := next(found, None)) is None:
            return block[0]
        return f"{block[1]}{app.builder.get_relative_uri(page, entry.docname)}#{entry.node_id}"

    context["body"] = BLOCK.sub(lead, context["body"])


def setup(app: Any) -> dict[str, Any]:
    app.connect("doctree-read", name_definitions, priority=400)  # viewcode's is 500
    app.connect("viewcode-follow-imported", home_of_property)
    app.connect("html-page-context", lead_back)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

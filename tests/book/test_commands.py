"""The page of the command line says what the command line says."""

from __future__ import annotations

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import directives

import commands
from pages import ROOT
from tests.cli.command import ganbook


def test_every_command_and_every_option_is_on_the_page():
    assert "```{commands}" in (ROOT / "book/reference/command_line.md").read_text("utf-8")
    directives.register_directive("commands", commands.Commands)
    # Not at the top, where docutils would take a single section for the document's title.
    tree = publish_doctree("Title\n=====\n\n.. commands::\n", settings_overrides={"report_level": 5, "halt_level": 5})
    sections = {section[0].astext(): section for section in tree.findall(nodes.section)}
    assert {"ganbook train", "ganbook zoo train", "ganbook list", "ganbook show", "ganbook doctor"} <= set(sections)
    for name, command in commands.commands():
        typed = {cell.astext() for cell in sections[name].findall(nodes.literal)}
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        assert all(any(text.startswith(option) for text in typed) for option in options - {"--help"}), name
        help_of = ganbook(*name.split()[1:], "--help").stdout
        assert all(option in help_of for option in options), "and in its help"
    table = sections["ganbook sample"].astext()
    assert "--interpolate A B" in table and "A film of the way" in table

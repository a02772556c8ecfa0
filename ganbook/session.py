"""What the pages call to begin with, and to show the code that they run."""

from __future__ import annotations

import ast
import inspect
import json
import os
import textwrap
from collections.abc import Callable
from importlib import resources
from typing import Any

from ganbook.arguments import shown, typed

__all__ = ["seed", "show_source", "welcome"]


def seed() -> int:
    """Seed torch from the environment variable ``GANBOOK_SEED`` (default 0) and return the number.

    Tools run a page under several seeds with it, to set the bands of its claims.
    """
    import torch

    text = os.environ.get("GANBOOK_SEED", "0")
    if not text.isdecimal():
        raise ValueError(f"GANBOOK_SEED is {text!r}: allowed is a whole number of 0 or more")
    torch.manual_seed(int(text))
    return int(text)


@typed
def welcome(page: str, needs: str | None = None) -> None:
    """Print version, device, budget and, where it was measured, how long ``page`` takes at that budget.

    Args:
        page: the page's path below book/ without its ending, such as "game/two_players".
        needs: the version of ganbook that the page was written with; where this one is older, a sentence says so.

    Raises:
        ValueError: if ``needs`` is not three numbers, such as "0.2.0".
    """
    import torch

    import ganbook

    if needs is not None and _number(needs) > _number(ganbook.__version__):
        print(
            f"this page was written with ganbook {needs} and may ask for what {ganbook.__version__} does not have: "
            f"run this cell online"
        )
    budget = ganbook.budget()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {os.cpu_count()} cores"
    print(f"ganbook {ganbook.__version__} · torch {torch.__version__} · {device} · budget {budget}")
    print(_expectation(page, budget))


def _number(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise ValueError(f"needs is {version!r}: allowed are three numbers, such as '0.2.0'")
    return tuple(int(part) for part in parts)


def _expectation(page: str, budget: str) -> str:
    timings = json.loads(resources.files("ganbook").joinpath("timings.json").read_text("utf-8"))
    measured = timings.get(page, {}).get(budget)
    if measured is None:
        return "this page has not been timed at this budget yet"
    seconds, hardware = measured["seconds"], measured["hardware"]
    length = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.1f} minutes"
    return f"the whole page took {length} on {hardware}"


def show_source(*code: Callable[..., Any] | str, docstrings: bool = True) -> None:
    """Show the source of functions, methods or classes, highlighted, in a notebook and on a built page.

    Args:
        code: what is shown, in this order; text is shown as it is.
        docstrings: whether functions keep theirs.
    """
    from IPython.display import display

    source = "\n\n".join(_source(one, docstrings).strip("\n") for one in code)
    # Markdown: each front end highlights it in its own colours, and the built book as it does the cells.
    text = {"text/markdown": f"```python\n{source}\n```", "text/plain": source}
    display(text, raw=True)  # type: ignore[no-untyped-call]


def _source(code: Callable[..., Any] | str, docstrings: bool) -> str:
    if isinstance(code, str):
        return textwrap.dedent(code)
    if not (inspect.isroutine(code) or inspect.isclass(code)):
        raise TypeError(f"code is {shown(code)}: allowed are functions, methods, classes and text")
    source = textwrap.dedent(inspect.getsource(code))
    return source if docstrings else _without_docstring(source)


def _without_docstring(source: str) -> str:
    definition = ast.parse(source).body[0]
    if not isinstance(definition, ast.FunctionDef | ast.ClassDef) or ast.get_docstring(definition) is None:
        return source
    lines, docstring = source.splitlines(), definition.body[0]
    return "\n".join([*lines[: docstring.lineno - 1], *lines[docstring.end_lineno :]])

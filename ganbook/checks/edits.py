"""Answers made by editing others: a wrong answer is most plainly said by the place where it leaves the right one."""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

#: Another body (an expression is returned), one exchange (what stands there, what is put in its place), or several.
Slip = str | tuple[str, str] | tuple[tuple[str, str], ...]

_numbers = itertools.count(1)


def edited(function: Callable[..., Any], slip: Slip, name: str | None = None) -> Callable[..., Any]:
    """A plain function of a module with its body edited, its parameters as they were.

    An exchange is made wherever its text stands; several are made one after the other. The new function sees the
    names of the old one's module, is called ``name`` if that is given, and tracebacks show its own lines.

    Raises:
        ValueError: a text does not stand in the body; the function needs variables of another around it; or the
            result is no Python.
    """
    if function.__closure__:
        raise ValueError(f"function must stand on its own; {function.__name__} needs variables of the one around it")
    head, body = _parts(function)
    if isinstance(slip, str):
        body = textwrap.indent(_statements(slip), "    ")
    else:
        pairs = (slip,) if isinstance(slip[0], str) else slip
        for old, new in pairs:
            if old not in body:
                raise ValueError(f"{function.__name__}: there is no {old!r} in\n{body}")
            body = body.replace(old, new)
    source = f"{head}\n{body}\n"
    label = f"<{function.__module__}.{function.__name__}, edit {next(_numbers)}>"
    names: dict[str, Any] = {}
    try:
        exec(compile(source, label, "exec"), function.__globals__, names)
    except SyntaxError as error:
        raise ValueError(f"{function.__name__}: {slip!r} leaves no Python ({error.msg}):\n{source}") from None
    linecache.cache[label] = len(source), None, source.splitlines(keepends=True), label
    made: Callable[..., Any] = names[function.__name__]
    made.__module__ = function.__module__
    made.__name__ = made.__qualname__ = name or function.__name__
    return made


def likes(of: Callable[..., Any], by_hint: Mapping[str, Sequence[Any]]) -> dict[str, tuple[Callable[..., Any], ...]]:
    """What mistakes are recognised by, as edits of one function: ``{hint: [slip, …]}``; a function stays as it is."""
    return {
        hint: tuple(slip if callable(slip) else edited(of, slip) for slip in slips) for hint, slips in by_hint.items()
    }


def _parts(function: Callable[..., Any]) -> tuple[str, str]:
    """The `def` without decorators, and the body."""
    source = textwrap.dedent(inspect.getsource(function))
    (definition,) = ast.parse(source).body
    if not isinstance(definition, ast.FunctionDef):
        raise ValueError(f"function must be written with def; got {source!r}")
    lines, first = source.rstrip().splitlines(), definition.body[0].lineno - 1
    return "\n".join(lines[definition.lineno - 1 : first]), "\n".join(lines[first:])


def _statements(body: str) -> str:
    body = textwrap.dedent(body).strip()
    try:
        ast.parse(body, mode="eval")
    except SyntaxError:
        return body
    return f"return {body}"

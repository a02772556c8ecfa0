"""The playground's committed reference states are what PyTorch makes of them today."""

from __future__ import annotations

import json
import math

import playground_reference


def numbers(value, path=""):
    """Every number of nested dictionaries and lists, with where it stands."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from numbers(part, f"{path}/{key}")
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from numbers(part, f"{path}/{i}")
    else:
        yield path, value


def test_the_file_holds_what_the_library_computes():
    kept = dict(numbers(json.loads(playground_reference.PATH.read_text(encoding="utf-8"))))
    made = dict(numbers(playground_reference.reference()))
    assert kept.keys() == made.keys()
    for path, value in made.items():
        if isinstance(value, str):
            assert kept[path] == value
        else:
            assert math.isclose(kept[path], value, rel_tol=1e-5, abs_tol=1e-7), f"{path}: {kept[path]}, not {value}"


def test_the_file_is_small():
    assert playground_reference.PATH.stat().st_size < 300_000

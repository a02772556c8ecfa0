"""Explorers drawn by their own code, without a browser."""

from __future__ import annotations

import json

import pytest

import explorers
import vendor
from ganbook.arguments import check_choice


@pytest.fixture(scope="session")
def drawn():
    """(explorer, values...) -> picture, text and figures; several values at once, each a dictionary, give a list."""
    vendor.fetch()

    def draw(explorer, *several, **values):
        states = []
        for changed in several or (values,):
            for name in changed:
                check_choice(list(explorer.values), name=name)
            kept = {key: getattr(explorer, key) for key in ("name", "controls", "data", "note")}
            states.append(json.dumps(kept | {"values": explorer.values | changed}))
        found = explorers.stills(states)
        return found if several else found[0]

    return draw

"""What the pages' pencil is tested against: web/tests/zoo/strokes.json is what the colouring board's makes of strokes.

python tests/zoo/test_strokes.py    # writes it anew
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ganbook.widgets.colouring_board import Stroke, painted

REFERENCE = Path(__file__).parents[2] / "web" / "tests" / "zoo" / "strokes.json"
SIZE = 16
STROKES = (
    Stroke("pen", 2, 3, 13, 11, 2),
    Stroke("pen", 5.5, 8.25, 5.5, 8.25, 4),
    Stroke("eraser", -3, 8, 20, 8, 3),
    Stroke("pen", 14, 1, 1, 14.5, 1),
    Stroke("pen", 15, -2, 15, 30, 6),
)


def reference() -> dict[str, Any]:
    lines, after = torch.ones(1, SIZE, SIZE), []
    for stroke in STROKES:
        lines = painted(lines, stroke)
        after.append([round(value, 5) for value in lines.flatten().tolist()])
    return {"size": SIZE, "strokes": [asdict(stroke) for stroke in STROKES], "after": after}


def test_the_reference_is_what_python_makes():
    kept, made = json.loads(REFERENCE.read_text("ascii")), reference()
    assert (kept["size"], kept["strokes"]) == (made["size"], made["strokes"])
    assert torch.allclose(torch.tensor(kept["after"]), torch.tensor(made["after"]), atol=2e-5)


if __name__ == "__main__":
    REFERENCE.write_text(json.dumps(reference(), separators=(",", ":")) + "\n", "ascii")

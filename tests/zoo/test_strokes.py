"""What the pencil of the colouring board is tested against: web/tests/zoo/strokes.json, made by torch from distances.

python tests/zoo/test_strokes.py    # writes it anew
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

REFERENCE = Path(__file__).parents[2] / "web" / "tests" / "zoo" / "strokes.json"
SIZE = 16


@dataclass(frozen=True)
class Stroke:
    """From and to in pixels from the top left."""

    tool: str
    x0: float
    y0: float
    x1: float
    y1: float
    thick: float


STROKES = (
    Stroke("pen", 2, 3, 13, 11, 2),
    Stroke("pen", 5.5, 8.25, 5.5, 8.25, 4),
    Stroke("eraser", -3, 8, 20, 8, 3),
    Stroke("pen", 14, 1, 1, 14.5, 1),
    Stroke("pen", 15, -2, 15, 30, 6),
)


def painted(lines: torch.Tensor, stroke: Stroke) -> torch.Tensor:
    """Lines (1, H, W) in [-1, 1], white 1, with one more stroke; its edges are one pixel soft."""
    _, height, width = lines.shape
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    dx, dy = stroke.x1 - stroke.x0, stroke.y1 - stroke.y0
    along = ((x - stroke.x0) * dx + (y - stroke.y0) * dy) / max(dx * dx + dy * dy, 1e-6)
    along = along.clamp(0, 1)
    distance = torch.hypot(x - stroke.x0 - along * dx, y - stroke.y0 - along * dy)
    cover = (stroke.thick / 2 + 0.5 - distance).clamp(0, 1)
    return torch.lerp(lines, torch.full_like(lines, -1.0 if stroke.tool == "pen" else 1.0), cover)


def reference() -> dict[str, Any]:
    lines, after = torch.ones(1, SIZE, SIZE), []
    for stroke in STROKES:
        lines = painted(lines, stroke)
        after.append([round(value, 5) for value in lines.flatten().tolist()])
    return {"size": SIZE, "strokes": [asdict(stroke) for stroke in STROKES], "after": after}


def test_the_reference_is_what_torch_makes():
    kept, made = json.loads(REFERENCE.read_text("ascii")), reference()
    assert (kept["size"], kept["strokes"]) == (made["size"], made["strokes"])
    assert torch.allclose(torch.tensor(kept["after"]), torch.tensor(made["after"]), atol=2e-5)


if __name__ == "__main__":
    REFERENCE.write_text(json.dumps(reference(), separators=(",", ":")) + "\n", "ascii")

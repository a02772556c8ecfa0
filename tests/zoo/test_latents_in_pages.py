"""What the pages' latents are tested against: web/tests/zoo/latents.json holds those that torch draws.

python tests/zoo/test_latents_in_pages.py    # writes it anew
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ganbook.training.prior import Prior

REFERENCE = Path(__file__).parents[2] / "web" / "tests" / "zoo" / "latents.json"
DRAWN = (("gaussian", 64, 3), ("gaussian", 100, 99), ("gaussian", 16, 0), ("gaussian", 7, 5), ("uniform", 40, 8))


def reference() -> list[dict[str, Any]]:
    made = []
    for kind, dim, seed in DRAWN:
        z = Prior(dim, kind).sample(1, generator=torch.Generator().manual_seed(seed))
        made.append({"prior": kind, "dim": dim, "seed": seed, "z": [round(value, 6) for value in z[0].tolist()]})
    return made


def test_the_reference_is_what_torch_draws():
    for kept, made in zip(json.loads(REFERENCE.read_text("ascii")), reference(), strict=True):
        assert kept == made | {"z": pytest.approx(made["z"], abs=1e-5)}


if __name__ == "__main__":
    REFERENCE.write_text(json.dumps(reference(), separators=(",", ":")) + "\n", "ascii")

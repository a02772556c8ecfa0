"""What the pages' tokenizer is tested against: web/tests/zoo/tokens.json is what Python makes of these captions.

python tests/zoo/test_tokens.py    # writes it anew
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ganbook.models import TextGenerator
from ganbook.models.text import GRUEncoder, Tokenizer, caption_note, words_in

REFERENCE = Path(__file__).parents[2] / "web" / "tests" / "zoo" / "tokens.json"
WORDS = (
    "a",
    "bold",
    "digit",
    "in",
    "on",
    "red",
    "green",
    "seven",
    "two",
    "medium",
    "light",
    "skin",
    "tone",
    "3d",
    "ok",
)
CAPTIONS = (
    "", " ", "\t\n", "a", "A", "a red seven on green", "A RED Seven ON green!", "  a   red  seven ", "red,seven;green",
    "a bold red 7", "medium-light skin tone", "medium–light skin tone", "red_green", "red/green\\seven", "it's ok",
    "OK", "ok.", "(ok)", "3d", "3D digit", "3 d", "a purple zebra on a purple ground", "purple purple PURPLE", "redd",
    "sevn two", "twenty-two", "!!!", "—", "…", "émoji rouge", "ROT und grün", "红色的七", "семь на красном", "अ a",
    "naïve red", "\u017feven", "\u212a", "\u0130n", "RED\u00a0SEVEN", "red\u200bseven", "red\u2028seven", "😀 red",
    "a" * 200,
    "tone " * 40, "0", "00 2", "two2two", "on-on-on", "a\0b", "<b>red</b>", '"red"', "red\r\ngreen", "ǅ", "ﬁn in", "ß",
)  # fmt: skip


def reference() -> dict[str, Any]:
    tokenizer = Tokenizer(WORDS)
    generator = TextGenerator(2, lambda: GRUEncoder(WORDS, 4), width=1)
    return {
        "words": WORDS,
        "alone": [
            {
                "caption": caption,
                "words": words_in(caption),
                "tokens": tokenizer([caption])[0].tolist(),
                "unknown": tokenizer.unknown(caption),
                "note": caption_note(generator, caption),
            }
            for caption in CAPTIONS
        ],
        "together": tokenizer(CAPTIONS).tolist(),
    }


def written(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=None, separators=(",", ":")) + "\n"


def test_the_reference_is_what_python_makes():
    assert REFERENCE.read_text("ascii") == written(reference()), f"python {Path(__file__).name} writes it anew"


if __name__ == "__main__":
    REFERENCE.write_text(written(reference()), "ascii")

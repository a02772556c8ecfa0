"""Pictures with captions, and combinations of words that no training caption holds.

Captioned digits are real digits in one colour on another; emoji come with their Unicode names. Both keep some
combinations for the test split whose parts all occur in training: what is asked there was never seen together.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import torch
from torch import Tensor

from ganbook.arguments import typed
from ganbook.data import emoji
from ganbook.data.batch import Batch, step_generator
from ganbook.data.digits import LICENCE, FromDigits, digits_of
from ganbook.data.images import ImageSet

__all__ = [
    "DIGIT_CAPTION_WORDS",
    "DIGIT_WORDS",
    "PALETTE",
    "PEOPLE_WORDS",
    "STROKES",
    "TONES",
    "CaptionedDigits",
    "Person",
    "load_captioned_digits",
    "load_emoji_captions",
    "load_emoji_people",
    "person_of",
]

# Digits, in words. ---------------------------------------------------------------------------------------------------

PALETTE = {
    "red": (225, 50, 45),
    "yellow": (250, 220, 60),
    "green": (45, 160, 70),
    "turquoise": (60, 205, 215),
    "blue": (45, 75, 200),
    "pink": (235, 95, 200),
    "white": (245, 245, 245),
    "black": (20, 20, 20),
}
"""Colours of digits and of their grounds, near the corners of the colour cube, so that none is taken for another."""

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
STROKES = ("thin", "", "bold")
"""Words for the third of a class with the least ink, for the middle (no word) and for the third with the most."""

WORDINGS = (
    "a {stroke} {ink} {digit} on {ground}",
    "{digit}, drawn in {stroke} {ink}, {ground} background",
    "the digit {digit} in {stroke} {ink} on a {ground} ground",
    "{ground} paper with a {stroke} {ink} {digit}",
)

DIGIT_CAPTION_WORDS = (
    *("a", "background", "bold", "digit", "drawn", "ground", "in", "on", "paper", "the", "thin", "with"),
    *PALETTE,
    *DIGIT_WORDS,
)
"""Every word of a caption of a digit."""

PER_DIGIT = {"train": 8, "test": 4}
"""Pictures made of each of the 4 000 and 1 000 digits."""


@dataclass(frozen=True)
class CaptionedDigits(FromDigits):
    """A split of the captioned digits.

    Attributes:
        parts: (N, 4) int64: the digit's index, its colour, the ground's colour and the wording.
        digit_strokes: (M,) int64 indices of STROKES.
    """

    digit_strokes: Tensor

    @property
    def images(self) -> Tensor:
        """uint8 (N, 3, size, size), put together now: 75 MB for the whole training split at 28 pixels."""
        return self._painted(self.parts).mul_(255).round_().to(torch.uint8)

    @cached_property
    def labels(self) -> Tensor:
        """(N,) int64: which digit."""
        return self.digit_labels[self.parts[:, 0]]

    @property
    def inks(self) -> Tensor:
        """(N,) int64: the digit's colour, an index of PALETTE."""
        return self.parts[:, 1]

    @property
    def grounds(self) -> Tensor:
        """(N,) int64: the ground's colour, an index of PALETTE."""
        return self.parts[:, 2]

    @property
    def strokes(self) -> Tensor:
        """(N,) int64: the stroke, an index of STROKES."""
        return self.digit_strokes[self.parts[:, 0]]

    @cached_property
    def captions(self) -> tuple[str, ...]:
        """One text per picture, such as "a bold red seven on green"."""
        colours = list(PALETTE)
        kinds = torch.stack((self.labels, self.strokes), dim=1)
        texts = (
            WORDINGS[wording].format(
                stroke=STROKES[stroke], ink=colours[ink], ground=colours[ground], digit=DIGIT_WORDS[digit]
            )
            for (_, ink, ground, wording), (digit, stroke) in zip(self.parts.tolist(), kinds.tolist(), strict=True)
        )
        return tuple(" ".join(text.split()) for text in texts)

    def to(self, device: torch.device | str) -> Self:
        moved = super().to(device)
        vars(moved)["captions"] = self.captions  # made here: an accelerator would have to be asked for the words
        return moved

    def gathered(self, indices: Tensor) -> Batch:
        return replace(super().gathered(indices), captions=tuple(self.captions[i] for i in indices.tolist()))

    def composed(self, parts: Tensor) -> Batch:
        return Batch(self._painted(parts).mul_(2).sub_(1), self.digit_labels[parts[:, 0]])

    def _painted(self, parts: Tensor) -> Tensor:
        """Float (n, 3, size, size) in [0, 1]: where the digit was white its ink, where it was black its ground."""
        palette = (torch.tensor(list(PALETTE.values())) / 255).to(parts.device, non_blocking=True)
        ink, ground = (palette[parts[:, i], :, None, None] for i in (1, 2))
        return torch.lerp(ground, ink, self.digits[parts[:, 0]] / 255)


def held_out(digits: Tensor, inks: Tensor) -> Tensor:
    """Whether a pair of digit and colour belongs to the test split: two or one of the eight colours of each digit."""
    return (digits - inks) % 5 == 0


def load_captioned_digits(split: str, size: int | None = None) -> CaptionedDigits:
    """Real digits in one of eight colours on another, described in four wordings; the same on every machine.

    Every fifth pair of digit and colour, in the pattern of a Latin square, occurs in the test split only; its digits
    are those of the test split of "digits". All grounds occur in both. "thin" and "bold" name the third of a class with
    the least and the most ink.
    """
    digits, labels = digits_of(split, size)
    chance = step_generator(1, list(PER_DIGIT).index(split))
    which = torch.arange(len(digits)).repeat(PER_DIGIT[split])
    colours = torch.arange(len(PALETTE))
    allowed = held_out(labels[which, None], colours) == (split == "test")
    # Of the allowed inks the one that comes first in a race of exponential times; torch.multinomial runs the same race,
    # but with other numbers in torch 2.6.
    times = -torch.log1p(-torch.rand(allowed.shape, dtype=torch.float64, generator=chance)).float()
    ink = (allowed / times).argmax(1)
    ground = (ink + torch.randint(1, len(PALETTE), ink.shape, generator=chance)) % len(PALETTE)
    wording = torch.randint(len(WORDINGS), ink.shape, generator=chance)
    # Of the digits as they come, whatever the size asked for: a caption does not change with it.
    strokes = (ink_of(digits_of(split)[0])[:, None] > stroke_limits()[labels]).sum(1)
    parts = torch.stack((which, ink, ground, wording), dim=1)
    return CaptionedDigits("captioned-digits", split, digits, labels, parts, strokes, licence=LICENCE)


def ink_of(digits: Tensor) -> Tensor:
    """(N,) share of the ink of uint8 digits (N, 1, H, W): 0 for black images, 1 for white ones."""
    return digits.flatten(1).float().mean(1) / 255


def stroke_limits() -> Tensor:
    """(10, 2): the ink below which a training digit of each class is thin, and above which it is bold."""
    images, labels = digits_of("train")
    ink, thirds = ink_of(images), torch.tensor([1 / 3, 2 / 3])
    return torch.stack([ink[labels == digit].quantile(thirds) for digit in range(10)])


# Emoji and their names. ----------------------------------------------------------------------------------------------

TONES = ("", "light", "medium-light", "medium", "medium-dark", "dark")
"""Skin tones as they stand in a name before "skin tone"; the first is none, OpenMoji's yellow."""

_PEOPLE = (
    "artist astronaut baby bald ball bath beard bed biking blond boat bouncing bowing cane cartwheeling "
    "climbing construction cook crown curly dancing dark detective elf facepalming facing factory fairy farmer "
    "feeding firefighter frowning gesturing getting golfing guard hair haircut hand handball headscarf health "
    "in judge juggling kneeling levitating lifting light lotus mage man manual massage mechanic medium "
    "motorized mountain no office officer ok person pilot playing police polo position pouting raising red "
    "right room rowing running scientist shrugging singer skin skullcap standing steamy student suit superhero "
    "supervillain surfing swimming taking teacher technologist tipping tone turban tuxedo vampire veil walking "
    "water wearing weights wheelchair white with woman worker"
)
PEOPLE_WORDS = tuple(_PEOPLE.split())
"""Every word of the names of "emoji-people"; written out, because weights trained on them depend on their order."""

_TONE = re.compile(r",? ?\b(medium-light|medium-dark|light|medium|dark) skin tone")
_PERSON = re.compile(r"(man|woman|person)\b(?! and\b) ?(.*)")
_HELD_OUT_OF = 11
_HELD_OUT_ROLES_OF = 6


class Person(NamedTuple):
    """The three parts of the name of an emoji that shows one person."""

    person: str
    role: str
    tone: str


@typed
def person_of(caption: str) -> Person | None:
    """The parts of a name such as "woman firefighter dark skin tone"; None for a name that does not compose so.

    >>> person_of("man medium skin tone curly hair")
    Person(person='man', role='curly hair', tone='medium')
    >>> person_of("hot dog") is None
    True
    """
    base, tones = _TONE.sub("", caption), _TONE.findall(caption)
    found = _PERSON.fullmatch(base)
    if found is None or len(tones) > 1:
        return None
    return Person(found[1], found[2], tones[0] if tones else "")


def load_emoji_captions(split: str, size: int | None = None) -> ImageSet:
    """All emoji in colour on white with their English names, 64 x 64 unless ``size`` says otherwise.

    The test split are combinations of person, role and skin tone that the training split lacks: of every sixth role
    that both a woman and a man have, the one or the other in all tones, so that "woman pilot" has to be put together
    from other women and from the man; and one tone of about every second other drawing. The same picture is never in
    both.
    """
    return _split("emoji-captions", split, size, people_only=False)


def load_emoji_people(split: str, size: int | None = None) -> ImageSet:
    """As :func:`load_emoji_captions`: only the emoji whose names compose person, role and skin tone, all six tones."""
    return _split("emoji-people", split, size, people_only=True)


def _split(name: str, split: str, size: int | None, people_only: bool) -> ImageSet:
    drawn = emoji.drawings(size)
    people = _complete([person_of(caption) for caption in drawn.names])
    tones = [len(found) and TONES.index(found[0]) for found in map(_TONE.findall, drawn.names)]
    groups = drawn.groups.tolist()
    # Drawings with the same lines are one: "man standing" looks like "person standing".
    first = {groups[i]: person for i, person in reversed(people.items())}
    rank = {group: k for k, group in enumerate(sorted(first, key=lambda group: first[group][1::-1]))}
    pairs = _held_out_pairs([(groups[i], person) for i, person in people.items()])
    held = [
        group in pairs or (group in rank and (rank[group] + tone) % _HELD_OUT_OF == 0)
        for group, tone in zip(groups, tones, strict=True)
    ]
    chosen = [i for i, out in enumerate(held) if out is (split == "test") and (i in people or not people_only)]
    return drawn.chosen(name, split, size, chosen)


def _held_out_pairs(drawn: list[tuple[int, Person]]) -> set[int]:
    """Drawings that are kept from training in all tones: of every sixth role the woman or, in turn, the man.

    Only of roles that a woman and a man have in drawings of their own, which show nobody else.
    """
    shown: dict[int, set[tuple[str, str]]] = {}
    for group, (person, role, _) in drawn:
        shown.setdefault(group, set()).add((role, person))
    alone = {next(iter(names)): group for group, names in shown.items() if len(names) == 1}
    both = sorted(role for role, person in alone if person == "woman" and (role, "man") in alone)
    return {alone[role, ("woman", "man")[number % 2]] for number, role in enumerate(both[::_HELD_OUT_ROLES_OF])}


def _complete(found: list[Person | None]) -> dict[int, Person]:
    """Index and parts of the names that exist in all six tones."""
    tones = Counter(person[:2] for person in found if person)
    return {i: person for i, person in enumerate(found) if person and tones[person[:2]] == len(TONES)}

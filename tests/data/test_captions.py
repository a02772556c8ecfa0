"""Pictures with captions: they say what is shown, and what is held out was never seen together, each part often."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

import pytest
import torch

from ganbook import data
from ganbook.data.captions import (
    DIGIT_CAPTION_WORDS,
    DIGIT_WORDS,
    PALETTE,
    PEOPLE_WORDS,
    STROKES,
    TONES,
    CaptionedDigits,
    Person,
    person_of,
)
from ganbook.data.images import to_float
from ganbook.metrics import caption_agreement
from ganbook.models.text import words_in

SPLITS = ("train", "test")
COLOURS = tuple(PALETTE)

# -- captioned digits ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits() -> dict[str, CaptionedDigits]:
    return {split: data.load("captioned-digits", split) for split in SPLITS}


@pytest.mark.parametrize(("split", "n"), [("train", 32_000), ("test", 4_000)])
def test_each_digit_is_painted_equally_often(digits, split, n):
    found, plain = digits[split], data.load("digits", split)
    assert isinstance(found, CaptionedDigits) and (found.name, found.split, len(found)) == (
        "captioned-digits",
        split,
        n,
    )
    assert torch.equal(torch.bincount(found.parts[:, 0]), torch.full((len(plain),), n // len(plain)))
    assert torch.equal(found.labels, plain.labels[found.parts[:, 0]])
    assert found.licence == plain.licence != "" and len(found.captions) == n


def test_held_out_pairs_are_a_latin_square(digits):
    pairs = {split: set(zip(of.labels.tolist(), of.inks.tolist(), strict=True)) for split, of in digits.items()}
    assert not pairs["train"] & pairs["test"] and len(pairs["train"] | pairs["test"]) == 80
    by_digit, by_ink = (Counter(pair[i] for pair in pairs["test"]) for i in (0, 1))
    assert set(by_ink.values()) == {2} and len(by_ink) == 8, "each colour is held out of two digits"
    assert set(by_digit.values()) == {1, 2} and len(by_digit) == 10, "each digit lacks one colour or two"


@pytest.mark.parametrize("split", SPLITS)
def test_every_part_occurs_in_both_splits_and_no_digit_on_its_own_colour(digits, split):
    found = digits[split]
    for values, n in (
        (found.labels, 10),
        (found.inks, 8),
        (found.grounds, 8),
        (found.strokes, 3),
        (found.parts[:, 3], 4),
    ):
        counts = torch.bincount(values, minlength=n)
        assert len(counts) == n and counts.min() > 0.5 * len(found) / n
    assert (found.inks != found.grounds).all()
    assert len(set(zip(found.inks.tolist(), found.grounds.tolist(), strict=True))) == 8 * 7


def test_no_digit_is_in_both_splits(digits):
    seen = {image.numpy().tobytes() for image in digits["train"].digits}
    assert not seen & {image.numpy().tobytes() for image in digits["test"].digits}


READ = [
    re.compile(pattern)
    for pattern in (
        r"a (?P<stroke>thin |bold |)(?P<ink>\w+) (?P<digit>\w+) on (?P<ground>\w+)",
        r"(?P<digit>\w+), drawn in (?P<stroke>thin |bold |)(?P<ink>\w+), (?P<ground>\w+) background",
        r"the digit (?P<digit>\w+) in (?P<stroke>thin |bold |)(?P<ink>\w+) on a (?P<ground>\w+) ground",
        r"(?P<ground>\w+) paper with a (?P<stroke>thin |bold |)(?P<ink>\w+) (?P<digit>\w+)",
    )
]


def read(caption: str) -> tuple[int, int, int, int]:
    (found,) = (match for pattern in READ if (match := pattern.fullmatch(caption)))
    return (
        DIGIT_WORDS.index(found["digit"]),
        COLOURS.index(found["ink"]),
        COLOURS.index(found["ground"]),
        STROKES.index(found["stroke"].strip()),
    )


@pytest.mark.parametrize("split", SPLITS)
def test_captions_say_what_was_painted(digits, split):
    found = digits[split]
    told = torch.tensor([read(caption) for caption in found.captions])
    for column, values in zip(told.T, (found.labels, found.inks, found.grounds, found.strokes), strict=True):
        assert torch.equal(column, values)
    assert {word for caption in found.captions for word in words_in(caption)} == set(DIGIT_CAPTION_WORDS)
    assert len(set(DIGIT_CAPTION_WORDS)) == len(DIGIT_CAPTION_WORDS)


def test_pictures_show_what_captions_say(digits):
    chosen = torch.arange(0, 4000, 5)
    batch = digits["test"].batch(chosen)
    told = torch.tensor([read(caption) for caption in batch.captions])
    found = caption_agreement(batch.real, told[:, 0], told[:, 1], told[:, 2], tuple(PALETTE.values()))
    assert found["all"] >= 0.97 and found["ink"] == found["ground"] == 1


def test_painting_is_a_straight_line_from_ground_to_ink(digits):
    found, i = digits["train"], 1234
    digit, ink, ground, _ = found.parts[i].tolist()
    grey = found.digits[digit].double() / 255
    inked, below = (torch.tensor(PALETTE[COLOURS[k]]).double()[:, None, None] for k in (ink, ground))
    expected = below + (inked - below) * grey
    assert torch.allclose((found.batch(torch.tensor([i])).real[0].double() + 1) * 127.5, expected, atol=1e-3)


def test_thin_and_bold_are_thirds_of_each_class(digits):
    train, ink = digits["train"], {}
    labels = {split: of.digit_labels for split, of in digits.items()}
    for digit in range(10):
        counts = torch.bincount(train.digit_strokes[labels["train"] == digit], minlength=3)
        assert counts.max() - counts.min() <= 2 and counts.sum() == 400
        for stroke in range(3):
            ink[digit, stroke] = torch.cat(
                [
                    of.digits[(of.digit_labels == digit) & (of.digit_strokes == stroke)].flatten(1).float().mean(1)
                    for of in digits.values()  # one scale for both splits
                ]
            )
        assert ink[digit, 0].max() < ink[digit, 1].min() and ink[digit, 1].max() < ink[digit, 2].min()
    assert STROKES == ("thin", "", "bold")


@pytest.mark.parametrize("size", [16, 32])
def test_a_size_changes_pictures_and_nothing_else(digits, size):
    small = data.load("captioned-digits", "test", size)
    assert small.batch(torch.tensor([1, 2])).real.shape == (2, 3, size, size)
    assert small.captions == digits["test"].captions and torch.equal(small.parts, digits["test"].parts)


def test_images_on_demand_and_another_device(digits):
    test = digits["test"]
    images = test.images
    assert images.shape == (4000, 3, 28, 28) and images.dtype == torch.uint8
    assert (to_float(images[:50]) - test.batch(torch.arange(50)).real).abs().max() <= 1.01 / 255
    moved = test.to("meta")
    assert {getattr(moved, name).device.type for name in ("digits", "digit_labels", "digit_strokes", "parts")} == {
        "meta"
    }
    assert test.parts.device.type == "cpu" and len(moved) == 4000


def test_batches_keep_pictures_and_captions_together_and_go_on_where_they_stopped(digits):
    train, captions = digits["train"], digits["train"].captions
    indices = torch.tensor([31_999, 0, 77])
    batch = train.batch(indices)
    assert (
        batch.described() == tuple(captions[i] for i in indices)
        and batch.labels.tolist() == train.labels[indices].tolist()
    )
    assert batch.real.dtype == torch.float32 and -1 <= batch.real.min() < 0 < batch.real.max() <= 1
    through = [*islice(train.batches(8, seed=3), 7)]
    resumed = [*islice(train.batches(8, seed=3, start=4), 3)]
    for ours, theirs in zip(resumed, through[4:], strict=True):
        assert ours.captions == theirs.captions and torch.equal(ours.real, theirs.real)
    assert next(train.batches(8, seed=4)).captions != through[0].captions
    halves = [next(train.batches(8, seed=3, rank=rank, world=2)) for rank in (0, 1)]
    assert [half.captions for half in halves] == [through[0].captions[0::2], through[0].captions[1::2]]
    with pytest.raises(ValueError, match=r"^batch_size is 0: allowed is 1 or more"):
        next(train.batches(0))


def test_the_same_on_every_machine(digits):
    assert digits["train"].captions[:2] == (
        "turquoise paper with a thin green zero",
        "turquoise paper with a black zero",
    )
    assert digits["test"].captions[:2] == ("a bold red zero on yellow", "a red zero on green")
    assert torch.equal(digits["test"].parts, data.load("captioned-digits", "test").parts)


def test_a_batch_without_captions_says_so():
    with pytest.raises(
        ValueError, match=r"^batch has no captions: the round needs a data set with texts, such as 'captioned-"
    ):
        data.load("digits", "test").batch(torch.tensor([0])).described()


# -- people -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        ("woman firefighter dark skin tone", ("woman", "firefighter", "dark")),
        ("man medium skin tone curly hair", ("man", "curly hair", "medium")),
        ("person medium-light skin tone", ("person", "", "medium-light")),
        ("person, light skin tone, bald", ("person", ", bald", "light")),
        ("woman in manual wheelchair", ("woman", "in manual wheelchair", "")),
        ("man and woman holding hands", None),
        ("woman and man holding hands light skin tone dark skin tone", None),
        ("man light skin tone dark skin tone", None),
        ("hot dog", None),
        ("mango", None),
        ("", None),
    ],
)
def test_names_fall_into_their_parts(caption, parts):
    assert person_of(caption) == (parts and Person(*parts))


@pytest.fixture(scope="module")
def people():
    return {split: data.load("emoji-people", split, 48) for split in SPLITS}


def pixels(found):
    return {image.numpy().tobytes() for image in found.images}


@pytest.mark.parametrize("size", [32, 48, 64])
def test_no_held_out_picture_is_in_training(size):
    for name in ("emoji-people", "emoji-captions"):
        train, test = (data.load(name, split, size) for split in SPLITS)
        assert train.images.shape[1:] == test.images.shape[1:] == (3, size, size) and len(test) > 100
        assert not pixels(train) & pixels(test), name
        assert not set(train.captions) & set(test.captions)


def test_held_out_people_are_new_combinations_of_parts_that_were_seen(people):
    train, test = ([person_of(caption) for caption in people[split].captions] for split in SPLITS)
    assert None not in train and None not in test and not set(train) & set(test)
    for part in Person._fields:
        assert {getattr(person, part) for person in test} <= {getattr(person, part) for person in train}
    together, pairs = set(train), {person[:2] for person in train}
    for person in test:
        others = {person._replace(tone=tone) for tone in TONES if tone != person.tone}
        assert others <= (together if person[:2] in pairs else set(test)), "the same drawing in five other tones"
        assert sum(known[1:] == person[1:] or known[::2] == person[::2] for known in train) > 10


def test_some_pairs_of_person_and_role_are_in_no_tone_in_training(people):
    train, test = ({person_of(caption)[:2] for caption in people[split].captions} for split in SPLITS)
    new = test - train
    assert len(new) == 10 and {person for person, _ in new} == {"woman", "man"}
    for person, role in new:
        other = {"woman": "man", "man": "woman"}[person]
        assert (other, role) in train and sum(known == person for known, _ in train) > 40


def test_people_exist_in_all_tones_and_one_of_about_every_second_drawing_is_held_out(people):
    everyone = [person_of(caption) for of in people.values() for caption in of.captions]
    assert len(set(everyone)) == len(everyone)
    tones = Counter(person[:2] for person in everyone)
    assert set(tones.values()) == {len(TONES)}
    pairs = {person_of(caption)[:2] for caption in people["train"].captions}
    held = Counter(person_of(caption)[:2] for caption in people["test"].captions)
    assert {count for pair, count in held.items() if pair in pairs} == {1} and 0.45 < len(held) / len(tones) < 0.65
    per_tone = Counter(person_of(caption).tone for caption in people["test"].captions)
    assert set(per_tone) == set(TONES) and min(per_tone.values()) > 0.5 * max(per_tone.values())


def test_the_vocabulary_is_that_of_the_names(people):
    words = {split: {word for text in of.captions for word in words_in(text)} for split, of in people.items()}
    assert words["train"] == set(PEOPLE_WORDS) and words["test"] <= words["train"]
    assert len(set(PEOPLE_WORDS)) == len(PEOPLE_WORDS)


def test_all_emoji_with_their_names_are_one_set_in_two_parts(people):
    found = {split: data.load("emoji-captions", split, 48) for split in SPLITS}
    every = {split: data.load("emoji", split, 48) for split in SPLITS}
    names = sorted(caption for of in every.values() for caption in of.captions)
    assert sorted(found["train"].captions + found["test"].captions) == names and len(names) > 3900
    assert set(people["train"].captions) < set(found["train"].captions)
    assert set(people["test"].captions) <= set(found["test"].captions)
    picture = {caption: image for of in every.values() for caption, image in zip(of.captions, of.images, strict=True)}
    for of in (found["test"], people["train"]):
        assert all(torch.equal(image, picture[text]) for image, text in zip(of.images, of.captions, strict=True))
        assert "CC BY-SA 4.0" in of.licence and of.labels is None


def test_the_split_is_the_same_at_all_sizes(people):
    for split in SPLITS:
        assert data.load("emoji-people", split, 32).captions == people[split].captions
    # Written out: weights trained on one part are judged by the other.
    assert people["test"].captions[0] == "woman running facing right medium-light skin tone"
    assert (len(people["train"]), len(people["test"])) == (1092, 168)
    default = data.load("emoji-people", "test")
    assert default.captions == people["test"].captions and default.images.shape[1:] == (3, 64, 64)
    assert (default.name, default.split) == ("emoji-people", "test")


def test_what_they_need():
    from ganbook.data.catalogue import NEEDS

    assert all(NEEDS[name].offline for name in ("captioned-digits", "emoji-captions", "emoji-people"))

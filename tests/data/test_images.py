"""A set and its mirror images: what is turned, what is repeated, and what stays as it was."""

import dataclasses

import pytest
import torch

from ganbook.data import ImageSet
from ganbook.data.images import mirrored
from ganbook.data.pairs import unpaired


def drawn(*shape):
    return torch.randint(256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


WHOLE = ImageSet(
    "mine",
    "train",
    drawn(3, 3, 4, 5),
    torch.tensor([2, 0, 1]),
    drawn(3, 1, 4, 5),
    ("one", "two", "three"),
    classes=("a", "b", "c"),
    licence="CC0",
)


def test_images_and_sources_are_turned_left_to_right_and_the_rest_is_repeated():
    both = mirrored(WHOLE)
    assert len(both) == 6
    assert torch.equal(both.images[:3], WHOLE.images) and torch.equal(both.sources[:3], WHOLE.sources)
    for i in range(3):
        for x in range(5):
            assert torch.equal(both.images[3 + i, :, :, x], WHOLE.images[i, :, :, 4 - x])
            assert torch.equal(both.sources[3 + i, :, :, x], WHOLE.sources[i, :, :, 4 - x])
    assert both.labels.tolist() == [2, 0, 1, 2, 0, 1]
    assert both.captions == ("one", "two", "three", "one", "two", "three")
    assert (both.name, both.split, both.classes, both.licence) == ("mine", "train", ("a", "b", "c"), "CC0")


def test_the_set_itself_stays_as_it_was():
    before = [tensor.clone() for tensor in (WHOLE.images, WHOLE.sources, WHOLE.labels)]
    both = mirrored(WHOLE)
    both.images.zero_(), both.sources.zero_(), both.labels.zero_()
    assert all(map(torch.equal, before, (WHOLE.images, WHOLE.sources, WHOLE.labels))) and len(WHOLE) == 3


@pytest.mark.parametrize("missing", ["labels", "sources", "captions"])
def test_what_a_set_does_not_have_is_not_made_up(missing):
    both = mirrored(dataclasses.replace(WHOLE, **{missing: None}))
    assert getattr(both, missing) is None and len(both) == 6


def test_pairs_stay_pairs_and_can_be_hidden():
    both = mirrored(WHOLE)
    batch = both.gathered(torch.tensor([1, 4]))
    torch.testing.assert_close(batch.real[0], batch.real[1].flip(2))
    torch.testing.assert_close(batch.sources[0], batch.sources[1].flip(2))
    assert batch.captions == ("two", "two") and batch.labels.tolist() == [0, 0]
    hidden = unpaired(both)
    assert len(hidden) == 6 and torch.equal(hidden.images, both.images)

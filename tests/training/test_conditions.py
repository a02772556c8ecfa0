"""How a generator is called, and what it is asked for, by what it is conditioned on."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from ganbook.data import Batch, ImageSet
from ganbook.training.conditions import CONDITIONS, Given

IMAGES = torch.arange(10).to(torch.uint8)[:, None, None, None].expand(10, 1, 4, 4)
SET = ImageSet("mine", "test", IMAGES, torch.arange(10), IMAGES, tuple("abcdefghij"), classes=tuple("0123456789"))


def test_every_condition_is_in_the_table():
    assert tuple(CONDITIONS) == get_args(Given)
    assert all(CONDITIONS[given].argument == given for given in CONDITIONS if given != "nothing")


def test_the_order_of_the_arguments():
    def call(given, z, condition):
        return CONDITIONS[given].call(lambda *arguments: arguments, z, condition)

    z, none, told = torch.zeros(2, 3), torch.zeros(2, 0), object()
    assert call("nothing", z, None) == (z,)
    assert call("labels", z, told) == (z, told) and call("captions", z, told) == (z, told)
    assert call("sources", z, told) == (told, z) and call("sources", none, told) == (told,)


def test_conditions_are_spread_over_what_holds_them():
    assert CONDITIONS["captions"].of(SET, 3) == {"captions": ("a", "d", "g")}
    assert CONDITIONS["captions"].of(SET, 99) == {"captions": tuple("abcdefghij")}
    (sources,) = CONDITIONS["sources"].of(SET, 5).values()
    assert torch.allclose(sources[:, 0, 0, 0], torch.arange(0, 10, 2) / 127.5 - 1)
    batch = Batch(torch.zeros(4, 1, 2, 2), torch.arange(4), torch.ones(4, 1, 2, 2))
    assert CONDITIONS["labels"].of(batch, 4)["labels"].tolist() == [0, 1, 2, 3]
    assert torch.equal(CONDITIONS["sources"].of(batch, 4)["sources"], batch.sources)
    assert CONDITIONS["labels"].of(None, 4) == CONDITIONS["nothing"].of(SET, 4) == {"n": 4}


@pytest.mark.parametrize("given", ["sources", "captions"])
def test_data_without_conditions_are_named(given):
    with pytest.raises(ValueError, match=rf"^the data have no {given}, which this generator is conditioned on$"):
        CONDITIONS[given].of(Batch(torch.zeros(1, 2)), 1)

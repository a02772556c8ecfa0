"""Shifts move whole images by whole pixels, gradients included, and only in training."""

import pytest
import torch

from ganbook.models.augment import RandomShift


def place(image):
    """Row and column of the one bright pixel."""
    return divmod(int(image[0].flatten().argmax()), image.shape[-1])


@pytest.mark.parametrize("channels", [1, 3])
def test_each_image_moves_by_itself_within_the_limit(channels):
    images = torch.full((400, channels, 9, 11), -1.0)
    images[:, :, 4, 5] = 1.0
    moved = RandomShift(2)(images)
    assert moved.shape == images.shape
    assert (moved.amax((2, 3)) == 1).all() and ((moved == 1).sum((2, 3)) == 1).all()
    places = {place(image) for image in moved}
    assert places == {(4 + i, 5 + j) for i in range(-2, 3) for j in range(-2, 3)}


def test_what_moves_in_is_the_fill_and_what_moves_out_is_lost():
    moved = RandomShift(3, fill=0.5)(torch.ones(50, 1, 6, 6))
    assert set(moved.unique().tolist()) == {0.5, 1.0}


def test_gradients_go_back_to_where_the_pixel_was_twice():
    x = torch.randn(3, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    shift = RandomShift(1)

    def seeded(x):
        torch.manual_seed(0)
        return shift(x)

    assert torch.autograd.gradcheck(seeded, x)
    assert torch.autograd.gradgradcheck(lambda x: seeded(x) ** 2, x)


def test_evaluation_and_no_shift_are_the_identity():
    x = torch.randn(2, 1, 8, 8)
    assert RandomShift(0)(x) is x
    assert RandomShift(2).eval()(x) is x
    with pytest.raises(ValueError, match="pixels is -1"):
        RandomShift(-1)

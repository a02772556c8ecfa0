"""Images are shifted by whole pixels, or shifted, turned and zoomed; gradients included, and only in training."""

import pytest
import torch
from torch.nn.functional import affine_grid, grid_sample

from ganbook.models.augment import DiffAugment, RandomAffine, RandomShift


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


def test_the_borders_own_pixels_move_in():
    torch.manual_seed(0)
    x = torch.rand(80, 3, 6, 6)
    padded = torch.nn.functional.pad(x, (2,) * 4, mode="replicate")
    for image, moved in zip(padded, RandomShift(2, fill=None)(x), strict=True):
        windows = (image[:, i : i + 6, j : j + 6] for i in range(5) for j in range(5))
        assert any(torch.equal(window, moved) for window in windows)


@pytest.mark.parametrize("moved", [RandomShift(1), RandomShift(1, fill=None), RandomAffine(1), DiffAugment()])
def test_gradients_go_back_to_where_the_pixel_was_twice(moved):
    x = torch.randn(3, 1, 8, 8, dtype=torch.float64, requires_grad=True)

    def seeded(x):
        torch.manual_seed(0)
        return moved(x)

    assert torch.autograd.gradcheck(seeded, x)
    assert torch.autograd.gradgradcheck(lambda x: seeded(x) ** 2, x)


def test_evaluation_and_no_shift_are_the_identity():
    x = torch.randn(2, 1, 8, 8)
    assert RandomShift(0)(x) is x
    assert RandomShift(2).eval()(x) is x
    assert RandomAffine().eval()(x) is x
    assert DiffAugment().eval()(x) is x
    assert torch.equal(DiffAugment(colour=False, shift=0.0, hole=0.0)(x), x)
    with pytest.raises(ValueError, match="hole is 2"):
        DiffAugment(hole=2.0)
    with pytest.raises(ValueError, match="pixels is -1"):
        RandomShift(-1)
    with pytest.raises(ValueError, match="turn is -1"):
        RandomAffine(turn=-1)


def middle(image):
    """Row and column of the ink's centre."""
    ink = (image + 1).sum(0)
    at = torch.arange(image.shape[-1], dtype=image.dtype)
    return (ink.sum(1) @ at / ink.sum()).item(), (ink.sum(0) @ at / ink.sum()).item()


def blob(n, row, column, side=2, size=28):
    images = torch.full((n, 1, size, size), -1.0)
    images[:, :, row : row + side, column : column + side] = 1.0
    return images


def test_shifted_alone_it_moves_by_up_to_so_many_pixels_each_way():
    places = torch.tensor([middle(image) for image in RandomAffine(2, 0, 0)(blob(300, 13, 13))]) - 13.5
    assert places.abs().max() <= 2.01
    assert (places.amin(0) < -1.8).all() and (places.amax(0) > 1.8).all(), "down, up, left and right"


def test_turned_alone_it_moves_on_a_circle_by_up_to_the_angle():
    places = torch.tensor([middle(image) for image in RandomAffine(0, 0.3, 0)(blob(300, 13, 22))]) - 13.5
    radius, angle = places.norm(dim=1), torch.atan2(places[:, 0], places[:, 1])
    assert (radius - 9).abs().max() < 0.1
    assert 0.28 < angle.max() < 0.32 and -0.32 < angle.min() < -0.28


def test_zoomed_alone_it_moves_towards_the_middle_and_away_from_it():
    places = torch.tensor([middle(image) for image in RandomAffine(0, 0, 0.2)(blob(300, 13, 21))]) - 13.5
    assert places[:, 0].abs().max() < 0.05
    factor = (places[:, 1] / 8).log()
    assert 0.18 < factor.max() < 0.21 and -0.21 < factor.min() < -0.18


def test_what_the_affine_map_moves_in_is_the_fill():
    for fill in (-1.0, 1.0):
        flat = torch.full((64, 3, 8, 8), fill)
        torch.testing.assert_close(RandomAffine(4, 0.5, 0.5, fill)(flat), flat)


def test_the_affine_map_is_bilinear_as_grid_sample_is():
    x = torch.randn(5, 2, 9, 12)
    torch.manual_seed(3)
    found = RandomAffine(2, 0.4, 0.3, 0.0)(x)
    torch.manual_seed(3)
    angle, size, down, right = torch.rand(4, 5) * 2 - 1
    maps = torch.zeros(5, 2, 3)
    for i in range(5):
        turned = torch.tensor([[1.0, 0.0], [0.0, 1.0]]) * torch.cos(angle[i] * 0.4)
        turned += torch.tensor([[0.0, -1.0], [1.0, 0.0]]) * torch.sin(angle[i] * 0.4)
        maps[i, :, :2] = turned * torch.exp(size[i] * 0.3)
        maps[i, :, 2] = torch.stack((right[i] * 4 / 12, down[i] * 4 / 9))
    wanted = grid_sample(x, affine_grid(maps, list(x.shape), align_corners=False), align_corners=False)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_the_affine_map_knows_its_places_precisely_in_half_precision():
    x = torch.randn(4, 1, 64, 64).bfloat16()
    found = []
    for images in (x, x.float()):
        torch.manual_seed(1)
        found.append(RandomAffine()(images))
    assert found[0].dtype == torch.bfloat16
    torch.testing.assert_close(found[0].float(), found[1], atol=0.03, rtol=0.01)


def test_colours_are_changed_as_the_paper_says():
    torch.manual_seed(0)
    x = torch.rand(4000, 3, 2, 2) * 2 - 1
    seen = DiffAugment(shift=0.0, hole=0.0)(x)
    grey, other = x.mean(1, keepdim=True), seen.mean(1, keepdim=True)
    brightness = (seen.mean((1, 2, 3)) - x.mean((1, 2, 3))).aminmax()
    assert brightness.min < -0.49 and brightness.max > 0.49 and brightness.max < 0.501 and brightness.min > -0.501
    # Each colour's distance from grey is scaled by one number per image, of 0 to 2 (saturation) times 0.5 to 1.5.
    scale = ((seen - other) / (x - grey)).flatten(1)
    assert (scale.amax(1) - scale.amin(1)).median() < 1e-3 and 0 <= scale.median(1).values.min() < 0.1
    assert 2.3 < scale.median(1).values.max() <= 3.001
    middles = (of - of.mean((1, 2, 3), keepdim=True) for of in (other, grey))
    contrast = (next(middles) / next(middles)).flatten(1).median(1).values
    assert 0.499 < contrast.min() < 0.52 and 1.48 < contrast.max() < 1.501


def test_how_opaque_a_pixel_is_has_no_colour():
    x = torch.rand(50, 4, 8, 8) * 2 - 1
    seen = DiffAugment(shift=0.0, hole=0.0)(x)
    assert torch.equal(seen[:, 3], x[:, 3]) and (seen[:, :3] != x[:, :3]).flatten(1).any(1).all()


def test_holes_and_borders_are_grey():
    moved = DiffAugment(colour=False, shift=0.25, hole=0.0)(torch.ones(500, 1, 8, 8))
    assert set(moved.unique().tolist()) == {0.0, 1.0}
    assert {(int(image[0].amax(1).sum()), int(image[0].amax(0).sum())) for image in moved} == {
        (rows, columns) for rows in (6, 7, 8) for columns in (6, 7, 8)
    }
    holed = DiffAugment(colour=False, shift=0.0, hole=0.5)(torch.ones(500, 3, 8, 8))
    sizes = (holed[:, 0] == 0).sum((1, 2))
    assert int(sizes.max()) == 16 and 4 <= int(sizes.min()) < 16, "a square of four, some of it outside"
    assert torch.equal(holed[:, 0], holed[:, 2]) and len({tuple(hole.flatten().tolist()) for hole in holed[:, 0]}) > 40

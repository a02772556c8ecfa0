"""The explorer's counts against torch's convolutions of ones."""

import itertools

import matplotlib.pyplot as plt
import pytest
import torch
from torch.nn import functional as F

import ganbook
from ganbook.widgets.convolution_geometry import _convolution, _transposed, draw_convolution_geometry


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def ones(side):
    return torch.ones(1, 1, side, side)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_counts_and_the_field_that_gives_them(stride):
    for size, kernel, padding, more in itertools.product((1, 3), (1, 3, 4), (0, 1, 3), range(stride)):
        if (size - 1) * stride - 2 * padding + kernel + more > 0:
            geometry = _transposed(size, kernel, stride, padding, more)
            counts = F.conv_transpose2d(ones(size), ones(kernel), None, stride, padding, more)[0, 0]
            assert torch.equal(geometry.meets, counts.long())
            # The drawn field is right if an ordinary convolution over its pixels gives the same counts.
            pixels = (geometry.field == 2).float()[None, None]
            assert torch.equal(F.conv2d(pixels, ones(kernel))[0, 0], counts)
            assert geometry.formula.endswith(f"= {len(counts)}")


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(4, 2, 1), (3, 1, 0), (3, 2, 3), (1, 3, 0)])
def test_convolution_counts(kernel, stride, padding):
    geometry = _convolution(5, kernel, stride, padding)
    counts = F.conv2d(ones(5), ones(kernel), None, stride, padding)[0, 0]
    assert torch.equal(geometry.meets, counts.long())
    assert geometry.formula.endswith(f"= {len(counts)}")


def drawn_frames(axes):
    return [(p.get_x(), p.get_y(), p.get_width()) for p in axes.patches if not p.get_fill()]


def test_the_frames_follow_the_position():
    fig, _ = draw_convolution_geometry("convolution", 6, 4, 2, 1, position=5)
    assert [drawn_frames(axes) for axes in fig.axes] == [[(4, 2, 4)], [(2, 1, 1)]]  # pixel (1, 2) of 3 × 3
    fig, _ = draw_convolution_geometry("transposed convolution", 2, 4, 2, 1, position=17)
    assert [drawn_frames(axes) for axes in fig.axes] == [[(1, 0, 4)], [(1, 0, 1)]]  # 17 = 16 + 1: starts again


def test_alternative_text_says_size_and_evenness():
    alt = draw_convolution_geometry("transposed convolution", 4, 4, 2, 1)[1]
    assert "4 × 4 pixels become 8 × 8." in alt and "the counts are equal" in alt
    alt = draw_convolution_geometry("transposed convolution", 4, 3, 2, 1, 1)[1]
    assert "become 8 × 8." in alt and "form a checkerboard" in alt and "met by 1 to 4 pixels" in alt
    alt = draw_convolution_geometry("convolution", 4, 4, 2, 1)[1]
    assert "become 2 × 2." in alt and "checkerboard" not in alt and "output padding" not in alt


def test_what_cannot_be_is_said():
    alt = draw_convolution_geometry("transposed convolution", 4, 4, 2, 1, 2)[1]
    assert alt.startswith("There is no such layer: output_padding is 2")
    assert "kernel is 6" in draw_convolution_geometry("convolution", 2, 6, 1, 0)[1]


def test_explorer_moves():
    box = ganbook.widgets.convolution_geometry()
    controls, picture = box.children
    assert "4 × 4 pixels become 8 × 8." in picture.value
    stride = next(control for control in controls.children if control.description == "stride")
    stride.value = 3
    assert "4 × 4 pixels become 11 × 11." in picture.value

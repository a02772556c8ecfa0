"""The explorer's counts against torch's convolutions of ones."""

import itertools
import re

import pytest
import torch
from torch.nn import functional as F

from ganbook.widgets import convolution_geometry


def ones(side):
    return torch.ones(1, 1, side, side)


def counts_of(svg):
    """The numbers in the cells of the right grid, as they are drawn."""
    return [int(number) for number in re.findall(r">(\d+)</text>", svg)]


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_counts(drawn, stride):
    asked, counts = [], []
    for size, kernel, padding, more in itertools.product((1, 3), (1, 3, 4), (0, 1, 3), range(stride)):
        if (size - 1) * stride - 2 * padding + kernel + more > 0:
            asked.append({"size": size, "kernel": kernel, "stride": stride, "padding": padding, "output_padding": more})
            counts.append(F.conv_transpose2d(ones(size), ones(kernel), None, stride, padding, more)[0, 0].long())
    for found, right in zip(drawn(convolution_geometry(), *asked), counts, strict=True):
        assert counts_of(found["svg"]) == right.flatten().tolist()
        assert found["figures"] == {"side": len(right), "least": right.min(), "most": right.max()}
        assert f"= {len(right)}</text>" in found["svg"]


def test_convolution_counts(drawn):
    asked = [
        {"size": 5, "kernel": k, "stride": s, "padding": p} for k, s, p in ((4, 2, 1), (3, 1, 0), (3, 2, 3), (1, 3, 0))
    ]
    for values, found in zip(asked, drawn(convolution_geometry("convolution"), *asked), strict=True):
        right = F.conv2d(ones(5), ones(values["kernel"]), None, values["stride"], values["padding"])[0, 0].long()
        assert counts_of(found["svg"]) == right.flatten().tolist()


def frames(svg):
    """(x, y, width) of the two frames."""
    pattern = r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="[\d.]+" fill="none"'
    return [tuple(map(float, found)) for found in re.findall(pattern, svg)]


def test_the_frames_follow_the_position(drawn):
    first, fifth, again = drawn(
        convolution_geometry("convolution", 6, 4, 2, 1), *({"position": place} for place in (0, 5, 9))
    )
    (left, right), (left5, right5) = frames(first["svg"]), frames(fifth["svg"])
    cell = left[2] / 4
    assert [b - a for a, b in zip(left, left5, strict=True)] == pytest.approx([4 * cell, 2 * cell, 0], abs=0.05)
    # Pixel (1, 2) of 3 × 3.
    assert [b - a for a, b in zip(right, right5, strict=True)] == pytest.approx([2 * right[2], right[2], 0], abs=0.05)
    assert frames(again["svg"]) == frames(first["svg"])


def test_text_says_size_and_evenness(drawn):
    even, board = drawn(convolution_geometry(), {}, {"kernel": 3, "output_padding": 1})
    assert "4 × 4 pixels become 8 × 8." in even["alt"] and "the counts are equal" in even["alt"]
    assert "form a checkerboard" in board["alt"] and "met by 1 to 4 pixels" in board["alt"]
    alt = drawn(convolution_geometry("convolution"))["alt"]
    assert "become 2 × 2." in alt and "checkerboard" not in alt and "output padding" not in alt


def test_what_cannot_be_is_said(drawn):
    alt = drawn(convolution_geometry(output_padding=2))["alt"]
    assert alt == "There is no such layer: output padding must be less than the stride, 2."
    assert "larger than the padded input" in drawn(convolution_geometry("convolution", 2, 6, 1, 0))["alt"]
    assert "crops all" in drawn(convolution_geometry(size=1, kernel=2, padding=3))["alt"]

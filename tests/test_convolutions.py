"""Convolutions by hand against torch's, closed forms and hand-made spectra."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook.convolutions import (
    checkerboard,
    contributions,
    convolution_matrix,
    high_share,
    insert_zeros,
    output_size,
    paint,
    slide_over_zeros,
    spectrum,
    transposed_size,
)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_size_is_torch_s_and_returns_to_its_input(stride):
    tried = 0
    for size, kernel, padding, more in itertools.product((1, 2, 5), (1, 2, 3, 4, 5), (0, 1, 2), range(stride)):
        if (size - 1) * stride - 2 * padding + kernel + more > 0:
            out = transposed_size(size, kernel, stride, padding, more)
            layer = nn.ConvTranspose2d(1, 1, kernel, stride, padding, more, device="meta")
            assert layer(torch.empty(1, 1, size, size, device="meta")).shape[-1] == out
            if out + 2 * padding >= kernel:
                assert output_size(out, kernel, stride, padding) == size
            tried += 1
    assert tried > 30


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_output_size_is_torch_s(stride):
    for size, kernel, padding in itertools.product((4, 7), (1, 3, 4), (0, 1)):
        layer = nn.Conv2d(1, 1, kernel, stride, padding, device="meta")
        shape = layer(torch.empty(1, 1, size, size, device="meta")).shape
        assert shape[-1] == output_size(size, kernel, stride, padding)


SETTINGS = [(1, 0, 0), (1, 1, 0), (2, 0, 1), (2, 1, 0), (3, 2, 2), (3, 0, 0)]


@pytest.mark.parametrize(("stride", "padding", "more"), SETTINGS)
@pytest.mark.parametrize("by_hand", [paint, slide_over_zeros])
def test_transposed_convolutions_by_hand_are_torch_s(by_hand, stride, padding, more):
    for height, width, k, w in ((3, 2, 2, 3), (4, 4, 4, 4), (2, 5, 3, 5)):  # neither side equal to the other
        x, kernel = torch.randn(height, width, dtype=torch.float64), torch.randn(k, w, dtype=torch.float64)
        theirs = F.conv_transpose2d(x[None, None], kernel[None, None], None, stride, padding, more)[0, 0]
        torch.testing.assert_close(by_hand(x, kernel, stride, padding, more), theirs)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 2), (2, 1), (3, 1)])
def test_the_matrix_is_the_convolution_and_its_transpose_the_transposed_one(stride, padding):
    x, kernel = torch.randn(7, 6, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    matrix = convolution_matrix(kernel, (7, 6), stride, padding)
    y = F.conv2d(x[None, None], kernel[None, None], None, stride, padding)
    torch.testing.assert_close(matrix @ x.flatten(), y.flatten())
    back = torch.autograd.functional.vjp(
        lambda image: F.conv2d(image[None, None], kernel[None, None], None, stride, padding), x, y
    )[1]
    torch.testing.assert_close((matrix.T @ y.flatten()).view(7, 6), back)


def test_zeros_go_between_the_pixels_only():
    x = torch.arange(1.0, 7.0).view(1, 1, 2, 3)
    spread = insert_zeros(x, 3)
    assert spread.shape == (1, 1, 4, 7)
    assert torch.equal(spread[..., ::3, ::3], x)
    assert spread.count_nonzero() == 6
    assert torch.equal(insert_zeros(x, 1), x)


def test_inputs_stay_as_they_are():
    x, kernel = torch.ones(2, 2), torch.ones(3, 3)
    insert_zeros(x, 1).zero_()
    paint(x, kernel, 2, 1).zero_()
    assert x.sum() == 4 and kernel.sum() == 9


@pytest.mark.parametrize("stride", [2, 3])
def test_contributions_are_even_inside_where_the_stride_divides_the_kernel(stride):
    for kernel in (2, 3, 4, 5, 6, 9):
        counts = contributions(12, kernel, stride)
        assert counts.sum() == 12 * kernel
        inside = counts[kernel:-kernel]
        assert {int(c) for c in inside} == {kernel // stride, math.ceil(kernel / stride)}
        direct = F.conv_transpose1d(torch.ones(1, 1, 12), torch.ones(1, 1, kernel), None, stride, 1, stride - 1)
        assert contributions(12, kernel, stride, 1, stride - 1).tolist() == direct.flatten().tolist()


def cosine(size, period):
    """A pattern that repeats every ``period`` rows."""
    rows = torch.cos(2 * math.pi * torch.arange(size) / period)
    return rows[:, None].expand(size, size)


def test_high_share_is_the_power_above_a_quarter_of_a_cycle():
    low, high = cosine(16, 16 / 3), cosine(16, 16 / 5)  # 3 / 16 and 5 / 16 of a cycle a pixel
    assert high_share((5 + low + 2 * high)[None, None]) == pytest.approx(4 / 5, abs=1e-5)
    assert high_share((low + 2 * high).T[None, None]) == pytest.approx(4 / 5, abs=1e-5)
    assert high_share(low[None, None]) == pytest.approx(0, abs=1e-6)


def test_spectrum_of_a_cosine_sits_at_its_frequency():
    power = spectrum(3 + cosine(12, 3)[None, None])
    assert power[4, 0] == pytest.approx(power[8, 0].item()) and power[4, 0] == pytest.approx((12 * 12 / 2) ** 2)
    assert power.sum() == pytest.approx((power[4, 0] + power[8, 0]).item(), rel=1e-4)


@pytest.mark.parametrize(("size", "period"), [(32, 2), (32, 4), (30, 3), (28, 2)])
def test_checkerboard_of_noise_is_one(size, period):
    noise = torch.randn(300, 3, size, size, generator=torch.Generator().manual_seed(0))
    assert checkerboard(noise, period) == pytest.approx(1, abs=0.1)
    smooth = noise + F.avg_pool2d(noise, 5, 1, 2)  # a spectrum that bends, and has no peak of one bin
    assert 0.5 < checkerboard(smooth, period) < 1.5


@pytest.mark.parametrize("period", [2, 3])
def test_checkerboard_of_a_known_pattern(period):
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(800, 1, 30, 30, generator=generator)
    pattern = torch.zeros(30, 30)
    pattern[::period, ::period] = 1  # the same power at each of its frequencies
    # Power of a bin: 900 for the noise, and (30 * 30 / period²)² for the pattern.
    expected = 1 + 900 / period**4 * 0.2**2
    assert checkerboard(noise + 0.2 * pattern, period) == pytest.approx(expected, rel=0.1)
    other = 5 - period
    assert checkerboard(noise + 0.2 * pattern, other) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: output_size(2, 5), "kernel is 5: allowed is at most the padded input's side, 2"),
        (lambda: output_size(2, 1, 0), "stride is 0"),
        (lambda: transposed_size(2, 3, 2, 0, 2), "output_padding is 2: allowed is less than the stride, 2"),
        (lambda: transposed_size(1, 2, 1, 1), "padding is 1, which crops all"),
        (lambda: transposed_size(0, 2), "size is 0"),
        (lambda: paint(torch.ones(1, 2, 2), torch.ones(2, 2)), r"x has shape \(1, 2, 2\)"),
        (lambda: slide_over_zeros(torch.ones(2, 2), torch.ones(4)), r"kernel has shape \(4,\)"),
        (lambda: slide_over_zeros(torch.ones(2, 2), torch.ones(2, 2), 1, 0, 1), "output_padding is 1"),
        (lambda: insert_zeros(torch.ones(2, 2), 0), "stride is 0"),
        (lambda: checkerboard(torch.zeros(1, 1, 8, 9)), "sides 8 and 9"),
        (lambda: checkerboard(torch.zeros(1, 1, 4, 4)), "above 4"),
        (lambda: checkerboard(torch.ones(1, 1, 8, 8)), "constant"),
        (lambda: spectrum(torch.zeros(8, 8)), r"images has shape \(8, 8\)"),
    ],
)
def test_what_does_not_fit_is_named(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_checkerboard_of_stripes_is_a_mean_over_three_frequencies():
    noise = torch.randn(800, 1, 30, 30, generator=torch.Generator().manual_seed(2))
    stripes = torch.zeros(30, 30)
    stripes[::2] = 1  # energy at (½, 0), none at (0, ½) and (½, ½)
    at_one = 1 + 0.2**2 * (30 * 30 / 2) ** 2 / 900
    assert checkerboard(noise + 0.2 * stripes) == pytest.approx(at_one ** (1 / 3), rel=0.1)

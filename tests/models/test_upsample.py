"""Enlarge, then convolve: computed as one transposed convolution, equal to the two in values and gradients."""

import pytest
import torch
from torch.nn import functional as F

from ganbook.convolutions import checkerboard
from ganbook.models import ResizeConvolution
from ganbook.models.upsample import spread


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize(("factor", "kernel"), [(2, 3), (3, 5), (1, 1), (4, 3), (1, 3), (3, 1), (2, 7)])
@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients_are_those_of_enlarging_and_convolving(mode, factor, kernel, bias):
    layer = ResizeConvolution(3, 2, kernel, factor, bias, mode).double()
    weight, shift = layer.convolution.weight, layer.convolution.bias
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    larger = F.interpolate(x, (4 * factor, 5 * factor), mode=mode)
    expected = F.conv2d(larger, weight, shift, 1, kernel // 2)
    found = layer(x)
    assert found.shape == (2, 2, 4 * factor, 5 * factor)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)
    upstream = torch.randn_like(expected)
    of = (x, *layer.parameters())
    assert len(of) == 2 + bias
    for ours, theirs in zip(
        torch.autograd.grad(found, of, upstream), torch.autograd.grad(expected, of, upstream), strict=True
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)


def test_gradients_of_gradients_too():
    """A penalty on a critic that enlarges differentiates twice."""
    layer = ResizeConvolution(2, 1, 3, 2).double()
    x = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: layer(x).square(), x)


def test_a_spread_kernel_by_hand():
    """One pixel, repeated 2 x 2, under a kernel of ones and a kernel that tells its corners apart."""
    ones = torch.ones(1, 1, 3, 3)
    assert spread(ones, 2)[0, 0].tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]
    corner = torch.zeros(1, 1, 3, 3)
    corner[0, 0, 0, 2] = 1.0  # what lies up and to the right of a place: the copies appear down and to the left of it
    assert spread(corner, 2)[0, 0].tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]
    kernel = torch.randn(2, 3, 5, 5)
    assert spread(kernel, 3).shape == (3, 2, 7, 7)
    torch.testing.assert_close(spread(kernel, 1), kernel.flip(2, 3).transpose(0, 1))
    torch.testing.assert_close(spread(kernel, 3).sum((2, 3)), 9 * kernel.sum((2, 3)).T, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_other_layouts_and_precisions(mode):
    layer, x = ResizeConvolution(3, 2, mode=mode), torch.randn(2, 3, 4, 4)
    plain = layer(x)
    inside = layer.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(inside, plain, atol=1e-5, rtol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        half = layer(x)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), plain, atol=0.05, rtol=0.05)


def test_a_constant_stays_constant_inside():
    """A transposed convolution would paint its four phases differently."""
    out = ResizeConvolution(1, 1)(torch.ones(1, 1, 8, 8))[..., 1:-1, 1:-1]
    assert (out - out.mean()).abs().max() < 1e-6


def test_no_pattern_stands_out_at_initialisation():
    with torch.no_grad():
        images = torch.cat([ResizeConvolution(4, 1)(torch.randn(8, 4, 16, 16)) for _ in range(50)])
        painted = torch.cat([torch.nn.ConvTranspose2d(4, 1, 4, 2, 1)(torch.randn(8, 4, 16, 16)) for _ in range(50)])
    assert checkerboard(images[..., 2:-2, 2:-2]) < 1.5
    assert torch.isfinite(painted).all()


def test_bias_is_optional():
    assert ResizeConvolution(1, 1, bias=False).convolution.bias is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((0, 1), "inputs is 0"),
        ((1, 1, 4), "kernel is 4: allowed is an odd number"),
        ((1, 1, 3, 0), "factor is 0"),
        ((1, 1, 3, 2, True, "cubic"), "mode is 'cubic'"),
    ],
)
def test_what_does_not_fit_is_named(arguments, said):
    with pytest.raises(ValueError, match=said):
        ResizeConvolution(*arguments)

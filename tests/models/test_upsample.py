import pytest
import torch
from torch.nn import functional as F

from ganbook.convolutions import checkerboard
from ganbook.models import ResizeConvolution


@pytest.mark.parametrize(("factor", "kernel", "mode"), [(2, 3, "nearest"), (3, 5, "bilinear"), (1, 1, "nearest")])
def test_size_and_value(factor, kernel, mode):
    layer, x = ResizeConvolution(3, 2, kernel, factor, mode=mode), torch.randn(2, 3, 4, 5)
    out = layer(x)
    assert out.shape == (2, 2, 4 * factor, 5 * factor)
    larger = F.interpolate(x, (4 * factor, 5 * factor), mode=mode)
    torch.testing.assert_close(out, F.conv2d(larger, layer.convolution.weight, layer.convolution.bias, 1, kernel // 2))


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

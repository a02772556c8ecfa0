"""The perceptrons: shapes, depth, and no activation at the end."""

import pytest
import torch
from torch import nn

from ganbook.models import MLPDiscriminator, MLPGenerator


@pytest.mark.parametrize("latent_dim", [1, 2, 16])
@pytest.mark.parametrize("out_dim", [1, 2, 5])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_shapes_and_layers(latent_dim, out_dim, depth):
    generator = MLPGenerator(latent_dim, out_dim, width=8, depth=depth)
    discriminator = MLPDiscriminator(out_dim, width=8, depth=depth)
    for n in (1, 7):
        points = generator(torch.randn(n, latent_dim))
        assert points.shape == (n, out_dim)
        assert discriminator(points).shape == (n,), "one logit a sample, also for a batch of one"
    for network, ends in ((generator, (latent_dim, out_dim)), (discriminator, (out_dim, 1))):
        linear = [m for m in network.modules() if isinstance(m, nn.Linear)]
        assert len(linear) == depth + 1
        assert (linear[0].in_features, linear[-1].out_features) == ends
        assert isinstance(list(network.modules())[-1], nn.Linear), "no activation after the last layer"


def test_outputs_are_unbounded_and_reach_every_weight():
    torch.manual_seed(0)
    for network in (MLPGenerator(), MLPDiscriminator()):
        out = network(1e3 * torch.randn(64, 2))
        assert out.min() < -1 and out.max() > 1
        out.sum().backward()
        assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())


def test_it_is_a_perceptron():
    generator = MLPGenerator(2, 2, width=4, depth=1)
    first, last = (m for m in generator.modules() if isinstance(m, nn.Linear))
    z = torch.randn(5, 2)
    expected = (z @ first.weight.T + first.bias).clamp(min=0) @ last.weight.T + last.bias
    assert torch.allclose(generator(z), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 2, 2), (4, 1), ()])
def test_inputs_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"^z has shape .*: allowed is \(N, 2\)"):
        MLPGenerator(latent_dim=2)(torch.zeros(shape))
    with pytest.raises(ValueError, match=r"^x has shape .*: allowed is \(N, 2\)"):
        MLPDiscriminator(in_dim=2)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLPGenerator(latent_dim=0), r"^latent_dim is 0: allowed is 1 or more"),
        (lambda: MLPGenerator(out_dim=0), r"^out_dim is 0"),
        (lambda: MLPGenerator(width=0), r"^width is 0"),
        (lambda: MLPGenerator(depth=-1), r"^depth is -1: allowed is 0 or more"),
        (lambda: MLPDiscriminator(in_dim=-2), r"^in_dim is -2"),
        (lambda: MLPDiscriminator(width=-1), r"^width is -1"),
    ],
)
def test_bad_sizes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()

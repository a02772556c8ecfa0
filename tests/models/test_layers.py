"""Layers against their formulas written as loops, against torch's own, and at the edges."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from ganbook.models import DCGANDiscriminator
from ganbook.models.layers import InstanceNoise, MinibatchDiscrimination, MinibatchStdDev, SpectralNorm, spectral_norm


def test_minibatch_discrimination_is_the_papers_sum_over_the_others():
    layer = MinibatchDiscrimination(4, kernels=3, dim=2)
    x = torch.randn(5, 4)
    rows = [[(x[i] @ layer.tensor[:, b]).tolist() for b in range(3)] for i in range(5)]
    expected = [
        [
            sum(
                math.exp(-sum(abs(p - q) for p, q in zip(rows[i][b], rows[j][b], strict=True)))
                for j in range(5)
                if j != i
            )
            for b in range(3)
        ]
        for i in range(5)
    ]
    found = layer(x)
    assert torch.equal(found[:, :4], x)
    torch.testing.assert_close(found[:, 4:], torch.tensor(expected))


def test_minibatch_discrimination_tells_a_collapsed_batch_and_passes_gradients():
    layer = MinibatchDiscrimination(4, kernels=3)
    assert layer(torch.randn(1, 4).expand(8, 4))[:, 4:].sub(7).abs().max() < 1e-5  # seven others at distance 0
    assert layer(torch.randn(1, 4))[:, 4:].abs().max() < 1e-6  # nobody to be near to
    assert layer(1e4 * torch.randn(8, 4))[:, 4:].abs().max() < 1e-3
    x = torch.randn(6, 4, requires_grad=True)
    layer(x)[:, 4:].sum().backward()
    assert x.grad is not None and x.grad.abs().min() > 0
    assert layer.tensor.grad is not None and layer.tensor.grad.abs().min() > 0
    with pytest.raises(ValueError, match=r"x has shape \(2, 5\): allowed is \(N, 4\)"):
        layer(torch.randn(2, 5))


@pytest.mark.parametrize("shape", [(6, 5), (6, 1, 4, 4), (6, 3, 4, 4)])
def test_minibatch_stddev_is_the_mean_deviation_over_the_batch(shape):
    x = torch.randn(shape)
    found = MinibatchStdDev()(x)
    assert found.shape == (shape[0], shape[1] + 1, *shape[2:])
    assert torch.equal(found[:, :-1], x)
    expected = x.double().numpy().std(axis=0).mean()  # NumPy divides by n
    assert found[:, -1].max().item() == pytest.approx(expected, rel=1e-4)
    assert found[:, -1].min().item() == pytest.approx(expected, rel=1e-4)


def test_minibatch_stddev_in_groups_and_without_variety():
    x = torch.randn(6, 5)
    found = MinibatchStdDev(group=3)(x)[:, -1]
    for part in (slice(0, 3), slice(3, 6)):
        expected = x[part].std(0, correction=0).mean().item()
        assert found[part].tolist() == pytest.approx([expected] * 3, rel=1e-4)
    same = torch.ones(4, 5, requires_grad=True)
    MinibatchStdDev()(same)[:, -1].sum().backward()
    assert same.grad is not None and same.grad.isfinite().all()
    assert MinibatchStdDev()(torch.randn(1, 5)).shape == (1, 6)  # a batch of one has no variety
    with pytest.raises(ValueError, match="a multiple of 4"):
        MinibatchStdDev(group=4)(x)
    with pytest.raises(ValueError, match="x has shape"):
        MinibatchStdDev()(torch.randn(4))


@pytest.mark.parametrize("make", [lambda: nn.Linear(7, 5), lambda: nn.Conv2d(3, 4, 3)], ids=["linear", "conv"])
def test_spectral_norm_is_torchs_in_value_gradient_and_over_steps(make):
    ours, torchs = make(), make()
    torchs.load_state_dict(ours.state_dict())
    spectral_norm(ours)
    parametrizations.spectral_norm(torchs)
    mine, other = ours.parametrizations.weight[0], torchs.parametrizations.weight[0]
    assert isinstance(mine, SpectralNorm)
    mine.u.copy_(other._u)
    mine.v.copy_(other._v)
    x = torch.randn(2, 7) if isinstance(ours, nn.Linear) else torch.randn(2, 3, 5, 5)
    optimizers = [torch.optim.SGD(layer.parameters(), lr=0.3) for layer in (ours, torchs)]
    for _ in range(4):
        for layer, optimizer in zip((ours, torchs), optimizers, strict=True):
            optimizer.zero_grad()
            (layer(x).square().sum() + layer(x).sum()).backward()  # two passes before one backward
            optimizer.step()
        torch.testing.assert_close(ours.weight, torchs.weight)
    ours.eval()
    torchs.eval()
    torch.testing.assert_close(ours(x), torchs(x))


def test_spectral_norm_reaches_norm_one_and_stands_still_in_evaluation():
    layer = spectral_norm(nn.Linear(20, 30))
    for _ in range(200):
        layer(torch.randn(1, 20))
    assert torch.linalg.matrix_norm(layer.weight, 2).item() == pytest.approx(1, abs=2e-3)
    layer.eval()
    u = layer.parametrizations.weight[0].u.clone()
    layer(torch.randn(1, 20))
    assert torch.equal(u, layer.parametrizations.weight[0].u)
    for wrong in (nn.ReLU(), nn.ConvTranspose2d(2, 2, 3), nn.BatchNorm2d(3)):
        with pytest.raises(ValueError, match=f"layer is {type(wrong).__name__}"):
            spectral_norm(wrong)


def test_instance_noise_has_its_deviation_falls_to_zero_and_sleeps_in_evaluation():
    x = torch.zeros(200, 50)
    constant, falling = InstanceNoise(0.5), InstanceNoise(0.5, passes=4)
    assert constant(x).std().item() == pytest.approx(0.5, rel=0.03)
    falling = InstanceNoise(0.5, passes=4)
    found = [falling(x).std().item() for _ in range(6)]
    assert found == pytest.approx([0.5, 0.375, 0.25, 0.125, 0, 0], rel=0.03, abs=1e-9)
    assert torch.equal(constant.eval()(x), x)
    with pytest.raises(ValueError, match="std is -1"):
        InstanceNoise(-1)


def test_layers_fit_a_dcgan():
    body = DCGANDiscriminator(channels=3, size=28, width=4).layers[:-1]
    x = torch.rand(6, 3, 28, 28) * 2 - 1
    assert MinibatchStdDev(group=3)(body(x)).shape == (6, 9, 7, 7)
    assert MinibatchDiscrimination(8 * 49, 5)(body(x).flatten(1)).shape == (6, 8 * 49 + 5)

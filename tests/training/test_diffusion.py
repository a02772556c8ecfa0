"""The diffusion round against its formula, and what a model of one Gaussian learns."""

import copy
import inspect
from statistics import median

import pytest
import torch
from torch import nn

from ganbook.data import Batch
from ganbook.models import DiffusionModel, cosine_schedule
from ganbook.training import Game, Prior, diffusion_round, fit

DEVICES = ["cpu", "meta", *(["cuda"] if torch.cuda.is_available() else [])]


def game(lr=0.0, device="cpu", generator=None, **options):
    torch.manual_seed(0)
    with torch.device(device):
        generator = generator or DiffusionModel(64, size=8, width=8)
    optimizer = torch.optim.SGD(generator.parameters(), lr=lr)
    return Game(generator, None, prior=Prior(64), g_optimizer=optimizer, **options)


class Oracle(nn.Module):
    """It knows the noise since it knows the image."""

    def __init__(self, real, off=0.0):
        super().__init__()
        self.weight, self.real, self.off, self.seen = nn.Parameter(torch.zeros(1)), real, off, []

    def forward(self, x, t):
        self.seen.append((x, t))
        signal, scale = (part[:, None, None, None] for part in cosine_schedule(t))
        return (x - signal * self.real) / scale + self.off * signal + 0 * self.weight


@pytest.fixture
def batch():
    torch.manual_seed(5)
    return Batch(torch.rand(6, 1, 8, 8) * 2 - 1)


def test_the_round_reads_like_an_algorithm_box():
    assert len(inspect.getsource(diffusion_round).splitlines()) <= 40


def test_a_perfect_predictor_has_no_loss(batch):
    assert diffusion_round(game(generator=Oracle(batch.real)), batch)["loss"].item() < 1e-6


def test_errors_are_counted_in_units_of_the_signal(batch):
    loss = diffusion_round(game(generator=Oracle(batch.real, off=0.3)), batch)["loss"]
    assert loss.item() == pytest.approx(0.09, rel=1e-3)


def test_times_are_spread_evenly_and_noise_has_variance_one():
    real = torch.zeros(200, 1, 8, 8)
    oracle = Oracle(real)
    one = game(generator=oracle)
    for _ in range(2):
        diffusion_round(one, Batch(real))
    (x, t), (_, again) = oracle.seen
    assert torch.allclose(t.sort().values.diff(), torch.full((199,), 1 / 200), atol=1e-4)
    assert t.min() >= 0 and t.max() < 1 and not torch.equal(t, again)
    noise = x / cosine_schedule(t)[1][:, None, None, None]
    assert noise.std().item() == pytest.approx(1.0, abs=0.03)
    assert not torch.equal(noise[0], noise[1])


def test_the_step_is_down_the_gradient_of_the_loss(batch):
    played = game(lr=0.1)
    before = copy.deepcopy(played.generator)
    torch.manual_seed(1)
    t = (torch.rand(()) + torch.arange(6) / 6) % 1
    noise = torch.randn(6, 64).view(6, 1, 8, 8)
    signal, scale = (part[:, None, None, None] for part in cosine_schedule(t))
    loss = ((noise - before(signal * batch.real + scale * noise, t)) / signal).square().mean()
    expected = torch.autograd.grad(loss, list(before.parameters()))
    torch.manual_seed(1)
    scores = diffusion_round(played, batch)
    assert scores["loss"].item() == pytest.approx(loss.item(), rel=1e-5) and not scores["loss"].requires_grad
    for old, new, gradient in zip(before.parameters(), played.generator.parameters(), expected, strict=True):
        assert torch.allclose(new, old - 0.1 * gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n", [1, 5])
def test_a_round_on_each_device_and_a_batch_of_one(device, n):
    played = game(0.01, device, ema_half_life=10.0)
    scores = diffusion_round(played, Batch(torch.zeros(n, 1, 8, 8, device=device)))
    assert scores["loss"].device.type == device and scores["loss"].shape == ()


class Spots:
    """Images of one grey each, -0.5 or 0.5."""

    def to(self, device):
        return self

    def batches(self, batch_size, *, seed=0, start=0, rank=0, world=1):
        rng = torch.Generator().manual_seed(seed)
        for i in range(10**9):
            real = (torch.randint(2, (batch_size, 1, 1, 1), generator=rng) - 0.5).expand(-1, 1, 8, 8)
            if i >= start:
                yield Batch(real)


def spots(seed, steps):
    """Fall of the loss, distance of the drawn greys from the nearest spot, share of them that are bright."""
    torch.manual_seed(seed)
    model = DiffusionModel(64, size=8, width=8, evaluations=10)
    played = Game(
        model, None, prior=Prior(64), g_optimizer=torch.optim.Adam(model.parameters(), 5e-3), ema_half_life=500.0
    )
    settings = {"steps": steps, "batch_size": 32, "progress": False, "anneal_from": 0.5}
    loss = fit(played, Spots(), diffusion_round, **settings)["loss"]
    with torch.no_grad():
        made = played.averaged_generator()(torch.randn(200, 64, generator=torch.Generator().manual_seed(0)))
    greys = made.mean((1, 2, 3))
    return sum(loss[-20:]) / 20 / loss[0], (greys.abs() - 0.5).abs().median().item(), greys.gt(0).float().mean().item()


def test_it_learns_two_spots_over_several_seeds():
    fall, distance, bright = (median(of) for of in zip(*(spots(seed, 200) for seed in range(5)), strict=True))
    _, untrained, _ = spots(0, 1)
    assert fall < 0.3 and distance < 0.5 * untrained and 0.25 < bright < 0.75, (fall, distance, untrained, bright)


def test_a_resumed_run_is_bit_identical(tmp_path):
    def run(steps, out, resume=False):
        torch.manual_seed(3)
        played = Game(DiffusionModel(64, size=8, width=8), None, prior=Prior(64), ema_half_life=50.0)
        settings = {"steps": steps, "batch_size": 8, "progress": False, "checkpoint_every": 3}
        return fit(played, Spots(), diffusion_round, out=out, resume=resume, **settings), played

    whole, reference = run(6, tmp_path / "whole")
    run(3, tmp_path / "parts")
    again, resumed = run(6, tmp_path / "parts", resume=True)
    assert again["loss"] == whole["loss"]
    z = torch.randn(2, 64)
    assert torch.equal(resumed.averaged_generator()(z), reference.averaged_generator()(z))
    for name, tensor in reference.generator.state_dict().items():
        assert torch.equal(resumed.generator.state_dict()[name], tensor), name

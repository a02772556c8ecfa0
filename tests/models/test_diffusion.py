"""The diffusion model: the schedule, the sampler against cases with a known answer, and the bound on the likelihood."""

import math

import pytest
import torch
from torch import nn

from ganbook.models import DiffusionModel, NoiseUNet, cosine_schedule
from ganbook.models.diffusion import ANGLES


def small(**options):
    torch.manual_seed(0)
    return DiffusionModel(**({"latent_dim": 64, "size": 8, "width": 8, "evaluations": 3} | options))


class Knows(nn.Module):
    """The exact noise predictor of data that are one Gaussian: image ~ N(centre, spread^2) in every pixel."""

    def __init__(self, centre, spread):
        super().__init__()
        self.centre, self.spread = centre, spread
        self.asked = []

    def forward(self, x, t):
        self.asked.append(t[0].item())
        signal, scale = (part[:, None, None, None] for part in cosine_schedule(t))
        variance = signal**2 * self.spread**2 + scale**2
        return scale * (x - signal * self.centre) / variance


def knowing(centre, spread, **options):
    model = small(**options)
    shape = model.network.shape
    model.network = Knows(centre, spread)
    model.network.shape = shape
    return model


# -- the schedule -------------------------------------------------------------------------------------------------


def test_signal_and_noise_share_a_variance_of_one():
    signal, noise = cosine_schedule(torch.linspace(0, 1, 101))
    assert torch.allclose(signal.square() + noise.square(), torch.ones(101), atol=1e-6)
    assert (signal.diff() < 0).all() and (noise.diff() > 0).all()
    assert noise[0].item() == pytest.approx(math.sin(ANGLES[0]), rel=1e-4)
    assert signal[-1].item() == pytest.approx(math.cos(ANGLES[1]), rel=1e-3)
    assert (signal[50] - noise[50]).abs() < 1e-6


def test_noisy_data_of_variance_one_keep_it():
    torch.manual_seed(0)
    x = torch.randint(2, (200_000,)) * 2.0 - 1
    for t in (0.1, 0.5, 0.9):
        signal, noise = cosine_schedule(torch.tensor(t))
        assert (signal * x + noise * torch.randn_like(x)).var().item() == pytest.approx(1.0, abs=0.02)


# -- the sampler --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("evaluations", [1, 2, 7])
def test_with_a_single_data_point_every_sample_is_that_point(evaluations):
    torch.manual_seed(1)
    point = torch.rand(1, 8, 8) * 1.6 - 0.8
    model = knowing(point, 0.0, evaluations=evaluations)
    assert torch.allclose(model(torch.randn(3, 64)), point.expand(3, -1, -1, -1), atol=1e-4)
    assert model.network.asked == pytest.approx([k / evaluations for k in range(evaluations, 0, -1)])


def test_many_steps_give_a_gaussian_its_mean_and_spread():
    """DDIM follows the flow of the probabilities: noise one sigma above the mean ends one sigma above the mean."""
    model = knowing(torch.full((1, 8, 8), -0.2), 0.15, evaluations=400)
    z = torch.linspace(-2, 2, 64)[None]
    expected = (-0.2 + 0.15 * z).view(1, 1, 8, 8)
    assert torch.allclose(model(z), expected, atol=0.01)
    few = knowing(torch.full((1, 8, 8), -0.2), 0.15, evaluations=2)(z)
    assert (few - expected).abs().max() > 0.05, "two steps cannot follow it"


def test_the_same_noise_gives_the_same_image_and_other_noise_another():
    model = small().eval()
    nn.init.normal_(model.network.last[-2].weight, 0, 0.1)
    z = torch.randn(4, 64)
    with torch.no_grad():
        images = model(z)
        assert torch.equal(images, model(z))
        assert (images[0] - images[1]).abs().max() > 1e-3
    assert images.shape == (4, 1, 8, 8) and images.abs().max() <= 1


def test_evaluations_are_counted():
    model = knowing(torch.zeros(1, 8, 8), 0.5, evaluations=5)
    model(torch.randn(2, 64))
    assert len(model.network.asked) == 5
    model.evaluations = 9
    model(torch.randn(2, 64))
    assert len(model.network.asked) == 14


def test_split_and_mix_are_inverse():
    model = small()
    x, t = torch.randn(5, 1, 8, 8), torch.linspace(0.1, 0.9, 5)
    image, noise = model.split(x, t)
    signal, scale = (part[:, None, None, None] for part in cosine_schedule(t))
    assert image.abs().max() <= 1
    assert torch.allclose(signal * image + scale * noise, x, atol=1e-5)


# -- the network --------------------------------------------------------------------------------------------------


def test_it_starts_as_the_best_guess_that_knows_no_data():
    """With last layers of zero the noise is scale * x: the exact answer for data that are standard normal."""
    network = NoiseUNet(1, 8, 8)
    nn.init.zeros_(network.last[-2].weight)
    nn.init.zeros_(network.last[-2].bias)
    x, t = torch.randn(3, 1, 8, 8), torch.tensor([0.0, 0.5, 1.0])
    assert torch.allclose(network(x, t), Knows(0.0, 1.0)(x, t), atol=1e-5)


@pytest.mark.parametrize(("channels", "size", "depth"), [(1, 28, 1), (3, 32, 2), (1, 8, 1)])
def test_shapes_and_a_batch_of_one(channels, size, depth):
    model = DiffusionModel(channels * size**2, channels, size, width=8, depth=depth, evaluations=2)
    for n in (1, 3):
        assert model(torch.randn(n, channels * size**2)).shape == (n, channels, size, size)
        assert model(torch.randn(n, channels, size, size), torch.rand(n)).shape == (n, channels, size, size)


def test_an_image_is_judged_by_itself():
    model = small().eval()
    x, t = torch.randn(4, 1, 8, 8), torch.rand(4)
    assert torch.allclose(model(x, t)[:1], model(x[:1], t[:1]), atol=1e-5)


def test_the_time_matters():
    torch.manual_seed(0)
    network = NoiseUNet(1, 8, 8)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0, 0.2)
    x = torch.randn(1, 1, 8, 8)
    rest = [network(x, torch.tensor([t])) - cosine_schedule(torch.tensor(t))[1] * x for t in (0.4, 0.5)]
    rest = [r / cosine_schedule(torch.tensor(t))[0] for r, t in zip(rest, (0.4, 0.5), strict=True)]
    assert (rest[0] - rest[1]).abs().max() > 1e-3


def test_a_gradient_reaches_every_weight():
    model = small(depth=2)
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, 0, 0.1)  # what begins at zero hides what lies before it
    model(torch.randn(4, 1, 8, 8), torch.rand(4)).square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("device", ["meta", *(["cuda"] if torch.cuda.is_available() else [])])
def test_no_tensor_is_born_on_another_device(device):
    model = small().to(device)
    assert model(torch.randn(2, 64, device=device)).device.type == device
    assert model(torch.randn(2, 1, 8, 8, device=device), torch.rand(2, device=device)).device.type == device
    assert model.path_nats(torch.randn(2, 1, 8, 8, device=device), 2).device.type == device


def test_the_zoo_can_keep_it():
    assert sum(p.numel() for p in DiffusionModel().parameters()) <= 450_000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DiffusionModel(64), r"^latent_dim is 64: allowed is 784, one number per pixel$"),
        (lambda: DiffusionModel(evaluations=0), r"^evaluations is 0: allowed is 1 (or more|to 10000)$"),
        (lambda: small().sample(torch.randn(1, 1, 8, 8), 0), r"^evaluations is 0: allowed is 1 (or more|to 10000)$"),
        (lambda: DiffusionModel(900, size=30), r"^size is 30: allowed is a multiple of 4 from 8$"),
        (lambda: DiffusionModel(width=12), r"^width is 12: allowed is a multiple of 8, the groups of its norms$"),
        (lambda: small()(torch.randn(2, 63)), r"^z has shape \(2, 63\): allowed is \(N, 64\)$"),
        (lambda: small()(torch.randn(2, 64), torch.rand(2)), r"^x has shape \(2, 64\): allowed is \(N, 1, 8, 8\)$"),
        (
            lambda: small()(torch.randn(2, 1, 8, 8), torch.rand(1)),
            r"^t has shape \(1,\): allowed is \(2,\)$",
        ),
        (lambda: small().path_nats(torch.randn(2, 64)), r"^images has shape \(2, 64\): allowed is \(N, 1, 8, 8\)$"),
    ],
)
def test_bad_input_gives_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# -- the bound ----------------------------------------------------------------------------------------------------


def test_the_bound_of_an_exact_model_is_the_likelihood():
    """Data N(m, s^2): prior's KL + path + what the last step costs is -log N(x; m, s^2) with nothing left over.

    The last step is known too: x given its first noisy version is a Gaussian. The bound holds for each image only on
    average over the data, so it is compared with the entropy.
    """
    torch.manual_seed(0)
    centre, spread = 0.1, 0.2
    model = knowing(torch.full((1, 8, 8), centre), spread)
    x = (centre + spread * torch.randn(3000, 1, 8, 8)).clamp(-1, 1)
    path = model.path_nats(x, 40, torch.Generator().manual_seed(0)).mean().item() / 64
    signal, scale = (part.item() for part in cosine_schedule(torch.tensor(0.0)))
    posterior = 1 / (1 / spread**2 + signal**2 / scale**2)  # variance of x given signal * x + scale * noise
    last = 0.5 * math.log(2 * math.pi * math.e * posterior)
    entropy = 0.5 * math.log(2 * math.pi * math.e * spread**2)
    assert path + last == pytest.approx(entropy, abs=0.02)


def test_a_model_that_knows_less_has_a_larger_bound():
    torch.manual_seed(0)
    x = (0.1 + 0.2 * torch.randn(500, 1, 8, 8)).clamp(-1, 1)
    bounds = [
        knowing(torch.full((1, 8, 8), centre), spread).path_nats(x, 20, torch.Generator().manual_seed(0)).mean()
        for centre, spread in ((0.1, 0.2), (0.1, 0.4), (-0.3, 0.2))
    ]
    assert bounds[0] < bounds[1] - 1 and bounds[0] < bounds[2] - 1

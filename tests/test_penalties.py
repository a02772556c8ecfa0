"""Gradient penalties against closed forms, and what they must not do."""

import math

import pytest
import torch
from torch import nn

from ganbook import penalties

W = torch.tensor([3.0, -4.0])  # norm 5


def linear(x):
    return x @ W.to(x)


def smooth_critic(dim=3, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(dim, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)).double()


@pytest.mark.parametrize("penalty", [penalties.r1, penalties.r2])
def test_r1_and_r2_of_a_linear_critic(penalty):
    # Gradient W everywhere: gamma / 2 * |W|^2.
    x = torch.randn(7, 2)
    assert penalty(linear, x, 0.1).item() == pytest.approx(0.05 * 25, rel=1e-6)
    assert penalty(linear, x, 0).item() == 0.0


def test_gradient_penalty_of_a_linear_critic():
    real, fake = torch.randn(7, 2), torch.randn(7, 2)
    assert penalties.gradient_penalty(linear, real, fake, 10.0).item() == pytest.approx(10 * (5 - 1) ** 2, rel=1e-6)
    one_lipschitz = penalties.gradient_penalty(lambda x: linear(x) / 5, real, fake, 10.0)
    assert one_lipschitz.item() == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize("penalty", [penalties.r1, penalties.r2])
def test_r1_of_a_quadratic_critic_is_a_mean_over_samples(penalty):
    # a(x) = |x|^2 / 2 has gradient x.
    x = torch.randn(9, 3, 2, 2, dtype=torch.float64)
    came = penalty(lambda x: x.square().sum((1, 2, 3)) / 2, x, 2.0)
    assert came.dtype == torch.float64 and came.shape == ()
    assert came.item() == pytest.approx(x.square().sum().item() / 9, rel=1e-12)


def test_gradient_penalty_takes_each_norm_by_itself():
    # Every sample's gradient has norm 1, so the penalty is 0; a norm over the whole batch would be 8.
    real, fake = torch.randn(64, 2), torch.randn(64, 2)
    unit = penalties.gradient_penalty(lambda x: linear(x) / 5, real, fake, 10.0)
    assert unit.item() == pytest.approx(0.0, abs=1e-9)
    # a(x) = |x|^2 / 2 between real[i] = r_i and fake[i] = r_i: the point is known, its gradient is r_i.
    came = penalties.gradient_penalty(lambda x: x.square().sum(1) / 2, real, real, 1.0)
    assert came.item() == pytest.approx((real.norm(dim=1) - 1).square().mean().item(), rel=1e-5)


def test_gradient_penalty_draws_one_point_a_pair_uniformly_between_them():
    seen = []

    def spy(x):
        seen.append(x.detach().clone())
        return x.flatten(1).sum(1)

    torch.manual_seed(0)
    real, fake = torch.zeros(4000, 2, 1, 3), torch.ones(4000, 2, 1, 3)
    penalties.gradient_penalty(spy, real, fake, 1.0)
    (points,) = seen
    t = points[:, :1, :1, :1]
    assert torch.equal(points, t.expand_as(points)), "one t for all entries of a sample"
    assert t.min() >= 0 and t.max() <= 1
    # 4 000 uniform numbers: mean 1/2 and variance 1/12, each within five standard errors.
    assert t.mean().item() == pytest.approx(0.5, abs=5 * math.sqrt(1 / 12 / 4000))
    assert t.var().item() == pytest.approx(1 / 12, abs=0.006)
    assert len(t.unique()) > 3900, "another t for each pair"


@pytest.mark.parametrize("penalty", ["r1", "r2", "gradient_penalty"])
def test_double_backward_agrees_with_finite_differences(penalty):
    critic = smooth_critic()
    real, fake = (torch.randn(5, 3, dtype=torch.float64) for _ in range(2))
    weights = [p.detach().clone().requires_grad_() for p in critic.parameters()]
    names = [name for name, _ in critic.named_parameters()]

    def value(*weights):
        torch.manual_seed(1)  # the same points between real and fake at every call
        functional = dict(zip(names, weights, strict=True))
        call = lambda x: torch.func.functional_call(critic, functional, (x,))  # noqa: E731
        if penalty == "gradient_penalty":
            return penalties.gradient_penalty(call, real, fake, 10.0)
        return getattr(penalties, penalty)(call, real, 0.7)

    assert torch.autograd.gradcheck(value, weights)
    gradients = torch.autograd.grad(value(*weights), weights, allow_unused=True)
    assert all(g.abs().max() > 1e-6 for g in gradients[:3]), "the weights feel the penalty"


def call(penalty, critic, samples):
    if penalty == "gradient_penalty":
        return penalties.gradient_penalty(critic, samples, samples + 1, 10.0)
    return getattr(penalties, penalty)(critic, samples, 1.0)


@pytest.mark.parametrize(("penalty", "expected"), [("r1", 0.0), ("r2", 0.0), ("gradient_penalty", 10.0)])
def test_finite_at_zero_gradient(penalty, expected):
    # A ReLU critic whose units are all off has gradient zero, where the norm itself has no slope.
    critic = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1), nn.Flatten(0))
    nn.init.constant_(critic[0].bias, -100.0)
    came = call(penalty, critic, torch.rand(6, 2))
    assert came.item() == expected
    came.backward()
    for parameter in critic.parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()
        assert parameter.grad is None or parameter.grad.abs().max() == 0


@pytest.mark.parametrize(("penalty", "expected"), [("r1", 0.0), ("r2", 0.0), ("gradient_penalty", 10.0)])
@pytest.mark.parametrize("kind", ["constant", "parameter"])
def test_a_critic_that_ignores_its_input(penalty, expected, kind):
    bias = nn.Parameter(torch.tensor(2.0))
    critic = {
        "constant": lambda x: torch.ones(len(x)),
        "parameter": lambda x: bias.expand(len(x)),
    }[kind]
    came = call(penalty, critic, torch.rand(6, 2))
    assert came.item() == expected
    (came + 0 * bias).backward()
    assert bias.grad.item() == 0.0


@pytest.mark.parametrize("penalty", ["r1", "r2", "gradient_penalty"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_raised_before_it_overflows(penalty, dtype):
    # 64 x 64 pixels with slope 5: the squared norm is 102 400, beyond float16's 65 504.
    images = torch.zeros(2, 1, 64, 64, dtype=dtype)
    came = call(penalty, lambda x: 5 * x.flatten(1).sum(1), images)
    assert came.dtype == torch.float32
    expected = 10 * (320 - 1) ** 2 if penalty == "gradient_penalty" else 102400 / 2
    assert came.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("penalty", ["r1", "r2", "gradient_penalty"])
def test_autocast_around_it_changes_nothing(penalty):
    critic, x = smooth_critic().float(), torch.randn(16, 3)
    torch.manual_seed(2)
    expected = call(penalty, critic, x)
    torch.manual_seed(2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert critic(x).dtype == torch.bfloat16
        came = call(penalty, critic, x)
    assert came.dtype == torch.float32
    assert came.item() == expected.item()


@pytest.mark.parametrize("penalty", ["r1", "r2", "gradient_penalty"])
def test_works_under_no_grad(penalty):
    with torch.no_grad():
        assert call(penalty, lambda x: linear(x) * (1 / 5), torch.randn(4, 2)).item() == pytest.approx(
            0.0 if penalty == "gradient_penalty" else 0.5, abs=1e-5
        )


def test_the_generator_never_feels_a_penalty():
    critic, generator = smooth_critic(), nn.Linear(2, 3).double()
    z = torch.randn(4, 2, dtype=torch.float64)
    real = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    fake = generator(z)
    total = (
        penalties.r1(critic, real, 1.0)
        + penalties.r2(critic, fake, 1.0)
        + penalties.gradient_penalty(critic, real, fake, 10.0)
    )
    total.backward()
    assert generator.weight.grad is None and real.grad is None
    assert fake.requires_grad and not fake.is_leaf, "the caller's tensor is as it was"
    assert critic[0].weight.grad.abs().max() > 0


def test_inputs_are_left_alone():
    x = torch.randn(4, 2)
    kept = x.clone()
    for penalty in ("r1", "r2", "gradient_penalty"):
        call(penalty, linear, x)
    assert torch.equal(x, kept) and not x.requires_grad and x.grad is None


def test_meta_device():
    images = torch.empty(4, 1, 8, 8, device="meta")
    critic = nn.Sequential(nn.Flatten(), nn.Linear(64, 1)).to("meta")
    for penalty in ("r1", "r2", "gradient_penalty"):
        came = call(penalty, critic, images)
        assert came.device.type == "meta" and came.shape == ()


@pytest.mark.parametrize("weight", [-1.0, math.nan, -math.inf, math.inf])
def test_bad_weights_are_named(weight):
    x = torch.zeros(2, 2)
    with pytest.raises(ValueError, match=r"^gamma is .*: allowed is"):
        penalties.r1(linear, x, weight)
    with pytest.raises(ValueError, match=r"^gamma is .*: allowed is"):
        penalties.r2(linear, x, weight)
    with pytest.raises(ValueError, match=r"^weight is .*: allowed is"):
        penalties.gradient_penalty(linear, x, x, weight)


@pytest.mark.parametrize("weight", ["10", None, [1.0]])
def test_weights_of_a_wrong_type_are_named(weight):
    with pytest.raises(TypeError, match=r"^gamma is .*: allowed is a number"):
        penalties.r1(linear, torch.zeros(2, 2), weight)


@pytest.mark.parametrize(
    ("bad", "error", "came"),
    [
        ([[0.5]], TypeError, r"is \[\[0.5\]\]"),
        (torch.zeros(2, 2, dtype=torch.uint8), TypeError, "uint8"),
        (torch.zeros(3), ValueError, r"\(3,\)"),
        (torch.zeros(0, 2), ValueError, r"\(0, 2\)"),
        (torch.tensor(1.0), ValueError, r"\(\)"),
    ],
    ids=str,
)
def test_bad_samples_are_named(bad, error, came):
    good = torch.zeros(2, 2)
    for function, argument in (
        (lambda: penalties.r1(linear, bad, 1.0), "images"),
        (lambda: penalties.r2(linear, bad, 1.0), "fake_images"),
        (lambda: penalties.gradient_penalty(linear, bad, good, 1.0), "real"),
        (lambda: penalties.gradient_penalty(linear, good, bad, 1.0), "fake"),
    ):
        with pytest.raises(error, match=rf"^{argument} .*{came}"):
            function()


@pytest.mark.parametrize("shape", [(1, 2), (3, 2), (2, 1), (2, 2, 1)])
def test_real_and_fake_are_never_broadcast(shape):
    with pytest.raises(ValueError, match=r"^fake has shape .*allowed is that of real, \(2, 2\)"):
        penalties.gradient_penalty(linear, torch.zeros(2, 2), torch.zeros(shape), 1.0)


# -- with texts ---------------------------------------------------------------------------------------------------


def bilinear(seed=0):
    """a(x, e) = x . A . e, with gradients A e and A^T x."""
    table = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    return table, lambda x, e: (x.flatten(1) @ table * e).sum(1)


def images_and_texts(n=5, dtype=torch.float64):
    torch.manual_seed(1)
    return torch.randn(n, 1, 2, 3, dtype=dtype), torch.randn(n, 4, dtype=dtype)


@pytest.mark.parametrize(("weight", "power"), [(2.0, 6.0), (0.5, 1.0), (3.0, 2.5)])
@pytest.mark.parametrize("n", [1, 5])
def test_matching_aware_of_a_bilinear_critic(weight, power, n):
    table, critic = bilinear()
    images, texts = images_and_texts(n)
    norms = (texts @ table.T).norm(dim=1) + (images.flatten(1) @ table).norm(dim=1)
    came = penalties.matching_aware(critic, images, texts, weight, power)
    assert came.dtype == torch.float64 and came.shape == ()
    assert came.item() == pytest.approx(weight * (norms**power).mean().item(), rel=1e-9)
    # Its slope is the closed form's: the gradient of a gradient.
    expected = torch.autograd.grad(weight * (norms**power).mean(), table)[0]
    assert torch.allclose(torch.autograd.grad(came, table)[0], expected, rtol=1e-6)


def test_matching_aware_of_a_linear_critic():
    # Gradients of norm 5 in the image and 13 in the text everywhere: k (5 + 13)^6.
    texts = torch.randn(7, 2)
    critic = lambda x, e: linear(x) + e @ torch.tensor([5.0, 12.0])  # noqa: E731
    came = penalties.matching_aware(critic, torch.randn(7, 2), texts)
    assert came.item() == pytest.approx(2 * 18**6, rel=1e-5), "the paper's k = 2 and p = 6 are the defaults"
    of_images = penalties.matching_aware(lambda x, e: linear(x), torch.randn(7, 2), texts, 1.0, 2.0)
    assert of_images.item() == pytest.approx(25, rel=1e-5)
    assert penalties.matching_aware(critic, texts, texts, 0).item() == 0


def test_matching_aware_takes_each_sample_by_itself():
    _, critic = bilinear()
    images, texts = images_and_texts()
    alone = [penalties.matching_aware(critic, images[i : i + 1], texts[i : i + 1], 1.0, 3.0).item() for i in range(5)]
    together = penalties.matching_aware(critic, images, texts, 1.0, 3.0).item()
    assert together == pytest.approx(sum(alone) / 5, rel=1e-9) and max(alone) > 2 * min(alone)


@pytest.mark.parametrize("power", [1.0, 2.0, 6.0])
def test_matching_aware_is_finite_at_zero_gradient(power):
    images, texts = images_and_texts()
    table = torch.zeros(6, 4, dtype=torch.float64, requires_grad=True)
    for critic in (
        lambda x, e: (x.flatten(1) @ table * e).sum(1),
        lambda x, e: (e @ table.T).sum(1),  # the image does nothing
        lambda x, e: (x.flatten(1) @ table).sum(1),  # the text does nothing
        lambda x, e: table.sum().expand(len(x)),
        lambda x, e: torch.ones(len(x)),
    ):
        came = penalties.matching_aware(critic, images, texts, 2.0, power)
        (slope,) = torch.autograd.grad(came + 0 * table.sum(), table)
        assert came.item() == 0 and not slope.any() and slope.isfinite().all()


def test_matching_aware_is_felt_by_the_critic_alone():
    table, critic = bilinear()
    images, texts = (samples.requires_grad_() for samples in images_and_texts())
    penalties.matching_aware(critic, images, texts).backward()
    assert images.grad is None and texts.grad is None and table.grad.abs().max() > 0
    assert torch.equal(texts, images_and_texts()[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_matching_aware_is_computed_in_float32(dtype):
    images, texts = torch.zeros(2, 1, 64, 64, dtype=dtype), torch.zeros(2, 3, dtype=dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        came = penalties.matching_aware(lambda x, e: x.flatten(1).sum(1) + 0 * e.sum(1), images, texts, 1.0)
    assert came.dtype == torch.float32 and came.item() == pytest.approx(64.0**6, rel=1e-5)


def test_matching_aware_on_the_meta_device():
    critic = lambda x, e: x.flatten(1).sum(1) + e.sum(1)  # noqa: E731
    came = penalties.matching_aware(critic, torch.empty(4, 1, 8, 8, device="meta"), torch.empty(4, 3, device="meta"))
    assert came.device.type == "meta" and came.shape == ()


@pytest.mark.parametrize(
    ("changes", "error", "sentence"),
    [
        ({"weight": -1.0}, ValueError, r"^weight is -1.0: allowed is a finite number, 0 or more$"),
        ({"weight": "2"}, TypeError, r"^weight is '2'"),
        ({"power": 0.5}, ValueError, r"^power is 0.5: allowed is a finite number, 1 or more$"),
        ({"power": math.inf}, ValueError, r"^power is inf"),
        ({"power": math.nan}, ValueError, r"^power is nan"),
        ({"power": "6"}, TypeError, r"^power is '6': allowed is a number$"),
        ({"texts": torch.zeros(4, 4)}, ValueError, r"^texts has shape \(4, 4\): allowed is \(5, dim\)$"),
        ({"texts": torch.zeros(1, 4)}, ValueError, r"^texts has shape \(1, 4\): allowed is \(5, dim\)"),
        ({"texts": torch.zeros(5, 4, 1)}, ValueError, r"^texts has shape \(5, 4, 1\): allowed is \(5, dim\)"),
        ({"texts": torch.zeros(5)}, ValueError, r"^texts has shape \(5,\)"),
        ({"texts": ["a", "b", "c", "d", "e"]}, TypeError, r"^texts is \[.*\]: allowed is a tensor$"),
        ({"images": torch.zeros(5, 3).byte()}, TypeError, r"^images is a torch.uint8 tensor"),
        ({"images": torch.zeros(0, 3)}, ValueError, r"^images has shape \(0, 3\)"),
    ],
)
def test_matching_aware_names_what_does_not_fit(changes, error, sentence):
    images, texts = images_and_texts()
    with pytest.raises(error, match=sentence):
        penalties.matching_aware(bilinear()[1], **({"images": images, "texts": texts} | changes))

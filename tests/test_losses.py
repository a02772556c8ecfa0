"""Losses against closed forms, over the whole range of logits and all floating-point types."""

import math

import pytest
import torch
from torch import tensor

from ganbook import losses

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
GRID = (-1e4, -1e3, -88.0, -20.0, -2.5, -1.0, -1e-3, 0.0, 1e-3, 1.0, 2.5, 20.0, 88.0, 1e3, 1e4)


def softplus(a):
    """log(1 + e^a) in Python's own float64, exact to the last bits for every a."""
    return max(a, 0.0) + math.log1p(math.exp(-abs(a)))


def sigmoid(a):
    return 1 / (1 + math.exp(-a)) if a >= 0 else math.exp(a) / (1 + math.exp(a))


# Per sample: the discriminator's term on a real and on a fake logit, the generator's term, each with its derivative.
UNPAIRED = {
    "saturating": (
        (lambda a: softplus(-a), lambda a: -sigmoid(-a)),
        (softplus, sigmoid),
        (lambda a: -softplus(a), lambda a: -sigmoid(a)),
    ),
    "non_saturating": (
        (lambda a: softplus(-a), lambda a: -sigmoid(-a)),
        (softplus, sigmoid),
        (lambda a: softplus(-a), lambda a: -sigmoid(-a)),
    ),
    "least_squares": (
        (lambda a: (a - 1) ** 2 / 2, lambda a: a - 1),
        (lambda a: a**2 / 2, lambda a: a),
        (lambda a: (a - 1) ** 2 / 2, lambda a: a - 1),
    ),
    "hinge": (
        (lambda a: max(0.0, 1 - a), lambda a: -1.0 if a < 1 else 0.0),
        (lambda a: max(0.0, 1 + a), lambda a: 1.0 if a > -1 else 0.0),
        (lambda a: -a, lambda a: -1.0),
    ),
    "wasserstein": (
        (lambda a: -a, lambda a: -1.0),
        (lambda a: a, lambda a: 1.0),
        (lambda a: -a, lambda a: -1.0),
    ),
}


def leaf(values, dtype):
    return tensor(values, dtype=dtype, requires_grad=True)


def mean(function, logits):
    return sum(function(a) for a in logits.tolist()) / len(logits)


def assert_close(came, expected, dtype):
    """Relative to the largest entry, at the precision of the type that the number is kept in."""
    expected = torch.as_tensor(expected, dtype=torch.float64)
    came = came.detach().double()
    assert came.shape == expected.shape
    assert torch.isfinite(came).all()
    slack = 8 * torch.finfo(dtype).eps
    smallest = torch.finfo(dtype).smallest_normal  # below it, digits are lost one by one
    assert (came - expected).abs().max() <= slack * (expected.abs().max() + smallest), (came, expected)


def test_the_six_losses_and_their_pairs():
    assert losses.names() == [*UNPAIRED, "relativistic"]
    assert [name for name in losses.names() if losses.get(name).paired] == ["relativistic"]
    assert all(losses.get(name).name == name and losses.get(name).source for name in losses.names())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("a", GRID)
@pytest.mark.parametrize("name", UNPAIRED)
def test_each_term_at_each_logit(name, a, dtype):
    loss = losses.get(name)
    on_real, on_fake, on_generator = UNPAIRED[name]
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    real, fake, judged = (leaf([a], dtype) for _ in range(3))
    kept = real.item()  # what the type makes of a
    d_loss, g_loss = loss.discriminator(real, fake), loss.generator(judged)
    assert d_loss.shape == g_loss.shape == ()
    assert d_loss.dtype == g_loss.dtype == exact
    # The two terms may cancel: the slack belongs to the larger of them.
    expected = on_real[0](kept) + on_fake[0](kept)
    size = abs(on_real[0](kept)) + abs(on_fake[0](kept))
    assert abs(d_loss.item() - expected) <= 8 * torch.finfo(exact).eps * size + 1e-30
    assert_close(g_loss, on_generator[0](kept), exact)
    (d_loss + g_loss).backward()
    for logits, (_, derivative) in ((real, on_real), (fake, on_fake), (judged, on_generator)):
        if name == "hinge" and abs(kept) == 1.0:
            assert -1 <= logits.grad.item() <= 1  # the kink: any slope between the two sides
        else:
            assert_close(logits.grad, [derivative(kept)], dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", UNPAIRED)
def test_means_over_batches_of_unequal_size(name, dtype):
    loss = losses.get(name)
    on_real, on_fake, on_generator = UNPAIRED[name]
    for seed in range(5):
        rng = torch.Generator().manual_seed(seed)
        real = (3 * torch.randn(7, generator=rng) + 1).to(dtype).requires_grad_()
        fake = (3 * torch.randn(4, generator=rng) - 1).to(dtype).requires_grad_()
        d_loss = loss.discriminator(real, fake)
        slack = 1e-12 if dtype == torch.float64 else 1e-5
        assert d_loss.item() == pytest.approx(mean(on_real[0], real) + mean(on_fake[0], fake), rel=slack, abs=slack)
        assert loss.generator(fake).item() == pytest.approx(mean(on_generator[0], fake), rel=slack, abs=slack)
        d_loss.backward()
        assert_close(real.grad, [on_real[1](a) / 7 for a in real.tolist()], dtype)
        assert_close(fake.grad, [on_fake[1](a) / 4 for a in fake.tolist()], dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("gap", GRID)
def test_relativistic_sees_only_the_difference_of_a_pair(gap, dtype):
    loss = losses.get("relativistic")
    real, fake = leaf([gap, 0.5], dtype), leaf([0.0, 0.5], dtype)
    kept = real[0].item()
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    d_loss, g_loss = loss.discriminator(real, fake), loss.generator(fake, real)
    assert d_loss.dtype == g_loss.dtype == exact
    assert_close(d_loss, (softplus(-kept) + math.log(2)) / 2, exact)
    assert_close(g_loss, (softplus(kept) + math.log(2)) / 2, exact)
    d_loss.backward()
    assert_close(real.grad, [-sigmoid(-kept) / 2, -0.25], dtype)
    assert_close(fake.grad, [sigmoid(-kept) / 2, 0.25], dtype)


@pytest.mark.parametrize("name", losses.names())
def test_gradients_by_finite_differences(name):
    loss = losses.get(name)
    rng = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(5, generator=rng, dtype=torch.float64).requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(loss.discriminator, (real, fake))
    assert torch.autograd.gradcheck(loss.generator, (fake, real))


@pytest.mark.parametrize("name", losses.names())
def test_patch_logits_count_each_patch(name):
    loss = losses.get(name)
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 3, 1, 2, 2, generator=rng)
    assert loss.discriminator(real, fake).item() == pytest.approx(
        loss.discriminator(real.flatten(), fake.flatten()).item(), rel=1e-6
    )
    assert loss.generator(fake, real).item() == pytest.approx(
        loss.generator(fake.flatten(), real.flatten()).item(), rel=1e-6
    )


@pytest.mark.parametrize("name", losses.names())
def test_half_precision_is_summed_in_float32(name):
    # 4 096 squared logits of 300 overflow float16 (max 65 504) from the very first one on.
    loss = losses.get(name)
    real, fake = torch.full((4096,), 300.0, dtype=torch.float16), torch.full((4096,), -300.0, dtype=torch.float16)
    for value in (loss.discriminator(real, fake), loss.discriminator(fake, real), loss.generator(fake, real)):
        assert torch.isfinite(value)


@pytest.mark.parametrize("name", losses.names())
def test_nan_is_not_hidden(name):
    loss = losses.get(name)
    bad, good = tensor([0.0, math.nan]), tensor([0.0, 1.0])
    assert loss.discriminator(bad, good).isnan() and loss.discriminator(good, bad).isnan()
    assert loss.generator(bad, good).isnan()


@pytest.mark.parametrize("name", losses.names())
@pytest.mark.parametrize(
    ("real", "fake"),
    [((4,), (4, 1)), ((4, 1), (4,)), ((4, 1), (4, 4)), ((4, 2, 2), (4, 1, 1)), ((), (4,)), ((4,), ())],
)
def test_shapes_are_never_broadcast(name, real, fake):
    loss = losses.get(name)
    for call in (
        lambda: loss.discriminator(torch.zeros(real), torch.zeros(fake)),
        lambda: loss.generator(torch.zeros(fake), torch.zeros(real)),
    ):
        with pytest.raises(ValueError, match=r"real_logits has shape .* and fake_logits") as caught:
            call()
        assert name in str(caught.value)


def test_a_paired_loss_needs_pairs():
    loss = losses.get("relativistic")
    with pytest.raises(ValueError, match=r"the relativistic loss needs the same shape"):
        loss.discriminator(torch.zeros(4), torch.zeros(3))
    with pytest.raises(ValueError, match=r"the relativistic loss needs the same shape"):
        loss.generator(torch.zeros(3), torch.zeros(4))
    with pytest.raises(ValueError, match=r"^real_logits is None"):
        loss.generator(torch.zeros(3))


@pytest.mark.parametrize("name", losses.names())
@pytest.mark.parametrize(
    ("bad", "error", "came"),
    [
        ([0.5], TypeError, r"\[0.5\]"),
        (0.5, TypeError, "float"),
        (None, TypeError, "None"),
        (torch.zeros(2, dtype=torch.int64), TypeError, "int64"),
        (torch.zeros(2, dtype=torch.bool), TypeError, "bool"),
        (torch.zeros(2, dtype=torch.complex64), TypeError, "complex64"),
        (torch.zeros(0), ValueError, "empty"),
        (torch.zeros(0, 1), ValueError, "empty"),
    ],
    ids=str,
)
def test_bad_logits_are_named(name, bad, error, came):
    loss, good = losses.get(name), torch.zeros(2)
    for call, argument in (
        (lambda: loss.discriminator(bad, good), "real_logits"),
        (lambda: loss.discriminator(good, bad), "fake_logits"),
        (lambda: loss.generator(bad, good), "fake_logits"),
    ):
        with pytest.raises(error, match=rf"^{argument} is .*{came}"):
            call()
    if bad is not None:
        with pytest.raises(error, match=rf"^real_logits is .*{came}"):
            loss.generator(good, bad)


@pytest.mark.parametrize("name", ["Hinge", "", "wgan", None, ["hinge"], 3])
def test_unknown_name(name):
    with pytest.raises(ValueError, match=r"name is .*: allowed is one of saturating, non_saturating"):
        losses.get(name)


@pytest.mark.parametrize("label", [0.9, 0.7, 1.0])
def test_smoothed_is_cross_entropy_with_a_softer_real_label_only(label):
    real, fake = torch.randn(7, requires_grad=True), torch.randn(5, requires_grad=True)
    loss = losses.smoothed(label)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    expected = bce(real, torch.full_like(real, label)) + bce(fake, torch.zeros_like(fake))
    torch.testing.assert_close(loss.discriminator(real, fake), expected)
    for mine, theirs in zip(
        torch.autograd.grad(loss.discriminator(real, fake), (real, fake)),
        torch.autograd.grad(expected, (real, fake)),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)
    torch.testing.assert_close(loss.generator(fake), losses.get("non_saturating").generator(fake))


def test_a_smoothed_real_logit_has_a_finite_optimum_and_bad_labels_are_named():
    best = torch.tensor([math.log(9)], requires_grad=True)
    (slope,) = torch.autograd.grad(losses.smoothed(0.9).discriminator(best, tensor([0.0])), best)
    assert abs(slope.item()) < 1e-6
    for label in (0, -0.1, 1.1):
        with pytest.raises(ValueError, match=f"real_label is {label}"):
            losses.smoothed(label)


# -- the contrast of places ---------------------------------------------------------------------------------------


def test_patch_nce_against_closed_forms():
    alike = torch.ones(2, 5, 1)
    assert losses.patch_nce(alike, alike).item() == pytest.approx(math.log(5))
    apart = torch.eye(4).expand(3, 4, 4)
    for temperature in (0.07, 0.5, 2.0):
        found = losses.patch_nce(apart, apart, temperature).item()
        assert found == pytest.approx(math.log1p(3 * math.exp(-1 / temperature)), rel=1e-4, abs=1e-7)
    swapped = apart.roll(1, dims=1)  # every place finds another one
    expected = math.log(math.exp(1 / 0.5) + 3) - 0.0
    assert losses.patch_nce(swapped, apart, 0.5).item() == pytest.approx(expected, rel=1e-5)


def test_patch_nce_takes_its_negatives_from_the_same_image():
    torch.manual_seed(0)
    after, before = (torch.nn.functional.normalize(torch.randn(3, 6, 8), dim=2) for _ in range(2))
    alone = [losses.patch_nce(after[i : i + 1], before[i : i + 1]).item() for i in range(3)]
    assert losses.patch_nce(after, before).item() == pytest.approx(sum(alone) / 3, rel=1e-5)


def test_patch_nce_names_what_does_not_fit():
    with pytest.raises(ValueError, match=r"^before has shape \(2, 3, 4\)"):
        losses.patch_nce(torch.zeros(2, 5, 4), torch.zeros(2, 3, 4))
    with pytest.raises(ValueError, match=r"^temperature is 0"):
        losses.patch_nce(torch.zeros(2, 5, 4), torch.zeros(2, 5, 4), temperature=0)

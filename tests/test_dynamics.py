"""The Dirac-GAN's round against its closed forms, and crowds against networks that run alone."""

import math

import pytest
import torch
from torch import nn

from ganbook import losses, penalties
from ganbook.dynamics import Crowd, dirac_round, orbit, round_jacobian

PULL = {name: 1.0 if name in ("wasserstein", "hinge") else 0.5 for name in losses.names()}


def jacobian(name="non_saturating", lr=0.3, **settings):
    bias = 0.5 if name == "least_squares" else 0.0
    return round_jacobian(lambda s: dirac_round(s, losses.get(name), lr, bias=bias, **settings))


def r1(gamma):
    return lambda critic, real, fake: penalties.r1(critic, real, gamma)


@pytest.mark.parametrize("name", losses.names())
@pytest.mark.parametrize("lr", [0.1, 0.7])
def test_jacobian_of_both_orders(name, lr):
    e = lr * PULL[name]
    assert jacobian(name, lr).tolist() == [pytest.approx([1, e]), pytest.approx([-e, 1])]
    assert jacobian(name, lr, alternating=True).tolist() == [pytest.approx([1 - e * e, e]), pytest.approx([-e, 1])]


@pytest.mark.parametrize("gamma", [0.1, 0.5, 2.0])
def test_r1_and_r2_are_friction_on_psi(gamma):
    expected = [pytest.approx([1, 0.15]), pytest.approx([-0.15, 1 - 0.3 * gamma])]
    assert jacobian(penalty=r1(gamma)).tolist() == expected
    assert jacobian(penalty=lambda critic, real, fake: penalties.r2(critic, fake, gamma)).tolist() == expected


@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_unrolling_is_friction_on_theta(k):
    e = 0.3 / 2
    assert jacobian(unroll=k).tolist() == [pytest.approx([1 - 2 * k * e * e, e]), pytest.approx([-e, 1])]


def test_round_away_from_the_equilibrium():
    theta, psi, lr = 0.8, -1.3, 0.4
    state = torch.tensor([[theta, psi]], dtype=torch.float64)
    sigmoid = lambda a: 1 / (1 + math.exp(-a))  # noqa: E731
    new_psi = psi - lr * theta * sigmoid(psi * theta)
    loss = losses.get("non_saturating")
    simultaneous = [theta + lr * psi * sigmoid(-psi * theta), new_psi]
    alternating = [theta + lr * new_psi * sigmoid(-new_psi * theta), new_psi]
    assert dirac_round(state, loss, lr)[0].tolist() == pytest.approx(simultaneous)
    assert dirac_round(state, loss, lr, alternating=True)[0].tolist() == pytest.approx(alternating)
    assert not torch.allclose(torch.tensor(simultaneous), torch.tensor(alternating))


def test_games_of_a_batch_do_not_touch_each_other():
    states, lrs = torch.randn(5, 2, dtype=torch.float64), torch.rand(5, dtype=torch.float64)
    settings = {"penalty": r1(0.3), "alternating": True, "unroll": 2}
    together = dirac_round(states, losses.get("relativistic"), lrs, **settings)
    for state, lr, after in zip(states, lrs, together, strict=True):
        alone = dirac_round(state[None], losses.get("relativistic"), float(lr), **settings)
        assert torch.allclose(alone[0], after, atol=1e-12)


def test_orbit_keeps_its_start_and_no_graph():
    start = torch.tensor([[1.0, 0.0]])
    path = orbit(lambda s: dirac_round(s, losses.get("wasserstein"), 0.5), start, 4)
    assert path.shape == (5, 1, 2)
    assert torch.equal(path[0], start)
    assert not path.requires_grad
    assert path.norm(dim=2)[:, 0].tolist() == pytest.approx([1.25 ** (k / 2) for k in range(5)])


@pytest.mark.parametrize("states", [torch.zeros(2), torch.zeros(3, 3)])
def test_shape_of_states(states):
    with pytest.raises(ValueError, match=r"allowed is \(N, 2\)"):
        dirac_round(states, losses.get("hinge"), 0.1)


def test_negative_unroll():
    with pytest.raises(ValueError, match="unroll is -1"):
        dirac_round(torch.zeros(1, 2), losses.get("hinge"), 0.1, unroll=-1)


def alone(crowd, member):
    """The member's network, built from ordinary layers."""
    layers = []
    for weight, bias in zip(crowd.weights, crowd.biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[2])
        linear.weight.data, linear.bias.data = weight.data[member].T, bias.data[member, 0]
        layers += [linear, nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def test_a_crowd_is_its_members():
    crowd, x = Crowd(3, in_dim=2, out_dim=2), torch.randn(3, 7, 2)
    for member in range(3):
        assert torch.allclose(crowd(x)[member], alone(crowd, member)(x[member]), atol=1e-6)
    logits = Crowd(3, in_dim=2)
    assert logits(x).shape == (3, 7)
    assert torch.allclose(logits(x[1:], slice(1, 3)), logits(x)[1:])


def test_each_member_has_its_own_gradient():
    crowd, x = Crowd(3, in_dim=2), torch.randn(3, 7, 2)
    loss = losses.get("hinge")
    (3 * loss.discriminator(crowd(x), crowd(-x))).backward()
    network = alone(crowd, 1)
    loss.discriminator(network(x[1]), network(-x[1])).backward()
    assert torch.allclose(crowd.weights[0].grad[1], network[0].weight.grad.T, atol=1e-6)


def test_spectral_members_and_no_others_get_norm_one():
    crowd = Crowd(4, in_dim=2, spectral=slice(1, 3))
    for _ in range(200):
        crowd(torch.zeros(4, 1, 2))
    crowd.eval()
    for layer, raw in enumerate(crowd.weights):
        norms = torch.linalg.matrix_norm(crowd._weight(layer, slice(None)), 2)
        own = torch.linalg.matrix_norm(raw, 2)
        assert norms.tolist() == pytest.approx([own[0].item(), 1, 1, own[3].item()], rel=1e-3)
        assert torch.equal(crowd._weight(layer, slice(3, 4)), raw[3:])


def test_evaluation_leaves_the_power_iteration_alone():
    crowd = Crowd(2, in_dim=1, spectral=slice(None)).eval()
    before = crowd.direction0.clone()
    crowd(torch.zeros(2, 1, 1))
    assert torch.equal(before, crowd.direction0)

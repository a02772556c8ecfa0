"""Latents: two priors, repeatable, on any device."""

import math

import pytest
import torch

from ganbook.training import Prior


@pytest.mark.parametrize(("kind", "std"), [("gaussian", 1.0), ("uniform", 1 / math.sqrt(3))])
def test_moments(kind, std):
    z = Prior(5, kind).sample(20_000, generator=torch.Generator().manual_seed(0))
    assert z.shape == (20_000, 5) and z.dtype == torch.float32
    assert z.mean().item() == pytest.approx(0, abs=5 * std / math.sqrt(100_000))
    assert z.std().item() == pytest.approx(std, rel=0.01)
    assert (z.abs().max() <= 1) == (kind == "uniform")
    correlation = torch.corrcoef(z.T) - torch.eye(5)
    assert correlation.abs().max() < 5 / math.sqrt(20_000), "independent numbers"


def test_a_device_that_torch_does_not_know_is_named():
    assert Prior(2).sample(3, "meta").is_meta
    for unknown in ("", "gpu0", "\0"):
        with pytest.raises(ValueError, match=r"^device is '.*': allowed is a device of torch's, such as 'cuda:0'$"):
            Prior(2).sample(3, unknown)


def test_repeatable_with_a_generator_or_the_global_seed():
    prior = Prior(3)
    a, b = (prior.sample(4, generator=torch.Generator().manual_seed(s)) for s in (1, 1))
    assert torch.equal(a, b)
    torch.manual_seed(2)
    c = prior.sample(4)
    assert not torch.equal(c, prior.sample(4))
    torch.manual_seed(2)
    assert torch.equal(c, prior.sample(4))
    assert prior.sample(4, "meta").device.type == "meta"


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"^dim is 0: allowed is 1 "):
        Prior(0)
    with pytest.raises(ValueError, match=r"^kind is 'normal': allowed is 'gaussian' or 'uniform'"):
        Prior(2, "normal")


def test_the_way_between_two_latents_keeps_to_the_prior():
    """Along the arc, a point is as long as a draw of many Gaussian numbers is; straight ways stay in the cube."""
    t = torch.linspace(0, 1, 9)
    a, b = Prior(400).sample(2, generator=torch.Generator().manual_seed(0))
    lengths = Prior(400).way(a, b, t).norm(dim=1)
    assert (
        lengths.min() > 0.9 * min(a.norm(), b.norm()) and Prior(400, "uniform").way(a, b, t)[4].norm() < 0.8 * a.norm()
    )
    torch.testing.assert_close(Prior(400).way(a, b, t)[[0, -1]], torch.stack((a, b)))
    torch.testing.assert_close(Prior(400, "uniform").way(a, b, t)[4], (a + b) / 2)

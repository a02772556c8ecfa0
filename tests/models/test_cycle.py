"""CycleGAN's players: which translator makes what, and a pool whose odds are the paper's."""

from functools import partial

import pytest
import torch
from torch import nn

from ganbook.models import Cycle, ResNetTranslator, TwoCritics, TwoTranslators, UNet
from ganbook.models.cycle import ImagePool


class Affine(nn.Module):
    def __init__(self, scale, shift):
        super().__init__()
        self.scale, self.shift, self.calls = scale, shift, []

    def forward(self, x):
        self.calls.append(len(x))
        return self.scale * x + self.shift


def test_what_each_translator_makes():
    there, back = Affine(2.0, 1.0), Affine(10.0, -3.0)
    x, y = torch.randn(2, 3, 4, 4), torch.randn(5, 3, 4, 4)
    made = TwoTranslators(there, back)(x, y)
    assert isinstance(made, Cycle)
    assert torch.allclose(made.fake_target, 2 * x + 1)
    assert torch.allclose(made.fake_source, 10 * y - 3)
    assert torch.allclose(made.source_again, 10 * (2 * x + 1) - 3)
    assert torch.allclose(made.target_again, 2 * (10 * y - 3) + 1)
    assert torch.allclose(made.target_kept, 2 * y + 1)
    assert torch.allclose(made.source_kept, 10 * x - 3)
    # G(x), G(F(y)), G(y); F(y), F(G(x)), F(x): never two kinds of image at once.
    assert there.calls == [2, 5, 5] and back.calls == [5, 2, 2]
    one, other = TwoTranslators(there, back).each_way(x, y)
    assert torch.equal(one, made.fake_target) and torch.equal(other, made.fake_source)


def test_with_sources_alone_it_translates_there():
    there, back = Affine(2.0, 1.0), Affine(10.0, -3.0)
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(TwoTranslators(there, back)(x), 2 * x + 1) and back.calls == []


@pytest.mark.parametrize(
    "of", [partial(ResNetTranslator, width=4, blocks=1), partial(UNet, inputs=3, size=16, width=2, depth=2)]
)
def test_what_the_targets_are_changes_nothing_of_the_sources(of):
    """Of a translator with BatchNorm too: a batch holds one kind of image."""
    torch.manual_seed(0)
    both = TwoTranslators(of(), of())
    x, y = torch.randn(2, 3, 16, 16), 5 + 3 * torch.randn(4, 3, 16, 16)
    made, other = both(x, y), both(x, -y[:1].expand(3, -1, -1, -1))
    for name in ("fake_target", "source_again", "source_kept"):
        assert torch.allclose(getattr(made, name), getattr(other, name), atol=1e-5), name
    assert torch.allclose(made.fake_target, both.there(x), atol=1e-5)
    assert torch.allclose(made.target_kept, both.there(y), atol=1e-5)
    assert torch.allclose(made.source_kept, both.back(x), atol=1e-5)


def test_sources_and_targets_that_do_not_fit_are_named():
    both = TwoTranslators(Affine(1.0, 0.0), Affine(1.0, 0.0))
    with pytest.raises(ValueError, match=r"^targets has shape \(2, 1, 4, 4\): allowed is \(M, 3, 4, 4\)$"):
        both(torch.zeros(2, 3, 4, 4), torch.zeros(2, 1, 4, 4))
    with pytest.raises(ValueError, match=r"^sources has shape \(3, 4\): allowed is \(N, C, H, W\)$"):
        both(torch.zeros(3, 4))


def test_each_critic_judges_its_own_domain():
    sources, targets = Affine(2.0, 0.0), Affine(3.0, 0.0)
    x, y = torch.randn(2, 3), torch.randn(4, 3)
    of_x, of_y = TwoCritics(sources, targets)(x, y)
    assert torch.equal(of_x, 2 * x) and torch.equal(of_y, 3 * y)


# -- the pool -----------------------------------------------------------------------------------------------------


def numbered(*values):
    return torch.tensor(values, dtype=torch.float32)[:, None, None, None].expand(-1, 1, 2, 2)


def numbers(images):
    return images[:, 0, 0, 0].int().tolist()


def test_until_it_is_full_the_pool_keeps_and_returns_what_comes():
    pool = ImagePool((1, 2, 2), 5)
    assert numbers(pool.query(numbered(1, 2, 3))) == [1, 2, 3]
    assert numbers(pool.query(numbered(4, 5))) == [4, 5]
    assert numbers(pool.images) == [1, 2, 3, 4, 5] and pool.filled == 5


def test_then_every_second_image_changes_places_with_a_kept_one():
    torch.manual_seed(0)
    pool, seen, given = ImagePool((1, 2, 2), 8), [], []
    pool.query(numbered(*range(8)))
    for step in range(500):
        new = [8 + 4 * step + i for i in range(4)]
        before = set(numbers(pool.images))
        out = numbers(pool.query(numbered(*new)))
        after = set(numbers(pool.images))
        assert len(after) == 8 and before | set(new) == after | set(out), "none is lost, none is made"
        given += new
        seen += out
    same = sum(a == b for a, b in zip(given, seen, strict=True)) / 2000
    assert 0.45 < same < 0.55  # 0.5 +- 4.5 standard deviations of 0.011
    ages = torch.tensor([float(a - b) for a, b in zip(given, seen, strict=True) if a != b])
    # A kept image is met with probability 1/16 by each that comes: it stays for 16 of them on average.
    assert 13 < ages.mean() < 19


def test_all_places_are_used():
    torch.manual_seed(0)
    pool = ImagePool((1, 2, 2), 4)
    pool.query(numbered(0, 1, 2, 3))
    pool.query(numbered(*range(4, 100)))
    assert min(numbers(pool.images)) > 3


def test_a_pool_of_nothing_returns_every_batch():
    pool = ImagePool((1, 2, 2), 0)
    numbers_before = torch.get_rng_state()
    for _ in range(3):
        assert numbers(pool.query(numbered(7, 8, 9))) == [7, 8, 9]
    assert torch.equal(torch.get_rng_state(), numbers_before)


def test_what_comes_out_has_no_gradient_and_shares_no_memory():
    pool, images = ImagePool((1, 2, 2), 2), numbered(1, 2).clone().requires_grad_()
    out = pool.query(images)
    assert not out.requires_grad
    out.zero_()
    assert numbers(pool.images) == [1, 2] and numbers(images) == [1, 2]
    with torch.no_grad():
        images.fill_(9)
    assert numbers(pool.images) == [1, 2]


def test_the_pool_is_state():
    torch.manual_seed(0)
    pool = ImagePool((1, 2, 2), 3)
    pool.query(numbered(1, 2, 3, 4, 5))
    twin = ImagePool((1, 2, 2), 3)
    twin.load_state_dict(pool.state_dict())
    state = torch.get_rng_state()
    first = pool.query(numbered(6, 7, 8, 9))
    torch.set_rng_state(state)
    assert torch.equal(first, twin.query(numbered(6, 7, 8, 9)))
    assert torch.equal(pool.images, twin.images) and pool.filled == twin.filled == 3
    assert len(list(pool.parameters())) == 0


def test_a_pool_cannot_be_smaller_than_nothing():
    with pytest.raises(ValueError, match=r"^size is -1: allowed is 0 or more"):
        ImagePool((1, 2, 2), -1)

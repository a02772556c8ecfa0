"""CUT's translator: which places it compares, and of what."""

import pytest
import torch
from torch import nn

from ganbook.models import UNet
from ganbook.models.contrast import ContrastiveTranslator, contrastive_translator


def translator(places=16, **options):
    torch.manual_seed(0)
    unet = UNet(inputs=3, size=16, width=4, depth=2, **({"norm": "instance"} | options))
    return ContrastiveTranslator(unet, places, dim=6)


@pytest.fixture
def images():
    torch.manual_seed(5)
    return torch.rand(2, 3, 16, 16) * 2 - 1, torch.rand(3, 3, 16, 16) * 2 - 1


def test_with_sources_alone_it_translates(images):
    net = translator()
    assert torch.equal(net(images[0]), net.translator(images[0]))
    made = net(*images)
    assert torch.equal(made.fake_target, net.translator(images[0]))
    assert torch.equal(made.target_kept, net.translator(images[1]))


def test_places_are_unit_vectors_of_every_map(images):
    """Of the image itself, of 8 x 8 places and of 4 x 4; a map of fewer places gives all of them."""
    made = translator(places=40)(*images)
    for n, of in ((2, made.of_sources), (3, made.of_targets)):
        for side in (of.before, of.after):
            assert [tuple(found.shape) for found in side] == [(n, 40, 6), (n, 40, 6), (n, 16, 6)]
            assert all(torch.allclose(found.norm(dim=2), torch.ones(found.shape[:2])) for found in side)


def test_a_translation_that_changes_nothing_is_found_at_every_place(images):
    """Before and after are the same places, in the same order, by the same heads."""
    net = translator(places=1000)
    places = net.compared(images[0], images[0])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(places.before, places.after, strict=True))
    other = net.compared(images[0], images[0].flip(3))
    assert not any(torch.allclose(a, b, atol=1e-2) for a, b in zip(other.before, other.after, strict=True))


def test_a_place_is_compared_with_what_stood_there(images):
    """The heads of the image itself see one pixel: changed pixels differ, and no other."""
    net = translator(places=1000)
    changed = images[0].clone()
    changed[:, :, :, 8:] *= -1
    torch.manual_seed(3)
    where = torch.randperm(256)
    torch.manual_seed(3)
    places = net.compared(images[0], changed)
    same = torch.isclose(places.before[0], places.after[0], atol=1e-6).all(2)
    assert torch.equal(same, (where % 16 < 8).expand(2, -1))


def test_only_what_comes_after_carries_gradients(images):
    places = translator()(*images).of_sources
    assert not any(found.requires_grad for found in places.before) and all(
        found.requires_grad for found in places.after
    )


def test_the_places_are_drawn_anew(images):
    net = translator(places=8)
    one, other = net.compared(*images[:1] * 2), net.compared(*images[:1] * 2)
    assert not torch.allclose(one.before[0], other.before[0])


def test_the_maker_has_no_latents():
    net = contrastive_translator(0, of=lambda: UNet(inputs=3, size=16, width=2, depth=2))
    assert isinstance(net, ContrastiveTranslator) and isinstance(net.heads[0], nn.Sequential) and len(net.heads) == 3

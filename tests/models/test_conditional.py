"""Five ways of telling a player its class: each by hand, and none that the class does not reach."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganbook import penalties
from ganbook.models import (
    AuxiliaryDiscriminator,
    CompactDiscriminator,
    CompactGenerator,
    ConditionalBatchNorm2d,
    ConditionalDiscriminator,
    ConditionalGenerator,
)
from ganbook.models.conditional import SMALL

IN_G, IN_D = ("concatenation", "embedding", "batchnorm"), ("concatenation", "embedding", "projection")
LABELS = torch.tensor([0, 2, 2, 1])


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3), (8, 1)])
def test_shapes(size, channels):
    for how in IN_G:
        images = ConditionalGenerator(5, 3, how, channels, size, 4)(torch.randn(4, 5), LABELS)
        assert images.shape == (4, channels, size, size) and images.abs().max() <= 1
    for how in IN_D:
        assert ConditionalDiscriminator(3, how, channels, size, 4)(images, LABELS).shape == (4,)
    logits, named = AuxiliaryDiscriminator(3, channels, size, 4)(images)
    assert logits.shape == (4,) and named.shape == (4, 3)


@pytest.mark.parametrize("how", IN_G)
def test_the_class_changes_the_image_and_no_other_one(how):
    generator = ConditionalGenerator(5, 3, how, width=4).eval()
    if how == "batchnorm":  # at the start, all classes scale and shift alike
        assert generator(torch.ones(2, 5), torch.tensor([0, 1])).diff(dim=0).abs().max() < 1e-5
        nn.init.normal_(generator.body.norms[0].scale.weight)
    z = torch.randn(4, 5)
    base, changed = generator(z, LABELS), generator(z, torch.tensor([0, 2, 1, 1]))
    moved = (base - changed).abs().amax((1, 2, 3))
    assert moved[2] > 1e-3 and moved[[0, 1, 3]].max() < 1e-5


@pytest.mark.parametrize("how", IN_D)
def test_the_class_changes_the_logit(how):
    critic = ConditionalDiscriminator(3, how, width=4)
    x = torch.rand(4, 1, 28, 28) * 2 - 1
    moved = (critic(x, LABELS) - critic(x, torch.tensor([0, 2, 1, 1]))).abs()
    assert moved[2] > 1e-4 and moved[[0, 1, 3]].max() < 1e-5
    # With the variety of its neighbours beside its own features, an image is no longer judged by itself.
    seeing = ConditionalDiscriminator(3, how, width=4, group=4)
    moved = (seeing(x, LABELS) - seeing(x.flip(0), LABELS.flip(0)).flip(0)).abs()
    assert moved.max() < 1e-5, "the order of a group says nothing"


# -- each way by hand ---------------------------------------------------------------------------------------------


def test_conditional_batchnorm_by_hand():
    layer, x = ConditionalBatchNorm2d(2, 3), torch.randn(4, 2, 5, 5)
    normed = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), unbiased=False, keepdim=True) + 1e-5).sqrt()
    assert torch.allclose(layer(x, LABELS), normed, atol=1e-5), "at the start it only normalises"
    with torch.no_grad():
        layer.scale.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
        layer.shift.weight.copy_(torch.tensor([[0.5, -0.5], [0.0, 1.0], [-2.0, 7.0]]))
    found = layer(x, LABELS)
    for i, label in enumerate(LABELS.tolist()):
        for channel in range(2):
            expected = layer.scale.weight[label, channel] * normed[i, channel] + layer.shift.weight[label, channel]
            assert torch.allclose(found[i, channel], expected, atol=1e-5)


def test_conditional_batchnorm_of_one_class_is_batchnorm():
    ours, theirs, x = ConditionalBatchNorm2d(3, 1), nn.BatchNorm2d(3), torch.randn(6, 3, 4, 4)
    for _ in range(2):
        assert torch.allclose(ours(x, torch.zeros(6).long()), theirs(x), atol=1e-6)
    assert torch.allclose(ours.eval()(x, torch.zeros(6).long()), theirs.eval()(x), atol=1e-6)


def test_a_one_hot_code_beside_z():
    generator, z = ConditionalGenerator(5, 3, "concatenation", width=4).eval(), torch.randn(4, 5)
    assert generator.body.first.in_features == 5 + 3
    code = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0]])
    seen = []
    generator.body.first.register_forward_hook(lambda layer, given, made: seen.append(given[0]))
    generator(z, LABELS)
    assert torch.equal(seen[0], torch.cat((z, code), 1))


def test_learned_numbers_beside_z():
    generator, z = ConditionalGenerator(5, 3, "embedding", width=4).eval(), torch.randn(4, 5)
    seen = []
    generator.body.first.register_forward_hook(lambda layer, given, made: seen.append(given[0]))
    generator(z, LABELS).sum().backward()
    assert torch.equal(seen[0], torch.cat((z, generator.embedding.weight[LABELS]), 1))
    assert (generator.embedding.weight.grad.abs().sum(1) > 0).all()


def test_conditional_batchnorm_at_every_size():
    """A class scales and shifts every map, from the smallest to that of the image's own side."""
    generator, z = ConditionalGenerator(5, 3, "batchnorm", width=2), torch.randn(4, 5)
    norms, seen = generator.body.norms, []
    assert [type(norm) for norm in norms] == [ConditionalBatchNorm2d] * 3
    for norm in norms:
        norm.register_forward_hook(lambda layer, given, made: seen.append(given[1]))
    generator(z, LABELS).square().sum().backward()
    assert len(seen) == 3 and all(torch.equal(told, LABELS) for told in seen)
    assert all((norm.shift.weight.grad.abs().sum(1) > 0).all() for norm in norms)


def test_without_the_class_it_is_the_compact_generator():
    plain, z = CompactGenerator(8, width=2), torch.randn(4, 5)
    generator = ConditionalGenerator(5, 3, "concatenation", width=2)
    generator.load_state_dict(plain.state_dict())
    code = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 0, 1], [0, 1, 0]])
    assert torch.allclose(generator(z, LABELS), plain(torch.cat((z, code), 1)), atol=1e-6)


def in_front(critic):
    """What the first convolution of a critic without shifts sees."""
    seen = []
    critic.features[0].register_forward_hook(lambda layer, given, made: seen.append(given[0]))
    return seen


def test_one_map_a_class_beside_the_image():
    critic, x = ConditionalDiscriminator(3, "concatenation", width=4), torch.rand(4, 1, 28, 28)
    seen = in_front(critic)
    critic(x, LABELS)
    assert torch.equal(seen[0][:, :1], x)
    for i, label in enumerate(LABELS.tolist()):
        for k in range(3):
            assert torch.equal(seen[0][i, 1 + k], torch.full((28, 28), float(k == label)))


def test_one_learned_map_beside_the_image():
    critic, x = ConditionalDiscriminator(3, "embedding", width=4), torch.rand(4, 1, 28, 28)
    seen = in_front(critic)
    critic(x, LABELS)
    assert torch.equal(seen[0], torch.cat((x, critic.embedding.weight[LABELS].reshape(4, 1, 28, 28)), 1))


def test_projection_is_a_product_added_to_the_logit():
    critic, x = ConditionalDiscriminator(3, "projection", width=4), torch.rand(4, 1, 28, 28)
    features = critic.features(x)
    expected = (features @ critic.last.weight.T).squeeze(1) + critic.last.bias
    expected = expected + torch.stack([critic.embedding.weight[k] @ f for k, f in zip(LABELS, features, strict=True)])
    assert torch.allclose(critic(x, LABELS), expected, atol=1e-5)
    with torch.no_grad():
        critic.embedding.weight.zero_()
    assert torch.allclose(critic(x, LABELS), critic.last(features).squeeze(1), atol=1e-6)


def test_an_auxiliary_critic_has_two_heads_on_one_body():
    critic, x = AuxiliaryDiscriminator(3, width=4), torch.rand(4, 1, 28, 28)
    logits, named = critic(x)
    features = critic.features(x)
    assert torch.allclose(logits, F.linear(features, critic.real.weight, critic.real.bias).squeeze(1))
    assert torch.allclose(named, F.linear(features, critic.named.weight, critic.named.bias))


def test_without_a_class_they_are_the_compact_critic():
    torch.manual_seed(3)
    plain = CompactDiscriminator(width=4)
    critic = ConditionalDiscriminator(3, "projection", width=4)
    nn.init.zeros_(critic.embedding.weight)
    critic.features.load_state_dict(plain.layers[:-1].state_dict())
    critic.last.load_state_dict(plain.layers[-1].state_dict())
    x = torch.rand(4, 1, 28, 28)
    assert torch.allclose(critic(x, LABELS), plain(x), atol=1e-6)


# -- at the start -------------------------------------------------------------------------------------------------


def test_images_at_the_start_are_grey_and_differ():
    labels = torch.arange(250) % 10
    for how in IN_G:
        images = ConditionalGenerator(how=how)(torch.randn(250, 64), labels)
        assert 0.05 < images.std() < 0.9 and images.std(0).mean() > 0.05, how
    x, labels = torch.randn(240, 1, 28, 28), torch.arange(240) % 10
    for how in IN_D:
        assert 0.002 < ConditionalDiscriminator(how=how)(x, labels).std() < 3, how


def test_the_product_begins_small_beside_the_rest_of_the_logit():
    critic, x = ConditionalDiscriminator(), torch.randn(240, 1, 28, 28)
    assert critic.embedding.weight.std().item() == pytest.approx(SMALL, rel=0.1)
    features = critic.features(x)
    product = (critic.embedding.weight[torch.arange(240) % 10] * features).sum(1)
    assert 0 < product.abs().mean() < critic.last(features).abs().mean()


@pytest.mark.parametrize("how", IN_D)
def test_the_penalty_reaches_all_weights(how):
    # The variety of its neighbours bends the critic: of flat pieces alone, the slope says nothing of a learned map.
    critic, labels = ConditionalDiscriminator(how=how, width=4, group=4), torch.arange(12) % 10
    penalties.r1(lambda images: critic(images, labels), torch.rand(12, 1, 28, 28) * 2 - 1, 1.0).backward()
    reached = {name for name, weight in critic.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert {name for name, _ in critic.named_parameters() if name.endswith("weight")} <= reached


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConditionalGenerator(how="telepathy"), r"^how is 'telepathy': allowed is 'concatenation',"),
        (lambda: ConditionalDiscriminator(how="batchnorm"), r"^how is 'batchnorm': allowed is .* or 'projection'"),
        (lambda: ConditionalGenerator(classes=0), r"^classes is 0: allowed is 1 or more"),
        (lambda: ConditionalDiscriminator(group=-1), r"^group is -1: allowed is 0 or more"),
        (lambda: AuxiliaryDiscriminator(group=-1), r"^group is -1: allowed is 0 or more"),
        (lambda: AuxiliaryDiscriminator(classes=0), r"^classes is 0"),
        (lambda: ConditionalBatchNorm2d(0, 2), r"^channels is 0"),
        (lambda: ConditionalGenerator(size=30), r"^size is 30: allowed is a multiple of 4"),
        (lambda: ConditionalGenerator(5)(torch.zeros(4, 6), LABELS), r"^z has shape \(4, 6\)"),
        (lambda: ConditionalGenerator(5)(torch.zeros(3, 5), LABELS), r"^labels has shape \(4,\): allowed is \(3,\)$"),
        (lambda: ConditionalGenerator(5, 3)(torch.zeros(4, 5), LABELS + 1), r"^labels holds 1 to 3: allowed is"),
        (lambda: ConditionalGenerator(5)(torch.zeros(4, 5), LABELS.float()), r"^labels is a torch.float32 .*of int64"),
        (lambda: ConditionalDiscriminator()(torch.zeros(4, 1, 28, 28), LABELS[:, None]), r"^labels has shape \(4, 1\)"),
        (lambda: ConditionalDiscriminator()(torch.zeros(4, 3, 28, 28), LABELS), r"^x has shape \(4, 3, 28, 28\)"),
        (lambda: AuxiliaryDiscriminator()(torch.zeros(4, 1, 32, 32)), r"^x has shape"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()

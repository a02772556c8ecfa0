"""The state of the two players: the moving average, its BatchNorm, and what a checkpoint holds."""

import copy
import io
import itertools
import re

import pytest
import torch
from torch import nn

from ganbook import losses
from ganbook.data import Batch, toy
from ganbook.models import (
    ConditionalGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
    MLPDiscriminator,
    MLPGenerator,
    UNet,
)
from ganbook.models.cycle import TwoTranslators
from ganbook.training import Game, Prior, fit, gan_round
from ganbook.training.game import CALIBRATED_ON, EMA_RAMP_UP


class Point(nn.Module):
    """A generator of one weight, which a test sets as it likes."""

    def __init__(self):
        super().__init__()
        self.at = nn.Parameter(torch.zeros(1))

    def forward(self, z):
        return self.at + 0 * z


def point_game(half_life):
    generator = Point()
    still = torch.optim.SGD(generator.parameters(), lr=0.0)
    return Game(generator, nn.Linear(1, 1), prior=Prior(1), g_optimizer=still, ema_half_life=half_life)


def play(game, values, batch_size):
    """Set the weight, let the generator have its turn, and note the average."""
    averages = []

    def round(game, batch):
        loss = game.generator(game.sample_prior(len(batch))).mean()
        game.update_generator(loss)
        return {"loss": loss}

    for value in values:
        nn.init.constant_(game.generator.at, value)
        game.play(round, Batch(torch.zeros(batch_size, 1)))
        averages.append(game.averaged_generator().at.item())
    return averages


@pytest.mark.parametrize("half_life", [1.0, 10.0, 200.0, 1e6])
@pytest.mark.parametrize("batch_size", [1, 8])
def test_average_against_its_closed_form(half_life, batch_size):
    rng = torch.Generator().manual_seed(0)
    values = torch.randn(300, generator=rng).tolist()
    expected, average = [], values[0]
    for k, value in enumerate(values, start=1):
        seen = k * batch_size
        keep = 0.5 ** (batch_size / min(half_life, EMA_RAMP_UP * seen))
        average = value if k == 1 else keep * average + (1 - keep) * value
        expected.append(average)
    assert play(point_game(half_life), values, batch_size) == pytest.approx(expected, abs=2e-5)


def test_half_life_is_in_images():
    # 200 rounds of 10 images end the ramp-up (a twentieth of 2 000 images); 100 more images halve the distance.
    averages = play(point_game(100.0), [0.0] * 200 + [1.0] * 20, 10)
    assert averages[199] == 0.0
    assert averages[209] == pytest.approx(0.5, abs=1e-5)
    assert averages[219] == pytest.approx(0.75, abs=1e-5)


def test_a_young_average_forgets_its_start():
    # Without the ramp-up a half-life of a million images would keep the first value for ever.
    assert play(point_game(1e6), [0.0] + [1.0] * 100, 8)[-1] > 0.999


def test_without_an_average_the_generator_itself_is_sampled():
    assert play(point_game(0), [1.0, 2.0, 3.0], 4) == [1.0, 2.0, 3.0]


# -- BatchNorm -----------------------------------------------------------------------------------------


def dcgan_game(seed=0, **options):
    torch.manual_seed(seed)
    generator, discriminator = DCGANGenerator(5, 1, 16, 4), DCGANDiscriminator(1, 16, 4)
    return Game(generator, discriminator, prior=Prior(5), **options)


def played(game, rounds=3, seed=1):
    torch.manual_seed(seed)
    for _ in range(rounds):
        game.play(gan_round, Batch(torch.randn(8, 1, 16, 16)))
    return game


def test_averaged_generator_leaves_the_live_one_alone():
    game = played(dcgan_game(ema_half_life=50.0))
    state = {name: tensor.clone() for name, tensor in game.generator.state_dict().items()}
    average = {name: tensor.clone() for name, tensor in game.state_dict()["average"].items()}
    numbers = torch.get_rng_state()
    twin = game.averaged_generator()
    assert game.generator.training and not any(m.training for m in twin.modules())
    nn.init.zeros_(next(twin.parameters()))
    assert torch.equal(torch.get_rng_state(), numbers), "looking at the average moved the random numbers on"
    for name, tensor in game.generator.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    for name, tensor in game.state_dict()["average"].items():
        assert torch.equal(tensor, average[name]), name
    again = game.averaged_generator()
    assert all(m.momentum == 0.1 for m in game.generator.modules() if isinstance(m, nn.BatchNorm2d))
    assert next(again.parameters()).abs().max() > 0


def test_statistics_of_the_averaged_generator_are_its_own():
    game = played(dcgan_game(ema_half_life=50.0), rounds=5)
    twin = game.averaged_generator()
    first = next(i for i, m in enumerate(twin.layers) if isinstance(m, nn.BatchNorm2d))
    z = Prior(5).sample(CALIBRATED_ON, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        parts = [nn.Sequential(*twin.layers[:first])(part[:, :, None, None]) for part in z.split(256)]
    mean = torch.stack([part.mean((0, 2, 3)) for part in parts]).mean(0)
    variance = torch.stack([part.var((0, 2, 3)) for part in parts]).mean(0)
    norm, live = twin.layers[first], game.generator.layers[first]
    assert torch.allclose(norm.running_mean, mean, atol=1e-5)
    assert torch.allclose(norm.running_var, variance, rtol=1e-4)
    assert not torch.allclose(norm.running_var, live.running_var, rtol=1e-2)
    # Averaging buffers as if they were weights would turn the counter of batches into a fraction of itself.
    assert live.num_batches_tracked.item() == 10, "two forward passes a round"


def test_the_average_holds_the_average_of_weights_and_no_buffers():
    game = dcgan_game(ema_half_life=50.0)
    kept = []
    torch.manual_seed(1)
    for _ in range(3):
        game.play(gan_round, Batch(torch.randn(8, 1, 16, 16)))
        kept.append([p.detach().clone() for p in game.generator.parameters()])
    average = kept[0]
    for k, weights in ((2, kept[1]), (3, kept[2])):
        keep = 0.5 ** (8 / min(50.0, EMA_RAMP_UP * 8 * k))
        average = [keep * a + (1 - keep) * w for a, w in zip(average, weights, strict=True)]
    for parameter, expected in zip(game.averaged_generator().parameters(), average, strict=True):
        assert torch.allclose(parameter, expected, atol=1e-6)


def conditional_game():
    """One round of a generator by class, whose data are of class 2 alone."""
    torch.manual_seed(0)
    generator = ConditionalGenerator(5, 3, "concatenation", 1, 8, 2)
    game = Game(generator, nn.Linear(1, 1), prior=Prior(5), ema_half_life=50.0, given="labels")

    def round(game, batch):
        loss = game.generator(game.sample_prior(6), torch.arange(6) % 3).mean()
        game.update_generator(loss)
        return {"loss": loss}

    game.play(round, Batch(torch.zeros(6, 1)))
    return game


def test_the_statistics_of_a_generator_by_class_are_those_of_the_data_s_classes():
    game = conditional_game()
    found = {}
    for label in (0, 2):
        batch = Batch(torch.zeros(256, 1), labels=torch.full((256,), label))
        game.examples = lambda batch=batch: itertools.repeat(batch)
        body = game.averaged_generator().body
        chance = torch.Generator().manual_seed(0)
        z = torch.cat([Prior(5).sample(256, generator=chance) for _ in range(CALIBRATED_ON // 256)])
        code = nn.functional.one_hot(torch.full((CALIBRATED_ON,), label), 3).float()
        with torch.no_grad():
            maps = body.first(torch.cat((z, code), 1)).unflatten(1, (-1, 4, 4))
        norm = body.norms[0]
        assert torch.allclose(norm.running_mean, maps.mean((0, 2, 3)), atol=1e-5)
        variance = torch.stack([part.var((0, 2, 3)) for part in maps.split(256)]).mean(0)
        assert torch.allclose(norm.running_var, variance, rtol=1e-4)
        assert norm.momentum == 0.1 and norm.num_batches_tracked == CALIBRATED_ON // 256
        found[label] = norm.running_mean
    assert not torch.allclose(found[0], found[2], atol=1e-3)


def test_statistics_that_need_examples_say_so():
    with pytest.raises(ValueError, match=r"needs game\.examples"):
        conditional_game().averaged_generator()


class Lengths(nn.Module):
    """(z, captions): how long each caption is, plus z, normalised."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.norm, self.drop = nn.BatchNorm1d(1), nn.Dropout(dropout)

    def forward(self, z, captions):
        length = torch.tensor([float(len(caption)) for caption in captions])[:, None]
        return self.norm(self.drop(length + z))


def reader_game(dropout=0.0):
    game = Game(Lengths(dropout), nn.Linear(1, 1), prior=Prior(1), ema_half_life=9.0, given="captions")
    texts = ("a", "a red seven", "seven")
    game.examples = lambda: itertools.repeat(Batch(torch.zeros(3, 1), captions=texts))

    def round(game, batch):
        loss = game.generator(game.sample_prior(3), ("one much longer caption",) * 3).square().mean()
        game.update_generator(loss)
        return {"loss": loss}

    game.play(round, Batch(torch.zeros(3, 1)))
    return game


def test_the_statistics_of_a_reader_are_those_of_the_data_s_captions():
    found = reader_game().averaged_generator().norm
    rounds = -(-CALIBRATED_ON // 3)  # until there were enough
    chance = torch.Generator().manual_seed(0)
    seen = [torch.tensor([[1.0], [11.0], [5.0]]) + Prior(1).sample(3, generator=chance) for _ in range(rounds)]
    assert found.num_batches_tracked == rounds
    assert found.running_mean.item() == pytest.approx(torch.cat(seen).mean().item(), rel=1e-4)
    assert found.running_var.item() == pytest.approx(torch.stack([x.var() for x in seen]).mean().item(), rel=1e-4)


def test_the_statistics_are_the_same_whatever_was_drawn_before_and_draw_nothing():
    """Of a generator too that draws numbers itself in training."""
    torch.manual_seed(0)
    game = reader_game(dropout=0.5)
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(game.averaged_generator().norm.running_mean)
        assert torch.equal(torch.get_rng_state(), before), "looking at the average moved the random numbers on"
    assert torch.equal(*found)


def test_each_of_two_translators_is_calibrated_on_images_of_its_own_kind():
    torch.manual_seed(0)
    x, y = 3 + 2 * torch.randn(64, 1, 4, 4), -7 + 5 * torch.randn(64, 1, 4, 4)
    translators = TwoTranslators(nn.BatchNorm2d(1), nn.BatchNorm2d(1))
    game = Game(translators, nn.Linear(1, 1), prior=None, ema_half_life=9.0, given="sources")

    def round(game, batch):
        made = game.generator(batch.sources, batch.real)
        return {"loss": sum(part.square().mean() for part in made)}

    game.play(round, Batch(y, sources=x))
    assert game.generator.there.running_mean < 0, "in play G sees targets too, to keep them"
    game.examples = lambda: itertools.repeat(Batch(y, sources=x))
    twin = game.averaged_generator()
    for translator, images in ((twin.there, x), (twin.back, y)):
        assert translator.running_mean.item() == pytest.approx(images.mean().item(), rel=1e-4)
        assert translator.running_var.item() == pytest.approx(images.var().item(), rel=1e-4)


def test_the_loop_gives_the_game_its_examples():
    """Of the data that it plays with, however often they are asked for, and whole in every process."""
    game = mlp_game()
    ring = toy.ring()
    fit(game, ring, gan_round, steps=1, batch_size=8, seed=3, progress=False)
    for _ in range(2):
        for ours, theirs in zip(itertools.islice(game.examples(), 3), ring.batches(8, seed=3), strict=False):
            assert torch.equal(ours.real, theirs.real)


# -- verbs ---------------------------------------------------------------------------------------------


def mlp_game(seed=0, **options):
    torch.manual_seed(seed)
    return Game(MLPGenerator(2, 2, 8, 1), MLPDiscriminator(2, 8, 1), prior=Prior(2), **options)


def test_gradients_of_an_earlier_round_do_not_add_up():
    game = mlp_game()
    for network in (game.generator, game.discriminator):
        for parameter in network.parameters():
            parameter.grad = torch.full_like(parameter, 1e6)
    game.update_discriminator(game.discriminator(torch.randn(4, 2)).mean())
    game.update_generator(game.generator(torch.randn(4, 2)).mean())
    for network in (game.generator, game.discriminator):
        assert all(p.grad is None or p.grad.abs().max() < 1e3 for p in network.parameters())
    assert game.step == 0, "a round is over when it returns"


def test_latents_follow_the_prior_and_its_device():
    game = Game(MLPGenerator(7, 2, 8, 1), MLPDiscriminator(2, 8, 1), prior=Prior(7, "uniform"))
    z = game.sample_prior(500)
    assert z.shape == (500, 7) and z.abs().max() <= 1
    game.generator.to("meta")
    assert game.sample_prior(3).device.type == "meta"


def test_loss_by_name_or_by_itself():
    assert mlp_game(loss="hinge").loss is mlp_game(loss=losses.get("hinge")).loss
    with pytest.raises(ValueError, match=r"^name is 'wgan': allowed is one of"):
        mlp_game(loss="wgan")


def test_no_penalty_is_a_zero_without_a_graph():
    zero = mlp_game().penalty(torch.randn(3, 2), torch.randn(3, 2))
    assert zero.item() == 0 and zero.shape == () and not zero.requires_grad


def test_a_generator_without_a_prior_gets_noise_of_no_size():
    game = Game(MLPGenerator(2, 2, 8, 1), MLPDiscriminator(2, 8, 1), prior=None)
    before = torch.get_rng_state()
    assert game.sample_prior(5).shape == (5, 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_average_of_a_translator_is_calibrated_on_the_sources_of_its_data():
    torch.manual_seed(0)
    x = 3 + torch.randn(64, 1, 16, 16)
    game = Game(nn.BatchNorm2d(1), nn.Linear(1, 1), prior=None, ema_half_life=9.0, given="sources")
    game.play(lambda game, batch: {"loss": game.generator(batch.real).square().mean()}, Batch(x))
    game.examples = lambda: itertools.repeat(Batch(x, sources=2 * x))
    twin = game.averaged_generator()
    assert twin.running_mean.item() == pytest.approx(2 * x.mean().item(), rel=1e-4)
    assert twin.running_var.item() == pytest.approx(4 * x.var().item(), rel=1e-3)


def test_the_noise_of_a_translator_is_drawn_anew_for_its_statistics():
    class Noisy(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm2d(1)

        def forward(self, sources, z):
            return self.norm(sources + z[:, :, None, None])

    game = Game(Noisy(), nn.Linear(1, 1), prior=Prior(1), ema_half_life=9.0, given="sources")
    zeros = Batch(torch.zeros(256, 1, 2, 2), sources=torch.zeros(256, 1, 2, 2))
    game.play(lambda game, batch: {"loss": game.generator(batch.sources, game.sample_prior(256)).mean()}, zeros)
    game.examples = lambda: itertools.repeat(zeros)
    z = Prior(1).sample(CALIBRATED_ON, generator=torch.Generator().manual_seed(0))
    assert game.averaged_generator().norm.running_var.item() == pytest.approx(z.var().item(), rel=0.1)


def test_what_an_average_needs_no_statistics_of_needs_no_examples():
    x = torch.randn(2, 1, 16, 16)
    network = UNet(0, size=16, width=2, depth=2, norm="instance")
    game = Game(network, nn.Linear(1, 1), prior=None, ema_half_life=9.0, given="sources")
    game.play(lambda game, batch: {"loss": game.generator(batch.real).square().mean()}, Batch(x))
    assert game.averaged_generator()(x).shape == (2, 3, 16, 16)
    with pytest.raises(ValueError, match=r"^given is 'words': allowed is"):
        Game(network, nn.Linear(1, 1), prior=None, given="words")


def test_the_rounds_batch_sets_the_pace_of_the_average_whatever_else_is_drawn():
    averages = []
    for n, draws in ((1, 0), (10, 0), (10, 3)):
        game = point_game(4.0)

        def round(game, batch, draws=draws):
            for _ in range(draws):
                game.sample_prior(1)
            return {"nothing": torch.zeros(())}

        for value in [0.0] * 200 + [1.0]:
            nn.init.constant_(game.generator.at, value)
            game.play(round, Batch(torch.zeros(n, 1)))
        averages.append(game.averaged_generator().at.item())
    assert averages == pytest.approx([1 - 0.5**0.25, 1 - 0.5**2.5, 1 - 0.5**2.5], abs=1e-5)


@pytest.mark.parametrize(
    ("returned", "error", "said"),
    [
        (None, TypeError, "the round returned None: allowed is a dictionary"),
        (torch.zeros(()), TypeError, "the round returned a torch.float32 tensor"),
        ({}, TypeError, "the round returned {}: allowed is a dictionary"),
        ({"loss": 0.5}, TypeError, "loss, which the round returned, is 0.5: allowed is a floating-point tensor"),
        ({"loss": torch.tensor(1)}, TypeError, "loss, which the round returned, is a torch.int64 tensor"),
        ({"loss": torch.zeros(3)}, ValueError, "loss, which the round returned, has shape (3,): allowed is ()"),
        ({"step": torch.zeros(())}, ValueError, "step, which the round returned, is what a history calls its rounds"),
    ],
)
def test_what_a_round_returns_is_said_in_one_sentence_where_it_is_wrong(returned, error, said):
    game = mlp_game()
    with pytest.raises(error, match="^" + re.escape(said)):
        game.play(lambda game, batch: returned, Batch(torch.zeros(4, 2)))
    assert game.step == 0


def test_what_a_round_returns_comes_back_without_its_graph():
    game = mlp_game()
    (score,) = game.play(
        lambda game, batch: {"loss": game.generator(batch.real).mean()}, Batch(torch.ones(4, 2))
    ).values()
    assert not score.requires_grad


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match=r"^ema_half_life is -1: allowed is a finite number, 0 or more$"):
        mlp_game(ema_half_life=-1)
    with pytest.raises(TypeError, match=r"^prior is 2: allowed is a Prior or None$"):
        Game(MLPGenerator(), None, prior=2)


def test_a_judge_asks_the_critic_in_its_own_way():
    game = mlp_game(penalty=lambda critic, real, fake: critic(real).sum() + 10 * critic(fake).sum())
    real, fake = torch.randn(3, 2), torch.randn(3, 2)

    def twice(critic, images):
        return 2 * critic(images)

    d = game.discriminator
    assert game.penalty(real, fake).item() == pytest.approx((d(real).sum() + 10 * d(fake).sum()).item(), rel=1e-5)
    assert game.penalty(real, fake, twice).item() == pytest.approx(2 * game.penalty(real, fake).item(), rel=1e-5)


# -- what a checkpoint holds ---------------------------------------------------------------------------


@pytest.mark.parametrize("half_life", [0, 50.0])
def test_a_restored_game_goes_on_as_if_never_interrupted(half_life):
    whole = played(dcgan_game(ema_half_life=half_life), rounds=6)
    first = played(dcgan_game(ema_half_life=half_life), rounds=3)
    numbers = torch.get_rng_state()
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = dcgan_game(seed=99, ema_half_life=half_life)
    second.load_state_dict(torch.load(file, weights_only=True))
    torch.set_rng_state(numbers)
    for _ in range(3):
        second.play(gan_round, Batch(torch.randn(8, 1, 16, 16)))
    assert second.step == whole.step == 6
    for ours, theirs in ((second.generator, whole.generator), (second.discriminator, whole.discriminator)):
        for name, tensor in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], tensor), name
    z = torch.randn(4, 5)
    assert torch.equal(second.averaged_generator()(z), whole.averaged_generator()(z))


def test_a_state_is_not_shared_with_the_game_that_loaded_it():
    first, second = played(dcgan_game(ema_half_life=9.0)), dcgan_game(seed=2, ema_half_life=9.0)
    second.load_state_dict(first.state_dict())
    before = {name: tensor.clone() for name, tensor in first.generator.state_dict().items()}
    played(second)
    for name, tensor in first.generator.state_dict().items():
        assert torch.equal(tensor, before[name]), name


class Memory(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(2))


def test_memory_is_part_of_the_state():
    first, second = (mlp_game(memory={"pool": Memory()}) for _ in range(2))
    first.memory["pool"].seen += 7
    state = first.state_dict()
    assert torch.equal(state["memory"]["pool.seen"], torch.tensor([7.0, 7.0]))
    second.load_state_dict(state)
    assert torch.equal(second.memory["pool"].seen, torch.tensor([7.0, 7.0]))
    first.memory["pool"].seen += 1
    assert torch.equal(second.memory["pool"].seen, torch.tensor([7.0, 7.0]))
    assert mlp_game().state_dict()["memory"] == {}


# -- a game of one player ------------------------------------------------------------------------------


def solitaire(seed=0, **options):
    torch.manual_seed(seed)
    return Game(MLPGenerator(2, 2, 8, 1), None, prior=Prior(2), **options)


def regress(game, batch):
    """A round of one player: to be the identity."""
    z = game.sample_prior(len(batch.real))
    loss = (game.generator(z) - z).square().mean()
    game.update_generator(loss)
    return {"loss": loss.detach()}


def test_one_player_has_no_second_verb_and_no_second_network():
    game = solitaire()
    weights = copy.deepcopy(game.generator.state_dict())
    with pytest.raises(ValueError, match=r"^update_discriminator was called in a game of one player: it has upd"):
        game.update_discriminator(game.generator(torch.randn(3, 2)).mean())
    with pytest.raises(ValueError, match=r"^the round asks for a discriminator, and this is a game of one player$"):
        gan_round(game, Batch(torch.randn(3, 2)))
    assert game.d_optimizer is None and game.step == 0
    for name, tensor in game.generator.state_dict().items():
        assert torch.equal(tensor, weights[name])


@pytest.mark.parametrize("half_life", [0, 50.0])
def test_one_player_is_trained_annealed_and_resumed_bit_for_bit(tmp_path, half_life):
    def run(steps, out, **options):
        game = solitaire(ema_half_life=half_life, **options)
        settings = {"batch_size": 8, "checkpoint_every": 5, "anneal_from": 0.5, "progress": False}
        history = fit(game, toy.ring(), regress, steps=steps, out=tmp_path / out, resume=True, **settings)
        return history, game

    whole, reference = run(10, "whole")
    (group,) = reference.g_optimizer.param_groups
    assert group["lr"] == pytest.approx(2e-4 * 0.2), "the last of ten rounds has a fifth of the rate"

    def stop(game, batch):
        if game.step == 5:
            raise KeyboardInterrupt
        return regress(game, batch)

    with pytest.raises(KeyboardInterrupt):
        settings = {"batch_size": 8, "checkpoint_every": 5, "anneal_from": 0.5, "progress": False}
        fit(solitaire(ema_half_life=half_life), toy.ring(), stop, steps=10, out=tmp_path / "parts", **settings)
    torch.manual_seed(77)
    again, resumed = run(10, "parts", seed=99)
    assert again == whole and resumed.step == reference.step == 10
    z = torch.randn(4, 2)
    assert torch.equal(resumed.averaged_generator()(z), reference.averaged_generator()(z))


def test_the_state_of_one_player_says_that_there_is_no_other():
    state = solitaire().state_dict()
    assert state["discriminator"] is None and state["d_optimizer"] is None
    two = mlp_game()
    with pytest.raises(ValueError, match="one game has discriminator and the other has none"):
        two.load_state_dict(state)

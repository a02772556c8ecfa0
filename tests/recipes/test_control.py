"""Part III's recipes are what they say they are, and each ablation changes one thing."""

from __future__ import annotations

import dataclasses
import inspect
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from ganbook import data, recipes
from ganbook.data.images import to_float
from ganbook.data.pairs import Unpaired
from ganbook.models import (
    AuxiliaryDiscriminator,
    ConditionalDiscriminator,
    ConditionalGenerator,
    PatchDiscriminator,
    ResNetTranslator,
    TwoCritics,
    TwoTranslators,
    UNet,
    receptive_field,
)
from ganbook.models.augment import RandomAffine, RandomShift
from ganbook.models.compact import HIDDEN
from ganbook.models.network import described
from ganbook.recipes.control import CONDITIONINGS, L1_WEIGHT, PIX2PIX_ABLATION, RECIPES
from ganbook.training.rounds.conditional import auxiliary_round, conditional_round
from ganbook.training.rounds.contrastive import contrastive_round
from ganbook.training.rounds.cyclegan import cyclegan_round
from ganbook.training.rounds.pix2pix import pix2pix_round, regression_round

BUDGETS = ("smoke", "laptop", "gpu")


def differing(a: recipes.Recipe, b: recipes.Recipe) -> set[str]:
    """Fields in which two recipes differ, apart from what they are called."""

    def plain(value):
        if isinstance(value, partial):  # equal partials are not ==
            return value.func, value.args, tuple(sorted(value.keywords.items()))
        return value

    fields = {field.name for field in dataclasses.fields(a)} - {"name", "about", "budgets", "lineage"}
    return {name for name in fields if plain(getattr(a, name)) != plain(getattr(b, name))}


def test_all_of_them_are_in_the_catalogue():
    assert {recipe.name for recipe in RECIPES} <= set(recipes.names())
    assert len({recipe.about for recipe in RECIPES}) == len(RECIPES)
    assert all(set(recipe.budgets) <= set(BUDGETS) and "smoke" in recipe.budgets for recipe in RECIPES)


# -- digits by class ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", BUDGETS)
def test_conditionings_differ_in_how_the_class_comes_in_and_in_nothing_else(budget: str):
    whole = recipes.get("conditional-digits-projection").at(budget)
    allowed = {
        "conditional-digits-concatenation": {"discriminator"},
        "conditional-digits-embedding": {"generator", "discriminator"},
        "conditional-digits-auxiliary": {"discriminator", "play"},
        "conditional-digits-projection": set(),
        "conditional-digits-batchnorm": {"generator"},
    }
    assert {recipe.name for recipe in CONDITIONINGS} == set(allowed)
    assert differing(recipes.get("conditional-digits").at(budget), whole) == set(), "the chapter's way is one of five"
    for name, changed in allowed.items():
        assert differing(recipes.get(name).at(budget), whole) == changed, name
    ways = {name: recipes.get(name).at(budget).game() for name in allowed}
    told = {name: (game.generator.how, getattr(game.discriminator, "how", None)) for name, game in ways.items()}
    assert told == {
        "conditional-digits-concatenation": ("concatenation", "concatenation"),
        "conditional-digits-embedding": ("embedding", "embedding"),
        "conditional-digits-auxiliary": ("concatenation", None),
        "conditional-digits-projection": ("concatenation", "projection"),
        "conditional-digits-batchnorm": ("batchnorm", "projection"),
    }
    kinds = {type(game.discriminator) for name, game in ways.items() if name != "conditional-digits-auxiliary"}
    assert kinds == {ConditionalDiscriminator}
    assert isinstance(ways["conditional-digits-auxiliary"].discriminator, AuxiliaryDiscriminator)
    assert all(isinstance(game.generator, ConditionalGenerator) for game in ways.values())
    assert {(game.given, game.generator.classes) for game in ways.values()} == {("labels", 10)}
    sizes = [sum(p.numel() for p in game.generator.parameters()) for game in ways.values()]
    assert max(sizes) < 1.3 * min(sizes), "one way has many more weights than another"


def test_conditional_digits_are_dcgan_digits_that_are_told_a_class():
    for budget in BUDGETS:
        changed = differing(recipes.get("conditional-digits").at(budget), recipes.get("dcgan-digits").at(budget))
        assert changed == {"generator", "discriminator", "given", "classes", "play", "steps", "ema_half_life"}
        plain, told = (recipes.get(name).at(budget).game() for name in ("dcgan-digits", "conditional-digits"))
        sizes = [sum(p.numel() for p in d.parameters()) for d in (plain.discriminator, told.discriminator)]
        assert sizes[1] - sizes[0] == 10 * HIDDEN, "but for a vector a class, it is the same critic"
        moves = RandomShift | RandomAffine
        pixels = [[m.pixels for m in g.discriminator.modules() if isinstance(m, moves)] for g in (plain, told)]
        assert pixels == [[2], [2]], "shifted by as much; without labels also turned and zoomed"
    assert recipes.get("conditional-digits").play is conditional_round
    assert recipes.get("conditional-digits-auxiliary").play is auxiliary_round


# -- with pairs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_ablation_of_pix2pix_changes_the_round_alone(budget: str):
    whole = recipes.get("pix2pix-emoji").at(budget)
    assert [recipe.name for recipe in PIX2PIX_ABLATION] == ["pix2pix-emoji-l1", "pix2pix-emoji-cgan", "pix2pix-emoji"]
    for name in ("pix2pix-emoji-l1", "pix2pix-emoji-cgan"):
        assert differing(recipes.get(name).at(budget), whole) == {"play"}, name
    assert recipes.get("pix2pix-emoji-l1").play is regression_round
    weights = {n: recipes.get(n).play.keywords["l1_weight"] for n in ("pix2pix-emoji", "pix2pix-emoji-cgan")}
    assert weights == {"pix2pix-emoji": L1_WEIGHT, "pix2pix-emoji-cgan": 0.0} and whole.play.func is pix2pix_round
    assert 10 <= L1_WEIGHT <= 100


@pytest.mark.parametrize("budget", BUDGETS)
def test_without_skips_the_generator_loses_its_short_cuts_alone(budget: str):
    whole, without = (recipes.get(name).at(budget) for name in ("pix2pix-emoji", "pix2pix-emoji-no-skips"))
    assert differing(without, whole) == {"generator"}
    assert without.generator.keywords == {**whole.generator.keywords, "skips": False}
    assert whole.size == whole.generator.keywords["size"] == (32 if budget == "smoke" else 64)


def test_emoji_are_painted_by_a_unet_and_judged_in_patches():
    game = recipes.get("pix2pix-emoji").at("laptop").game()
    assert isinstance(game.generator, UNet) and game.generator.skips and game.generator.latent_dim == 8
    assert isinstance(game.discriminator, PatchDiscriminator) and receptive_field(game.discriminator) == 16
    assert game.discriminator.sources == 1, "the conditional critic sees the lines"
    assert game.generator.keep > 0, "an untrained painter repeats its lines"
    assert not any(isinstance(m, nn.BatchNorm2d) for m in game.discriminator.modules())


def test_emoji_are_also_shown_in_the_mirror_to_train_on_only():
    for name in ("pix2pix-emoji", "cyclegan-emoji"):
        recipe = recipes.get(name).at("smoke")
        assert recipe.mirrored
        train, test = (recipe.load_data(split) for split in ("train", "test"))
        plain = [data.load("emoji-lines", split, recipe.size) for split in ("train", "test")]
        assert (len(train), len(test)) == (2 * len(plain[0]), len(plain[1]))
        n = len(plain[0])
        assert torch.equal(train.images[:n], plain[0].images) and torch.equal(train.images[n:], plain[0].images.flip(3))
        assert torch.equal(test.images, plain[1].images)


def test_pix2pix_on_a_folder_is_the_papers():
    recipe = recipes.get("pix2pix-folder").at("gpu")
    assert (recipe.size, recipe.batch_size, recipe.steps) == (256, 1, 80_000)
    assert (recipe.g_lr, recipe.d_lr, recipe.betas, recipe.loss) == (2e-4, 2e-4, (0.5, 0.999), "non_saturating")
    assert recipe.play is pix2pix_round and inspect.signature(pix2pix_round).parameters["l1_weight"].default == 100
    assert recipe.prior is None and recipe.ema_half_life == 0
    with torch.device("meta"):
        critic, generator = recipe.discriminator(), recipe.game().generator
    assert receptive_field(critic) == 70 and critic.sources == 3
    assert any(isinstance(m, nn.Dropout) and m.p == 0.5 for m in generator.modules())
    assert generator.down[0].out_channels == 64 and generator.keep == 0
    assert recipe.mirrored and recipe.jitter, "286 to 256, and mirrors"
    assert not any(isinstance(m, nn.BatchNorm2d) for m in generator.modules()), "one image a batch"


# -- without pairs ------------------------------------------------------------------------------------------------


WEIGHTS = {
    "cycle-alone": {"identity_weight": 0.0},
    "identity-alone": {"cycle_weight": 0.0, "identity_weight": 2.0},
    "neither": {"cycle_weight": 0.0, "identity_weight": 0.0},
}


@pytest.mark.parametrize("budget", BUDGETS)
def test_rows_of_the_two_losses_differ_in_their_weights_alone(budget: str):
    whole = recipes.get("cyclegan-emoji").at(budget)
    assert whole.play.func is cyclegan_round
    assert whole.play.keywords == {"identity_weight": 2.0}, "the cycle weighs what it weighs in the paper"
    for name, weights in WEIGHTS.items():
        row = recipes.get(f"cyclegan-emoji-{name}").at(budget)
        assert differing(row, whole) == {"play"} and row.play.func is cyclegan_round
        assert row.play.keywords == weights


def test_without_pools_the_critics_see_the_newest_fakes_alone():
    whole, row = recipes.get("cyclegan-emoji"), recipes.get("cyclegan-emoji-no-pool")
    assert differing(row, whole) == {"memory"}
    assert {pool.size for pool in row.memory().values()} == {0} and whole.memory()["targets"].size == 50


@pytest.mark.parametrize("budget", BUDGETS)
def test_cut_has_one_of_cyclegans_two_games(budget: str):
    whole, row = (recipes.get(name).at(budget) for name in ("cyclegan-emoji", "cut-emoji"))
    assert differing(row, whole) == {"generator", "discriminator", "memory", "play"}
    game, both = row.game(), whole.game()
    assert described(game.generator.translator) == described(both.generator.there)
    assert described(game.discriminator) == described(both.discriminator.targets)
    assert row.play is contrastive_round and row.memory is None
    weights = inspect.signature(contrastive_round).parameters
    assert weights["nce_weight"].default == weights["identity_weight"].default == 1, "as in the paper"


def test_cyclegan_never_sees_a_pair():
    samples = dataclasses.replace(recipes.get("cyclegan-emoji")).load_data()
    assert isinstance(samples, Unpaired) and samples.sources.shape == samples.images.shape
    assert isinstance(recipes.get("pix2pix-emoji").at("smoke").load_data(), data.ImageSet)


def test_cyclegan_on_a_folder_is_the_papers():
    recipe = recipes.get("cyclegan-folder").at("gpu")
    assert (recipe.size, recipe.batch_size, recipe.steps) == (256, 1, 200_000)
    assert (recipe.g_lr, recipe.betas, recipe.loss) == (2e-4, (0.5, 0.999), "least_squares")
    assert recipe.mirrored and recipe.jitter
    with torch.device("meta"):
        game = recipe.game()
    assert isinstance(game.generator, TwoTranslators) and isinstance(game.discriminator, TwoCritics)
    assert receptive_field(game.discriminator.targets) == 70
    assert {name: pool.size for name, pool in game.memory.items()} == {"sources": 50, "targets": 50}
    translators = game.generator.there, game.generator.back
    assert all(isinstance(one, ResNetTranslator) for one in translators) and recipe.play is cyclegan_round
    assert all(described(one) == described(ResNetTranslator()) for one in translators), "nine blocks of 64 maps"


def test_cyclegans_players_on_emoji_are_those_of_pix2pix_twice():
    for budget in BUDGETS:
        game = recipes.get("cyclegan-emoji").at(budget).game()
        for translator in (game.generator.there, game.generator.back):
            assert isinstance(translator, UNet) and translator.keep > 0 and translator.latent_dim == 0
        for critic in (game.discriminator.sources, game.discriminator.targets):
            assert isinstance(critic, PatchDiscriminator) and critic.sources == 0
            assert not any(isinstance(m, nn.BatchNorm2d) for m in critic.modules())


@pytest.mark.parametrize("budget", BUDGETS)
def test_two_looks_are_translated_like_lines_and_colours(budget: str):
    recipe = recipes.get("cyclegan-emoji-styles").at(budget)
    assert (recipe.data, recipe.size, recipe.mirrored, recipe.pairs_hidden) == ("emoji-styles", 64, True, False)
    game = recipe.game()
    assert {pool.images.shape[1:] for pool in game.memory.values()} == {(3, 64, 64)}
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        made = game.generator(images, images)
    assert all(of.shape == images.shape for of in made)
    like = recipes.get("cyclegan-emoji").at(budget)
    assert described(game.discriminator) == described(like.game().discriminator), "critics of the same patches"
    assert recipe.play.func is like.play.func is cyclegan_round and recipe.play.keywords["cycle_weight"] > 0


@pytest.mark.parametrize("budget", BUDGETS)
def test_other_data_are_the_only_difference_of_the_recipes_named_after_them(budget: str):
    named = {"pix2pix-folder-reversed": ("pix2pix-folder", "pairs-folder-reversed")}
    named |= {f"cyclegan-{of}": ("cyclegan-folder", of) for of in ("horse2zebra", "monet2photo")}
    for name, (like, of) in named.items():
        one, other = (recipes.get(which).at(budget) for which in (name, like))
        assert differing(one, other) == {"data"} and one.data == of


def test_each_game_has_pools_of_its_own():
    recipe = recipes.get("cyclegan-emoji").at("smoke")
    one, other = recipe.game(), recipe.game()
    one.memory["targets"].query(torch.ones(1, 3, 32, 32))
    assert one.memory["targets"].filled == 1 and other.memory["targets"].filled == 0
    assert one.memory["sources"].filled == 0


# -- reports and runs ---------------------------------------------------------------------------------------------


def translators(_latent_dim: int) -> nn.Module:
    return TwoTranslators(ResNetTranslator(width=2, blocks=1), nn.Identity())


@pytest.mark.parametrize(
    ("name", "small"), [("pix2pix-emoji", partial(UNet, size=32, width=2)), ("cyclegan-emoji", translators)]
)
def test_the_report_on_an_untrained_translator(name: str, small):
    recipe = dataclasses.replace(recipes.get(name).at("smoke"), generator=small)
    torch.manual_seed(0)
    found = recipe.evaluate(recipe.sampler(recipe.game().generator, {"recipe": name}))
    assert (found["n"], found["n_samples"], found["split"], found["features"]) == (368, 737, "test", "emoji")
    assert found["size"] == 32 and found["referee"]["features"] == "emoji-referee"
    assert min(found["floors"], found["referee"]["floors"]) > 3
    assert found["fillable_copy"] == pytest.approx(0.578, abs=0.002)
    assert 0.2 < found["l1"] < 1.5


def test_a_perfect_translator_scores_one_floor_and_no_error():
    recipe = recipes.get("pix2pix-emoji").at("smoke")
    test = data.load("emoji-lines", "test", 32)

    class Perfect:
        @staticmethod
        def sample(sources):
            assert torch.equal(sources, test.sources.float() / 127.5 - 1)
            return test.images.float() / 127.5 - 1

    found = recipe.evaluate(Perfect())
    assert found["l1"] == found["fillable"] == 0 and found["better_than_copying"] == 1
    assert found["floors"] == pytest.approx(1, abs=1e-6) == found["referee"]["floors"]


class Copies:
    @staticmethod
    def sample(sources):
        return sources


class ArtistsOwn:
    @staticmethod
    def sample(sources):
        return to_float(data.load("emoji-styles", "test", 64).images)


def test_a_look_is_scored_against_copying():
    recipe = recipes.get("cyclegan-emoji-styles").at("smoke")
    copied = recipe.evaluate(Copies())
    assert (copied["n"], copied["n_samples"], copied["split"], copied["size"]) == (321, 643, "test", 64)
    assert copied["better_than_copying"] == 0 and copied["l1"] == copied["copied"]["l1"]
    assert copied["l1"] == pytest.approx(0.269, abs=0.002)
    for of, least in ((copied, 20), (copied["referee"], 3)):
        assert of["floors"] > least
    assert copied["floors"] == copied["copied"]["floors"]
    own = recipe.evaluate(ArtistsOwn())
    assert own["l1"] == 0 and own["better_than_copying"] == 1 and own["copied"] == copied["copied"]
    assert own["floors"] == pytest.approx(1, abs=1e-6) == own["referee"]["floors"]


def test_the_report_on_an_untrained_painter_of_digits():
    recipe = dataclasses.replace(recipes.get("conditional-digits").at("smoke"), scored=200)
    torch.manual_seed(0)
    found = recipe.evaluate(recipe.sampler(recipe.game().generator, {"recipe": "conditional-digits"}))
    assert {"frechet_distance", "floor", "diversity", "diversity_real", "shuffled_agreement"} <= set(found)
    assert (found["n"], found["split"], found["features"], found["n_judge"]) == (200, "train and test", "digits", 1000)
    assert found["judge_accuracy"] >= 0.98 and found["class_agreement"] < 0.3


@pytest.mark.parametrize(
    "name", ["pix2pix-emoji", "pix2pix-emoji-l1", "cyclegan-emoji", "conditional-digits-auxiliary"]
)
def test_a_run_can_be_read_again(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recipes.Recipe, "evaluate", lambda *_: {})
    original = recipes.get(name)
    short = dataclasses.replace(original, budgets={"smoke": {**original.budgets["smoke"], "steps": 2, "batch_size": 4}})
    run = short.train("smoke", out=tmp_path, progress=False)
    again = recipes.load_run(tmp_path)
    if short.given == "labels":
        told = {"labels": [3, 1]}
    else:
        told = {"sources": torch.rand(2, 3 if short.pairs_hidden else 1, 32, 32) * 2 - 1}
    samples = run.sampler.sample(**told)
    assert torch.equal(again.sample(**told), samples) and samples.isfinite().all()
    assert (again.given, again.classes) == (short.given, short.classes)
    assert run.history["step"] == [1, 2] and run.sampler.card["licence"]


def side_by_side(root: Path):
    for split in ("train", "test"):
        (root / split).mkdir()
        for i in range(4):
            Image.new("RGB", (40, 20), (50 * i, 9, 200)).save(root / split / f"{i}.jpg")


def two_sets(root: Path):
    for folder, n in (("trainA", 3), ("trainB", 4), ("testA", 1), ("testB", 1)):
        (root / folder).mkdir()
        for i in range(n):
            Image.new("RGB", (30, 20), (50 * i, 9, 200)).save(root / folder / f"{i}.jpg")


@pytest.mark.parametrize(("name", "write"), [("pix2pix-folder", side_by_side), ("cyclegan-folder", two_sets)])
def test_a_run_from_a_folder_of_the_readers(name: str, write, tmp_path: Path):
    write(tmp_path)
    run = recipes.get(name).train("smoke", root=tmp_path, progress=False)
    made = run.sampler.sample(sources=torch.zeros(1, 3, 64, 64))
    assert made.shape == (1, 3, 64, 64) and made.isfinite().all()
    assert (
        set(run.metrics) == {"unscored"} and run.history["step"] == [1, 2] and "authors" in run.sampler.card["licence"]
    )

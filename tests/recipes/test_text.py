"""Chapter 13's recipes: what each changes, two rounds of every one, and what is reported and drawn."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from ganbook import data, recipes
from ganbook.data.images import to_float
from ganbook.models import BagOfWords, CharCNNRNN, GRUEncoder, TextDiscriminator, TextGenerator
from ganbook.recipes.reports import people_right
from ganbook.recipes.text import RECIPES, TEXT_ABLATION
from ganbook.training.rounds.text import text_round
from tests.data.test_described import pictured, write_birds, write_flowers

BUDGETS = ("smoke", "laptop", "gpu")
NAMES = [recipe.name for recipe in RECIPES]


def write_own(root: Path) -> Path:
    pictured(root, 40)
    for i in range(40):
        (root / f"{i:02}.txt").write_text(f"number {i} in red\n")
    return root


WRITE = {"text-flowers": write_flowers, "text-birds": write_birds, "text-folder": write_own}


def plain(value):
    """Partials that can be compared."""
    if isinstance(value, partial):
        return plain(value.func), plain(value.args), tuple(sorted((k, plain(v)) for k, v in value.keywords.items()))
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


def differing(a: recipes.Recipe, b: recipes.Recipe) -> set[str]:
    fields = {field.name for field in dataclasses.fields(a)} - {"name", "about", "budgets", "lineage"}
    return {name for name in fields if plain(getattr(a, name)) != plain(getattr(b, name))}


def test_all_of_them_are_in_the_catalogue():
    assert set(NAMES) <= set(recipes.names()) and len(set(NAMES)) == len(NAMES)
    assert {"text-digits", "text-emoji", "text-flowers", "text-birds"} <= set(NAMES)
    for recipe in RECIPES:
        assert recipe.given == "captions" and set(recipe.budgets) <= set(BUDGETS) and "smoke" in recipe.budgets
    assert len({recipe.about for recipe in RECIPES}) == len(RECIPES)


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_ablation_changes_one_thing_at_a_time(budget: str):
    whole = recipes.get("text-digits").at(budget)
    assert TEXT_ABLATION[0].name == "text-digits"
    changed = {recipe.name: differing(recipe.at(budget), whole) for recipe in TEXT_ABLATION}
    assert changed == {
        "text-digits": set(),
        "text-digits-concatenation": {"discriminator"},
        "text-digits-one-wrong": {"play"},
        "text-digits-none-wrong": {"play"},
        "text-digits-beside": {"generator"},
        "text-digits-augmented": {"generator", "play"},
        "text-digits-bag": {"generator", "discriminator"},
        "text-digits-characters": {"generator", "discriminator"},
    }
    wrong = {recipe.name: getattr(recipe.play, "keywords", {}).get("wrong", 1) for recipe in TEXT_ABLATION}
    assert {name: n for name, n in wrong.items() if n != 4} == {"text-digits-one-wrong": 1, "text-digits-none-wrong": 0}
    assert all(getattr(recipe.play, "func", recipe.play) is text_round for recipe in RECIPES)
    whole_birds = differing(recipes.get("text-birds").at(budget), recipes.get("text-flowers").at(budget))
    assert whole_birds == {"data"}


@pytest.mark.parametrize("name", NAMES)
def test_players_are_what_the_recipe_says(name: str):
    with torch.device("meta"):
        game = recipes.get(name).at("gpu").game()
    g, d = game.generator, game.discriminator
    assert isinstance(g, TextGenerator) and isinstance(d, TextDiscriminator)
    reads = {"text-digits-bag": BagOfWords, "text-emoji-bag": BagOfWords, "text-digits-characters": CharCNNRNN}
    reads |= {"text-flowers": CharCNNRNN, "text-birds": CharCNNRNN}
    assert type(g.encoder) is type(d.encoder) and isinstance(g.encoder, reads.get(name, GRUEncoder))
    assert d.how == ("concatenation" if name == "text-digits-concatenation" else "projection")
    augmented = name in ("text-digits-augmented", "text-flowers", "text-birds")
    assert (g.augmentation is not None) is augmented
    weight = getattr(recipes.get(name).play, "keywords", {}).get("kl_weight", 0)
    assert (weight > 0) is augmented, "an augmentation without its KL is free to grow sharp"


@pytest.mark.parametrize("name", NAMES)
def test_two_rounds_of_every_recipe(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recipes.Recipe, "evaluate", lambda *_: {})
    original = recipes.get(name)
    root = WRITE[name](tmp_path / "data") if name in WRITE else None
    n = 4 if name == "text-birds" else 8  # six birds in the test's own files
    changes = {"steps": 2, "batch_size": n} | ({} if name in WRITE else narrow(original))
    short = dataclasses.replace(original, budgets={"smoke": {**original.budgets["smoke"], **changes}})
    monkeypatch.setitem(recipes.catalogue._RECIPES, name, short)
    run = short.train("smoke", out=tmp_path / "run", root=root, progress=False)
    assert run.history["step"] == [1, 2] and all(torch.tensor(curve).isfinite().all() for curve in run.history.values())
    assert {"d_loss", "g_loss", "d_real", "d_fake"} <= set(run.history) and run.sampler.card["licence"]
    captions = short.at("smoke").held_out(3, root)["captions"]
    samples = run.sampler.sample(captions=captions)
    assert samples.shape == (3, 3, original.size, original.size) and samples.isfinite().all()
    assert torch.equal(recipes.load_run(tmp_path / "run").sample(captions=captions), samples)
    assert torch.equal(short.at("smoke").draw(run.sampler, 3, root=root), samples)


def narrow(recipe: recipes.Recipe) -> dict:
    return {player: partial(getattr(recipe, player), width=2) for player in ("generator", "discriminator")}


# -- what is drawn ------------------------------------------------------------------------------------------------


class Asked:
    """A sampler that keeps what it was asked for."""

    def __init__(self):
        self.captions = self.seed = None

    def sample(self, captions, seed=0):
        self.captions, self.seed = captions, seed
        return torch.zeros(len(captions), 3, 28, 28)


@pytest.mark.parametrize("name", ["text-digits", "text-emoji"])
def test_samples_to_look_at_are_of_held_out_captions(name: str):
    recipe, sampler = recipes.get(name).at("smoke"), Asked()
    held_out = recipe.load_data("test").captions
    assert recipe.draw(sampler, 16, seed=3).shape[0] == 16 and sampler.seed == 3
    assert list(sampler.captions) == [held_out[i * (len(held_out) // 16)] for i in range(16)], "spread over the split"
    assert len(set(sampler.captions)) == 16
    every = recipe.held_out(10**6)["captions"]
    assert every == tuple(held_out), "more than there are"


def test_a_recipe_that_needs_no_condition_asks_for_a_number():
    assert recipes.get("dcgan-digits").held_out(3) == recipes.get("conditional-digits").held_out(3) == {"n": 3}


def test_data_without_captions_are_named():
    recipe = dataclasses.replace(recipes.get("text-digits"), data="digits")
    with pytest.raises(ValueError, match=r"^the data have no captions, which this generator is conditioned on$"):
        recipe.held_out(3)


# -- what is reported ---------------------------------------------------------------------------------------------


class Perfect:
    """Draws the real picture of a caption."""

    def __init__(self, *sets):
        self.pictures = {
            text: images for of in sets for text, images in zip(of.captions, to_float(of.images), strict=True)
        }

    def sample(self, captions):
        return torch.stack([self.pictures[text] for text in captions])


def test_the_report_on_captioned_digits():
    recipe = dataclasses.replace(recipes.get("text-digits"), scored=300)
    found = recipe.evaluate(Perfect(data.load("captioned-digits", "test")))
    parts = {"digit", "ink", "ground", "all"}
    judged = {"features"} | {f"{kind}{p}" for kind in ("", "judge_", "shuffled_") for p in parts}
    assert set(found) == {"n", "split", "referee"} | judged and set(found["referee"]) == judged
    assert (found["n"], found["features"]) == (300, "digits") and found["split"].startswith("test")
    assert found["referee"]["features"] == "digits-referee"
    for seen in (found, found["referee"]):
        assert seen["all"] > 0.93 and seen["judge_all"] > 0.93 and seen["ink"] == seen["judge_ground"] == 1
        assert seen["shuffled_all"] < 0.03 and seen["shuffled_ink"] == pytest.approx(1 / 8, abs=0.1)

    class Blind:
        @staticmethod
        def sample(captions):
            return torch.zeros(len(captions), 3, 28, 28)

    blind = recipe.evaluate(Blind())
    assert blind["all"] < 0.05 and blind["judge_all"] == found["judge_all"]


@pytest.fixture(scope="module")
def people():
    return [data.load("emoji-people", split, 32) for split in ("train", "test")]


KINDS = ("", "new_tone_", "new_pair_", "train_", "shuffled_")


def test_the_report_on_people(people):
    recipe = dataclasses.replace(recipes.get("text-emoji"), size=32)
    found = recipe.evaluate(Perfect(*people))
    parts = {"retrieval", "tone", "person", "role"}
    about = {"l1", "n", "new_tone_n", "new_pair_n", "n_gallery", "split", "features", "size", "referee"}
    assert set(found) == about | {f"{kind}{p}" for kind in KINDS for p in parts}
    assert all(found[f"{kind}{part}"] == 1 for kind in KINDS if kind != "shuffled_" for part in parts)
    assert found["l1"] == 0 and (found["new_tone_n"], found["new_pair_n"]) == (108, 60) and found["n"] == 168
    assert found["referee"] == dict.fromkeys(parts, 1) | {"features": "emoji-referee"}
    assert (found["n"], found["n_gallery"]) == (len(people[1]), len(people[0]) + len(people[1]))
    assert (found["size"], found["features"]) == (32, "pixels") and found["split"].startswith("test")
    assert found["shuffled_retrieval"] < 0.1 and found["shuffled_tone"] == pytest.approx(1 / 6, abs=0.12)


def test_a_tone_is_judged_apart_from_the_role(people):
    """Pictures of the right person in another tone: the tone is wrong, the role can still be found."""
    train, test = people
    asked = [text for text in train.captions if " dark skin tone" in text][:20]
    light = [text.replace(" dark skin tone", " light skin tone") for text in asked]
    names = train.captions + test.captions
    gallery = to_float(torch.cat((train.images, test.images)))
    images = gallery[[names.index(text) for text in light]]
    found = people_right(images, asked, gallery, names)
    assert found["tone"] == found["retrieval"] == 0 and found["role"] > 0.7 and found["person"] > 0.9


def test_a_role_is_looked_up_among_pictures_of_the_tone_that_was_asked():
    names = [f"{person} {tone} skin tone" for tone in ("light", "dark") for person in ("man cook", "man singer")]
    gallery = torch.tensor([0.0, 0.1, 0.5, 0.7])[:, None, None, None].expand(4, 3, 2, 2)
    near_the_light_singer = torch.full((1, 3, 2, 2), 0.13)
    found = people_right(near_the_light_singer, ["man cook dark skin tone"], gallery, names)
    assert found == {"retrieval": 0, "tone": 0, "person": 1, "role": 1}
    found = people_right(near_the_light_singer, ["man singer light skin tone"], gallery, names)
    assert set(found.values()) == {1}


def test_an_untrained_generator_is_reported_on(people):
    recipe = dataclasses.replace(recipes.get("text-digits"), scored=64, **narrow(recipes.get("text-digits")))
    torch.manual_seed(0)
    sampler = recipe.sampler(recipe.game().generator, {"recipe": "text-digits"})
    assert isinstance(sampler.generator, nn.Module) and recipe.evaluate(sampler)["all"] < 0.1

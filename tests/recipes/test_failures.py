"""The museum: an exhibit and its cure differ in one thing, and a crowd is its members."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from ganbook import recipes
from ganbook.data import toy
from ganbook.models import LabelledGenerator
from ganbook.models.variants import critic
from ganbook.recipes.cures import CURES, crowd, plain
from ganbook.recipes.failures import RECIPES as MUSEUM
from ganbook.training import fit

EXHIBITS = [recipe.name.removeprefix("failure-") for recipe in MUSEUM[::2]]


@pytest.mark.parametrize("name", EXHIBITS)
def test_a_cure_changes_one_thing(name: str):
    failure, cured = recipes.get(f"failure-{name}"), recipes.get(f"cured-{name}")
    changed = [
        field.name
        for field in dataclasses.fields(failure)
        if getattr(failure, field.name) is not getattr(cured, field.name)
        and getattr(failure, field.name) != getattr(cured, field.name)
    ]
    assert len(set(changed) - {"name", "about", "lineage"}) == 1, changed


@pytest.mark.parametrize("cure", list(CURES))
def test_every_cure_plays_on_points(cure: str):
    recipe = dataclasses.replace(crowd(CURES[cure](plain(toy.ring(), steps=3)), 2), batch_size=16)
    torch.manual_seed(0)
    game = recipe.game()
    curves = fit(game, recipe.data, recipe.play, steps=3, batch_size=16, progress=False)
    assert len(curves["d_loss"]) == 3
    assert game.averaged_generator()(torch.randn(6, 2)).shape == (6, 2)


def test_cures_differ_from_the_plain_game():
    base = plain(toy.ring(), 10)
    assert all(CURES[name](base) != base for name in CURES if name != "none")
    assert CURES["none"](base) == base


def test_a_crowd_plays_every_member_on_batches_of_its_own():
    recipe = dataclasses.replace(plain(toy.ring(), 10), ema_half_life=50, budgets={"smoke": {"batch_size": 4}})
    many = crowd(recipe, 3)
    assert (many.batch_size, many.ema_half_life, many.at("smoke").batch_size) == (384, 150, 12)
    assert many.game().generator(torch.zeros(6, 2)).shape == (6, 2)


def test_a_label_comes_from_the_latents_and_stands_beside_the_point():
    torch.manual_seed(0)
    generator = LabelledGenerator(6)
    z = torch.randn(4000, 6)
    pairs = generator(z)
    assert pairs.shape == (4000, 6)
    assert torch.equal(pairs[:, 2:].argmax(1), z[:, :4].argmax(1))
    assert pairs[:, 2:].sum(1).eq(1).all()
    assert pairs[:, 2:].mean(0).sub(0.25).abs().max() < 0.03
    same = z.clone()
    same[:, 0] += 0.01  # the label is all that the first numbers say
    kept = generator(same)[:, 2:].eq(pairs[:, 2:]).all(1)
    assert torch.equal(generator(same)[kept], pairs[kept])


def test_a_critic_gives_logits_or_class_scores():
    assert critic()(torch.zeros(3, 2)).shape == (3,)
    assert critic(outputs=5)(torch.zeros(3, 2)).shape == (3, 5)
    for view in (None, "discrimination", "deviation"):  # without a hidden layer, too
        assert critic(inputs=7, depth=0, view=view)(torch.zeros(3, 7)).shape == (3,), view


def test_the_checkerboard_pair_has_networks_for_digits():
    for kind in ("failure", "cured"):
        recipe = recipes.get(f"{kind}-checkerboard")
        assert recipe.generator(16)(torch.randn(2, 16)).shape == (2, 1, 28, 28)

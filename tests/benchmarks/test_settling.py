"""A run differs from the recipe in what its cell says and in nothing else, and is scored by both kinds of weights."""

from dataclasses import replace

import pytest

from benchmarks import settling
from ganbook import recipes


@pytest.mark.parametrize("row", settling.ROWS)
def test_a_run_is_the_recipe_without_what_is_switched_off(row, monkeypatch):
    ring = replace(recipes.get("ring"), budgets={"laptop": {"steps": settling.LOOKS}})
    monkeypatch.setattr(recipes, "get", lambda _: ring)
    trained = []
    train = recipes.Recipe.train
    monkeypatch.setattr(recipes.Recipe, "train", lambda it, *a, **k: trained.append(it) or train(it, *a, **k))
    cell = settling.ROWS[row]
    run = settling.played({**cell, "seed": 0})
    (recipe,) = trained
    assert (recipe.r1_gamma > 0, recipe.anneal_from < 1) == (cell["r1"], cell["decay"])
    layers = [len(player.layers) for player in (recipe.game().generator, recipe.game().discriminator)]
    assert layers == [2 * cell["depth"] + 1] * 2
    assert run["rounds"] == settling.LOOKS and len(run["on_the_way"]) == settling.LOOKS + 1
    assert {
        f"{weights}_{score}" for weights in ("newest", "averaged") for score in ("modes", "starved", "quality")
    } <= {*run}

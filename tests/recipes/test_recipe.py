"""Recipes are data, and a run leaves what it promises."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from ganbook import recipes
from ganbook.models import AuxiliaryDiscriminator, TwoCritics
from ganbook.training import budget
from ganbook.training.checkpoint import CheckpointError


def tiny(name: str = "ring", **changes) -> recipes.Recipe:
    return dataclasses.replace(recipes.get(name), budgets={}, **{"steps": 6, "batch_size": 16, **changes})


def test_names_lead_to_recipes_of_that_name():
    assert {"ring", "grid", "dcgan-digits", "dcgan-cifar10"} <= set(recipes.names())
    assert all(recipes.get(name).name == name for name in recipes.names())
    with pytest.raises(ValueError, match="name is 'nope': allowed is one of ring"):
        recipes.get("nope")


@pytest.mark.parametrize("name", recipes.names())
@pytest.mark.parametrize("chosen", ["smoke", "laptop", "gpu"])
@torch.no_grad()
def test_every_recipe_builds_players_that_fit_each_other(name: str, chosen: str):
    recipe = recipes.get(name).at(chosen)
    where = "meta" if recipe.given in ("sources", "captions") else "cpu"  # shapes alone: some are 256 pixels wide
    with torch.device(where):
        game = recipe.game()
    generator, critic, size = game.generator, recipe.discriminator and game.discriminator, recipe.size
    if recipe.given == "sources":
        cycle = isinstance(critic, TwoCritics)
        first = next(m for m in generator.modules() if isinstance(m, torch.nn.Conv2d))
        sources = torch.zeros(2, first.in_channels, size, size, device=where)
        samples = generator(sources) if cycle else generator(sources, game.sample_prior(2))
        judged = critic(sources, samples) if cycle else (critic(samples, sources),)
        for logits in judged:  # one a patch
            assert len(logits) == 2 and logits.ndim == 3
        assert all(pool.images.shape[1:] == samples.shape[1:] for pool in game.memory.values())
    elif recipe.given == "labels":
        labels = torch.tensor([0, recipe.classes - 1])
        samples = generator(game.sample_prior(2), labels)
        logits = critic(samples) if isinstance(critic, AuxiliaryDiscriminator) else critic(samples, labels)
        if isinstance(critic, AuxiliaryDiscriminator):
            logits, named = logits
            assert named.shape == (2, recipe.classes)
        assert logits.shape == (2,)
    elif recipe.given == "captions":
        captions = ("a bold red seven on green", "woman firefighter")
        samples = generator(game.sample_prior(2), captions)
        assert critic(samples, captions + captions[::-1]).shape == (4,)
    else:
        samples = generator(game.sample_prior(2))
        assert critic is None or critic(samples).shape == (2,)  # a game of one player has none
    assert (recipe.classes > 0) is (recipe.given == "labels")
    if isinstance(recipe.data, str) and size:
        assert samples.shape[2:] == (size, size)


def test_a_budget_changes_only_what_it_names(monkeypatch: pytest.MonkeyPatch):
    whole = recipes.get("ring")
    smoke = whole.at("smoke")
    assert smoke.steps == whole.budgets["smoke"]["steps"]
    assert dataclasses.replace(smoke, steps=whole.steps, budgets=whole.budgets) == whole
    monkeypatch.setenv("GANBOOK_BUDGET", "smoke")
    assert budget() == "smoke"
    assert whole.at() == smoke
    with pytest.raises(ValueError, match="budget is 'huge': allowed is one of smoke, laptop, gpu"):
        whole.at("huge")


def test_training_leaves_weights_card_history_and_repeats_itself(tmp_path: Path):
    torch.manual_seed(123)
    before = torch.get_rng_state()
    run = tiny().train("smoke", seed=3, out=tmp_path / "a", progress=False)
    assert torch.equal(torch.get_rng_state(), before)
    again = tiny().train("smoke", seed=3, progress=False)
    other = tiny().train("smoke", seed=4, progress=False)
    samples = run.sampler.sample(10)
    assert torch.equal(samples, again.sampler.sample(10))
    assert not torch.equal(samples, other.sampler.sample(10))
    assert run.metrics["modes_total"] == 8
    card = json.loads((tmp_path / "a" / "card.json").read_text())
    assert (card["recipe"], card["budget"], card["seed"], card["steps"]) == ("ring", "smoke", 3, 6)
    assert card["metrics"] == run.metrics
    lines = (tmp_path / "a" / "history.csv").read_text().splitlines()
    assert lines[0] == "step,d_loss,g_loss,d_real,d_fake"
    assert len(lines) == 7
    assert torch.equal(recipes.load_run(tmp_path / "a").sample(10), samples)


def test_a_folder_with_a_run_is_not_overwritten(tmp_path: Path):
    tiny().train("smoke", out=tmp_path, progress=False)
    with pytest.raises(FileExistsError, match="holds a run already"):
        tiny().train("smoke", out=tmp_path, progress=False)


def test_a_folder_that_is_a_file_gives_one_sentence(tmp_path: Path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(CheckpointError, match="where nothing can be written"):
        tiny().train("smoke", out=tmp_path / "taken", progress=False)


@pytest.mark.parametrize("damage", ["missing", "card", "weights", "recipe"])
def test_a_damaged_run_gives_one_sentence(tmp_path: Path, damage: str):
    tiny().train("smoke", out=tmp_path, progress=False)
    if damage == "missing":
        (tmp_path / "card.json").unlink()
    elif damage == "card":
        (tmp_path / "card.json").write_text("{")
    elif damage == "recipe":
        (tmp_path / "card.json").write_text('{"recipe": "unheard-of", "budget": "smoke"}')
    else:
        weights = tmp_path / "sampler.safetensors"
        weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"holds no finished run|cannot be read"):
        recipes.load_run(tmp_path)


@pytest.mark.parametrize("seed", range(2))
def test_the_ring_is_covered(seed: int):
    """The smoke budget already covers the ring; over ten seeds at laptop the benchmarks hold it."""
    run = recipes.get("ring").train("smoke", seed=seed, progress=False)
    assert run.metrics["modes"] >= 7
    assert run.metrics["high_quality"] > 0.5
    assert abs(run.history["d_real"][-1] - 0.5) < 0.1


def test_dcgan_digits_trains_on_real_digits():
    run = recipes.get("dcgan-digits").train("smoke", progress=False)
    assert run.sampler.sample(2).shape == (2, 1, 28, 28)
    assert {"frechet_distance", "floor", "n", "features", "split"} <= set(run.metrics)

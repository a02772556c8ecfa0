"""Every round gives an accelerator work without ever waiting for it; meta, which holds no numbers, shows that on a CPU.

What asks for a number raises there by itself, as does what needs to know how many there are. What test_cuda.py counts
on a GPU is the same, and more: what a library does inside.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from pkgutil import iter_modules, resolve_name
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from ganbook import data, recipes
from ganbook.data.catalogue import NEEDS
from ganbook.models import CharCNNRNN, ConditionalGenerator, TextDiscriminator
from ganbook.models.walks import Walks
from ganbook.recipes import Recipe
from ganbook.recipes.cures import CURES, plain
from ganbook.training import rounds
from ganbook.training.rounds.distillation import adversarial_distillation_round, distillation_round

META = torch.device("meta")


def students() -> list[Recipe]:
    """What a benchmark teaches a diffusion model's walks, of which some stand for all."""
    walks = Walks(torch.zeros(3, 784), torch.zeros(3, 1, 28, 28))
    regression = replace(
        recipes.get("diffusion-digits").at("gpu"),
        memory=lambda: {"walks": copy.deepcopy(walks).to(META)},
        play=distillation_round,
    )
    critic = recipes.get("dcgan-digits").at("gpu").discriminator
    return [regression, replace(regression, discriminator=critic, play=adversarial_distillation_round)]


def of_each_round() -> dict[str, Recipe]:
    """By the name of each round a recipe that plays it, on data that need neither network nor folder."""
    found: dict[str, Recipe] = {}
    known = [recipes.get(name).at("gpu") for name in recipes.names()]
    known.append(recipes.get("dcgan-digits").changed(augment="adaptive").at("gpu"))
    for recipe in (*known, *students(), CURES["label supervision"](plain(data.toy.ring(), steps=2))):
        if not isinstance(recipe.data, str) or NEEDS[recipe.data].place == "package":
            play: Any = recipe.play.func if isinstance(recipe.play, partial) else recipe.play
            found.setdefault(play.__name__, recipe)
    return found


OF_EACH = of_each_round()


class NoWaiting(TorchFunctionMode):
    """Refuses copies from the host to meta that a GPU would have the host wait for."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        found = function(*args, **kwargs)
        if isinstance(found, Tensor) and found.is_meta and not kwargs.get("non_blocking"):
            # A single number goes along with the work itself.
            host = any(isinstance(of, Tensor) and of.ndim and of.device.type == "cpu" for of in tree_leaves(args))
            assert not host and function is not torch.tensor, f"the host waits for {function.__name__}"
        return found


def test_a_recipe_was_found_for_every_round() -> None:
    modules = [resolve_name(f"{rounds.__name__}.{found.name}") for found in iter_modules(rounds.__path__)]
    assert OF_EACH.keys() == {name for module in modules for name in module.__all__ if name.endswith("_round")}


@pytest.mark.parametrize("recipe", OF_EACH.values(), ids=OF_EACH)
def test_no_round_waits_for_the_host(recipe: Recipe) -> None:
    with META:
        game = recipe.game()
    batches = recipe.load_data().to(META).batches(recipe.batch_size)
    for _ in range(2 if len(game.memory) else 1):  # until a pool of images is full
        with NoWaiting():
            batch = next(batches).to(META)
            scores = game.play(recipe.play, batch)
        assert all(score.is_meta for score in scores.values())


def test_nor_do_stacked_digits_or_what_no_such_recipe_plays_with() -> None:
    with META:
        by_class = ConditionalGenerator(how="batchnorm")
        by_text = TextDiscriminator(CharCNNRNN)
    stacked = data.load("stacked-digits").to(META)
    with NoWaiting():
        batch = next(stacked.batches(8))
        assert batch.labelled().is_meta and batch.real.is_meta
        assert by_class(torch.zeros(8, 64, device=META), batch.labelled() % 10).is_meta
        assert by_text(torch.zeros(2, 3, 28, 28, device=META), ("a", "b")).is_meta


@pytest.mark.parametrize(
    "wait",
    [
        lambda x: torch.tensor([1, 2], device=META),
        lambda x: torch.zeros(2).to(META),
        lambda x: x[torch.tensor([0, 1])],
        lambda x: bool(x.sum() > 0),
        lambda x: x.tolist(),
        lambda x: x[x > 0],
        lambda x: x.cpu(),
    ],
)
def test_what_waits_is_seen(wait: Any) -> None:
    with NoWaiting(), pytest.raises((AssertionError, RuntimeError)):  # NotImplementedError is one
        wait(torch.zeros(3, device=META))

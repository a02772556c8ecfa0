"""One way to change a recipe: whatever the budget, for any network that can, and kept with the run."""

from __future__ import annotations

import dataclasses
import inspect
import json
from functools import partial
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from PIL import Image

from ganbook import data, losses, recipes
from ganbook.models import AdaptiveAugment, DiffAugment, RandomAffine, RandomShift, TwoCritics
from ganbook.recipes.changes import SETTINGS, respecified
from ganbook.recipes.recipe import Recipe
from ganbook.training.checkpoint import CheckpointError
from ganbook.training.rounds.adaptive import adaptive_round


def draw(path: Path, i: int, size: tuple[int, int] = (12, 10)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (5 * i, 90, 250 - 5 * i)).save(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path / "cache"))
    for i in range(30):
        draw(tmp_path / "own" / f"{i:02}.png", i)
    return tmp_path / "own"


TINY = {"steps": 4, "batch_size": 4, "size": 16}


def tiny(name: str = "dcgan-folder", **changes) -> Recipe:
    return recipes.get(name).changed(**{**TINY, **changes})


# -- what changes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("budget", ["smoke", "laptop", "gpu"])
def test_what_is_asked_for_wins_over_every_budget(budget: str):
    asked = recipes.get("dcgan-folder").changed(
        steps=77, batch_size=9, lr=3e-3, size=32, channels=1, fit="pad", mirror=True
    )
    recipe = asked.at(budget)
    assert (recipe.steps, recipe.batch_size, recipe.g_lr, recipe.d_lr) == (77, 9, 3e-3, 3e-3)
    assert (recipe.size, recipe.channels, recipe.fit, recipe.mirrored) == (32, 1, "pad", True)
    game = recipe.game()
    made = game.generator(game.sample_prior(2))
    assert made.shape == (2, 1, 32, 32) and game.discriminator(made).shape == (2,)
    whole = recipes.get("dcgan-folder").at(budget)
    widths = [[p.shape[0] for p in of.game().generator.parameters() if p.ndim == 4] for of in (recipe, whole)]
    assert widths[0][-1] == 2 * widths[1][-1] or widths[0][-2:] == widths[1][-2:], "the last maps are as wide as before"
    assert recipe.at(budget).steps == 77 and asked.changes["steps"] == 77 and recipes.get("dcgan-folder").changes == {}


def test_changes_add_up_and_none_changes_nothing():
    plain = recipes.get("dcgan-digits")
    assert plain.changed() == plain and plain.changed(steps=None) == plain
    twice = plain.changed(steps=5, lr=1e-3).changed(steps=7)
    assert twice.changes == {"steps": 7, "lr": 1e-3}
    assert (twice.at("gpu").steps, twice.at("gpu").g_lr, twice.at("gpu").batch_size) == (7, 1e-3, plain.batch_size)


def test_every_setting_is_a_keyword_and_every_keyword_a_setting():
    assert tuple(inspect.signature(Recipe.changed).parameters)[1:] == SETTINGS


RESIZED = {
    "dcgan-folder": (32, 128), "dcgan-digits": (32, 64), "conditional-folder": (32, 128), "conditional-digits": (16,),
    "text-folder": (32,), "text-flowers": (32,), "pix2pix-folder": (32, 64, 128), "pix2pix-emoji": (32, 128),
    "cyclegan-folder": (32, 64), "cyclegan-emoji": (64,), "resnet-digits": (32,), "stacked-dcgan": (32,),
}  # fmt: skip


@pytest.mark.parametrize(("name", "size"), [(name, size) for name, sizes in RESIZED.items() for size in sizes])
@pytest.mark.parametrize("budget", ["smoke", "gpu"])
@torch.no_grad()
def test_players_of_another_size_fit_each_other(name: str, size: int, budget: str):
    recipe = recipes.get(name).changed(size=size).at(budget)
    with torch.device("meta"):
        game = recipe.game()
    generator, critic = game.generator, game.discriminator
    z = game.sample_prior(2)
    if recipe.given == "sources":
        first = next(m for m in generator.modules() if isinstance(m, torch.nn.Conv2d))
        sources = torch.zeros(2, first.in_channels, size, size, device="meta")
        if isinstance(critic, TwoCritics):
            made = generator(sources)
            critic(sources, made)
            assert game.memory["targets"].images.shape[-1] == size
        else:
            made = generator(sources, z)
            critic(made, sources)
    elif recipe.given == "labels":
        labels = torch.zeros(2, dtype=torch.int64, device="meta")
        made = generator(z, labels)
        critic(made, labels)
    elif recipe.given == "captions":
        made = generator(z, ("a", "b"))
        critic(made, ("a", "b"))
    else:
        made = generator(z)
        critic(made)
    assert made.shape[2:] == (size, size)


def test_a_unet_keeps_its_smallest_map():
    for size in (64, 128, 256):
        generator = recipes.get("pix2pix-folder").changed(size=size).at("gpu").generator
        assert generator.keywords["size"] >> generator.keywords["depth"] == 2


@pytest.mark.parametrize("name", ["pix2pix-folder", "cyclegan-folder"])
def test_translators_of_one_channel(name: str):
    recipe = recipes.get(name).changed(channels=1, size=64).at("smoke")
    game = recipe.game()
    sources = torch.zeros(1, 1, 64, 64)
    assert game.generator(sources).shape == (1, 1, 64, 64)
    critics = (game.discriminator.sources, game.discriminator.targets) if name[0] == "c" else (game.discriminator,)
    assert all((critic.channels, critic.sources) in ((1, 1), (1, 0)) for critic in critics)
    assert all(pool.images.shape[1] == 1 for pool in game.memory.values())


AUGMENTED = [
    ("dcgan-folder", "none", None), ("dcgan-folder", "shift", RandomShift),
    ("dcgan-folder", "differentiable", DiffAugment), ("dcgan-cifar10", "shift", RandomShift),
    ("dcgan-digits", "none", None), ("dcgan-digits", "shift", RandomShift), ("text-folder", "none", None),
    ("conditional-folder", "differentiable", DiffAugment), ("dcgan-sprint", "none", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "augment", "kind"), AUGMENTED)
def test_what_d_sees(name: str, augment: str, kind):
    recipe = recipes.get(name).changed(augment=augment)
    for budget in ("smoke", "gpu"):
        critic = recipe.at(budget).game().discriminator
        found = [m for m in critic.modules() if isinstance(m, RandomShift | RandomAffine | DiffAugment)]
        assert [type(m) for m in found] == ([] if kind is None else [kind])
        if kind is RandomShift:
            assert found[0].pixels == recipe.at(budget).size // 16


@pytest.mark.parametrize("name", ["dcgan-folder", "conditional-folder", "text-folder"])
def test_an_adaptive_augmentation_comes_with_the_round_that_adapts_it(name: str):
    plain, adaptive = recipes.get(name), recipes.get(name).changed(augment="adaptive")
    for budget in ("smoke", "gpu"):
        play, critic = adaptive.at(budget).play, adaptive.at(budget).game().discriminator
        assert [type(m) for m in critic.modules() if isinstance(m, AdaptiveAugment | RandomShift)] == [AdaptiveAugment]
        assert (play.func, play.keywords["of"]) == (adaptive_round, plain.at(budget).play)
        assert 0 < play.keywords["images"] <= 500_000, "at most the paper's"
        assert adaptive.changed(augment="none").at(budget).play is plain.at(budget).play
    standing = dataclasses.replace(adaptive.at("smoke"), name="mine")
    assert standing.changed(augment="shift").at("smoke").play is plain.at("smoke").play
    assert standing.changed(augment="adaptive").at("smoke").play.keywords["of"] is plain.at("smoke").play


def test_a_resumed_run_goes_on_with_the_augmentation_it_had_reached(folder: Path, tmp_path: Path):
    recipe = tiny(augment="adaptive")
    whole = recipe.changed(steps=8).train("smoke", root=folder, out=tmp_path / "whole", progress=False)
    recipe.changed(steps=5).train("smoke", root=folder, out=tmp_path / "cut", progress=False)
    again = recipe.changed(steps=8).train("smoke", root=folder, out=tmp_path / "cut", resume=True, progress=False)
    assert again.history == whole.history and {"r_t", "p"} < again.history.keys()
    for one, other in zip(whole.sampler.generator.parameters(), again.sampler.generator.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("loss", ["wasserstein", losses.get("relativistic")])
def test_the_sign_of_d_means_nothing_by_some_losses(loss):
    recipe = dataclasses.replace(recipes.get("dcgan-folder"), loss=loss)
    with pytest.raises(
        ValueError, match=r"^augment is 'adaptive', but by the loss (was|rel)\w+ of dcgan-folder the sign"
    ):
        recipe.changed(augment="adaptive")


def test_makers_keep_what_is_not_asked_for():
    def maker(latent_dim, size=8, depth=2, channels=3, sources=0, inner=None):
        return latent_dim, size, depth, channels, sources, inner

    inner = partial(maker, 5, size=64)
    changed = respecified(partial(maker, sources=2, inner=inner), size=32, channels=1)
    assert changed(7)[:5] == (7, 32, 4, 1, 1) and changed(7)[5]() == (5, 32, 1, 1, 0, None)
    assert respecified(print, size=3) is print


# -- what is refused ----------------------------------------------------------------------------------------------

REFUSED = [
    ("dcgan-folder", {"steps": 0}, r"^steps is 0: allowed is 1 or more$"),
    ("dcgan-folder", {"batch_size": 2.5}, r"^batch_size is 2.5: allowed is a whole number$"),
    ("dcgan-folder", {"lr": 0}, r"^lr is 0: allowed is a finite number, above 0$"),
    ("dcgan-folder", {"lr": float("nan")}, r"^lr is nan"),
    (
        "dcgan-folder",
        {"size": (64, 48)},
        r"^size is \(64, 48\): allowed is a whole number, the side of a square .*--fit",
    ),
    ("dcgan-folder", {"channels": 2}, r"^channels is 2: allowed is 1 \(grey\), 3 .* or 4 \(what is transparent stays"),
    ("dcgan-folder", {"fit": "stretch"}, r"^fit is 'stretch': allowed is one of crop, squeeze, pad$"),
    ("dcgan-folder", {"precision": "fp16"}, r"^precision is 'fp16': allowed is one of float32, bf16$"),
    ("dcgan-folder", {"mirror": 1}, r"^mirror is 1: allowed is True or False$"),
    (
        "dcgan-folder",
        {"augment": "flip"},
        r"^augment is 'flip': allowed is one of none, shift, differentiable, adaptive$",
    ),
    (
        "wgan-ring",
        {"augment": "adaptive"},
        r"^augment is 'adaptive', but wgan-ring takes its data as they are$",
    ),
    ("dcgan-digits", {"fit": "pad"}, r"^fit is 'pad', but dcgan-digits reads no pictures from a folder$"),
    ("dcgan-digits", {"skip_broken": True}, r"^skip_broken is True, but dcgan-digits reads no pictures from a folder$"),
    ("ring", {"size": 64}, r"^size is 64, but ring takes its data as they are$"),
    ("ring", {"mirror": True}, r"^mirror is True, but ring takes its data as they are$"),
    ("dcgan-plain", {"size": 32}, r"^size is 32: allowed is 28, for which the networks of dcgan-plain are made$"),
    ("vae-gan-digits", {"size": 32}, r"^size is 32: allowed is 28, for which the networks of vae-gan-digits are made$"),
    ("diffusion-digits", {"size": 32}, r"^size is 32: allowed is 28"),
    (
        "pix2pix-folder",
        {"augment": "shift"},
        r"^augment is 'shift', but the discriminator of pix2pix-folder judges more",
    ),
]


@pytest.mark.parametrize(("name", "changes", "said"), REFUSED)
def test_what_a_recipe_cannot_take_is_refused_at_once(name: str, changes: dict, said: str):
    with pytest.raises((ValueError, TypeError), match=said):
        recipes.get(name).changed(**changes)


def test_a_size_that_the_networks_lack_is_refused_before_a_picture_is_read(folder: Path):
    with pytest.raises(ValueError, match=r"^size is 100: allowed is one of 16, 28, 32, 64, 128$"):
        recipes.get("dcgan-folder").changed(size=100).train("smoke", root=folder, progress=False)


def test_the_size_it_has_is_no_change():
    assert recipes.get("dcgan-plain").changed(size=28).at("smoke").size == 28


def test_pictures_that_cannot_be_mirrored_say_so():
    with pytest.raises(
        ValueError, match=r"^mirror is True: allowed for images in memory or in files, not for text-digits"
    ):
        recipes.get("text-digits").changed(mirror=True).train("smoke", progress=False)


# -- a run remembers ----------------------------------------------------------------------------------------------


def test_a_run_keeps_its_changes_and_its_folder_and_so_finds_its_data_again(folder: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(folder.parent)
    asked = tiny(channels=1, fit="pad", mirror=True, jitter=True)
    asked.train("smoke", seed=3, root="own", out=tmp_path / "run", progress=False)
    monkeypatch.chdir("/")
    card = json.loads((tmp_path / "run" / "card.json").read_text())
    assert card["root"] == str(folder) and card["changes"] == asked.changes and card["steps"] == 4
    again = recipes.load_run(tmp_path / "run")
    recipe = recipes.recipe_of(again)
    assert (recipe.size, recipe.channels, recipe.fit, recipe.steps, recipe.root) == (16, 1, "pad", 4, str(folder))
    test = recipe.load_data("test")
    assert test[0][0].shape == (1, 16, 16) and test.fit == "pad" and not test.mirror and not test.jitter
    assert recipe.load_data().mirror and recipe.load_data().jitter == 30 / 256
    settings = recipes.settings_of(tmp_path / "run")
    told = {"recipe": "dcgan-folder", "budget": "smoke", "seed": 3, "root": str(folder), "steps": 4}
    assert settings == {**told, "changes": asked.changes}
    folder.rename(folder.parent / "elsewhere")
    with pytest.raises(data.DataError, match=rf"^{folder} is not a folder"):
        recipe.load_data("test")
    assert len(recipe.load_data("test", folder.parent / "elsewhere")) == len(test)


def test_a_run_that_changed_nothing_says_nothing_of_it(tmp_path: Path):
    run = dataclasses.replace(recipes.get("ring"), budgets={}, steps=2).train("smoke", progress=False)
    assert not {"root", "changes", "class_names"} & run.sampler.card.keys()


def test_a_recipe_of_ones_own_has_no_way_back(tmp_path: Path):
    run = dataclasses.replace(recipes.get("ring"), name="mine", steps=2).train("smoke", progress=False)
    with pytest.raises(ValueError, match=r"^the recipe 'mine' is not one of the library's: use its run in Python"):
        recipes.recipe_of(run.sampler)


def test_a_picture_is_prepared_as_those_of_its_run(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path / "cache"))
    for i in range(12):
        for side in "AB":
            draw(tmp_path / "own" / side / f"{i}.png", i, (40, 20))
    for fit, corner in (("pad", True), ("squeeze", False)):
        out = tmp_path / fit
        recipe = recipes.get("pix2pix-folder").changed(steps=1, size=32, channels=1, fit=fit)
        recipe.train("smoke", root=tmp_path / "own", out=out, progress=False)
        image = recipes.prepared(recipes.load_run(out), tmp_path / "own" / "A" / "3.png")
        assert image.shape == (1, 32, 32) and bool(image[0, 0, 0] == 1) is corner
    plain = dataclasses.replace(recipes.get("ring"), steps=1).train("smoke", progress=False)
    with pytest.raises(ValueError, match=r"^what sampler is given is 'nothing': allowed is one of sources$"):
        recipes.prepared(plain.sampler, tmp_path / "own" / "A" / "3.png")


# -- going on -----------------------------------------------------------------------------------------------------


def test_a_finished_run_goes_on_for_more_rounds_as_if_it_had_had_them_from_the_start(
    folder: Path, tmp_path: Path, capsys
):
    whole = tiny(steps=9, mirror=True).train("smoke", seed=5, root=folder, progress=False)
    tiny(mirror=True).train("smoke", seed=5, root=folder, out=tmp_path / "run", progress=False)
    capsys.readouterr()
    # Budget, seed, folder and the other changes are the run's own.
    run = recipes.get("dcgan-folder").changed(steps=9).train(out=tmp_path / "run", resume=True, progress=False)
    assert torch.equal(run.sampler.sample(6), whole.sampler.sample(6))
    card = run.sampler.card
    assert (card["steps"], card["seed"], card["root"], card["budget"]) == (9, 5, str(folder), "smoke")
    assert card["changes"] == {**TINY, "steps": 9, "mirror": True} and run.history["step"][-1] == 9
    assert recipes.settings_of(tmp_path / "run")["steps"] == 9
    assert torch.equal(recipes.load_run(tmp_path / "run").sample(6), whole.sampler.sample(6))
    assert capsys.readouterr().out == ""


def test_a_finished_run_with_nothing_to_do_says_so_and_stays(folder: Path, tmp_path: Path, capsys):
    run = tiny().train("smoke", root=folder, out=tmp_path / "run", progress=False)
    capsys.readouterr()
    again = recipes.get("dcgan-folder").train(out=tmp_path / "run", resume=True, progress=False)
    assert (
        capsys.readouterr().out
        == f"{tmp_path / 'run'} holds the finished run of 4 rounds: more steps go on from there\n"
    )
    assert torch.equal(again.sampler.sample(3), run.sampler.sample(3))
    with pytest.raises(CheckpointError, match=r"^steps is 2, and the checkpoint in .* is of round 4 already$"):
        recipes.get("dcgan-folder").changed(steps=2).train(out=tmp_path / "run", resume=True, progress=False)


class Stop(Exception):
    pass


def stopped_at(step: int):
    def watch(game):
        if game.step >= step:
            raise Stop

    return watch


def test_an_interrupted_run_goes_on_as_it_was_begun(folder: Path, tmp_path: Path):
    whole = tiny(steps=8).train("smoke", seed=2, root=folder, progress=False)
    with pytest.raises(Stop):
        tiny(steps=8).train(
            "smoke", seed=2, root=folder, out=tmp_path / "run", progress=False, watch=stopped_at(3), watch_every=1
        )
    run = recipes.get("dcgan-folder").train(out=tmp_path / "run", resume=True, progress=False)
    assert torch.equal(run.sampler.sample(3), whole.sampler.sample(3)) and run.sampler.card["seed"] == 2


def test_a_run_that_goes_on_and_is_interrupted_goes_on_again(folder: Path, tmp_path: Path):
    tiny(steps=4).train("smoke", root=folder, out=tmp_path / "run", progress=False)
    longer = recipes.get("dcgan-folder").changed(steps=8)
    with pytest.raises(Stop):
        longer.train(out=tmp_path / "run", resume=True, progress=False, watch=stopped_at(6), watch_every=1)
    run = recipes.get("dcgan-folder").train(out=tmp_path / "run", resume=True, progress=False)
    assert run.sampler.card["steps"] == 8 == json.loads((tmp_path / "run" / "card.json").read_text())["steps"]


def test_what_was_refused_leaves_the_settings_as_they_were(folder: Path, tmp_path: Path):
    tiny().train("smoke", root=folder, out=tmp_path / "run", progress=False)
    before = (tmp_path / "run" / "run.json").read_text()
    with pytest.raises(CheckpointError, match=r"belongs to another run \(seed is 0 there and 1 here\)"):
        tiny().train(seed=1, out=tmp_path / "run", resume=True, progress=False)
    with pytest.raises(
        CheckpointError, match=r"which holds a run of dcgan-folder, not of ring: choose another folder$"
    ):
        recipes.get("ring").train(out=tmp_path / "run", resume=True, progress=False)
    assert (tmp_path / "run" / "run.json").read_text() == before
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"run\.json is damaged \(it does not say budget, changes, "):
        recipes.settings_of(tmp_path / "run")
    assert recipes.settings_of(tmp_path) is None


def test_rates_that_had_fallen_go_on_and_it_is_said(tmp_path: Path, capsys):
    recipe = dataclasses.replace(recipes.get("ring"), budgets={}, anneal_from=0.5)
    recipe.changed(steps=4).train("smoke", out=tmp_path, progress=False)
    recipe.changed(steps=6).train(out=tmp_path, resume=True, progress=False)
    said = "its learning rates had fallen to 0 by round 4: they go on at 67% of their start\n"
    assert said in capsys.readouterr().out


# -- precision ----------------------------------------------------------------------------------------------------


def test_bfloat16_is_for_one_run_and_leaves_no_trace_in_its_generator(folder: Path, tmp_path: Path):
    seen = []

    def watch(game):
        seen.append((game._accelerator.mixed_precision, next(game.generator.parameters()).dtype))

    plain = tiny().train("smoke", root=folder, progress=False)
    before = dict(AcceleratorState._shared_state)
    run = tiny(precision="bf16").train("smoke", root=folder, out=tmp_path / "run", progress=False, watch=watch)
    assert {precision for precision, _ in seen} == {"bf16"} and {dtype for _, dtype in seen} == {torch.float32}
    assert AcceleratorState._shared_state == before
    again = tiny().train("smoke", root=folder, progress=False)
    assert torch.equal(again.sampler.sample(3), plain.sampler.sample(3)), "the next run computes as before"
    ours, theirs = run.sampler.sample(8), plain.sampler.sample(8)
    assert not torch.equal(ours, theirs) and (ours - theirs).abs().mean() < 0.1
    assert run.sampler.card["changes"]["precision"] == "bf16"
    assert torch.equal(recipes.load_run(tmp_path / "run").sample(8), ours), "drawn in float32, without autocast"
    with pytest.raises(CheckpointError, match=r"precision is 'bf16' there and 'float32' here"):
        tiny(precision="float32").train(out=tmp_path / "run", resume=True, progress=False)

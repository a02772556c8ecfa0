"""The zoo: what a card says, what a damaged file gives, and that loading gives back what was trained."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import zoo as tool
from ganbook import recipes, zoo
from ganbook.models import DCGANDiscriminator, DCGANGenerator
from ganbook.recipes import catalogue
from ganbook.training.checkpoint import CheckpointError
from ganbook.training.sampler import CARD, CONFIG, WEIGHTS
from ganbook.zoo import shelf

# What is committed.

CONTROLS = {
    "text-digits": {"all", "judge_all", "shuffled_all"},
    "text-emoji": {"retrieval", "train_retrieval", "shuffled_retrieval"},
}


@pytest.mark.parametrize("name", zoo.names())
def test_a_model_of_the_zoo_is_what_its_card_says(name: str):
    card = zoo.card(name)
    content = (shelf.SHELF / name / WEIGHTS).read_bytes()
    assert tuple(card) == shelf.FIELDS
    assert (card["name"], card["budget"]) == (name, "gpu") and card["recipe"] in recipes.names()
    assert card["bytes"] == len(content) <= shelf.MOST_BYTES
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["licence"] and card["hardware"] and card["minutes"] > 0
    assert card["steps"] == recipes.get(name).at("gpu").steps, "the recipe changed since: train it anew"
    # Beside a distance its floor; beside obeyed captions what the judge makes of real pictures, and captions shuffled.
    beside = CONTROLS.get(name, {"frechet_distance", "frechet_interval", "floor", "floor_spread", "floors", "splits"})
    assert beside | {"n", "features", "split", "referee"} <= set(card["metrics"])
    assert card["metrics"]["referee"]["features"].endswith("-referee")
    assert card["metrics"].get("splits", 20) >= 20 and not {"n_floor", "n_real"} & set(card["metrics"])
    assert card["half_precision_change"] < 0.05
    sampler = zoo.load(name)
    assert card["parameters"] == sum(p.numel() for p in sampler.generator.parameters())
    samples = recipes.get(name).at("gpu").draw(sampler, 4)
    assert samples.isfinite().all() and samples.min() >= -1 and samples.max() <= 1
    tensors = load_file(shelf.SHELF / name / WEIGHTS)
    assert {t.dtype for t in tensors.values()} <= {torch.float16, torch.int64}


def test_the_models_of_chapter_13_obey_captions_that_they_never_read():
    digits, people = (zoo.card(name)["metrics"] for name in ("text-digits", "text-emoji"))
    assert digits["referee"]["digit"] >= 0.99 and digits["ink"] >= 0.99 and digits["ground"] >= 0.995
    assert digits["referee"]["shuffled_all"] < 0.03
    assert people["new_tone_retrieval"] > 0.85 and people["new_tone_tone"] > 0.9 and people["new_tone_person"] > 0.95
    assert people["new_tone_role"] > 0.95 and people["new_pair_role"] > 0.95, "a pair that is new keeps its role"
    assert people["shuffled_retrieval"] < 0.03


def test_the_models_of_part_two_are_as_good_as_promised():
    assert {"dcgan-digits", "resnet-digits", "vae-gan-digits"} <= set(zoo.names())
    for name, most in (("dcgan-digits", 3.5), ("resnet-digits", 4), ("vae-gan-digits", 21)):
        scores = zoo.card(name)["metrics"]
        assert (scores["n"], scores["n_samples"]) == (2500, 5000) and scores["referee"]["floors"] <= most
        assert scores["class_share_min"] >= 0.05 and scores["class_share_max"] <= 0.17
        assert scores["nearest_of_samples"] >= scores["nearest_of_test"] and scores["memorisation_z"] < 3


def test_the_people_drawn_from_noise_are_as_good_as_promised():
    short, long = (zoo.card(name)["metrics"]["referee"]["floors"] for name in ("dcgan-emoji-25-epochs", "dcgan-emoji"))
    assert long <= 20 and short >= 5 * long


def test_the_models_of_part_three_are_as_good_as_promised():
    scores = zoo.card("conditional-digits")["metrics"]
    assert scores["n_samples"] == 5000 and scores["class_agreement"] >= 0.98 <= scores["judge_accuracy"]
    assert 0.07 <= scores["shuffled_agreement"] <= 0.13
    assert scores["diversity"] >= 0.85 * scores["diversity_real"]
    for name, size, bare in (("pix2pix-emoji", 64, 0.12), ("cyclegan-emoji", 32, 0.13)):
        scores = zoo.card(name)["metrics"]
        assert (scores["features"], scores["split"], scores["size"]) == ("emoji", "test", size)
        assert scores["l1"] < bare, "farther from the colours than the bare lines are"
        assert "OpenMoji" in zoo.card(name)["licence"] and "CC BY-SA 4.0" in zoo.card(name)["licence"]
    with_pairs = zoo.card("pix2pix-emoji")["metrics"]
    assert with_pairs["l1"] <= 0.084 and with_pairs["fillable"] <= 0.35 and with_pairs["speckle"] <= 0.06


def test_the_neighbours_of_part_three_stand_where_chapter_14_finds_them():
    diffusion, vae, gan = (zoo.card(name)["metrics"] for name in ("diffusion-digits", "vae-digits", "resnet-digits"))
    assert diffusion["n"] == vae["n"] == 2500
    assert gan["floors"] < diffusion["floors"] < 60 and 1.5 * diffusion["floors"] < vae["floors"] < 200
    assert diffusion["class_share_min"] >= 0.05 and diffusion["class_share_max"] <= 0.2
    for scores in (diffusion, vae):
        assert scores["nearest_of_samples"] >= scores["nearest_of_test"] and scores["memorisation_z"] < 3


def test_the_zoo_is_small():
    assert sum(path.stat().st_size for path in shelf.SHELF.rglob("*.safetensors")) <= shelf.MOST_BYTES_TOGETHER


def test_nothing_else_lies_on_the_shelf():
    folders = {path.name for path in shelf.SHELF.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == set(zoo.names())
    for name in folders:
        assert {path.name for path in (shelf.SHELF / name).iterdir()} == {CARD, CONFIG, WEIGHTS}


# Mean and standard deviation of eight samples of seed 3, as they were when the model was put on the shelf.
DRAWN = {
    "conditional-digits": (-0.71207, 0.63868),
    "cyclegan-emoji": (0.68759, 0.55216),
    "cyclegan-emoji-styles": (0.72972, 0.54640),
    "dcgan-digits": (-0.77511, 0.57033),
    "dcgan-emoji": (0.71134, 0.61206),
    "dcgan-emoji-25-epochs": (0.30626, 0.17082),
    "diffusion-digits": (-0.68570, 0.62513),
    "pix2pix-emoji": (0.68789, 0.60371),
    "resnet-digits": (-0.74679, 0.60214),
    "text-digits": (0.31311, 0.66773),
    "text-emoji": (0.69143, 0.60719),
    "vae-digits": (-0.81167, 0.42166),
    "vae-gan-digits": (-0.75723, 0.60096),
}


@pytest.mark.parametrize("name", zoo.names())
def test_a_model_draws_what_it_always_drew(name: str):
    samples = recipes.get(name).at("gpu").draw(zoo.load(name), 8, seed=3)
    assert (samples.mean().item(), samples.std().item()) == pytest.approx(DRAWN[name], abs=2e-3)


# What train, pack and load do, on a shelf of the test's own with a small DCGAN.

SMALL = {
    "generator": partial(DCGANGenerator, channels=1, size=28, width=4),
    "discriminator": partial(DCGANDiscriminator, channels=1, size=28, width=4),
    "steps": 12,
    "batch_size": 16,
    "scored": 300,
    "budgets": {"smoke": {"steps": 1}},
}


def evaluate(self: recipes.Recipe, sampler, root=None) -> dict:
    """A report that costs nothing and knows the weights to the last bit."""
    mean = sampler.sample(self.scored).double().mean().item()
    return {"frechet_distance": mean, "floor": 1.0, "n": self.scored, "features": "x", "split": "y"}


@pytest.fixture(scope="module", autouse=True)
def quick_reports():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes.Recipe, "evaluate", evaluate)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """(folder of the run, its card) of a small dcgan-digits."""
    out = tmp_path_factory.mktemp("zoo") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue._RECIPES, "dcgan-digits", small())
        return out, zoo.train("dcgan-digits", seed=3, out=out, progress=False)


def small() -> recipes.Recipe:
    return dataclasses.replace(recipes.get("dcgan-digits"), **SMALL)


@pytest.fixture
def on_shelf(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf that holds the small model; the folder of the model."""
    monkeypatch.setitem(catalogue._RECIPES, "dcgan-digits", small())
    monkeypatch.setattr(shelf, "SHELF", tmp_path)
    folder = tmp_path / "dcgan-digits"
    folder.mkdir()
    for name in (WEIGHTS, CONFIG, CARD):
        (folder / name).write_bytes((made[0] / "zoo" / name).read_bytes())
    return folder


def test_a_card_says_all_that_was_promised(made):
    out, card = made
    assert tuple(card) == shelf.FIELDS
    assert json.loads((out / "zoo" / "card.json").read_text("utf-8")) == card
    assert (card["recipe"], card["seed"], card["steps"], card["batch_size"]) == ("dcgan-digits", 3, 12, 16)
    assert 0 < card["minutes"] < 5 and "MNIST" in card["licence"] and "core" in card["hardware"]
    assert card["metrics"]["n"] == 300
    content = (out / "zoo" / "sampler.safetensors").read_bytes()
    assert card["bytes"] == len(content) and card["sha256"] == hashlib.sha256(content).hexdigest()


def test_hardware_and_minutes_are_those_of_the_run_not_of_the_packing(made, tmp_path: Path, monkeypatch):
    run = tmp_path / "run"
    shutil.copytree(made[0], run)
    of_run = json.loads((run / CARD).read_text("utf-8"))
    (run / CARD).write_text(json.dumps(of_run | {"hardware": "an abacus", "minutes": 7.5}), "utf-8")
    monkeypatch.setitem(catalogue._RECIPES, "dcgan-digits", small())
    card = shelf.pack(run, tmp_path / "zoo")
    assert (card["hardware"], card["minutes"]) == ("an abacus", 7.5)


def test_loading_gives_the_runs_sampler_to_half_precision(made, on_shelf: Path):
    assert zoo.names() == ["dcgan-digits"]
    run, model = recipes.load_run(made[0]), zoo.load("dcgan-digits")
    assert model.card == zoo.card("dcgan-digits") == made[1]
    assert not any(module.training for module in model.generator.modules())
    ours, theirs = model.generator.state_dict(), run.generator.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype
        rounded = tensor.half().float() if tensor.is_floating_point() else tensor
        assert torch.equal(ours[name], rounded)
    change = (model.sample(64) - run.sample(64)).abs().max().item()
    assert 0 < change < 0.02
    assert made[1]["half_precision_change"] == pytest.approx(change, rel=1e-3)
    # The scores are those of the weights that are kept, not of those before rounding.
    scores = [recipes.get("dcgan-digits").at("gpu").evaluate(sampler) for sampler in (model, run)]
    assert scores[0] == made[1]["metrics"] != scores[1]


def test_a_model_is_scored_anew_and_its_weights_stay(on_shelf: Path, monkeypatch: pytest.MonkeyPatch):
    before = {name: (on_shelf / name).read_bytes() for name in (WEIGHTS, CONFIG)}
    old = zoo.card("dcgan-digits")
    unscored = {name: value for name, value in old.items() if name != "scored"}
    (on_shelf / CARD).write_text(json.dumps(unscored | {"metrics": {"old": 1}}), "utf-8")
    card = zoo.score("dcgan-digits")
    assert card == zoo.card("dcgan-digits") and tuple(card) == shelf.FIELDS
    assert card["metrics"] == old["metrics"] and card["scored"] == old["scored"]
    assert "ganbook" in card["scored"] and card["scored"][:2] == "20"
    assert before == {name: (on_shelf / name).read_bytes() for name in before}
    monkeypatch.setattr(sys, "argv", ["zoo.py", "--score"])
    (on_shelf / CARD).write_text(json.dumps(unscored | {"metrics": {"old": 1}}), "utf-8")
    tool.main()
    assert zoo.card("dcgan-digits") == card
    for arguments in (["--score", "nope"], []):
        monkeypatch.setattr(sys, "argv", ["zoo.py", *arguments])
        with pytest.raises(SystemExit):
            tool.main()


def test_a_model_can_be_placed(on_shelf: Path):
    assert next(zoo.load("dcgan-digits", "meta").generator.parameters()).device.type == "meta"
    assert next(zoo.load("dcgan-digits", torch.device("cpu")).generator.parameters()).device.type == "cpu"


def test_unknown_names_give_one_sentence(on_shelf: Path):
    with pytest.raises(ValueError, match=r"^name is 'nope': the zoo holds dcgan-digits$"):
        zoo.load("nope")
    with pytest.raises(ValueError, match=r"^name is '\.\./dcgan-digits': the zoo holds"):
        zoo.card("../dcgan-digits")
    (on_shelf / "card.json").unlink()
    with pytest.raises(ValueError, match="the zoo holds nothing yet"):
        zoo.load("dcgan-digits")
    with pytest.raises(ValueError, match=r"^name is 'nope': allowed is one of"):
        zoo.train("nope")


def flipped(folder: Path) -> None:
    content = bytearray((folder / "sampler.safetensors").read_bytes())
    content[-7] ^= 1
    (folder / "sampler.safetensors").write_bytes(content)


def truncated(folder: Path) -> None:
    path = folder / "sampler.safetensors"
    path.write_bytes(path.read_bytes()[:500])


def missing(folder: Path) -> None:
    (folder / "sampler.safetensors").unlink()


def no_json(folder: Path) -> None:
    (folder / "card.json").write_text("{")


def half_a_card(folder: Path) -> None:
    (folder / "card.json").write_text('{"name": "dcgan-digits"}')


def another_network(folder: Path) -> None:
    path = folder / "sampler.safetensors"
    save_file({"layers.0.weight": torch.zeros(3)}, path)
    card = json.loads((folder / "card.json").read_text("utf-8"))
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


@pytest.mark.parametrize("spoil", [flipped, truncated, missing, no_json, half_a_card, another_network])
def test_a_damaged_model_gives_one_sentence(spoil, on_shelf: Path):
    spoil(on_shelf)
    with pytest.raises(
        CheckpointError, match=r"^dcgan-digits of the zoo cannot be read: install ganbook again \(.*\)$"
    ):
        zoo.load("dcgan-digits")


def test_training_again_gives_the_same_bits(made, on_shelf: Path, tmp_path: Path):
    card = zoo.train("dcgan-digits", seed=3, out=tmp_path / "again", progress=False)
    assert card["sha256"] == made[1]["sha256"]


def test_the_zoo_outlives_a_change_of_its_recipe(on_shelf: Path, monkeypatch: pytest.MonkeyPatch):
    samples = zoo.load("dcgan-digits").sample(4)
    wider = dataclasses.replace(small(), generator=partial(DCGANGenerator, channels=1, size=28, width=8))
    monkeypatch.setitem(catalogue._RECIPES, "dcgan-digits", wider)
    assert torch.equal(zoo.load("dcgan-digits").sample(4), samples)
    others = {name: of for name, of in catalogue._RECIPES.items() if name != "dcgan-digits"}
    monkeypatch.setattr(catalogue, "_RECIPES", others)  # an item taken out and put back would change their order
    assert torch.equal(zoo.load("dcgan-digits").sample(4), samples)


def test_only_finished_runs_of_the_gpu_budget_are_kept(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(CheckpointError, match="holds no finished run"):
        zoo.pack(tmp_path, tmp_path / "zoo")
    monkeypatch.setitem(catalogue._RECIPES, "dcgan-digits", small())
    recipes.get("dcgan-digits").train("smoke", out=tmp_path / "smoke", progress=False)
    with pytest.raises(CheckpointError, match="was trained at budget smoke: the zoo keeps gpu"):
        zoo.pack(tmp_path / "smoke", tmp_path / "zoo")
    monkeypatch.setattr(shelf, "MOST_BYTES", 1000)
    with pytest.raises(CheckpointError, match=r"take \d+ bytes, and the zoo keeps at most 1000"):
        zoo.pack(made[0], tmp_path / "zoo")
    assert not (tmp_path / "zoo").exists()


def test_weights_that_overflow_half_precision_are_refused(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(catalogue._RECIPES, "dcgan-digits", small())
    sampler = recipes.load_run(made[0])
    sampler.generator.layers[1].running_var[0] = 1e6
    sampler.save(tmp_path / "run")
    with pytest.raises(CheckpointError, match="too large for half precision"):
        zoo.pack(tmp_path / "run", tmp_path / "zoo")

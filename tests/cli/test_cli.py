"""The command line: exit status, one sentence a failure, and a killed run that goes on."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ganbook import data
from ganbook.cli import index
from ganbook.recipes import catalogue
from ganbook.training.game import Game
from ganbook.zoo import shelf
from tests.cli.command import COMMAND, PRELUDE, SMALL, ganbook, ganbook_alone, limited, one_sentence


def test_train_sample_evaluate(run: Path, tmp_path: Path):
    assert {"card.json", "history.csv", "sampler.safetensors", "samples.png", "checkpoints"} <= set(os.listdir(run))
    done = ganbook("sample", str(run), "--n", "10", "--out", str(tmp_path / "grid.png"))
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "grid.png").size[0] > 100
    done = ganbook("evaluate", str(run), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["recipe"] == "ring"
    assert report["modes_total"] == 8
    assert {"n", "features", "split"} <= set(report)


def test_export_writes_a_file_that_runs_elsewhere_two_for_two_translators(tmp_path: Path):
    done = ganbook("export", "vae-gan-digits", "--onnx", str(tmp_path / "digits.onnx"))
    assert done.returncode == 0 and "digits.onnx (0.16 MB, equal to the generator to 1e-4)" in done.stdout
    done = ganbook("export", "cyclegan-emoji", "--onnx", str(tmp_path / "emoji.onnx"))
    assert "emoji.onnx: sources to targets" in done.stdout and "emoji-back.onnx: targets to sources" in done.stdout
    assert sorted(os.listdir(tmp_path)) == ["digits.onnx", "emoji-back.onnx", "emoji.onnx"]


def test_export_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    done = ganbook("export", "vae-gan-digits", "--onnx", str(tmp_path / "digits.onnx"))
    assert done.returncode == 1 and 'pip install "ganbook[onnx]"' in one_sentence(done)


def test_zoo_train_sample_evaluate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A model is trained, put on a shelf of the test's own, and asked for samples and scores by its name."""
    out = tmp_path / "run"
    done = ganbook("zoo", "train", "ring", "--seed", "1", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "ring: seed 1, 20 rounds in " in done.stdout and "modes_total" in done.stdout
    assert "go on with --resume" in one_sentence(ganbook("zoo", "train", "ring", "--out", str(out)))
    (tmp_path / "shelf").mkdir()
    (out / "zoo").rename(tmp_path / "shelf" / "ring")
    for place in (shelf, index):
        monkeypatch.setattr(place, "SHELF", tmp_path / "shelf")
    monkeypatch.chdir(tmp_path)
    done = ganbook("sample", "ring", "--n", "10")
    assert done.returncode == 0 and Image.open(tmp_path / "samples.png").size[0] > 100
    done = ganbook("evaluate", "ring", "--json")
    card = json.loads((tmp_path / "shelf" / "ring" / "card.json").read_text("utf-8"))
    assert done.returncode == 0 and json.loads(done.stdout) == {"recipe": "ring", **card["metrics"]}
    assert f"  ring  {card['parameters']} parameters, 20 rounds in 0 minutes" in ganbook("list", "zoo").stdout
    done = ganbook("zoo", "train", "ring", "--seed", "1", "--out", str(out), "--resume")
    assert done.returncode == 0 and "the same weights as the zoo's, bit for bit" in done.stdout
    done = ganbook("zoo", "train", "ring", "--seed", "2", "--out", str(tmp_path / "other"))
    assert "the zoo's own, for comparison" in done.stdout and "ring: seed 1" in done.stdout
    weights = tmp_path / "shelf" / "ring" / "sampler.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    done = ganbook("sample", "ring")
    assert done.returncode == 1 and "ring of the zoo cannot be read" in one_sentence(done)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "nope"], "RECIPE is 'nope': ganbook list shows what there is"),
        (
            ["train", "dcgan-digit"],
            "RECIPE is 'dcgan-digit': ganbook list shows what there is; did you mean dcgan-digits",
        ),
        (["train"], "RECIPE is missing: name one that ganbook list shows, or a run: --resume --out DIR"),
        (["train", "--resume", "--out", "."], "--out is ., which holds no run to resume"),
        (["show", "rings"], "RECIPE is 'rings': ganbook list shows what there is; did you mean ring?"),
        (["train", "ring", "--budget", "huge"], "--budget is 'huge': allowed is one of smoke, laptop, gpu"),
        (["export", "vae-digits", "--onnx", "x.bin"], "--onnx is x.bin: allowed is a name that ends in .onnx"),
        (["export", "nowhere", "--onnx", "x.onnx"], "NAME_OR_DIR is 'nowhere': allowed is a model of the zoo ("),
        (["sample", "nowhere"], "NAME_OR_DIR is 'nowhere': allowed is a model of the zoo ("),
        (["zoo", "train", "nope"], "NAME is 'nope': ganbook list shows what there is"),
        (["sample", "dcgan-digit"], "train RECIPE --out DIR); did you mean dcgan-digits"),
        (["sample", "ring", "--out", "grid.bmp"], "NAME_OR_DIR is 'ring'"),
        (
            ["sample", "dcgan-digits", "--out", "x.bmp"],
            "--out is x.bmp: allowed is a name that ends in .png, ",
        ),
        (["evaluate", "nowhere"], "NAME_OR_DIR is 'nowhere'"),
        (["train", "ring", "--data", "."], "--data"),
        (["train", "dcgan-digits", "--data", "."], "--data"),
        (["train", "dcgan-folder"], "--data FOLDER"),
        (["train", "pix2pix-folder"], "--data FOLDER"),
        (["train", "cyclegan-folder"], "--data FOLDER"),
        (["evaluate", "dcgan-digits", "--data", "."], "--data"),
        (["sample", "dcgan-digits", "--data", "."], "--data is ., but nothing is read for these samples"),
    ],
)
def test_wrong_arguments_exit_2(arguments: list[str], sentence: str, in_empty_folder: None):
    done = ganbook(*arguments)
    assert done.returncode == 2
    assert sentence in one_sentence(done)


@pytest.mark.parametrize(
    "arguments",
    [
        ["trian"],
        ["train", "ring", "--seed", "-1"],
        ["list", "--all"],
        ["sample", "ring", "--seed", str(2**64)],
    ],
)
def test_usage_errors_exit_2(arguments: list[str], in_empty_folder: None):
    done = ganbook(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "--seed" not in arguments or "'--seed'" in done.stderr


def test_a_folder_with_a_run_is_refused_with_the_way_out(run: Path):
    done = ganbook("train", "ring", "--out", str(run))
    assert done.returncode == 2
    assert "go on with --resume, or choose another --out" in one_sentence(done)


def test_a_condition_for_an_unconditional_model_exits_2(run: Path, tmp_path: Path):
    done = ganbook("sample", str(run), "--label", "3", "--out", str(tmp_path / "x.png"))
    assert done.returncode == 2
    assert "--label is '3', but ring knows no classes" in one_sentence(done)
    assert not (tmp_path / "x.png").exists()


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator of line drawings that has learned next to nothing."""
    folder = tmp_path_factory.mktemp("cli") / "translator"
    recipe = catalogue.get("pix2pix-emoji")
    budgets = {"smoke": recipe.budgets["smoke"] | {"steps": 1}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue._RECIPES, "pix2pix-emoji", dataclasses.replace(recipe, budgets=budgets))
        done = ganbook("train", "pix2pix-emoji", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_a_translator_shows_its_sources(translator: Path, tmp_path: Path):
    assert Image.open(translator / "samples.png").size[0] > 0
    done = ganbook("sample", str(translator), "--n", "3", "--out", str(tmp_path / "held-out.png"))
    assert done.returncode == 0 and "3 pairs of source and translation" in done.stdout
    Image.new("RGB", (50, 70), "white").save(tmp_path / "mine.png")
    mine = ("sample", str(translator), "--source", str(tmp_path / "mine.png"), "--out", str(tmp_path / "out.png"))
    done = ganbook(*mine)
    assert done.returncode == 0 and "1 pair of" in done.stdout
    wide, high = Image.open(tmp_path / "out.png").size
    assert wide > 1.8 * high  # the source, and right of it its translation


def test_a_source_is_prepared_as_those_of_training_were(tmp_path: Path):
    """Of pairs, halves are squeezed to squares, whatever their shape: so is a picture of one's own."""
    pairs = tmp_path / "pairs"
    drawn = torch.randint(256, (30, 20, 3), dtype=torch.uint8).numpy()
    for split in ("train", "test"):
        (pairs / split).mkdir(parents=True)
        for number in range(8):
            Image.fromarray(np.concatenate((drawn, drawn), axis=1)).save(pairs / split / f"{number}.png")
    Image.fromarray(drawn).save(tmp_path / "mine.png")
    run = tmp_path / "run"
    recipe = catalogue.get("pix2pix-folder")
    small = dataclasses.replace(recipe.at("smoke"), steps=1, batch_size=4, scored=4, budgets={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue._RECIPES, "pix2pix-folder", small)
        assert ganbook("train", "pix2pix-folder", "--data", str(pairs), "--out", str(run)).returncode == 0
        mine = ("--source", str(tmp_path / "mine.png"), "--out", str(tmp_path / "mine.out.png"))
        done = ganbook("sample", str(run), *mine)
        assert done.returncode == 0, done.stderr
        done = ganbook("sample", str(run), "--n", "1", "--data", str(pairs), "--out", str(tmp_path / "theirs.png"))
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine.out.png").read_bytes() == (tmp_path / "theirs.png").read_bytes()


def test_a_source_that_does_not_fit_exits_2(translator: Path, run: Path, tmp_path: Path):
    (tmp_path / "text.png").write_text("hello")
    wrong = ganbook("sample", str(translator), "--source", str(tmp_path / "text.png"))
    assert wrong.returncode == 2 and "cannot be read as a picture" in one_sentence(wrong)
    wrong = ganbook("sample", str(run), "--source", str(tmp_path / "text.png"))
    assert wrong.returncode == 2 and "translates nothing" in one_sentence(wrong)
    wrong = ganbook("sample", str(translator), "--label", "3")
    assert wrong.returncode == 2 and "--label is '3', but pix2pix-emoji knows no classes" in one_sentence(wrong)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A painter of captions that has learned next to nothing."""
    folder = tmp_path_factory.mktemp("cli") / "reader"
    recipe = catalogue.get("text-digits")
    budgets = {"smoke": recipe.budgets["smoke"] | {"steps": 1, "batch_size": 8, "scored": 8}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue._RECIPES, "text-digits", dataclasses.replace(recipe, budgets=budgets))
        done = ganbook("train", "text-digits", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    assert Image.open(folder / "samples.png").size[0] > 100
    return folder


def test_held_out_captions_are_drawn_and_printed(reader: Path, tmp_path: Path):
    picture = tmp_path / "held-out.png"
    done = ganbook("sample", str(reader), "--n", "12", "--out", str(picture))
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == f"12 held-out captions: {picture}"
    captions = data.load("captioned-digits", "test").captions
    assert [line.split(maxsplit=1)[0] for line in rest] == [str(i) for i in range(1, 13)]
    assert [line.split(maxsplit=1)[1] for line in rest] == list(captions[:: len(captions) // 12][:12])
    wide, high = Image.open(picture).size
    assert wide > 3 * high, "two rows, eight columns"


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("a bold red seven on green", ""),
        ("a purple seven", "The generator never read: purple. It treats all such words as one unknown word.\n"),
        ("", "The caption is empty: the generator was given nothing to draw, and this is what it makes of that.\n"),
    ],
)
def test_a_caption_is_drawn_and_unknown_words_are_named(reader: Path, tmp_path: Path, caption: str, said: str):
    picture = tmp_path / "mine.png"
    done = ganbook("sample", str(reader), "--n", "3", "--caption", caption, "--out", str(picture))
    assert done.returncode == 0 and done.stdout == f"3 samples: {picture}\n{said}" and done.stderr == ""
    assert Image.open(picture).size[0] > 100
    drawn = picture.read_bytes()
    ganbook("sample", str(reader), "--n", "3", "--caption", caption, "--seed", "1", "--out", str(picture))
    assert picture.read_bytes() != drawn


def test_what_a_reader_is_not_told_exits_2(reader: Path, run: Path, tmp_path: Path):
    out = ("--out", str(tmp_path / "x.png"))
    wrong = ganbook("sample", str(reader), "--label", "3", *out)
    assert wrong.returncode == 2 and "--label is '3', but text-digits knows no" in one_sentence(wrong)
    wrong = ganbook("sample", str(reader), "--source", str(reader / "samples.png"), *out)
    assert wrong.returncode == 2 and "translates nothing" in one_sentence(wrong)
    wrong = ganbook("sample", str(run), "--caption", "a seven", *out)
    assert wrong.returncode == 2 and "--caption was given, but ring is conditioned on nothing" in one_sentence(wrong)
    assert not (tmp_path / "x.png").exists()


def test_nan_exits_1_with_earlier_checkpoints_intact(tmp_path: Path):
    step = Game.update_discriminator

    def poisoned(self: Game, loss: torch.Tensor) -> None:
        step(self, loss * float("nan") if self.step == 9 else loss)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Game, "update_discriminator", poisoned)
        done = ganbook("train", "ring", "--out", str(tmp_path / "run"))
    assert done.returncode == 1
    assert "became nan" in one_sentence(done)
    kept = sorted((tmp_path / "run" / "checkpoints").glob("step-*.pt"))
    assert kept
    torch.load(kept[-1], weights_only=True)
    assert ganbook("train", "ring", "--out", str(tmp_path / "run"), "--resume").returncode == 0


def test_a_place_that_cannot_be_written_exits_1(tmp_path: Path):
    (tmp_path / "file").write_text("")  # root may write into a read-only folder, but not below a file
    done = ganbook("train", "ring", "--out", str(tmp_path / "file" / "run"))
    assert done.returncode == 1
    assert "nothing can be written" in one_sentence(done)


def test_a_full_disk_exits_1(run: Path, tmp_path: Path):
    """At every point: the first checkpoint, the finished run's weights, a picture; and what is there stays."""
    done = ganbook_alone("train", "ring", "--out", str(tmp_path / "run"), before=limited(10_000))
    assert done.returncode == 1 and os.strerror(errno.EFBIG) in one_sentence(done)
    shutil.copytree(run / "checkpoints", tmp_path / "half" / "checkpoints")
    done = ganbook_alone("train", "ring", "--out", str(tmp_path / "half"), "--resume", before=limited(10_000))
    assert done.returncode == 1 and os.strerror(errno.EFBIG) in one_sentence(done)
    assert os.listdir(tmp_path / "half" / "checkpoints") == os.listdir(run / "checkpoints")
    assert ganbook("train", "ring", "--out", str(tmp_path / "half"), "--resume").returncode == 0
    picture = tmp_path / "grid.png"
    done = ganbook_alone("sample", str(run), "--out", str(picture), before=limited(1000))
    assert done.returncode == 1 and os.strerror(errno.EFBIG) in one_sentence(done) and not picture.exists()


def test_out_of_memory_exits_1(run: Path):
    change = """
def hungry(game, batch):
    return {"loss": torch.empty(2**45).sum()}
catalogue._RECIPES["ring"] = dataclasses.replace(catalogue.get("ring"), play=hungry)
"""
    done = ganbook_alone("train", "ring", before=change, env={"GANBOOK_BUDGET": "smoke"})
    assert done.returncode == 1 and "memory ran out in round 1" in one_sentence(done)
    change = "from ganbook.training import Sampler\nSampler.sample = lambda *_, **__: torch.empty(2**45)"
    done = ganbook_alone("sample", str(run), before=change)
    assert (done.returncode, one_sentence(done)) == (1, "ganbook: out of memory")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["train", "ring"], "interrupted; --resume goes on from the last checkpoint"), (["sample"], "interrupted")],
)
def test_an_interruption_names_a_way_out_where_there_is_one(run: Path, tmp_path: Path, arguments: list[str], said: str):
    change = """
from ganbook.training import Game, Sampler
def interrupt(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
Game.update_generator = Sampler.sample = interrupt
"""
    where = [str(run)] if arguments == ["sample"] else []
    done = ganbook_alone(*arguments, *where, "--out", str(tmp_path / "out.png"), before=change)
    assert (done.returncode, one_sentence(done)) == (1, f"ganbook: {said}")


def test_the_first_of_two_processes_speaks_for_both(tmp_path: Path):
    (tmp_path / "train.py").write_text(PRELUDE + COMMAND)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "train.py"]
    done = subprocess.run(
        [*launch, "train", "ring", "--out", "run"],
        env={**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "GANBOOK_BUDGET": "smoke"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ring: 20 rounds") == done.stdout.count("run: run") == 1


def test_a_run_of_a_recipe_of_ones_own_can_be_sampled_and_says_what_cannot_be_done_with_it(run: Path, tmp_path: Path):
    dataclasses.replace(catalogue.get("ring"), name="mine", **SMALL).train("smoke", out=tmp_path, progress=False)
    done = ganbook("sample", str(tmp_path), "--n", "10", "--out", str(tmp_path / "grid.png"))
    assert done.returncode == 0, done.stderr
    done = ganbook("evaluate", str(tmp_path))
    assert done.returncode == 2 and "the recipe 'mine' is not one of the library's" in one_sentence(done)
    (tmp_path / "card.json").write_text("{}")
    done = ganbook("evaluate", str(tmp_path))
    assert done.returncode == 2 and "the recipe None is not one of the library's" in one_sentence(done)


def test_a_truncated_checkpoint_exits_1_and_names_the_way_out(tmp_path: Path):
    folder = tmp_path / "run"
    assert ganbook("train", "ring", "--out", str(folder)).returncode == 0
    newest = sorted((folder / "checkpoints").glob("step-*.pt"))[-1]
    newest.write_bytes(newest.read_bytes()[:500])
    done = ganbook("train", "ring", "--out", str(folder), "--resume")
    assert done.returncode == 1
    assert "delete it to go on from step-" in one_sentence(done)


# Three moments to die at: between the two players' steps, in the middle of writing a checkpoint, and between
# a checkpoint's arrival and the removal of the oldest.
KILLS = {
    "between the steps": """
from ganbook.training.game import Game
step = Game.update_generator
def update(self, loss):
    if self.step == 11:
        os.kill(os.getpid(), signal.SIGKILL)
    step(self, loss)
Game.update_generator = update
""",
    "while writing": """
save = torch.save
def half(state, part):
    save(state, part)
    if state["step"] == 8:
        with open(part, "r+b") as file:
            file.truncate(os.path.getsize(part) // 2)
        os.kill(os.getpid(), signal.SIGKILL)
torch.save = half
""",
    "before the clean-up": """
from pathlib import Path
unlink = Path.unlink
def die(self, missing_ok=False):
    if self.name == "step-00000006.pt":
        os.kill(os.getpid(), signal.SIGKILL)
    unlink(self, missing_ok)
Path.unlink = die
""",
}


@pytest.mark.parametrize("moment", KILLS)
def test_a_killed_run_resumes_to_the_same_bits(run: Path, tmp_path: Path, moment: str):
    folder = tmp_path / "run"
    killed = ganbook_alone("train", "ring", "--out", str(folder), before=KILLS[moment])
    assert killed.returncode == -9
    assert not (folder / "sampler.safetensors").exists()
    done = ganbook("train", "ring", "--out", str(folder), "--resume")
    assert done.returncode == 0, done.stderr
    expected, found = (load_file(place / "sampler.safetensors") for place in (run, folder))
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_run_that_is_asked_to_end_keeps_where_it_was(run: Path, tmp_path: Path):
    """SIGTERM, as a cluster sends it: a checkpoint of the round that was played, one sentence; later the same bits."""
    folder = tmp_path / "run"
    change = KILLS["between the steps"].replace("SIGKILL", "SIGTERM")
    done = ganbook_alone("train", "ring", "--out", str(folder), before=change)
    assert done.returncode == 1 and "SIGTERM after round 12" in one_sentence(done)
    assert (folder / "checkpoints" / "step-00000012.pt").exists()
    assert ganbook("train", "ring", "--out", str(folder), "--resume").returncode == 0
    expected, found = (load_file(place / "sampler.safetensors") for place in (run, folder))
    assert all(torch.equal(expected[name], found[name]) for name in expected)

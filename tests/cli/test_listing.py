"""``list`` and ``show``: all under its chapter, found by words, without PyTorch; what a recipe changes of another."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ganbook import data, recipes, zoo
from ganbook.cli import chapters, index, tables
from tests.cli.command import Done, ganbook, ganbook_alone, one_sentence


def named(done: Done) -> list[str]:
    """Names that a list shows, in its order."""
    return [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]


def test_the_index_says_what_the_library_says():
    assert index.read() == index.made(), "python tools/index.py writes it anew"


def test_list_names_everything():
    done = ganbook("list")
    assert done.returncode == 0
    assert sorted(named(done)) == sorted([*data.names(), *recipes.names(), *zoo.names()])
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith("  ")}
    assert "Needs a download (170 MB)" in lines["dcgan-cifar10"] and "Needs" not in lines["resnet-digits"]
    assert lines["lsun-bedroom"].endswith("needs 46 GB that you download yourself, and the package lmdb")
    assert "root" not in done.stdout and "(--data FOLDER)" in lines["folder"]


def test_recipes_stand_under_their_chapter_each_after_what_it_varies():
    done = ganbook("list", "pix2pix-emoji")
    assert named(done)[0] == "pix2pix-emoji" and "recipes: Chapter 11" in done.stdout
    assert "\n    pix2pix-emoji-l1 " in done.stdout and "\n  pix2pix-emoji " in done.stdout
    assert ganbook("list").stdout.startswith("recipes: Your own pictures\n  dcgan-folder ")


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_has_a_chapter(name: str):
    assert chapters.heading_of(name) != chapters.OTHERS


@pytest.mark.parametrize(
    ("words", "found", "not_found"),
    [
        (["flowers"], {"text-flowers", "flowers"}, {"ring", "text-digits"}),
        (["chapter 7", "cured"], {"cured-collapse"}, {"failure-collapse", "ring"}),
        (["ZOO"], set(zoo.names()), {"ring", "digits"}),
    ],
)
def test_words_filter(words: list[str], found: set[str], not_found: set[str]):
    names = set(named(ganbook("list", *words)))
    assert found <= names and not not_found & names


def test_words_that_nothing_says_exit_2():
    done = ganbook("list", "pix2pix-emojis")
    assert done.returncode == 2
    assert "nothing here says 'pix2pix-emojis'; did you mean pix2pix-emoji" in one_sentence(done)


def test_list_as_json():
    done = ganbook("list", "--json")
    found = json.loads(done.stdout)
    assert [row["name"] for row in found["recipes"]] == recipes.names()
    (row,) = [row for row in found["recipes"] if row["name"] == "text-birds"]
    assert row["chapter"] == "Chapter 13 · Text to image" and row["parent"] == "text-flowers" and row["data"] == "birds"
    assert [row["name"] for row in found["zoo"]] == zoo.names() and found["zoo"][0]["parameters"] > 1000
    assert [row["name"] for row in json.loads(ganbook("list", "lsun", "--json").stdout)["data"]] == ["lsun-bedroom"]


def test_a_terminal_gets_a_table_of_its_own_width(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    tables.print_table([("name", "word " * 30)], ("what", "about"))
    shown = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    assert max(map(len, shown.splitlines())) <= 60 and shown.count("word") == 30 and len(shown.splitlines()) > 4


def test_show_prints_every_setting_and_what_differs_from_the_parent():
    done = ganbook("show", "conditional-digits-auxiliary", "--budget", "gpu")
    assert done.returncode == 0, done.stderr
    assert "A variant of conditional-digits, of which it changes discriminator, play." in done.stdout
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith("  ")}
    assert {"generator", "loss", "g_lr", "betas", "batch_size", "steps"} <= set(lines)
    assert lines["play"].split() == ["play", "auxiliary_round", "conditional_round"]
    assert lines["g_lr"].split() == ["g_lr", str(recipes.get("conditional-digits").g_lr)]
    assert "at budget smoke\n  steps" in done.stdout


def test_show_as_json():
    found = json.loads(ganbook("show", "text-birds", "--budget", "gpu", "--json").stdout)
    assert found["parent"] == "text-flowers" and found["parent_has"] == {"data": "flowers"}
    assert found["settings"]["steps"] == "100000" and found["budgets"]["smoke"]["steps"] == "2"
    alone = json.loads(ganbook("show", "ring", "--json").stdout)
    assert (alone["parent"], alone["parent_has"], alone["settings"]["data"]) == ("", {}, "Mixture")


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_can_be_shown(name: str):
    settings = json.loads(ganbook("show", name, "--json").stdout)["settings"]
    assert not [value for value in settings.values() if " at 0x" in value or "tensor(" in value]


def test_the_version_is_said():
    done = ganbook("--version")
    assert done.returncode == 0 and done.stdout.startswith("ganbook 0.") and "torch 2." in done.stdout


def test_names_are_completed_by_the_shell():
    code = "import sys; sys.argv = ['ganbook']\nfrom ganbook.cli import main\nmain()"
    asked = {"_GANBOOK_COMPLETE": "complete_bash", "COMP_WORDS": "ganbook train text-em", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **asked}, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["text-emoji", "text-emoji-bag"], done.stderr


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--help"], {"torch"}),
        (["--version"], {"torch"}),
        (["list"], {"torch", "numpy", "PIL"}),
        (["sample", "vae-digits", "--n", "4"], {"torchvision", "torch._dynamo", "accelerate", "matplotlib", "scipy"}),
    ],
)
def test_what_a_command_does_not_need_is_not_imported(arguments: list[str], unused: set[str], tmp_path: Path):
    start = f"import sys; sys.argv = ['ganbook', *{arguments!r}]\nfrom ganbook.cli import main\n"
    run_it = f"try: main()\nexcept SystemExit as left: print(sorted({unused!r} & set(sys.modules)), left.code)\n"
    done = subprocess.run(
        [sys.executable, "-c", start + run_it], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert done.stdout.splitlines()[-1] == "[] 0", done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_that_cannot_be_written_exits_1():
    done = ganbook_alone("list", stdout=Path("/dev/full").open("w"))  # noqa: SIM115
    assert done.returncode == 1 and "No space left on device" in one_sentence(done)


def test_a_reader_that_has_seen_enough_ends_it_quietly():
    command = f"set -o pipefail; {sys.executable} -m ganbook list | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr, done.returncode) == ("recipes: Your own pictures\n", "", 0)

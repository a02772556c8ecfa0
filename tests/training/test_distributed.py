"""Two processes play the game that one would have played, as far as its networks judge each sample by itself."""

from __future__ import annotations

import math
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

SCRIPT = """
import sys, torch
from ganbook import data, penalties
from ganbook.models import MLPDiscriminator, MLPGenerator
from ganbook.training import Game, Prior, fit, gan_round

torch.set_num_threads(1)
torch.manual_seed(0)
loss, penalised = sys.argv[2], sys.argv[3] == "penalised"
penalty = (lambda critic, real, fake: penalties.r1(critic, real, 1.0)) if penalised else None
G, D = MLPGenerator(2, 2, 8, 1), MLPDiscriminator(2, 8, 1)
sgd = lambda network: torch.optim.SGD(network.parameters(), lr=0.1)
game = Game(G, D, prior=Prior(2), loss=loss, penalty=penalty, g_optimizer=sgd(G), d_optimizer=sgd(D), ema_half_life=50)
fit(game, data.toy.ring(), gan_round, steps=5, batch_size=16, progress=False)
if game.rank == 0:
    torch.save((game.world, game.averaged_generator().state_dict(), D.state_dict()), sys.argv[1])
"""


def play(out: Path, processes: int, *arguments: str, script: str = SCRIPT) -> tuple[Any, ...]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []
    for rank in range(processes):
        environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
        if processes > 1:
            environment |= {
                "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes),
                "LOCAL_WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
            }  # fmt: skip
        command = [sys.executable, "-c", script, str(out), *arguments]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
    for process in started:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
        assert "broadcast_buffers" not in errors
    found: tuple[Any, ...] = torch.load(out, weights_only=True)
    return found


@pytest.mark.parametrize("arguments", [("non_saturating", "plain"), ("relativistic", "penalised")])
def test_two_processes_equal_one(tmp_path: Path, arguments: tuple[str, str]):
    one_world, one_g, one_d = play(tmp_path / "one.pt", 1, *arguments)
    two_world, two_g, two_d = play(tmp_path / "two.pt", 2, *arguments)
    assert (one_world, two_world) == (1, 2)
    for one, two in ((one_g, two_g), (one_d, two_d)):
        for name, tensor in one.items():
            torch.testing.assert_close(two[name], tensor, atol=1e-6, rtol=1e-5)


# -- the recipes of part III, and those with something of their own ----------------------------------------------------

RECIPES = """
import sys, torch
from accelerate.utils import gather_object
from ganbook import recipes
from ganbook.training import fit

torch.set_num_threads(1)
found = {}
for name in sys.argv[2:]:
    recipe = recipes.get(name).at("smoke")
    torch.manual_seed(0)
    game = recipe.game()
    torch.manual_seed(1)
    history = fit(game, recipe.load_data(), recipe.play, steps=2, batch_size=16, progress=False)
    players = [game.generator, *([] if game.d_optimizer is None else [game.discriminator])]
    weights = gather_object([torch.cat([p.detach().flatten() for player in players for p in player.parameters()])])
    alike = all(torch.equal(w, weights[0]) for w in weights)
    histories = gather_object([history])
    found[name] = game.world, alike, histories, gather_object([torch.rand(4)])
if game.rank == 0:
    torch.save(found, sys.argv[1])
"""

ONE_BY_ONE = ("pix2pix-emoji", "pix2pix-emoji-l1", "cyclegan-emoji")
"""Every sample is judged by itself, and nothing is drawn but latents."""

TOGETHER = (
    "conditional-digits", "conditional-digits-auxiliary", "conditional-digits-batchnorm", "text-digits",
    "text-digits-augmented", "text-emoji", "dcgan-digits", "diffusion-digits", "vae-digits",
)  # fmt: skip
"""A share of the batch has other statistics, other neighbours, or shifts and times of its own."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    out = tmp_path_factory.mktemp("recipes")
    return [play(out / f"{n}.pt", n, *ONE_BY_ONE, *TOGETHER, script=RECIPES) for n in (1, 2)]


@pytest.mark.parametrize("name", ONE_BY_ONE + TOGETHER)
def test_both_processes_hold_the_same_weights_and_the_same_history_and_draw_their_own(runs: list[Any], name: str):
    world, alike, (history, other), (drawn, drawn_there) = runs[1][name]
    assert world == 2 and alike and history == other and len(history["step"]) == 2
    assert not torch.equal(drawn, drawn_there)


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_the_first_round_of_two_is_that_of_one(runs: list[Any], name: str):
    (one, *_), (two, *_) = (of[name][2] for of in runs)
    assert one.keys() == two.keys()
    for score in one:
        assert two[score][0] == pytest.approx(one[score][0], rel=1e-5), score


@pytest.mark.parametrize("name", TOGETHER)
def test_the_first_round_is_of_the_same_size_where_the_method_is_another(runs: list[Any], name: str):
    """It is another one, which no test may forget: a recipe that becomes equal belongs to the other list."""
    (one, *_), (two, *_) = (of[name][2] for of in runs)
    first = {score: (one[score][0], two[score][0]) for score in one}
    assert any(abs(a - b) > 2e-5 * abs(a) for a, b in first.values())
    assert all(math.isfinite(b) and abs(a - b) < 0.5 * abs(a) + 1 for a, b in first.values()), first


# -- to be stopped and resumed ----------------------------------------------------------------------------------------

RESUMED = """
import sys, pathlib, torch
from ganbook import recipes
from ganbook.training import fit
from ganbook.training.checkpoint import CheckpointError

torch.set_num_threads(1)
out = pathlib.Path(sys.argv[1] + ".runs")

def play(name, folder, stop=None, watch=None, resume=False, **settings):
    recipe = recipes.get(name).at("smoke")
    torch.manual_seed(0)
    game = recipe.game()
    torch.manual_seed(5 if resume else 1)

    def round(game, batch):
        if game.step == stop:
            raise KeyboardInterrupt
        return recipe.play(game, batch)

    settings = {"steps": 6, "batch_size": 16, "progress": False, "checkpoint_every": 2, "watch_every": 1} | settings
    try:
        history = fit(game, recipe.load_data(), round, out=out / name / folder, resume=resume, watch=watch, **settings)
    except KeyboardInterrupt:
        return None
    return game, history, torch.cat([p.detach().flatten() for p in game.generator.parameters()])

found = {}
for name in ("conditional-digits", "cyclegan-emoji"):
    game, history, whole = play(name, "whole")
    play(name, "cut", stop=5)
    _, again, resumed = play(name, "cut", resume=True)
    found[name] = torch.equal(whole, resumed), history == again
_, stopped, _ = play("ring", "stopped", watch=lambda game: game.rank == 1 and game.step == 3)
found["stopped"] = stopped["step"]
if game.rank == 0:
    torch.save(found, sys.argv[1])
"""

ALONE = """
import sys, pathlib, torch
from ganbook import recipes
from ganbook.training import fit
from ganbook.training.checkpoint import CheckpointError

recipe = recipes.get("ring").at("smoke")
settings = {"steps": 6, "batch_size": 16, "progress": False, "resume": True}
try:
    fit(recipe.game(), recipe.load_data(), recipe.play, out=pathlib.Path(sys.argv[2]), **settings)
except CheckpointError as error:
    torch.save(str(error), sys.argv[1])
"""


def test_two_processes_are_resumed_to_the_same_bits_by_two_and_stop_together(tmp_path: Path):
    found: Any = play(tmp_path / "two.pt", 2, script=RESUMED)
    assert found["conditional-digits"] == (True, True), "each process draws shifts of its own"
    assert found["cyclegan-emoji"] == (True, True), "each process keeps a pool of its own"
    assert found["stopped"] == [1.0, 2.0, 3.0], "one of them asked for the end"
    said: Any = play(tmp_path / "one.pt", 1, str(tmp_path / "two.pt.runs/ring/stopped"), script=ALONE)
    assert said.endswith("is of 2 processes, not 1")

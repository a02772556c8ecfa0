"""Two processes play the game that one would have played: same latents, same batches, averaged gradients."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

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


def play(out: Path, processes: int, *arguments: str) -> tuple[int, dict, dict]:
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
        command = [sys.executable, "-c", SCRIPT, str(out), *arguments]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
    for process in started:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
    return torch.load(out, weights_only=True)


@pytest.mark.parametrize("arguments", [("non_saturating", "plain"), ("relativistic", "penalised")])
def test_two_processes_equal_one(tmp_path: Path, arguments: tuple[str, str]):
    one_world, one_g, one_d = play(tmp_path / "one.pt", 1, *arguments)
    two_world, two_g, two_d = play(tmp_path / "two.pt", 2, *arguments)
    assert (one_world, two_world) == (1, 2)
    for one, two in ((one_g, two_g), (one_d, two_d)):
        for name, tensor in one.items():
            torch.testing.assert_close(two[name], tensor, atol=1e-6, rtol=1e-5)

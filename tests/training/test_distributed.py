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

ONE_BY_ONE = ("ring",)
"""Every sample is judged by itself, and nothing is drawn but latents."""

TOGETHER = (
    "cyclegan-emoji", "pix2pix-emoji",
    "conditional-digits", "conditional-digits-auxiliary", "conditional-digits-batchnorm", "text-digits",
    "text-digits-augmented", "text-emoji", "dcgan-digits", "diffusion-digits", "vae-digits",
)  # fmt: skip
"""A share of the batch has other statistics, other neighbours, or shifts and times of its own."""


def play(out: Path, processes: int, *arguments: str) -> dict[str, Any]:
    """What ``processes.py`` found in this many processes."""
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
        command = [sys.executable, str(Path(__file__).with_name("processes.py")), str(out), *arguments]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
    for process in started:
        _, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors
        assert "broadcast_buffers" not in errors
    found: dict[str, Any] = torch.load(out, weights_only=True)
    assert found["world"] == processes
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What one process found, and what two did."""
    out = tmp_path_factory.mktemp("runs")
    two, one = (play(out / f"{n}.pt", n, str(out / "two"), *ONE_BY_ONE, *TOGETHER) for n in (2, 1))
    return [one, two]


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])  # the second with a penalty
def test_two_processes_equal_one(runs: list[Any], loss: str):
    for one, two in zip(*(of[loss] for of in runs), strict=True):
        for name, tensor in one.items():
            torch.testing.assert_close(two[name], tensor, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ONE_BY_ONE + TOGETHER)
def test_both_processes_hold_the_same_weights_and_the_same_history_and_draw_their_own(runs: list[Any], name: str):
    alike, (history, other), (drawn, drawn_there) = runs[1][name]
    assert alike and history == other and len(history["step"]) == 2
    assert not torch.equal(drawn, drawn_there)


def test_a_mean_is_that_of_all_processes(runs: list[Any]):
    assert [of["means"] for of in runs] == [[0.0], [0.5, 0.5]]


@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_the_first_round_of_two_is_that_of_one(runs: list[Any], name: str):
    (one, *_), (two, *_) = (of[name][1] for of in runs)
    assert one.keys() == two.keys()
    for score in one:
        assert two[score][0] == pytest.approx(one[score][0], rel=1e-5), score


@pytest.mark.parametrize("name", TOGETHER)
def test_the_first_round_is_of_the_same_size_where_the_method_is_another(runs: list[Any], name: str):
    """It is another one, which no test may forget: a recipe that becomes equal belongs to the other list."""
    (one, *_), (two, *_) = (of[name][1] for of in runs)
    first = {score: (one[score][0], two[score][0]) for score in one}
    assert any(abs(a - b) > 2e-5 * abs(a) for a, b in first.values())
    assert all(math.isfinite(b) and abs(a - b) < 0.5 * abs(a) + 1 for a, b in first.values()), first


@pytest.mark.parametrize("name", ["conditional-digits", "cyclegan-emoji"])
def test_two_processes_are_resumed_to_the_same_bits_by_two(runs: list[Any], name: str):
    """Each draws shifts of its own, and keeps a pool of its own."""
    assert runs[1]["resumed"][name] == (True, True)


def test_processes_stop_together_where_one_asks_for_the_end(runs: list[Any]):
    assert runs[1]["stopped"] == [[], [1.0, 2.0]]


def test_one_process_does_not_resume_what_two_began(runs: list[Any]):
    assert runs[0]["said"].endswith("is of 2 processes, not 1")

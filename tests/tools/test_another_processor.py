"""Arithmetic that is off in its last bit: the same call repeats itself, another row or another size does not."""

from __future__ import annotations

import os
import subprocess
import sys

import torch
from torch import nn

from another_processor import AnotherProcessor
from repository import ROOT

TESTS = """
import torch

def test_that_asks_for_equal_rows():
    a, b = torch.nn.Linear(64, 64)(torch.ones(2, 64))
    assert torch.equal(a, b)

def test_that_asks_for_close_rows():
    a, b = torch.nn.Linear(64, 64)(torch.ones(2, 64))
    torch.testing.assert_close(a, b)
"""


def test_the_same_call_gives_the_same_bits_and_another_row_does_not():
    x = torch.randn(1, 64).expand(4, 64)
    weight = torch.randn(64, 64)
    with AnotherProcessor():
        first, again, alone = x @ weight, x @ weight, x[:1] @ weight
    assert torch.equal(first, again)
    assert not torch.equal(first[0], first[1]) and not torch.equal(first[:1], alone)
    torch.testing.assert_close(first, (x @ weight))


def test_gradients_are_off_and_close_too():
    layer, x = nn.Conv2d(2, 3, 3), torch.randn(2, 2, 8, 8)
    expected = torch.autograd.grad(layer(x).square().mean(), layer.weight)[0]
    with AnotherProcessor():
        found = torch.autograd.grad(layer(x).square().mean(), layer.weight)[0]
    assert not torch.equal(found, expected)
    torch.testing.assert_close(found, expected)


def test_what_every_processor_holds_exactly_stays():
    whole, zeros = torch.arange(12.0).reshape(3, 4), torch.zeros(5)
    with AnotherProcessor():
        assert (whole @ whole.T).tolist() == (whole.double() @ whole.T.double()).tolist()
        assert zeros.exp().tolist() == [1.0] * 5 and whole.sum(1).tolist() == [6, 22, 38]
        assert torch.tensor([float("nan"), float("inf")]).exp().isfinite().tolist() == [False, False]


def test_as_a_plugin_it_finds_what_asks_for_equal_bits(tmp_path):
    (tmp_path / "test_sample.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "another_processor", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tools")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in done.stdout and "test_that_asks_for_equal_rows" in done.stdout, done.stdout

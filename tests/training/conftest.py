"""Accelerators of a test's own: accelerate keeps one for the whole process, so each is forgotten again."""

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState

from ganbook.models import MLPDiscriminator, MLPGenerator
from ganbook.training import Game, Prior


@pytest.fixture
def forgotten():
    """Whatever accelerator a test makes, the next test starts without it."""
    AcceleratorState._reset_state(True)
    GradientState._reset_state()
    yield
    AcceleratorState._reset_state(True)
    GradientState._reset_state()


@pytest.fixture
def mixed(forgotten):
    """Mixed precision as a run on the CPU has it: each network's forward under autocast to bfloat16."""
    return Accelerator(mixed_precision="bf16", cpu=True)


@pytest.fixture
def mlp_game():
    """Makes a small game of points in the plane from a seed."""

    def make(seed=0, **options):
        torch.manual_seed(seed)
        return Game(MLPGenerator(2, 2, 8, 1), MLPDiscriminator(2, 8, 1), prior=Prior(2), **options)

    return make

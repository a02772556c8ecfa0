"""Deep generators: rows differ in what their names say, and the rate is chosen by a seed that is not shown."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from benchmarks import depth


def weighted(network):
    """Layers with weights on the longest way; 1 x 1 convolutions stand on shortcuts."""
    layers = [part for part in network.modules() if isinstance(part, nn.Linear | nn.Conv2d)]
    return sum(not isinstance(layer, nn.Conv2d) or layer.kernel_size != (1, 1) for layer in layers)


@pytest.mark.parametrize("form", depth.FORMS)
@pytest.mark.parametrize("layers", depth.LAYERS)
def test_a_network_is_as_deep_as_its_row_says(form, layers):
    generator = depth.recipe_of(form, layers).game().generator
    assert generator(torch.randn(2, generator.latent_dim)).shape == (2, 1, 28, 28)
    assert weighted(generator) == layers
    forms = {(block.residual, block.pre_activation) for block in generator.blocks}
    assert forms == {{"plain": (False, True), "original": (True, False), "pre-activated": (True, True)}[form]}


def run(rate, floors, seed=0):
    return {"form": "plain", "layers": 6, "rate": rate, "seed": seed, "floors": floors}


def test_the_best_rate_is_that_of_seed_0_and_never_one_that_failed():
    runs = [run(1e-3, 9.0), run(3e-3, None), run(3e-4, 12.0), run(3e-4, 1.0, seed=1)]
    assert depth.best_rate(runs, "plain", 6) == 1e-3
    assert depth.best_rate(runs, "plain", 18) is None


def test_rows_that_were_not_played_have_no_figure():
    assert [figure.values for figure in depth.figures({"runs": [run(1e-3, 9.0), run(1e-3, 8.0, 1)]})] == [[8.0]]


def test_the_seed_that_chose_the_rate_is_not_shown(monkeypatch):
    monkeypatch.setattr(depth, "ROWS", (("plain", 6),))
    runs = [run(1e-3, 9.0), run(3e-3, 20.0), run(1e-3, 10.0, 1), run(1e-3, None, 2), run(3e-3, 2.0, 1)]
    (figure,) = depth.figures({"runs": runs})
    assert figure.values == [10.0, math.inf]
    assert "0.001" in figure.what


def test_rates_are_tried_until_the_best_lies_between_two_worse_ones():
    def following(*ends):
        return depth.next_rate([run(rate, floors) for rate, floors in ends], "plain", 6)

    assert following() == 3e-3
    assert following((3e-3, 9.0)) == 1e-2
    assert following((3e-3, 9.0), (1e-2, 8.0)) == 3e-2
    assert following((3e-3, 9.0), (1e-2, 8.0), (3e-2, None)) is None
    assert following((3e-3, 9.0), (1e-2, 10.0)) == 1e-3
    assert following((3e-3, 9.0), (1e-2, 10.0), (1e-3, 8.0)) == 3e-4
    assert following((3e-3, 9.0), (1e-2, 10.0), (1e-3, 8.0), (3e-4, 7.0)) is None, "no smaller one is listed"

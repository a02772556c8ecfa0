"""Each way of breaking training is felt by a game, and a page's run says what caught it."""

from __future__ import annotations

import nbformat
import pytest
import torch

import sabotage
from ganbook import claims, training
from ganbook.data.batch import Batch
from ganbook.training import Game, Prior
from ganbook.training.rounds.gan import gan_round


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """Plays one round that is broken in a way; what the round saw, and who moved."""
    monkeypatch.setenv(sabotage.TOUCHED, str(tmp_path / "touched"))
    rounds = [(training, name) for name in training.__all__ if name.endswith("_round")]
    for holder, name in (*rounds, (Game, "play"), (Game, "_descend"), (claims, "_keep")):
        monkeypatch.setattr(holder, name, getattr(holder, name))  # put back afterwards

    def play(way: str, given: str = "labels", called: str = "watched"):
        sabotage.spoil(way)
        game = Game(torch.nn.Linear(2, 1), torch.nn.Linear(1, 1), prior=Prior(2), given=given)
        players = [next(player.parameters()) for player in (game.generator, game.discriminator)]
        before, seen = [p.detach().clone() for p in players], []

        def watched(game: Game, batch: Batch):
            seen.append(batch)
            return gan_round(game, batch)

        watched.__name__ = called

        game.play(watched, Batch(torch.full((4, 1), 5.0), labels=torch.arange(4), captions=tuple("abcd")))
        moved = [not torch.equal(p, b) for p, b in zip(players, before, strict=True)]
        return seen[0], moved, (tmp_path / "touched").exists()

    return play


@pytest.mark.parametrize(
    ("way", "movers"),
    [(sabotage.IDLE_D, [True, False]), (sabotage.IDLE_G, [False, True]), (sabotage.IDLE, [False] * 2)],
)
def test_a_player_that_gets_no_gradient_stays_where_it_is(broken, way, movers):
    batch, moved, touched = broken(way)
    assert moved == movers and touched and batch.real.unique().tolist() == [5.0]
    assert batch.labels.tolist() == [0, 1, 2, 3]


def test_noise_takes_the_place_of_the_samples_and_of_nothing_else(broken):
    batch, moved, touched = broken(sabotage.NOISE)
    assert batch.real.shape == (4, 1) and batch.real.abs().max() <= 1 and moved == [True, True] and touched
    assert batch.labels.tolist() == [0, 1, 2, 3]


def test_every_condition_is_that_of_another_sample(broken):
    batch, moved, touched = broken(sabotage.SHUFFLED)
    assert batch.labels.tolist() == [1, 2, 3, 0] and batch.captions == tuple("bcda")
    assert moved == [True, True] and touched and batch.real.unique().tolist() == [5.0]


def test_a_game_without_conditions_is_spared_their_shuffling(broken):
    assert not broken(sabotage.SHUFFLED, "nothing")[2]
    assert not broken(sabotage.SHUFFLED, "sources", "cyclegan_round")[2]


def test_a_round_that_is_called_without_the_game_is_broken_too(broken, tmp_path):
    broken(sabotage.NOISE)
    (tmp_path / "touched").unlink()
    D = torch.nn.Linear(1, 1)
    largest = []
    D.register_forward_hook(lambda _, given, __: largest.append(given[0].abs().max().item()))
    training.gan_round(Game(torch.nn.Linear(2, 1), D, prior=Prior(2)), Batch(torch.full((4, 1), 500.0)))
    assert max(largest) < 500 and (tmp_path / "touched").exists()


PAGE = """
import torch
import ganbook
from ganbook.data.batch import Batch
from ganbook.training import Game, Prior
from ganbook.training.rounds.gan import gan_round

game = Game(torch.nn.Linear(2, 1), torch.nn.Linear(1, 1), prior=Prior(2))
before = next(game.generator.parameters()).detach().clone()
"""
PLAY = "game.play(gan_round, Batch(torch.rand(4, 1)))\n"
CLAIM = """
moved = (next(game.generator.parameters()) - before).abs().max()
ganbook.claim('G moves', moved, low=1e-9, null=0)
"""
IDENTITY = "ganbook.claim('seven', 8, low=7, high=7, exact=True)\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (PAGE + PLAY + CLAIM, "ClaimError: G moves: 0  (band: at least 1e-09, null: 0)"),
        (PAGE + PLAY + IDENTITY + CLAIM, "ClaimError: G moves: 0  (band: at least 1e-09, null: 0)"),
        (PAGE + PLAY + IDENTITY, "ClaimError: seven: 8  (band: 7, an identity)"),
        (PAGE + PLAY, sabotage.MISSED),
        (PAGE, sabotage.SPARED),
    ],
)
def test_a_page_says_what_caught_it(tmp_path, code, said):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)], metadata={"kernelspec": kernel})
    nbformat.write(notebook, tmp_path / "page.ipynb")
    assert sabotage.attempt(tmp_path / "page.ipynb", sabotage.IDLE_G, "smoke") == said

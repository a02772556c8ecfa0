"""What a round costs: every recipe for own pictures is timed, by the clock of this process, without its first round."""

from __future__ import annotations

import pytest

from benchmarks import own_steps
from ganbook import recipes
from ganbook.cli.chapters import OWN, heading_of
from ganbook.training import fit


def test_every_recipe_for_own_pictures_is_timed():
    own = {name for name in recipes.names() if heading_of(name) == OWN}
    assert set(own_steps.RECIPES) == {name for name in own if not name.endswith("-reversed")}


def looked_at(_game, batch):
    """A round in which nobody moves."""
    return {"light": batch.real.mean()}


@pytest.mark.parametrize("name", own_steps.RECIPES)
def test_the_first_round_is_played_and_not_counted(name: str, monkeypatch: pytest.MonkeyPatch):
    clock, played = [0.0], []

    def timed(game, samples, round, *, steps: int, batch_size: int, **options):
        played.append((steps - game.step, batch_size, len(samples)))
        clock[0] += 100.0 if game.step == 0 else 3.0 * (steps - game.step)
        return fit(game, samples, looked_at, steps=steps, batch_size=batch_size, **options)

    monkeypatch.setattr(own_steps, "fit", timed)
    monkeypatch.setattr(own_steps.time, "process_time", lambda: clock[0])
    monkeypatch.setattr(own_steps, "BUDGETS", {"smoke": 4})
    cell = {"recipe": name, "budget": "smoke"}
    found = own_steps.play(cell)
    recipe = recipes.get(name).at("smoke")
    assert [rounds for rounds, *_ in played] == [1, 4] and found["seconds"] == pytest.approx(3.0)
    assert {batch for _, batch, _ in played} == {found["batch_size"]} == {recipe.batch_size}
    assert 0 < played[0][2] <= 150 and (found["size"], found["rounds"]) == (recipe.size, recipe.steps)


def test_its_figures_are_those_of_each_budget():
    rows = [{"recipe": "text-folder", "budget": budget, "seconds": n} for n, budget in enumerate(own_steps.BUDGETS, 1)]
    filled = {figure.what: figure.values for figure in own_steps.figures(rows) if figure.values}
    assert list(filled.values()) == [[1], [2]] and all(what.startswith("text-folder, ") for what in filled)

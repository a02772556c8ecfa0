"""What scatter scores is what the areas say, and the table holds it against what was trained."""

import math
import sys

import pytest
import torch

from benchmarks import modes
from ganbook import data, recipes, results
from ganbook.data import toy
from ganbook.data.images import to_float
from ganbook.metrics.stacked import report_stacked


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "path", lambda name: tmp_path / f"{name}.json")
    return tmp_path


MIXTURES = {"ring": toy.ring(), "grid": toy.grid(), "museum": toy.ring(std=0.1)}


@pytest.mark.parametrize("where", MIXTURES)
def test_scatter_scores_what_the_areas_say(where):
    """A share of area is a share of samples; a mode is missed by all of them with probability (1 - share)^n."""
    mixture, reports = MIXTURES[where], modes.chance(where)
    side = mixture.centres.amax(0) - mixture.centres.amin(0) + 6 * mixture.std
    share = math.pi * (3 * mixture.std) ** 2 / side.prod().item()
    n, k = 2500, len(mixture.centres)
    assert len(reports) == 10 and {report["n"] for report in reports} == {n}
    quality = sum(report["high_quality"] for report in reports) / 10
    assert quality == pytest.approx(k * share, abs=4 * math.sqrt(k * share / (10 * n)))
    modes_met = sum(report["modes"] for report in reports) / 10
    missed = (1 - share) ** n
    assert modes_met == pytest.approx(k * (1 - missed), abs=0.05 + 4 * math.sqrt(k * missed * (1 - missed) / 10))


def test_scatter_fills_the_box_of_all_modes_and_nothing_else():
    mixture = toy.Mixture(torch.tensor([[0.0, 5.0], [2.0, 5.0]]), torch.tensor([0.1, 0.1]), torch.tensor([0.5, 0.5]))
    points = modes.scattered(mixture, 4000, torch.Generator().manual_seed(0))
    low, high = points.amin(0), points.amax(0)
    edges = torch.tensor([[-0.3, 4.7], [2.3, 5.3]])
    assert (low >= edges[0]).all() and (high <= edges[1]).all()
    torch.testing.assert_close(torch.stack((low, high)), edges, atol=0.01, rtol=0)


def test_noise_reaches_few_of_the_stacked_modes(monkeypatch):
    """As many images as the recipes are scored by, over the whole range of a pixel."""
    asked = []
    monkeypatch.setattr(modes, "report_stacked", lambda images: asked.append(images) or report_stacked(images[:60]))
    monkeypatch.setattr(
        recipes.Recipe, "at", lambda recipe, budget: recipe.__class__(**{**vars(recipe), "scored": 200})
    )
    (report,) = modes.chance("stacked")
    (images,) = asked
    assert images.shape == (200, 3, 28, 28) and images.min() < -0.999 and images.max() > 0.999
    assert abs(images.mean()) < 0.01 and report["modes"] < 30 < report_stacked(_digits(60))["modes"]


def _digits(n):
    return modes.recipes.get("stacked-dcgan").load_data().batch(torch.arange(n)).real


def run(**scores):
    return {"seconds": 1, "reports": [scores]}


KEPT = {
    "best/grid/0": run(modes=25, high_quality=0.94, n=2500),
    "best/grid/1": run(modes=25, high_quality=0.98, n=2500),
    "chance/grid": {
        "seconds": 0,
        "reports": [{"modes": modes, "high_quality": share, "n": 2500} for modes, share in ((22, 0.03), (24, 0.02))],
    },
    "stacked/stacked-modern/0": run(modes=900, reverse_kl=None, n=10_000),
    "chance/stacked": run(modes=3, n=10_000),
}


def test_what_was_trained_stands_beside_chance():
    assert [figure.row() for figure in modes.figures(KEPT)] == [
        ("grid: modes", "25", "asked ≥ 25; chance 23"),
        ("grid: high quality", "0.960 (0.940 to 0.980)", "asked ≥ 0.950; chance 0.025"),
        ("stacked-modern: modes", "900", "chance 3"),
    ]
    table = modes.report(KEPT).splitlines()
    labels = [line.split("  ")[0] for line in table[1:]]
    assert labels == ["best/grid", "chance/grid", "stacked/stacked-modern", "chance/stacked"]
    assert "0.025 (0.020 to 0.030)" in table[2] and table[3].endswith("10000")
    assert table[3].split() == ["stacked/stacked-modern", "900", "–", "–", "10000"]


def test_chance_is_kept_and_not_computed_twice(shelf, monkeypatch, capsys):
    def go():
        monkeypatch.setattr(sys, "argv", ["modes", "chance", "--only", "ring"])
        threads = torch.get_num_threads()
        modes.main()
        torch.set_num_threads(threads)
        return capsys.readouterr().out

    assert "chance/ring 0 s" in go()
    (label,) = kept = results.load("modes")
    assert label == "chance/ring" and len(kept[label]["reports"]) == 10 and kept[label]["date"]
    assert "chance/ring 0 s" not in go()
    monkeypatch.setattr(sys, "argv", ["modes", "luck"])
    with pytest.raises(SystemExit):
        modes.main()


def test_a_game_of_chosen_codes_leaves_the_decoder_alone():
    generator = modes.ChosenCodes(8).train()
    before = [p.clone() for p in generator.decoder.state_dict().values()]
    images = generator(torch.randn(64, 8))
    images.sum().backward()
    assert images.shape == (64, 1, 28, 28)
    assert all(p.grad is None for p in generator.decoder.parameters())
    assert all(p.grad is not None for p in generator.chosen.parameters())
    assert all(torch.equal(*pair) for pair in zip(before, generator.decoder.state_dict().values(), strict=True))
    codes = generator.codes(torch.randn(5, 8))
    torch.testing.assert_close(codes.norm(dim=1), torch.full((5,), codes.shape[1] ** 0.5))


def test_good_digits_and_their_variety():
    test = to_float(data.load("digits", "test").images)
    real = modes.judge()(test)
    assert real["classes"] == 10 and 0.89 < real["good"] <= 0.95 and real["variety"] == pytest.approx(1)
    alike = modes.judge()(test[:1].expand(300, -1, -1, -1))
    assert alike["classes"] == 1 == alike["largest"] and alike["variety"] < 1e-3
    assert modes.judge()(torch.rand(300, 1, 28, 28) * 2 - 1)["good"] == 0


def test_a_collapse_is_looked_at_while_it_happens(monkeypatch):
    monkeypatch.setattr(modes, "CHOOSING", 4)
    monkeypatch.setattr(modes, "LOOKS", 2)
    monkeypatch.setattr(modes, "CHOICES", 20)
    first, last = modes.collapse("failure", 0)
    assert (first["round"], last["round"]) == (2, 4) and "codes" not in first
    assert len(last["codes"]) == 16 and {len(code) for code in last["codes"]} == {16}


def test_a_blurred_d_cannot_see_a_checkerboard():
    seen = []
    critic = modes.Blurred(lambda: lambda images: seen.append(images) or images.sum((1, 2, 3)))
    digit = to_float(data.load("digits", "test").images[:1])
    board = 0.3 * (-1.0) ** (torch.arange(28)[:, None] + torch.arange(28))
    critic(digit), critic(digit + board)
    assert seen[0].shape == digit.shape
    torch.testing.assert_close(*seen)


def test_how_much_of_the_detail_is_a_checkerboard():
    torch.manual_seed(0)
    noise = torch.randn(1, 1, 28, 28)
    board = (-1.0) ** (torch.arange(28)[:, None] + torch.arange(28))
    assert modes.checkerboard(board[None, None]) == pytest.approx(1, abs=0.01)
    assert modes.checkerboard(noise) < 0.1 < 0.3 < modes.checkerboard(noise + board) < 0.9

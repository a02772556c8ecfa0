"""The recorder against hand-made players, and that a look changes nothing; the explorer that it feeds."""

import math
import re

import pytest
import torch
from torch import nn

from ganbook import data, recipes, training
from ganbook.data.batch import Batch
from ganbook.widgets import training_scrubber
from ganbook.widgets.training_scrubber import VIEWS, Recorder, arrows

RING = data.toy.ring()


class Slope(nn.Module):
    """D whose logit rises by 2 with x_1: its gradient is known."""

    def forward(self, x):
        return 2 * x[:, 0]


class Still(nn.Module):
    """G that puts everything at one point."""

    def __init__(self, point):
        super().__init__()
        self.point = nn.Parameter(torch.tensor(point))

    def forward(self, z):
        return self.point.expand(len(z), 2)


def recorded(point=(2.0, 0.0), discriminator=None, **kwargs):
    recorder = Recorder(RING, **{"resolution": 7, "samples": 20} | kwargs)
    recorder.look(5, Still(point), discriminator or Slope())
    return recorder


@pytest.fixture
def watched():
    recorder = Recorder(RING, resolution=7, samples=20)
    torch.manual_seed(0)
    game = recipes.get("ring").game()
    training.fit(game, RING, training.gan_round, steps=4, batch_size=32, watch=recorder, watch_every=2, progress=False)
    return recorder


def test_moment_of_known_players():
    (moment,) = recorded().moments
    assert moment.round == 5
    assert moment.modes == 1 and moment.high_quality == 1
    # of the ring's 8 modes 3 have x_1 > 0 and 2 have x_1 = 0, half of whose samples are right of it; every fake is too
    assert moment.accuracy == pytest.approx((4 / 8) / 2, abs=0.02)
    push = 2 * (1 - 1 / (1 + math.exp(-4)))  # gradient of log sigmoid(2 x_1) at x_1 = 2
    assert moment.push.tolist() == [pytest.approx([push, 0], rel=1e-4)] * 20


def test_surface_is_probability_with_height_first():
    surface = recorded(limit=3.0).moments[0].surface
    torch.testing.assert_close(surface[0], surface[-1])  # D does not depend on x_2
    assert torch.allclose(surface[3], torch.sigmoid(2 * torch.linspace(-3, 3, 7)))


@pytest.mark.parametrize(("sign", "accuracy"), [(1, 1.0), (-1, 0.0)])
def test_accuracy_of_the_best_and_of_the_worst_discriminator(sign, accuracy):
    class Inside(nn.Module):
        def forward(self, x):
            return sign * (x.norm(dim=1, keepdim=True) - 1)  # (N, 1), as a plain network gives

    assert recorded((0.0, 0.0), Inside()).moments[0].accuracy == accuracy


def test_a_look_changes_neither_players_nor_random_numbers():
    def weights(look):
        torch.manual_seed(3)
        game, recorder = recipes.get("ring").game(), Recorder(RING, resolution=5)
        for _ in range(3):
            if look:
                recorder(game)
            training.gan_round(game, Batch(RING.sample(16)))
        players = (*game.generator.parameters(), *game.discriminator.parameters())
        return torch.cat([p.detach().flatten() for p in players])

    assert torch.equal(weights(True), weights(False))


def test_fakes_come_from_the_same_latents():
    recorder = Recorder(RING, resolution=5)
    game = recipes.get("ring").game()
    recorder(game)
    recorder(game)
    assert torch.equal(recorder.moments[0].fake, recorder.moments[1].fake)


def test_fit_calls_the_recorder(watched):
    assert [m.round for m in watched.moments] == [0, 2, 4]


def test_scrubber_starts_at_the_end_and_shows_the_moment_asked_for(watched, drawn):
    explorer = training_scrubber(watched)
    assert explorer.values == {"number": 2, "view": VIEWS[0]}
    for number, found in enumerate(drawn(explorer, *({"number": number} for number in range(3)))):
        moment = watched.moments[number]
        assert f"After {moment.round} rounds the fakes reach {moment.modes} modes" in found["alt"]
        assert f"round {moment.round}: {moment.modes} of 8 modes" in found["svg"]
        assert found["figures"] == {
            key: pytest.approx(getattr(moment, key)) for key in ("round", "accuracy", "high_quality", "modes")
        }


def test_scrubber_of_a_single_moment(drawn):
    assert "After 5 rounds" in drawn(training_scrubber(recorded()))["alt"]


def test_views_show_what_they_say(drawn):
    """D's surface are filled shapes, arrows are strokes: both in the plane, which is drawn first."""
    explorer = training_scrubber(recorded())
    shapes, strokes = {}, {}
    for view, found in zip(VIEWS, drawn(explorer, *({"view": view} for view in VIEWS)), strict=True):
        shapes[view], strokes[view] = found["svg"].count("evenodd"), found["svg"].count('stroke-width="1.2"')
        assert found["svg"].count("<circle") == 20 + 20 + 2 + 2, "real, fake, the legend's and the curves' dots"
    assert [count > 5 for count in shapes.values()] == [True, True, False, False]
    assert list(strokes.values()) == [5, 0, 5, 0], "an arrow for every fourth fake"


def test_what_is_drawn_is_what_was_recorded(drawn):
    recorder = recorded(point=(1.5, -3.0), limit=3.0)
    found = drawn(training_scrubber(recorder), view="samples")["svg"]
    fakes = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="2.5" fill="var\(--gan-fake, #D55E00\)"/>', found)
    left, bottom = re.search(r'<path d="M([\d.]+),[\d.]+V([\d.]+)H', found).groups()
    right = re.search(r'<path d="M[\d.]+,[\d.]+V[\d.]+H([\d.]+)"', found)[1]
    across = float(left) + 0.75 * (float(right) - float(left))
    ((x, y),) = set(fakes)
    assert len(fakes) == 20 and float(y) == float(bottom) and float(x) == pytest.approx(across, abs=0.05)


def test_arrows_are_never_longer_than_half_a_unit_or_so():
    class Cliff(nn.Module):
        def forward(self, x):
            return 1000 * (x[:, 0] - 5)

    (moment,) = recorded((0.0, 0.0), Cliff()).moments
    assert moment.push[0, 0] == pytest.approx(1000)
    assert arrows(moment).max() == pytest.approx(0.6, rel=0.01)


def test_nothing_seen_is_one_clear_sentence():
    with pytest.raises(ValueError, match="has seen nothing"):
        training_scrubber(Recorder(RING))


def test_data_on_a_line_are_refused():
    with pytest.raises(ValueError, match="dimension 1: allowed is 2"):
        Recorder(data.toy.mixture_1d())

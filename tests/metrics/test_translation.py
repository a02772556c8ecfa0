"""Colouring lines: errors where there is something to fill, specks where there should be none, and colours."""

from __future__ import annotations

import math

import pytest
import torch

from ganbook import data, metrics
from ganbook.data.images import to_float

WHITE, RED = (1.0, 1.0, 1.0), (1.0, -1.0, -1.0)


def picture(*rows: tuple[tuple[float, ...], ...]) -> torch.Tensor:
    """(1, 3, H, W) of rows of colours."""
    return torch.tensor(rows).permute(2, 0, 1)[None]


TRUTH = picture((WHITE, RED, RED, WHITE), (WHITE, RED, RED, WHITE))
LINES = torch.ones(1, 1, 2, 4)


def test_the_area_is_where_truth_and_lines_differ():
    area = metrics.fillable(TRUTH, LINES)
    assert area.shape == (1, 2, 4) and area.tolist() == [[[False, True, True, False]] * 2]
    barely, more = (LINES.expand(-1, 3, -1, -1) - gap for gap in (0.099, 0.101))
    assert not metrics.fillable(barely, LINES).any() and metrics.fillable(more, LINES).all()
    one_channel = LINES.repeat(1, 3, 1, 1)
    one_channel[:, 0] -= 0.2  # a mean difference of .067
    assert not metrics.fillable(one_channel, LINES).any()


def test_a_mean_inside_counts_pixels_not_pictures():
    values, area = torch.arange(6.0).view(2, 1, 3), torch.tensor([[[True, True, True]], [[True, False, False]]])
    assert metrics.mean_inside(values, area) == 1.5
    with pytest.raises(ValueError, match=r"^area holds no pixel"):
        metrics.mean_inside(values, torch.zeros(2, 1, 3).bool())


def test_speckle_is_what_neighbours_differ_by_where_the_truth_is_flat():
    flat = torch.zeros(1, 3, 2, 3)
    board = 0.3 * torch.tensor([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]]).expand(1, 3, 2, 3)
    assert metrics.speckle(board, flat) == pytest.approx(0.6)
    assert metrics.speckle(flat, flat) == 0
    columns = torch.tensor([0.0, 1.0, 1.0]).expand(1, 3, 2, 3)  # 1 of 2 steps in each row, 0 of 3 in the columns
    assert metrics.speckle(columns, flat) == pytest.approx(2 / 7)
    assert metrics.speckle(columns, columns) == 0, "where the truth has an edge nothing is counted"
    assert metrics.speckle(columns, flat, torch.tensor([[[True, True, False]] * 2])) == pytest.approx(2 / 4)
    with pytest.raises(ValueError, match=r"^truth is flat nowhere in area"):
        metrics.speckle(flat, flat, torch.zeros(1, 2, 3).bool())
    one_level = to_float(torch.tensor([100, 101, 103], dtype=torch.uint8)).expand(1, 3, 1, 3)
    step = torch.tensor([0.0, 1.0, 3.0]).expand(1, 3, 1, 3)
    assert metrics.speckle(step, one_level) == pytest.approx(1), "one level is flat, two are not"


def test_colourfulness_is_0_for_grey_and_2_for_a_pure_colour():
    found = metrics.colourfulness(picture((WHITE, RED, (0.5, 0.0, 0.1))))
    assert found.shape == (1, 1, 3) and found.flatten().tolist() == pytest.approx([0, 2, 0.5])


def test_a_report_in_closed_form():
    half = TRUTH.clone()
    half[..., 1] = torch.tensor(WHITE)[None, :, None]  # one of the two columns is left white
    found = metrics.report_translations(half, TRUTH, LINES)
    copied = 4 / 3  # mean of |1 - 1|, |1 + 1|, |1 + 1|
    assert found == {
        "l1": pytest.approx(copied / 4),
        "fillable_area": 0.5,
        "fillable": pytest.approx(copied / 2),
        "fillable_copy": pytest.approx(copied),
        "better_than_copying": 1,
        "speckle": pytest.approx(2 * copied / 4),  # two of four flat steps are no longer so
        "speckle_real": 0,
        "colourfulness": pytest.approx(1),
        "colourfulness_real": 2,
    }


def test_better_than_copying_is_a_share_of_the_drawings_that_have_something_to_fill():
    white = torch.ones(1, 3, 2, 4)
    wrong = -TRUTH  # cyan on black: as wrong as can be
    images, truth = torch.cat([TRUTH, wrong, white, white]), torch.cat([TRUTH, TRUTH, TRUTH, white])
    found = metrics.report_translations(images, truth, LINES.expand(4, 1, -1, -1))
    assert found["better_than_copying"] == pytest.approx(1 / 3), "a bare copy is no better than itself"
    nothing = metrics.report_translations(white, white, LINES)
    assert nothing == {"l1": 0, "fillable_area": 0}


def test_held_out_emoji_their_lines_and_noise():
    test = data.load("emoji-lines", "test", 32)
    truth, lines = to_float(test.images), to_float(test.sources)
    copy = metrics.report_translations(lines.expand_as(truth), truth, lines)
    assert copy["fillable"] == copy["fillable_copy"] == pytest.approx(0.578, abs=0.002)
    assert copy["better_than_copying"] == copy["colourfulness"] == 0 and 0.1 < copy["fillable_area"] < 0.4
    perfect = metrics.report_translations(truth, truth, lines)
    assert perfect["l1"] == perfect["fillable"] == 0 and perfect["better_than_copying"] == 1
    assert perfect["speckle"] == perfect["speckle_real"] < 1e-3
    assert perfect["colourfulness"] == perfect["colourfulness_real"] > 0.4
    noise = 0.1 * torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))
    noisy = metrics.report_translations(truth + noise, truth, lines)
    # The difference of two neighbours is N(0, 2 s^2), whose mean size is 2 s / sqrt(pi).
    assert noisy["speckle"] == pytest.approx(0.2 / math.sqrt(math.pi), rel=0.02)
    assert noisy["fillable"] == pytest.approx(0.1 * math.sqrt(2 / math.pi), rel=0.02)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: metrics.fillable(TRUTH, torch.ones(1, 2, 2, 4)), r"^sources has shape \(1, 2, 2, 4\): allowed is"),
        (lambda: metrics.fillable(TRUTH / 0, LINES), "^truth holds NaN or infinity"),
        (lambda: metrics.speckle(TRUTH, TRUTH[..., :2]), r"^truth has shape \(1, 3, 2, 2\): allowed is \(1, 3, 2, 4\)"),
        (lambda: metrics.speckle(TRUTH, TRUTH, torch.ones(1, 3, 4).bool()), r"^area has shape \(1, 3, 4\)"),
        (lambda: metrics.mean_inside(torch.ones(1, 2, 4), torch.ones(1, 2, 3).bool()), r"^area has shape \(1, 2, 3\)"),
        (lambda: metrics.report_translations(TRUTH, TRUTH[:, :1], LINES), r"^truth has shape \(1, 1, 2, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(call, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        call()


def flat(*greys: float) -> torch.Tensor:
    """(len, 3, 1, 2): pictures of a white pixel and one of this grey."""
    return torch.tensor([[1.0, grey] for grey in greys])[:, None, None].expand(-1, 3, 1, 2)


def test_modes_reached_counts_the_truths_that_some_draw_is_nearest_to():
    truths = torch.stack([flat(-1.0, 0.0, 0.5), flat(-1.0, 0.0, 0.5)])
    draws = torch.stack([flat(-0.9, -0.8, 0.1, -1.0), flat(0.6, 0.1, -0.6, 0.5)])
    found = metrics.modes_reached(draws, truths)
    assert found.modes == 2.5
    assert found.distance == pytest.approx((0.1 + 0.2 + 0.1 + 0.0 + 0.1 + 0.1 + 0.4 + 0.0) / 8), "white does not count"
    assert found.truths == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_modes_of_one_answer_and_of_the_truths_themselves():
    truths = torch.rand(2, 4, 3, 5, 5) * 2 - 1
    assert metrics.modes_reached(truths, truths)[:2] == (4, 0)
    assert metrics.modes_reached(truths[:, :1].expand(-1, 8, -1, -1, -1), truths)[:2] == (1, 0)


def test_sources_whose_truths_are_equal_do_not_count():
    truths = torch.stack([flat(0.3, 0.3), flat(-1.0, 1.0)])
    draws = torch.stack([flat(0.9, -0.9), flat(0.9, 0.8)])
    assert metrics.modes_reached(draws, truths) == pytest.approx((1, 0.15, 2))
    with pytest.raises(ValueError, match=r"^truths are equal for every source"):
        metrics.modes_reached(draws[:1], truths[:1])
    with pytest.raises(ValueError, match=r"^truths has 1 for each source: allowed is 2 or more"):
        metrics.modes_reached(draws, truths[:, :1])


def test_images_are_told_apart_by_what_their_mean_has_not():
    truths = torch.rand(5, 4, 3, 6, 6) * 2 - 1
    assert metrics.told_apart(truths, truths) == 1
    common = torch.rand(5, 1, 3, 6, 6)
    assert metrics.told_apart(0.05 * truths + common, truths) == 1, "a faint trace on a common ground"
    assert metrics.told_apart(truths.roll(1, dims=1), truths) == 0
    equal = common.expand_as(truths)
    assert metrics.told_apart(equal, truths) == 1 / 4
    assert metrics.told_apart(equal + 1e-7 * truths, truths) == 1 / 4, "rounding is no trace"
    with pytest.raises(ValueError, match=r"^truths has 1 for each source"):
        metrics.told_apart(truths[:, :1], truths[:, :1])

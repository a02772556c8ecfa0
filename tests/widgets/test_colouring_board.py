"""Strokes against their geometry, and the board's buttons."""

import io

import matplotlib.pyplot as plt
import pytest
import torch
from PIL import Image

from ganbook import models, training, widgets
from ganbook.widgets.colouring_board import Stroke, draw_coloured, painted

WHITE = torch.ones(1, 16, 16)


@pytest.fixture
def sampler():
    torch.manual_seed(0)
    return training.Sampler(models.UNet(4, size=16, width=4, depth=2), training.Prior(4), {}, "sources")


def test_a_pen_draws_along_its_way_and_nowhere_else():
    drawn = painted(WHITE, Stroke("pen", 4, 8, 12, 8, 2))
    assert (drawn[0, 7:9, 4:12] == -1).all()  # two pixels thick around y = 8
    assert (drawn[0, :6] == 1).all() and (drawn[0, 10:] == 1).all() and (drawn[0, :, 14:] == 1).all()
    assert WHITE.min() == 1  # the sheet itself is untouched


def test_a_stroke_without_length_is_a_dot():
    drawn = painted(WHITE, Stroke("pen", 8, 8, 8, 8, 3))
    torch.testing.assert_close(drawn, drawn.mT)
    assert drawn[0, 7:9, 7:9].max() == -1
    assert (drawn[0, :5] == 1).all()


def test_an_eraser_takes_a_stroke_away():
    drawn = painted(WHITE, Stroke("pen", 2, 8, 14, 8, 2))
    torch.testing.assert_close(painted(drawn, Stroke("eraser", 0, 8, 16, 8, 8)), WHITE)


def test_the_picture_states_what_it_shows(sampler):
    fig, alt = draw_coloured(sampler, WHITE, "a sheet", strokes=2)
    plt.close(fig)
    assert alt.startswith("Left the lines of a sheet with 2 strokes added, right their colouring:")


def board(sampler):
    box = widgets.colouring_board(sampler, {"a cross": painted(WHITE, Stroke("pen", 2, 2, 14, 14, 2))})
    controls, buttons, shown, note = box.children
    return {c.description: c for c in controls.children}, buttons.children, shown, note


def test_strokes_are_kept_and_dropped(sampler):
    controls, (keep, clear, _), shown, _ = board(sampler)
    before = shown.value
    controls["tool"].value = "pen"
    assert shown.value != before and "with 1 strokes" not in shown.value  # shown, not kept
    keep.click()
    assert controls["tool"].value == "look" and "1 strokes added" in shown.value
    keep.click()  # nothing to keep
    assert "1 strokes added" in shown.value
    clear.click()
    assert shown.value == before


def png(image):
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


@pytest.mark.parametrize("form", ["ipywidgets 7", "ipywidgets 8"])
def test_a_picture_of_ones_own(sampler, form):
    controls, (_, _, upload), shown, _ = board(sampler)
    content = png(Image.new("L", (40, 20), 0))
    files = {"x.png": {"content": content}} if form == "ipywidgets 7" else ({"content": memoryview(content)},)
    upload.notify_change({"name": "value", "old": None, "new": files, "owner": upload, "type": "change"})
    assert controls["drawing"].value == "your picture" and "lines of your picture" in shown.value


def test_a_file_that_is_no_picture_is_named_kindly(sampler):
    controls, (_, _, upload), _, note = board(sampler)
    files = ({"content": memoryview(b"hello")},)
    upload.notify_change({"name": "value", "old": None, "new": files, "owner": upload, "type": "change"})
    assert "cannot be read as a picture" in note.value and controls["drawing"].value == "a cross"


def test_a_board_needs_a_drawing(sampler):
    with pytest.raises(ValueError, match="drawings is empty"):
        widgets.colouring_board(sampler, {})

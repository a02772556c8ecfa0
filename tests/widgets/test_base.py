"""Explorers redraw when, and only when, a control changes, and carry their alternative text."""

import re

import ipywidgets
import matplotlib.pyplot as plt
import pytest

from ganbook import plots
from ganbook.widgets import _base


def draw(calls):
    def picture(size, colour="blue"):
        calls.append((size, colour))
        fig, axes = plots.figure(width=1, height=1)
        axes.plot([0, size])
        return fig, f"a <line> of {size}, {colour}"

    return picture


@pytest.fixture
def made():
    calls = []
    controls = {"size": _base.slider("size", 2, 0, 9, 1), "colour": _base.choice("colour", ["blue", "red"], "blue")}
    return _base.explorer(draw(calls), controls, note="a note"), controls, calls


def test_first_picture_has_its_alternative_text_escaped(made):
    box, _, calls = made
    assert calls == [(2, "blue")]
    assert 'alt="a &lt;line&gt; of 2, blue"' in box.children[1].value
    assert re.search(r'src="data:image/png;base64,\w{50}', box.children[1].value)
    assert box.children[2].value == "a note"


def test_picture_follows_every_control(made):
    box, controls, calls = made
    before = box.children[1].value
    controls["size"].value = 5
    controls["colour"].value = "red"
    assert calls == [(2, "blue"), (5, "blue"), (5, "red")]
    assert box.children[1].value != before and "of 5, red" in box.children[1].value
    controls["size"].value = 5
    assert len(calls) == 3, "an unchanged value draws nothing"


def test_figures_are_closed(made):
    before = plt.get_fignums()  # other tests' own
    made[1]["size"].value = 6
    assert plt.get_fignums() == before


def test_no_control_no_explorer():
    with pytest.raises(ValueError, match="controls is empty"):
        _base.explorer(draw([]), {})


def test_empty_alternative_text_is_refused():
    with pytest.raises(ValueError, match="alt is empty"):
        _base.explorer(lambda size: (plots.figure()[0], " "), {"size": _base.slider("size", 2, 0, 9, 1)})
    plt.close("all")


@pytest.mark.parametrize(
    ("numbers", "kind", "readout"),
    [
        ((2, 0, 9, 1), "IntSlider", "d"),
        ((2, 0, 9, 0.25), "FloatSlider", ".2f"),
        ((0.5, 0, 1, 0.1), "FloatSlider", ".1f"),
    ],
)
def test_slider_kind_and_read_out(numbers, kind, readout):
    control = _base.slider("size", *numbers)
    assert type(control) is getattr(ipywidgets, kind)
    assert (control.value, control.min, control.max, control.step) == numbers
    assert control.readout_format == readout and control.description == "size"

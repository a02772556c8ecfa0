"""The row of a caption, what is said of words that were never read, and the controls that move it."""

import warnings
from functools import partial

import matplotlib.pyplot as plt
import pytest
import torch

from ganbook import models, training, widgets
from ganbook.widgets import _base
from ganbook.widgets.caption_explorer import draw_caption

WORDS = ("a", "red", "seven", "on", "green")
UNKNOWN = "The generator never read: purple. It treats all such words as one unknown word."


def sampler_of(encoder):
    torch.manual_seed(0)
    generator = models.TextGenerator(4, encoder, width=4)
    return training.Sampler(generator, training.Prior(4), {"recipe": "test"}, "captions")


@pytest.fixture
def sampler():
    return sampler_of(partial(models.GRUEncoder, WORDS, dim=8))


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def shown(fig):
    return fig.axes[0].get_images()[0].get_array()


def test_the_picture_states_what_was_asked(sampler):
    fig, alt, note = draw_caption(sampler, "a red seven", 3)
    assert alt.startswith('8 images of the caption "a red seven", latents 3 to 10. A pixel')
    assert fig.axes[0].get_title() == "a red seven: latents 3 to 10" and note == ""
    height, width = shown(fig).shape[:2]
    assert 7 * height < width < 9 * height, "one row of eight"


def test_latents_follow_each_other(sampler):
    def columns(seed, caption="a red seven"):
        picture = torch.tensor(shown(draw_caption(sampler, caption, seed)[0])).int()
        step = (picture.shape[1] - 28) // 7  # from image to image, with their border
        return [picture[:, k * step : k * step + 28] for k in range(8)]

    here, after = columns(0), columns(1)
    # The same latent at another place of the batch: the same image but for what a processor rounds to the next grey.
    assert all((a - b).abs().max() <= 1 for a, b in zip(here[1:], after[:-1], strict=True))
    assert (here[0] - here[1]).abs().max() > 20
    assert (here[0] - columns(0, "a green seven")[0]).abs().max() > 20, "the caption does nothing"


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("A red seven!", ""),
        ("a purple seven", UNKNOWN),
        ("cat a dog, cat", UNKNOWN.replace("purple", "cat, dog")),
        ("", "The caption is empty: the generator was given nothing to draw, and this is what it makes of that."),
        ("   ", "The caption is empty: the generator was given nothing to draw, and this is what it makes of that."),
        ("?!", "The caption has no word in the letters a to z: the generator learned next to nothing from it."),
    ],
)
def test_what_cannot_be_read_is_named_kindly(sampler, caption, said):
    fig, alt, note = draw_caption(sampler, caption, 0)
    assert note == said == models.caption_note(sampler.generator, caption)
    assert alt.startswith("8 images " + ("of the caption" if caption.strip() else "without a caption"))
    assert fig.axes[0].get_title().startswith(caption.strip() or "(no caption)")


def test_characters_know_no_unknown_word():
    sampler = sampler_of(partial(models.CharCNNRNN, dim=8, width=8, length=16))
    assert draw_caption(sampler, "a purple seven", 0)[2] == ""
    assert draw_caption(sampler, "", 0)[2].startswith("The caption is empty")


@pytest.mark.parametrize("caption", [r"$\frac{", "$x$ $", "a \U0001f600 семь", "seven " * 100, "<b>red</b>"])
def test_a_reader_may_type_anything(sampler, caption):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # a glyph that the font lacks
        box = widgets.caption_explorer(sampler, caption)
    assert 'alt="8 images of the caption' in box.children[1].value and "<b>" not in box.children[1].value
    assert "<b>" not in box.children[2].value


# -- the controls -------------------------------------------------------------------------------------------------


def parts(box):
    controls, picture, said = box.children
    return {control.description: control for control in controls.children}, picture, said


def test_the_explorer_follows_text_and_seed(sampler):
    controls, picture, said = parts(widgets.caption_explorer(sampler, "a red seven", seed=2))
    assert set(controls) == {"caption", "first latent"} and controls["first latent"].value == 2
    before = picture.value
    assert "a red seven" in before and said.value == ""
    controls["caption"].value = "a purple seven"
    assert picture.value != before and said.value == UNKNOWN
    controls["caption"].value = "a red seven"
    assert picture.value == before and said.value == "", "what was said of the last caption still stands there"
    controls["first latent"].value = 5
    assert picture.value != before and "latents 5 to 12" in picture.value


def test_examples_are_written_into_the_field(sampler):
    box = widgets.caption_explorer(sampler, "a red seven", examples=["a green seven", "seven on red"])
    controls, picture, _ = parts(box)
    assert list(controls) == ["caption", "examples", "first latent"]
    examples, written = controls["examples"], controls["caption"]
    assert examples.value == "" and [text for text, _ in examples.options][1:] == ["a green seven", "seven on red"]
    examples.value = "seven on red"
    assert written.value == "seven on red" and "seven on red" in picture.value and examples.value == "seven on red"
    written.value = "a red seven"
    assert examples.value == "" and written.value == "a red seven", "the example could not be picked again"
    examples.value = "seven on red"
    assert written.value == "seven on red"


def test_a_field_waits_for_enter_and_fits_a_phone():
    field = _base.field("caption", "a seven")
    assert (field.description, field.value, field.continuous_update) == ("caption", "a seven", False)
    assert field.layout.max_width == "100%" and field.style.description_width == "initial"


def test_another_sampler_is_named():
    told_nothing = training.Sampler(models.MLPGenerator(), training.Prior(2), {})
    with pytest.raises(ValueError, match=r"^sampler is given nothing: allowed is one that is given captions$"):
        widgets.caption_explorer(told_nothing, "a red seven")

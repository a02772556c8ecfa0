"""The picture of two classes at the same latents, and the controls that move it."""

import matplotlib.pyplot as plt
import pytest
import torch

from ganbook import models, training, widgets
from ganbook.widgets.class_explorer import draw_classes


@pytest.fixture
def sampler():
    torch.manual_seed(0)
    return training.Sampler(models.ConditionalGenerator(8, width=4), training.Prior(8), {}, "labels", 10)


def test_the_picture_states_its_classes_and_latents(sampler):
    fig, alt = draw_classes(sampler, 9, 3, 7)
    assert "class 9 on the way from latent 3 to latent 7" in alt and "images of class 0 at the same" in alt
    assert fig.axes[0].get_title() == "class 9 above, class 0 below: latent 3 to latent 7"
    plt.close("all")


def test_the_explorer_moves(sampler):
    box = widgets.class_explorer(sampler, label=2)
    controls, shown = box.children
    before = shown.value
    assert "class 2" in before
    controls.children[0].value = 5
    assert shown.value != before and "images of class 5" in shown.value

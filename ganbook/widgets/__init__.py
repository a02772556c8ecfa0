"""Explorers: sliders over figures that are cheap to draw again.

Each explorer shows its picture, with an alternative text, in an HTML widget. A built page, where no kernel redraws,
shows the state in which the explorer was saved. Only core ipywidgets of 7.7 and later are used, so that explorers work
on Colab as it comes.

Arguments that do not fit are refused by name: TypeError for the wrong kind, ValueError for the wrong value.
"""

from __future__ import annotations

from ganbook.widgets.caption_explorer import caption_explorer
from ganbook.widgets.class_explorer import class_explorer
from ganbook.widgets.colouring_board import colouring_board
from ganbook.widgets.convolution_geometry import convolution_geometry
from ganbook.widgets.latent_explorer import latent_explorer
from ganbook.widgets.saturation import saturation
from ganbook.widgets.training_scrubber import Recorder, training_scrubber
from ganbook.widgets.two_gaussians import two_gaussians

__all__ = [
    "Recorder", "caption_explorer", "class_explorer", "colouring_board", "convolution_geometry", "latent_explorer",
    "saturation", "training_scrubber", "two_gaussians",
]  # fmt: skip

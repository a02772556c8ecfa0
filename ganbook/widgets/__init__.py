"""Explorers: controls over pictures that are cheap to draw again.

They are drawn by web/, with one code in a notebook (Jupyter, VS Code, Colab; through anywidget) and in a built page.
Those of a generator ask for images: in a notebook the kernel, in a built page the zoo's model, which runs there.

Arguments that do not fit are refused by name: TypeError for the wrong kind, ValueError for the wrong value.
"""

from __future__ import annotations

from ganbook.widgets.caption_explorer import caption_explorer
from ganbook.widgets.class_explorer import class_explorer
from ganbook.widgets.colouring_board import colouring_board
from ganbook.widgets.convolution_geometry import convolution_geometry
from ganbook.widgets.dirac import dirac
from ganbook.widgets.latent_explorer import latent_explorer
from ganbook.widgets.saturation import saturation
from ganbook.widgets.training_scrubber import Recorder, training_scrubber
from ganbook.widgets.two_gaussians import two_gaussians

__all__ = [
    "Recorder", "caption_explorer", "class_explorer", "colouring_board", "convolution_geometry", "dirac",
    "latent_explorer", "saturation", "training_scrubber", "two_gaussians",
]  # fmt: skip

"""Explorers: sliders over precomputed or cheap figures, with core ipywidgets that Colab's 7.7 has.

Each explorer shows its picture in an HTML widget with an alternative text, so a built page, where nothing
recomputes, still shows the state it was saved in.
"""

from __future__ import annotations

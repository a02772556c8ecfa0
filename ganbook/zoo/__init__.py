"""Trained generators that come with the library: a recipe's ``gpu`` budget, kept in half precision, each with its card.

>>> sampler = load("dcgan-digits")
>>> sampler.sample(16).shape
torch.Size([16, 1, 28, 28])
"""

from __future__ import annotations

from ganbook.zoo.export import ExportError, export_onnx
from ganbook.zoo.shelf import Card, card, load, names, pack, score, train

__all__ = ["Card", "ExportError", "card", "export_onnx", "load", "names", "pack", "score", "train"]

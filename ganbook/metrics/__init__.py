"""Scores: pure functions of samples or of features; floors, n and split travel with them in a report.

Arguments that do not fit are refused by name: TypeError for the wrong kind, ValueError for the wrong shape or value,
and for numbers that are not finite.
"""

from __future__ import annotations

from ganbook.metrics.birthday import Birthday, birthday
from ganbook.metrics.captions import PaintedDigits, caption_agreement, r_precision, read_painted_digits, retrieval
from ganbook.metrics.classes import class_agreement, class_diversity, inception_score
from ganbook.metrics.features import FeaturesUnavailable, features, referee_of
from ganbook.metrics.floors import Floor, FrechetScore, frechet_score, real_floor
from ganbook.metrics.frechet import frechet_distance, frechet_of_gaussians
from ganbook.metrics.kernel import kernel_distance
from ganbook.metrics.likelihood import GreyTable, bits_per_dimension
from ganbook.metrics.manifold import DensityCoverage, PrecisionRecall, density_coverage, precision_recall
from ganbook.metrics.memorisation import Memorisation, memorisation, nearest
from ganbook.metrics.modes import ModeCoverage, mode_coverage
from ganbook.metrics.report import report_features, report_images, report_labels, report_neighbours, report_points
from ganbook.metrics.translation import (
    ModesReached,
    colourfulness,
    fillable,
    mean_inside,
    modes_reached,
    report_translations,
    speckle,
    told_apart,
)

__all__ = [
    "Birthday", "DensityCoverage", "FeaturesUnavailable", "Floor", "FrechetScore", "GreyTable", "Memorisation",
    "ModeCoverage", "ModesReached", "PaintedDigits", "PrecisionRecall", "birthday", "bits_per_dimension",
    "caption_agreement", "class_agreement", "class_diversity", "colourfulness", "density_coverage", "features",
    "fillable", "frechet_distance", "frechet_of_gaussians", "frechet_score", "inception_score", "kernel_distance",
    "mean_inside", "memorisation", "mode_coverage", "modes_reached", "nearest", "precision_recall", "r_precision",
    "read_painted_digits", "real_floor", "referee_of", "report_features", "report_images", "report_labels",
    "report_neighbours", "report_points", "report_translations", "retrieval", "speckle", "told_apart",
]  # fmt: skip
